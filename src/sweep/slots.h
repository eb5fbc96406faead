/* slots: the requests in flight. The pool is the bound: no free slot, no new request.
 *
 * A slot is taken for an address and freed when the address is done. In between it is always in one place: on the
 * wheel (asked, waiting for the answer), in a queue (its next datagram is due, or it waits its turn), or nowhere while a function
 * works on it. A free slot's memory is not touched until it is first needed. */
#ifndef SLOTS_H
#define SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/address.h"
#include "ice/random.h"
#include "ice/snmp.h"
#include "ice/wheel.h"

#define SLOT_NONE       UINT32_MAX
#define SLOT_NTHS       (UINT32_C(1) << 30)
#define SLOT_LAST_SHIFT 14   /* 16.4 ms: a round trip that is measured by it is as much too long, never too short */
#define SLOT_LAST_LATER 1023 /* 16 s or more */

enum slot_state { SLOT_FREE, SLOT_ASKING, SLOT_TALKING };

struct talk;

/* Sixteen bytes, and the wheel's eight: at full speed a second's worth of silent addresses stands here. */
struct slot {
	uint32_t
	        of; /* ASKING: an IPv4 address, of IPv6 all is in slots.v6; TALKING: the number of its talk; FREE: the next free one */
	uint32_t first;        /* when its first try went out: microseconds, modulo 2^32 */
	uint32_t nth : 30;     /* its address was the nth that `next` gave, modulo 2^30 */
	uint32_t question : 2; /* ASKING: how many were asked before, modulo 4 */
	uint8_t tries;         /* of the present request so far */
	uint8_t state : 2;     /* enum slot_state */
	bool queued : 1;       /* it stands in a queue */
	bool v1_first : 1;     /* ASKING: what to try first, of a device that is known */
	uint8_t first_credential : 4;
	uint16_t excused : 2; /* times the present question began anew, since replies were lost on our side */
	uint16_t before : 4;  /* ASKING: datagrams that went to the address before, for a question that led nowhere */
	uint16_t last : 10; /* ASKING: when its last try went out: units of 16 ms after the first, or SLOT_LAST_LATER */
};
_Static_assert(sizeof(struct slot) + ICE_WHEEL_SLOT_BYTES <= 24, "24 bytes per request in flight, deadline included");

/* Slots in order, first in first out; any may leave from the middle. */
struct slot_queue {
	unsigned line; /* of the wheel */
	uint32_t count;
};

/* What a slot that talks points to, by number: few do. */
struct slot_talks {
	struct slot_talk {
		struct talk *talk;
		uint32_t question; /* how many were asked before */
		uint32_t spare;    /* of the free numbers, which are a stack: the nth */
	} * at;
	uint32_t room, used, spare_count;
};

struct slots {
	uint32_t window, bits; /* most in use; an index takes so many bits */
	uint32_t used, peak;   /* occupied */
	uint32_t fresh, free;  /* never used yet from here on; list of those used before */
	struct slot *at;
	struct ice_address *v6; /* made at the first IPv6 target */
	struct ice_wheel *wheel;
	struct slot_talks talks;
	uint64_t secret[2]; /* what makes request-ids hard to guess */
};

/* `random` is for the secret alone. */
void slots_init(struct slots *s, uint32_t window, struct ice_random *random, ice_usec now);
void slots_fini(struct slots *s);

/* For the nth address. SLOT_NONE when all are in use. State ASKING. */
uint32_t slots_take(struct slots *s, const struct ice_address *address, uint32_t nth);
void slots_free(struct slots *s, uint32_t i); /* takes it off the wheel; it stands in no queue */

/* Of an ASKING slot. */
static inline struct ice_address slots_address(const struct slots *s, uint32_t i)
{
	if (s->v6)
		return s->v6[i];
	return ice_address_v4(s->at[i].of);
}

/* It is ASKING this address (again): whatever talk it had is forgotten, not freed. */
void slots_ask(struct slots *s, uint32_t i, const struct ice_address *address);
/* It is TALKING from now on. */
void slots_set_talk(struct slots *s, uint32_t i, struct talk *talk);

static inline struct talk *slots_talk(const struct slots *s, uint32_t i)
{
	return s->talks.at[s->at[i].of].talk;
}

/* A new question: no tries yet, and an id that none of the last ones had: a late answer to those is a stray. */
void slots_question(struct slots *s, uint32_t i);

/* The request-id of its present question, the same for all tries. It is not kept but made of the slot's number, of whose address stands
 * in it, and of how many questions that was asked before; hard to guess for whoever knows no secret. */
uint32_t slots_id(const struct slots *s, uint32_t i);
/* The slot whose present question has this id, or SLOT_NONE. */
uint32_t slots_find(const struct slots *s, uint32_t id);

void slots_queue_init(struct slot_queue *q, unsigned line);
void slots_push(struct slots *s, struct slot_queue *q, uint32_t i);
void slots_push_front(struct slots *s, struct slot_queue *q, uint32_t i);
uint32_t slots_pop(struct slots *s, struct slot_queue *q);
void slots_leave(struct slots *s, struct slot_queue *q, uint32_t i); /* no-op when it stands in none */

#endif
