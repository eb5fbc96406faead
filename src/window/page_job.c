/* Test and sweep: buttons that start a command, and what became of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/address.h"
#include "page.h"
#include "results.h"
#include "running.h"
#include "view.h"

#define JOB_ADDRESS_MAX 80
#define JOB_SHOWN       12 /* of the printers found, under the progress */

/* The buttons. {FILE} is the configuration, {ADDRESS} what was entered. */
static const struct job_kind {
	const char *name, *title, *doing;
	const char *argv[12];
} job_kinds[] = {
        {"check",
         "Test the connection",
         "Asking the server",
         {"ice", "check", "--server", "--format", "json", "-c", "{FILE}"}},
        {"probe",
         "Test one device",
         "Asking the device",
         {"ice", "probe", "--format", "json", "-c", "{FILE}", "{ADDRESS}"}},
        {"dry", "Dry run", "Counting", {"ice", "scan", "--dry-run", "--format", "json", "-c", "{FILE}"}},
        {"sweep",
         "Sweep",
         "Asking every address",
         {"ice", "scan", "--format", "ndjson", "--progress", "json", "-c", "{FILE}"}},
        {"now", "Sweep now", "Telling the service", {"ice", "now", "sweep", "-c", "{FILE}"}},
        {"deliver",
         "Sweep and deliver",
         "Asking every address",
         {"ice", "scan", "--format", "ndjson", "--progress", "json", "--upload", "-c", "{FILE}"}},
};

static const struct job_kind *job_kind(const char *name)
{
	for (size_t i = 0; i < sizeof job_kinds / sizeof *job_kinds; i++)
		if (strcmp(job_kinds[i].name, name) == 0)
			return &job_kinds[i];
	return NULL;
}

static bool job_is_sweep(const struct window_job *job)
{
	return strcmp(job->kind, "sweep") == 0 || strcmp(job->kind, "deliver") == 0;
}

/* ---- starting and stopping ---- */

void window_page_test(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	json_t *list = json_array();
	for (size_t i = 0; window_jobs_at(w->jobs, i); i++) {
		const struct window_job *job = window_jobs_at(w->jobs, i);
		json_array_append_new(list, json_pack("{s:i, s:s, s:s, s:b, s:b}", "id", (int)job->id, "title",
		                                      job_kind(job->kind)->title, "about", job->about, "running",
		                                      job->running, "good", window_job_exit(job) == 0));
	}
	window_page_show(w, reply, "test.html", "/test",
	                 json_pack("{s:s, s:b, s:o, s:o, s:s}", "page_title", "Test and sweep", "recent",
	                           json_array_size(list) > 0, "jobs", list, "service", window_running_status(w),
	                           "address", window_form_text(&request->query, "address")));
}

/* What is not an address is never an argument. */
static bool job_address(const struct window_form *form, char out[JOB_ADDRESS_MAX])
{
	struct ice_address a;
	const char *text = window_form_text(form, "address");
	text += strspn(text, " \t\n");
	snprintf(out, JOB_ADDRESS_MAX, "%.*s", (int)strcspn(text, " \t\n"), text);
	return ice_address_parse(out, &a);
}

void window_page_start(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	static char where[32];
	const struct job_kind *kind = job_kind(window_form_text(&request->form, "kind"));
	const char *argv[WINDOW_CHILD_ARGS] = {NULL};
	char address[JOB_ADDRESS_MAX] = "";
	if (!kind) {
		window_page_say(w, reply, 400, "There is no such button.", "");
		return;
	}
	for (size_t i = 0; kind->argv[i]; i++) {
		bool wanted = strcmp(kind->argv[i], "{ADDRESS}") == 0;
		if (wanted && !job_address(&request->form, address)) {
			window_page_notice(w, "bad", "\"%s\" is no address; right would be 10.1.2.3 or fd00::12",
			                   window_form_text(&request->form, "address"));
			window_page_go(reply, "/test");
			return;
		}
		argv[i] = wanted ? address : strcmp(kind->argv[i], "{FILE}") == 0 ? w->file : kind->argv[i];
	}
	const struct window_job *job = window_jobs_start(w->jobs, kind->name, address, argv, &w->rights);
	if (!job) {
		window_page_notice(w, "bad", "Wait for what is running, or stop it first.");
		window_page_go(reply, "/test");
		return;
	}
	snprintf(where, sizeof where, "/job?id=%u", job->id);
	window_page_go(reply, where);
}

static struct window_job *job_asked(struct window *w, const struct window_form *form)
{
	unsigned long id = strtoul(window_form_text(form, "id"), NULL, 10);
	return id <= UINT32_MAX ? window_jobs_find(w->jobs, (unsigned)id) : NULL;
}

void window_page_stop(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	static char where[32];
	const struct window_job *job = job_asked(w, &request->form);
	snprintf(where, sizeof where, job ? "/job?id=%u" : "/test", job ? job->id : 0);
	if (job)
		window_job_stop(w->jobs, job->id);
	window_page_go(reply, where);
}

/* ---- looking ---- */

/* "ok" and "failed" become facts that a template can ask for. */
static void job_steps(json_t *said)
{
	json_t *step;
	size_t i;
	json_array_foreach(json_object_get(said, "steps"), i, step)
	{
		const char *result = json_string_value(json_object_get(step, "result"));
		if (result)
			json_object_set_new(step, result, json_true());
	}
}

/* The progress lines of a sweep stand on its standard error among words for people: the last of them, and the words without them. */
static json_t *job_progress(const char *err, json_t **words)
{
	json_t *last = NULL;
	char *text = strdup(err), *rest = text, *line, *kept = calloc(1, strlen(err) + 2);
	size_t n = 0;
	if (!text || !kept)
		abort();
	while ((line = strsep(&rest, "\n"))) {
		json_t *o = *line == '{' ? json_loads(line, 0, NULL) : NULL;
		if (json_is_object(o)) {
			json_decref(last);
			last = o;
			continue;
		}
		json_decref(o);
		if (*line)
			n += (size_t)sprintf(kept + n, "%s\n", line);
	}
	*words = json_string(kept);
	free(text);
	free(kept);
	return last;
}

static void job_sweep_facts(const struct window_job *job, json_t *facts)
{
	json_t *words, *progress = job_progress(job->err.text, &words);
	json_int_t done = json_integer_value(json_object_get(progress, "done"));
	json_int_t total = json_integer_value(json_object_get(progress, "total"));
	size_t found = window_results_count(job);
	json_int_t percent = !job->running && window_job_exit(job) == 0 ? 100 : total > 0 ? done * 100 / total : 0;
	json_object_set_new(facts, "words", words ? words : json_string(""));
	json_object_set_new(facts, "sweep",
	                    json_pack("{s:I, s:I, s:I, s:I, s:o, s:b}", "done", done, "total", total, "percent",
	                              percent, "found", (json_int_t)found, "printers",
	                              window_results_last(job, JOB_SHOWN), "one", found == 1));
	json_decref(progress);
}

static json_t *job_facts(const struct window_job *job)
{
	const struct job_kind *kind = job_kind(job->kind);
	int status = window_job_exit(job);
	ice_usec took = (job->running ? ice_clock_now() : job->ended) - job->began;
	char seconds[32];
	snprintf(seconds, sizeof seconds, job->running ? "%.0f" : "%.1f", (double)took / 1e6);
	json_t *facts = json_pack("{s:i, s:s, s:s, s:s, s:b, s:b, s:b, s:b}", "id", (int)job->id, "doing", kind->doing,
	                          "about", job->about, "seconds", seconds, "running", job->running, "over",
	                          !job->running, "good", status == 0, "stopped", job->stopped);
	json_t *said = job->running || job_is_sweep(job) ? NULL : json_loadb(job->out.text, job->out.len, 0, NULL);
	if (json_is_object(said)) {
		job_steps(said);
		json_t *record = json_object_get(said, "record");
		if (json_is_object(record))
			json_object_set_new(facts, "record", window_view_facts(record));
		json_object_set_new(said, "explained",
		                    json_boolean(json_array_size(json_object_get(said, "facts")) > 0));
		json_object_set_new(said, "traced", json_boolean(json_array_size(json_object_get(said, "trace")) > 0));
		json_object_set(facts, job->kind, said);
	} else if (!job->running && !job_is_sweep(job)) {
		json_object_set_new(facts, "plain", json_stringn(job->out.text, job->out.len));
	}
	json_decref(said);
	if (job_is_sweep(job))
		job_sweep_facts(job, facts);
	else
		json_object_set_new(facts, "words", json_stringn(job->err.text, job->err.len));
	json_object_set_new(facts, "overflow", json_boolean(job->overflow));
	json_object_set_new(facts, "delivers", json_boolean(strcmp(job->kind, "deliver") == 0));
	return facts;
}

void window_page_job(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	const struct window_job *job = job_asked(w, &request->query);
	if (!job) {
		window_page_say(w, reply, 404, "That is no longer known.", "Start it again under Test and sweep.");
		return;
	}
	json_t *facts = job_facts(job);
	const char *title = job_kind(job->kind)->title;
	json_object_set_new(facts, "page_title",
	                    *job->about ? json_sprintf("%s: %s", title, job->about) : json_string(title));
	json_object_set_new(facts, "page_again", json_boolean(job->running));
	json_object_set_new(facts, "page_above", json_pack("{s:s, s:s}", "tail", "test", "name", "Test and sweep"));
	window_page_show(w, reply, "job.html", "/test", facts);
}

void window_page_part(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	const struct window_job *job = job_asked(w, &request->query);
	if (job)
		window_page_fragment(w, reply, "job-part.html", job_facts(job));
	else
		window_page_say(w, reply, 404, "That is no longer known.", "");
}
