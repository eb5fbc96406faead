#include "timetable.h"

#include <stdio.h>
#include <stdlib.h>

#include "ice/log.h"
#include "ice/schedule.h"

struct timetable_row {
	struct ice_schedule schedule;
	int64_t last;
	bool asked; /* by a person, and not over */
	bool begun; /* ... but started */
};

struct ice_timetable {
	struct ice_timetable_options options;
	int64_t since;
	struct timetable_row rows[][ICE_LANES]; /* by leg */
};

/* Of a pulse that is due again in some minutes nothing is kept. */
static bool timetable_kept(enum ice_lane_kind lane)
{
	return lane == ICE_LANE_SWEEP || lane == ICE_LANE_INVENTORY;
}

/* Under which the outbox keeps when it last started; malloc'd. */
static char *timetable_key(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane)
{
	char *key;
	if (asprintf(&key, "began %s %s", ice_lane_name(lane), t->options.plan->legs[leg]->name) < 0)
		abort();
	return key;
}

static int64_t timetable_load(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane)
{
	if (!t->options.outbox || !timetable_kept(lane))
		return 0;
	char *key = timetable_key(t, leg, lane), *text = ice_outbox_get(t->options.outbox, key);
	int64_t at = text ? strtoll(text, NULL, 10) : 0;
	free(key);
	free(text);
	return at > 0 ? at : 0;
}

static void timetable_save(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane)
{
	char text[32];
	if (!t->options.outbox || !timetable_kept(lane))
		return;
	char *key = timetable_key(t, leg, lane);
	snprintf(text, sizeof text, "%lld", (long long)t->rows[leg][lane].last);
	if (!ice_outbox_set(t->options.outbox, key, text))
		ICE_LOG(ICE_LOG_WARN, "the start of a lane is not kept", ice_field_str("lane", ice_lane_name(lane)),
		        ice_field_str("reason", ice_outbox_error(t->options.outbox)));
	free(key);
}

struct ice_timetable *ice_timetable_new(const struct ice_timetable_options *options, int64_t wall)
{
	size_t legs = options->plan->count;
	struct ice_timetable *t = calloc(1, sizeof *t + legs * sizeof *t->rows);
	if (!t)
		abort();
	t->options = *options;
	t->since = wall;
	for (size_t leg = 0; leg < legs; leg++)
		for (int lane = 0; lane < ICE_LANES; lane++) {
			const struct ice_leg *of = options->plan->legs[leg];
			struct timetable_row *row = &t->rows[leg][lane];
			int64_t interval = of->intervals[lane] / ICE_USEC_SEC(1);
			if (of->intervals[lane] > 0 && interval == 0)
				interval = 1;
			row->schedule.interval = interval;
			row->schedule.offset = ice_schedule_offset(interval, options->site,
			                                           ice_lane_name((enum ice_lane_kind)lane), of->name);
			row->schedule.hours = lane == ICE_LANE_SWEEP ? options->sweeps : options->hours;
			row->last = timetable_load(t, leg, (enum ice_lane_kind)lane);
		}
	return t;
}

void ice_timetable_free(struct ice_timetable *t)
{
	free(t);
}

int64_t ice_timetable_next(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane, int64_t wall)
{
	const struct timetable_row *row = &t->rows[leg][lane];
	if (row->asked && !row->begun)
		return wall;
	return ice_schedule_next(&row->schedule, row->last, t->since, wall);
}

bool ice_timetable_due(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane, int64_t wall)
{
	return ice_timetable_next(t, leg, lane, wall) <= wall;
}

bool ice_timetable_open(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane, int64_t wall)
{
	const struct timetable_row *row = &t->rows[leg][lane];
	return row->asked || !row->schedule.hours || ice_hours_at(row->schedule.hours, wall);
}

int64_t ice_timetable_slot(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane, int64_t wall)
{
	const struct timetable_row *row = &t->rows[leg][lane];
	return row->asked ? wall : ice_schedule_slot(&row->schedule, wall);
}

void ice_timetable_started(struct ice_timetable *t, size_t leg, enum ice_lane_kind lane, int64_t wall)
{
	t->rows[leg][lane].last = wall;
	t->rows[leg][lane].begun = true;
	timetable_save(t, leg, lane);
}

int64_t ice_timetable_last(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane)
{
	return t->rows[leg][lane].last;
}

void ice_timetable_ask(struct ice_timetable *t, size_t leg, enum ice_lane_kind lane)
{
	t->rows[leg][lane].asked = true;
	t->rows[leg][lane].begun = false;
}

void ice_timetable_ended(struct ice_timetable *t, size_t leg, enum ice_lane_kind lane)
{
	t->rows[leg][lane].asked &= !t->rows[leg][lane].begun;
}

bool ice_timetable_asked(const struct ice_timetable *t, size_t leg, enum ice_lane_kind lane)
{
	return t->rows[leg][lane].asked;
}
