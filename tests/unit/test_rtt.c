#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "ice/random.h"
#include "ice/rtt.h"

#define MS(n) ICE_USEC_MSEC(n)

static void test_first_sample(void **state)
{
	(void)state;
	struct ice_rtt e = {0};
	assert_int_equal(ice_rtt_timeout(&e), ICE_RTT_START);
	ice_rtt_sample(&e, MS(200)); /* SRTT = R, RTTVAR = R/2 */
	assert_int_equal(e.smoothed, MS(200));
	assert_int_equal(e.variation, MS(100));
	assert_int_equal(ice_rtt_timeout(&e), MS(600));
	ice_rtt_sample(&e, MS(280)); /* 3/4 x 100 + 1/4 x 80; 7/8 x 200 + 1/8 x 280 */
	assert_int_equal(e.variation, MS(95));
	assert_int_equal(e.smoothed, MS(210));
}

static void test_floor_ceiling_and_nonsense(void **state)
{
	(void)state;
	struct ice_rtt e = {0};
	ice_rtt_sample(&e, 0);
	assert_int_equal(ice_rtt_timeout(&e), ICE_RTT_FLOOR);
	ice_rtt_sample(&e, -5);
	for (int i = 0; i < 1000; i++)
		ice_rtt_sample(&e, ICE_USEC_SEC(100000));
	assert_int_equal(ice_rtt_timeout(&e), ICE_RTT_CEIL);
	for (int i = 0; i < 1000; i++)
		ice_rtt_sample(&e, 1);
	assert_int_equal(ice_rtt_timeout(&e), ICE_RTT_FLOOR);
}

/* Whatever a network's round trips, once they are known no steady answer is waited for too shortly. */
static void test_covers_what_it_saw(void **state)
{
	(void)state;
	struct ice_random r;
	ice_random_seed(&r, 3);
	for (int network = 0; network < 200; network++) {
		struct ice_rtt e = {0};
		ice_usec base = (ice_usec)ice_random_below(&r, MS(1500)),
		         jitter = 1 + (ice_usec)ice_random_below(&r, MS(200));
		unsigned late = 0;
		for (int i = 0; i < 500; i++) {
			ice_usec rtt = base + (ice_usec)ice_random_below(&r, (uint64_t)jitter);
			late += i > 20 && rtt > ice_rtt_timeout(&e);
			ice_rtt_sample(&e, rtt);
		}
		assert_true(late < 25);
	}
}

static void test_subnets_learn_apart(void **state)
{
	(void)state;
	struct ice_rtt_table *t = calloc(1, sizeof(*t));
	struct ice_address near = ice_address_v4(0x0a010105), neighbour = ice_address_v4(0x0a010177);
	struct ice_address far = ice_address_v4(0x0a020205), unknown = ice_address_v4(0x0a030305);
	assert_int_equal(ice_rtt_table_timeout(t, &near, 0, false), ICE_RTT_START);
	for (int i = 0; i < 50; i++)
		ice_rtt_table_sample(t, &near, MS(2), false);
	for (int i = 0; i < 50; i++)
		ice_rtt_table_sample(t, &far, MS(700), true);
	assert_int_equal(ice_rtt_table_timeout(t, &neighbour, 0, false), ICE_RTT_FLOOR);
	assert_true(ice_rtt_table_timeout(t, &far, 0, false) >= MS(700));
	/* an ambiguous answer is no lesson for the rest */
	assert_int_equal(ice_rtt_table_timeout(t, &unknown, 0, false), ICE_RTT_FLOOR);
	/* each try waits longer, the last always a second */
	assert_int_equal(ice_rtt_table_timeout(t, &near, 2, false), 4 * ICE_RTT_FLOOR);
	assert_int_equal(ice_rtt_table_timeout(t, &near, 0, true), ICE_RTT_START);
	assert_true(ice_rtt_table_timeout(t, &far, 40, true) <= ICE_RTT_CEIL);
	free(t);
}

/* An ambiguous sample tells how long we waited: it counts where nothing better is known, and until something is. */
static void test_ambiguous_samples(void **state)
{
	(void)state;
	struct ice_rtt_table *t = calloc(1, sizeof(*t));
	struct ice_address a = ice_address_v4(0x0a010105);
	ice_rtt_table_sample(t, &a, MS(1000), true);
	assert_true(ice_rtt_table_timeout(t, &a, 0, false) >= MS(1000));
	ice_rtt_table_sample(t, &a, MS(2), false);
	assert_int_equal(ice_rtt_table_timeout(t, &a, 0, false), ICE_RTT_FLOOR);
	/* one in two changes nothing, nor do a few in a row */
	for (int i = 0; i < 1000; i++) {
		ice_rtt_table_sample(t, &a, MS(1000), true);
		assert_int_equal(ice_rtt_table_timeout(t, &a, 0, false), ICE_RTT_FLOOR);
		ice_rtt_table_sample(t, &a, MS(2), false);
	}
	for (int i = 0; i < 100; i++)
		ice_rtt_table_sample(t, &a, MS(2), false);
	for (int i = 0; i < ICE_RTT_TRUST; i++)
		ice_rtt_table_sample(t, &a, MS(1000), true);
	assert_int_equal(ice_rtt_table_timeout(t, &a, 0, false), ICE_RTT_FLOOR);
	/* but no others for long: the subnet is more distant than it was */
	for (int i = 0; i < 20; i++)
		ice_rtt_table_sample(t, &a, MS(1000), true);
	assert_true(ice_rtt_table_timeout(t, &a, 0, false) >= MS(1000));
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_first_sample),       cmocka_unit_test(test_floor_ceiling_and_nonsense),
	        cmocka_unit_test(test_covers_what_it_saw), cmocka_unit_test(test_subnets_learn_apart),
	        cmocka_unit_test(test_ambiguous_samples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
