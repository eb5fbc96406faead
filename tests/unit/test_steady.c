/* What is remembered of a printer that was read, the one question it is asked afterwards, and what the answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/recording.h"
#include "ice/steady.h"
#include "truth/agents.h"

#define COUNTERS                                                                                                       \
	"1.3.6.1.2.1.43.5.1.1.1.1|65|4\n"                                                                              \
	"1.3.6.1.2.1.43.5.1.1.19.1|65|12\n"

static struct ice_profiles *profiles;
static struct ice_secret community;

static int start(void **state)
{
	(void)state;
	struct ice_conf_mistakes mistakes = {0};
	profiles = ice_profiles_load("config/profiles", &mistakes);
	ice_conf_mistakes_free(&mistakes);
	return profiles && ice_secret_set(&community, "public", 6) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	ice_profiles_free(profiles);
	return 0;
}

/* A printer that counts its changes, but for the rows that begin with `without`, and with `more`. */
static struct ice_recording *printer(const char *without, const char *more)
{
	char text[16384], why[200];
	size_t used = 0;
	for (const char *line = AGENT_PRINTER COUNTERS; *line; line = strchr(line, '\n') + 1) {
		size_t n = (size_t)(strchr(line, '\n') + 1 - line);
		if (*without && strncmp(line, without, strlen(without)) == 0)
			continue;
		memcpy(text + used, line, n);
		used += n;
	}
	used += (size_t)snprintf(text + used, sizeof(text) - used, "%s", more);
	struct ice_recording *r = ice_recording_parse("agent", text, used, why, sizeof(why));
	if (!r)
		fail_msg("%s", why);
	return r;
}

static bool ask(const struct ice_recording *r, const struct ice_snmp_request *request, struct ice_snmp_message *reply)
{
	static uint8_t bytes[65535];
	static struct ice_snmp_message question;
	static struct ice_snmp_request copy;
	struct ice_recording_agent agent = {.recording = r, .reply_max = 1472};
	copy = *request;
	ice_snmp_patch_id(copy.bytes, copy.id_at, 0x41424344);
	assert_int_equal(ice_snmp_read(copy.bytes, copy.len, &question), ICE_VERDICT_OK);
	assert_true(copy.len <= ICE_SNMP_REQUEST_MAX);
	for (size_t i = 0; i < question.count; i++)
		assert_true(ice_profiles_may_ask(profiles, question.varbinds[i].oid, question.varbinds[i].oid_len));
	size_t n = ice_recording_answer(&agent, &question, bytes, sizeof(bytes));
	return n > 0 && ice_snmp_read(bytes, n, reply) == ICE_VERDICT_OK;
}

/* The whole conversation; the request number `deaf` (from 1) is met by silence. */
static bool read_fully(const struct ice_recording *r, enum ice_snmp_version version, unsigned deaf,
                       struct ice_steady *out)
{
	static struct ice_snmp_message reply;
	struct ice_snmp_request request, again;
	struct ice_identity id;
	struct ice_probe_options options = {.alert_text = false};
	struct ice_address ip = ice_address_v4(0x0a010203);
	assert_true(ice_probe_identify_request(&request, version, &community));
	do {
		assert_true(ask(r, &request, &reply));
		assert_int_equal(ice_probe_identify(profiles, &reply, &community, &id, &again), ICE_VERDICT_OK);
		request = again;
	} while (again.len > 0);
	assert_true(id.printer);
	struct ice_probe *p = ice_probe_new(&id, &ip, version, &community, &options);
	const struct ice_snmp_request *next;
	assert_false(ice_steady_take(p, 0, out)); /* it is not over */
	for (unsigned n = 1; (next = ice_probe_request(p)); n++) {
		if (n == deaf || !ask(r, next, &reply))
			ice_probe_silence(p);
		else
			assert_int_equal(ice_probe_reply(p, &reply), ICE_VERDICT_OK);
	}
	bool capable = ice_steady_take(p, 3, out);
	ice_probe_free(p);
	return capable;
}

static bool capable(const char *without, const char *more, unsigned deaf)
{
	struct ice_steady s;
	struct ice_recording *r = printer(without, more);
	bool yes = read_fully(r, ICE_SNMP_V2C, deaf, &s);
	ice_recording_free(r);
	return yes && s.whole;
}

/* What the steady question brings from a printer as it is now. */
static enum ice_steady_answer asked(const struct ice_steady *s, const char *without, const char *more)
{
	static struct ice_snmp_message reply;
	struct ice_snmp_request question;
	struct ice_recording *r = printer(without, more);
	assert_true(ice_steady_request(s, profiles, &community, &question));
	assert_true(ask(r, &question, &reply));
	enum ice_steady_answer answer = ice_steady_compare(s, &reply);
	ice_recording_free(r);
	return answer;
}

static void remember(enum ice_snmp_version version, struct ice_steady *s)
{
	struct ice_recording *r = printer("", "");
	assert_true(read_fully(r, version, 0, s));
	ice_recording_free(r);
}

static void test_the_same(void **state)
{
	(void)state;
	for (int v = 0; v < 2; v++) {
		struct ice_steady s;
		struct ice_snmp_request question;
		remember((enum ice_snmp_version)v, &s);
		assert_int_equal(s.version, v);
		assert_int_equal(s.credential, 3);
		assert_string_equal(s.profile, "generic");
		assert_int_equal(s.count, 7); /* two counters, pages, three states, serial number */
		assert_int_equal(asked(&s, "", ""), ICE_STEADY_SAME);
		assert_true(ice_steady_request(&s, profiles, &community, &question));
		assert_true(question.len < 180);
		/* what is not watched may change */
		assert_int_equal(asked(&s, "1.3.6.1.2.1.1.6.0", ""), ICE_STEADY_SAME);
	}
}

static void test_anything_else(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
	        {"1.3.6.1.2.1.43.5.1.1.1.1|", "65|5"},    {"1.3.6.1.2.1.43.5.1.1.1.1|", "65|3"},
	        {"1.3.6.1.2.1.43.5.1.1.1.1|", "66|4"},    {"1.3.6.1.2.1.43.5.1.1.19.1|", "65|13"},
	        {"1.3.6.1.2.1.25.3.2.1.5.1|", "2|3"},     {"1.3.6.1.2.1.25.3.5.1.1.1|", "2|4"},
	        {"1.3.6.1.2.1.25.3.5.1.2.1|", "4x|0040"}, {"1.3.6.1.2.1.25.3.5.1.2.1|", "4x|20"},
	        {"1.3.6.1.2.1.25.3.5.1.2.1|", "4|"},      {"1.3.6.1.2.1.43.5.1.1.17.1|", "4|R-0043"},
	};
	/* gone: an exception by v2c, noSuchName by v1 */
	static const char *const gone[] = {"1.3.6.1.2.1.43.5.1.1.17.1|", "1.3.6.1.2.1.43.5.1.1.1.1|",
	                                   "1.3.6.1.2.1.43."};
	for (int v = 0; v < 2; v++) {
		struct ice_steady s;
		remember((enum ice_snmp_version)v, &s);
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
			char row[256];
			snprintf(row, sizeof(row), "%s%s\n", rows[i][0], rows[i][1]);
			assert_int_equal(asked(&s, rows[i][0], row), ICE_STEADY_OTHER);
		}
		for (size_t i = 0; i < sizeof(gone) / sizeof(*gone); i++)
			assert_int_equal(asked(&s, gone[i], ""), ICE_STEADY_OTHER);
	}
}

/* Page counts that alone have changed are told apart, in either direction; with anything else they are not. */
static void test_pages(void **state)
{
	(void)state;
	static const char pages[] = "1.3.6.1.2.1.43.10.2.1.4.1.1|";
	for (int v = 0; v < 2; v++) {
		struct ice_steady s;
		remember((enum ice_snmp_version)v, &s);
		assert_int_equal(asked(&s, pages, "1.3.6.1.2.1.43.10.2.1.4.1.1|65|12346\n"), ICE_STEADY_PAGES);
		assert_int_equal(asked(&s, pages, "1.3.6.1.2.1.43.10.2.1.4.1.1|65|0\n"), ICE_STEADY_PAGES);
		assert_int_equal(asked(&s, pages, ""), ICE_STEADY_OTHER);
		s.values[2] ^= 1; /* of the pages */
		assert_int_equal(asked(&s, "", ""), ICE_STEADY_PAGES);
		assert_int_equal(asked(&s, "1.3.6.1.2.1.25.3.5.1.1.1|", "1.3.6.1.2.1.25.3.5.1.1.1|2|4\n"),
		                 ICE_STEADY_OTHER);
	}
}

/* A printer that does not count its changes can be asked as much as it has; that all of it is the same does not mean that nothing has
 * changed. */
static void test_some(void **state)
{
	(void)state;
	static const char bare[] = "1.3.6.1.2.1.1.1.0|4|Acme Rocket 9000\n1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1\n"
	                           "1.3.6.1.2.1.43.5.1.1.16.1|4|my rocket\n1.3.6.1.2.1.43.5.1.1.17.1|4|R-0042\n";
	char why[200];
	static const char counters_and_serial[] = "1.3.6.1.2.1.43.5.1.1.1";
	struct ice_steady s;
	struct ice_recording *r = printer(counters_and_serial, "");
	assert_true(read_fully(r, ICE_SNMP_V2C, 0, &s));
	ice_recording_free(r);
	assert_false(s.whole);
	assert_int_equal(s.count, 4); /* pages, three states */
	assert_int_equal(asked(&s, counters_and_serial, ""), ICE_STEADY_SAME);
	s.values[0] ^= 1;
	assert_int_equal(asked(&s, counters_and_serial, ""), ICE_STEADY_PAGES);
	s.values[1] ^= 1;
	assert_int_equal(asked(&s, counters_and_serial, ""), ICE_STEADY_OTHER);

	/* no page count: states alone; neither: there is nothing to ask */
	r = printer("1.3.6.1.2.1.43.10.2.1.4.1.1|", "");
	assert_true(read_fully(r, ICE_SNMP_V2C, 0, &s));
	ice_recording_free(r);
	assert_false(s.whole);
	assert_false(s.pages[2]);
	r = ice_recording_parse("agent", bare, strlen(bare), why, sizeof(why));
	assert_non_null(r);
	assert_false(read_fully(r, ICE_SNMP_V2C, 0, &s));
	ice_recording_free(r);
}

/* Cut short, in another order, of other names, without anything: not an answer, or not the same. */
static void test_odd_answers(void **state)
{
	(void)state;
	static struct ice_snmp_message good, odd;
	struct ice_steady s;
	struct ice_snmp_request question;
	remember(ICE_SNMP_V2C, &s);
	struct ice_recording *r = printer("", "");
	assert_true(ice_steady_request(&s, profiles, &community, &question));
	assert_true(ask(r, &question, &good));
	assert_int_equal(ice_steady_compare(&s, &good), ICE_STEADY_SAME);
	for (uint16_t n = 1; n < good.count; n++) {
		odd = good;
		odd.count = n;
		assert_int_equal(ice_steady_compare(&s, &odd), ICE_STEADY_OTHER);
		odd = good;
		odd.varbinds[n] = good.varbinds[n - 1];
		assert_int_equal(ice_steady_compare(&s, &odd), ICE_STEADY_NOT_OURS);
	}
	odd = good;
	odd.count = 0;
	assert_int_equal(ice_steady_compare(&s, &odd), ICE_STEADY_NOT_OURS);
	for (int error = ICE_SNMP_TOO_BIG; error <= ICE_SNMP_GEN_ERR; error++) {
		odd.error_status = error;
		odd.count = 0;
		assert_int_equal(ice_steady_compare(&s, &odd), ICE_STEADY_OTHER);
		odd.count = good.count;
		assert_int_equal(ice_steady_compare(&s, &odd), ICE_STEADY_OTHER);
	}
	odd = good;
	odd.varbinds[odd.count] = odd.varbinds[0];
	odd.count++;
	assert_int_equal(ice_steady_compare(&s, &odd), ICE_STEADY_NOT_OURS);
	odd = good;
	odd.pdu = ICE_SNMP_GET;
	assert_int_equal(ice_steady_compare(&s, &odd), ICE_STEADY_NOT_OURS);
	ice_recording_free(r);
}

static void test_who_can_be_asked(void **state)
{
	(void)state;
	assert_true(capable("", "", 0));
	assert_false(capable("1.3.6.1.2.1.43.5.1.1.1.1|", "", 0));
	assert_false(capable("1.3.6.1.2.1.43.5.1.1.19.1|", "", 0));
	assert_false(capable("1.3.6.1.2.1.43.10.2.1.4.1.1|", "", 0));
	assert_false(capable("1.3.6.1.2.1.43.5.1.1.17.1|", "", 0));
	assert_false(capable("1.3.6.1.2.1.43.5.1.1.17.1|", "1.3.6.1.2.1.43.5.1.1.17.1|4|0000000000\n", 0));
	assert_false(capable("1.3.6.1.2.1.43.5.1.1.17.1|", "1.3.6.1.2.1.43.5.1.1.17.1|4|123456789\n", 0));
	/* without a status it can: there is none to change */
	assert_true(capable("1.3.6.1.2.1.25.3.5.1.", "", 0));
	/* a request unanswered at first: something may be missing */
	for (unsigned deaf = 1; deaf <= 3; deaf++)
		assert_false(capable("", "", deaf));
}

/* Only what the profile asks for anyway, whatever stands in the note. */
static void test_what_may_be_asked(void **state)
{
	(void)state;
	static const char *const never[] = {"1.3.6.1.2.1.1.4.0", "1.3.6.1.2.1.43.5.1.1.4.1", "1.3.6.1.2.1.43.5.1.1.1",
	                                    "1.3.6.1.2.1.1.5.0.1", "1.3.6.1.2.1.43.18.1.1.8.1.1"};
	struct ice_steady s, other;
	struct ice_snmp_request question;
	remember(ICE_SNMP_V2C, &s);
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
		other = s;
		assert_true(ice_oid_parse(never[i], &other.names[2]));
		assert_false(ice_steady_request(&other, profiles, &community, &question));
	}
	other = s;
	snprintf(other.profile, sizeof(other.profile), "nobody");
	assert_false(ice_steady_request(&other, profiles, &community, &question));
	other = s;
	other.count = 0;
	assert_false(ice_steady_request(&other, profiles, &community, &question));
}

static void test_text(void **state)
{
	(void)state;
	static const char *const wrong[] = {"",
	                                    "2",
	                                    "2 2c 0 hp all 0",
	                                    "1 2c 0 hp all 1 2b06:01234567",
	                                    "2 3 0 hp all 1 2b06:01234567",
	                                    "2 2c 65536 hp all 1 2b06:01234567",
	                                    "2 2c -1 hp all 1 2b06:01234567",
	                                    "2 2c 0 hp most 1 2b06:01234567",
	                                    "2 2c 0 hp all 2 2b06:01234567",
	                                    "2 2c 0 hp all 1 2b06:0123456",
	                                    "2 2c 0 hp all 1 2b06:012345678",
	                                    "2 2c 0 hp all 1 2b06:0123456789",
	                                    "2 2c 0 hp all 1 2b06:",
	                                    "2 2c 0 hp all 1 2b06",
	                                    "2 2c 0 hp all 1 2b06;01234567",
	                                    "2 2c 0 hp all 1 :01234567",
	                                    "2 2c 0 hp all 1 2b06:0123456A",
	                                    "2 2c 0 hp all 1 2b0:01234567",
	                                    "2 2c 0 hp all 1 2B06:01234567",
	                                    "2 2c 0 hp all 1 2b06:01234567 ",
	                                    "2 2c 0 hp all 1  2b06:01234567",
	                                    "2 2c 0 hp all 01 2b06:01234567",
	                                    "2 2c 0 hp all 1 2b86:01234567",
	                                    "2 2c 0 hp all 1 2b06:01234567\n",
	                                    "2 2c 0 hp all 9 2b06:01234567 2b06:01234567 2b06:01234567 2b06:01234567 "
	                                    "2b06:01234567 2b06:01234567 2b06:01234567 2b06:01234567 2b06:01234567"};
	struct ice_steady s, again;
	char text[ICE_STEADY_TEXT], second[ICE_STEADY_TEXT], longer[ICE_STEADY_TEXT + 64];
	for (int v = 0; v < 2; v++) {
		remember((enum ice_snmp_version)v, &s);
		ice_steady_format(&s, text);
		assert_true(strlen(text) < 400);
		assert_true(ice_steady_parse(text, &again));
		ice_steady_format(&again, second);
		assert_string_equal(text, second);
		assert_int_equal(asked(&again, "", ""), ICE_STEADY_SAME);
		/* cut anywhere it is refused: it would ask less, and find the same */
		for (size_t n = strlen(text); n-- > 0;) {
			text[n] = '\0';
			assert_false(ice_steady_parse(text, &again));
		}
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		assert_false(ice_steady_parse(wrong[i], &again));
	memset(longer, '0', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_false(ice_steady_parse(longer, &again));
	assert_true(ice_steady_parse("2 2c 0 hp all 1 2b06:01234567", &again));
	/* the longest there can be fits */
	memset(s.profile, 'p', sizeof(s.profile) - 1);
	s.credential = UINT16_MAX;
	s.count = ICE_STEADY_NAMES;
	for (size_t i = 0; i < s.count; i++) {
		s.names[i].len = ICE_OID_BYTES;
		memset(s.names[i].bytes, 0x2b, ICE_OID_BYTES);
	}
	ice_steady_format(&s, text);
	assert_true(strlen(text) < ICE_STEADY_TEXT);
}

/* Every printer of the demonstration can be asked so; what it costs. */
static void test_cost(void **state)
{
	(void)state;
	static struct ice_snmp_message reply;
	static uint8_t bytes[2048];
	size_t count = 0, out = 0, in = 0;
	DIR *dir = opendir("config/demo/printers");
	assert_non_null(dir);
	for (struct dirent *e; (e = readdir(dir));) {
		char path[512], why[200];
		struct ice_steady s;
		struct ice_snmp_request question;
		snprintf(path, sizeof(path), "config/demo/printers/%s", e->d_name);
		struct ice_recording *r =
		        strstr(e->d_name, ".snmprec") ? ice_recording_load(path, why, sizeof(why)) : NULL;
		if (!r)
			continue;
		assert_true(read_fully(r, ICE_SNMP_V2C, 0, &s));
		assert_true(ice_steady_request(&s, profiles, &community, &question));
		assert_true(ask(r, &question, &reply));
		assert_int_equal(ice_steady_compare(&s, &reply), ICE_STEADY_SAME);
		struct ice_recording_agent agent = {.recording = r, .reply_max = 1472};
		static struct ice_snmp_message read;
		ice_snmp_patch_id(question.bytes, question.id_at, 0x41424344);
		assert_int_equal(ice_snmp_read(question.bytes, question.len, &read), ICE_VERDICT_OK);
		out += question.len;
		in += ice_recording_answer(&agent, &read, bytes, sizeof(bytes));
		count++;
		ice_recording_free(r);
	}
	closedir(dir);
	assert_true(count >= 6);
	print_message("a printer that has not changed: 1 request, %zu bytes out, %zu in on average of %zu\n",
	              out / count, in / count, count);
	assert_true((out + in) / count + 2 * 28 < 500); /* with IPv4 and UDP headers */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_same),
	        cmocka_unit_test(test_anything_else),
	        cmocka_unit_test(test_pages),
	        cmocka_unit_test(test_some),
	        cmocka_unit_test(test_odd_answers),
	        cmocka_unit_test(test_who_can_be_asked),
	        cmocka_unit_test(test_what_may_be_asked),
	        cmocka_unit_test(test_text),
	        cmocka_unit_test(test_cost),
	};
	return cmocka_run_group_tests(tests, start, end);
}
