#include "service.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ice/log.h"
#include "ice/schedule.h"

#include "engine/exit.h"
#include "engine/heartbeat.h"
#include "engine/setup.h"
#include "engine/timetable.h"

#include "sweeps.h"

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
	struct ice_timetable *timetable;
	struct ice_devices *devices;
	struct ice_sweeps *sweeps;
	int64_t acknowledged_at; /* wall seconds; 0 = never */
	ice_usec keep_at;        /* not kept before */
	uint64_t beats;
	ice_usec tidied;
	uint64_t acknowledged;
	bool begun, broken;
};

static const struct ice_plan *service_plan(const struct ice_service *s)
{
	return &s->configuration->settings.plan;
}

static struct ice_outbox *service_outbox(const struct ice_service *s)
{
	return ice_delivery_outbox(s->delivery);
}

/* ---- what the heartbeat tells ---- */

static void service_swept(bool whole, void *arg)
{
	struct ice_service *s = arg;
	ice_sweeps_swept(s->sweeps, whole);
	s->ops.changed(s->arg);
}

static void service_place(const struct ice_place *place, void *arg)
{
	struct ice_service *s = arg;
	ice_sweeps_place(s->sweeps, place);
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
	if (s->begun && ice_sweeps_beat(s->sweeps, now))
		s->ops.changed(s->arg);
	ice_upload_counters(ice_delivery_upload(s->delivery), &c);
	if (c.acknowledged != s->acknowledged)
		service_acknowledged(s, now);
	if (c.acknowledged != s->acknowledged || ice_heartbeat_sweeping(s->heartbeat) ||
	    ice_heartbeat_rounding(s->heartbeat)) {
		s->acknowledged = c.acknowledged;
		s->tidied = 0;
	} else if (s->tidied == 0) {
		s->tidied = now + SERVICE_IDLE;
	} else if (s->tidied != ICE_USEC_NEVER && now >= s->tidied) {
		ice_heartbeat_idle(s->heartbeat);
		s->tidied = ICE_USEC_NEVER;
	}
}

/* ---- life ---- */

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

/* One line for each that matters to somebody; sleep comes and goes. */
static void service_changed(const struct ice_device *d, enum ice_device_state from, void *arg)
{
	const struct ice_service *s = arg;
	char ip[ICE_ADDRESS_TEXT_SIZE];
	bool was_away = from == ICE_DEVICE_MISSING || from == ICE_DEVICE_RETIRED || from == ICE_DEVICE_MOVED;
	bool is_away = d->state == ICE_DEVICE_MISSING || d->state == ICE_DEVICE_RETIRED || d->state == ICE_DEVICE_MOVED;
	ICE_LOG(was_away || is_away ? ICE_LOG_INFO : ICE_LOG_DEBUG, "printer's state",
	        ice_field_str("ip", ice_address_format(&d->address, ip)),
	        ice_field_str("range", service_plan(s)->legs[d->leg]->name),
	        ice_field_str("from", from == ICE_DEVICE_STATES ? "unknown" : ice_device_state_name(from)),
	        ice_field_str("to", d->state == ICE_DEVICE_STATES ? "forgotten" : ice_device_state_name(d->state)));
}

/* What is known of the printers, and when they are due. */
static void service_make_times(struct ice_service *s)
{
	const struct ice_settings *set = &s->configuration->settings;
	const struct ice_timetable_options times = {
	        .plan = &set->plan,
	        .site = ice_delivery_enrolment(s->delivery)->site,
	        .sweeps = &set->sweep.hours,
	        .hours = &set->schedule.hours,
	        .outbox = service_outbox(s),
	};
	s->timetable = ice_timetable_new(&times, ice_clock_wall());
	const struct ice_devices_options known = {
	        .plan = &set->plan,
	        .outbox = service_outbox(s),
	        .missing_after = set->schedule.missing_after / ICE_USEC_SEC(1),
	        .retired_after = set->schedule.retired_after / ICE_USEC_SEC(1),
	        .full_read = service_meet_server(s) ? set->inventory.full_read / ICE_USEC_SEC(1) : 0,
	        .changed = service_changed,
	        .arg = s,
	};
	s->devices = ice_devices_new(&known, ice_clock_wall());
}

static void service_make_sweeps(struct ice_service *s)
{
	const struct ice_sweeps_options options = {
	        .plan = service_plan(s),
	        .heartbeat = s->heartbeat,
	        .timetable = s->timetable,
	        .outbox = service_outbox(s),
	        .spread = s->configuration->settings.sweep.spread,
	};
	s->sweeps = ice_sweeps_new(&options);
}

static bool service_make_heartbeat(struct ice_service *s, struct event_base *base)
{
	char why[512];
	const struct ice_settings *set = &s->configuration->settings;
	const struct ice_heartbeat_options options = {
	        .plan = &set->plan,
	        .profiles = s->configuration->profiles,
	        .port = (uint16_t)set->sweep.port,
	        .window = (uint32_t)set->sweep.window,
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
	        .devices = s->devices,
	        .timetable = s->timetable,
	        .upload = ice_delivery_upload(s->delivery),
	};
	const struct ice_heartbeat_ops ops = {.beat = service_beat, .place = service_place, .swept = service_swept};
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
	int status = ice_delivery_setup("ice run", NULL, NULL, &configuration->settings, base, &s->delivery);
	if (status == ICE_EXIT_DONE) {
		service_make_times(s);
		if (!service_make_heartbeat(s, base))
			status = ICE_EXIT_FAILED;
	}
	if (status == ICE_EXIT_DONE) {
		service_remember(s);
		service_make_sweeps(s);
		*out = s;
	} else {
		ice_service_free(s);
	}
	return status;
}

void ice_service_free(struct ice_service *s)
{
	if (!s)
		return;
	ice_sweeps_free(s->sweeps);
	ice_heartbeat_free(s->heartbeat);
	ice_devices_free(s->devices);
	ice_timetable_free(s->timetable);
	ice_delivery_free(s->delivery);
	free(s);
}

void ice_service_begin(struct ice_service *s)
{
	ice_upload_now(ice_delivery_upload(s->delivery));
	s->begun = true;
	if (ice_sweeps_beat(s->sweeps, ice_clock_now()))
		s->ops.changed(s->arg);
}

bool ice_service_end(struct ice_service *s)
{
	size_t lost = ice_heartbeat_stop(s->heartbeat);
	ice_sweeps_end(s->sweeps);
	if (lost)
		ICE_LOG(ICE_LOG_ERROR, "readings could not be committed, their devices are due again",
		        ice_field_int("readings", (int64_t)lost));
	return lost == 0;
}

const struct ice_delivery *ice_service_delivery(const struct ice_service *s)
{
	return s->delivery;
}

/* The legs from `leg` up to `end`. Who asks for a sweep wants to know of everybody: the known printers, whom the sweep leaves to the
 * inventory, are asked as well. */
static const char *service_ask_lane(struct ice_service *s, enum ice_lane_kind lane, size_t leg, size_t end)
{
	bool going = true;
	for (; leg < end; leg++) {
		ice_timetable_ask(s->timetable, leg, ICE_LANE_INVENTORY);
		if (lane == ICE_LANE_SWEEP && ice_sweeps_range(s->sweeps, leg).going)
			continue;
		if (lane == ICE_LANE_SWEEP)
			ice_timetable_ask(s->timetable, leg, ICE_LANE_SWEEP);
		going = false;
	}
	return going ? "under way already" : "begun";
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
	return service_ask_lane(s, r->what == ICE_REQUEST_SWEEP ? ICE_LANE_SWEEP : ICE_LANE_INVENTORY, leg,
	                        r->range[0] ? leg + 1 : plan->count);
}

/* ---- looking ---- */

const struct ice_settings *ice_service_settings(const struct ice_service *s)
{
	return &s->configuration->settings;
}

bool ice_service_busy(const struct ice_service *s)
{
	return ice_heartbeat_sweeping(s->heartbeat) || ice_heartbeat_rounding(s->heartbeat) ||
	       !ice_upload_idle(ice_delivery_upload(s->delivery));
}

static void service_range_status(const struct ice_service *s, size_t leg, struct ice_status_range *out)
{
	const struct ice_sweeps_range sweep = ice_sweeps_range(s->sweeps, leg);
	int64_t wall = ice_clock_wall();
	out->name = service_plan(s)->legs[leg]->name;
	out->addresses = ice_range_count(service_plan(s)->legs[leg]->range);
	out->sweep.began = sweep.began;
	out->sweep.ended = sweep.ended;
	out->sweep.done = sweep.done;
	out->sweep.found = sweep.found;
	out->sweep.rate = sweep.rate;
	for (int lane = 0; lane < ICE_LANES; lane++) {
		int64_t next = ice_timetable_next(s->timetable, leg, (enum ice_lane_kind)lane, wall);
		out->next[lane] = next == ICE_SCHEDULE_NEVER ? 0 : next;
	}
	for (int state = 0; state < ICE_DEVICE_STATES; state++)
		out->printers[state] = ice_devices_count(s->devices, leg, (enum ice_device_state)state);
	if (sweep.going)
		out->next[ICE_LANE_SWEEP] = 0;
}

/* Where the slow ones of a range go, and by which name. */
struct service_slow {
	struct ice_slowest *slowest;
	const char *range;
};

static void service_slow(const struct ice_device *d, void *arg)
{
	const struct service_slow *to = arg;
	if (d->rtt > 0)
		ice_slowest_add(to->slowest, &d->address, d->rtt, to->range);
}

void ice_service_status(const struct ice_service *s, struct ice_status *out)
{
	const struct ice_plan *plan = service_plan(s);
	struct ice_figures f;
	ice_heartbeat_figures(s->heartbeat, &f);
	out->outbox_full = f.outbox_full;
	out->rounding = ice_heartbeat_rounding(s->heartbeat);
	ice_heartbeat_total(s->heartbeat, &out->figures);
	out->site = ice_delivery_enrolment(s->delivery)->site;
	out->server = ice_delivery_enrolment(s->delivery)->server;
	out->ranges = calloc(plan->count, sizeof *out->ranges);
	if (!out->ranges)
		abort();
	out->range_count = plan->count;
	for (size_t i = 0; i < plan->count; i++) {
		struct service_slow to = {&out->slowest, plan->legs[i]->name};
		service_range_status(s, i, &out->ranges[i]);
		ice_devices_each(s->devices, i, service_slow, &to);
	}
	ice_outbox_depth(service_outbox(s), &out->depth);
	out->outbox_max = s->configuration->settings.state.outbox_size;
	ice_upload_counters(ice_delivery_upload(s->delivery), &out->upload);
	out->acknowledged = s->acknowledged_at;
	if (out->upload.next_attempt > 0)
		out->next_attempt = ice_clock_wall() + (out->upload.next_attempt - ice_clock_now()) / ICE_USEC_SEC(1);
}

void ice_service_signs(const struct ice_service *s, struct ice_watch_sign out[ICE_WATCH_KINDS])
{
	struct ice_figures f;
	struct ice_upload_counters c;
	ice_heartbeat_total(s->heartbeat, &f);
	ice_upload_counters(ice_delivery_upload(s->delivery), &c);
	out[ICE_WATCH_BEATS] = (struct ice_watch_sign){true, s->beats};
	out[ICE_WATCH_DEVICES] = (struct ice_watch_sign){f.in_flight > 0, f.scanner.finished + f.scanner.replies +
	                                                                          f.scanner.probes_sent};
	out[ICE_WATCH_UPLOADS] = (struct ice_watch_sign){!ice_upload_idle(ice_delivery_upload(s->delivery)),
	                                                 c.acknowledged + c.rejected + c.failures};
}
