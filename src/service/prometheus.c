#include "prometheus.h"

#include <inttypes.h>

#include "ice/ber.h"

static void prometheus_family(const char *name, const char *type, const char *help, FILE *to)
{
	fprintf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* One without labels. */
static void prometheus_one(const char *name, const char *type, const char *help, double value, FILE *to)
{
	prometheus_family(name, type, help, to);
	fprintf(to, "%s %.17g\n", name, value);
}

void ice_prometheus_escape(const char *text, FILE *to)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", to);
		else if (*text == '\\' || *text == '"')
			fprintf(to, "\\%c", *text);
		else
			fputc(*text, to);
	}
}

/* name{range="...",key="value"} n; key and value may be NULL. */
static void prometheus_of_range(const char *name, const struct ice_status_range *r, const char *key, const char *value,
                                double n, FILE *to)
{
	fprintf(to, "%s{range=\"", name);
	ice_prometheus_escape(r->name, to);
	if (key && value) {
		fprintf(to, "\",%s=\"", key);
		ice_prometheus_escape(value, to);
	}
	fprintf(to, "\"} %.17g\n", n);
}

static double prometheus_addresses(const struct ice_status_range *r)
{
	return (double)r->addresses;
}

static double prometheus_going(const struct ice_status_range *r)
{
	return r->sweep.began && !r->sweep.ended;
}

static double prometheus_done(const struct ice_status_range *r)
{
	return (double)r->sweep.done;
}

static double prometheus_found(const struct ice_status_range *r)
{
	return (double)r->sweep.found;
}

static double prometheus_rate(const struct ice_status_range *r)
{
	return r->sweep.rate;
}

/* What there is one of per range. */
static const struct prometheus_row {
	const char *name, *help;
	double (*of)(const struct ice_status_range *r);
} prometheus_rows[] = {
        {"ice_range_addresses", "Addresses of the range.", prometheus_addresses},
        {"ice_sweep_running", "Whether a sweep of the range is under way.", prometheus_going},
        {"ice_sweep_addresses_done", "Addresses that the present or last sweep has done.", prometheus_done},
        {"ice_sweep_printers_found", "Printers not known before that the present or last sweep has found.",
         prometheus_found},
        {"ice_sweep_addresses_per_second", "Rate of the present or last sweep.", prometheus_rate},
};

static void prometheus_ranges(const struct ice_status *s, FILE *to)
{
	for (size_t k = 0; k < sizeof prometheus_rows / sizeof *prometheus_rows; k++) {
		prometheus_family(prometheus_rows[k].name, "gauge", prometheus_rows[k].help, to);
		for (size_t i = 0; i < s->range_count; i++)
			prometheus_of_range(prometheus_rows[k].name, &s->ranges[i], NULL, NULL,
			                    prometheus_rows[k].of(&s->ranges[i]), to);
	}
	prometheus_family("ice_sweep_last_success_timestamp_seconds", "gauge", "When a sweep of the range last ended.",
	                  to);
	for (size_t i = 0; i < s->range_count; i++)
		if (s->ranges[i].sweep.ended)
			prometheus_of_range("ice_sweep_last_success_timestamp_seconds", &s->ranges[i], NULL, NULL,
			                    (double)s->ranges[i].sweep.ended, to);
	prometheus_family("ice_printers", "gauge", "Printers that are known, by state.", to);
	for (size_t i = 0; i < s->range_count; i++)
		for (size_t v = 0; v < ICE_DEVICE_STATES; v++)
			prometheus_of_range("ice_printers", &s->ranges[i], "state",
			                    ice_device_state_name((enum ice_device_state)v),
			                    (double)s->ranges[i].printers[v], to);
	prometheus_family("ice_lane_next_start_timestamp_seconds", "gauge", "When a lane of the range starts next.",
	                  to);
	for (size_t i = 0; i < s->range_count; i++)
		for (size_t lane = 0; lane < ICE_LANES; lane++)
			if (s->ranges[i].next[lane])
				prometheus_of_range("ice_lane_next_start_timestamp_seconds", &s->ranges[i], "lane",
				                    ice_lane_name((enum ice_lane_kind)lane),
				                    (double)s->ranges[i].next[lane], to);
}

static void prometheus_delivery(const struct ice_status *s, FILE *to)
{
	const struct ice_upload_counters *c = &s->upload;
	prometheus_one("ice_outbox_batches", "gauge", "Batches that wait for the server.", (double)s->depth.batches,
	               to);
	prometheus_one("ice_outbox_readings", "gauge", "Readings in them.", (double)s->depth.readings, to);
	prometheus_one("ice_outbox_bytes", "gauge", "Their size as stored.", (double)s->depth.bytes, to);
	prometheus_one("ice_outbox_limit_bytes", "gauge", "Most bytes that may wait.", (double)s->outbox_max, to);
	prometheus_one("ice_outbox_set_aside_batches", "gauge", "Batches that the server refused for good.",
	               (double)s->depth.rejected, to);
	prometheus_one("ice_outbox_full", "gauge", "Whether the outbox takes no more, so that devices are not asked.",
	               s->outbox_full, to);
	prometheus_one("ice_upload_acknowledged_batches_total", "counter", "Batches that the server has acknowledged.",
	               (double)c->acknowledged, to);
	prometheus_one("ice_upload_readings_total", "counter", "Readings in them.", (double)c->readings, to);
	prometheus_one("ice_upload_rejected_batches_total", "counter", "Batches that the server has refused for good.",
	               (double)c->rejected, to);
	prometheus_one("ice_upload_failures_total", "counter", "Attempts to deliver that failed.", (double)c->failures,
	               to);
	prometheus_one("ice_upload_stuck_batches", "gauge",
	               "Batches that fail again and again while others are delivered.", (double)c->stuck, to);
	prometheus_one("ice_upload_sent_bytes_total", "counter", "Bodies as sent.", (double)c->bytes_sent, to);
	prometheus_one("ice_upload_fallback", "gauge",
	               "Whether batches go sealed over HTTP, as HTTPS cannot be reached.", c->http_in_use, to);
	if (s->acknowledged)
		prometheus_one("ice_upload_last_acknowledged_timestamp_seconds", "gauge",
		               "When the server last acknowledged a batch.", (double)s->acknowledged, to);
}

static void prometheus_network(const struct ice_status *s, FILE *to)
{
	prometheus_one("ice_datagrams_sent_total", "counter", "Datagrams sent to devices.",
	               (double)s->figures.scanner.probes_sent, to);
	prometheus_one("ice_datagrams_believed_total", "counter", "Datagrams received and believed.",
	               (double)s->figures.scanner.replies, to);
	prometheus_one("ice_datagrams_dropped_total", "counter", "Datagrams the kernel dropped for lack of room.",
	               (double)s->figures.udp.kernel_drops, to);
	prometheus_family("ice_strays_total", "counter", "Datagrams that were not believed, by reason.", to);
	for (size_t v = 0; v < ICE_VERDICT_COUNT; v++)
		if (v != ICE_VERDICT_OK)
			fprintf(to, "ice_strays_total{reason=\"%s\"} %" PRIu64 "\n",
			        ice_verdict_name((enum ice_verdict)v), s->figures.scanner.strays[v]);
}

static void prometheus_count(const char *what, const char *todo, void *arg)
{
	(void)what;
	(void)todo;
	++*(unsigned *)arg;
}

void ice_prometheus_write(const struct ice_status *s, FILE *to)
{
	unsigned problems = 0;
	ice_status_problems(s, prometheus_count, &problems);
	prometheus_family("ice_build_info", "gauge", "The program; always 1.", to);
	fputs("ice_build_info{version=\"", to);
	ice_prometheus_escape(s->version, to);
	fputs("\"} 1\n", to);
	prometheus_one("ice_start_time_seconds", "gauge", "When the service started.", (double)s->started, to);
	prometheus_one("ice_status_timestamp_seconds", "gauge", "When this was written.", (double)s->written, to);
	prometheus_one("ice_healthy", "gauge", "Whether nothing needs attention (ice status tells what).",
	               problems == 0, to);
	prometheus_one("ice_config_last_reload_successful", "gauge", "Whether the last reload was taken.",
	               s->config_refused == 0, to);
	prometheus_one("ice_config_last_reload_success_timestamp_seconds", "gauge",
	               "When the configuration in use was read.", (double)s->config_read, to);
	prometheus_ranges(s, to);
	prometheus_delivery(s, to);
	prometheus_network(s, to);
}
