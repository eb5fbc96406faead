#include "evidence.h"

#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ice/ber.h"
#include "ice/snmp.h"

#include "covered.h"

#define EVIDENCE_DNS         53
#define EVIDENCE_CONNECTIONS 256
#define EVIDENCE_ETHERNET    14
#define EVIDENCE_WHY         256

static const struct evidence_promise {
	const char *name, *words;
} evidence_promises[ICE_PROMISE_COUNT] = {
        [ICE_PROMISE_UNICAST] = {"unicast", "every frame goes to one host: no broadcast, no multicast"},
        [ICE_PROMISE_TARGETS] = {"targets", "datagrams go only to the SNMP port of addresses inside the ranges"},
        [ICE_PROMISE_TCP] = {"tcp", "TCP goes only to the server (or the proxy): none to a device"},
        [ICE_PROMISE_ENCRYPTED] = {"encrypted", "what goes there is TLS, or sealed"},
        [ICE_PROMISE_NAMES] = {"names", "name questions go only to this system's resolvers"},
        [ICE_PROMISE_READ_ONLY] = {"read_only", "devices are only read: GET, GETNEXT, GETBULK of at most 484 octets"},
        [ICE_PROMISE_OBJECTS] = {"objects", "only objects are asked that `ice check --oids` lists"},
        [ICE_PROMISE_COMMUNITIES] = {"communities", "a community goes only to addresses of its own range"},
        [ICE_PROMISE_SECRETS] = {"secrets", "communities are in no other frame, the site's key in none"},
        [ICE_PROMISE_SOCKETS] = {"sockets", "UDP and TCP as a client: nothing listens, nothing raw, no SO_BROADCAST"},
        [ICE_PROMISE_CONFINED] = {"confined",
                                  "an ordinary user, without capabilities, filtered before the first frame"},
};

struct evidence_connection {
	struct ice_address to;
	uint16_t from_port, to_port;
	bool spoken;
};

struct ice_evidence {
	struct ice_evidence_options options;
	struct ice_evidence_verdict verdicts[ICE_PROMISE_COUNT];
	struct ice_covered *covered;
	struct ice_oid *allowed;
	size_t allowed_count;
	struct evidence_connection connections[EVIDENCE_CONNECTIONS];
	size_t connection_next;
	struct ice_snmp_message message;
	/* The frame that is being held against them: */
	const struct ice_capture_frame *raw;
};

const char *ice_promise_name(enum ice_promise p)
{
	return evidence_promises[p].name;
}

const char *ice_promise_words(enum ice_promise p)
{
	return evidence_promises[p].words;
}

/* ---- verdicts ---- */

static void evidence_keep(struct ice_evidence *e, enum ice_promise p, const char *why)
{
	struct ice_evidence_verdict *v = &e->verdicts[p];
	v->broken++;
	if (v->kept == ICE_EVIDENCE_KEPT)
		return;
	struct ice_evidence_offender *o = &v->offenders[v->kept++];
	if (!(o->why = strdup(why)))
		abort();
	if (!e->raw)
		return;
	o->hex = ice_covered_hex(e->covered, e->raw->bytes, e->raw->len, ICE_EVIDENCE_HEX);
	o->at = e->raw->at;
}

static void ICE_PRINTF(4, 5) evidence_hold(struct ice_evidence *e, enum ice_promise p, bool good, const char *fmt, ...)
{
	char why[EVIDENCE_WHY];
	va_list ap;
	e->verdicts[p].held++;
	if (good)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	evidence_keep(e, p, why);
}

void ice_evidence_found(struct ice_evidence *e, enum ice_promise p, uint64_t held, uint64_t broken, const char *fmt,
                        ...)
{
	char why[EVIDENCE_WHY];
	va_list ap;
	e->verdicts[p].held += held;
	if (broken == 0)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof why, fmt, ap);
	va_end(ap);
	evidence_keep(e, p, why);
	e->verdicts[p].broken += broken - 1;
}

/* ---- one request to a device ---- */

/* What GETNEXT of the name just before an object asks for is that object (v1 has no other way to ask several at once without
 * losing all when one is missing). */
static bool evidence_before(const struct ice_oid *allowed, const struct ice_snmp_varbind *vb)
{
	struct ice_oid next = {0};
	uint32_t arcs[ICE_OID_ARCS];
	size_t n = ice_oid_arcs(vb->oid, vb->oid_len, arcs, ICE_OID_ARCS), last = vb->oid_len;
	if (n < 3 || vb->oid_len > ICE_OID_BYTES)
		return false;
	memcpy(next.bytes, vb->oid, vb->oid_len);
	next.len = (uint8_t)vb->oid_len;
	if (ice_oid_append(&next, 0) && ice_oid_under(allowed->bytes, allowed->len, next.bytes, next.len))
		return true;
	while (last > 1 && (vb->oid[last - 2] & 0x80)) /* to the first octet of the last arc */
		last--;
	next.len = (uint8_t)(last - 1);
	return arcs[n - 1] < UINT32_MAX && ice_oid_append(&next, arcs[n - 1] + 1) &&
	       ice_oid_under(allowed->bytes, allowed->len, next.bytes, next.len);
}

static bool evidence_allowed(const struct ice_evidence *e, const struct ice_snmp_varbind *vb)
{
	for (size_t i = 0; i < e->allowed_count; i++)
		if (ice_oid_under(e->allowed[i].bytes, e->allowed[i].len, vb->oid, vb->oid_len) ||
		    (e->message.pdu != ICE_SNMP_GET && evidence_before(&e->allowed[i], vb)))
			return true;
	return false;
}

/* Where an SNMP message has its community, be the rest of it what it may; nothing when it has none. */
static struct ice_ber evidence_community_field(const struct ice_frame *f)
{
	struct ice_ber all = ice_ber_of(f->payload, f->payload_len), message, field;
	int32_t version;
	if (ice_ber_enter(&all, ICE_BER_SEQUENCE, &message) && ice_ber_int32(&message, &version) &&
	    ice_ber_enter(&message, ICE_BER_OCTETS, &field))
		return field;
	return (struct ice_ber){0};
}

/* The communities of the range that the address belongs to. */
static bool evidence_community(const struct ice_evidence *e, const struct ice_address *to)
{
	const struct ice_plan *plan = e->options.plan;
	for (size_t i = 0; i < plan->count; i++) {
		const struct ice_leg *leg = plan->legs[i];
		if (!ice_range_contains(leg->range, to))
			continue;
		for (size_t k = 0; k < leg->community_count; k++)
			if (ice_secret_same(&leg->communities[k], e->message.community, e->message.community_len))
				return true;
		return false;
	}
	return false;
}

static void evidence_request(struct ice_evidence *e, const struct ice_frame *f, const char *to)
{
	static const char *const not_read[ICE_VERDICT_COUNT] = {[ICE_VERDICT_VERSION] = "neither v1 nor v2c",
	                                                        [ICE_VERDICT_PDU] = "neither GET, GETNEXT nor GETBULK",
	                                                        [ICE_VERDICT_TOO_LONG] = "too long"};
	struct ice_snmp_message *m = &e->message;
	char name[ICE_OID_TEXT_SIZE];
	enum ice_verdict v = ice_snmp_read(f->payload, f->payload_len, m);
	if (v == ICE_VERDICT_OK && m->pdu == ICE_SNMP_RESPONSE)
		v = ICE_VERDICT_PDU;
	evidence_hold(e, ICE_PROMISE_READ_ONLY, v == ICE_VERDICT_OK && f->payload_len <= ICE_SNMP_REQUEST_MAX,
	              "a datagram of %zu octets to %s is %s", f->payload_len, to,
	              v == ICE_VERDICT_OK ? "too long"
	              : not_read[v]       ? not_read[v]
	                                  : "no SNMP message");
	if (v != ICE_VERDICT_OK)
		return;
	for (size_t i = 0; i < m->count; i++)
		evidence_hold(e, ICE_PROMISE_OBJECTS, evidence_allowed(e, &m->varbinds[i]),
		              "asked %s of %s, which is not in the list",
		              ice_oid_format(m->varbinds[i].oid, m->varbinds[i].oid_len, name), to);
	evidence_hold(e, ICE_PROMISE_COMMUNITIES, evidence_community(e, &f->to),
	              "%s was asked with a community that its range does not have", to);
}

/* ---- one segment to the server ---- */

static const struct ice_evidence_peer *evidence_server(const struct ice_evidence *e, const struct ice_frame *f)
{
	for (size_t i = 0; i < e->options.server_count; i++) {
		const struct ice_evidence_peer *s = &e->options.servers[i];
		if (s->port == f->to_port && s->address.hi == f->to.hi && s->address.lo == f->to.lo)
			return s;
	}
	return NULL;
}

static struct evidence_connection *evidence_connection(struct ice_evidence *e, const struct ice_frame *f)
{
	for (size_t i = 0; i < EVIDENCE_CONNECTIONS; i++) {
		struct evidence_connection *c = &e->connections[i];
		if (c->to_port == f->to_port && c->from_port == f->from_port && ice_address_same(&c->to, &f->to))
			return c;
	}
	struct evidence_connection *c = &e->connections[e->connection_next++ % EVIDENCE_CONNECTIONS];
	*c = (struct evidence_connection){.to = f->to, .from_port = f->from_port, .to_port = f->to_port};
	return c;
}

static bool evidence_begins(const struct ice_frame *f, const char *with)
{
	size_t n = strlen(with);
	return f->payload_len >= n && memcmp(f->payload, with, n) == 0;
}

/* A TLS alert and nothing else (RFC 8446 section 6: a level, a description): all that is said where the handshake's first message could not be
 * made, for want of memory for instance. */
static bool evidence_alert(const struct ice_frame *f)
{
	return evidence_begins(f, "\x15\x03") && f->payload_len == 7 && f->payload[3] == 0 && f->payload[4] == 2;
}

/* The first octets of a connection tell what it speaks: a TLS record of a handshake (RFC 8446 section 5.1), or what this server is for. What
 * comes behind an alert is held against that as well. */
static void evidence_first_words(struct ice_evidence *e, const struct ice_frame *f, enum ice_evidence_way way,
                                 const char *to)
{
	struct evidence_connection *c = evidence_connection(e, f);
	if (f->syn)
		c->spoken = false;
	if (f->payload_len == 0 || c->spoken)
		return;
	c->spoken = !evidence_alert(f);
	bool good = false;
	switch (way) {
	case ICE_EVIDENCE_TLS:
		good = evidence_begins(f, "\x16\x03") || evidence_alert(f);
		break;
	case ICE_EVIDENCE_PROXY:
		good = evidence_begins(f, "CONNECT ");
		break;
	case ICE_EVIDENCE_SEALED:
		good = evidence_begins(f, "POST /v1/batches ") &&
		       memmem(f->payload, f->payload_len, "application/cms", strlen("application/cms"));
		break;
	}
	evidence_hold(e, ICE_PROMISE_ENCRYPTED, good, "a connection to %s:%u begins with something else", to,
	              f->to_port);
}

/* ---- any frame ---- */

static bool evidence_among(const struct ice_address *list, size_t n, const struct ice_address *a)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].hi == a->hi && list[i].lo == a->lo)
			return true;
	return false;
}

static void evidence_one_host(struct ice_evidence *e, const struct ice_frame *f, const char *to)
{
	const struct ice_capture_frame *raw = e->raw;
	bool ethernet = raw->hardware == ARPHRD_ETHER && raw->network >= EVIDENCE_ETHERNET;
	const char *what = !ice_address_is_unicast(&f->to) ? "no address of one host"
	                   : evidence_among(e->options.broadcasts, e->options.broadcast_count, &f->to)
	                           ? "the broadcast address of a connected subnet"
	                   : ethernet && raw->len > 0 && (raw->bytes[0] & 1) ? "a group address of the link"
	                                                                     : NULL;
	evidence_hold(e, ICE_PROMISE_UNICAST, !what, "a frame to %s:%u: %s", to, f->to_port, what ? what : "");
}

/* The range that has the address; and the address is none that only looks like a host's. */
static bool evidence_target(const struct ice_evidence *e, const struct ice_frame *f)
{
	for (size_t i = 0; i < e->options.plan->count; i++)
		if (ice_range_contains(e->options.plan->legs[i]->range, &f->to))
			return f->to_port == e->options.port;
	return false;
}

static bool evidence_resolver(struct ice_evidence *e, const struct ice_frame *f, const char *to)
{
	if (f->to_port != EVIDENCE_DNS)
		return false;
	evidence_hold(e, ICE_PROMISE_NAMES, evidence_among(e->options.resolvers, e->options.resolver_count, &f->to),
	              "a name question to %s, which is none of this system's resolvers", to);
	return true;
}

bool ice_evidence_frame(struct ice_evidence *e, const struct ice_capture_frame *raw, const struct ice_frame *f)
{
	char to[ICE_ADDRESS_TEXT_SIZE];
	struct ice_ber community = {0};
	bool target = false;
	e->raw = raw;
	ice_address_format(&f->to, to);
	evidence_one_host(e, f, to);
	if (f->protocol == IPPROTO_UDP) {
		target = evidence_target(e, f);
		if (target || !evidence_resolver(e, f, to))
			evidence_hold(e, ICE_PROMISE_TARGETS, target, "a datagram to %s:%u", to, f->to_port);
		if (f->to_port == e->options.port) {
			evidence_request(e, f, to);
			community = evidence_community_field(f);
		}
	} else {
		const struct ice_evidence_peer *server = evidence_server(e, f);
		if (server || !evidence_resolver(e, f, to))
			evidence_hold(e, ICE_PROMISE_TCP, server != NULL, "TCP to %s:%u", to, f->to_port);
		if (server)
			evidence_first_words(e, f, server->way, to);
	}
	const char *secret = ice_covered_find(e->covered, raw->bytes, raw->len, community.at,
	                                      (size_t)(community.end - community.at));
	evidence_hold(e, ICE_PROMISE_SECRETS, !secret, "%s in a frame to %s:%u", secret ? secret : "", to, f->to_port);
	e->raw = NULL;
	return target;
}

/* ---- life ---- */

static void evidence_allow(const struct ice_oid *oid, const char *profile, const char *field, void *arg)
{
	struct ice_evidence *e = arg;
	(void)profile;
	(void)field;
	e->allowed = reallocarray(e->allowed, e->allowed_count + 1, sizeof *e->allowed);
	if (!e->allowed)
		abort();
	e->allowed[e->allowed_count++] = *oid;
}

struct ice_evidence *ice_evidence_new(const struct ice_evidence_options *options)
{
	struct ice_evidence *e = calloc(1, sizeof *e);
	if (!e)
		abort();
	e->options = *options;
	e->covered = ice_covered_new(options->plan, options->enrolment, options->proxy_credentials);
	ice_profiles_asked(options->profiles, evidence_allow, e);
	return e;
}

void ice_evidence_free(struct ice_evidence *e)
{
	if (!e)
		return;
	for (size_t p = 0; p < ICE_PROMISE_COUNT; p++)
		for (size_t i = 0; i < e->verdicts[p].kept; i++) {
			free(e->verdicts[p].offenders[i].why);
			free(e->verdicts[p].offenders[i].hex);
		}
	ice_covered_free(e->covered);
	free(e->allowed);
	free(e);
}

const struct ice_evidence_verdict *ice_evidence_of(const struct ice_evidence *e, enum ice_promise p)
{
	return &e->verdicts[p];
}

bool ice_evidence_good(const struct ice_evidence *e)
{
	for (size_t p = 0; p < ICE_PROMISE_COUNT; p++)
		if (e->verdicts[p].broken > 0)
			return false;
	return true;
}

void ice_evidence_secrets(const struct ice_evidence *e, size_t *looked_for, size_t * not )
{
	ice_covered_count(e->covered, looked_for, not );
}
