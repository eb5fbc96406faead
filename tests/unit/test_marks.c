#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/marks.h"

/* A walk that gives an address at two of three steps. */
static uint64_t walk(struct ice_marks *m, uint64_t from, uint64_t to, uint64_t given)
{
	for (uint64_t position = from; position < to; position++) {
		ice_marks_at(m, given, (struct ice_steps){position, 2 * position});
		given += position % 3 != 0;
	}
	return given;
}

static uint64_t given_before(uint64_t position)
{
	uint64_t given = 0;
	for (uint64_t p = 0; p < position; p++)
		given += p % 3 != 0;
	return given;
}

static void test_resuming_skips_none_and_repeats_few(void **state)
{
	(void)state;
	static struct ice_marks m;
	ice_marks_init(&m);
	walk(&m, 0, 10000, 0);
	for (uint64_t settled = 0; settled < 6000; settled += 37) {
		uint64_t position = ice_marks_before(&m, settled, (struct ice_steps){0, 0}).routed;
		uint64_t given = given_before(position);
		assert_true(given <= settled);
		assert_true(settled - given <= 2 * m.stride);
	}
}

static void test_a_long_wait_keeps_the_memory_and_the_promise(void **state)
{
	(void)state;
	static struct ice_marks m;
	ice_marks_init(&m);
	uint64_t given = walk(&m, 0, 3000000, 0);
	assert_true(m.count <= ICE_MARKS);
	assert_int_equal(ice_marks_before(&m, 0, (struct ice_steps){0, 0}).routed, 0);
	uint64_t position = ice_marks_before(&m, given / 2, (struct ice_steps){0, 0}).routed,
	         there = given_before(position);
	assert_true(there <= given / 2 && given / 2 - there <= m.stride);
}

static void test_nothing_marked_is_the_start(void **state)
{
	(void)state;
	static struct ice_marks m;
	ice_marks_init(&m);
	assert_int_equal(ice_marks_before(&m, 0, (struct ice_steps){77, 77}).routed, 77);
	ice_marks_at(&m, 0, (struct ice_steps){78, 79});
	assert_int_equal(ice_marks_before(&m, 0, (struct ice_steps){77, 77}).routed, 78);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_resuming_skips_none_and_repeats_few),
	        cmocka_unit_test(test_a_long_wait_keeps_the_memory_and_the_promise),
	        cmocka_unit_test(test_nothing_marked_is_the_start),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
