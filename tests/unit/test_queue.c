/* The queue's promise: who has a place reserved can put, and nothing is dropped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ice/queue.h"

static struct ice_reading reading(int number, size_t len)
{
	struct ice_reading r = {.json = malloc(len + 16), .at = number};
	char device[16];
	assert_non_null(r.json);
	memset(r.json, ' ', len);
	r.len = len;
	snprintf(device, sizeof(device), "d%d", number);
	r.device = strdup(device);
	return r;
}

static void put(struct ice_queue *q, int number, size_t len)
{
	struct ice_reading r = reading(number, len);
	assert_true(ice_queue_reserve(q));
	ice_queue_put(q, &r);
	assert_null(r.json);
	assert_null(r.device);
}

static void places_are_all_there_is(void **state)
{
	(void)state;
	struct ice_queue *q = ice_queue_new(3);
	assert_true(ice_queue_reserve(q));
	assert_true(ice_queue_reserve(q));
	assert_true(ice_queue_reserve(q));
	assert_false(ice_queue_reserve(q));
	assert_int_equal(ice_queue_reserved(q), 3);
	ice_queue_release(q);
	put(q, 1, 10);
	assert_false(ice_queue_reserve(q));
	assert_int_equal(ice_queue_reserved(q), 2);
	assert_int_equal(ice_queue_count(q), 1);
	assert_int_equal(ice_queue_bytes(q), 10);
	ice_queue_drop(q, 1);
	assert_true(ice_queue_reserve(q));
	assert_int_equal(ice_queue_bytes(q), 0);
	ice_queue_free(q);
}

static void the_oldest_come_first_round_and_round(void **state)
{
	(void)state;
	struct ice_queue *q = ice_queue_new(5);
	const struct ice_reading *seen[5];
	int in = 0, out = 0;
	for (int round = 0; round < 40; round++) {
		while (ice_queue_count(q) < 5)
			put(q, in++, 7);
		size_t n = ice_queue_peek(q, seen, 5, 1000), drop = 1 + (size_t)round % 5;
		assert_int_equal(n, 5);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(seen[i]->at, out + (int)i);
		ice_queue_drop(q, drop);
		out += (int)drop;
	}
	ice_queue_free(q);
}

static void peek_keeps_to_its_bounds(void **state)
{
	(void)state;
	struct ice_queue *q = ice_queue_new(10);
	const struct ice_reading *seen[10];
	assert_int_equal(ice_queue_peek(q, seen, 10, 1000), 0);
	for (int i = 0; i < 10; i++)
		put(q, i, 100);
	assert_int_equal(ice_queue_peek(q, seen, 4, 100000), 4);
	assert_int_equal(ice_queue_peek(q, seen, 10, 250), 2);
	assert_int_equal(ice_queue_peek(q, seen, 10, 300), 3);
	/* One always, however long: it would stand in the way for ever. */
	assert_int_equal(ice_queue_peek(q, seen, 10, 5), 1);
	assert_int_equal(ice_queue_peek(q, seen, 10, 0), 1);
	assert_int_equal(ice_queue_count(q), 10);
	ice_queue_free(q);
}

static void an_empty_reading_can_be_freed(void **state)
{
	(void)state;
	struct ice_reading r = reading(1, 3);
	ice_reading_free(&r);
	ice_reading_free(&r);
	ice_reading_free(NULL);
	ice_queue_free(NULL);
	assert_null(r.json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(places_are_all_there_is),
	        cmocka_unit_test(the_oldest_come_first_round_and_round),
	        cmocka_unit_test(peek_keeps_to_its_bounds),
	        cmocka_unit_test(an_empty_reading_can_be_freed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
