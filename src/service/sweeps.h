/* sweeps: the ranges swept by the clock, one at a time.
 *
 * Beat by beat it looks whether a range is due (timetable.h) and has the heartbeat sweep it. One that was interrupted goes on where it was:
 * the engine stopped, or its hours closed in the midst of it. The first sweep of a range, and one that a person asked for, goes as fast as
 * the pace allows; any other is spread over hours.
 *
 * Life: ice_sweeps_new -> ice_sweeps_beat*, ice_sweeps_place, ice_sweeps_swept -> ice_sweeps_end -> ice_sweeps_free. */
#ifndef ICE_SWEEPS_H
#define ICE_SWEEPS_H

#include <stdbool.h>
#include <stddef.h>

#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/outbox.h"
#include "ice/plan.h"

#include "engine/figures.h"
#include "engine/heartbeat.h"
#include "engine/place.h"
#include "engine/timetable.h"

struct ice_sweeps;

struct ice_sweeps_options {
	const struct ice_plan *plan; /* all lent */
	struct ice_heartbeat *heartbeat;
	struct ice_timetable *timetable;
	struct ice_outbox *outbox;
	ice_usec spread; /* 0 = none is spread */
};

/* Never NULL. */
struct ice_sweeps *ice_sweeps_new(const struct ice_sweeps_options *options);
void ice_sweeps_free(struct ice_sweeps *s);

/* Begins and interrupts what is due now. True: one of them has happened. */
bool ice_sweeps_beat(struct ice_sweeps *s, ice_usec now);

/* What the heartbeat tells: ice_heartbeat_ops.place and swept. */
void ice_sweeps_place(struct ice_sweeps *s, const struct ice_place *place);
void ice_sweeps_swept(struct ice_sweeps *s, bool whole);

/* The heartbeat was stopped: what is going on is interrupted. */
void ice_sweeps_end(struct ice_sweeps *s);

/* How a range stands. */
struct ice_sweeps_range {
	bool going;
	int64_t began, ended; /* wall seconds; of the present sweep, or of the last one */
	uint64_t done, found; /* addresses, and the printers among them */
	double rate;          /* addresses a second, while it was going on */
};
struct ice_sweeps_range ice_sweeps_range(const struct ice_sweeps *s, size_t leg);

#endif
