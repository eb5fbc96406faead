/* What the progress of a sweep tells while it goes on, against what comes, in virtual time. */
#include "replay/network.h"

#include "engine/progress.h"

#define EVERY MS(250)

static struct ice_progress_figures figures(const struct network *n, double expected)
{
	struct ice_scanner_counters c = network_counters(n);
	return (struct ice_progress_figures){.done = c.finished,
	                                     .total = n->count,
	                                     .sent = c.probes_sent,
	                                     .in_flight = c.in_flight,
	                                     .seconds = (double)n->now / 1e6,
	                                     .expected = expected,
	                                     .found_what = "printers"};
}

/* Once it is told how much time is left, it is right but for a fifth of the time the sweep takes, and told from a fourth of it on at the latest
 * (of a sweep that does not mostly wait). The rate is that of the last seconds. */
static void check(struct network *n, double expected)
{
	enum { MOST = 4096 };
	static struct {
		double at, left, rate;
		uint64_t sent;
	} told[MOST];
	struct ice_progress p = {.form = ICE_PROGRESS_JSON};
	unsigned count = 0;
	for (bool going = true; going && count < MOST; count++) {
		going = !network_run(n, (count + 1) * EVERY);
		struct ice_progress_figures f = figures(n, expected);
		ice_progress_measure(&p, n->now, &f);
		told[count].at = f.seconds;
		told[count].left = ice_progress_left(&f);
		told[count].rate = p.rate;
		told[count].sent = f.sent;
	}
	network_check(n);
	double took = told[count - 1].at;
	bool said = false;
	for (unsigned i = 0; i + 1 < count; i++) {
		double left = took - told[i].at;
		said |= told[i].left >= 0;
		if (!said) {
			assert_true(told[i].at < took / 4);
			continue;
		}
		if (told[i].left < left - took / 5 || told[i].left > left + took / 5)
			fail_msg("after %.2f of %.2f s, %.2f s are said to be left", told[i].at, took, told[i].left);
		double rate = (double)told[i].sent / told[i].at;
		if (told[i].at < 0.8 * took && (told[i].rate < 0.5 * rate || told[i].rate > 2 * rate))
			fail_msg("after %.2f of %.2f s: %.0f/s, where %.0f/s are the mean", told[i].at, took,
			         told[i].rate, rate);
	}
	network_free(n);
}

static void test_paced(void **state)
{
	(void)state;
	for (unsigned retries = 0; retries < 3; retries++) {
		struct network *n = network_new(1);
		n->count = 20000;
		n->options.window = 65536;
		n->options.rate = 1000;
		n->options.timeout = 0;
		n->options.retries = retries;
		check(n, retries == 2 ? 60 : 0);
	}
}

/* Turns of three seconds. */
static void test_window_and_cap(void **state)
{
	(void)state;
	for (int cap = 0; cap < 2; cap++) {
		struct network *n = network_new(1);
		n->first = 0x0a000000;
		n->count = cap ? 256 : 20000;
		n->options.window = 1024;
		n->options.rate = 10000;
		n->options.timeout = 0;
		n->options.subnet_cap = cap ? 8 : 0;
		check(n, cap ? 96 : 60);
	}
}

/* A few answer at once: that is no sign that the rest will. */
static void test_some_answer(void **state)
{
	(void)state;
	struct network *n = network_new(1);
	n->count = 20000;
	n->options.window = 65536;
	n->options.rate = 1000;
	n->options.timeout = 0;
	for (uint32_t i = 0; i < n->count; i += 50)
		network_device(n, i, i % 100 ? NETWORK_SWITCH : NETWORK_PRINTER);
	check(n, 0);
}

/* What was expected is told as long as nothing is known; then, what is known. */
static void test_expected(void **state)
{
	(void)state;
	struct ice_progress_figures f = {.total = 1000, .seconds = 2, .in_flight = 100, .done = 3};
	assert_true(ice_progress_left(&f) < 0);
	f.expected = 30;
	assert_true(ice_progress_left(&f) == 28);
	f.seconds = 31;
	assert_true(ice_progress_left(&f) < 0);
	f.done = 400;
	assert_true(ice_progress_left(&f) == 31 * 600.0 / 500);
	f.expected = 51;
	assert_true(ice_progress_left(&f) == 31 * 600.0 / 500 * 0.8 + 20 * (1 - 0.8));
	f.done = 1000;
	f.in_flight = 0;
	assert_true(ice_progress_left(&f) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_paced),
	        cmocka_unit_test(test_window_and_cap),
	        cmocka_unit_test(test_some_answer),
	        cmocka_unit_test(test_expected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
