#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ice/record.h"

/* The README's example, character for character: members in their order, integers as integers. */
static const char example[] =
        "{\"ip\":\"10.1.2.3\",\"mac\":\"00:1b:a9:f4:15:2c\",\"name\":\"BRN001BA9F4152C\",\"make\":\"Brother\","
        "\"model\":\"HL-5370DW\",\"serial\":\"E1J123456\",\"location\":\"3rd floor\","
        "\"pages\":{\"total\":12345,\"unit\":\"impressions\",\"mono\":12000,\"color\":345},"
        "\"supplies\":[{\"name\":\"Black Toner\",\"type\":\"toner\",\"color\":\"black\",\"class\":\"consumed\","
        "\"state\":\"exact\",\"percent\":43,\"level\":4300,\"capacity\":10000,\"unit\":\"impressions\"}],"
        "\"status\":\"idle\",\"errors\":[\"lowToner\"],"
        "\"alerts\":[{\"severity\":\"warning\",\"group\":\"markerSupplies\",\"code\":\"markerTonerAlmostEmpty\"}],"
        "\"read_at\":\"2026-11-22T09:41:00Z\"}";

static void expect_json(const struct ice_record *r, const char *wanted)
{
	size_t len;
	char *json = ice_record_to_json(r, &len);
	assert_string_equal(json, wanted);
	assert_int_equal(len, strlen(wanted));
	free(json);
}

static bool reads(struct ice_record *r, const char *json)
{
	char why[160];
	bool ok = ice_record_from_json(json, strlen(json), r, why, sizeof(why));
	assert_true(ok || why[0]); /* a refusal has a reason */
	return ok;
}

static void test_example_there_and_back(void **state)
{
	(void)state;
	struct ice_record r;
	assert_true(reads(&r, example));
	assert_string_equal(r.model, "HL-5370DW");
	assert_int_equal(r.pages[ICE_PAGES_TOTAL], 12345);
	assert_int_equal(r.pages[ICE_PAGES_FAX], -1);
	assert_int_equal(r.supply_count, 1);
	assert_int_equal(r.read_at, 1795340460);
	expect_json(&r, example);
}

static void test_absent_facts_are_absent(void **state)
{
	(void)state;
	struct ice_record r;
	ice_record_init(&r);
	expect_json(&r, "{}");
	r.supply_count = 1;
	r.supplies[0].state = ICE_SUPPLY_SOME;
	expect_json(&r, "{\"supplies\":[{\"state\":\"some\"}]}");
	assert_true(reads(&r, "{}"));
	assert_null(r.name);
	assert_int_equal(r.read_at, 0);
}

static void test_percent_has_one_decimal_and_no_noise(void **state)
{
	(void)state;
	static const struct {
		double percent;
		const char *shown;
	} rows[] = {{0, "0"},        {43, "43"},      {100, "100"},  {68.8, "68.8"},         {33.333333, "33.3"},
	            {99.96, "100"},  {0.04, "0"},     {0.05, "0.1"}, {14.299999999, "14.3"}, {1e12, "1000000000000"},
	            {66.67, "66.7"}, {130.5, "130.5"}};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ice_record r;
		char wanted[128];
		ice_record_init(&r);
		r.supply_count = 1;
		r.supplies[0].has_percent = true;
		r.supplies[0].percent = rows[i].percent;
		snprintf(wanted, sizeof(wanted), "{\"supplies\":[{\"state\":\"exact\",\"percent\":%s}]}",
		         rows[i].shown);
		expect_json(&r, wanted);
		assert_true(reads(&r, wanted));
		expect_json(&r, wanted);
	}
}

static void test_text_is_escaped(void **state)
{
	(void)state;
	struct ice_record r;
	ice_record_init(&r);
	r.name = ice_record_text(&r, "a\"b\\c/\xc3\xa4");
	expect_json(&r, "{\"name\":\"a\\\"b\\\\c/\xc3\xa4\"}");
}

static void test_text_is_cleaned_again(void **state)
{
	(void)state;
	struct ice_record r;
	assert_true(reads(&r, "{\"name\":\"  a\\u0007b\\n\\u202ec  \",\"location\":\"\\u200b\"}"));
	assert_non_null(r.name);
	assert_null(strpbrk(r.name, "\a\n"));
	assert_null(strstr(r.name, "\xe2\x80\xae"));
	assert_null(r.location);
}

static void test_link_local_address_goes_without_its_interface(void **state)
{
	(void)state;
	struct ice_record r;
	char identity[ICE_RECORD_IDENTITY_SIZE];
	ice_record_init(&r);
	assert_true(ice_address_parse("fe80::1", &r.ip));
	r.ip.scope = 1;
	expect_json(&r, "{\"ip\":\"fe80::1\"}");
	assert_string_equal(ice_record_identity(&r, identity), "ip/fe80::1");
	assert_false(reads(&r, "{\"ip\":\"fe80::1%lo\"}"));
}

static void test_a_total_that_went_back_says_how(void **state)
{
	(void)state;
	static const struct {
		int64_t before, total, seconds;
		const char *json; /* all of "since"; NULL = nothing */
	} cases[] = {
	        {-1, 5, 3600, NULL},
	        {100, 100, 3600, NULL},
	        {100, 101, 3600, NULL},
	        {100, -1, 3600, NULL},
	        /* the four ends, an hour later, and up to the last page that can have been printed in it */
	        {999990, 15, 3600, "{\"kind\":\"wrap\",\"from\":999990,\"modulus\":1000000}"},
	        {16777215, 0, 3600, "{\"kind\":\"wrap\",\"from\":16777215,\"modulus\":16777216}"},
	        {2147483000, 900, 3600, "{\"kind\":\"wrap\",\"from\":2147483000,\"modulus\":2147483648}"},
	        {4294967295, 36999, 3600, "{\"kind\":\"wrap\",\"from\":4294967295,\"modulus\":4294967296}"},
	        {4294967295, 37000, 3600, "{\"kind\":\"reset\",\"from\":4294967295}"},
	        /* a year later, and when nobody knows how much later */
	        {16700000, 200000, 31536000, "{\"kind\":\"wrap\",\"from\":16700000,\"modulus\":16777216}"},
	        {16700000, 200000, -1, "{\"kind\":\"wrap\",\"from\":16700000,\"modulus\":16777216}"},
	        {16700000, 200000, 60, "{\"kind\":\"reset\",\"from\":16700000}"},
	        /* not near any end, however much later */
	        {500000, 10, 31536000, "{\"kind\":\"reset\",\"from\":500000}"},
	        {999990, 500000, 31536000, "{\"kind\":\"reset\",\"from\":999990}"},
	        {1000001, 3, 3600, "{\"kind\":\"reset\",\"from\":1000001}"},
	        {INT64_MAX, 3, INT64_MAX, "{\"kind\":\"reset\",\"from\":9223372036854775807}"},
	        /* the current was cut: pages that were never written down */
	        {12345, 12336, 3600, "{\"kind\":\"setback\",\"from\":12345}"},
	        {12345, 12245, 3600, "{\"kind\":\"setback\",\"from\":12345}"},
	        {12345, 12244, 3600, "{\"kind\":\"reset\",\"from\":12345}"},
	        {60, 0, 3600, "{\"kind\":\"reset\",\"from\":60}"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ice_record r, again;
		char json[200];
		size_t len;
		ice_record_init(&r);
		r.pages[ICE_PAGES_TOTAL] = cases[i].total;
		ice_record_since(&r, cases[i].before, cases[i].seconds);
		char *text = ice_record_to_json(&r, &len);
		if (cases[i].total < 0)
			snprintf(json, sizeof(json), "{}");
		else
			snprintf(json, sizeof(json), "{\"pages\":{\"total\":%lld%s%s}}", (long long)cases[i].total,
			         cases[i].json ? ",\"since\":" : "", cases[i].json ? cases[i].json : "");
		assert_string_equal(text, json);
		free(text);
		assert_true(reads(&again, json));
		expect_json(&again, json);
		/* No volume is negative. */
		if (again.pages_since == ICE_PAGES_SINCE_WRAP)
			assert_true(again.pages[ICE_PAGES_TOTAL] + again.pages_modulus - again.pages_from > 0);
	}
}

static void test_the_operators_words_are_told_as_theirs(void **state)
{
	(void)state;
	struct ice_record r;
	const char *json = "{\"location\":\"3rd floor\",\"location_tag\":\"Building 7\"}";
	assert_true(reads(&r, json));
	assert_string_equal(r.location_tag, "Building 7");
	expect_json(&r, json);
}

static void test_strangers_bytes_are_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {
	        "",
	        "{",
	        "[]",
	        "null",
	        "{}x",
	        "{\"name\":null}",
	        "{\"name\":1}",
	        "{\"name\":[\"x\"]}",
	        "{\"name\":\"a\",\"name\":\"b\"}",
	        "{\"name\":\"a\\u0000b\"}",
	        "{\"name\":\"\xff\"}",
	        "{\"ip\":\"printer\"}",
	        "{\"ip\":1}",
	        "{\"mac\":\"001ba9f4152c\"}",
	        "{\"mac\":\"00:1b:a9:f4:15:2\"}",
	        "{\"mac\":\"00:1b:a9:f4:15:2g\"}",
	        "{\"pages\":[]}",
	        "{\"pages\":{\"total\":-1}}",
	        "{\"pages\":{\"total\":1.5}}",
	        "{\"pages\":{\"total\":\"1\"}}",
	        "{\"pages\":{\"total\":99999999999999999999}}",
	        "{\"pages\":{\"unit\":5}}",
	        "{\"pages\":{\"total\":1,\"since\":7}}",
	        "{\"pages\":{\"total\":1,\"since\":{}}}",
	        "{\"pages\":{\"total\":1,\"since\":{\"kind\":\"reset\"}}}",
	        "{\"pages\":{\"total\":1,\"since\":{\"kind\":\"other\",\"from\":2}}}",
	        "{\"pages\":{\"total\":2,\"since\":{\"kind\":\"reset\",\"from\":2}}}",
	        "{\"pages\":{\"total\":2,\"since\":{\"kind\":\"reset\",\"from\":\"9\"}}}",
	        "{\"pages\":{\"mono\":2,\"since\":{\"kind\":\"reset\",\"from\":9}}}",
	        "{\"pages\":{\"total\":2,\"since\":{\"kind\":\"wrap\",\"from\":9}}}",
	        "{\"pages\":{\"total\":2,\"since\":{\"kind\":\"wrap\",\"from\":9,\"modulus\":9}}}",
	        "{\"location_tag\":1}",
	        "{\"supplies\":{}}",
	        "{\"supplies\":[1]}",
	        "{\"supplies\":[{}]}",
	        "{\"supplies\":[{\"state\":\"full\"}]}",
	        "{\"supplies\":[{\"state\":\"exact\",\"percent\":-1}]}",
	        "{\"supplies\":[{\"state\":\"exact\",\"percent\":\"1\"}]}",
	        "{\"supplies\":[{\"state\":\"exact\",\"percent\":1e300}]}",
	        "{\"supplies\":[{\"state\":\"exact\",\"capacity\":0}]}",
	        "{\"errors\":[\"\"]}",
	        "{\"errors\":[7]}",
	        "{\"alerts\":[[]]}",
	        "{\"alerts\":[{\"code\":5}]}",
	        "{\"status\":true}",
	        "{\"read_at\":5}",
	        "{\"read_at\":\"2026-11-22\"}",
	        "{\"read_at\":\"2026-02-31T00:00:00Z\"}",
	        "{\"read_at\":\"2026-11-22T09:41:00+01:00\"}",
	        "{\"read_at\":\"2026-11-22T09:41:60Z\"}",
	};
	struct ice_record *r = malloc(sizeof(*r));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (reads(r, bad[i]))
			fail_msg("this should be refused: %s", bad[i]);
	assert_true(reads(r, "{\"later\":{\"member\":[null]},\"name\":\"x\"}"));
	assert_string_equal(r->name, "x");
	free(r);
}

static void test_bounds(void **state)
{
	(void)state;
	struct ice_record r;
	size_t size = 65536;
	char *json = malloc(size);
	for (int rows = ICE_RECORD_SUPPLIES; rows <= ICE_RECORD_SUPPLIES + 1; rows++) {
		strcpy(json, "{\"supplies\":[");
		for (int i = 0; i < rows; i++)
			strcat(json, i ? ",{\"state\":\"low\"}" : "{\"state\":\"low\"}");
		strcat(json, "]}");
		assert_int_equal(reads(&r, json), rows == ICE_RECORD_SUPPLIES);
	}
	for (size_t text = ICE_RECORD_POOL - 2; text <= ICE_RECORD_POOL; text++) {
		strcpy(json, "{\"name\":\"");
		memset(json + strlen(json), 'x', text + 1);
		strcpy(json + 9 + text, "\"}");
		assert_int_equal(reads(&r, json), text <= ICE_RECORD_POOL - 1);
	}
	memset(json, '[', size - 1);
	json[size - 1] = '\0';
	assert_false(reads(&r, json)); /* deeper than any record */
	free(json);
}

static void expect_identity(const char *make, const char *serial, bool mac, const char *ip, const char *wanted)
{
	struct ice_record r;
	char identity[ICE_RECORD_IDENTITY_SIZE];
	ice_record_init(&r);
	r.make = make;
	r.serial = serial;
	r.has_mac = mac;
	r.mac[5] = 0x2c;
	if (ip)
		assert_true(ice_address_parse(ip, &r.ip));
	assert_string_equal(ice_record_identity(&r, identity), wanted);
}

static void test_identity(void **state)
{
	(void)state;
	expect_identity("Brother", "E1J123456", true, "10.0.0.1", "brother/E1J123456");
	expect_identity("BROTHER", " e1j123456 ", false, NULL, "brother/E1J123456");
	expect_identity("Konica  Minolta", "A1 B2  C3", false, NULL, "konica minolta/A1 B2 C3");
	expect_identity("a/b", "X/1234", false, NULL, "a-b/X/1234");
	expect_identity("HP", "unknown", true, "10.0.0.1", "mac/00:00:00:00:00:2c");
	expect_identity("HP", NULL, false, "10.0.0.1", "ip/10.0.0.1");
	expect_identity(NULL, "E1J123456", true, NULL, "mac/00:00:00:00:00:2c");
	expect_identity(NULL, "E1J123456", false, "10.0.0.1", "?/E1J123456");
	expect_identity(NULL, NULL, false, NULL, "");
}

static void test_identity_is_cut_between_characters(void **state)
{
	(void)state;
	struct ice_record r;
	char identity[ICE_RECORD_IDENTITY_SIZE], serial[600] = "ABXD";
	for (size_t i = 4; i + 2 < sizeof(serial); i += 2)
		memcpy(serial + i, "\xc3\xa4", 3);
	ice_record_init(&r);
	r.make = "M";
	r.serial = serial;
	ice_record_identity(&r, identity);
	assert_int_equal(strlen(identity), 318); /* 2 + 4 + 2 x 156: one more would not fit whole */
	assert_int_equal((unsigned char)identity[317], 0xa4);
}

static void test_serials_that_do_not_identify(void **state)
{
	(void)state;
	static const char *const shared[] = {"",          "   ",           "-",         "0000000000", "xxxxxxxx",
	                                     "XXXXXXXX",  "******",        "unknown",   "n/a",        "N.A.",
	                                     "none",      "serial_number", "123456789", "1234567890", "0123456789",
	                                     "987654321", "Serial Number", "abcdefgh",  "not set",    "12",
	                                     "1111-1111", "NULL"};
	static const char *const own[] = {"E1J123456", "CNB1234567", "X0000001", "A123", "112233", "123457"};
	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (ice_record_serial_identifies(shared[i]))
			fail_msg("this serial is anybody's: %s", shared[i]);
	assert_false(ice_record_serial_identifies(NULL));
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (!ice_record_serial_identifies(own[i]))
			fail_msg("this serial is a device's own: %s", own[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_example_there_and_back),
	        cmocka_unit_test(test_absent_facts_are_absent),
	        cmocka_unit_test(test_percent_has_one_decimal_and_no_noise),
	        cmocka_unit_test(test_text_is_escaped),
	        cmocka_unit_test(test_text_is_cleaned_again),
	        cmocka_unit_test(test_link_local_address_goes_without_its_interface),
	        cmocka_unit_test(test_a_total_that_went_back_says_how),
	        cmocka_unit_test(test_the_operators_words_are_told_as_theirs),
	        cmocka_unit_test(test_strangers_bytes_are_refused),
	        cmocka_unit_test(test_bounds),
	        cmocka_unit_test(test_identity),
	        cmocka_unit_test(test_identity_is_cut_between_characters),
	        cmocka_unit_test(test_serials_that_do_not_identify),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
