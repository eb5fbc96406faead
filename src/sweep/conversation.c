#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "scanner_state.h"

#define CONVERSATION_FLOOR     ICE_USEC_SEC(1) /* a table costs a slow printer more time than its name did */
#define CONVERSATION_CEIL      ICE_USEC_SEC(8)
#define CONVERSATION_QUESTIONS 4 /* of first contact with one device, at most */
/* Requests that are due. While so many wait for the pump, one conversation more would answer nobody sooner, but be one more to remember:
 * on a fast network some dozens at a time keep the processor busy, and their memory stays in its cache. */
#define CONVERSATION_DUE 64

void conversation_enter(struct ice_scanner *s, struct talk *talk, enum talk_stage stage)
{
	s->talking -= talk->stage == TALK_QUESTION || talk->stage == TALK_PROBE;
	s->talking += stage == TALK_QUESTION || stage == TALK_PROBE;
	talk->stage = stage;
}

void conversation_free(struct talk *talk)
{
	ice_probe_free(talk->probe);
	free(talk->question);
	free(talk->steady);
	free(talk);
}

/* The one place where a device that answered ends: its slot is freed, then it is told. `talk` stays the caller's. */
static void conversation_emit(struct ice_scanner *s, uint32_t i, struct talk *talk)
{
	struct ice_finding finding = {.address = talk->address,
	                              .outcome = talk->identity.printer ? ICE_OUTCOME_PRINTER : ICE_OUTCOME_DEVICE,
	                              .identity = &talk->identity,
	                              .version = talk->version,
	                              .credential = talk->credential,
	                              .requests = talk->requests,
	                              .rtt = talk->rtt,
	                              .complete = !talk->silent};
	struct ice_steady steady;
	bool unchanged = talk->stage == TALK_STEADY;
	if (unchanged) {
		finding.outcome = talk->heard;
		finding.identity = NULL;
	}
	if (talk->probe) {
		ice_probe_record(talk->probe, s->options.wall(), &s->record);
		finding.record = &s->record;
		finding.version = ice_probe_version(talk->probe);
		if (s->ops.known && !talk->silent && ice_steady_take(talk->probe, talk->credential, &steady))
			finding.steady = &steady;
	}
	s->counters.devices++;
	s->counters.printers += unchanged || talk->identity.printer;
	s->counters.unchanged += unchanged;
	s->counters.incomplete += talk->silent;
	conversation_enter(s, talk, TALK_NONE);
	scanner_finish(s, i);
	s->ops.emit(&finding, s->arg);
}

void conversation_end(struct ice_scanner *s, uint32_t i)
{
	struct talk *talk = slots_talk(&s->slots, i);
	conversation_emit(s, i, talk);
	conversation_free(talk);
}

/* A request is due, with an id of its own. */
static void conversation_due(struct ice_scanner *s, uint32_t i)
{
	slots_question(&s->slots, i);
	slots_push(&s->slots, &s->talks_due, i);
}

bool conversation_speaks(const struct ice_scanner *s, enum ice_snmp_version version)
{
	return version == ICE_SNMP_V1 ? s->options.v1 : s->options.v2c;
}

/* The probe's next request is due, or it has no more, or none in a version that may be spoken. */
static void conversation_next(struct ice_scanner *s, uint32_t i)
{
	struct talk *talk = slots_talk(&s->slots, i);
	if (!ice_probe_request(talk->probe)) {
		conversation_end(s, i);
	} else if (!conversation_speaks(s, ice_probe_version(talk->probe))) {
		talk->silent = true;
		conversation_end(s, i);
	} else {
		conversation_due(s, i);
	}
}

static bool conversation_wants_probe(const struct ice_scanner *s, const struct talk *talk)
{
	return talk->identity.printer && !s->options.discover;
}

bool conversation_full(const struct ice_scanner *s)
{
	return s->talking >= s->options.conversations || s->talks_due.count >= CONVERSATION_DUE;
}

/* Begins what the device is to be asked next; false when there is no place for it now. */
static bool conversation_begin(struct ice_scanner *s, uint32_t i)
{
	struct talk *talk = slots_talk(&s->slots, i);
	if (conversation_full(s))
		return false;
	if (talk->question) {
		conversation_enter(s, talk, TALK_QUESTION);
		conversation_due(s, i);
		return true;
	}
	if (!s->ops.reserve(s->arg)) {
		s->stalled = true;
		return false;
	}
	talk->probe = ice_probe_new(&talk->identity, &talk->address, talk->version,
	                            &s->options.communities[talk->credential], &s->options.probe);
	conversation_enter(s, talk, TALK_PROBE);
	conversation_next(s, i);
	return true;
}

/* Ends, begins, waits; or starts over when too many wait. */
static void conversation_settle(struct ice_scanner *s, uint32_t i, ice_usec now)
{
	struct talk *talk = slots_talk(&s->slots, i);
	bool had_place = talk->stage == TALK_QUESTION;
	conversation_enter(s, talk, TALK_NONE);
	if (!talk->question && !conversation_wants_probe(s, talk)) {
		conversation_end(s, i);
		return;
	}
	/* Who has a place goes on in it; who comes new stands behind those who wait. */
	if ((had_place || s->waiting.count == 0) && conversation_begin(s, i))
		return;
	if (s->waiting.count < ICE_SCANNER_WAITING_MAX) {
		conversation_enter(s, talk, TALK_WAITING);
		slots_question(&s->slots, i); /* nothing is in flight: what still comes is a stray */
		if (had_place)
			slots_push_front(&s->slots, &s->waiting, i);
		else
			slots_push(&s->slots, &s->waiting, i);
		return;
	}
	slots_ask(&s->slots, i, &talk->address);
	conversation_free(talk);
	contact_again(s, i, now);
}

void conversation_open(struct ice_scanner *s, uint32_t i, ice_usec now, struct talk *heard)
{
	if (!heard->question && !conversation_wants_probe(s, heard)) {
		conversation_emit(s, i, heard); /* most devices end here: without an allocation */
		return;
	}
	struct talk *talk = malloc(sizeof(*talk));
	if (!talk)
		abort();
	memcpy(talk, heard, offsetof(struct talk, identity));
	ice_identity_copy(&talk->identity, &heard->identity);
	if (heard->question) {
		talk->question = malloc(sizeof(*talk->question));
		if (!talk->question)
			abort();
		*talk->question = *heard->question;
	}
	slots_set_talk(&s->slots, i, talk);
	conversation_settle(s, i, now);
}

void conversation_promote(struct ice_scanner *s)
{
	s->stalled = false;
	uint32_t i;
	while ((i = slots_pop(&s->slots, &s->waiting)) != SLOT_NONE) {
		if (conversation_begin(s, i))
			continue;
		slots_push_front(&s->slots, &s->waiting, i);
		return;
	}
}

/* How long to wait after try number `attempt`. */
static ice_usec conversation_wait(const struct ice_scanner *s, const struct talk *talk, unsigned attempt)
{
	ice_usec wait = s->options.timeout, ceil = CONVERSATION_CEIL;
	if (wait <= 0) {
		wait = ice_rtt_timeout(&talk->host);
		if (wait < CONVERSATION_FLOOR)
			wait = CONVERSATION_FLOOR;
	}
	if (ceil < wait)
		ceil = wait;
	wait <<= attempt < 8 ? attempt : 8;
	return wait < ceil ? wait : ceil;
}

bool conversation_send(struct ice_scanner *s, uint32_t i, ice_usec now)
{
	struct slot *slot = &s->slots.at[i];
	struct talk *talk = slots_talk(&s->slots, i);
	const struct ice_snmp_request *r = talk->stage == TALK_PROBE ? ice_probe_request(talk->probe) : talk->question;
	if (!scanner_send(s, i, &talk->address, r))
		return false;
	if (slot->tries == 0)
		slot->first = (uint32_t)now;
	else
		s->counters.retries_sent++;
	talk->requests++;
	ice_wheel_arm(s->slots.wheel, i, now + conversation_wait(s, talk, slot->tries));
	slot->tries++;
	return true;
}

/* The answer to a second question of first contact. */
static enum ice_verdict conversation_answer(struct ice_scanner *s, struct talk *talk)
{
	if (s->message.version != talk->version) /* the one it was asked in */
		return ICE_VERDICT_VERSION;
	struct ice_snmp_request question = {.len = 0};
	struct ice_identity identity;
	enum ice_verdict verdict = ice_probe_identify(s->options.profiles, &s->message,
	                                              &s->options.communities[talk->credential], &identity, &question);
	if (verdict != ICE_VERDICT_OK)
		return verdict;
	/* An error takes nothing back of what the first answer told. */
	if (s->message.error_status == ICE_SNMP_NO_ERROR || !talk->identity.printer)
		talk->identity = identity;
	talk->questions++;
	if (question.len > 0 && talk->questions < CONVERSATION_QUESTIONS) {
		*talk->question = question;
	} else {
		free(talk->question);
		talk->question = NULL;
	}
	return ICE_VERDICT_OK;
}

enum ice_verdict conversation_reply(struct ice_scanner *s, uint32_t i, ice_usec now)
{
	struct slot *slot = &s->slots.at[i];
	struct talk *talk = slots_talk(&s->slots, i);
	if (!ice_secret_same(&s->options.communities[talk->credential], s->message.community, s->message.community_len))
		return ICE_VERDICT_COMMUNITY;
	if (talk->stage == TALK_STEADY)
		return known_reply(s, i, now);
	enum ice_verdict verdict;
	if (talk->stage == TALK_QUESTION)
		verdict = conversation_answer(s, talk);
	else if (s->message.version != ice_probe_version(talk->probe))
		verdict = ICE_VERDICT_VERSION;
	else
		verdict = ice_probe_reply(talk->probe, &s->message);
	if (verdict != ICE_VERDICT_OK)
		return verdict;

	if (slot->tries == 1 && slot->excused == 0)
		ice_rtt_sample(&talk->host, (ice_usec)((uint32_t)now - slot->first));
	talk->silent = false;
	slots_leave(&s->slots, &s->talks_due, i);
	ice_wheel_cancel(s->slots.wheel, i);
	if (talk->stage == TALK_QUESTION)
		conversation_settle(s, i, now);
	else
		conversation_next(s, i);
	return ICE_VERDICT_OK;
}

void conversation_silence(struct ice_scanner *s, uint32_t i, ice_usec now)
{
	struct slot *slot = &s->slots.at[i];
	struct talk *talk = slots_talk(&s->slots, i);
	unsigned tries = s->options.retries + 1 > 2 ? s->options.retries + 1 : 2;
	if (talk->stage == TALK_STEADY)
		tries = KNOWN_TRIES;
	if (slot->tries < tries || scanner_excuses(s, i, now)) {
		slots_push(&s->slots, &s->talks_due, i);
		return;
	}
	if (talk->stage == TALK_STEADY) {
		known_silence(s, i);
		return;
	}
	talk->silent = true;
	if (talk->stage == TALK_QUESTION) { /* what the first answer told has to do */
		free(talk->question);
		talk->question = NULL;
		conversation_settle(s, i, now);
		return;
	}
	ice_probe_silence(talk->probe);
	conversation_next(s, i);
}

void conversation_drop(struct ice_scanner *s, uint32_t i)
{
	struct talk *talk = slots_talk(&s->slots, i);
	if (talk->stage == TALK_PROBE)
		s->ops.release(s->arg);
	conversation_free(talk);
}
