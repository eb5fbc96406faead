/* pacer: how many datagrams may go out now.
 *
 * Two token buckets. The wide one holds the rate exactly, with at most 50 ms of it (or two datagrams) in hand: what the
 * heartbeat missed, when the machine had other things to do, is made up for. The narrow one, a tenth faster with 1.7 ms in hand, keeps
 * that from coming all at once: no 10 ms hold more than 1.3 times their share. At
 * a rate of 0 everything passes, until replies are lost because they came faster than they were read: then the pacer halves
 * what went through of late, and finds its way back up. */
#ifndef PACER_H
#define PACER_H

#include <stdint.h>

#include "ice/pace.h"

struct pacer {
	uint64_t rate;  /* asked for; 0 = no limit */
	uint64_t limit; /* in force */
	struct ice_pace wide, narrow;
	ice_usec mark;       /* since when `passed` counts */
	ice_usec eased;      /* when the limit last changed */
	uint64_t passed;     /* datagrams since mark */
	uint64_t throughput; /* per second, in the stretch before mark */
};

void pacer_init(struct pacer *p, uint64_t rate, ice_usec now);
uint32_t pacer_take(struct pacer *p, ice_usec now, uint32_t want);
void pacer_return(struct pacer *p, uint32_t unused);

/* When the next datagram may go: `now` if one may. */
ice_usec pacer_next(const struct pacer *p, ice_usec now);

/* Replies were lost in our own receive buffer. */
void pacer_slow_down(struct pacer *p, ice_usec now);

#endif
