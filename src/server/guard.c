#include "guard.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "ice/address.h"

#define GUARD_SWEEP ICE_USEC_MSEC(100)

struct guard_connection {
	TAILQ_ENTRY(guard_connection) next;
	struct fm_guard *guard;
	SSL *ssl; /* NULL: without TLS */
	struct bufferevent *buffered;
	struct event *timer;
	struct ice_address peer;
	size_t held;    /* bytes that came since the last answer */
	bool placed;    /* the peer is known and was counted */
	bool authentic; /* has brought an authentic batch */
	bool leaving;
};

TAILQ_HEAD(guard_list, guard_connection);

/* `list` holds those that may stay, oldest first; one that has to go leaves it at once, and counts no more. */
struct fm_guard {
	struct event_base *base;
	struct fm_guard_limits limits;
	struct guard_list list, leaving;
	struct fm_guard_counters counters;
	struct event *sweep; /* runs while there are connections without TLS */
	size_t plain;
	int index; /* of our pointer in a TLS object */
};

static struct timeval guard_timeval(ice_usec t)
{
	return (struct timeval){t / 1000000, t % 1000000};
}

/* Begins the end of a connection. Nothing is freed here: this may run while evhttp works on another one, or on this. */
static void guard_end(struct guard_connection *c, uint64_t *counter)
{
	struct fm_guard *g = c->guard;
	c->leaving = true;
	TAILQ_REMOVE(&g->list, c, next);
	TAILQ_INSERT_TAIL(&g->leaving, c, next);
	g->counters.open--;
	g->counters.buffered -= c->held;
	c->held = 0;
	(*counter)++;
	event_del(c->timer);
	int fd = bufferevent_getfd(c->buffered);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

/* The connection is gone. */
static void guard_drop(struct guard_connection *c)
{
	struct fm_guard *g = c->guard;
	TAILQ_REMOVE(c->leaving ? &g->leaving : &g->list, c, next);
	if (!c->leaving) {
		g->counters.open--;
		g->counters.buffered -= c->held;
	}
	g->plain -= !c->ssl;
	event_free(c->timer);
	free(c);
}

/* Called by OpenSSL when a TLS object is freed. */
static void guard_gone(void *parent, void *ptr, CRYPTO_EX_DATA *ad, int index, long argl, void *argp)
{
	(void)parent, (void)ad, (void)index, (void)argl, (void)argp;
	if (ptr)
		guard_drop(ptr);
}

/* Lets go of the connections without TLS that evhttp let go: bufferevent_free takes its callbacks away. */
static void guard_sweep_list(struct guard_list *list)
{
	struct guard_connection *c, *next;
	for (c = TAILQ_FIRST(list); c; c = next) {
		bufferevent_event_cb told = NULL;
		next = TAILQ_NEXT(c, next);
		if (!c->ssl)
			bufferevent_getcb(c->buffered, NULL, NULL, &told, NULL);
		if (c->ssl || told)
			continue;
		struct bufferevent *buffered = c->buffered;
		guard_drop(c);
		bufferevent_decref(buffered);
	}
}

static void guard_sweep(evutil_socket_t none, short what, void *arg)
{
	struct fm_guard *g = arg;
	struct timeval again = guard_timeval(GUARD_SWEEP);
	(void)none, (void)what;
	guard_sweep_list(&g->list);
	guard_sweep_list(&g->leaving);
	if (g->plain > 0)
		event_add(g->sweep, &again);
}

struct fm_guard *fm_guard_new(struct event_base *base, const struct fm_guard_limits *limits)
{
	struct fm_guard *g = calloc(1, sizeof(*g));
	if (!g)
		abort();
	g->base = base;
	g->limits = *limits;
	TAILQ_INIT(&g->list);
	TAILQ_INIT(&g->leaving);
	g->index = SSL_get_ex_new_index(0, NULL, NULL, NULL, guard_gone);
	g->sweep = evtimer_new(base, guard_sweep, g);
	if (g->index < 0 || !g->sweep)
		abort();
	return g;
}

static void guard_forget(struct fm_guard *g, struct guard_list *list)
{
	struct guard_connection *c;
	while ((c = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, c, next);
		if (c->ssl)
			SSL_set_ex_data(c->ssl, g->index, NULL);
		else
			bufferevent_decref(c->buffered);
		event_free(c->timer);
		free(c);
	}
}

void fm_guard_free(struct fm_guard *g)
{
	if (!g)
		return;
	/* libevent frees a connection's socket in a later turn of the loop, which may never come. */
	guard_forget(g, &g->list);
	guard_forget(g, &g->leaving);
	event_free(g->sweep);
	free(g);
}

static bool guard_is_neighbour(const struct ice_address *a, const struct ice_address *b)
{
	return a->hi == b->hi && (a->lo == b->lo || !ice_address_is_v4(a)) &&
	       ice_address_is_v4(a) == ice_address_is_v4(b);
}

/* The one that goes first: the oldest of those that never proved themselves, else the oldest; `spare` is not among them. */
static struct guard_connection *guard_choose(struct fm_guard *g, const struct guard_connection *spare,
                                             const struct ice_address *peer, bool holding)
{
	struct guard_connection *c, *oldest = NULL;
	for (c = TAILQ_FIRST(&g->list); c; c = TAILQ_NEXT(c, next)) {
		if (c == spare || (peer && !(c->placed && guard_is_neighbour(&c->peer, peer))) || (holding && !c->held))
			continue;
		if (!c->authentic)
			return c;
		if (!oldest)
			oldest = c;
	}
	return oldest;
}

/* Bytes came in or went to evhttp. What was not answered yet is held in memory, wherever it is. */
static void guard_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct guard_connection *c = arg, *victim;
	struct fm_guard *g = c->guard;
	(void)buffer;
	if (info->n_added == 0 || c->leaving)
		return;
	c->held += info->n_added;
	g->counters.buffered += info->n_added;
	/* evhttp bounds headers and bodies, but not the line that begins a chunk. */
	if (c->held > g->limits.request) {
		guard_end(c, &g->counters.endless);
		return;
	}
	while (g->counters.buffered > g->limits.buffered && (victim = guard_choose(g, c, NULL, true)))
		guard_end(victim, &g->counters.crowded);
}

/* In its first turn the timer learns who the peer is, since evhttp sets the socket only after it got the buffers from us;
 * then it is the deadline. */
static void guard_timer(evutil_socket_t none, short what, void *arg)
{
	struct guard_connection *c = arg, *victim;
	struct fm_guard *g = c->guard;
	struct sockaddr_storage peer = {0};
	socklen_t len = sizeof(peer);
	uint16_t port;
	size_t same = 0;
	(void)none, (void)what;
	if (c->placed) {
		guard_end(c, &g->counters.expired);
		return;
	}
	struct timeval deadline = guard_timeval(g->limits.deadline);
	event_add(c->timer, &deadline);
	c->placed = true;
	int fd = bufferevent_getfd(c->buffered), on = 1;
	/* An answer is two small records, head and body: the second would wait for the client's delayed acknowledgement. */
	if (fd >= 0)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (fd < 0 || getpeername(fd, (struct sockaddr *)&peer, &len) != 0 ||
	    !ice_address_from_sockaddr((struct sockaddr *)&peer, &c->peer, &port))
		return; /* gone already */
	for (victim = TAILQ_FIRST(&g->list); victim; victim = TAILQ_NEXT(victim, next))
		same += victim->placed && guard_is_neighbour(&victim->peer, &c->peer);
	while (same-- > g->limits.per_address && (victim = guard_choose(g, c, &c->peer, false)))
		guard_end(victim, &g->counters.crowded);
}

static void guard_secured(struct guard_connection *c, SSL_CTX *context)
{
	struct fm_guard *g = c->guard;
	c->ssl = SSL_new(context);
	if (!c->ssl || SSL_set_ex_data(c->ssl, g->index, c) != 1)
		abort();
	c->buffered =
	        bufferevent_openssl_socket_new(g->base, -1, c->ssl, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
}

static void guard_plain(struct guard_connection *c)
{
	struct fm_guard *g = c->guard;
	struct timeval soon = guard_timeval(GUARD_SWEEP);
	c->buffered = bufferevent_socket_new(g->base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (!c->buffered)
		abort();
	bufferevent_incref(c->buffered);
	if (g->plain++ == 0)
		event_add(g->sweep, &soon);
}

struct bufferevent *fm_guard_accept(struct fm_guard *g, SSL_CTX *context)
{
	struct guard_connection *c = calloc(1, sizeof(*c)), *victim;
	struct timeval now = {0, 0};
	if (!c)
		abort();
	c->guard = g;
	c->timer = evtimer_new(g->base, guard_timer, c);
	if (context)
		guard_secured(c, context);
	else
		guard_plain(c);
	/* evhttp would make a connection of its own if it got NULL, without TLS and without a guard. */
	if (!c->timer || !c->buffered || !evbuffer_add_cb(bufferevent_get_input(c->buffered), guard_input, c))
		abort();
	TAILQ_INSERT_TAIL(&g->list, c, next);
	g->counters.open++;
	g->counters.accepted++;
	event_add(c->timer, &now);
	while (g->counters.open > g->limits.connections && (victim = guard_choose(g, c, NULL, false)))
		guard_end(victim, &g->counters.crowded);
	return c->buffered;
}

/* Of those that may stay; NULL for one that is leaving. */
static struct guard_connection *guard_find(struct fm_guard *g, struct bufferevent *connection)
{
	struct guard_connection *c = NULL;
	SSL *ssl = bufferevent_openssl_get_ssl(connection);
	if (ssl) {
		c = SSL_get_ex_data(ssl, g->index);
		return c && !c->leaving ? c : NULL;
	}
	TAILQ_FOREACH(c, &g->list, next)
	{
		if (c->buffered == connection)
			return c;
	}
	return NULL;
}

void fm_guard_served(struct fm_guard *g, struct bufferevent *connection, bool authentic)
{
	struct guard_connection *c = guard_find(g, connection);
	if (!c)
		return;
	g->counters.buffered -= c->held;
	c->held = 0;
	if (!authentic)
		return;
	struct timeval deadline = guard_timeval(g->limits.deadline);
	c->authentic = true;
	event_add(c->timer, &deadline);
	TAILQ_REMOVE(&g->list, c, next);
	TAILQ_INSERT_TAIL(&g->list, c, next);
}

void fm_guard_counters(const struct fm_guard *g, struct fm_guard_counters *out)
{
	*out = g->counters;
}
