/* recording_answer: what an SNMP agent that holds the rows of a recording answers (RFC 1157 section 4.1, RFC 3416
 * section 4.2, RFC 3584 section 4.2.2.1). */
#include <string.h>

#include "ice/ber.h"
#include "ice/recording.h"

/* The largest value an override may give. */
#define ANSWER_OVERRIDE 1024

/* A header of any reply: SEQUENCE, version, community, PDU, three integers, the list; each at its longest. */
#define ANSWER_FRAME (4 + 3 + 4 + 4 + 3 * 6 + 4)

/* A place in the walk: the next row of the recording and the next one of the agent's own. */
struct answer_cursor {
	uint32_t row, extra;
};

struct answer {
	const struct ice_recording_agent *agent;
	const struct ice_snmp_message *request;
	uint8_t *out;     /* varbinds are written from here on */
	size_t used, max; /* their octets, and how many there may be */
	uint8_t room[ANSWER_OVERRIDE];
};

struct answer_value {
	const uint8_t *bytes;
	size_t n;
};

static const uint8_t answer_no_such_object[] = {ICE_BER_NO_SUCH_OBJECT, 0};
static const uint8_t answer_no_such_instance[] = {ICE_BER_NO_SUCH_INSTANCE, 0};
static const uint8_t answer_end_of_mib_view[] = {ICE_BER_END_OF_MIB_VIEW, 0};

static size_t answer_put_length(uint8_t *at, size_t n)
{
	if (n < 0x80) {
		at[0] = (uint8_t)n;
		return 1;
	}
	if (n < 0x100) {
		at[0] = 0x81;
		at[1] = (uint8_t)n;
		return 2;
	}
	at[0] = 0x82;
	at[1] = (uint8_t)(n >> 8);
	at[2] = (uint8_t)n;
	return 3;
}

static size_t answer_length_size(size_t n)
{
	return n < 0x80 ? 1 : n < 0x100 ? 2 : 3;
}

/* Appends one varbind; false, and nothing is written, when the reply would outgrow its bound. */
static bool answer_put(struct answer *a, const uint8_t *oid, size_t oid_len, struct answer_value value)
{
	size_t content = 1 + answer_length_size(oid_len) + oid_len + value.n;
	size_t all = 1 + answer_length_size(content) + content;
	if (content > UINT16_MAX || all > a->max - a->used)
		return false;
	uint8_t *at = a->out + a->used;
	*at++ = ICE_BER_SEQUENCE;
	at += answer_put_length(at, content);
	*at++ = ICE_BER_OID;
	at += answer_put_length(at, oid_len);
	memcpy(at, oid, oid_len);
	memcpy(at + oid_len, value.bytes, value.n);
	a->used += all;
	return true;
}

/* Puts the frame before the varbinds and moves the whole to the start of `out`. */
static size_t answer_frame(const struct answer *a, uint8_t *out, int32_t status, int32_t index)
{
	const struct ice_snmp_message *q = a->request;
	struct ice_ber_writer w;
	ice_ber_writer_init(&w, out, (size_t)(a->out - out));
	ice_ber_put_header(&w, ICE_BER_SEQUENCE, a->used);
	ice_ber_put_int(&w, ICE_BER_INTEGER, index);
	ice_ber_put_int(&w, ICE_BER_INTEGER, status);
	ice_ber_put_int(&w, ICE_BER_INTEGER, q->request_id);
	ice_ber_put_header(&w, ICE_BER_RESPONSE, ice_ber_written(&w) + a->used);
	ice_ber_put_raw(&w, q->community, q->community_len);
	ice_ber_put_header(&w, ICE_BER_OCTETS, q->community_len);
	ice_ber_put_int(&w, ICE_BER_INTEGER, q->version);
	ice_ber_put_header(&w, ICE_BER_SEQUENCE, ice_ber_written(&w) + a->used);
	size_t n = ice_ber_written(&w) + a->used;
	if (w.full || n > a->agent->reply_max)
		return 0;
	memmove(out, w.at, n);
	return n;
}

/* The request's own varbinds, untouched, as v1 wants them beside an error. */
static bool answer_echo(struct answer *a)
{
	a->used = 0;
	for (size_t i = 0; i < a->request->count; i++) {
		const struct ice_snmp_varbind *vb = &a->request->varbinds[i];
		uint8_t value[ANSWER_OVERRIDE];
		size_t header = 1 + answer_length_size(vb->value_len);
		if (header + vb->value_len > sizeof(value))
			return false;
		value[0] = vb->tag;
		answer_put_length(value + 1, vb->value_len);
		if (vb->value_len > 0)
			memcpy(value + header, vb->value, vb->value_len);
		if (!answer_put(a, vb->oid, vb->oid_len, (struct answer_value){value, header + vb->value_len}))
			return false;
	}
	return true;
}

static size_t answer_error(struct answer *a, uint8_t *out, int32_t status, size_t index)
{
	/* RFC 3416 section 4.2.1: tooBig of v2c has an empty list; every other error repeats the request. */
	if (a->request->version == ICE_SNMP_V2C && status == ICE_SNMP_TOO_BIG)
		a->used = 0;
	else if (!answer_echo(a))
		return 0;
	return answer_frame(a, out, status, (int32_t)index);
}

/* What this device says for the row. */
static struct answer_value answer_value_of(struct answer *a, const struct ice_recording_row *row, size_t index)
{
	size_t n = 0;
	if (a->agent->override && a->agent->override(row, index, a->room, sizeof(a->room), &n, a->agent->arg))
		return (struct answer_value){a->room, n};
	return (struct answer_value){row->value, row->value_len};
}

/* Index of the exact OID among the agent's own rows, or SIZE_MAX. */
static size_t answer_find_extra(const struct ice_recording_agent *g, const uint8_t *oid, size_t n)
{
	for (size_t i = 0; i < g->extra_count; i++)
		if (g->extra[i].oid_len == n && memcmp(g->extra[i].oid, oid, n) == 0)
			return i;
	return SIZE_MAX;
}

static struct answer_cursor answer_after(const struct ice_recording_agent *g, const uint8_t *oid, size_t n)
{
	struct answer_cursor c = {(uint32_t)ice_recording_after(g->recording, oid, n), 0};
	while (c.extra < g->extra_count &&
	       ice_oid_compare(g->extra[c.extra].oid, g->extra[c.extra].oid_len, oid, n) <= 0)
		c.extra++;
	return c;
}

/* The row at the cursor, which moves on; false at the end. v1 walks over Counter64 as if it were not there. */
static bool answer_step(struct answer *a, struct answer_cursor *c, const struct ice_recording_row **row,
                        struct answer_value *value)
{
	const struct ice_recording_agent *g = a->agent;
	size_t count = ice_recording_count(g->recording);
	for (;;) {
		const struct ice_recording_row *mine = c->extra < g->extra_count ? &g->extra[c->extra] : NULL;
		const struct ice_recording_row *told = c->row < count ? ice_recording_row(g->recording, c->row) : NULL;
		int order = 0;
		if (!mine && !told)
			return false;
		if (mine && told)
			order = ice_oid_compare(mine->oid, mine->oid_len, told->oid, told->oid_len);
		if (mine && (!told || order <= 0)) {
			*row = mine;
			*value = (struct answer_value){mine->value, mine->value_len};
			c->extra++;
			c->row += told && order == 0; /* the agent's own row stands in for the recorded one */
		} else {
			*row = told;
			*value = answer_value_of(a, told, c->row);
			c->row++;
		}
		if (a->request->version != ICE_SNMP_V1 || value->bytes[0] != ICE_BER_COUNTER64)
			return true;
	}
}

/* Which of the two exceptions: an instance is missing where its column (the OID without its last arc) has others. The
 * recording knows no MIB, so for a table of several index arcs it is the nearest guess; clients treat both alike. */
static struct answer_value answer_missing(const struct ice_recording_agent *g, const uint8_t *oid, size_t n)
{
	size_t parent = n;
	while (parent > 1 && (oid[parent - 2] & 0x80))
		parent--;
	parent--;
	size_t next = parent > 0 ? ice_recording_after(g->recording, oid, parent) : SIZE_MAX;
	if (next < ice_recording_count(g->recording)) {
		const struct ice_recording_row *row = ice_recording_row(g->recording, next);
		if (ice_oid_under(oid, parent, row->oid, row->oid_len))
			return (struct answer_value){answer_no_such_instance, sizeof(answer_no_such_instance)};
	}
	return (struct answer_value){answer_no_such_object, sizeof(answer_no_such_object)};
}

static size_t answer_get(struct answer *a, uint8_t *out)
{
	const struct ice_recording_agent *g = a->agent;
	const struct ice_snmp_message *q = a->request;
	for (size_t i = 0; i < q->count; i++) {
		const uint8_t *oid = q->varbinds[i].oid;
		size_t n = q->varbinds[i].oid_len;
		struct answer_value value = {NULL, 0};
		size_t extra = answer_find_extra(g, oid, n);
		size_t at = extra == SIZE_MAX ? ice_recording_find(g->recording, oid, n) : SIZE_MAX;
		if (extra != SIZE_MAX)
			value = (struct answer_value){g->extra[extra].value, g->extra[extra].value_len};
		else if (at != SIZE_MAX)
			value = answer_value_of(a, ice_recording_row(g->recording, at), at);
		if (q->version == ICE_SNMP_V1 && (!value.bytes || value.bytes[0] == ICE_BER_COUNTER64))
			return answer_error(a, out, ICE_SNMP_NO_SUCH_NAME, i + 1);
		if (!value.bytes)
			value = answer_missing(g, oid, n);
		if (!answer_put(a, oid, n, value))
			return answer_error(a, out, ICE_SNMP_TOO_BIG, 0);
	}
	return answer_frame(a, out, ICE_SNMP_NO_ERROR, 0);
}

static size_t answer_getnext(struct answer *a, uint8_t *out)
{
	const struct ice_snmp_message *q = a->request;
	for (size_t i = 0; i < q->count; i++) {
		const struct ice_recording_row *row;
		struct answer_value value;
		struct answer_cursor c = answer_after(a->agent, q->varbinds[i].oid, q->varbinds[i].oid_len);
		bool put;
		if (answer_step(a, &c, &row, &value))
			put = answer_put(a, row->oid, row->oid_len, value);
		else if (q->version == ICE_SNMP_V1)
			return answer_error(a, out, ICE_SNMP_NO_SUCH_NAME, i + 1);
		else
			put = answer_put(a, q->varbinds[i].oid, q->varbinds[i].oid_len,
			                 (struct answer_value){answer_end_of_mib_view, sizeof(answer_end_of_mib_view)});
		if (!put)
			return answer_error(a, out, ICE_SNMP_TOO_BIG, 0);
	}
	return answer_frame(a, out, ICE_SNMP_NO_ERROR, 0);
}

/* One column of a GETBULK. Past the end it repeats the last name it reached (RFC 3416 section 4.2.3). */
struct answer_column {
	struct answer_cursor cursor;
	const uint8_t *oid;
	uint16_t oid_len;
	bool ended;
};

static bool answer_bulk_step(struct answer *a, struct answer_column *column)
{
	const struct ice_recording_row *row;
	struct answer_value value = {answer_end_of_mib_view, sizeof(answer_end_of_mib_view)};
	if (!column->ended && answer_step(a, &column->cursor, &row, &value)) {
		column->oid = row->oid;
		column->oid_len = row->oid_len;
	} else {
		column->ended = true;
	}
	return answer_put(a, column->oid, column->oid_len, value);
}

static size_t answer_getbulk(struct answer *a, uint8_t *out)
{
	const struct ice_snmp_message *q = a->request;
	struct answer_column columns[ICE_SNMP_VARBINDS];
	/* In a GETBULK the two integers are non-repeaters and max-repetitions; negative ones count as zero. */
	size_t fixed = q->error_status > 0 ? (size_t)q->error_status : 0;
	size_t repetitions = q->error_index > 0 ? (size_t)q->error_index : 0;
	fixed = fixed < q->count ? fixed : q->count;
	for (size_t i = 0; i < q->count; i++) {
		const struct ice_snmp_varbind *vb = &q->varbinds[i];
		columns[i] = (struct answer_column){answer_after(a->agent, vb->oid, vb->oid_len), vb->oid, vb->oid_len,
		                                    false};
	}
	bool room = true;
	for (size_t i = 0; i < fixed && room; i++)
		room = answer_bulk_step(a, &columns[i]);
	/* The reply's size bounds the loop: every varbind takes at least seven octets of it. */
	for (size_t n = 0; n < repetitions && room && fixed < q->count; n++) {
		bool more = false;
		for (size_t i = fixed; i < q->count && room; i++) {
			room = answer_bulk_step(a, &columns[i]);
			more |= !columns[i].ended;
		}
		if (!more)
			break;
	}
	if (!room && a->used == 0)
		return answer_error(a, out, ICE_SNMP_TOO_BIG, 0);
	return answer_frame(a, out, ICE_SNMP_NO_ERROR, 0);
}

size_t ice_recording_answer(const struct ice_recording_agent *agent, const struct ice_snmp_message *request,
                            uint8_t *out, size_t out_size)
{
	struct answer a;
	size_t frame = ANSWER_FRAME + request->community_len;
	size_t limit = agent->reply_max < out_size ? agent->reply_max : out_size;
	if (limit < frame || request->count > ICE_SNMP_VARBINDS || (agent->v1_only && request->version != ICE_SNMP_V1))
		return 0;
	a.agent = agent;
	a.request = request;
	a.out = out + frame;
	a.used = 0;
	a.max = limit - frame;
	switch (request->pdu) {
	case ICE_SNMP_GET:
		return answer_get(&a, out);
	case ICE_SNMP_GETNEXT:
		return answer_getnext(&a, out);
	case ICE_SNMP_GETBULK:
		return request->version == ICE_SNMP_V1 ? 0 : answer_getbulk(&a, out);
	case ICE_SNMP_RESPONSE:
		return 0;
	}
	return 0;
}
