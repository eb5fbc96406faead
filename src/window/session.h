/* session: who may use the window, and from where.
 *
 * The address that is printed holds a token, which whoever started the window sees and nobody else. It works once: it is exchanged for a
 * cookie (HttpOnly, SameSite=Strict, 128 random bits), and every later request must bring that. Since any page of the web can make a browser
 * send requests to this machine, it must besides name us as its Host (another name that leads here is a rebound one), must not come from
 * another site (Sec-Fetch-Site, Origin), and if it changes anything must hold the session's form token, which only our own pages
 * know. Cookies do not tell ports apart, so the cookie's name has the port in it.
 *
 * Knows nothing of sockets: it is given what a request says. */
#ifndef WINDOW_SESSION_H
#define WINDOW_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/attr.h"

#define WINDOW_SESSION_SECRET 32 /* hexadecimal digits */

struct window_session {
	char token[WINDOW_SESSION_SECRET + 1], cookie[WINDOW_SESSION_SECRET + 1], form[WINDOW_SESSION_SECRET + 1];
	char cookie_name[16];
	char host[2][64]; /* what Host may be */
	bool entered;
};

/* What a request says of itself; NULL where it does not. A header that is there twice must be given as "". */
struct window_session_request {
	bool post, entering; /* entering: it brings the token in place of a cookie */
	const char *host, *origin, *site, *cookie;
};

/* `address` is "127.0.0.1" or "[::1]". */
void window_session_init(struct window_session *s, const char *address, uint16_t port);
void window_session_wipe(struct window_session *s);

enum window_session_verdict {
	WINDOW_SESSION_GOOD,
	WINDOW_SESSION_HOST,      /* not our name */
	WINDOW_SESSION_ELSEWHERE, /* another site made the browser ask */
	WINDOW_SESSION_STRANGER   /* no cookie, or a wrong one */
};
ICE_MUST_CHECK enum window_session_verdict window_session_judge(const struct window_session *s,
                                                                const struct window_session_request *r);

/* True once, for the right token. A wrong one leaves the right one valid. */
ICE_MUST_CHECK bool window_session_enter(struct window_session *s, const char *token);

/* The form token of a request that changes something. */
ICE_MUST_CHECK bool window_session_form(const struct window_session *s, const char *token);

#endif
