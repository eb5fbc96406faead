/* Frames held against the promises: those of the fuzzer's corpus, each with what it breaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proof/evidence.h"

#define NOTHING ICE_PROMISE_COUNT

static struct ice_plan plan;
static struct ice_enrolment enrolment = {.server = "https://fm.example.org", .site = "hq"};
static struct ice_evidence_options options = {.plan = &plan, .port = 161, .enrolment = &enrolment};
static struct ice_evidence *evidence;
static uint8_t bytes[2048];
static struct ice_capture_frame raw;
static struct ice_frame frame;

static int set_up_profiles(void **state)
{
	struct ice_conf_mistakes mistakes = {0};
	char why[ICE_RANGE_WHY_SIZE];
	(void)state;
	options.profiles = ice_profiles_load("config/profiles", &mistakes);
	assert_non_null(options.profiles);
	struct ice_leg *leg = ice_plan_add(&plan, "all");
	assert_true(ice_range_add(leg->range, "10.0.0.0/24 fd00::/112", why, sizeof why));
	assert_true(ice_range_seal(leg->range, why, sizeof why));
	assert_true(ice_leg_community(leg, "secret", why, sizeof why));
	assert_true(ice_secret_set(&enrolment.key, "0123456789abcdef0123456789abcdef", 32));
	assert_true(ice_address_parse("10.0.0.1", &options.servers[0].address));
	assert_true(ice_address_parse("10.0.0.2", &options.resolvers[0]));
	options.servers[0].port = 443;
	options.server_count = options.resolver_count = 1;
	return 0;
}

static int tear_down_profiles(void **state)
{
	(void)state;
	ice_profiles_free((struct ice_profiles *)options.profiles);
	ice_plan_free(&plan);
	ice_enrolment_wipe(&enrolment);
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	evidence = ice_evidence_new(&options);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ice_evidence_free(evidence);
	return 0;
}

static void read_frame(const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "tests/fuzz/corpus/frame/%s", name);
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	size_t n = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	assert_in_range(n, 4, sizeof bytes - 1);
	raw = (struct ice_capture_frame){.bytes = bytes + 3,
	                                 .len = n - 3,
	                                 .network = bytes[0],
	                                 .ethertype = (uint16_t)(bytes[1] << 8 | bytes[2]),
	                                 .hardware = bytes[0] ? ARPHRD_ETHER : ARPHRD_NONE,
	                                 .outgoing = true};
	ice_frame_read(raw.bytes, raw.len, raw.network, raw.ethertype, 1, &frame);
}

/* What is broken when the frame is held against the promises. */
static void each_frame_breaks_what_it_breaks(void **state)
{
	static const struct {
		const char *name;
		enum ice_promise breaks[4];
	} rows[] = {
	        {"get", {NOTHING}},
	        {"getnext_before", {NOTHING}}, /* the name just before an object asks for that object */
	        {"raw_link", {NOTHING}},
	        {"vlan", {NOTHING}},
	        {"v6", {NOTHING}},
	        {"dns", {NOTHING}},
	        {"syn", {NOTHING}},
	        {"tls", {NOTHING}},
	        {"alert", {NOTHING}},
	        {"alert_and_more", {ICE_PROMISE_ENCRYPTED, NOTHING}},
	        {"set", {ICE_PROMISE_READ_ONLY, NOTHING}},
	        {"contact", {ICE_PROMISE_OBJECTS, NOTHING}},
	        {"other_community", {ICE_PROMISE_COMMUNITIES, NOTHING}},
	        {"leak", {ICE_PROMISE_SECRETS, NOTHING}},
	        {"outside", {ICE_PROMISE_TARGETS, ICE_PROMISE_COMMUNITIES, NOTHING}},
	        {"broadcast", {ICE_PROMISE_UNICAST, ICE_PROMISE_TARGETS, ICE_PROMISE_READ_ONLY, NOTHING}},
	        {"plain", {ICE_PROMISE_ENCRYPTED, NOTHING}},
	        {"tcp_options", {ICE_PROMISE_TCP, NOTHING}},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool broken[ICE_PROMISE_COUNT] = {false};
		(void)tear_down(NULL);
		(void)set_up(NULL);
		read_frame(rows[i].name);
		assert_int_equal(frame.kind, ICE_FRAME_IP);
		(void)ice_evidence_frame(evidence, &raw, &frame);
		for (size_t k = 0; rows[i].breaks[k] != NOTHING; k++)
			broken[rows[i].breaks[k]] = true;
		for (enum ice_promise p = 0; p < ICE_PROMISE_COUNT; p++)
			if (broken[p] != (ice_evidence_of(evidence, p)->broken > 0))
				fail_msg("%s: %s should%s be broken", rows[i].name, ice_promise_name(p),
				         broken[p] ? "" : " not");
		assert_int_equal(ice_evidence_good(evidence), rows[i].breaks[0] == NOTHING);
	}
}

static void what_is_no_datagram_of_a_program_has_no_ports(void **state)
{
	static const char *const names[] = {"arp", "fragment", "v6_fragment", "udp_length_lies"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		read_frame(names[i]);
		assert_true(frame.from_port == 0 && !frame.payload);
	}
}

static void a_frame_cut_anywhere_is_not_read_beyond_its_end(void **state)
{
	static const char *const names[] = {"get", "v6_extension", "tcp_options", "vlan"};
	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		read_frame(names[i]);
		for (size_t n = 0; n < raw.len; n++) {
			uint8_t *exact = malloc(n ? n : 1);
			assert_non_null(exact);
			memcpy(exact, raw.bytes, n);
			ice_frame_read(exact, n, raw.network, raw.ethertype, 1, &frame);
			assert_null(frame.payload);
			free(exact);
		}
	}
}

static void secrets_are_covered_in_what_is_shown(void **state)
{
	(void)state;
	read_frame("leak");
	assert_true(ice_evidence_frame(evidence, &raw, &frame));
	const struct ice_evidence_verdict *v = ice_evidence_of(evidence, ICE_PROMISE_SECRETS);
	assert_int_equal(v->kept, 1);
	assert_non_null(strstr(v->offenders[0].why, "a community in a frame to 10.0.0.9:161"));
	assert_null(strstr(v->offenders[0].hex, "736563726574"));
	assert_non_null(strstr(v->offenders[0].hex, "0406************"));
	assert_int_equal(strlen(v->offenders[0].hex), 2 * raw.len);
}

static void only_the_first_offenders_are_kept_and_all_are_counted(void **state)
{
	(void)state;
	read_frame("set");
	for (int i = 0; i < 10; i++)
		(void)ice_evidence_frame(evidence, &raw, &frame);
	const struct ice_evidence_verdict *v = ice_evidence_of(evidence, ICE_PROMISE_READ_ONLY);
	assert_int_equal(v->held, 10);
	assert_int_equal(v->broken, 10);
	assert_int_equal(v->kept, ICE_EVIDENCE_KEPT);
}

/* The first octets of each connection are looked at, and only these. */
static void a_connection_is_judged_by_its_first_words(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		read_frame("syn");
		(void)ice_evidence_frame(evidence, &raw, &frame);
		read_frame("tls");
		(void)ice_evidence_frame(evidence, &raw, &frame);
		read_frame("plain"); /* any octets, inside TLS */
		(void)ice_evidence_frame(evidence, &raw, &frame);
	}
	assert_int_equal(ice_evidence_of(evidence, ICE_PROMISE_ENCRYPTED)->held, 2);
	assert_true(ice_evidence_good(evidence));
	/* Behind an alert nothing is inside TLS. */
	static const char *const then[] = {"syn", "alert", "plain"};
	for (size_t i = 0; i < sizeof then / sizeof *then; i++) {
		assert_true(ice_evidence_good(evidence));
		read_frame(then[i]);
		(void)ice_evidence_frame(evidence, &raw, &frame);
	}
	assert_false(ice_evidence_good(evidence));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(each_frame_breaks_what_it_breaks, set_up, tear_down),
	        cmocka_unit_test(what_is_no_datagram_of_a_program_has_no_ports),
	        cmocka_unit_test(a_frame_cut_anywhere_is_not_read_beyond_its_end),
	        cmocka_unit_test_setup_teardown(secrets_are_covered_in_what_is_shown, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(only_the_first_offenders_are_kept_and_all_are_counted, set_up,
	                                        tear_down),
	        cmocka_unit_test_setup_teardown(a_connection_is_judged_by_its_first_words, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, set_up_profiles, tear_down_profiles);
}
