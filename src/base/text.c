#include "ice/text.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "text_charset.h"

#define TEXT_MARK 0xfeffu /* byte-order mark */

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

void text_put(struct text_sink *sink, uint32_t c)
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

size_t text_decode(const uint8_t *p, size_t n, uint32_t *c, bool *cut)
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

struct text_survey text_survey(const uint8_t *p, size_t n)
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
