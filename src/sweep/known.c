/* A printer that is known: one question, and what follows from its answer. */
#include <stdlib.h>

#include "scanner_state.h"

/* What the slot's first contact begins with. */
static void known_prefer(struct ice_scanner *s, uint32_t i, enum ice_snmp_version version, uint16_t credential)
{
	struct slot *slot = &s->slots.at[i];
	slot->v1_first = version == ICE_SNMP_V1;
	slot->first_credential = credential < s->options.community_count ? (uint8_t)credential : 0;
}

/* The steady question of a known printer; false when there is none to ask. */
static bool known_question(const struct ice_scanner *s, const struct ice_known_target *known,
                           struct ice_snmp_request *out)
{
	const struct ice_steady *steady = &known->steady;
	bool asks = known->ask == ICE_KNOWN_PULSE || (known->ask == ICE_KNOWN_CHANGED && steady->whole);
	return asks && steady->count > 0 && steady->credential < s->options.community_count &&
	       conversation_speaks(s, steady->version) &&
	       ice_steady_request(steady, s->options.profiles, &s->options.communities[steady->credential], out);
}

bool known_begin(struct ice_scanner *s, uint32_t i)
{
	struct ice_known_target known;
	struct ice_snmp_request question;
	struct ice_address address = slots_address(&s->slots, i);
	if (!s->ops.known(&address, &known, s->arg))
		return false;
	known_prefer(s, i, known.version, known.credential);
	if (!known_question(s, &known, &question))
		return false;
	struct talk *talk = calloc(1, sizeof(*talk));
	if (!talk || !(talk->steady = malloc(sizeof(*talk->steady))) ||
	    !(talk->question = malloc(sizeof(*talk->question))))
		abort();
	*talk->steady = known.steady;
	*talk->question = question;
	talk->address = address;
	talk->version = known.steady.version;
	talk->credential = known.steady.credential;
	talk->pulse = known.ask == ICE_KNOWN_PULSE;
	talk->rtt = -1;
	if (known.rtt > 0)
		ice_rtt_sample(&talk->host, known.rtt);
	slots_set_talk(&s->slots, i, talk);
	conversation_enter(s, talk, TALK_STEADY);
	slots_question(&s->slots, i);
	return true;
}

/* What was known of the slot's address holds no more: first contact with it is due. */
static void known_contact(struct ice_scanner *s, uint32_t i)
{
	struct slot *slot = &s->slots.at[i];
	struct talk *talk = slots_talk(&s->slots, i);
	slots_ask(&s->slots, i, &talk->address);
	slot->before = (uint8_t)talk->requests;
	known_prefer(s, i, talk->version, talk->credential);
	conversation_free(talk);
	slots_question(&s->slots, i);
	slots_push(&s->slots, &s->contacts_due, i);
}

/* A known printer is silent, and it is left at that. */
static void known_missed(struct ice_scanner *s, uint32_t i)
{
	struct talk *talk = slots_talk(&s->slots, i);
	struct ice_finding finding = {
	        .address = talk->address, .outcome = ICE_OUTCOME_SILENT, .requests = talk->requests, .rtt = -1};
	conversation_enter(s, talk, TALK_NONE);
	scanner_finish(s, i);
	conversation_free(talk);
	if (s->options.silences)
		s->ops.emit(&finding, s->arg);
}

/* The answer to a steady question: the end, or the beginning of everything else. */
enum ice_verdict known_reply(struct ice_scanner *s, uint32_t i, ice_usec now)
{
	struct slot *slot = &s->slots.at[i];
	struct talk *talk = slots_talk(&s->slots, i);
	if (s->message.version != talk->version)
		return ICE_VERDICT_VERSION;
	enum ice_steady_answer answer = ice_steady_compare(talk->steady, &s->message);
	if (answer == ICE_STEADY_NOT_OURS)
		return ICE_VERDICT_OIDS;
	ice_usec since = (ice_usec)((uint32_t)now - slot->first);
	ice_rtt_table_sample(&s->rtt, &talk->address, since, slot->tries > 1 || slot->excused > 0);
	talk->rtt = since;
	slots_leave(&s->slots, &s->talks_due, i);
	ice_wheel_cancel(s->slots.wheel, i);
	talk->heard = answer == ICE_STEADY_PAGES ? ICE_OUTCOME_PAGES : ICE_OUTCOME_UNCHANGED;
	if (answer == ICE_STEADY_SAME || (answer == ICE_STEADY_PAGES && talk->pulse))
		conversation_end(s, i);
	else
		known_contact(s, i);
	return ICE_VERDICT_OK;
}

void known_silence(struct ice_scanner *s, uint32_t i)
{
	if (slots_talk(&s->slots, i)->pulse)
		known_missed(s, i);
	else
		known_contact(s, i);
}
