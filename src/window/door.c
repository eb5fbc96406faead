#include "door.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>

#define DOOR_HEADERS_MAX 16384
#define DOOR_PATH_MAX    256
#define DOOR_WATCH       ICE_USEC_MSEC(100)

static const char *const door_headers[][2] = {
        {"Cache-Control", "no-store"},
        {"Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
                                    "connect-src 'self'; form-action 'self'; "
                                    "base-uri 'none'; frame-ancestors 'none'"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Permissions-Policy", "camera=(), geolocation=(), microphone=()"},
        /* no-referrer would make the browser hide the Origin of our own forms, too */
        {"Referrer-Policy", "same-origin"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
        {"Connection", "close"},
};

struct door_connection {
	TAILQ_ENTRY(door_connection) next;
	struct bufferevent *buffered; /* a reference of our own */
	ice_usec until;
};

struct window_door {
	struct event_base *base;
	struct evhttp *http;
	uint16_t port;
	window_door_fn *serve;
	void *arg;
	TAILQ_HEAD(door_list, door_connection) list; /* oldest first */
	size_t count;
	struct event *watch;
};

/* ---- connections ------------------------------------------------------------------------------------------------ */

static void door_drop(struct window_door *d, struct door_connection *c)
{
	TAILQ_REMOVE(&d->list, c, next);
	d->count--;
	bufferevent_decref(c->buffered);
	free(c);
}

/* evhttp sees the end and lets go; nothing is freed here, for this may run while it works on the connection. */
static void door_end(const struct door_connection *c)
{
	int fd = bufferevent_getfd(c->buffered);
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
}

/* Lets go of what evhttp let go, which shows by its callbacks being gone, and ends what is over its time. */
static void door_watch(evutil_socket_t none, short what, void *arg)
{
	struct window_door *d = arg;
	struct door_connection *c, *next;
	struct timeval again = {0, DOOR_WATCH};
	(void)none, (void)what;
	for (c = TAILQ_FIRST(&d->list); c; c = next) {
		bufferevent_event_cb held = NULL;
		next = TAILQ_NEXT(c, next);
		bufferevent_getcb(c->buffered, NULL, NULL, &held, NULL);
		if (!held)
			door_drop(d, c);
		else if (ice_clock_now() >= c->until)
			door_end(c);
	}
	if (d->count > 0)
		event_add(d->watch, &again);
}

static struct bufferevent *door_connection(struct event_base *base, void *arg)
{
	struct window_door *d = arg;
	struct timeval first = {0, DOOR_WATCH};
	struct door_connection *c = calloc(1, sizeof *c);
	struct bufferevent *buffered = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	if (!c || !buffered)
		abort();
	if (d->count >= WINDOW_DOOR_CONNECTIONS)
		door_end(TAILQ_FIRST(&d->list));
	bufferevent_incref(buffered);
	*c = (struct door_connection){.buffered = buffered, .until = ice_clock_now() + WINDOW_DOOR_DEADLINE};
	TAILQ_INSERT_TAIL(&d->list, c, next);
	if (d->count++ == 0)
		event_add(d->watch, &first);
	return buffered;
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

/* NULL when it is not there; "", which is never right, when it is there twice. */
static const char *door_header(struct evhttp_request *req, const char *name)
{
	const char *found = NULL;
	struct evkeyval *header;
	TAILQ_FOREACH(header, evhttp_request_get_input_headers(req), next)
	{
		if (strcasecmp(header->key, name) == 0)
			found = found ? "" : header->value;
	}
	return found;
}

static void door_answer(struct evhttp_request *req, const struct window_reply *reply)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(req);
	struct evbuffer *content = evbuffer_new();
	if (!content || (reply->body && evbuffer_add(content, reply->body, reply->len) != 0))
		abort();
	evhttp_add_header(out, "Content-Type", reply->type ? reply->type : "text/html; charset=utf-8");
	for (size_t i = 0; i < sizeof door_headers / sizeof *door_headers; i++)
		evhttp_add_header(out, door_headers[i][0], door_headers[i][1]);
	if (reply->location)
		evhttp_add_header(out, "Location", reply->location);
	if (reply->cookie)
		evhttp_add_header(out, "Set-Cookie", reply->cookie);
	evhttp_send_reply(req, reply->status ? reply->status : 200, "ICE", content);
	evbuffer_free(content);
}

/* Reads what a request says; a status when it cannot be meant for us, 0 when it can. */
static int door_read(struct evhttp_request *req, struct window_request *r, char path[DOOR_PATH_MAX])
{
	const char *uri = evhttp_request_get_uri(req);
	struct evbuffer *body = evhttp_request_get_input_buffer(req);
	size_t n = uri ? strcspn(uri, "?#") : 0, len = evbuffer_get_length(body);
	r->from.post = evhttp_request_get_command(req) == EVHTTP_REQ_POST;
	r->from.host = door_header(req, "Host");
	r->from.origin = door_header(req, "Origin");
	r->from.site = door_header(req, "Sec-Fetch-Site");
	r->from.cookie = door_header(req, "Cookie");
	if (n == 0 || n >= DOOR_PATH_MAX || uri[0] != '/')
		return 404;
	memcpy(path, uri, n);
	path[n] = '\0';
	r->path = path;
	if (door_header(req, "Transfer-Encoding") || (!r->from.post && len > 0))
		return 400;
	const char *query = uri[n] == '?' ? uri + n + 1 : "";
	if (!window_form_parse(&r->query, query, strcspn(query, "#")))
		return 400;
	if (!r->from.post)
		return 0;
	const char *type = door_header(req, "Content-Type");
	if (!type || strncasecmp(type, "application/x-www-form-urlencoded", 33) != 0)
		return 415;
	char *bytes = len > 0 ? (char *)evbuffer_pullup(body, -1) : NULL;
	bool good = window_form_parse(&r->form, bytes ? bytes : "", bytes ? len : 0);
	if (bytes)
		explicit_bzero(bytes, len);
	return good ? 0 : 400;
}

static void door_request(struct evhttp_request *req, void *arg)
{
	struct window_door *d = arg;
	struct window_request request = {0};
	struct window_reply reply = {0};
	char path[DOOR_PATH_MAX];
	reply.status = door_read(req, &request, path);
	if (reply.status == 0)
		d->serve(&request, &reply, d->arg);
	door_answer(req, &reply);
	free(reply.body);
	window_form_fini(&request.query);
	window_form_fini(&request.form);
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

static bool door_listen(struct window_door *d, bool v6, uint16_t port, char *why, size_t why_size)
{
	struct sockaddr_storage sa = {0};
	struct sockaddr_in *four = (struct sockaddr_in *)&sa;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)&sa;
	socklen_t len = v6 ? sizeof *six : sizeof *four;
	if (v6)
		*six = (struct sockaddr_in6){
		        .sin6_family = AF_INET6, .sin6_port = htons(port), .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	else
		*four = (struct sockaddr_in){
		        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
	struct evconnlistener *listener =
	        evconnlistener_new_bind(d->base, NULL, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 64,
	                                (struct sockaddr *)&sa, (int)len);
	if (!listener) {
		snprintf(why, why_size, "%s port %u cannot be listened on: %s%s", v6 ? "::1" : "127.0.0.1", port,
		         strerror(errno),
		         errno == EPERM || errno == EACCES ? "; this process is confined, as the service is: start it "
		                                             "from an administrator's shell"
		                                           : "");
		return false;
	}
	if (!evhttp_bind_listener(d->http, listener) ||
	    getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&sa, &len) != 0)
		abort();
	d->port = ntohs(v6 ? six->sin6_port : four->sin_port);
	return true;
}

struct window_door *window_door_new(struct event_base *base, bool v6, uint16_t port, window_door_fn *serve, void *arg,
                                    char *why, size_t why_size)
{
	struct window_door *d = calloc(1, sizeof *d);
	if (!d)
		abort();
	*d = (struct window_door){.base = base, .serve = serve, .arg = arg};
	TAILQ_INIT(&d->list);
	d->http = evhttp_new(base);
	d->watch = evtimer_new(base, door_watch, d);
	if (!d->http || !d->watch)
		abort();
	evhttp_set_timeout(d->http, (int)(WINDOW_DOOR_DEADLINE / 1000000));
	evhttp_set_max_headers_size(d->http, DOOR_HEADERS_MAX);
	evhttp_set_max_body_size(d->http, WINDOW_FORM_MAX);
	evhttp_set_allowed_methods(d->http, EVHTTP_REQ_GET | EVHTTP_REQ_POST);
	evhttp_set_bevcb(d->http, door_connection, d);
	evhttp_set_gencb(d->http, door_request, d);
	if (door_listen(d, v6, port, why, why_size))
		return d;
	window_door_free(d);
	return NULL;
}

void window_door_free(struct window_door *d)
{
	if (!d)
		return;
	struct door_connection *c;
	evhttp_free(d->http);
	while ((c = TAILQ_FIRST(&d->list)))
		door_drop(d, c);
	event_base_loop(d->base, EVLOOP_NONBLOCK); /* libevent frees a connection's socket in a later turn */
	event_free(d->watch);
	free(d);
}

uint16_t window_door_port(const struct window_door *d)
{
	return d->port;
}

bool window_door_busy(const struct window_door *d)
{
	return d->count > 0;
}
