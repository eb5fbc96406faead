#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "agent/subnets.h"

static struct ice_subnets subnets;

static void add(uint32_t address, ice_usec rtt)
{
	struct ice_address a = ice_address_v4(address);
	ice_subnets_add(&subnets, &a, rtt);
}

static void test_the_slowest_come_first(void **state)
{
	(void)state;
	struct ice_subnet out[2];
	char text[ICE_SUBNET_TEXT_SIZE];
	memset(&subnets, 0, sizeof(subnets));
	add(0x0a010203, 1000);
	add(0x0a010204, 3000);
	add(0x0a010305, 900);
	add(0x0a010406, 50000);
	assert_int_equal(ice_subnets_slowest(&subnets, out, 2), 2);
	assert_string_equal(ice_subnet_format(&out[0], text), "10.1.4.0/24");
	assert_string_equal(ice_subnet_format(&out[1], text), "10.1.2.0/24");
	assert_int_equal(out[1].devices, 2);
	assert_int_equal(ice_subnet_mean(&out[1]), 2000);
}

static void test_the_slow_survive_a_crowd(void **state)
{
	(void)state;
	struct ice_subnet out[10];
	memset(&subnets, 0, sizeof(subnets));
	for (uint32_t i = 0; i < 10; i++)
		add(0x0a000001 + (i << 8), 100000 + i);
	for (uint32_t i = 10; i < 65536; i++)
		add(0x0a000001 + (i << 8), 1000 + i % 100);
	assert_int_equal(ice_subnets_slowest(&subnets, out, 10), 10);
	for (int i = 0; i < 10; i++)
		assert_int_equal(ice_subnet_mean(&out[i]), 100009 - i);
}

static void test_nothing_is_nothing(void **state)
{
	(void)state;
	struct ice_subnet out[1];
	memset(&subnets, 0, sizeof(subnets));
	assert_int_equal(ice_subnets_slowest(&subnets, out, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_slowest_come_first),
	        cmocka_unit_test(test_the_slow_survive_a_crowd),
	        cmocka_unit_test(test_nothing_is_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
