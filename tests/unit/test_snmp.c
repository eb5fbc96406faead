#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ice/ber.h"
#include "ice/random.h"
#include "ice/snmp.h"

#define CONTENT(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})
#define NOTHING      ((const uint8_t *)""), 0

static struct ice_secret secret(const void *bytes, size_t n)
{
	struct ice_secret s = {.len = (uint8_t)n};
	memcpy(s.bytes, bytes, n);
	return s;
}

static struct ice_oid oid_of(const char *text)
{
	struct ice_oid oid;
	if (!ice_oid_parse(text, &oid))
		fail_msg("%s should be an OID", text);
	return oid;
}

/* An assembler that shares nothing with the code under test: octets put in front of octets. */
struct bytes {
	size_t n;
	uint8_t at[4096];
};

static void in_front(struct bytes *b, const void *bytes, size_t n)
{
	assert_true(b->n + n <= sizeof(b->at));
	memmove(b->at + n, b->at, b->n);
	memcpy(b->at, bytes, n);
	b->n += n;
}

/* Makes all that is there the content of an element. */
static void wrap(struct bytes *b, uint8_t tag)
{
	uint8_t h[4] = {tag, (uint8_t)b->n};
	size_t n = 2;
	if (b->n > 0xff) {
		h[1] = 0x82;
		h[2] = (uint8_t)(b->n >> 8);
		h[3] = (uint8_t)b->n;
		n = 4;
	} else if (b->n > 0x7f) {
		h[1] = 0x81;
		h[2] = (uint8_t)b->n;
		n = 3;
	}
	in_front(b, h, n);
}

static void element(struct bytes *b, uint8_t tag, const void *content, size_t n)
{
	struct bytes e = {0};
	in_front(&e, content, n);
	wrap(&e, tag);
	in_front(b, e.at, e.n);
}

/* A varbind with this name and value, in front. */
static void varbind(struct bytes *b, const void *name, size_t name_n, uint8_t tag, const void *value, size_t n)
{
	struct bytes vb = {0};
	element(&vb, tag, value, n);
	element(&vb, ICE_BER_OID, name, name_n);
	wrap(&vb, ICE_BER_SEQUENCE);
	in_front(b, vb.at, vb.n);
}

/* What is there becomes the varbinds of a message. */
static void message(struct bytes *b, uint8_t version, const void *community, size_t n, uint8_t pdu, uint8_t status,
                    uint8_t index)
{
	wrap(b, ICE_BER_SEQUENCE);
	element(b, ICE_BER_INTEGER, &index, 1);
	element(b, ICE_BER_INTEGER, &status, 1);
	element(b, ICE_BER_INTEGER, "\x40\x00\x00\x00", 4);
	wrap(b, pdu);
	element(b, ICE_BER_OCTETS, community, n);
	element(b, ICE_BER_INTEGER, &version, 1);
	wrap(b, ICE_BER_SEQUENCE);
}

/* ---- requests ---- */

static void request_octets(void **state)
{
	(void)state;
	struct ice_secret community = secret("public", 6);
	const struct ice_oid descr = oid_of("1.3.6.1.2.1.1.1.0"),
	                     two[] = {oid_of("1.3.6.1.2.1.43.5.1.1.1"), oid_of("1.3.6.1.4.1.2435.2.3.9")};
	uint8_t get[] = {0x30, 0x29, 0x02, 0x01, 0x00, 0x04, 0x06, 'p',  'u',  'b',  'l',  'i',  'c',  0xa0, 0x1c,
	                 0x02, 0x04, 0x40, 0x00, 0x00, 0x00, 0x02, 0x01, 0x00, 0x02, 0x01, 0x00, 0x30, 0x0e, 0x30,
	                 0x0c, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x02, 0x01, 0x01, 0x01, 0x00, 0x05, 0x00};
	const uint8_t bulk[] = {0x30, 0x3b, 0x02, 0x01, 0x01, 0x04, 0x06, 'p',  'u',  'b',  'l',  'i',  'c',
	                        0xa5, 0x2e, 0x02, 0x04, 0x40, 0x00, 0x00, 0x00, 0x02, 0x01, 0x00, 0x02, 0x01,
	                        0x19, 0x30, 0x20, 0x30, 0x0e, 0x06, 0x0a, 0x2b, 0x06, 0x01, 0x02, 0x01, 0x2b,
	                        0x05, 0x01, 0x01, 0x01, 0x05, 0x00, 0x30, 0x0e, 0x06, 0x0a, 0x2b, 0x06, 0x01,
	                        0x04, 0x01, 0x93, 0x03, 0x02, 0x03, 0x09, 0x05, 0x00};
	struct ice_snmp_request r;
	memset(&r, 0xff, sizeof(r));
	assert_true(ice_snmp_build(&r, ICE_SNMP_V1, &community, ICE_SNMP_GET, &descr, 1, 25));
	assert_int_equal(r.lasting, 0);
	assert_int_equal(r.len, sizeof(get));
	assert_memory_equal(r.bytes, get, sizeof(get));
	assert_int_equal(r.id_at, 17);
	get[4] = 1;
	get[13] = ICE_SNMP_GETNEXT;
	assert_true(ice_snmp_build(&r, ICE_SNMP_V2C, &community, ICE_SNMP_GETNEXT, &descr, 1, 25));
	assert_int_equal(r.len, sizeof(get));
	assert_memory_equal(r.bytes, get, sizeof(get));
	assert_true(ice_snmp_build(&r, ICE_SNMP_V2C, &community, ICE_SNMP_GETBULK, two, 2, 25));
	assert_int_equal(r.len, sizeof(bulk));
	assert_memory_equal(r.bytes, bulk, sizeof(bulk));
}

/* Any community, any names: the same octets as from the assembler above. */
static void requests_as_assembled_by_hand(void **state)
{
	(void)state;
	struct ice_random random;
	ice_random_seed(&random, 4);
	for (int i = 0; i < 2000; i++) {
		static const enum ice_snmp_pdu pdus[] = {ICE_SNMP_GET, ICE_SNMP_GETNEXT, ICE_SNMP_GETBULK};
		uint8_t raw[64];
		size_t n = ice_random_below(&random, sizeof(raw)), count = 1 + ice_random_below(&random, 20);
		for (size_t k = 0; k < n; k++)
			raw[k] = (uint8_t)ice_random_next(&random);
		struct ice_secret community = secret(raw, n);
		enum ice_snmp_pdu pdu = pdus[ice_random_below(&random, 3)];
		enum ice_snmp_version version = pdu == ICE_SNMP_GETBULK ? ICE_SNMP_V2C : (enum ice_snmp_version)(i % 2);
		uint8_t repetitions = (uint8_t)ice_random_below(&random, 128);
		struct ice_oid oids[20];
		struct bytes b = {0};
		for (size_t k = 0; k < count; k++) {
			oids[k] = oid_of(k % 3 == 0 ? "0.1" : k % 3 == 1 ? "1.3.6.1" : "2.999");
			for (uint64_t more = ice_random_below(&random, 8); more > 0; more--) {
				uint64_t shift = 32 + ice_random_below(&random, 32);
				assert_true(ice_oid_append(&oids[k], (uint32_t)(ice_random_next(&random) >> shift)));
			}
		}
		for (size_t k = count; k-- > 0;)
			varbind(&b, oids[k].bytes, oids[k].len, ICE_BER_NULL, "", 0);
		message(&b, (uint8_t)version, raw, n, (uint8_t)pdu, 0, pdu == ICE_SNMP_GETBULK ? repetitions : 0);

		struct ice_snmp_request r;
		bool built = ice_snmp_build(&r, version, &community, pdu, oids, count, repetitions);
		assert_int_equal(built, b.n <= ICE_SNMP_REQUEST_MAX);
		if (!built)
			continue;
		assert_int_equal(r.len, b.n);
		assert_memory_equal(r.bytes, b.at, b.n);
		uint32_t id = ICE_SNMP_ID_BASE | (uint32_t)(ice_random_next(&random) >> (64 - ICE_SNMP_ID_BITS));
		struct ice_snmp_message m;
		ice_snmp_patch_id(r.bytes, r.id_at, id);
		assert_int_equal(ice_snmp_read(r.bytes, r.len, &m), ICE_VERDICT_OK);
		assert_int_equal(m.request_id, (int32_t)id);
	}
}

static void requests_not_to_be_built(void **state)
{
	(void)state;
	struct ice_secret community = secret("public", 6);
	struct ice_oid many[128], none = {0}, broken = {.len = 2, .bytes = {0x2b, 0x86}};
	struct ice_snmp_request r;
	for (int i = 0; i < 128; i++)
		many[i] = oid_of("1.3.6.1.2.1.43.11.1.1.9.1.1");
	assert_true(ice_snmp_build(&r, ICE_SNMP_V2C, &community, ICE_SNMP_GET, many, 20, 0));
	assert_true(r.len <= ICE_SNMP_REQUEST_MAX);
	assert_false(ice_snmp_build(&r, ICE_SNMP_V2C, &community, ICE_SNMP_GET, many, 30, 0));
	assert_false(ice_snmp_build(&r, ICE_SNMP_V2C, &community, ICE_SNMP_GET, many, 128, 0));
	assert_false(ice_snmp_build(&r, ICE_SNMP_V2C, &community, ICE_SNMP_GET, many, 0, 0));
	assert_false(ice_snmp_build(&r, ICE_SNMP_V1, &community, ICE_SNMP_GETBULK, many, 1, 10));
	assert_false(ice_snmp_build(&r, ICE_SNMP_V2C, &community, ICE_SNMP_GETBULK, many, 1, 0x80000000u));
	assert_false(ice_snmp_build(&r, ICE_SNMP_V2C, &community, ICE_SNMP_RESPONSE, many, 1, 0));
	assert_false(ice_snmp_build(&r, ICE_SNMP_V2C, &community, (enum ice_snmp_pdu)0xa3, many, 1, 0)); /* SET */
	assert_false(ice_snmp_build(&r, ICE_SNMP_V2C, &community, ICE_SNMP_GET, &none, 1, 0));
	assert_false(ice_snmp_build(&r, ICE_SNMP_V2C, &community, ICE_SNMP_GET, &broken, 1, 0));
	struct ice_secret empty = {0}, longest = {.len = ICE_SECRET_MAX};
	assert_true(ice_snmp_build(&r, ICE_SNMP_V2C, &empty, ICE_SNMP_GET, many, 1, 0));
	assert_true(ice_snmp_build(&r, ICE_SNMP_V2C, &longest, ICE_SNMP_GET, many, 1, 0));
	assert_true(ice_snmp_build(&r, ICE_SNMP_V2C, &community, ICE_SNMP_GETBULK, many, 1, 0x7fffffffu));
}

/* ---- messages ---- */

static const uint8_t some_name[] = {0x2b, 6, 1, 2, 1, 43, 11, 1, 1, 9, 1, 1};

/* A v2c response with one varbind. */
static struct bytes reply_of(uint8_t tag, const uint8_t *value, size_t n)
{
	struct bytes b = {0};
	varbind(&b, some_name, sizeof(some_name), tag, value, n);
	message(&b, ICE_SNMP_V2C, "public", 6, ICE_BER_RESPONSE, 0, 0);
	return b;
}

static enum ice_verdict read_reply(uint8_t tag, const uint8_t *value, size_t n)
{
	struct bytes b = reply_of(tag, value, n);
	struct ice_snmp_message m;
	return ice_snmp_read(b.at, b.n, &m);
}

static void reads_a_reply(void **state)
{
	(void)state;
	struct bytes b = {0};
	varbind(&b, "\x2b\x06\x02", 3, ICE_BER_OCTETS, "Black Toner", 11);
	varbind(&b, "\x2b\x06\x01", 3, ICE_BER_INTEGER, "\xfd", 1);
	message(&b, ICE_SNMP_V1, "a\0b", 3, ICE_BER_RESPONSE, 2, 1);
	struct ice_snmp_message m;
	assert_int_equal(ice_snmp_read(b.at, b.n, &m), ICE_VERDICT_OK);
	assert_int_equal(m.version, ICE_SNMP_V1);
	assert_int_equal(m.pdu, ICE_SNMP_RESPONSE);
	assert_int_equal(m.community_len, 3);
	assert_memory_equal(m.community, "a\0b", 3);
	assert_int_equal(m.request_id, 0x40000000);
	assert_int_equal(m.error_status, ICE_SNMP_NO_SUCH_NAME);
	assert_int_equal(m.error_index, 1);
	assert_int_equal(m.count, 2);
	assert_int_equal(m.varbinds[0].tag, ICE_BER_INTEGER);
	assert_int_equal(m.varbinds[0].oid_len, 3);
	assert_memory_equal(m.varbinds[0].oid, "\x2b\x06\x01", 3);
	assert_int_equal(m.varbinds[1].value_len, 11);
	assert_memory_equal(m.varbinds[1].value, "Black Toner", 11);
}

static void every_cut_and_every_excess_is_malformed(void **state)
{
	(void)state;
	struct bytes b = {0};
	for (int i = 0; i < 12; i++)
		varbind(&b, some_name, sizeof(some_name), ICE_BER_OCTETS, "Black Toner Cartridge", 21);
	message(&b, ICE_SNMP_V2C, "public", 6, ICE_BER_RESPONSE, 0, 0);
	struct ice_snmp_message m;
	assert_int_equal(ice_snmp_read(b.at, b.n, &m), ICE_VERDICT_OK);
	for (size_t n = 0; n < b.n; n++) {
		uint8_t *exact = malloc(n ? n : 1); /* so that a sanitizer sees the first octet too many */
		assert_non_null(exact);
		memcpy(exact, b.at, n);
		assert_int_equal(ice_snmp_read(exact, n, &m), ICE_VERDICT_MALFORMED);
		free(exact);
	}
	b.at[b.n] = 0;
	assert_int_equal(ice_snmp_read(b.at, b.n + 1, &m), ICE_VERDICT_MALFORMED);
}

static void verdicts(void **state)
{
	(void)state;
	struct ice_snmp_message m;
	static const struct {
		uint8_t version, pdu;
		enum ice_verdict verdict;
	} cases[] = {
	        {0, 0xa0, ICE_VERDICT_OK},      {1, 0xa0, ICE_VERDICT_OK},      {0, 0xa1, ICE_VERDICT_OK},
	        {1, 0xa1, ICE_VERDICT_OK},      {0, 0xa2, ICE_VERDICT_OK},      {1, 0xa2, ICE_VERDICT_OK},
	        {0, 0xa5, ICE_VERDICT_PDU},     {1, 0xa5, ICE_VERDICT_OK},      {0, 0xa3, ICE_VERDICT_PDU},
	        {1, 0xa3, ICE_VERDICT_PDU},     {0, 0xa4, ICE_VERDICT_PDU},     {1, 0xa6, ICE_VERDICT_PDU},
	        {1, 0xa7, ICE_VERDICT_PDU},     {1, 0xa8, ICE_VERDICT_PDU},     {1, 0x30, ICE_VERDICT_PDU},
	        {2, 0xa2, ICE_VERDICT_VERSION}, {3, 0xa2, ICE_VERDICT_VERSION}, {0xff, 0xa2, ICE_VERDICT_VERSION},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes b = {0};
		message(&b, cases[i].version, "public", 6, cases[i].pdu, 0, 0);
		assert_int_equal(ice_snmp_read(b.at, b.n, &m), cases[i].verdict);
	}
	for (int v = 0; v < ICE_VERDICT_COUNT; v++)
		assert_true(strlen(ice_verdict_name((enum ice_verdict)v)) > 1);
	assert_string_equal(ice_verdict_name(ICE_VERDICT_UNKNOWN_ID), "unknown_id");
	assert_string_equal(ice_verdict_name((enum ice_verdict) - 1), "unknown");
}

static void too_long(void **state)
{
	(void)state;
	struct bytes b = {0};
	struct ice_snmp_message m;
	for (int i = 0; i < ICE_SNMP_VARBINDS; i++)
		varbind(&b, "\x2b", 1, ICE_BER_NULL, "", 0);
	struct bytes more = b;
	message(&b, ICE_SNMP_V2C, "public", 6, ICE_BER_RESPONSE, 0, 0);
	assert_int_equal(ice_snmp_read(b.at, b.n, &m), ICE_VERDICT_OK);
	assert_int_equal(m.count, ICE_SNMP_VARBINDS);
	varbind(&more, "\x2b", 1, ICE_BER_NULL, "", 0);
	message(&more, ICE_SNMP_V2C, "public", 6, ICE_BER_RESPONSE, 0, 0);
	assert_int_equal(ice_snmp_read(more.at, more.n, &m), ICE_VERDICT_TOO_LONG);
	uint8_t *huge = calloc(1, ICE_SNMP_REPLY_MAX + 1);
	assert_non_null(huge);
	assert_int_equal(ice_snmp_read(huge, ICE_SNMP_REPLY_MAX + 1, &m), ICE_VERDICT_TOO_LONG);
	free(huge);
}

/* A number is read exactly, or it is carried but not a number, or the message is malformed. */
static void check_number(uint8_t tag, const uint8_t *value, size_t n, bool ok, int64_t expected)
{
	struct bytes b = reply_of(tag, value, n);
	struct ice_snmp_message m;
	int64_t got;
	assert_int_equal(ice_snmp_read(b.at, b.n, &m), ICE_VERDICT_OK);
	assert_int_equal(ice_snmp_number(&m.varbinds[0], &got), ok);
	if (ok)
		assert_true(got == expected);
	assert_false(ice_snmp_absent(&m.varbinds[0]));
}

static void numbers(void **state)
{
	(void)state;
	check_number(ICE_BER_INTEGER, CONTENT(0xfd), true, -3);
	check_number(ICE_BER_INTEGER, CONTENT(0, 0, 0, 1), true, 1);
	check_number(ICE_BER_INTEGER, CONTENT(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe), true, -2);
	check_number(ICE_BER_INTEGER, CONTENT(0x80, 0, 0, 0), true, INT32_MIN);
	check_number(ICE_BER_COUNTER32, CONTENT(0x30, 0x39), true, 12345);
	check_number(ICE_BER_COUNTER32, CONTENT(0xff, 0xff, 0xff, 0xff), true, UINT32_MAX);
	check_number(ICE_BER_COUNTER32, CONTENT(0, 0xff, 0xff, 0xff, 0xff), true, UINT32_MAX);
	check_number(ICE_BER_GAUGE32, CONTENT(0, 0, 0, 0, 0, 7), true, 7);
	check_number(ICE_BER_TIMETICKS, CONTENT(0, 0x80, 0, 0, 0), true, 0x80000000);
	check_number(ICE_BER_UINTEGER32, CONTENT(5), true, 5);
	check_number(ICE_BER_COUNTER64, CONTENT(0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), true, INT64_MAX);
	check_number(ICE_BER_COUNTER64, CONTENT(0, 0x80, 0, 0, 0), true, 0x80000000);
	/* over what the result can hold */
	check_number(ICE_BER_COUNTER64, CONTENT(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), false, 0);
	check_number(ICE_BER_COUNTER64, CONTENT(0, 0x80, 0, 0, 0, 0, 0, 0, 0), false, 0);
	/* two readings each */
	check_number(ICE_BER_COUNTER32, CONTENT(0x80, 0xe8), false, 0);
	check_number(ICE_BER_GAUGE32, CONTENT(0xfd), false, 0);
	check_number(ICE_BER_COUNTER64, CONTENT(0xff, 0xff, 0xff, 0xff), false, 0);
	check_number(ICE_BER_INTEGER, CONTENT(0, 0xff, 0xff, 0xfc, 0x19), false, 0);
	/* not numbers */
	check_number(ICE_BER_OCTETS, (const uint8_t *)"12", 2, false, 0);
	check_number(ICE_BER_OID, some_name, sizeof(some_name), false, 0);
	check_number(ICE_BER_OPAQUE, CONTENT(0x9f, 0x78, 4, 0x42, 0xf6, 0, 0), false, 0);
	check_number(ICE_BER_IPADDRESS, CONTENT(10, 0, 0, 1), false, 0);
	/* what cannot be a value of its type is no message */
	static const uint8_t numbers[] = {ICE_BER_INTEGER,   ICE_BER_COUNTER32,  ICE_BER_GAUGE32,
	                                  ICE_BER_TIMETICKS, ICE_BER_UINTEGER32, ICE_BER_COUNTER64};
	for (size_t i = 0; i < sizeof(numbers); i++) {
		assert_int_equal(read_reply(numbers[i], NOTHING), ICE_VERDICT_MALFORMED);
		assert_int_equal(read_reply(numbers[i], CONTENT(1, 0, 0, 0, 0, 0, 0, 0, 0)), ICE_VERDICT_MALFORMED);
		if (numbers[i] != ICE_BER_COUNTER64)
			assert_int_equal(read_reply(numbers[i], CONTENT(1, 0, 0, 0, 0)), ICE_VERDICT_MALFORMED);
	}
	assert_int_equal(read_reply(ICE_BER_INTEGER, CONTENT(0xff, 0x7f, 0xff, 0xff, 0xff)), ICE_VERDICT_MALFORMED);
	assert_int_equal(read_reply(ICE_BER_INTEGER, CONTENT(0, 0, 0xff, 0xff, 0xff, 0xff)), ICE_VERDICT_MALFORMED);
}

static void other_values(void **state)
{
	(void)state;
	static const uint8_t empties[] = {ICE_BER_NULL, ICE_BER_NO_SUCH_OBJECT, ICE_BER_NO_SUCH_INSTANCE,
	                                  ICE_BER_END_OF_MIB_VIEW};
	for (size_t i = 0; i < sizeof(empties); i++) {
		struct bytes b = reply_of(empties[i], NOTHING);
		struct ice_snmp_message m;
		int64_t got;
		assert_int_equal(ice_snmp_read(b.at, b.n, &m), ICE_VERDICT_OK);
		assert_true(ice_snmp_absent(&m.varbinds[0]));
		assert_false(ice_snmp_number(&m.varbinds[0], &got));
		assert_int_equal(read_reply(empties[i], CONTENT(0)), ICE_VERDICT_MALFORMED);
	}
	assert_int_equal(read_reply(ICE_BER_IPADDRESS, CONTENT(10, 0, 0, 1)), ICE_VERDICT_OK);
	assert_int_equal(read_reply(ICE_BER_IPADDRESS, CONTENT(10, 0, 0)), ICE_VERDICT_MALFORMED);
	assert_int_equal(read_reply(ICE_BER_IPADDRESS, NOTHING), ICE_VERDICT_MALFORMED);
	assert_int_equal(read_reply(ICE_BER_OCTETS, NOTHING), ICE_VERDICT_OK);
	assert_int_equal(read_reply(ICE_BER_OID, NOTHING), ICE_VERDICT_OK);
	assert_int_equal(read_reply(ICE_BER_OID, CONTENT(0)), ICE_VERDICT_OK);
	assert_int_equal(read_reply(ICE_BER_OID, CONTENT(0x2b, 0x86)), ICE_VERDICT_MALFORMED);
	assert_int_equal(read_reply(ICE_BER_OID, CONTENT(0x2b, 0x80, 0x06)), ICE_VERDICT_MALFORMED);
	assert_int_equal(read_reply(ICE_BER_BITS, CONTENT(0, 0xff)), ICE_VERDICT_OK);
	assert_int_equal(read_reply(ICE_BER_BITS, NOTHING), ICE_VERDICT_MALFORMED);
	/* no types of SNMP: BOOLEAN, REAL, SEQUENCE, a PDU, an unassigned application type */
	static const uint8_t foreign[] = {0x01, 0x09, 0x30, 0xa2, 0x48, 0x00, 0x24, 0x83};
	for (size_t i = 0; i < sizeof(foreign); i++)
		assert_int_equal(read_reply(foreign[i], CONTENT(1)), ICE_VERDICT_MALFORMED);
}

static void names(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		size_t n;
		enum ice_verdict verdict;
	} cases[] = {
	        {"\x2b\x06\x01", 3, ICE_VERDICT_OK},
	        {"\x00", 1, ICE_VERDICT_OK},
	        {"", 0, ICE_VERDICT_MALFORMED},
	        {"\x2b\x06\x81", 3, ICE_VERDICT_MALFORMED},
	        {"\x2b\x80\x06", 3, ICE_VERDICT_MALFORMED},
	        {"\x2b\x06\x01\x04\x01\x93\x03\x90\x80\x80\x80\x00", 12, ICE_VERDICT_MALFORMED},
	        {"\x2b\x06\x01\x04\x01\x93\x03\x8f\xff\xff\xff\x7f", 12, ICE_VERDICT_OK},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct bytes b = {0};
		struct ice_snmp_message m;
		varbind(&b, cases[i].name, cases[i].n, ICE_BER_NULL, "", 0);
		message(&b, ICE_SNMP_V2C, "public", 6, ICE_BER_RESPONSE, 0, 0);
		assert_int_equal(ice_snmp_read(b.at, b.n, &m), cases[i].verdict);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(request_octets),
	        cmocka_unit_test(requests_as_assembled_by_hand),
	        cmocka_unit_test(requests_not_to_be_built),
	        cmocka_unit_test(reads_a_reply),
	        cmocka_unit_test(every_cut_and_every_excess_is_malformed),
	        cmocka_unit_test(verdicts),
	        cmocka_unit_test(too_long),
	        cmocka_unit_test(numbers),
	        cmocka_unit_test(other_values),
	        cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
