#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ice/oid.h"
#include "ice/random.h"

static struct ice_oid of(const char *text)
{
	struct ice_oid oid;
	if (!ice_oid_parse(text, &oid))
		fail_msg("%s should be an OID", text);
	return oid;
}

static void text_goes_there_and_back(void **state)
{
	(void)state;
	const char *const texts[] = {
	        "0.0",
	        "0.39",
	        "1.0",
	        "1.39",
	        "2.0",
	        "2.39",
	        "2.40",
	        "2.999.3",
	        "2.4294967215",
	        "1.3.6.1.2.1.43.11.1.1.9.1.1",
	        "1.3.6.1.4.1.2435.2.3.9.4.2.1.5.5.8.0",
	        "1.3.127.128.16383.16384.2097151.2097152.268435455.268435456.4294967295",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char out[ICE_OID_TEXT_SIZE], dotted[128];
		struct ice_oid oid = of(texts[i]);
		assert_true(ice_oid_valid(oid.bytes, oid.len));
		assert_string_equal(ice_oid_format(oid.bytes, oid.len, out), texts[i]);
		snprintf(dotted, sizeof(dotted), ".%s", texts[i]);
		struct ice_oid same = of(dotted);
		assert_int_equal(ice_oid_compare(oid.bytes, oid.len, same.bytes, same.len), 0);
	}
	struct ice_oid brother = of("1.3.6.1.4.1.2435");
	assert_int_equal(brother.len, 7);
	assert_memory_equal(brother.bytes, "\x2b\x06\x01\x04\x01\x93\x03", 7);
}

static void refuses_bad_text(void **state)
{
	(void)state;
	const char *const texts[] = {
	        "",
	        ".",
	        "1",
	        "1.",
	        ".1",
	        "1..3",
	        "3.1",
	        "1.40",
	        "0.40",
	        "1.3.6x",
	        "1.3 ",
	        " 1.3",
	        "1.-3",
	        "1.3.+4",
	        "1.3.4294967296",
	        "2.4294967216",
	        "iso",
	        "..1.3.6.1",
	        "1.3.",
	        "1.3.6.1.",
	        "1.3.0x1",
	        "1.3.99999999999999999999",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ice_oid oid = {.len = 77};
		if (ice_oid_parse(texts[i], &oid))
			fail_msg("\"%s\" was taken for an OID", texts[i]);
		assert_int_equal(oid.len, 77);
	}
}

/* The rule as it is written, one octet after the other, to hold the quick look against. */
static bool valid_by_the_book(const uint8_t *bytes, size_t n)
{
	size_t arcs = 1;
	for (size_t i = 0; i < n; i++) {
		uint64_t arc = 0;
		size_t start = i;
		do {
			if (i == n || (i == start && bytes[i] == 0x80))
				return false;
			arc = arc << 7 | (bytes[i] & 0x7f);
			if (arc > UINT32_MAX)
				return false;
		} while (bytes[i++] & 0x80);
		i--;
		arcs++;
	}
	return n > 0 && arcs <= ICE_OID_ARCS;
}

static void validity_is_by_the_book(void **state)
{
	(void)state;
	struct ice_random random;
	size_t valid = 0;
	ice_random_seed(&random, 2);
	for (int i = 0; i < 200000; i++) {
		uint8_t bytes[160];
		size_t n = ice_random_below(&random, i % 16 == 0 ? sizeof(bytes) + 1 : 24);
		/* from nearly always small arcs to nearly always long ones, with 0x80 and 0x8f often */
		uint64_t longs = ice_random_below(&random, 8);
		for (size_t k = 0; k < n; k++) {
			static const uint8_t special[] = {0x80, 0x81, 0x8f, 0x90, 0xff};
			uint64_t r = ice_random_next(&random);
			bytes[k] = (r & 7) >= longs  ? (uint8_t)(r >> 8) & 0x7f
			           : (r & 0x30) == 0 ? special[(r >> 8) % sizeof(special)]
			                             : (uint8_t)(r >> 8) | 0x80;
		}
		if (n > 0 && i % 4 != 0)
			bytes[n - 1] &= 0x7f;
		bool expected = valid_by_the_book(bytes, n);
		valid += expected;
		if (ice_oid_valid(bytes, n) != expected)
			fail_msg("case %d: %zu octets should be %s", i, n, expected ? "valid" : "refused");
		uint32_t arcs[ICE_OID_ARCS];
		assert_int_equal(ice_oid_arcs(bytes, n, arcs, ICE_OID_ARCS) > 0, expected);
	}
	assert_true(valid > 20000);
}

static void refuses_bad_octets(void **state)
{
	(void)state;
	assert_false(ice_oid_valid((const uint8_t *)"", 0));
	assert_false(ice_oid_valid((const uint8_t *)"\x80", 1));
	assert_false(ice_oid_valid((const uint8_t *)"\x2b\x80\x01", 3));
	assert_false(ice_oid_valid((const uint8_t *)"\x2b\x06\x81", 3));
	assert_false(ice_oid_valid((const uint8_t *)"\x2b\x90\x80\x80\x80\x00", 6));
	assert_true(ice_oid_valid((const uint8_t *)"\x2b\x8f\xff\xff\xff\x7f", 6));
	assert_false(ice_oid_valid((const uint8_t *)"\x2b\x81\x80\x80\x80\x80\x00", 7));
	char out[ICE_OID_TEXT_SIZE];
	assert_string_equal(ice_oid_format((const uint8_t *)"\x2b\x81", 2, out), "(malformed)");
}

static int by_arcs(const uint32_t *a, size_t an, const uint32_t *b, size_t bn)
{
	for (size_t i = 0; i < an && i < bn; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return (an > bn) - (an < bn);
}

static void order_is_by_arcs(void **state)
{
	(void)state;
	static const uint32_t values[] = {0,   1,     2,     127,     128,      129,       255,
	                                  256, 16383, 16384, 0xfffff, 1u << 28, UINT32_MAX};
	struct ice_random random;
	ice_random_seed(&random, 3);
	for (int i = 0; i < 50000; i++) {
		struct ice_oid oids[2];
		uint32_t arcs[2][ICE_OID_ARCS];
		size_t n[2];
		for (int k = 0; k < 2; k++) {
			oids[k] = of("1.3");
			for (uint64_t more = ice_random_below(&random, 5); more > 0; more--)
				assert_true(ice_oid_append(&oids[k], values[ice_random_below(&random, 13)]));
			n[k] = ice_oid_arcs(oids[k].bytes, oids[k].len, arcs[k], ICE_OID_ARCS);
			assert_true(n[k] >= 2);
		}
		int got = ice_oid_compare(oids[0].bytes, oids[0].len, oids[1].bytes, oids[1].len);
		assert_int_equal((got > 0) - (got < 0), by_arcs(arcs[0], n[0], arcs[1], n[1]));
		int back = ice_oid_compare(oids[1].bytes, oids[1].len, oids[0].bytes, oids[0].len);
		assert_int_equal((got > 0) - (got < 0), (back < 0) - (back > 0));
		bool under = n[0] <= n[1] && by_arcs(arcs[0], n[0], arcs[1], n[0]) == 0;
		assert_int_equal(ice_oid_under(oids[0].bytes, oids[0].len, oids[1].bytes, oids[1].len), under);
	}
}

static void ancestors(void **state)
{
	(void)state;
	struct ice_oid column = of("1.3.6.1.2.1.43.11.1.1.9"), row = of("1.3.6.1.2.1.43.11.1.1.9.1.1"),
	               other = of("1.3.6.1.2.1.43.11.1.1.90.1.1");
	assert_true(ice_oid_under(column.bytes, column.len, row.bytes, row.len));
	assert_true(ice_oid_under(column.bytes, column.len, column.bytes, column.len));
	assert_false(ice_oid_under(row.bytes, row.len, column.bytes, column.len));
	assert_false(ice_oid_under(column.bytes, column.len, other.bytes, other.len));
	assert_false(ice_oid_under(column.bytes, 0, row.bytes, row.len));
}

static void limits_hold(void **state)
{
	(void)state;
	struct ice_oid oid = of("1.3");
	for (int arcs = 2; arcs < ICE_OID_ARCS; arcs++)
		assert_true(ice_oid_append(&oid, 1));
	assert_false(ice_oid_append(&oid, 1)); /* the 129th arc */
	assert_true(ice_oid_valid(oid.bytes, oid.len));
	char out[ICE_OID_TEXT_SIZE];
	struct ice_oid again = of(ice_oid_format(oid.bytes, oid.len, out));
	assert_int_equal(again.len, oid.len);
	strcat(out, ".1");
	assert_false(ice_oid_parse(out, &again));

	oid = of("1.3");
	while (ice_oid_append(&oid, UINT32_MAX))
		;
	assert_int_equal(oid.len, 126); /* another five octets do not fit into 128 */
	struct ice_oid none = {0};
	assert_false(ice_oid_append(&none, 1));

	/* the longest text there is: 128 arcs of ten digits, more than struct ice_oid keeps */
	uint8_t bytes[5 * (ICE_OID_ARCS - 1) + 5];
	size_t n = 0;
	for (int i = 0; i < ICE_OID_ARCS; i++)
		for (int k = 0; k < 5; k++)
			bytes[n++] = k == 0 ? 0x8f : k < 4 ? 0xff : 0x7f;
	assert_false(ice_oid_valid(bytes, n)); /* 129 arcs, as the first number holds two */
	n -= 5;
	assert_true(ice_oid_valid(bytes, n));
	assert_int_equal(strlen(ice_oid_format(bytes, n, out)), 127 * 11 + 1);

	uint32_t arcs[4];
	oid = of("1.3.6.1.2");
	assert_int_equal(ice_oid_arcs(oid.bytes, oid.len, arcs, 4), 0);
	assert_int_equal(ice_oid_arcs(oid.bytes, 1, arcs, 1), 0);
	assert_int_equal(ice_oid_arcs(oid.bytes, oid.len - 1, arcs, 4), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(text_goes_there_and_back),
	        cmocka_unit_test(refuses_bad_text),
	        cmocka_unit_test(validity_is_by_the_book),
	        cmocka_unit_test(refuses_bad_octets),
	        cmocka_unit_test(order_is_by_arcs),
	        cmocka_unit_test(ancestors),
	        cmocka_unit_test(limits_hold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
