/* schedule: when a lane starts next. Pure functions of wall seconds; they keep nothing and read no clock.
 *
 * A lane's starts lie on a grid: every `interval` seconds of real time, at an offset that is constant for a site, a lane and a range, and
 * spread over the whole interval by a hash: so a thousand engines with one configuration do not meet, and an engine that was restarted
 * goes on in its own time. Local time is in the hours alone (ice/hours.h): where the clocks change, a daily lane starts an hour
 * earlier or later by the clock on the wall.
 *
 * - Never begun: at once.
 * - A start that falls in closed hours is made up for when they open, once, up to an hour later (again by the offset): whatever was
 *   missed in closed hours is one start, not several, and the engines do not meet there either.
 * - A start that was missed because the engine was off is made up for once, within ICE_SCHEDULE_SOON of its return. A lane that took
 *   longer than its interval starts again at once, once.
 * - A last start in the future means that the clock was set back: the next start is the next of the grid, at most an interval away.
 *   A clock that was set forward, by however much, is one missed start. */
#ifndef ICE_SCHEDULE_H
#define ICE_SCHEDULE_H

#include <stdint.h>

#include "ice/hours.h"

#define ICE_SCHEDULE_NEVER INT64_MAX
#define ICE_SCHEDULE_SOON  60 /* seconds; and never more than the interval */

struct ice_schedule {
	int64_t interval;              /* seconds from start to start; 0 = the lane is off */
	int64_t offset;                /* where in the interval its starts lie: ice_schedule_offset */
	const struct ice_hours *hours; /* when it may start; NULL = always */
};

/* 0 .. interval-1, the same for the same names on every machine. */
int64_t ice_schedule_offset(int64_t interval, const char *site, const char *lane, const char *range);

/* When it starts next, looked at from `now`: a time up to `now` means that it is due. `last`: when it last started, 0 = never; `since`:
 * when whoever asks began to keep this schedule (the start of the service). ICE_SCHEDULE_NEVER when it is off or its hours never open.
 *
 * Ask anew whenever the clock may have changed, each second at least; to start is to set `last` to `now`. */
int64_t ice_schedule_next(const struct ice_schedule *s, int64_t last, int64_t since, int64_t now);

/* The last time of the grid up to `now`, whatever the hours: who was last asked before it is due in this round, who was asked after it
 * has had its turn. ICE_SCHEDULE_NEVER's opposite, 0, when the lane is off: then nobody is due. */
int64_t ice_schedule_slot(const struct ice_schedule *s, int64_t now);

#endif
