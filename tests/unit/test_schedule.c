/* When lanes start, over a year of virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <time.h>

#include "ice/schedule.h"

#define START INT64_C(1704067200) /* 2024-01-01T00:00:00Z, a Monday of a leap year */
#define HOUR  INT64_C(3600)
#define DAY   INT64_C(86400)
#define YEAR  (366 * DAY)

static const char *const zones[] = {"UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "LHST-10:30LHDT-11,M10.1.0,M4.1.0"};

static void zone(const char *name)
{
	assert_int_equal(setenv("TZ", name, 1), 0);
	tzset();
}

static struct ice_hours hours_of(const char *row)
{
	struct ice_hours h;
	char why[200];
	ice_hours_fill(&h, false);
	assert_true(ice_hours_row(&h, row, true, why, sizeof(why)));
	return h;
}

/* The next start by asking each minute, as who keeps a schedule does. */
static int64_t wait_for(const struct ice_schedule *s, int64_t last, int64_t since, int64_t *now)
{
	while (ice_schedule_next(s, last, since, *now) > *now)
		*now += 60;
	return *now;
}

static void test_without_hours_every_time_of_the_grid_is_a_start(void **state)
{
	(void)state;
	static const int64_t intervals[] = {60, 300, 1000, HOUR, 7 * HOUR, DAY, 7 * DAY};
	for (size_t i = 0; i < sizeof(intervals) / sizeof(*intervals); i++) {
		struct ice_schedule s = {.interval = intervals[i], .offset = 17 * intervals[i] / 40};
		int64_t last = START, end = START + (intervals[i] < HOUR ? 9 * DAY : YEAR);
		int64_t first = ice_schedule_slot(&s, START), n = 0;
		/* From start to start, and asked at any time between it is the same. */
		while (last < end) {
			int64_t next = ice_schedule_next(&s, last, START, last);
			assert_int_equal(ice_schedule_next(&s, last, START, (last + next) / 2), next);
			assert_int_equal(ice_schedule_next(&s, last, START, next), next);
			assert_int_equal((next - s.offset) % s.interval, 0);
			assert_true(next > last && next - last <= s.interval);
			assert_int_equal(ice_schedule_slot(&s, next), next);
			assert_int_equal(ice_schedule_slot(&s, next - 1), n == 0 ? first : next - s.interval);
			last = next;
			n++;
		}
		assert_int_equal(n, (last - first) / s.interval);
	}
}

static void test_never_begun_is_at_once_and_off_is_never(void **state)
{
	(void)state;
	struct ice_schedule s = {.interval = DAY, .offset = 1234};
	struct ice_hours never, night;
	zone("UTC0");
	night = hours_of("20:00-06:00");
	ice_hours_fill(&never, false);
	assert_true(ice_schedule_next(&s, 0, START, START + 5) <= START + 5);
	s.hours = &night;
	assert_true(ice_schedule_next(&s, 0, START, START) <= START);
	int64_t noon = START + 12 * HOUR, evening = START + 20 * HOUR;
	int64_t next = ice_schedule_next(&s, 0, noon, noon);
	assert_true(next >= evening && next < evening + HOUR);
	assert_int_equal(ice_schedule_next(&s, 0, noon, evening), next);
	s.hours = &never;
	assert_int_equal(ice_schedule_next(&s, 0, START, START), ICE_SCHEDULE_NEVER);
	assert_int_equal(ice_schedule_next(&s, START - 9 * DAY, START, START), ICE_SCHEDULE_NEVER);
	s = (struct ice_schedule){.interval = 0};
	assert_int_equal(ice_schedule_next(&s, 0, START, START), ICE_SCHEDULE_NEVER);
	assert_int_equal(ice_schedule_slot(&s, START), 0);
}

/* A year in hours that open and close: starts in open hours alone, one for each time of the grid that falls in open hours, one for all
 * those that fall in closed ones. */
static void test_a_year_of_hours(void **state)
{
	(void)state;
	static const char *const rows[] = {"Mon-Fri 06:00-22:00", "22:00-06:00", "Sat", "02:00-02:30",
	                                   "Sun 01:30-03:30"};
	static const int64_t intervals[] = {2 * HOUR, DAY, 3 * DAY};
	for (size_t z = 0; z < sizeof(zones) / sizeof(*zones); z++) {
		zone(zones[z]);
		for (size_t k = 0; k < 15; k++) {
			struct ice_hours h = hours_of(rows[k % 5]);
			struct ice_schedule s = {.interval = intervals[k / 5], .hours = &h};
			s.offset = ice_schedule_offset(s.interval, "hq", "sweep", rows[k % 5]);
			int64_t last = START, now = START, starts = 0, missed = 0, slot = 0;
			/* Slot by slot: what is due, and when it was made. */
			for (slot = ice_schedule_slot(&s, START) + s.interval; slot < START + YEAR;
			     slot += s.interval) {
				if (slot <= last) {
					missed++;
					continue;
				}
				now = now < slot ? slot : now;
				int64_t at = ice_schedule_next(&s, last, START, now);
				assert_true(at >= slot && ice_hours_at(&h, at));
				int64_t opens = ice_hours_opens(&h, slot);
				assert_true(opens == slot ? at == slot : at >= opens && at < opens + HOUR);
				/* It does not come nearer or go farther while one waits. */
				assert_int_equal(ice_schedule_next(&s, last, START, (now + at) / 2), at);
				assert_int_equal(ice_schedule_next(&s, last, START, at - 1), at);
				last = now = at;
				starts++;
			}
			assert_true(starts > 0);
			/* Nothing was passed over but what fell in one closed stretch with another: on a day whose clocks skip the
			 * hours, or in a week that has but one such day. */
			if (s.interval >= DAY && (k % 5 == 1 || k % 5 == 3) && missed > (z > 0))
				fail_msg("%s, %s: %d missed", zones[z], rows[k % 5], (int)missed);
		}
	}
}

static void test_what_was_missed_is_made_up_for_once_and_soon(void **state)
{
	(void)state;
	struct ice_schedule s = {.interval = DAY, .offset = 5 * HOUR + 7};
	int64_t last = START + 5 * HOUR + 7;
	/* Off for 40 days; back at noon. */
	int64_t back = START + 40 * DAY + 12 * HOUR, now = back;
	int64_t at = ice_schedule_next(&s, last, back, back);
	assert_true(at >= back && at < back + ICE_SCHEDULE_SOON);
	assert_int_equal(wait_for(&s, last, back, &now) - back < 2 * ICE_SCHEDULE_SOON, 1);
	/* Then on the grid again: tomorrow at 05:00:07. */
	assert_int_equal(ice_schedule_next(&s, at, back, at), START + 41 * DAY + s.offset);
	/* Off and back before it was due: in its own time. */
	assert_int_equal(ice_schedule_next(&s, last, last + 60, last + 60), last + DAY);
	/* It took longer than its interval, thrice: again at once, once. */
	last = START + 5 * HOUR + 7;
	now = last + 3 * DAY + 99;
	assert_true(ice_schedule_next(&s, last, START, now) <= now);
	assert_int_equal(ice_schedule_next(&s, now, START, now), last + 4 * DAY);
	/* Back in closed hours: when they open. */
	zone("UTC0");
	struct ice_hours night = hours_of("20:00-06:00");
	s.hours = &night;
	at = ice_schedule_next(&s, last, back, back);
	assert_true(at >= back + 8 * HOUR && at < back + 9 * HOUR);
}

static void test_clocks_that_step_by_years(void **state)
{
	(void)state;
	zone(zones[1]);
	struct ice_hours h = hours_of("Mon-Fri 06:00-22:00");
	for (int with_hours = 0; with_hours < 2; with_hours++) {
		struct ice_schedule s = {.interval = DAY, .offset = 9 * HOUR, .hours = with_hours ? &h : NULL};
		int64_t wait = with_hours ? 4 * DAY : DAY, last = START + 9 * HOUR;
		static const int64_t steps[] = {10 * YEAR, -10 * YEAR, 300 * DAY, -300 * DAY,
		                                -HOUR,     HOUR,       25 * HOUR, -25 * HOUR};
		for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
			int64_t now = last + HOUR + steps[i], from = now, starts = 0;
			/* Three weeks after the step: never twice in what should be a day, nor a day left out. */
			int64_t began = last;
			for (; now < from + 21 * DAY; now += 60) {
				if (ice_schedule_next(&s, began, START, now) > now)
					continue;
				if (starts > 1)
					assert_true(now - began <= wait &&
					            now - began >= (with_hours ? 2 * HOUR : DAY - HOUR));
				began = now;
				starts++;
			}
			if (!(starts >= (with_hours ? 13 : 20) && starts <= (with_hours ? 19 : 22)))
				fail_msg("%d, step %zu: %d starts", with_hours, i, (int)starts);
		}
	}
}

static void test_a_thousand_engines_do_not_meet(void **state)
{
	(void)state;
	enum { ENGINES = 1000, BINS = 24 };
	unsigned bins[BINS] = {0}, opening[60] = {0};
	char site[32];
	zone("UTC0");
	struct ice_hours h = hours_of("08:00-18:00");
	for (int i = 0; i < ENGINES; i++) {
		snprintf(site, sizeof(site), "site%d", i);
		int64_t offset = ice_schedule_offset(DAY, site, "sweep", "office");
		assert_true(offset >= 0 && offset < DAY);
		assert_int_equal(offset, ice_schedule_offset(DAY, site, "sweep", "office"));
		bins[offset / HOUR]++;
		/* Nor when the hours open, nor when they all come back after the same power cut. */
		struct ice_schedule s = {.interval = HOUR,
		                         .offset = ice_schedule_offset(HOUR, site, "inventory", "office")};
		int64_t back = START + 40 * DAY;
		int64_t soon = ice_schedule_next(&s, START + 5, back, back) - back;
		assert_true(soon >= 0 && soon < ICE_SCHEDULE_SOON);
		s.hours = &h;
		int64_t opens = ice_schedule_next(&s, START + 40 * DAY, START, START + 40 * DAY) -
		                (START + 40 * DAY + 8 * HOUR);
		assert_true(opens >= 0 && opens < HOUR);
		opening[opens / 60]++;
	}
	for (int i = 0; i < BINS; i++)
		assert_true(bins[i] > 15 && bins[i] < 80);
	for (int i = 0; i < 60; i++)
		assert_true(opening[i] < 50);
	/* Lanes and ranges of one engine do not meet by their names either; nor do names that run together. */
	assert_int_not_equal(ice_schedule_offset(DAY, "hq", "sweep", "a"),
	                     ice_schedule_offset(DAY, "hq", "sweep", "b"));
	assert_int_not_equal(ice_schedule_offset(DAY, "hq", "sweep", "a"),
	                     ice_schedule_offset(DAY, "hq", "pulse", "a"));
	assert_int_not_equal(ice_schedule_offset(DAY, "ab", "c", "d"), ice_schedule_offset(DAY, "a", "bc", "d"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_without_hours_every_time_of_the_grid_is_a_start),
	        cmocka_unit_test(test_never_begun_is_at_once_and_off_is_never),
	        cmocka_unit_test(test_a_year_of_hours),
	        cmocka_unit_test(test_what_was_missed_is_made_up_for_once_and_soon),
	        cmocka_unit_test(test_clocks_that_step_by_years),
	        cmocka_unit_test(test_a_thousand_engines_do_not_meet),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
