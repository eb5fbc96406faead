/* ber: the strict reader and a small writer of the subset of BER that SNMP uses (RFC 3417 section 8).
 *
 * The reader is zero-copy and has a sticky error: after the first thing that is not as it must be every further
 * read fails, so that a caller checks once. Refused: indefinite length, elements that run over their parent, tags of
 * more than one octet, empty integers, integers too big for their type.
 *
 * Accepted although a perfect encoder would not write it, because agents in the field do, and it can be read in one
 * way only:
 *   - length octets that are longer than needed (0x81 0x05, 0x82 0x00 0x05, up to 0x84 and four octets);
 *   - integers with superfluous leading octets (X.690 section 8.3.2 forbids them): 02 04 00 00 00 01 is 1;
 *   - unsigned integers of exactly their type's full width without the leading zero: 41 04 ff ff ff ff is 2^32-1.
 * What can be read in two ways is not read as a number at all: an unsigned integer that is shorter than its type and
 * starts with a set bit (41 02 80 e8 is 33000 from an agent that forgot the leading zero, 4294934760 from one that
 * encodes as signed).
 *
 * The writer fills a buffer from its end to its start, as lengths are only known afterwards. */
#ifndef ICE_BER_H
#define ICE_BER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"

enum ice_ber_tag {
	ICE_BER_INTEGER = 0x02,
	ICE_BER_BITS = 0x03, /* BIT STRING of the first SNMPv2; only carried, never interpreted */
	ICE_BER_OCTETS = 0x04,
	ICE_BER_NULL = 0x05,
	ICE_BER_OID = 0x06,
	ICE_BER_SEQUENCE = 0x30,
	ICE_BER_IPADDRESS = 0x40,
	ICE_BER_COUNTER32 = 0x41,
	ICE_BER_GAUGE32 = 0x42, /* also Unsigned32 */
	ICE_BER_TIMETICKS = 0x43,
	ICE_BER_OPAQUE = 0x44,
	ICE_BER_NSAP = 0x45, /* RFC 1442; only carried, never interpreted */
	ICE_BER_COUNTER64 = 0x46,
	ICE_BER_UINTEGER32 = 0x47,     /* RFC 1442 */
	ICE_BER_NO_SUCH_OBJECT = 0x80, /* RFC 3416 exceptions */
	ICE_BER_NO_SUCH_INSTANCE = 0x81,
	ICE_BER_END_OF_MIB_VIEW = 0x82,
	ICE_BER_GET = 0xa0,
	ICE_BER_GETNEXT = 0xa1,
	ICE_BER_RESPONSE = 0xa2,
	ICE_BER_GETBULK = 0xa5,
};

struct ice_ber {
	const uint8_t *at, *end;
	bool bad; /* sticky */
};

static inline struct ice_ber ice_ber_of(const uint8_t *bytes, size_t n)
{
	return (struct ice_ber){bytes, bytes + n, false};
}

/* What the reader is made of, inline since a sweep does little else. The content of the element whose tag octet is at
 * `at`: its first octet, and how many in *len; NULL when the element is not whole before `end`. The tag itself is the
 * caller's to judge. */
const uint8_t *ice_ber_long_content(const uint8_t *at, const uint8_t *end, size_t *len);
static inline const uint8_t *ice_ber_content(const uint8_t *at, const uint8_t *end, size_t *len)
{
	if (end - at < 2)
		return NULL;
	*len = at[1];
	if (at[1] >= 0x80)
		return ice_ber_long_content(at, end, len);
	return at[1] <= (size_t)(end - at) - 2 ? at + 2 : NULL;
}

/* Reads one element of any tag; *content spans its value. False (and bad) when there is none. */
ICE_MUST_CHECK bool ice_ber_any(struct ice_ber *b, uint8_t *tag, struct ice_ber *content);

/* As above, and the tag must be this one. */
ICE_MUST_CHECK bool ice_ber_enter(struct ice_ber *b, uint8_t tag, struct ice_ber *content);

/* A signed INTEGER that fits four octets. */
ICE_MUST_CHECK bool ice_ber_int32(struct ice_ber *b, int32_t *out);

static inline bool ice_ber_at_end(const struct ice_ber *b)
{
	return !b->bad && b->at == b->end;
}

/* The content octets of an integer. Signed: it must fit 32 bits. Unsigned: it must fit `width` octets (4 or 8). False
 * when it does not, is empty, or is ambiguous (see above). */
ICE_MUST_CHECK bool ice_ber_signed(const uint8_t *bytes, size_t n, int32_t *out);
ICE_MUST_CHECK bool ice_ber_unsigned(const uint8_t *bytes, size_t n, size_t width, uint64_t *out);

struct ice_ber_writer {
	uint8_t *start, *at; /* at moves down towards start */
	uint8_t *end;
	bool full; /* sticky: something did not fit */
};

void ice_ber_writer_init(struct ice_ber_writer *w, uint8_t *buffer, size_t size);
void ice_ber_put_raw(struct ice_ber_writer *w, const void *bytes, size_t n);
/* After its content; at most 65535 octets of it. */
void ice_ber_put_header(struct ice_ber_writer *w, uint8_t tag, size_t content_len);
/* Header and minimal content of any integer type; for Counter64 above 2^63-1 use ice_ber_put_unsigned. */
void ice_ber_put_int(struct ice_ber_writer *w, uint8_t tag, int64_t value);
void ice_ber_put_unsigned(struct ice_ber_writer *w, uint8_t tag, uint64_t value);
static inline size_t ice_ber_written(const struct ice_ber_writer *w)
{
	return (size_t)(w->end - w->at);
}

#endif
