#include "service.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ice/log.h"

#include "cmd.h"
#include "heartbeat.h"
#include "place.h"
#include "setup.h"

/* How long the outbox must have been left alone before its write-ahead log is folded in (10-15 ms). */
#define SERVICE_IDLE ICE_USEC_SEC(30)
/* The key under which the outbox keeps to whom the readings went. */
#define SERVICE_SERVER "server"

struct ice_service {
	const struct ice_configuration *configuration;
	struct ice_service_ops ops;
	void *arg;
	struct ice_delivery *delivery;
	struct ice_heartbeat *heartbeat;
	struct event *next; /* the next sweep */
	ice_usec started;   /* of the present or the last sweep; 0 = none yet */
	ice_usec tidied;
	uint64_t acknowledged;
	bool broken;
};

static const struct ice_plan *service_plan(const struct ice_service *s)
{
	return &s->configuration->settings.plan;
}

static struct ice_outbox *service_outbox(const struct ice_service *s)
{
	return ice_delivery_outbox(s->delivery);
}

/* ---- sweeps ---- */

static void service_sweep(struct ice_service *s)
{
	struct ice_place from = {.seed = ice_setup_seed()};
	const struct ice_plan *plan = service_plan(s);
	bool resumed = ice_place_kept(service_outbox(s), plan, &from);
	evtimer_del(s->next);
	s->started = ice_clock_now();
	ice_place_keep(service_outbox(s), plan, &from);
	ICE_LOG(ICE_LOG_INFO, resumed ? "sweep resumed" : "sweep began",
	        ice_field_int("addresses", (int64_t)ice_plan_addresses(plan)),
	        ice_field_int("ranges", (int64_t)plan->count));
	ice_heartbeat_sweep(s->heartbeat, &from);
	s->ops.changed(s->arg);
}

static void service_sweep_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	service_sweep(arg);
}

static void service_sweep_at(struct ice_service *s, ice_usec at)
{
	ice_usec wait = at - ice_clock_now();
	struct timeval tv = {.tv_sec = wait > 0 ? (time_t)(wait / 1000000) : 0,
	                     .tv_usec = wait > 0 ? (suseconds_t)(wait % 1000000) : 0};
	evtimer_add(s->next, &tv);
}

static void service_tell_sweep(const struct ice_service *s)
{
	struct ice_figures f;
	struct ice_outbox_depth depth;
	uint64_t strays = 0;
	ice_heartbeat_figures(s->heartbeat, &f);
	ice_outbox_depth(service_outbox(s), &depth);
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
}

static void service_swept(void *arg)
{
	struct ice_service *s = arg;
	service_tell_sweep(s);
	ice_place_keep(service_outbox(s), service_plan(s), NULL);
	/* From start to start; a sweep that took longer than the interval is followed by the next at once. */
	service_sweep_at(s, s->started + s->configuration->settings.sweep.interval);
	s->ops.changed(s->arg);
}

static void service_place(const struct ice_place *place, void *arg)
{
	struct ice_service *s = arg;
	ice_place_keep(service_outbox(s), service_plan(s), place);
}

/* Folds the outbox while all is quiet. One that is damaged is mended by opening it: that is the next start's work. */
static void service_beat(ice_usec now, void *arg)
{
	struct ice_service *s = arg;
	struct ice_upload_counters c;
	if (ice_outbox_damaged(service_outbox(s)) && !s->broken) {
		ICE_LOG(ICE_LOG_ERROR, "outbox damaged, stopping: the next start mends it",
		        ice_field_str("reason", ice_outbox_error(service_outbox(s))));
		s->broken = true;
		s->ops.broken(s->arg);
	}
	ice_upload_counters(ice_delivery_upload(s->delivery), &c);
	if (c.acknowledged != s->acknowledged || ice_heartbeat_sweeping(s->heartbeat)) {
		s->acknowledged = c.acknowledged;
		s->tidied = 0;
	} else if (s->tidied == 0) {
		s->tidied = now + SERVICE_IDLE;
	} else if (s->tidied != ICE_USEC_NEVER && now >= s->tidied) {
		ice_outbox_idle(service_outbox(s));
		s->tidied = ICE_USEC_NEVER;
	}
}

/* ---- life ---- */

/* How old a full reading may be that is not made anew in this sweep: in the next one it must not be too old. */
static ice_usec service_steady(const struct ice_settings *s)
{
	return s->inventory.full_read > s->sweep.interval ? s->inventory.full_read - s->sweep.interval : 0;
}

/* Another server, or another site there, has nothing of what was read before: then every printer is read in full. False when the outbox
 * refuses. */
static bool service_meet_server(struct ice_service *s)
{
	const struct ice_enrolment *e = ice_delivery_enrolment(s->delivery);
	char *is, *was = ice_outbox_get(service_outbox(s), SERVICE_SERVER);
	if (asprintf(&is, "%s %s", e->site, e->server) < 0)
		abort();
	bool good = (was && strcmp(was, is) == 0) || (ice_outbox_forget_kept(service_outbox(s)) &&
	                                              ice_outbox_set(service_outbox(s), SERVICE_SERVER, is));
	free(was);
	free(is);
	return good;
}

static bool service_make_heartbeat(struct ice_service *s, struct event_base *base)
{
	char why[512];
	const struct ice_settings *set = &s->configuration->settings;
	const struct ice_heartbeat_options options = {
	        .plan = &set->plan,
	        .profiles = s->configuration->profiles,
	        .port = (uint16_t)set->sweep.port,
	        .window = ice_setup_window((uint64_t)set->sweep.window),
	        .conversations = (uint32_t)set->sweep.conversations,
	        .rate = set->sweep.rate,
	        .timeout = set->sweep.timeout,
	        .retries = (unsigned)set->sweep.retries,
	        .subnet_cap = (uint32_t)set->sweep.subnet_cap,
	        .v1 = set->sweep.v1,
	        .v2c = set->sweep.v2c,
	        .probe = {.alert_text = set->privacy.alert_text != 0},
	        .shards = 1,
	        .outbox = service_outbox(s),
	        .steady = service_meet_server(s) ? service_steady(set) : 0,
	        .upload = ice_delivery_upload(s->delivery),
	};
	const struct ice_heartbeat_ops ops = {.beat = service_beat, .place = service_place, .swept = service_swept};
	s->heartbeat = ice_heartbeat_new(base, &options, &ops, s, why, sizeof why);
	if (!s->heartbeat)
		fprintf(stderr, "ice run: %s\n", why);
	return s->heartbeat != NULL;
}

int ice_service_new(struct event_base *base, const struct ice_configuration *configuration,
                    const struct ice_service_ops *ops, void *arg, struct ice_service **out)
{
	struct ice_service *s = calloc(1, sizeof *s);
	if (!s)
		abort();
	s->configuration = configuration;
	s->ops = *ops;
	s->arg = arg;
	s->next = evtimer_new(base, service_sweep_due, s);
	if (!s->next)
		abort();
	int status = ice_delivery_setup("ice run", NULL, NULL, &configuration->settings, base, &s->delivery);
	if (status == ICE_EXIT_DONE && !service_make_heartbeat(s, base))
		status = ICE_EXIT_FAILED;
	if (status == ICE_EXIT_DONE)
		*out = s;
	else
		ice_service_free(s);
	return status;
}

void ice_service_free(struct ice_service *s)
{
	if (!s)
		return;
	ice_heartbeat_free(s->heartbeat);
	ice_delivery_free(s->delivery);
	event_free(s->next);
	free(s);
}

void ice_service_begin(struct ice_service *s, ice_usec first)
{
	struct ice_place place;
	ice_upload_now(ice_delivery_upload(s->delivery));
	if (first == 0 || ice_place_kept(service_outbox(s), service_plan(s), &place))
		service_sweep(s);
	else
		service_sweep_at(s, first);
}

bool ice_service_end(struct ice_service *s)
{
	size_t lost = ice_heartbeat_stop(s->heartbeat);
	if (lost)
		ICE_LOG(ICE_LOG_ERROR, "readings could not be committed, their devices are due again",
		        ice_field_int("readings", (int64_t)lost));
	return lost == 0;
}

ice_usec ice_service_due(const struct ice_service *s, const struct ice_configuration *c)
{
	return s->started == 0 || ice_heartbeat_sweeping(s->heartbeat) ? 0 : s->started + c->settings.sweep.interval;
}

const struct ice_delivery *ice_service_delivery(const struct ice_service *s)
{
	return s->delivery;
}

bool ice_service_sweep_now(struct ice_service *s)
{
	if (ice_heartbeat_sweeping(s->heartbeat))
		return false;
	service_sweep(s);
	return true;
}

void ice_service_upload_now(struct ice_service *s)
{
	ice_upload_now(ice_delivery_upload(s->delivery));
}
