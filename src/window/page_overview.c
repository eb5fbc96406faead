/* Overview: what is set up, what is next, and how the service is doing. Reload and Done, too. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "count.h"
#include "ice/enrolment.h"
#include "page.h"
#include "running.h"

struct overview {
	struct ice_settings settings;
	struct ice_conf_mistakes mistakes;
	char *start; /* the command */
	bool readable, enrolled, connected, swept, running;
};

static void overview_step(json_t *steps, bool done, bool *next, const char *name, const char *text, const char *tail,
                          const char *action)
{
	bool is_next = !done && *next;
	*next &= done;
	json_array_append_new(steps, json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "name", name, "text", text, "tail",
	                                       tail, "action", action, "done", done, "next", is_next));
}

static bool overview_succeeded(struct window *w, const char *kind)
{
	for (size_t i = 0; window_jobs_at(w->jobs, i); i++) {
		const struct window_job *job = window_jobs_at(w->jobs, i);
		if (strcmp(job->kind, kind) == 0 && window_job_exit(job) == 0)
			return true;
	}
	return false;
}

/* What the service told last, running or not: that this server acknowledged what it read proves the steps before it. */
static bool overview_delivered(const json_t *service, const struct ice_enrolment *e)
{
	const char *site = json_string_value(json_object_get(service, "site")),
	           *server = json_string_value(json_object_get(service, "server"));
	const json_t *upload = json_object_get(service, "upload");
	return site && server && strcmp(site, e->site) == 0 && strcmp(server, e->server) == 0 &&
	       json_integer_value(json_object_get(upload, "last_acknowledged_at")) > 0;
}

static json_t *overview_steps(const struct overview *o)
{
	json_t *steps = json_array();
	bool next = true;
	overview_step(steps, o->enrolled, &next, "Enrol", "Paste the line of your Facilities Manager server.", "server",
	              "Enrol");
	overview_step(steps, o->enrolled && (o->connected || o->swept || o->running), &next, "Test the connection",
	              "Name, certificate, clock, and one signed batch there and back.", "server", "Test");
	overview_step(steps, o->settings.plan.count > 0, &next, "Say which addresses",
	              "The ranges of your network that may be asked.", "network", "Add a range");
	overview_step(steps, o->swept || o->running, &next, "Sweep once", "Find the printers, read them, deliver them.",
	              "test", "Sweep");
	overview_step(steps, o->running, &next, "Start the service", o->start, "log", "Its log");
	return steps;
}

void window_page_overview(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	static struct overview o;
	static struct ice_enrolment e;
	char why[512];
	(void)request;
	memset(&o, 0, sizeof o);
	o.readable = ice_settings_read(w->file, &o.settings, &o.mistakes) || access(w->file, F_OK) != 0;
	o.enrolled = o.settings.server.enrolment.path[0] &&
	             ice_enrolment_read(o.settings.server.enrolment.path, &e, why, sizeof why);
	json_t *service = window_running_status(w);
	bool delivered = o.enrolled && overview_delivered(service, &e);
	o.connected = delivered || overview_succeeded(w, "check");
	o.swept = delivered || overview_succeeded(w, "deliver");
	o.running = json_is_true(json_object_get(service, "running"));
	o.start = window_running_start(w->file);
	json_t *facts =
	        json_pack("{s:s, s:o, s:o}", "page_title", "Overview", "steps", overview_steps(&o), "service", service);
	if (o.enrolled) {
		json_object_set_new(facts, "site", json_string(e.site));
		json_object_set_new(facts, "at", json_string(e.server));
	}
	if (o.settings.plan.count > 0)
		json_object_set_new(facts, "total", window_count_all(&o.settings));
	json_object_set_new(facts, "readable", json_boolean(o.readable));
	if (!o.readable) {
		json_t *list = json_array();
		for (size_t i = 0; i < o.mistakes.count; i++)
			json_array_append_new(list, json_string(o.mistakes.lines[i]));
		json_object_set_new(facts, "broken", list);
	}
	json_object_set_new(facts, "range_count", json_integer((json_int_t)o.settings.plan.count));
	json_object_set_new(facts, "started", json_boolean(o.running));
	json_object_set_new(facts, "start", json_string(o.start));
	json_object_set_new(facts, "by_unit", json_boolean(window_running_by_unit(w->file)));
	json_object_set_new(facts, "ready",
	                    json_boolean(o.enrolled && o.settings.plan.count > 0 && (o.swept || o.running)));
	window_page_show(w, reply, "overview.html", "/", facts);
	free(o.start);
	ice_enrolment_wipe(&e);
	ice_conf_mistakes_free(&o.mistakes);
	ice_settings_free(&o.settings);
}

void window_page_status(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	(void)request;
	window_page_fragment(w, reply, "status.html", json_pack("{s:o}", "service", window_running_status(w)));
}

void window_page_reload(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	char why[256];
	(void)request;
	if (window_running_reload(w, why, sizeof why))
		window_page_notice(
		        w, "good",
		        "The service was told to read its configuration again. Its log says what came of it.");
	else
		window_page_notice(w, "bad", "%s", why);
	window_page_go(reply, "/");
}

void window_page_done(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	(void)request;
	w->done = true;
	window_page_say(w, reply, 200, "The window is closed.", "You can close this tab. ice config opens it again.");
}
