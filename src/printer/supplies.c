/* prtMarkerSuppliesTable as RFC 3805 means it: levels of -1, -2 and -3 are words, not numbers; a receptacle's level is the space
 * left in it; a percentage exists only where level and capacity do. */
#include <math.h>
#include <string.h>

#include "ice/ber.h"
#include "ice/text.h"

#include "facts.h"
#include "labels.h"

#define SUPPLIES_COLUMNS (ICE_FIELD_COLORANT_NAME - ICE_FIELD_SUPPLY_COLORANT + 1)

/* The columns of the table side by side. Most agents leave out no cell: then a row's cells are the next of each column. */
struct supplies_table {
	const struct ice_facts *facts;
	struct {
		int want; /* -1: the profile has none */
		uint16_t next;
	} columns[SUPPLIES_COLUMNS];
};

static void supplies_open(struct supplies_table *t, const struct ice_facts *f)
{
	t->facts = f;
	for (int i = 0; i < SUPPLIES_COLUMNS; i++) {
		int want = ice_facts_column(f, (enum ice_field)(ICE_FIELD_SUPPLY_COLORANT + i));
		t->columns[i].want = want;
		t->columns[i].next = want >= 0 ? ice_answers_first(f->answers, (size_t)want) : ICE_ANSWERS_NONE;
	}
}

static struct ice_value supplies_at(struct supplies_table *t, enum ice_field field, const uint8_t *index, size_t len)
{
	int column = (int)field - ICE_FIELD_SUPPLY_COLORANT, want = t->columns[column].want;
	uint16_t row = t->columns[column].next;
	size_t n;
	if (want < 0)
		return (struct ice_value){0};
	if (row == ICE_ANSWERS_NONE)
		return ice_answers_at(t->facts->answers, (size_t)want, index, len);
	const uint8_t *at = ice_answers_index(t->facts->answers, row, &n);
	if (n != len || memcmp(at, index, n) != 0)
		return ice_answers_at(t->facts->answers, (size_t)want, index, len);
	t->columns[column].next = ice_answers_next(t->facts->answers, row);
	return ice_answers_value(t->facts->answers, row);
}

static bool supplies_number(struct supplies_table *t, enum ice_field field, const uint8_t *index, size_t len,
                            int64_t *out)
{
	struct ice_value v = supplies_at(t, field, index, len);
	return ice_value_number(&v, out);
}

static const char *supplies_text(const struct ice_value *v, int charset, struct ice_record *out)
{
	char text[ICE_FACT_TEXT];
	if (v->tag != ICE_BER_OCTETS || !ice_text_clean(v->bytes, v->len, charset, text, sizeof(text)))
		return NULL;
	return ice_record_text(out, text);
}

/* prtMarkerColorantValue of the supply's colorant: the same device, the colorant's number in place of the supply's. */
static const char *supplies_colorant(struct supplies_table *t, const uint8_t *index, size_t len, struct ice_record *out)
{
	int64_t number;
	if (!supplies_number(t, ICE_FIELD_SUPPLY_COLORANT, index, len, &number) || number <= 0 || number > 0xffff)
		return NULL;
	size_t last = len;
	while (last > 0 && (last == len || (index[last - 1] & 0x80)))
		last--;
	struct ice_oid at = {.len = (uint8_t)last};
	memcpy(at.bytes, index, last);
	uint8_t arc[3] = {(uint8_t)(number >> 14 | 0x80), (uint8_t)(number >> 7 | 0x80), (uint8_t)(number & 0x7f)};
	size_t skip = number < 128 ? 2 : number < 16384 ? 1 : 0;
	if (at.len + 3u > ICE_OID_BYTES)
		return NULL;
	memcpy(at.bytes + at.len, arc + skip, 3 - skip);
	at.len = (uint8_t)(at.len + 3 - skip);
	struct ice_value v = supplies_at(t, ICE_FIELD_COLORANT_NAME, at.bytes, at.len);
	char text[64];
	if (v.tag != ICE_BER_OCTETS || !ice_text_clean(v.bytes, v.len, t->facts->charset, text, sizeof(text)))
		return NULL;
	for (char *s = text; *s; s++) {
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s + 32);
	}
	return ice_record_text(out, text);
}

static bool supplies_has_color(const struct ice_supply *s)
{
	static const char *const without[] = {"wasteToner", "wasteInk", "wasteWax", "wasteWater", "wastePaper",
	                                      "fuser",      "staples",  "fuserOil", "water"};
	if (s->class && strcmp(s->class, "filled") == 0)
		return false;
	for (size_t i = 0; s->type && i < sizeof(without) / sizeof(without[0]); i++) {
		if (strcmp(s->type, without[i]) == 0)
			return false;
	}
	return true;
}

static void supplies_level(struct supplies_table *t, const uint8_t *index, size_t len, struct ice_supply *s)
{
	int64_t level, capacity;
	s->state = ICE_SUPPLY_UNKNOWN;
	if (supplies_number(t, ICE_FIELD_SUPPLY_CAPACITY, index, len, &capacity) && capacity > 0) {
		s->has_capacity = true;
		s->capacity = capacity;
	}
	if (!supplies_number(t, ICE_FIELD_SUPPLY_LEVEL, index, len, &level))
		return;
	if (level >= 0) {
		s->state = ICE_SUPPLY_EXACT;
		s->has_level = true;
		s->level = level;
		if (s->has_capacity) {
			s->has_percent = true;
			s->percent = floor(1000.0 * (double)level / (double)s->capacity + 0.5) / 10.0;
		}
	} else if (level == -1) {
		s->state = ICE_SUPPLY_UNLIMITED;
	} else if (level == -3) {
		s->state = ICE_SUPPLY_SOME;
	}
}

/* The column with most rows says which rows there are: agents leave out cells. */
static int supplies_leader(const struct supplies_table *t)
{
	static const enum ice_field order[] = {ICE_FIELD_SUPPLY_LEVEL, ICE_FIELD_SUPPLY_NAME, ICE_FIELD_SUPPLY_CAPACITY,
	                                       ICE_FIELD_SUPPLY_TYPE};
	int best = -1;
	unsigned most = 0;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		int want = t->columns[order[i] - ICE_FIELD_SUPPLY_COLORANT].want;
		if (want >= 0 && t->facts->answers->wants[want].count > most) {
			most = t->facts->answers->wants[want].count;
			best = want;
		}
	}
	return best;
}

void ice_supplies_record(const struct ice_facts *f, struct ice_record *out)
{
	struct supplies_table table, *t = &table;
	supplies_open(t, f);
	int leader = supplies_leader(t);
	uint16_t row = leader >= 0 ? ice_answers_first(f->answers, (size_t)leader) : ICE_ANSWERS_NONE;
	for (; row != ICE_ANSWERS_NONE && out->supply_count < ICE_RECORD_SUPPLIES;
	     row = ice_answers_next(f->answers, row)) {
		size_t len;
		const uint8_t *index = ice_answers_index(f->answers, row, &len);
		struct ice_value name = supplies_at(t, ICE_FIELD_SUPPLY_NAME, index, len);
		struct ice_supply *s = &out->supplies[out->supply_count++];
		int64_t n;
		memset(s, 0, sizeof(*s));
		s->name = supplies_text(&name, f->charset, out);
		if (supplies_number(t, ICE_FIELD_SUPPLY_TYPE, index, len, &n))
			s->type = ice_label_supply_type(n);
		if (supplies_number(t, ICE_FIELD_SUPPLY_CLASS, index, len, &n))
			s->class = ice_label_supply_class(n);
		if (supplies_number(t, ICE_FIELD_SUPPLY_UNIT, index, len, &n))
			s->unit = ice_label_supply_unit(n);
		s->color = supplies_colorant(t, index, len, out);
		if (!s->color && s->name && supplies_has_color(s))
			s->color = ice_color_of(s->name);
		supplies_level(t, index, len, s);
	}
}
