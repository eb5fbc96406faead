/* Outbox and log: what waits for the server, exactly what the next batch says, and what was told of late. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "page.h"
#include "running.h"
#include "view.h"

#define OUTBOX_WAIT    ICE_USEC_SEC(5)
#define OUTBOX_MAX     (8u << 20)
#define OUTBOX_SHOWN   200
#define LOG_LINES_TEXT "200"

/* What a command prints as JSON, a value a line; an empty array when it prints none. */
static json_t *outbox_ask(struct window *w, const char *const *argv, bool *good)
{
	size_t len;
	int status = 0;
	char *text = window_child_ask(argv, &w->rights, OUTBOX_WAIT, OUTBOX_MAX, &len, &status);
	json_t *list = json_array();
	for (const char *line = text, *end; line && (end = strchr(line, '\n')); line = end + 1) {
		json_t *o =
		        json_array_size(list) < OUTBOX_SHOWN ? json_loadb(line, (size_t)(end - line), 0, NULL) : NULL;
		if (o)
			json_array_append_new(list, o);
	}
	*good = text && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	free(text);
	return list;
}

void window_page_outbox(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	const char *list[] = {"ice", "outbox", "list", "--format", "ndjson", "-c", w->file, NULL};
	bool good;
	json_t *batches = outbox_ask(w, list, &good), *batch;
	size_t i;
	(void)request;
	json_array_foreach(batches, i, batch)
	{
		const char *state = json_string_value(json_object_get(batch, "state"));
		json_object_set_new(batch, "aside", json_boolean(state && strcmp(state, "set aside") == 0));
	}
	window_page_show(w, reply, "outbox.html", "/outbox",
	                 json_pack("{s:s, s:o, s:b}", "page_title", "Outbox", "batches", batches, "readable", good));
}

void window_page_log(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	const char *journal[] = {"journalctl", "--unit",   "ice",       "--lines", LOG_LINES_TEXT,
	                         "--no-pager", "--output", "short-iso", NULL};
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
