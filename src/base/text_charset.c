#include "text_charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "ice/text.h"

#define TEXT_REPLACEMENT 0xfffdu

static void text_put_utf8(struct text_sink *sink, const uint8_t *p, size_t n)
{
	uint32_t c;
	bool cut;
	for (size_t i = 0, length; i < n && (length = text_decode(p + i, n - i, &c, &cut)) > 0; i += length)
		text_put(sink, c);
}

/* ISO 8859-1. What it leaves to C1 controls is read as Windows-1252: no device means the controls, and people type apostrophes
 * and dashes on Windows. */
static void text_put_latin1(struct text_sink *sink, const uint8_t *p, size_t n)
{
	static const uint16_t windows[32] = {
	        0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
	        0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	        0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178,
	};
	for (size_t i = 0; i < n; i++)
		text_put(sink, p[i] >= 0x80 && p[i] < 0xa0 ? windows[p[i] - 0x80] : p[i]);
}

/* UTF-16 (RFC 2781); a mark at the start outweighs the order declared (section 4.1). A surrogate without its other half has no
 * meaning; at the very end it is a text cut short, as is an odd last byte. */
static void text_put_utf16(struct text_sink *sink, const uint8_t *p, size_t n, bool little)
{
	if (n >= 2 && p[0] == 0xfe && p[1] == 0xff)
		little = false;
	else if (n >= 2 && p[0] == 0xff && p[1] == 0xfe)
		little = true;
	for (size_t i = 0; i + 2 <= n; i += 2) {
		uint32_t c = (uint32_t)p[i + !little] | (uint32_t)p[i + little] << 8;
		if (c >= 0xd800 && c <= 0xdbff) {
			if (i + 4 > n)
				return;
			uint32_t next = (uint32_t)p[i + 2 + !little] | (uint32_t)p[i + 2 + little] << 8;
			if (next >= 0xdc00 && next <= 0xdfff) {
				c = 0x10000 + ((c & 0x3ff) << 10 | (next & 0x3ff));
				i += 2;
			} else {
				c = TEXT_REPLACEMENT;
			}
		} else if (c >= 0xdc00 && c <= 0xdfff) {
			c = TEXT_REPLACEMENT;
		}
		text_put(sink, c);
	}
}

/* A text of ASCII in UTF-16 without a mark has a NUL in every other byte and nowhere else, which nothing else has. */
static bool text_is_bare_utf16(const uint8_t *p, size_t n, bool *little)
{
	*little = false;
	while (n >= 2 && p[n - 1] == 0 && p[n - 2] == 0)
		n -= 2;
	if (n < 4 || n % 2)
		return false;
	*little = p[0] != 0;
	for (size_t i = 0; i < n; i += 2) {
		if (p[i + *little] != 0 || p[i + !*little] == 0) {
			*little = false;
			return false;
		}
	}
	return true;
}

void text_put_unknown(struct text_sink *sink, const uint8_t *p, size_t n)
{
	struct text_survey s = text_survey(p, n);
	bool little = false;
	if (text_is_bare_utf16(p, n, &little))
		text_put_utf16(sink, p, n, little);
	else if (s.whole)
		text_put_utf8(sink, p, s.valid);
	else if (n >= 2 && n % 2 == 0 && ((p[0] == 0xfe && p[1] == 0xff) || (p[0] == 0xff && p[1] == 0xfe)))
		text_put_utf16(sink, p, n, false);
	else
		text_put_latin1(sink, p, n);
}

/* By the system's iconv; false when the bytes are not valid in that set (a last character cut short is no reason,
 * once another of its kind was seen). What was put until then must be taken back. */
static bool text_put_iconv(struct text_sink *sink, const uint8_t *p, size_t n, const char *charset)
{
	char chunk[512], *in = (char *)(uintptr_t)p; /* iconv(3) takes char ** and does not write there */
	bool good = true, foreign = false;
	iconv_t cd = iconv_open("UTF-8", charset);
	if (cd == (iconv_t)-1)
		return false;
	while (good && n > 0 && !sink->full) {
		char *to = chunk;
		size_t room = sizeof(chunk);
		size_t result = iconv(cd, &in, &n, &to, &room);
		int error = errno;
		text_put_utf8(sink, (const uint8_t *)chunk, (size_t)(to - chunk));
		for (char *q = chunk; q < to; q++)
			foreign = foreign || (unsigned char)*q >= 0x80;
		if (result == (size_t)-1 && error == EINVAL) {
			good = foreign;
			break;
		}
		good = result != (size_t)-1 || error == E2BIG;
	}
	iconv_close(cd);
	return good;
}

/* Devices that declare UTF-16 and send their ASCII as it is. Six bytes or more, since two characters of Chinese can look so. */
static bool text_is_plain_ascii(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
	}
	return n >= 6;
}

/* The sets that iconv decodes, by their IANA MIBenum (RFC 3808). */
struct text_charset {
	int mibenum;
	const char *name;
	bool multibyte;
};

static const struct text_charset text_charsets[] = {
        {5, "ISO-8859-2", false},
        {6, "ISO-8859-3", false},
        {7, "ISO-8859-4", false},
        {8, "ISO-8859-5", false},
        {9, "ISO-8859-6", false},
        {10, "ISO-8859-7", false},
        {11, "ISO-8859-8", false},
        {12, "ISO-8859-9", false},
        {ICE_TEXT_SHIFT_JIS, "CP932", true}, /* the superset that devices mean */
        {18, "EUC-JP", true},
        {38, "EUC-KR", true},
        {111, "ISO-8859-15", false},
        {113, "GBK", true},
        {114, "GB18030", true},
        {ICE_TEXT_ROMAN8, "HP-ROMAN8", false},
        {2009, "IBM850", false},
        {2010, "IBM852", false},
        {2011, "IBM437", false},
        {ICE_TEXT_WINDOWS31J, "CP932", true},
        {2025, "GB2312", true},
        {2026, "BIG5", true},
        {2084, "KOI8-R", false},
        {2250, "CP1250", false},
        {2251, "CP1251", false},
        {2253, "CP1253", false},
        {2254, "CP1254", false},
        {2257, "CP1257", false},
};

bool text_put_declared(struct text_sink *sink, const uint8_t *p, size_t n, int mibenum)
{
	struct text_survey s = text_survey(p, n);
	bool little = mibenum == ICE_TEXT_UTF16LE;
	switch (mibenum) {
	case ICE_TEXT_LATIN1:
	case ICE_TEXT_CP1252:
		if (s.whole && s.longest > 1)
			return false;
		text_put_latin1(sink, p, n);
		return true;
	case ICE_TEXT_UTF16:
	case ICE_TEXT_UCS2:
	case ICE_TEXT_UTF16BE:
	case ICE_TEXT_UTF16LE:
		if (text_is_plain_ascii(p, n) || (n % 2 && s.valid == n && !memchr(p, 0, n)))
			return false;
		if (mibenum != ICE_TEXT_UTF16BE && mibenum != ICE_TEXT_UTF16LE)
			text_is_bare_utf16(p, n, &little); /* else big-endian, RFC 2781 section 4.3 */
		text_put_utf16(sink, p, n, little);
		return true;
	}
	for (size_t i = 0; i < sizeof(text_charsets) / sizeof(text_charsets[0]); i++) {
		const struct text_charset *set = &text_charsets[i];
		if (set->mibenum == mibenum)
			return !(s.whole && s.longest > (set->multibyte ? 2 : 1)) &&
			       text_put_iconv(sink, p, n, set->name);
	}
	return false; /* what ASCII and UTF-8 are, UNKNOWN finds out as well */
}

bool text_is_utf16(int mibenum)
{
	return mibenum == ICE_TEXT_UTF16 || mibenum == ICE_TEXT_UCS2 || mibenum == ICE_TEXT_UTF16BE ||
	       mibenum == ICE_TEXT_UTF16LE;
}
