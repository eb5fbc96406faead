#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ice/pacer.h"

#define MS(n) ICE_USEC_MSEC(n)

/* Takes all there is every `every` for a second; returns what passed, and in *asked how often it was the rate that let no more pass. */
static unsigned second_of(struct ice_pacer *p, ice_usec *now, ice_usec every, unsigned *asked)
{
	unsigned passed = 0;
	*asked = 0;
	for (ice_usec end = *now + ICE_USEC_SEC(1); *now < end; *now += every) {
		passed += ice_pacer_take(p, *now, 1024);
		*asked += ice_pacer_asked(p);
	}
	return passed;
}

/* Who asks often enough gets the rate, and is held back by nothing else; not even where it makes up for a rest. */
static void test_held_back_by_the_rate(void **state)
{
	(void)state;
	static const uint64_t rates[] = {1000, 10000, 100000};
	for (int i = 0; i < 3; i++) {
		struct ice_pacer all, p;
		unsigned asked, passed;
		ice_usec now = 0;
		ice_pacer_init(&all, rates[i], NULL, 0);
		ice_pacer_init(&p, 0, &all, 0);
		passed = second_of(&p, &now, MS(1), &asked);
		assert_true(passed >= rates[i] - rates[i] / 100 && passed <= rates[i]);
		assert_int_equal(asked, 1000);
		now += ICE_USEC_SEC(3);
		passed = second_of(&p, &now, MS(1), &asked);
		assert_true(passed >= rates[i] && passed <= rates[i] + rates[i] / 10);
		assert_in_range(asked, 998, 1000);
	}
}

/* Who asks too seldom does not. */
static void test_asked_too_seldom(void **state)
{
	(void)state;
	struct ice_pacer p;
	unsigned asked;
	ice_usec now = 0;
	ice_pacer_init(&p, 10000, NULL, 0);
	assert_true(second_of(&p, &now, MS(5), &asked) < 5000);
	assert_in_range(asked, 0, 20); /* of 200: until it is clear that it will not be made up for */
	/* and when it slows down by itself, that is not what was asked for */
	ice_pacer_init(&p, 10000, NULL, now);
	second_of(&p, &now, MS(1), &asked);
	ice_pacer_slow_down(&p, now);
	ice_pacer_take(&p, now, 1024);
	assert_false(ice_pacer_asked(&p));
	ice_pacer_init(&p, 0, NULL, now);
	ice_pacer_take(&p, now, 1024);
	assert_false(ice_pacer_asked(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_held_back_by_the_rate),
	        cmocka_unit_test(test_asked_too_seldom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
