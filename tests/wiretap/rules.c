#include "rules.h"

#include <inttypes.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ice/ber.h"
#include "ice/snmp.h"

#include "proof/frame.h"
#include "proof/surroundings.h"

#include "seen.h"

#define RULES_ETHERNET 14
#define RULES_DNS      53
#define RULES_KEPT     12  /* told in full */
#define RULES_SHOWN    160 /* octets of each frame */

/* What is noted of a connection and of a host. */
enum { RULES_OPENED = 1, RULES_PROXY, RULES_SPOKEN };
enum { RULES_ASKED = 1, RULES_CONNECTED = 2 };

struct rules {
	const struct objects *objects;
	struct canaries *canaries;
	struct ice_evidence_options around; /* resolvers and broadcast addresses of this namespace */
	struct seen connections, hosts;
	struct {
		uint64_t frames, requests, connections, window, broken;
	} count;
	char *kept[RULES_KEPT];
	const struct ice_capture_frame *raw; /* the one that is looked at */
	struct ice_snmp_message message;
};

struct rules *rules_new(const struct objects *objects, struct canaries *canaries)
{
	struct rules *r = calloc(1, sizeof *r);
	if (!r)
		abort();
	r->objects = objects;
	r->canaries = canaries;
	ice_surroundings_resolvers("/etc/resolv.conf", &r->around);
	ice_surroundings_broadcasts(&r->around);
	return r;
}

void rules_free(struct rules *r)
{
	for (size_t i = 0; i < RULES_KEPT; i++)
		free(r->kept[i]);
	seen_fini(&r->connections);
	seen_fini(&r->hosts);
	free(r);
}

void rules_broken(struct rules *r, const char *rule, const char *fmt, ...)
{
	char *text = NULL;
	size_t size = 0;
	va_list ap;
	if (r->count.broken++ >= RULES_KEPT)
		return;
	FILE *f = open_memstream(&text, &size);
	if (!f)
		abort();
	fprintf(f, "%s: ", rule);
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	if (r->raw)
		fputs("\n      ", f);
	for (size_t i = 0; r->raw && i < r->raw->len && i < RULES_SHOWN; i++)
		fprintf(f, "%02x", r->raw->bytes[i]);
	if (fclose(f) != 0)
		abort();
	r->kept[r->count.broken - 1] = text;
}

/* ---- to a device ---- */

static bool rules_this_host(const struct ice_address *a)
{
	struct ice_address v4 = ice_address_v4(INADDR_LOOPBACK);
	return (a->hi == 0 && a->lo == 1) || ice_address_same(a, &v4);
}

/* A host is asked as a device or connected to, never both. */
static void rules_host(struct rules *r, const struct ice_frame *f, uint8_t how, const char *to)
{
	struct seen_entry host = {.to = f->to};
	uint8_t was = rules_this_host(&f->to) ? how : seen_notes(&r->hosts, &host);
	if (was & how)
		return;
	seen_note(&r->hosts, &host, was | how);
	if (was)
		rules_broken(r, "no TCP to a device", "%s is asked as a device, and connected to", to);
}

/* The community of a message that reads no further than that is no leak of it either. */
static struct ice_ber rules_community(const struct ice_frame *f)
{
	struct ice_ber all = ice_ber_of(f->payload, f->payload_len), message, field;
	int32_t version;
	if (ice_ber_enter(&all, ICE_BER_SEQUENCE, &message) && ice_ber_int32(&message, &version) &&
	    ice_ber_enter(&message, ICE_BER_OCTETS, &field))
		return field;
	return (struct ice_ber){0};
}

static void rules_request(struct rules *r, const struct ice_frame *f, const char *to)
{
	struct ice_snmp_message *m = &r->message;
	char name[ICE_OID_TEXT_SIZE];
	r->count.requests++;
	rules_host(r, f, RULES_ASKED, to);
	enum ice_verdict v = ice_snmp_read(f->payload, f->payload_len, m);
	if (v != ICE_VERDICT_OK || m->pdu == ICE_SNMP_RESPONSE || f->payload_len > ICE_SNMP_REQUEST_MAX) {
		rules_broken(r, "only reading",
		             "%zu octets to %s:%u are no GET, GETNEXT or GETBULK of at most %d octets (%s)",
		             f->payload_len, to, f->to_port, ICE_SNMP_REQUEST_MAX, ice_verdict_name(v));
		return;
	}
	canaries_learn(r->canaries, m->community, m->community_len);
	for (size_t i = 0; i < m->count; i++) {
		const struct ice_snmp_varbind *vb = &m->varbinds[i];
		if (!objects_allow(r->objects, vb->oid, vb->oid_len, m->pdu != ICE_SNMP_GET))
			rules_broken(r, "only allowed objects", "%s was asked of %s",
			             ice_oid_format(vb->oid, vb->oid_len, name), to);
	}
}

/* ---- to a server ---- */

static bool rules_begins(const struct ice_frame *f, const char *with)
{
	size_t n = strlen(with);
	return f->payload_len >= n && memcmp(f->payload, with, n) == 0;
}

/* An alert and nothing else (RFC 8446 section 6: two octets), with which a client gives up that lacks the memory for its first message. */
static bool rules_alert(const struct ice_frame *f)
{
	return rules_begins(f, "\x15\x03") && f->payload_len == 7 && f->payload[3] == 0 && f->payload[4] == 2;
}

/* What a connection says first: a TLS handshake (RFC 8446 section 5.1), to a proxy which way (RFC 9110 section 9.3.6) and then that, or
 * a sealed batch. */
static void rules_first_words(struct rules *r, const struct ice_frame *f, const struct seen_entry *key, const char *to)
{
	const char sealed[] = "application/cms";
	if (rules_begins(f, "CONNECT ")) {
		seen_note(&r->connections, key, RULES_PROXY);
		return;
	}
	if (rules_alert(f))
		return; /* whatever comes next is its first word */
	seen_note(&r->connections, key, RULES_SPOKEN);
	if (!rules_begins(f, "\x16\x03") &&
	    !(rules_begins(f, "POST /v1/batches ") && memmem(f->payload, f->payload_len, sealed, strlen(sealed))))
		rules_broken(r, "encrypted", "what was said first to %s:%u is neither TLS nor sealed", to, f->to_port);
}

static void rules_segment(struct rules *r, const struct ice_frame *f, const char *to)
{
	struct seen_entry key = {f->from, f->to, f->from_port, f->to_port, 0};
	uint8_t state = seen_notes(&r->connections, &key);
	if (f->syn) {
		r->count.connections++;
		rules_host(r, f, RULES_CONNECTED, to);
		seen_note(&r->connections, &key, RULES_OPENED);
	} else if (state == 0) {
		rules_broken(r, "nothing listens", "port %u speaks to %s:%u, which it did not call", f->from_port, to,
		             f->to_port);
		seen_note(&r->connections, &key, RULES_SPOKEN);
	} else if (state != RULES_SPOKEN && f->payload_len > 0) {
		rules_first_words(r, f, &key, to);
	}
}

/* ---- any frame ---- */

static bool rules_among(const struct ice_address *list, size_t n, const struct ice_address *a)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].hi == a->hi && list[i].lo == a->lo)
			return true;
	return false;
}

/* Of a connected subnet, those of the loopback interface included, which has no broadcast. */
static bool rules_broadcast(const struct rules *r, const struct ice_address *a)
{
	const struct ice_address loopback[] = {ice_address_v4(0x7f000000), ice_address_v4(0x7fffffff)};
	return rules_among(loopback, 2, a) || rules_among(r->around.broadcasts, r->around.broadcast_count, a);
}

/* False when there is nothing more to be said of it. `to`: in words. */
static bool rules_read(struct rules *r, const struct ice_capture_frame *raw, struct ice_frame *f,
                       char to[ICE_ADDRESS_TEXT_SIZE])
{
	r->count.frames++;
	r->raw = raw;
	ice_frame_read(raw->bytes, raw->len, raw->network, raw->ethertype, raw->interface, f);
	if (raw->cut || f->kind != ICE_FRAME_IP || f->fragment) {
		rules_broken(r, "whole frames", "a frame of type %04x, %zu octets", raw->ethertype, raw->len);
		return false;
	}
	ice_address_format(&f->to, to);
	if (!ice_address_is_unicast(&f->to) || rules_broadcast(r, &f->to) ||
	    (raw->hardware == ARPHRD_ETHER && raw->network >= RULES_ETHERNET && (raw->bytes[0] & 1)))
		rules_broken(r, "unicast only", "a frame to %s:%u", to, f->to_port);
	return true;
}

static void rules_secrets(struct rules *r, const struct ice_frame *f, struct ice_ber community, const char *to)
{
	const char *what = canaries_find(r->canaries, r->raw->bytes, r->raw->len, community.at,
	                                 (size_t)(community.end - community.at));
	if (what)
		rules_broken(r, "no secret", "%s in a frame to %s:%u", what, to, f->to_port);
}

void rules_engine(struct rules *r, const struct ice_capture_frame *raw)
{
	char to[ICE_ADDRESS_TEXT_SIZE];
	struct ice_frame f;
	struct ice_ber community = {0};
	if (rules_read(r, raw, &f, to)) {
		if (f.protocol == IPPROTO_TCP) {
			rules_segment(r, &f, to);
		} else if (f.protocol == IPPROTO_UDP && f.to_port == RULES_DNS &&
		           rules_among(r->around.resolvers, r->around.resolver_count, &f.to)) {
			/* a name question */
		} else if (f.protocol == IPPROTO_UDP) {
			community = rules_community(&f);
			rules_request(r, &f, to);
		} else {
			rules_broken(r, "UDP and TCP only", "IP protocol %u to %s", f.protocol, to);
		}
		rules_secrets(r, &f, community, to);
	}
	r->raw = NULL;
}

static bool rules_loopback(const struct ice_address *a)
{
	return (a->hi == 0 && a->lo == 1) || (ice_address_is_v4(a) && (a->lo >> 24 & 0xff) == 127);
}

void rules_window(struct rules *r, const struct ice_capture_frame *raw)
{
	char to[ICE_ADDRESS_TEXT_SIZE];
	struct ice_frame f;
	r->count.window++;
	if (rules_read(r, raw, &f, to)) {
		if (f.protocol != IPPROTO_TCP || f.syn || !rules_loopback(&f.from) || !rules_loopback(&f.to))
			rules_broken(r, "the window stays here", "IP protocol %u to %s:%u", f.protocol, to, f.to_port);
		rules_secrets(r, &f, (struct ice_ber){0}, to);
	}
	r->raw = NULL;
}

bool rules_tell(const struct rules *r, FILE *to)
{
	fprintf(to,
	        "witnessed: %" PRIu64 " frames, %" PRIu64 " requests, %" PRIu64 " connections, %" PRIu64
	        " of the window, %zu secrets, %" PRIu64 " broken\n",
	        r->count.frames, r->count.requests, r->count.connections, r->count.window, canaries_count(r->canaries),
	        r->count.broken);
	for (size_t i = 0; i < RULES_KEPT && r->kept[i]; i++)
		fprintf(to, "    %s\n", r->kept[i]);
	return r->count.broken == 0;
}
