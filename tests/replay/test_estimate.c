/* How long a sweep is said to take, against how long it takes, in virtual time and in the order of real ones. */
#include "ice/estimate.h"
#include "replay/network.h"

static struct ice_leg *leg_of(struct ice_plan *plan, const char *text, size_t communities)
{
	static const char *const names[] = {"public", "second", "third one", "4"};
	struct ice_leg *leg = ice_plan_add(plan, "r");
	char why[ICE_RANGE_WHY_SIZE];
	assert_true(ice_range_add(leg->range, text, why, sizeof why));
	assert_true(ice_range_seal(leg->range, why, sizeof why));
	for (size_t i = 0; i < communities; i++)
		assert_true(ice_leg_community(leg, names[i], why, sizeof why));
	return leg;
}

static struct ice_estimate estimate(const struct ice_plan *plan, const struct ice_estimate_pace *pace)
{
	struct ice_estimate e;
	struct ice_neighbours *none = ice_neighbours_new(NULL, NULL);
	ice_estimate_leg(plan, plan->count - 1, pace, none, &e);
	ice_neighbours_free(none);
	return e;
}

/* A sweep of `text` that nobody answers takes as long as is said, but for a fifth; and is said to be bounded by what it was. */
static void check(const char *text, size_t communities, struct ice_estimate_pace pace)
{
	struct ice_plan plan = {0};
	struct ice_range *range = leg_of(&plan, text, communities)->range;
	struct ice_estimate e = estimate(&plan, &pace);
	struct network *n = network_new(1);
	struct ice_cursor cursor;
	ice_cursor_init(&cursor, range, 7, 0, 0, 1);
	n->cursor = &cursor;
	n->first = (uint32_t)ice_range_at(range, 0).lo;
	n->count = (uint32_t)ice_range_at(range, ice_range_count(range) - 1).lo - n->first + 1;
	n->options.rate = pace.rate;
	n->options.retries = pace.retries;
	n->options.timeout = pace.timeout;
	n->options.window = pace.window;
	n->options.subnet_cap = pace.subnet_cap;
	n->options.community_count = communities;
	assert_true(network_run(n, ICE_USEC_SEC(1000000)));
	network_check(n);
	struct ice_scanner_counters c = network_counters(n);
	assert_int_equal(c.targets, e.addresses);
	assert_int_equal(c.probes_sent, e.packets_most);
	double took = (double)n->now / 1e6;
	if (e.seconds < 0.8 * took || e.seconds > 1.2 * took)
		fail_msg("%s, %zu communities, rate %d, window %d, cap %d, timeout %d, retries %d: %.2f s are said, "
		         "%.2f taken",
		         text, communities, (int)pace.rate, (int)pace.window, (int)pace.subnet_cap, (int)pace.timeout,
		         (int)pace.retries, e.seconds, took);
	/* who is said to bound it bounds it for a good part of the time */
	if (e.bound != ICE_BOUND_TARGETS)
		assert_true(5 * c.bound[e.bound] >= (uint64_t)n->now);
	network_free(n);
	ice_plan_free(&plan);
}

static void test_silent_ranges(void **state)
{
	(void)state;
	static const char *const ranges[] = {"10.1.2.0/24", "10.1.0.0/20", "10.1.0.0/18",
	                                     "10.1.0.0/24 10.1.1.0/25 10.1.2.1-9 10.1.9.64-200"};
	static const uint64_t rates[] = {0, 100, 1000, 10000};
	static const uint32_t windows[] = {64, 1024, 65536}, caps[] = {0, 4, 32};
	for (size_t i = 0; i < 4 * 4 * 3 * 3 * 2 * 3; i++)
		check(ranges[i % 4], 1,
		      (struct ice_estimate_pace){.rate = rates[i / 4 % 4],
		                                 .window = windows[i / 16 % 3],
		                                 .subnet_cap = caps[i / 48 % 3],
		                                 .timeout = i / 144 % 2 ? MS(500) : 0,
		                                 .retries = (unsigned)(i / 288)});
	for (size_t communities = 2; communities <= 4; communities++)
		check(ranges[1], communities,
		      (struct ice_estimate_pace){.rate = 1000, .window = 4096, .subnet_cap = 32, .retries = 1});
	/* as configured unless told otherwise */
	check("10.1.0.0/16", 1,
	      (struct ice_estimate_pace){.rate = 10000, .window = 4096, .subnet_cap = 32, .retries = 1});
}

/* A subnet counts with what is asked there: not with what an earlier range asks. */
static void test_overlaps(void **state)
{
	(void)state;
	const struct ice_estimate_pace pace = {.window = 4096, .subnet_cap = 32};
	struct ice_plan plan = {0};
	leg_of(&plan, "10.1.2.0-255", 1);
	assert_true(estimate(&plan, &pace).seconds == 8);
	leg_of(&plan, "10.1.2.0-255 10.1.3.0-127", 1);
	assert_true(estimate(&plan, &pace).seconds == 4);
	leg_of(&plan, "10.1.3.64-191", 1);
	assert_true(estimate(&plan, &pace).seconds == 2);
	leg_of(&plan, "10.1.3.64-191", 1);
	struct ice_estimate nothing = estimate(&plan, &pace);
	assert_true(nothing.seconds == 0 && nothing.addresses == 0);
	ice_plan_free(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_silent_ranges), cmocka_unit_test(test_overlaps)};
	(void)network_device; /* nobody is there */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
