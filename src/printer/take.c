/* What an answer means. An answer is attributed by position and believed by name: what does not lie where it was asked for
 * is not an answer to it. */
#include <string.h>

#include "talk.h"

static bool take_same(const struct ice_snmp_varbind *vb, const uint8_t *name, size_t n)
{
	return vb->oid_len == n && ice_oid_same(vb->oid, name, n);
}

/* The name at position i of the request. */
static const uint8_t *take_asked(const struct ice_probe *p, size_t i)
{
	return p->request.bytes + p->asked.names[i].at;
}

static bool take_is_asked(const struct ice_probe *p, const struct ice_snmp_varbind *vb, size_t i)
{
	return take_same(vb, take_asked(p, i), p->asked.names[i].len);
}

/* How a varbind's name stands to the one asked at position i. */
static int take_order(const struct ice_probe *p, const struct ice_snmp_varbind *vb, size_t i)
{
	return ice_oid_compare(vb->oid, vb->oid_len, take_asked(p, i), p->asked.names[i].len);
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
			ice_want_drop(&p->pending, p->asked.wants[0]);
	}
}

/* Every asked name from this one on has no successor (v1), so it does not exist. */
static void take_end_of_mib(struct ice_probe *p, size_t from)
{
	const struct talk_asked *a = &p->asked;
	for (size_t i = 0; i < a->count; i++) {
		if (ice_oid_compare(take_asked(p, i), a->names[i].len, take_asked(p, from), a->names[from].len) >= 0)
			ice_want_drop(&p->pending, a->wants[i]);
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
		if (!take_is_asked(p, &m->varbinds[i], i))
			return ICE_VERDICT_OIDS;
	}
	/* Whoever errs is asked no more than it must be. */
	bool spared = ice_want_any(&p->pending, &p->profile->spare);
	ice_want_drop_all(&p->pending, &p->profile->spare);
	size_t index =
	        m->error_index >= 1 && (size_t)m->error_index <= a->count ? (size_t)m->error_index - 1 : a->count;
	if (m->error_status == ICE_SNMP_TOO_BIG) {
		if (!spared)
			take_less(p);
	} else if (a->pdu == ICE_SNMP_GETBULK) {
		p->bulk = false;
	} else if (index == a->count) {
		take_less(p);
	} else if (m->error_status == ICE_SNMP_NO_SUCH_NAME && a->pdu == ICE_SNMP_GETNEXT) {
		take_end_of_mib(p, index);
	} else if (m->error_status == ICE_SNMP_GEN_ERR && !ice_want_in(&p->stumbled, a->wants[index])) {
		ice_want_add(&p->stumbled, a->wants[index]); /* it may only be busy: once more */
	} else {
		ice_want_drop(&p->pending, a->wants[index]);
	}
	return ICE_VERDICT_OK;
}

static enum ice_verdict take_get(struct ice_probe *p, const struct ice_snmp_message *m)
{
	const struct talk_asked *a = &p->asked;
	if (m->count == 0 || m->count > a->count)
		return ICE_VERDICT_OIDS;
	for (size_t i = 0; i < m->count; i++) {
		if (!take_is_asked(p, &m->varbinds[i], i))
			return ICE_VERDICT_OIDS;
	}
	for (size_t i = 0; i < m->count; i++) {
		struct ice_value v = take_value(&m->varbinds[i]);
		ice_want_drop(&p->pending, a->wants[i]);
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
	ice_want_drop(&p->pending, want);
	if (!ice_snmp_absent(vb) && ice_talk_instance(p, &p->profile->wants[want], &name) &&
	    take_same(vb, name.bytes, name.len))
		ice_answers_put(&p->answers, want, &v);
}

/* Keeps a row that lies in its column and follows the one before. */
static void take_keep(struct ice_probe *p, size_t want, const struct ice_snmp_varbind *vb)
{
	const struct ice_oid *column = &p->profile->wants[want].oid;
	struct ice_value v = take_value(vb);
	if (!ice_answers_row(&p->answers, want, vb->oid + column->len, vb->oid_len - column->len, &v)) {
		ice_want_drop(&p->pending, want);
		return;
	}
	/* The last row of a table whose leading column is known to its end. */
	int leader = ice_talk_leader(p, want);
	if (leader < 0 || ice_want_in(&p->pending, (size_t)leader) || p->answers.wants[leader].last == ICE_ANSWERS_NONE)
		return;
	size_t last_len;
	const uint8_t *last = ice_answers_index(&p->answers, p->answers.wants[leader].last, &last_len);
	if (vb->oid_len == column->len + last_len && memcmp(last, vb->oid + column->len, last_len) == 0)
		ice_want_drop(&p->pending, want);
}

/* A row of a column by GETNEXT, or its end. `at` is its position in the request. */
static void take_row(struct ice_probe *p, size_t want, const struct ice_snmp_varbind *vb, size_t at)
{
	const struct ice_oid *column = &p->profile->wants[want].oid;
	if (ice_snmp_absent(vb)) {
		ice_want_drop(&p->pending, want);
	} else if (take_order(p, vb, at) <= 0) {
		/* It does not increase. Once: on from the last good row; twice: the column ends. */
		p->bulk = false;
		if (ice_want_in(&p->stumbled, want))
			ice_want_drop(&p->pending, want);
		ice_want_add(&p->stumbled, want);
	} else if (vb->oid_len <= column->len || !ice_oid_under(column->bytes, column->len, vb->oid, vb->oid_len)) {
		ice_want_drop(&p->pending, want);
	} else {
		take_keep(p, want, vb);
	}
}

/* True when the name stands behind the one before. Most indexes of a table differ in their last octet alone. */
static bool take_follows(const uint8_t *name, size_t n, const uint8_t *before, size_t before_len)
{
	if (n == 2 && before_len == 2 && name[0] == before[0] && ((name[0] | name[1] | before[1]) & 0x80) == 0)
		return name[1] > before[1];
	return ice_oid_compare(name, n, before, before_len) > 0;
}

/* How many rows of each column a GETBULK brought, and whether the column's end was seen. */
struct take_columns {
	uint16_t rows[TALK_ASKED_MAX];
	bool ended[TALK_ASKED_MAX];
};

/* Does every column of an answer increase for as long as it lasts? Where one does not, varbinds were left out, doubled or
 * mixed, and positions mean nothing any more. */
static bool take_increases(const struct ice_probe *p, const struct ice_snmp_message *m, struct take_columns *out)
{
	const struct talk_asked *a = &p->asked;
	for (size_t c = 0; c < a->count; c++) {
		const struct ice_oid *column = &p->profile->wants[a->wants[c]].oid;
		const uint8_t *before = take_asked(p, c); /* in the column, too: names are compared behind it */
		size_t before_len = a->names[c].len;
		out->rows[c] = 0;
		out->ended[c] = false;
		for (size_t i = c; i < m->count && !out->ended[c]; i += a->count) {
			const struct ice_snmp_varbind *vb = &m->varbinds[i];
			bool under = ice_oid_under(column->bytes, column->len, vb->oid, vb->oid_len);
			size_t same = under ? column->len : 0;
			if (ice_snmp_absent(vb)) {
				out->ended[c] = true;
				continue;
			}
			if (!take_follows(vb->oid + same, vb->oid_len - same, before + same, before_len - same))
				return false;
			out->ended[c] = !under;
			out->rows[c] += under;
			before = vb->oid;
			before_len = vb->oid_len;
		}
	}
	return true;
}

/* True when at least one varbind lies where it may: an answer to something else lies before all that was asked. */
static bool take_answers(const struct ice_probe *p, const struct ice_snmp_message *m)
{
	const struct talk_asked *a = &p->asked;
	for (size_t i = 0; i < a->count && i < m->count; i++)
		if (ice_snmp_absent(&m->varbinds[i]) || take_order(p, &m->varbinds[i], i) >= 0)
			return true;
	return a->count == 1;
}

static void take_bulk(struct ice_probe *p, const struct ice_snmp_message *m)
{
	const struct talk_asked *a = &p->asked;
	struct take_columns columns;
	if (!take_increases(p, m, &columns)) {
		p->bulk = false; /* none of it is believed: the same by GETNEXT */
		return;
	}
	/* It may stop anywhere when the message is full (RFC 3416 section 4.2.3). */
	for (size_t c = 0; c < a->count; c++) {
		for (size_t i = 0; i < columns.rows[c] && ice_want_in(&p->pending, a->wants[c]); i++)
			take_keep(p, a->wants[c], &m->varbinds[c + i * a->count]);
		if (columns.ended[c])
			ice_want_drop(&p->pending, a->wants[c]);
	}
}

static void take_next(struct ice_probe *p, const struct ice_snmp_message *m)
{
	const struct talk_asked *a = &p->asked;
	for (size_t c = 0; c < a->count && c < m->count; c++) {
		size_t want = a->wants[c];
		if (!ice_want_in(&p->pending, want))
			continue;
		if (p->profile->wants[want].column)
			take_row(p, want, &m->varbinds[c], c);
		else
			take_instance(p, want, &m->varbinds[c]);
	}
	if (m->count < a->count) /* GETNEXT answers all or errs */
		p->varbinds_max = m->count;
}

static enum ice_verdict take_walk(struct ice_probe *p, const struct ice_snmp_message *m)
{
	const struct talk_asked *a = &p->asked;
	size_t rows = a->pdu == ICE_SNMP_GETBULK ? a->repetitions : 1;
	if (m->count == 0 || m->count > a->count * rows || !take_answers(p, m))
		return ICE_VERDICT_OIDS;
	if (a->pdu == ICE_SNMP_GETBULK)
		take_bulk(p, m);
	else
		take_next(p, m);
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
