/* steady: has a known printer changed since its last full reading? One GET tells.
 *
 * After a full reading a printer is remembered by the names of what was read from it then that tells how it is doing: its page counts and
 * states, its serial number, and, where it counts its own changes, prtGeneralConfigChanges and prtAlertAllEvents (RFC 3805); and by
 * a small number made of the value of each. When the same question brings the same values and the changes are counted (`whole`), nothing was
 * printed, set or reported since: there is nothing new to read or to deliver. Where they are not counted, it only says that what was
 * asked is as it was. Page counts that alone have changed are told from everything else: they can wait. Any other answer,
 * or none, means a full reading. Of two values neither is newer: it is told that they differ, not how, so that a counter that
 * wrapped, another device at the address and a restart all look the same. */
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
#define ICE_STEADY_TEXT    (64 + ICE_STEADY_PROFILE + ICE_STEADY_NAMES * (2 * ICE_OID_BYTES + 10))

/* A value; no secret is in it: the credential is its number among those of the range. */
struct ice_steady {
	enum ice_snmp_version version;
	uint16_t credential;
	char profile[ICE_STEADY_PROFILE];
	bool whole; /* the same values: nothing has changed. Otherwise it may have, in what is not asked */
	size_t count;
	struct ice_oid names[ICE_STEADY_NAMES];
	uint32_t values[ICE_STEADY_NAMES]; /* a hash of each */
	bool pages[ICE_STEADY_NAMES];      /* it is a page count */
};

/* From a conversation that is over. It is whole when the printer counts its changes, has a page count and a serial number that is its own, and
 * was never silent, so that the reading lacks nothing. False when it has no states and no page count either: there is nothing to ask. */
ICE_MUST_CHECK bool ice_steady_take(const struct ice_probe *p, uint16_t credential, struct ice_steady *out);

/* The question, without id. False when it must not be asked (any more): every name must be one that the profile asks for. */
ICE_MUST_CHECK bool ice_steady_request(const struct ice_steady *s, const struct ice_profiles *profiles,
                                       const struct ice_secret *community, struct ice_snmp_request *out);

enum ice_steady_answer {
	ICE_STEADY_SAME,
	ICE_STEADY_PAGES,   /* page counts, and nothing else */
	ICE_STEADY_OTHER,   /* anything else, or an error */
	ICE_STEADY_NOT_OURS /* not an answer to this question */
};

/* What a reply means whose id, address, port, version and community match already. */
ICE_MUST_CHECK enum ice_steady_answer ice_steady_compare(const struct ice_steady *s,
                                                         const struct ice_snmp_message *reply);

/* One line of printable text, some 300 characters, and back. Reading is strict: what is not as it was written is refused. */
void ice_steady_format(const struct ice_steady *s, char out[ICE_STEADY_TEXT]);
ICE_MUST_CHECK bool ice_steady_parse(const char *text, struct ice_steady *out);

#endif
