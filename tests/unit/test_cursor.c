#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "ice/range.h"

static struct ice_range *range_of(const char *text)
{
	char why[ICE_RANGE_WHY_SIZE] = "";
	struct ice_range *r = ice_range_new();
	if (!ice_range_add(r, text, why, sizeof(why)) || !ice_range_seal(r, why, sizeof(why)))
		fail_msg("%s", why);
	return r;
}

/* Marks every address of a walk; fails on one that comes twice. */
static uint64_t walk(const struct ice_range *r, uint8_t *seen, uint64_t seed, uint32_t shard, uint32_t shards)
{
	struct ice_cursor c;
	ice_cursor_init(&c, r, seed, 0, shard, shards);
	uint64_t n = 0, first = ice_range_at(r, 0).lo;
	struct ice_address a;
	while (ice_cursor_next(&c, &a)) {
		assert_true(ice_range_contains(r, &a));
		assert_int_equal(seen[a.lo - first], 0);
		seen[a.lo - first] = 1;
		n++;
	}
	assert_int_equal(n, ice_cursor_total(&c));
	assert_false(ice_cursor_next(&c, &a));
	return n;
}

static void test_each_address_once_at_any_size(void **state)
{
	(void)state;
	static const unsigned sizes[] = {1,  2,  3,   4,   5,   7,    8,    9,    15,    16,   17,
	                                 31, 33, 100, 255, 257, 1000, 4095, 4097, 65535, 65537};
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		char text[64];
		unsigned last = 0x0a010001 + sizes[i] - 1;
		snprintf(text, sizeof(text), "10.1.0.1-%u.%u.%u.%u", last >> 24, last >> 16 & 255, last >> 8 & 255,
		         last & 255);
		struct ice_range *r = range_of(text);
		assert_int_equal(ice_range_count(r), sizes[i]);
		for (uint64_t seed = 0; seed < 5; seed++) {
			uint8_t *seen = calloc(sizes[i], 1);
			assert_int_equal(walk(r, seen, seed, 0, 1), sizes[i]);
			free(seen);
		}
		ice_range_free(r);
	}
}

static void test_shards_cover_without_overlap(void **state)
{
	(void)state;
	struct ice_range *r = range_of("10.1.0.1-10.1.39.17");
	for (uint32_t shards = 1; shards <= 17; shards++) {
		uint8_t *seen = calloc(ice_range_count(r), 1);
		uint64_t n = 0;
		for (uint32_t k = 0; k < shards; k++)
			n += walk(r, seen, 77, k, shards);
		assert_int_equal(n, ice_range_count(r));
		free(seen);
	}
	ice_range_free(r);
	r = range_of("10.1.0.1-3"); /* more engines than addresses */
	uint8_t seen[3] = {0};
	uint64_t n = 0;
	for (uint32_t k = 0; k < 8; k++)
		n += walk(r, seen, 1, k, 8);
	assert_int_equal(n, 3);
	ice_range_free(r);
}

static void test_resumes_where_it_was(void **state)
{
	(void)state;
	struct ice_range *r = range_of("10.0.0.0/20 192.168.3.4 172.16.9.0/24");
	struct ice_cursor whole, part;
	ice_cursor_init(&whole, r, 4711, 0, 0, 1);
	struct ice_address a, b;
	for (uint64_t i = 0; i < ice_range_count(r); i++) {
		if (i % 97 == 0)
			ice_cursor_init(&part, r, 4711, whole.position, 0, 1);
		assert_true(ice_cursor_next(&whole, &a));
		assert_true(ice_cursor_next(&part, &b));
		assert_true(ice_address_same(&a, &b));
	}
	assert_false(ice_cursor_next(&part, &b));
	ice_range_free(r);
}

static void test_spreads_over_subnets(void **state)
{
	(void)state;
	struct ice_range *r = range_of("10.0.0.0/16");
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct ice_cursor c;
		ice_cursor_init(&c, r, seed, 0, 0, 1);
		struct ice_address a, last = {0};
		unsigned same = 0, busiest = 0, in_window[256] = {0}, n = 0;
		while (ice_cursor_next(&c, &a)) {
			same += a.lo >> 8 == last.lo >> 8;
			last = a;
			unsigned *count = &in_window[a.lo >> 8 & 255];
			if (++*count > busiest)
				busiest = *count;
			if (++n % 1024 == 0)
				for (int i = 0; i < 256; i++)
					in_window[i] = 0;
		}
		assert_true(same < 65534 / 256 * 3); /* of a random order: 1 in 256 */
		assert_true(busiest < 40);           /* of 1,024 in a row, 4 in each /24 on average */
	}
	ice_range_free(r);
}

static void test_seeds_differ(void **state)
{
	(void)state;
	struct ice_range *r = range_of("10.0.0.0/16");
	struct ice_cursor c, d;
	ice_cursor_init(&c, r, 1, 0, 0, 1);
	ice_cursor_init(&d, r, 2, 0, 0, 1);
	struct ice_address a, b;
	unsigned same = 0;
	while (ice_cursor_next(&c, &a) && ice_cursor_next(&d, &b))
		same += ice_address_same(&a, &b);
	assert_true(same < 100);
	ice_range_free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_each_address_once_at_any_size),
	        cmocka_unit_test(test_shards_cover_without_overlap),
	        cmocka_unit_test(test_resumes_where_it_was),
	        cmocka_unit_test(test_spreads_over_subnets),
	        cmocka_unit_test(test_seeds_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
