#include "answers.h"

#include <stdlib.h>
#include <string.h>

#include "ice/ber.h"

void ice_answers_init(struct ice_answers *a, size_t wants)
{
	for (size_t i = 0; i < wants; i++)
		a->wants[i] = (struct ice_answer){.first = ICE_ANSWERS_NONE, .last = ICE_ANSWERS_NONE};
	a->rows = a->first_rows;
	a->bytes = a->first_bytes;
	a->row_size = ICE_ANSWERS_ROWS;
	a->bytes_size = ICE_ANSWERS_BYTES;
	a->row_count = 0;
	a->bytes_used = 0;
	a->full = false;
}

void ice_answers_fini(struct ice_answers *a)
{
	if (a->rows != a->first_rows)
		free(a->rows);
	if (a->bytes != a->first_bytes)
		free(a->bytes);
	a->rows = NULL;
	a->bytes = NULL;
}

/* An arena of twice the size or more with what was in it; `own` is the one that must not be freed. */
static void *answers_grow(void *arena, const void *own, size_t used, size_t size)
{
	void *more = arena == own ? malloc(size) : realloc(arena, size);
	if (!more)
		abort();
	return arena == own ? memcpy(more, own, used) : more;
}

/* Makes room; false when the bound is reached. */
static bool answers_room(struct ice_answers *a, uint32_t need)
{
	if (need > ICE_ANSWERS_BYTES_MAX || a->row_count == ICE_ANSWERS_ROWS_MAX) {
		a->full = true;
		return false;
	}
	if (need > a->bytes_size) {
		while (a->bytes_size < need)
			a->bytes_size *= 2;
		a->bytes = answers_grow(a->bytes, a->first_bytes, a->bytes_used, a->bytes_size);
	}
	if (a->row_count == a->row_size) {
		a->row_size = (uint16_t)(a->row_size * 2);
		a->rows = answers_grow(a->rows, a->first_rows, a->row_count * sizeof(*a->rows),
		                       a->row_size * sizeof(*a->rows));
	}
	return true;
}

/* A new row with index and value; ICE_ANSWERS_NONE when full. */
static inline uint16_t answers_new(struct ice_answers *a, const uint8_t *index, size_t index_len,
                                   const struct ice_value *v)
{
	uint32_t need = a->bytes_used + (uint32_t)index_len + v->len;
	if ((need > a->bytes_size || a->row_count == a->row_size) && !answers_room(a, need))
		return ICE_ANSWERS_NONE;
	a->rows[a->row_count] =
	        (struct ice_answer_row){a->bytes_used, v->len, (uint8_t)index_len, v->tag, ICE_ANSWERS_NONE};
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

static inline bool answers_same(const uint8_t *a, const uint8_t *b, size_t n)
{
	return n == 2 ? a[0] == b[0] && a[1] == b[1] : n == 0 || memcmp(a, b, n) == 0;
}

static uint16_t answers_find(const struct ice_answers *a, size_t want, const uint8_t *index, size_t index_len)
{
	for (uint16_t r = a->wants[want].first; r != ICE_ANSWERS_NONE; r = a->rows[r].next) {
		if (a->rows[r].index_len == index_len && answers_same(a->bytes + a->rows[r].at, index, index_len))
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
	if (index_len > ICE_OID_BYTES) {
		a->full = true;
		return false;
	}
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

struct ice_value ice_answers_at(const struct ice_answers *a, size_t want, const uint8_t *index, size_t index_len)
{
	return ice_answers_value(a, answers_find(a, want, index, index_len));
}

bool ice_value_number(const struct ice_value *v, int64_t *out)
{
	struct ice_snmp_varbind vb = {.value = v->bytes, .value_len = v->len, .tag = v->tag};
	return v->tag && ice_snmp_number(&vb, out);
}
