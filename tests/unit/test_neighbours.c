#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ice/neighbours.h"

/* A kernel whose entries are held for `life`. */
struct table {
	uint32_t limit;
	bool blind;
	ice_usec now, life;
	ice_usec born[4096];
	uint32_t count, looks, most;
};

static bool look(bool v4, struct ice_neighbours_table *out, void *arg)
{
	struct table *t = arg;
	(void)v4;
	t->looks++;
	*out = (struct ice_neighbours_table){.limit = t->limit};
	if (t->blind)
		return false;
	for (uint32_t i = 0; i < t->count; i++)
		out->held += t->now - t->born[i] < t->life;
	out->entries = t->count;
	if (out->held > t->most)
		t->most = out->held;
	return true;
}

static struct ice_address address(const char *text)
{
	struct ice_address a;
	assert_true(ice_address_parse(text, &a));
	return a;
}

/* Takes as many as it gets until `end`, or until there are `enough`; returns when it ended. */
static ice_usec fill(struct ice_neighbours *n, struct table *t, ice_usec end, uint32_t enough)
{
	struct ice_address a = address("10.1.0.1");
	while (t->now < end && t->count < enough) {
		while (t->count < enough && ice_neighbours_take(n, &a, t->now))
			t->born[t->count++] = t->now;
		ice_usec next = ice_neighbours_next(n, &a, t->now);
		assert_true(t->count == enough || next > t->now);
		t->now = next;
	}
	return t->now;
}

static void test_knows_what_is_on_link(void **state)
{
	(void)state;
	struct ice_neighbours *n = ice_neighbours_new(look, NULL);
	struct ice_address first = address("10.1.0.0"), last = address("10.1.3.255");
	char why[ICE_RANGE_WHY_SIZE];
	uint64_t none = ice_neighbours_mark(n);
	ice_neighbours_add(n, &first, &last);
	ice_neighbours_add(n, &first, &last);
	assert_true(ice_neighbours_mark(n) != none);
	const struct {
		const char *text;
		bool on_link;
	} cases[] = {{"10.1.0.0", true},
	             {"10.1.3.255", true},
	             {"10.1.4.0", false},
	             {"10.0.255.255", false},
	             {"fd00::1", false}};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ice_address a = address(cases[i].text);
		assert_int_equal(ice_neighbours_on_link(n, &a), cases[i].on_link);
	}
	struct ice_range *r = ice_range_new();
	assert_true(ice_range_add(r, "10.0.0.0/15 !10.1.1.0-10.1.1.255 192.168.0.0/24", why, sizeof(why)));
	assert_true(ice_range_seal(r, why, sizeof(why)));
	assert_int_equal(ice_neighbours_count(n, r), 768);
	ice_range_free(r);
	ice_neighbours_free(n);
}

static void test_scopes_tell_links_apart(void **state)
{
	(void)state;
	struct ice_neighbours *n = ice_neighbours_new(look, NULL);
	struct ice_address first = {UINT64_C(0xfe80) << 48, 0, 2}, last = {UINT64_C(0xfe80) << 48, UINT64_MAX, 2};
	struct ice_address here = {UINT64_C(0xfe80) << 48, 77, 2}, there = {UINT64_C(0xfe80) << 48, 77, 3};
	ice_neighbours_add(n, &first, &last);
	assert_true(ice_neighbours_on_link(n, &here));
	assert_false(ice_neighbours_on_link(n, &there));
	ice_neighbours_free(n);
}

static void test_half_the_table_at_most_is_held(void **state)
{
	(void)state;
	static struct table t;
	t = (struct table){.limit = 1024, .life = ICE_USEC_SEC(8), .now = 5};
	struct ice_neighbours *n = ice_neighbours_new(look, &t);
	fill(n, &t, ICE_USEC_SEC(60), 3000);
	assert_int_equal(t.count, 3000);
	assert_in_range(t.most, 400, 512);
	assert_in_range(t.now, ICE_USEC_SEC(35), ICE_USEC_SEC(50));
	ice_neighbours_free(n);
}

static void test_the_dead_hold_it_back_less(void **state)
{
	(void)state;
	static struct table t;
	t = (struct table){.limit = 1024, .life = ICE_USEC_SEC(3), .now = 5};
	struct ice_neighbours *n = ice_neighbours_new(look, &t);
	ice_usec took = fill(n, &t, ICE_USEC_SEC(60), 3000);
	assert_in_range(took, ICE_USEC_SEC(10), ICE_USEC_SEC(20));
	ice_neighbours_free(n);
}

static void test_it_fills_evenly(void **state)
{
	(void)state;
	static struct table t;
	t = (struct table){.limit = 1024, .life = ICE_USEC_SEC(60), .now = 5};
	struct ice_neighbours *n = ice_neighbours_new(look, &t);
	fill(n, &t, ICE_USEC_MSEC(50), 3000);
	assert_int_equal(t.count, 64);
	fill(n, &t, ICE_USEC_SEC(5), 3000);
	assert_int_equal(t.count, 512);
	ice_neighbours_free(n);
}

static void test_others_need_room_too(void **state)
{
	(void)state;
	static struct table t;
	t = (struct table){.limit = 1024, .life = ICE_USEC_SEC(3), .now = ICE_USEC_SEC(1)};
	for (t.count = 0; t.count < 600; t.count++)
		t.born[t.count] = t.now;
	struct ice_neighbours *n = ice_neighbours_new(look, &t);
	fill(n, &t, ICE_USEC_SEC(3), 3000);
	assert_int_equal(t.count, 600);
	fill(n, &t, ICE_USEC_SEC(10), 3000);
	assert_true(t.count > 1000);
	ice_neighbours_free(n);
}

static void test_a_table_that_cannot_be_seen(void **state)
{
	(void)state;
	static struct table t;
	t = (struct table){.limit = 1024, .blind = true, .now = 5};
	struct ice_neighbours *n = ice_neighbours_new(look, &t);
	fill(n, &t, ICE_USEC_SEC(50), 3000);
	assert_in_range(t.count, 500, 580);
	ice_neighbours_free(n);
}

static void test_families_have_tables_of_their_own(void **state)
{
	(void)state;
	static struct table t;
	t = (struct table){.limit = 16, .life = ICE_USEC_SEC(60), .now = 5};
	struct ice_neighbours *n = ice_neighbours_new(look, &t);
	struct ice_address v4 = address("10.1.0.1"), v6 = address("fd00::1");
	assert_true(ice_neighbours_take(n, &v4, 5));
	assert_false(ice_neighbours_take(n, &v4, 5));
	assert_true(ice_neighbours_take(n, &v6, 5));
	ice_neighbours_free(n);
}

static void test_the_kernel_is_asked(void **state)
{
	(void)state;
	struct ice_neighbours *n = ice_neighbours_new(NULL, NULL);
	struct ice_address loopback = address("127.0.0.1"), v4 = address("10.1.0.1");
	ice_neighbours_connect(n);
	assert_false(ice_neighbours_on_link(n, &loopback));
	assert_true(ice_neighbours_take(n, &v4, 5)); /* this machine's table is not half held */
	ice_neighbours_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_knows_what_is_on_link),
	        cmocka_unit_test(test_scopes_tell_links_apart),
	        cmocka_unit_test(test_half_the_table_at_most_is_held),
	        cmocka_unit_test(test_the_dead_hold_it_back_less),
	        cmocka_unit_test(test_it_fills_evenly),
	        cmocka_unit_test(test_others_need_room_too),
	        cmocka_unit_test(test_a_table_that_cannot_be_seen),
	        cmocka_unit_test(test_families_have_tables_of_their_own),
	        cmocka_unit_test(test_the_kernel_is_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
