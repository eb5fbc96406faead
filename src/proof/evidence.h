/* evidence: the promises about what ICE puts on a network, and every frame of a sweep held against them.
 *
 * Each promise counts what it was held against (frames, requests, names, sockets) and what broke it, and keeps the first ones that did, in hex,
 * with every secret in them covered. A promise that was held against nothing is neither kept nor broken: it is not shown.
 *
 * Nothing here captures, starts or asks anything: frames and findings come in, verdicts go out; so each promise is tested with frames that break it.
 *
 * Life: new -> { frame | finding }* -> tell -> free. */
#ifndef ICE_EVIDENCE_H
#define ICE_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ice/attr.h"
#include "ice/enrolment.h"
#include "ice/plan.h"
#include "ice/profile.h"

#include "capture.h"
#include "frame.h"

enum ice_promise {
	ICE_PROMISE_UNICAST,     /* no broadcast or multicast, by link or by IP, directed broadcasts included */
	ICE_PROMISE_TARGETS,     /* UDP only to the port of SNMP at addresses of the ranges */
	ICE_PROMISE_TCP,         /* TCP only to the server or the proxy: none to a device */
	ICE_PROMISE_ENCRYPTED,   /* what goes there is TLS, or sealed */
	ICE_PROMISE_NAMES,       /* name questions only to the system's resolvers */
	ICE_PROMISE_READ_ONLY,   /* GET, GETNEXT, GETBULK, at most 484 octets */
	ICE_PROMISE_OBJECTS,     /* only objects that `ice check --oids` lists */
	ICE_PROMISE_COMMUNITIES, /* each only to the addresses of its own range */
	ICE_PROMISE_SECRETS,     /* communities nowhere else, the site's key nowhere */
	ICE_PROMISE_SOCKETS, /* UDP and TCP as a client: nothing listens, no raw, packet or ping socket, no SO_BROADCAST */
	ICE_PROMISE_CONFINED, /* an ordinary user without capabilities, filtered before the first datagram left */
	ICE_PROMISE_COUNT
};

const char *ice_promise_name(enum ice_promise p);  /* "unicast": key in JSON */
const char *ice_promise_words(enum ice_promise p); /* for people */

#define ICE_EVIDENCE_KEPT  3   /* offenders kept for each promise */
#define ICE_EVIDENCE_HEX   640 /* octets shown of each */
#define ICE_EVIDENCE_PEERS 64

enum ice_evidence_way {
	ICE_EVIDENCE_TLS,
	ICE_EVIDENCE_PROXY,  /* CONNECT, then TLS */
	ICE_EVIDENCE_SEALED, /* HTTP with sealed batches */
};

struct ice_evidence_peer {
	struct ice_address address;
	uint16_t port;
	enum ice_evidence_way way;
};

struct ice_evidence_options {
	const struct ice_plan *plan; /* lent */
	uint16_t port;               /* of the devices */
	const struct ice_profiles *profiles;
	const struct ice_enrolment *enrolment;
	const struct ice_secret *proxy_credentials; /* NULL = none */
	struct ice_evidence_peer servers[ICE_EVIDENCE_PEERS];
	size_t server_count;
	struct ice_address resolvers[ICE_EVIDENCE_PEERS];
	size_t resolver_count;
	struct ice_address broadcasts[ICE_EVIDENCE_PEERS]; /* of this machine's subnets */
	size_t broadcast_count;
};

struct ice_evidence_offender {
	char *why;
	char *hex;  /* NULL when it is no frame */
	int64_t at; /* nanoseconds of the wall clock; 0 then */
};

struct ice_evidence_verdict {
	uint64_t held, broken;
	struct ice_evidence_offender offenders[ICE_EVIDENCE_KEPT];
	size_t kept;
};

struct ice_evidence;

/* Never NULL. */
struct ice_evidence *ice_evidence_new(const struct ice_evidence_options *options);
void ice_evidence_free(struct ice_evidence *e);

/* A frame that the program sent, and that is whole. True when it is a datagram to an address of the ranges. */
bool ice_evidence_frame(struct ice_evidence *e, const struct ice_capture_frame *raw, const struct ice_frame *frame);

/* What was seen otherwise than by a frame: `held` more, of which `broken`. */
void ice_evidence_found(struct ice_evidence *e, enum ice_promise p, uint64_t held, uint64_t broken, const char *fmt,
                        ...) ICE_PRINTF(5, 6);

const struct ice_evidence_verdict *ice_evidence_of(const struct ice_evidence *e, enum ice_promise p);
bool ice_evidence_good(const struct ice_evidence *e); /* none is broken */

/* How many secrets are looked for, and how many are too short or too plain a word for that ("public"). */
void ice_evidence_secrets(const struct ice_evidence *e, size_t *looked_for, size_t * not );

#endif
