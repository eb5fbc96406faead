#include "stats.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include <jansson.h>

#include "bounds.h"

#define STATS_SHORTEST ICE_USEC_MSEC(1) /* a moment below that has no rate */

void ice_stats_init(struct ice_stats *s, ice_usec now)
{
	*s = (struct ice_stats){.since = now, .next = now + ICE_USEC_SEC(1), .moment_seconds = 1};
	s->status = fopen("/proc/self/status", "re");
}

void ice_stats_fini(struct ice_stats *s)
{
	if (s->status)
		fclose(s->status);
	s->status = NULL;
}

void ice_stats_find(struct ice_stats *s, const struct ice_finding *f)
{
	if (f->outcome == ICE_OUTCOME_PRINTER) {
		s->printers++;
		s->printer_requests += f->requests;
		if (f->requests > s->printer_requests_max)
			s->printer_requests_max = f->requests;
	}
	if (f->rtt < 0)
		return;
	ice_subnets_add(&s->subnets, &f->address, f->rtt);
	ice_slowest_add(&s->slowest, &f->address, f->rtt, NULL);
}

/* A month of seconds fits too: two moments become one. */
static void stats_halve(struct ice_stats *s)
{
	for (size_t i = 0; i < s->moments / 2; i++) {
		struct ice_stats_moment *a = &s->timeline[2 * i], *b = a + 1;
		s->timeline[i] = (struct ice_stats_moment){a->lasted + b->lasted, a->sent + b->sent,
		                                           a->received + b->received, a->found + b->found};
	}
	s->moments /= 2;
	s->moment_seconds *= 2;
}

/* What has come since the last moment ended. */
static struct ice_stats_moment stats_moment(const struct ice_stats *s, const struct ice_figures *f, ice_usec lasted)
{
	return (struct ice_stats_moment){lasted, f->scanner.probes_sent - s->last.sent,
	                                 f->udp.received - s->last.received, f->scanner.devices - s->last.found};
}

void ice_stats_beat(struct ice_stats *s, ice_usec now, const struct ice_heartbeat *h)
{
	struct ice_figures f;
	if (now < s->next)
		return;
	ice_heartbeat_figures(h, &f);
	if (s->moments == ICE_STATS_MOMENTS)
		stats_halve(s);
	s->timeline[s->moments++] = stats_moment(s, &f, now - s->since);
	s->last = (struct ice_stats_moment){0, f.scanner.probes_sent, f.udp.received, f.scanner.devices};
	s->since = now;
	s->next += ICE_USEC_SEC(s->moment_seconds); /* a late beat makes the next moment shorter */
	if (s->next <= now)
		s->next = now + ICE_USEC_SEC(s->moment_seconds);
}

static double stats_seconds(const struct timeval *tv)
{
	return (double)tv->tv_sec + (double)tv->tv_usec / 1e6;
}

static json_t *stats_rtt(const struct ice_scanner_counters *c)
{
	uint64_t n = 0;
	size_t last = 0;
	for (size_t i = 0; i < sizeof c->rtt / sizeof *c->rtt; i++) {
		n += c->rtt[i];
		last = c->rtt[i] ? i : last;
	}
	json_t *rtt = json_object();
	if (n == 0)
		return rtt;
	json_object_set_new(rtt, "p50", json_real((double)ice_scanner_rtt(c, 0.5) / 1000));
	json_object_set_new(rtt, "p95", json_real((double)ice_scanner_rtt(c, 0.95) / 1000));
	json_object_set_new(rtt, "p99", json_real((double)ice_scanner_rtt(c, 0.99) / 1000));
	json_object_set_new(rtt, "max", json_real((double)ice_scanner_rtt(c, 1.0) / 1000));
	return rtt;
}

/* [[milliseconds below which, how many], ...]: the buckets that hold anything. */
static json_t *stats_histogram(const struct ice_scanner_counters *c)
{
	static const double quarters[4] = {1.189207115, 1.414213562, 1.681792831, 2.0};
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof c->rtt / sizeof *c->rtt; i++) {
		if (c->rtt[i] == 0)
			continue;
		double below = (double)(UINT64_C(1) << i / 4) * quarters[i % 4] / 1000;
		json_t *bucket = json_array();
		json_array_append_new(bucket, json_real(below));
		json_array_append_new(bucket, json_integer((json_int_t)c->rtt[i]));
		json_array_append_new(list, bucket);
	}
	return list;
}

static void stats_rate(json_t *list, uint64_t n, ice_usec lasted)
{
	json_array_append_new(list, json_integer((json_int_t)((double)n * 1e6 / (double)lasted + 0.5)));
}

/* The moments, and what came after the last of them. */
static json_t *stats_timeline(const struct ice_stats *s, const struct ice_figures *f)
{
	json_t *o = json_object(), *seconds = json_array(), *sent = json_array(), *received = json_array(),
	       *found = json_array();
	ice_usec left = (ice_usec)(f->seconds * 1e6);
	for (size_t i = 0; i <= s->moments; i++) {
		struct ice_stats_moment m = i < s->moments ? s->timeline[i] : stats_moment(s, f, left);
		if (m.lasted < STATS_SHORTEST)
			continue;
		json_array_append_new(seconds, json_real((double)m.lasted / 1e6));
		stats_rate(sent, m.sent, m.lasted);
		stats_rate(received, m.received, m.lasted);
		stats_rate(found, m.found, m.lasted);
		left -= m.lasted;
	}
	json_object_set_new(o, "seconds", seconds);
	json_object_set_new(o, "sent_per_second", sent);
	json_object_set_new(o, "received_per_second", received);
	json_object_set_new(o, "devices_per_second", found);
	return o;
}

static void stats_count(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

/* First contacts whose first, second, third or a later try was answered. */
static json_t *stats_answered(const struct ice_scanner_counters *c)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof c->answered / sizeof *c->answered; i++)
		json_array_append_new(list, json_integer((json_int_t)c->answered[i]));
	return list;
}

static uint64_t stats_answers(const struct ice_scanner_counters *c)
{
	return c->answered[0] + c->answered[1] + c->answered[2] + c->answered[3];
}

double ice_stats_other(const struct ice_scanner_counters *c)
{
	uint64_t answered = stats_answers(c);
	return answered < 20 ? 0 : (double)c->other / (double)answered;
}

double ice_stats_loss(const struct ice_scanner_counters *c)
{
	/* Answers that are overtaken by the next try count for the last one that asked the same, and say nothing of loss. */
	if (c->same[0] < 20 || ice_stats_other(c) >= 0.005 || c->late * 20 > stats_answers(c))
		return -1;
	/* With a loss of p, the first try finds 1 - p of them, the same once more p (1 - p). */
	return (double)c->same[1] / (double)c->same[0];
}

static json_t *stats_subnets(const struct ice_stats *s)
{
	struct ice_subnet slow[ICE_SLOWEST];
	size_t n = ice_subnets_slowest(&s->subnets, slow, ICE_SLOWEST);
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++) {
		char net[ICE_SUBNET_TEXT_SIZE];
		json_t *one = json_object();
		json_object_set_new(one, "subnet", json_string(ice_subnet_format(&slow[i], net)));
		json_object_set_new(one, "devices", json_integer(slow[i].devices));
		json_object_set_new(one, "rtt_ms", json_real((double)ice_subnet_mean(&slow[i]) / 1000));
		json_array_append_new(list, one);
	}
	return list;
}

/* The most that was resident, in KiB. ru_maxrss would not do: it begins with what the parent had when it forked. */
static uint64_t stats_resident(FILE *f)
{
	char line[256];
	unsigned long kib = 0;
	while (f && fgets(line, sizeof line, f) && sscanf(line, "VmHWM: %lu", &kib) != 1)
		continue;
	return kib;
}

bool ice_stats_write(const struct ice_stats *s, const struct ice_figures *f, bool interrupted, FILE *to)
{
	struct rusage usage;
	const struct ice_scanner_counters *c = &f->scanner;
	json_t *o = json_object(), *strays = json_object();
	getrusage(RUSAGE_SELF, &usage);
	stats_count(o, "addresses", f->addresses);
	stats_count(o, "probes_sent", c->probes_sent);
	stats_count(o, "replies", c->replies);
	for (size_t v = 0; v < ICE_VERDICT_COUNT; v++)
		if (v != ICE_VERDICT_OK)
			stats_count(strays, ice_verdict_name((enum ice_verdict)v), c->strays[v]);
	json_object_set_new(o, "strays", strays);
	stats_count(o, "printers", c->printers);
	stats_count(o, "devices", c->devices);
	json_object_set_new(o, "seconds", json_real(f->seconds));
	json_object_set_new(o, "probes_per_second",
	                    json_real(f->seconds > 0 ? (double)c->probes_sent / f->seconds : 0));
	stats_count(o, "bytes_sent", f->udp.bytes_sent);
	stats_count(o, "bytes_received", f->udp.bytes_received);
	json_object_set_new(o, "rtt_ms", stats_rtt(c));
	stats_count(o, "peak_in_flight", f->peak_in_flight);
	stats_count(o, "rss_kib", stats_resident(s->status));
	/* Beyond what every reader of these figures needs: */
	stats_count(o, "addresses_done", f->done);
	stats_count(o, "identify_sent", c->identify_sent);
	stats_count(o, "retries_sent", c->retries_sent);
	stats_count(o, "late_replies", c->late);
	stats_count(o, "incomplete", c->incomplete);
	stats_count(o, "datagrams_received", f->udp.received);
	stats_count(o, "kernel_drops", f->udp.kernel_drops);
	stats_count(o, "send_errors", f->udp.send_errors);
	stats_count(o, "send_refused", f->refused);
	stats_count(o, "slowed_down", c->slowed);
	stats_count(o, "asked_anew", c->excused);
	json_object_set_new(o, "answered_after_tries", stats_answered(c));
	if (ice_stats_loss(c) >= 0)
		json_object_set_new(o, "loss_estimate", json_real(ice_stats_loss(c)));
	json_object_set_new(o, "bounded_by", ice_bounds_json(c));
	json_object_set_new(o, "rtt_histogram_ms", stats_histogram(c));
	json_object_set_new(o, "requests_per_printer",
	                    json_real(s->printers ? (double)s->printer_requests / (double)s->printers : 0));
	stats_count(o, "requests_per_printer_max", s->printer_requests_max);
	json_object_set_new(o, "cpu_user_seconds", json_real(stats_seconds(&usage.ru_utime)));
	json_object_set_new(o, "cpu_system_seconds", json_real(stats_seconds(&usage.ru_stime)));
	json_object_set_new(o, "interrupted", json_boolean(interrupted));
	json_object_set_new(o, "timeline", stats_timeline(s, f));
	json_object_set_new(o, "slowest", ice_slowest_json(&s->slowest));
	json_object_set_new(o, "slowest_subnets", stats_subnets(s));
	bool written = json_dumpf(o, to, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(8)) == 0 &&
	               fputc('\n', to) != EOF && fflush(to) == 0;
	json_decref(o);
	return written;
}
