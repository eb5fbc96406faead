#include "ice/wheel.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

#define WHEEL_TICK    ICE_USEC_MSEC(1)
#define WHEEL_BUCKETS 4096u
#define WHEEL_WORDS   (WHEEL_BUCKETS / 64)

#define WHEEL_HEADS (WHEEL_BUCKETS + ICE_WHEEL_LINES)
#define WHEEL_BITS  21 /* of a place's number, and of a turn's */
#define WHEEL_TURNS (UINT64_C(1) << WHEEL_BITS)

/* A slot's place in a circular list. The lists begin in places of their own behind those of the slots: one for each bucket, one for
 * each line. Zeroed memory is a slot that is not armed. */
struct wheel_place {
	uint64_t next : WHEEL_BITS, prev : WHEEL_BITS;
	uint64_t turn : WHEEL_BITS; /* of its deadline, modulo WHEEL_TURNS; the bucket tells the rest */
	uint64_t armed : 1;
};
_Static_assert(ICE_WHEEL_FARTHEST / WHEEL_TICK / WHEEL_BUCKETS + 2 < WHEEL_TURNS / 2,
               "no deadline looks like a past one");
_Static_assert(ICE_WHEEL_MAX + WHEEL_HEADS <= UINT64_C(1) << WHEEL_BITS, "every place has a number");
_Static_assert(sizeof(struct wheel_place) == ICE_WHEEL_SLOT_BYTES, "the header promises it");

struct ice_wheel {
	ice_usec origin;
	uint64_t current; /* the tick under the hand: every earlier one is done */
	uint32_t walk;    /* where the scan of the current bucket goes on; NONE = it has not begun or is over */
	bool swept;       /* the current bucket was scanned to its end */
	uint32_t capacity, armed;
	ice_usec deadline;            /* as it was armed last: many are armed for the same, */
	uint64_t tick;                /* which is this one, from the wheel's origin on */
	uint64_t filled[WHEEL_WORDS]; /* which buckets are not empty */
	struct wheel_place *places;
};

struct ice_wheel *ice_wheel_new(uint32_t capacity, ice_usec now)
{
	assert(capacity <= ICE_WHEEL_MAX);
	struct ice_wheel *w = calloc(1, sizeof(*w));
	if (!w || !(w->places = calloc(capacity + WHEEL_HEADS, sizeof(*w->places))))
		abort();
	w->origin = w->deadline = now;
	w->walk = ICE_WHEEL_NONE;
	w->capacity = capacity;
	for (uint32_t i = capacity; i < capacity + WHEEL_HEADS; i++)
		w->places[i].next = w->places[i].prev = i;
	return w;
}

void ice_wheel_free(struct ice_wheel *w)
{
	if (!w)
		return;
	free(w->places);
	free(w);
}

/* Places are read and written whole: a load right behind the store of a part of it would wait for that. */
static void wheel_set_next(struct ice_wheel *w, uint32_t place, uint32_t next)
{
	struct wheel_place p = w->places[place];
	p.next = next;
	w->places[place] = p;
}

static void wheel_set_prev(struct ice_wheel *w, uint32_t place, uint32_t prev)
{
	struct wheel_place p = w->places[place];
	p.prev = prev;
	w->places[place] = p;
}

/* Puts a slot before another place of a list: before its head is at its end. `as` tells whether it is armed, and for which turn. */
static void wheel_link(struct ice_wheel *w, uint32_t slot, uint32_t before, struct wheel_place as)
{
	as.next = before;
	as.prev = w->places[before].prev;
	w->places[slot] = as;
	wheel_set_next(w, as.prev, slot);
	wheel_set_prev(w, before, slot);
}

static void wheel_unlink(struct ice_wheel *w, uint32_t slot)
{
	const struct wheel_place p = w->places[slot];
	wheel_set_prev(w, p.next, p.prev);
	wheel_set_next(w, p.prev, p.next);
	w->places[slot] = (struct wheel_place){.armed = false};
}

static uint32_t wheel_bucket(uint64_t tick)
{
	return (uint32_t)(tick % WHEEL_BUCKETS);
}

static uint64_t wheel_turn(uint64_t tick)
{
	return tick / WHEEL_BUCKETS % WHEEL_TURNS;
}

/* Whether a place's turn has come, in the turn of this tick. */
static bool wheel_due(const struct wheel_place *p, uint64_t tick)
{
	return (wheel_turn(tick) - p->turn) % WHEEL_TURNS < WHEEL_TURNS / 2;
}

/* The place where the list of a tick's bucket begins. */
static uint32_t wheel_head(const struct ice_wheel *w, uint64_t tick)
{
	return w->capacity + wheel_bucket(tick);
}

/* The first tick at or after a time. */
static uint64_t wheel_tick_up(const struct ice_wheel *w, ice_usec at)
{
	return at <= w->origin ? 0 : ((uint64_t)at - (uint64_t)w->origin + WHEEL_TICK - 1) / WHEEL_TICK;
}

/* Takes it out of its bucket. */
static void wheel_disarm(struct ice_wheel *w, uint32_t slot)
{
	const struct wheel_place p = w->places[slot];
	if (w->walk == slot) {
		w->walk = p.next < w->capacity ? p.next : ICE_WHEEL_NONE;
		w->swept = w->walk == ICE_WHEEL_NONE;
	}
	if (p.next == p.prev && p.next >= w->capacity) { /* the only one of its bucket */
		uint32_t bucket = p.next - w->capacity;
		w->filled[bucket / 64] &= ~(UINT64_C(1) << bucket % 64);
	}
	wheel_unlink(w, slot);
	w->armed--;
}

void ice_wheel_cancel(struct ice_wheel *w, uint32_t slot)
{
	assert(slot < w->capacity);
	if (w->places[slot].armed)
		wheel_disarm(w, slot);
}

void ice_wheel_arm(struct ice_wheel *w, uint32_t slot, ice_usec deadline)
{
	ice_wheel_cancel(w, slot);
	if (deadline == ICE_USEC_NEVER)
		return;
	if (deadline != w->deadline) {
		w->deadline = deadline;
		w->tick = wheel_tick_up(w, deadline);
	}
	uint64_t tick = w->tick;
	if (tick < w->current)
		tick = w->current;
	if (tick - w->current > ICE_WHEEL_FARTHEST / WHEEL_TICK)
		tick = w->current + ICE_WHEEL_FARTHEST / WHEEL_TICK;
	uint32_t bucket = wheel_bucket(tick);
	w->filled[bucket / 64] |= UINT64_C(1) << bucket % 64;
	/* At the tail of the list: a scan that goes on meets it; one that is over takes it up again here. */
	wheel_link(w, slot, wheel_head(w, tick), (struct wheel_place){.turn = wheel_turn(tick), .armed = true});
	if (tick == w->current && w->swept) {
		w->walk = slot;
		w->swept = false;
	}
	w->armed++;
}

void ice_wheel_push(struct ice_wheel *w, unsigned line, uint32_t slot)
{
	assert(slot < w->capacity && line < ICE_WHEEL_LINES && !w->places[slot].armed);
	wheel_link(w, slot, w->capacity + WHEEL_BUCKETS + line, (struct wheel_place){.armed = false});
}

void ice_wheel_push_front(struct ice_wheel *w, unsigned line, uint32_t slot)
{
	assert(slot < w->capacity && line < ICE_WHEEL_LINES && !w->places[slot].armed);
	uint32_t first = w->places[w->capacity + WHEEL_BUCKETS + line].next;
	wheel_link(w, slot, first, (struct wheel_place){.armed = false});
}

uint32_t ice_wheel_first(const struct ice_wheel *w, unsigned line)
{
	uint32_t slot = w->places[w->capacity + WHEEL_BUCKETS + line].next;
	return slot < w->capacity ? slot : ICE_WHEEL_NONE;
}

void ice_wheel_leave(struct ice_wheel *w, uint32_t slot)
{
	assert(slot < w->capacity && !w->places[slot].armed);
	wheel_unlink(w, slot);
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

/* The next slot of the bucket under the hand that is due, disarmed; NONE when it is scanned to its end. */
static uint32_t wheel_scan(struct ice_wheel *w)
{
	if (w->swept)
		return ICE_WHEEL_NONE;
	uint32_t at = w->walk != ICE_WHEEL_NONE ? w->walk : w->places[wheel_head(w, w->current)].next;
	while (at < w->capacity && !wheel_due(&w->places[at], w->current))
		at = w->places[at].next;
	w->swept = at >= w->capacity;
	w->walk = w->swept ? ICE_WHEEL_NONE : at; /* which wheel_disarm moves on */
	if (!w->swept)
		wheel_disarm(w, at);
	return at < w->capacity ? at : ICE_WHEEL_NONE;
}

/* Moves the hand from a bucket that is scanned to the next; false when it is where it belongs at that time. */
static bool wheel_move(struct ice_wheel *w, ice_usec now)
{
	uint64_t target = now <= w->origin ? 0 : ((uint64_t)now - (uint64_t)w->origin) / WHEEL_TICK;
	if (w->current >= target)
		return false;
	/* After a long silence one turn meets every bucket; after one in which turns come round, whatever is armed is due. */
	if (target >= w->current + WHEEL_BUCKETS * WHEEL_TURNS / 2)
		for (uint32_t i = 0; i < w->capacity; i++)
			w->places[i].turn = wheel_turn(target - WHEEL_BUCKETS + 1) % WHEEL_TURNS;
	uint32_t step = w->armed ? wheel_distance(w, wheel_bucket(w->current)) : WHEEL_BUCKETS;
	if (target >= w->current + WHEEL_BUCKETS)
		w->current = target - WHEEL_BUCKETS + 1;
	else
		w->current = target - w->current < step ? target : w->current + step;
	w->swept = false;
	return true;
}

uint32_t ice_wheel_expire(struct ice_wheel *w, ice_usec now)
{
	uint32_t slot;
	do
		slot = wheel_scan(w);
	while (slot == ICE_WHEEL_NONE && wheel_move(w, now));
	return slot;
}

uint32_t ice_wheel_ahead(const struct ice_wheel *w)
{
	return w->walk != ICE_WHEEL_NONE ? w->walk : 0;
}

ice_usec ice_wheel_next(const struct ice_wheel *w)
{
	if (w->armed == 0)
		return ICE_USEC_NEVER;
	uint64_t tick = w->current;
	uint32_t bucket = wheel_bucket(tick);
	if (w->swept || !(w->filled[bucket / 64] >> bucket % 64 & 1))
		tick += wheel_distance(w, wheel_bucket(tick));
	return w->origin + (ice_usec)(tick * WHEEL_TICK);
}
