/* Outbox and log: what waits for the server, exactly what the next batch says, and what was told of late. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "page.h"
#include "running.h"

#define OUTBOX_WAIT    ICE_USEC_SEC(5)
#define OUTBOX_MAX     (8u << 20)
#define OUTBOX_SHOWN   200
#define OUTBOX_BODY    (256u << 10)
#define LOG_LINES_TEXT "200"

/* The object that a command prints as JSON; NULL when it prints none. */
static json_t *outbox_ask(struct window *w, const char *const *argv)
{
	size_t len;
	int status = 0;
	char *text = window_child_ask(argv, &w->rights, OUTBOX_WAIT, OUTBOX_MAX, &len, &status);
	json_t *said = text ? json_loadb(text, len, 0, NULL) : NULL;
	free(text);
	if (json_is_object(said))
		return said;
	json_decref(said);
	return NULL;
}

/* One batch as it is sent; its body as a person reads JSON, of which the end of a long one is left out. */
static json_t *outbox_shown(struct window *w, const char *which)
{
	const char *show[] = {"ice", "outbox", "show", which, "--format", "json", "-c", w->file, NULL};
	json_t *batch = outbox_ask(w, show);
	char *body = batch ? json_dumps(json_object_get(batch, "body"), JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
	size_t len = body ? strlen(body) : 0, n = len < OUTBOX_BODY ? len : OUTBOX_BODY;
	while (n < len && n > 0 && ((unsigned char)body[n] & 0xc0) == 0x80)
		n--; /* at a character's end */
	if (body) {
		json_object_set_new(batch, "text", json_stringn(body, n));
		json_object_set_new(batch, "cut", json_boolean(n < len));
	}
	free(body);
	return batch;
}

/* A batch is named by its sequence number; anything else is the next one. */
static const char *outbox_which(const struct window_form *query)
{
	const char *which = window_form_text(query, "batch");
	return *which && strlen(which) < 20 && strspn(which, "0123456789") == strlen(which) ? which : "next";
}

void window_page_outbox(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	const char *list[] = {"ice", "outbox", "list", "--format", "json", "-c", w->file, NULL};
	json_t *said = outbox_ask(w, list),
	       *facts = json_pack("{s:s, s:b}", "page_title", "Outbox", "readable", said != NULL);
	json_t *batches = json_object_get(said, "batches"), *batch;
	size_t i;
	json_array_foreach(batches, i, batch)
	{
		const char *state = json_string_value(json_object_get(batch, "state"));
		json_object_set_new(batch, "aside", json_boolean(state && strcmp(state, "set aside") == 0));
	}
	while (json_array_size(batches) > OUTBOX_SHOWN)
		json_array_remove(batches, json_array_size(batches) - 1);
	if (json_array_size(batches) > 0) {
		json_object_set(facts, "said", said);
		json_object_set_new(facts, "batch", outbox_shown(w, outbox_which(&request->query)));
	}
	json_decref(said);
	window_page_show(w, reply, "outbox.html", "/outbox", facts);
}

void window_page_log(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	const char *journal[] = {"journalctl",   "--quiet",    "--unit",   "ice",       "--lines",
	                         LOG_LINES_TEXT, "--no-pager", "--output", "short-iso", NULL};
	size_t len;
	int status = 0;
	char *text = window_child_ask(journal, NULL, OUTBOX_WAIT, OUTBOX_MAX, &len, &status);
	bool good = text && WIFEXITED(status) && WEXITSTATUS(status) == 0 && len > 0;
	json_t *facts = json_pack("{s:s, s:o}", "page_title", "Log", "service", window_running_status(w));
	(void)request;
	if (good)
		json_object_set_new(facts, "journal", json_stringn(text, len));
	free(text);
	window_page_show(w, reply, "log.html", "/log", facts);
}
