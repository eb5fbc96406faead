#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ice/pace.h"

/* Beats at uneven times for a long virtual while; what passed is what the rate says, to the token. */
static void check_exact(uint64_t rate, ice_usec span, ice_usec beat, uint64_t seed)
{
	struct ice_random r;
	struct ice_pace p;
	ice_usec start = 123456789, now = start;
	uint64_t passed = 0;
	ice_random_seed(&r, seed);
	ice_pace_init(&p, rate, 2 * beat + ICE_USEC_SEC(1), start);
	while (now < start + span) {
		for (uint32_t got = UINT32_MAX; got == UINT32_MAX; passed += got)
			got = ice_pace_take(&p, now, UINT32_MAX);
		unsigned __int128 units = (unsigned __int128)rate * (uint64_t)(now - start);
		uint64_t due = (uint64_t)(units / 1000000) + 1; /* token k is there at k/rate */
		if (passed != due)
			fail_msg("rate %llu: %llu passed where %llu were due", (unsigned long long)rate,
			         (unsigned long long)passed, (unsigned long long)due);
		now += 1 + (ice_usec)ice_random_below(&r, (uint64_t)beat);
	}
	assert_true(passed > 1);
}

static void test_exact_over_long_times(void **state)
{
	(void)state;
	static const uint64_t rates[] = {1, 3, 7, 10, 99, 1000, 1009, 10000, 99991, 333333, 999999, 1000000};
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		check_exact(rates[i], ICE_USEC_SEC(10), 1500, i);
		check_exact(rates[i], ICE_USEC_SEC((int64_t)90 * 86400), ICE_USEC_SEC(3600), i);
		check_exact(rates[i], ICE_USEC_SEC((int64_t)200 * 365 * 86400), ICE_USEC_SEC((int64_t)30 * 86400), i);
	}
}

static void test_next_is_when_the_next_token_is_there(void **state)
{
	(void)state;
	static const uint64_t rates[] = {1, 3, 7, 999, 10000, 333333, 1000000, 5000000};
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct ice_pace p;
		ice_usec now = 5;
		ice_pace_init(&p, rates[i], ICE_USEC_MSEC(10), now);
		for (int k = 0; k < 1000; k++) {
			while (ice_pace_take(&p, now, 1))
				;
			ice_usec next = ice_pace_next(&p, now);
			assert_true(next > now && next - now <= 1000000 / (ice_usec)rates[i] + 1);
			if (next - 1 > now)
				assert_int_equal(ice_pace_take(&p, next - 1, 1), 0);
			assert_true(ice_pace_next(&p, next) == next);
			assert_int_equal(ice_pace_take(&p, next, 1), 1);
			now = next;
		}
	}
}

static void test_no_burst_beyond_the_cap(void **state)
{
	(void)state;
	struct ice_pace p;
	ice_pace_init(&p, 1000, ICE_USEC_MSEC(20), 0);
	assert_int_equal(ice_pace_take(&p, 0, 100), 1);
	/* a missed heartbeat of an hour, a suspend of ten years, the end of time */
	assert_int_equal(ice_pace_take(&p, ICE_USEC_SEC(3600), 1000000), 20);
	assert_int_equal(ice_pace_take(&p, ICE_USEC_SEC((int64_t)10 * 365 * 86400), 1000000), 20);
	assert_int_equal(ice_pace_take(&p, ICE_USEC_NEVER - 1, 1000000), 20);
	assert_int_equal(ice_pace_take(&p, ICE_USEC_NEVER - 1, 1000000), 0);
}

static void test_the_largest_rate_does_not_overflow(void **state)
{
	(void)state;
	struct ice_pace p;
	ice_pace_init(&p, UINT64_MAX, ICE_USEC_NEVER, 0);
	assert_int_equal(ice_pace_take(&p, 1, UINT32_MAX), UINT32_MAX);
	assert_true(ice_pace_take(&p, ICE_USEC_NEVER, UINT32_MAX) == UINT32_MAX);
	assert_true(ice_pace_next(&p, ICE_USEC_NEVER) == ICE_USEC_NEVER);
}

static void test_one_token_always_may(void **state)
{
	(void)state;
	struct ice_pace p;
	ice_pace_init(&p, 2, 0, 0); /* a burst of nothing is one token */
	assert_int_equal(ice_pace_take(&p, 0, 5), 1);
	assert_int_equal(ice_pace_take(&p, 499999, 5), 0);
	assert_int_equal(ice_pace_take(&p, 500000, 5), 1);
	assert_int_equal(ice_pace_take(&p, ICE_USEC_SEC(100), 5), 1);
	ice_pace_init(&p, 2, -5, 0);
	assert_int_equal(ice_pace_take(&p, 0, 5), 1);
}

static void test_no_limit(void **state)
{
	(void)state;
	struct ice_pace p;
	ice_pace_init(&p, 0, 0, 77);
	assert_true(ice_pace_take(&p, 77, UINT32_MAX) == UINT32_MAX);
	assert_true(ice_pace_next(&p, 78) == 78);
	ice_pace_return(&p, UINT32_MAX);
	assert_true(ice_pace_take(&p, 77, 5) == 5);
}

static void test_return_gives_back_and_no_more(void **state)
{
	(void)state;
	struct ice_pace p;
	ice_pace_init(&p, 1000, ICE_USEC_MSEC(10), 0);
	assert_int_equal(ice_pace_take(&p, ICE_USEC_SEC(1), 8), 8);
	ice_pace_return(&p, 5);
	assert_int_equal(ice_pace_take(&p, ICE_USEC_SEC(1), 100), 7);
	ice_pace_return(&p, UINT32_MAX);
	assert_int_equal(ice_pace_take(&p, ICE_USEC_SEC(1), 100), 10);
}

static void test_a_step_back_takes_and_gives_nothing(void **state)
{
	(void)state;
	struct ice_pace p;
	ice_pace_init(&p, 10, ICE_USEC_SEC(1), ICE_USEC_SEC(100));
	assert_int_equal(ice_pace_take(&p, ICE_USEC_SEC(100), 9), 1);
	assert_int_equal(ice_pace_take(&p, ICE_USEC_SEC(50), 9), 0);
	assert_true(ice_pace_next(&p, ICE_USEC_SEC(50)) == ICE_USEC_SEC(100) + ICE_USEC_MSEC(100));
	assert_int_equal(ice_pace_take(&p, ICE_USEC_SEC(100) + ICE_USEC_MSEC(200), 9), 2);
}

static void test_backoff_bounds_and_spread(void **state)
{
	(void)state;
	struct ice_random r;
	ice_random_seed(&r, 3);
	struct ice_backoff b = {.floor = 100, .base = 1000, .cap = 60000};
	for (int round = 0; round < 2000; round++) {
		ice_usec limit = 1000;
		for (int i = 0; i < 12; i++) {
			ice_usec delay = ice_backoff_fail(&b, &r);
			assert_true(delay >= 100 && delay <= limit);
			limit = limit * 2 > 60000 ? 60000 : limit * 2;
		}
		assert_int_equal(b.failures, 12);
		ice_backoff_reset(&b);
		assert_int_equal(b.failures, 0);
	}
	/* uniform: the mean of the full range is its middle */
	int64_t sum = 0;
	b.failures = 50;
	for (int i = 0; i < 20000; i++)
		sum += ice_backoff_fail(&b, &r);
	assert_in_range(sum / 20000, 29500, 30600);
}

static void test_backoff_at_its_edges(void **state)
{
	(void)state;
	struct ice_random r;
	ice_random_seed(&r, 4);
	struct ice_backoff b = {.floor = 0, .base = 1, .cap = ICE_USEC_NEVER, .failures = UINT32_MAX};
	for (int i = 0; i < 100; i++)
		assert_true(ice_backoff_fail(&b, &r) >= 0);
	assert_true(b.failures == UINT32_MAX);
	b = (struct ice_backoff){.floor = 500, .base = 1, .cap = 100};
	assert_int_equal(ice_backoff_fail(&b, &r), 500);
	b = (struct ice_backoff){0};
	assert_int_equal(ice_backoff_fail(&b, &r), 0);
	b = (struct ice_backoff){.floor = 7, .base = 7, .cap = 7};
	assert_int_equal(ice_backoff_fail(&b, &r), 7);
	b = (struct ice_backoff){.floor = -5, .base = -5, .cap = -5};
	assert_int_equal(ice_backoff_fail(&b, &r), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_exact_over_long_times),
	        cmocka_unit_test(test_next_is_when_the_next_token_is_there),
	        cmocka_unit_test(test_no_burst_beyond_the_cap),
	        cmocka_unit_test(test_the_largest_rate_does_not_overflow),
	        cmocka_unit_test(test_one_token_always_may),
	        cmocka_unit_test(test_no_limit),
	        cmocka_unit_test(test_return_gives_back_and_no_more),
	        cmocka_unit_test(test_a_step_back_takes_and_gives_nothing),
	        cmocka_unit_test(test_backoff_bounds_and_spread),
	        cmocka_unit_test(test_backoff_at_its_edges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
