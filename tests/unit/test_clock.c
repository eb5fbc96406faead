#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ice/clock.h"

static void test_now_never_goes_back(void **state)
{
	(void)state;
	ice_usec last = ice_clock_now();
	assert_true(last > 0);
	for (int i = 0; i < 1000; i++) {
		ice_usec now = ice_clock_now();
		assert_true(now >= last);
		last = now;
	}
}

static void test_units(void **state)
{
	(void)state;
	assert_int_equal(ICE_USEC_MSEC(3), 3000);
	assert_int_equal(ICE_USEC_SEC(3), 3000000);
	assert_true(ICE_USEC_NEVER > ICE_USEC_SEC((int64_t)100 * 365 * 86400));
}

static void check_format(time_t wall, const char *want)
{
	char text[ICE_CLOCK_TEXT_SIZE];
	ice_clock_format(wall, text);
	assert_string_equal(text, want);
}

static void test_format(void **state)
{
	(void)state;
	check_format(0, "1970-01-01T00:00:00Z");
	check_format(1795340460, "2026-11-22T09:41:00Z");
	check_format(951782399, "2000-02-28T23:59:59Z");
	check_format(951782400, "2000-02-29T00:00:00Z");
	check_format(4294967296, "2106-02-07T06:28:16Z");
	check_format(253402300799, "9999-12-31T23:59:59Z");
	/* what has no four-digit year is told as the epoch, in the same 20 bytes */
	check_format(253402300800, "1970-01-01T00:00:00Z");
	check_format(INT64_MAX, "1970-01-01T00:00:00Z");
	check_format(INT64_MIN, "1970-01-01T00:00:00Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_now_never_goes_back),
	        cmocka_unit_test(test_units),
	        cmocka_unit_test(test_format),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
