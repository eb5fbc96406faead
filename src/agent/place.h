/* place: where the sweep is, kept in the outbox with the readings, so that whoever sweeps next goes on there: the next process, or the
 * next configuration in this one.
 *
 * A place is in a leg, and good only as long as this leg and those before it are what they were. */
#ifndef ICE_PLACE_H
#define ICE_PLACE_H

#include <stdbool.h>

#include "ice/attr.h"
#include "ice/outbox.h"
#include "ice/plan.h"

#include "walk.h"

/* NULL: between sweeps. */
void ice_place_keep(struct ice_outbox *outbox, const struct ice_plan *plan, const struct ice_place *place);

/* False when no sweep was interrupted, or the plan is another up to there; *out is then as it was. */
ICE_MUST_CHECK bool ice_place_kept(struct ice_outbox *outbox, const struct ice_plan *plan, struct ice_place *out);

#endif
