/* The cache of requests: what it gives is what a build gives, whoever asked before, and is nobody's lasting request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ice/random.h"

#include "printer/requests.h"

static void a_cached_request_is_as_if_built(void **state)
{
	static const struct ice_secret communities[] = {{.len = 6, .bytes = "public"}, {.len = 7, .bytes = "private"}};
	static const char *const texts[] = {"1.3.6.1.2.1.1.5.0", "1.3.6.1.2.1.43.5.1.1.17.1",
	                                    "1.3.6.1.2.1.25.3.5.1.1.1", "1.3.6.1.4.1.2435.2.3.9.1.1.7.0"};
	enum { NAMES = 3 };
	struct ice_request_cache *cache = ice_request_cache_new();
	struct ice_random random;
	(void)state;
	ice_random_seed(&random, 8);
	for (int i = 0; i < 3000; i++) {
		struct ice_request_key key = {
		        .version = ICE_SNMP_V2C, .pdu = ICE_SNMP_GET, .varies = ICE_REQUEST_NAMES};
		const struct ice_secret *community = &communities[ice_random_below(&random, 2)];
		struct ice_oid oids[NAMES];
		struct ice_snmp_request got, built;
		struct ice_request_name names[ICE_REQUEST_NAMES];
		for (size_t k = 0; k < NAMES; k++)
			assert_true(ice_oid_parse(texts[ice_random_below(&random, 4)], &oids[k]));
		if (ice_random_below(&random, 2) == 0) {
			key.varies = (unsigned)ice_random_below(&random, NAMES);
			oids[key.varies].bytes[oids[key.varies].len - 1] = (uint8_t)ice_random_below(&random, 100);
		}
		memset(&got, 0xff, sizeof(got));
		assert_true(ice_request_get(cache, &key, community, oids, NAMES, &got, names));
		assert_true(ice_snmp_build(&built, key.version, community, key.pdu, oids, NAMES, 0));
		assert_int_equal(got.len, built.len);
		assert_int_equal(got.id_at, built.id_at);
		assert_int_equal(got.lasting, 0);
		assert_memory_equal(got.bytes, built.bytes, built.len);
		for (size_t k = 0; k < NAMES; k++)
			assert_memory_equal(got.bytes + names[k].at, oids[k].bytes, oids[k].len);
	}
	ice_request_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(a_cached_request_is_as_if_built)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
