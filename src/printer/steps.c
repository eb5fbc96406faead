/* The small fixed set of transforms a profile may use on a text. */
#include <ctype.h>
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
	size_t n = strlen(text), start = 0;
	while (text[start] == ' ')
		start++;
	while (n > start && text[n - 1] == ' ')
		n--;
	if (start > 0)
		memmove(text, text + start, n - start);
	text[n - start] = '\0';
}

/* The value of a key of an IEEE 1284 device id: "MFG:Xerox;MDL:Phaser 6130N;", blanks wherever they may stand. Alternatives
 * are separated by '|'. */
static void steps_key(char *text, const char *keys)
{
	while (*keys) {
		size_t n = strcspn(keys, "|");
		for (const char *s = text; s;) {
			s += strspn(s, " ;");
			bool same = strncasecmp(s, keys, n) == 0;
			const char *value = same ? s + n + strspn(s + n, " ") : NULL;
			if (same && *value == ':') {
				size_t len = strcspn(++value, ";");
				memmove(text, value, len);
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

/* Where a step's text begins in another, letters in any case; NULL when nowhere. strcasestr() prepares itself for long texts. */
static char *steps_find(char *text, const char *word, size_t n)
{
	char lower = (char)tolower((unsigned char)word[0]), upper = (char)toupper((unsigned char)word[0]);
	for (char *at = text; n && *at; at++) {
		if ((*at == lower || *at == upper) && strncasecmp(at, word, n) == 0)
			return at;
	}
	return NULL;
}

/* Without one of the alternatives at its start, or without what begins with any of them. */
static void steps_cut(char *text, const char *words, bool from_here)
{
	while (*words) {
		size_t n = strcspn(words, "|");
		char *at = from_here ? steps_find(text, words, n) : text;
		if (from_here && at) {
			*at = '\0';
		} else if (!from_here && n && strncasecmp(text, words, n) == 0) {
			memmove(text, text + n, strlen(text + n) + 1);
			return;
		}
		words += n + (words[n] == '|');
	}
}

static void steps_one(const struct ice_facts *f, const struct ice_step *step, char *text)
{
	char *at;
	switch ((enum ice_step_op)step->op) {
	case ICE_STEP_SYMBOLS:
		break;
	case ICE_STEP_AFTER:
		at = steps_find(text, step->text, strlen(step->text));
		if (at) {
			at += strlen(step->text);
			memmove(text, at, strlen(at) + 1);
		} else {
			text[0] = '\0';
		}
		break;
	case ICE_STEP_UNTIL:
		steps_cut(text, step->text, true);
		break;
	case ICE_STEP_KEY:
		steps_key(text, step->text);
		break;
	case ICE_STEP_DROP:
		steps_cut(text, step->text, false);
		break;
	case ICE_STEP_NEED:
		if (!steps_find(text, step->text, strlen(step->text)))
			text[0] = '\0';
		break;
	case ICE_STEP_REFUSE:
		if (steps_find(text, step->text, strlen(step->text)))
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
		/* IEEE 1284 puts the length before a device id, with or without itself; SNMP has no use for it, some agents do. */
		size_t said = v->len > 2 ? (size_t)v->bytes[0] << 8 | v->bytes[1] : 0;
		if (r->steps[i].op == ICE_STEP_KEY && said && (said == v->len || said + 2 == v->len))
			skip = 2;
	}
	ice_text_clean(v->bytes + skip, v->len - skip, charset, out, ICE_FACT_TEXT);
	for (size_t i = 0; i < r->step_count && out[0]; i++)
		steps_one(f, &r->steps[i], out);
	return strlen(out);
}
