/* A pace is kept by a machine that takes most of the time to send: the whole engine in virtual time, where each datagram takes some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/heartbeat.h"
#include "replay/sim_world.h"

#define PACE_RATE      100 /* a second */
#define PACE_ADDRESSES 16
#define PACE_TRIES     60 /* of each address, one after another */

static bool pace_over;

static void pace_swept(bool whole, void *arg)
{
	(void)arg;
	assert_true(whole);
	pace_over = true;
}

static bool pace_sent(const struct ice_heartbeat *h, uint64_t n)
{
	struct ice_figures figures;
	ice_heartbeat_figures(h, &figures);
	return figures.scanner.probes_sent >= n || pace_over || world.broken;
}

/* Lets the world go on until so many were sent; when that was. */
static ice_usec pace_until(const struct ice_heartbeat *h, uint64_t n)
{
	while (!pace_sent(h, n)) {
		ice_usec at = sim_world_next();
		world.now = at > world.now ? at : world.now;
		for (unsigned turns = 0; !pace_sent(h, n) && sim_world_run(); turns++)
			sim_require(turns < 100000, "the loop does not spin");
	}
	return world.now;
}

/* Datagrams a second in the middle of a sweep of addresses where nobody answers. */
static double pace_sweep(ice_usec cost)
{
	const struct ice_place start = {.seed = 1};
	const struct ice_heartbeat_ops ops = {.swept = pace_swept};
	const uint64_t all = (uint64_t)PACE_ADDRESSES * PACE_TRIES;
	struct ice_plan plan = {0};
	struct ice_conf_mistakes mistakes = {0};
	char why[ICE_RANGE_WHY_SIZE];
	sim_world_forget_engine();
	ice_random_seed(&world.random, 1);
	world.now = SIM_SEC(1);
	world.cost = cost;
	pace_over = false;
	struct ice_leg *leg = ice_plan_add(&plan, "all");
	assert_true(ice_range_add(leg->range, "10.0.0.1-10.0.0.16", why, sizeof why));
	assert_true(ice_range_seal(leg->range, why, sizeof why));
	assert_true(ice_leg_community(leg, "first site", why, sizeof why));
	struct ice_profiles *profiles = ice_profiles_load("config/profiles", &mistakes);
	assert_non_null(profiles);
	const struct ice_heartbeat_options options = {.plan = &plan,
	                                              .profiles = profiles,
	                                              .port = 161,
	                                              .window = PACE_ADDRESSES,
	                                              .conversations = 1,
	                                              .rate = PACE_RATE,
	                                              .timeout = SIM_MSEC(110),
	                                              .retries = PACE_TRIES - 1,
	                                              .v2c = true,
	                                              .discover = true,
	                                              .shards = 1};
	struct ice_heartbeat *h = ice_heartbeat_new(NULL, &options, &ops, NULL, why, sizeof why);
	assert_non_null(h);
	ice_heartbeat_sweep(h, &start, 0, 0);
	ice_usec began = pace_until(h, all / 4), took = pace_until(h, all / 2) - began;
	ice_heartbeat_free(h);
	ice_profiles_free(profiles);
	ice_plan_free(&plan);
	if (world.broken)
		fail_msg("does not hold: %s", world.broken);
	return (double)(all / 2 - all / 4) * 1e6 / (double)took;
}

static void test_sending_takes_time(void **state)
{
	(void)state;
	for (ice_usec cost = 0; cost <= 9000; cost += 1500) { /* up to nine tenths of it */
		double rate = pace_sweep(cost);
		sim_trace("%lld us a datagram: %.0f a second", (long long)cost, rate);
		if (rate < PACE_RATE * 0.97 || rate > PACE_RATE * 1.03)
			fail_msg("%lld us a datagram: %.0f a second", (long long)cost, rate);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sending_takes_time)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
