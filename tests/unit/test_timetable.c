/* When the lanes of the ranges start, and what is kept of their starts and sweeps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/place.h"
#include "engine/timetable.h"
#include "ice/schedule.h"

#define START INT64_C(1700000000)
#define HOUR  3600

static struct ice_plan plan;
static struct ice_outbox *outbox;

static void add_leg(const char *name, const char *range)
{
	char why[ICE_RANGE_WHY_SIZE];
	struct ice_leg *leg = ice_plan_add(&plan, name);
	assert_true(leg && ice_range_add(leg->range, range, why, sizeof why) &&
	            ice_range_seal(leg->range, why, sizeof why));
	leg->intervals[ICE_LANE_SWEEP] = ICE_USEC_SEC(24 * HOUR);
	leg->intervals[ICE_LANE_INVENTORY] = ICE_USEC_SEC(HOUR);
	leg->intervals[ICE_LANE_PULSE] = ICE_USEC_SEC(300);
}

static int before(void **state)
{
	const struct ice_outbox_options options = {.path = ":memory:", .site = "hq"};
	char why[512];
	(void)state;
	add_leg("office", "10.0.0.0/24");
	add_leg("the plant", "10.0.0.128-10.0.1.254");
	outbox = ice_outbox_open(&options, why, sizeof why);
	return outbox ? 0 : -1;
}

static int after(void **state)
{
	(void)state;
	ice_outbox_close(outbox);
	ice_plan_free(&plan);
	return 0;
}

static struct ice_timetable *table(const struct ice_hours *hours, int64_t wall)
{
	const struct ice_timetable_options options = {
	        .plan = &plan, .site = "hq", .sweeps = hours, .hours = hours, .outbox = outbox};
	return ice_timetable_new(&options, wall);
}

static void test_starts(void **state)
{
	(void)state;
	struct ice_timetable *t = table(NULL, START);
	for (size_t leg = 0; leg < 2; leg++) {
		assert_true(ice_timetable_due(t, leg, ICE_LANE_SWEEP, START)); /* the first at once */
		ice_timetable_started(t, leg, ICE_LANE_SWEEP, START);
		int64_t next = ice_timetable_next(t, leg, ICE_LANE_SWEEP, START);
		assert_true(next > START && next <= START + 24 * HOUR);
		assert_false(ice_timetable_due(t, leg, ICE_LANE_SWEEP, next - 1));
		assert_true(ice_timetable_due(t, leg, ICE_LANE_SWEEP, next));
	}
	assert_int_equal(ice_timetable_next(t, 0, ICE_LANE_ERROR, START), ICE_SCHEDULE_NEVER); /* off */
	assert_int_equal(ice_timetable_slot(t, 0, ICE_LANE_ERROR, START), 0);
	/* ranges have times of their own */
	assert_int_not_equal(ice_timetable_next(t, 0, ICE_LANE_SWEEP, START),
	                     ice_timetable_next(t, 1, ICE_LANE_SWEEP, START));
	int64_t next = ice_timetable_next(t, 0, ICE_LANE_SWEEP, START);
	ice_timetable_free(t);
	/* a restart neither repeats a sweep nor moves the next; of a pulse nothing is kept */
	t = table(NULL, START + 100);
	assert_int_equal(ice_timetable_last(t, 0, ICE_LANE_SWEEP), START);
	assert_int_equal(ice_timetable_next(t, 0, ICE_LANE_SWEEP, START + 100), next);
	assert_true(ice_timetable_due(t, 0, ICE_LANE_PULSE, START + 100));
	ice_timetable_free(t);
}

static void test_asked(void **state)
{
	(void)state;
	struct ice_hours closed;
	ice_hours_fill(&closed, false);
	struct ice_timetable *t = table(&closed, START);
	assert_false(ice_timetable_due(t, 0, ICE_LANE_SWEEP, START));
	assert_false(ice_timetable_open(t, 0, ICE_LANE_SWEEP, START));
	/* a person's wish counts more than the hours, until it is done */
	ice_timetable_ask(t, 0, ICE_LANE_SWEEP);
	assert_true(ice_timetable_due(t, 0, ICE_LANE_SWEEP, START));
	assert_int_equal(ice_timetable_slot(t, 0, ICE_LANE_SWEEP, START), START);
	ice_timetable_started(t, 0, ICE_LANE_SWEEP, START);
	assert_false(ice_timetable_due(t, 0, ICE_LANE_SWEEP, START));
	assert_true(ice_timetable_open(t, 0, ICE_LANE_SWEEP, START + 1));
	ice_timetable_ended(t, 0, ICE_LANE_SWEEP);
	assert_false(ice_timetable_open(t, 0, ICE_LANE_SWEEP, START + 2));
	/* who asks again in the midst of it is not forgotten at its end */
	ice_timetable_ask(t, 0, ICE_LANE_SWEEP);
	ice_timetable_ended(t, 0, ICE_LANE_SWEEP);
	assert_true(ice_timetable_due(t, 0, ICE_LANE_SWEEP, START + 3));
	ice_timetable_free(t);
}

/* A thousand engines with one configuration ask, and so deliver, at times of their own. */
static void test_engines_do_not_meet(void **state)
{
	unsigned minutes[60] = {0};
	(void)state;
	for (int i = 0; i < 1000; i++) {
		char site[32];
		snprintf(site, sizeof site, "site-%d", i);
		const struct ice_timetable_options options = {.plan = &plan, .site = site};
		struct ice_timetable *t = ice_timetable_new(&options, START);
		ice_timetable_started(t, 0, ICE_LANE_INVENTORY, START);
		int64_t next = ice_timetable_next(t, 0, ICE_LANE_INVENTORY, START);
		assert_true(next > START && next <= START + HOUR);
		minutes[(next - START - 1) / 60]++;
		ice_timetable_free(t);
	}
	for (int i = 0; i < 60; i++)
		assert_true(minutes[i] > 0 && minutes[i] < 40); /* 17 on average */
}

static void test_sweeps_are_kept(void **state)
{
	(void)state;
	assert_int_equal(ice_place_kept(outbox, &plan, 1).began, 0);
	const struct ice_swept going = {
	        .began = START,
	        .done = 77,
	        .found = 5,
	        .spent = 1234,
	        .quick = true,
	        .interrupted = true,
	        .place = {.seed = UINT64_MAX, .leg = 1, .at = {12, 34}, .subnets = 0xfedcba9876543210u},
	};
	ice_place_keep(outbox, &plan, 1, &going);
	struct ice_swept kept = ice_place_kept(outbox, &plan, 1);
	assert_true(kept.interrupted && kept.quick && kept.began == START && kept.ended == 0);
	assert_true(kept.done == 77 && kept.found == 5 && kept.spent == 1234);
	assert_true(kept.place.seed == UINT64_MAX && kept.place.leg == 1 && kept.place.at.routed == 12 &&
	            kept.place.at.on_link == 34 && kept.place.subnets == 0xfedcba9876543210u);
	assert_int_equal(ice_place_kept(outbox, &plan, 0).began, 0); /* another range's */
	/* a place is good only in the plan it was in; what is known of the sweep stays */
	add_leg("more", "10.0.2.0/24");
	struct ice_leg *first = plan.legs[0];
	plan.legs[0] = plan.legs[2];
	kept = ice_place_kept(outbox, &plan, 1);
	assert_true(!kept.interrupted && kept.began == START && kept.found == 5);
	plan.legs[0] = first;
	assert_true(ice_place_kept(outbox, &plan, 1).interrupted);
	struct ice_swept ended = going;
	ended.interrupted = false;
	ended.ended = START + 60;
	ice_place_keep(outbox, &plan, 1, &ended);
	kept = ice_place_kept(outbox, &plan, 1);
	assert_true(!kept.interrupted && kept.ended == START + 60 && kept.done == 77);
	/* what cannot be read was never there */
	assert_true(ice_outbox_set(outbox, "sweep office", "soon"));
	assert_int_equal(ice_place_kept(outbox, &plan, 0).began, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_starts),
	        cmocka_unit_test(test_asked),
	        cmocka_unit_test(test_engines_do_not_meet),
	        cmocka_unit_test(test_sweeps_are_kept),
	};
	return cmocka_run_group_tests(tests, before, after);
}
