#include "status.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ice/ber.h"

/* ---- what is wrong, and what it is doing ---- */

static size_t status_going(const struct ice_status *s)
{
	size_t i = 0;
	while (i < s->range_count && !(s->ranges[i].sweep.began && !s->ranges[i].sweep.ended))
		i++;
	return i;
}

void ice_status_doing(const struct ice_status *s, char *out, size_t size)
{
	size_t i = status_going(s);
	int64_t next = 0;
	for (size_t r = 0; r < s->range_count; r++)
		for (size_t lane = 0; lane < ICE_LANE_ERROR; lane++)
			if (s->ranges[r].next[lane] && (next == 0 || s->ranges[r].next[lane] < next))
				next = s->ranges[r].next[lane];
	if (s->doing) {
		snprintf(out, size, "%s", s->doing);
	} else if (s->outbox_full) {
		snprintf(out, size, "waiting: the outbox takes no more");
	} else if (i < s->range_count) {
		const struct ice_status_range *r = &s->ranges[i];
		snprintf(out, size, "sweeping %s: %" PRIu64 " of %" PRIu64 " addresses, %" PRIu64 " printers", r->name,
		         r->sweep.done, r->addresses, r->sweep.found);
	} else if (s->rounding) {
		snprintf(out, size, "asking the printers that are known");
	} else if (next) {
		char at[ICE_CLOCK_TEXT_SIZE];
		ice_clock_format((time_t)next, at);
		snprintf(out, size, "idle until %s", at);
	} else {
		snprintf(out, size, "idle");
	}
}

static bool status_delivers(const struct ice_status *s)
{
	return !s->upload.last_error || !*s->upload.last_error || s->depth.batches == 0;
}

void ice_status_problems(const struct ice_status *s, ice_status_problem_fn *each, void *arg)
{
	char words[512];
	if (s->config_refused) {
		snprintf(words, sizeof words, "the last reload was refused: %zu mistakes in %s",
		         s->mistakes ? s->mistakes->count + s->mistakes->more : 0, s->config);
		each(words, ice_troubles_advice("reload refused, the old configuration stays"), arg);
	}
	if (s->outbox_full)
		each("the outbox takes no more: devices are not asked",
		     ice_troubles_advice("outbox is full, sweeping waits"), arg);
	if (!status_delivers(s)) {
		snprintf(words, sizeof words, "nothing can be delivered: %s", s->upload.last_error);
		each(words, ice_troubles_advice("upload fails, batches wait"), arg);
	}
	if (s->upload.stuck > 0) {
		snprintf(words, sizeof words, "%u batches fail again and again while others are delivered",
		         s->upload.stuck);
		each(words, ice_troubles_advice("batch fails again and again: others go past it"), arg);
	}
	if (s->depth.rejected > 0) {
		snprintf(words, sizeof words, "%" PRId64 " batches are set aside", s->depth.rejected);
		each(words, ice_troubles_advice("batch rejected by the server: set aside"), arg);
	}
}

/* ---- the object ---- */

static void status_count(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

static void status_time(json_t *o, const char *key, int64_t wall)
{
	if (wall > 0)
		json_object_set_new(o, key, json_integer(wall));
}

static void status_text(json_t *o, const char *key, const char *text)
{
	if (text && *text)
		json_object_set_new(o, key, json_string(text));
}

static json_t *status_configuration(const struct ice_status *s)
{
	json_t *o = json_object(), *lines = json_array();
	status_text(o, "file", s->config);
	status_time(o, "read_at", s->config_read);
	status_time(o, "refused_at", s->config_refused);
	for (size_t i = 0; s->config_refused && s->mistakes && i < s->mistakes->count; i++)
		json_array_append_new(lines, json_string(s->mistakes->lines[i]));
	if (s->config_refused)
		json_object_set(o, "mistakes", lines);
	json_decref(lines);
	return o;
}

static json_t *status_range(const struct ice_status_range *r)
{
	static const enum ice_lane_kind lanes[] = {ICE_LANE_SWEEP, ICE_LANE_INVENTORY, ICE_LANE_PULSE};
	json_t *o = json_object(), *sweep = json_object(), *printers = json_object(), *next = json_object();
	status_text(o, "name", r->name);
	status_count(o, "addresses", r->addresses);
	json_object_set_new(sweep, "going", json_boolean(r->sweep.began && !r->sweep.ended));
	status_time(sweep, "began_at", r->sweep.began);
	status_time(sweep, "ended_at", r->sweep.ended);
	status_count(sweep, "done", r->sweep.done);
	status_count(sweep, "found", r->sweep.found);
	json_object_set_new(sweep, "rate", json_real(r->sweep.rate));
	for (size_t i = 0; i < ICE_DEVICE_STATES; i++)
		status_count(printers, ice_device_state_name((enum ice_device_state)i), r->printers[i]);
	for (size_t i = 0; i < sizeof lanes / sizeof *lanes; i++)
		status_time(next, ice_lane_name(lanes[i]), r->next[lanes[i]]);
	json_object_set_new(o, "sweep", sweep);
	json_object_set_new(o, "printers", printers);
	json_object_set_new(o, "next", next);
	return o;
}

static json_t *status_outbox(const struct ice_status *s)
{
	json_t *o = json_object();
	status_count(o, "batches", (uint64_t)s->depth.batches);
	status_count(o, "readings", (uint64_t)s->depth.readings);
	status_count(o, "bytes", (uint64_t)s->depth.bytes);
	status_count(o, "max_bytes", (uint64_t)s->outbox_max);
	status_count(o, "set_aside", (uint64_t)s->depth.rejected);
	status_count(o, "set_aside_bytes", (uint64_t)s->depth.rejected_bytes);
	json_object_set_new(o, "full", json_boolean(s->outbox_full));
	return o;
}

static json_t *status_upload(const struct ice_status *s)
{
	const struct ice_upload_counters *c = &s->upload;
	json_t *o = json_object();
	status_count(o, "acknowledged", c->acknowledged);
	status_count(o, "rejected", c->rejected);
	status_count(o, "failures", c->failures);
	status_count(o, "stuck", c->stuck);
	status_count(o, "readings", c->readings);
	status_count(o, "bytes_sent", c->bytes_sent);
	status_count(o, "switches", c->switches);
	status_text(o, "way", c->http_in_use ? "http, sealed" : "https");
	status_time(o, "last_acknowledged_at", s->acknowledged);
	status_text(o, "error", c->last_error);
	status_time(o, "next_attempt_at", s->next_attempt);
	return o;
}

static json_t *status_network(const struct ice_status *s)
{
	json_t *o = json_object(), *strays = json_object();
	status_count(o, "sent", s->figures.scanner.probes_sent);
	status_count(o, "replies", s->figures.scanner.replies);
	status_count(o, "kernel_drops", s->figures.udp.kernel_drops);
	status_count(o, "send_errors", s->figures.udp.send_errors);
	for (size_t v = 0; v < ICE_VERDICT_COUNT; v++)
		if (v != ICE_VERDICT_OK && s->figures.scanner.strays[v] > 0)
			status_count(strays, ice_verdict_name((enum ice_verdict)v), s->figures.scanner.strays[v]);
	json_object_set_new(o, "strays", strays);
	return o;
}

static bool status_has_https(const struct ice_status *s)
{
	return !s->upload.http_in_use;
}

static bool status_none_aside(const struct ice_status *s)
{
	return s->depth.rejected == 0;
}

static bool status_none_stuck(const struct ice_status *s)
{
	return s->upload.stuck == 0;
}

static bool status_outbox_takes(const struct ice_status *s)
{
	return !s->outbox_full;
}

static bool status_configured(const struct ice_status *s)
{
	return s->config_refused == 0;
}

/* The troubles whose end can be seen. */
static const struct status_end {
	const char *message;
	bool (*seen)(const struct ice_status *s);
} status_ends[] = {
        {"upload fails, batches wait", status_delivers},
        {"HTTPS cannot be reached: batches go sealed over HTTP after it", status_has_https},
        {"batch rejected by the server: set aside", status_none_aside},
        {"batch fails again and again: others go past it", status_none_stuck},
        {"outbox is full, sweeping waits", status_outbox_takes},
        {"outbox refuses, sweeping waits", status_outbox_takes},
        {"mistake in the configuration", status_configured},
        {"reload refused, the old configuration stays", status_configured},
};

static bool status_solved(const struct ice_status *s, const struct ice_trouble *t)
{
	for (size_t i = 0; i < sizeof status_ends / sizeof *status_ends; i++)
		if (strcmp(status_ends[i].message, t->message) == 0)
			return status_ends[i].seen(s);
	return false;
}

static json_t *status_troubles(const struct ice_status *s)
{
	const struct ice_troubles *t = s->troubles;
	json_t *list = json_array();
	for (size_t i = 0; t && i < t->count; i++) {
		json_t *o = json_object();
		bool solved = status_solved(s, &t->rows[i]);
		status_time(o, "at", t->rows[i].at);
		status_text(o, "level", t->rows[i].level == ICE_LOG_ERROR ? "error" : "warn");
		status_text(o, "what", t->rows[i].words);
		status_text(o, "do", solved ? NULL : ice_troubles_advice(t->rows[i].message));
		if (solved)
			json_object_set_new(o, "solved", json_true());
		status_count(o, "times", t->rows[i].times);
		json_array_append_new(list, o);
	}
	return list;
}

static json_t *status_requests(const struct ice_status *s)
{
	json_t *list = json_array();
	for (size_t i = 0; i < s->request_count; i++) {
		const struct ice_status_request *r = &s->requests[i];
		json_t *o = json_object();
		status_text(o, "id", r->request.id);
		status_text(o, "what", ice_request_name(r->request.what));
		status_text(o, "range", r->request.range);
		status_time(o, "at", r->at);
		status_text(o, "result", r->result);
		json_array_append_new(list, o);
	}
	return list;
}

static void status_add_problem(const char *what, const char *todo, void *arg)
{
	json_t *o = json_object();
	status_text(o, "what", what);
	status_text(o, "do", todo);
	json_array_append_new(arg, o);
}

json_t *ice_status_json(const struct ice_status *s)
{
	json_t *o = json_object(), *problems = json_array(), *ranges = json_array();
	char doing[512];
	if (!o || !problems || !ranges)
		abort();
	ice_status_problems(s, status_add_problem, problems);
	for (size_t i = 0; i < s->range_count; i++)
		json_array_append_new(ranges, status_range(&s->ranges[i]));
	ice_status_doing(s, doing, sizeof doing);
	status_count(o, "schema", 1);
	status_text(o, "version", s->version);
	status_count(o, "pid", (uint64_t)getpid());
	status_time(o, "written_at", s->written);
	status_time(o, "started_at", s->started);
	status_text(o, "site", s->site);
	status_text(o, "server", s->server);
	json_object_set_new(o, "healthy", json_boolean(json_array_size(problems) == 0));
	json_object_set_new(o, "problems", problems);
	status_text(o, "doing", doing);
	json_object_set_new(o, "configuration", status_configuration(s));
	json_object_set_new(o, "ranges", ranges);
	json_object_set_new(o, "outbox", status_outbox(s));
	json_object_set_new(o, "upload", status_upload(s));
	json_object_set_new(o, "network", status_network(s));
	json_object_set_new(o, "slowest", ice_slowest_json(&s->slowest));
	json_object_set_new(o, "troubles", status_troubles(s));
	json_object_set_new(o, "requests", status_requests(s));
	return o;
}
