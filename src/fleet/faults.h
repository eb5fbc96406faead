/* faults: what devices do that no standard allows, one row each.
 *
 * A fault sees the request and the answer the device would give, and makes of it what it likes: other bytes, other timing,
 * another source, several copies, or nothing. It never allocates, and what it sends is bounded like any answer. */
#ifndef FLEET_FAULTS_H
#define FLEET_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "device.h"
#include "ice/random.h"
#include "ice/recording.h"
#include "ice/snmp.h"

/* What is about to be sent; filled with the good answer before the fault acts. */
struct ice_faults_reply {
	uint8_t *bytes;
	size_t n, size;
	unsigned copies; /* 0 = silence */
	ice_usec delay;  /* beyond the site's latency */
	bool other_port;
	uint32_t from; /* host order */
};

struct ice_fault;

/* What a fault is given. */
struct ice_faults_call {
	const struct ice_fault *fault; /* its own row */
	const uint8_t *request;
	size_t request_len;
	struct ice_snmp_message *message; /* the request read; a fault may change it and ask again */
	struct ice_recording_agent *agent;
	struct ice_device *device; /* `asked` counts this request too */
	struct ice_random *random;
	ice_usec now;
	struct ice_faults_reply *reply;
	struct ice_snmp_message *answer; /* room for reading the answer */
	uint8_t *scratch;                /* room for writing another, as large as the reply's */
};

typedef void ice_faults_act_fn(const struct ice_faults_call *call);

/* Which requests it spoils. */
enum ice_faults_when {
	ICE_FAULTS_ALWAYS,
	ICE_FAULTS_FIRST,       /* the first request the device ever got */
	ICE_FAULTS_LATER,       /* all but the first */
	ICE_FAULTS_FROM_THIRD,  /* the third and all that follow */
	ICE_FAULTS_THREE,       /* the second to the fourth */
	ICE_FAULTS_EVERY_OTHER, /* the first, the third, ... */
	ICE_FAULTS_EVERY_THIRD,
	ICE_FAULTS_GET,
	ICE_FAULTS_WALK, /* GETNEXT and GETBULK */
	ICE_FAULTS_BULK,
	ICE_FAULTS_SEVERAL, /* of more than one varbind */
	ICE_FAULTS_MANY,    /* of more than four */
	ICE_FAULTS_LONG,    /* longer than 200 bytes */
	ICE_FAULTS_IN_V1,
	ICE_FAULTS_IN_V2C,
};

/* What becomes of the good answer. Beside it, the spoilt one is forged too: every fact in it is another. */
enum ice_faults_beside { ICE_FAULTS_INSTEAD, ICE_FAULTS_BEFORE, ICE_FAULTS_BEHIND };

struct ice_fault {
	const char *name;
	ice_faults_act_fn *act;
	const char *help;
	enum ice_faults_when when;
	/* What the act is about; each says what it makes of these. */
	int32_t number, other;
	const char *bytes;
	size_t len;
	enum ice_faults_beside beside;
	/* Facts of the record (its keys, with blanks between) that are others by what the device itself says; no reader can know better.
	 * NULL = whatever is read must be true. */
	const char *lies;
	bool whole; /* a good reader reads everything all the same */
};

/* Ends with name == NULL. */
extern const struct ice_fault ice_faults[];

/* Lets the fault act, when the request is one that it spoils. call->fault need not be set. */
void ice_faults_apply(const struct ice_fault *fault, const struct ice_faults_call *call);

/* Index by name, or -1. */
int ice_faults_find(const char *name);
void ice_faults_list(FILE *to);

/* Which share of the printers has which fault. */
#define ICE_FAULTS_PLANNED 64
struct ice_faults_plan {
	struct ice_faults_share {
		int fault;      /* index, or ICE_FAULTS_ANY: one of all, dealt in turn */
		double percent; /* of the printers */
	} shares[ICE_FAULTS_PLANNED];
	size_t count;
};
#define ICE_FAULTS_ANY (-1)

/* "NAME" or "NAME:PCT"; NAME may be "any". False with a reason and what would be right. */
ICE_MUST_CHECK bool ice_faults_plan_add(struct ice_faults_plan *plan, const char *text, char *why, size_t why_size);
/* The fault + 1 of printer `number` of `count`; 0 = behaves. Exact shares, spread evenly. */
uint8_t ice_faults_of(const struct ice_faults_plan *plan, uint64_t number, uint64_t count);

#endif
