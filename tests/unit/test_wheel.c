#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "ice/random.h"
#include "ice/wheel.h"

#define MS(n) ICE_USEC_MSEC(n)

static void test_never_early_and_on_the_tick(void **state)
{
	(void)state;
	struct ice_wheel *w = ice_wheel_new(4, 500);
	ice_wheel_arm(w, 2, 500 + 1500);
	assert_int_equal(ice_wheel_next(w), 500 + 2000);
	assert_int_equal(ice_wheel_expire(w, 500 + 1999), ICE_WHEEL_NONE);
	assert_int_equal(ice_wheel_expire(w, 500 + 2000), 2);
	assert_int_equal(ice_wheel_expire(w, 500 + 2000), ICE_WHEEL_NONE);
	assert_true(ice_wheel_next(w) == ICE_USEC_NEVER);
	ice_wheel_free(w);
}

static void test_a_past_deadline_is_due_at_once(void **state)
{
	(void)state;
	struct ice_wheel *w = ice_wheel_new(4, 0);
	assert_int_equal(ice_wheel_expire(w, MS(50)), ICE_WHEEL_NONE);
	ice_wheel_arm(w, 1, MS(3));
	ice_wheel_arm(w, 3, -7);
	assert_true(ice_wheel_next(w) <= MS(50));
	uint32_t a = ice_wheel_expire(w, MS(50)), b = ice_wheel_expire(w, MS(50));
	assert_true((a == 1 && b == 3) || (a == 3 && b == 1));
	assert_int_equal(ice_wheel_expire(w, MS(50)), ICE_WHEEL_NONE);
	ice_wheel_free(w);
}

static void test_beyond_one_turn(void **state)
{
	(void)state;
	struct ice_wheel *w = ice_wheel_new(3, 0);
	ice_wheel_arm(w, 0, MS(4096 * 5 + 7));
	ice_wheel_arm(w, 1, MS(7));
	ice_wheel_arm(w, 2, ICE_USEC_SEC(86400) * 40);
	ice_usec now = 0, last = -1;
	unsigned looks = 0;
	for (uint32_t got = 0; got < 2; looks++) {
		ice_usec next = ice_wheel_next(w);
		assert_true(next > last);
		last = now = next;
		uint32_t slot;
		while ((slot = ice_wheel_expire(w, now)) != ICE_WHEEL_NONE) {
			assert_true(slot == 1 ? now == MS(7) : now == MS(4096 * 5 + 7));
			got++;
		}
	}
	assert_true(looks < 20);
	assert_int_equal(ice_wheel_expire(w, ICE_USEC_SEC(86400) * 40 - 1), ICE_WHEEL_NONE);
	assert_int_equal(ice_wheel_expire(w, ICE_USEC_SEC(86400) * 40), 2);
	ice_wheel_free(w);
}

/* A wheel that turns for years, and one whose machine slept that long. */
static void test_years(void **state)
{
	(void)state;
	const ice_usec day = ICE_USEC_SEC(86400);
	struct ice_wheel *w = ice_wheel_new(2, 0);
	ice_usec now = 0;
	for (int i = 0; i < 100; i++) { /* beyond 32 bits of ticks, and twice what a place holds of a turn */
		ice_wheel_arm(w, 0, now + 3 * day);
		assert_int_equal(ice_wheel_expire(w, now + day), ICE_WHEEL_NONE);
		ice_wheel_arm(w, 1, now + day + MS(9));
		assert_int_equal(ice_wheel_expire(w, now + day + MS(8)), ICE_WHEEL_NONE);
		assert_int_equal(ice_wheel_expire(w, now + day + MS(9)), 1);
		assert_int_equal(ice_wheel_expire(w, now + 3 * day - 1), ICE_WHEEL_NONE);
		now += 3 * day;
		assert_int_equal(ice_wheel_expire(w, now), 0);
	}
	for (int days = 45; days < 400; days++) {
		ice_wheel_arm(w, 0, now + MS(1));
		ice_wheel_arm(w, 1, now + 44 * day);
		now += days * day;
		uint32_t a = ice_wheel_expire(w, now), b = ice_wheel_expire(w, now);
		assert_true((a == 0 && b == 1) || (a == 1 && b == 0));
		assert_int_equal(ice_wheel_expire(w, now), ICE_WHEEL_NONE);
	}
	ice_wheel_arm(w, 1, now + 400 * day);
	assert_int_equal(ice_wheel_expire(w, now + ICE_WHEEL_FARTHEST - MS(1)), ICE_WHEEL_NONE);
	assert_int_equal(ice_wheel_expire(w, now + ICE_WHEEL_FARTHEST), 1);
	ice_wheel_free(w);
}

static void test_never_is_not_armed(void **state)
{
	(void)state;
	struct ice_wheel *w = ice_wheel_new(2, 0);
	ice_wheel_arm(w, 0, MS(5));
	ice_wheel_arm(w, 0, ICE_USEC_NEVER);
	ice_wheel_cancel(w, 1);
	assert_true(ice_wheel_next(w) == ICE_USEC_NEVER);
	assert_int_equal(ice_wheel_expire(w, ICE_USEC_SEC(100)), ICE_WHEEL_NONE);
	ice_wheel_free(w);
}

/* Against a plain array: whatever is done in whatever order, also between the expiries of one moment, every slot comes out
 * exactly when its deadline, rounded up to the tick, has passed. */
static void model(uint64_t seed)
{
	enum { SLOTS = 64 };
	struct ice_random r;
	ice_random_seed(&r, seed);
	ice_usec origin = (ice_usec)ice_random_below(&r, 1000000), now = origin, due[SLOTS];
	struct ice_wheel *w = ice_wheel_new(SLOTS, origin);
	for (int i = 0; i < SLOTS; i++)
		due[i] = ICE_USEC_NEVER;
	for (int step = 0; step < 400; step++) {
		static const ice_usec spans[] = {MS(2), MS(50), MS(4096), MS(20000)};
		for (uint64_t i = ice_random_below(&r, 6); i > 0; i--) {
			uint32_t slot = (uint32_t)ice_random_below(&r, SLOTS);
			if (ice_random_below(&r, 4) == 0) {
				ice_wheel_cancel(w, slot);
				due[slot] = ICE_USEC_NEVER;
			} else {
				due[slot] = now - MS(1) +
				            (ice_usec)ice_random_below(&r, (uint64_t)spans[ice_random_below(&r, 4)]);
				ice_wheel_arm(w, slot, due[slot]);
			}
		}
		ice_usec first = ICE_USEC_NEVER;
		for (int i = 0; i < SLOTS; i++)
			if (due[i] < first)
				first = due[i];
		ice_usec next = ice_wheel_next(w);
		if (first == ICE_USEC_NEVER)
			assert_true(next == ICE_USEC_NEVER);
		else
			assert_true(next < first + MS(1) || next <= now);
		if (ice_random_below(&r, 3) == 0 && next != ICE_USEC_NEVER)
			now = next > now ? next : now;
		else
			now += (ice_usec)ice_random_below(&r, (uint64_t)spans[ice_random_below(&r, 4)]);
		uint32_t slot;
		while ((slot = ice_wheel_expire(w, now)) != ICE_WHEEL_NONE) {
			assert_true(due[slot] <= now);
			due[slot] = ICE_USEC_NEVER;
			if (ice_random_below(&r, 3) == 0) { /* in between: re-arm it, cancel another */
				due[slot] = now + (ice_usec)ice_random_below(&r, MS(3)) - MS(1);
				ice_wheel_arm(w, slot, due[slot]);
				uint32_t other = (uint32_t)ice_random_below(&r, SLOTS);
				ice_wheel_cancel(w, other);
				due[other] = ICE_USEC_NEVER;
			}
		}
		ice_usec tick = origin + (now - origin) / 1000 * 1000;
		for (int i = 0; i < SLOTS; i++)
			assert_true(due[i] > tick);
	}
	ice_wheel_free(w);
}

static void test_against_a_model(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 500; seed++)
		model(seed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_never_early_and_on_the_tick),
	        cmocka_unit_test(test_a_past_deadline_is_due_at_once),
	        cmocka_unit_test(test_beyond_one_turn),
	        cmocka_unit_test(test_years),
	        cmocka_unit_test(test_never_is_not_armed),
	        cmocka_unit_test(test_against_a_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
