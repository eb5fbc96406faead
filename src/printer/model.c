/* A model name out of the texts in which printers hide it: without make, firmware, serial number and "Series". */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "facts.h"

static bool model_is_edge(char c)
{
	return c == ' ' || c == ',' || c == ';' || c == ':' || c == '-' || c == '_' || c == '/';
}

static void model_trim(char *text)
{
	size_t n = strlen(text), start = 0;
	while (model_is_edge(text[start]))
		start++;
	while (n > start && model_is_edge(text[n - 1]))
		n--;
	if (start > 0)
		memmove(text, text + start, n - start);
	text[n - start] = '\0';
}

/* Is this where something begins that is no model any more? `at` stands on a blank. */
static bool model_ends_at(const char *at)
{
	/* The trailing blank tells "ver " from "Versatile"; " /P" is Canon's mark of the printer part of a machine. */
	static const char *const marks[] = {
	        " version ",
	        " firmware",
	        " fw ",
	        " ver.",
	        " ver ",
	        " rev.",
	        " rev ",
	        " kernel ",
	        " os ",
	        " / ",
	        " eeprom",
	        " s/n",
	        " sn:",
	        " with ",
	        " v ",
	        " net ",
	        " network printer",
	        " - ",
	        " controller",
	        " color controller",
	        " v1 ",
	        " multifunction printer",
	        " multifunction system",
	        " (net ",
	        " v(",
	};
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if ((at[1] | 0x20) == (marks[i][1] | 0x20) && strncasecmp(at, marks[i], strlen(marks[i])) == 0)
			return true;
	}
	return at[1] == '/' && (at[2] == 'P' || at[2] == 'L') && !isalnum((unsigned char)at[3]);
}

static void model_cut(char *text)
{
	for (char *at = text; *at; at++) {
		if (at > text && (*at == ';' || *at == ',' || (*at == ' ' && model_ends_at(at)))) {
			*at = '\0';
			return;
		}
	}
}

/* "1.00.1", "2.20", "LW62.DN4.P636", "V1.2": a firmware, not a name. */
static bool model_is_firmware(const char *word, size_t n)
{
	size_t dots = 0, digits = 0;
	for (size_t i = 0; i < n; i++) {
		dots += word[i] == '.';
		digits += isdigit((unsigned char)word[i]) != 0;
	}
	if (dots == 0 || digits == 0)
		return false;
	return dots >= 2 || isdigit((unsigned char)word[0]) ||
	       ((word[0] == 'V' || word[0] == 'v') && digits + dots + 1 == n);
}

/* A serial number or service tag before a firmware of letters: "S5830dn 7XQ1R92 LW62.DN4.P636". */
static bool model_is_tag(const char *word, size_t n, const char *firmware)
{
	size_t digits = 0;
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)word[i]) && !isupper((unsigned char)word[i]))
			return false;
		digits += isdigit((unsigned char)word[i]) != 0;
	}
	return n >= 7 && digits >= 1 && isalpha((unsigned char)firmware[0]);
}

/* "MS521dn 40638HF00Q7B2": a serial number behind the model, told by its form where the machine's own was not read. */
static bool model_is_serial(const char *word, size_t n)
{
	size_t digits = 0;
	for (size_t i = 0; i < n; i++) {
		if (!isdigit((unsigned char)word[i]) && !isupper((unsigned char)word[i]))
			return false;
		digits += isdigit((unsigned char)word[i]) != 0;
	}
	return n >= 10 && digits >= 6 && digits < n && isdigit((unsigned char)word[0]);
}

/* Cuts from the first word, after at least one, that is a firmware or the machine's own serial number. */
static void model_cut_words(char *text, const char *serial)
{
	size_t at = strcspn(text, " "), before = 0;
	while (text[at]) {
		size_t word = at + strspn(text + at, " "), n = strcspn(text + word, " ");
		if (n == 0)
			break;
		bool own =
		        serial ? n >= 5 && strncasecmp(serial, text + word, n) == 0 : model_is_serial(text + word, n);
		bool firmware = model_is_firmware(text + word, n);
		if (firmware && before && model_is_tag(text + before + 1, at - before - 1, text + word))
			at = before;
		if (own || firmware) {
			text[at] = '\0';
			return;
		}
		before = at;
		at = word + n;
	}
}

static bool model_drop_last(char *text, const char *word)
{
	size_t n = strlen(text), w = strlen(word);
	if (n <= w || strcasecmp(text + n - w, word) != 0)
		return false;
	text[n - w] = '\0';
	model_trim(text);
	return true;
}

/* "VersaLink(R) C405", with whichever mark of a trade mark. */
static void model_drop_marks(char *text)
{
	static const char *const marks[] = {"(R)", "(TM)", "\xc2\xae", "\xe2\x84\xa2"};
	bool any = false;
	for (const char *s = text; *s && !any; s++)
		any = *s == '(' || (unsigned char)*s >= 0x80;
	for (size_t i = 0; any && i < sizeof(marks) / sizeof(marks[0]); i++) {
		size_t n = strlen(marks[i]);
		for (char *at; (at = strstr(text, marks[i]));)
			memmove(at, at + n, strlen(at + n) + 1);
	}
}

void ice_model_clean(const struct ice_profiles *all, const char *serial, char *text)
{
	model_drop_marks(text);
	model_trim(text);
	const char *make = NULL;
	for (int i = 0; i < 3; i++) { /* "Hewlett-Packard HP LaserJet", but "IBM InfoPrint 1532" */
		const struct ice_brand *b = ice_profiles_brand(all, text);
		size_t n = b ? strlen(b->alias) : 0;
		if (!b || b->word || !text[n] || (make && strcmp(make, b->make) != 0))
			break;
		make = b->make;
		memmove(text, text + n, strlen(text + n) + 1);
		model_trim(text);
	}
	model_cut(text);
	model_cut_words(text, serial);
	model_trim(text);
	while (model_drop_last(text, " series") || model_drop_last(text, " (series)"))
		;
}
