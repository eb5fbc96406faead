/* The small fixed set of transforms a profile may use on a text. */
#include <string.h>
#include <strings.h>

#include "ice/text.h"

#include "facts.h"

/* Text in HP's PML objects begins with its symbol set: 0x0115 is Roman-8, 0xfde8 UTF-8 (a Windows code page number). */
static size_t steps_symbols(const struct ice_value *v, int *charset)
{
	if (v->len < 2)
		return 0;
	unsigned set = (unsigned)v->bytes[0] << 8 | v->bytes[1];
	if (set == 0x0115 || set == 0x0015)
		*charset = ICE_TEXT_ROMAN8;
	else if (set == 0xfde8)
		*charset = ICE_TEXT_UTF8;
	else if (v->bytes[0] >= 0x20 && v->bytes[0] < 0x7f && v->bytes[1] >= 0x20 && v->bytes[1] < 0x7f)
		return 0; /* plain text after all */
	return 2;
}

static void steps_trim(char *text)
{
	size_t n = strlen(text), start = strspn(text, " ");
	while (n > start && text[n - 1] == ' ')
		n--;
	memmove(text, text + start, n - start);
	text[n - start] = '\0';
}

/* The value of a key of an IEEE 1284 device id: "MFG:Xerox;MDL:Phaser 6130N;". Alternatives are separated by '|'. */
static void steps_key(char *text, const char *keys)
{
	while (*keys) {
		size_t n = strcspn(keys, "|");
		for (const char *s = text; s;) {
			s += strspn(s, " ;");
			if (strncasecmp(s, keys, n) == 0 && s[n] == ':') {
				size_t len = strcspn(s + n + 1, ";");
				memmove(text, s + n + 1, len);
				text[len] = '\0';
				steps_trim(text);
				return;
			}
			s = strchr(s, ';');
		}
		keys += n + (keys[n] == '|');
	}
	text[0] = '\0';
}

static void steps_one(const struct ice_facts *f, const struct ice_step *step, char *text)
{
	char *at;
	switch ((enum ice_step_op)step->op) {
	case ICE_STEP_SYMBOLS:
		break;
	case ICE_STEP_AFTER:
		at = strcasestr(text, step->text);
		if (at) {
			at += strlen(step->text);
			memmove(text, at, strlen(at) + 1);
		} else {
			text[0] = '\0';
		}
		break;
	case ICE_STEP_UNTIL:
		at = strcasestr(text, step->text);
		if (at)
			*at = '\0';
		break;
	case ICE_STEP_KEY:
		steps_key(text, step->text);
		break;
	case ICE_STEP_DROP:
		if (strncasecmp(text, step->text, strlen(step->text)) == 0)
			memmove(text, text + strlen(step->text), strlen(text + strlen(step->text)) + 1);
		break;
	case ICE_STEP_NEED:
		if (!strcasestr(text, step->text))
			text[0] = '\0';
		break;
	case ICE_STEP_REFUSE:
		if (strcasestr(text, step->text))
			text[0] = '\0';
		break;
	case ICE_STEP_BRANDED:
		if (!ice_profiles_brand(f->profile->all, text))
			text[0] = '\0';
		break;
	case ICE_STEP_MODEL:
		ice_model_clean(f->profile->all, f->serial, text);
		break;
	}
	steps_trim(text);
}

size_t ice_steps_run(const struct ice_facts *f, const struct ice_rung *r, const struct ice_value *v,
                     char out[ICE_FACT_TEXT])
{
	int charset = ICE_TEXT_UNKNOWN;
	size_t skip = 0;
	for (size_t i = 0; i < r->step_count; i++) {
		if (r->steps[i].op == ICE_STEP_SYMBOLS)
			skip = steps_symbols(v, &charset);
	}
	ice_text_clean(v->bytes + skip, v->len - skip, charset, out, ICE_FACT_TEXT);
	for (size_t i = 0; i < r->step_count && out[0]; i++)
		steps_one(f, &r->steps[i], out);
	return strlen(out);
}
