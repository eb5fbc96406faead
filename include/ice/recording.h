/* recording: what a device once said, able to say it again.
 *
 * Reads snmpsim's .snmprec ("OID|type|value", type with x for hex) and the output of `snmpwalk -On` (typed lines,
 * multi-line strings and Hex-STRINGs included). A loaded recording is an agent: it answers GET, GETNEXT and GETBULK over v1 and v2c with
 * their exact error semantics (RFC 1157 section 4.1, RFC 3416 section 4.2; RFC 3584 for Counter64 in v1). It is
 * read once and shared; what one device says differently is an override, looked up first. */
#ifndef ICE_RECORDING_H
#define ICE_RECORDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/oid.h"
#include "ice/snmp.h"

struct ice_recording;

/* One row: the OID and the whole encoded value (tag, length, content). */
struct ice_recording_row {
	const uint8_t *oid, *value;
	uint16_t oid_len, value_len;
};

#define ICE_RECORDING_BYTES_MAX (64u << 20)

/* NULL with "file:line: what" in `why` for a file that cannot be read or holds no single usable row. Bad
 * rows are skipped and counted (never fatal: recordings are strangers' bytes). */
ICE_MUST_CHECK struct ice_recording *ice_recording_load(const char *path, char *why, size_t why_size);
ICE_MUST_CHECK struct ice_recording *ice_recording_parse(const char *name, const char *text, size_t n, char *why,
                                                         size_t why_size);
void ice_recording_free(struct ice_recording *r);

size_t ice_recording_count(const struct ice_recording *r);
/* Lines that were no usable row, and rows whose OID had stood before (the first one counts). */
size_t ice_recording_skipped(const struct ice_recording *r);
/* Octets of the largest row, OID and value: a reply_max below this and some 70 more cannot carry it. */
size_t ice_recording_largest(const struct ice_recording *r);
/* Rows in OID order. */
const struct ice_recording_row *ice_recording_row(const struct ice_recording *r, size_t i);
/* Index of the exact OID, or SIZE_MAX. */
size_t ice_recording_find(const struct ice_recording *r, const uint8_t *oid, size_t n);
/* Index of the first row behind the OID, or the count. */
size_t ice_recording_after(const struct ice_recording *r, const uint8_t *oid, size_t n);

/* Called for each row about to be answered; may put another encoded value of this device (at most room_size bytes, its
 * length in *len) at `room` and return true. */
typedef bool ice_recording_override_fn(const struct ice_recording_row *row, size_t index, uint8_t *room,
                                       size_t room_size, size_t *len, void *arg);

struct ice_recording_agent {
	const struct ice_recording *recording;
	ice_recording_override_fn *override; /* may be NULL */
	void *arg;
	/* Rows of this device alone, in OID order, a handful (they are searched one by one); each stands in for
	 * a recorded row of the same OID. May be NULL. */
	const struct ice_recording_row *extra;
	size_t extra_count;
	size_t reply_max; /* largest reply; beyond it tooBig (or, for GETBULK, fewer rows) */
	bool v1_only;     /* silent to v2c */
};

/* Answers one request as the agent would. Returns the length written to out, 0 for silence. The community is echoed
 * (checking it is the caller's business). The request must have passed ice_snmp_read. */
size_t ice_recording_answer(const struct ice_recording_agent *agent, const struct ice_snmp_message *request,
                            uint8_t *out, size_t out_size);

#endif
