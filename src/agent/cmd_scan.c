/* ice scan: one sweep, its finds on standard output.
 *
 * --dry-run --format json: one object, of the shapes told in report.h ("good", "steps") and estimate_tell.h ("ranges", "sweep").
 * --progress json: as told in progress.h. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ice/log.h"

#include "engine/confinement.h"
#include "engine/delivery.h"
#include "engine/exit.h"
#include "engine/heartbeat.h"
#include "engine/progress.h"
#include "engine/setup.h"

#include "cmd.h"
#include "estimate_tell.h"
#include "output.h"
#include "scan_options.h"
#include "stats.h"

/* At full speed every address that waits for its silence has a slot, of 24 bytes: as many as this many datagrams a second need where some
 * answer, which keeps the sweep of any range within 16 MiB; half a million where the timeout is given. */
#define SCAN_FASTEST    540000u
#define SCAN_WINDOW_MAX 524288u

struct scan {
	struct scan_options options;
	struct ice_settings settings;
	struct ice_plan chosen;      /* the ranges of the configuration that were named; their legs are lent */
	const struct ice_plan *plan; /* that one, the command line's, or the configuration's */
	struct ice_profiles *profiles;
	FILE *stats_file;
	struct event_base *base;
	struct ice_heartbeat *heartbeat;
	struct ice_delivery *delivery;
	struct ice_output output;
	struct ice_progress progress;
	struct ice_stats stats;
	double expected; /* seconds the sweep is thought to take; 0 = not known */
	bool interrupted, cut, swept;
	ice_usec full_since; /* when the outbox began to refuse; 0 = it takes readings */
	bool gave_up;
};

/* Who read along has gone, or the disk is full: no use in going on. The former knows it. */
static void scan_cut(struct scan *s)
{
	s->cut = true;
	ice_progress_clear(&s->progress);
	if (s->output.error != EPIPE)
		fprintf(stderr, "ice scan: standard output: %s\n", strerror(s->output.error));
}

static void scan_found(const struct ice_finding *finding, size_t leg, void *arg)
{
	struct scan *s = arg;
	(void)leg;
	ice_stats_find(&s->stats, finding);
	if (s->options.progress_in_the_way)
		ice_progress_clear(&s->progress);
	ice_output_find(&s->output, finding);
}

/* The service waits for an outbox that takes nothing; a scan has somebody waiting for it, and does not for ever. */
static void scan_watch_outbox(struct scan *s, ice_usec now)
{
	struct ice_figures f;
	ice_heartbeat_figures(s->heartbeat, &f);
	if (!f.outbox_full)
		s->full_since = 0;
	else if (s->full_since == 0)
		s->full_since = now;
	else if (now - s->full_since >= s->options.upload_wait) {
		s->gave_up = true;
		event_base_loopbreak(s->base);
	}
}

static struct ice_progress_figures scan_progress(const struct scan *s)
{
	struct ice_figures f;
	ice_heartbeat_figures(s->heartbeat, &f);
	return (struct ice_progress_figures){
	        .done = f.done,
	        .total = f.addresses,
	        .sent = f.scanner.probes_sent,
	        .in_flight = f.in_flight,
	        .seconds = f.seconds,
	        .expected = s->expected,
	        .found = s->options.discover ? f.scanner.devices : f.scanner.printers,
	        .found_what = s->options.discover ? "devices" : "printers",
	};
}

static void scan_beat(ice_usec now, void *arg)
{
	struct scan *s = arg;
	ice_output_flush(&s->output);
	if (s->output.error && !s->cut) {
		scan_cut(s);
		event_base_loopbreak(s->base);
	}
	ice_stats_beat(&s->stats, now, s->heartbeat);
	if (s->delivery)
		scan_watch_outbox(s, now);
	if (!ice_progress_due(&s->progress, now))
		return;
	struct ice_progress_figures line = scan_progress(s);
	ice_progress_draw(&s->progress, now, &line);
}

static void scan_swept(bool whole, void *arg)
{
	struct scan *s = arg;
	(void)whole;
	s->swept = true;
	event_base_loopbreak(s->base);
}

static void scan_signal(evutil_socket_t number, short what, void *arg)
{
	struct scan *s = arg;
	(void)what;
	s->interrupted = true;
	signal((int)number, SIG_DFL); /* a second Ctrl-C kills */
	event_base_loopbreak(s->base);
}

/* Arguments that are names of configured ranges choose these. Returns how many were. */
static int scan_choose(struct scan *s, int argc, char **argv)
{
	int named = 0;
	for (int i = 0; i < argc; i++) {
		for (size_t k = 0; k < s->settings.plan.count; k++) {
			struct ice_leg *leg = s->settings.plan.legs[k];
			if (strcmp(leg->name, argv[i]) != 0)
				continue;
			named++;
			if (!ice_plan_has_leg(&s->chosen, leg))
				s->chosen.legs[s->chosen.count++] = leg;
		}
	}
	return named;
}

/* Takes the plan from the command line or from the configuration; all of it is judged before anything is sent. */
static int scan_plan(struct scan *s, int argc, char **argv)
{
	struct scan_options *o = &s->options;
	if (o->config && !ice_setup_settings(o->config, &s->settings))
		return ICE_EXIT_CONFIG;
	bool given = argc > 0 || o->range_file_count > 0;
	if (!given && !o->config)
		return scan_options_refuse(
		        "which addresses? RANGE..., --range-file FILE, or -c FILE for those of a configuration");
	if (!given && s->settings.plan.count == 0) {
		fprintf(stderr, "%s: range: none is there; right would be [range NAME] with addresses = 10.1.0.0/16\n",
		        o->config);
		return ICE_EXIT_CONFIG;
	}
	int named = scan_choose(s, argc, argv);
	if (named != 0 && (named != argc || o->range_file_count > 0))
		return scan_options_refuse("either names of ranges in %s or addresses, not both at once", o->config);
	bool configured = !given || named > 0;
	if (configured && (o->community_given || o->exclude_given))
		return scan_options_refuse("--community, --community-file and --exclude go with addresses; the ranges "
		                           "of %s have their own",
		                           o->config);
	s->plan = !given ? &s->settings.plan : named ? &s->chosen : &o->plan;
	if (configured)
		return ICE_EXIT_DONE;
	if (o->config && !o->community_given && !o->quiet)
		fprintf(stderr,
		        "ice scan: the communities of %s stay inside its own ranges; asking with the default one\n",
		        o->config);
	return scan_options_ranges(o, argc, argv);
}

/* What the rate can have in flight, and room for the slow. */
static int64_t scan_window(const struct scan_options *o)
{
	const struct ice_scanner_options options = {.retries = (unsigned)o->retries, .community_count = 1};
	uint64_t timeout = o->timeout ? (uint64_t)o->timeout : 1000000;
	uint64_t window = o->rate * timeout / 1000000 * 3 / 2 + 256;
	if (o->rate == 0)
		window = o->timeout ? SCAN_WINDOW_MAX
		                    : SCAN_FASTEST * (uint64_t)ice_scanner_hold(&options, true) / 1000000 /
		                              (options.retries + 1);
	return (int64_t)(window < SCAN_WINDOW_MAX ? window : SCAN_WINDOW_MAX);
}

/* What neither the command line nor the configuration says. */
static void scan_defaults(struct scan *s)
{
	struct scan_options *o = &s->options;
	const struct ice_settings_sweep *c = o->config ? &s->settings.sweep : NULL;
	if (!o->rate_given)
		o->rate = c ? c->rate : ICE_SETTINGS_RATE_NORMAL;
	if (o->timeout < 0)
		o->timeout = c ? c->timeout : 0;
	if (o->retries < 0)
		o->retries = c ? c->retries : 1;
	if (o->port < 0)
		o->port = c ? c->port : 161;
	if (o->window < 0 && c)
		o->window = c->window;
	if (o->window < 0)
		o->window = scan_window(o);
	if (o->subnet_cap < 0)
		o->subnet_cap = c ? c->subnet_cap : 0;
	if (!o->snmp)
		o->snmp = c ? (c->v1 && c->v2c ? "both" : c->v1 ? "1" : "2c") : "both";
}

static struct ice_estimate_pace scan_pace(const struct scan *s)
{
	const struct scan_options *o = &s->options;
	return (struct ice_estimate_pace){
	        .rate = o->rate,
	        .retries = (unsigned)o->retries,
	        .timeout = o->timeout,
	        .window = (uint32_t)o->window,
	        .subnet_cap = (uint32_t)o->subnet_cap,
	};
}

/* What would be asked; nothing is. */
static int scan_dry_run(struct scan *s)
{
	const struct scan_options *o = &s->options;
	const struct ice_estimate_pace pace = scan_pace(s);
	struct ice_report report;
	const char *names;
	ice_report_init(&report, o->format == ice_output_format("json", &names));
	ice_estimate_tell(s->plan, &pace, &report);
	ice_report_end(&report);
	return ICE_EXIT_DONE;
}

static int scan_prepare(struct scan *s)
{
	struct scan_options *o = &s->options;
	char why[512];
	ice_snmp_init();
	s->profiles = ice_setup_profiles("ice scan", o->profiles ? o->profiles : s->settings.profiles.directory.path);
	if (!s->profiles)
		return ICE_EXIT_CONFIG;
	s->base = ice_setup_loop();
	if (o->upload) {
		int status = ice_delivery_setup("ice scan", o->enrolment, o->outbox, o->config ? &s->settings : NULL,
		                                s->base, &s->delivery);
		if (status != ICE_EXIT_DONE)
			return status;
	}
	if (o->stats && !(s->stats_file = fopen(o->stats, "we"))) {
		fprintf(stderr, "ice scan: --stats %s: %s\n", o->stats, strerror(errno));
		return ICE_EXIT_FAILED;
	}
	struct ice_heartbeat_options options = {
	        .plan = s->plan,
	        .profiles = s->profiles,
	        .port = (uint16_t)o->port,
	        .window = (uint32_t)o->window,
	        .conversations = 1024,
	        .rate = o->rate,
	        .timeout = o->timeout,
	        .retries = (unsigned)o->retries,
	        .v1 = strcmp(o->snmp, "2c") != 0,
	        .v2c = strcmp(o->snmp, "1") != 0,
	        .discover = o->discover,
	        .probe = ice_setup_probe(&s->settings.privacy),
	        .subnet_cap = (uint32_t)o->subnet_cap,
	        .shard = o->shard,
	        .shards = o->shards,
	        .outbox = s->delivery ? ice_delivery_outbox(s->delivery) : NULL,
	        .upload = s->delivery ? ice_delivery_upload(s->delivery) : NULL,
	};
	const struct ice_heartbeat_ops ops = {.found = scan_found, .beat = scan_beat, .swept = scan_swept};
	s->heartbeat = ice_heartbeat_new(s->base, &options, &ops, s, why, sizeof why);
	if (!s->heartbeat) {
		fprintf(stderr, "ice scan: %s\n", why);
		return ICE_EXIT_FAILED;
	}
	return ICE_EXIT_DONE;
}

static void scan_sweep(struct scan *s)
{
	struct scan_options *o = &s->options;
	struct event *signals[2] = {evsignal_new(s->base, SIGINT, scan_signal, s),
	                            evsignal_new(s->base, SIGTERM, scan_signal, s)};
	struct ice_place from = {.seed = o->seed >= 0 ? (uint64_t)o->seed : ice_setup_seed()};
	const struct ice_estimate_pace pace = scan_pace(s);
	ice_usec now = ice_clock_now();
	for (int i = 0; i < 2; i++)
		if (!signals[i] || event_add(signals[i], NULL) != 0)
			abort();
	if (o->shards == 1)
		s->expected = ice_estimate_seconds(s->plan, &pace);
	ice_stats_init(&s->stats, now);
	if (s->delivery)
		ice_delivery_confine(s->delivery);
	else
		ice_confinement_devices();
	ice_setup_lighten();
	ice_output_begin(&s->output, o->format, stdout, o->discover, o->no_color);
	ice_progress_init(&s->progress, o->progress, now);
	ice_heartbeat_sweep(s->heartbeat, &from, 0, 0);
	event_base_dispatch(s->base);
	size_t stuck = s->swept ? 0 : ice_heartbeat_stop(s->heartbeat);
	if (s->delivery && !s->interrupted && !s->cut)
		ice_delivery_wait(s->delivery, o->upload_wait, &s->progress, &s->interrupted);
	ice_progress_clear(&s->progress);
	struct ice_progress_figures end = scan_progress(s);
	ice_progress_end(&s->progress, &end);
	for (int i = 0; i < 2; i++)
		event_free(signals[i]);
	if (s->gave_up)
		fprintf(stderr, "ice scan: the outbox took nothing for %.0f s (--upload-wait): the sweep ends here\n",
		        (double)o->upload_wait / 1e6);
	if (stuck)
		fprintf(stderr, "ice scan: %zu readings could not be kept in the outbox\n", stuck);
}

/* The table, the figures, and what became of the readings; says whether all is well. */
static int scan_finish(struct scan *s)
{
	struct ice_figures f;
	bool good = true;
	ice_heartbeat_figures(s->heartbeat, &f);
	ice_output_end(&s->output);
	if (s->stats_file) {
		good &= ice_stats_write(&s->stats, &f, !s->swept, s->stats_file);
		good &= fclose(s->stats_file) == 0;
		s->stats_file = NULL;
		if (!good)
			fprintf(stderr, "ice scan: --stats %s: it could not be written\n", s->options.stats);
	}
	if (s->output.error && !s->cut)
		scan_cut(s);
	if (!s->options.quiet)
		ice_stats_tell(&s->stats, &f, s->options.discover, stderr);
	if (s->delivery)
		good &= ice_delivery_tell(s->delivery, s->options.quiet, stderr);
	if (f.udp.send_errors > 0 && f.udp.sent == 0)
		good = false;
	if (s->interrupted) {
		if (!s->options.quiet)
			fputs("ice scan: interrupted\n", stderr);
		return ICE_EXIT_INTERRUPTED;
	}
	return good && !s->cut && !s->gave_up ? ICE_EXIT_DONE : ICE_EXIT_FAILED;
}

static int scan_with(struct scan *s, int argc, char **argv)
{
	enum ice_options_result result = scan_options_read(&s->options, &argc, argv);
	if (result != ICE_OPTIONS_READ)
		return (int)result;
	int status = scan_plan(s, argc, argv);
	if (status != ICE_EXIT_DONE)
		return status;
	scan_defaults(s);
	if (s->options.dry_run)
		return scan_dry_run(s);
	ice_log_set_level(s->options.quiet ? ICE_LOG_ERROR : ICE_LOG_WARN);
	status = scan_prepare(s);
	if (status != ICE_EXIT_DONE)
		return status;
	scan_sweep(s);
	return scan_finish(s);
}

int ice_cmd_scan(int argc, char **argv)
{
	struct scan *s = calloc(1, sizeof *s);
	if (!s)
		abort();
	ice_secret_guard_process();
	scan_options_init(&s->options);
	int status = scan_with(s, argc, argv);
	ice_heartbeat_free(s->heartbeat);
	ice_delivery_free(s->delivery);
	if (s->base)
		event_base_free(s->base);
	if (s->stats_file)
		fclose(s->stats_file);
	ice_stats_fini(&s->stats);
	ice_profiles_free(s->profiles);
	ice_settings_free(&s->settings);
	scan_options_fini(&s->options);
	free(s);
	return status;
}
