/* steady: has a known printer changed since its last full reading? One GET tells.
 *
 * After a full reading a printer that counts its own changes (prtGeneralConfigChanges and prtAlertAllEvents, RFC 3805) is remembered by
 * the names of what was read from it then: those two counters, its page counts, states and serial number; and by one number made of their
 * values. When the same question brings the same values, nothing was printed, set or reported since: there is nothing new to
 * read or to deliver. Any other answer, or none, means a full reading. Of two values neither is newer: it is told that they differ,
 * not how, so that a counter that wrapped, another device at the address and a restart all look the same. */
#ifndef ICE_STEADY_H
#define ICE_STEADY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/oid.h"
#include "ice/probe.h"
#include "ice/profile.h"
#include "ice/snmp.h"

#define ICE_STEADY_NAMES   8
#define ICE_STEADY_PROFILE 32
#define ICE_STEADY_TEXT    (64 + ICE_STEADY_PROFILE + ICE_STEADY_NAMES * (2 * ICE_OID_BYTES + 1))

/* A value; no secret is in it: the credential is its number among those of the range. */
struct ice_steady {
	enum ice_snmp_version version;
	uint16_t credential;
	char profile[ICE_STEADY_PROFILE];
	uint64_t values; /* all of them in one */
	size_t count;
	struct ice_oid names[ICE_STEADY_NAMES];
};

/* From a conversation that is over. False when the printer cannot be asked so: it has no such counters, no page count, no serial
 * number that is its own, or was silent at times, so that the reading may lack something. */
ICE_MUST_CHECK bool ice_steady_take(const struct ice_probe *p, uint16_t credential, struct ice_steady *out);

/* The question, without id. False when it must not be asked (any more): every name must be one that the profile asks for. */
ICE_MUST_CHECK bool ice_steady_request(const struct ice_steady *s, const struct ice_profiles *profiles,
                                       const struct ice_secret *community, struct ice_snmp_request *out);

enum ice_steady_answer {
	ICE_STEADY_SAME,
	ICE_STEADY_OTHER,   /* other values, or an error */
	ICE_STEADY_NOT_OURS /* not an answer to this question */
};

/* What a reply means whose id, address, port, version and community match already. */
ICE_MUST_CHECK enum ice_steady_answer ice_steady_compare(const struct ice_steady *s,
                                                         const struct ice_snmp_message *reply);

/* One line of printable text, and back. Reading is strict: what is not as it was written is refused. */
void ice_steady_format(const struct ice_steady *s, char out[ICE_STEADY_TEXT]);
ICE_MUST_CHECK bool ice_steady_parse(const char *text, struct ice_steady *out);

#endif
