/* queue: the bounded stretch of memory between a finished record and the outbox.
 *
 * A conversation reserves its place before it starts, so that a finished record always has one: the queue cannot overflow, and
 * when the outbox or the disk stalls, printers wait instead of being forgotten. Nothing is ever dropped. */
#ifndef ICE_QUEUE_H
#define ICE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

#include "ice/attr.h"

/* One record on its way, as JSON. Owned by whoever holds it; ice_reading_free. */
struct ice_reading {
	char *json;
	size_t len;
	char *device; /* its identity (ice_record_identity) */
	long long at; /* read_at, wall seconds */
};
void ice_reading_free(struct ice_reading *r);

struct ice_queue;

/* places: most readings held or promised at once. */
struct ice_queue *ice_queue_new(size_t places);
void ice_queue_free(struct ice_queue *q);

ICE_MUST_CHECK bool ice_queue_reserve(struct ice_queue *q);
void ice_queue_release(struct ice_queue *q); /* a reserved place is not needed after all */

/* Uses up one reserved place (asserted) and takes over the reading's memory. */
void ice_queue_put(struct ice_queue *q, struct ice_reading *r);

/* Looks at the oldest readings without taking them: up to max, and up to max_bytes of JSON (at least one). Lent until drop. */
size_t ice_queue_peek(const struct ice_queue *q, const struct ice_reading **out, size_t max, size_t max_bytes);
/* Frees the oldest n, after they are committed elsewhere. */
void ice_queue_drop(struct ice_queue *q, size_t n);

size_t ice_queue_count(const struct ice_queue *q);
size_t ice_queue_bytes(const struct ice_queue *q);
size_t ice_queue_reserved(const struct ice_queue *q);

#endif
