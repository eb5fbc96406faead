/* JSON as a record, over jansson. */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/clock.h"
#include "ice/record.h"
#include "ice/text.h"

struct record_reader {
	struct ice_record *r;
	char *why;
	size_t why_size;
	bool bad; /* sticky; `why` holds the first reason */
};

static void record_refuse(struct record_reader *in, const char *fmt, ...) ICE_PRINTF(2, 3);
static void record_refuse(struct record_reader *in, const char *fmt, ...)
{
	va_list args;
	if (in->bad)
		return;
	in->bad = true;
	va_start(args, fmt);
	vsnprintf(in->why, in->why_size, fmt, args);
	va_end(args);
}

/* A string as the record's own clean text; NULL when absent, or when cleaning leaves nothing. */
static const char *record_take_text(struct record_reader *in, const json_t *value, const char *key)
{
	char clean[ICE_RECORD_POOL];
	if (!value || in->bad)
		return NULL;
	if (!json_is_string(value)) {
		record_refuse(in, "%s: not a string", key);
		return NULL;
	}
	const char *text = json_string_value(value);
	size_t n = json_string_length(value);
	if (n >= sizeof(in->r->pool) - in->r->pool_used) {
		record_refuse(in, "%s: more text than a record holds", key);
		return NULL;
	}
	if (!ice_text_is_clean(text)) {
		ice_text_clean((const uint8_t *)text, n, ICE_TEXT_UTF8, clean, sizeof(clean));
		text = clean;
	}
	const char *taken = ice_record_text(in->r, text);
	if (!taken && *text)
		record_refuse(in, "%s: more text than a record holds", key);
	return taken;
}

static const char *record_get_text(struct record_reader *in, const json_t *object, const char *key)
{
	return record_take_text(in, json_object_get(object, key), key);
}

/* True when there is one, and it is an integer of at least `least`. */
static bool record_get_integer(struct record_reader *in, const json_t *object, const char *key, int64_t least,
                               int64_t *out)
{
	const json_t *value = json_object_get(object, key);
	if (!value || in->bad)
		return false;
	if (!json_is_integer(value) || json_integer_value(value) < least) {
		record_refuse(in, "%s: not an integer of %lld or more", key, (long long)least);
		return false;
	}
	*out = json_integer_value(value);
	return true;
}

static void record_read_ip(struct record_reader *in, const json_t *o)
{
	const json_t *value = json_object_get(o, "ip");
	if (value && (!json_is_string(value) || strchr(json_string_value(value), '%') ||
	              !ice_address_parse(json_string_value(value), &in->r->ip)))
		record_refuse(in, "ip: not an address");
}

static void record_read_mac(struct record_reader *in, const json_t *o)
{
	const json_t *value = json_object_get(o, "mac");
	if (!value)
		return;
	const char *s = json_is_string(value) && json_string_length(value) == 17 ? json_string_value(value) : NULL;
	for (int i = 0; s && i < 17; i++)
		if (i % 3 == 2 ? s[i] != ':' : !strchr("0123456789abcdefABCDEF", s[i]))
			s = NULL;
	if (!s) {
		record_refuse(in, "mac: not six pairs of hex digits with colons");
		return;
	}
	for (int i = 0; i < 6; i++)
		in->r->mac[i] = (uint8_t)strtoul(s + 3 * i, NULL, 16);
	in->r->has_mac = true;
}

/* What it says must be so: lower than before, by less than the modulus. */
static void record_read_since(struct record_reader *in, const json_t *since)
{
	struct ice_record *r = in->r;
	int64_t total = r->pages[ICE_PAGES_TOTAL];
	const json_t *kind = json_object_get(since, "kind");
	int k = ICE_PAGES_SINCE_RESET;
	if (!since || in->bad)
		return;
	while (k > 0 && !(json_is_string(kind) &&
	                  strcmp(json_string_value(kind), ice_pages_since_name((enum ice_pages_since)k)) == 0))
		k--;
	r->pages_since = (enum ice_pages_since)k;
	if (k == ICE_PAGES_SINCE_NOTHING)
		record_refuse(in, "since.kind: not one of wrap, setback, reset");
	else if (!record_get_integer(in, since, "from", 0, &r->pages_from) || total < 0 || total >= r->pages_from)
		record_refuse(in, "since.from: not a total that is higher than the present one");
	else if (k == ICE_PAGES_SINCE_WRAP &&
	         (!record_get_integer(in, since, "modulus", 1, &r->pages_modulus) || r->pages_modulus <= r->pages_from))
		record_refuse(in, "since.modulus: not a number that is higher than from");
}

static void record_read_pages(struct record_reader *in, const json_t *o)
{
	const json_t *pages = json_object_get(o, "pages");
	if (!pages)
		return;
	if (!json_is_object(pages)) {
		record_refuse(in, "pages: not an object");
		return;
	}
	for (int i = 0; i < ICE_PAGES_COUNT; i++)
		(void)record_get_integer(in, pages, ice_pages_name(i), 0, &in->r->pages[i]);
	in->r->pages_unit = record_get_text(in, pages, "unit");
	record_read_since(in, json_object_get(pages, "since"));
}

static void record_read_supply(struct record_reader *in, const json_t *o, struct ice_supply *s)
{
	s->name = record_get_text(in, o, "name");
	s->type = record_get_text(in, o, "type");
	s->color = record_get_text(in, o, "color");
	s->class = record_get_text(in, o, "class");
	s->unit = record_get_text(in, o, "unit");
	s->has_level = record_get_integer(in, o, "level", 0, &s->level);
	s->has_capacity = record_get_integer(in, o, "capacity", 1, &s->capacity);
	const json_t *state = json_object_get(o, "state"), *percent = json_object_get(o, "percent");
	int known = ICE_SUPPLY_EMPTY;
	while (known >= 0 &&
	       !(json_is_string(state) &&
	         strcmp(json_string_value(state), ice_supply_state_name((enum ice_supply_state)known)) == 0))
		known--;
	if (known < 0) {
		record_refuse(in, "state: not one of exact, some, unknown, unlimited, low, empty");
		return;
	}
	s->state = (enum ice_supply_state)known;
	if (percent) {
		s->percent = json_number_value(percent);
		s->has_percent = json_is_number(percent) && s->percent >= 0 && s->percent <= ICE_RECORD_PERCENT_MAX;
		if (!s->has_percent)
			record_refuse(in, "percent: not a number of 0 or more");
	}
}

/* A member that is an array of at most `most` values; NULL when absent or refused. */
static const json_t *record_get_list(struct record_reader *in, const json_t *o, const char *key, size_t most)
{
	const json_t *list = json_object_get(o, key);
	if (!list || in->bad)
		return NULL;
	if (!json_is_array(list) || json_array_size(list) > most) {
		record_refuse(in, "%s: not a list of at most %zu", key, most);
		return NULL;
	}
	return list;
}

static void record_read_lists(struct record_reader *in, const json_t *o)
{
	struct ice_record *r = in->r;
	const json_t *list = record_get_list(in, o, "supplies", ICE_RECORD_SUPPLIES);
	for (size_t i = 0; i < json_array_size(list) && !in->bad; i++) {
		const json_t *row = json_array_get(list, i);
		if (json_is_object(row))
			record_read_supply(in, row, &r->supplies[r->supply_count++]);
		else
			record_refuse(in, "supplies: a row is not an object");
	}
	list = record_get_list(in, o, "errors", ICE_RECORD_ERRORS);
	for (size_t i = 0; i < json_array_size(list) && !in->bad; i++) {
		const char *label = record_take_text(in, json_array_get(list, i), "errors");
		if (label)
			r->errors[r->error_count++] = label;
		else
			record_refuse(in, "errors: an empty one");
	}
	list = record_get_list(in, o, "alerts", ICE_RECORD_ALERTS);
	for (size_t i = 0; i < json_array_size(list) && !in->bad; i++) {
		const json_t *row = json_array_get(list, i);
		struct ice_alert *a = &r->alerts[r->alert_count++];
		if (!json_is_object(row)) {
			record_refuse(in, "alerts: a row is not an object");
			return;
		}
		a->severity = record_get_text(in, row, "severity");
		a->group = record_get_text(in, row, "group");
		a->code = record_get_text(in, row, "code");
		a->training = record_get_text(in, row, "training");
		a->text = record_get_text(in, row, "text");
	}
}

/* "2026-11-22T09:41:00Z" and nothing else of RFC 3339; a day that does not exist is refused. */
static bool record_parse_time(const char *s, time_t *out)
{
	static const char shape[] = "dddd-dd-ddTdd:dd:ddZ";
	struct tm tm = {0};
	char again[ICE_CLOCK_TEXT_SIZE];
	for (size_t i = 0; i < sizeof(shape); i++)
		if (shape[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != shape[i])
			return false;
	if (sscanf(s, "%4d-%2d-%2dT%2d:%2d:%2dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
	           &tm.tm_sec) != 6)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*out = timegm(&tm);
	ice_clock_format(*out, again); /* timegm turns 31 February into a day of March */
	return strcmp(again, s) == 0;
}

static void record_read_time(struct record_reader *in, const json_t *o)
{
	const json_t *value = json_object_get(o, "read_at");
	if (value && (!json_is_string(value) || !record_parse_time(json_string_value(value), &in->r->read_at)))
		record_refuse(in, "read_at: not a time like 2026-11-22T09:41:00Z");
}

bool ice_record_from_value(const json_t *value, struct ice_record *out, char *why, size_t why_size)
{
	/* cppcheck-suppress ctuuninitvar ; only its address is taken, the next line fills it */
	struct record_reader in = {out, why, why_size, false};
	ice_record_init(out);
	if (why_size > 0)
		why[0] = '\0';
	if (!json_is_object(value)) {
		record_refuse(&in, "not an object");
		return false;
	}
	record_read_ip(&in, value);
	record_read_mac(&in, value);
	out->name = record_get_text(&in, value, "name");
	out->make = record_get_text(&in, value, "make");
	out->model = record_get_text(&in, value, "model");
	out->serial = record_get_text(&in, value, "serial");
	out->location = record_get_text(&in, value, "location");
	out->location_tag = record_get_text(&in, value, "location_tag");
	record_read_pages(&in, value);
	record_read_lists(&in, value);
	out->status = record_get_text(&in, value, "status");
	record_read_time(&in, value);
	return !in.bad;
}

bool ice_record_from_json(const char *json, size_t len, struct ice_record *out, char *why, size_t why_size)
{
	json_error_t error;
	json_t *value = json_loadb(json, len, JSON_REJECT_DUPLICATES, &error);
	if (!value) {
		ice_record_init(out);
		snprintf(why, why_size, "%s at byte %d", error.text, error.position);
		return false;
	}
	bool ok = ice_record_from_value(value, out, why, why_size);
	json_decref(value);
	return ok;
}
