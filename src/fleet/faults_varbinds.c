/* faults_varbinds: misbehaviour in what the varbinds of an answer say. */
#include <string.h>

#include "faults_message.h"
#include "ice/ber.h"

void ice_faults_no_varbinds(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	c->answer->count = 0;
	ice_faults_message_close(c, &m);
}

void ice_faults_missing_varbind(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m) || c->answer->count == 0)
		return;
	c->answer->count--;
	ice_faults_message_close(c, &m);
}

void ice_faults_extra_varbind(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m) || c->answer->count == 0 || c->answer->count == ICE_SNMP_VARBINDS)
		return;
	c->answer->varbinds[c->answer->count++] = c->answer->varbinds[0];
	ice_faults_message_close(c, &m);
}

void ice_faults_reversed(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	struct ice_snmp_varbind *vb = c->answer->varbinds;
	for (size_t i = 0, j = c->answer->count; i + 1 < j; i++) {
		struct ice_snmp_varbind held = vb[i];
		vb[i] = vb[--j];
		vb[j] = held;
	}
	ice_faults_message_close(c, &m);
}

/* Gives every varbind this OID. */
static void faults_all_oids(const struct ice_faults_call *c, const uint8_t *oid, size_t n)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		c->answer->varbinds[i].oid = oid;
		c->answer->varbinds[i].oid_len = (uint16_t)n;
	}
	ice_faults_message_close(c, &m);
}

static bool faults_walks(const struct ice_faults_call *c)
{
	return c->message->pdu == ICE_SNMP_GETNEXT || c->message->pdu == ICE_SNMP_GETBULK;
}

void ice_faults_other_oids(const struct ice_faults_call *c)
{
	static const uint8_t oid[] = {0x2b, 6, 1, 4, 1, 0x83, 0x1f, 1}; /* 1.3.6.1.4.1.415.1 */
	faults_all_oids(c, oid, sizeof(oid));
}

void ice_faults_backwards(const struct ice_faults_call *c)
{
	static const uint8_t oid[] = {0x2b, 6, 1, 2, 1, 1, 1, 0}; /* sysDescr.0 */
	if (faults_walks(c))
		faults_all_oids(c, oid, sizeof(oid));
}

void ice_faults_bad_oids(const struct ice_faults_call *c)
{
	static const uint8_t oid[] = {0x2b, 6, 1, 2, 1, 0x81};
	faults_all_oids(c, oid, sizeof(oid));
}

void ice_faults_long_oids(const struct ice_faults_call *c)
{
	static const uint8_t oid[199] = {0x2b, 6, 1, 4, 1, 1};
	faults_all_oids(c, oid, sizeof(oid));
}

/* Gives the varbinds `which` asks for another tag and value; which: 1 numbers, 2 texts, 3 all. */
static void faults_values(const struct ice_faults_call *c, unsigned which, uint8_t tag, const void *value, size_t n)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		struct ice_snmp_varbind *vb = &c->answer->varbinds[i];
		bool number = vb->tag == ICE_BER_INTEGER ||
		              (vb->tag >= ICE_BER_COUNTER32 && vb->tag <= ICE_BER_TIMETICKS) ||
		              vb->tag == ICE_BER_COUNTER64;
		if (!(number && which & 1) && !(vb->tag == ICE_BER_OCTETS && which & 2) && which != 3)
			continue;
		vb->value = value;
		vb->value_len = (uint16_t)n;
		if (tag)
			vb->tag = tag;
	}
	ice_faults_message_close(c, &m);
}

void ice_faults_null_values(const struct ice_faults_call *c)
{
	faults_values(c, 3, ICE_BER_NULL, "", 0);
}

void ice_faults_absent_values(const struct ice_faults_call *c)
{
	faults_values(c, 3, ICE_BER_NO_SUCH_INSTANCE, "", 0);
}

void ice_faults_end_of_mib(const struct ice_faults_call *c)
{
	faults_values(c, 3, ICE_BER_END_OF_MIB_VIEW, "", 0);
}

void ice_faults_negative_counters(const struct ice_faults_call *c)
{
	faults_values(c, 1, 0, "\x80\x00\x00\x00", 4);
}

void ice_faults_wide_integers(const struct ice_faults_call *c)
{
	faults_values(c, 1, 0, "\x01\x02\x03\x04\x05\x06\x07\x08\x09", 9);
}

void ice_faults_empty_integers(const struct ice_faults_call *c)
{
	faults_values(c, 1, 0, "", 0);
}

void ice_faults_huge_strings(const struct ice_faults_call *c)
{
	static uint8_t text[8000];
	memset(text, 'A', sizeof(text));
	faults_values(c, 2, 0, text, sizeof(text));
}

void ice_faults_hostile_text(const struct ice_faults_call *c)
{
	static const char text[] =
	        "\x1b[2J\x1b]0;x\x07<script>alert(1)</script>'; DROP TABLE x;--\r\n\0\xff\xfe\xc0\x80%n%s"
	        "\xe2\x80\xae\xed\xa0\x80=cmd|' /C calc'!A0";
	faults_values(c, 2, 0, text, sizeof(text) - 1);
}

void ice_faults_wrong_types(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		struct ice_snmp_varbind *vb = &c->answer->varbinds[i];
		vb->tag = vb->tag == ICE_BER_OCTETS ? ICE_BER_INTEGER : ICE_BER_OCTETS;
		vb->value = (const uint8_t *)"7";
		vb->value_len = 1;
	}
	ice_faults_message_close(c, &m);
}

void ice_faults_stuck(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!faults_walks(c) || !ice_faults_message_open(c, &m) || c->message->count == 0)
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		c->answer->varbinds[i].oid = c->message->varbinds[i % c->message->count].oid;
		c->answer->varbinds[i].oid_len = c->message->varbinds[i % c->message->count].oid_len;
	}
	ice_faults_message_close(c, &m);
}

/* The rows this fault invents: arcs from here on. */
#define FAULTS_ENDLESS 1000000u

/* The OID after one that was asked, always in the same column. */
static bool faults_endless_oid(const uint8_t *oid, size_t n, struct ice_oid *out)
{
	uint32_t arcs[ICE_OID_ARCS];
	size_t count = ice_oid_arcs(oid, n, arcs, ICE_OID_ARCS), last = n;
	if (count == 0 || n > sizeof(out->bytes))
		return false;
	bool invented = arcs[count - 1] >= FAULTS_ENDLESS && arcs[count - 1] < UINT32_MAX;
	if (invented) { /* take its last arc off */
		last--;
		while (last > 0 && (oid[last - 1] & 0x80))
			last--;
	}
	memcpy(out->bytes, oid, last);
	out->len = (uint8_t)last;
	return ice_oid_append(out, invented ? arcs[count - 1] + 1 : FAULTS_ENDLESS);
}

void ice_faults_endless(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	struct ice_oid oids[ICE_SNMP_VARBINDS];
	if (!faults_walks(c) || !ice_faults_message_open(c, &m) || c->message->count == 0)
		return;
	size_t count = c->answer->count < ICE_SNMP_VARBINDS ? c->answer->count : ICE_SNMP_VARBINDS;
	m.status = m.index = 0;
	for (size_t i = 0; i < count; i++) {
		struct ice_snmp_varbind *vb = &c->answer->varbinds[i];
		size_t before = i - c->message->count;
		bool first = i < c->message->count;
		const uint8_t *oid = first ? c->message->varbinds[i].oid : oids[before].bytes;
		size_t n = first ? c->message->varbinds[i].oid_len : oids[before].len;
		if (!faults_endless_oid(oid, n, &oids[i])) {
			c->answer->count = (uint16_t)i;
			break;
		}
		vb->oid = oids[i].bytes;
		vb->oid_len = oids[i].len;
		if (vb->tag == ICE_BER_END_OF_MIB_VIEW || vb->tag == ICE_BER_NULL) {
			vb->tag = ICE_BER_INTEGER;
			vb->value = (const uint8_t *)"\x01";
			vb->value_len = 1;
		}
	}
	ice_faults_message_close(c, &m);
}

void ice_faults_bulk_lies(const struct ice_faults_call *c)
{
	static const uint8_t lie[] = {0x02, 0x4c, 0x49, 0x45, 0x53, 0x21};
	struct ice_faults_message m;
	if (c->message->pdu != ICE_SNMP_GETBULK || !ice_faults_message_open(c, &m))
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		struct ice_snmp_varbind *vb = &c->answer->varbinds[i];
		if (vb->tag == ICE_BER_OCTETS && vb->value_len == sizeof(lie))
			vb->value = lie; /* of a MAC's length */
	}
	ice_faults_message_close(c, &m);
}

void ice_faults_bulk_skips(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (c->message->pdu != ICE_SNMP_GETBULK || !ice_faults_message_open(c, &m))
		return;
	size_t kept = 0;
	for (size_t i = 0; i < c->answer->count; i += 2)
		c->answer->varbinds[kept++] = c->answer->varbinds[i];
	c->answer->count = (uint16_t)kept;
	ice_faults_message_close(c, &m);
}
