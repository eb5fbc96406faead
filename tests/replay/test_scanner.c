/* The scanner against scripted networks in virtual time. Every scenario replays from its seed. */
#include "replay/network.h"

#include <dirent.h>

#define FOREVER ICE_USEC_SEC(100000)

static void test_silent_addresses_exactly(void **state)
{
	(void)state;
	for (unsigned retries = 0; retries < 4; retries++)
		for (unsigned communities = 1; communities <= 3; communities++) {
			struct network *n = network_new(retries);
			n->count = 777;
			n->options.retries = retries;
			n->options.community_count = communities;
			assert_true(network_run(n, FOREVER));
			network_check(n);
			struct ice_scanner_counters c = network_counters(n);
			uint64_t tries = (retries + 1) * communities;
			assert_int_equal(c.targets, 777);
			assert_int_equal(c.probes_sent, 777 * tries);
			assert_int_equal(c.identify_sent, 777 * tries);
			assert_int_equal(c.retries_sent, 777 * (tries - 1));
			assert_int_equal(c.peak_in_flight, 777);
			/* each try waits its second, and no longer than the tick */
			assert_true(n->now >= ICE_USEC_SEC((ice_usec)tries) &&
			            n->now <= ICE_USEC_SEC((ice_usec)tries) + MS(tries));
			network_free(n);
		}
}

static void test_finds_everything(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 500;
	n->options.window = 64;
	for (uint32_t i = 0; i < 500; i += 25)
		network_device(n, i, i % 50 == 0 ? NETWORK_PRINTER : NETWORK_SWITCH);
	assert_true(network_run(n, FOREVER));
	network_check(n);
	struct ice_scanner_counters c = network_counters(n);
	assert_int_equal(c.devices, 20);
	assert_int_equal(c.printers, 10);
	assert_int_equal(c.incomplete, 0);
	assert_int_equal(c.identify_sent, 20 + 2 * 480);
	assert_int_equal(n->silent_sent, 2 * 480);
	assert_int_equal(c.answered[0], 20);
	assert_true(c.peak_in_flight <= 64);
	for (size_t i = 0; i < n->device_count; i++) {
		assert_int_equal(n->devices[i].found, 1);
		assert_true(n->devices[i].complete);
		assert_int_equal(n->devices[i].rtt, MS(2));
		assert_int_equal(n->devices[i].said_requests, n->devices[i].asked);
		if (n->devices[i].kind == NETWORK_SWITCH)
			assert_true(n->devices[i].asked <= 2);
		else
			assert_true(n->devices[i].asked <= 6);
	}
	for (int q = 0; q <= 4; q++)
		assert_int_equal(ice_scanner_rtt(&c, q / 4.0),
		                 MS(2)); /* all of them; the histogram is coarse, its ends are not */
	network_free(n);
}

/* The window is what was asked for, not what is convenient. */
static void test_any_window(void **state)
{
	(void)state;
	static const uint32_t windows[] = {1, 2, 3, 5, 100, 1000};
	for (size_t w = 0; w < sizeof windows / sizeof *windows; w++) {
		struct network *n = network_new(1);
		n->count = 60;
		n->options.window = windows[w];
		for (uint32_t i = 0; i < 60; i += 5)
			network_device(n, i, i % 2 ? NETWORK_PRINTER : NETWORK_SWITCH);
		assert_true(network_run(n, FOREVER));
		network_check(n);
		struct ice_scanner_counters c = network_counters(n);
		assert_int_equal(c.devices, 12);
		assert_int_equal(c.peak_in_flight, windows[w] < 60 ? windows[w] : 60);
		network_free(n);
	}
}

static void test_discover_asks_no_more(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->options.discover = true;
	n->places = 0;
	network_device(n, 5, NETWORK_PRINTER);
	network_device(n, 6, NETWORK_SWITCH);
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(n->devices[0].found + n->devices[1].found, 2);
	assert_true(n->devices[0].asked <= 2); /* first contact, and its second question where the make is not known */
	assert_int_equal(n->reserved, 0);
	network_free(n);
}

static void test_late_answers_count(void **state)
{
	(void)state;
	/* slower than the timeout, but within the life of its slot: found, though its retry went out, in the other version */
	struct network *n = network_new(1);
	network_device(n, 50, NETWORK_SWITCH)->latency = MS(1500);
	assert_true(network_run(n, FOREVER));
	network_check(n);
	struct ice_scanner_counters c = network_counters(n);
	assert_int_equal(n->devices[0].found, 1);
	assert_int_equal(n->devices[0].rtt, MS(1500)); /* its version tells that the first try was answered */
	assert_int_equal(n->devices[0].said_version, ICE_SNMP_V2C);
	assert_int_equal(c.late, 1);
	assert_int_equal(c.answered[0], 1);
	assert_int_equal(ice_scanner_rtt(&c, 0.5), MS(1500));
	network_free(n);
	/* in one version alone nothing tells which of the two tries was */
	n = network_new(1);
	n->options.v1 = false;
	network_device(n, 50, NETWORK_SWITCH)->latency = MS(1500);
	assert_true(network_run(n, FOREVER));
	c = network_counters(n);
	assert_int_equal(n->devices[0].found, 1);
	assert_int_equal(n->devices[0].rtt, -1);
	assert_int_equal(ice_scanner_rtt(&c, 0.5), 0);
	network_free(n);
	/* later than that: the answer is a stray */
	n = network_new(1);
	network_device(n, 50, NETWORK_SWITCH)->latency = MS(2500);
	n->count = 60;
	assert_true(network_run(n, FOREVER));
	assert_int_equal(n->devices[0].found, 0);
	network_free(n);
}

/* Answers to a due retry that has not gone out yet, as the pace holds it back. */
static void test_an_answer_cancels_the_retry_that_waits(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 40;
	n->options.rate = 10;
	n->options.timeout = MS(300);
	for (uint32_t i = 0; i < 40; i++)
		network_device(n, i, NETWORK_SWITCH)->latency = MS(450);
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(network_counters(n).devices, 40);
	network_free(n);
}

static void test_versions(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	network_device(n, 3, NETWORK_PRINTER)->v1_only = true;
	network_device(n, 4, NETWORK_PRINTER);
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(n->devices[0].found + n->devices[1].found, 2);
	assert_int_equal(n->devices[0].said_version, ICE_SNMP_V1);
	assert_int_equal(n->devices[1].said_version, ICE_SNMP_V2C);
	assert_true(n->devices[0].complete);
	network_free(n);
	n = network_new(1); /* v2c alone: network_op_send asserts that no v1 is spoken */
	n->options.v1 = false;
	network_device(n, 3, NETWORK_PRINTER)->v1_only = true;
	assert_true(network_run(n, FOREVER));
	assert_int_equal(n->devices[0].found, 0);
	network_free(n);
	n = network_new(1);
	n->options.v2c = false;
	network_device(n, 3, NETWORK_PRINTER);
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(n->devices[0].found, 1);
	network_free(n);
}

static void test_communities(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->options.community_count = 3;
	for (uint32_t i = 0; i < 30; i++)
		network_device(n, i, i % 2 ? NETWORK_PRINTER : NETWORK_SWITCH)->credential = (uint8_t)(i % 3);
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(network_counters(n).devices, 30);
	assert_int_equal(n->silent_sent, 70 * 6);
	for (size_t i = 0; i < 30; i++)
		assert_true(n->devices[i].asked - n->devices[i].answered == n->devices[i].credential);
	network_free(n);
}

/* Loss, duplicates, overtaking, jitter, devices that die, all by the seed. */
static void network_random(uint64_t seed)
{
	struct network *n = network_new(seed);
	struct ice_random r;
	ice_random_seed(&r, seed ^ 0xfeed);
	n->count = 20 + (uint32_t)ice_random_below(&r, 100);
	n->options.window = 1u << ice_random_below(&r, 8);
	n->options.conversations = 1 + (uint32_t)ice_random_below(&r, 8);
	n->options.retries = (unsigned)ice_random_below(&r, 4);
	n->options.community_count = 1 + (size_t)ice_random_below(&r, 3);
	n->options.timeout = ice_random_below(&r, 2) ? 0 : MS(200 + (ice_usec)ice_random_below(&r, 1000));
	n->options.rate = ice_random_below(&r, 2) ? 0 : 50 + ice_random_below(&r, 5000);
	n->options.subnet_cap = ice_random_below(&r, 3) ? 0 : 1 + (uint32_t)ice_random_below(&r, 20);
	n->options.discover = ice_random_below(&r, 8) == 0;
	if (ice_random_below(&r, 3) == 0) {
		n->options.v1 = ice_random_below(&r, 2);
		n->options.v2c = !n->options.v1;
	}
	n->loss = ice_random_below(&r, 2) ? 0 : (unsigned)ice_random_below(&r, 30);
	n->doubled = (unsigned)ice_random_below(&r, 30);
	n->overtaking = (unsigned)ice_random_below(&r, 30);
	n->jitter = (ice_usec)ice_random_below(&r, MS(50));
	n->refuse_sends = ice_random_below(&r, 20);
	for (uint32_t i = 0; i < n->count; i++) {
		if (ice_random_below(&r, 5))
			continue;
		struct network_device *d =
		        network_device(n, i, ice_random_below(&r, 2) ? NETWORK_PRINTER : NETWORK_SWITCH);
		d->latency = (ice_usec)ice_random_below(&r, MS(60));
		d->credential = (uint8_t)ice_random_below(&r, n->options.community_count);
		d->v1_only = n->options.v1 && ice_random_below(&r, 6) == 0;
		d->dies_after = ice_random_below(&r, 6) ? 0 : (unsigned)ice_random_below(&r, 5);
	}
	n->places = ice_random_below(&r, 2) ? UINT64_MAX : ice_random_below(&r, 3);
	/* A queue without room holds the printers until it is emptied. */
	while (!network_run(n, n->now + ICE_USEC_SEC(2)))
		n->places = n->places == UINT64_MAX ? UINT64_MAX : n->places + 3;
	network_check(n);
	assert_int_equal(n->handed, n->count);
	for (size_t i = 0; i < n->device_count; i++) {
		struct network_device *d = &n->devices[i];
		bool heard_in_time = n->loss == 0 && d->dies_after == 0 &&
		                     (!d->v1_only || !n->options.v2c || n->options.retries > 0);
		if (heard_in_time && !d->found)
			fail_msg("seed %llu: a device that answers was not found", (unsigned long long)seed);
		if (d->found && d->answered == 0)
			fail_msg("seed %llu: a device was found that never answered", (unsigned long long)seed);
		if (heard_in_time && !d->complete)
			fail_msg("seed %llu: a reading is incomplete though nothing was lost",
			         (unsigned long long)seed);
	}
	network_free(n);
}

static void test_seeds(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 3000; seed++)
		network_random(seed);
}

static void test_loss_is_made_up_for(void **state)
{
	(void)state;
	unsigned devices = 0, found = 0;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct network *n = network_new(seed);
		n->count = 1000;
		n->loss = 5; /* each way */
		n->options.retries = 2;
		for (uint32_t i = 0; i < 1000; i += 2)
			network_device(n, i, NETWORK_SWITCH);
		assert_true(network_run(n, FOREVER));
		network_check(n);
		devices += 500;
		found += (unsigned)network_counters(n).devices;
		network_free(n);
	}
	assert_true(found >= devices - devices / 500); /* all but 0.1 % lose three in a row */
}

/* 1,000 switches, of each hundred so many of which speak v1 only; `loss` percent lost each way. */
static struct ice_scanner_counters answers(unsigned loss, unsigned v1_only, unsigned retries, bool v1,
                                           size_t communities, ice_usec jitter)
{
	struct network *n = network_new(1);
	n->count = 1000;
	n->loss = loss;
	n->jitter = jitter;
	n->options.discover = true;
	n->options.v1 = v1;
	n->options.retries = retries;
	n->options.community_count = communities;
	for (uint32_t i = 0; i < n->count; i++) {
		struct network_device *d = network_device(n, i, NETWORK_SWITCH);
		d->v1_only = i % 100 < v1_only;
		d->credential = (uint8_t)(i % communities);
	}
	assert_true(network_run(n, FOREVER));
	network_check(n);
	struct ice_scanner_counters c = network_counters(n);
	network_free(n);
	return c;
}

/* Which answers tell of loss: those of devices that were asked the same again. */
static void test_what_tells_of_loss(void **state)
{
	(void)state;
	/* nothing is lost: some do not speak what is tried first, or know only the second community */
	struct ice_scanner_counters c = answers(0, 30, 1, true, 1, 0);
	assert_int_equal(c.answered[0], 700);
	assert_int_equal(c.answered[1], 300);
	assert_int_equal(c.other, 300);
	assert_int_equal(c.same[0] + c.same[1], 0); /* nobody would have been asked the same again */
	c = answers(0, 30, 3, true, 1, 0);
	assert_int_equal(c.same[0], 700);
	assert_int_equal(c.same[1], 0);
	assert_int_equal(c.other, 300);
	c = answers(0, 0, 1, false, 2, 0);
	assert_int_equal(c.answered[1], 500);
	assert_int_equal(c.same[0], 1000);
	assert_int_equal(c.same[1], 0);
	/* nor here: many answer after the next try, in the version of the first */
	c = answers(0, 0, 2, true, 1, MS(1500));
	assert_in_range(c.late, 200, 500);
	assert_int_equal(c.answered[0] + c.answered[1], 1000);
	assert_int_equal(c.same[0] + c.other, 1000);
	assert_int_equal(c.same[1], 0);
	/* a tenth is lost each way, 19 of 100 together */
	c = answers(10, 0, 1, false, 1, 0);
	assert_in_range(100 * c.same[1], 15 * c.same[0], 23 * c.same[0]);
	assert_int_equal(c.other, 0);
	/* the same, where the retry speaks the other version: who answers that may have missed the first try, or not spoken it */
	c = answers(10, 0, 3, true, 1, 0);
	assert_in_range(100 * c.other, 15 * c.same[0], 23 * c.same[0]);
}

/* Who is asked anew, as we lost answers ourselves, tells nothing of the network's loss. */
static void test_what_we_lose_ourselves_is_no_loss(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->options.discover = true;
	n->options.v1 = false;
	for (uint32_t i = 0; i < n->count; i++)
		network_device(n, i, NETWORK_SWITCH);
	n->loss = 100;
	assert_false(network_run(n, MS(1500)));
	ice_scanner_congested(n->scanner, n->now);
	assert_false(network_run(n, MS(2500))); /* all tries were made, and are made anew */
	n->loss = 0;
	assert_true(network_run(n, FOREVER));
	network_check(n);
	struct ice_scanner_counters c = network_counters(n);
	assert_int_equal(c.devices, 100);
	assert_int_equal(c.excused, 100);
	assert_int_equal(c.answered[0] + c.answered[1], 0);
	assert_int_equal(c.same[0] + c.same[1], 0);
	network_free(n);
}

static void test_queue_full_and_drained(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 3000;
	n->options.window = 16384;
	n->options.rate = 1000;
	n->places = 10;
	for (uint32_t i = 0; i < 3000; i += 2)
		network_device(n, i, NETWORK_PRINTER);
	assert_false(network_run(n, ICE_USEC_SEC(60)));
	struct ice_scanner_counters c = network_counters(n);
	assert_int_equal(n->put, 10);
	/* full: no new target is started, however long it lasts */
	assert_true(c.waiting >= ICE_SCANNER_WAITING && c.waiting < ICE_SCANNER_WAITING + 64);
	uint64_t targets = c.targets, sent = c.probes_sent;
	assert_true(targets < 700);
	assert_false(network_run(n, ICE_USEC_SEC(600)));
	c = network_counters(n);
	assert_int_equal(c.targets, targets);
	assert_int_equal(c.probes_sent, sent);
	n->places = UINT64_MAX;
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(network_counters(n).printers, 1500);
	assert_int_equal(n->put, 1500);
	assert_int_equal(n->released, 0);
	network_free(n);
}

/* More printers answer at once than are remembered: those beyond are asked anew, and none is lost. */
static void test_more_printers_than_memory(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = ICE_SCANNER_WAITING_MAX + 500;
	n->options.window = 16384;
	n->places = 0;
	n->options.timeout = ICE_USEC_SEC(3);
	for (uint32_t i = 0; i < n->count; i++)
		network_device(n, i, NETWORK_PRINTER)->latency = MS(500);
	assert_false(network_run(n, ICE_USEC_SEC(5)));
	assert_int_equal(network_counters(n).waiting, ICE_SCANNER_WAITING_MAX);
	assert_true(network_counters(n).in_flight == n->count);
	assert_int_equal(network_counters(n).targets, n->count);
	n->places = UINT64_MAX;
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(network_counters(n).printers, n->count);
	network_free(n);
}

static void test_reservations_are_released(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	for (uint32_t i = 0; i < 100; i++)
		network_device(n, i, NETWORK_PRINTER);
	n->options.conversations = 20;
	assert_false(network_run(n, MS(5)));
	assert_int_equal(network_counters(n).conversations, 20);
	assert_true(n->reserved > n->put);
	network_free(n); /* checks that all were */
}

static void test_a_device_goes_silent_in_mid_conversation(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	for (uint32_t i = 0; i < 6; i++)
		network_device(n, i, NETWORK_PRINTER)->dies_after = 1 + i % 3;
	assert_true(network_run(n, FOREVER));
	network_check(n);
	struct ice_scanner_counters c = network_counters(n);
	assert_int_equal(c.printers, 6);
	assert_int_equal(c.incomplete, 6);
	for (size_t i = 0; i < 6; i++) {
		assert_int_equal(n->devices[i].found, 1);
		assert_false(n->devices[i].complete);
	}
	network_free(n);
}

static void test_drain(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 1000;
	n->options.rate = 100;
	network_device(n, 0, NETWORK_PRINTER)->latency = MS(700);
	assert_false(network_run(n, MS(500)));
	ice_scanner_drain(n->scanner);
	uint64_t targets = network_counters(n).targets;
	assert_true(targets < 100 && targets > 10);
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(network_counters(n).targets, targets);
	assert_int_equal(n->handed, targets);
	assert_int_equal(n->devices[0].found, 1);
	assert_true(n->devices[0].complete);
	network_free(n);
}

static void test_pace(void **state)
{
	(void)state;
	static const uint64_t rates[] = {20, 100, 1000, 10000, 100000};
	for (size_t k = 0; k < sizeof(rates) / sizeof(rates[0]); k++) {
		struct network *n = network_new(1);
		uint64_t rate = rates[k];
		n->count = (uint32_t)(rate * 8);
		n->options.rate = rate;
		n->options.retries = 0;
		n->options.timeout = MS(300);
		n->options.window = 65536;
		n->sent_room = rate * 8;
		n->sent_times = calloc(n->sent_room, sizeof(*n->sent_times));
		assert_true(network_run(n, FOREVER));
		network_check(n);
		assert_int_equal(n->sent, rate * 8);
		ice_usec took = n->sent_times[n->sent - 1] - n->sent_times[0];
		assert_true(took > ICE_USEC_MSEC(7960) - ICE_USEC_SEC(2) / (ice_usec)rate);
		assert_true(took < ICE_USEC_MSEC(8040));
		/* no stretch holds more than its share and 10 ms of rate */
		for (uint64_t i = 0, j = 0; i < n->sent; i++) {
			while (n->sent_times[i] - n->sent_times[j] > MS(10))
				j++;
			assert_true((i - j + 1) * 1000 <= rate * 20 + 2000);
		}
		network_free(n);
	}
}

/* Each rate is kept by a timer that is late by what real ones are late by. */
static void test_pace_with_a_late_timer(void **state)
{
	(void)state;
	static const uint64_t rates[] = {20, 100, 900, 1000, 1100, 1500, 2000, 10000};
	for (size_t k = 0; k < sizeof(rates) / sizeof(rates[0]); k++) {
		struct network *n = network_new(1);
		n->count = (uint32_t)(rates[k] * 8);
		n->options.rate = rates[k];
		n->options.retries = 0;
		n->options.timeout = MS(300);
		n->options.window = 65536;
		n->late = 300;
		assert_true(network_run(n, FOREVER));
		assert_true(n->now <= ICE_USEC_MSEC(8000 + 300) + 2 * n->late + 1000);
		network_free(n);
	}
}

static void test_congestion(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 60000;
	n->options.window = 65536;
	n->options.rate = 10000;
	assert_false(network_run(n, ICE_USEC_SEC(1)));
	uint64_t before = n->sent;
	ice_scanner_congested(n->scanner, n->now);
	assert_false(network_run(n, n->now + MS(100)));
	assert_true(n->sent - before < 700 && n->sent - before > 300);
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(network_counters(n).slowed, 1);
	/* who was in flight then is asked twice more: a second's worth of the first try */
	uint64_t excused = network_counters(n).excused;
	assert_true(excused > 9000 && excused < 11000);
	assert_int_equal(n->sent, 120000 + 2 * excused);
	assert_true(n->now < ICE_USEC_SEC(17)); /* it found its way back up */
	network_free(n);
}

/* For a while all that is answered is lost in our own buffer: nobody is missed for it, and the printer in mid-conversation is read whole. */
static void test_what_we_lose_ourselves_is_asked_anew(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 1000;
	n->options.rate = 2000;
	for (uint32_t i = 0; i < n->count; i += 10)
		network_device(n, i, i % 50 ? NETWORK_SWITCH : NETWORK_PRINTER);
	assert_false(network_run(n, MS(200)));
	n->loss = 100;
	for (int i = 0; i < 30; i++) { /* three seconds: longer than all tries */
		assert_false(network_run(n, n->now + MS(100)));
		ice_scanner_congested(n->scanner, n->now);
	}
	n->loss = 0;
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(network_counters(n).devices, 100);
	assert_int_equal(network_counters(n).printers, 20);
	assert_int_equal(network_counters(n).incomplete, 0);
	network_free(n);
}

static void test_learned_timeouts(void **state)
{
	(void)state;
	/* a near network: silent addresses are retried long before a second is over, and given up a second later */
	struct network *n = network_new(1);
	n->count = 2540;
	n->options.timeout = 0;
	n->options.window = 4096;
	n->options.rate = 500;
	for (uint32_t i = 0; i < n->count; i += 10)
		network_device(n, i, NETWORK_SWITCH)->latency = MS(3);
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(network_counters(n).devices, 254);
	assert_int_equal(n->silent_sent, 2 * (2540 - 254));
	assert_true(n->now < ICE_USEC_SEC(5080) / 500 + ICE_USEC_SEC(2));
	network_free(n);
	/* a distant subnet behind the near ones: nothing is missed, and it is not asked twice for long */
	n = network_new(1);
	n->count = 4 * 256;
	n->options.timeout = 0;
	n->options.rate = 200;
	for (uint32_t i = 0; i < n->count; i += 4)
		network_device(n, i, NETWORK_SWITCH)->latency = i < 512 ? MS(3) : MS(600);
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(network_counters(n).devices, 256);
	unsigned twice = 0;
	for (size_t i = 0; i < n->device_count; i++)
		twice += n->devices[i].asked > 1;
	assert_true(twice < 100);
	network_free(n);
}

/* How long a discovery of eight /24s takes where every seventh address is a switch, a tenth of a millisecond away. */
static ice_usec near_sweep(unsigned loss, unsigned v1_only, bool v1, uint64_t rate)
{
	struct network *n = network_new(3);
	n->first = 0x0a000000;
	n->count = 2048;
	n->options.timeout = 0;
	n->options.retries = 3;
	n->options.window = 4096;
	n->options.rate = rate;
	n->options.discover = true;
	n->options.v1 = v1;
	n->loss = loss;
	for (uint32_t i = 0; i < n->count; i += 7) {
		struct network_device *d = network_device(n, i, NETWORK_SWITCH);
		d->latency = 100;
		d->v1_only = i % 100 < v1_only;
	}
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(network_counters(n).devices, 293);
	ice_usec took = n->now;
	network_free(n);
	return took;
}

/* What a lost datagram, or a version that a device does not speak, costs the others of its subnet: nothing. */
static void test_a_lost_datagram_delays_nobody_else(void **state)
{
	(void)state;
	static const uint64_t rates[] = {0, 3000, 10000};
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
		ice_usec took = near_sweep(0, 0, true, rates[i]);
		assert_true(near_sweep(1, 0, true, rates[i]) < took + MS(700));
		assert_true(near_sweep(1, 0, false, rates[i]) < took + MS(700));
		assert_true(near_sweep(0, 30, true, rates[i]) < took + MS(700));
		/* nobody answers the first try: until the second has gone out nothing is known, and it is waited for as long */
		assert_true(near_sweep(0, 100, true, rates[i]) < took + MS(2000));
	}
}

/* A distant subnet that is asked in one version only: its first answers fit two tries each, and teach it all the same. So they do in a
 * subnet that has come to be distant. */
static void test_ambiguous_answers_teach_what_is_not_known(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->first = 0x0a000000;
	n->count = 4 * 256;
	n->options.timeout = 0;
	n->options.rate = 200;
	n->options.retries = 2;
	n->options.v1 = false;
	for (uint32_t i = 0; i < n->count; i += 4)
		network_device(n, i, NETWORK_SWITCH)->latency = i < 512 || (i > 768 && i < 850) ? MS(3) : MS(600);
	assert_true(network_run(n, FOREVER));
	network_check(n);
	assert_int_equal(network_counters(n).devices, 256);
	unsigned twice = 0;
	for (size_t i = 0; i < n->device_count; i++)
		twice += n->devices[i].asked > 1;
	assert_true(twice < 40);
	network_free(n);
}

static void test_subnet_cap(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->first = 0x0a000000; /* four /24s */
	n->count = 1024;
	n->options.subnet_cap = 8;
	n->options.retries = 0;
	assert_true(network_run(n, FOREVER));
	network_check(n);
	struct ice_scanner_counters c = network_counters(n);
	/* in address order: one /24 after the other, 8 a second, with what waits of it before the next */
	assert_true(c.peak_in_flight <= 4 * 8);
	assert_true(n->now >= ICE_USEC_SEC(256 / 8));
	assert_int_equal(c.probes_sent, 1024);
	network_free(n);
}

/* Sends one datagram of its own to the scanner, as if from `from`. */
static void inject(struct network *n, uint32_t from, uint16_t port, const uint8_t *bytes, size_t len)
{
	struct ice_address a = ice_address_v4(from);
	ice_scanner_input(n->scanner, n->now, &a, port, bytes, len);
}

static uint8_t caught[ICE_SNMP_REQUEST_MAX];
static size_t caught_len;

static bool catch_request(struct network *n, struct network_device *d, const struct ice_snmp_message *m,
                          const uint8_t *bytes, size_t len)
{
	(void)n, (void)d, (void)m;
	memcpy(caught, bytes, len);
	caught_len = len;
	return false;
}

/* The answer of a recording to the request that was caught. */
static size_t answer_caught(struct network *n, uint8_t *out, size_t size)
{
	struct ice_snmp_message *m = malloc(sizeof(*m));
	assert_int_equal(ice_snmp_read(caught, caught_len, m), ICE_VERDICT_OK);
	struct ice_recording_agent agent = {.recording = n->recordings[NETWORK_SWITCH], .reply_max = 1472};
	size_t len = ice_recording_answer(&agent, m, out, size);
	free(m);
	assert_true(len > 30);
	return len;
}

static void test_strays_by_reason(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 1;
	n->request = catch_request;
	uint32_t device = network_device(n, 0, NETWORK_SWITCH)->address;
	assert_false(network_run(n, MS(10)));
	uint8_t good[1500], bad[1500];
	size_t len = answer_caught(n, good, sizeof(good));
	/* 30 LL(1..3) 02 01 VV 04 06 public a2 .. 02 04 id */
	size_t version = good[1] < 0x80 ? 4 : good[1] == 0x81 ? 5 : 6, community = version + 3, pdu = community + 6;
	size_t id = pdu + (good[pdu + 1] < 0x80 ? 2 : good[pdu + 1] == 0x81 ? 3 : 4) + 2;
	assert_int_equal(good[version], ICE_SNMP_V2C);
	assert_memory_equal(good + community, "public", 6);
	assert_int_equal(good[pdu], 0xa2);
	const struct {
		enum ice_verdict verdict;
		uint32_t from;
		uint16_t port;
		size_t at, len;
		uint8_t value;
	} rows[] = {
	        {ICE_VERDICT_ADDRESS, device + 1, 161, 0, len, 0x30},
	        {ICE_VERDICT_PORT, device, 162, 0, len, 0x30},
	        {ICE_VERDICT_UNKNOWN_ID, device, 161, id, len, (uint8_t)(good[id] ^ 1)},
	        {ICE_VERDICT_UNKNOWN_ID, device, 161, id + 3, len, (uint8_t)(good[id + 3] ^ 1)},
	        {ICE_VERDICT_COMMUNITY, device, 161, community, len, 'P'},
	        {ICE_VERDICT_VERSION, device, 161, version, len, ICE_SNMP_V1}, /* not asked in v1 yet */
	        {ICE_VERDICT_VERSION, device, 161, version, len, 3},
	        {ICE_VERDICT_PDU, device, 161, pdu, len, 0xa0},
	        {ICE_VERDICT_MALFORMED, device, 161, 0, len, 0x31},
	        {ICE_VERDICT_MALFORMED, device, 161, 0, len - 1, 0x30},
	        {ICE_VERDICT_MALFORMED, device, 161, 0, 0, 0x30},
	};
	uint64_t expected[ICE_VERDICT_COUNT] = {0};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		memcpy(bad, good, len);
		bad[rows[i].at] = rows[i].value;
		inject(n, rows[i].from, rows[i].port, bad, rows[i].len);
		expected[rows[i].verdict]++;
		struct ice_scanner_counters c = network_counters(n);
		for (int v = 0; v < ICE_VERDICT_COUNT; v++)
			if (c.strays[v] != expected[v])
				fail_msg("row %zu: %llu strays of %s", i, (unsigned long long)c.strays[v],
				         ice_verdict_name(v));
		assert_int_equal(c.replies, 0);
		assert_int_equal(n->devices[0].found, 0);
	}
	/* the names of another question */
	struct ice_snmp_request other;
	struct ice_oid name;
	assert_true(ice_oid_parse("1.3.6.1.2.1", &name));
	assert_true(ice_snmp_build(&other, ICE_SNMP_V2C, &n->communities[0], ICE_SNMP_GETNEXT, &name, 1, 0));
	memcpy(other.bytes + other.id_at, good + id, 4);
	other.bytes[other.id_at - 4 - (other.bytes[other.id_at - 3] == 0x81)] = 0xa2;
	inject(n, device, 161, other.bytes, other.len);
	assert_int_equal(network_counters(n).strays[ICE_VERDICT_OIDS], 1);
	/* and the true answer still counts, once */
	inject(n, device, 161, good, len);
	assert_int_equal(n->devices[0].found + network_counters(n).replies, 2);
	inject(n, device, 161, good, len);
	assert_int_equal(network_counters(n).replies, 1);
	network_free(n);
}

/* An attacker who knows the addresses, the port, the community and the question, but not the ids. */
static void test_a_million_forgeries(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 4096;
	n->options.window = 4096;
	n->request = catch_request;
	network_device(n, 0, NETWORK_SWITCH);
	assert_false(network_run(n, MS(10)));
	assert_int_equal(network_counters(n).in_flight, 4096);
	uint8_t reply[1500];
	size_t len = answer_caught(n, reply, sizeof(reply));
	struct ice_snmp_message *m = malloc(sizeof(*m));
	assert_int_equal(ice_snmp_read(reply, len, m), ICE_VERDICT_OK);
	uint32_t true_id = (uint32_t)m->request_id;
	free(m);
	size_t id = 0;
	while (memcmp(reply + id, (uint8_t[]){0x02, 0x04, (uint8_t)(true_id >> 24), (uint8_t)(true_id >> 16)}, 4) != 0)
		id++;
	id += 2;
	struct ice_random r;
	ice_random_seed(&r, 99);
	for (unsigned i = 0; i < 1000000; i++) {
		uint32_t guess = ICE_SNMP_ID_BASE | (uint32_t)ice_random_below(&r, ICE_SNMP_ID_BASE);
		ice_snmp_patch_id(reply, id, guess == true_id ? guess ^ 1 : guess);
		inject(n, n->first + (uint32_t)ice_random_below(&r, 4096), 161, reply, len);
	}
	struct ice_scanner_counters c = network_counters(n);
	assert_int_equal(c.replies, 0);
	assert_int_equal(c.devices, 0);
	uint64_t strays = 0;
	for (int v = 0; v < ICE_VERDICT_COUNT; v++)
		strays += c.strays[v];
	assert_int_equal(strays, 1000000);
	network_free(n);
}

/* Two addresses of one /64, a silent one and a device that answers from the other's address. */
struct v6 {
	unsigned sent, found, handed;
	struct ice_address asked[8];
};

static enum ice_next v6_next(struct ice_address *out, void *arg)
{
	struct v6 *v = arg;
	static const char *const targets[] = {"fd00::1", "10.0.0.1", "fe80::1%lo", "fd00:0:0:1::1"};
	if (v->handed == 4)
		return ICE_NEXT_END;
	assert_true(ice_address_parse(targets[v->handed++], out));
	return ICE_NEXT_TARGET;
}

static bool v6_send(const struct ice_address *to, const struct ice_snmp_request *request, uint32_t id, void *arg)
{
	struct v6 *v = arg;
	v->asked[v->sent++ % 8] = *to;
	ice_snmp_write(caught, request, id);
	caught_len = request->len;
	return true;
}

static bool v6_reserve(void *arg)
{
	(void)arg;
	return true;
}

static void v6_emit(const struct ice_finding *f, void *arg)
{
	struct v6 *v = arg;
	struct ice_address last;
	assert_true(ice_address_parse("fd00:0:0:1::1", &last));
	assert_true(ice_address_same(&f->address, &last));
	v->found++;
}

static void v6_release(void *arg)
{
	(void)arg;
}

static void test_ipv6(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	network_current = n;
	static const struct ice_scanner_ops ops = {v6_next, v6_send, v6_reserve, v6_emit, v6_release, NULL};
	struct v6 v = {0};
	struct ice_scanner *s = ice_scanner_new(&n->options, &ops, &v, 0);
	ice_scanner_pump(s, 0);
	assert_int_equal(v.sent, 4);
	struct v6 again = {0};
	for (int i = 0; i < 4; i++) {
		struct ice_address a;
		assert_int_equal(v6_next(&a, &again), ICE_NEXT_TARGET);
		assert_true(ice_address_same(&a, &v.asked[i]));
	}
	uint8_t reply[1500];
	size_t len = answer_caught(n, reply, sizeof(reply)); /* of the fourth */
	ice_scanner_input(s, 10, &v.asked[0], 161, reply, len);
	assert_int_equal(v.found, 0);
	ice_scanner_input(s, 10, &v.asked[3], 161, reply, len);
	assert_int_equal(v.found, 1);
	struct ice_scanner_counters c;
	ice_scanner_counters(s, &c);
	assert_int_equal(c.strays[ICE_VERDICT_ADDRESS], 1);
	ice_scanner_free(s);
	network_free(n);
}

/* Addresses 1 .. 200, and to whom a datagram went, in order; every third retry is refused. */
struct refusing {
	uint32_t handed, calls, sent;
	uint32_t asked[400];
};

static enum ice_next refusing_next(struct ice_address *out, void *arg)
{
	struct refusing *r = arg;
	if (r->handed == 200)
		return ICE_NEXT_END;
	*out = ice_address_v4(0x0a000000 + ++r->handed);
	return ICE_NEXT_TARGET;
}

static bool refusing_send(const struct ice_address *to, const struct ice_snmp_request *request, uint32_t id, void *arg)
{
	struct refusing *r = arg;
	(void)request, (void)id;
	if (r->sent >= 200 && ++r->calls % 3 == 0)
		return false;
	assert_true(r->sent < 400);
	r->asked[r->sent++] = (uint32_t)to->lo - 0x0a000000;
	return true;
}

/* Whom the socket refuses is first in turn when it takes more. */
static void test_refused_keep_their_order(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	static const struct ice_scanner_ops ops = {refusing_next, refusing_send, v6_reserve, NULL, v6_release, NULL};
	struct refusing r = {0};
	n->options.v1 = false;
	n->options.retries = 1;
	n->options.rate = 0;
	n->options.timeout = MS(500);
	struct ice_scanner *s = ice_scanner_new(&n->options, &ops, &r, 0);
	for (ice_usec now = 0; !ice_scanner_idle(s); now += MS(1)) {
		assert_true(now < MS(5000));
		ice_scanner_pump(s, now);
	}
	assert_int_equal(r.sent, 400);
	for (uint32_t i = 0; i < 400; i++)
		assert_int_equal(r.asked[i], i % 200 + 1);
	ice_scanner_free(s);
	network_free(n);
}

/* Months in one scanner: it is idle in between, takes new targets whenever there are some, and time runs far beyond 2^32. */
static void test_lives_for_months(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 50;
	n->now = ICE_USEC_SEC(86400) * 49;
	network_device(n, 7, NETWORK_PRINTER);
	for (int day = 0; day < 200; day++) {
		n->handed = 0;
		n->devices[0].found = 0;
		if (n->scanner)
			ice_scanner_pump(n->scanner, n->now);
		assert_true(network_run(n, n->now + ICE_USEC_SEC(60)));
		assert_int_equal(n->devices[0].found, 1);
		assert_true(n->devices[0].complete);
		n->now += ICE_USEC_SEC(86400);
		ice_scanner_pump(n->scanner, n->now);
		assert_true(ice_scanner_next(n->scanner, n->now) == ICE_USEC_NEVER);
	}
	assert_int_equal(network_counters(n).printers, 200);
	network_free(n);
}

/* Cut off at any moment and begun again where it stood: a few are asked twice, nobody is skipped. */
static void test_resume(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		struct network *n = network_new(seed);
		n->count = 600;
		n->options.rate = 200;
		n->options.window = 256;
		n->options.subnet_cap = seed % 3 ? 0 : 20;
		n->jitter = MS(300);
		for (uint32_t i = 0; i < n->count; i += 3)
			network_device(n, i, i % 2 ? NETWORK_PRINTER : NETWORK_SWITCH);
		unsigned total[200] = {0};
		uint64_t repeated = 0;
		bool done = false;
		while (!done) {
			done = network_run(n,
			                   n->now + MS(500) + (ice_usec)ice_random_below(&n->random, ICE_USEC_SEC(4)));
			uint64_t settled = ice_scanner_settled(n->scanner);
			if (done)
				assert_int_equal(n->resumed + settled, n->count);
			for (size_t i = 0; i < n->device_count; i++) {
				total[i] += n->devices[i].found;
				n->devices[i].found = n->devices[i].asked = 0;
			}
			if (done)
				break;
			uint32_t begun = n->handed;
			ice_scanner_free(n->scanner);
			n->scanner = NULL;
			free(n->sent_to);
			n->handed = n->resumed += (uint32_t)settled;
			assert_true(begun >= n->handed);
			repeated += begun - n->handed;
			while (n->heap_count > 0)
				free(network_arrive(n).bytes);
		}
		for (size_t i = 0; i < n->device_count; i++)
			assert_true(total[i] >= 1);
		assert_true(repeated < 20 * 400);
		network_free(n);
	}
}

/* ---- printers known from an earlier sweep ---- */

/* Another sweep of the same network, an hour later, by a new scanner. */
static void sweep_again(struct network *n)
{
	network_check(n);
	ice_scanner_free(n->scanner);
	n->scanner = NULL;
	free(n->sent_to);
	n->sent_to = NULL;
	while (n->heap_count > 0)
		free(network_arrive(n).bytes);
	n->handed = 0;
	n->sent = n->silent_sent = n->reserved = n->put = n->released = n->silences = 0;
	n->now += ICE_USEC_SEC(3600);
	for (size_t i = 0; i < n->device_count; i++)
		n->devices[i].found = n->devices[i].asked = n->devices[i].answered = 0;
}

/* The small printer with other rows. */
static struct ice_recording *another(const char *row, const char *with)
{
	char text[4096], why[200];
	size_t used = 0;
	for (const char *line = network_printer_text; *line; line = strchr(line, '\n') + 1) {
		size_t len = (size_t)(strchr(line, '\n') + 1 - line);
		if (strncmp(line, row, strlen(row)) != 0) {
			memcpy(text + used, line, len);
			used += len;
		}
	}
	used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", with);
	struct ice_recording *r = ice_recording_parse("another", text, used, why, sizeof(why));
	assert_non_null(r);
	return r;
}

/* 20 printers among 10 switches, read once. */
static struct network *remembered(uint64_t seed)
{
	struct network *n = network_new(seed);
	n->remembers = true;
	n->options.community_count = 2;
	for (uint32_t i = 0; i < 30; i++)
		network_device(n, i, i % 3 ? NETWORK_PRINTER : NETWORK_SWITCH)->credential = (uint8_t)(i % 2);
	assert_true(network_run(n, FOREVER));
	assert_int_equal(network_counters(n).printers, 20);
	assert_int_equal(network_counters(n).unchanged, 0);
	sweep_again(n);
	return n;
}

static void test_unchanged(void **state)
{
	(void)state;
	struct network *n = remembered(1);
	n->places = 0; /* none is needed */
	for (int sweep = 0; sweep < 3; sweep++) {
		assert_true(network_run(n, n->now + FOREVER));
		struct ice_scanner_counters c = network_counters(n);
		assert_int_equal(c.devices, 30);
		assert_int_equal(c.printers, 20);
		assert_int_equal(c.unchanged, 20);
		assert_int_equal(c.incomplete, 0);
		assert_int_equal(n->reserved, 0);
		for (size_t i = 0; i < n->device_count; i++) {
			struct network_device *d = &n->devices[i];
			assert_int_equal(d->found, 1);
			if (d->kind == NETWORK_SWITCH)
				continue;
			assert_int_equal(d->outcome, ICE_OUTCOME_UNCHANGED);
			assert_int_equal(d->asked, 1); /* in the community that worked, at once */
			assert_int_equal(d->said_requests, 1);
			assert_int_equal(d->said_credential, d->credential);
			assert_int_equal(d->rtt, MS(2));
		}
		sweep_again(n);
	}
	network_free(n);
}

/* A page, a status, another printer at the address, a printer that forgot its counters: read in full in the same sweep. */
static void test_changed(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
	        {"1.3.6.1.2.1.43.10.2.1.4.1.1|", "1.3.6.1.2.1.43.10.2.1.4.1.1|65|4712\n"},
	        {"1.3.6.1.2.1.25.3.5.1.1.1|", "1.3.6.1.2.1.25.3.5.1.1.1|2|4\n"},
	        {"1.3.6.1.2.1.43.5.1.1.17.1|", "1.3.6.1.2.1.43.5.1.1.17.1|4|EX0009999\n"},
	        {"1.3.6.1.2.1.43.5.1.1.1.1|", ""},
	};
	for (unsigned v1 = 0; v1 < 2; v1++)
		for (size_t k = 0; k < sizeof(rows) / sizeof(*rows); k++) {
			struct network *n = network_new(k);
			struct ice_recording *changed = another(rows[k][0], rows[k][1]);
			n->remembers = true;
			network_device(n, 3, NETWORK_PRINTER)->v1_only = v1;
			network_device(n, 4, NETWORK_PRINTER);
			assert_true(network_run(n, FOREVER));
			sweep_again(n);
			n->devices[0].recording = changed;
			assert_true(network_run(n, n->now + FOREVER));
			struct network_device *d = &n->devices[0];
			assert_int_equal(d->found, 1);
			assert_int_equal(d->outcome, ICE_OUTCOME_PRINTER);
			assert_true(d->complete);
			assert_true(d->asked > 2);
			assert_int_equal(d->said_requests, d->asked); /* the steady question is counted as well */
			assert_int_equal(n->put, 1);
			assert_int_equal(n->devices[1].outcome, ICE_OUTCOME_UNCHANGED);
			sweep_again(n);
			/* and from then on it is known as it is now, if it can be */
			assert_true(network_run(n, n->now + FOREVER));
			assert_int_equal(n->devices[0].outcome, k < 3 ? ICE_OUTCOME_UNCHANGED : ICE_OUTCOME_PRINTER);
			assert_int_equal(n->devices[1].outcome, ICE_OUTCOME_UNCHANGED);
			network_check(n);
			network_free(n);
			ice_recording_free(changed);
		}
}

/* Gone, or something else than a printer now. */
static void test_known_and_silent(void **state)
{
	(void)state;
	struct network *n = remembered(2);
	n->options.community_count = 1;
	for (size_t i = 0; i < n->device_count; i++) {
		n->devices[i].credential = 0;
		n->devices[i].steady.credential = 0;
	}
	n->devices[1].dies_after = 1;
	n->devices[1].answered = 1;
	n->devices[2].recording = n->recordings[NETWORK_SWITCH];
	n->devices[4].credential = 1; /* another community: silent, too */
	n->devices[5].has_steady = true;
	n->devices[5].steady.credential = 7; /* of a list that was longer then */
	assert_true(network_run(n, n->now + FOREVER));
	assert_int_equal(n->devices[1].found, 0);
	assert_int_equal(n->devices[1].asked, 2 + 2); /* the steady question twice, first contact twice */
	assert_int_equal(n->devices[2].found, 1);
	assert_int_equal(n->devices[2].outcome, ICE_OUTCOME_DEVICE);
	assert_int_equal(n->devices[4].found, 0);
	assert_int_equal(n->devices[4].asked, 2 + 2);
	assert_int_equal(n->devices[5].outcome, ICE_OUTCOME_PRINTER);
	struct ice_scanner_counters c = network_counters(n);
	assert_int_equal(c.targets, 100);
	assert_int_equal(c.finished, 100);
	sweep_again(n);
	network_free(n);
}

/* A version that may not be spoken any more is not spoken: network_op_send asserts it. */
static void test_known_by_another_version(void **state)
{
	(void)state;
	struct network *n = remembered(3);
	n->options.v2c = false;
	assert_true(network_run(n, n->now + FOREVER));
	network_check(n);
	assert_int_equal(network_counters(n).unchanged, 0);
	assert_int_equal(network_counters(n).printers, 20);
	network_free(n);
}

static unsigned swallowed;

static bool swallow_first(struct network *n, struct network_device *d, const struct ice_snmp_message *m,
                          const uint8_t *bytes, size_t len)
{
	(void)n, (void)m, (void)bytes, (void)len;
	swallowed += d->asked == 1;
	return d->asked != 1;
}

/* Its first datagram is lost: the second try does. */
static void test_lost_steady_question(void **state)
{
	(void)state;
	struct network *n = remembered(4);
	n->request = swallow_first;
	swallowed = 0;
	assert_true(network_run(n, n->now + FOREVER));
	network_check(n);
	assert_true(swallowed >= 20);
	assert_int_equal(network_counters(n).unchanged, 20);
	for (size_t i = 0; i < n->device_count; i++)
		if (n->devices[i].kind == NETWORK_PRINTER) {
			assert_int_equal(n->devices[i].asked, 2);
			assert_true(n->devices[i].rtt > MS(1000)); /* at most that long */
		}
	network_free(n);
}

/* How it is doing, in one question: pages can wait, all else cannot, and who is silent is left alone. */
static void test_pulse(void **state)
{
	(void)state;
	for (unsigned v1 = 0; v1 < 2; v1++) {
		struct network *n = network_new(6);
		struct ice_recording *pages =
		        another("1.3.6.1.2.1.43.10.2.1.4.1.1|", "1.3.6.1.2.1.43.10.2.1.4.1.1|65|9999\n");
		struct ice_recording *status = another("1.3.6.1.2.1.25.3.5.1.1.1|", "1.3.6.1.2.1.25.3.5.1.1.1|2|4\n");
		struct ice_recording *plain = another("1.3.6.1.2.1.43.5.1.1.1", ""); /* no counters, no serial number */
		n->remembers = true;
		n->options.silences = true;
		n->options.community_count = 2;
		for (uint32_t i = 0; i < 5; i++) {
			network_device(n, 10 + i, NETWORK_PRINTER)->v1_only = v1;
			n->devices[i].credential = (uint8_t)(i % 2);
		}
		n->devices[3].recording = plain;
		assert_true(network_run(n, FOREVER));
		assert_int_equal(network_counters(n).printers, 5);
		assert_int_equal(n->silences, 95);
		sweep_again(n);
		n->ask = ICE_KNOWN_PULSE;
		n->devices[1].recording = pages;
		n->devices[2].recording = status;
		n->devices[4].dies_after = 1;
		n->devices[4].answered = 1;
		assert_true(network_run(n, n->now + FOREVER));
		static const enum ice_outcome outcomes[] = {ICE_OUTCOME_UNCHANGED, ICE_OUTCOME_PAGES,
		                                            ICE_OUTCOME_PRINTER, ICE_OUTCOME_UNCHANGED};
		for (unsigned i = 0; i < 4; i++) {
			assert_int_equal(n->devices[i].found, 1);
			assert_int_equal(n->devices[i].outcome, outcomes[i]);
			assert_int_equal(n->devices[i].said_credential, n->devices[i].credential);
			assert_int_equal(n->devices[i].said_requests, n->devices[i].asked);
			assert_true((n->devices[i].asked == 1) == (i != 2));
		}
		assert_int_equal(n->devices[4].found, 0);
		assert_int_equal(n->devices[4].asked, 2);
		assert_int_equal(n->reserved, 1);
		assert_int_equal(n->silences, 96);
		struct ice_scanner_counters c = network_counters(n);
		assert_int_equal(c.targets, 100);
		assert_int_equal(c.finished, 100);
		assert_int_equal(c.printers, 4);
		assert_int_equal(c.unchanged, 3);
		/* whether anything has changed, it cannot tell: it is read */
		sweep_again(n);
		n->ask = ICE_KNOWN_CHANGED;
		n->devices[4].dies_after = 0;
		assert_true(network_run(n, n->now + FOREVER));
		assert_int_equal(n->devices[0].outcome, ICE_OUTCOME_UNCHANGED);
		assert_int_equal(n->devices[1].outcome, ICE_OUTCOME_PRINTER);
		assert_int_equal(n->devices[2].outcome, ICE_OUTCOME_UNCHANGED);
		assert_int_equal(n->devices[3].outcome, ICE_OUTCOME_PRINTER);
		assert_int_equal(n->devices[4].outcome, ICE_OUTCOME_UNCHANGED);
		network_check(n);
		network_free(n);
		ice_recording_free(pages);
		ice_recording_free(status);
		ice_recording_free(plain);
	}
}

/* First contact with who is known begins with what was good last, and goes on to the rest when that is not good any more. */
static void test_known_contact(void **state)
{
	(void)state;
	for (unsigned v1 = 0; v1 < 2; v1++)
		for (uint8_t credential = 0; credential < 3; credential++) {
			struct network *n = network_new(7);
			n->remembers = true;
			n->options.community_count = 3;
			struct network_device *d = network_device(n, 50, NETWORK_PRINTER);
			d->v1_only = v1;
			d->credential = credential;
			assert_true(network_run(n, FOREVER));
			unsigned before = d->asked;
			assert_true(before >= 1 + credential + 3 * v1);
			sweep_again(n);
			n->ask = ICE_KNOWN_CONTACT;
			assert_true(network_run(n, n->now + FOREVER));
			assert_int_equal(d->outcome, ICE_OUTCOME_PRINTER);
			assert_int_equal(d->asked, before - credential - 3 * v1);
			assert_int_equal(d->said_credential, credential);
			sweep_again(n);
			d->credential = (uint8_t)((credential + 2) % 3);
			d->v1_only = false;
			assert_true(network_run(n, n->now + FOREVER));
			assert_int_equal(d->outcome, ICE_OUTCOME_PRINTER);
			assert_int_equal(d->said_credential, d->credential);
			network_check(n);
			network_free(n);
		}
}

static unsigned garbled;

/* The first request is answered by things that are no answer: noise, another's names, the right thing from elsewhere. */
static bool answer_garbage(struct network *n, struct network_device *d, const struct ice_snmp_message *m,
                           const uint8_t *bytes, size_t len)
{
	if (d->asked > 2 || d->kind != NETWORK_PRINTER)
		return true;
	static uint8_t reply[2048];
	struct ice_recording_agent agent = {.recording = n->recordings[d->kind], .reply_max = 1472};
	size_t answer = ice_recording_answer(&agent, m, reply, sizeof(reply));
	assert_true(answer > 20);
	network_deliver(n, n->now + MS(1), d->address - 1, 161, reply, answer); /* its neighbour */
	network_deliver(n, n->now + MS(2), d->address, 162, reply, answer);
	network_deliver(n, n->now + MS(3), d->address, 161, bytes, len); /* its own question */
	network_deliver(n, n->now + MS(4), d->address, 161, reply, answer - 3);
	/* the last name has another last arc */
	struct ice_snmp_message *read = malloc(sizeof(*read));
	assert_int_equal(ice_snmp_read(reply, answer, read), ICE_VERDICT_OK);
	const struct ice_snmp_varbind *last = &read->varbinds[read->count - 1];
	reply[(size_t)(last->oid - reply) + last->oid_len - 1u] ^= 1;
	free(read);
	network_deliver(n, n->now + MS(5), d->address, 161, reply, answer);
	garbled++;
	return false;
}

static void test_garbage_for_a_steady_question(void **state)
{
	(void)state;
	struct network *n = remembered(5);
	n->request = answer_garbage;
	garbled = 0;
	assert_true(network_run(n, n->now + FOREVER));
	network_check(n);
	struct ice_scanner_counters c = network_counters(n);
	assert_true(garbled >= 40);
	assert_int_equal(c.printers, 20);
	assert_int_equal(c.unchanged, 0);
	assert_int_equal(c.incomplete, 0);
	assert_true(c.strays[ICE_VERDICT_OIDS] >= 40 &&
	            c.strays[ICE_VERDICT_ADDRESS] + c.strays[ICE_VERDICT_UNKNOWN_ID] >= 40 &&
	            c.strays[ICE_VERDICT_PORT] >= 40 && c.strays[ICE_VERDICT_PDU] >= 40 &&
	            c.strays[ICE_VERDICT_MALFORMED] >= 40);
	for (size_t i = 0; i < n->device_count; i++)
		assert_int_equal(n->devices[i].found, 1);
	network_free(n);
}

/* Sweep after sweep over a bad network whose printers change, come and go: what is said to be unchanged is as it was last read, and
 * nobody is missed. */
static void test_steady_seeds(void **state)
{
	(void)state;
	struct ice_recording *states[4];
	for (int i = 0; i < 4; i++) {
		char row[64];
		snprintf(row, sizeof(row), "1.3.6.1.2.1.43.10.2.1.4.1.1|65|%d\n", 5000 + i);
		states[i] = another("1.3.6.1.2.1.43.10.2.1.4.1.1|", row);
	}
	uint64_t unchanged = 0;
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct network *n = network_new(seed);
		struct ice_random r;
		unsigned last[60] = {0};
		ice_random_seed(&r, seed ^ 0x57ead);
		n->remembers = true;
		n->count = 60;
		n->options.window = 1u << (2 + ice_random_below(&r, 6));
		n->options.conversations = 1 + (uint32_t)ice_random_below(&r, 8);
		n->options.retries = (unsigned)ice_random_below(&r, 3);
		n->options.timeout = ice_random_below(&r, 2) ? 0 : MS(500);
		n->options.rate = ice_random_below(&r, 2) ? 0 : 100 + ice_random_below(&r, 1000);
		n->options.subnet_cap = ice_random_below(&r, 3) ? 0 : 1 + (uint32_t)ice_random_below(&r, 20);
		n->doubled = (unsigned)ice_random_below(&r, 20);
		n->overtaking = (unsigned)ice_random_below(&r, 20);
		n->jitter = (ice_usec)ice_random_below(&r, MS(50));
		for (uint32_t i = 0; i < n->count; i += 2)
			network_device(n, i, NETWORK_PRINTER)->latency = (ice_usec)ice_random_below(&r, MS(60));
		for (int sweep = 0; sweep < 5; sweep++) {
			n->loss = ice_random_below(&r, 2) ? 0 : (unsigned)ice_random_below(&r, 20);
			n->refuse_sends = ice_random_below(&r, 20);
			unsigned is[60];
			for (size_t i = 0; i < n->device_count; i++) {
				is[i] = last[i] && ice_random_below(&r, 3) ? last[i]
				                                           : 1 + (unsigned)ice_random_below(&r, 4);
				n->devices[i].recording = states[is[i] - 1];
			}
			n->ask = ice_random_below(&r, 3) ? ICE_KNOWN_CHANGED : ICE_KNOWN_PULSE;
			assert_true(network_run(n, n->now + FOREVER));
			for (size_t i = 0; i < n->device_count; i++) {
				struct network_device *d = &n->devices[i];
				if (n->loss == 0)
					assert_true(d->found && d->complete);
				if (d->found && d->outcome == ICE_OUTCOME_UNCHANGED)
					assert_int_equal(is[i], last[i]);
				else if (d->found && d->outcome == ICE_OUTCOME_PAGES)
					assert_int_not_equal(is[i], last[i]);
				else if (d->found && d->complete)
					last[i] = is[i];
			}
			unchanged += network_counters(n).unchanged;
			sweep_again(n);
		}
		network_free(n);
	}
	assert_true(unchanged > 300 * 30);
	for (int i = 0; i < 4; i++)
		ice_recording_free(states[i]);
}

/* Every recording at hand, at once, over a network that loses some. */
static void test_recordings(void **state)
{
	(void)state;
	static const char *const folders[] = {"../shared/corpus/printers", "../shared/corpus/devices"};
	static struct ice_recording *recordings[1000];
	unsigned count = 0;
	for (int k = 0; k < 2; k++) {
		DIR *dir = opendir(folders[k]);
		for (struct dirent *e; dir && (e = readdir(dir)) && count < 1000;) {
			char path[4096], why[256];
			size_t len = strlen(e->d_name);
			if (len < 8 || strcmp(e->d_name + len - 8, ".snmprec") != 0)
				continue;
			snprintf(path, sizeof(path), "%s/%s", folders[k], e->d_name);
			recordings[count] = ice_recording_load(path, why, sizeof(why));
			count += recordings[count] != NULL;
		}
		if (dir)
			closedir(dir);
	}
	if (count == 0) {
		print_message("no recordings in ../shared/corpus\n");
		skip();
	}
	for (unsigned loss = 0; loss <= 2; loss += 2) {
		struct network *n = network_new(loss);
		n->count = 2 * count;
		n->loss = loss;
		n->options.retries = 4;
		for (unsigned i = 0; i < count; i++) {
			struct network_device *d =
			        network_device(n, 2 * i + 1, i % 2 ? NETWORK_PRINTER : NETWORK_SWITCH);
			d->recording = recordings[i];
			d->v1_only = i % 5 == 0;
		}
		assert_true(network_run(n, FOREVER));
		network_check(n);
		struct ice_scanner_counters c = network_counters(n);
		assert_int_equal(c.devices, count);
		assert_int_equal(c.replies > 0 && c.incomplete <= (loss ? count / 10 : 0), 1);
		network_free(n);
	}
	for (unsigned i = 0; i < count; i++)
		ice_recording_free(recordings[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_silent_addresses_exactly),
	        cmocka_unit_test(test_finds_everything),
	        cmocka_unit_test(test_any_window),
	        cmocka_unit_test(test_discover_asks_no_more),
	        cmocka_unit_test(test_late_answers_count),
	        cmocka_unit_test(test_an_answer_cancels_the_retry_that_waits),
	        cmocka_unit_test(test_versions),
	        cmocka_unit_test(test_communities),
	        cmocka_unit_test(test_seeds),
	        cmocka_unit_test(test_loss_is_made_up_for),
	        cmocka_unit_test(test_what_tells_of_loss),
	        cmocka_unit_test(test_what_we_lose_ourselves_is_no_loss),
	        cmocka_unit_test(test_queue_full_and_drained),
	        cmocka_unit_test(test_more_printers_than_memory),
	        cmocka_unit_test(test_reservations_are_released),
	        cmocka_unit_test(test_a_device_goes_silent_in_mid_conversation),
	        cmocka_unit_test(test_drain),
	        cmocka_unit_test(test_pace),
	        cmocka_unit_test(test_pace_with_a_late_timer),
	        cmocka_unit_test(test_congestion),
	        cmocka_unit_test(test_what_we_lose_ourselves_is_asked_anew),
	        cmocka_unit_test(test_learned_timeouts),
	        cmocka_unit_test(test_a_lost_datagram_delays_nobody_else),
	        cmocka_unit_test(test_ambiguous_answers_teach_what_is_not_known),
	        cmocka_unit_test(test_subnet_cap),
	        cmocka_unit_test(test_strays_by_reason),
	        cmocka_unit_test(test_a_million_forgeries),
	        cmocka_unit_test(test_ipv6),
	        cmocka_unit_test(test_lives_for_months),
	        cmocka_unit_test(test_refused_keep_their_order),
	        cmocka_unit_test(test_resume),
	        cmocka_unit_test(test_unchanged),
	        cmocka_unit_test(test_changed),
	        cmocka_unit_test(test_known_and_silent),
	        cmocka_unit_test(test_known_by_another_version),
	        cmocka_unit_test(test_lost_steady_question),
	        cmocka_unit_test(test_pulse),
	        cmocka_unit_test(test_known_contact),
	        cmocka_unit_test(test_garbage_for_a_steady_question),
	        cmocka_unit_test(test_steady_seeds),
	        cmocka_unit_test(test_recordings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
