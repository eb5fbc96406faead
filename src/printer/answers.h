/* answers: what one device said, by wanted object and row.
 *
 * A scalar has one answer or none; a column has rows, in the order they came. All bytes stand in one arena that grows
 * to a bound; what no longer fits is not kept. Positions are numbers, not pointers, so the arena may move: what most devices say
 * fits into the struct itself, which must not be copied then. */
#ifndef ICE_PRINTER_ANSWERS_H
#define ICE_PRINTER_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/snmp.h"

#include "compiled.h"

#define ICE_ANSWERS_BYTES_MAX 98304
#define ICE_ANSWERS_ROWS_MAX  2048
#define ICE_ANSWERS_COLUMN    128 /* rows kept of one column */
#define ICE_ANSWERS_NONE      UINT16_MAX
#define ICE_ANSWERS_BYTES     2048 /* that fit into the struct itself */
#define ICE_ANSWERS_ROWS      128

struct ice_value {
	const uint8_t *bytes;
	uint16_t len;
	uint8_t tag; /* enum ice_ber_tag; 0 = nothing */
};

struct ice_answer_row {
	uint32_t at; /* index octets, then value octets */
	uint16_t value_len;
	uint8_t index_len, tag;
	uint16_t next; /* of the same column; ICE_ANSWERS_NONE = last */
};

/* One wanted object. */
struct ice_answer {
	uint16_t first, last; /* rows of a column */
	uint16_t count;
	bool given; /* a scalar: the row `first` is its value */
	bool done;  /* a scalar: asked and answered; a column: its end was seen */
};

struct ice_answers {
	struct ice_answer wants[ICE_PROFILE_WANTS];
	struct ice_answer_row *rows;
	uint8_t *bytes;
	uint32_t bytes_used, bytes_size;
	uint16_t row_count, row_size;
	bool full; /* something did not fit */
	struct ice_answer_row first_rows[ICE_ANSWERS_ROWS];
	uint8_t first_bytes[ICE_ANSWERS_BYTES];
};

/* For this many wanted objects. */
void ice_answers_init(struct ice_answers *a, size_t wants);
void ice_answers_fini(struct ice_answers *a);

/* Keeps a scalar's value. An earlier one is replaced. */
void ice_answers_put(struct ice_answers *a, size_t want, const struct ice_value *value);

/* Keeps a row; false when the column or the arena is full. */
bool ice_answers_row(struct ice_answers *a, size_t want, const uint8_t *index, size_t index_len,
                     const struct ice_value *value);

/* A column without rows again. */
void ice_answers_forget(struct ice_answers *a, size_t want);

/* A row's value; tag 0 for ICE_ANSWERS_NONE. */
static inline struct ice_value ice_answers_value(const struct ice_answers *a, uint16_t row)
{
	if (row == ICE_ANSWERS_NONE)
		return (struct ice_value){0};
	const struct ice_answer_row *r = &a->rows[row];
	return (struct ice_value){a->bytes + r->at + r->index_len, r->value_len, r->tag};
}

/* A scalar's value; tag 0 when there is none. */
static inline struct ice_value ice_answers_get(const struct ice_answers *a, size_t want)
{
	return ice_answers_value(a, a->wants[want].given ? a->wants[want].first : ICE_ANSWERS_NONE);
}

/* The value of the row with that index; tag 0 when there is none. */
struct ice_value ice_answers_at(const struct ice_answers *a, size_t want, const uint8_t *index, size_t index_len);

/* Rows of a column: from ice_answers_first, until ICE_ANSWERS_NONE. */
static inline uint16_t ice_answers_first(const struct ice_answers *a, size_t want)
{
	return a->wants[want].first;
}

static inline uint16_t ice_answers_next(const struct ice_answers *a, uint16_t row)
{
	return a->rows[row].next;
}

static inline const uint8_t *ice_answers_index(const struct ice_answers *a, uint16_t row, size_t *len)
{
	*len = a->rows[row].index_len;
	return a->bytes + a->rows[row].at;
}

/* INTEGER, Counter32, Gauge32, TimeTicks, Counter64. */
bool ice_value_number(const struct ice_value *v, int64_t *out);

#endif
