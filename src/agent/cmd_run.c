/* ice run: the service. Sweeps the configured ranges by the clock; queue, outbox, upload as it goes; a clean stop on SIGTERM. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ice/log.h"

#include "cmd.h"
#include "delivery.h"
#include "heartbeat.h"
#include "options.h"
#include "setup.h"

/* How long the outbox must have been left alone before its write-ahead log is folded in (10-15 ms). */
#define RUN_IDLE ICE_USEC_SEC(30)
/* The key under which the outbox keeps where the sweep is. */
#define RUN_PLACE "sweep"
/* ... and to whom the readings went. */
#define RUN_SERVER "server"

struct run {
	const char *config;
	struct ice_settings settings;
	struct ice_profiles *profiles;
	struct event_base *base;
	struct ice_delivery *delivery;
	struct ice_heartbeat *heartbeat;
	struct event *next; /* the next sweep */
	uint64_t plan_mark; /* tells one plan from another, so that a place is not taken up in the wrong one */
	ice_usec started;   /* of the present sweep */
	ice_usec tidied;
	uint64_t acknowledged;
	bool broken; /* ended for the outbox's sake */
};

static const struct ice_option run_options[] = {{"config", 'c', "FILE", ICE_OPTION_TEXT, offsetof(struct run, config),
                                                 0, 0, NULL, false, "the configuration (ice.ini); needed"},
                                                {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};

static const struct ice_command run_command = {
        "ice run", "-c FILE",
        "The service: sweeps the configured ranges at the configured interval, the first time at once, and delivers "
        "what it reads\n"
        "to the server. Readings wait in the outbox of the state folder until the server has them; a sweep that was "
        "interrupted goes\n"
        "on where it was. SIGTERM or Ctrl-C stops it within two seconds. It logs to standard error.",
        run_options,
        "Exit status: 0 stopped, 1 something failed (to be started again), 64 usage, 78 a mistake in the configuration "
        "(ice check tells all "
        "of them)."};

/* FNV-1a over the ranges' names, sizes and edges. */
static uint64_t run_mark(const struct ice_plan *plan)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < plan->count; i++) {
		char text[400], first[ICE_ADDRESS_TEXT_SIZE], last[ICE_ADDRESS_TEXT_SIZE];
		const struct ice_range *r = plan->legs[i]->range;
		struct ice_address a = ice_range_at(r, 0), b = ice_range_at(r, ice_range_count(r) - 1);
		snprintf(text, sizeof text, "%.200s %" PRIu64 " %s %s;", plan->legs[i]->name, ice_range_count(r),
		         ice_address_format(&a, first), ice_address_format(&b, last));
		for (const char *p = text; *p; p++)
			h = (h ^ (uint8_t)*p) * 0x100000001b3u;
	}
	return h;
}

/* Where the sweep is, kept with the readings: "mark seed leg routed on-link subnets", or "" between sweeps. */
static void run_keep_place(struct run *r, const struct ice_place *place)
{
	char text[160] = "";
	if (place)
		snprintf(text, sizeof text, "%" PRIx64 " %" PRIu64 " %zu %" PRIu64 " %" PRIu64 " %" PRIx64,
		         r->plan_mark, place->seed, place->leg, place->at.routed, place->at.on_link, place->subnets);
	if (!ice_outbox_set(ice_delivery_outbox(r->delivery), RUN_PLACE, text))
		ICE_LOG(ICE_LOG_WARN, "place of the sweep not kept",
		        ice_field_str("reason", ice_outbox_error(ice_delivery_outbox(r->delivery))));
}

static bool run_kept_place(struct run *r, struct ice_place *out)
{
	struct ice_place place = {0};
	uint64_t mark;
	char *text = ice_outbox_get(ice_delivery_outbox(r->delivery), RUN_PLACE);
	bool there = text &&
	             sscanf(text, "%" SCNx64 " %" SCNu64 " %zu %" SCNu64 " %" SCNu64 " %" SCNx64, &mark, &place.seed,
	                    &place.leg, &place.at.routed, &place.at.on_link, &place.subnets) == 6 &&
	             mark == r->plan_mark && place.leg < r->settings.plan.count;
	free(text);
	if (there)
		*out = place;
	return there;
}

static void run_sweep(struct run *r)
{
	struct ice_place from = {.seed = ice_setup_seed()};
	bool resumed = run_kept_place(r, &from);
	r->started = ice_clock_now();
	run_keep_place(r, &from);
	ICE_LOG(ICE_LOG_INFO, resumed ? "sweep resumed" : "sweep began",
	        ice_field_int("addresses", (int64_t)ice_plan_addresses(&r->settings.plan)),
	        ice_field_int("ranges", (int64_t)r->settings.plan.count));
	ice_heartbeat_sweep(r->heartbeat, &from);
}

static void run_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	run_sweep(arg);
}

static void run_swept(void *arg)
{
	struct run *r = arg;
	struct ice_figures f;
	struct ice_outbox_depth depth;
	uint64_t strays = 0;
	ice_heartbeat_figures(r->heartbeat, &f);
	ice_outbox_depth(ice_delivery_outbox(r->delivery), &depth);
	for (size_t v = 0; v < ICE_VERDICT_COUNT; v++)
		strays += v != ICE_VERDICT_OK ? f.scanner.strays[v] : 0;
	ICE_LOG(ICE_LOG_INFO, "sweep ended", ice_field_int("printers", (int64_t)f.scanner.printers),
	        ice_field_int("unchanged", (int64_t)f.scanner.unchanged),
	        ice_field_int("devices", (int64_t)f.scanner.devices), ice_field_int("addresses", (int64_t)f.done),
	        ice_field_int("seconds", (int64_t)(f.seconds + 0.5)),
	        ice_field_int("probes", (int64_t)f.scanner.probes_sent),
	        ice_field_int("incomplete", (int64_t)f.scanner.incomplete), ice_field_int("strays", (int64_t)strays),
	        ice_field_int("kernel_drops", (int64_t)f.udp.kernel_drops),
	        ice_field_int("send_errors", (int64_t)f.udp.send_errors),
	        ice_field_int("outbox_readings", depth.readings));
	run_keep_place(r, NULL);
	/* From start to start; a sweep that took longer than the interval is followed by the next at once. */
	ice_usec wait = r->started + r->settings.sweep.interval - ice_clock_now();
	struct timeval tv = {.tv_sec = wait > 0 ? (time_t)(wait / 1000000) : 0,
	                     .tv_usec = wait > 0 ? (suseconds_t)(wait % 1000000) : 0};
	evtimer_add(r->next, &tv);
}

static void run_place(const struct ice_place *place, void *arg)
{
	run_keep_place(arg, place);
}

/* Folds the outbox while all is quiet. One that is damaged is mended by opening it: that is the next start's work. */
static void run_beat(ice_usec now, void *arg)
{
	struct run *r = arg;
	struct ice_upload_counters c;
	if (ice_outbox_damaged(ice_delivery_outbox(r->delivery)) && !r->broken) {
		ICE_LOG(ICE_LOG_ERROR, "outbox damaged, stopping: the next start mends it",
		        ice_field_str("reason", ice_outbox_error(ice_delivery_outbox(r->delivery))));
		r->broken = true;
		event_base_loopbreak(r->base);
	}
	ice_upload_counters(ice_delivery_upload(r->delivery), &c);
	if (c.acknowledged != r->acknowledged || ice_heartbeat_sweeping(r->heartbeat)) {
		r->acknowledged = c.acknowledged;
		r->tidied = 0;
	} else if (r->tidied == 0) {
		r->tidied = now + RUN_IDLE;
	} else if (r->tidied != ICE_USEC_NEVER && now >= r->tidied) {
		ice_outbox_idle(ice_delivery_outbox(r->delivery));
		r->tidied = ICE_USEC_NEVER;
	}
}

static void run_signal(evutil_socket_t number, short what, void *arg)
{
	struct run *r = arg;
	(void)what;
	ICE_LOG(ICE_LOG_INFO, "stopping", ice_field_str("signal", number == SIGTERM ? "SIGTERM" : "SIGINT"));
	event_base_loopbreak(r->base);
}

/* How old a full reading may be that is not made anew in this sweep: in the next one it must not be too old. */
static ice_usec run_steady(const struct ice_settings *s)
{
	return s->inventory.full_read > s->sweep.interval ? s->inventory.full_read - s->sweep.interval : 0;
}

/* Another server, or another site there, has nothing of what was read before: then every printer is read in full. False when the outbox
 * refuses. */
static bool run_meet_server(struct run *r)
{
	struct ice_outbox *outbox = ice_delivery_outbox(r->delivery);
	const struct ice_enrolment *e = ice_delivery_enrolment(r->delivery);
	char *is, *was = ice_outbox_get(outbox, RUN_SERVER);
	if (asprintf(&is, "%s %s", e->site, e->server) < 0)
		abort();
	bool good = (was && strcmp(was, is) == 0) ||
	            (ice_outbox_forget_kept(outbox) && ice_outbox_set(outbox, RUN_SERVER, is));
	free(was);
	free(is);
	return good;
}

static int run_prepare(struct run *r)
{
	char why[512];
	const struct ice_settings *s = &r->settings;
	if (!ice_setup_settings(r->config, &r->settings))
		return ICE_EXIT_CONFIG;
	if (s->plan.count == 0) {
		fprintf(stderr, "%s: range: none is there; right would be [range NAME] with addresses = 10.1.0.0/16\n",
		        r->config);
		return ICE_EXIT_CONFIG;
	}
	ice_log_set_level((enum ice_log_level)s->log.level);
	ice_snmp_init();
	r->profiles = ice_setup_profiles("ice run", s->profiles.directory.path);
	if (!r->profiles)
		return ICE_EXIT_CONFIG;
	r->base = ice_setup_loop();
	int status = ice_delivery_setup("ice run", NULL, NULL, s, r->base, &r->delivery);
	if (status != ICE_EXIT_DONE)
		return status;
	struct ice_heartbeat_options options = {
	        .plan = &s->plan,
	        .profiles = r->profiles,
	        .port = (uint16_t)s->sweep.port,
	        .window = ice_setup_window((uint64_t)s->sweep.window),
	        .conversations = (uint32_t)s->sweep.conversations,
	        .rate = s->sweep.rate,
	        .timeout = s->sweep.timeout,
	        .retries = (unsigned)s->sweep.retries,
	        .subnet_cap = (uint32_t)s->sweep.subnet_cap,
	        .v1 = s->sweep.v1,
	        .v2c = s->sweep.v2c,
	        .probe = {.alert_text = s->privacy.alert_text != 0},
	        .shards = 1,
	        .outbox = ice_delivery_outbox(r->delivery),
	        .steady = run_meet_server(r) ? run_steady(s) : 0,
	        .upload = ice_delivery_upload(r->delivery),
	};
	const struct ice_heartbeat_ops ops = {.beat = run_beat, .place = run_place, .swept = run_swept};
	r->heartbeat = ice_heartbeat_new(r->base, &options, &ops, r, why, sizeof why);
	if (!r->heartbeat) {
		fprintf(stderr, "ice run: %s\n", why);
		return ICE_EXIT_FAILED;
	}
	r->plan_mark = run_mark(&s->plan);
	return ICE_EXIT_DONE;
}

/* What is in flight is dropped, what was read is committed; what is not delivered goes with the next start. */
static int run_stop(struct run *r)
{
	struct ice_outbox_depth depth;
	size_t lost = ice_heartbeat_stop(r->heartbeat);
	ice_outbox_depth(ice_delivery_outbox(r->delivery), &depth);
	if (lost)
		ICE_LOG(ICE_LOG_ERROR, "readings could not be committed, their devices are due again",
		        ice_field_int("readings", (int64_t)lost));
	ICE_LOG(ICE_LOG_INFO, "stopped", ice_field_int("outbox_batches", depth.batches),
	        ice_field_int("outbox_readings", depth.readings));
	return lost || r->broken ? ICE_EXIT_FAILED : ICE_EXIT_DONE;
}

static int run_with(struct run *r, int argc, char **argv)
{
	switch (ice_options_read(&run_command, &argc, argv, r)) {
	case ICE_OPTIONS_HELPED:
		return ICE_EXIT_DONE;
	case ICE_OPTIONS_WRONG:
		return ICE_EXIT_USAGE;
	case ICE_OPTIONS_READ:
		break;
	}
	if (argc > 0)
		return ice_options_refuse(&run_command,
		                          "%s: ranges stand in the configuration; ice scan takes them as arguments",
		                          argv[0]);
	if (!r->config)
		return ice_options_refuse(&run_command, "which configuration? -c FILE");
	int status = run_prepare(r);
	if (status != ICE_EXIT_DONE)
		return status;
	struct event *signals[2] = {evsignal_new(r->base, SIGTERM, run_signal, r),
	                            evsignal_new(r->base, SIGINT, run_signal, r)};
	for (int i = 0; i < 2; i++)
		if (!signals[i] || event_add(signals[i], NULL) != 0)
			abort();
	r->next = evtimer_new(r->base, run_due, r);
	if (!r->next)
		abort();
	ICE_LOG(ICE_LOG_INFO, "service started", ice_field_str("version", ICE_VERSION),
	        ice_field_str("config", r->config),
	        ice_field_str("server", ice_delivery_enrolment(r->delivery)->server),
	        ice_field_str("site", ice_delivery_enrolment(r->delivery)->site),
	        ice_field_str("outbox", ice_delivery_file(r->delivery)));
	ice_delivery_confine(r->delivery);
	ice_upload_now(ice_delivery_upload(r->delivery)); /* what an earlier run left */
	run_sweep(r);
	event_base_dispatch(r->base);
	status = run_stop(r);
	event_free(r->next);
	for (int i = 0; i < 2; i++)
		event_free(signals[i]);
	return status;
}

int ice_cmd_run(int argc, char **argv)
{
	struct run *r = calloc(1, sizeof *r);
	if (!r)
		abort();
	ice_secret_guard_process();
	int status = run_with(r, argc, argv);
	ice_heartbeat_free(r->heartbeat);
	ice_delivery_free(r->delivery);
	ice_profiles_free(r->profiles);
	if (r->base)
		event_base_free(r->base);
	ice_settings_free(&r->settings);
	free(r);
	return status;
}
