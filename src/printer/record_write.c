/* A record as JSON. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/clock.h"
#include "ice/record.h"
#include "ice/text.h"

/* With arguments like these jansson answers NULL or -1 only when memory is out. */
static void record_set(json_t *object, const char *key, json_t *value)
{
	if (!value || json_object_set_new_nocheck(object, key, value) != 0)
		abort();
}

static void record_append(json_t *array, json_t *value)
{
	if (!value || json_array_append_new(array, value) != 0)
		abort();
}

/* Text that is not UTF-8 cannot become JSON; nothing in a record is, as it was cleaned, but a caller's slip must not cost the
 * other facts: then the fact is absent. */
static void record_set_text(json_t *object, const char *key, const char *text)
{
	if (text && *text && ice_text_is_utf8((const uint8_t *)text, strlen(text)))
		record_set(object, key, json_string(text));
}

/* What json_dumps would do, but for one thing: when memory is out in the middle, jansson's own buffer goes on without the piece. */
struct record_text {
	char *at;
	size_t len, room;
};

static int record_dump(const char *bytes, size_t n, void *arg)
{
	struct record_text *t = arg;
	if (n >= t->room - t->len) {
		t->room = 2 * (t->len + n) + 1024;
		t->at = realloc(t->at, t->room);
		if (!t->at)
			abort();
	}
	memcpy(t->at + t->len, bytes, n);
	t->len += n;
	return 0;
}

/* "since" is told of a total that is there, and with what it says. */
static void record_set_since(json_t *pages, const struct ice_record *r)
{
	json_t *since;
	if (r->pages_since == ICE_PAGES_SINCE_NOTHING || r->pages[ICE_PAGES_TOTAL] < 0)
		return;
	record_set(pages, "since", since = json_object());
	record_set_text(since, "kind", ice_pages_since_name(r->pages_since));
	record_set(since, "from", json_integer(r->pages_from));
	if (r->pages_since == ICE_PAGES_SINCE_WRAP)
		record_set(since, "modulus", json_integer(r->pages_modulus));
}

static json_t *record_pages_json(const struct ice_record *r)
{
	json_t *pages = json_object();
	for (int i = 0; i < ICE_PAGES_COUNT; i++) {
		if (r->pages[i] >= 0)
			record_set(pages, ice_pages_name(i), json_integer(r->pages[i]));
		if (i == ICE_PAGES_TOTAL)
			record_set_text(pages, "unit", r->pages_unit);
	}
	record_set_since(pages, r);
	return pages;
}

/* 43 and 43.5, never 43.0 or 43.499999: whole numbers as integers, the rest rounded to its one decimal. */
static json_t *record_percent_json(double percent)
{
	int64_t tenths = (int64_t)(percent * 10 + 0.5);
	return tenths % 10 == 0 ? json_integer(tenths / 10) : json_real((double)tenths / 10);
}

static json_t *record_supply_json(const struct ice_supply *s)
{
	json_t *o = json_object();
	record_set_text(o, "name", s->name);
	record_set_text(o, "type", s->type);
	record_set_text(o, "color", s->color);
	record_set_text(o, "class", s->class);
	record_set_text(o, "state", ice_supply_state_name(s->state));
	if (s->has_percent && s->percent >= 0 && s->percent <= ICE_RECORD_PERCENT_MAX)
		record_set(o, "percent", record_percent_json(s->percent));
	if (s->has_level)
		record_set(o, "level", json_integer(s->level));
	if (s->has_capacity)
		record_set(o, "capacity", json_integer(s->capacity));
	record_set_text(o, "unit", s->unit);
	return o;
}

static json_t *record_alert_json(const struct ice_alert *a)
{
	json_t *o = json_object();
	record_set_text(o, "severity", a->severity);
	record_set_text(o, "group", a->group);
	record_set_text(o, "code", a->code);
	record_set_text(o, "training", a->training);
	record_set_text(o, "text", a->text);
	return o;
}

static void record_set_lists(json_t *o, const struct ice_record *r)
{
	json_t *list;
	if (r->supply_count > 0) {
		record_set(o, "supplies", list = json_array());
		for (size_t i = 0; i < r->supply_count; i++)
			record_append(list, record_supply_json(&r->supplies[i]));
	}
	record_set_text(o, "status", r->status);
	if (r->error_count > 0) {
		record_set(o, "errors", list = json_array());
		for (size_t i = 0; i < r->error_count; i++)
			record_append(list, json_string(r->errors[i])); /* labels of our own tables */
	}
	if (r->alert_count > 0) {
		record_set(o, "alerts", list = json_array());
		for (size_t i = 0; i < r->alert_count; i++)
			record_append(list, record_alert_json(&r->alerts[i]));
	}
}

char *ice_record_to_json(const struct ice_record *r, size_t *len)
{
	json_t *o = json_object();
	if (!o)
		abort();
	if (r->ip.hi || r->ip.lo) {
		struct ice_address ip = r->ip;
		char text[ICE_ADDRESS_TEXT_SIZE];
		ip.scope = 0;
		record_set_text(o, "ip", ice_address_format(&ip, text));
	}
	if (r->has_mac) {
		char text[18];
		snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", r->mac[0], r->mac[1], r->mac[2],
		         r->mac[3], r->mac[4], r->mac[5]);
		record_set_text(o, "mac", text);
	}
	record_set_text(o, "name", r->name);
	record_set_text(o, "make", r->make);
	record_set_text(o, "model", r->model);
	record_set_text(o, "serial", r->serial);
	record_set_text(o, "location", r->location);
	record_set_text(o, "location_tag", r->location_tag);
	json_t *pages = record_pages_json(r);
	if (json_object_size(pages) > 0)
		record_set(o, "pages", pages);
	else
		json_decref(pages);
	record_set_lists(o, r);
	if (r->read_at != 0) {
		char text[ICE_CLOCK_TEXT_SIZE];
		ice_clock_format(r->read_at, text);
		record_set_text(o, "read_at", text);
	}
	/* Fifteen digits are what a double holds of any decimal: 43.3 comes out as it went in. */
	struct record_text text = {0};
	if (json_dump_callback(o, record_dump, &text, JSON_COMPACT | JSON_REAL_PRECISION(15)) != 0)
		abort();
	json_decref(o);
	text.at[text.len] = '\0';
	*len = text.len;
	return text.at;
}
