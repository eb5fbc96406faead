#include "recording_text.h"

#include <ctype.h>
#include <string.h>

#include "ice/ber.h"

void ice_recording_text_init(struct ice_recording_text *t, const char *text, size_t n)
{
	t->at = text;
	t->end = text + n;
	t->line = t->row_line = 0;
	t->wrong = NULL;
	t->len = t->content_len = 0;
	t->value = t->room;
	t->oid.len = 0;
	/* a byte order mark that an editor left */
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		t->at += 3;
}

bool ice_recording_text_line(struct ice_recording_text *t, struct ice_recording_piece *out)
{
	if (t->at == t->end)
		return false;
	const char *nl = memchr(t->at, '\n', (size_t)(t->end - t->at));
	const char *stop = nl ? nl : t->end;
	out->at = t->at;
	out->n = (size_t)(stop - t->at);
	if (out->n > 0 && out->at[out->n - 1] == '\r')
		out->n--;
	t->at = nl ? nl + 1 : t->end;
	t->line++;
	return true;
}

bool ice_recording_text_row_start(struct ice_recording_piece line, struct ice_recording_piece *oid,
                                  struct ice_recording_piece *rest, char *form)
{
	size_t i = 0, dots = 0;
	if (i < line.n && line.at[i] == '.')
		i++;
	if (line.n - i >= 4 && memcmp(line.at + i, "iso.", 4) == 0)
		i += 3; /* snmpwalk without -On names only the root */
	for (; i < line.n && (isdigit((unsigned char)line.at[i]) || line.at[i] == '.'); i++)
		dots += line.at[i] == '.';
	if (i == 0 || dots == 0 || i == line.n)
		return false;
	*oid = (struct ice_recording_piece){line.at, i};
	if (line.at[i] == '|') {
		*form = '|';
		*rest = (struct ice_recording_piece){line.at + i + 1, line.n - i - 1};
		return true;
	}
	size_t gap = i;
	while (i < line.n && line.at[i] == ' ')
		i++;
	if (i == gap || i == line.n || line.at[i] != '=')
		return false;
	i++;
	if (i < line.n && line.at[i] == ' ')
		i++;
	*form = '=';
	*rest = (struct ice_recording_piece){line.at + i, line.n - i};
	return true;
}

bool ice_recording_text_append(struct ice_recording_text *t, const void *bytes, size_t n)
{
	if (n > sizeof(t->content) - t->content_len) {
		t->wrong = "the value is too long";
		return false;
	}
	if (n > 0)
		memcpy(t->content + t->content_len, bytes, n);
	t->content_len += n;
	return true;
}

static int text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool ice_recording_text_hex(struct ice_recording_text *t, struct ice_recording_piece p)
{
	for (size_t i = 0; i < p.n;) {
		if (p.at[i] == ' ' || p.at[i] == '\t') {
			i++;
			continue;
		}
		int high = text_hex_digit(p.at[i]), low = i + 1 < p.n ? text_hex_digit(p.at[i + 1]) : -1;
		if (high < 0 || low < 0) {
			t->wrong = "not pairs of hex digits";
			return false;
		}
		uint8_t byte = (uint8_t)(high << 4 | low);
		if (!ice_recording_text_append(t, &byte, 1))
			return false;
		i += 2;
	}
	return true;
}

/* Puts the header before what the writer holds; the value then stands at its place in the room. */
static bool text_finish(struct ice_recording_text *t, struct ice_ber_writer *w, uint8_t tag)
{
	ice_ber_put_header(w, tag, ice_ber_written(w));
	t->value = w->at;
	t->len = ice_ber_written(w);
	return !w->full;
}

bool ice_recording_text_bytes(struct ice_recording_text *t, uint8_t tag)
{
	struct ice_ber_writer w;
	ice_ber_writer_init(&w, t->room, sizeof(t->room));
	ice_ber_put_raw(&w, t->content, t->content_len);
	return text_finish(t, &w, tag);
}

bool ice_recording_text_signed(struct ice_recording_text *t, int64_t number)
{
	if (number < INT32_MIN || number > INT32_MAX) {
		t->wrong = "an INTEGER beyond 32 bits";
		return false;
	}
	struct ice_ber_writer w;
	ice_ber_writer_init(&w, t->room, sizeof(t->room));
	ice_ber_put_int(&w, ICE_BER_INTEGER, number);
	t->value = w.at;
	t->len = ice_ber_written(&w);
	return !w.full;
}

bool ice_recording_text_unsigned(struct ice_recording_text *t, uint8_t tag, uint64_t number)
{
	if (tag != ICE_BER_COUNTER64 && number > UINT32_MAX) {
		t->wrong = "beyond 32 bits";
		return false;
	}
	/* Nine octets: Counter64 is unsigned, and INTEGER's content is not. */
	uint8_t octets[9] = {0};
	for (int i = 8; i > 0; i--, number >>= 8)
		octets[i] = (uint8_t)number;
	size_t skip = 0;
	while (skip < 8 && octets[skip] == 0 && octets[skip + 1] < 0x80)
		skip++;
	struct ice_ber_writer w;
	ice_ber_writer_init(&w, t->room, sizeof(t->room));
	ice_ber_put_raw(&w, octets + skip, sizeof(octets) - skip);
	return text_finish(t, &w, tag);
}

/* The piece as a string for the parsers that want one; false when it is longer than any OID. */
static bool text_oid_string(struct ice_recording_piece p, struct ice_oid *out)
{
	char text[ICE_OID_TEXT_SIZE];
	while (p.n > 0 && p.at[p.n - 1] == ' ')
		p.n--;
	if (p.n > 0 && p.at[0] == '.')
		p.at++, p.n--;
	bool iso = p.n >= 4 && memcmp(p.at, "iso.", 4) == 0;
	if (iso)
		p.at += 3, p.n -= 3;
	if (p.n + 2 > sizeof(text) || memchr(p.at, 0, p.n))
		return false;
	if (iso)
		text[0] = '1';
	memcpy(text + iso, p.at, p.n);
	text[p.n + iso] = 0;
	return ice_oid_parse(text, out);
}

bool ice_recording_text_oid(struct ice_recording_text *t, struct ice_recording_piece p)
{
	struct ice_oid oid;
	if (!text_oid_string(p, &oid)) {
		t->wrong = "not an OID in numbers";
		return false;
	}
	t->content_len = 0;
	return ice_recording_text_append(t, oid.bytes, oid.len) && ice_recording_text_bytes(t, ICE_BER_OID);
}

bool ice_recording_text_address(struct ice_recording_text *t, struct ice_recording_piece p)
{
	t->content_len = 0;
	for (size_t i = 0, part = 0; part < 4; part++) {
		unsigned octet = 0;
		size_t digits = 0;
		for (; i < p.n && isdigit((unsigned char)p.at[i]) && digits < 3; i++, digits++)
			octet = octet * 10 + (unsigned)(p.at[i] - '0');
		uint8_t byte = (uint8_t)octet;
		bool closed = part < 3 ? i < p.n && p.at[i] == '.' : i == p.n;
		if (digits == 0 || octet > 255 || !closed) {
			t->wrong = "not an IPv4 address";
			return false;
		}
		i++;
		if (!ice_recording_text_append(t, &byte, 1))
			return false;
	}
	return ice_recording_text_bytes(t, ICE_BER_IPADDRESS);
}

bool ice_recording_text_number(struct ice_recording_piece p, bool *negative, uint64_t *magnitude)
{
	size_t i = 0;
	*negative = p.n > 0 && p.at[0] == '-';
	if (*negative || (p.n > 0 && p.at[0] == '+'))
		i++;
	if (i == p.n)
		return false;
	uint64_t n = 0;
	for (; i < p.n; i++) {
		if (!isdigit((unsigned char)p.at[i]))
			return false;
		if (__builtin_mul_overflow(n, 10u, &n) || __builtin_add_overflow(n, (uint64_t)(p.at[i] - '0'), &n))
			return false;
	}
	*magnitude = n;
	return true;
}

bool ice_recording_text_typed_number(struct ice_recording_text *t, uint8_t tag, struct ice_recording_piece p)
{
	bool negative;
	uint64_t n;
	if (!ice_recording_text_number(p, &negative, &n)) {
		t->wrong = "not a number";
		return false;
	}
	if (tag == ICE_BER_INTEGER && n <= INT64_MAX)
		return ice_recording_text_signed(t, negative ? -(int64_t)n : (int64_t)n);
	if (negative && n != 0) {
		t->wrong = "a negative number where none can be";
		return false;
	}
	return ice_recording_text_unsigned(t, tag, n);
}

/* A value whose octets are written in hex. */
static bool text_hex_value(struct ice_recording_text *t, uint8_t tag, struct ice_recording_piece p)
{
	t->content_len = 0;
	if (!ice_recording_text_hex(t, p))
		return false;
	if (tag == ICE_BER_IPADDRESS && t->content_len != 4) {
		t->wrong = "an IpAddress is four octets";
		return false;
	}
	return ice_recording_text_bytes(t, tag);
}

/* snmpsim's "tag|value". The tag is the number of the type's BER tag; an x behind it says that the octets are in hex.
 * Anything else there ("4:writecache", "2:numeric") names a module that makes values up: there is nothing to replay. */
static bool text_snmprec_value(struct ice_recording_text *t, struct ice_recording_piece p)
{
	unsigned tag = 0;
	size_t i = 0;
	for (; i < p.n && i < 3 && isdigit((unsigned char)p.at[i]); i++)
		tag = tag * 10 + (unsigned)(p.at[i] - '0');
	bool hex = i < p.n && p.at[i] == 'x';
	if (i == 0 || i + hex >= p.n || p.at[i + hex] != '|') {
		t->wrong = "the tag is not a plain type number";
		return false;
	}
	struct ice_recording_piece value = {p.at + i + hex + 1, p.n - i - hex - 1};
	t->content_len = 0;
	switch (tag) {
	case ICE_BER_OCTETS:
	case ICE_BER_OPAQUE:
		if (hex)
			return text_hex_value(t, (uint8_t)tag, value);
		return ice_recording_text_append(t, value.at, value.n) && ice_recording_text_bytes(t, (uint8_t)tag);
	case ICE_BER_IPADDRESS:
		if (hex)
			return text_hex_value(t, (uint8_t)tag, value);
		return ice_recording_text_address(t, value);
	case ICE_BER_OID:
		return ice_recording_text_oid(t, value);
	case ICE_BER_NULL:
		return ice_recording_text_bytes(t, ICE_BER_NULL);
	case ICE_BER_INTEGER:
	case ICE_BER_COUNTER32:
	case ICE_BER_GAUGE32:
	case ICE_BER_TIMETICKS:
	case ICE_BER_COUNTER64:
		return ice_recording_text_typed_number(t, (uint8_t)tag, value);
	default:
		t->wrong = "no such type";
		return false;
	}
}

enum ice_recording_text_step ice_recording_text_next(struct ice_recording_text *t)
{
	struct ice_recording_piece line, oid, rest;
	char form;
	if (!ice_recording_text_line(t, &line))
		return ICE_RECORDING_TEXT_END;
	t->row_line = t->line;
	size_t blank = 0;
	while (blank < line.n && (line.at[blank] == ' ' || line.at[blank] == '\t'))
		blank++;
	if (blank == line.n || line.at[blank] == '#')
		return ICE_RECORDING_TEXT_NOTHING;
	if (!ice_recording_text_row_start(line, &oid, &rest, &form)) {
		t->wrong = "neither OID|tag|value nor OID = TYPE: value";
		return ICE_RECORDING_TEXT_BAD;
	}
	bool named = text_oid_string(oid, &t->oid);
	enum ice_recording_text_step step = ICE_RECORDING_TEXT_BAD;
	if (form == '=') /* also when the OID is bad: the value may go on over lines that are not rows */
		step = ice_recording_walk_value(t, rest);
	else if (text_snmprec_value(t, rest))
		step = ICE_RECORDING_TEXT_ROW;
	if (!named) {
		t->wrong = "not an OID that can be asked for";
		return ICE_RECORDING_TEXT_BAD;
	}
	return step;
}
