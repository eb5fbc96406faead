/* timetable: when each lane of each range starts next, and when it last did (ice/schedule.h).
 *
 * The last starts of sweeps and inventories are kept in the outbox, so that a restart neither repeats nor forgets one. What was asked for by
 * a person is due at once, also in closed hours, and stays so until it is started.
 *
 * Times are wall seconds; ask anew each second or so, since the clock may have been set. */
#ifndef ICE_TIMETABLE_H
#define ICE_TIMETABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/hours.h"
#include "ice/outbox.h"
#include "ice/plan.h"

struct ice_timetable;

/* Lent for its life. */
struct ice_timetable_options {
	const struct ice_plan *plan;
	const char *site;
	const struct ice_hours *sweeps, *hours; /* of sweeps, and of everything; NULL = always */
	struct ice_outbox *outbox;              /* NULL = nothing is kept */
};

/* Never NULL. */
struct ice_timetable *ice_timetable_new(const struct ice_timetable_options *options, int64_t wall);
void ice_timetable_free(struct ice_timetable *t);

/* When it starts next; up to `wall`: it is due. ICE_SCHEDULE_NEVER when it is off. */
int64_t ice_timetable_next(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane, int64_t wall);
ICE_MUST_CHECK bool ice_timetable_due(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane, int64_t wall);

/* May it go on? Not in closed hours, unless it was asked for. */
ICE_MUST_CHECK bool ice_timetable_open(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane,
                                       int64_t wall);

/* The grid's last time (ice_schedule_slot); `wall` when it was asked for, 0 when it is off. */
int64_t ice_timetable_slot(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane, int64_t wall);

void ice_timetable_started(struct ice_timetable *t, size_t leg, enum ice_lane_kind lane, int64_t wall);
/* When it last did; 0 = never. */
int64_t ice_timetable_last(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane);

/* A person asks for it now; and it is over. */
void ice_timetable_ask(struct ice_timetable *t, size_t leg, enum ice_lane_kind lane);
void ice_timetable_ended(struct ice_timetable *t, size_t leg, enum ice_lane_kind lane);
bool ice_timetable_asked(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane);

#endif
