/* wheel: deadlines of very many things, a few nanoseconds each.
 *
 * A hashed timing wheel over slot numbers 0..capacity-1: the links are two uint32 per slot, allocated once. Deadlines are
 * rounded up to the tick (1 ms); an entry is never reported early. Deadlines beyond one turn stay in place
 * and are passed by until their turn. */
#ifndef ICE_WHEEL_H
#define ICE_WHEEL_H

#include <stdint.h>

#include "ice/clock.h"

struct ice_wheel;

#define ICE_WHEEL_NONE UINT32_MAX

struct ice_wheel *ice_wheel_new(uint32_t capacity, ice_usec now);
void ice_wheel_free(struct ice_wheel *w);

/* (Re)arms a slot. */
void ice_wheel_arm(struct ice_wheel *w, uint32_t slot, ice_usec deadline);
void ice_wheel_cancel(struct ice_wheel *w, uint32_t slot); /* no-op when not armed */

/* One slot that is due at `now`, disarmed; ICE_WHEEL_NONE when there is none. Call until NONE. */
uint32_t ice_wheel_expire(struct ice_wheel *w, ice_usec now);

/* When to look again: never later than the earliest deadline rounded up to the tick; ICE_USEC_NEVER when empty. */
ice_usec ice_wheel_next(const struct ice_wheel *w);

#endif
