/* place: how the sweep of a range stands, kept in the outbox with the readings, so that whoever sweeps next goes on there: the next
 * process, or the next configuration in this one.
 *
 * A place in a range is good only as long as this range and those before it are what they were. */
#ifndef ICE_PLACE_H
#define ICE_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/outbox.h"
#include "ice/plan.h"

#include "walk.h"

/* The last sweep of a range, or the one that is going on. Times are wall seconds, 0 = not yet. */
struct ice_swept {
	int64_t began, ended;
	/* Addresses, the printers among them, and milliseconds spent; summed up, without the interruptions. */
	uint64_t done, found, spent;
	bool quick;       /* it is not to be spread over hours */
	bool interrupted; /* it goes on at the place */
	struct ice_place place;
};

void ice_place_keep(struct ice_outbox *outbox, const struct ice_plan *plan, size_t leg, const struct ice_swept *swept);

/* Nothing but zeros when it was never swept. */
struct ice_swept ice_place_kept(struct ice_outbox *outbox, const struct ice_plan *plan, size_t leg);

#endif
