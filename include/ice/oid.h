/* oid: object identifiers, as the bytes that stand on the wire.
 *
 * Kept BER-encoded (content octets only), so that what a device sends is compared without decoding,
 * and a column is a byte prefix of its instances. Order, however, is by arcs: bytes do not sort like numbers.
 *
 * Well-formed here means: 2 to ICE_OID_ARCS arcs of 32 bits, every arc in its shortest form (X.690 section 8.19.2), the
 * last one complete. One arc has one encoding, hence equal OIDs are equal bytes. */
#ifndef ICE_OID_H
#define ICE_OID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ice/attr.h"

#define ICE_OID_BYTES     128 /* longest we ask for or keep */
#define ICE_OID_ARCS      128 /* RFC 3416 section 4.1 */
#define ICE_OID_TEXT_SIZE 1408

struct ice_oid {
	uint8_t len; /* 0 = none */
	uint8_t bytes[ICE_OID_BYTES];
};

/* "1.3.6.1..." with or without a leading dot: two arcs or more, digits only, within ICE_OID_ARCS and ICE_OID_BYTES. */
ICE_MUST_CHECK bool ice_oid_parse(const char *text, struct ice_oid *out);

/* "1.3.6.1..."; "(malformed)" when it is not valid. Returns out. */
const char *ice_oid_format(const uint8_t *bytes, size_t n, char out[ICE_OID_TEXT_SIZE]);

/* True when the content octets are a well-formed OID. Inline, as every name a device sends comes by here: a quick look
 * at eight octets a step, which clears nearly all, and the whole rule for the rest. */
bool ice_oid_valid_slowly(const uint8_t *bytes, size_t n);

/* Not zero when eight octets hold a 0x80, which could be a padded arc, or three in a row that go on, which could be an
 * arc over 32 bits. */
static inline uint64_t ice_oid_suspect(const uint8_t *at)
{
	uint64_t word, on;
	memcpy(&word, at, sizeof(word));
	on = word & 0x8080808080808080u;
	return on & (((word ^ 0x8080808080808080u) - 0x0101010101010101u) | (on << 8 & on << 16));
}

static inline bool ice_oid_valid(const uint8_t *bytes, size_t n)
{
	if (n < 8 || n >= ICE_OID_ARCS)
		return ice_oid_valid_slowly(bytes, n);
	/* windows that overlap by two octets: no three in a row hide between them */
	uint64_t suspect = ice_oid_suspect(bytes) | ice_oid_suspect(bytes + n - 8) | (bytes[n - 1] & 0x80);
	for (size_t i = 6; i + 8 < n; i += 6)
		suspect |= ice_oid_suspect(bytes + i);
	return suspect == 0 || ice_oid_valid_slowly(bytes, n);
}

/* Lexicographic by arcs: <0, 0, >0. Both must be valid; an empty one stands before all. */
int ice_oid_compare(const uint8_t *a, size_t an, const uint8_t *b, size_t bn);

/* True when the first n octets are the same. Inline, for the lengths that nearly all names have: two windows of eight octets. */
static inline bool ice_oid_same(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t x[2], y[2];
	if (n < sizeof(*x) || n > sizeof(x))
		return n == 0 || memcmp(a, b, n) == 0;
	memcpy(&x[0], a, sizeof(*x));
	memcpy(&y[0], b, sizeof(*y));
	memcpy(&x[1], a + n - sizeof(*x), sizeof(*x));
	memcpy(&y[1], b + n - sizeof(*y), sizeof(*y));
	return x[0] == y[0] && x[1] == y[1];
}

/* True when `prefix` is a proper or equal ancestor of the other. An empty prefix is nobody's ancestor. Both must be
 * valid: the prefix ends where an arc ends, so equal octets are equal arcs. */
static inline bool ice_oid_under(const uint8_t *prefix, size_t pn, const uint8_t *oid, size_t n)
{
	return pn > 0 && pn <= n && ice_oid_same(prefix, oid, pn);
}

/* Appends one arc; false, and nothing changed, when it does not fit (bytes or arcs) or the OID is empty. */
ICE_MUST_CHECK bool ice_oid_append(struct ice_oid *oid, uint32_t arc);

/* Decodes into arcs; returns their number, 0 when malformed or more than max. */
size_t ice_oid_arcs(const uint8_t *bytes, size_t n, uint32_t *arcs, size_t max);

#endif
