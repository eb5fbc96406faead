#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include "ice/address.h"
#include "ice/random.h"

static struct ice_address address(const char *text)
{
	struct ice_address a;
	if (!ice_address_parse(text, &a))
		fail_msg("\"%s\" was refused", text);
	return a;
}

static void check_text(const char *text, const char *want)
{
	char out[ICE_ADDRESS_TEXT_SIZE];
	struct ice_address a = address(text);
	assert_string_equal(ice_address_format(&a, out), want);
}

static void test_parse_and_format(void **state)
{
	(void)state;
	check_text("0.0.0.0", "0.0.0.0");
	check_text("10.1.2.3", "10.1.2.3");
	check_text("255.255.255.255", "255.255.255.255");
	check_text("::", "::");
	check_text("::1", "::1");
	check_text("FE80:0:0:0:0:0:0:1", "fe80::1");
	/* RFC 5952 section 4: the longest run of zeros, the first of two, never a single one; lower case */
	check_text("2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
	check_text("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
	check_text("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
	check_text("fd00:0001:0002:0003:0004:0005:0006:0007", "fd00:1:2:3:4:5:6:7");
	check_text("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	/* a mapped address is its IPv4 self */
	check_text("::ffff:10.1.2.3", "10.1.2.3");
	check_text("::ffff:a01:203", "10.1.2.3");
}

static void test_parse_refuses(void **state)
{
	(void)state;
	static const char *const wrong[] = {
	        "",
	        " ",
	        "10.1",
	        "10",
	        "10.1.2",
	        "10.1.2.3.4",
	        "10.1.2.256",
	        "10.1.2.-3",
	        "10.1.2.3 ",
	        " 10.1.2.3",
	        "010.1.2.3",
	        "10.1.2.03",
	        "0x0a.1.2.3",
	        "167838211",
	        "10.1.2.3/32",
	        "10..2.3",
	        "10.1.2.",
	        ".10.1.2.3",
	        "localhost",
	        "printer",
	        "1.2.3.4%lo",
	        ":",
	        ":::",
	        "1::2::3",
	        "12345::",
	        "g::1",
	        "::1%lo",
	        "fd00::1%1",
	        "fe80::1%",
	        "fe80::1%no-such-if",
	        "fe80::1%0",
	        "fe80::1%-1",
	        "fe80::1%1x",
	        "fe80::1%01",
	        "[::1]",
	        "1:2:3:4:5:6:7",
	        "1:2:3:4:5:6:7:8:9",
	        "::ffff:10.1.2",
	        "::10.1.2.256",
	        "fe80::1%99999999999",
	        "fe80::1%2147483648",
	        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	        "fe80::1%%lo",
	        "%lo",
	        "%",
	        "10.1.2.3\n",
	        "10,1,2,3",
	        "１0.1.2.3",
	};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct ice_address a = {1, 2, 3};
		if (ice_address_parse(wrong[i], &a))
			fail_msg("\"%s\" was taken for an address", wrong[i]);
		assert_true(a.hi == 1 && a.lo == 2 && a.scope == 3);
	}
}

static void test_scope(void **state)
{
	(void)state;
	char text[ICE_ADDRESS_TEXT_SIZE];
	unsigned lo = if_nametoindex("lo");
	if (lo == 0)
		skip();
	struct ice_address named = address("fe80::1%lo"), plain = address("fe80::1"),
	                   high = address("febf:ffff::1%77777777");
	assert_int_equal(named.scope, lo);
	assert_int_equal(plain.scope, 0);
	assert_string_equal(ice_address_format(&named, text), "fe80::1%lo");
	assert_string_equal(ice_address_format(&high, text), "febf:ffff::1%77777777");
	snprintf(text, sizeof(text), "fe80::1%%%u", lo);
	struct ice_address numbered = address(text);
	assert_true(ice_address_same(&named, &numbered));
	assert_false(ice_address_same(&named, &plain));
	assert_true(ice_address_compare(&plain, &named) < 0);
}

static void test_order_is_numeric_in_both_families(void **state)
{
	(void)state;
	static const char *const sorted[] = {
	        "::",         "::1",    "0.0.0.0", "9.255.255.255", "10.0.0.0",   "127.0.0.1", "255.255.255.255",
	        "2001:db8::", "fc00::", "fe80::1", "fe80::2",       "fe80::1%lo", "ff02::1"};
	for (size_t i = 0; i < sizeof(sorted) / sizeof(sorted[0]); i++) {
		for (size_t j = 0; j < sizeof(sorted) / sizeof(sorted[0]); j++) {
			struct ice_address a = address(sorted[i]), b = address(sorted[j]);
			int order = ice_address_compare(&a, &b);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			assert_int_equal(ice_address_same(&a, &b), i == j);
		}
	}
	struct ice_address a = address("10.0.0.255");
	a.lo++;
	struct ice_address b = address("10.0.1.0");
	assert_true(ice_address_same(&a, &b));
}

static void test_internal_borders(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool internal;
	} cases[] = {
	        {"9.255.255.255", false},
	        {"10.0.0.0", true},
	        {"10.255.255.255", true},
	        {"11.0.0.0", false},
	        {"100.63.255.255", false},
	        {"100.64.0.0", true},
	        {"100.127.255.255", true},
	        {"100.128.0.0", false},
	        {"126.255.255.255", false},
	        {"127.0.0.0", true},
	        {"127.255.255.255", true},
	        {"128.0.0.0", false},
	        {"169.253.255.255", false},
	        {"169.254.0.0", true},
	        {"169.254.255.255", true},
	        {"169.255.0.0", false},
	        {"172.15.255.255", false},
	        {"172.16.0.0", true},
	        {"172.31.255.255", true},
	        {"172.32.0.0", false},
	        {"192.167.255.255", false},
	        {"192.168.0.0", true},
	        {"192.168.255.255", true},
	        {"192.169.0.0", false},
	        {"0.0.0.0", false},
	        {"8.8.8.8", false},
	        {"224.0.0.1", false},
	        {"255.255.255.255", false},
	        {"::", false},
	        {"::1", true},
	        {"::2", false},
	        {"fbff:ffff::", false},
	        {"fc00::", true},
	        {"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
	        {"fe00::", false},
	        {"fe7f:ffff::1", false},
	        {"fe80::", true},
	        {"febf:ffff:ffff:ffff::1", true},
	        {"fec0::1", false},
	        {"ff02::1", false},
	        {"2001:db8::1", false},
	        {"::ffff:10.0.0.1", true},
	        {"::ffff:8.8.8.8", false},
	        {"::10.0.0.1", false},
	        {"64:ff9b::10.0.0.1", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ice_address a = address(cases[i].text);
		if (ice_address_is_internal(&a) != cases[i].internal)
			fail_msg("%s: internal should be %d", cases[i].text, cases[i].internal);
	}
}

static void test_unicast_borders(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool unicast;
	} cases[] = {
	        {"0.0.0.0", false},
	        {"0.255.255.255", false},
	        {"1.0.0.0", true},
	        {"127.0.0.1", true},
	        {"223.255.255.255", true},
	        {"224.0.0.0", false},
	        {"239.255.255.255", false},
	        {"240.0.0.0", false},
	        {"255.255.255.254", false},
	        {"255.255.255.255", false},
	        {"::", false},
	        {"::1", true},
	        {"feff::1", true},
	        {"ff00::", false},
	        {"ff02::1", false},
	        {"fe80::1", true},
	        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	        {"::ffff:224.0.0.1", false},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ice_address a = address(cases[i].text);
		if (ice_address_is_unicast(&a) != cases[i].unicast)
			fail_msg("%s: unicast should be %d", cases[i].text, cases[i].unicast);
	}
}

static void test_sockaddr_roundtrip(void **state)
{
	(void)state;
	static const char *const texts[] = {"10.1.2.3", "255.255.255.255", "::1", "2001:db8::1", "fe80::1"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct sockaddr_storage sa;
		struct ice_address a = address(texts[i]), b;
		uint16_t port;
		if (i == 4)
			a.scope = 7;
		socklen_t n = ice_address_to_sockaddr(&a, 161, &sa);
		assert_int_equal(n, i < 2 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
		assert_true(ice_address_from_sockaddr((struct sockaddr *)&sa, &b, &port));
		assert_true(ice_address_same(&a, &b));
		assert_int_equal(port, 161);
	}
	struct sockaddr_storage other = {.ss_family = AF_UNIX};
	struct ice_address a;
	uint16_t port;
	assert_false(ice_address_from_sockaddr((struct sockaddr *)&other, &a, &port));
}

static void test_a_mapped_peer_is_its_ipv4_self(void **state)
{
	(void)state;
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(161), .sin6_scope_id = 5};
	struct ice_address a, want = ice_address_v4(0x0a010203);
	uint16_t port;
	inet_pton(AF_INET6, "::ffff:10.1.2.3", &in6.sin6_addr);
	assert_true(ice_address_from_sockaddr((struct sockaddr *)&in6, &a, &port));
	assert_true(ice_address_same(&a, &want));
	assert_true(ice_address_is_v4(&a));
	/* a scope on an address that has no need of one would make two of one host */
	inet_pton(AF_INET6, "fd00::1", &in6.sin6_addr);
	assert_true(ice_address_from_sockaddr((struct sockaddr *)&in6, &a, &port));
	assert_int_equal(a.scope, 0);
}

static void test_text_roundtrip_of_many(void **state)
{
	(void)state;
	struct ice_random r;
	ice_random_seed(&r, 1);
	for (int i = 0; i < 20000; i++) {
		char text[ICE_ADDRESS_TEXT_SIZE];
		struct ice_address a = {ice_random_next(&r), ice_random_next(&r), 0}, b;
		/* runs of zeros are where the text form is difficult */
		uint64_t holes = ice_random_next(&r);
		for (int k = 0; k < 4; k++) {
			if (holes >> k & 1)
				a.hi &= ~(UINT64_C(0xffff) << 16 * k);
			if (holes >> (k + 4) & 1)
				a.lo &= ~(UINT64_C(0xffff) << 16 * k);
		}
		if (i % 4 == 0)
			a = ice_address_v4((uint32_t)a.lo);
		assert_true(ice_address_parse(ice_address_format(&a, text), &b));
		assert_true(ice_address_same(&a, &b));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_parse_and_format),
	        cmocka_unit_test(test_parse_refuses),
	        cmocka_unit_test(test_scope),
	        cmocka_unit_test(test_order_is_numeric_in_both_families),
	        cmocka_unit_test(test_internal_borders),
	        cmocka_unit_test(test_unicast_borders),
	        cmocka_unit_test(test_sockaddr_roundtrip),
	        cmocka_unit_test(test_a_mapped_peer_is_its_ipv4_self),
	        cmocka_unit_test(test_text_roundtrip_of_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
