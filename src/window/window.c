#include "ice/window.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asset.h"
#include "ice/secret.h"
#include "owner.h"
#include "page.h"

#define WINDOW_IDLE  ICE_USEC_SEC(600)
#define WINDOW_CLOCK ICE_USEC_SEC(1) /* between looks at the idle time */

struct window_run {
	struct window window;
	struct event_base *base;
	struct window_door *door;
	struct event *clock, *on_int, *on_term;
	ice_usec idle, used; /* when somebody last did something */
	bool v6;
	char cookie[160];
};

/* Which page answers to which path. `quiet`: asked by the script again and again, which is nobody doing something. */
static const struct window_route {
	const char *path;
	bool get, post, quiet;
	window_page_fn *page;
} window_routes[] = {
        {"/", true, false, false, window_page_overview},       {"/status", true, false, true, window_page_status},
        {"/server", true, true, false, window_page_server},    {"/enrol", false, true, false, window_page_enrol},
        {"/network", true, false, false, window_page_network}, {"/range", true, true, false, window_page_range},
        {"/count", false, true, false, window_page_count},     {"/timing", true, true, false, window_page_settings},
        {"/privacy", true, true, false, window_page_settings}, {"/more", true, true, false, window_page_settings},
        {"/test", true, false, false, window_page_test},       {"/start", false, true, false, window_page_start},
        {"/stop", false, true, false, window_page_stop},       {"/job", true, false, false, window_page_job},
        {"/part", true, false, true, window_page_part},        {"/printers", true, false, false, window_page_printers},
        {"/printer", true, false, false, window_page_printer}, {"/outbox", true, false, false, window_page_outbox},
        {"/log", true, false, false, window_page_log},         {"/reload", false, true, false, window_page_reload},
        {"/done", false, true, false, window_page_done},
};

static bool window_serve_asset(const char *path, struct window_reply *reply)
{
	static const char *const assets[][2] = {{"/style.css", "text/css; charset=utf-8"},
	                                        {"/live.js", "text/javascript; charset=utf-8"},
	                                        {"/icon.svg", "image/svg+xml"}};
	for (size_t i = 0; i < sizeof assets / sizeof *assets; i++) {
		const struct window_asset *asset = window_asset_find(assets[i][0] + 1);
		if (strcmp(path, assets[i][0]) != 0 || !asset)
			continue;
		reply->type = assets[i][1];
		reply->body = malloc(asset->len + 1);
		if (!reply->body)
			abort();
		memcpy(reply->body, asset->text, asset->len + 1);
		reply->len = asset->len;
		return true;
	}
	return false;
}

/* The token for the cookie. */
static void window_enter(struct window_run *r, struct window_request *request, struct window_reply *reply)
{
	struct window_session *s = &r->window.session;
	if (!window_session_enter(s, window_form_text(&request->query, "token"))) {
		window_page_say(&r->window, reply, 403, "This address does not open the window.",
		                "It works once. Start ice config again, and open the address that it prints.");
		return;
	}
	snprintf(r->cookie, sizeof r->cookie, "%s=%s; HttpOnly; SameSite=Strict; Path=/", s->cookie_name, s->cookie);
	reply->cookie = r->cookie;
	window_page_go(reply, "/");
}

/* Answers who is refused; true when it did. */
static bool window_refused(struct window_run *r, struct window_request *request, struct window_reply *reply)
{
	switch (window_session_judge(&r->window.session, &request->from)) {
	case WINDOW_SESSION_GOOD:
		return false;
	case WINDOW_SESSION_HOST:
		window_page_say(&r->window, reply, 421, "This is not the address of the configuration window.",
		                "Open the address that ice config printed, as it was printed.");
		return true;
	case WINDOW_SESSION_ELSEWHERE:
		window_page_say(&r->window, reply, 403, "Another page sent you here, and that is refused.",
		                "Type or paste the address that ice config printed into the address bar.");
		return true;
	case WINDOW_SESSION_STRANGER:
		if (!request->from.post && window_serve_asset(request->path, reply))
			return true;
		window_page_say(&r->window, reply, 403, "This window belongs to whoever started it.",
		                "Start ice config, and open the address that it prints.");
		return true;
	}
	return true;
}

static void window_serve(struct window_request *request, struct window_reply *reply, void *arg)
{
	struct window_run *r = arg;
	const struct window_route *route = NULL;
	bool post = request->from.post;
	request->from.entering = strcmp(request->path, "/enter") == 0;
	r->window.known = false;
	if (window_refused(r, request, reply))
		return;
	r->window.known = !request->from.entering || post;
	if (request->from.entering && !post) {
		window_enter(r, request, reply);
		return;
	}
	if (post && !window_session_form(&r->window.session, window_form_text(&request->form, "form"))) {
		window_page_say(&r->window, reply, 403, "This form is not of this window.",
		                "Go back, load the page again, and send it once more.");
		return;
	}
	if (!post && window_serve_asset(request->path, reply))
		return;
	for (size_t i = 0; i < sizeof window_routes / sizeof *window_routes; i++)
		if (strcmp(window_routes[i].path, request->path) == 0 &&
		    (post ? window_routes[i].post : window_routes[i].get))
			route = &window_routes[i];
	if (!route) {
		window_page_say(&r->window, reply, 404, "There is no such page.", "");
		return;
	}
	r->window.rights = window_owner_rights(r->window.file);
	if (!route->quiet)
		r->used = ice_clock_now();
	route->page(&r->window, request, reply);
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

static void window_clock(evutil_socket_t none, short what, void *arg)
{
	struct window_run *r = arg;
	(void)none, (void)what;
	if (window_jobs_running(r->window.jobs))
		r->used = ice_clock_now();
	bool over = ice_clock_now() - r->used >= r->idle;
	if (over)
		fputs("ice config: nobody did anything for a while: the window is closed\n", stderr);
	if (over || (r->window.done && !window_door_busy(r->door)))
		event_base_loopbreak(r->base);
}

static void window_signal(evutil_socket_t number, short what, void *arg)
{
	struct window_run *r = arg;
	(void)number, (void)what;
	event_base_loopbreak(r->base);
}

static void window_print(const struct window_run *r)
{
	uint16_t port = window_door_port(r->door);
	printf("http://%s:%u/enter?token=%s\n", r->v6 ? "[::1]" : "127.0.0.1", port, r->window.session.token);
	fflush(stdout);
	fprintf(stderr,
	        "Open that address in a browser on this machine; it works once. From another machine: ssh -L %u:%s:%u "
	        "HOST, and the same "
	        "address there.\n"
	        "Ctrl-C ends it, and so do ten minutes in which nobody does anything.\n",
	        port, r->v6 ? "[::1]" : "127.0.0.1", port);
}

static void window_loop(struct window_run *r)
{
	ice_usec look = r->idle < WINDOW_CLOCK ? r->idle : WINDOW_CLOCK;
	struct timeval every = {look / 1000000, look % 1000000};
	r->clock = event_new(r->base, -1, EV_PERSIST, window_clock, r);
	r->on_int = evsignal_new(r->base, SIGINT, window_signal, r);
	r->on_term = evsignal_new(r->base, SIGTERM, window_signal, r);
	if (!r->clock || !r->on_int || !r->on_term)
		abort();
	event_add(r->clock, &every);
	event_add(r->on_int, NULL);
	event_add(r->on_term, NULL);
	event_base_dispatch(r->base);
	event_free(r->clock);
	event_free(r->on_int);
	event_free(r->on_term);
}

bool ice_window_run(const struct ice_window_options *options, char *why, size_t why_size)
{
	struct window_run *r = calloc(1, sizeof *r);
	if (!r)
		abort();
	ice_secret_guard_process();
	r->window.file = options->file;
	r->window.sample = options->sample;
	r->v6 = options->v6;
	r->idle = options->idle ? options->idle : WINDOW_IDLE;
	r->used = ice_clock_now();
	r->base = event_base_new();
	if (!r->base)
		abort();
	r->window.jobs = window_jobs_new(r->base);
	bool good = window_owner_become(options->file, why, why_size);
	if (good)
		r->door = window_door_new(r->base, options->v6, options->port, window_serve, r, why, why_size);
	good = r->door != NULL;
	if (good) {
		window_session_init(&r->window.session, options->v6 ? "[::1]" : "127.0.0.1", window_door_port(r->door));
		window_print(r);
		window_loop(r);
	}
	window_door_free(r->door);
	window_jobs_free(r->window.jobs);
	event_base_free(r->base);
	json_decref(r->window.notice);
	window_session_wipe(&r->window.session);
	free(r);
	return good;
}
