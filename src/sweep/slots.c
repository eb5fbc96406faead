#include "slots.h"

#include <assert.h>
#include <stdlib.h>

void slots_init(struct slots *s, uint32_t window, ice_usec now)
{
	assert(window > 0 && (window & (window - 1)) == 0 && window <= UINT32_C(1) << 20);
	*s = (struct slots){.window = window, .bits = (uint32_t)__builtin_ctz(window), .free = SLOT_NONE};
	s->at = calloc(window, sizeof(*s->at));
	if (!s->at)
		abort();
	s->wheel = ice_wheel_new(window, now);
}

void slots_fini(struct slots *s)
{
	free(s->at);
	free(s->v6);
	ice_wheel_free(s->wheel);
}

void slots_set_address(struct slots *s, uint32_t i, const struct ice_address *address)
{
	s->at[i].of.lo = address->lo;
	bool v4 = ice_address_is_v4(address);
	if (v4 && !s->v6)
		return;
	if (!s->v6) {
		s->v6 = calloc(s->window, sizeof(*s->v6));
		if (!s->v6)
			abort();
	}
	s->v6[i] = (struct slot_half){address->hi, address->scope};
}

struct ice_address slots_address(const struct slots *s, uint32_t i)
{
	if (s->v6)
		return (struct ice_address){s->v6[i].hi, s->at[i].of.lo, s->v6[i].scope};
	return (struct ice_address){0, s->at[i].of.lo, 0};
}

uint32_t slots_take(struct slots *s, const struct ice_address *address)
{
	uint32_t i = s->free;
	if (i != SLOT_NONE)
		s->free = s->at[i].next;
	else if (s->fresh < s->window)
		i = s->fresh++;
	else
		return SLOT_NONE;
	s->at[i] = (struct slot){.state = SLOT_ASKING};
	slots_set_address(s, i, address);
	if (++s->used > s->peak)
		s->peak = s->used;
	return i;
}

void slots_free(struct slots *s, uint32_t i)
{
	assert(s->at[i].state != SLOT_FREE && !s->at[i].queued);
	ice_wheel_cancel(s->wheel, i);
	s->at[i].state = SLOT_FREE;
	s->at[i].id = 0;
	s->at[i].next = s->free;
	s->free = i;
	s->used--;
}

void slots_question(struct slots *s, uint32_t i, struct ice_random *random)
{
	const uint32_t mask = (UINT32_C(1) << ICE_SNMP_ID_BITS) - 1;
	uint32_t last = s->at[i].id, id;
	do /* a wide window leaves few random bits: a late answer to the last question must not fit the next */
		id = ICE_SNMP_ID_BASE | (((uint32_t)(ice_random_next(random) >> 32) << s->bits | i) & mask);
	while (id == last);
	s->at[i].id = id;
	s->at[i].tries = 0;
}

uint32_t slots_find(const struct slots *s, uint32_t id)
{
	uint32_t i = id & (s->window - 1);
	return s->at[i].id == id && id != 0 ? i : SLOT_NONE;
}

void slots_queue_init(struct slot_queue *q)
{
	*q = (struct slot_queue){SLOT_NONE, SLOT_NONE, 0};
}

void slots_push(struct slots *s, struct slot_queue *q, uint32_t i)
{
	s->at[i].queued = true;
	s->at[i].next = SLOT_NONE;
	s->at[i].prev = q->tail;
	if (q->tail == SLOT_NONE)
		q->head = i;
	else
		s->at[q->tail].next = i;
	q->tail = i;
	q->count++;
}

void slots_push_front(struct slots *s, struct slot_queue *q, uint32_t i)
{
	s->at[i].queued = true;
	s->at[i].prev = SLOT_NONE;
	s->at[i].next = q->head;
	if (q->head == SLOT_NONE)
		q->tail = i;
	else
		s->at[q->head].prev = i;
	q->head = i;
	q->count++;
}

void slots_leave(struct slots *s, struct slot_queue *q, uint32_t i)
{
	struct slot *slot = &s->at[i];
	if (!slot->queued)
		return;
	slot->queued = false;
	if (slot->prev == SLOT_NONE)
		q->head = slot->next;
	else
		s->at[slot->prev].next = slot->next;
	if (slot->next == SLOT_NONE)
		q->tail = slot->prev;
	else
		s->at[slot->next].prev = slot->prev;
	q->count--;
}

uint32_t slots_pop(struct slots *s, struct slot_queue *q)
{
	uint32_t i = q->head;
	if (i != SLOT_NONE)
		slots_leave(s, q, i);
	return i;
}
