/* snmp: SNMP v1 and v2c requests out, replies in (RFC 1157, 3416, 3417).
 *
 * Requests are built by net-snmp, once per credential and question, and sent many times with the request-id
 * patched in place. Replies pass the strict reader, which looks at every length before it believes it, and come out as
 * views into the datagram: nothing is copied or allocated. There is no code here that builds a SET.
 *
 * What a stranger sends is a verdict, never an error. Everything must fit exactly: no octet is left over after the
 * message or inside any of its parts, and every value is well-formed for its tag, or the whole message is malformed.
 * What agents in the field do differently from a perfect one, and can yet be read in one way only, is accepted:
 *   - the encodings ber.h lists: long lengths, padded integers, unsigned values of full width without leading zero;
 *   - an OBJECT IDENTIFIER value without content (agents mean 0.0 by it; value_len is 0 then); never as a name;
 *   - the value types of RFC 1442 (BIT STRING, NsapAddress: carried; UInteger32: a number), Opaque with any content;
 *   - Counter64 and the exceptions of v2c in a v1 message;
 *   - any error-status and error-index, a Response without varbinds, or with NULL values (RFC 1157 errors).
 * Integers of the right size that could be two numbers (ber.h; also INTEGER 02 05 00 ff ff fc 19, which agents send for
 * -999) are carried, so that the rest of the reply is not lost, but ice_snmp_number refuses them: a fact not read, never
 * guessed. */
#ifndef ICE_SNMP_H
#define ICE_SNMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ice/attr.h"
#include "ice/oid.h"
#include "ice/secret.h"

enum ice_snmp_version { ICE_SNMP_V1 = 0, ICE_SNMP_V2C = 1 }; /* the number on the wire */

enum ice_snmp_pdu { ICE_SNMP_GET = 0xa0, ICE_SNMP_GETNEXT = 0xa1, ICE_SNMP_RESPONSE = 0xa2, ICE_SNMP_GETBULK = 0xa5 };

enum ice_snmp_error {
	ICE_SNMP_NO_ERROR = 0,
	ICE_SNMP_TOO_BIG = 1,
	ICE_SNMP_NO_SUCH_NAME = 2,
	ICE_SNMP_GEN_ERR = 5,
};

/* The one list of what can be wrong with a datagram; each has a counter (strays by reason). */
enum ice_verdict {
	ICE_VERDICT_OK,
	ICE_VERDICT_MALFORMED,  /* not BER as SNMP uses it */
	ICE_VERDICT_VERSION,    /* neither v1 nor v2c, or not one we asked with */
	ICE_VERDICT_PDU,        /* not a Response */
	ICE_VERDICT_UNKNOWN_ID, /* no request with this id is in flight: late, doubled or forged */
	ICE_VERDICT_ADDRESS,    /* answered from an address we did not ask */
	ICE_VERDICT_PORT,
	ICE_VERDICT_COMMUNITY,
	ICE_VERDICT_OIDS,     /* not an answer to what was asked */
	ICE_VERDICT_TOO_LONG, /* more bytes or varbinds than we take */
	ICE_VERDICT_COUNT
};
const char *ice_verdict_name(enum ice_verdict v); /* "malformed", "unknown_id", ... : keys of the statistics */

/* Requests stay below 484 octets, the least every SNMP entity must take (RFC 3417 section 3.2). */
#define ICE_SNMP_REQUEST_MAX 484
#define ICE_SNMP_REPLY_MAX   65507
#define ICE_SNMP_VARBINDS    256

struct ice_snmp_request {
	uint16_t len;
	uint16_t id_at;   /* offset of the four id octets */
	uint32_t lasting; /* not 0: the number of all copies of it, and of nothing else; see below */
	uint8_t bytes[ICE_SNMP_REQUEST_MAX];
};

/* Every id is in [ICE_SNMP_ID_BASE, 2^31): always four octets and positive, so that it can be patched. */
#define ICE_SNMP_ID_BASE 0x40000000u
#define ICE_SNMP_ID_BITS 30

/* Builds GET, GETNEXT or GETBULK (v2c only; max_repetitions is ignored by the others; non-repeaters are always 0).
 * False when it would exceed ICE_SNMP_REQUEST_MAX, asks for nothing, or net-snmp refuses. */
ICE_MUST_CHECK bool ice_snmp_build(struct ice_snmp_request *out, enum ice_snmp_version version,
                                   const struct ice_secret *community, enum ice_snmp_pdu pdu,
                                   const struct ice_oid *oids, size_t count, unsigned max_repetitions);

/* From now on it keeps its octets as they are, and has a number of its own: who wrote them somewhere before need not write them again. */
void ice_snmp_make_lasting(struct ice_snmp_request *r);

static inline void ice_snmp_patch_id(uint8_t *bytes, size_t id_at, uint32_t id)
{
	bytes[id_at] = (uint8_t)(id >> 24);
	bytes[id_at + 1] = (uint8_t)(id >> 16);
	bytes[id_at + 2] = (uint8_t)(id >> 8);
	bytes[id_at + 3] = (uint8_t)id;
}

/* The datagram: the request with this id. `out`: ICE_SNMP_REQUEST_MAX octets, of which the first request->len are it. The id is written
 * to where the datagram is to stand, once: a copy of what was just written in part would wait for the processor to have it whole. */
static inline void ice_snmp_write(uint8_t *out, const struct ice_snmp_request *request, uint32_t id)
{
	memcpy(out, request->bytes, request->len);
	ice_snmp_patch_id(out, request->id_at, id);
}

struct ice_snmp_varbind {
	const uint8_t *oid; /* content octets, valid */
	const uint8_t *value;
	uint16_t oid_len;
	uint16_t value_len;
	uint8_t tag; /* enum ice_ber_tag; content checked to be well-formed for its tag */
};

struct ice_snmp_message {
	enum ice_snmp_version version;
	enum ice_snmp_pdu pdu;
	const uint8_t *community;
	uint16_t community_len;
	uint16_t count;
	int32_t request_id;
	int32_t error_status; /* GETBULK request: non-repeaters */
	int32_t error_index;  /* GETBULK request: max-repetitions */
	struct ice_snmp_varbind varbinds[ICE_SNMP_VARBINDS];
};

/* Reads any v1/v2c message with a GET, GETNEXT, GETBULK (v2c only) or Response PDU (the simulated fleet reads requests
 * with it). OK, MALFORMED, VERSION, PDU or TOO_LONG. The views live as long as `bytes`. When it is not OK, *out is not
 * to be used. */
ICE_MUST_CHECK enum ice_verdict ice_snmp_read(const uint8_t *bytes, size_t n, struct ice_snmp_message *out);

/* The value of INTEGER, Counter32, Gauge32, UInteger32, TimeTicks, Counter64 (up to 2^63-1). False for any other, and
 * for an encoding that could mean two numbers. */
ICE_MUST_CHECK bool ice_snmp_number(const struct ice_snmp_varbind *vb, int64_t *out);

/* True for noSuchObject, noSuchInstance, endOfMibView and NULL. */
bool ice_snmp_absent(const struct ice_snmp_varbind *vb);

/* Starts net-snmp as a codec: no MIBs, no configuration files, no persistence, no log. Idempotent; ice_snmp_build does
 * it itself. */
void ice_snmp_init(void);

#endif
