/* text: strangers' bytes to clean UTF-8.
 *
 * A device says in which character set it speaks (prtLocalizationCharacterSet, an IANA MIBenum), or
 * does not, or lies. What comes out is always valid UTF-8 without control characters (C0, C1, DEL,
 * line and paragraph separators, bidirectional overrides and isolates, zero-width and byte-order marks), without
 * leading, trailing or doubled blanks, and capped at a character boundary. */
#ifndef ICE_TEXT_H
#define ICE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* IANA MIBenum values. The other sets of Europe and East Asia that the system's iconv knows are decoded too; whatever is left is
 * treated as ICE_TEXT_UNKNOWN. */
enum ice_text_charset {
	ICE_TEXT_UNKNOWN = 0, /* UTF-16 of ASCII, else UTF-8 where it is valid, else UTF-16 by its mark, else Latin-1 */
	ICE_TEXT_ASCII = 3,
	ICE_TEXT_LATIN1 = 4,
	ICE_TEXT_SHIFT_JIS = 17,
	ICE_TEXT_UTF8 = 106,
	ICE_TEXT_UTF16BE = 1013,
	ICE_TEXT_UTF16LE = 1014,
	ICE_TEXT_UTF16 = 1015,
	ICE_TEXT_UCS2 = 1000,
	ICE_TEXT_ROMAN8 = 2004,
	ICE_TEXT_WINDOWS31J = 2024,
	ICE_TEXT_CP1252 = 2252,
};

/* Decodes n bytes and writes at most size-1 bytes and a NUL; returns the length written. Bytes that
 * are not valid in the declared set, or are plainly UTF-8 or ASCII instead, are decoded as ICE_TEXT_UNKNOWN; what still has no
 * meaning becomes U+FFFD. A last character that a device's buffer cut short is dropped. Latin-1's unused
 * 80-9f are read as Windows-1252. Tabs, line ends, NULs and Unicode's other blanks count as blanks: NULs end
 * the text only when nothing but NULs and blanks follows. */
size_t ice_text_clean(const uint8_t *bytes, size_t n, int mibenum, char *out, size_t size);

/* True when all n bytes are strict UTF-8 (RFC 3629). */
bool ice_text_is_utf8(const uint8_t *bytes, size_t n);

/* True when s (NUL-terminated) is valid UTF-8 and free of what ice_text_clean removes. */
bool ice_text_is_clean(const char *s);

/* Writes text that anybody may have written for a person at a terminal: as it is, but with a '?' for each character that ice_text_clean
 * would remove, or that is no UTF-8, or that the locale's terminal does not have. No word of it is taken for an order. */
void ice_text_tell(const char *s, FILE *to);

/* Columns a terminal needs for valid UTF-8 s: wide characters count two, combining ones none. */
size_t ice_text_columns(const char *s);

#endif
