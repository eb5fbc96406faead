/* talk: the inside of one conversation, shared by its three parts: probe.c (its life), plan.c (what to ask next) and
 * take.c (what an answer means).
 *
 * phases: MAIN (instances by GET, then tables by GETBULK; both by GETNEXT where GETBULK or v2c does not work)
 *         -> LATE (rungs asked only when those before gave nothing) -> CHARSET (only when a text needs it) -> OVER */
#ifndef ICE_PRINTER_TALK_H
#define ICE_PRINTER_TALK_H

#include "ice/probe.h"

#include "answers.h"
#include "compiled.h"
#include "requests.h"

enum talk_phase { TALK_MAIN, TALK_LATE, TALK_CHARSET, TALK_OVER };

#define TALK_ASKED_MAX ICE_REQUEST_NAMES /* varbinds in one request */

/* What the request under way asks. */
struct talk_asked {
	enum ice_snmp_pdu pdu;
	unsigned repetitions;
	unsigned varies; /* which name holds the polled address; TALK_ASKED_MAX = none */
	size_t count;
	uint8_t wants[TALK_ASKED_MAX];
	struct ice_request_name names[TALK_ASKED_MAX];
};

struct ice_probe {
	const struct ice_profile *profile;
	struct ice_address ip;
	enum ice_snmp_version version;
	struct ice_secret community;
	struct ice_probe_options options;

	enum talk_phase phase;
	struct ice_want_set pending;  /* still to be asked, or a column whose end was not seen */
	struct ice_want_set stumbled; /* it erred, or did not increase, once: the second time it is given up */
	bool bulk;                    /* GETBULK may be used */
	bool plain;                   /* GETNEXT for everything */
	unsigned varbinds_max;        /* in one request; halved by tooBig and silence */
	unsigned reply_bytes;         /* what GETBULK aims at */
	unsigned requests, silences, silences_now;
	uint32_t model;    /* expected.h */
	unsigned expected; /* rows that tables of this model had; 0 = not known */
	bool built;        /* request and asked are valid */

	/* From here on nothing is cleared when a conversation begins: it is big, and little of it is used. */
	struct ice_identity identity;
	struct talk_asked asked;
	struct ice_snmp_request request;
	struct ice_answers answers;
};

/* plan.c: fills asked with what to ask next, and `names` with their names; false when nothing of this phase is pending. */
ICE_MUST_CHECK bool ice_talk_plan(struct ice_probe *p, struct ice_oid names[TALK_ASKED_MAX]);

/* plan.c: the instance of a want on this device. False when its index is not known or it does not fit. */
ICE_MUST_CHECK bool ice_talk_instance(const struct ice_probe *p, const struct ice_want *w, struct ice_oid *out);

/* plan.c: the column whose rows tell which rows this one has; -1 when none is asked before it. */
int ice_talk_leader(const struct ice_probe *p, size_t want);

/* take.c: an answer to `asked`. OIDS: not an answer to it. */
ICE_MUST_CHECK enum ice_verdict ice_talk_take(struct ice_probe *p, const struct ice_snmp_message *reply);

#endif
