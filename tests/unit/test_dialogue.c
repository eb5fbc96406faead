#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/dialogue.h"
#include "ice/random.h"
#include "ice/recording.h"

static const char printer[] = "1.3.6.1.2.1.1.1.0|4|Example LaserWriter 9000\n"
                              "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1\n"
                              "1.3.6.1.2.1.1.5.0|4|reception\n"
                              "1.3.6.1.2.1.25.3.2.1.2.1|6|1.3.6.1.2.1.25.3.1.5\n"
                              "1.3.6.1.2.1.25.3.2.1.3.1|4|Example LaserWriter 9000\n"
                              "1.3.6.1.2.1.25.3.5.1.1.1|2|3\n"
                              "1.3.6.1.2.1.43.5.1.1.16.1|4|Example LaserWriter\n"
                              "1.3.6.1.2.1.43.5.1.1.17.1|4|XYZ123456\n"
                              "1.3.6.1.2.1.43.10.2.1.4.1.1|65|4711\n"
                              "1.3.6.1.2.1.43.11.1.1.9.1.1|2|4300\n";

/* A device behind a wire that can misbehave. */
struct wire {
	struct ice_recording_agent agent;
	uint8_t replies[4][ICE_SNMP_REPLY_MAX];
	size_t lens[4], first, count;
	unsigned sent;
	unsigned lose_every; /* every so many-th request is lost */
	bool forge;          /* before each answer: one with a wrong id, one with a wrong community, noise */
	unsigned cut_after;  /* sending fails from then on */
};

static struct ice_profiles *profiles;
static struct ice_secret communities[2];

static void push(struct wire *w, const uint8_t *bytes, size_t n)
{
	memcpy(w->replies[w->count], bytes, n);
	w->lens[w->count++] = n;
}

static bool wire_send(const uint8_t *bytes, size_t n, void *arg)
{
	static struct ice_snmp_message request;
	static uint8_t answer[ICE_SNMP_REPLY_MAX];
	struct wire *w = arg;
	w->first = w->count = 0;
	w->sent++;
	if (w->cut_after && w->sent > w->cut_after)
		return false;
	assert_int_equal(ice_snmp_read(bytes, n, &request), ICE_VERDICT_OK);
	bool known = request.community_len == 6 && memcmp(request.community, "second", 6) == 0;
	if (!known || (w->lose_every && w->sent % w->lose_every == 0))
		return true;
	size_t len = ice_recording_answer(&w->agent, &request, answer, sizeof(answer));
	if (len == 0)
		return true;
	if (w->forge) {
		static uint8_t lie[ICE_SNMP_REPLY_MAX];
		memcpy(lie, answer, len);
		for (size_t i = 0; i + 6 < len; i++)
			if (memcmp(lie + i, "second", 6) == 0)
				lie[i] = 'x';
		push(w, lie, len);
		memcpy(lie, bytes, n); /* the request itself is no answer */
		push(w, lie, n);
		push(w, (const uint8_t *)"noise", 5);
	}
	push(w, answer, len);
	return true;
}

static size_t wire_receive(uint8_t *bytes, size_t size, void *arg)
{
	struct wire *w = arg;
	if (w->first == w->count)
		return 0;
	assert_true(w->lens[w->first] <= size);
	memcpy(bytes, w->replies[w->first], w->lens[w->first]);
	return w->lens[w->first++];
}

static struct wire *make_wire(const char *text)
{
	char why[256];
	struct wire *w = calloc(1, sizeof(*w));
	assert_non_null(w);
	w->agent.recording = ice_recording_parse("test", text, strlen(text), why, sizeof(why));
	assert_non_null(w->agent.recording);
	w->agent.reply_max = 1472;
	return w;
}

static void free_wire(struct wire *w)
{
	ice_recording_free((struct ice_recording *)w->agent.recording);
	free(w);
}

static void hold(struct wire *w, struct ice_dialogue *d, FILE *trace)
{
	static struct ice_random random;
	ice_random_seed(&random, 5);
	struct ice_dialogue_options o = {.profiles = profiles,
	                                 .communities = communities,
	                                 .community_count = 2,
	                                 .v1 = true,
	                                 .v2c = true,
	                                 .retries = 2,
	                                 .random = &random,
	                                 .trace = trace,
	                                 .send = wire_send,
	                                 .receive = wire_receive,
	                                 .arg = w};
	ice_dialogue_hold(d, &o);
}

static void expect_the_printer(struct wire *w)
{
	static struct ice_record r;
	struct ice_dialogue d;
	hold(w, &d, NULL);
	assert_int_equal(d.end, ICE_DIALOGUE_PRINTER);
	assert_int_equal(d.community, 1);
	ice_probe_record(d.probe, 0, &r);
	assert_string_equal(r.name, "reception");
	assert_string_equal(r.serial, "XYZ123456");
	assert_int_equal(r.pages[ICE_PAGES_TOTAL], 4711);
	ice_dialogue_fini(&d);
}

static void test_a_printer_by_its_second_community(void **state)
{
	(void)state;
	struct wire *w = make_wire(printer);
	expect_the_printer(w);
	free_wire(w);
}

static void test_v1_when_v2c_is_silent(void **state)
{
	(void)state;
	struct wire *w = make_wire(printer);
	struct ice_dialogue d;
	w->agent.v1_only = true;
	expect_the_printer(w);
	hold(w, &d, NULL);
	assert_int_equal(d.version, ICE_SNMP_V1);
	ice_dialogue_fini(&d);
	free_wire(w);
}

static void test_what_is_lost_is_asked_again(void **state)
{
	(void)state;
	struct wire *w = make_wire(printer);
	w->lose_every = 2;
	expect_the_printer(w);
	free_wire(w);
}

static void test_forged_answers_are_counted_and_not_believed(void **state)
{
	(void)state;
	struct wire *w = make_wire(printer);
	struct ice_dialogue d;
	w->forge = true;
	expect_the_printer(w);
	hold(w, &d, NULL);
	assert_true(d.strays >= 3);
	ice_dialogue_fini(&d);
	free_wire(w);
}

static void test_another_device_is_no_printer(void **state)
{
	(void)state;
	struct wire *w = make_wire("1.3.6.1.2.1.1.1.0|4|A switch\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.2\n");
	struct ice_dialogue d;
	hold(w, &d, NULL);
	assert_int_equal(d.end, ICE_DIALOGUE_DEVICE);
	assert_null(d.probe);
	assert_string_equal(d.identity.descr, "A switch");
	ice_dialogue_fini(&d);
	free_wire(w);
}

static void test_silence_and_a_wire_that_is_cut(void **state)
{
	(void)state;
	struct wire *w = make_wire(printer);
	struct ice_dialogue d;
	w->lose_every = 1;
	hold(w, &d, NULL);
	assert_int_equal(d.end, ICE_DIALOGUE_SILENT);
	assert_int_equal(w->sent, 2 * 2 * 3); /* communities, versions, tries */
	ice_dialogue_fini(&d);
	w->lose_every = 0;
	for (unsigned n = 1; n < 12; n++) {
		w->cut_after = n;
		w->sent = 0;
		hold(w, &d, NULL);
		assert_true(d.end == ICE_DIALOGUE_CUT || d.end == ICE_DIALOGUE_PRINTER);
		ice_dialogue_fini(&d);
	}
	free_wire(w);
}

static void test_the_trace_is_readable_and_holds_no_community(void **state)
{
	(void)state;
	char *text = NULL;
	size_t n;
	struct wire *w = make_wire(printer);
	struct ice_dialogue d;
	FILE *to = open_memstream(&text, &n);
	w->forge = true;
	hold(w, &d, to);
	fclose(to);
	ice_dialogue_fini(&d);
	assert_non_null(strstr(text, "-> GETNEXT, SNMP v2c"));
	assert_non_null(strstr(text, "prtGeneralSerialNumber.1 = \"XYZ123456\""));
	assert_non_null(strstr(text, "not believed: community"));
	assert_null(strstr(text, "second"));
	free(text);
	free_wire(w);
}

static int load(void **state)
{
	(void)state;
	struct ice_conf_mistakes m = {0};
	ice_snmp_init();
	profiles = ice_profiles_load("config/profiles", &m);
	bool set = ice_secret_set(&communities[0], "first", 5) && ice_secret_set(&communities[1], "second", 6);
	return profiles && set ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	ice_profiles_free(profiles);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_printer_by_its_second_community),
	        cmocka_unit_test(test_v1_when_v2c_is_silent),
	        cmocka_unit_test(test_what_is_lost_is_asked_again),
	        cmocka_unit_test(test_forged_answers_are_counted_and_not_believed),
	        cmocka_unit_test(test_another_device_is_no_printer),
	        cmocka_unit_test(test_silence_and_a_wire_that_is_cut),
	        cmocka_unit_test(test_the_trace_is_readable_and_holds_no_community),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
