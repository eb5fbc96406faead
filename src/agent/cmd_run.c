/* ice run: the service. One configuration after the other is at work in it (service.h), until SIGTERM or SIGINT; SIGHUP brings the next. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <event2/event.h>

#include "ice/log.h"
#include "ice/notify.h"
#include "ice/snmp.h"

#include "engine/exit.h"
#include "engine/setup.h"
#include "service/alive.h"
#include "service/bulletin.h"
#include "service/configuration.h"
#include "service/request.h"
#include "service/service.h"
#include "service/stop.h"
#include "service/watch.h"

#include "cmd.h"
#include "options.h"

static const int run_signals[] = {SIGHUP, SIGUSR1, SIGUSR2};
#define RUN_SIGNALS (sizeof run_signals / sizeof *run_signals)
/* How often requests, the bulletin and the watchdog are looked after. */
static const struct timeval run_second = {1, 0};

struct run {
	const char *config;
	struct ice_configuration *configuration;
	struct event_base *base;
	struct ice_service *service;
	struct ice_notify notify;
	struct ice_bulletin *bulletin;
	struct ice_watch watch;
	ice_usec alive_at; /* the manager's watchdog is told next */
	struct event *signals[RUN_SIGNALS], *stop, *tick;
	struct ice_log_throttle nonsense; /* of requests that are none */
	bool stuck;                       /* told once */
	bool failed;                      /* ended for the outbox's sake */
};

static const struct ice_option run_options[] = {{"config", 'c', "FILE", ICE_OPTION_TEXT, offsetof(struct run, config),
                                                 0, 0, NULL, false, "the configuration (ice.ini); needed"},
                                                {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};

static const struct ice_command run_command = {
        "ice run", "-c FILE",
        "The service: sweeps the configured ranges by their time-tables, the first time at once, asks the printers "
        "that are known\n"
        "how they are, and delivers what it reads to the server. Readings wait in the outbox of the state folder until "
        "the server has\n"
        "them; a sweep that was interrupted goes on where it was. It logs to standard error.",
        run_options,
        "Signals:\n"
        "  SIGTERM, SIGINT  stop, within two seconds\n"
        "  SIGHUP           read the configuration again; with any mistake in it, all are logged and the old one "
        "stays\n"
        "  SIGUSR1          sweep now\n"
        "  SIGUSR2          upload now, without waiting for the next attempt\n"
        "\n"
        "Exit status: 0 stopped, 1 something failed (to be started again), 64 usage, 78 a mistake in the configuration "
        "(ice check tells all "
        "of them)."};

static void run_changed(void *arg)
{
	struct run *r = arg;
	if (r->bulletin)
		ice_bulletin_changed(r->bulletin);
}

static void run_broken(void *arg)
{
	struct run *r = arg;
	r->failed = true;
	event_base_loopbreak(r->base);
}

static const struct ice_service_ops run_service_ops = {.changed = run_changed, .broken = run_broken};

static int run_make_service(struct run *r)
{
	ice_log_set_level((enum ice_log_level)r->configuration->settings.log.level);
	return ice_service_new(r->base, r->configuration, &run_service_ops, r, &r->service);
}

/* ---- a new configuration ---- */

static void run_end_service(struct run *r)
{
	if (!ice_service_end(r->service))
		r->failed = true;
	ice_bulletin_succeeded(r->bulletin, r->service);
	ice_service_free(r->service);
	r->service = NULL;
}

/* The place of the sweep and all that was read are in the outbox; the next service goes on from there. One that cannot start makes room
 * for the old configuration again. */
static void run_replace(struct run *r, struct ice_configuration *next)
{
	struct ice_configuration *old = r->configuration;
	bool failed = r->failed;
	run_end_service(r);
	r->failed = failed; /* what could not be committed is due again: no reason to end */
	r->configuration = next;
	if (run_make_service(r) != ICE_EXIT_DONE) {
		ice_log_write(ICE_LOG_ERROR, "the new configuration cannot be put to work, the old one stays", NULL);
		r->configuration = old;
		old = next;
		if (run_make_service(r) != ICE_EXIT_DONE) {
			run_broken(r);
			r->service = NULL;
		}
	} else {
		ice_bulletin_configured(r->bulletin);
		ICE_LOG(ICE_LOG_INFO, "configuration reloaded", ice_field_str("config", r->config),
		        ice_field_int("ranges", (int64_t)next->settings.plan.count),
		        ice_field_str("server", next->enrolment.server), ice_field_str("site", next->enrolment.site));
	}
	ice_configuration_free(old);
	if (r->service)
		ice_service_begin(r->service);
}

static void run_refuse(struct run *r, struct ice_conf_mistakes *m)
{
	bool denied = false;
	for (size_t i = 0; i < m->count; i++) {
		denied |= strstr(m->lines[i], strerror(EACCES)) != NULL;
		ICE_LOG(ICE_LOG_ERROR, "mistake in the configuration", ice_field_str("at", m->lines[i]));
	}
	ICE_LOG(ICE_LOG_ERROR, "reload refused, the old configuration stays", ice_field_str("config", r->config),
	        ice_field_int("mistakes", (int64_t)(m->count + m->more)),
	        ice_field_str("hint", denied ? "folders that the service did not use at its start take a restart"
	                                     : "ice check -c FILE tells them as well"));
	ice_bulletin_refused(r->bulletin, m);
}

static void run_reload(struct run *r)
{
	struct ice_conf_mistakes mistakes = {0};
	ice_notify_reloading(&r->notify);
	ICE_LOG(ICE_LOG_INFO, "reloading", ice_field_str("config", r->config));
	struct ice_configuration *next = ice_configuration_read(r->config, &mistakes);
	if (next && ice_configuration_can_follow(r->configuration, next, &mistakes)) {
		run_replace(r, next);
	} else {
		run_refuse(r, &mistakes);
		ice_configuration_free(next);
	}
	ice_conf_mistakes_free(&mistakes);
	ice_notify_ready(&r->notify);
}

/* ---- requests, by file or by signal ---- */

static void run_ask(struct run *r, const struct ice_request *request, const char *by)
{
	const char *result = r->service ? ice_service_ask(r->service, request) : "refused: it is stopping";
	ICE_LOG(ICE_LOG_INFO, "asked for", ice_field_str("what", ice_request_name(request->what)),
	        ice_field_str("range", request->range[0] ? request->range : "all"), ice_field_str("by", by),
	        ice_field_str("result", result));
	ice_bulletin_asked(r->bulletin, request, result);
}

static void run_take(const struct ice_request *request, void *arg)
{
	run_ask(arg, request, request->id);
}

static void run_take_requests(struct run *r, ice_usec now)
{
	uint32_t suppressed;
	size_t thrown = ice_requests_take(r->configuration->settings.state.directory.path, run_take, r);
	if (thrown > 0 && ice_log_pass(&r->nonsense, now, 1, ICE_USEC_SEC(3600), &suppressed))
		ICE_LOG(ICE_LOG_WARN, "thrown away what is no request", ice_field_int("files", (int64_t)thrown),
		        ice_field_int("suppressed", suppressed));
}

static void run_signal(evutil_socket_t number, short what, void *arg)
{
	static const struct ice_request sweep = {"", ICE_REQUEST_SWEEP, ""}, upload = {"", ICE_REQUEST_UPLOAD, ""};
	struct run *r = arg;
	(void)what;
	if (ice_stop_signal() || !r->service)
		return;
	if (number == SIGHUP)
		run_reload(r);
	else if (number == SIGUSR1)
		run_ask(r, &sweep, "SIGUSR1");
	else
		run_ask(r, &upload, "SIGUSR2");
}

/* ---- each second ---- */

/* A sign of life only while all gets on that should (watch.h). */
static void run_tell_manager(struct run *r, ice_usec now)
{
	struct ice_watch_sign signs[ICE_WATCH_KINDS];
	if (r->notify.watchdog == 0 || !r->service || now < r->alive_at)
		return;
	r->alive_at = now + r->notify.watchdog / 4;
	ice_service_signs(r->service, signs);
	const char *reason = ice_watch_look(&r->watch, signs, now);
	if (!reason)
		ice_notify_alive(&r->notify);
	else if (!r->stuck)
		ICE_LOG(ICE_LOG_ERROR, "stuck, waiting for the service manager to start it again",
		        ice_field_str("reason", reason));
	r->stuck = reason != NULL;
}

static void run_tick(evutil_socket_t fd, short what, void *arg)
{
	struct run *r = arg;
	ice_usec now = ice_clock_now();
	(void)fd;
	(void)what;
	run_take_requests(r, now);
	ice_bulletin_tick(r->bulletin, r->service, now);
	run_tell_manager(r, now);
}

static void run_stop(evutil_socket_t fd, short what, void *arg)
{
	struct run *r = arg;
	(void)fd;
	(void)what;
	ICE_LOG(ICE_LOG_INFO, "stopping", ice_field_str("signal", ice_stop_signal()));
	event_base_loopbreak(r->base);
}

static void run_listen(struct run *r)
{
	for (size_t i = 0; i < RUN_SIGNALS; i++) {
		r->signals[i] = evsignal_new(r->base, run_signals[i], run_signal, r);
		if (!r->signals[i] || event_add(r->signals[i], NULL) != 0)
			abort();
	}
	r->stop = event_new(r->base, ice_stop_begin(), EV_READ, run_stop, r);
	r->tick = event_new(r->base, -1, EV_PERSIST, run_tick, r);
	if (!r->stop || event_add(r->stop, NULL) != 0 || !r->tick || event_add(r->tick, &run_second) != 0)
		abort();
}

/* ---- the story ---- */

static int run_prepare(struct run *r)
{
	char why[512];
	struct ice_conf_mistakes mistakes = {0};
	ice_snmp_init();
	tzset(); /* the hours of the schedule are local; the zone's file is out of reach later */
	r->configuration = ice_configuration_read(r->config, &mistakes);
	ice_conf_mistakes_print(&mistakes, stderr);
	ice_conf_mistakes_free(&mistakes);
	if (!r->configuration)
		return ICE_EXIT_CONFIG;
	r->base = ice_setup_loop();
	int status = run_make_service(r);
	const char *state = r->configuration->settings.state.directory.path;
	if (status == ICE_EXIT_DONE && !ice_alive_begin(state, why, sizeof why)) {
		fprintf(stderr, "ice run: %s\n", why);
		status = ICE_EXIT_FAILED;
	}
	if (status == ICE_EXIT_DONE && !ice_requests_begin(state)) {
		fprintf(stderr, "ice run: %s/requests: %s\n", state, strerror(errno));
		status = ICE_EXIT_FAILED;
	}
	return status;
}

static int run_until_stopped(struct run *r)
{
	const struct ice_delivery *d = ice_service_delivery(r->service);
	struct ice_outbox_depth depth = {0};
	ice_notify_open(&r->notify);
	r->bulletin = ice_bulletin_new(r->config, &r->notify);
	ice_bulletin_configured(r->bulletin);
	run_listen(r);
	ICE_LOG(ICE_LOG_INFO, "service started", ice_field_str("version", ICE_VERSION),
	        ice_field_str("config", r->config), ice_field_str("server", ice_delivery_enrolment(d)->server),
	        ice_field_str("site", ice_delivery_enrolment(d)->site), ice_field_str("outbox", ice_delivery_file(d)));
	ice_delivery_confine_service(d, &r->configuration->settings);
	ice_service_begin(r->service);
	ice_bulletin_tick(r->bulletin, r->service, ice_clock_now());
	ice_notify_ready(&r->notify);
	event_base_dispatch(r->base);
	ice_notify_stopping(&r->notify);
	if (r->service) {
		if (!ice_service_end(r->service))
			r->failed = true;
		ice_outbox_depth(ice_delivery_outbox(ice_service_delivery(r->service)), &depth);
		ice_bulletin_end(r->bulletin, r->service);
	}
	ICE_LOG(ICE_LOG_INFO, "stopped", ice_field_int("outbox_batches", depth.batches),
	        ice_field_int("outbox_readings", depth.readings));
	return r->failed ? ICE_EXIT_FAILED : ICE_EXIT_DONE;
}

static void run_free(struct run *r)
{
	for (size_t i = 0; i < RUN_SIGNALS; i++)
		if (r->signals[i])
			event_free(r->signals[i]);
	if (r->stop)
		event_free(r->stop);
	if (r->tick)
		event_free(r->tick);
	ice_bulletin_free(r->bulletin);
	ice_service_free(r->service);
	ice_configuration_free(r->configuration);
	ice_notify_close(&r->notify);
	if (r->base)
		event_base_free(r->base);
	free(r);
}

static int run_with(struct run *r, int argc, char **argv)
{
	enum ice_options_result result = ice_options_read(&run_command, &argc, argv, r);
	if (result != ICE_OPTIONS_READ)
		return (int)result;
	if (argc > 0)
		return ice_options_refuse(&run_command,
		                          "%s: ranges stand in the configuration; ice scan takes them as arguments",
		                          argv[0]);
	if (!r->config)
		return ice_options_refuse(&run_command, "which configuration? -c FILE");
	int status = run_prepare(r);
	return status == ICE_EXIT_DONE ? run_until_stopped(r) : status;
}

int ice_cmd_run(int argc, char **argv)
{
	struct run *r = calloc(1, sizeof *r);
	if (!r)
		abort();
	r->notify.fd = -1;
	ice_secret_guard_process();
	int status = run_with(r, argc, argv);
	bool listened = r->stop != NULL;
	run_free(r);
	if (listened)
		ice_stop_end();
	return status;
}
