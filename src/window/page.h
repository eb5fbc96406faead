/* page: what the pages share: the window they belong to, and how they answer.
 *
 * A page is a function that looks at the request and answers with a template and facts, or sends the browser on (after every change, so that
 * going back or reloading repeats nothing). */
#ifndef WINDOW_PAGE_H
#define WINDOW_PAGE_H

#include <jansson.h>

#include "door.h"
#include "ice/conf.h"
#include "ice/settings_edit.h"
#include "job.h"
#include "session.h"

struct window {
	const char *file, *sample;
	struct window_session session;
	struct window_jobs *jobs;
	struct window_child_rights rights; /* of the commands it runs */
	json_t *notice;                    /* shown once, by the next page */
	bool known;                        /* the request that is being answered is of the session */
	bool done;
};

typedef void window_page_fn(struct window *w, const struct window_request *request, struct window_reply *reply);

/* page_*.c */
window_page_fn window_page_overview, window_page_status, window_page_server, window_page_enrol, window_page_network,
        window_page_range, window_page_count, window_page_settings, window_page_test, window_page_start,
        window_page_stop, window_page_job, window_page_part, window_page_printers, window_page_printer,
        window_page_outbox, window_page_log, window_page_reload, window_page_done;

/* Answers with a template of a whole page; takes the facts over. `at` is the page in the navigation, "/server". */
void window_page_show(struct window *w, struct window_reply *reply, const char *template, const char *at,
                      json_t *facts);

/* A part of a page, for the script. */
void window_page_fragment(struct window *w, struct window_reply *reply, const char *template, json_t *facts);

/* A page that says one thing, with a status. */
void window_page_say(struct window *w, struct window_reply *reply, int status, const char *what, const char *more);

/* Sends the browser on, after a change. */
void window_page_go(struct window_reply *reply, const char *where);

/* Shown by the next page; kind "good", "bad" or "plain". */
void window_page_notice(struct window *w, const char *kind, const char *fmt, ...) ICE_PRINTF(3, 4);

/* The configuration as it is; NULL after saying why not. */
struct ice_settings_edit *window_page_open(struct window *w, struct window_reply *reply);

/* The same in place of an edit that was changed and could not be saved: what a form shows is what is in the file, and what was entered against
 * it. False, and *edit NULL, after saying why not. */
ICE_MUST_CHECK bool window_page_again(struct window *w, struct window_reply *reply, struct ice_settings_edit **edit);

/* Saves, unless there are mistakes already. Those found are added: by their options, and in words under "" where they have none of the options
 * named. True when saved. */
ICE_MUST_CHECK bool window_page_save(struct window *w, const struct window_request *request,
                                     struct ice_settings_edit *edit, json_t *mistakes);

/* Beside the configuration: "enrolment" -> "/etc/ice/enrolment". False when it does not fit. */
ICE_MUST_CHECK bool window_page_beside(const struct window *w, const char *name, char *out, size_t size);

#endif
