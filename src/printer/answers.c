#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include "ice/ber.h"

void ice_answers_init(struct ice_answers *a)
{
	memset(a, 0, sizeof(*a));
	for (size_t i = 0; i < ICE_PROFILE_WANTS; i++)
		a->wants[i].first = a->wants[i].last = ICE_ANSWERS_NONE;
}

void ice_answers_fini(struct ice_answers *a)
{
	free(a->rows);
	free(a->bytes);
	memset(a, 0, sizeof(*a));
}

/* A new row with room for index and value; ICE_ANSWERS_NONE when full. */
static uint16_t answers_new(struct ice_answers *a, const uint8_t *index, size_t index_len, const struct ice_value *v)
{
	uint32_t need = a->bytes_used + (uint32_t)index_len + v->len;
	if (need > ICE_ANSWERS_BYTES_MAX || a->row_count == ICE_ANSWERS_ROWS_MAX || index_len > ICE_OID_BYTES) {
		a->full = true;
		return ICE_ANSWERS_NONE;
	}
	if (need > a->bytes_size || !a->bytes) {
		uint32_t size = a->bytes_size ? a->bytes_size : 2048;
		while (size < need)
			size *= 2;
		uint8_t *more = realloc(a->bytes, size);
		if (!more)
			abort();
		a->bytes = more;
		a->bytes_size = size;
	}
	if (a->row_count == a->row_size) {
		uint16_t size = a->row_size ? (uint16_t)(a->row_size * 2) : 128;
		struct ice_answer_row *more = realloc(a->rows, size * sizeof(*more));
		if (!more)
			abort();
		a->rows = more;
		a->row_size = size;
	}
	struct ice_answer_row *r = &a->rows[a->row_count];
	*r = (struct ice_answer_row){a->bytes_used, v->len, (uint8_t)index_len, v->tag, ICE_ANSWERS_NONE};
	if (index_len)
		memcpy(a->bytes + a->bytes_used, index, index_len);
	if (v->len)
		memcpy(a->bytes + a->bytes_used + index_len, v->bytes, v->len);
	a->bytes_used = need;
	return a->row_count++;
}

void ice_answers_put(struct ice_answers *a, size_t want, const struct ice_value *value)
{
	struct ice_answer *w = &a->wants[want];
	uint16_t row = answers_new(a, NULL, 0, value);
	w->done = true;
	if (row == ICE_ANSWERS_NONE)
		return;
	w->first = w->last = row;
	w->given = true;
}

static uint16_t answers_find(const struct ice_answers *a, size_t want, const uint8_t *index, size_t index_len)
{
	for (uint16_t r = a->wants[want].first; r != ICE_ANSWERS_NONE; r = a->rows[r].next) {
		if (a->rows[r].index_len == index_len && memcmp(a->bytes + a->rows[r].at, index, index_len) == 0)
			return r;
	}
	return ICE_ANSWERS_NONE;
}

bool ice_answers_row(struct ice_answers *a, size_t want, const uint8_t *index, size_t index_len,
                     const struct ice_value *value)
{
	struct ice_answer *w = &a->wants[want];
	if (w->count == ICE_ANSWERS_COLUMN)
		return false;
	uint16_t row = answers_new(a, index, index_len, value);
	if (row == ICE_ANSWERS_NONE)
		return false;
	if (w->first == ICE_ANSWERS_NONE)
		w->first = row;
	else
		a->rows[w->last].next = row;
	w->last = row;
	w->count++;
	return true;
}

void ice_answers_forget(struct ice_answers *a, size_t want)
{
	a->wants[want] = (struct ice_answer){.first = ICE_ANSWERS_NONE, .last = ICE_ANSWERS_NONE};
}

struct ice_value ice_answers_value(const struct ice_answers *a, uint16_t row)
{
	if (row == ICE_ANSWERS_NONE)
		return (struct ice_value){0};
	const struct ice_answer_row *r = &a->rows[row];
	return (struct ice_value){a->bytes + r->at + r->index_len, r->value_len, r->tag};
}

struct ice_value ice_answers_get(const struct ice_answers *a, size_t want)
{
	return ice_answers_value(a, a->wants[want].given ? a->wants[want].first : ICE_ANSWERS_NONE);
}

struct ice_value ice_answers_at(const struct ice_answers *a, size_t want, const uint8_t *index, size_t index_len)
{
	return ice_answers_value(a, answers_find(a, want, index, index_len));
}

uint16_t ice_answers_first(const struct ice_answers *a, size_t want)
{
	return a->wants[want].first;
}

uint16_t ice_answers_next(const struct ice_answers *a, uint16_t row)
{
	return a->rows[row].next;
}

const uint8_t *ice_answers_index(const struct ice_answers *a, uint16_t row, size_t *len)
{
	*len = a->rows[row].index_len;
	return a->bytes + a->rows[row].at;
}

bool ice_value_number(const struct ice_value *v, int64_t *out)
{
	struct ice_snmp_varbind vb = {.value = v->bytes, .value_len = v->len, .tag = v->tag};
	return v->tag && ice_snmp_number(&vb, out);
}
