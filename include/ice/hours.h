/* hours: which minutes of the week are open, by the local clock.
 *
 * A row is days and a time of day, each of which may be left out: "Mon-Fri 06:00-22:00", "Sat,Sun", "Fri-Mon 22:00-06:00" (past
 * midnight into the next day), "12:00-13:00" (every day), "18:00-24:00". Days are Mon Tue Wed Thu Fri Sat Sun, in either case.
 *
 * The local time is that of the process (TZ, /etc/localtime) as tzset() found it: call it once at start, before the process is confined.
 * When the clocks change, what counts is what a clock on the wall shows: a stretch that is skipped that day is not there, one that
 * comes twice is open twice.
 *
 * A value type. */
#ifndef ICE_HOURS_H
#define ICE_HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"

#define ICE_HOURS_WEEK  (7 * 24 * 60)
#define ICE_HOURS_NEVER INT64_MAX

struct ice_hours {
	uint64_t open[(ICE_HOURS_WEEK + 63) / 64]; /* bit m = minute m of the week, Monday 00:00 the first */
};

void ice_hours_fill(struct ice_hours *h, bool open);

/* Opens or closes the minutes of a row. False with a reason when it is none. */
ICE_MUST_CHECK bool ice_hours_row(struct ice_hours *h, const char *text, bool open, char *why, size_t why_size);

/* Closes what the other has closed. */
void ice_hours_and(struct ice_hours *h, const struct ice_hours *other);

/* Is it open at this time (wall seconds)? */
ICE_MUST_CHECK bool ice_hours_at(const struct ice_hours *h, int64_t wall);

/* The first second from `wall` on that is open, or that is closed; ICE_HOURS_NEVER when there is none. */
int64_t ice_hours_opens(const struct ice_hours *h, int64_t wall);
int64_t ice_hours_closes(const struct ice_hours *h, int64_t wall);

#endif
