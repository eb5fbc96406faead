/* wheel: deadlines of very many things, a few nanoseconds each.
 *
 * A hashed timing wheel (Varghese, Lauck 1987, scheme 6) over slot numbers 0..capacity-1: eight bytes a slot, allocated once and
 * touched only when armed. Deadlines are rounded up to the tick (1 ms); an entry is never reported early, and never lost
 * however late the wheel is asked. Deadlines beyond one turn (4,096 ticks) stay in place and are passed by until their turn.
 *
 * What has no deadline may stand in a line instead: the same links serve both, so a slot is armed, or in one line, or neither. */
#ifndef ICE_WHEEL_H
#define ICE_WHEEL_H

#include <stdint.h>

#include "ice/clock.h"

struct ice_wheel;

#define ICE_WHEEL_NONE       UINT32_MAX
#define ICE_WHEEL_SLOT_BYTES 8                          /* of memory, per slot */
#define ICE_WHEEL_MAX        (1u << 20)                 /* slots */
#define ICE_WHEEL_FARTHEST   (ICE_USEC_SEC(86400) * 49) /* from now: of a deadline behind it the slot is due then */
#define ICE_WHEEL_LINES      4

/* At most ICE_WHEEL_MAX slots. Never NULL. */
struct ice_wheel *ice_wheel_new(uint32_t capacity, ice_usec now);
void ice_wheel_free(struct ice_wheel *w);

/* (Re)arms a slot. A deadline that has passed is due at once; ICE_USEC_NEVER only cancels. */
void ice_wheel_arm(struct ice_wheel *w, uint32_t slot, ice_usec deadline);
void ice_wheel_cancel(struct ice_wheel *w, uint32_t slot); /* no-op when not armed */

/* One slot that is due at `now`, disarmed; ICE_WHEEL_NONE when there is none. Call until NONE; arming and
 * cancelling in between is allowed. */
uint32_t ice_wheel_expire(struct ice_wheel *w, ice_usec now);

/* The slot that ice_wheel_expire may report next, to fetch early what belongs to it; one like any other (0) when it cannot be told. */
uint32_t ice_wheel_ahead(const struct ice_wheel *w);

/* Lines 0..ICE_WHEEL_LINES-1: first in, first out, but for those that are put in front or leave from the middle. The slot stands in no
 * line and is not armed. */
void ice_wheel_push(struct ice_wheel *w, unsigned line, uint32_t slot);
void ice_wheel_push_front(struct ice_wheel *w, unsigned line, uint32_t slot);
uint32_t ice_wheel_first(const struct ice_wheel *w, unsigned line); /* ICE_WHEEL_NONE: the line is empty */
void ice_wheel_leave(struct ice_wheel *w, uint32_t slot);           /* it stands in a line */

/* When to look again: never later than the earliest deadline rounded up to the tick, and earlier only for an entry
 * beyond one turn; ICE_USEC_NEVER when nothing is armed. */
ice_usec ice_wheel_next(const struct ice_wheel *w);

#endif
