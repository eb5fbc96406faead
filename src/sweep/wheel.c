#include "ice/wheel.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#define WHEEL_TICK    ICE_USEC_MSEC(1)
#define WHEEL_BUCKETS 4096u
#define WHEEL_WORDS   (WHEEL_BUCKETS / 64)

/* A slot's place in the list of its bucket. Zeroed memory is a slot that is not armed. */
struct wheel_entry {
	uint64_t due; /* tick + 1; 0 = not armed */
	uint32_t next, prev;
};
_Static_assert(sizeof(struct wheel_entry) == ICE_WHEEL_SLOT_BYTES, "the header promises it");

struct ice_wheel {
	ice_usec origin;
	uint64_t current; /* the tick under the hand: every earlier one is done */
	uint32_t walk;    /* where the scan of the current bucket goes on; NONE = it has not begun or is over */
	bool swept;       /* the current bucket was scanned to its end */
	uint32_t capacity, armed;
	uint32_t heads[WHEEL_BUCKETS]; /* circular lists */
	uint64_t filled[WHEEL_WORDS];  /* which heads are not NONE */
	struct wheel_entry *entries;
};

struct ice_wheel *ice_wheel_new(uint32_t capacity, ice_usec now)
{
	struct ice_wheel *w = calloc(1, sizeof(*w));
	if (!w)
		abort();
	w->origin = now;
	w->walk = ICE_WHEEL_NONE;
	w->capacity = capacity;
	for (uint32_t i = 0; i < WHEEL_BUCKETS; i++)
		w->heads[i] = ICE_WHEEL_NONE;
	w->entries = calloc(capacity ? capacity : 1, sizeof(*w->entries));
	if (!w->entries)
		abort();
	return w;
}

void ice_wheel_free(struct ice_wheel *w)
{
	if (!w)
		return;
	free(w->entries);
	free(w);
}

static uint32_t wheel_bucket(uint64_t tick)
{
	return (uint32_t)(tick % WHEEL_BUCKETS);
}

/* The first tick at or after a time. */
static uint64_t wheel_tick_up(const struct ice_wheel *w, ice_usec at)
{
	if (at <= w->origin)
		return 0;
	uint64_t since = (uint64_t)at - (uint64_t)w->origin;
	return since / WHEEL_TICK + (since % WHEEL_TICK != 0);
}

void ice_wheel_cancel(struct ice_wheel *w, uint32_t slot)
{
	assert(slot < w->capacity);
	struct wheel_entry *e = &w->entries[slot];
	if (e->due == 0)
		return;
	uint32_t bucket = wheel_bucket(e->due - 1), *head = &w->heads[bucket];
	if (w->walk == slot) {
		w->walk = e->next == *head ? ICE_WHEEL_NONE : e->next;
		w->swept = w->walk == ICE_WHEEL_NONE;
	}
	if (e->next == slot) {
		*head = ICE_WHEEL_NONE;
		w->filled[bucket / 64] &= ~(UINT64_C(1) << bucket % 64);
	} else {
		w->entries[e->next].prev = e->prev;
		w->entries[e->prev].next = e->next;
		if (*head == slot)
			*head = e->next;
	}
	e->due = 0;
	w->armed--;
}

void ice_wheel_arm(struct ice_wheel *w, uint32_t slot, ice_usec deadline)
{
	ice_wheel_cancel(w, slot);
	if (deadline == ICE_USEC_NEVER)
		return;
	uint64_t tick = wheel_tick_up(w, deadline);
	if (tick < w->current)
		tick = w->current;
	uint32_t bucket = wheel_bucket(tick), *head = &w->heads[bucket];
	struct wheel_entry *e = &w->entries[slot];
	e->due = tick + 1;
	if (*head == ICE_WHEEL_NONE) {
		e->next = e->prev = *head = slot;
		w->filled[bucket / 64] |= UINT64_C(1) << bucket % 64;
	} else {
		struct wheel_entry *first = &w->entries[*head];
		e->next = *head;
		e->prev = first->prev;
		w->entries[first->prev].next = slot;
		first->prev = slot;
	}
	/* At the tail of the list: a scan that goes on meets it; one that is over takes it up again here. */
	if (tick == w->current && w->swept) {
		w->walk = slot;
		w->swept = false;
	}
	w->armed++;
}

/* How many buckets after `bucket` the next filled one comes (1 .. WHEEL_BUCKETS); the wheel is not empty. */
static uint32_t wheel_distance(const struct ice_wheel *w, uint32_t bucket)
{
	uint32_t at = (bucket + 1) % WHEEL_BUCKETS;
	uint64_t word = w->filled[at / 64] >> at % 64;
	if (word)
		return 1 + (uint32_t)__builtin_ctzll(word);
	uint32_t gone = 64 - at % 64;
	while (!(word = w->filled[(at + gone) % WHEEL_BUCKETS / 64]))
		gone += 64;
	return 1 + gone + (uint32_t)__builtin_ctzll(word);
}

uint32_t ice_wheel_expire(struct ice_wheel *w, ice_usec now)
{
	uint64_t target = now <= w->origin ? 0 : ((uint64_t)now - (uint64_t)w->origin) / WHEEL_TICK;
	/* After a long silence one turn meets every bucket. */
	if (target >= w->current + WHEEL_BUCKETS) {
		w->current = target - WHEEL_BUCKETS + 1;
		w->walk = ICE_WHEEL_NONE;
		w->swept = false;
	}
	for (;;) {
		if (!w->swept) {
			uint32_t head = w->heads[wheel_bucket(w->current)];
			uint32_t at = w->walk != ICE_WHEEL_NONE ? w->walk : head;
			while (at != ICE_WHEEL_NONE) {
				uint32_t next = w->entries[at].next == head ? ICE_WHEEL_NONE : w->entries[at].next;
				if (w->entries[at].due - 1 <= target) {
					w->walk = at; /* cancel moves it on */
					ice_wheel_cancel(w, at);
					return at;
				}
				at = next;
			}
			w->walk = ICE_WHEEL_NONE;
			w->swept = true;
		}
		if (w->current >= target)
			return ICE_WHEEL_NONE;
		uint32_t step = w->armed ? wheel_distance(w, wheel_bucket(w->current)) : WHEEL_BUCKETS;
		w->current = target - w->current < step ? target : w->current + step;
		w->swept = false;
	}
}

ice_usec ice_wheel_next(const struct ice_wheel *w)
{
	if (w->armed == 0)
		return ICE_USEC_NEVER;
	uint64_t tick = w->current;
	if (w->swept || w->heads[wheel_bucket(tick)] == ICE_WHEEL_NONE)
		tick += wheel_distance(w, wheel_bucket(tick));
	return w->origin + (ice_usec)(tick * WHEEL_TICK);
}
