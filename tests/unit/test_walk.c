#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "engine/walk.h"

#define BASE  0x0a000000u /* 10.0.0.0/20 */
#define COUNT 4094u

static struct ice_plan plan;
static struct ice_neighbours *neighbours;
static uint32_t held; /* in the neighbour table */

static bool look(bool v4, struct ice_neighbours_table *out, void *arg)
{
	(void)v4;
	(void)arg;
	*out = (struct ice_neighbours_table){.limit = 128, .held = held, .entries = held};
	return true;
}

static void add_leg(const char *text)
{
	char why[ICE_RANGE_WHY_SIZE];
	struct ice_leg *leg = ice_plan_add(&plan, "leg");
	assert_non_null(leg);
	assert_true(ice_range_add(leg->range, text, why, sizeof(why)));
	assert_true(ice_range_seal(leg->range, why, sizeof(why)));
}

static int before(void **state)
{
	struct ice_address first = ice_address_v4(BASE + 1024), last = ice_address_v4(BASE + 2047);
	(void)state;
	held = 0;
	add_leg("10.0.0.0/20");
	neighbours = ice_neighbours_new(look, NULL);
	ice_neighbours_add(neighbours, &first, &last); /* a quarter is on-link */
	return 0;
}

static int after(void **state)
{
	(void)state;
	ice_neighbours_free(neighbours);
	ice_plan_free(&plan);
	memset(&plan, 0, sizeof(plan));
	return 0;
}

static uint32_t index_of(const struct ice_address *a)
{
	uint32_t i = (uint32_t)a->lo - BASE;
	assert_in_range(i, 1, COUNT);
	return i;
}

/* Walks on until END or `most` targets; `seen` counts each. Returns the targets; the time moves on when it must. */
static uint64_t walk(struct ice_walk *w, ice_usec *now, uint64_t most, uint8_t *seen)
{
	struct ice_address a;
	for (uint64_t n = 0; n < most;) {
		switch (ice_walk_next(w, *now, &a)) {
		case ICE_WALK_TARGET:
			seen[index_of(&a)]++;
			n++;
			break;
		case ICE_WALK_BUSY:
			break;
		case ICE_WALK_LATER:
			assert_true(ice_walk_later(w, *now) > *now);
			*now = ice_walk_later(w, *now);
			break;
		case ICE_WALK_END:
			return n;
		}
	}
	return most;
}

static void assert_all_once(const uint8_t *seen)
{
	for (uint32_t i = 1; i <= COUNT; i++)
		assert_int_equal(seen[i], 1);
}

static void test_gives_each_once(void **state)
{
	(void)state;
	static uint8_t seen[COUNT + 1];
	struct ice_place from = {.seed = 7};
	struct ice_walk w;
	ice_usec now = 1;
	memset(seen, 0, sizeof(seen));
	ice_walk_begin(&w, &plan, neighbours, &from, 0, 1);
	assert_int_equal(walk(&w, &now, UINT64_MAX, seen), COUNT);
	assert_all_once(seen);
}

static void test_a_full_table_does_not_hold_up_the_rest(void **state)
{
	(void)state;
	static uint8_t seen[COUNT + 1];
	struct ice_place from = {.seed = 7};
	struct ice_walk w;
	struct ice_address a;
	unsigned routed = 0;
	held = 100;
	memset(seen, 0, sizeof(seen));
	ice_walk_begin(&w, &plan, neighbours, &from, 0, 1);
	for (enum ice_walk_step step; (step = ice_walk_next(&w, 1, &a)) != ICE_WALK_LATER;)
		if (step == ICE_WALK_TARGET) {
			assert_false(ice_neighbours_on_link(neighbours, &a));
			seen[index_of(&a)]++;
			routed++;
		}
	assert_int_equal(routed, COUNT - 1024);
	held = 0;
	ice_usec now = ICE_USEC_SEC(1);
	assert_int_equal(walk(&w, &now, UINT64_MAX, seen), 1024);
	assert_all_once(seen);
}

static void test_goes_on_where_it_was(void **state)
{
	(void)state;
	for (uint64_t cut = 0; cut < COUNT; cut += 131) {
		static uint8_t seen[COUNT + 1];
		struct ice_place place = {.seed = 7};
		struct ice_walk w;
		ice_usec now = 1;
		memset(seen, 0, sizeof(seen));
		held = cut % 2 ? 100 : 0; /* with the on-link ones held up, and not */
		ice_walk_begin(&w, &plan, neighbours, &place, 0, 1);
		uint64_t given = walk(&w, &now, cut < 2000 ? cut : 2000, seen);
		place = ice_walk_place(&w, given);
		held = 0;
		ice_walk_begin(&w, &plan, neighbours, &place, 0, 1);
		uint64_t rest = walk(&w, &now, UINT64_MAX, seen);
		for (uint32_t i = 1; i <= COUNT; i++)
			assert_true(seen[i] >= 1);
		assert_true(given + rest <= COUNT + 128);
	}
}

static void test_other_subnets_than_before_skip_nobody(void **state)
{
	(void)state;
	static uint8_t seen[COUNT + 1];
	struct ice_place place = {.seed = 7};
	struct ice_address first = ice_address_v4(BASE + 2048), last = ice_address_v4(BASE + 4095);
	struct ice_walk w;
	ice_usec now = 1;
	memset(seen, 0, sizeof(seen));
	ice_walk_begin(&w, &plan, neighbours, &place, 0, 1);
	place = ice_walk_place(&w, walk(&w, &now, 1500, seen));
	ice_neighbours_add(neighbours, &first, &last);
	ice_walk_begin(&w, &plan, neighbours, &place, 0, 1);
	(void)walk(&w, &now, UINT64_MAX, seen);
	for (uint32_t i = 1; i <= COUNT; i++)
		assert_true(seen[i] >= 1);
}

static void test_parts_cover_without_overlap(void **state)
{
	(void)state;
	static uint8_t seen[COUNT + 1];
	struct ice_neighbours *none = ice_neighbours_new(look, NULL);
	ice_usec now = 1;
	memset(seen, 0, sizeof(seen));
	for (uint32_t k = 0; k < 3; k++) { /* the second engine is connected to nothing */
		struct ice_place from = {.seed = 7};
		struct ice_walk w;
		ice_walk_begin(&w, &plan, k == 1 ? none : neighbours, &from, k, 3);
		(void)walk(&w, &now, UINT64_MAX, seen);
	}
	assert_all_once(seen);
	ice_neighbours_free(none);
}

static void test_addresses_of_an_earlier_leg_are_passed_over(void **state)
{
	(void)state;
	static uint8_t seen[COUNT + 1];
	struct ice_walk w;
	ice_usec now = 1;
	add_leg("10.0.0.0/19");
	struct ice_place from = {.seed = 7, .leg = 1};
	memset(seen, 0, sizeof(seen));
	ice_walk_begin(&w, &plan, neighbours, &from, 0, 1);
	uint64_t n = 0;
	struct ice_address a;
	for (enum ice_walk_step step; (step = ice_walk_next(&w, now, &a)) != ICE_WALK_END;) {
		assert_true(step != ICE_WALK_LATER);
		n += step == ICE_WALK_TARGET;
	}
	assert_int_equal(n, 8190 - COUNT);
	assert_int_equal(w.passed, COUNT);
}

/* Adds up what part k of two asks in this order. */
static void walk_part(const struct ice_plan *p, uint64_t seed, uint32_t k, uint8_t *seen)
{
	struct ice_place from = {.seed = seed};
	struct ice_walk w;
	struct ice_address a;
	ice_walk_begin(&w, p, neighbours, &from, k, 2);
	while (ice_walk_next(&w, 0, &a) == ICE_WALK_TARGET)
		seen[a.lo % 4096]++;
	assert_int_equal(w.given + w.passed, ice_cursor_total(&w.routed));
}

/* Of two engines with the same ranges one stands in a subnet whose edge it never asks, and of which the other knows nothing. */
static void test_parts_are_the_same_on_every_machine(void **state)
{
	(void)state;
	static uint8_t seen[4096];
	char why[ICE_RANGE_WHY_SIZE];
	struct ice_plan plans[2] = {{.count = 0}, {.count = 0}};
	struct ice_address edge = ice_address_v4(0x7f000000);
	for (uint32_t k = 0; k < 2; k++) {
		struct ice_range *r = ice_plan_add(&plans[k], "leg")->range;
		assert_true(ice_range_add(r, "127.0.0.0-127.0.15.255", why, sizeof(why)));
		if (k == 0)
			ice_range_exclude_local_broadcasts(r);
		assert_true(ice_range_seal(r, why, sizeof(why)));
	}
	bool here = !ice_range_contains(plans[0].legs[0]->range, &edge);
	for (uint64_t seed = 0; here && seed < 8; seed++) {
		walk_part(&plans[0], seed, 0, seen);
		walk_part(&plans[1], seed, 1, seen);
		for (size_t i = 1; i < sizeof seen; i++)
			assert_int_equal(seen[i], seed + 1);
	}
	if (here)
		assert_in_range(seen[0], 1, 7); /* whenever it was the other's */
	for (uint32_t k = 0; k < 2; k++)
		ice_plan_free(&plans[k]);
	if (!here) {
		print_message("no lo interface with 127.0.0.1/8 here\n");
		skip();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_gives_each_once, before, after),
	        cmocka_unit_test_setup_teardown(test_a_full_table_does_not_hold_up_the_rest, before, after),
	        cmocka_unit_test_setup_teardown(test_goes_on_where_it_was, before, after),
	        cmocka_unit_test_setup_teardown(test_other_subnets_than_before_skip_nobody, before, after),
	        cmocka_unit_test_setup_teardown(test_parts_cover_without_overlap, before, after),
	        cmocka_unit_test_setup_teardown(test_parts_are_the_same_on_every_machine, before, after),
	        cmocka_unit_test_setup_teardown(test_addresses_of_an_earlier_leg_are_passed_over, before, after),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
