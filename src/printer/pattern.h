/* pattern: how a text looks, as the rows of [match] say it: `*` any characters, `?` any one, `#` a digit; letters of ASCII in any
 * case. Not fnmatch(3), which in a UTF-8 locale turns every text into wide characters first. */
#ifndef ICE_PRINTER_PATTERN_H
#define ICE_PRINTER_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

/* Both as strings; the whole text must match. Time is bounded by the product of their lengths. */
bool ice_pattern_matches(const char *pattern, const char *text);

/* Which letters a text holds, and whether a digit, as bits. One that holds not all that a pattern needs does not match: of the many patterns
 * that a text is held against, few are left to try. */
uint32_t ice_pattern_holds(const char *text);
uint32_t ice_pattern_needs(const char *pattern);

#endif
