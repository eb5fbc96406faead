#include "sweeps.h"

#include <stdlib.h>

#include "ice/log.h"

#include "engine/setup.h"

/* How often the clock is looked at, and the place kept while a sweep is spread over hours. */
#define SWEEPS_LOOK  ICE_USEC_SEC(1)
#define SWEEPS_PLACE 240 /* times in a spread */

struct ice_sweeps {
	struct ice_sweeps_options options;
	bool going;
	size_t leg; /* the present one, or the last */
	ice_usec look_at, keep_at;
	struct ice_swept legs[];
};

/* ---- the present sweep ---- */

static const char *sweeps_name(const struct ice_sweeps *s)
{
	return s->options.plan->legs[s->leg]->name;
}

/* How long one of this range is to take at least. */
static ice_usec sweeps_spread(const struct ice_sweeps *s, const struct ice_swept *swept)
{
	ice_usec half = s->options.plan->legs[s->leg]->intervals[ICE_LANE_SWEEP] / 2;
	return swept->quick ? 0 : s->options.spread < half ? s->options.spread : half;
}

/* As it stands now, what went before an interruption included. */
static struct ice_swept sweeps_now(const struct ice_sweeps *s)
{
	struct ice_figures f;
	struct ice_swept swept = s->legs[s->leg];
	ice_heartbeat_figures(s->options.heartbeat, &f);
	swept.done += f.done; /* what was in flight when it was interrupted is asked twice */
	uint64_t all = ice_range_count(s->options.plan->legs[s->leg]->range);
	swept.done = swept.done < all ? swept.done : all;
	swept.found += f.scanner.printers;
	swept.spent += (uint64_t)(f.seconds * 1000);
	return swept;
}

static void sweeps_keep(struct ice_sweeps *s, const struct ice_swept *swept)
{
	ice_place_keep(s->options.outbox, s->options.plan, s->leg, swept);
}

static void sweeps_begin(struct ice_sweeps *s, size_t leg, int64_t wall)
{
	struct ice_swept *swept = &s->legs[leg];
	bool resumed = swept->interrupted, asked = ice_timetable_asked(s->options.timetable, leg, ICE_LANE_SWEEP);
	s->leg = leg;
	s->going = true;
	if (!resumed) {
		bool first = ice_timetable_last(s->options.timetable, leg, ICE_LANE_SWEEP) == 0;
		*swept = (struct ice_swept){.began = wall,
		                            .quick = first || asked,
		                            .interrupted = true,
		                            .place = {.leg = leg, .seed = ice_setup_seed()}};
		ice_timetable_started(s->options.timetable, leg, ICE_LANE_SWEEP, wall);
		sweeps_keep(s, swept);
	} else if (asked) {
		swept->quick = true;
		ice_timetable_started(s->options.timetable, leg, ICE_LANE_SWEEP, wall);
	}
	ICE_LOG(ICE_LOG_INFO, resumed ? "sweep resumed" : "sweep began", ice_field_str("range", sweeps_name(s)),
	        ice_field_int("addresses", (int64_t)ice_range_count(s->options.plan->legs[leg]->range)));
	ice_heartbeat_sweep(s->options.heartbeat, &swept->place, 1, sweeps_spread(s, swept));
}

static void sweeps_interrupt(struct ice_sweeps *s)
{
	struct ice_swept now = sweeps_now(s);
	s->going = false;
	s->legs[s->leg] = now;
	sweeps_keep(s, &s->legs[s->leg]);
	ICE_LOG(ICE_LOG_INFO, "sweep interrupted", ice_field_str("range", sweeps_name(s)),
	        ice_field_int("addresses", (int64_t)now.done));
}

void ice_sweeps_place(struct ice_sweeps *s, const struct ice_place *place)
{
	ice_usec now = ice_clock_now();
	s->legs[s->leg].place = *place;
	if (now < s->keep_at)
		return;
	struct ice_swept swept = sweeps_now(s);
	sweeps_keep(s, &swept);
	s->keep_at = now + sweeps_spread(s, &swept) / SWEEPS_PLACE;
}

static void sweeps_tell(const struct ice_sweeps *s, const struct ice_figures *f)
{
	struct ice_outbox_depth depth;
	uint64_t strays = 0;
	ice_outbox_depth(s->options.outbox, &depth);
	for (size_t v = 0; v < ICE_VERDICT_COUNT; v++)
		strays += v != ICE_VERDICT_OK ? f->scanner.strays[v] : 0;
	ICE_LOG(ICE_LOG_INFO, "sweep ended", ice_field_str("range", sweeps_name(s)),
	        ice_field_int("printers", (int64_t)f->scanner.printers),
	        ice_field_int("unchanged", (int64_t)f->scanner.unchanged),
	        ice_field_int("devices", (int64_t)f->scanner.devices), ice_field_int("addresses", (int64_t)f->done),
	        ice_field_int("seconds", (int64_t)(f->seconds + 0.5)),
	        ice_field_int("probes", (int64_t)f->scanner.probes_sent),
	        ice_field_int("incomplete", (int64_t)f->scanner.incomplete), ice_field_int("strays", (int64_t)strays),
	        ice_field_int("kernel_drops", (int64_t)f->udp.kernel_drops),
	        ice_field_int("send_errors", (int64_t)f->udp.send_errors),
	        ice_field_int("outbox_readings", depth.readings));
}

void ice_sweeps_swept(struct ice_sweeps *s, bool whole)
{
	struct ice_figures f;
	if (!whole) {
		sweeps_interrupt(s);
		return;
	}
	struct ice_swept *swept = &s->legs[s->leg];
	ice_heartbeat_figures(s->options.heartbeat, &f);
	*swept = sweeps_now(s);
	swept->ended = ice_clock_wall();
	swept->interrupted = false;
	s->going = false;
	s->look_at = 0;
	sweeps_tell(s, &f);
	sweeps_keep(s, swept);
	ice_timetable_ended(s->options.timetable, s->leg, ICE_LANE_SWEEP);
}

/* ---- by the clock ---- */

/* The next range in its turn whose sweep is due, or was interrupted and may go on; the plan's count when there is none. */
static size_t sweeps_due(const struct ice_sweeps *s, int64_t wall)
{
	const struct ice_timetable *t = s->options.timetable;
	size_t count = s->options.plan->count;
	for (size_t i = 1; i <= count; i++) {
		size_t leg = (s->leg + i) % count;
		bool goes_on = s->legs[leg].interrupted && ice_timetable_open(t, leg, ICE_LANE_SWEEP, wall);
		if (goes_on || ice_timetable_due(t, leg, ICE_LANE_SWEEP, wall))
			return leg;
	}
	return count;
}

bool ice_sweeps_beat(struct ice_sweeps *s, ice_usec now)
{
	if (now < s->look_at)
		return false;
	int64_t wall = ice_clock_wall();
	s->look_at = now + SWEEPS_LOOK;
	if (s->going) {
		if (ice_timetable_open(s->options.timetable, s->leg, ICE_LANE_SWEEP, wall))
			return false;
		ice_heartbeat_pause(s->options.heartbeat);
		return false;
	}
	size_t leg = ice_heartbeat_sweeping(s->options.heartbeat) ? s->options.plan->count : sweeps_due(s, wall);
	if (leg == s->options.plan->count)
		return false;
	sweeps_begin(s, leg, wall);
	return true;
}

void ice_sweeps_end(struct ice_sweeps *s)
{
	if (s->going)
		sweeps_interrupt(s);
}

struct ice_sweeps_range ice_sweeps_range(const struct ice_sweeps *s, size_t leg)
{
	bool going = s->going && leg == s->leg;
	struct ice_swept swept = going ? sweeps_now(s) : s->legs[leg];
	return (struct ice_sweeps_range){
	        .going = going,
	        .began = swept.began,
	        .ended = swept.ended,
	        .done = swept.done,
	        .found = swept.found,
	        .rate = swept.spent > 0 ? (double)swept.done * 1000 / (double)swept.spent : 0,
	};
}

/* ---- life ---- */

struct ice_sweeps *ice_sweeps_new(const struct ice_sweeps_options *options)
{
	size_t count = options->plan->count;
	struct ice_sweeps *s = calloc(1, sizeof *s + count * sizeof *s->legs);
	if (!s)
		abort();
	s->options = *options;
	s->leg = count - 1; /* the first comes next */
	for (size_t leg = 0; leg < count; leg++)
		s->legs[leg] = ice_place_kept(options->outbox, options->plan, leg);
	return s;
}

void ice_sweeps_free(struct ice_sweeps *s)
{
	free(s);
}
