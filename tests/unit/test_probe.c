/* A conversation against agents of every kind: exact, old, forgetful, looping, lying, silent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/ber.h"

#include "ice/probe.h"
#include "ice/recording.h"
#include "truth/agents.h"
#include "truth/profiles.h"

/* How an agent answers: it gets the honest reply and may change it, or say nothing (false). */
typedef bool misbehave_fn(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg);

struct talk {
	const char *agent;
	enum ice_snmp_version version;
	misbehave_fn *misbehave;
	void *arg;
	bool v1_only;
	size_t reply_max;
	uint32_t ip;               /* 0 = 10.1.2.3 */
	bool alert_text, withhold; /* name and location */
	/* result */
	bool printer;
	struct ice_identity identity;
	struct ice_record *record;
	unsigned requests, silences, strays;
	enum ice_snmp_version spoken;
};

static struct ice_record record;

static bool honest(const struct talk *t, const struct ice_recording *r, const struct ice_snmp_request *request,
                   struct ice_snmp_message *reply, uint8_t bytes[static 65535])
{
	static struct ice_snmp_message question;
	struct ice_recording_agent agent = {.recording = r, .reply_max = t->reply_max, .v1_only = t->v1_only};
	static struct ice_snmp_request copy; /* the question views it */
	copy = *request;
	ice_snmp_patch_id(copy.bytes, copy.id_at, 0x41424344);
	assert_int_equal(ice_snmp_read(copy.bytes, copy.len, &question), ICE_VERDICT_OK);
	assert_true(copy.len <= ICE_SNMP_REQUEST_MAX);
	for (size_t i = 0; i < question.count; i++)
		assert_true(ice_profiles_may_ask(profiles, question.varbinds[i].oid, question.varbinds[i].oid_len) ||
		            t->alert_text);
	size_t n = ice_recording_answer(&agent, &question, bytes, 65535);
	if (n == 0 || ice_snmp_read(bytes, n, reply) != ICE_VERDICT_OK)
		return false;
	return !t->misbehave || t->misbehave(&question, reply, t->arg);
}

static void converse(struct talk *t)
{
	static uint8_t bytes[65535];
	static struct ice_snmp_message reply;
	char why[200];
	struct ice_secret community;
	struct ice_snmp_request request, again;
	struct ice_address ip = ice_address_v4(t->ip ? t->ip : 0x0a010203);
	if (t->reply_max == 0)
		t->reply_max = 1472;
	struct ice_recording *r = ice_recording_parse("agent", t->agent, strlen(t->agent), why, sizeof(why));
	if (!r)
		fail_msg("%s", why);
	assert_true(ice_secret_set(&community, "public", 6));
	assert_true(ice_probe_identify_request(&request, t->version, &community));
	t->printer = false;
	for (int i = 0; i < 6; i++) {
		misbehave_fn *later = t->misbehave;
		t->misbehave = NULL; /* first contact is test_identify's */
		bool heard = honest(t, r, &request, &reply, bytes);
		t->misbehave = later;
		if (!heard)
			break;
		assert_int_equal(ice_probe_identify(profiles, &reply, &community, &t->identity, &again),
		                 ICE_VERDICT_OK);
		if (again.len == 0)
			break;
		request = again;
	}
	t->printer = t->identity.printer;
	assert_true(t->printer);
	struct ice_probe_options options = {
	        .alert_text = t->alert_text, .no_name = t->withhold, .no_location = t->withhold};
	struct ice_probe *p = ice_probe_new(&t->identity, &ip, t->version, &community, &options);
	const struct ice_snmp_request *next;
	while ((next = ice_probe_request(p))) {
		assert_ptr_equal(next, ice_probe_request(p));
		if (!honest(t, r, next, &reply, bytes)) {
			t->silences++;
			ice_probe_silence(p);
		} else if (ice_probe_reply(p, &reply) != ICE_VERDICT_OK) {
			t->strays++;
			ice_probe_silence(p);
		}
		assert_true(ice_probe_requests(p) <= ICE_PROBE_REQUESTS_MAX);
	}
	t->requests = ice_probe_requests(p);
	t->spoken = ice_probe_version(p);
	ice_probe_record(p, 1700000000, &record);
	t->record = &record;
	FILE *null = fopen("/dev/null", "w");
	ice_probe_explain(p, &ice_explain_text, null);
	fclose(null);
	ice_probe_free(p);
	ice_recording_free(r);
}

static void check_all(const struct talk *t)
{
	const struct ice_record *r = t->record;
	assert_string_equal(r->name, "rocket-1");
	assert_string_equal(r->model, "Acme Rocket 9000");
	assert_null(r->make);
	assert_string_equal(r->serial, "R-0042");
	assert_string_equal(r->location, "Hangar 7");
	assert_true(r->has_mac && r->mac[5] == 0xe0);
	assert_int_equal(r->pages[ICE_PAGES_TOTAL], 12345);
	assert_string_equal(r->pages_unit, "impressions");
	assert_string_equal(r->status, "idle");
	assert_int_equal(r->error_count, 2);
	assert_string_equal(r->errors[0], "lowToner");
	assert_string_equal(r->errors[1], "outputTrayMissing");
	assert_int_equal(r->supply_count, 3);
	assert_string_equal(r->supplies[0].color, "black");
	assert_string_equal(r->supplies[1].color, "cyan");
	assert_string_equal(r->supplies[0].class, "consumed");
	assert_string_equal(r->supplies[2].class, "filled");
	assert_true(r->supplies[0].has_percent && r->supplies[0].percent > 33.2 && r->supplies[0].percent < 33.4);
	assert_int_equal(r->supplies[1].state, ICE_SUPPLY_SOME);
	assert_false(r->supplies[1].has_percent);
	assert_int_equal(r->supplies[2].state, ICE_SUPPLY_UNKNOWN);
	assert_string_equal(r->supplies[2].unit, "percent");
	assert_int_equal(r->alert_count, 1);
	assert_string_equal(r->alerts[0].severity, "critical");
	assert_string_equal(r->alerts[0].code, "markerTonerAlmostEmpty");
	assert_null(r->alerts[0].text);
	assert_string_equal(r->supplies[1].name, "Toner \xc3\xb6");
}

static void test_exact(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C};
	converse(&t);
	check_all(&t);
	assert_true(t.requests <= 5); /* an unknown make, and a charset to ask for */
	assert_int_equal(t.silences + t.strays, 0);
}

static void test_version_1(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V1, .v1_only = false};
	converse(&t);
	check_all(&t);
	assert_int_equal(t.spoken, ICE_SNMP_V1);
	assert_true(t.requests <= 10);
}

/* v1: noSuchName voids an answer; the rest must still come. */
static void test_version_1_small_mib(void **state)
{
	(void)state;
	struct talk t = {.agent = "1.3.6.1.2.1.1.1.0|4|Brother NC-100h, Firmware Ver.1\n"
	                          "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.2435.2.3.9.1\n"
	                          "1.3.6.1.2.1.1.5.0|4|b1\n"
	                          "1.3.6.1.2.1.2.2.1.3.1|2|6\n"
	                          "1.3.6.1.2.1.2.2.1.6.1|4x|001ba9000001\n",
	                 .version = ICE_SNMP_V1};
	converse(&t);
	assert_string_equal(t.record->make, "Brother");
	assert_string_equal(t.record->name, "b1");
	assert_true(t.record->has_mac);
	assert_int_equal(t.record->supply_count, 0);
	assert_true(t.requests <= 12);
}

static void test_alert_text(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .alert_text = true};
	converse(&t);
	assert_string_equal(t.record->alerts[0].text, "canary-alert");
}

static void test_withheld(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C};
	converse(&t);
	assert_non_null(t.record->name);
	assert_non_null(t.record->location);
	t.withhold = true;
	converse(&t);
	assert_null(t.record->name);
	assert_null(t.record->location);
	assert_non_null(t.record->serial);
}

/* A device that takes little at a time: everything comes, in more requests. */
static void test_small_replies(void **state)
{
	(void)state;
	for (size_t max = 484; max < 1000; max += 100) {
		struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .reply_max = max};
		converse(&t);
		check_all(&t);
	}
}

/* What a printer was asked: of interfaces by GETBULK, for how many rows first, in how many GETBULKs, which address. */
struct asked {
	unsigned interfaces, repetitions, bulks;
	char polled[ICE_OID_TEXT_SIZE];
};

static bool listening(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	struct asked *a = arg;
	char name[ICE_OID_TEXT_SIZE];
	bool bulk = question->pdu == ICE_SNMP_GETBULK;
	(void)reply;
	if (bulk && a->bulks++ == 0)
		a->repetitions = (unsigned)question->error_index;
	for (size_t i = 0; i < question->count; i++) {
		ice_oid_format(question->varbinds[i].oid, question->varbinds[i].oid_len, name);
		a->interfaces += bulk && (strncmp(name, "1.3.6.1.2.1.2.2.", 16) == 0 ||
		                          strncmp(name, "1.3.6.1.2.1.4.20.", 17) == 0);
		if (!bulk && strncmp(name, "1.3.6.1.2.1.4.20.1.2.", 21) == 0)
			snprintf(a->polled, sizeof(a->polled), "%s", name + 21);
	}
	return true;
}

/* The recording with one line for another. */
static const char *changed(const char *recording, const char *line, const char *other)
{
	static char text[8192];
	const char *at = strstr(recording, line);
	assert_non_null(at);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - recording), recording, other, at + strlen(line));
	return text;
}

/* Where instances tell that the polled address is that of a real interface that is up, no table of interfaces is read; where
 * they leave a doubt, all are, and tell the same as ever. */
static void test_settled_interface(void **state)
{
	static const struct {
		const char *line, *other;
		uint32_t ip;
		bool read;
		uint8_t last; /* octet of the MAC */
	} rows[] = {
	        {"|R-0042\n", "|R-0042\n", 0, false, 0xe0},
	        {"2.2.1.8.2|2|1\n", "2.2.1.8.2|2|2\n", 0, true, 0xe0},  /* it is down */
	        {"2.2.1.3.2|2|6\n", "2.2.1.3.2|2|53\n", 0, true, 0xe0}, /* it is virtual */
	        {"00a0b0c0d0e0\n", "02a0b0c0d0e0\n", 0, true, 0xe0},    /* software made the MAC up */
	        {"|R-0042\n", "|R-0042\n", 0xc0a80a01, true, 0xe0},     /* 192.168.10.1: it knows no such address */
	        {"4.20.1.2.10.1.2.3|2|2\n", "4.20.1.2.10.1.2.3|2|3\n", 0, true, 0xe0}, /* another interface owns it */
	        {"2.2.1.6.2|4x|00a0b0c0d0e0\n", "2.2.1.6.2|4x|00a0b0c0d0e0\n1.3.6.1.2.1.2.2.1.6.3|4x|00a0b0c0d0e1\n", 0,
	         false, 0xe0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct asked asked = {0};
		struct talk t = {.agent = changed(AGENT_PRINTER, rows[i].line, rows[i].other),
		                 .version = ICE_SNMP_V2C,
		                 .ip = rows[i].ip,
		                 .misbehave = listening,
		                 .arg = &asked};
		converse(&t);
		assert_int_equal(asked.interfaces > 0, rows[i].read);
		assert_true(t.record->has_mac && t.record->mac[5] == rows[i].last);
		assert_string_equal(asked.polled, rows[i].ip ? "192.168.10.1" : "10.1.2.3");
	}
}

/* The same request serves many devices, each with its own address in it. */
static void test_own_address(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		uint32_t ip = 0xc0a80000u + i * 7919u % 65536u;
		char wanted[32];
		struct asked asked = {0};
		struct talk t = {.agent = AGENT_PRINTER,
		                 .version = ICE_SNMP_V2C,
		                 .ip = ip,
		                 .misbehave = listening,
		                 .arg = &asked};
		snprintf(wanted, sizeof(wanted), "192.168.%u.%u", ip >> 8 & 255, ip & 255);
		converse(&t);
		assert_string_equal(asked.polled, wanted);
	}
}

/* Of a model that was read before, as many rows are asked as it had and one more; one that has more is read to its end all the same. */
static void test_expected_rows(void **state)
{
	struct asked asked = {0};
	struct talk t = {.agent = changed(AGENT_PRINTER, "Rocket 9000 Series", "Rocket 9100"),
	                 .version = ICE_SNMP_V2C,
	                 .misbehave = listening,
	                 .arg = &asked};
	(void)state;
	converse(&t);
	assert_int_equal(t.record->supply_count, 3);
	assert_true(asked.repetitions > 4);
	asked = (struct asked){0};
	converse(&t);
	assert_int_equal(t.record->supply_count, 3);
	assert_int_equal(asked.repetitions, 4);
	assert_int_equal(asked.bulks, 1); /* its error state told of alerts: asked along */
	assert_string_equal(t.record->alerts[0].code, "markerTonerAlmostEmpty");

	char longer[8192], text[64];
	size_t n = (size_t)snprintf(longer, sizeof(longer), "%s", t.agent);
	for (int row = 4; row <= 9; row++)
		for (int column = 3; column <= 9; column++)
			n += (size_t)snprintf(longer + n, sizeof(longer) - n, "1.3.6.1.2.1.43.11.1.1.%d.1.%d|%s|%s\n",
			                      column, row, column == 6 ? "4" : "2", column == 6 ? "More" : "7");
	t.agent = longer;
	asked = (struct asked){0};
	converse(&t);
	assert_int_equal(asked.repetitions, 4);
	assert_int_equal(t.record->supply_count, 9);
	snprintf(text, sizeof(text), "%s", t.record->supplies[8].name);
	assert_string_equal(text, "More");
}

static bool too_big(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	unsigned limit = *(unsigned *)arg;
	unsigned values =
	        question->pdu == ICE_SNMP_GETBULK ? question->count * (unsigned)question->error_index : question->count;
	if (values > limit) {
		reply->error_status = ICE_SNMP_TOO_BIG;
		reply->error_index = 0;
		reply->count = 0;
	}
	return true;
}

static void test_too_big(void **state)
{
	(void)state;
	for (unsigned limit = 1; limit <= 20; limit += 3) {
		struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = too_big, .arg = &limit};
		converse(&t);
		if (limit >= 4)
			check_all(&t);
	}
	unsigned never = 0;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = too_big, .arg = &never};
	converse(&t);
	assert_null(t.record->name);
	assert_string_equal(t.record->model, "Acme Rocket 9000"); /* first contact told it */
}

/* Silence at each step in turn: the conversation ends, and what was said before stays. */
struct silence {
	unsigned step, at, length;
};

static bool silent(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	struct silence *s = arg;
	(void)question;
	(void)reply;
	s->at++;
	return s->at <= s->step || s->at > s->step + s->length;
}

static void test_silence(void **state)
{
	(void)state;
	for (unsigned step = 0; step < 6; step++) {
		struct silence s = {.step = step, .length = 1000};
		struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = silent, .arg = &s};
		converse(&t);
		assert_true(t.silences <= 4);
		if (step >= 1)
			assert_string_equal(t.record->name, "rocket-1");
	}
	/* one lost step costs nothing but requests */
	for (unsigned step = 0; step < 4; step++) {
		struct silence s = {.step = step, .length = 1};
		struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = silent, .arg = &s};
		converse(&t);
		check_all(&t);
		assert_true(t.requests < 25);
	}
}

/* It dies on GETBULK, answers the rest. */
static bool no_bulk(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	(void)reply;
	(void)arg;
	return question->pdu != ICE_SNMP_GETBULK;
}

static void test_no_bulk(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = no_bulk};
	converse(&t);
	check_all(&t);
	assert_int_equal(t.silences, 1);
}

/* It answers nothing but v1. */
static bool only_v1(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	(void)reply;
	(void)arg;
	return question->version == ICE_SNMP_V1;
}

static void test_falls_to_v1(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = only_v1};
	converse(&t);
	check_all(&t);
	assert_int_equal(t.spoken, ICE_SNMP_V1);
	assert_true(t.silences <= 3);
}

static bool gen_err(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	(void)arg;
	if (question->pdu == ICE_SNMP_GETBULK) {
		for (size_t i = 0; i < question->count; i++)
			reply->varbinds[i] = question->varbinds[i];
		reply->count = question->count;
		reply->error_status = ICE_SNMP_GEN_ERR;
		reply->error_index = 0;
	}
	return true;
}

static void test_gen_err(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = gen_err};
	converse(&t);
	check_all(&t);
}

/* A GET in which one object errs: the others come. */
static bool one_errs(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	const struct ice_oid *bad = arg;
	for (size_t i = 0; i < question->count && question->pdu == ICE_SNMP_GET; i++) {
		if (question->varbinds[i].oid_len == bad->len &&
		    memcmp(question->varbinds[i].oid, bad->bytes, bad->len) == 0) {
			for (size_t k = 0; k < question->count; k++)
				reply->varbinds[k] = question->varbinds[k];
			reply->count = question->count;
			reply->error_status = ICE_SNMP_NO_SUCH_NAME;
			reply->error_index = (int32_t)i + 1;
		}
	}
	return true;
}

static void test_one_errs(void **state)
{
	(void)state;
	struct ice_oid bad;
	assert_true(ice_oid_parse("1.3.6.1.2.1.1.6.0", &bad));
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = one_errs, .arg = &bad};
	converse(&t);
	assert_null(t.record->location);
	assert_string_equal(t.record->name, "rocket-1");
	assert_int_equal(t.record->supply_count, 3);
}

/* Every third answer is an error, for no reason of the question's: nothing is lost. */
static bool moody(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	unsigned *n = arg;
	if (++*n % 3)
		return true;
	for (size_t i = 0; i < question->count; i++)
		reply->varbinds[i] = question->varbinds[i];
	reply->count = question->count;
	reply->error_status = ICE_SNMP_GEN_ERR;
	reply->error_index = 1;
	return true;
}

static void test_moody(void **state)
{
	(void)state;
	for (unsigned start = 0; start < 3; start++) {
		unsigned n = start;
		struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = moody, .arg = &n};
		converse(&t);
		assert_string_equal(t.record->name, "rocket-1");
		assert_int_equal(t.record->supply_count, 3);
		assert_string_equal(t.record->serial, "R-0042");
	}
}

/* The same answers over and over: GETNEXT that never gets on. */
static bool looping(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	(void)arg;
	if (question->pdu == ICE_SNMP_GET)
		return true;
	for (size_t i = 0; i < reply->count; i++) {
		size_t column = i % question->count;
		reply->varbinds[i].oid = question->varbinds[column].oid;
		reply->varbinds[i].oid_len = question->varbinds[column].oid_len;
	}
	return true;
}

static void test_looping(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = looping};
	converse(&t);
	assert_string_equal(t.record->name, "rocket-1");
	assert_int_equal(t.record->supply_count, 0);
	assert_true(t.requests < 12);
	struct talk v1 = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V1, .misbehave = looping};
	converse(&v1);
	assert_true(v1.requests < 12);
}

/* GETBULK repeats its first row: rows stay in order, none is doubled, and GETNEXT reads the rest. */
static bool repeating(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	(void)arg;
	if (question->pdu == ICE_SNMP_GETBULK) {
		for (size_t i = question->count; i < reply->count; i++)
			reply->varbinds[i] = reply->varbinds[i % question->count];
	}
	return true;
}

static void test_repeating_bulk(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = repeating};
	converse(&t);
	check_all(&t);
}

/* GETBULK lies about every value, GET and GETNEXT do not. */
static bool lying(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	static const uint8_t lie[] = {0x00, 0x01, 0x00, 0x00, 0x00, 0x00}, number[] = {7};
	(void)arg;
	for (size_t i = 0; i < reply->count && question->pdu == ICE_SNMP_GETBULK; i++) {
		struct ice_snmp_varbind *vb = &reply->varbinds[i];
		if (vb->tag == ICE_BER_OCTETS) {
			vb->value = lie;
			vb->value_len = sizeof(lie);
		} else if (vb->tag == ICE_BER_INTEGER) {
			vb->value = number;
			vb->value_len = 1;
		}
	}
	return true;
}

static void test_lying_bulk(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = lying};
	converse(&t);
	check_all(&t);
}

/* GETBULK leaves out every second varbind. */
static bool skipping(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	(void)arg;
	size_t kept = 0;
	for (size_t i = 0; i < reply->count && question->pdu == ICE_SNMP_GETBULK; i += 2)
		reply->varbinds[kept++] = reply->varbinds[i];
	if (kept)
		reply->count = (uint16_t)kept;
	return true;
}

static void test_skipping_bulk(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = skipping};
	converse(&t);
	check_all(&t);
}

/* A table that does not walk, whose instances answer by GET. */
static bool walks_not(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < reply->count && question->pdu != ICE_SNMP_GET; i++) {
		reply->varbinds[i].tag = ICE_BER_END_OF_MIB_VIEW;
		reply->varbinds[i].value_len = 0;
	}
	return true;
}

static void test_walks_not(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = walks_not};
	converse(&t);
	assert_true(t.record->has_mac && t.record->mac[5] == 0xe0);
	assert_int_equal(t.record->supply_count, 0);
	assert_string_equal(t.record->serial, "R-0042");
}

/* A table without end: every row has a successor. Those that are there say the truth. */
static bool endless(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	static uint8_t names[ICE_SNMP_VARBINDS][ICE_OID_BYTES];
	static const uint8_t one[] = {1};
	(void)arg;
	if (question->pdu == ICE_SNMP_GET)
		return true;
	size_t rows = question->pdu == ICE_SNMP_GETBULK ? (size_t)question->error_index : 1;
	reply->error_status = 0;
	reply->count = 0;
	for (size_t r = 0; r < rows; r++) {
		for (size_t c = 0; c < question->count && reply->count < ICE_SNMP_VARBINDS; c++) {
			struct ice_oid oid = {.len = (uint8_t)question->varbinds[c].oid_len};
			memcpy(oid.bytes, question->varbinds[c].oid, oid.len);
			uint32_t arcs[ICE_OID_ARCS];
			size_t n = ice_oid_arcs(oid.bytes, oid.len, arcs, ICE_OID_ARCS);
			if (n > 12) { /* the row after the asked one */
				struct ice_oid next = {0};
				char text[ICE_OID_TEXT_SIZE] = "";
				for (size_t i = 0; i < n; i++)
					snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u", i ? "." : "",
					         (unsigned)(i + 1 == n ? arcs[i] + r + 1 : arcs[i]));
				assert_true(ice_oid_parse(text, &next));
				oid = next;
			} else if (!ice_oid_append(&oid, 1) || !ice_oid_append(&oid, (uint32_t)r + 1)) {
				return false;
			}
			const struct ice_snmp_varbind *first = &reply->varbinds[reply->count];
			if (r == 0 && first->oid_len == oid.len && memcmp(first->oid, oid.bytes, oid.len) == 0) {
				reply->count++;
				continue;
			}
			memcpy(names[reply->count], oid.bytes, oid.len);
			reply->varbinds[reply->count] = (struct ice_snmp_varbind){.oid = names[reply->count],
			                                                          .oid_len = oid.len,
			                                                          .value = one,
			                                                          .value_len = 1,
			                                                          .tag = ICE_BER_INTEGER};
			reply->count++;
		}
	}
	return true;
}

static void test_endless(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = endless};
	converse(&t);
	assert_string_equal(t.record->name, "rocket-1");
	assert_int_equal(t.record->supply_count, ICE_RECORD_SUPPLIES);
	assert_int_equal(t.record->alert_count, ICE_RECORD_ALERTS);
	struct talk v1 = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V1, .misbehave = endless};
	converse(&v1);
	assert_int_equal(v1.requests, ICE_PROBE_REQUESTS_MAX);
}

/* Answers to something else: none is believed. */
static bool wrong_names(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	static const uint8_t other[] = {0x2b, 6, 1, 2, 1, 1, 4, 0};
	(void)question;
	(void)arg;
	for (size_t i = 0; i < reply->count; i++) {
		reply->varbinds[i].oid = other;
		reply->varbinds[i].oid_len = sizeof(other);
	}
	return true;
}

static void test_wrong_names(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = wrong_names};
	converse(&t);
	assert_true(t.strays > 0 && t.strays <= 6);
	assert_null(t.record->name);
	assert_int_equal(t.record->supply_count, 0);
}

/* Fewer answers than questions. */
static bool forgetful(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	(void)question;
	(void)arg;
	if (reply->count > 3)
		reply->count = 3;
	return true;
}

static void test_forgetful(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = forgetful};
	converse(&t);
	check_all(&t);
}

static bool nothing_in_it(const struct ice_snmp_message *question, struct ice_snmp_message *reply, void *arg)
{
	(void)question;
	(void)arg;
	reply->count = 0;
	reply->error_status = 0;
	return true;
}

static void test_empty_replies(void **state)
{
	(void)state;
	struct talk t = {.agent = AGENT_PRINTER, .version = ICE_SNMP_V2C, .misbehave = nothing_in_it};
	converse(&t);
	assert_true(t.strays <= 6);
}

/* Canaries stand in every object that must not be asked for; none reaches the record. */
static void test_canaries(void **state)
{
	(void)state;
	for (int v = 0; v < 2; v++) {
		struct talk t = {.agent = AGENT_PRINTER, .version = v ? ICE_SNMP_V2C : ICE_SNMP_V1};
		converse(&t);
		size_t n;
		char *json = ice_record_to_json(t.record, &n);
		assert_null(strstr(json, "canary"));
		free(json);
	}
}

static void test_odd_indexes(void **state)
{
	(void)state;
	struct talk zero = {.agent = "1.3.6.1.2.1.1.1.0|4|HP ETHERNET MULTI-ENVIRONMENT\n"
	                             "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.11.2.3.9.1\n"
	                             "1.3.6.1.2.1.25.3.2.1.3.1|4|HP Officejet Pro 8600 N911g\n"
	                             "1.3.6.1.2.1.25.3.2.1.5.1|2|5\n"
	                             "1.3.6.1.2.1.25.3.5.1.1.1|2|1\n"
	                             "1.3.6.1.2.1.25.3.5.1.2.1|4|\n"
	                             "1.3.6.1.2.1.43.5.1.1.17.0|4|CN0000\n"
	                             "1.3.6.1.2.1.43.10.2.1.4.0.1|65|77\n"
	                             "1.3.6.1.2.1.43.11.1.1.3.0.1|2|1\n"
	                             "1.3.6.1.2.1.43.11.1.1.6.0.1|4|cartridge\n"
	                             "1.3.6.1.2.1.43.11.1.1.9.0.1|2|100\n"
	                             "1.3.6.1.2.1.43.12.1.1.4.0.1|4|Yellow\n",
	                    .version = ICE_SNMP_V2C};
	for (int v = 0; v < 2; v++) {
		zero.version = v ? ICE_SNMP_V2C : ICE_SNMP_V1;
		converse(&zero);
		assert_string_equal(zero.record->serial, "CN0000");
		assert_string_equal(zero.record->model, "Officejet Pro 8600 N911g");
		assert_string_equal(zero.record->status, "down");
		assert_int_equal(zero.record->pages[ICE_PAGES_TOTAL], 77);
		assert_null(zero.record->pages_unit);
		assert_string_equal(zero.record->supplies[0].color, "yellow");
		assert_int_equal(zero.record->error_count, 0);
	}
	struct talk none = {.agent = "1.3.6.1.2.1.1.1.0|4|Pantum P3500DW\n"
	                             "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.40093.1\n"
	                             "1.3.6.1.2.1.43.5.1.1.17.1|4|CC1234\n"
	                             "1.3.6.1.2.1.43.10.2.1.4.1|65|9\n"
	                             "1.3.6.1.2.1.43.11.1.1.6.1|4|Black Toner\n"
	                             "1.3.6.1.2.1.43.11.1.1.8.1|2|100\n"
	                             "1.3.6.1.2.1.43.11.1.1.9.1|2|120\n",
	                    .version = ICE_SNMP_V2C};
	converse(&none);
	assert_int_equal(none.record->pages[ICE_PAGES_TOTAL], 9);
	assert_string_equal(none.record->supplies[0].color, "black");
	assert_int_equal(none.record->supplies[0].level, 120); /* above capacity: as the device says */
	assert_string_equal(none.record->make, "Pantum");
	assert_string_equal(none.record->model, "P3500DW");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_exact),
	        cmocka_unit_test(test_version_1),
	        cmocka_unit_test(test_version_1_small_mib),
	        cmocka_unit_test(test_alert_text),
	        cmocka_unit_test(test_withheld),
	        cmocka_unit_test(test_small_replies),
	        cmocka_unit_test(test_settled_interface),
	        cmocka_unit_test(test_own_address),
	        cmocka_unit_test(test_expected_rows),
	        cmocka_unit_test(test_too_big),
	        cmocka_unit_test(test_silence),
	        cmocka_unit_test(test_no_bulk),
	        cmocka_unit_test(test_falls_to_v1),
	        cmocka_unit_test(test_gen_err),
	        cmocka_unit_test(test_one_errs),
	        cmocka_unit_test(test_moody),
	        cmocka_unit_test(test_looping),
	        cmocka_unit_test(test_repeating_bulk),
	        cmocka_unit_test(test_lying_bulk),
	        cmocka_unit_test(test_skipping_bulk),
	        cmocka_unit_test(test_walks_not),

	        cmocka_unit_test(test_endless),
	        cmocka_unit_test(test_wrong_names),
	        cmocka_unit_test(test_forgetful),
	        cmocka_unit_test(test_empty_replies),
	        cmocka_unit_test(test_canaries),
	        cmocka_unit_test(test_odd_indexes),
	};
	return cmocka_run_group_tests(tests, profiles_load, profiles_unload);
}
