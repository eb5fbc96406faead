/* guard: the connections of the server, and the end of each.
 *
 * evhttp's own timeout begins anew with every byte, so a stranger who sends one byte a minute would keep a connection for
 * ever. Here every connection has an absolute deadline, which only an authentic batch moves. At most so many connections exist, so
 * many of one address (of an IPv6 address: of its /64), and so many bytes of unfinished requests: beyond each of
 * these the oldest that never brought an authentic batch goes, the newcomer stays. Hence thousands of idle strangers cannot keep
 * an honest engine out, neither in number nor behind the same address. One whose own request grows longer than any may be goes, too.
 *
 * A connection that has to go has its socket shut down; evhttp then sees its end and frees it. That it is gone is
 * told by OpenSSL, when the TLS object is freed with it; of connections without TLS the guard keeps a reference, and looks every now and
 * then which of them evhttp has let go. */
#ifndef FM_GUARD_H
#define FM_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/clock.h"

struct bufferevent;
struct event_base;
struct ssl_ctx_st;
struct fm_guard;

struct fm_guard_limits {
	size_t connections, per_address;
	size_t buffered;   /* bytes of unfinished requests, together */
	size_t request;    /* and of one: what is longer is none that could be answered */
	ice_usec deadline; /* from the connection, or from its last authentic batch */
};

struct fm_guard_counters {
	uint64_t accepted, expired; /* expired: ended by the deadline */
	uint64_t endless;           /* ended by the bound of one request */
	uint64_t crowded;           /* ended to make room, by any of the three bounds */
	size_t open, buffered;
};

struct fm_guard *fm_guard_new(struct event_base *base, const struct fm_guard_limits *limits);
/* After evhttp is freed, before the base is. */
void fm_guard_free(struct fm_guard *g);

/* A new connection's buffered socket, for evhttp_set_bevcb; never NULL. Without a context: one without TLS. */
struct bufferevent *fm_guard_accept(struct fm_guard *g, struct ssl_ctx_st *context);

/* A whole request of this connection has been dealt with; authentic: it may stay for another deadline, and others go first. */
void fm_guard_served(struct fm_guard *g, struct bufferevent *connection, bool authentic);

void fm_guard_counters(const struct fm_guard *g, struct fm_guard_counters *out);

#endif
