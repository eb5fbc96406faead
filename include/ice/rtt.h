/* rtt: how long to wait for an answer, learned from the answers (RFC 6298).
 *
 * An estimate is two numbers; a table keeps one for each /24 that answered (IPv6: each /120) and one for all. First contact with
 * an address waits as long as its /24 suggests, else as all do, else a second. What makes that safe: the LAST try of
 * an address always waits at least a second, whatever was learned, as waiting costs a slot and no time of the sweep, and
 * sleeping or distant devices answer late. So a wrong estimate costs a retry, never a device.
 *
 * Everything is fixed in size: 64 kB a table. Nothing reads a clock. */
#ifndef ICE_RTT_H
#define ICE_RTT_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/address.h"
#include "ice/clock.h"

#define ICE_RTT_START ICE_USEC_SEC(1)    /* before anything is known (RFC 6298 section 2.1) */
#define ICE_RTT_FLOOR ICE_USEC_MSEC(100) /* below that lies the jitter of busy devices */
#define ICE_RTT_CEIL  ICE_USEC_SEC(8)

/* One estimate. Zeroed: nothing known. */
struct ice_rtt {
	uint32_t smoothed, variation; /* microseconds */
};

/* Takes one round trip (RFC 6298 section 2.2 and 2.3). The caller leaves out what a retry made ambiguous (Karn). */
void ice_rtt_sample(struct ice_rtt *e, ice_usec round_trip);

/* SRTT + 4 x RTTVAR, within FLOOR and CEIL; START when nothing is known. */
ice_usec ice_rtt_timeout(const struct ice_rtt *e);

/* How long to wait after try number `attempt` (0, 1, ...); doubled with each. */
ice_usec ice_rtt_wait(const struct ice_rtt *e, unsigned attempt, bool last);

#define ICE_RTT_SUBNETS 4096

#define ICE_RTT_TRUST 8 /* so many ambiguous samples in a row outweigh any number of others */

struct ice_rtt_table {
	struct ice_rtt all;
	struct {
		uint32_t subnet; /* which one has the place: the newest of those that share it */
		struct ice_rtt estimate;
		uint32_t trust; /* in the estimate, up to ICE_RTT_TRUST; 0: it is of ambiguous samples */
	} subnets[ICE_RTT_SUBNETS];
};

/* The answer of an address came `round_trip` after the datagram it answers; when that is `ambiguous`, after the FIRST it may answer: that is
 * the most it can have been, and as a rule says how long we waited before a retry. It teaches the subnet only (a distant one would be
 * retried for ever), and only while nothing better is known there: each sample that is not ambiguous adds trust, each other one takes
 * some, until it is used up. */
void ice_rtt_table_sample(struct ice_rtt_table *t, const struct ice_address *from, ice_usec round_trip, bool ambiguous);

/* The same, for an address. */
ice_usec ice_rtt_table_timeout(const struct ice_rtt_table *t, const struct ice_address *to, unsigned attempt,
                               bool last);

#endif
