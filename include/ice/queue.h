/* queue: the bounded stretch of memory between a finished record and the outbox.
 *
 * A conversation reserves its place before it starts, so that a finished record always has one: the queue cannot overflow, and
 * when the outbox or the disk stalls, printers wait instead of being forgotten. Nothing is ever dropped. */
#ifndef ICE_QUEUE_H
#define ICE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "ice/attr.h"

/* One record on its way, as JSON. The struct is the holder's own (a local, a member); it owns its texts. */
struct ice_reading {
	char *json;   /* one JSON object, malloc'd: a record */
	size_t len;   /* of json */
	char *device; /* its identity (ice_record_identity), malloc'd */
	long long at; /* read_at, wall seconds */
	/* What the engine knows of the place it was read at, kept with it (ice_outbox_places): malloc'd, or all NULL. */
	char *place, *note, *state;
	bool change; /* json is a change instead (ice/change.h); only between outbox and batch */
};
/* Frees the texts and empties the struct; never the struct itself. */
void ice_reading_free(struct ice_reading *r);

struct ice_queue;

/* places: most readings held or promised at once. */
struct ice_queue *ice_queue_new(size_t places);
void ice_queue_free(struct ice_queue *q);

ICE_MUST_CHECK bool ice_queue_reserve(struct ice_queue *q);
void ice_queue_release(struct ice_queue *q); /* a reserved place (asserted) is not needed after all */

/* Uses up one reserved place (asserted) and takes over the reading's texts: *r is empty afterwards. */
void ice_queue_put(struct ice_queue *q, struct ice_reading *r);

/* Looks at the oldest readings without taking them: up to max, and up to max_bytes of JSON (at least one). Lent until drop. */
size_t ice_queue_peek(const struct ice_queue *q, const struct ice_reading **out, size_t max, size_t max_bytes);
/* Frees the oldest n, after they are committed elsewhere. */
void ice_queue_drop(struct ice_queue *q, size_t n);

/* Readings held, bytes of their JSON, places promised and not yet used: held and promised together never exceed the places. */
size_t ice_queue_count(const struct ice_queue *q);
size_t ice_queue_bytes(const struct ice_queue *q);
size_t ice_queue_reserved(const struct ice_queue *q);

#endif
