/* watch: whether the service gets on, for the service manager's watchdog.
 *
 * To be alive is not enough: what should progress must. It is well as long as, within ICE_WATCH_PATIENCE,
 *   - the heart has beaten, which it does every second when it has nothing else to do;
 *   - of what is in flight to devices something was answered or given up, or more was sent; the deadlines there are a minute at most;
 *   - an upload in flight has come to an end, good or bad; its deadlines are a minute, too.
 * What waits for its hour, for its pace, for the outbox or for the server's return is none of these: no restart would help it. Once one of
 * them fails, the manager is told no more, and restarts the service. */
#ifndef ICE_WATCH_H
#define ICE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"

#define ICE_WATCH_PATIENCE ICE_USEC_SEC(300)

/* What is looked at: of each kind whether there is anything to wait for, and a number that changes whenever it gets on. */
enum ice_watch_kind { ICE_WATCH_BEATS, ICE_WATCH_DEVICES, ICE_WATCH_UPLOADS, ICE_WATCH_KINDS };

struct ice_watch_sign {
	bool awaited;
	uint64_t number;
};

/* A value type; zeroed before the first look. */
struct ice_watch {
	uint64_t numbers[ICE_WATCH_KINDS];
	ice_usec well_at
	        [ICE_WATCH_KINDS]; /* when it was last seen to get on, or to have nothing to wait for; 0 = never looked at */
};

/* The first reason why it is not well, a constant; NULL when it is. */
const char *ice_watch_look(struct ice_watch *w, const struct ice_watch_sign signs[ICE_WATCH_KINDS], ice_usec now);

#endif
