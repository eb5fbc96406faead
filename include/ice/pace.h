/* pace: how fast (a token bucket) and how soon again (backoff). Both take `now`, read no clock. */
#ifndef ICE_PACE_H
#define ICE_PACE_H

#include <stdint.h>

#include "ice/clock.h"
#include "ice/random.h"

/* Token bucket. Exact: it counts in token-microseconds and never rounds a token away. It never lets more than
 * `burst` of rate pass at once, whatever the heartbeat missed. */
struct ice_pace {
	uint64_t rate; /* tokens per second; 0 = no limit */
	uint64_t cap;  /* most credit kept, token-microseconds */
	uint64_t credit;
	ice_usec last;
};

/* burst: how much of the rate may pass at once (at least one token always may). The bucket starts with one token, so that
 * token k is there at k/rate after `now`. */
void ice_pace_init(struct ice_pace *p, uint64_t rate, ice_usec burst, ice_usec now);

/* Takes up to `want` tokens; returns how many were there. */
uint32_t ice_pace_take(struct ice_pace *p, ice_usec now, uint32_t want);

/* Gives back tokens taken and not used. */
void ice_pace_return(struct ice_pace *p, uint32_t unused);

/* When the next token will be there: `now` if one is, never ICE_USEC_NEVER. */
ice_usec ice_pace_next(const struct ice_pace *p, ice_usec now);

/* Full-jitter backoff: a delay drawn uniformly from [floor, min(cap, base * 2^failures)], failures being those before this
 * one; floor alone where that is not above it. */
struct ice_backoff {
	ice_usec floor, base, cap;
	uint32_t failures;
};

ice_usec ice_backoff_fail(struct ice_backoff *b, struct ice_random *r); /* counts a failure, returns the delay */
void ice_backoff_reset(struct ice_backoff *b);

#endif
