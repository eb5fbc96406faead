#include "session.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "form.h"
#include "ice/random.h"

static void session_draw(char out[WINDOW_SESSION_SECRET + 1])
{
	uint8_t bytes[WINDOW_SESSION_SECRET / 2];
	ice_random_system(bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	explicit_bzero(bytes, sizeof bytes);
}

/* In a time that tells nothing but the length. */
static bool session_same(const char *given, const char *wanted)
{
	volatile unsigned char difference = 0;
	if (!given || strlen(given) != WINDOW_SESSION_SECRET)
		return false;
	for (size_t i = 0; i < WINDOW_SESSION_SECRET; i++)
		difference = difference | (unsigned char)(given[i] ^ wanted[i]);
	return difference == 0;
}

void window_session_init(struct window_session *s, const char *address, uint16_t port)
{
	*s = (struct window_session){0};
	session_draw(s->token);
	session_draw(s->cookie);
	session_draw(s->form);
	snprintf(s->cookie_name, sizeof s->cookie_name, "ice-%u", port);
	snprintf(s->host[0], sizeof s->host[0], "%s:%u", address, port);
	snprintf(s->host[1], sizeof s->host[1], "localhost:%u", port);
}

void window_session_wipe(struct window_session *s)
{
	explicit_bzero(s, sizeof *s);
}

static bool session_is_ours(const struct window_session *s, const char *host)
{
	return host && (strcasecmp(host, s->host[0]) == 0 || strcasecmp(host, s->host[1]) == 0);
}

/* A browser tells on every request that changes something where it comes from (RFC 6454 section 7.3, Fetch Metadata); what tells nothing is
 * no browser of ours. "none" is a person: an address typed, a bookmark. */
static bool session_from_here(const struct window_session *s, const struct window_session_request *r)
{
	if (r->site && strcmp(r->site, "same-origin") != 0 && (r->post || strcmp(r->site, "none") != 0))
		return false;
	if (r->origin)
		return strncmp(r->origin, "http://", 7) == 0 && session_is_ours(s, r->origin + 7) &&
		       strcasecmp(r->origin + 7, r->host) == 0;
	return !r->post || r->site;
}

enum window_session_verdict window_session_judge(const struct window_session *s, const struct window_session_request *r)
{
	char cookie[WINDOW_SESSION_SECRET + 1];
	if (!session_is_ours(s, r->host))
		return WINDOW_SESSION_HOST;
	if (!session_from_here(s, r))
		return WINDOW_SESSION_ELSEWHERE;
	if (r->entering && !r->post)
		return WINDOW_SESSION_GOOD;
	if (!window_form_cookie(r->cookie, s->cookie_name, cookie, sizeof cookie) || !session_same(cookie, s->cookie))
		return WINDOW_SESSION_STRANGER;
	return WINDOW_SESSION_GOOD;
}

bool window_session_enter(struct window_session *s, const char *token)
{
	if (s->entered || !session_same(token, s->token))
		return false;
	s->entered = true;
	explicit_bzero(s->token, sizeof s->token);
	return true;
}

bool window_session_form(const struct window_session *s, const char *token)
{
	return session_same(token, s->form);
}
