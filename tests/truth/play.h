/* play: a recording as an agent, asked by first contact and a conversation, without a network. */
#ifndef TESTS_TRUTH_PLAY_H
#define TESTS_TRUTH_PLAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/probe.h"
#include "ice/recording.h"

struct play {
	const struct ice_profiles *profiles;
	const struct ice_recording *recording;
	enum ice_snmp_version version;
	bool v1_only;
	size_t reply_max;
	bool alert_text;
	struct ice_address ip;
	/* what came of it */
	struct ice_identity identity;
	struct ice_probe *probe; /* NULL when not a printer; free it with play_end */
	unsigned requests;       /* first contact included */
	size_t bytes_out, bytes_in, largest_in;
	void (*seen)(const struct ice_snmp_message *request, void *arg); /* every request; may be NULL */
	ice_recording_override_fn *override; /* what the agent says otherwise; may be NULL */
	void *arg;
};

/* One request and its answer; false for silence. */
static bool play_ask(struct play *p, const struct ice_snmp_request *request, struct ice_snmp_message *reply,
                     uint8_t bytes[static 65535])
{
	static struct ice_snmp_message question;
	struct ice_recording_agent agent = {.recording = p->recording,
	                                    .override = p->override,
	                                    .arg = p->arg,
	                                    .reply_max = p->reply_max,
	                                    .v1_only = p->v1_only};
	struct ice_snmp_request copy = *request;
	ice_snmp_patch_id(copy.bytes, copy.id_at, 0x41424344);
	p->requests++;
	p->bytes_out += copy.len;
	if (ice_snmp_read(copy.bytes, copy.len, &question) != ICE_VERDICT_OK)
		abort();
	if (p->seen)
		p->seen(&question, p->arg);
	size_t n = ice_recording_answer(&agent, &question, bytes, 65535);
	p->bytes_in += n;
	if (n > p->largest_in)
		p->largest_in = n;
	return n > 0 && ice_snmp_read(bytes, n, reply) == ICE_VERDICT_OK;
}

/* Asks until there is nothing left to ask. True when it is a printer. */
static bool play_run(struct play *p)
{
	static uint8_t bytes[65535];
	static struct ice_snmp_message reply;
	struct ice_secret community;
	struct ice_snmp_request request, again;
	if (!ice_secret_set(&community, "public", 6) || !ice_probe_identify_request(&request, p->version, &community))
		abort();
	for (int i = 0; i < 4; i++) {
		if (!play_ask(p, &request, &reply, bytes) ||
		    ice_probe_identify(p->profiles, &reply, &community, &p->identity, &again) != ICE_VERDICT_OK)
			break;
		if (again.len == 0)
			break;
		request = again;
	}
	if (!p->identity.printer)
		return false;
	struct ice_probe_options options = {.alert_text = p->alert_text};
	p->probe = ice_probe_new(&p->identity, &p->ip, p->version, &community, &options);
	const struct ice_snmp_request *next;
	while ((next = ice_probe_request(p->probe))) {
		if (!play_ask(p, next, &reply, bytes) || ice_probe_reply(p->probe, &reply) != ICE_VERDICT_OK)
			ice_probe_silence(p->probe);
	}
	return true;
}

static inline void play_end(struct play *p)
{
	ice_probe_free(p->probe);
	p->probe = NULL;
}

#endif
