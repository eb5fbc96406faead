/* recording_walk: the values of `snmpwalk -On` (and -Oe, -OQ, -Ot), as net-snmp prints them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ice/ber.h"
#include "recording_text.h"

static struct ice_recording_piece walk_trim(struct ice_recording_piece p)
{
	while (p.n > 0 && (p.at[p.n - 1] == ' ' || p.at[p.n - 1] == '\t'))
		p.n--;
	while (p.n > 0 && (p.at[0] == ' ' || p.at[0] == '\t'))
		p.at++, p.n--;
	return p;
}

/* True, and the prefix is taken off, when the value starts with it. */
static bool walk_take(struct ice_recording_piece *p, const char *prefix)
{
	size_t n = strlen(prefix);
	if (p->n < n || memcmp(p->at, prefix, n) != 0)
		return false;
	p->at += n;
	p->n -= n;
	return true;
}

/* Looks whether the next line starts a row, without reading it. */
static bool walk_row_follows(const struct ice_recording_text *t)
{
	struct ice_recording_piece line, oid, rest;
	char form;
	const char *nl = memchr(t->at, '\n', (size_t)(t->end - t->at));
	line.at = t->at;
	line.n = (size_t)((nl ? nl : t->end) - t->at);
	return ice_recording_text_row_start(line, &oid, &rest, &form) && form == '=';
}

/* "text" with \" and \\ inside, over as many lines as it takes. Versions that do not escape leave a bare quote in the text, so
 * a quote closes only where the line ends with it; and a line that starts a row always does. */
static bool walk_quoted(struct ice_recording_text *t, struct ice_recording_piece p)
{
	bool fits = true;
	for (;;) {
		bool closed = false;
		for (size_t i = 0; i < p.n && !closed; i++) {
			if (p.at[i] == '\\' && i + 1 < p.n && (p.at[i + 1] == '"' || p.at[i + 1] == '\\'))
				i++;
			else if (p.at[i] == '"' &&
			         walk_trim((struct ice_recording_piece){p.at + i + 1, p.n - i - 1}).n == 0)
				closed = true;
			if (!closed && fits)
				fits = ice_recording_text_append(t, p.at + i, 1);
		}
		if (closed || walk_row_follows(t) || !ice_recording_text_line(t, &p))
			return fits;
		fits = fits && ice_recording_text_append(t, "\n", 1);
	}
}

/* Text without quotes: what a MIB's DISPLAY-HINT made of a string. It ends where the next row starts. */
static bool walk_unquoted(struct ice_recording_text *t, struct ice_recording_piece p)
{
	bool fits = ice_recording_text_append(t, p.at, p.n);
	while (t->at != t->end && !walk_row_follows(t) && ice_recording_text_line(t, &p)) {
		if (p.n == 0 && t->at == t->end)
			break;
		fits = fits && ice_recording_text_append(t, "\n", 1) && ice_recording_text_append(t, p.at, p.n);
	}
	return fits;
}

/* Columns whose octets a loaded MIB shows as 0:1b:a9:f4:15:2c. */
static bool walk_is_hardware_address(const struct ice_oid *oid)
{
	static const char *const columns[] = {"1.3.6.1.2.1.2.2.1.6", "1.3.6.1.2.1.3.1.1.2", "1.3.6.1.2.1.4.22.1.2"};
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		struct ice_oid column;
		if (ice_oid_parse(columns[i], &column) && ice_oid_under(column.bytes, column.len, oid->bytes, oid->len))
			return true;
	}
	return false;
}

/* 0:1b:a9:f4:15:2c -> six octets in content; false, with content empty, when it is not that. */
static bool walk_hardware_address(struct ice_recording_text *t, struct ice_recording_piece p)
{
	p = walk_trim(p);
	t->content_len = 0;
	for (size_t i = 0; i < p.n; i++) {
		char pair[2] = {'0', p.at[i]};
		if (i + 1 < p.n && p.at[i + 1] != ':') {
			pair[0] = p.at[i++];
			pair[1] = p.at[i];
		}
		i++;
		if ((i < p.n && p.at[i] != ':') ||
		    !ice_recording_text_hex(t, (struct ice_recording_piece){pair, sizeof(pair)})) {
			t->content_len = 0;
			return false;
		}
	}
	return t->content_len >= 2;
}

/* snmpwalk -Oa writes a dot for each octet that is no letter, and nobody can say which dots are dots. It shows where octets are hardly ever
 * letters: in hardware addresses and in the printer's detected errors. */
static bool walk_lost_octets(struct ice_recording_text *t)
{
	struct ice_oid errors;
	bool octets = walk_is_hardware_address(&t->oid) ||
	              (ice_oid_parse("1.3.6.1.2.1.25.3.5.1.2", &errors) &&
	               ice_oid_under(errors.bytes, errors.len, t->oid.bytes, t->oid.len));
	if (!octets || t->content_len == 0 || !memchr(t->content, '.', t->content_len))
		return false;
	t->wrong = "octets are shown as dots, so what they were is lost (snmpwalk -Oa); right would be snmpwalk -On";
	t->lost = true;
	return true;
}

static bool walk_string(struct ice_recording_text *t, struct ice_recording_piece p)
{
	if (walk_take(&p, "\""))
		return walk_quoted(t, p) && !walk_lost_octets(t) && ice_recording_text_bytes(t, ICE_BER_OCTETS);
	if (walk_is_hardware_address(&t->oid) && walk_hardware_address(t, p))
		return ice_recording_text_bytes(t, ICE_BER_OCTETS);
	t->content_len = 0;
	return walk_unquoted(t, p) && ice_recording_text_bytes(t, ICE_BER_OCTETS);
}

/* Sixteen pairs a line; -OT puts the text behind them in brackets. */
static bool walk_hex(struct ice_recording_text *t, struct ice_recording_piece p, uint8_t tag)
{
	bool good = true;
	for (;;) {
		const char *bracket = p.n > 0 ? memchr(p.at, '[', p.n) : NULL;
		if (bracket)
			p.n = (size_t)(bracket - p.at);
		good = good && ice_recording_text_hex(t, p);
		if (t->at == t->end || walk_row_follows(t))
			break;
		/* a following line belongs here only if it starts with a pair or is blank */
		const char *a = t->at;
		size_t left = (size_t)(t->end - a);
		bool pair = left >= 2 && isxdigit((unsigned char)a[0]) && isxdigit((unsigned char)a[1]) &&
		            (left == 2 || a[2] == ' ' || a[2] == '\n' || a[2] == '\r');
		if ((!pair && *a != '\n' && *a != '\r') || !ice_recording_text_line(t, &p))
			break;
	}
	return good && ice_recording_text_bytes(t, tag);
}

/* "80 00 name(0)": octets, then the bits they set. Where the bits have no names, two digits could be either: the
 * reading in which the octets set just those bits is the right one. */
static bool walk_bits(struct ice_recording_text *t, struct ice_recording_piece p)
{
	size_t at = 0, octets = 0, bits = 0;
	uint8_t bytes[64];
	unsigned numbers[64], tokens = 0;
	bool pairs = true;
	p = walk_trim(p);
	while (at < p.n && tokens < 64) {
		size_t start = at;
		while (at < p.n && p.at[at] != ' ')
			at++;
		struct ice_recording_piece token = {p.at + start, at - start};
		while (at < p.n && p.at[at] == ' ')
			at++;
		t->content_len = 0;
		pairs = pairs && token.n == 2 && ice_recording_text_hex(t, token);
		if (pairs)
			bytes[octets++] = t->content[0];
		bool negative;
		uint64_t n = UINT32_MAX;
		if (!ice_recording_text_number(token, &negative, &n) || n > UINT32_MAX)
			n = UINT32_MAX;
		numbers[tokens++] = (unsigned)n;
	}
	size_t take = octets;
	for (size_t n = octets; n > 0; n--) {
		bool same = true;
		bits = 0;
		for (size_t bit = 0; bit < n * 8 && same; bit++) {
			if (!(bytes[bit / 8] & (0x80u >> bit % 8)))
				continue;
			unsigned shown = n + bits < tokens ? numbers[n + bits] : 0;
			same = n + bits < tokens && (shown == UINT32_MAX || shown == bit);
			bits++;
		}
		if (same && n + bits == tokens) {
			take = n;
			break;
		}
	}
	t->content_len = 0;
	return ice_recording_text_append(t, bytes, take) && ice_recording_text_bytes(t, ICE_BER_OCTETS);
}

/* "up(1)", "5", "100 percent": the number in brackets, else the one in front. */
static bool walk_number(struct ice_recording_text *t, struct ice_recording_piece p, uint8_t tag)
{
	p = walk_trim(p);
	if (p.n > 0 && p.at[p.n - 1] == ')' && !isdigit((unsigned char)p.at[0]) && p.at[0] != '-') {
		size_t open = p.n - 1;
		while (open > 0 && p.at[open] != '(')
			open--;
		p = (struct ice_recording_piece){p.at + open + 1, p.n - open - 2};
	} else {
		const char *blank = p.n > 0 ? memchr(p.at, ' ', p.n) : NULL;
		if (blank)
			p.n = (size_t)(blank - p.at);
	}
	return ice_recording_text_typed_number(t, tag, p);
}

/* "(123) 0:00:01.23", or the bare number of -Ot. */
static bool walk_ticks(struct ice_recording_text *t, struct ice_recording_piece p)
{
	const char *close = p.n > 0 && p.at[0] == '(' ? memchr(p.at, ')', p.n) : NULL;
	if (close)
		p = (struct ice_recording_piece){p.at + 1, (size_t)(close - p.at - 1)};
	return walk_number(t, p, ICE_BER_TIMETICKS);
}

/* "d:hh:mm:ss.cc", how -OQ shows TimeTicks; false when it is not that. */
static bool walk_clock(struct ice_recording_piece p, uint64_t *ticks)
{
	static const char after[] = {':', ':', ':', '.', 0};
	static const uint64_t worth[] = {8640000, 360000, 6000, 100, 1};
	size_t at = 0;
	*ticks = 0;
	for (size_t i = 0; i < 5; i++) {
		uint64_t n = 0;
		size_t digits = 0;
		for (; at < p.n && digits < 6 && isdigit((unsigned char)p.at[at]); at++, digits++)
			n = n * 10 + (uint64_t)(p.at[at] - '0');
		if (digits == 0 || (after[i] ? at == p.n || p.at[at] != after[i] : at != p.n))
			return false;
		at++;
		*ticks += n * worth[i];
	}
	return true;
}

/* net-snmp's floats in an Opaque: 0x9f, 0x78 (float) or 0x79 (double), length, IEEE 754 octets. */
static bool walk_float(struct ice_recording_text *t, struct ice_recording_piece p, bool twice)
{
	char text[64], *stop;
	p = walk_trim(p);
	if (p.n == 0 || p.n >= sizeof(text)) {
		t->wrong = "not a number";
		return false;
	}
	memcpy(text, p.at, p.n);
	text[p.n] = 0;
	double d = strtod(text, &stop);
	if (*stop) {
		t->wrong = "not a number";
		return false;
	}
	float f = (float)d;
	uint64_t image = 0;
	size_t size = twice ? 8 : 4;
	if (twice) {
		memcpy(&image, &d, sizeof(d));
	} else {
		uint32_t half;
		memcpy(&half, &f, sizeof(half));
		image = half;
	}
	uint8_t octets[11] = {0x9f, twice ? 0x79 : 0x78, (uint8_t)size};
	for (size_t i = 0; i < size; i++)
		octets[3 + i] = (uint8_t)(image >> 8 * (size - 1 - i));
	t->content_len = 0;
	return ice_recording_text_append(t, octets, 3 + size) && ice_recording_text_bytes(t, ICE_BER_OPAQUE);
}

/* A value without its type: what -OQ prints, or "" for an empty string. */
static bool walk_untyped(struct ice_recording_text *t, struct ice_recording_piece p)
{
	bool negative;
	uint64_t n;
	if (p.n > 0 && p.at[0] == '"') {
		/* "02 CA 6D ": -OQ shows octets so, and only these end with a blank inside the quotes */
		if (p.n > 4 && (p.n - 2) % 3 == 0 && p.at[p.n - 1] == '"' && p.at[p.n - 2] == ' ' &&
		    ice_recording_text_hex(t, (struct ice_recording_piece){p.at + 1, p.n - 2}))
			return ice_recording_text_bytes(t, ICE_BER_OCTETS);
		t->content_len = 0;
		return walk_string(t, p);
	}
	struct ice_recording_piece word = walk_trim(p);
	if (ice_recording_text_number(word, &negative, &n)) {
		uint8_t tag = n <= INT32_MAX ? ICE_BER_INTEGER : n <= UINT32_MAX ? ICE_BER_GAUGE32 : ICE_BER_COUNTER64;
		return ice_recording_text_typed_number(t, tag, word);
	}
	if (walk_clock(word, &n))
		return ice_recording_text_unsigned(t, ICE_BER_TIMETICKS, n);
	if (word.n > 0 && (word.at[0] == '.' || (word.n > 4 && memcmp(word.at, "iso.", 4) == 0)) &&
	    ice_recording_text_oid(t, word))
		return true;
	if (ice_recording_text_address(t, word))
		return true;
	t->content_len = 0;
	return walk_string(t, p);
}

enum walk_kind {
	WALK_STRING,
	WALK_HEX,
	WALK_NUMBER,
	WALK_TICKS,
	WALK_OID,
	WALK_ADDRESS,
	WALK_NETWORK,
	WALK_BITS,
	WALK_FLOAT,
	WALK_DOUBLE,
	WALK_NULL,
	WALK_NOTHING,
};

/* Every type name net-snmp prints, longer ones before those they start with. */
static const struct walk_type {
	const char *prefix;
	enum walk_kind kind;
	uint8_t tag;
} walk_types[] = {
        {"STRING:", WALK_STRING, ICE_BER_OCTETS},
        {"Hex-STRING:", WALK_HEX, ICE_BER_OCTETS},
        {"INTEGER:", WALK_NUMBER, ICE_BER_INTEGER},
        {"Counter32:", WALK_NUMBER, ICE_BER_COUNTER32},
        {"Gauge32:", WALK_NUMBER, ICE_BER_GAUGE32},
        {"Unsigned32:", WALK_NUMBER, ICE_BER_GAUGE32},
        {"UInteger32:", WALK_NUMBER, ICE_BER_GAUGE32},
        {"Counter64:", WALK_NUMBER, ICE_BER_COUNTER64},
        {"Timeticks:", WALK_TICKS, ICE_BER_TIMETICKS},
        {"OID:", WALK_OID, ICE_BER_OID},
        {"IpAddress:", WALK_ADDRESS, ICE_BER_IPADDRESS},
        {"Network Address:", WALK_NETWORK, ICE_BER_IPADDRESS},
        {"BITS:", WALK_BITS, ICE_BER_OCTETS},
        {"Opaque: Float:", WALK_FLOAT, ICE_BER_OPAQUE},
        {"Opaque: Double:", WALK_DOUBLE, ICE_BER_OPAQUE},
        {"OPAQUE:", WALK_HEX, ICE_BER_OPAQUE},
        {"NULL", WALK_NULL, ICE_BER_NULL},
        {"No Such Instance", WALK_NOTHING, 0},
        {"No Such Object", WALK_NOTHING, 0},
        {"No more variables left in this MIB View", WALK_NOTHING, 0},
        {"End of MIB", WALK_NOTHING, 0},
};

/* 0A:00:00:01 */
static bool walk_network(struct ice_recording_text *t, struct ice_recording_piece p)
{
	if (walk_hardware_address(t, p) && t->content_len == 4)
		return ice_recording_text_bytes(t, ICE_BER_IPADDRESS);
	t->wrong = "not an IPv4 address";
	return false;
}

static bool walk_encode(struct ice_recording_text *t, const struct walk_type *type, struct ice_recording_piece p)
{
	switch (type->kind) {
	case WALK_STRING:
		return walk_string(t, p);
	case WALK_HEX:
		return walk_hex(t, p, type->tag);
	case WALK_NUMBER:
		return walk_number(t, p, type->tag);
	case WALK_TICKS:
		return walk_ticks(t, p);
	case WALK_OID:
		return ice_recording_text_oid(t, walk_trim(p));
	case WALK_ADDRESS:
		return ice_recording_text_address(t, walk_trim(p));
	case WALK_NETWORK:
		return walk_network(t, p);
	case WALK_BITS:
		return walk_bits(t, p);
	case WALK_FLOAT:
	case WALK_DOUBLE:
		return walk_float(t, p, type->kind == WALK_DOUBLE);
	case WALK_NULL:
	case WALK_NOTHING:
		return ice_recording_text_bytes(t, ICE_BER_NULL);
	}
	return false;
}

enum ice_recording_text_step ice_recording_walk_value(struct ice_recording_text *t, struct ice_recording_piece value)
{
	t->content_len = 0;
	/* "Wrong Type (should be INTEGER): STRING: ..." is a remark of the walker's MIBs, not of the device. */
	struct ice_recording_piece p = value;
	if (walk_take(&p, "Wrong Type (should be ")) {
		const char *close = p.n > 0 ? memchr(p.at, ':', p.n) : NULL;
		if (close)
			value = walk_trim((struct ice_recording_piece){close + 1, (size_t)(p.at + p.n - close - 1)});
	}
	struct ice_recording_piece typed = value; /* a text without a type keeps the blanks it begins with */
	while (typed.n > 0 && (typed.at[0] == ' ' || typed.at[0] == '\t'))
		typed.at++, typed.n--;
	for (size_t i = 0; i < sizeof(walk_types) / sizeof(walk_types[0]); i++) {
		p = typed;
		if (!walk_take(&p, walk_types[i].prefix))
			continue;
		if (p.n > 0 && p.at[0] == ' ')
			p.at++, p.n--;
		if (!walk_encode(t, &walk_types[i], p))
			return ICE_RECORDING_TEXT_BAD;
		return walk_types[i].kind == WALK_NOTHING ? ICE_RECORDING_TEXT_NOTHING : ICE_RECORDING_TEXT_ROW;
	}
	return walk_untyped(t, value) ? ICE_RECORDING_TEXT_ROW : ICE_RECORDING_TEXT_BAD;
}
