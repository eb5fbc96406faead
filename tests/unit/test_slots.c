/* Slots: request ids and the queues of what is due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ice/scanner.h"
#include "sweep/slots.h"

static struct slots slots;
static struct ice_random chance;

static int make(void **state)
{
	(void)state;
	ice_random_seed(&chance, 1);
	slots_init(&slots, ICE_SCANNER_WINDOW_MAX, &chance, 0);
	return 0;
}

static int destroy(void **state)
{
	(void)state;
	slots_fini(&slots);
	return 0;
}

/* In the widest window ten bits of an id are hard to guess: by chance every thousandth question would repeat an id, and a late answer to
 * that would fit. */
static void test_the_next_questions_have_other_ids(void **state)
{
	(void)state;
	struct ice_address a = ice_address_v4(0x7f000001);
	for (uint32_t nth = 1; nth < 20000; nth++) {
		uint32_t i = slots_take(&slots, &a, nth), ids[4];
		for (int q = 0; q < 4; q++) {
			ids[q] = slots_id(&slots, i);
			assert_int_equal(slots_find(&slots, ids[q]), i);
			assert_in_range(ids[q], ICE_SNMP_ID_BASE, INT32_MAX);
			for (int before = 0; before < q; before++)
				assert_int_not_equal(ids[before], ids[q]);
			slots_question(&slots, i);
		}
		slots_free(&slots, i);
	}
}

static void test_so_have_those_of_a_talk_and_what_follows_it(void **state)
{
	(void)state;
	struct ice_address a = ice_address_v4(0x7f000001);
	for (unsigned questions = 0; questions < 1000; questions++) {
		uint32_t i = slots_take(&slots, &a, questions), ids[1000];
		slots_set_talk(&slots, i, NULL);
		for (unsigned q = 0; q <= questions; q++) {
			ids[q] = slots_id(&slots, i);
			assert_int_equal(slots_find(&slots, ids[q]), i);
			assert_in_range(ids[q], ICE_SNMP_ID_BASE, INT32_MAX);
			for (unsigned before = 0; questions == 999 && before < q; before++)
				assert_int_not_equal(ids[before], ids[q]);
			if (q < questions)
				slots_question(&slots, i);
		}
		slots_ask(&slots, i, &a);
		slots_question(&slots, i);
		assert_int_not_equal(slots_id(&slots, i), ids[questions]);
		slots_free(&slots, i);
	}
}

/* Who has seen any number of ids can foretell no other one's: neither the next address's in the same slot, nor the same's with other secrets. */
static void test_ids_are_spread(void **state)
{
	(void)state;
	struct ice_address a = ice_address_v4(0x7f000001);
	const uint32_t values = 1u << (ICE_SNMP_ID_BITS - slots.bits);
	static unsigned seen[1024], step[1024];
	assert_int_equal(values, 1024);
	uint32_t last = 0;
	for (uint32_t nth = 0; nth < 100 * values; nth++) {
		uint32_t i = slots_take(&slots, &a, nth);
		uint32_t bits = (slots_id(&slots, i) & ~ICE_SNMP_ID_BASE) >> slots.bits;
		seen[bits]++;
		step[(bits - last) % values]++;
		last = bits;
		slots_free(&slots, i);
	}
	for (uint32_t k = 0; k < values; k++) {
		assert_in_range(seen[k], 50, 160); /* of 100; five standard deviations */
		assert_in_range(step[k], 50, 160);
	}
	struct slots other;
	unsigned same = 0;
	slots_init(&other, ICE_SCANNER_WINDOW_MAX, &chance, 0);
	for (uint32_t nth = 0; nth < 100 * values; nth++) {
		uint32_t i = slots_take(&slots, &a, nth), k = slots_take(&other, &a, nth);
		assert_int_equal(i, k);
		same += slots_id(&slots, i) == slots_id(&other, k);
		slots_free(&slots, i);
		slots_free(&other, k);
	}
	assert_in_range(same, 50, 160);
	slots_fini(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_the_next_questions_have_other_ids, make, destroy),
	        cmocka_unit_test_setup_teardown(test_so_have_those_of_a_talk_and_what_follows_it, make, destroy),
	        cmocka_unit_test_setup_teardown(test_ids_are_spread, make, destroy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
