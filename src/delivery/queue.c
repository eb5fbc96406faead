#include "ice/queue.h"

#include <assert.h>
#include <stdlib.h>

/* A ring of readings. held + reserved <= places at any time: that is the promise, so it is asserted where it could break. */
struct ice_queue {
	size_t places;
	size_t first; /* index of the oldest */
	size_t held;
	size_t reserved;
	size_t bytes;
	struct ice_reading *ring;
};

void ice_reading_free(struct ice_reading *r)
{
	if (!r)
		return;
	free(r->json);
	free(r->device);
	free(r->place);
	free(r->note);
	free(r->state);
	*r = (struct ice_reading){0};
}

/* The reading that stands i places behind the oldest. */
static struct ice_reading *queue_at(const struct ice_queue *q, size_t i)
{
	size_t at = q->first + i;
	return &q->ring[at >= q->places ? at - q->places : at];
}

struct ice_queue *ice_queue_new(size_t places)
{
	assert(places > 0);
	struct ice_queue *q = calloc(1, sizeof(*q));
	if (!q)
		abort();
	q->places = places;
	q->ring = calloc(places, sizeof(*q->ring));
	if (!q->ring)
		abort();
	return q;
}

void ice_queue_free(struct ice_queue *q)
{
	if (!q)
		return;
	ice_queue_drop(q, q->held);
	free(q->ring);
	free(q);
}

bool ice_queue_reserve(struct ice_queue *q)
{
	if (q->held + q->reserved >= q->places)
		return false;
	q->reserved++;
	return true;
}

void ice_queue_release(struct ice_queue *q)
{
	assert(q->reserved > 0);
	q->reserved--;
}

void ice_queue_put(struct ice_queue *q, struct ice_reading *r)
{
	assert(q->reserved > 0);
	assert(r->json);
	assert(r->device);
	q->reserved--;
	*queue_at(q, q->held) = *r;
	q->held++;
	q->bytes += r->len;
	*r = (struct ice_reading){0};
}

size_t ice_queue_peek(const struct ice_queue *q, const struct ice_reading **out, size_t max, size_t max_bytes)
{
	size_t n = 0, bytes = 0;
	while (n < max && n < q->held) {
		const struct ice_reading *r = queue_at(q, n);
		/* The first goes alone even when it is too long, or it would stop the queue for ever. */
		if (n > 0 && (bytes >= max_bytes || r->len > max_bytes - bytes))
			break;
		bytes += r->len;
		out[n++] = r;
	}
	return n;
}

void ice_queue_drop(struct ice_queue *q, size_t n)
{
	assert(n <= q->held);
	for (; n > 0; n--) {
		struct ice_reading *r = queue_at(q, 0);
		q->bytes -= r->len;
		ice_reading_free(r);
		q->first = q->first + 1 == q->places ? 0 : q->first + 1;
		q->held--;
	}
}

size_t ice_queue_count(const struct ice_queue *q)
{
	return q->held;
}

size_t ice_queue_bytes(const struct ice_queue *q)
{
	return q->bytes;
}

size_t ice_queue_reserved(const struct ice_queue *q)
{
	return q->reserved;
}
