#include "pattern.h"

#include <stddef.h>

static char pattern_fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool pattern_one(char p, char c)
{
	if (p == '#')
		return c >= '0' && c <= '9';
	return p == '?' || pattern_fold(p) == pattern_fold(c);
}

/* Its bit: of a letter its low five bits, which are the same in both cases; of any digit the first one; else none, or whichever. */
static inline uint32_t pattern_bit(char c)
{
	uint32_t u = (unsigned char)c;
	return (u >> 6 & 1) << (u & 31) | (u - '0' < 10);
}

uint32_t ice_pattern_holds(const char *text)
{
	uint32_t bits = 0;
	for (; *text; text++)
		bits |= pattern_bit(*text);
	return bits;
}

uint32_t ice_pattern_needs(const char *pattern)
{
	uint32_t bits = 0;
	for (; *pattern; pattern++)
		bits |= pattern_bit(*pattern == '#' ? '0' : *pattern);
	return bits;
}

/* Where what follows a `*` may begin: sysDescr of every device is held against every pattern there is. */
static const char *pattern_skip(const char *pattern, const char *text)
{
	char lower = pattern_fold(*pattern), upper = lower >= 'a' && lower <= 'z' ? (char)(lower - ('a' - 'A')) : lower;
	if (!*pattern || *pattern == '*' || *pattern == '?' || *pattern == '#')
		return text;
	while (*text && *text != lower && *text != upper)
		text++;
	return text;
}

bool ice_pattern_matches(const char *pattern, const char *text)
{
	/* Where to go on when what follows the last `*` did not fit: only the last one can need more. */
	const char *star = NULL, *from = NULL;
	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			from = text = pattern_skip(pattern, text);
		} else if (*pattern && pattern_one(*pattern, *text)) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			from = text = pattern_skip(pattern, from + 1);
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return !*pattern;
}
