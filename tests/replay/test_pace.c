/* A pace is kept by a machine that takes most of the time to send: the whole engine in virtual time, where each datagram takes some. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/heartbeat.h"
#include "replay/sim_world.h"
#include "truth/agents.h"

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

static ice_usec pace_rtts[PACE_ADDRESSES];
static unsigned pace_found;

static void pace_finding(const struct ice_finding *f, size_t leg, void *arg)
{
	(void)leg, (void)arg;
	assert_true(pace_found < PACE_ADDRESSES);
	pace_rtts[pace_found++] = f->rtt;
}

/* A sweep in a new world, where nobody answers yet. */
struct pace {
	struct ice_plan plan;
	struct ice_profiles *profiles;
	struct ice_heartbeat *heartbeat;
};

static void pace_begin(struct pace *p, const char *range, double rate, uint32_t window, unsigned tries,
                       void (*beat)(ice_usec now, void *arg), ice_usec cost)
{
	const struct ice_place start = {.seed = 1};
	const struct ice_heartbeat_ops ops = {.swept = pace_swept, .beat = beat, .found = pace_finding};
	struct ice_conf_mistakes mistakes = {0};
	char why[ICE_RANGE_WHY_SIZE];
	sim_world_forget_engine();
	ice_random_seed(&world.random, 1);
	world.now = SIM_SEC(1);
	world.cost = cost;
	world.empty = 1 << 16;
	pace_over = false;
	p->plan = (struct ice_plan){0};
	struct ice_leg *leg = ice_plan_add(&p->plan, "all");
	assert_true(ice_range_add(leg->range, range, why, sizeof why));
	assert_true(ice_range_seal(leg->range, why, sizeof why));
	assert_true(ice_leg_community(leg, "first site", why, sizeof why));
	p->profiles = ice_profiles_load("config/profiles", &mistakes);
	assert_non_null(p->profiles);
	const struct ice_heartbeat_options options = {.plan = &p->plan,
	                                              .profiles = p->profiles,
	                                              .port = 161,
	                                              .window = window,
	                                              .conversations = 1,
	                                              .rate = rate,
	                                              .timeout = SIM_MSEC(110),
	                                              .retries = tries - 1,
	                                              .v2c = true,
	                                              .discover = true,
	                                              .shards = 1};
	p->heartbeat = ice_heartbeat_new(NULL, &options, &ops, NULL, why, sizeof why);
	assert_non_null(p->heartbeat);
	ice_heartbeat_sweep(p->heartbeat, &start, 0, 0);
}

static void pace_end(struct pace *p)
{
	ice_heartbeat_free(p->heartbeat);
	ice_profiles_free(p->profiles);
	ice_plan_free(&p->plan);
	if (world.broken)
		fail_msg("does not hold: %s", world.broken);
}

/* Datagrams a second in the middle of a sweep. */
static double pace_sweep(ice_usec cost)
{
	const uint64_t all = (uint64_t)PACE_ADDRESSES * PACE_TRIES;
	struct pace p;
	pace_begin(&p, "10.0.0.1-10.0.0.16", PACE_RATE, PACE_ADDRESSES, PACE_TRIES, NULL, cost);
	ice_usec began = pace_until(p.heartbeat, all / 4), took = pace_until(p.heartbeat, all / 2) - began;
	pace_end(&p);
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

/* Who answers while others are asked at full speed: his round trip is as long as it takes until the next turn of the socket, the beat that may
 * go on much longer does not count. */
static void test_round_trips_at_full_speed(void **state)
{
	static const char agent[] = AGENT_PRINTER;
	const ice_usec latency = 300, cost = 4, turn = ICE_SCANNER_PUMP_MAX * cost;
	char why[200];
	struct sim_model model = {.recording = ice_recording_parse("agent", agent, strlen(agent), why, sizeof why)};
	struct pace p;
	(void)state;
	assert_non_null(model.recording);
	pace_found = 0;
	pace_begin(&p, "10.0.0.1-10.0.0.16, 10.0.1.0-10.0.64.255", 0, 16400, 1, NULL, cost);
	for (unsigned i = 0; i < PACE_ADDRESSES; i++)
		world.devices[i] = (struct sim_device){.model = &model, .latency = latency};
	(void)pace_until(p.heartbeat, UINT64_MAX);
	pace_end(&p);
	memset(world.devices, 0, sizeof world.devices);
	ice_recording_free(model.recording);
	assert_int_equal(pace_found, PACE_ADDRESSES);
	for (unsigned i = 0; i < PACE_ADDRESSES; i++)
		if (pace_rtts[i] < latency || pace_rtts[i] > latency + 2 * turn)
			fail_msg("a round trip of %lld us", (long long)pace_rtts[i]);
}

static ice_usec pace_beat_at, pace_longest; /* from one beat to the next */
static unsigned pace_beats;

static void pace_beat(ice_usec now, void *arg)
{
	(void)arg;
	if (pace_beats++ > 0 && now - pace_beat_at > pace_longest)
		pace_longest = now - pace_beat_at;
	pace_beat_at = now;
}

/* At full speed the rest of the loop waits ten milliseconds and one pump, no longer; and not much less, since its turn costs something. */
static void test_the_loop_has_its_turn(void **state)
{
	const uint64_t all = 16384;
	(void)state;
	for (ice_usec cost = 1; cost <= 64; cost *= 4) {
		struct pace p;
		pace_beats = 0;
		pace_longest = 0;
		pace_begin(&p, "10.0.1.0-10.0.64.255", 0, 16384, 1, pace_beat, cost);
		(void)pace_until(p.heartbeat, all);
		pace_beat(world.now, NULL); /* where the last one ended */
		pace_end(&p);
		ice_usec pump = ICE_SCANNER_PUMP_MAX * cost, most = SIM_MSEC(10) + pump;
		sim_trace("%lld us a datagram: %u beats, %lld us the longest", (long long)cost, pace_beats,
		          (long long)pace_longest);
		if (pace_longest > most)
			fail_msg("%lld us a datagram: a beat took %lld us", (long long)cost, (long long)pace_longest);
		if (pace_beats > 2 + all * (uint64_t)cost / SIM_MSEC(10))
			fail_msg("%lld us a datagram: %u beats", (long long)cost, pace_beats);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_sending_takes_time),
	                                   cmocka_unit_test(test_the_loop_has_its_turn),
	                                   cmocka_unit_test(test_round_trips_at_full_speed)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
