#include "ice/text.h"

#include <errno.h>
#include <iconv.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define TEXT_REPLACEMENT 0xfffdu
#define TEXT_MARK        0xfeffu /* byte-order mark */

/* Where decoded characters go: it drops, collapses and caps, whatever the character set was. */
struct text_sink {
	char *out;
	size_t size, n;
	bool blank; /* a blank is owed before the next character; none is ever owed at either end */
	bool full;  /* a character did not fit: nothing after it may, or the text would have a hole */
};

enum text_class { TEXT_KEEP, TEXT_BLANK, TEXT_DROP };

/* What a character is to us. Controls that separate words (line ends, tabs, NUL, every Zs but U+0020 too) become blanks; the
 * others, and what has no width or turns the direction of reading, disappear: it can only hide or forge. */
static enum text_class text_classify(uint32_t c)
{
	if (c == 0 || (c >= 0x09 && c <= 0x0d) || c == ' ' || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	    (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000)
		return TEXT_BLANK;
	if (c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x061c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
	    (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == TEXT_MARK ||
	    (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe0fff))
		return TEXT_DROP;
	return TEXT_KEEP;
}

static size_t text_encode(uint32_t c, char out[4])
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
	return n;
}

static void text_put(struct text_sink *sink, uint32_t c)
{
	enum text_class class = text_classify(c);
	if (sink->full || class == TEXT_DROP)
		return;
	if (class == TEXT_BLANK) {
		sink->blank = sink->n > 0;
		return;
	}
	char bytes[4];
	size_t n = text_encode(c, bytes);
	if (sink->n + sink->blank + n >= sink->size) {
		sink->full = true;
		return;
	}
	if (sink->blank)
		sink->out[sink->n++] = ' ';
	sink->blank = false;
	memcpy(sink->out + sink->n, bytes, n);
	sink->n += n;
}

/* One character of strict UTF-8 (RFC 3629 section 4, Unicode table 3-7): no overlong form, no surrogate, nothing above
 * U+10FFFF. Returns its length; 0 when it is none; *cut tells a sequence that is right as far as it goes. */
static size_t text_decode(const uint8_t *p, size_t n, uint32_t *c, bool *cut)
{
	uint8_t lead = p[0], low = 0x80, high = 0xbf;
	*cut = false;
	if (lead < 0x80) {
		*c = lead;
		return 1;
	}
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	uint32_t v = lead & (0xffu >> (length + 1));
	for (size_t i = 1; i < length; i++, low = 0x80, high = 0xbf) {
		if (i == n) {
			*cut = true;
			return 0;
		}
		if (p[i] < low || p[i] > high)
			return 0;
		v = v << 6 | (p[i] & 0x3f);
	}
	*c = v;
	return length;
}

/* How bytes look as UTF-8. */
struct text_survey {
	size_t valid;   /* bytes that are valid, from the start */
	size_t longest; /* bytes of the longest character */
	bool whole;     /* all valid, but for a last character that a device's buffer cut short */
};

static struct text_survey text_survey(const uint8_t *p, size_t n)
{
	struct text_survey s = {0, 0, true};
	uint32_t c;
	bool cut;
	while (s.valid < n) {
		size_t length = text_decode(p + s.valid, n - s.valid, &c, &cut);
		if (length == 0) {
			/* "Caf\xe9" is Latin-1 and not a UTF-8 text cut short: something must speak for UTF-8. */
			s.whole = cut && (s.longest > 1 || n - s.valid > 1);
			break;
		}
		if (length > s.longest)
			s.longest = length;
		s.valid += length;
	}
	return s;
}

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

static void text_put_unknown(struct text_sink *sink, const uint8_t *p, size_t n)
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

/* Puts bytes as the device says they are. False when they cannot be that, or are clearly UTF-8 all the same: bytes that are
 * letters of another set and by chance whole UTF-8 make no word. In the sets of two bytes only three-byte characters count as
 * clear, since half-width katakana can look like two-byte ones. */
static bool text_put_declared(struct text_sink *sink, const uint8_t *p, size_t n, int mibenum)
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

#define TEXT_EACH (UINT64_MAX / 255) /* 01 in every octet */

/* Not zero when one of eight octets is not printable ASCII, or may not be: what carries over from a neighbour errs on the safe side. */
static uint64_t text_odd(uint64_t w)
{
	return (w | (w - 0x20 * TEXT_EACH) | (w + TEXT_EACH)) & 0x80 * TEXT_EACH;
}

/* Not zero when one of eight octets is a blank. */
static uint64_t text_blank(uint64_t w)
{
	w ^= 0x20 * TEXT_EACH;
	return (w - TEXT_EACH) & ~w & 0x80 * TEXT_EACH;
}

/* How many octets at the start are printable ASCII and no blanks but single ones between words: these need no folding. */
static size_t text_plain(const uint8_t *p, size_t n)
{
	size_t i = 0;
	for (uint64_t w, x; i + 9 <= n; i += 8) {
		memcpy(&w, p + i, sizeof(w));
		memcpy(&x, p + i + 1, sizeof(x));
		uint64_t blanks = text_blank(w);
		if (text_odd(w) || (blanks && blanks & text_blank(x)))
			break;
	}
	return i;
}

/* Printable ASCII is what nearly all texts are, and what all the sets agree on but UTF-16: nothing to decode, only blanks to
 * fold, and no more is kept than fits. False when there is any other byte. */
static bool text_put_ascii(struct text_sink *sink, const uint8_t *p, size_t n)
{
	char *out = sink->out;
	size_t last = sink->size - 1, at = n > 0 && p[0] != ' ' ? text_plain(p, n < last ? n : last) : 0;
	bool blank = at == 0 || p[at - 1] == ' '; /* none at the start */
	if (at > 0)
		memcpy(out, p, at);
	for (size_t i = at; i < n; i++) {
		if (p[i] < 0x20 || p[i] > 0x7e)
			return false;
		if (at < last && !(blank && p[i] == ' '))
			out[at++] = (char)p[i];
		blank = p[i] == ' ';
	}
	sink->n = at - (at > 0 && out[at - 1] == ' ');
	return true;
}

static bool text_is_utf16(int mibenum)
{
	return mibenum == ICE_TEXT_UTF16 || mibenum == ICE_TEXT_UCS2 || mibenum == ICE_TEXT_UTF16BE ||
	       mibenum == ICE_TEXT_UTF16LE;
}

size_t ice_text_clean(const uint8_t *bytes, size_t n, int mibenum, char *out, size_t size)
{
	struct text_sink sink = {.out = out, .size = size};
	if (size == 0)
		return 0;
	if ((text_is_utf16(mibenum) || !text_put_ascii(&sink, bytes, n)) &&
	    !text_put_declared(&sink, bytes, n, mibenum)) {
		sink = (struct text_sink){.out = out, .size = size};
		text_put_unknown(&sink, bytes, n);
	}
	out[sink.n] = 0;
	return sink.n;
}

bool ice_text_is_utf8(const uint8_t *bytes, size_t n)
{
	return text_survey(bytes, n).valid == n;
}

bool ice_text_is_clean(const char *s)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t n = strlen(s), length;
	uint32_t c;
	bool cut, blank = true; /* as if one stood before the start: none may follow */
	for (size_t i = 0; i < n; i += length) {
		length = text_decode(p + i, n - i, &c, &cut);
		if (length == 0 || (text_classify(c) != TEXT_KEEP && (c != ' ' || blank)))
			return false;
		blank = c == ' ';
	}
	return n == 0 || !blank;
}

/* The locale whose wcwidth knows the widths, whatever the program's own is. Loaded once, since that costs 20 us; NULL where the
 * system lacks it. */
static locale_t text_locale(void)
{
	static locale_t utf8;
	static bool asked;
	if (!asked)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	asked = true;
	return utf8;
}

size_t ice_text_columns(const char *s)
{
	const uint8_t *p = (const uint8_t *)s;
	size_t n = strlen(s), columns = 0, plain = 0, length;
	uint32_t c;
	bool cut;
	while (plain < n && p[plain] < 0x80)
		plain++;
	if (plain == n)
		return n;
	locale_t utf8 = text_locale(), before = utf8 ? uselocale(utf8) : (locale_t)0;
	for (size_t i = 0; i < n && (length = text_decode(p + i, n - i, &c, &cut)) > 0; i += length) {
		int width = c < 0x80 || !utf8 ? 1 : wcwidth((wchar_t)c);
		columns += width > 0 ? (size_t)width : 0;
	}
	if (utf8)
		uselocale(before);
	return columns;
}
