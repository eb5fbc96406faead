#include "batch_check.h"

#include <stdint.h>
#include <string.h>

#define BATCH_CHECK_DEPTH 32 /* a record nests four deep */

/* What may come next. */
enum batch_check_next {
	BATCH_CHECK_VALUE,
	BATCH_CHECK_VALUE_OR_END, /* after [ */
	BATCH_CHECK_KEY,
	BATCH_CHECK_KEY_OR_END, /* after { */
	BATCH_CHECK_COLON,
	BATCH_CHECK_COMMA_OR_END
};

struct batch_check {
	const unsigned char *at, *end;
	uint32_t objects; /* bit 0: the innermost is an object, not an array; and so on outwards */
	unsigned depth;
	enum batch_check_next next;
};

/* 0 also stands for the end: no grammar takes it. */
static unsigned char batch_check_peek(const struct batch_check *c)
{
	return c->at < c->end ? *c->at : 0;
}

static size_t batch_check_digits(struct batch_check *c)
{
	size_t n = 0;
	for (; batch_check_peek(c) >= '0' && batch_check_peek(c) <= '9'; n++)
		c->at++;
	return n;
}

static bool batch_check_take(struct batch_check *c, const char *any)
{
	unsigned char ch = batch_check_peek(c);
	if (ch == 0 || !strchr(any, ch))
		return false;
	c->at++;
	return true;
}

/* -0.5e+3 */
static bool batch_check_number(struct batch_check *c)
{
	(void)batch_check_take(c, "-");
	if (!batch_check_take(c, "0") && batch_check_digits(c) == 0)
		return false;
	if (batch_check_take(c, ".") && batch_check_digits(c) == 0)
		return false;
	if (!batch_check_take(c, "eE"))
		return true;
	(void)batch_check_take(c, "+-");
	return batch_check_digits(c) > 0;
}

static bool batch_check_word(struct batch_check *c, const char *word)
{
	size_t n = strlen(word);
	if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0)
		return false;
	c->at += n;
	return true;
}

/* The four digits of \uXXXX; -1 when they are not there. */
static long batch_check_unit(struct batch_check *c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	long unit = 0;
	for (int i = 0; i < 4; i++) {
		const char *d = batch_check_peek(c) ? strchr(digits, batch_check_peek(c)) : NULL;
		if (!d)
			return -1;
		unit = unit * 16 + (d - digits) % 16;
		c->at++;
	}
	return unit;
}

/* Behind the backslash. NUL and half a surrogate pair are no text, whoever writes them. */
static bool batch_check_escape(struct batch_check *c)
{
	if (!batch_check_take(c, "u"))
		return batch_check_take(c, "\"\\/bfnrt");
	long unit = batch_check_unit(c);
	if (unit < 0xd800 || unit > 0xdfff)
		return unit > 0;
	if (unit > 0xdbff || !batch_check_word(c, "\\u"))
		return false;
	unit = batch_check_unit(c);
	return unit >= 0xdc00 && unit <= 0xdfff;
}

/* One UTF-8 sequence that begins with a byte above 0x7f: no overlong form, no surrogate, nothing above U+10FFFF (RFC 3629). */
static bool batch_check_utf8(struct batch_check *c)
{
	unsigned char first = *c->at++, low = 0x80, high = 0xbf;
	int more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
	if (first < 0xc2 || first > 0xf4)
		return false;
	low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : low;
	high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : high;
	for (; more > 0; more--, low = 0x80, high = 0xbf) {
		if (batch_check_peek(c) < low || batch_check_peek(c) > high)
			return false;
		c->at++;
	}
	return true;
}

static bool batch_check_string(struct batch_check *c)
{
	if (!batch_check_take(c, "\""))
		return false;
	for (;;) {
		unsigned char ch = batch_check_peek(c);
		if (ch < 0x20)
			return false;
		if (ch > 0x7f) {
			if (!batch_check_utf8(c))
				return false;
			continue;
		}
		c->at++;
		if (ch == '"')
			return true;
		if (ch == '\\' && !batch_check_escape(c))
			return false;
	}
}

static bool batch_check_open(struct batch_check *c, bool object)
{
	if (c->depth == BATCH_CHECK_DEPTH)
		return false;
	c->at++;
	c->depth++;
	c->objects = c->objects << 1 | object;
	c->next = object ? BATCH_CHECK_KEY_OR_END : BATCH_CHECK_VALUE_OR_END;
	return true;
}

static bool batch_check_close(struct batch_check *c, bool object)
{
	if ((c->objects & 1) != object)
		return false;
	c->at++;
	c->depth--;
	c->objects >>= 1;
	c->next = BATCH_CHECK_COMMA_OR_END;
	return true;
}

static bool batch_check_value(struct batch_check *c)
{
	unsigned char ch = batch_check_peek(c);
	if (ch == '{' || ch == '[')
		return batch_check_open(c, ch == '{');
	c->next = BATCH_CHECK_COMMA_OR_END;
	if (ch == '"')
		return batch_check_string(c);
	return batch_check_word(c, "true") || batch_check_word(c, "false") || batch_check_word(c, "null") ||
	       batch_check_number(c);
}

/* One token, blanks before it left out. */
static bool batch_check_step(struct batch_check *c)
{
	unsigned char ch = batch_check_peek(c);
	switch (c->next) {
	case BATCH_CHECK_VALUE_OR_END:
		if (ch == ']')
			return batch_check_close(c, false);
		return batch_check_value(c);
	case BATCH_CHECK_VALUE:
		return batch_check_value(c);
	case BATCH_CHECK_KEY_OR_END:
		if (ch == '}')
			return batch_check_close(c, true);
		c->next = BATCH_CHECK_COLON;
		return batch_check_string(c);
	case BATCH_CHECK_KEY:
		c->next = BATCH_CHECK_COLON;
		return batch_check_string(c);
	case BATCH_CHECK_COLON:
		c->next = BATCH_CHECK_VALUE;
		return batch_check_take(c, ":");
	case BATCH_CHECK_COMMA_OR_END:
		if (ch == '}' || ch == ']')
			return batch_check_close(c, ch == '}');
		c->next = c->objects & 1 ? BATCH_CHECK_KEY : BATCH_CHECK_VALUE;
		return batch_check_take(c, ",");
	}
	return false;
}

static void batch_check_blanks(struct batch_check *c)
{
	while (batch_check_take(c, " \t\r\n"))
		continue;
}

bool ice_batch_check_object(const char *text, size_t len)
{
	struct batch_check c = {.at = (const unsigned char *)text, .end = (const unsigned char *)text + len};
	batch_check_blanks(&c);
	if (batch_check_peek(&c) != '{' || !batch_check_open(&c, true))
		return false;
	while (c.depth > 0) {
		batch_check_blanks(&c);
		if (!batch_check_step(&c))
			return false;
	}
	batch_check_blanks(&c);
	return c.at == c.end;
}
