#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ice/random.h"
#include "ice/range.h"

static char why[ICE_RANGE_WHY_SIZE];

/* Writes the spans of a sealed set as first-last text, one after the other. */
static const char *spelled(const struct ice_range *r)
{
	static char out[4096];
	size_t n = 0;
	out[0] = '\0';
	for (uint64_t i = 0; i < ice_range_count(r);) {
		char a[ICE_ADDRESS_TEXT_SIZE], b[ICE_ADDRESS_TEXT_SIZE];
		struct ice_address first = ice_range_at(r, i), last = first, next;
		while (++i < ice_range_count(r)) {
			next = ice_range_at(r, i);
			assert_true(ice_range_contains(r, &next));
			if (next.hi != last.hi || next.scope != last.scope || next.lo != last.lo + 1)
				break;
			last = next;
		}
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%s%s%s%s", n ? " " : "", ice_address_format(&first, a),
		                      first.lo == last.lo ? "" : "-",
		                      first.lo == last.lo ? "" : ice_address_format(&last, b));
	}
	return out;
}

static void check(const char *text, const char *exclude, const char *expected)
{
	struct ice_range *r = ice_range_new();
	why[0] = '\0';
	bool ok = ice_range_add(r, text, why, sizeof(why)) &&
	          (!exclude || ice_range_exclude(r, exclude, why, sizeof(why))) && ice_range_seal(r, why, sizeof(why));
	if (!ok)
		fail_msg("%s: %s", text, why);
	assert_string_equal(spelled(r), expected);
	ice_range_free(r);
}

static void test_forms(void **state)
{
	(void)state;
	check("10.1.2.3", NULL, "10.1.2.3");
	check("10.1.2.0/29", NULL, "10.1.2.1-10.1.2.6");
	check("10.1.2.5/29", NULL, "10.1.2.1-10.1.2.6");
	check("10.1.2.4/30", NULL, "10.1.2.5-10.1.2.6");
	check("10.1.2.4/31", NULL, "10.1.2.4-10.1.2.5");
	check("10.1.2.4/32", NULL, "10.1.2.4");
	check("10.1.2.254-10.1.3.2", NULL, "10.1.2.254-10.1.3.2");
	check("10.1.2.3-40", NULL, "10.1.2.3-10.1.2.40");
	check("10.1-2.0.1-3", NULL, "10.1.0.1-10.1.0.3 10.2.0.1-10.2.0.3");
	check("10.1.1-2.0-255", NULL, "10.1.1.0-10.1.2.255");
	check("192.168.100-101.7", NULL, "192.168.100.7 192.168.101.7");
	check("10.1.2.3,10.1.2.4 10.1.2.9,\t10.1.2.5\n", NULL, "10.1.2.3-10.1.2.5 10.1.2.9");
	check("fd00::/125", NULL, "fd00::1-fd00::7");
	check("fd00::8/125", NULL, "fd00::8-fd00::f");
	check("fd00::1-fd00::4", NULL, "fd00::1-fd00::4");
	check("::1", NULL, "::1");
	check("fe80::1%lo-fe80::3%lo", NULL, "fe80::1%lo-fe80::3%lo");
	check("fe80::1%lo", NULL, "fe80::1%lo");
}

static void test_merged_and_subtracted(void **state)
{
	(void)state;
	check("10.1.2.1-9 10.1.2.5-12 10.1.2.13", NULL, "10.1.2.1-10.1.2.13");
	check("10.1.2.1-9 !10.1.2.4 !10.1.2.6-7", NULL, "10.1.2.1-10.1.2.3 10.1.2.5 10.1.2.8-10.1.2.9");
	check("!10.1.2.4 10.1.2.1-9", NULL, "10.1.2.1-10.1.2.3 10.1.2.5-10.1.2.9");
	check("10.1.2.1-9", "10.1.2.1-3 !10.1.2.9", "10.1.2.4-10.1.2.8");
	check("10.1.2.1-9", "8.8.8.0/24 255.255.255.255", "10.1.2.1-10.1.2.9");
	check("10.1.2.1-9 10.1.4.1-9", "10.1.2.5-10.1.4.5", "10.1.2.1-10.1.2.4 10.1.4.6-10.1.4.9");
	check("10.1.0.250-10.1.1.5", "10.1.1.0/24", "10.1.0.250-10.1.0.255");
	check("fd00::1-fd00::9 10.1.2.3", "fd00::/64", "10.1.2.3");
}

static void test_edges_of_subnets(void **state)
{
	(void)state;
	check("10.1.2.0/24", NULL, "10.1.2.1-10.1.2.254");
	check("10.1.2.0/24 10.1.3.0/24", NULL, "10.1.2.1-10.1.2.254 10.1.3.1-10.1.3.254");
	check("10.1.2.0/23", NULL, "10.1.2.1-10.1.3.254");
	/* a subnet that is known in a larger range keeps its edges out of it */
	check("10.1.2.0/23 10.1.2.0/24", NULL, "10.1.2.1-10.1.2.254 10.1.3.0-10.1.3.254");
	check("10.1.2.255 10.1.2.0/30", NULL, "10.1.2.1-10.1.2.2 10.1.2.255");
	check("10.1.2.250-255 10.1.2.0/24", "10.1.2.0/25", "10.1.2.128-10.1.2.254");
}

static void test_counts(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		uint64_t count;
	} rows[] = {{"10.0.0.0/8", 16777214},          {"127.0.0.0/8", 16777214}, {"10.1.0.0/16", 65534},
	            {"172.16.0.0/12", 1048574},        {"fd00::/104", 16777215},  {"10.0-255.0-255.1-254", 16646144},
	            {"10.0-255.0-255.0-255", 16777216}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ice_range *r = ice_range_new();
		assert_true(ice_range_add(r, rows[i].text, why, sizeof(why)));
		assert_true(ice_range_seal(r, why, sizeof(why)));
		assert_int_equal(ice_range_count(r), rows[i].count);
		ice_range_free(r);
	}
}

static struct ice_range *sealed(const char *text, const char *exclude)
{
	struct ice_range *r = ice_range_new();
	if (!ice_range_add(r, text, why, sizeof(why)) ||
	    (exclude && !ice_range_exclude(r, exclude, why, sizeof(why))) || !ice_range_seal(r, why, sizeof(why)))
		fail_msg("%s", why);
	return r;
}

static void test_what_was_left_out_and_what_is_shared(void **state)
{
	(void)state;
	struct ice_range *a = sealed("10.0.0.0/24 10.0.1.0/24", "10.0.0.0/28"), *b = sealed("10.0.1.0/25", NULL),
	                 *c = sealed("10.0.1.100-10.0.1.200 fd00::/120", NULL);
	struct ice_range_figures f = ice_range_figures(a);
	assert_int_equal(f.excluded, 16);
	assert_int_equal(f.edges, 3); /* the fourth is excluded already */
	assert_int_equal(ice_range_count(a), 512 - 16 - 3);
	const struct ice_range *const both[] = {b, c};
	assert_int_equal(ice_range_common(a, both, 1), 126);
	assert_int_equal(ice_range_common(a, both + 1, 1), 101);
	assert_int_equal(ice_range_common(a, both, 2), 126 + 101 - 27);
	assert_int_equal(ice_range_common(a, NULL, 0), 0);
	assert_int_equal(ice_range_figures(c).edges, 1);
	ice_range_free(a);
	ice_range_free(b);
	ice_range_free(c);
}

static void test_refusals(void **state)
{
	(void)state;
	static const struct {
		const char *text, *says;
	} rows[] = {
	        {"", "no range is given"},
	        {" , ", "no range is given"},
	        {"8.8.8.8", "8.8.8.8 is not an internal network"},
	        {"10.0.0.0/7", "11.0.0.0-11.255.255.255 is not an internal network"},
	        {"9.255.255.250-10.0.0.5", "9.255.255.250-9.255.255.255 is not an internal network"},
	        {"172.16.0.0-172.32.0.9", "172.32.0.0-172.32.0.9"},
	        {"255.255.255.255", "the broadcast address"},
	        {"224.0.0.1", "multicast"},
	        {"239.1.2.0/24", "multicast"},
	        {"10.0.0.0-255.255.255.255", "the broadcast address"},
	        {"0.0.0.0/0", "broadcast"},
	        {"0.0.0.0", "reserved"},
	        {"240.0.0.1", "reserved"},
	        {"ff02::1", "multicast"},
	        {"::", "unspecified"},
	        {"2001:db8::1", "not an internal network"},
	        {"fe80::1", "needs its interface: fe80::1%eth0"},
	        {"fd00::/103", "write a /104 or longer"},
	        {"fd00::/48", "larger than a /64"},
	        {"fd00::1-fd00::1:0:0", "more than 2^24"},
	        {"fd00::1-fd00:1::1", "in one /64"},
	        {"10.1.2.3-fd00::1", "both ends"},
	        {"fd00::9-fd00::1", "runs backwards: write fd00::1-fd00::9"},
	        {"10.1.2.9-10.1.2.3", "runs backwards: write 10.1.2.3-10.1.2.9"},
	        {"10.1.2.9-3", "runs backwards: write 3-9"},
	        {"10.1.2.3/33", "a length from 0 to 32"},
	        {"10.1.2.3/", "is not a subnet"},
	        {"10.1.2.3/8x", "is not a subnet"},
	        {"10.1.2.3/08", "is not a subnet"},
	        {"fd00::/129", "a length from 104 to 128"},
	        {"10.1.2", "four numbers"},
	        {"10.1.2.3.4", "four numbers"},
	        {"10.1.2.256", "is not an address range"},
	        {"10.1.2.03", "is not an address range"},
	        {"10.1.2.3-", "after \"-\""},
	        {"10.1.2.3-10.1.4", "on both sides"},
	        {"10.1.2.*", "is not an address range"},
	        {"printer.example", "is not an address range"},
	        {"-5", "is not an address range"},
	        {"10.1.2.3 nonsense", "\"nonsense\""},
	        {"fd00::zz", "is not an IPv6 address"},
	        {"!", "right before"},
	        {"! 10.1.2.3", "right before"},
	        {"0-255.0-255.0-255.1", "pieces"},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ice_range *r = ice_range_new();
		why[0] = '\0';
		if (ice_range_add(r, rows[i].text, why, sizeof(why)))
			fail_msg("\"%s\" was taken", rows[i].text);
		if (!strstr(why, rows[i].says))
			fail_msg("\"%s\" was refused with \"%s\", not with \"%s\"", rows[i].text, why, rows[i].says);
		/* nothing of it was taken, not even the good words */
		assert_false(ice_range_seal(r, why, sizeof(why)));
		ice_range_free(r);
	}
	char longest[400];
	memset(longest, '1', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	struct ice_range *r = ice_range_new();
	assert_false(ice_range_add(r, longest, why, sizeof(why)));
	ice_range_free(r);
}

static void test_nothing_left(void **state)
{
	(void)state;
	struct ice_range *r = ice_range_new();
	assert_true(ice_range_add(r, "10.1.2.3", why, sizeof(why)));
	assert_true(ice_range_exclude(r, "10.0.0.0/8", why, sizeof(why)));
	assert_false(ice_range_seal(r, why, sizeof(why)));
	assert_non_null(strstr(why, "no address is left"));
	ice_range_free(r);
}

static void test_allow_public(void **state)
{
	(void)state;
	struct ice_range *r = ice_range_new();
	assert_true(ice_range_allow(r, "198.51.100.0/24, 11.0.0.0/8", why, sizeof(why)));
	assert_true(ice_range_allow(r, "2001:db8::/64", why, sizeof(why)));
	assert_false(ice_range_allow(r, "!198.51.100.0/25", why, sizeof(why)));
	assert_true(ice_range_add(r, "198.51.100.7", why, sizeof(why)));
	assert_true(ice_range_add(r, "10.255.255.250-11.0.0.5", why, sizeof(why)));
	assert_true(ice_range_add(r, "2001:db8::7", why, sizeof(why)));
	assert_false(ice_range_add(r, "198.51.101.7", why, sizeof(why)));
	assert_false(ice_range_add(r, "2001:db8:1::7", why, sizeof(why)));
	assert_false(ice_range_add(r, "255.255.255.255", why, sizeof(why)));
	assert_true(ice_range_seal(r, why, sizeof(why)));
	assert_string_equal(spelled(r), "10.255.255.250-11.0.0.5 198.51.100.7 2001:db8::7");
	ice_range_free(r);
}

static void test_local_broadcasts(void **state)
{
	(void)state;
	struct ice_range *r = ice_range_new();
	struct ice_address edge = ice_address_v4(0x7fffffff), inside = ice_address_v4(0x7ffffffe);
	assert_true(ice_range_add(r, "127.255.255.0-255", why, sizeof(why)));
	ice_range_exclude_local_broadcasts(r);
	assert_true(ice_range_seal(r, why, sizeof(why)));
	assert_true(ice_range_contains(r, &inside));
	if (ice_range_contains(r, &edge)) {
		ice_range_free(r);
		print_message("no lo interface with 127.0.0.1/8 here\n");
		skip();
	}
	assert_int_equal(ice_range_count(r), 255);
	assert_int_equal(ice_range_figures(r).edges, 1);
	assert_int_equal(ice_range_count(ice_range_everywhere(r)), 256);
	assert_true(ice_range_contains(ice_range_everywhere(r), &edge));
	ice_range_free(r);
	/* where nothing is left out by itself, it is the same set */
	r = ice_range_new();
	assert_true(ice_range_add(r, "127.255.255.0/24", why, sizeof(why)));
	ice_range_exclude_local_broadcasts(r);
	assert_true(ice_range_seal(r, why, sizeof(why)));
	assert_ptr_equal(ice_range_everywhere(r), r);
	ice_range_free(r);
}

/* Random spans of 10.0.0.0/22, in and out, against one bit an address. */
static void test_against_a_model(void **state)
{
	(void)state;
	enum { SIZE = 1024 };
	struct ice_random random;
	for (uint64_t seed = 0; seed < 300; seed++) {
		ice_random_seed(&random, seed);
		bool in[SIZE] = {false}, out[SIZE] = {false};
		struct ice_range *r = ice_range_new();
		for (uint64_t n = 1 + ice_random_below(&random, 12); n > 0; n--) {
			unsigned a = (unsigned)ice_random_below(&random, SIZE),
			         b = (unsigned)ice_random_below(&random, SIZE);
			unsigned first = a < b ? a : b, last = first + (a < b ? b - a : a - b) % 100;
			last = last < SIZE ? last : SIZE - 1;
			bool excluded = ice_random_below(&random, 2) == 0;
			char text[64];
			snprintf(text, sizeof(text), "%s10.0.%u.%u-10.0.%u.%u", excluded ? "!" : "", first >> 8,
			         first & 255, last >> 8, last & 255);
			assert_true(ice_range_add(r, text, why, sizeof(why)));
			for (unsigned i = first; i <= last; i++)
				*(excluded ? &out[i] : &in[i]) = true;
		}
		uint64_t count = 0;
		for (unsigned i = 0; i < SIZE; i++)
			count += in[i] && !out[i];
		assert_int_equal(ice_range_seal(r, why, sizeof(why)), count > 0);
		assert_int_equal(ice_range_count(r), count);
		for (unsigned i = 0, index = 0; i < SIZE; i++) {
			struct ice_address a = ice_address_v4(0x0a000000 + i);
			assert_int_equal(ice_range_contains(r, &a), in[i] && !out[i]);
			if (in[i] && !out[i])
				assert_true(ice_range_at(r, index++).lo == a.lo);
		}
		ice_range_free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_forms),
	        cmocka_unit_test(test_merged_and_subtracted),
	        cmocka_unit_test(test_edges_of_subnets),
	        cmocka_unit_test(test_counts),
	        cmocka_unit_test(test_what_was_left_out_and_what_is_shared),
	        cmocka_unit_test(test_refusals),
	        cmocka_unit_test(test_nothing_left),
	        cmocka_unit_test(test_allow_public),
	        cmocka_unit_test(test_local_broadcasts),
	        cmocka_unit_test(test_against_a_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
