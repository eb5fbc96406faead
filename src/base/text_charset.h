/* text_charset: the character sets that devices speak, decoded into the sink that text.c keeps clean. */
#ifndef ICE_TEXT_CHARSET_H
#define ICE_TEXT_CHARSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- in text.c ---- */

/* Where decoded characters go: it drops, collapses and caps, whatever the character set was. */
struct text_sink {
	char *out;
	size_t size, n;
	bool blank; /* a blank is owed before the next character; none is ever owed at either end */
	bool full;  /* a character did not fit: nothing after it may, or the text would have a hole */
};

void text_put(struct text_sink *sink, uint32_t c);

/* One character of strict UTF-8 (RFC 3629 section 4, Unicode table 3-7): no overlong form, no surrogate, nothing above
 * U+10FFFF. Returns its length; 0 when it is none; *cut tells a sequence that is right as far as it goes. */
size_t text_decode(const uint8_t *p, size_t n, uint32_t *c, bool *cut);

/* How bytes look as UTF-8. */
struct text_survey {
	size_t valid;   /* bytes that are valid, from the start */
	size_t longest; /* bytes of the longest character */
	bool whole;     /* all valid, but for a last character that a device's buffer cut short */
};
struct text_survey text_survey(const uint8_t *p, size_t n);

/* ---- in text_charset.c ---- */

/* Puts bytes as the device says they are. False when they cannot be that, or are clearly UTF-8 all the same: bytes that are
 * letters of another set and by chance whole UTF-8 make no word. In the sets of two bytes only three-byte characters count as
 * clear, since half-width katakana can look like two-byte ones. */
bool text_put_declared(struct text_sink *sink, const uint8_t *p, size_t n, int mibenum);

/* As what they look like: when the device says nothing, or what cannot be. */
void text_put_unknown(struct text_sink *sink, const uint8_t *p, size_t n);

bool text_is_utf16(int mibenum);

#endif
