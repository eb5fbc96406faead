#include "facts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ice/ber.h"
#include "ice/text.h"

#include "labels.h"

/* The row of a lookup whose key column says the key; its value in the value column. */
static struct ice_value facts_lookup(const struct ice_facts *f, const struct ice_rung *r)
{
	for (uint16_t row = ice_answers_first(f->answers, r->key_want); row != ICE_ANSWERS_NONE;
	     row = ice_answers_next(f->answers, row)) {
		struct ice_value key = ice_answers_value(f->answers, row);
		char text[64];
		int64_t n;
		if (ice_value_number(&key, &n))
			snprintf(text, sizeof(text), "%" PRId64, n);
		else if (key.tag == ICE_BER_OCTETS)
			ice_text_clean(key.bytes, key.len, ICE_TEXT_UNKNOWN, text, sizeof(text));
		else
			continue;
		if (strcmp(text, r->key) == 0) {
			size_t len;
			const uint8_t *index = ice_answers_index(f->answers, row, &len);
			return ice_answers_at(f->answers, r->want, index, len);
		}
	}
	return (struct ice_value){0};
}

/* A record of a tag-length blob: id, type, length, value (big-endian); 0xff ends it. */
static bool facts_blob(const struct ice_value *v, uint8_t id, int64_t *out)
{
	size_t at = 0;
	if (v->tag != ICE_BER_OCTETS)
		return false;
	while (at + 3 <= v->len && v->bytes[at] != 0xff) {
		size_t n = v->bytes[at + 2];
		if (at + 3 + n > v->len)
			return false;
		if (v->bytes[at] == id && n >= 1 && n <= 4) {
			*out = 0;
			for (size_t i = 0; i < n; i++)
				*out = *out * 256 + v->bytes[at + 3 + i];
			return true;
		}
		at += 3 + n;
	}
	return false;
}

static bool facts_rung_number(const struct ice_facts *f, const struct ice_rung *r, int64_t *out)
{
	struct ice_value v = r->kind == ICE_KIND_LOOKUP ? facts_lookup(f, r) : ice_answers_get(f->answers, r->want);
	if (r->kind == ICE_KIND_RECORD)
		return facts_blob(&v, r->record, out);
	return (r->kind == ICE_KIND_NUMBER || r->kind == ICE_KIND_LOOKUP) && ice_value_number(&v, out);
}

bool ice_facts_number(const struct ice_facts *f, enum ice_field field, int64_t *out, const struct ice_rung **by)
{
	const struct ice_ladder *l = &f->profile->ladders[field];
	bool count = field >= ICE_FIELD_PAGES && field < ICE_FIELD_PAGES_UNIT;
	for (size_t i = 0; i < l->count; i++) {
		if (!facts_rung_number(f, &l->rungs[i], out))
			continue;
		/* A counter that says "unknown" the way levels do: -2, as INTEGER or wrapped into a Counter32. */
		if (count && (*out < 0 || (*out >= 0xfffffffdLL && *out <= 0xffffffffLL)))
			continue;
		if (by)
			*by = &l->rungs[i];
		return true;
	}
	return false;
}

bool ice_serial_is_placeholder(const char *text)
{
	static const char *const known[] = {"unknown", "none", "n/a", "not available", "not set"};
	size_t n = strlen(text);
	if (strspn(text, "0") == n || strspn(text, "- ?.*") == n || strspn(text, "Xx") == n)
		return true;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcasecmp(text, known[i]) == 0)
			return true;
	}
	return false;
}

size_t ice_facts_text(const struct ice_facts *f, enum ice_field field, char out[ICE_FACT_TEXT],
                      const struct ice_rung **by)
{
	const struct ice_ladder *l = &f->profile->ladders[field];
	for (size_t i = 0; i < l->count; i++) {
		const struct ice_rung *r = &l->rungs[i];
		struct ice_value v = ice_answers_get(f->answers, r->want);
		if (v.tag != ICE_BER_OCTETS || ice_steps_run(f, r, &v, out) == 0)
			continue;
		if (r->kind == ICE_KIND_BRAND) {
			const struct ice_brand *b = ice_profiles_brand(f->profile->all, out);
			if (!b)
				continue;
			snprintf(out, ICE_FACT_TEXT, "%s", b->make);
		}
		if (field == ICE_FIELD_SERIAL && ice_serial_is_placeholder(out))
			continue;
		if (by)
			*by = r;
		return strlen(out);
	}
	out[0] = '\0';
	return 0;
}

int ice_facts_column(const struct ice_facts *f, enum ice_field field)
{
	const struct ice_ladder *l = &f->profile->ladders[field];
	/* The first column that has rows; without any, the first. */
	for (size_t i = 0; i < l->count; i++) {
		if (ice_answers_first(f->answers, l->rungs[i].want) != ICE_ANSWERS_NONE)
			return l->rungs[i].want;
	}
	return l->count ? l->rungs[0].want : -1;
}

bool ice_facts_has(const struct ice_facts *f, enum ice_field field)
{
	char text[ICE_FACT_TEXT];
	int64_t n;
	if (ice_field_is_column(field)) {
		int want = ice_facts_column(f, field);
		return want >= 0 && ice_answers_first(f->answers, (size_t)want) != ICE_ANSWERS_NONE;
	}
	return ice_facts_number(f, field, &n, NULL) || ice_facts_text(f, field, text, NULL) > 0;
}

static const char *facts_keep(const struct ice_facts *f, enum ice_field field, struct ice_record *out)
{
	char text[ICE_FACT_TEXT];
	return ice_facts_text(f, field, text, NULL) ? ice_record_text(out, text) : NULL;
}

static void facts_pages(const struct ice_facts *f, struct ice_record *out)
{
	const struct ice_rung *total = NULL;
	int64_t n;
	for (int i = 0; i < ICE_PAGES_COUNT; i++) {
		const struct ice_rung *by = NULL;
		if (ice_facts_number(f, (enum ice_field)(ICE_FIELD_PAGES + i), &n, &by)) {
			out->pages[i] = n;
			if (i == ICE_PAGES_TOTAL)
				total = by;
		}
	}
	/* The unit belongs to the marker's own counter, the first rung; a maker's counter has none. */
	if (total && total == f->profile->ladders[ICE_FIELD_PAGES + ICE_PAGES_TOTAL].rungs &&
	    ice_facts_number(f, ICE_FIELD_PAGES_UNIT, &n, NULL))
		out->pages_unit = ice_label_counter_unit(n);
}

void ice_facts_record(const struct ice_facts *facts, time_t read_at, struct ice_record *out)
{
	struct ice_facts f = *facts;
	int64_t n;
	ice_record_init(out);
	out->ip = f.ip;
	out->read_at = read_at;
	out->name = facts_keep(&f, ICE_FIELD_NAME, out);
	out->make = facts_keep(&f, ICE_FIELD_MAKE, out);
	if (!out->make && f.profile->make)
		out->make = ice_record_text(out, f.profile->make);
	f.serial = out->serial = facts_keep(&f, ICE_FIELD_SERIAL, out);
	out->model = facts_keep(&f, ICE_FIELD_MODEL, out);
	out->location = facts_keep(&f, ICE_FIELD_LOCATION, out);
	out->has_mac = ice_interfaces_mac(&f, out->mac, NULL);
	facts_pages(&f, out);
	if (ice_facts_number(&f, ICE_FIELD_STATUS_PRINTER, &n, NULL))
		out->status = ice_label_printer_status(n);
	if (!out->status && ice_facts_number(&f, ICE_FIELD_STATUS_DEVICE, &n, NULL))
		out->status = ice_label_device_status(n);
	ice_errors_record(&f, out);
	ice_supplies_record(&f, out);
	ice_alerts_record(&f, out);
}
