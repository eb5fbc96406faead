#include "ice/oid.h"

#include <string.h>

/* The first two arcs share one number: 40 * first + second (X.690 section 8.19.4). */
#define OID_SPLIT 40u

/* Octets of one arc, shortest form; returns how many (1 to 5). */
static size_t oid_encode(uint32_t arc, uint8_t out[5])
{
	size_t n = 1;
	for (uint32_t rest = arc >> 7; rest != 0; rest >>= 7)
		n++;
	for (size_t i = n; i-- > 0; arc >>= 7)
		out[i] = (uint8_t)((arc & 0x7f) | (i + 1 < n ? 0x80 : 0));
	return n;
}

/* One decimal arc; NULL when there is none or it is over 32 bits. */
static const char *oid_digits(const char *text, uint32_t *arc)
{
	uint64_t value = 0;
	if (*text < '0' || *text > '9')
		return NULL;
	for (; *text >= '0' && *text <= '9'; text++) {
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > UINT32_MAX)
			return NULL;
	}
	*arc = (uint32_t)value;
	return text;
}

/* Puts an arc at the end; counts nothing. */
static bool oid_put(struct ice_oid *oid, uint32_t arc)
{
	uint8_t octets[5];
	size_t n = oid_encode(arc, octets);
	if (oid->len + n > ICE_OID_BYTES)
		return false;
	memcpy(oid->bytes + oid->len, octets, n);
	oid->len = (uint8_t)(oid->len + n);
	return true;
}

bool ice_oid_parse(const char *text, struct ice_oid *out)
{
	struct ice_oid oid = {0};
	uint32_t first, arc;
	if (*text == '.')
		text++;
	text = oid_digits(text, &first);
	if (!text || *text != '.' || first > 2)
		return false;
	text = oid_digits(text + 1, &arc);
	if (!text || (first < 2 && arc >= OID_SPLIT) || arc > UINT32_MAX - first * OID_SPLIT)
		return false;
	if (!oid_put(&oid, first * OID_SPLIT + arc))
		return false;
	for (size_t arcs = 2; *text != '\0'; arcs++) {
		if (*text != '.' || arcs == ICE_OID_ARCS)
			return false;
		text = oid_digits(text + 1, &arc);
		if (!text || !oid_put(&oid, arc))
			return false;
	}
	*out = oid;
	return true;
}

/* Decimal digits of a value; returns the end. */
static char *oid_decimal(char *at, uint32_t value)
{
	char digits[10];
	size_t n = 0;
	do
		digits[n++] = (char)('0' + value % 10);
	while ((value /= 10) != 0);
	while (n > 0)
		*at++ = digits[--n];
	return at;
}

const char *ice_oid_format(const uint8_t *bytes, size_t n, char out[ICE_OID_TEXT_SIZE])
{
	uint32_t arcs[ICE_OID_ARCS];
	size_t count = ice_oid_arcs(bytes, n, arcs, ICE_OID_ARCS);
	char *at = out;
	if (count == 0) {
		memcpy(out, "(malformed)", sizeof("(malformed)"));
		return out;
	}
	/* 128 arcs of ten digits, each with a dot or the final NUL, are exactly ICE_OID_TEXT_SIZE */
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			*at++ = '.';
		at = oid_decimal(at, arcs[i]);
	}
	*at = '\0';
	return out;
}

bool ice_oid_valid_slowly(const uint8_t *bytes, size_t n)
{
	size_t arcs = 1; /* the first number holds two */
	for (size_t i = 0; i < n; arcs++) {
		size_t start = i;
		if (bytes[start] == 0x80)
			return false;
		while (bytes[i] & 0x80)
			if (++i == n)
				return false;
		i++;
		if (i - start > 5 || (i - start == 5 && bytes[start] > 0x8f))
			return false;
	}
	return n > 0 && arcs <= ICE_OID_ARCS;
}

/* Octets from `at` to the end of the arc it is in. */
static size_t oid_arc_rest(const uint8_t *oid, size_t at, size_t n)
{
	size_t i = at;
	while (i < n && (oid[i] & 0x80))
		i++;
	return i - at;
}

int ice_oid_compare(const uint8_t *a, size_t an, const uint8_t *b, size_t bn)
{
	size_t common = an < bn ? an : bn, i = 0;
	/* Names of one table differ late. */
	while (i + 8 <= common && memcmp(a + i, b + i, 8) == 0)
		i += 8;
	while (i < common && a[i] == b[i])
		i++;
	if (i == common)
		return (an > bn) - (an < bn);
	/* Both differ first in the same arc. The longer arc is the bigger one, as each is in its shortest form. */
	size_t ar = oid_arc_rest(a, i, an), br = oid_arc_rest(b, i, bn);
	if (ar != br)
		return ar < br ? -1 : 1;
	return a[i] < b[i] ? -1 : 1;
}

bool ice_oid_append(struct ice_oid *oid, uint32_t arc)
{
	size_t arcs = 1;
	for (size_t i = 0; i < oid->len; i++)
		arcs += !(oid->bytes[i] & 0x80);
	return oid->len > 0 && arcs < ICE_OID_ARCS && oid_put(oid, arc);
}

size_t ice_oid_arcs(const uint8_t *bytes, size_t n, uint32_t *arcs, size_t max)
{
	size_t count = 1;
	if (max < 2 || !ice_oid_valid(bytes, n))
		return 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t arc = 0;
		while (bytes[i] & 0x80)
			arc = arc << 7 | (bytes[i++] & 0x7f);
		arc = arc << 7 | bytes[i];
		if (count == max)
			return 0;
		arcs[count++] = arc;
	}
	arcs[0] = arcs[1] < OID_SPLIT ? 0 : arcs[1] < 2 * OID_SPLIT ? 1 : 2;
	arcs[1] -= arcs[0] * OID_SPLIT;
	return count;
}
