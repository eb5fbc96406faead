#include "dialogue.h"

#include <string.h>

#include "ice/random.h"

#include "readable.h"

/* What a person follows: the question, its names, and what came back. */
static void dialogue_trace_request(const struct ice_dialogue_options *o, const struct ice_snmp_request *r, unsigned try)
{
	static struct ice_snmp_message asked; /* 8 kB, and only one dialogue at a time goes on */
	if (!o->trace)
		return;
	if (ice_snmp_read(r->bytes, r->len, &asked) != ICE_VERDICT_OK)
		return;
	fprintf(o->trace, "-> %s", ice_readable_pdu(asked.pdu));
	if (asked.pdu == ICE_SNMP_GETBULK)
		fprintf(o->trace, " of up to %d rows", (int)asked.error_index);
	fprintf(o->trace, ", SNMP %s, %u bytes%s\n", asked.version == ICE_SNMP_V1 ? "v1" : "v2c", r->len,
	        try ? ", again" : "");
	for (size_t i = 0; i < asked.count; i++)
		ice_readable_varbind(o->trace, &asked.varbinds[i], true);
}

static void dialogue_trace_reply(const struct ice_dialogue_options *o, const struct ice_snmp_message *m, size_t n)
{
	if (!o->trace)
		return;
	fprintf(o->trace, "<- %s, %zu bytes", ice_readable_pdu(m->pdu), n);
	if (m->error_status)
		fprintf(o->trace, ", %s at %d", ice_readable_error(m->error_status), (int)m->error_index);
	fputc('\n', o->trace);
	for (size_t i = 0; i < m->count; i++)
		ice_readable_varbind(o->trace, &m->varbinds[i], false);
}

static enum ice_verdict dialogue_judge(const struct ice_snmp_message *m, uint32_t id, enum ice_snmp_version version,
                                       const struct ice_secret *community)
{
	if (m->pdu != ICE_SNMP_RESPONSE)
		return ICE_VERDICT_PDU;
	if ((uint32_t)m->request_id != id)
		return ICE_VERDICT_UNKNOWN_ID;
	if (m->version != version)
		return ICE_VERDICT_VERSION;
	return ice_secret_same(community, m->community, m->community_len) ? ICE_VERDICT_OK : ICE_VERDICT_COMMUNITY;
}

struct dialogue_reply {
	struct ice_snmp_message message;
	uint8_t bytes[ICE_SNMP_REPLY_MAX];
};

/* Takes the answer in hand for what it is worth: OK when it was one. */
typedef enum ice_verdict dialogue_take_fn(const struct ice_snmp_message *reply, void *arg);

/* Asks one question, with retries, until something is taken for its answer. False: silence, or cut. */
static bool dialogue_ask(struct ice_dialogue *d, const struct ice_dialogue_options *o, const struct ice_snmp_request *r,
                         enum ice_snmp_version version, size_t community, dialogue_take_fn *take, void *arg)
{
	static struct dialogue_reply reply; /* 70 kB, and only one dialogue at a time goes on */
	struct ice_snmp_request asked = *r;
	d->requests++;
	for (unsigned try = 0; try <= o->retries; try++) {
		uint32_t id = ICE_SNMP_ID_BASE | (uint32_t)ice_random_below(o->random, 1u << ICE_SNMP_ID_BITS);
		size_t n;
		ice_snmp_patch_id(asked.bytes, asked.id_at, id);
		dialogue_trace_request(o, &asked, try);
		if (!o->send(asked.bytes, asked.len, o->arg)) {
			d->end = ICE_DIALOGUE_CUT;
			return false;
		}
		while ((n = o->receive(reply.bytes, sizeof reply.bytes, o->arg)) > 0) {
			enum ice_verdict v = ice_snmp_read(reply.bytes, n, &reply.message);
			if (v == ICE_VERDICT_OK)
				v = dialogue_judge(&reply.message, id, version, &o->communities[community]);
			if (v == ICE_VERDICT_OK) {
				dialogue_trace_reply(o, &reply.message, n);
				v = take(&reply.message, arg);
			}
			if (v == ICE_VERDICT_OK)
				return true;
			d->strays++;
			if (o->trace)
				fprintf(o->trace, "<- %zu bytes, not believed: %s\n", n, ice_verdict_name(v));
		}
		if (o->trace)
			fprintf(o->trace, "<- nothing\n");
	}
	return false;
}

struct dialogue_contact {
	struct ice_dialogue *d;
	const struct ice_dialogue_options *o;
	const struct ice_secret *community;
	struct ice_snmp_request again;
};

static enum ice_verdict dialogue_identify(const struct ice_snmp_message *reply, void *arg)
{
	struct dialogue_contact *c = arg;
	c->again.len = 0;
	return ice_probe_identify(c->o->profiles, reply, c->community, &c->d->identity, &c->again);
}

/* First contact, by one version and one community; a second question where the first answer asks for one. */
static bool dialogue_contact(struct ice_dialogue *d, const struct ice_dialogue_options *o,
                             enum ice_snmp_version version, size_t community)
{
	struct dialogue_contact c = {.d = d, .o = o, .community = &o->communities[community]};
	struct ice_snmp_request r;
	if (!ice_probe_identify_request(&r, version, c.community) ||
	    !dialogue_ask(d, o, &r, version, community, dialogue_identify, &c))
		return false;
	for (unsigned rounds = 0; c.again.len > 0 && rounds < 4; rounds++) {
		r = c.again;
		if (!dialogue_ask(d, o, &r, version, community, dialogue_identify, &c))
			break;
	}
	d->version = version;
	d->community = community;
	d->end = d->end == ICE_DIALOGUE_CUT ? d->end : d->identity.printer ? ICE_DIALOGUE_PRINTER : ICE_DIALOGUE_DEVICE;
	return true;
}

static enum ice_verdict dialogue_converse(const struct ice_snmp_message *reply, void *arg)
{
	return ice_probe_reply(arg, reply);
}

void ice_dialogue_hold(struct ice_dialogue *d, const struct ice_dialogue_options *o)
{
	memset(d, 0, sizeof *d);
	bool reached = false;
	for (size_t c = 0; c < o->community_count && !reached && d->end != ICE_DIALOGUE_CUT; c++) {
		if (o->v2c)
			reached = dialogue_contact(d, o, ICE_SNMP_V2C, c);
		if (o->v1 && !reached && d->end != ICE_DIALOGUE_CUT)
			reached = dialogue_contact(d, o, ICE_SNMP_V1, c);
	}
	if (!reached || d->end != ICE_DIALOGUE_PRINTER)
		return;
	d->probe = ice_probe_new(&d->identity, &o->ip, d->version, &o->communities[d->community], &o->probe);
	const struct ice_snmp_request *r;
	while ((r = ice_probe_request(d->probe)) != NULL) {
		if (dialogue_ask(d, o, r, ice_probe_version(d->probe), d->community, dialogue_converse, d->probe))
			continue;
		if (d->end == ICE_DIALOGUE_CUT)
			return;
		ice_probe_silence(d->probe);
	}
}

void ice_dialogue_fini(struct ice_dialogue *d)
{
	ice_probe_free(d->probe);
	d->probe = NULL;
}
