#include "running.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define RUNNING_WAIT ICE_USEC_SEC(3)
#define RUNNING_MAX  (4u << 20)
#define RUNNING_UNIT "/etc/ice/ice.ini" /* of config/ice.service */
/* What a shell takes as it stands. */
#define RUNNING_PLAIN "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+@"

/* Of each range: a line of words, how far a sweep is, and over all of them how many printers are known. */
static void running_ranges(json_t *said)
{
	json_t *range, *count;
	const char *state;
	uint64_t known = 0; /* what is told may be anybody's words: a sum that wraps is as good as another */
	size_t i;
	json_array_foreach(json_object_get(said, "ranges"), i, range)
	{
		const json_t *sweep = json_object_get(range, "sweep");
		json_t *printers = json_object_get(range, "printers");
		uint64_t here = 0;
		json_int_t done = json_integer_value(json_object_get(sweep, "done"));
		json_int_t total = json_integer_value(json_object_get(range, "addresses"));
		bool missing = json_integer_value(json_object_get(printers, "missing")) > 0;
		json_object_foreach(printers, state, count) here +=
		        strcmp(state, "retired") ? (uint64_t)json_integer_value(count) : 0;
		known += here;
		json_object_set_new(range, "going",
		                    json_boolean(json_is_true(json_object_get(sweep, "going")) && total > 0));
		json_object_set_new(range, "percent",
		                    json_integer(total > 0 ? (json_int_t)(100.0 * (double)done / (double)total) : 0));
		json_object_set_new(range, "summary",
		                    json_sprintf("%lld addresses, %lld printers%s", (long long)total, (long long)here,
		                                 missing ? ", some of them missing" : ""));
	}
	json_object_set_new(said, "printers_known", json_integer((json_int_t)known));
}

json_t *window_running_status(struct window *w)
{
	const char *argv[] = {"ice", "status", "--json", "-c", w->file, NULL};
	size_t len;
	int status = 0;
	char *text = window_child_ask(argv, &w->rights, RUNNING_WAIT, RUNNING_MAX, &len, &status);
	json_t *said = text ? json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL) : NULL;
	free(text);
	if (!json_is_object(said)) {
		json_decref(said);
		said = json_object();
	}
	json_object_set_new(said, "running", json_boolean(json_is_true(json_object_get(said, "alive"))));
	running_ranges(said);
	return said;
}

bool window_running_reload(struct window *w, char *why, size_t why_size)
{
	json_t *said = window_running_status(w);
	json_int_t pid = json_integer_value(json_object_get(said, "pid"));
	bool running = json_is_true(json_object_get(said, "running")) && pid > 1;
	json_decref(said);
	if (!running)
		snprintf(why, why_size,
		         "The service does not run, as far as its state folder tells: there is nothing to tell it.");
	else if (kill((pid_t)pid, SIGHUP) != 0)
		snprintf(why, why_size,
		         "The service could not be told (%s). As its administrator: kill -HUP %" JSON_INTEGER_FORMAT,
		         strerror(errno), pid);
	else
		return true;
	return false;
}

bool window_running_by_unit(const char *file)
{
	char real[PATH_MAX];
	return strcmp(realpath(file, real) ? real : file, RUNNING_UNIT) == 0;
}

char *window_running_start(const char *file)
{
	char *command = NULL;
	size_t n;
	FILE *to = open_memstream(&command, &n);
	if (!to)
		abort();
	if (window_running_by_unit(file)) {
		fputs("systemctl enable --now ice", to);
	} else if (!file[strspn(file, RUNNING_PLAIN)]) {
		fprintf(to, "ice run -c %s", file);
	} else {
		fputs("ice run -c '", to);
		for (; *file; file++)
			fputs(*file == '\'' ? "'\\''" : (char[]){*file, '\0'}, to);
		fputc('\'', to);
	}
	if (fclose(to) != 0)
		abort();
	return command;
}
