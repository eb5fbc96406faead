/* pacer: how many datagrams may go out now.
 *
 * Two token buckets. The wide one holds the rate exactly, with at most 50 ms of it (or two datagrams) in hand: what the
 * heartbeat missed, when the machine had other things to do, is made up for. The narrow one, a tenth faster with 1.7 ms in hand, keeps
 * that from coming all at once: no 10 ms hold more than 1.3 times their share. At
 * a rate of 0 everything passes, until replies are lost because they came faster than they were read: then the pacer halves
 * what went through of late, and finds its way back up.
 *
 * Several may stand below one: then what passes any of them passes that one, too, which so holds the rate of all of them together. */
#ifndef ICE_PACER_H
#define ICE_PACER_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/clock.h"
#include "ice/pace.h"

struct ice_pacer {
	uint64_t rate;  /* asked for; 0 = no limit */
	uint64_t limit; /* in force */
	struct ice_pace wide, narrow;
	struct ice_pacer *above; /* of all; NULL = none */
	bool late;               /* more has come since it was asked before than the narrow one holds */
	ice_usec mark;           /* since when `passed` counts */
	ice_usec eased;          /* when the limit last changed */
	uint64_t passed;         /* datagrams since mark */
	uint64_t throughput;     /* per second, in the stretch before mark */
};

/* `above` must outlive it. */
void ice_pacer_init(struct ice_pacer *p, uint64_t rate, struct ice_pacer *above, ice_usec now);

uint32_t ice_pacer_take(struct ice_pacer *p, ice_usec now, uint32_t want);
void ice_pacer_return(struct ice_pacer *p, uint32_t unused);

/* When the next datagram may go: `now` if one may. */
ice_usec ice_pacer_next(const struct ice_pacer *p, ice_usec now);

/* What is in force, here or above; 0 = no limit. */
uint64_t ice_pacer_limit(const struct ice_pacer *p);

/* Where it let nothing more pass just now: true when that is for a rate that was asked for, here or above; not for a limit of its own making, and
 * not when that rate is not reached, since it is asked too seldom. */
bool ice_pacer_asked(const struct ice_pacer *p);

/* Replies were lost in our own receive buffer. */
void ice_pacer_slow_down(struct ice_pacer *p, ice_usec now);

#endif
