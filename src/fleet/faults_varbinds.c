/* faults_varbinds: misbehaviour in which varbinds an answer has, in which order, and under which OIDs. */
#include <string.h>

#include "faults_acts.h"
#include "faults_message.h"
#include "ice/ber.h"

void ice_faults_none(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	c->answer->count = 0;
	ice_faults_message_close(c, &m);
}

void ice_faults_drop(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m) || c->answer->count == 0)
		return;
	struct ice_snmp_varbind *vb = c->answer->varbinds;
	size_t count = --c->answer->count;
	if (c->fault->number >= 0 && (size_t)c->fault->number < count)
		memmove(vb + c->fault->number, vb + c->fault->number + 1,
		        (count - (size_t)c->fault->number) * sizeof(*vb));
	ice_faults_message_close(c, &m);
}

void ice_faults_halve(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	size_t kept = 0;
	for (size_t i = 0; i < c->answer->count; i += 2)
		c->answer->varbinds[kept++] = c->answer->varbinds[i];
	c->answer->count = (uint16_t)kept;
	ice_faults_message_close(c, &m);
}

void ice_faults_repeat(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	size_t count = (size_t)c->fault->number;
	if (!ice_faults_message_open(c, &m) || c->answer->count == 0)
		return;
	if (count == 0)
		count = c->answer->count + 1u;
	while (c->answer->count < count && c->answer->count < ICE_SNMP_VARBINDS)
		c->answer->varbinds[c->answer->count++] = c->answer->varbinds[0];
	ice_faults_message_close(c, &m);
}

void ice_faults_reverse(const struct ice_faults_call *c)
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

void ice_faults_oids(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		c->answer->varbinds[i].oid = (const uint8_t *)c->fault->bytes;
		c->answer->varbinds[i].oid_len = (uint16_t)c->fault->len;
	}
	ice_faults_message_close(c, &m);
}

void ice_faults_child(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	struct ice_oid oids[ICE_SNMP_VARBINDS];
	if (!ice_faults_message_open(c, &m))
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		struct ice_snmp_varbind *vb = &c->answer->varbinds[i];
		if (vb->oid_len > sizeof(oids[i].bytes))
			continue;
		memcpy(oids[i].bytes, vb->oid, vb->oid_len);
		oids[i].len = (uint8_t)vb->oid_len;
		if (!ice_oid_append(&oids[i], (uint32_t)c->fault->number))
			continue;
		vb->oid = oids[i].bytes;
		vb->oid_len = oids[i].len;
	}
	ice_faults_message_close(c, &m);
}

/* Octets of an OID without its last arc. */
static size_t faults_parent_len(const uint8_t *oid, size_t n)
{
	if (n > 0)
		n--;
	while (n > 0 && (oid[n - 1] & 0x80))
		n--;
	return n;
}

void ice_faults_parent(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		struct ice_snmp_varbind *vb = &c->answer->varbinds[i];
		vb->oid_len = (uint16_t)faults_parent_len(vb->oid, vb->oid_len);
	}
	ice_faults_message_close(c, &m);
}

void ice_faults_same(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	for (size_t i = 1; i < c->answer->count; i++) {
		c->answer->varbinds[i].oid = c->answer->varbinds[0].oid;
		c->answer->varbinds[i].oid_len = c->answer->varbinds[0].oid_len;
	}
	ice_faults_message_close(c, &m);
}

/* Each OID with the value of the one before it. */
void ice_faults_shift(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m) || c->answer->count < 2)
		return;
	struct ice_snmp_varbind last = c->answer->varbinds[c->answer->count - 1];
	for (size_t i = c->answer->count; i-- > 0;) {
		struct ice_snmp_varbind *vb = &c->answer->varbinds[i];
		const struct ice_snmp_varbind *from = i > 0 ? vb - 1 : &last;
		vb->tag = from->tag;
		vb->value = from->value;
		vb->value_len = from->value_len;
	}
	ice_faults_message_close(c, &m);
}

void ice_faults_stuck(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (c->message->count == 0 || !ice_faults_message_open(c, &m))
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		c->answer->varbinds[i].oid = c->message->varbinds[i % c->message->count].oid;
		c->answer->varbinds[i].oid_len = c->message->varbinds[i % c->message->count].oid_len;
	}
	ice_faults_message_close(c, &m);
}

/* From an even last arc to the odd one behind it, and back again. */
void ice_faults_circle(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	struct ice_oid oids[ICE_SNMP_VARBINDS];
	if (c->message->count == 0 || !ice_faults_message_open(c, &m))
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		struct ice_snmp_varbind *vb = &c->answer->varbinds[i];
		const struct ice_snmp_varbind *asked = &c->message->varbinds[i % c->message->count];
		if (asked->oid_len == 0 || asked->oid_len > sizeof(oids[i].bytes))
			continue;
		memcpy(oids[i].bytes, asked->oid, asked->oid_len);
		oids[i].bytes[asked->oid_len - 1] ^= 1;
		vb->oid = oids[i].bytes;
		vb->oid_len = asked->oid_len;
	}
	ice_faults_message_close(c, &m);
}

/* The rows that are invented: arcs from here on. */
#define FAULTS_ENDLESS 1000000u

/* The OID after one that was asked, always in the same column. */
static bool faults_endless_oid(const uint8_t *oid, size_t n, struct ice_oid *out)
{
	uint32_t arcs[ICE_OID_ARCS];
	size_t count = ice_oid_arcs(oid, n, arcs, ICE_OID_ARCS);
	if (count == 0 || n > sizeof(out->bytes))
		return false;
	bool invented = arcs[count - 1] >= FAULTS_ENDLESS && arcs[count - 1] < UINT32_MAX;
	size_t kept = invented ? faults_parent_len(oid, n) : n;
	memcpy(out->bytes, oid, kept);
	out->len = (uint8_t)kept;
	return ice_oid_append(out, invented ? arcs[count - 1] + 1 : FAULTS_ENDLESS);
}

static bool faults_deeper_oid(const uint8_t *oid, size_t n, struct ice_oid *out)
{
	if (n > sizeof(out->bytes))
		return false;
	memcpy(out->bytes, oid, n);
	out->len = (uint8_t)n;
	return ice_oid_append(out, 1);
}

/* Every varbind follows the one before it in its column, as `next` says, for ever. */
static void faults_invent(const struct ice_faults_call *c,
                          bool (*next)(const uint8_t *oid, size_t n, struct ice_oid *out))
{
	struct ice_faults_message m;
	struct ice_oid oids[ICE_SNMP_VARBINDS];
	if (c->message->count == 0 || !ice_faults_message_open(c, &m))
		return;
	m.status = m.index = 0;
	for (size_t i = 0; i < c->answer->count; i++) {
		struct ice_snmp_varbind *vb = &c->answer->varbinds[i];
		size_t before = i - c->message->count;
		bool first = i < c->message->count;
		const uint8_t *oid = first ? c->message->varbinds[i].oid : oids[before].bytes;
		size_t n = first ? c->message->varbinds[i].oid_len : oids[before].len;
		if (!next(oid, n, &oids[i])) {
			c->answer->count = (uint16_t)i;
			break;
		}
		vb->oid = oids[i].bytes;
		vb->oid_len = oids[i].len;
		if (ice_snmp_absent(vb)) {
			vb->tag = ICE_BER_INTEGER;
			vb->value = (const uint8_t *)"\x01";
			vb->value_len = 1;
		}
	}
	ice_faults_message_close(c, &m);
}

void ice_faults_endless(const struct ice_faults_call *c)
{
	faults_invent(c, faults_endless_oid);
}

void ice_faults_deeper(const struct ice_faults_call *c)
{
	faults_invent(c, faults_deeper_oid);
}

/* Each repetition of a GETBULK is the first one again. */
void ice_faults_first_row(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	size_t columns = c->message->count;
	if (columns == 0 || !ice_faults_message_open(c, &m))
		return;
	for (size_t i = columns; i < c->answer->count; i++)
		c->answer->varbinds[i] = c->answer->varbinds[i - columns];
	ice_faults_message_close(c, &m);
}
