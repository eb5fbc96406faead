/* A record to JSON and back, over jansson. */
#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/clock.h"
#include "ice/record.h"
#include "ice/text.h"

/* Beyond this a percent is nonsense, and below it a double prints with one decimal and no noise. */
#define RECORD_PERCENT_MAX 1e12

/* ---- out ------------------------------------------------------------------------------------------------------- */

/* A record's shape is fixed, so it is written straight down; jansson writes the texts that are not plain. Its tree costs 20 us
 * a record (its writer guards every container against loops), more than all the rest of a printer's reading. */
struct record_writer {
	char *bytes;
	size_t len, room;
};

static void record_reserve(struct record_writer *w, size_t n)
{
	if (n <= w->room - w->len)
		return;
	w->room = w->room + n > 2 * w->room ? w->room + n : 2 * w->room;
	w->bytes = realloc(w->bytes, w->room);
	if (!w->bytes)
		abort();
}

static void record_put(struct record_writer *w, const char *s, size_t n)
{
	record_reserve(w, n);
	memcpy(w->bytes + w->len, s, n);
	w->len += n;
}

/* What precedes a value: a comma unless it is the first of its container, and its key unless it stands in a list (NULL). */
static void record_key(struct record_writer *w, const char *key)
{
	if (w->len > 0 && !strchr("{[", w->bytes[w->len - 1]))
		record_put(w, ",", 1);
	if (!key)
		return;
	record_put(w, "\"", 1);
	record_put(w, key, strlen(key));
	record_put(w, "\":", 2);
}

static void record_open(struct record_writer *w, const char *key, const char *bracket)
{
	record_key(w, key);
	record_put(w, bracket, 1);
}

static void record_close(struct record_writer *w, const char *bracket)
{
	record_put(w, bracket, 1);
}

/* Nothing to escape, and nothing that could be wrong as UTF-8. */
static bool record_is_plain(const char *s)
{
	for (; *s; s++)
		if (*s < 0x20 || *s >= 0x7f || *s == '"' || *s == '\\')
			return false;
	return true;
}

/* Text that is not UTF-8 cannot become JSON; nothing in a record is, as it was cleaned, but a caller's slip must not cost the
 * other facts: then the fact is absent. */
static void record_put_text(struct record_writer *w, const char *key, const char *text)
{
	if (!text || !*text)
		return;
	if (record_is_plain(text)) {
		record_key(w, key);
		record_put(w, "\"", 1);
		record_put(w, text, strlen(text));
		record_put(w, "\"", 1);
		return;
	}
	json_t *value = json_string(text);
	if (!value)
		return;
	record_key(w, key);
	size_t n = json_dumpb(value, NULL, 0, JSON_ENCODE_ANY);
	record_reserve(w, n);
	w->len += json_dumpb(value, w->bytes + w->len, n, JSON_ENCODE_ANY);
	json_decref(value);
}

static void record_put_integer(struct record_writer *w, const char *key, int64_t value)
{
	char text[24];
	record_key(w, key);
	record_put(w, text, (size_t)snprintf(text, sizeof(text), "%" PRId64, value));
}

/* 43 and 43.5, never 43.0 or 43.499999: whole tenths, without a float on the way out. */
static void record_put_percent(struct record_writer *w, double percent)
{
	char text[32];
	int64_t tenths = (int64_t)(percent * 10 + 0.5);
	if (tenths % 10 == 0) {
		record_put_integer(w, "percent", tenths / 10);
		return;
	}
	record_key(w, "percent");
	record_put(w, text, (size_t)snprintf(text, sizeof(text), "%" PRId64 ".%" PRId64, tenths / 10, tenths % 10));
}

static void record_put_pages(struct record_writer *w, const struct ice_record *r)
{
	bool any = r->pages_unit && *r->pages_unit;
	for (int i = 0; i < ICE_PAGES_COUNT; i++)
		any |= r->pages[i] >= 0;
	if (!any)
		return;
	record_open(w, "pages", "{");
	for (int i = 0; i < ICE_PAGES_COUNT; i++) {
		if (r->pages[i] >= 0)
			record_put_integer(w, ice_pages_name(i), r->pages[i]);
		if (i == ICE_PAGES_TOTAL)
			record_put_text(w, "unit", r->pages_unit);
	}
	record_close(w, "}");
}

static void record_put_supply(struct record_writer *w, const struct ice_supply *s)
{
	record_open(w, NULL, "{");
	record_put_text(w, "name", s->name);
	record_put_text(w, "type", s->type);
	record_put_text(w, "color", s->color);
	record_put_text(w, "class", s->class);
	record_put_text(w, "state", ice_supply_state_name(s->state));
	if (s->has_percent && s->percent >= 0 && s->percent <= RECORD_PERCENT_MAX)
		record_put_percent(w, s->percent);
	if (s->has_level)
		record_put_integer(w, "level", s->level);
	if (s->has_capacity)
		record_put_integer(w, "capacity", s->capacity);
	record_put_text(w, "unit", s->unit);
	record_close(w, "}");
}

static void record_put_alert(struct record_writer *w, const struct ice_alert *a)
{
	record_open(w, NULL, "{");
	record_put_text(w, "severity", a->severity);
	record_put_text(w, "group", a->group);
	record_put_text(w, "code", a->code);
	record_put_text(w, "training", a->training);
	record_put_text(w, "text", a->text);
	record_close(w, "}");
}

static void record_put_lists(struct record_writer *w, const struct ice_record *r)
{
	if (r->supply_count > 0) {
		record_open(w, "supplies", "[");
		for (size_t i = 0; i < r->supply_count; i++)
			record_put_supply(w, &r->supplies[i]);
		record_close(w, "]");
	}
	record_put_text(w, "status", r->status);
	if (r->error_count > 0) {
		record_open(w, "errors", "[");
		for (size_t i = 0; i < r->error_count; i++)
			record_put_text(w, NULL, r->errors[i]);
		record_close(w, "]");
	}
	if (r->alert_count > 0) {
		record_open(w, "alerts", "[");
		for (size_t i = 0; i < r->alert_count; i++)
			record_put_alert(w, &r->alerts[i]);
		record_close(w, "]");
	}
}

char *ice_record_to_json(const struct ice_record *r, size_t *len)
{
	struct record_writer w = {malloc(1024), 0, 1024};
	if (!w.bytes)
		abort();
	record_put(&w, "{", 1);
	if (r->ip.hi || r->ip.lo) {
		struct ice_address ip = r->ip;
		char text[ICE_ADDRESS_TEXT_SIZE];
		ip.scope = 0;
		record_put_text(&w, "ip", ice_address_format(&ip, text));
	}
	if (r->has_mac) {
		char text[18];
		snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", r->mac[0], r->mac[1], r->mac[2],
		         r->mac[3], r->mac[4], r->mac[5]);
		record_put_text(&w, "mac", text);
	}
	record_put_text(&w, "name", r->name);
	record_put_text(&w, "make", r->make);
	record_put_text(&w, "model", r->model);
	record_put_text(&w, "serial", r->serial);
	record_put_text(&w, "location", r->location);
	record_put_pages(&w, r);
	record_put_lists(&w, r);
	if (r->read_at != 0) {
		char text[ICE_CLOCK_TEXT_SIZE];
		ice_clock_format(r->read_at, text);
		record_put_text(&w, "read_at", text);
	}
	record_put(&w, "}", 2); /* and the NUL */
	*len = w.len - 1;
	return w.bytes;
}

/* ---- in -------------------------------------------------------------------------------------------------------- */

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
		s->has_percent = json_is_number(percent) && s->percent >= 0 && s->percent <= RECORD_PERCENT_MAX;
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
