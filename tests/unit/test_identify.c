/* First contact: what is called a printer, and by which evidence; what is not; and the second question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ice/ber.h"
#include "ice/probe.h"
#include "ice/recording.h"

#include "truth/agents.h"
#include "truth/profiles.h"

static struct ice_secret community;
static struct ice_identity id;
static unsigned questions;

/* Plays first contact with an agent, by the given version; false when it is silent. */
static bool contact(const char *agent, enum ice_snmp_version version)
{
	static uint8_t bytes[65535];
	static struct ice_snmp_message question, reply;
	struct ice_snmp_request request, again;
	char why[200];
	struct ice_recording *r = ice_recording_parse("agent", agent, strlen(agent), why, sizeof(why));
	if (!r)
		fail_msg("%s", why);
	struct ice_recording_agent a = {.recording = r, .reply_max = 1472};
	assert_true(ice_probe_identify_request(&request, version, &community));
	bool heard = false;
	for (questions = 1; questions < 20; questions++) {
		assert_int_equal(ice_snmp_read(request.bytes, request.len, &question), ICE_VERDICT_OK);
		assert_int_equal(question.pdu, ICE_SNMP_GETNEXT);
		size_t n = ice_recording_answer(&a, &question, bytes, sizeof(bytes));
		if (n == 0 || ice_snmp_read(bytes, n, &reply) != ICE_VERDICT_OK)
			break;
		heard = true;
		assert_int_equal(ice_probe_identify(profiles, &reply, &community, &id, &again), ICE_VERDICT_OK);
		if (again.len == 0)
			break;
		request = again;
	}
	assert_true(questions < 6);
	ice_recording_free(r);
	return heard;
}

static void check(const char *agent, bool printer, const char *profile, const char *reason)
{
	for (int v = 0; v < 2; v++) {
		memset(&id, 0, sizeof(id));
		assert_true(contact(agent, v ? ICE_SNMP_V2C : ICE_SNMP_V1));
		if (id.printer != printer || (printer && strcmp(ice_profile_name(id.profile), profile) != 0) ||
		    (reason && !strstr(id.reason, reason)))
			fail_msg("v%d: %s, profile %s, because: %s\nof %s", v + 1,
			         id.printer ? "printer" : "no printer",
			         id.profile ? ice_profile_name(id.profile) : "none", id.reason, agent);
	}
}

#define SYSTEM(descr, oid) "1.3.6.1.2.1.1.1.0|4|" descr "\n1.3.6.1.2.1.1.2.0|6|" oid "\n"

static void test_printers(void **state)
{
	(void)state;
	check(AGENT_PRINTER, true, "generic", "row of prtGeneralTable");
	assert_int_equal(id.general_index.len, 1);
	assert_int_equal(id.marker_index.len, 2);
	assert_string_equal(id.descr, "Acme Rocket 9000; firmware 1.2.3");
	assert_string_equal(id.device_descr, "Acme Rocket 9000 Series");
	check(SYSTEM("Canon iR-ADV C5235 /P", "1.3.6.1.4.1.1602.4.7"), true, "canon",
	      "sysObjectID of a printer (canon)");
	check(SYSTEM("SHARP MX-2614N", "0.0"), true, "sharp", "sysDescr of a printer (sharp)");
	/* a badge: the builder's sysObjectID, the seller's name */
	check(SYSTEM("LANIER MP C3501/LD635C 2.01 / LANIER Network Printer C model", "1.3.6.1.4.1.367.1.1"), true,
	      "ricoh", NULL);
	/* a card that gives another maker's sysObjectID */
	check(SYSTEM("Brother NC-6800h, Firmware Ver.1.01", "1.3.6.1.4.1.11.2.3.9.1"), true, "brother", NULL);
	check(SYSTEM("KYOCERA Document Solutions Printing System", "1.3.6.1.4.1.1347.41"), true, "kyocera", NULL);
	/* nothing but the Printer MIB, and the maker's own tree: the second question */
	check("1.3.6.1.2.1.43.11.1.1.9.1.1|2|5\n1.3.6.1.4.1.253.8.53.13.2.1.6.1.20.1|2|5\n", true, "xerox",
	      "profile xerox");
	check("1.3.6.1.2.1.43.10.2.1.4.1.1|65|5\n1.3.6.1.4.1.2435.2.3.9.1.1.7.0|4|MFG:Brother;\n", true, "brother",
	      NULL);
	/* hrPrinterTable on an agent that tells nothing else, and a printer's name */
	check("1.3.6.1.2.1.25.3.2.1.3.1|4|HP LaserJet P1505n\n1.3.6.1.2.1.25.3.5.1.1.1|2|3\n", true, "hp", NULL);
}

static void test_make_and_model(void **state)
{
	(void)state;
	char make[ICE_IDENTITY_MAKE], model[ICE_IDENTITY_TEXT];
	check(SYSTEM("LANIER MP C3501/LD635C 2.01 / LANIER Network Printer C model", "1.3.6.1.4.1.367.1.1"), true,
	      "ricoh", NULL);
	ice_identity_make_model(&id, make, model);
	assert_string_equal(make, "Lanier");
	assert_string_equal(model, "MP C3501");
	check(SYSTEM("EPSON Built-in Print Server",
	             "1.3.6.1.4.1.1248.1.1.2.1") "1.3.6.1.2.1.25.3.2.1.2.1|6|1.3.6.1.2.1.25.3.1.5\n1.3.6.1.2.1.25.3.2."
	                                         "1.3.1|4|EPSON ST-C4100 Series\n"
	                                         "1.3.6.1.2.1.25.3.5.1.1.1|2|3\n",
	      true, "epson", NULL);
	ice_identity_make_model(&id, make, model);
	assert_string_equal(make, "Epson");
	assert_string_equal(model, "ST-C4100");
	/* a badge without a profile of its own, on another maker's machine */
	check(SYSTEM("OLIVETTI d-Color MF222", "1.3.6.1.4.1.18334.1.1.1.2.1.1"), true, "konicaminolta", NULL);
	ice_identity_make_model(&id, make, model);
	assert_string_equal(make, "Olivetti");
	assert_string_equal(model, "d-Color MF222");
	check(SYSTEM("Linux", "1.3.6.1.4.1.8072.3.2.10"), false, NULL, NULL);
	ice_identity_make_model(&id, make, model);
	assert_string_equal(make, "");
	assert_string_equal(model, "");
}

static void test_others(void **state)
{
	(void)state;
	check(SYSTEM("Linux host 5.10", "1.3.6.1.4.1.8072.3.2.10"), false, NULL, "no sign of a printer");
	/* print queues */
	check(SYSTEM("Linux host 5.10",
	             "1.3.6.1.4.1.8072.3.2.10") "1.3.6.1.2.1.25.3.2.1.2.1280|6|1.3.6.1.2.1.25.3.1.5\n"
	                                        "1.3.6.1.2.1.25.3.2.1.3.1280|4|HP LaserJet "
	                                        "4250\n1.3.6.1.2.1.25.3.5.1.1.1280|2|3\n"
	                                        "1.3.6.1.2.1.25.3.5.1.2.1280|4x|00\n",
	      false, NULL, "a print queue is not a printer");
	check(SYSTEM("HP J9625A 2620-24-PoEP Switch", "1.3.6.1.4.1.11.2.3.7.11.131"), false, NULL, NULL);
	check(SYSTEM("EPSON Network Projector", "1.3.6.1.4.1.1248.4.1"), false, NULL, NULL);
	check(SYSTEM("KX-NS1000 Ver00700128", "1.3.6.1.4.1.258.601.3"), false, NULL, NULL);
	check(SYSTEM("SAMSUNG iPolis H.264 Premium Level IP Camera", "1.3.6.1.4.1.36849.1.2.91"), false, NULL, NULL);
	check(SYSTEM("AXIS 1234 Network Document Server", "1.3.6.1.4.1.368.1.1"), false, NULL, NULL);
	check(SYSTEM("Dell EMC Networking N1524P", "1.3.6.1.4.1.674.10895.3064"), false, NULL, NULL);
	check("1.3.6.1.2.1.1.3.0|67|1\n", false, NULL, NULL);
	check("1.3.6.1.2.1.2.1.0|2|1\n", false, NULL, NULL);
}

static struct ice_snmp_varbind varbind(const char *oid, struct ice_oid *room)
{
	assert_true(ice_oid_parse(oid, room));
	return (struct ice_snmp_varbind){.oid = room->bytes,
	                                 .oid_len = room->len,
	                                 .value = (const uint8_t *)"x",
	                                 .value_len = 1,
	                                 .tag = ICE_BER_OCTETS};
}

/* What is no answer to first contact changes nothing. */
static void test_not_an_answer(void **state)
{
	(void)state;
	struct ice_oid rooms[3];
	struct ice_snmp_request again;
	struct ice_identity untouched;
	static struct ice_snmp_message m;
	memset(&untouched, 0x5a, sizeof(untouched));
	struct ice_identity out = untouched;
	m = (struct ice_snmp_message){.version = ICE_SNMP_V2C, .pdu = ICE_SNMP_RESPONSE};
	assert_int_equal(ice_probe_identify(profiles, &m, &community, &out, &again), ICE_VERDICT_OIDS); /* empty */
	m.count = 1;
	m.varbinds[0] = varbind("1.3.6.1.2.1.1", &rooms[0]); /* before what was asked */
	assert_int_equal(ice_probe_identify(profiles, &m, &community, &out, &again), ICE_VERDICT_OIDS);
	m.count = 200; /* more than was asked */
	for (int i = 0; i < 200; i++)
		m.varbinds[i] = m.varbinds[0];
	assert_int_equal(ice_probe_identify(profiles, &m, &community, &out, &again), ICE_VERDICT_OIDS);
	m.count = 1;
	m.error_status = ICE_SNMP_NO_SUCH_NAME; /* an error to another request */
	m.error_index = 1;
	assert_int_equal(ice_probe_identify(profiles, &m, &community, &out, &again), ICE_VERDICT_OIDS);
	m.pdu = ICE_SNMP_GET;
	assert_int_equal(ice_probe_identify(profiles, &m, &community, &out, &again), ICE_VERDICT_OIDS);
	assert_memory_equal(&out, &untouched, sizeof(out));
	/* a right one still counts when an index is wild */
	m = (struct ice_snmp_message){.version = ICE_SNMP_V1, .pdu = ICE_SNMP_RESPONSE, .count = 0};
	m.error_status = ICE_SNMP_NO_SUCH_NAME;
	m.error_index = 1000;
	assert_int_equal(ice_probe_identify(profiles, &m, &community, &out, &again), ICE_VERDICT_OK);
	assert_false(out.printer);
	assert_int_equal(again.len, 0);
}

/* The same question for every address, within the least size every agent takes. */
static void test_request(void **state)
{
	(void)state;
	struct ice_snmp_request a, b;
	static struct ice_snmp_message m;
	for (int v = 0; v < 2; v++) {
		assert_true(ice_probe_identify_request(&a, (enum ice_snmp_version)v, &community));
		assert_true(ice_probe_identify_request(&b, (enum ice_snmp_version)v, &community));
		assert_int_equal(a.len, b.len);
		assert_true(a.len < 200);
		assert_int_equal(ice_snmp_read(a.bytes, a.len, &m), ICE_VERDICT_OK);
		for (size_t i = 0; i < m.count; i++)
			assert_true(ice_profiles_may_ask(profiles, m.varbinds[i].oid, m.varbinds[i].oid_len));
	}
	struct ice_secret wide;
	char text[255];
	memset(text, 'c', sizeof(text));
	assert_true(ice_secret_set(&wide, text, sizeof(text)));
	assert_true(ice_probe_identify_request(&a, ICE_SNMP_V2C, &wide));
	assert_true(a.len <= ICE_SNMP_REQUEST_MAX);
}

static int load(void **state)
{
	return profiles_load(state) == 0 && ice_secret_set(&community, "public", 6) ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_printers), cmocka_unit_test(test_make_and_model),
	        cmocka_unit_test(test_others),   cmocka_unit_test(test_not_an_answer),
	        cmocka_unit_test(test_request),
	};
	return cmocka_run_group_tests(tests, load, profiles_unload);
}
