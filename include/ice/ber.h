/* ber: the strict reader and a small writer of the subset of BER that SNMP uses (RFC 3417 section 8).
 *
 * The reader is zero-copy and has a sticky error: after the first thing that is not as it must be every further
 * read fails, so that a caller checks once. Refused: indefinite length, lengths of more than two
 * octets after 0x82, non-minimal INTEGERs, elements that run over their parent, tags of more than one octet.
 * Non-minimal length octets (0x81 0x05, 0x82 0x00 0x05) are accepted: real devices and net-snmp send them.
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
	ICE_BER_OCTETS = 0x04,
	ICE_BER_NULL = 0x05,
	ICE_BER_OID = 0x06,
	ICE_BER_SEQUENCE = 0x30,
	ICE_BER_IPADDRESS = 0x40,
	ICE_BER_COUNTER32 = 0x41,
	ICE_BER_GAUGE32 = 0x42, /* also Unsigned32 */
	ICE_BER_TIMETICKS = 0x43,
	ICE_BER_OPAQUE = 0x44,
	ICE_BER_COUNTER64 = 0x46,
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

/* Reads one element of any tag; *content spans its value. False (and bad) when there is none. */
ICE_MUST_CHECK bool ice_ber_any(struct ice_ber *b, uint8_t *tag, struct ice_ber *content);

/* As above, and the tag must be this one. */
ICE_MUST_CHECK bool ice_ber_enter(struct ice_ber *b, uint8_t tag, struct ice_ber *content);

/* A signed INTEGER of at most four octets. */
ICE_MUST_CHECK bool ice_ber_int32(struct ice_ber *b, int32_t *out);

static inline bool ice_ber_at_end(const struct ice_ber *b)
{
	return !b->bad && b->at == b->end;
}

struct ice_ber_writer {
	uint8_t *start, *at; /* at moves down towards start */
	uint8_t *end;
	bool full; /* sticky: something did not fit */
};

void ice_ber_writer_init(struct ice_ber_writer *w, uint8_t *buffer, size_t size);
void ice_ber_put_raw(struct ice_ber_writer *w, const void *bytes, size_t n);
void ice_ber_put_header(struct ice_ber_writer *w, uint8_t tag, size_t content_len); /* after the content */
void ice_ber_put_int(struct ice_ber_writer *w, uint8_t tag, int64_t value);
static inline size_t ice_ber_written(const struct ice_ber_writer *w)
{
	return (size_t)(w->end - w->at);
}

#endif
