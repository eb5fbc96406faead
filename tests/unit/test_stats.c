#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "agent/bounds.h"
#include "agent/stats.h"
#include "engine/progress.h"

static json_t *written(const struct ice_stats *s, const struct ice_figures *f)
{
	char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	assert_true(ice_stats_write(s, f, false, to));
	fclose(to);
	json_error_t error;
	json_t *o = json_loads(text, 0, &error);
	assert_non_null(o);
	free(text);
	return o;
}

static const char *tells(const struct ice_stats *s, const struct ice_figures *f)
{
	static char text[4096];
	FILE *to = fmemopen(text, sizeof text, "w");
	ice_stats_tell(s, f, true, to);
	fclose(to);
	return text;
}

static void test_the_promised_keys(void **state)
{
	(void)state;
	static const char *const keys[] = {
	        "addresses",         "probes_sent", "replies",        "strays", "printers",       "devices", "seconds",
	        "probes_per_second", "bytes_sent",  "bytes_received", "rtt_ms", "peak_in_flight", "rss_kib"};
	struct ice_stats s;
	struct ice_figures f = {.addresses = 254, .seconds = 2, .scanner = {.probes_sent = 508, .replies = 10}};
	f.scanner.rtt[40] = 10; /* 1024 us and a little more */
	f.scanner.rtt_least = 1050;
	f.scanner.rtt_most = 1150;
	f.scanner.strays[ICE_VERDICT_COMMUNITY] = 3;
	ice_stats_init(&s, 0);
	json_t *o = written(&s, &f);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		assert_non_null(json_object_get(o, keys[i]));
	assert_int_equal(json_integer_value(json_object_get(o, "addresses")), 254);
	assert_true(json_real_value(json_object_get(o, "probes_per_second")) == 254);
	json_t *strays = json_object_get(o, "strays"), *rtt = json_object_get(o, "rtt_ms");
	assert_int_equal(json_integer_value(json_object_get(strays, "community")), 3);
	assert_int_equal(json_integer_value(json_object_get(strays, "malformed")), 0);
	assert_null(json_object_get(strays, "ok"));
	double p50 = json_real_value(json_object_get(rtt, "p50"));
	assert_true(p50 > 1.05 && p50 < 1.15);
	assert_true(json_real_value(json_object_get(rtt, "max")) == 1.15);
	json_decref(o);
}

static void test_nothing_answered(void **state)
{
	(void)state;
	struct ice_stats s;
	struct ice_figures f = {0};
	ice_stats_init(&s, 0);
	json_t *o = written(&s, &f);
	assert_int_equal(json_object_size(json_object_get(o, "rtt_ms")), 0);
	assert_true(json_real_value(json_object_get(o, "probes_per_second")) == 0);
	json_decref(o);
}

/* Whoever answered may have been tried so often that nobody knows which try was: no round trip is told then. */
static void test_no_round_trip_is_known(void **state)
{
	(void)state;
	struct ice_stats s;
	struct ice_figures f = {.done = 1, .seconds = 0.5, .scanner = {.probes_sent = 2, .replies = 1, .devices = 1}};
	ice_stats_init(&s, 0);
	assert_string_equal(tells(&s, &f), "0 printers among 1 device on 1 address in 0.5 s: 2 probes, 4/s\n");
}

/* The ends of the round trips are those of all legs, of whom some had no answer. */
static void test_round_trips_of_legs(void **state)
{
	(void)state;
	static const struct ice_scanner_counters legs[] = {
	        {0}, {.rtt_least = 500, .rtt_most = 900}, {0}, {.rtt_least = 300, .rtt_most = 700}};
	struct ice_scanner_counters sum = {0};
	for (size_t i = 0; i < sizeof legs / sizeof *legs; i++)
		ice_figures_add(&sum, &legs[i]);
	assert_int_equal(sum.rtt_least, 300);
	assert_int_equal(sum.rtt_most, 900);
}

/* Every member is explained in the manual. */
static void test_manual(void **state)
{
	(void)state;
	static char manual[65536];
	FILE *from = fopen("config/man/ice.1.in", "r");
	assert_non_null(from);
	manual[fread(manual, 1, sizeof manual - 1, from)] = '\0';
	fclose(from);
	const char *figures = strstr(manual, ".SH THE FIGURES OF A SWEEP"), *behind = strstr(manual, ".SH FILES");
	assert_true(figures && behind && figures < behind);
	manual[behind - manual] = '\0';
	struct ice_stats s;
	struct ice_figures f = {.scanner = {.answered = {100}, .same = {100}, .rtt = {5}, .rtt_most = 900}};
	ice_stats_init(&s, 0);
	json_t *o = written(&s, &f), *value;
	const char *name, *of;
	json_object_foreach(o, name, value)
	{
		if (!strstr(figures, name))
			fail_msg("%s is not in config/man/ice.1.in", name);
		json_t *member;
		if (strcmp(name, "strays") != 0) /* by reason: as many as there are */
			json_object_foreach(value, of, member) if (!strstr(figures, of))
			        fail_msg("%s of %s is not in config/man/ice.1.in", of, name);
	}
	assert_non_null(json_object_get(o, "loss_estimate"));
	json_decref(o);
	ice_stats_fini(&s);
}

/* What bounded the rate, in shares of the time: for programs and for people. */
static void test_bounds(void **state)
{
	(void)state;
	static const struct {
		uint64_t bound[ICE_BOUND_COUNT];
		const char *line;
	} cases[] = {
	        {{[ICE_BOUND_SUBNET] = 810, [ICE_BOUND_PACE] = 170, [ICE_BOUND_CPU] = 20},
	         "what bounded the rate: the cap per subnet (81 % of the time it sent), then the rate asked for (17 % "
	         "of the "
	         "time it sent)\n"},
	        {{[ICE_BOUND_CPU] = 250000, [ICE_BOUND_TARGETS] = 750000},
	         "what bounded the rate: this machine and its kernel (100 % of the time it sent); besides, the last "
	         "answers "
	         "were "
	         "waited for, 0.8 of 1.0 s\n"},
	        {{[ICE_BOUND_PACE] = 210000, [ICE_BOUND_SUBNET] = 10000, [ICE_BOUND_TARGETS] = 2480000},
	         "what bounded the rate: the rate asked for (95 % of the time it sent); besides, the last answers were "
	         "waited "
	         "for, "
	         "2.5 of 2.7 s\n"},
	        {{[ICE_BOUND_TARGETS] = 2480000},
	         "nothing bounded the rate: the last answers were waited for, 2.5 of 2.5 s\n"},
	        {{[ICE_BOUND_CPU] = 300, [ICE_BOUND_TARGETS] = 3000000},
	         "nothing bounded the rate: the last answers were waited for, 3.0 of 3.0 s\n"},
	        {{[ICE_BOUND_WINDOW] = 5, [ICE_BOUND_SUBNET] = 5},
	         "what bounded the rate: the number of requests in flight, --window (50 % of the time it sent), then "
	         "the cap "
	         "per "
	         "subnet (50 % of the time it sent)\n"},
	        {{[ICE_BOUND_WINDOW] = 1},
	         "what bounded the rate: the number of requests in flight, --window (100 % of the time it sent)\n"},
	        {{0}, ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ice_scanner_counters c = {0};
		char *text = NULL;
		size_t n;
		memcpy(c.bound, cases[i].bound, sizeof c.bound);
		FILE *to = open_memstream(&text, &n);
		ice_bounds_tell(&c, to);
		fclose(to);
		assert_string_equal(text, cases[i].line);
		free(text);
	}
	struct ice_stats s;
	struct ice_figures f = {.scanner.bound = {[ICE_BOUND_SUBNET] = 810, [ICE_BOUND_PACE] = 190}};
	ice_stats_init(&s, 0);
	json_t *o = written(&s, &f), *shares = json_object_get(o, "bounded_by");
	assert_int_equal(json_object_size(shares), ICE_BOUND_COUNT);
	assert_true(json_real_value(json_object_get(shares, "subnet")) == 0.81);
	assert_true(json_real_value(json_object_get(shares, "neighbours")) == 0);
	json_decref(o);
	ice_stats_fini(&s);
}

/* The moments of a sweep add up to all of it, be it ever so short. */
static void test_timeline(void **state)
{
	(void)state;
	static const double lasted[] = {0.2, 0.9, 2.7};
	for (size_t i = 0; i < sizeof lasted / sizeof *lasted; i++) {
		struct ice_stats s;
		struct ice_figures f = {.seconds = lasted[i],
		                        .scanner = {.probes_sent = 5000, .devices = 40},
		                        .udp = {.received = 300}};
		ice_stats_init(&s, 0);
		if (lasted[i] > 1) { /* a late beat */
			s.timeline[s.moments++] = (struct ice_stats_moment){1300000, 4000, 200, 30};
			s.last = (struct ice_stats_moment){0, 4000, 200, 30};
		}
		json_t *o = written(&s, &f), *timeline = json_object_get(o, "timeline"),
		       *seconds = json_object_get(timeline, "seconds"),
		       *sent = json_object_get(timeline, "sent_per_second");
		double all = 0, time = 0;
		assert_int_equal(json_array_size(seconds), s.moments + 1);
		assert_int_equal(json_array_size(sent), s.moments + 1);
		for (size_t k = 0; k < json_array_size(seconds); k++) {
			time += json_real_value(json_array_get(seconds, k));
			all += json_real_value(json_array_get(seconds, k)) *
			       (double)json_integer_value(json_array_get(sent, k));
		}
		assert_true(time > lasted[i] - 0.001 && time < lasted[i] + 0.001);
		assert_true(all > 4990 && all < 5010);
		json_decref(o);
		ice_stats_fini(&s);
	}
}

/* What is told of loss, for programs and for people: only what the answers can tell. */
static void test_loss(void **state)
{
	(void)state;
	static const struct {
		uint64_t answered, first, again, other, late;
		double loss;
		const char *line;
	} cases[] = {
	        {150, 83, 67, 0, 83, -1, ""}, /* answers came behind the next try: of loss they tell nothing */
	        {1040, 1000, 2, 0, 40, 0.002, ""},
	        {19, 19, 0, 0, 0, -1, ""},
	        {1000, 1000, 0, 0, 0, 0, ""},
	        {1000, 0, 0, 0, 0, -1, ""}, /* without a try that asks the same again, nothing is known */
	        {1004, 1000, 4, 0, 0, 0.004, ""},
	        {1040, 1000, 40, 0, 0, 0.04,
	         "about 4.0 % of first contacts were lost on their way, there or back, or answered later than they "
	         "were tried again\n"},
	        {1045, 1000, 40, 5, 0, 0.04,
	         "about 4.0 % of first contacts were lost on their way, there or back, or answered later than they "
	         "were tried again\n"},
	        {1000, 700, 0, 300, 0, -1,
	         "30.0 % of the devices did not answer in the version that was tried first, but in the other: they "
	         "speak no other, or datagrams were lost (--snmp 2c tells)\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ice_stats s;
		struct ice_figures f = {.scanner = {.answered = {cases[i].answered},
		                                    .same = {cases[i].first, cases[i].again},
		                                    .late = cases[i].late,
		                                    .other = cases[i].other}};
		ice_stats_init(&s, 0);
		json_t *o = written(&s, &f), *loss = json_object_get(o, "loss_estimate");
		if (cases[i].loss < 0)
			assert_null(loss);
		else
			assert_true(json_real_value(loss) == cases[i].loss);
		json_decref(o);
		assert_string_equal(strchr(tells(&s, &f), '\n') + 1, cases[i].line);
		ice_stats_fini(&s);
	}
}

/* Where the first wait is too short nearly everybody answers twice. */
static void test_asked_again_too_soon(void **state)
{
	(void)state;
	static const struct {
		uint64_t first, second, late, unknown;
		bool hasty;
	} cases[] = {
	        {0, 1200, 0, 1200, true},
	        {400, 600, 0, 700, true},
	        {1200, 0, 0, 1200, false}, /* the network doubles them */
	        {800, 400, 0, 0, false},   /* it loses them */
	        {0, 3, 0, 3, false},
	        {83, 67, 83, 145, true}, /* the next try was in another version, so that the first is known to be late */
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ice_stats s;
		struct ice_figures f = {.scanner = {.answered = {cases[i].first, cases[i].second},
		                                    .late = cases[i].late,
		                                    .strays = {[ICE_VERDICT_UNKNOWN_ID] = cases[i].unknown}}};
		ice_stats_init(&s, 0);
		assert_int_equal(strstr(tells(&s, &f), "would ask them once") != NULL, cases[i].hasty);
		ice_stats_fini(&s);
	}
}

/* Nobody who answers twice is called a forger: a datagram whose id is not known need not be forged. */
static void test_strays(void **state)
{
	(void)state;
	static const struct {
		uint64_t unknown, address, community;
		const char *line;
	} cases[] = {
	        {0, 0, 0, ""},
	        {22, 0, 0,
	         "22 answers came twice, after their last try (a longer --timeout counts them), or to nobody's "
	         "question\n"},
	        {1, 0, 0,
	         "1 answer came twice, after their last try (a longer --timeout counts them), or to nobody's "
	         "question\n"},
	        {0, 2, 1, "3 datagrams not believed: address 2 community 1\n"},
	        {3, 1, 0,
	         "1 datagram not believed: address 1\n3 answers came twice, after their last try (a longer --timeout "
	         "counts them), or to nobody's question\n"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct ice_stats s;
		struct ice_figures f = {.scanner.strays = {[ICE_VERDICT_UNKNOWN_ID] = cases[i].unknown,
		                                           [ICE_VERDICT_ADDRESS] = cases[i].address,
		                                           [ICE_VERDICT_COMMUNITY] = cases[i].community}};
		ice_stats_init(&s, 0);
		assert_string_equal(strchr(tells(&s, &f), '\n') + 1, cases[i].line);
		json_t *o = written(&s, &f), *strays = json_object_get(o, "strays");
		assert_int_equal(json_integer_value(json_object_get(strays, "unknown_id")), cases[i].unknown);
		json_decref(o);
		ice_stats_fini(&s);
	}
}

static void test_the_slowest_devices_slowest_first(void **state)
{
	(void)state;
	struct ice_stats s;
	ice_stats_init(&s, 0);
	for (uint32_t i = 0; i < 100; i++) {
		struct ice_finding f = {
		        .address = ice_address_v4(0x0a000000 + i), .outcome = ICE_OUTCOME_DEVICE, .rtt = i * 37 % 100};
		ice_stats_find(&s, &f);
	}
	assert_int_equal(s.slowest.count, ICE_SLOWEST);
	for (size_t i = 0; i < ICE_SLOWEST; i++)
		assert_int_equal(s.slowest.rows[i].rtt, 99 - i);
	struct ice_finding unknown = {.outcome = ICE_OUTCOME_DEVICE, .rtt = -1};
	ice_stats_find(&s, &unknown);
	assert_int_equal(s.slowest.rows[0].rtt, 99);
}

static void test_the_progress_line_fits_any_width(void **state)
{
	(void)state;
	struct ice_progress p = {.rate = 9980};
	struct ice_progress_figures f = {.done = 22345,
	                                 .total = 65534,
	                                 .sent = 40000,
	                                 .in_flight = 1024,
	                                 .seconds = 10,
	                                 .found = 57,
	                                 .found_what = "printers"};
	char line[256];
	ice_progress_line(&p, &f, line, 200);
	assert_string_equal(line,
	                    " 34%  57 printers  ETA 0:18  22345 of 65534 addresses  9980 probes/s  1024 in flight");
	for (size_t width = 1; width < 120; width++) {
		ice_progress_line(&p, &f, line, width);
		assert_true(strlen(line) <= width);
	}
	f.done = 0;
	ice_progress_line(&p, &f, line, 200);
	assert_non_null(strstr(line, "ETA -:--"));
	f.total = 0;
	ice_progress_line(&p, &f, line, 200);
	assert_non_null(strstr(line, "100%"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_promised_keys),
	        cmocka_unit_test(test_nothing_answered),
	        cmocka_unit_test(test_no_round_trip_is_known),
	        cmocka_unit_test(test_round_trips_of_legs),
	        cmocka_unit_test(test_manual),
	        cmocka_unit_test(test_bounds),
	        cmocka_unit_test(test_timeline),
	        cmocka_unit_test(test_loss),
	        cmocka_unit_test(test_asked_again_too_soon),
	        cmocka_unit_test(test_strays),
	        cmocka_unit_test(test_the_slowest_devices_slowest_first),
	        cmocka_unit_test(test_the_progress_line_fits_any_width),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
