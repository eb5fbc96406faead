#include "outbox_list.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ice/clock.h"
#include "ice/text.h"

#include "amount.h"

struct outbox_list {
	enum ice_outbox_list_form form;
	int64_t now;     /* wall seconds */
	bool begun;      /* the table's header is written */
	json_t *batches; /* of the object */
};

/* "12s", "5m", "3h", "40d": how long ago that was; "-" when the clock says that it is yet to come. */
static const char *outbox_list_age(int64_t since, int64_t now, char out[32])
{
	static const struct {
		int64_t seconds;
		char letter;
	} units[] = {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
	size_t i = 0;
	int64_t age = now - since;
	if (age < 0)
		return "-";
	while (i < 3 && age < units[i].seconds)
		i++;
	snprintf(out, 32, "%" PRId64 "%c", age / units[i].seconds, units[i].letter);
	return out;
}

static void outbox_list_line(struct outbox_list *l, const struct ice_outbox_row *row)
{
	char age[32];
	if (!l->begun)
		printf("%10s  %-9s  %8s  %8s  %5s  %-64s  %s\n", "SEQUENCE", "STATE", "READINGS", "BYTES", "AGE", "ID",
		       "REASON");
	l->begun = true;
	printf("%10" PRId64 "  %-9s  %8" PRId64 "  %8" PRId64 "  %5s  %-64s%s", row->sequence,
	       row->set_aside ? "set aside" : "pending", row->readings, row->bytes,
	       outbox_list_age(row->made_at, l->now, age), row->id, *row->reason ? "  " : "");
	ice_text_tell(row->reason, stdout);
	putchar('\n');
}

static void outbox_list_time(json_t *o, const char *key, int64_t at)
{
	char text[ICE_CLOCK_TEXT_SIZE];
	if (at <= 0)
		return;
	ice_clock_format((time_t)at, text);
	json_object_set_new(o, key, json_string(text));
}

json_t *ice_outbox_list_row(const struct ice_outbox_row *row)
{
	json_t *o = json_pack("{s:I, s:s, s:s, s:I, s:I}", "sequence", (json_int_t)row->sequence, "id", row->id,
	                      "state", row->set_aside ? "set aside" : "pending", "readings", (json_int_t)row->readings,
	                      "bytes", (json_int_t)row->bytes);
	if (!o)
		return NULL;
	outbox_list_time(o, "made_at", row->made_at);
	outbox_list_time(o, "set_aside_at", row->set_aside_at);
	if (*row->reason)
		json_object_set_new(o, "reason", json_string(row->reason));
	return o;
}

static void outbox_list_each(const struct ice_outbox_row *row, void *arg)
{
	struct outbox_list *l = arg;
	if (l->form == ICE_OUTBOX_LIST_TABLE) {
		outbox_list_line(l, row);
		return;
	}
	json_t *o = ice_outbox_list_row(row);
	if (o && l->form == ICE_OUTBOX_LIST_JSON) {
		json_array_append_new(l->batches, o);
	} else if (o) {
		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(o);
	}
}

/* "3 batches are pending (12 readings, 900 bytes), 1 is set aside" */
static void outbox_list_sum(const struct ice_outbox_depth *d, const char *path)
{
	char batches[ICE_AMOUNT_SIZE], readings[ICE_AMOUNT_SIZE], bytes[ICE_AMOUNT_SIZE], aside[ICE_AMOUNT_SIZE];
	fprintf(stderr, "%s pending (%s, %s), %s set aside; %s\n",
	        ice_amount_count((uint64_t)d->batches, "batch", "batches", batches),
	        ice_amount_count((uint64_t)d->readings, "reading", "readings", readings),
	        ice_amount_count((uint64_t)d->bytes, "byte", "bytes", bytes),
	        ice_amount_number((uint64_t)d->rejected, aside), path);
}

bool ice_outbox_list(struct ice_outbox *box, const char *path, enum ice_outbox_list_form form)
{
	struct outbox_list l = {.form = form, .now = (int64_t)ice_clock_wall(), .batches = json_array()};
	struct ice_outbox_depth d;
	bool good = ice_outbox_each(box, outbox_list_each, &l);
	ice_outbox_depth(box, &d);
	if (good && form == ICE_OUTBOX_LIST_JSON) {
		json_t *o = json_pack("{s:O, s:I, s:I, s:I, s:I}", "batches", l.batches, "pending",
		                      (json_int_t)d.batches, "readings", (json_int_t)d.readings, "bytes",
		                      (json_int_t)d.bytes, "set_aside", (json_int_t)d.rejected);
		json_object_set_new(o, "path", json_string(path));
		json_dumpf(o, stdout, JSON_INDENT(2));
		putchar('\n');
		json_decref(o);
	} else if (good) {
		outbox_list_sum(&d, path);
	}
	json_decref(l.batches);
	return good;
}
