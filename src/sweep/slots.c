#include "slots.h"

#include <assert.h>
#include <stdlib.h>

void slots_init(struct slots *s, uint32_t window, struct ice_random *random, ice_usec now)
{
	assert(window > 0 && window <= ICE_WHEEL_MAX);
	*s = (struct slots){.window = window, .free = SLOT_NONE};
	while (UINT32_C(1) << s->bits < window)
		s->bits++;
	s->at = calloc(UINT32_C(1) << s->bits, sizeof(*s->at)); /* whatever index an id names is in it */
	if (!s->at)
		abort();
	s->wheel = ice_wheel_new(window, now);
	for (int k = 0; k < 2; k++)
		s->secret[k] = ice_random_next(random);
}

void slots_fini(struct slots *s)
{
	free(s->at);
	free(s->v6);
	free(s->talks.at);
	ice_wheel_free(s->wheel);
}

/* A number for one more talk. */
static uint32_t slots_talk_number(struct slot_talks *t)
{
	if (t->spare_count > 0)
		return t->at[--t->spare_count].spare;
	if (t->used == t->room) {
		t->room = t->room ? t->room * 2 : 64;
		t->at = reallocarray(t->at, t->room, sizeof(*t->at));
		if (!t->at)
			abort();
	}
	return t->used++;
}

static void slots_forget_talk(struct slots *s, uint32_t i)
{
	if (s->at[i].state != SLOT_TALKING)
		return;
	s->at[i].question = s->talks.at[s->at[i].of].question & 3;
	s->talks.at[s->talks.spare_count++].spare = s->at[i].of;
}

void slots_set_talk(struct slots *s, uint32_t i, struct talk *talk)
{
	assert(s->at[i].state == SLOT_ASKING);
	s->at[i].of = slots_talk_number(&s->talks);
	s->at[i].state = SLOT_TALKING;
	s->talks.at[s->at[i].of].talk = talk;
	s->talks.at[s->at[i].of].question = s->at[i].question;
}

/* From now on every slot has a whole address; those of before are IPv4. */
static void slots_make_v6(struct slots *s)
{
	s->v6 = calloc(s->window, sizeof(*s->v6));
	if (!s->v6)
		abort();
	for (uint32_t k = 0; k < s->fresh; k++)
		s->v6[k] = ice_address_v4(s->at[k].of);
}

static void slots_set_address(struct slots *s, uint32_t i, const struct ice_address *address)
{
	s->at[i].of = (uint32_t)address->lo;
	if (!s->v6 && !ice_address_is_v4(address))
		slots_make_v6(s);
	if (s->v6)
		s->v6[i] = *address;
}

void slots_ask(struct slots *s, uint32_t i, const struct ice_address *address)
{
	slots_forget_talk(s, i);
	s->at[i].state = SLOT_ASKING;
	slots_set_address(s, i, address);
}

uint32_t slots_take(struct slots *s, const struct ice_address *address, uint32_t nth)
{
	uint32_t i = s->free;
	if (i != SLOT_NONE)
		s->free = s->at[i].of;
	else if (s->fresh < s->window)
		i = s->fresh++;
	else
		return SLOT_NONE;
	s->at[i] = (struct slot){.state = SLOT_ASKING, .nth = nth % SLOT_NTHS};
	slots_set_address(s, i, address);
	if (++s->used > s->peak)
		s->peak = s->used;
	return i;
}

void slots_free(struct slots *s, uint32_t i)
{
	assert(s->at[i].state != SLOT_FREE && !s->at[i].queued);
	ice_wheel_cancel(s->wheel, i);
	slots_forget_talk(s, i);
	s->at[i].state = SLOT_FREE;
	s->at[i].of = s->free;
	s->free = i;
	s->used--;
}

void slots_question(struct slots *s, uint32_t i)
{
	struct slot *slot = &s->at[i];
	if (slot->state == SLOT_TALKING)
		s->talks.at[slot->of].question++;
	else
		slot->question = (slot->question + 1) & 3;
	slot->tries = 0;
	slot->excused = 0;
}

uint32_t slots_id(const struct slots *s, uint32_t i)
{
	const uint32_t mask = (UINT32_C(1) << ICE_SNMP_ID_BITS) - 1;
	const struct slot *slot = &s->at[i];
	uint32_t question = slot->state == SLOT_TALKING ? s->talks.at[slot->of].question : slot->question;
	/* Mixed as by MurmurHash3's finalizer, between two secrets. A wide window leaves few of the bits: they count the questions from there. */
	uint64_t x = (slot->nth ^ s->secret[0]) * UINT64_C(0xff51afd7ed558ccd);
	x = (x ^ x >> 33 ^ s->secret[1]) * UINT64_C(0xc4ceb9fe1a85ec53);
	uint32_t mixed = (uint32_t)(x >> 32) + question;
	return ICE_SNMP_ID_BASE | ((mixed << s->bits | i) & mask);
}

uint32_t slots_find(const struct slots *s, uint32_t id)
{
	uint32_t i = id & ((UINT32_C(1) << s->bits) - 1);
	return s->at[i].state != SLOT_FREE && slots_id(s, i) == id ? i : SLOT_NONE;
}

void slots_queue_init(struct slot_queue *q, unsigned line)
{
	*q = (struct slot_queue){line, 0};
}

void slots_push(struct slots *s, struct slot_queue *q, uint32_t i)
{
	s->at[i].queued = true;
	ice_wheel_push(s->wheel, q->line, i);
	q->count++;
}

void slots_push_front(struct slots *s, struct slot_queue *q, uint32_t i)
{
	s->at[i].queued = true;
	ice_wheel_push_front(s->wheel, q->line, i);
	q->count++;
}

void slots_leave(struct slots *s, struct slot_queue *q, uint32_t i)
{
	if (!s->at[i].queued)
		return;
	s->at[i].queued = false;
	ice_wheel_leave(s->wheel, i);
	q->count--;
}

uint32_t slots_pop(struct slots *s, struct slot_queue *q)
{
	if (q->count == 0)
		return SLOT_NONE;
	uint32_t i = ice_wheel_first(s->wheel, q->line);
	slots_leave(s, q, i);
	return i;
}
