/* The colour in a supply's own text, in the languages printers speak. One colour, or none: "Color Developer Kit (CMY)" has
 * no single one. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "facts.h"

/* Words and their colour. Matched as the start of a word, so that endings do not matter ("noire", "gelbe", "negra"). */
static const struct {
	const char *word, *color;
	bool whole; /* too short, or the start of other words: must be the whole word */
} color_words[] = {
        {"light black", "light black", false},
        {"light gray", "light gray", false},
        {"light grey", "light gray", false},
        {"light cyan", "light cyan", false},
        {"light magenta", "light magenta", false},
        {"vivid light magenta", "light magenta", false},
        {"vivid magenta", "magenta", false},
        {"matte black", "matte black", false},
        {"photo black", "photo black", false},
        {"black", "black", false},
        {"schwarz", "black", false},
        {"noir", "black", false},
        {"negr", "black", false},
        {"nero", "black", true},
        {"nera", "black", true},
        {"preto", "black", true},
        {"preta", "black", true},
        {"zwart", "black", false},
        {"svart", "black", false},
        {"sort", "black", true},
        {"musta", "black", false},
        {"czarn", "black", false},
        {"czern", "black", true},
        {"\xc4\x8d"
         "ern",
         "black", false}, /* černý */
        {"cerny", "black", false},
        {"cerna", "black", false},
        {"fekete", "black", false},
        {"siyah", "black", false},
        {"negru", "black", false},
        {"\xd1\x87\xd0\xb5\xd1\x80\xd0\xbd", "black", false}, /* черн */
        {"\xd1\x87\xd1\x91\xd1\x80\xd0\xbd", "black", false}, /* чёрн */
        {"\xd0\xa7\xd0\xb5\xd1\x80\xd0\xbd", "black", false}, /* Черн */
        {"\xd0\xa7\xd1\x91\xd1\x80\xd0\xbd", "black", false},
        {"\xe3\x83\x96\xe3\x83\xa9\xe3\x83\x83\xe3\x82\xaf", "black", false}, /* ブラック */
        {"\xe9\xbb\x91", "black", false},                                     /* 黑 (simplified: 黑) */
        {"\xe9\xbb\x92", "black", false},                                     /* 黒 */
        {"cyan", "cyan", false},
        {"cian", "cyan", false},
        {"ciano", "cyan", false},
        {"zyan", "cyan", false},
        {"cyaan", "cyan", false},
        {"syaani", "cyan", false},
        {"azur", "cyan", false},
        {"cijan", "cyan", false},
        {"\xd0\xb3\xd0\xbe\xd0\xbb\xd1\x83\xd0\xb1", "cyan", false}, /* голуб */
        {"\xd0\x93\xd0\xbe\xd0\xbb\xd1\x83\xd0\xb1", "cyan", false},
        {"\xe3\x82\xb7\xe3\x82\xa2\xe3\x83\xb3", "cyan", false}, /* シアン */
        {"\xe9\x9d\x92", "cyan", false},                         /* 青 */
        {"magenta", "magenta", false},
        {"mad\xc5\xbe"
         "enta",
         "magenta", false},
        {"purpur", "magenta", false},
        {"\xd0\xbf\xd1\x83\xd1\x80\xd0\xbf\xd1\x83\xd1\x80", "magenta", false}, /* пурпур */
        {"\xd0\x9f\xd1\x83\xd1\x80\xd0\xbf\xd1\x83\xd1\x80", "magenta", false},
        {"\xe3\x83\x9e\xe3\x82\xbc\xe3\x83\xb3\xe3\x82\xbf", "magenta", false}, /* マゼンタ */
        {"\xe5\x93\x81\xe7\xba\xa2", "magenta", false},                         /* 品红 */
        {"yellow", "yellow", false},
        {"gelb", "yellow", false},
        {"jaune", "yellow", false},
        {"amarill", "yellow", false},
        {"amarel", "yellow", false},
        {"giall", "yellow", false},
        {"geel", "yellow", false},
        {"gul", "yellow", true},
        {"gult", "yellow", true},
        {"keltai", "yellow", false},
        {"\xc5\xbc\xc3\xb3\xc5\x82t", "yellow", false}, /* żółt */
        {"zolt", "yellow", false},
        {"\xc5\xbelut", "yellow", false}, /* žlut */
        {"zlut", "yellow", false},
        {"s\xc3\xa1rga", "yellow", false},
        {"sarga", "yellow", false},
        {"sar\xc4\xb1", "yellow", false}, /* sarı */
        {"galben", "yellow", false},
        {"groc", "yellow", true},
        {"\xd0\xb6\xd0\xb5\xd0\xbb\xd1\x82", "yellow", false}, /* желт */
        {"\xd0\xb6\xd1\x91\xd0\xbb\xd1\x82", "yellow", false},
        {"\xd0\x96\xd0\xb5\xd0\xbb\xd1\x82", "yellow", false},
        {"\xd0\x96\xd1\x91\xd0\xbb\xd1\x82", "yellow", false},
        {"\xe3\x82\xa4\xe3\x82\xa8\xe3\x83\xad\xe3\x83\xbc", "yellow", false}, /* イエロー */
        {"\xe9\xbb\x84", "yellow", false},                                     /* 黄 */
        {"gray", "gray", true},
        {"grey", "gray", true},
        {"grau", "gray", true},
        {"red", "red", true},
        {"rot", "red", true},
        {"rouge", "red", true},
        {"blue", "blue", true},
        {"blau", "blue", true},
        {"bleu", "blue", true},
        {"green", "green", true},
        {"orange", "orange", true},
        {"violet", "violet", true},
        {"white", "white", true},
        {"clear", "clear", true},
};

static bool color_letter(unsigned char c)
{
	return isalnum(c) || c >= 0x80;
}

/* At the start of a word? In scripts without blanks every place is one. */
static bool color_word_at(const char *name, size_t at, const char *word, bool whole)
{
	if (tolower((unsigned char)name[at]) != (unsigned char)word[0])
		return false;
	size_t n = strlen(word);
	if (strncasecmp(name + at, word, n) != 0)
		return false;
	if ((unsigned char)word[0] >= 0xe0)
		return true;
	if (at > 0 && color_letter((unsigned char)name[at - 1]))
		return false;
	return !whole || !color_letter((unsigned char)name[at + n]);
}

static const char *color_letter_name(char c)
{
	switch (c) {
	case 'K':
		return "black";
	case 'C':
		return "cyan";
	case 'M':
		return "magenta";
	case 'Y':
		return "yellow";
	default:
		return NULL;
	}
}

/* "(C)", "[K]": one letter in brackets. */
static const char *color_bracket(const char *name)
{
	for (const char *s = name; *s; s++) {
		if ((*s == '(' || *s == '[') && color_letter_name(s[1]) && (s[2] == ')' || s[2] == ']'))
			return color_letter_name(s[1]);
	}
	return NULL;
}

/* "TK-8517C", "TN-321Y", "CLT-K504S"-like part numbers that are the whole text: letters, digits, one colour letter. */
static const char *color_part_number(const char *name)
{
	size_t n = strlen(name), letters = 0, at = 0;
	while (isupper((unsigned char)name[at]))
		at++;
	letters = at;
	if (letters < 2 || letters > 4)
		return NULL;
	if (name[at] == '-')
		at++;
	size_t digits = strspn(name + at, "0123456789");
	if (digits >= 2 && at + digits + 1 == n)
		return color_letter_name(name[n - 1]);
	if (strncmp(name, "CLT-", 4) == 0 && n > 6 && isdigit((unsigned char)name[5]))
		return color_letter_name(name[4]);
	return NULL;
}

const char *ice_color_of(const char *name)
{
	const char *found = NULL;
	size_t skip = 0;
	for (size_t at = 0; name[at]; at++) {
		if (skip) {
			skip--;
			continue;
		}
		for (size_t i = 0; i < sizeof(color_words) / sizeof(color_words[0]); i++) {
			if (!color_word_at(name, at, color_words[i].word, color_words[i].whole))
				continue;
			if (found && strcmp(found, color_words[i].color) != 0)
				return NULL;
			found = color_words[i].color;
			skip = strlen(color_words[i].word) - 1;
			break;
		}
	}
	if (!found)
		found = color_bracket(name);
	return found ? found : color_part_number(name);
}
