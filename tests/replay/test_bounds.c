/* What bounded the rate: sweeps in virtual time, each held back by one thing, which must be told. */
#include "replay/network.h"

/* The share of time of one bound. */
static double share(const struct network *n, enum ice_bound b)
{
	struct ice_scanner_counters c = network_counters(n);
	uint64_t all = 0;
	for (size_t i = 0; i < ICE_BOUND_COUNT; i++)
		all += c.bound[i];
	return all ? (double)c.bound[b] / (double)all : 0;
}

/* All the time since the scanner was made is charged to something, and nothing twice. */
static void check_sum(const struct network *n)
{
	struct ice_scanner_counters c = network_counters(n);
	uint64_t all = 0;
	for (size_t i = 0; i < ICE_BOUND_COUNT; i++)
		all += c.bound[i];
	assert_true(all <= (uint64_t)n->now && all + (uint64_t)ICE_USEC_SEC(1) > (uint64_t)n->now);
}

static void check_most(const struct network *n, enum ice_bound wanted, double least)
{
	check_sum(n);
	for (size_t i = 0; share(n, wanted) < least && i < ICE_BOUND_COUNT; i++)
		print_message("%s: %.3f\n", ice_bound_name((enum ice_bound)i), share(n, (enum ice_bound)i));
	assert_true(share(n, wanted) >= least);
	if (ice_scanner_idle(n->scanner))
		network_check(n);
}

/* A /24 of silent addresses at a rate that would do them in a moment, eight at a time: it is the cap, not the rate. */
static void test_cap_per_subnet(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->first = 0x0a000000;
	n->count = 256;
	n->options.subnet_cap = 8;
	n->options.rate = 1000;
	assert_true(network_run(n, ICE_USEC_SEC(1000)));
	check_most(n, ICE_BOUND_SUBNET, 0.9); /* 32 times 2 s, the last 2 s of which wait for answers alone */
	assert_true(share(n, ICE_BOUND_TARGETS) > 0.02 && share(n, ICE_BOUND_TARGETS) < 0.05);
	network_free(n);
}

static void test_window(void **state)
{
	(void)state;
	static const uint64_t rates[] = {0, 20, 1000};
	for (size_t i = 0; i < 3; i++) {
		struct network *n = network_new(1);
		n->count = 400;
		n->options.window = 8;
		n->options.rate = rates[i];
		assert_true(network_run(n, ICE_USEC_SEC(1000)));
		check_most(n, ICE_BOUND_WINDOW, 0.9);
		network_free(n);
	}
}

/* Retries come due in a bunch, more than one pump may send: what they wait for is our own turn, whatever the window holds. */
static void test_a_bunch_of_retries(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 100000;
	n->options.window = 4608;
	n->options.retries = 4;
	n->options.rate = 0;
	n->options.timeout = MS(100);
	n->late = MS(40);
	n->beat = MS(10);
	assert_true(network_run(n, ICE_USEC_SEC(100)));
	check_most(n, ICE_BOUND_CPU, 0.5);
	assert_true(share(n, ICE_BOUND_WINDOW) > 0.3);
	network_free(n);
}

static void test_pace(void **state)
{
	(void)state;
	static const uint64_t rates[] = {20, 100, 1000, 10000};
	for (size_t i = 0; i < 4; i++) {
		struct network *n = network_new(1);
		n->count = (uint32_t)rates[i] * 10; /* 20 s */
		n->options.window = 65536;
		n->options.rate = rates[i];
		assert_true(network_run(n, ICE_USEC_SEC(1000)));
		check_most(n, ICE_BOUND_PACE, 0.85);
		network_free(n);
	}
}

/* A socket that takes three at a time, at a pace it could not have. */
static void test_socket(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 30000;
	n->options.window = 65536;
	n->options.rate = 50000;
	n->socket_takes = 3;
	assert_true(network_run(n, ICE_USEC_SEC(1000)));
	check_most(n, ICE_BOUND_SOCKET, 0.85);
	network_free(n);
}

/* Nobody empties the queue: many printers wait and no new target is begun; or all targets are begun and some printers wait. */
static void test_queue(void **state)
{
	(void)state;
	static const uint32_t counts[] = {2000, 100};
	for (size_t i = 0; i < 2; i++) {
		struct network *n = network_new(1);
		n->count = counts[i];
		n->options.rate = 1000;
		n->places = 10;
		for (uint32_t k = 0; k < n->count; k++)
			network_device(n, k, NETWORK_PRINTER);
		assert_false(network_run(n, ICE_USEC_SEC(20)));
		check_most(n, ICE_BOUND_QUEUE, 0.9);
		network_free(n);
	}
}

/* A beat takes so long that neither no rate at all nor a fast one is reached; and what bounds a slow one is still the rate. */
static void test_machine(void **state)
{
	(void)state;
	static const uint64_t rates[] = {0, 100000, 1000};
	for (size_t i = 0; i < 3; i++) {
		struct network *n = network_new(1);
		n->count = rates[i] == 1000 ? 5000 : 200000;
		n->options.window = 262144;
		n->options.rate = rates[i];
		n->beat = rates[i] == 1000 ? 100 : MS(10);
		assert_true(network_run(n, ICE_USEC_SEC(1000)));
		check_most(n, rates[i] == 1000 ? ICE_BOUND_PACE : ICE_BOUND_CPU, rates[i] == 0 ? 0.55 : 0.8);
		network_free(n);
	}
}

/* Replies were lost, and it slowed down by itself: that is not the rate that was asked for. */
static void test_congestion(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 100000;
	n->options.window = 262144;
	n->options.retries = 0;
	n->options.rate = 10000;
	for (int i = 0; i < 100; i++) {
		assert_false(network_run(n, MS(100) * (i + 1)));
		ice_scanner_congested(n->scanner, n->now);
	}
	assert_true(share(n, ICE_BOUND_CPU) > 0.9);
	network_free(n);
}

/* `next` has a target each 20 ms. */
static void test_neighbours(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 1000;
	n->options.rate = 1000;
	n->spread = MS(20);
	assert_true(network_run(n, ICE_USEC_SEC(1000)));
	check_most(n, ICE_BOUND_NEIGHBOURS, 0.85);
	network_free(n);
}

/* All is sent in a moment: the rest of the time is waited, and nothing bounds anything. */
static void test_tail(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 1000;
	assert_true(network_run(n, ICE_USEC_SEC(1000)));
	check_most(n, ICE_BOUND_TARGETS, 0.99);
	network_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_cap_per_subnet),
	        cmocka_unit_test(test_window),
	        cmocka_unit_test(test_a_bunch_of_retries),
	        cmocka_unit_test(test_pace),
	        cmocka_unit_test(test_socket),
	        cmocka_unit_test(test_queue),
	        cmocka_unit_test(test_machine),
	        cmocka_unit_test(test_congestion),
	        cmocka_unit_test(test_neighbours),
	        cmocka_unit_test(test_tail),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
