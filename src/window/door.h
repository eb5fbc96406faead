/* door: HTTP on the loopback address, and what is the same for every request.
 *
 * Listens on 127.0.0.1 or ::1 alone. At most WINDOW_DOOR_CONNECTIONS connections, the oldest goes first; each ends WINDOW_DOOR_DEADLINE after it
 * began, however busy (libevent's own timeout is one of idleness, which every byte puts off), and carries one request. GET and POST; a request line and
 * headers of at most 16 KiB, a body of at most WINDOW_FORM_MAX, told by Content-Length. Every answer forbids the browser to
 * store it, to guess its type, to show it inside another page, and to load anything but our own style, script and images.
 *
 * Life: new (listens) -> requests -> free. */
#ifndef WINDOW_DOOR_H
#define WINDOW_DOOR_H

#include <stdint.h>

#include "form.h"
#include "ice/attr.h"
#include "ice/clock.h"
#include "session.h"

#define WINDOW_DOOR_CONNECTIONS 32
#define WINDOW_DOOR_DEADLINE    ICE_USEC_SEC(30)

struct event_base;
struct window_door;

struct window_request {
	struct window_session_request from;
	const char *path; /* "/network" */
	struct window_form query, form;
};

/* To be filled; zeroed before. */
struct window_reply {
	int status;           /* 200 unless told */
	const char *type;     /* text/html unless told */
	const char *location; /* of a 303; lent until the next request */
	const char *cookie;   /* Set-Cookie; lent likewise */
	char *body;           /* malloc'd; freed by the door */
	size_t len;
};

typedef void window_door_fn(struct window_request *request, struct window_reply *reply, void *arg);

/* port 0 = a free one. NULL with a reason. */
ICE_MUST_CHECK struct window_door *window_door_new(struct event_base *base, bool v6, uint16_t port,
                                                   window_door_fn *serve, void *arg, char *why, size_t why_size);
void window_door_free(struct window_door *d);
uint16_t window_door_port(const struct window_door *d);

/* True while an answer is still on its way. */
bool window_door_busy(const struct window_door *d);

#endif
