/* late: datagrams that leave later than they were made.
 *
 * A heap ordered by the moment of leaving; equal moments leave in the order they came. Bounded: beyond ICE_LATE_COUNT
 * datagrams or ICE_LATE_BYTES the newest is refused, as a real network's queue would drop it. */
#ifndef FLEET_LATE_H
#define FLEET_LATE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"

#define ICE_LATE_COUNT (1u << 19)
#define ICE_LATE_BYTES (256u << 20)

struct ice_late_item {
	ice_usec due;
	uint64_t order;
	struct sockaddr_in to;
	uint32_t from; /* host order */
	bool other_port;
	uint32_t n;
	uint8_t bytes[];
};

struct ice_late {
	struct ice_late_item **heap;
	size_t count, room, bytes;
	uint64_t order;
};

/* Zero it to start. Copies the bytes. False when it is full. */
ICE_MUST_CHECK bool ice_late_put(struct ice_late *l, ice_usec due, const struct sockaddr_in *to, uint32_t from,
                                 bool other_port, const uint8_t *bytes, size_t n);
/* The first one that is due by now, or NULL; it is the caller's to free. */
struct ice_late_item *ice_late_take(struct ice_late *l, ice_usec now);
ice_usec ice_late_next(const struct ice_late *l); /* ICE_USEC_NEVER when empty */
void ice_late_fini(struct ice_late *l);

#endif
