/* The colour in a supply's own text, in the languages printers speak. One colour, or none: "Color Developer Kit (CMY)" has
 * no single one. */
#include <ctype.h>
#include <string.h>

#include "facts.h"

/* Words in small letters and their colour. Matched as the start of a word, so that endings do not matter ("noire", "gelbe",
 * "negra"). */
static const struct {
	const char *word, *color;
	bool whole; /* too short, or the start of other words: must be the whole word */
} color_words[] = {
        {"light light black", "light light black", false},
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
        {"\xd1\x87\xd0\xb5\xd1\x80\xd0\xbd", "black", false},                 /* черн */
        {"\xd1\x87\xd1\x91\xd1\x80\xd0\xbd", "black", false},                 /* чёрн */
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
        {"\xe3\x82\xb7\xe3\x82\xa2\xe3\x83\xb3", "cyan", false},     /* シアン */
        {"\xe9\x9d\x92", "cyan", false},                             /* 青 */
        {"magenta", "magenta", false},
        {"mad\xc5\xbe"
         "enta",
         "magenta", false},
        {"purpur", "magenta", false},
        {"\xd0\xbf\xd1\x83\xd1\x80\xd0\xbf\xd1\x83\xd1\x80", "magenta", false}, /* пурпур */
        {"\xe3\x83\x9e\xe3\x82\xbc\xe3\x83\xb3\xe3\x82\xbf", "magenta", false}, /* マゼンタ */
        {"\xe5\x93\x81\xe7\xba\xa2", "magenta", false},                         /* 品红 */
        {"yellow", "yellow", false},
        {"gelb", "yellow", false},
        {"jaune", "yellow", false},
        {"amarill", "yellow", false},
        {"amarel", "yellow", false},
        {"giall", "yellow", false},
        {"geel", "yellow", false},
        {"gele", "yellow", true},
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

/* Small letters of what UTF-8 writes in two octets: Latin-1, Latin Extended-A, Cyrillic. Each has as many octets as its capital. */
static unsigned color_fold_pair(unsigned c)
{
	if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x410 && c <= 0x42f))
		return c + 0x20;
	if (c >= 0x400 && c <= 0x40f)
		return c + 0x50;
	bool even = (c >= 0x100 && c <= 0x12f) || (c >= 0x132 && c <= 0x137) || (c >= 0x14a && c <= 0x177);
	bool odd = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
	return (even && c % 2 == 0) || (odd && c % 2 == 1) ? c + 1 : c;
}

/* Copies a name in small letters, cut where it does not fit. */
static void color_fold(const char *name, char *out, size_t size)
{
	size_t i = 0;
	for (; name[i] && i + 2 < size; i++) {
		unsigned char c = (unsigned char)name[i], next = (unsigned char)name[i + 1];
		out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : (char)c;
		if (c >= 0xc3 && c <= 0xdf && (next & 0xc0) == 0x80) {
			unsigned folded = color_fold_pair((c & 0x1fu) << 6 | (next & 0x3fu));
			out[i++] = (char)(0xc0 | folded >> 6);
			out[i] = (char)(0x80 | (folded & 0x3f));
		}
	}
	out[i] = '\0';
}

/* The colour that a folded name tells at this place, and how long its word is. In scripts without blanks every character may begin a
 * word, in others what no letter precedes. */
static const char *color_word_at(const char *name, size_t at, size_t *len)
{
	bool start = at == 0 || !color_letter((unsigned char)name[at - 1]);
	if (!start && (unsigned char)name[at] < 0xe0)
		return NULL;
	for (size_t i = 0; i < sizeof(color_words) / sizeof(color_words[0]); i++) {
		const char *word = color_words[i].word;
		if (word[0] != name[at] || word[1] != name[at + 1])
			continue;
		*len = strlen(word);
		if (strncmp(name + at, word, *len) == 0 &&
		    !(color_words[i].whole && color_letter((unsigned char)name[at + *len])))
			return color_words[i].color;
	}
	return NULL;
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

/* What a word of letters alone stands for where inks are named shortly: "C", "Bk", "MBK". */
static const char *color_short(const char *word, size_t n)
{
	static const struct {
		const char *word, *color;
	} shorts[] = {
	        {"K", "black"},  {"C", "cyan"},        {"M", "magenta"},        {"Y", "yellow"},
	        {"BK", "black"}, {"Bk", "black"},      {"MBK", "matte black"},  {"PBK", "photo black"},
	        {"GY", "gray"},  {"PC", "light cyan"}, {"PM", "light magenta"},
	};
	for (size_t i = 0; i < sizeof(shorts) / sizeof(shorts[0]); i++) {
		if (strlen(shorts[i].word) == n && strncmp(shorts[i].word, word, n) == 0)
			return shorts[i].color;
	}
	return NULL;
}

/* "(C)", "[Bk]": in brackets. */
static const char *color_bracket(const char *name)
{
	for (const char *s = name; *s; s++) {
		size_t n = *s == '(' || *s == '[' ? strcspn(s + 1, ")]") : 0;
		if (n && n <= 2 && s[1 + n] && color_short(s + 1, n))
			return color_short(s + 1, n);
	}
	return NULL;
}

/* "TK-8517C", "TN-321Y", "CLT-K504S": a part number of letters, digits and one colour letter. */
static const char *color_part_number(const char *word, size_t n)
{
	size_t at = 0;
	while (at < n && isupper((unsigned char)word[at]))
		at++;
	if (at < 2 || at > 4)
		return NULL;
	if (strncmp(word, "CLT-", 4) == 0 && n > 6 && isdigit((unsigned char)word[5]))
		return color_letter_name(word[4]);
	if (at < n && word[at] == '-')
		at++;
	size_t digits = strspn(word + at, "0123456789");
	return digits >= 2 && at + digits + 1 == n ? color_letter_name(word[n - 1]) : NULL;
}

/* The last word: a part number ("Konica Minolta TN-328C"), or a letter ("Toner Cartridge Y", "MBK"). */
static const char *color_last_word(const char *name)
{
	const char *blank = strrchr(name, ' '), *word = blank ? blank + 1 : name;
	size_t n = strlen(word);
	const char *color = color_part_number(word, n);
	return color || (blank && n > 2) ? color : color_short(word, n);
}

const char *ice_color_of(const char *name)
{
	char folded[ICE_FACT_TEXT];
	const char *found = NULL;
	color_fold(name, folded, sizeof(folded));
	for (size_t at = 0, len = 1; folded[at]; at += len) {
		const char *color = color_word_at(folded, at, &len);
		if (!color)
			len = 1;
		else if (found && strcmp(found, color) != 0)
			return NULL;
		else
			found = color;
	}
	if (!found)
		found = color_bracket(name);
	return found ? found : color_last_word(name);
}
