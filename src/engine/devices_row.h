/* devices_row: the devices from the inside, shared by devices.c, where they change, devices_rounds.c, where they are chosen from, and
 * devices_store.c, where they are written down.
 *
 * Only these include it. */
#ifndef ICE_DEVICES_ROW_H
#define ICE_DEVICES_ROW_H

#include <sys/queue.h>

#include "devices.h"
#include "shapes.h"

#define DEVICES_BUCKETS 32768 /* a power of two */

struct devices_row {
	LIST_ENTRY(devices_row) by_address, by_identity;
	TAILQ_ENTRY(devices_row) in_leg, in_changed;
	struct ice_address address;
	struct ice_shape *shape; /* NULL: no steady question */
	uint64_t identity;
	int64_t first_seen, last_seen, read_at;
	int64_t heard_at; /* when it was last asked, answered or not: silence is counted from here */
	int64_t pulsed_at, inventoried_at;
	int64_t saved_at;
	int64_t pages;
	uint32_t values[ICE_STEADY_NAMES];
	uint32_t silent, rtt;
	uint16_t leg, credential;
	uint8_t version, state, misses;
	bool moved, error, changed;
};
_Static_assert(sizeof(struct devices_row) <= 240, "256 bytes with the allocator's own");

LIST_HEAD(devices_bucket, devices_row);
TAILQ_HEAD(devices_list, devices_row);

struct ice_devices {
	struct ice_devices_options options;
	struct ice_shapes *shapes;
	struct devices_bucket by_address[DEVICES_BUCKETS], by_identity[DEVICES_BUCKETS];
	struct devices_list legs[ICE_PLAN_LEGS], changed;
	size_t left[ICE_PLAN_LEGS]; /* of the present round */
	size_t counts[ICE_PLAN_LEGS][ICE_DEVICE_STATES];
	size_t count, unsaved;
	struct ice_address *gone; /* forgotten, and still in the database */
	size_t gone_count, gone_room;
	uint64_t unread; /* ice_outbox_unread_count, when last looked at */
	bool crowded;    /* told */
};

/* devices.c */
struct devices_row *devices_row_find(const struct ice_devices *d, const struct ice_address *address);
/* A row that is in all lists but that of its identity; NULL when there is no room. */
struct devices_row *devices_row_add(struct ice_devices *d, size_t leg, const struct ice_address *address);
void devices_row_identify(struct ice_devices *d, struct devices_row *row, uint64_t identity);
void devices_row_state(struct ice_devices *d, struct devices_row *row, enum ice_device_state state);
void devices_row_changed(struct ice_devices *d, struct devices_row *row);

/* devices_store.c */
/* The row's steady question; count 0 = it has none. */
void devices_row_steady(const struct devices_row *row, struct ice_steady *out);
/* An address whose place is to leave the database. */
void devices_gone(struct ice_devices *d, const struct ice_address *address);
void devices_store_load(struct ice_devices *d, int64_t wall);

#endif
