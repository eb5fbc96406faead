/* scanner_state: what the scanner's five parts share.
 *
 *   scanner.c       life of the scanner, pump, deadlines, input's checks, counters
 *   contact.c       first contact: one question to an address, its tries, its answer or silence
 *   conversation.c  a device that answered: second question, waiting, the probe's requests, its end
 *   known.c         a known printer: its steady question
 *   round_trips.c   the histogram of first contacts' round trips
 *
 *   known_begin: a known printer, its steady question due -> the same: emitted; else first contact, but for a pulse
 *   contact_send --silence--> due again (contact_retries) | done (contact_silence)
 *        | reply
 *   contact_reply: a device -> emitted; a printer, or a second question -> conversation_open
 *        conversation_open -> due | waiting --conversation_promote--> due
 *        due -> conversation_send -> reply | silence -> due ... -> conversation_end: emitted
 */
#ifndef SCANNER_STATE_H
#define SCANNER_STATE_H

#include "ice/pacer.h"
#include "ice/rtt.h"
#include "ice/scanner.h"
#include "slots.h"

#define SCANNER_COMMUNITIES 16
#define SCANNER_TRIES       255 /* of first contact, at most */
#define SCANNER_SUBNETS     65536
#define SCANNER_EXCUSES     3 /* times a question begins anew */

enum talk_stage {
	TALK_NONE,
	TALK_STEADY,   /* a known printer, asked whether it has changed */
	TALK_QUESTION, /* a second question of first contact */
	TALK_WAITING,  /* a printer, for its turn */
	TALK_PROBE,    /* in conversation; holds a reserved place */
};

/* A device that answered. Exists only while its slot is TALKING. */
struct talk {
	struct ice_address address;
	enum talk_stage stage;
	enum ice_snmp_version version;
	uint16_t credential;
	uint16_t requests;      /* datagrams, first contact included */
	uint8_t questions;      /* of first contact so far */
	bool silent;            /* the last thing heard was silence */
	enum ice_outcome heard; /* TALK_STEADY: what the answer means */
	bool pulse;             /* TALK_STEADY: silence and page counts are no reason for first contact */
	ice_usec rtt;           /* of first contact; -1 unknown */
	struct ice_rtt host;
	struct ice_probe *probe;
	struct ice_snmp_request *question; /* TALK_QUESTION, TALK_STEADY */
	struct ice_steady *steady;         /* TALK_STEADY */
	struct ice_identity identity;
};

struct ice_scanner {
	struct ice_scanner_options options;
	struct ice_scanner_ops ops;
	void *arg;
	unsigned tries; /* of first contact with one address */
	struct ice_snmp_request first[SCANNER_COMMUNITIES][2];
	/* What comes as the kth: which community, and in which round through all of them. */
	struct scanner_turn {
		uint8_t credential, round;
	} turns[SCANNER_TRIES + SCANNER_COMMUNITIES];

	struct slots slots;
	struct slot_queue talks_due, contacts_due, waiting;
	uint32_t talking;  /* slots in TALK_QUESTION and TALK_PROBE */
	uint16_t *subnets; /* addresses in flight by hashed subnet; NULL without a cap */
	struct ice_address held[ICE_SCANNER_HELD];
	uint32_t held_nth[ICE_SCANNER_HELD]; /* as in their slots, later */
	uint32_t held_count;
	bool held_ready; /* a subnet has got room since they were last looked at */

	struct ice_pacer pacer;
	struct ice_rtt_table rtt;
	uint64_t given;     /* addresses that `next` gave */
	enum ice_next next; /* what `next` said last */
	bool draining;
	bool refused;         /* `send` took no more in the last pump */
	bool stalled;         /* `reserve` gave no place */
	bool cut;             /* the last pump sent as much as one may */
	enum ice_bound bound; /* what the last pump stopped at */
	ice_usec pumped;
	ice_usec lost; /* when replies were last lost in our own receive buffer */
	struct ice_scanner_counters counters;

	struct ice_snmp_message message;
	struct ice_record record;
};

/* Sends the question of a slot; false when `send` takes no more now. */
ICE_MUST_CHECK bool scanner_send(struct ice_scanner *s, uint32_t i, const struct ice_address *to,
                                 const struct ice_snmp_request *question);
/* All tries of a slot's question went unanswered: true when some answer may have been lost on our side since the first of them. Then all of
 * them are to be made once more. */
ICE_MUST_CHECK bool scanner_excuses(struct ice_scanner *s, uint32_t i, ice_usec now);
/* The address of a slot is done: its slot is free again. */
void scanner_finish(struct ice_scanner *s, uint32_t i);

ICE_MUST_CHECK bool contact_send(struct ice_scanner *s, uint32_t i, ice_usec now);
enum ice_verdict contact_reply(struct ice_scanner *s, uint32_t i, ice_usec now);
/* A try of a slot's question went unanswered: true when it is to be asked again. */
ICE_MUST_CHECK bool contact_retries(struct ice_scanner *s, uint32_t i, ice_usec now);
void contact_silence(struct ice_scanner *s, uint32_t i); /* the address is silent */
/* A round trip of first contact is known. */
void round_trips_count(struct ice_scanner_counters *c, ice_usec rtt);
/* Asks the address of a slot all over again, after a pause. */
void contact_again(struct ice_scanner *s, uint32_t i, ice_usec now);

/* True when the slot's address is a known printer whose steady question is what to send. */
bool known_begin(struct ice_scanner *s, uint32_t i);
enum ice_verdict known_reply(struct ice_scanner *s, uint32_t i, ice_usec now);
void known_silence(struct ice_scanner *s, uint32_t i);
#define KNOWN_TRIES 2 /* of a steady question: after a silence first contact tries as well, or the next pulse */

/* The one place where a stage changes. */
void conversation_enter(struct ice_scanner *s, struct talk *talk, enum talk_stage stage);
/* The device is done: it is emitted, its slot is free. */
void conversation_end(struct ice_scanner *s, uint32_t i);
void conversation_free(struct talk *talk);
bool conversation_speaks(const struct ice_scanner *s, enum ice_snmp_version version);
/* The slot's address answered as `heard` says (lent): emits it, or converses in the slot with a copy of it, which is in no queue and not on the wheel. */
void conversation_open(struct ice_scanner *s, uint32_t i, ice_usec now, struct talk *heard);
/* True when no conversation may begin now. */
bool conversation_full(const struct ice_scanner *s);
/* Lets waiting printers begin. */
void conversation_promote(struct ice_scanner *s);
ICE_MUST_CHECK bool conversation_send(struct ice_scanner *s, uint32_t i, ice_usec now);
enum ice_verdict conversation_reply(struct ice_scanner *s, uint32_t i, ice_usec now);
void conversation_silence(struct ice_scanner *s, uint32_t i, ice_usec now);
/* Lets go of what the slot holds, without emitting. */
void conversation_drop(struct ice_scanner *s, uint32_t i);

#endif
