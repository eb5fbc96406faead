/* What an answer means. An answer is attributed by position and believed by name: what does not lie where it was asked for
 * is not an answer to it. */
#include <string.h>

#include "talk.h"

static bool take_same(const struct ice_snmp_varbind *vb, const struct ice_oid *name)
{
	return vb->oid_len == name->len && memcmp(vb->oid, name->bytes, name->len) == 0;
}

static struct ice_value take_value(const struct ice_snmp_varbind *vb)
{
	return (struct ice_value){vb->value, vb->value_len, vb->tag};
}

/* Less at a time from now on. */
static void take_less(struct ice_probe *p)
{
	unsigned n = (unsigned)p->asked.count;
	if (p->asked.pdu == ICE_SNMP_GETBULK && p->asked.repetitions > 1) {
		p->reply_bytes /= 2;
		if (p->reply_bytes < 300)
			p->bulk = false;
	} else {
		p->varbinds_max = n > 1 ? n / 2 : 1;
		if (n <= 1 && p->asked.count)
			p->pending[p->asked.wants[0]] = false;
	}
}

/* Every asked name from this one on has no successor (v1), so it does not exist. */
static void take_end_of_mib(struct ice_probe *p, size_t from)
{
	const struct talk_asked *a = &p->asked;
	for (size_t i = 0; i < a->count; i++) {
		if (ice_oid_compare(a->names[i].bytes, a->names[i].len, a->names[from].bytes, a->names[from].len) >= 0)
			p->pending[a->wants[i]] = false;
	}
}

/* Each error either drops a want or asks for less, so that a device that only errs comes to an end. */
static enum ice_verdict take_error(struct ice_probe *p, const struct ice_snmp_message *m)
{
	const struct talk_asked *a = &p->asked;
	/* The names come back as they were sent (RFC 3416 section 4.2.1); an agent may leave them out with tooBig. */
	if (m->count > a->count)
		return ICE_VERDICT_OIDS;
	for (size_t i = 0; i < m->count; i++) {
		if (!take_same(&m->varbinds[i], &a->names[i]))
			return ICE_VERDICT_OIDS;
	}
	size_t index =
	        m->error_index >= 1 && (size_t)m->error_index <= a->count ? (size_t)m->error_index - 1 : a->count;
	if (m->error_status == ICE_SNMP_TOO_BIG) {
		take_less(p);
	} else if (a->pdu == ICE_SNMP_GETBULK) {
		p->bulk = false;
	} else if (index == a->count) {
		take_less(p);
	} else if (m->error_status == ICE_SNMP_NO_SUCH_NAME && a->pdu == ICE_SNMP_GETNEXT) {
		take_end_of_mib(p, index);
	} else if (m->error_status == ICE_SNMP_GEN_ERR && !p->stumbled[a->wants[index]]) {
		p->stumbled[a->wants[index]] = true; /* it may only be busy: once more */
	} else {
		p->pending[a->wants[index]] = false;
	}
	return ICE_VERDICT_OK;
}

static enum ice_verdict take_get(struct ice_probe *p, const struct ice_snmp_message *m)
{
	const struct talk_asked *a = &p->asked;
	if (m->count == 0 || m->count > a->count)
		return ICE_VERDICT_OIDS;
	for (size_t i = 0; i < m->count; i++) {
		if (!take_same(&m->varbinds[i], &a->names[i]))
			return ICE_VERDICT_OIDS;
	}
	for (size_t i = 0; i < m->count; i++) {
		struct ice_value v = take_value(&m->varbinds[i]);
		p->pending[a->wants[i]] = false;
		if (!ice_snmp_absent(&m->varbinds[i]))
			ice_answers_put(&p->answers, a->wants[i], &v);
	}
	if (m->count < a->count) /* it left some out: fewer at a time */
		p->varbinds_max = m->count;
	return ICE_VERDICT_OK;
}

/* One instance by GETNEXT: what came must be exactly it. */
static void take_instance(struct ice_probe *p, size_t want, const struct ice_snmp_varbind *vb)
{
	struct ice_oid name;
	struct ice_value v = take_value(vb);
	p->pending[want] = false;
	if (!ice_snmp_absent(vb) && ice_talk_instance(p, &p->profile->wants[want], &name) && take_same(vb, &name))
		ice_answers_put(&p->answers, want, &v);
}

/* A row of a column, or its end. `before` is the name that this one must follow. */
static void take_row(struct ice_probe *p, size_t want, const struct ice_snmp_varbind *vb, const uint8_t *before,
                     size_t before_len)
{
	const struct ice_oid *column = &p->profile->wants[want].oid;
	struct ice_value v = take_value(vb);
	if (ice_snmp_absent(vb)) {
		p->pending[want] = false;
		return;
	}
	if (ice_oid_compare(vb->oid, vb->oid_len, before, before_len) <= 0) {
		/* It does not increase. Once: on from the last good row; twice: the column ends. */
		p->bulk = false;
		if (p->stumbled[want])
			p->pending[want] = false;
		p->stumbled[want] = true;
		return;
	}
	if (vb->oid_len <= column->len || memcmp(vb->oid, column->bytes, column->len) != 0 ||
	    !ice_answers_row(&p->answers, want, vb->oid + column->len, vb->oid_len - column->len, &v)) {
		p->pending[want] = false;
		return;
	}
	/* The last row of a table whose leading column is known to its end. */
	int leader = ice_talk_leader(p, want);
	if (leader < 0 || p->pending[leader] || p->answers.wants[leader].last == ICE_ANSWERS_NONE)
		return;
	size_t last_len;
	const uint8_t *last = ice_answers_index(&p->answers, p->answers.wants[leader].last, &last_len);
	if (vb->oid_len == column->len + last_len && memcmp(last, vb->oid + column->len, last_len) == 0)
		p->pending[want] = false;
}

/* Does every column of an answer increase for as long as it lasts? Where one does not, varbinds were left out, doubled or
 * mixed, and positions mean nothing any more. */
static bool take_increases(const struct ice_probe *p, const struct ice_snmp_message *m)
{
	const struct talk_asked *a = &p->asked;
	for (size_t c = 0; c < a->count; c++) {
		const struct ice_oid *column = &p->profile->wants[a->wants[c]].oid;
		const uint8_t *before = a->names[c].bytes;
		size_t before_len = a->names[c].len;
		for (size_t i = c; i < m->count; i += a->count) {
			const struct ice_snmp_varbind *vb = &m->varbinds[i];
			if (ice_snmp_absent(vb))
				break;
			if (ice_oid_compare(vb->oid, vb->oid_len, before, before_len) <= 0)
				return false;
			if (!ice_oid_under(column->bytes, column->len, vb->oid, vb->oid_len))
				break;
			before = vb->oid;
			before_len = vb->oid_len;
		}
	}
	return true;
}

/* True when at least one varbind lies where it may: an answer to something else lies before all that was asked. */
static bool take_answers(const struct talk_asked *a, const struct ice_snmp_message *m)
{
	for (size_t i = 0; i < a->count && i < m->count; i++) {
		const struct ice_snmp_varbind *vb = &m->varbinds[i];
		if (ice_snmp_absent(vb) ||
		    ice_oid_compare(vb->oid, vb->oid_len, a->names[i].bytes, a->names[i].len) >= 0)
			return true;
	}
	return a->count == 1;
}

static enum ice_verdict take_walk(struct ice_probe *p, const struct ice_snmp_message *m)
{
	const struct talk_asked *a = &p->asked;
	size_t rows = a->pdu == ICE_SNMP_GETBULK ? a->repetitions : 1;
	if (m->count == 0 || m->count > a->count * rows || !take_answers(a, m))
		return ICE_VERDICT_OIDS;
	if (a->pdu == ICE_SNMP_GETBULK && !take_increases(p, m)) {
		p->bulk = false; /* none of it is believed: the same by GETNEXT */
		return ICE_VERDICT_OK;
	}
	for (size_t c = 0; c < a->count; c++) {
		size_t want = a->wants[c];
		const uint8_t *before = a->names[c].bytes;
		size_t before_len = a->names[c].len;
		for (size_t i = c; i < m->count && p->pending[want]; i += a->count) {
			const struct ice_snmp_varbind *vb = &m->varbinds[i];
			if (p->profile->wants[want].column)
				take_row(p, want, vb, before, before_len);
			else
				take_instance(p, want, vb);
			before = vb->oid;
			before_len = vb->oid_len;
		}
	}
	/* GETBULK may stop anywhere when the message is full (RFC 3416 section 4.2.3); GETNEXT answers all or errs. */
	if (m->count < a->count && a->pdu == ICE_SNMP_GETNEXT)
		p->varbinds_max = m->count;
	return ICE_VERDICT_OK;
}

enum ice_verdict ice_talk_take(struct ice_probe *p, const struct ice_snmp_message *reply)
{
	if (reply->pdu != ICE_SNMP_RESPONSE)
		return ICE_VERDICT_OIDS;
	if (reply->error_status != ICE_SNMP_NO_ERROR)
		return take_error(p, reply);
	return p->asked.pdu == ICE_SNMP_GET ? take_get(p, reply) : take_walk(p, reply);
}
