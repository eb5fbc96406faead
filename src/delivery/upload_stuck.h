/* upload_stuck: which batches do not get through while others do (README "The wire").
 *
 * A server, or what stands before it, may fail at one batch alone, always: it would be the oldest for ever, and nothing behind it would go.
 * A batch that failed ICE_UPLOAD_STUCK_TRIES times steps back, so that the next attempt is with another; when one is acknowledged, it
 * has a turn again; if it then fails, that is of its own making: it is stuck, rests between its tries, and is no sign that the server is away. Where
 * all fail alike none is ever stuck. Nothing of this is kept on disk: after a restart it is found out again.
 *
 * `done` is everywhere how many batches were acknowledged or rejected so far. */
#ifndef ICE_UPLOAD_STUCK_H
#define ICE_UPLOAD_STUCK_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/clock.h"
#include "ice/pace.h"
#include "ice/random.h"

#define ICE_UPLOAD_STUCK_TRIES 3
#define ICE_UPLOAD_STUCK_MAX   32 /* batches that are looked at; when more are stuck, the others wait behind those */

struct ice_upload_stuck {
	struct ice_upload_stuck_batch {
		int64_t sequence;
		uint64_t done; /* at its last failure */
		unsigned tries;
		bool stuck;
		ice_usec until; /* it rests, once stuck */
		struct ice_backoff backoff;
	} at[ICE_UPLOAD_STUCK_MAX]; /* zeroed: none */
	unsigned count;
};

/* Whether another batch goes before this one. */
bool ice_upload_stuck_waits(const struct ice_upload_stuck *s, int64_t sequence, uint64_t done, ice_usec now);

/* It failed although the server was there. True when that tells of this batch alone; then it rests for retry_after at least. */
bool ice_upload_stuck_failed(struct ice_upload_stuck *s, int64_t sequence, uint64_t done, ice_usec now,
                             ice_usec retry_after, struct ice_random *random);

void ice_upload_stuck_ended(struct ice_upload_stuck *s, int64_t sequence); /* it is acknowledged or rejected */
void ice_upload_stuck_anew(
        struct ice_upload_stuck *s); /* those that only stepped back have their turn again: there is no other */
void ice_upload_stuck_now(struct ice_upload_stuck *s); /* and those that rest, too: somebody asks */
unsigned ice_upload_stuck_count(const struct ice_upload_stuck *s);

#endif
