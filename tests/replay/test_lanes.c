/* Sweep and rounds side by side in virtual time: whatever their interleaving, no device is a target of two at once, a community stays
 * inside its range, and in the end every printer is known and read as it is.
 *
 * SEEDS=n runs that many (60 unless told); SEED=n runs one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <inttypes.h>

#include "engine/heartbeat.h"
#include "ice/log.h"
#include "ice/outbox.h"
#include "ice/record.h"
#include "replay/sim_world.h"

#define LANES_STATES   4 /* of each printer: idle, in error, more pages, both */
#define LANES_PRINTERS 12
#define LANES_CALM     SIM_SEC(400)
#define LANES_END      SIM_SEC(1150)

/* A scanner, and the addresses it was given and has not told of yet. */
struct lanes_scanner {
	struct ice_scanner *scanner;
	struct ice_scanner_ops ops;
	void *arg;
	bool silences, asks[SIM_ADDRESSES];
};

static struct {
	struct ice_plan plan;
	struct ice_profiles *profiles;
	struct sim_model models[LANES_PRINTERS][LANES_STATES];
	struct lanes_scanner scanners[4];
	struct ice_outbox *outbox;
	struct ice_devices *devices;
	struct ice_timetable *timetable;
	struct ice_heartbeat *heartbeat;
	struct ice_place place;
	bool placed, blind;
	ice_usec act_at;
	int64_t pages[SIM_ADDRESSES]; /* as last read */
	uint64_t sweeps, targets;
} lanes;

/* ---- what a scanner is given, and what it tells ---- */

__typeof__(ice_scanner_new) __real_ice_scanner_new;
__typeof__(ice_scanner_free) __real_ice_scanner_free;
__typeof__(ice_scanner_asks) __real_ice_scanner_asks;
SIM_SEAM(ice_scanner_new);
SIM_SEAM(ice_scanner_free);
SIM_SEAM(ice_scanner_asks);

static unsigned lanes_target(const struct ice_address *a)
{
	uint64_t target = a->lo - ice_address_v4(SIM_FIRST).lo;
	assert_true(target < SIM_ADDRESSES);
	return (unsigned)target;
}

static enum ice_next lanes_next(struct ice_address *out, void *arg)
{
	struct lanes_scanner *s = arg;
	enum ice_next next = s->ops.next(out, s->arg);
	if (next != ICE_NEXT_TARGET)
		return next;
	unsigned target = lanes_target(out);
	for (size_t i = 0; i < sizeof lanes.scanners / sizeof *lanes.scanners; i++)
		sim_require(!lanes.scanners[i].scanner || !lanes.scanners[i].asks[target],
		            "no device is a target of two at once: 10.0.0.%u is", target + 1);
	s->asks[target] = true;
	lanes.targets++;
	return next;
}

static bool lanes_send(const struct ice_address *to, const struct ice_snmp_request *request, uint32_t id, void *arg)
{
	struct lanes_scanner *s = arg;
	sim_require(s->asks[lanes_target(to)], "only targets are asked");
	return s->ops.send(to, request, id, s->arg);
}

static bool lanes_reserve(void *arg)
{
	struct lanes_scanner *s = arg;
	return s->ops.reserve(s->arg);
}

static void lanes_release(void *arg)
{
	struct lanes_scanner *s = arg;
	s->ops.release(s->arg);
}

static void lanes_emit(const struct ice_finding *finding, void *arg)
{
	struct lanes_scanner *s = arg;
	s->asks[lanes_target(&finding->address)] = false;
	if (finding->outcome != ICE_OUTCOME_SILENT || s->silences)
		s->ops.emit(finding, s->arg);
}

static bool lanes_known(const struct ice_address *address, struct ice_known_target *out, void *arg)
{
	struct lanes_scanner *s = arg;
	return s->ops.known(address, out, s->arg);
}

struct ice_scanner *__wrap_ice_scanner_new(const struct ice_scanner_options *options, const struct ice_scanner_ops *ops,
                                           void *arg, ice_usec now)
{
	static const struct ice_scanner_ops through = {.next = lanes_next,
	                                               .send = lanes_send,
	                                               .reserve = lanes_reserve,
	                                               .emit = lanes_emit,
	                                               .release = lanes_release,
	                                               .known = lanes_known};
	struct ice_scanner_options all = *options;
	struct lanes_scanner *s = lanes.scanners;
	while (s->scanner)
		s++;
	*s = (struct lanes_scanner){.ops = *ops, .arg = arg, .silences = options->silences};
	all.silences = true;
	s->scanner = __real_ice_scanner_new(&all, &through, s, now);
	return s->scanner;
}

void __wrap_ice_scanner_free(struct ice_scanner *scanner)
{
	for (size_t i = 0; scanner && i < sizeof lanes.scanners / sizeof *lanes.scanners; i++)
		if (lanes.scanners[i].scanner == scanner)
			lanes.scanners[i].scanner = NULL;
	__real_ice_scanner_free(scanner);
}

bool __wrap_ice_scanner_asks(const struct ice_scanner *s, const struct ice_address *address)
{
	return !lanes.blind && __real_ice_scanner_asks(s, address);
}

/* ---- the engine ---- */

static void lanes_found(const struct ice_finding *f, size_t leg, void *arg)
{
	unsigned target = lanes_target(&f->address);
	(void)arg;
	sim_require(ice_range_contains(lanes.plan.legs[leg]->range, &f->address) &&
	                    !ice_plan_has_before(&lanes.plan, leg, &f->address),
	            "an address is asked in its own range");
	if (!f->record)
		return;
	lanes.pages[target] = f->record->pages[ICE_PAGES_TOTAL];
}

static void lanes_place(const struct ice_place *place, void *arg)
{
	(void)arg;
	lanes.place = *place;
	lanes.placed = true;
}

static void lanes_swept(bool whole, void *arg)
{
	(void)arg;
	lanes.placed &= !whole;
	lanes.sweeps += whole;
}

static void lanes_sweep(void)
{
	const struct ice_place start = {.seed = ice_random_next(&world.random)};
	size_t leg = lanes.placed ? lanes.place.leg : 0;
	ice_usec spread = ice_random_below(&world.random, 2) ? 0 : sim_between(SIM_SEC(1), SIM_SEC(20));
	if (!ice_heartbeat_sweeping(lanes.heartbeat))
		ice_heartbeat_sweep(lanes.heartbeat, lanes.placed ? &lanes.place : &start, lanes.plan.count - leg,
		                    spread);
}

static void lanes_start(struct ice_random *r)
{
	static const struct ice_heartbeat_ops ops = {.found = lanes_found, .place = lanes_place, .swept = lanes_swept};
	const struct ice_outbox_options box = {.path = ":memory:", .site = "lanes"};
	char why[512];
	for (size_t i = 0; i < lanes.plan.count; i++) {
		ice_usec *intervals = lanes.plan.legs[i]->intervals;
		intervals[ICE_LANE_SWEEP] = SIM_SEC(3600);
		intervals[ICE_LANE_INVENTORY] = ice_random_below(r, 4) ? SIM_SEC(10 + ice_random_below(r, 40)) : 0;
		/* Without an inventory, the sweep alone looks after them. */
		bool pulses = intervals[ICE_LANE_INVENTORY] && ice_random_below(r, 4);
		intervals[ICE_LANE_PULSE] = pulses ? SIM_SEC(1 + ice_random_below(r, 10)) : 0;
		intervals[ICE_LANE_ERROR] = intervals[ICE_LANE_PULSE] ? SIM_SEC(1) : 0;
		lanes.plan.legs[i]->rate = ice_random_below(r, 3) ? 0 : 5 + ice_random_below(r, 50);
	}
	lanes.outbox = ice_outbox_open(&box, why, sizeof why);
	assert_non_null(lanes.outbox);
	const struct ice_timetable_options times = {.plan = &lanes.plan, .site = "lanes", .outbox = lanes.outbox};
	const struct ice_devices_options known = {.plan = &lanes.plan,
	                                          .outbox = lanes.outbox,
	                                          .missing_after = 60,
	                                          .retired_after = ice_random_below(r, 2) ? 120 : 3600,
	                                          .full_read = (int64_t)ice_random_below(r, 300)};
	lanes.timetable = ice_timetable_new(&times, ice_clock_wall());
	lanes.devices = ice_devices_new(&known, ice_clock_wall());
	const struct ice_heartbeat_options options = {
	        .plan = &lanes.plan,
	        .profiles = lanes.profiles,
	        .port = 161,
	        .window = 4u << ice_random_below(r, 4),
	        .conversations = 1 + (uint32_t)ice_random_below(r, 6),
	        .rate = ice_random_below(r, 3) ? 10 + ice_random_below(r, 100) : 0,
	        .timeout = ice_random_below(r, 2) ? 0 : SIM_MSEC(300) + (ice_usec)ice_random_below(r, SIM_SEC(1)),
	        .retries = 1 + (unsigned)ice_random_below(r, 2),
	        .subnet_cap = ice_random_below(r, 2) ? 0 : 3 + (uint32_t)ice_random_below(r, 6),
	        .v1 = true,
	        .v2c = true,
	        .shards = 1,
	        .outbox = lanes.outbox,
	        .devices = lanes.devices,
	        .timetable = lanes.timetable,
	};
	lanes.heartbeat = ice_heartbeat_new(NULL, &options, &ops, NULL, why, sizeof why);
	assert_non_null(lanes.heartbeat);
}

static void lanes_stop(void)
{
	ice_heartbeat_free(lanes.heartbeat);
	ice_devices_free(lanes.devices);
	ice_timetable_free(lanes.timetable);
	ice_outbox_close(lanes.outbox);
	sim_world_forget_engine();
}

/* ---- what happens ---- */

/* Who stands where: some addresses have a printer, which changes, goes and comes. */
static void lanes_people(struct ice_random *r)
{
	for (unsigned i = 0; i < SIM_ADDRESSES; i++) {
		bool there = i % 2 == 0 && ice_random_below(r, 4) > 0;
		world.devices[i] = (struct sim_device){
		        .latency = 1 + (ice_usec)ice_random_below(r, SIM_MSEC(200)),
		        .v1_only = ice_random_below(r, 5) == 0,
		        .model = there ? &lanes.models[i / 2][0] : NULL,
		};
	}
}

static void lanes_act(void)
{
	unsigned printer = (unsigned)ice_random_below(&world.random, LANES_PRINTERS);
	/* They move among the addresses, so that both ranges have some. */
	unsigned to = (unsigned)ice_random_below(&world.random, SIM_ADDRESSES), from = 0;
	while (from < SIM_ADDRESSES && (world.devices[from].model < lanes.models[printer] ||
	                                world.devices[from].model >= lanes.models[printer] + LANES_STATES))
		from++;
	switch (ice_random_below(&world.random, 6)) {
	case 0: /* it goes, or comes */
		if (from < SIM_ADDRESSES)
			world.devices[from].model = NULL;
		else if (!world.devices[to].model)
			world.devices[to].model = &lanes.models[printer][0];
		break;
	case 1: /* it moves */
		if (from < SIM_ADDRESSES && !world.devices[to].model) {
			world.devices[to].model = world.devices[from].model;
			world.devices[from].model = NULL;
		}
		break;
	case 2:
		lanes_sweep();
		break;
	case 3:
		if (ice_heartbeat_sweeping(lanes.heartbeat) && sim_chance(30))
			ice_heartbeat_pause(lanes.heartbeat);
		break;
	default: /* it prints, or has a trouble */
		if (from < SIM_ADDRESSES)
			world.devices[from].model =
			        &lanes.models[printer][ice_random_below(&world.random, LANES_STATES)];
		break;
	}
	lanes.act_at = world.now + sim_between(SIM_MSEC(10), SIM_SEC(4));
}

static void lanes_run(ice_usec until)
{
	while (!world.broken && world.now < until) {
		ice_usec at = sim_world_next();
		at = lanes.act_at < at ? lanes.act_at : at;
		at = until < at ? until : at;
		world.now = at > world.now ? at : world.now;
		for (unsigned n = 0; !world.broken && sim_world_run(); n++)
			sim_require(n < 100000, "the loop does not spin");
		if (world.now >= lanes.act_at)
			lanes_act();
	}
}

/* All is calm, every range was swept and gone round since: everybody is known, and as it was read. */
static void lanes_compare(void)
{
	static const int64_t pages[LANES_STATES] = {1000, 1000, 2000, 2000};
	for (unsigned i = 0; i < SIM_ADDRESSES; i++) {
		const struct sim_model *m = world.devices[i].model;
		struct ice_address a = ice_address_v4(SIM_FIRST + i);
		struct ice_device d;
		if (!m)
			continue;
		bool known = ice_devices_find(lanes.devices, &a, &d);
		sim_require(known && (d.state == ICE_DEVICE_NEW || d.state == ICE_DEVICE_NORMAL),
		            "every printer is known: 10.0.0.%u is %s", i + 1,
		            known ? ice_device_state_name(d.state) : "not");
		for (unsigned p = 0; p < LANES_PRINTERS; p++)
			for (unsigned s = 0; s < LANES_STATES; s++)
				sim_require(m != &lanes.models[p][s] || lanes.pages[i] == pages[s],
				            "what was read is as it is: 10.0.0.%u has %" PRId64 " pages, not %" PRId64,
				            i + 1, pages[s], lanes.pages[i]);
	}
}

static const char *lanes_seed(uint64_t seed)
{
	struct ice_random r;
	ice_random_seed(&r, seed);
	struct sim_packet *packets = world.packets;
	size_t room = world.packet_room;
	memset(&world, 0, sizeof world);
	world.packets = packets;
	world.packet_room = room;
	world.now = SIM_SEC(1);
	ice_random_seed(&world.random, seed ^ 0x1a9e5);
	world.loss = ice_random_below(&r, 3) ? 0 : (unsigned)ice_random_below(&r, 20);
	world.doubled = (unsigned)ice_random_below(&r, 20);
	world.overtaking = (unsigned)ice_random_below(&r, 20);
	world.busy = ice_random_below(&r, 4) ? 0 : (unsigned)ice_random_below(&r, 20);
	world.jitter = (ice_usec)ice_random_below(&r, SIM_MSEC(50));
	lanes.placed = false;
	lanes.act_at = 0;
	memset(lanes.pages, 0, sizeof lanes.pages);
	lanes_people(&r);
	lanes_start(&r);
	lanes_run(LANES_CALM);
	world.loss = world.busy = 0;
	lanes.act_at = ICE_USEC_NEVER;
	for (int sweep = 0; sweep < 4 && !world.broken;
	     sweep++) { /* who has moved twice is missed at the other address first */
		lanes_run(world.now + SIM_SEC(150));
		sim_require(!ice_heartbeat_sweeping(lanes.heartbeat), "a sweep ends");
		lanes_sweep();
	}
	lanes_run(LANES_END);
	if (!world.broken)
		lanes_compare();
	sim_trace("%s", world.broken ? world.broken : "all holds");
	lanes_stop();
	return world.broken;
}

/* ---- preparation ---- */

static const char lanes_printer[] = "1.3.6.1.2.1.1.1.0|4|Exemplar LaserPrint 3000\n"
                                    "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1.1\n"
                                    "1.3.6.1.2.1.1.5.0|4|printer-%02u\n"
                                    "1.3.6.1.2.1.25.3.2.1.2.1|6|1.3.6.1.2.1.25.3.1.5\n"
                                    "1.3.6.1.2.1.25.3.2.1.3.1|4|Exemplar LaserPrint 3000\n"
                                    "1.3.6.1.2.1.25.3.2.1.5.1|2|%u\n"
                                    "1.3.6.1.2.1.25.3.5.1.1.1|2|3\n"
                                    "1.3.6.1.2.1.25.3.5.1.2.1|4x|%s\n"
                                    "%s"
                                    "1.3.6.1.2.1.43.5.1.1.16.1|4|LaserPrint 3000\n"
                                    "1.3.6.1.2.1.43.5.1.1.17.1|4|EX00%05u\n"
                                    "1.3.6.1.2.1.43.10.2.1.3.1.1|2|7\n"
                                    "1.3.6.1.2.1.43.10.2.1.4.1.1|65|%u\n";

static void lanes_leg(const char *name, const char *range, const char *community)
{
	char why[ICE_RANGE_WHY_SIZE];
	struct ice_leg *leg = ice_plan_add(&lanes.plan, name);
	assert_true(leg && ice_range_add(leg->range, range, why, sizeof why) &&
	            ice_range_seal(leg->range, why, sizeof why) && ice_leg_community(leg, community, why, sizeof why));
}

static int lanes_prepare(void **state)
{
	struct ice_conf_mistakes mistakes = {0};
	char text[4096], why[256];
	(void)state;
	lanes.profiles = ice_profiles_load("config/profiles", &mistakes);
	ice_conf_mistakes_free(&mistakes);
	for (unsigned p = 0; p < LANES_PRINTERS; p++)
		for (unsigned s = 0; s < LANES_STATES; s++) {
			/* Every third does not count its changes. */
			snprintf(text, sizeof text, lanes_printer, p, s & 1 ? 3 : 2, s & 1 ? "40" : "00",
			         p % 3 ? "1.3.6.1.2.1.43.5.1.1.1.1|65|1\n1.3.6.1.2.1.43.5.1.1.19.1|65|1\n" : "", p,
			         s & 2 ? 2000 : 1000);
			lanes.models[p][s].recording =
			        ice_recording_parse("printer", text, strlen(text), why, sizeof why);
			lanes.models[p][s].printer = true;
			assert_non_null(lanes.models[p][s].recording);
		}
	lanes_leg("first", "10.0.0.1-16", "first site");
	lanes_leg("second", "10.0.0.9-24", "second");
	ice_log_set_level(ICE_LOG_ERROR);
	return lanes.profiles ? 0 : -1;
}

static int lanes_unprepare(void **state)
{
	(void)state;
	for (unsigned p = 0; p < LANES_PRINTERS; p++)
		for (unsigned s = 0; s < LANES_STATES; s++)
			ice_recording_free(lanes.models[p][s].recording);
	ice_plan_free(&lanes.plan);
	ice_profiles_free(lanes.profiles);
	free(world.packets);
	return 0;
}

static uint64_t lanes_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_seeds(void **state)
{
	uint64_t only = lanes_number("SEED", UINT64_MAX), seeds = lanes_number("SEEDS", 60);
	(void)state;
	lanes.blind = false;
	for (uint64_t seed = only == UINT64_MAX ? 0 : only; seed < (only == UINT64_MAX ? seeds : only + 1); seed++) {
		const char *broken = lanes_seed(seed);
		if (broken)
			fail_msg("SEED=%" PRIu64 ": does not hold: %s", seed, broken);
	}
	print_message("| %" PRIu64 " targets in %" PRIu64 " sweeps and their rounds: none of two at once\n",
	              lanes.targets, lanes.sweeps);
	assert_true(only != UINT64_MAX || (lanes.sweeps > seeds && lanes.targets > seeds * 500));
}

/* Without a look at each other they would ask the same device at the same time: the check sees it. */
static void test_catches_blind_lanes(void **state)
{
	unsigned caught = 0;
	(void)state;
	lanes.blind = true;
	for (uint64_t seed = 0; seed < 200 && caught < 3; seed++) {
		const char *broken = lanes_seed(seed);
		caught += broken && strstr(broken, "two at once");
	}
	lanes.blind = false;
	assert_true(caught >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_seeds), cmocka_unit_test(test_catches_blind_lanes)};
	return cmocka_run_group_tests(tests, lanes_prepare, lanes_unprepare);
}
