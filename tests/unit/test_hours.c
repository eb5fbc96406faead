#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <time.h>

#include "ice/hours.h"

#define MONDAY INT64_C(1704067200) /* 2024-01-01T00:00:00Z, a Monday of a leap year */
#define YEAR   (366 * 86400)

/* Zones by their rules (POSIX TZ), so that no zone files are needed: none, half an hour off, north, south, half an hour of summer. */
static const char *const zones[] = {"UTC0",
                                    "IST-5:30",
                                    "CET-1CEST,M3.5.0,M10.5.0/3",
                                    "AEST-10AEDT,M10.1.0,M4.1.0/3",
                                    "LHST-10:30LHDT-11,M10.1.0,M4.1.0",
                                    "EST5EDT,M3.2.0,M11.1.0"};
#define ZONES (sizeof(zones) / sizeof(*zones))

static void zone(const char *name)
{
	assert_int_equal(setenv("TZ", name, 1), 0);
	tzset();
}

static struct ice_hours rows(const char *first, ...)
{
	struct ice_hours h;
	char why[200];
	va_list args;
	ice_hours_fill(&h, false);
	va_start(args, first);
	for (const char *row = first; row; row = va_arg(args, const char *))
		if (!ice_hours_row(&h, row + (*row == '!'), *row != '!', why, sizeof(why)))
			fail_msg("%s: %s", row, why);
	va_end(args);
	return h;
}

/* 2024-01-01 + day, hh:mm by the clock on the wall. */
static int64_t when(int day, int hour, int minute)
{
	struct tm tm = {
	        .tm_year = 124, .tm_mon = 0, .tm_mday = 1 + day, .tm_hour = hour, .tm_min = minute, .tm_isdst = -1};
	return mktime(&tm);
}

static void test_rows(void **state)
{
	(void)state;
	zone("UTC0");
	struct ice_hours h = rows("Mon-Fri 06:00-22:00", NULL);
	assert_false(ice_hours_at(&h, when(0, 5, 59)));
	assert_true(ice_hours_at(&h, when(0, 6, 0)));
	assert_true(ice_hours_at(&h, when(4, 21, 59)));
	assert_false(ice_hours_at(&h, when(4, 22, 0)));
	assert_false(ice_hours_at(&h, when(5, 12, 0)));
	h = rows("Sat,Sun", "tue 23:00-01:00", NULL);
	assert_true(ice_hours_at(&h, when(5, 0, 0)) && ice_hours_at(&h, when(6, 23, 59)));
	assert_true(ice_hours_at(&h, when(1, 23, 0)) && ice_hours_at(&h, when(2, 0, 59)));
	assert_false(ice_hours_at(&h, when(2, 1, 0)) || ice_hours_at(&h, when(1, 0, 30)));
	h = rows("Fri-Mon 22:00-06:00", NULL); /* the last night ends on Tuesday; the week's end is no end */
	assert_true(ice_hours_at(&h, when(0, 5, 0)) && ice_hours_at(&h, when(1, 5, 0)));
	assert_true(ice_hours_at(&h, when(6, 22, 0)) && !ice_hours_at(&h, when(1, 22, 0)));
	assert_false(ice_hours_at(&h, when(4, 5, 0)));
	h = rows("Mon-Sun", "!12:00-13:00", NULL);
	assert_true(ice_hours_at(&h, when(3, 11, 59)) && ice_hours_at(&h, when(3, 13, 0)));
	assert_false(ice_hours_at(&h, when(3, 12, 0)));
	h = rows("Mon,Wed-Thu,Sun 00:00-24:00", NULL);
	assert_true(ice_hours_at(&h, when(0, 1, 0)) && ice_hours_at(&h, when(3, 1, 0)) &&
	            ice_hours_at(&h, when(6, 1, 0)));
	assert_false(ice_hours_at(&h, when(1, 1, 0)) || ice_hours_at(&h, when(4, 1, 0)));
}

static void test_what_is_no_row(void **state)
{
	(void)state;
	static const char *const wrong[] = {"",
	                                    "Mon-",
	                                    "Mon-Fry",
	                                    "Monday",
	                                    "Mon 6:00-22:00",
	                                    "06:00",
	                                    "06:00-",
	                                    "06:00-06:00",
	                                    "24:00-06:00",
	                                    "06:00-24:01",
	                                    "06:60-07:00",
	                                    "Mon 06:00-07:00 x",
	                                    "Mon,",
	                                    "-Fri",
	                                    "Mon Tue",
	                                    "00:00-00:00",
	                                    "Mon06:00-07:00",
	                                    "06:00 - 07:00",
	                                    "1:000-02:00",
	                                    "Mon 25:00-26:00"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct ice_hours h, before;
		char why[256] = "";
		ice_hours_fill(&h, false);
		before = h;
		if (ice_hours_row(&h, wrong[i], true, why, sizeof(why)))
			fail_msg("\"%s\" was taken", wrong[i]);
		assert_non_null(strstr(why, "right would be"));
		assert_memory_equal(&h, &before, sizeof(h));
	}
}

#define STEP  300 /* seconds: all rows below begin and end at such times */
#define STEPS (YEAR / STEP)

/* The minute of the week on the wall at every step of the year, by strftime, which knows nothing of this. */
static void walk_the_year(int minutes[STEPS])
{
	for (int i = 0; i < STEPS; i++) {
		char text[16];
		struct tm tm;
		int day, hour, minute;
		time_t t = MONDAY + (int64_t)i * STEP;
		strftime(text, sizeof(text), "%u %H %M", localtime_r(&t, &tm));
		assert_int_equal(sscanf(text, "%d %d %d", &day, &hour, &minute), 3);
		minutes[i] = minute + (day - 1) * 1440 + hour * 60;
	}
}

static void test_a_year_in_every_zone(void **state)
{
	(void)state;
	static int minutes[STEPS];
	const struct ice_hours sets[] = {rows("Mon-Fri 06:00-22:00", NULL), rows("02:10-02:40", NULL),
	                                 rows("Sun 01:00-03:00", "Sat", NULL), rows("Mon-Sun", "!02:00-03:00", NULL)};
	for (size_t z = 0; z < ZONES; z++) {
		zone(zones[z]);
		walk_the_year(minutes);
		for (size_t k = 0; k < sizeof(sets) / sizeof(*sets); k++) {
			int64_t opens = ICE_HOURS_NEVER, closes = ICE_HOURS_NEVER;
			/* Backwards, so that the next one of either kind is known. */
			for (int i = STEPS - 1; i >= 0; i--) {
				int64_t t = MONDAY + (int64_t)i * STEP, later = opens;
				bool open = sets[k].open[minutes[i] / 64] >> minutes[i] % 64 & 1;
				*(open ? &opens : &closes) = t;
				assert_int_equal(ice_hours_at(&sets[k], t), open);
				assert_int_equal(ice_hours_at(&sets[k], t + STEP - 1), open);
				if (i > STEPS - 8 * 86400 / STEP || i % 31)
					continue;
				assert_int_equal(ice_hours_opens(&sets[k], t), opens);
				assert_int_equal(ice_hours_closes(&sets[k], t), closes);
				/* From within a minute it is the next whole one. */
				assert_int_equal(ice_hours_opens(&sets[k], t + 17), open ? t + 17 : later);
			}
		}
	}
}

static void test_always_and_never_end(void **state)
{
	(void)state;
	struct ice_hours all, none;
	zone(zones[2]);
	ice_hours_fill(&all, true);
	ice_hours_fill(&none, false);
	static const int64_t times[] = {0,     MONDAY,          MONDAY + 12345, INT64_C(1) << 31, INT64_C(1) << 40,
	                                -1000, INT64_C(1) << 60};
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		assert_int_equal(ice_hours_opens(&all, times[i]), times[i]);
		assert_int_equal(ice_hours_closes(&none, times[i]), times[i]);
		assert_int_equal(ice_hours_opens(&none, times[i]), ICE_HOURS_NEVER);
		assert_int_equal(ice_hours_closes(&all, times[i]), ICE_HOURS_NEVER);
	}
	ice_hours_and(&all, &none);
	assert_memory_equal(&all, &none, sizeof(all));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_rows),
	        cmocka_unit_test(test_what_is_no_row),
	        cmocka_unit_test(test_a_year_in_every_zone),
	        cmocka_unit_test(test_always_and_never_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
