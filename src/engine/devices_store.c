/* What is known of printers, as it stands in the outbox's database.
 *
 * A place is named by its address. Its note, which is claimed of a reading: "1 IDENTITY PAGES STEADY", with "-" for no steady question. Its state:
 * "1 STATE VERSION CREDENTIAL FIRST-SEEN LAST-SEEN INVENTORIED SILENT RTT ERROR". What is not as it was written is not known. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices_row.h"

static char *store_text(const char *fmt, ...) ICE_PRINTF(1, 2);

static char *store_text(const char *fmt, ...)
{
	char *out;
	va_list args;
	va_start(args, fmt);
	if (vasprintf(&out, fmt, args) < 0)
		abort();
	va_end(args);
	return out;
}

/* ---- writing ---- */

static char *store_place(const struct ice_address *address)
{
	char text[ICE_ADDRESS_TEXT_SIZE];
	return store_text("%s", ice_address_format(address, text));
}

static char *store_state(const struct devices_row *row)
{
	return store_text("1 %s %s %u %" PRId64 " %" PRId64 " %" PRId64 " %u %u %d",
	                  ice_device_state_name((enum ice_device_state)row->state),
	                  row->version == ICE_SNMP_V1 ? "1" : "2c", row->credential, row->first_seen, row->last_seen,
	                  row->inventoried_at, row->silent, row->rtt, row->error);
}

void devices_row_steady(const struct devices_row *row, struct ice_steady *out)
{
	*out = (struct ice_steady){0};
	if (!row->shape)
		return;
	ice_shape_steady(row->shape, out);
	out->version = (enum ice_snmp_version)row->version;
	out->credential = row->credential;
	memcpy(out->values, row->values, sizeof(out->values));
}

static char *store_note(const struct devices_row *row)
{
	char text[ICE_STEADY_TEXT] = "-";
	struct ice_steady steady;
	devices_row_steady(row, &steady);
	if (steady.count > 0)
		ice_steady_format(&steady, text);
	return store_text("1 %016" PRIx64 " %" PRId64 " %s", row->identity, row->pages, text);
}

void ice_devices_reading(const struct ice_devices *d, const struct ice_address *address, struct ice_reading *r)
{
	const struct devices_row *row = devices_row_find(d, address);
	if (!row)
		return;
	r->place = store_place(address);
	r->note = store_note(row);
	r->state = store_state(row);
}

/* The first rows of those that are gone and those that have changed; returns how many, and in *gone how many of them are gone. */
static size_t store_gather(struct ice_devices *d, struct ice_outbox_place *out, size_t *gone)
{
	size_t n = 0;
	const struct devices_row *row;
	for (; n < ICE_DEVICES_SAVE && n < d->gone_count; n++) {
		const struct ice_address *address = &d->gone[d->gone_count - 1 - n];
		const struct devices_row *again = devices_row_find(d, address);
		out[n] = (struct ice_outbox_place){.place = store_place(address),
		                                   .state = again ? store_state(again) : NULL};
	}
	*gone = n;
	for (row = TAILQ_FIRST(&d->changed); row; row = TAILQ_NEXT(row, in_changed)) {
		if (n == ICE_DEVICES_SAVE)
			break;
		out[n++] = (struct ice_outbox_place){.place = store_place(&row->address), .state = store_state(row)};
	}
	return n;
}

bool ice_devices_save(struct ice_devices *d, int64_t wall)
{
	struct ice_outbox_place *places = calloc(ICE_DEVICES_SAVE, sizeof(*places));
	if (!places)
		abort();
	size_t gone, n = store_gather(d, places, &gone);
	bool good = !d->options.outbox || ice_outbox_keep(d->options.outbox, places, n);
	for (size_t i = 0; i < n; i++) {
		free((char *)places[i].place);
		free((char *)places[i].state);
	}
	free(places);
	if (!good)
		return false;
	d->gone_count -= gone;
	for (size_t i = gone; i < n; i++) {
		struct devices_row *row = TAILQ_FIRST(&d->changed);
		TAILQ_REMOVE(&d->changed, row, in_changed);
		row->changed = false;
		row->saved_at = wall;
		d->unsaved--;
	}
	return true;
}

size_t ice_devices_unsaved(const struct ice_devices *d)
{
	return d->gone_count + d->unsaved;
}

/* ---- reading ---- */

static bool store_read_state(const char *text, struct devices_row *row)
{
	char state[16], version[3];
	unsigned error;
	int end = 0;
	if (sscanf(text, "1 %15s %2s %" SCNu16 " %" SCNd64 " %" SCNd64 " %" SCNd64 " %" SCNu32 " %" SCNu32 " %1u%n",
	           state, version, &row->credential, &row->first_seen, &row->last_seen, &row->inventoried_at,
	           &row->silent, &row->rtt, &error, &end) != 9 ||
	    text[end] != '\0')
		return false;
	for (row->state = 0; row->state < ICE_DEVICE_STATES; row->state++)
		if (strcmp(state, ice_device_state_name((enum ice_device_state)row->state)) == 0)
			break;
	row->version = strcmp(version, "1") == 0 ? ICE_SNMP_V1 : ICE_SNMP_V2C;
	row->error = error != 0;
	return row->state < ICE_DEVICE_STATES;
}

/* A note's steady question; the row has none when it cannot be read. */
static void store_read_steady(struct ice_devices *d, struct devices_row *row, const char *text)
{
	struct ice_steady steady;
	if (!ice_steady_parse(text, &steady))
		return;
	row->shape = ice_shapes_hold(d->shapes, &steady);
	memcpy(row->values, steady.values, sizeof(row->values));
}

struct store_loading {
	struct ice_devices *d;
	int64_t wall;
};

void devices_gone(struct ice_devices *d, const struct ice_address *address)
{
	if (d->gone_count == d->gone_room) {
		d->gone_room = d->gone_room ? d->gone_room * 2 : 64;
		d->gone = reallocarray(d->gone, d->gone_room, sizeof(*d->gone));
		if (!d->gone)
			abort();
	}
	d->gone[d->gone_count++] = *address;
}

static void store_load_place(const struct ice_outbox_place *p, void *arg)
{
	struct store_loading *loading = arg;
	struct ice_devices *d = loading->d;
	struct devices_row read = {0}, *row;
	struct ice_address address;
	uint64_t identity;
	int steady = 0;
	if (!ice_address_parse(p->place, &address))
		return;
	size_t leg = 0;
	while (leg < d->options.plan->count && !ice_range_contains(d->options.plan->legs[leg]->range, &address))
		leg++;
	if (leg == d->options.plan->count || !store_read_state(p->state, &read) || devices_row_find(d, &address) ||
	    !(row = devices_row_add(d, leg, &address))) {
		devices_gone(d, &address);
		return;
	}
	row->version = read.version;
	row->credential = read.credential;
	row->first_seen = read.first_seen;
	row->last_seen = read.last_seen;
	row->pulsed_at = row->inventoried_at = read.inventoried_at;
	row->silent = read.silent;
	row->rtt = read.rtt;
	row->error = read.error;
	row->moved = read.state == ICE_DEVICE_MOVED;
	row->misses = read.silent > 0 ? ICE_DEVICES_MISSES : 0;
	row->heard_at = row->saved_at = loading->wall;
	if (sscanf(p->note, "1 %16" SCNx64 " %" SCNd64 " %n", &identity, &row->pages, &steady) == 2 && steady > 0) {
		row->read_at = p->read_at;
		devices_row_identify(d, row, identity);
		store_read_steady(d, row, p->note + steady);
	}
	devices_row_state(d, row, (enum ice_device_state)read.state);
}

void devices_store_load(struct ice_devices *d, int64_t wall)
{
	struct store_loading loading = {d, wall};
	if (!d->options.outbox)
		return;
	d->unread = ice_outbox_unread_count(d->options.outbox);
	ice_outbox_places(d->options.outbox, store_load_place, &loading);
}
