#include "faults.h"

#include <string.h>

#include "faults_message.h"
#include "ice/ber.h"

/* ---- the datagram ---- */

static void faults_empty(const struct ice_faults_call *c)
{
	c->reply->n = 0;
}

static void faults_one_byte(const struct ice_faults_call *c)
{
	c->reply->n = c->reply->n > 0;
}

static void faults_garbage(const struct ice_faults_call *c)
{
	for (size_t i = 0; i < c->reply->n; i++)
		c->reply->bytes[i] = (uint8_t)ice_random_next(c->random);
}

static void faults_bit_flip(const struct ice_faults_call *c)
{
	if (c->reply->n > 0)
		c->reply->bytes[ice_random_below(c->random, c->reply->n)] ^=
		        (uint8_t)(1u << ice_random_below(c->random, 8));
}

static void faults_truncated(const struct ice_faults_call *c)
{
	c->reply->n -= c->reply->n / 3;
}

static void faults_trailing(const struct ice_faults_call *c)
{
	size_t more = 40;
	if (c->reply->n == 0 || c->reply->size - c->reply->n < more)
		return;
	memset(c->reply->bytes + c->reply->n, 0xa5, more);
	c->reply->n += more;
}

static void faults_echo(const struct ice_faults_call *c)
{
	memcpy(c->reply->bytes, c->request, c->request_len);
	c->reply->n = c->request_len;
}

/* Another outer header before the same content. */
static void faults_reframe(const struct ice_faults_call *c, const uint8_t *header, size_t n, int more)
{
	struct ice_ber b = ice_ber_of(c->reply->bytes, c->reply->n), content;
	uint8_t plain[5] = {ICE_BER_SEQUENCE, 0x82};
	if (!ice_ber_enter(&b, ICE_BER_SEQUENCE, &content))
		return;
	size_t len = (size_t)(content.end - content.at);
	if (!header) {
		plain[2] = (uint8_t)((len + (size_t)more) >> 8);
		plain[3] = (uint8_t)(len + (size_t)more);
		header = plain;
		n = 4;
	}
	if (n + len > c->reply->size)
		return;
	memmove(c->reply->bytes + n, content.at, len);
	memcpy(c->reply->bytes, header, n);
	c->reply->n = n + len;
}

static void faults_outer_long(const struct ice_faults_call *c)
{
	faults_reframe(c, NULL, 0, 7);
}

static void faults_outer_short(const struct ice_faults_call *c)
{
	faults_reframe(c, NULL, 0, -7);
}

static void faults_indefinite(const struct ice_faults_call *c)
{
	faults_reframe(c, (const uint8_t[]){0x30, 0x80}, 2, 0);
}

static void faults_huge_length(const struct ice_faults_call *c)
{
	faults_reframe(c, (const uint8_t[]){0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, 6, 0);
}

static void faults_wrong_tag(const struct ice_faults_call *c)
{
	faults_reframe(c, (const uint8_t[]){0x31, 0x82, 0x00, 0x40}, 4, 0);
}

/* ---- header and PDU ---- */

static void faults_version_3(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	m.version = 3;
	ice_faults_message_close(c, &m);
}

static void faults_version_swapped(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	m.version = m.version == ICE_SNMP_V1 ? ICE_SNMP_V2C : ICE_SNMP_V1;
	ice_faults_message_close(c, &m);
}

static void faults_wrong_community(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	m.community = (const uint8_t *)"someone else's";
	m.community_len = 14;
	ice_faults_message_close(c, &m);
}

static void faults_no_community(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	m.community_len = 0;
	ice_faults_message_close(c, &m);
}

static void faults_id(const struct ice_faults_call *c, bool zero)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	m.id = zero ? 0 : m.id ^ 0x2a;
	ice_faults_message_close(c, &m);
}

static void faults_wrong_id(const struct ice_faults_call *c)
{
	faults_id(c, false);
}

static void faults_zero_id(const struct ice_faults_call *c)
{
	faults_id(c, true);
}

static void faults_pdu(const struct ice_faults_call *c, uint8_t pdu)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	m.pdu = pdu;
	ice_faults_message_close(c, &m);
}

static void faults_get_pdu(const struct ice_faults_call *c)
{
	faults_pdu(c, ICE_BER_GET);
}

static void faults_report_pdu(const struct ice_faults_call *c)
{
	faults_pdu(c, 0xa8);
}

static void faults_trap_pdu(const struct ice_faults_call *c)
{
	faults_pdu(c, 0xa7);
}

/* An error beside the varbinds of the request. */
static void faults_error(const struct ice_faults_call *c, int32_t status, int32_t index)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	m.status = status;
	m.index = index;
	c->answer->count = c->message->count;
	memcpy(c->answer->varbinds, c->message->varbinds, c->message->count * sizeof(c->message->varbinds[0]));
	ice_faults_message_close(c, &m);
}

static void faults_gen_err(const struct ice_faults_call *c)
{
	faults_error(c, ICE_SNMP_GEN_ERR, 1);
}

static void faults_too_big(const struct ice_faults_call *c)
{
	faults_error(c, ICE_SNMP_TOO_BIG, 0);
}

static void faults_no_such_name(const struct ice_faults_call *c)
{
	faults_error(c, ICE_SNMP_NO_SUCH_NAME, 1);
}

static void faults_index_beyond(const struct ice_faults_call *c)
{
	faults_error(c, ICE_SNMP_NO_SUCH_NAME, 200);
}

static void faults_unknown_error(const struct ice_faults_call *c)
{
	faults_error(c, 99, -1);
}

static void faults_no_access(const struct ice_faults_call *c)
{
	faults_error(c, 16, 0); /* authorizationError */
}

/* What an agent busy with a job does: an error now and then. */
static void faults_moody(const struct ice_faults_call *c)
{
	if (c->device->asked % 3 == 0)
		faults_error(c, ICE_SNMP_GEN_ERR, 1);
}

static void faults_error_with_values(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	m.status = ICE_SNMP_GEN_ERR;
	m.index = 1;
	ice_faults_message_close(c, &m);
}

static void faults_more(const struct ice_faults_call *c, int pdu, int list, int value)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	m.pdu_more = pdu;
	m.list_more = list;
	m.value_more = value;
	ice_faults_message_close(c, &m);
}

static void faults_pdu_long(const struct ice_faults_call *c)
{
	faults_more(c, 9, 0, 0);
}

static void faults_list_short(const struct ice_faults_call *c)
{
	faults_more(c, 0, -3, 0);
}

static void faults_value_long(const struct ice_faults_call *c)
{
	faults_more(c, 0, 0, 50);
}

/* ---- timing, source, number ---- */

static void faults_late(const struct ice_faults_call *c)
{
	c->reply->delay = ICE_USEC_SEC(5);
}

static void faults_slow(const struct ice_faults_call *c)
{
	c->reply->delay = ICE_USEC_MSEC(700);
}

static void faults_duplicate(const struct ice_faults_call *c)
{
	c->reply->copies *= 2;
}

static void faults_flood(const struct ice_faults_call *c)
{
	c->reply->copies *= 50;
}

static void faults_other_port(const struct ice_faults_call *c)
{
	c->reply->other_port = true;
}

static void faults_other_address(const struct ice_faults_call *c)
{
	c->reply->from ^= 1;
}

static void faults_once(const struct ice_faults_call *c)
{
	if (c->device->asked > 1)
		c->reply->copies = 0;
}

static void faults_every_other(const struct ice_faults_call *c)
{
	if (c->device->asked % 2)
		c->reply->copies = 0;
}

static void faults_v1_only(const struct ice_faults_call *c)
{
	if (c->message->version != ICE_SNMP_V1)
		c->reply->copies = 0;
}

static void faults_v2c_only(const struct ice_faults_call *c)
{
	if (c->message->version != ICE_SNMP_V2C)
		c->reply->copies = 0;
}

static void faults_bulk_silent(const struct ice_faults_call *c)
{
	if (c->message->pdu == ICE_SNMP_GETBULK)
		c->reply->copies = 0;
}

static void faults_bulk_error(const struct ice_faults_call *c)
{
	if (c->message->pdu == ICE_SNMP_GETBULK)
		faults_error(c, ICE_SNMP_GEN_ERR, 0);
}

static void faults_small_requests(const struct ice_faults_call *c)
{
	if (c->message->count > 4)
		c->reply->copies = 0;
}

/* One row each; tests/unit/test_fleet.c asks every one of them. */
const struct ice_fault ice_faults[] = {
        {"empty", faults_empty, "answers with a datagram of no bytes"},
        {"one-byte", faults_one_byte, "answers with one byte"},
        {"garbage", faults_garbage, "answers with random bytes"},
        {"bit-flip", faults_bit_flip, "one bit of each answer is wrong"},
        {"truncated", faults_truncated, "the last third of each answer is missing"},
        {"trailing", faults_trailing, "40 bytes follow each answer"},
        {"echo", faults_echo, "sends the request back"},
        {"outer-long", faults_outer_long, "the message's length says more than there is"},
        {"outer-short", faults_outer_short, "the message's length says less than there is"},
        {"indefinite", faults_indefinite, "the message's length is the indefinite form"},
        {"huge-length", faults_huge_length, "the message's length is 4 GiB"},
        {"wrong-tag", faults_wrong_tag, "the message is no SEQUENCE"},
        {"version-3", faults_version_3, "the version says v3"},
        {"version-swapped", faults_version_swapped, "answers v1 with v2c and v2c with v1"},
        {"wrong-community", faults_wrong_community, "answers with another community"},
        {"no-community", faults_no_community, "answers with an empty community"},
        {"wrong-id", faults_wrong_id, "answers with another request id"},
        {"zero-id", faults_zero_id, "answers with request id 0"},
        {"get-pdu", faults_get_pdu, "answers with a GET instead of a Response"},
        {"report-pdu", faults_report_pdu, "answers with a Report"},
        {"trap-pdu", faults_trap_pdu, "answers with a trap"},
        {"gen-err", faults_gen_err, "every answer is genErr"},
        {"too-big", faults_too_big, "every answer is tooBig"},
        {"no-such-name", faults_no_such_name, "every answer is noSuchName"},
        {"index-beyond", faults_index_beyond, "noSuchName for a varbind that does not exist"},
        {"unknown-error", faults_unknown_error, "error-status 99, error-index -1"},
        {"no-access", faults_no_access, "every answer is authorizationError"},
        {"moody", faults_moody, "every third answer is genErr"},
        {"error-with-values", faults_error_with_values, "genErr beside good values"},
        {"pdu-long", faults_pdu_long, "the PDU's length runs over its parent"},
        {"list-short", faults_list_short, "the varbind list's length is too small"},
        {"value-long", faults_value_long, "every value's length runs over its parent"},
        {"no-varbinds", ice_faults_no_varbinds, "noError and an empty varbind list"},
        {"missing-varbind", ice_faults_missing_varbind, "the last varbind is missing"},
        {"extra-varbind", ice_faults_extra_varbind, "the first varbind comes twice"},
        {"other-oids", ice_faults_other_oids, "answers for other OIDs than were asked"},
        {"reversed", ice_faults_reversed, "the varbinds come in reverse order"},
        {"bad-oids", ice_faults_bad_oids, "OIDs that end in the middle of an arc"},
        {"long-oids", ice_faults_long_oids, "OIDs of 200 arcs"},
        {"null-values", ice_faults_null_values, "every value is NULL"},
        {"absent-values", ice_faults_absent_values, "every value is noSuchInstance"},
        {"end-of-mib", ice_faults_end_of_mib, "every value is endOfMibView"},
        {"negative-counters", ice_faults_negative_counters, "every number is the smallest there is"},
        {"wide-integers", ice_faults_wide_integers, "every number has nine octets"},
        {"empty-integers", ice_faults_empty_integers, "every number has no octet"},
        {"huge-strings", ice_faults_huge_strings, "every text is 8,000 bytes long"},
        {"hostile-text", ice_faults_hostile_text, "every text holds escapes, markup, NULs and broken UTF-8"},
        {"wrong-types", ice_faults_wrong_types, "numbers where texts belong, texts where numbers do"},
        {"stuck", ice_faults_stuck, "GETNEXT and GETBULK answer with the OID that was asked"},
        {"backwards", ice_faults_backwards, "GETNEXT and GETBULK lead back to the first row"},
        {"endless", ice_faults_endless, "every column has one more row, for ever"},
        {"bulk-lies", ice_faults_bulk_lies, "GETBULK tells other values than GET"},
        {"bulk-skips", ice_faults_bulk_skips, "GETBULK leaves out every second varbind"},
        {"bulk-silent", faults_bulk_silent, "does not answer GETBULK"},
        {"bulk-error", faults_bulk_error, "answers GETBULK with genErr"},
        {"small-requests", faults_small_requests, "answers at most four varbinds a request"},
        {"v1-only", faults_v1_only, "does not answer v2c"},
        {"v2c-only", faults_v2c_only, "does not answer v1"},
        {"late", faults_late, "answers five seconds late"},
        {"slow", faults_slow, "answers 700 ms late"},
        {"duplicate", faults_duplicate, "answers twice"},
        {"flood", faults_flood, "answers fifty times"},
        {"other-port", faults_other_port, "answers from another port"},
        {"other-address", faults_other_address, "answers from a neighbour's address"},
        {"once", faults_once, "falls silent after its first answer"},
        {"every-other", faults_every_other, "answers every second request"},
        {NULL, NULL, NULL},
};
