/* A record as JSON. */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/clock.h"
#include "ice/record.h"

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
	if (s->has_percent && s->percent >= 0 && s->percent <= ICE_RECORD_PERCENT_MAX)
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
