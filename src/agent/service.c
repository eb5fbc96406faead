#include "service.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ice/log.h"

#include "cmd.h"
#include "heartbeat.h"
#include "history.h"
#include "place.h"
#include "setup.h"

/* How long the outbox must have been left alone before its write-ahead log is folded in (10-15 ms). */
#define SERVICE_IDLE ICE_USEC_SEC(30)
/* The key under which the outbox keeps to whom the readings went. */
#define SERVICE_SERVER "server"
/* ... and when the server last acknowledged a batch, at most so often. */
#define SERVICE_ACKNOWLEDGED "acknowledged"
#define SERVICE_KEEP         ICE_USEC_SEC(60)

struct ice_service {
	const struct ice_configuration *configuration;
	struct ice_service_ops ops;
	void *arg;
	struct ice_delivery *delivery;
	struct ice_heartbeat *heartbeat;
	struct ice_history *history;
	struct event *next;      /* the next sweep */
	ice_usec started;        /* of the present or the last sweep; 0 = none yet */
	int64_t next_at;         /* wall seconds; 0 = under way */
	size_t leg;              /* that is being swept */
	uint64_t done;           /* addresses of the legs before it */
	struct ice_figures past; /* of the sweeps before */
	struct ice_slowest slowest;
	int64_t acknowledged_at; /* wall seconds; 0 = never */
	ice_usec keep_at;        /* not kept before */
	uint64_t beats;
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

static void service_begin_leg(struct ice_service *s, size_t leg, bool resumed, uint64_t done)
{
	s->leg = leg;
	s->done = done;
	ice_history_begin(s->history, leg, resumed, ice_clock_wall());
}

static void service_sweep(struct ice_service *s)
{
	struct ice_place from = {.seed = ice_setup_seed()};
	const struct ice_plan *plan = service_plan(s);
	bool resumed = ice_place_kept(service_outbox(s), plan, &from);
	evtimer_del(s->next);
	s->next_at = 0;
	s->started = ice_clock_now();
	ice_place_keep(service_outbox(s), plan, &from);
	service_begin_leg(s, from.leg, resumed, 0);
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
	s->next_at = ice_clock_wall() + (wait > 0 ? wait / 1000000 : 0);
}

/* Of the present leg, as far as the sweep's figures tell. */
static void service_tell_done(struct ice_service *s)
{
	struct ice_figures f;
	ice_heartbeat_figures(s->heartbeat, &f);
	ice_history_done(s->history, s->leg, f.done > s->done ? f.done - s->done : 0, ice_clock_wall());
}

/* The sweep has gone on to this leg: those before it are through. */
static void service_reach_leg(struct ice_service *s, size_t leg)
{
	struct ice_figures f;
	ice_heartbeat_figures(s->heartbeat, &f);
	while (s->leg < leg) {
		ice_history_end(s->history, s->leg, ice_clock_wall());
		service_begin_leg(s, s->leg + 1, false, f.done);
	}
}

static void service_found(const struct ice_finding *finding, void *arg)
{
	struct ice_service *s = arg;
	const struct ice_plan *plan = service_plan(s);
	size_t leg = 0;
	while (leg < plan->count && !ice_range_contains(plan->legs[leg]->range, &finding->address))
		leg++;
	if (leg == plan->count)
		return;
	service_reach_leg(s, leg);
	if (finding->outcome == ICE_OUTCOME_PRINTER || finding->outcome == ICE_OUTCOME_UNCHANGED)
		ice_history_found(s->history, leg);
	if (finding->rtt >= 0)
		ice_slowest_add(&s->slowest, &finding->address, finding->rtt, plan->legs[leg]->name);
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
	struct ice_figures f;
	service_tell_sweep(s);
	service_reach_leg(s, service_plan(s)->count - 1);
	ice_history_end(s->history, s->leg, ice_clock_wall());
	ice_history_save(s->history);
	ice_heartbeat_figures(s->heartbeat, &f);
	ice_figures_add(&s->past.scanner, &f.scanner);
	s->past.udp.kernel_drops += f.udp.kernel_drops;
	s->past.udp.send_errors += f.udp.send_errors;
	ice_place_keep(service_outbox(s), service_plan(s), NULL);
	/* From start to start; a sweep that took longer than the interval is followed by the next at once. */
	service_sweep_at(s, s->started + s->configuration->settings.sweep.interval);
	s->ops.changed(s->arg);
}

static void service_place(const struct ice_place *place, void *arg)
{
	struct ice_service *s = arg;
	service_reach_leg(s, place->leg);
	service_tell_done(s);
	ice_history_save(s->history);
	ice_place_keep(service_outbox(s), service_plan(s), place);
}

/* Kept, so that after a restart it is still known; not for every batch of many. */
static void service_acknowledged(struct ice_service *s, ice_usec now)
{
	char text[32];
	s->acknowledged_at = ice_clock_wall();
	if (now < s->keep_at)
		return;
	s->keep_at = now + SERVICE_KEEP;
	snprintf(text, sizeof text, "%" PRId64, s->acknowledged_at);
	(void)!ice_outbox_set(service_outbox(s), SERVICE_ACKNOWLEDGED, text);
}

/* Folds the outbox while all is quiet. One that is damaged is mended by opening it: that is the next start's work. */
static void service_beat(ice_usec now, void *arg)
{
	struct ice_service *s = arg;
	struct ice_upload_counters c;
	s->beats++;
	if (ice_outbox_damaged(service_outbox(s)) && !s->broken) {
		ICE_LOG(ICE_LOG_ERROR, "outbox damaged, stopping: the next start mends it",
		        ice_field_str("reason", ice_outbox_error(service_outbox(s))));
		s->broken = true;
		s->ops.broken(s->arg);
	}
	ice_upload_counters(ice_delivery_upload(s->delivery), &c);
	if (c.acknowledged != s->acknowledged)
		service_acknowledged(s, now);
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
	        .probe = ice_setup_probe(&set->privacy),
	        .shards = 1,
	        .outbox = service_outbox(s),
	        .steady = service_meet_server(s) ? service_steady(set) : 0,
	        .upload = ice_delivery_upload(s->delivery),
	};
	const struct ice_heartbeat_ops ops = {
	        .found = service_found, .beat = service_beat, .place = service_place, .swept = service_swept};
	s->heartbeat = ice_heartbeat_new(base, &options, &ops, s, why, sizeof why);
	if (!s->heartbeat)
		fprintf(stderr, "ice run: %s\n", why);
	return s->heartbeat != NULL;
}

static void service_remember(struct ice_service *s)
{
	char *text = ice_outbox_get(service_outbox(s), SERVICE_ACKNOWLEDGED);
	s->acknowledged_at = text ? strtoll(text, NULL, 10) : 0;
	free(text);
	s->history = ice_history_new(service_plan(s), service_outbox(s));
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
		service_remember(s);
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
	ice_history_free(s->history);
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
	if (ice_heartbeat_sweeping(s->heartbeat))
		service_tell_done(s);
	ice_history_save(s->history);
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

const char *ice_service_ask(struct ice_service *s, const struct ice_request *r)
{
	const struct ice_plan *plan = service_plan(s);
	size_t leg = 0;
	while (r->range[0] && leg < plan->count && strcmp(plan->legs[leg]->name, r->range) != 0)
		leg++;
	if (leg == plan->count)
		return "refused: there is no such range";
	if (r->what == ICE_REQUEST_UPLOAD) {
		ice_upload_now(ice_delivery_upload(s->delivery));
		return "begun";
	}
	if (ice_heartbeat_sweeping(s->heartbeat))
		return "under way already";
	service_sweep(s);
	return "begun";
}

/* ---- looking ---- */

const struct ice_settings *ice_service_settings(const struct ice_service *s)
{
	return &s->configuration->settings;
}

bool ice_service_busy(const struct ice_service *s)
{
	return ice_heartbeat_sweeping(s->heartbeat) || !ice_upload_idle(ice_delivery_upload(s->delivery));
}

static void service_range_status(const struct ice_service *s, size_t leg, struct ice_status_range *out)
{
	const struct ice_history_row *row = ice_history_row(s->history, leg);
	out->name = service_plan(s)->legs[leg]->name;
	out->addresses = ice_range_count(service_plan(s)->legs[leg]->range);
	out->sweep.began = row->began;
	out->sweep.ended = row->ended;
	out->sweep.done = row->done;
	out->sweep.found = row->found;
	out->sweep.rate = row->seconds > 0 ? (double)row->done / row->seconds : 0;
	out->next[ICE_LANE_SWEEP] = s->next_at;
}

void ice_service_status(const struct ice_service *s, struct ice_status *out)
{
	const struct ice_plan *plan = service_plan(s);
	struct ice_figures f;
	ice_heartbeat_figures(s->heartbeat, &f);
	out->outbox_full = f.outbox_full;
	out->figures = s->past;
	if (ice_heartbeat_sweeping(s->heartbeat)) {
		ice_figures_add(&out->figures.scanner, &f.scanner);
		out->figures.udp.kernel_drops += f.udp.kernel_drops;
		out->figures.udp.send_errors += f.udp.send_errors;
	}
	out->site = ice_delivery_enrolment(s->delivery)->site;
	out->server = ice_delivery_enrolment(s->delivery)->server;
	out->ranges = calloc(plan->count, sizeof *out->ranges);
	if (!out->ranges)
		abort();
	out->range_count = plan->count;
	for (size_t i = 0; i < plan->count; i++)
		service_range_status(s, i, &out->ranges[i]);
	ice_outbox_depth(service_outbox(s), &out->depth);
	out->outbox_max = s->configuration->settings.state.outbox_size;
	ice_upload_counters(ice_delivery_upload(s->delivery), &out->upload);
	out->acknowledged = s->acknowledged_at;
	if (out->upload.next_attempt > 0)
		out->next_attempt = ice_clock_wall() + (out->upload.next_attempt - ice_clock_now()) / ICE_USEC_SEC(1);
	out->slowest = s->slowest;
}

void ice_service_signs(const struct ice_service *s, struct ice_watch_sign out[ICE_WATCH_KINDS])
{
	struct ice_figures f;
	struct ice_upload_counters c;
	ice_heartbeat_figures(s->heartbeat, &f);
	ice_upload_counters(ice_delivery_upload(s->delivery), &c);
	out[ICE_WATCH_BEATS] = (struct ice_watch_sign){true, s->beats};
	out[ICE_WATCH_DEVICES] = (struct ice_watch_sign){f.in_flight > 0, f.scanner.finished + f.scanner.replies +
	                                                                          f.scanner.probes_sent};
	out[ICE_WATCH_UPLOADS] = (struct ice_watch_sign){!ice_upload_idle(ice_delivery_upload(s->delivery)),
	                                                 c.acknowledged + c.rejected + c.failures};
}
