/* Test and sweep: buttons that start a command, and what became of it. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/address.h"
#include "page.h"

#define JOB_ADDRESS_MAX 80

/* The buttons. {FILE} is the configuration, {ADDRESS} what was entered. */
static const struct job_kind {
	const char *name, *title, *doing, *template;
	const char *argv[12];
} job_kinds[] = {
        {"check", "Test the connection", "Asking the server", "job-check.html", {"ice", "check", "-c", "{FILE}"}},
        {"probe",
         "Test one device",
         "Asking the device",
         "job-probe.html",
         {"ice", "probe", "-c", "{FILE}", "{ADDRESS}"}},
        {"dry", "Dry run", "Counting", "job-dry.html", {"ice", "scan", "-c", "{FILE}", "--dry-run"}},
        {"sweep",
         "Sweep",
         "Asking every address",
         "job-sweep.html",
         {"ice", "scan", "-c", "{FILE}", "--format", "ndjson"}},
        {"deliver",
         "Sweep and deliver",
         "Asking every address",
         "job-sweep.html",
         {"ice", "scan", "-c", "{FILE}", "--format", "ndjson", "--upload"}},
};

static const struct job_kind *job_kind(const char *name)
{
	for (size_t i = 0; i < sizeof job_kinds / sizeof *job_kinds; i++)
		if (strcmp(job_kinds[i].name, name) == 0)
			return &job_kinds[i];
	return NULL;
}

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
	                 json_pack("{s:s, s:o, s:s}", "page_title", "Test and sweep", "jobs", list, "address",
	                           window_form_text(&request->query, "address")));
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

static json_t *job_facts(const struct window_job *job)
{
	const struct job_kind *kind = job_kind(job->kind);
	int status = window_job_exit(job);
	ice_usec took = (job->running ? ice_clock_now() : job->ended) - job->began;
	char seconds[32];
	snprintf(seconds, sizeof seconds, "%.1f", (double)took / 1e6);
	return json_pack("{s:i, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:b, s:i, s:o, s:o}", "id", (int)job->id, "kind",
	                 kind->name, "doing", kind->doing, "about", job->about, "seconds", seconds, "running",
	                 job->running, "over", !job->running, "good", status == 0, "stopped", job->stopped, "status",
	                 status, "out", json_stringn_nocheck(job->out.text, job->out.len), "err",
	                 json_stringn_nocheck(job->err.text, job->err.len));
}

void window_page_job(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	const struct window_job *job = job_asked(w, &request->query);
	if (!job) {
		window_page_say(w, reply, 404, "That is no longer known.", "Start it again under Test and sweep.");
		return;
	}
	json_t *facts = job_facts(job);
	json_object_set_new(facts, "page_title", json_string(job_kind(job->kind)->title));
	json_object_set_new(facts, "page_again", json_boolean(job->running));
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

void window_page_stop(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	static char where[32];
	const struct window_job *job = job_asked(w, &request->form);
	snprintf(where, sizeof where, job ? "/job?id=%u" : "/test", job ? job->id : 0);
	if (job)
		window_job_stop(w->jobs, job->id);
	window_page_go(reply, where);
}
