#include <stddef.h>
#include <string.h>

#include "scanner_state.h"

#define CONTACT_PAUSE ICE_USEC_SEC(1)
/* What is lost is often lost in a row: a moment without air, a device or a switch that is overrun by the sweep itself. A retry that comes
 * sooner than this would share the fate of the first try, and all that waiting costs is a slot. */
#define CONTACT_SPACING ICE_USEC_MSEC(300)

/* The communities in turn, from that on which was good last. */
static unsigned contact_credential(const struct ice_scanner *s, const struct slot *slot, unsigned attempt)
{
	return s->turns[attempt + slot->first_credential].credential;
}

static enum ice_snmp_version contact_version(const struct ice_scanner *s, const struct slot *slot, unsigned attempt)
{
	unsigned round = s->turns[attempt].round + slot->v1_first;
	if (s->options.v1 && s->options.v2c)
		return round % 2 == 0 ? ICE_SNMP_V2C : ICE_SNMP_V1;
	return s->options.v2c ? ICE_SNMP_V2C : ICE_SNMP_V1;
}

/* How many of its tries were made; all, once they are made anew. */
static unsigned contact_made(const struct ice_scanner *s, const struct slot *slot)
{
	return slot->excused > 0 ? s->tries : slot->tries;
}

/* How long is waited after a try, where the answers so far suggest `learned`. */
static ice_usec contact_wait(const struct ice_scanner_options *o, ice_usec learned)
{
	if (o->timeout > 0)
		return o->timeout;
	return learned < CONTACT_SPACING ? CONTACT_SPACING : learned;
}

ice_usec ice_scanner_hold(const struct ice_scanner_options *options, bool heard)
{
	const struct ice_rtt others = {.smoothed = heard ? 1 : 0};
	unsigned communities = (unsigned)options->community_count, tries = (options->retries + 1) * communities;
	ice_usec hold = 0;
	for (unsigned attempt = 0; attempt < tries; attempt++)
		hold += contact_wait(options, ice_rtt_wait(&others, attempt / communities, attempt + 1 == tries));
	return hold;
}

bool contact_send(struct ice_scanner *s, uint32_t i, ice_usec now)
{
	struct slot *slot = &s->slots.at[i];
	unsigned attempt = slot->tries;
	const struct ice_address to = slots_address(&s->slots, i);
	if (!scanner_send(s, i, &to,
	                  &s->first[contact_credential(s, slot, attempt)][contact_version(s, slot, attempt)]))
		return false;
	if (attempt == 0)
		slot->first = (uint32_t)now;
	else
		s->counters.retries_sent++;
	uint32_t last = ((uint32_t)now - slot->first) >> SLOT_LAST_SHIFT;
	slot->last = (last < SLOT_LAST_LATER ? last : SLOT_LAST_LATER) & 1023;
	s->counters.identify_sent++;
	slot->tries++;
	ice_usec learned = 0;
	if (s->options.timeout <= 0)
		learned = ice_rtt_table_timeout(&s->rtt, &to, s->turns[attempt].round, slot->tries >= s->tries);
	ice_wheel_arm(s->slots.wheel, i, now + contact_wait(&s->options, learned));
	return true;
}

bool contact_retries(struct ice_scanner *s, uint32_t i, ice_usec now)
{
	return s->slots.at[i].tries < s->tries || scanner_excuses(s, i, now);
}

void contact_silence(struct ice_scanner *s, uint32_t i)
{
	const struct slot *slot = &s->slots.at[i];
	if (s->options.silences) {
		struct ice_finding finding = {.address = slots_address(&s->slots, i),
		                              .outcome = ICE_OUTCOME_SILENT,
		                              .requests = (uint16_t)(slot->before + slot->tries),
		                              .rtt = -1};
		scanner_finish(s, i);
		s->ops.emit(&finding, s->arg);
		return;
	}
	scanner_finish(s, i);
}

void contact_again(struct ice_scanner *s, uint32_t i, ice_usec now)
{
	slots_question(&s->slots, i);
	ice_wheel_arm(s->slots.wheel, i, now + CONTACT_PAUSE);
}

/* Which of the communities tried so far the message names; -1 when none. */
static int contact_find_credential(const struct ice_scanner *s, const struct slot *slot)
{
	for (unsigned attempt = 0; attempt < s->options.community_count && attempt < contact_made(s, slot); attempt++) {
		unsigned c = contact_credential(s, slot, attempt);
		if (ice_secret_same(&s->options.communities[c], s->message.community, s->message.community_len))
			return (int)c;
	}
	return -1;
}

/* How many of the tries so far spoke this version with this community; and which was the latest. */
static unsigned contact_asked(const struct ice_scanner *s, const struct slot *slot, unsigned credential,
                              enum ice_snmp_version version, unsigned *latest)
{
	unsigned asked = 0;
	for (unsigned attempt = 0; attempt < contact_made(s, slot); attempt++) {
		if (contact_credential(s, slot, attempt) != credential || contact_version(s, slot, attempt) != version)
			continue;
		*latest = attempt;
		asked++;
	}
	return asked;
}

/* The question was answered, after it was asked so often in the answer's version, with its community. */
static void contact_count(struct ice_scanner *s, const struct slot *slot, unsigned asked, unsigned latest)
{
	unsigned versions = s->options.v1 && s->options.v2c ? 2 : 1;
	if (latest + 1 != contact_made(s, slot))
		s->counters.late++;
	if (slot->excused > 0)
		return;
	s->counters.answered[latest < 3 ? latest : 3]++;
	if (s->message.version != contact_version(s, slot, 0))
		s->counters.other++;
	else if (s->options.retries >= versions && asked <= 2)
		s->counters.same[asked - 1]++;
}

/* Learns from an answer that came `since` after the first try: where its version and community were asked once, when that was. Gives back its
 * round trip, exact, where that was the first try; else -1. */
static ice_usec contact_learn(struct ice_scanner *s, const struct slot *slot, const struct ice_address *address,
                              ice_usec since, unsigned asked, unsigned latest)
{
	bool last = latest > 0 && latest + 1 == slot->tries && slot->last < SLOT_LAST_LATER;
	bool sure = asked == 1 && slot->excused == 0 && (latest == 0 || last);
	ice_usec sent = sure && last ? (ice_usec)slot->last << SLOT_LAST_SHIFT : 0;
	ice_rtt_table_sample(&s->rtt, address, since - sent, !sure);
	return sure && latest == 0 ? since : -1;
}

enum ice_verdict contact_reply(struct ice_scanner *s, uint32_t i, ice_usec now)
{
	struct slot *slot = &s->slots.at[i];
	int credential = contact_find_credential(s, slot);
	if (credential < 0)
		return ICE_VERDICT_COMMUNITY;
	unsigned latest = 0, asked = contact_asked(s, slot, (unsigned)credential, s->message.version, &latest);
	if (asked == 0)
		return ICE_VERDICT_VERSION;
	struct ice_snmp_request question;
	struct talk talk;
	memset(&talk, 0, offsetof(struct talk, identity)); /* what is behind is a kilobyte, and filled in here */
	enum ice_verdict verdict = ice_probe_identify(s->options.profiles, &s->message,
	                                              &s->options.communities[credential], &talk.identity, &question);
	if (verdict != ICE_VERDICT_OK)
		return verdict;

	contact_count(s, slot, asked, latest);
	struct ice_address address = slots_address(&s->slots, i);
	ice_usec since = (ice_usec)((uint32_t)now - slot->first);
	ice_usec rtt = contact_learn(s, slot, &address, since, asked, latest);
	if (rtt >= 0)
		round_trips_count(&s->counters, rtt);

	/* It may have answered while its retry was due already. */
	slots_leave(&s->slots, &s->contacts_due, i);
	ice_wheel_cancel(s->slots.wheel, i);

	talk.address = address;
	talk.version = s->message.version;
	talk.credential = (uint16_t)credential;
	talk.requests = (uint16_t)(slot->before + slot->tries);
	talk.questions = 1;
	talk.rtt = rtt;
	talk.question = question.len > 0 ? &question : NULL;
	if (rtt >= 0)
		ice_rtt_sample(&talk.host, rtt);
	conversation_open(s, i, now, &talk);
	return ICE_VERDICT_OK;
}
