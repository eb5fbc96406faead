#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ice/ber.h"
#include "ice/recording.h"
#include "truth/recordings.h"

/* ---- help ---- */

static struct ice_recording *parsed(const char *text)
{
	char why[200] = "";
	struct ice_recording *r = ice_recording_parse("test", text, strlen(text), why, sizeof(why));
	if (!r)
		print_error("%s\n", why);
	assert_non_null(r);
	return r;
}

static const struct ice_recording_row *row_of(const struct ice_recording *r, const char *oid)
{
	struct ice_oid o;
	assert_true(ice_oid_parse(oid, &o));
	size_t i = ice_recording_find(r, o.bytes, o.len);
	return i == SIZE_MAX ? NULL : ice_recording_row(r, i);
}

/* The row's encoded value is just these octets. */
static void says(const struct ice_recording *r, const char *oid, const char *octets, size_t n)
{
	const struct ice_recording_row *row = row_of(r, oid);
	if (!row) {
		fail_msg("%s: the row is missing", oid);
		return;
	}
	if (row->value_len != n || memcmp(row->value, octets, n) != 0)
		fail_msg("%s: another value of %u octets, tag %02x", oid, row->value_len, row->value[0]);
}
#define SAYS(r, oid, octets) says(r, oid, octets, sizeof(octets) - 1)

struct asked {
	struct ice_snmp_request request;
	struct ice_snmp_message message;
};

static void ask(struct asked *q, enum ice_snmp_version version, enum ice_snmp_pdu pdu, const char *const *oids,
                unsigned repetitions)
{
	struct ice_oid list[32];
	struct ice_secret community = {0};
	size_t n = 0;
	assert_true(ice_secret_set(&community, "public", 6));
	for (; oids[n]; n++)
		assert_true(ice_oid_parse(oids[n], &list[n]));
	assert_true(ice_snmp_build(&q->request, version, &community, pdu, list, n, repetitions));
	ice_snmp_patch_id(q->request.bytes, q->request.id_at, 0x41424344);
	assert_int_equal(ice_snmp_read(q->request.bytes, q->request.len, &q->message), ICE_VERDICT_OK);
}
#define OIDS(...) ((const char *const[]){__VA_ARGS__, NULL})

struct told {
	uint8_t bytes[65507];
	size_t n;
	struct ice_snmp_message message;
};

static struct told *answer_of(const struct ice_recording_agent *agent, const struct asked *q)
{
	static struct told t;
	t.n = ice_recording_answer(agent, &q->message, t.bytes, sizeof(t.bytes));
	assert_true(t.n > 0);
	assert_true(t.n <= agent->reply_max);
	assert_int_equal(ice_snmp_read(t.bytes, t.n, &t.message), ICE_VERDICT_OK);
	assert_int_equal(t.message.pdu, ICE_SNMP_RESPONSE);
	assert_int_equal(t.message.version, q->message.version);
	assert_int_equal(t.message.request_id, 0x41424344);
	assert_int_equal(t.message.community_len, 6);
	assert_memory_equal(t.message.community, "public", 6);
	return &t;
}

static struct told *tell(const struct ice_recording *r, enum ice_snmp_version version, enum ice_snmp_pdu pdu,
                         const char *const *oids, unsigned repetitions, size_t reply_max)
{
	static struct asked q;
	ask(&q, version, pdu, oids, repetitions);
	struct ice_recording_agent agent = {.recording = r, .reply_max = reply_max};
	return answer_of(&agent, &q);
}

static void oid_is(const struct ice_snmp_varbind *vb, const char *oid)
{
	char text[ICE_OID_TEXT_SIZE];
	assert_string_equal(ice_oid_format(vb->oid, vb->oid_len, text), oid);
}

/* ---- reading ---- */

static void test_snmprec_types(void **state)
{
	(void)state;
	struct ice_recording *r = parsed("# a comment\r\n"
	                                 "1.3.6.1.2.1.1.1.0|4|A printer | with bars\r\n"
	                                 "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.11\n"
	                                 "1.3.6.1.2.1.1.3.0|67|4294967295\n"
	                                 "1.3.6.1.2.1.2.2.1.6.1|4x|00Ff10\n"
	                                 "1.3.6.1.2.1.2.2.1.6.2|4|\n"
	                                 "1.3.6.1.2.1.2.2.1.7.1|2|-3\n"
	                                 "1.3.6.1.2.1.2.2.1.10.1|65|128\n"
	                                 "1.3.6.1.2.1.2.2.1.21.1|66|0\n"
	                                 "1.3.6.1.2.1.4.20.1.1.10.0.0.146|64|10.0.0.146\n"
	                                 "1.3.6.1.2.1.4.20.1.3.10.0.0.146|64x|ffffff00\n"
	                                 "1.3.6.1.2.1.31.1.1.1.6.1|70|18446744073709551615\n"
	                                 "1.3.6.1.4.1.2021.10.1.6.1|68x|9f780400000000\n"
	                                 "1.3.6.1.4.1.9.9|5|\n");
	assert_int_equal(ice_recording_skipped(r), 0);
	assert_int_equal(ice_recording_count(r), 13);
	SAYS(r, "1.3.6.1.2.1.1.1.0",
	     "\x04\x15"
	     "A printer | with bars");
	SAYS(r, "1.3.6.1.2.1.1.2.0", "\x06\x06\x2b\x06\x01\x04\x01\x0b");
	SAYS(r, "1.3.6.1.2.1.1.3.0", "\x43\x05\x00\xff\xff\xff\xff");
	SAYS(r, "1.3.6.1.2.1.2.2.1.6.1", "\x04\x03\x00\xff\x10");
	SAYS(r, "1.3.6.1.2.1.2.2.1.6.2", "\x04\x00");
	SAYS(r, "1.3.6.1.2.1.2.2.1.7.1", "\x02\x01\xfd");
	SAYS(r, "1.3.6.1.2.1.2.2.1.10.1", "\x41\x02\x00\x80");
	SAYS(r, "1.3.6.1.2.1.2.2.1.21.1", "\x42\x01\x00");
	SAYS(r, "1.3.6.1.2.1.4.20.1.1.10.0.0.146", "\x40\x04\x0a\x00\x00\x92");
	SAYS(r, "1.3.6.1.2.1.4.20.1.3.10.0.0.146", "\x40\x04\xff\xff\xff\x00");
	SAYS(r, "1.3.6.1.2.1.31.1.1.1.6.1", "\x46\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff");
	SAYS(r, "1.3.6.1.4.1.2021.10.1.6.1", "\x44\x07\x9f\x78\x04\x00\x00\x00\x00");
	SAYS(r, "1.3.6.1.4.1.9.9", "\x05\x00");
	ice_recording_free(r);
}

static void test_rows_sorted_by_arcs_and_once(void **state)
{
	(void)state;
	struct ice_recording *r = parsed("1.3.6.1.4.1.16384.1|2|5\n"
	                                 "1.3.6.1.4.1.16383.1|2|4\n"
	                                 "1.3.6.1.4.1.200.1|2|3\n"
	                                 "1.3.6.1.4.1.127.1|2|2\n"
	                                 "1.3.6.1.4.1.127|2|1\n"
	                                 "1.3.6.1.4.1.127.1|2|99\n");
	assert_int_equal(ice_recording_count(r), 5);
	assert_int_equal(ice_recording_skipped(r), 1);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(ice_recording_row(r, i)->value[2], i + 1);
	for (size_t i = 0; i < 5; i++) {
		const struct ice_recording_row *row = ice_recording_row(r, i);
		assert_int_equal(ice_recording_find(r, row->oid, row->oid_len), i);
		assert_int_equal(ice_recording_after(r, row->oid, row->oid_len), i + 1);
	}
	struct ice_oid o;
	assert_true(ice_oid_parse("1.3.6.1.4.1.127.0.5", &o));
	assert_int_equal(ice_recording_after(r, o.bytes, o.len), 1);
	ice_recording_free(r);
}

static void test_bad_rows_are_counted(void **state)
{
	(void)state;
	struct ice_recording *r = parsed("1.3.6.1.2.1.1.1.0|4|good\n"
	                                 "no row at all\n"
	                                 "1.3.6.1.2.1.1.2.0|6|enterprises.11\n"
	                                 "1.3.6.1.2.1.1.3.0|67|-1\n"
	                                 "1.3.6.1.2.1.1.3.0|67|4294967296\n"
	                                 "1.3.6.1.2.1.1.7.0|2|2147483648\n"
	                                 "1.3.6.1.2.1.1.7.0|2|99999999999999999999999\n"
	                                 "1.3.6.1.2.1.1.7.0|2|\n"
	                                 "1.3.6.1.2.1.1.7.0|2|0x01\n"
	                                 "1.3.6.1.2.1.1.8.0|4:writecache|x\n"
	                                 "1.3.6.1.2.1.1.8.0|4e|x\n"
	                                 "1.3.6.1.2.1.1.8.0|4\n"
	                                 "1.3.6.1.2.1.1.8.0|4x|abc\n"
	                                 "1.3.6.1.2.1.1.8.0|99|1\n"
	                                 "1.3.6.1.2.1.1.8.0|64|10.0.0.256\n"
	                                 "1.3.6.1.2.1.1.8.0|64|10.0.0\n"
	                                 "1.3.6.1.2.1.1.8.0|64x|0a0000\n"
	                                 "1.3.6.1.99999999999.1|2|1\n"
	                                 "..1|2|1\n");
	assert_int_equal(ice_recording_count(r), 1);
	assert_int_equal(ice_recording_skipped(r), 18);
	ice_recording_free(r);
}

static void test_reasons_name_file_and_line(void **state)
{
	(void)state;
	char why[200] = "";
	static const char text[] = "\n\n1.3.6.1|67|x\nother\n";
	assert_null(ice_recording_parse("some.snmprec", text, sizeof(text) - 1, why, sizeof(why)));
	assert_string_equal(why, "some.snmprec:3: not a number; no usable row in the whole file");
	assert_null(ice_recording_parse("empty", "", 0, why, sizeof(why)));
	assert_non_null(strstr(why, "empty:1: no row"));
	assert_null(ice_recording_load("/nonexistent/file", why, sizeof(why)));
	assert_string_equal(why, "/nonexistent/file: No such file or directory");
	assert_null(ice_recording_load("/dev/zero", why, sizeof(why)));
	assert_non_null(strstr(why, "larger than 64 MiB"));
}

static void test_walk_types(void **state)
{
	(void)state;
	struct ice_recording *r = parsed(
	        ".1.3.6.1.2.1.1.1.0 = STRING: \"One \\\"line\\\" and a \\\\\"\n"
	        ".1.3.6.1.2.1.1.2.0 = OID: .1.3.6.1.4.1.11\n"
	        ".1.3.6.1.2.1.1.3.0 = Timeticks: (12345) 0:02:03.45\n"
	        ".1.3.6.1.2.1.1.4.0 = \"\"\n"
	        ".1.3.6.1.2.1.1.6.0 = STRING: \"first\nsecond \"quoted\" line\n.1.2 no row\nlast\"\n"
	        ".1.3.6.1.2.1.1.9.0 = STRING: never closed\nbut ends\n"
	        ".1.3.6.1.2.1.2.2.1.3.1 = INTEGER: ethernetCsmacd(6)\n"
	        ".1.3.6.1.2.1.2.2.1.4.1 = INTEGER: -1500 octets\n"
	        ".1.3.6.1.2.1.2.2.1.6.1 = STRING: 0:1b:A9:f4:15:2c\n"
	        ".1.3.6.1.2.1.2.2.1.6.2 = Hex-STRING: 00 1B A9 F4 15 2C \n"
	        ".1.3.6.1.2.1.2.2.1.10.1 = Counter32: 4294967295\n"
	        ".1.3.6.1.2.1.2.2.1.21.1 = Gauge32: 1 things\n"
	        ".1.3.6.1.2.1.3.1.1.3.4 = Network Address: 0A:00:00:01\n"
	        ".1.3.6.1.2.1.4.20.1.1 = IpAddress: 10.0.0.1\n"
	        ".1.3.6.1.2.1.31.1.1.1.6.1 = Counter64: 18446744073709551615\n"
	        "iso.3.6.1.2.1.43.1 = Hex-STRING: 01 02 03 04 05 06 07 08 09 0A 0B 0C 0D 0E 0F 10 \n"
	        "11 12 \n"
	        ".1.3.6.1.2.1.43.2 = BITS: C0 0 1 \n"
	        ".1.3.6.1.2.1.43.3 = BITS: 00 20 10 \n"
	        ".1.3.6.1.2.1.43.4 = BITS: 80 00 first(0) \n"
	        ".1.3.6.1.2.1.43.5 = Opaque: Float: 0.500000\n"
	        ".1.3.6.1.2.1.43.6 = OPAQUE: 9F 78\n"
	        ".1.3.6.1.2.1.43.7 = NULL\n"
	        ".1.3.6.1.2.1.43.8 = Wrong Type (should be INTEGER): STRING: \"x\"\n"
	        ".1.3.6.1.2.1.43.9 = No Such Instance currently exists at this OID\n"
	        ".1.3.6.1.2.1.43.10 = No more variables left in this MIB View (It is past the end of the MIB tree)\n"
	        "End of MIB\n");
	assert_int_equal(ice_recording_skipped(r), 1);
	SAYS(r, "1.3.6.1.2.1.1.1.0", "\x04\x12One \"line\" and a \\");
	SAYS(r, "1.3.6.1.2.1.1.2.0", "\x06\x06\x2b\x06\x01\x04\x01\x0b");
	SAYS(r, "1.3.6.1.2.1.1.3.0", "\x43\x02\x30\x39");
	SAYS(r, "1.3.6.1.2.1.1.4.0", "\x04\x00");
	SAYS(r, "1.3.6.1.2.1.1.6.0",
	     "\x04\x2b"
	     "first\nsecond \"quoted\" line\n.1.2 no row\nlast");
	SAYS(r, "1.3.6.1.2.1.1.9.0", "\x04\x15never closed\nbut ends");
	SAYS(r, "1.3.6.1.2.1.2.2.1.3.1", "\x02\x01\x06");
	SAYS(r, "1.3.6.1.2.1.2.2.1.4.1", "\x02\x02\xfa\x24");
	SAYS(r, "1.3.6.1.2.1.2.2.1.6.1", "\x04\x06\x00\x1b\xa9\xf4\x15\x2c");
	SAYS(r, "1.3.6.1.2.1.2.2.1.6.2", "\x04\x06\x00\x1b\xa9\xf4\x15\x2c");
	SAYS(r, "1.3.6.1.2.1.2.2.1.10.1", "\x41\x05\x00\xff\xff\xff\xff");
	SAYS(r, "1.3.6.1.2.1.2.2.1.21.1", "\x42\x01\x01");
	SAYS(r, "1.3.6.1.2.1.3.1.1.3.4", "\x40\x04\x0a\x00\x00\x01");
	SAYS(r, "1.3.6.1.2.1.4.20.1.1", "\x40\x04\x0a\x00\x00\x01");
	SAYS(r, "1.3.6.1.2.1.31.1.1.1.6.1", "\x46\x09\x00\xff\xff\xff\xff\xff\xff\xff\xff");
	SAYS(r, "1.3.6.1.2.1.43.1", "\x04\x12\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12");
	SAYS(r, "1.3.6.1.2.1.43.2", "\x04\x01\xc0");
	SAYS(r, "1.3.6.1.2.1.43.3", "\x04\x02\x00\x20");
	SAYS(r, "1.3.6.1.2.1.43.4", "\x04\x02\x80\x00");
	SAYS(r, "1.3.6.1.2.1.43.5", "\x44\x07\x9f\x78\x04\x3f\x00\x00\x00");
	SAYS(r, "1.3.6.1.2.1.43.6", "\x44\x02\x9f\x78");
	SAYS(r, "1.3.6.1.2.1.43.7", "\x05\x00");
	SAYS(r, "1.3.6.1.2.1.43.8", "\x04\x01x");
	assert_null(row_of(r, "1.3.6.1.2.1.43.9"));
	assert_null(row_of(r, "1.3.6.1.2.1.43.10"));
	ice_recording_free(r);
}

/* What came through an editor or a ticket: blanks before the type do not make its name a part of the text. */
static void test_walk_with_more_blanks(void **state)
{
	(void)state;
	struct ice_recording *r = parsed(".1.3.6.1.2.1.1.1.0  =   STRING: \"text\"\n"
	                                 ".1.3.6.1.2.1.1.5.0 =\tSTRING: \"name\"\n"
	                                 ".1.3.6.1.2.1.1.7.0 =  INTEGER: 72\n");
	assert_int_equal(ice_recording_skipped(r), 0);
	SAYS(r, "1.3.6.1.2.1.1.1.0", "\x04\x04text");
	SAYS(r, "1.3.6.1.2.1.1.5.0", "\x04\x04name");
	SAYS(r, "1.3.6.1.2.1.1.7.0", "\x02\x01\x48");
	ice_recording_free(r);
}

static void test_walk_without_types(void **state)
{
	(void)state;
	struct ice_recording *r = parsed(".1.3.6.1.2.1.1.1.0 = \"text\"\n"
	                                 ".1.3.6.1.2.1.1.2.0 = .1.3.6.1.4.1.11\n"
	                                 ".1.3.6.1.2.1.1.3.0 = 1:02:03:04.05\n"
	                                 ".1.3.6.1.2.1.1.7.0 = -72\n"
	                                 ".1.3.6.1.2.1.2.2.1.6.2 = \"02 CA 6D EC C3 AD \"\n"
	                                 ".1.3.6.1.2.1.2.2.1.10.1 = 4294967295\n"
	                                 ".1.3.6.1.2.1.4.20.1.1 = 10.0.0.1\n");
	assert_int_equal(ice_recording_skipped(r), 0);
	SAYS(r, "1.3.6.1.2.1.1.1.0", "\x04\x04text");
	SAYS(r, "1.3.6.1.2.1.1.2.0", "\x06\x06\x2b\x06\x01\x04\x01\x0b");
	SAYS(r, "1.3.6.1.2.1.1.3.0", "\x43\x04\x00\x8f\x1a\x65");
	SAYS(r, "1.3.6.1.2.1.1.7.0", "\x02\x01\xb8");
	SAYS(r, "1.3.6.1.2.1.2.2.1.6.2", "\x04\x06\x02\xca\x6d\xec\xc3\xad");
	SAYS(r, "1.3.6.1.2.1.2.2.1.10.1", "\x42\x05\x00\xff\xff\xff\xff");
	SAYS(r, "1.3.6.1.2.1.4.20.1.1", "\x40\x04\x0a\x00\x00\x01");
	ice_recording_free(r);
}

/* ---- answering ---- */

static const char small[] = "1.3.6.1.2.1.1.1.0|4|A printer\n"
                            "1.3.6.1.2.1.1.3.0|67|100\n"
                            "1.3.6.1.2.1.2.2.1.1.1|2|1\n"
                            "1.3.6.1.2.1.2.2.1.1.2|2|2\n"
                            "1.3.6.1.2.1.2.2.1.2.1|4|one\n"
                            "1.3.6.1.2.1.2.2.1.2.2|4|two\n"
                            "1.3.6.1.2.1.31.1.1.1.6.1|70|5000000000\n"
                            "1.3.6.1.2.1.31.1.1.1.6.2|70|6000000000\n"
                            "1.3.6.1.2.1.31.1.1.1.15.1|66|100\n";

static void test_get(void **state)
{
	(void)state;
	struct ice_recording *r = parsed(small);
	for (int v = ICE_SNMP_V1; v <= ICE_SNMP_V2C; v++) {
		struct told *t = tell(r, (enum ice_snmp_version)v, ICE_SNMP_GET,
		                      OIDS("1.3.6.1.2.1.2.2.1.2.2", "1.3.6.1.2.1.1.3.0"), 0, 1472);
		assert_int_equal(t->message.error_status, 0);
		assert_int_equal(t->message.error_index, 0);
		assert_int_equal(t->message.count, 2);
		oid_is(&t->message.varbinds[0], "1.3.6.1.2.1.2.2.1.2.2");
		assert_int_equal(t->message.varbinds[0].value_len, 3);
		assert_memory_equal(t->message.varbinds[0].value, "two", 3);
		assert_int_equal(t->message.varbinds[1].tag, ICE_BER_TIMETICKS);
	}
	ice_recording_free(r);
}

static void test_get_missing(void **state)
{
	(void)state;
	struct ice_recording *r = parsed(small);
	const char *const *oids = OIDS("1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.2.2.1.2.7", "1.3.6.1.2.1.43.5");
	struct told *t = tell(r, ICE_SNMP_V2C, ICE_SNMP_GET, oids, 0, 1472);
	assert_int_equal(t->message.error_status, 0);
	assert_int_equal(t->message.count, 3);
	assert_int_equal(t->message.varbinds[0].tag, ICE_BER_OCTETS);
	assert_int_equal(t->message.varbinds[1].tag, ICE_BER_NO_SUCH_INSTANCE);
	assert_int_equal(t->message.varbinds[2].tag, ICE_BER_NO_SUCH_OBJECT);

	t = tell(r, ICE_SNMP_V1, ICE_SNMP_GET, oids, 0, 1472);
	assert_int_equal(t->message.error_status, ICE_SNMP_NO_SUCH_NAME);
	assert_int_equal(t->message.error_index, 2);
	assert_int_equal(t->message.count, 3);
	for (size_t i = 0; i < 3; i++) {
		oid_is(&t->message.varbinds[i], oids[i]);
		assert_int_equal(t->message.varbinds[i].tag, ICE_BER_NULL);
	}
	/* RFC 3584 section 4.2.2.1: for v1 a Counter64 does not exist */
	t = tell(r, ICE_SNMP_V1, ICE_SNMP_GET, OIDS("1.3.6.1.2.1.31.1.1.1.6.1"), 0, 1472);
	assert_int_equal(t->message.error_status, ICE_SNMP_NO_SUCH_NAME);
	assert_int_equal(t->message.error_index, 1);
	t = tell(r, ICE_SNMP_V2C, ICE_SNMP_GET, OIDS("1.3.6.1.2.1.31.1.1.1.6.1"), 0, 1472);
	assert_int_equal(t->message.varbinds[0].tag, ICE_BER_COUNTER64);
	ice_recording_free(r);
}

static void test_getnext(void **state)
{
	(void)state;
	struct ice_recording *r = parsed(small);
	struct told *t = tell(r, ICE_SNMP_V2C, ICE_SNMP_GETNEXT,
	                      OIDS("1.3.6.1.2.1.1.1", "1.3.6.1.2.1.2.2.1.2.2", "1.3.6.1.2.1.31.1.1.1.15.1"), 0, 1472);
	assert_int_equal(t->message.error_status, 0);
	oid_is(&t->message.varbinds[0], "1.3.6.1.2.1.1.1.0");
	oid_is(&t->message.varbinds[1], "1.3.6.1.2.1.31.1.1.1.6.1");
	oid_is(&t->message.varbinds[2], "1.3.6.1.2.1.31.1.1.1.15.1");
	assert_int_equal(t->message.varbinds[2].tag, ICE_BER_END_OF_MIB_VIEW);

	t = tell(r, ICE_SNMP_V1, ICE_SNMP_GETNEXT, OIDS("1.3.6.1.2.1.2.2.1.2.2"), 0, 1472);
	oid_is(&t->message.varbinds[0], "1.3.6.1.2.1.31.1.1.1.15.1"); /* over the Counter64 */
	t = tell(r, ICE_SNMP_V1, ICE_SNMP_GETNEXT, OIDS("1.3.6.1.2.1.1", "1.3.6.1.2.1.31.1.1.1.15.1"), 0, 1472);
	assert_int_equal(t->message.error_status, ICE_SNMP_NO_SUCH_NAME);
	assert_int_equal(t->message.error_index, 2);
	oid_is(&t->message.varbinds[0], "1.3.6.1.2.1.1");
	ice_recording_free(r);
}

static void test_getbulk(void **state)
{
	(void)state;
	struct ice_recording *r = parsed(small);
	struct told *t =
	        tell(r, ICE_SNMP_V2C, ICE_SNMP_GETBULK, OIDS("1.3.6.1.2.1.2.2.1.1", "1.3.6.1.2.1.2.2.1.2"), 2, 1472);
	static const char *const expect[] = {"1.3.6.1.2.1.2.2.1.1.1", "1.3.6.1.2.1.2.2.1.2.1", "1.3.6.1.2.1.2.2.1.1.2",
	                                     "1.3.6.1.2.1.2.2.1.2.2"};
	assert_int_equal(t->message.count, 4);
	for (size_t i = 0; i < 4; i++)
		oid_is(&t->message.varbinds[i], expect[i]);

	/* past the end: the last name and endOfMibView, and no row more once all columns are there */
	t = tell(r, ICE_SNMP_V2C, ICE_SNMP_GETBULK, OIDS("1.3.6.1.2.1.31.1.1.1.6.2", "1.3.6.1.2.1.31.1.1.1.6.1"), 50,
	         1472);
	assert_int_equal(t->message.count, 6);
	oid_is(&t->message.varbinds[2], "1.3.6.1.2.1.31.1.1.1.15.1");
	assert_int_equal(t->message.varbinds[2].tag, ICE_BER_END_OF_MIB_VIEW);
	assert_int_equal(t->message.varbinds[3].tag, ICE_BER_GAUGE32);
	assert_int_equal(t->message.varbinds[4].tag, ICE_BER_END_OF_MIB_VIEW);
	assert_int_equal(t->message.varbinds[5].tag, ICE_BER_END_OF_MIB_VIEW);

	t = tell(r, ICE_SNMP_V2C, ICE_SNMP_GETBULK, OIDS("1.3.6.1.2.1.1"), 0, 1472);
	assert_int_equal(t->message.count, 0);

	static struct asked q;
	ask(&q, ICE_SNMP_V2C, ICE_SNMP_GETBULK, OIDS("1.3.6.1.2.1.1.1", "1.3.6.1.2.1.2.2.1.1"), 2);
	struct ice_recording_agent agent = {.recording = r, .reply_max = 1472};
	q.message.error_status = 1; /* non-repeaters */
	t = answer_of(&agent, &q);
	assert_int_equal(t->message.count, 3);
	oid_is(&t->message.varbinds[0], "1.3.6.1.2.1.1.1.0");
	oid_is(&t->message.varbinds[2], "1.3.6.1.2.1.2.2.1.1.2");
	q.message.error_status = -5;
	q.message.error_index = -1;
	t = answer_of(&agent, &q);
	assert_int_equal(t->message.count, 0);
	q.message.error_status = 100;
	t = answer_of(&agent, &q);
	assert_int_equal(t->message.count, 2);
	ice_recording_free(r);
}

static void test_reply_size(void **state)
{
	(void)state;
	char text[8192];
	int n = 0;
	for (int i = 1; i <= 40; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "1.3.6.1.4.1.9.%d|4|%0100d\n", i, i);
	struct ice_recording *r = parsed(text);
	struct told *t = tell(r, ICE_SNMP_V2C, ICE_SNMP_GETBULK, OIDS("1.3.6.1.4.1.9"), 40, 1472);
	assert_int_equal(t->message.error_status, 0);
	assert_in_range(t->message.count, 11, 12);
	const char *const *two = OIDS("1.3.6.1.4.1.9.1", "1.3.6.1.4.1.9.2");
	t = tell(r, ICE_SNMP_V2C, ICE_SNMP_GET, two, 0, 200);
	assert_int_equal(t->message.error_status, ICE_SNMP_TOO_BIG);
	assert_int_equal(t->message.error_index, 0);
	assert_int_equal(t->message.count, 0);
	t = tell(r, ICE_SNMP_V1, ICE_SNMP_GET, two, 0, 200);
	assert_int_equal(t->message.error_status, ICE_SNMP_TOO_BIG);
	assert_int_equal(t->message.error_index, 0);
	assert_int_equal(t->message.count, 2);
	assert_int_equal(t->message.varbinds[1].tag, ICE_BER_NULL);
	t = tell(r, ICE_SNMP_V1, ICE_SNMP_GETNEXT, two, 0, 200);
	assert_int_equal(t->message.error_status, ICE_SNMP_TOO_BIG);
	t = tell(r, ICE_SNMP_V2C, ICE_SNMP_GETBULK, OIDS("1.3.6.1.4.1.9"), 40, 100);
	assert_int_equal(t->message.error_status, ICE_SNMP_TOO_BIG);
	/* a buffer smaller than any answer: silence */
	static struct asked q;
	uint8_t out[64];
	ask(&q, ICE_SNMP_V2C, ICE_SNMP_GET, two, 0);
	struct ice_recording_agent agent = {.recording = r, .reply_max = 1472};
	assert_int_equal(ice_recording_answer(&agent, &q.message, out, 10), 0);
	ice_recording_free(r);
}

static bool other_name(const struct ice_recording_row *row, size_t index, uint8_t *room, size_t room_size, size_t *len,
                       void *arg)
{
	(void)row;
	assert_true(room_size >= 5);
	if (index != 0)
		return false;
	memcpy(room, arg, 5);
	*len = 5;
	return true;
}

static void test_override_and_extra(void **state)
{
	(void)state;
	struct ice_recording *r = parsed(small);
	struct ice_oid before, same, last;
	assert_true(ice_oid_parse("1.3.6.1.2.1.1.2.0", &before));
	assert_true(ice_oid_parse("1.3.6.1.2.1.1.3.0", &same));
	assert_true(ice_oid_parse("1.3.6.1.2.1.99.0", &last));
	static const uint8_t seven[] = {0x02, 0x01, 0x07};
	const struct ice_recording_row extra[] = {{before.bytes, seven, before.len, 3},
	                                          {same.bytes, seven, same.len, 3},
	                                          {last.bytes, seven, last.len, 3}};
	char own[] = "\x04\x03own";
	struct ice_recording_agent agent = {.recording = r,
	                                    .override = other_name,
	                                    .arg = own,
	                                    .extra = extra,
	                                    .extra_count = 3,
	                                    .reply_max = 1472};
	static struct asked q;
	ask(&q, ICE_SNMP_V2C, ICE_SNMP_GETBULK, OIDS("1.3.6.1"), 50);
	struct told *t = answer_of(&agent, &q);
	assert_int_equal(t->message.count, 12);
	assert_memory_equal(t->message.varbinds[0].value, "own", 3);
	oid_is(&t->message.varbinds[1], "1.3.6.1.2.1.1.2.0");
	oid_is(&t->message.varbinds[2], "1.3.6.1.2.1.1.3.0");
	assert_int_equal(t->message.varbinds[2].tag, ICE_BER_INTEGER);
	oid_is(&t->message.varbinds[3], "1.3.6.1.2.1.2.2.1.1.1");
	oid_is(&t->message.varbinds[10], "1.3.6.1.2.1.99.0");
	assert_int_equal(t->message.varbinds[11].tag, ICE_BER_END_OF_MIB_VIEW);
	ask(&q, ICE_SNMP_V1, ICE_SNMP_GET, OIDS("1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.99.0", "1.3.6.1.2.1.1.3.0"), 0);
	t = answer_of(&agent, &q);
	assert_int_equal(t->message.error_status, 0);
	assert_int_equal(t->message.varbinds[2].tag, ICE_BER_INTEGER);
	ice_recording_free(r);
}

static void test_silence(void **state)
{
	(void)state;
	struct ice_recording *r = parsed(small);
	static struct asked q;
	uint8_t out[1500];
	struct ice_recording_agent agent = {.recording = r, .reply_max = 1472, .v1_only = true};
	ask(&q, ICE_SNMP_V2C, ICE_SNMP_GET, OIDS("1.3.6.1.2.1.1.1.0"), 0);
	assert_int_equal(ice_recording_answer(&agent, &q.message, out, sizeof(out)), 0);
	agent.v1_only = false;
	q.message.pdu = ICE_SNMP_RESPONSE;
	assert_int_equal(ice_recording_answer(&agent, &q.message, out, sizeof(out)), 0);
	q.message.pdu = ICE_SNMP_GETBULK; /* there is none in v1 */
	q.message.version = ICE_SNMP_V1;
	assert_int_equal(ice_recording_answer(&agent, &q.message, out, sizeof(out)), 0);
	ice_recording_free(r);
}

/* ---- every recording at hand ---- */

/* Walks the whole recording; every row must come once, in order, as it was recorded. Returns the rows accounted for. */
static size_t walk(const struct ice_recording *r, enum ice_snmp_version version)
{
	static uint8_t out[65507];
	static struct ice_snmp_message q, t;
	struct ice_recording_agent agent = {.recording = r, .reply_max = 1472};
	size_t next = 0, count = ice_recording_count(r);
	bool v1 = version == ICE_SNMP_V1;
	if (agent.reply_max < ice_recording_largest(r) + 100)
		agent.reply_max = ice_recording_largest(r) + 100;
	q = (struct ice_snmp_message){.version = version,
	                              .pdu = v1 ? ICE_SNMP_GETNEXT : ICE_SNMP_GETBULK,
	                              .community = (const uint8_t *)"public",
	                              .community_len = 6,
	                              .count = 1,
	                              .error_index = v1 ? 0 : 20};
	struct ice_oid at;
	assert_true(ice_oid_parse("0.0", &at));
	for (size_t rounds = 0; rounds <= count; rounds++) {
		q.varbinds[0] = (struct ice_snmp_varbind){.oid = at.bytes, .oid_len = at.len, .tag = ICE_BER_NULL};
		size_t n = ice_recording_answer(&agent, &q, out, sizeof(out));
		assert_true(n > 0);
		assert_int_equal(ice_snmp_read(out, n, &t), ICE_VERDICT_OK);
		if (v1 && t.error_status == ICE_SNMP_NO_SUCH_NAME)
			break;
		assert_int_equal(t.error_status, 0);
		assert_true(t.count > 0);
		for (size_t i = 0; i < t.count; i++) {
			const struct ice_snmp_varbind *vb = &t.varbinds[i];
			if (vb->tag == ICE_BER_END_OF_MIB_VIEW)
				return next;
			while (v1 && ice_recording_row(r, next)->value[0] == ICE_BER_COUNTER64)
				next++;
			const struct ice_recording_row *row = ice_recording_row(r, next++);
			assert_int_equal(vb->oid_len, row->oid_len);
			assert_memory_equal(vb->oid, row->oid, row->oid_len);
			assert_int_equal(vb->tag, row->value[0]);
			assert_memory_equal(vb->value, row->value + row->value_len - vb->value_len, vb->value_len);
			memcpy(at.bytes, vb->oid, vb->oid_len);
			at.len = (uint8_t)vb->oid_len;
		}
	}
	while (next < count && ice_recording_row(r, next)->value[0] == ICE_BER_COUNTER64)
		next++;
	return next;
}

static void walk_file(const char *path, const char *file, void *arg)
{
	char why[200] = "";
	(void)file, (void)arg;
	struct ice_recording *r = ice_recording_load(path, why, sizeof(why));
	if (!r)
		fail_msg("%s", why);
	if (ice_recording_skipped(r))
		fail_msg("%s: %zu rows were skipped", path, ice_recording_skipped(r));
	if (walk(r, ICE_SNMP_V1) != ice_recording_count(r) || walk(r, ICE_SNMP_V2C) != ice_recording_count(r))
		fail_msg("%s: the walk ended early", path);
	ice_recording_free(r);
}

static void test_shared_recordings(void **state)
{
	(void)state;
	unsigned files = recordings_each("../shared/corpus/printers", walk_file, NULL);
	if (files == 0) {
		print_message("../shared/corpus is not here\n");
		skip();
	}
	files += recordings_each("../shared/corpus/printers/fragments", walk_file, NULL) +
	         recordings_each("../shared/corpus/printers/system-only", walk_file, NULL) +
	         recordings_each("../shared/corpus/devices", walk_file, NULL);
	print_message("%u recordings walked\n", files);
}

static void test_own_recordings(void **state)
{
	(void)state;
	assert_true(recordings_each("config/demo/printers", walk_file, NULL) >= 6);
	assert_true(recordings_each("config/demo/devices", walk_file, NULL) >= 6);
}

/* snmpwalk -Oa: what the octets were is lost, and an address made of dots would be an invention. */
static void test_octets_shown_as_dots(void **state)
{
	static const char *const rows[] = {".1.3.6.1.2.1.2.2.1.6.1 = STRING: \"....,.\"\n",
	                                   ".1.3.6.1.2.1.25.3.5.1.2.1 = STRING: \".\"\n"};
	char text[256], why[200] = "";
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		snprintf(text, sizeof(text), ".1.3.6.1.2.1.1.5.0 = STRING: \"a.b.c\"\n%s", rows[i]);
		assert_null(ice_recording_parse("test", text, strlen(text), why, sizeof(why)));
		assert_non_null(strstr(why, "test:2: octets are shown as dots"));
	}
	/* Letters in an address, and dots in a name, are what they are. */
	struct ice_recording *r =
	        parsed(".1.3.6.1.2.1.1.5.0 = STRING: \"a.b.c\"\n.1.3.6.1.2.1.2.2.1.6.1 = STRING: \"AXISab\"\n");
	SAYS(r, "1.3.6.1.2.1.2.2.1.6.1",
	     "\x04\x06"
	     "AXISab");
	ice_recording_free(r);
}

int main(void)
{
	ice_snmp_init();
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_octets_shown_as_dots),
	        cmocka_unit_test(test_snmprec_types),
	        cmocka_unit_test(test_rows_sorted_by_arcs_and_once),
	        cmocka_unit_test(test_bad_rows_are_counted),
	        cmocka_unit_test(test_reasons_name_file_and_line),
	        cmocka_unit_test(test_walk_types),
	        cmocka_unit_test(test_walk_with_more_blanks),
	        cmocka_unit_test(test_walk_without_types),
	        cmocka_unit_test(test_get),
	        cmocka_unit_test(test_get_missing),
	        cmocka_unit_test(test_getnext),
	        cmocka_unit_test(test_getbulk),
	        cmocka_unit_test(test_reply_size),
	        cmocka_unit_test(test_override_and_extra),
	        cmocka_unit_test(test_silence),
	        cmocka_unit_test(test_shared_recordings),
	        cmocka_unit_test(test_own_recordings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
