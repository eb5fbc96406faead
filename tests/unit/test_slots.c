/* Slots: request ids and the queues of what is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ice/scanner.h"
#include "sweep/slots.h"

/* In the widest window ten bits of an id are random: every thousandth question would repeat the last one's id by chance, and a late
 * answer to that would fit. */
static void test_the_next_question_has_another_id(void **state)
{
	(void)state;
	struct slots s;
	struct ice_random random;
	struct ice_address a = ice_address_v4(0x7f000001);
	slots_init(&s, ICE_SCANNER_WINDOW_MAX, 0);
	ice_random_seed(&random, 1);
	uint32_t i = slots_take(&s, &a);
	for (int n = 0; n < 100000; n++) {
		uint32_t last = s.at[i].id;
		slots_question(&s, i, &random);
		assert_int_not_equal(s.at[i].id, last);
		assert_int_equal(slots_find(&s, s.at[i].id), i);
		assert_in_range(s.at[i].id, ICE_SNMP_ID_BASE, INT32_MAX);
	}
	slots_free(&s, i);
	slots_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_next_question_has_another_id)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
