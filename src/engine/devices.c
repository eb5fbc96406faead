#include "devices.h"

#include <stdlib.h>
#include <string.h>

#include "ice/log.h"
#include "ice/record.h"

#include "devices_row.h"

const char *ice_device_state_name(enum ice_device_state s)
{
	static const char *const names[ICE_DEVICE_STATES] = {"new", "normal", "asleep", "missing", "moved", "retired"};
	return names[s];
}

/* ---- rows ---- */

static struct devices_bucket *devices_at(const struct ice_devices *d, const struct ice_address *a)
{
	uint64_t h = (a->lo ^ a->hi ^ a->scope) * UINT64_C(0x9e3779b97f4a7c15);
	return (struct devices_bucket *)&d->by_address[h >> 48 & (DEVICES_BUCKETS - 1)];
}

struct devices_row *devices_row_find(const struct ice_devices *d, const struct ice_address *address)
{
	struct devices_row *row;
	for (row = LIST_FIRST(devices_at(d, address)); row; row = LIST_NEXT(row, by_address))
		if (ice_address_same(&row->address, address))
			break;
	return row;
}

void devices_row_identify(struct ice_devices *d, struct devices_row *row, uint64_t identity)
{
	if (row->identity)
		LIST_REMOVE(row, by_identity);
	row->identity = identity;
	if (identity)
		LIST_INSERT_HEAD(&d->by_identity[identity & (DEVICES_BUCKETS - 1)], row, by_identity);
}

void devices_row_state(struct ice_devices *d, struct devices_row *row, enum ice_device_state state)
{
	if (row->state < ICE_DEVICE_STATES)
		d->counts[row->leg][row->state]--;
	if (state < ICE_DEVICE_STATES)
		d->counts[row->leg][state]++;
	row->state = (uint8_t)state;
}

void devices_row_changed(struct ice_devices *d, struct devices_row *row)
{
	if (row->changed)
		return;
	row->changed = true;
	TAILQ_INSERT_TAIL(&d->changed, row, in_changed);
	d->unsaved++;
}

static void devices_look(const struct devices_row *row, struct ice_device *out)
{
	*out = (struct ice_device){
	        .address = row->address,
	        .leg = row->leg,
	        .state = (enum ice_device_state)row->state,
	        .error = row->error,
	        .steady = row->shape != NULL,
	        .identity = row->identity,
	        .first_seen = row->first_seen,
	        .last_seen = row->last_seen,
	        .read_at = row->read_at,
	        .silent = row->silent,
	        .pages = row->pages,
	        .version = (enum ice_snmp_version)row->version,
	        .credential = row->credential,
	        .rtt = row->rtt,
	};
}

/* The one place where a state changes. */
static void devices_enter(struct ice_devices *d, struct devices_row *row, enum ice_device_state state)
{
	struct ice_device seen;
	enum ice_device_state from = (enum ice_device_state)row->state;
	if (from == state)
		return;
	devices_row_state(d, row, state);
	devices_row_changed(d, row);
	devices_look(row, &seen);
	if (d->options.changed)
		d->options.changed(&seen, from, d->options.arg);
}

/* Out of every list, out of the database with the next save. */
static void devices_forget(struct ice_devices *d, struct devices_row *row)
{
	devices_enter(d, row, ICE_DEVICE_STATES);
	devices_row_identify(d, row, 0);
	LIST_REMOVE(row, by_address);
	TAILQ_REMOVE(&d->legs[row->leg], row, in_leg);
	if (row->changed) {
		TAILQ_REMOVE(&d->changed, row, in_changed);
		d->unsaved--;
	}
	devices_gone(d, &row->address);
	ice_shapes_drop(d->shapes, row->shape);
	free(row);
	d->count--;
}

/* Makes room by the retired or moved printer that was silent for longest. */
static bool devices_make_room(struct ice_devices *d)
{
	struct devices_row *row, *least = NULL;
	for (size_t leg = 0; leg < d->options.plan->count; leg++) {
		if (d->counts[leg][ICE_DEVICE_RETIRED] + d->counts[leg][ICE_DEVICE_MOVED] == 0)
			continue;
		for (row = TAILQ_FIRST(&d->legs[leg]); row; row = TAILQ_NEXT(row, in_leg))
			if ((row->state == ICE_DEVICE_RETIRED || row->state == ICE_DEVICE_MOVED) &&
			    (!least || row->silent > least->silent))
				least = row;
	}
	if (least)
		devices_forget(d, least);
	else if (!d->crowded)
		ICE_LOG(ICE_LOG_WARN, "more printers than can be known: the sweep alone looks after the rest",
		        ice_field_int("known", ICE_DEVICES));
	d->crowded = !least;
	return least != NULL;
}

struct devices_row *devices_row_add(struct ice_devices *d, size_t leg, const struct ice_address *address)
{
	if (d->count == ICE_DEVICES && !devices_make_room(d))
		return NULL;
	struct devices_row *row = calloc(1, sizeof(*row));
	if (!row)
		abort();
	row->address = *address;
	row->leg = (uint16_t)leg;
	row->state = ICE_DEVICE_STATES;
	row->pages = -1;
	row->version = ICE_SNMP_V2C;
	LIST_INSERT_HEAD(devices_at(d, address), row, by_address);
	TAILQ_INSERT_TAIL(&d->legs[leg], row, in_leg);
	d->count++;
	return row;
}

/* ---- what happened ---- */

static uint64_t devices_identity(const struct ice_record *record)
{
	char text[ICE_RECORD_IDENTITY_SIZE];
	uint64_t h = UINT64_C(0xcbf29ce484222325);
	ice_record_identity(record, text);
	if (*text == '\0' || strncmp(text, "ip/", 3) == 0)
		return 0;
	for (const char *p = text; *p; p++)
		h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
	return h ? h : 1;
}

/* What stops a printer or wants somebody soon; that something runs low can wait for the next reading. */
static bool devices_in_error(const struct ice_record *r)
{
	static const char *const errors[] = {"noPaper",          "noToner",           "doorOpen",
	                                     "jammed",           "offline",           "serviceRequested",
	                                     "inputTrayMissing", "outputTrayMissing", "markerSupplyMissing",
	                                     "outputFull"};
	bool error = r->status && strcmp(r->status, "down") == 0;
	for (size_t i = 0; i < r->error_count; i++)
		for (size_t k = 0; k < sizeof(errors) / sizeof(*errors); k++)
			error |= strcmp(r->errors[i], errors[k]) == 0;
	for (size_t i = 0; i < r->alert_count; i++)
		error |= r->alerts[i].severity && strcmp(r->alerts[i].severity, "critical") == 0;
	return error;
}

/* Another row of the same printer that is not given up; NULL when there is none. */
static struct devices_row *devices_elsewhere(const struct ice_devices *d, const struct devices_row *here)
{
	struct devices_row *row;
	for (row = LIST_FIRST(&d->by_identity[here->identity & (DEVICES_BUCKETS - 1)]); row;
	     row = LIST_NEXT(row, by_identity))
		if (row != here && row->identity == here->identity && !row->moved)
			return row;
	return NULL;
}

/* The printer was read here. Where it was before is told as moved; but one that has moved from here, and answers there as well, stays
 * there. */
static void devices_settle(struct ice_devices *d, struct devices_row *here)
{
	struct devices_row *other = here->identity ? devices_elsewhere(d, here) : NULL;
	if (here->moved && other && other->misses < ICE_DEVICES_MISSES)
		return;
	here->moved = false;
	if (!other)
		return;
	other->moved = true;
	other->read_at = 0; /* what the server has of it is now what was read here */
	devices_enter(d, other, ICE_DEVICE_MOVED);
}

/* It answered: the state that follows from it. */
static void devices_answered(struct ice_devices *d, struct devices_row *row, const struct ice_finding *f, int64_t wall)
{
	row->last_seen = row->heard_at = wall;
	row->silent = 0;
	row->misses = 0;
	row->version = (uint8_t)f->version;
	row->credential = f->credential;
	if (f->rtt >= 0)
		row->rtt = (uint32_t)(row->rtt ? ((uint64_t)row->rtt * 7 + (uint64_t)f->rtt) / 8 : (uint64_t)f->rtt);
	int64_t known = wall - row->first_seen;
	if (row->moved)
		devices_enter(d, row, ICE_DEVICE_MOVED);
	else
		devices_enter(d, row, known >= 0 && known < ICE_DEVICES_NEW ? ICE_DEVICE_NEW : ICE_DEVICE_NORMAL);
}

/* Forgets what was known of the printer at this address, for another one stands there. */
static void devices_begin(struct ice_devices *d, struct devices_row *row, int64_t wall)
{
	devices_enter(d, row, ICE_DEVICE_STATES);
	row->first_seen = wall;
	row->read_at = 0;
	row->pages = -1;
	row->moved = false;
}

static void devices_take_steady(struct ice_devices *d, struct devices_row *row, const struct ice_steady *steady)
{
	struct ice_shape *shape = steady && steady->count > 0 ? ice_shapes_hold(d->shapes, steady) : NULL;
	ice_shapes_drop(d->shapes, row->shape);
	row->shape = shape;
	if (shape)
		memcpy(row->values, steady->values, sizeof(row->values));
}

/* A printer was read, in part or in full. Who it is, is believed of a full reading alone. */
static void devices_read(struct ice_devices *d, size_t leg, const struct ice_finding *f, int64_t wall)
{
	struct ice_record *record = f->record;
	struct devices_row *row = devices_row_find(d, &f->address);
	uint64_t identity = f->complete ? devices_identity(record) : 0;
	if (!row) {
		row = devices_row_add(d, leg, &f->address);
		if (!row)
			return;
		devices_begin(d, row, wall);
	} else if (identity && row->identity && identity != row->identity) {
		devices_begin(d, row, wall);
	}
	if (identity && identity != row->identity)
		devices_row_identify(d, row, identity);
	ice_record_since(record, row->pages, row->read_at > 0 ? wall - row->read_at : -1);
	if (record->pages[ICE_PAGES_TOTAL] >= 0)
		row->pages = record->pages[ICE_PAGES_TOTAL];
	row->error = devices_in_error(record);
	devices_take_steady(d, row, f->steady);
	devices_settle(d, row);
	devices_answered(d, row, f, wall);
	row->read_at = f->complete ? wall : 0;
	devices_row_changed(d, row);
}

/* The state that follows from silence. */
static void devices_missed(struct ice_devices *d, struct devices_row *row, int64_t wall)
{
	const struct ice_devices_options *o = &d->options;
	int64_t since = wall - row->heard_at;
	since = since < 0 ? 0 : since > ICE_DEVICES_SILENCE ? ICE_DEVICES_SILENCE : since;
	int64_t silent = row->silent + since, forget = row->moved ? o->retired_after : ICE_DEVICES_FORGET;
	row->silent = (uint32_t)(silent < UINT32_MAX ? silent : UINT32_MAX);
	row->heard_at = wall;
	row->misses += row->misses < ICE_DEVICES_MISSES;
	if ((row->moved || row->state == ICE_DEVICE_RETIRED) && silent >= forget)
		devices_forget(d, row);
	else if (row->moved || row->misses < ICE_DEVICES_MISSES)
		return;
	else if (silent >= o->retired_after)
		devices_enter(d, row, ICE_DEVICE_RETIRED);
	else
		devices_enter(d, row, silent >= o->missing_after ? ICE_DEVICE_MISSING : ICE_DEVICE_ASLEEP);
}

void ice_devices_heard(struct ice_devices *d, size_t leg, const struct ice_finding *finding, int64_t wall)
{
	struct devices_row *row = devices_row_find(d, &finding->address);
	bool stale = row && (wall - row->saved_at >= 3600 || wall < row->saved_at);
	if (finding->outcome == ICE_OUTCOME_PRINTER && finding->record) {
		devices_read(d, leg, finding, wall);
		return;
	}
	if (!row)
		return;
	/* Times alone are written down once an hour. */
	if (stale)
		devices_row_changed(d, row);
	if (finding->outcome == ICE_OUTCOME_SILENT || finding->outcome == ICE_OUTCOME_DEVICE)
		devices_missed(d, row, wall);
	else
		devices_answered(d, row, finding, wall);
}

/* ---- looking ---- */

bool ice_devices_find(const struct ice_devices *d, const struct ice_address *address, struct ice_device *out)
{
	const struct devices_row *row = devices_row_find(d, address);
	if (row)
		devices_look(row, out);
	return row != NULL;
}

size_t ice_devices_count(const struct ice_devices *d, size_t leg, enum ice_device_state state)
{
	return d->counts[leg][state];
}

void ice_devices_each(const struct ice_devices *d, size_t leg, ice_devices_fn *each, void *arg)
{
	const struct devices_row *row;
	for (row = TAILQ_FIRST(&d->legs[leg]); row; row = TAILQ_NEXT(row, in_leg)) {
		struct ice_device seen;
		devices_look(row, &seen);
		each(&seen, arg);
	}
}

struct ice_devices *ice_devices_new(const struct ice_devices_options *options, int64_t wall)
{
	struct ice_devices *d = calloc(1, sizeof(*d));
	if (!d)
		abort();
	d->options = *options;
	d->shapes = ice_shapes_new();
	for (size_t i = 0; i < ICE_PLAN_LEGS; i++)
		TAILQ_INIT(&d->legs[i]);
	TAILQ_INIT(&d->changed);
	devices_store_load(d, wall);
	return d;
}

void ice_devices_free(struct ice_devices *d)
{
	struct devices_row *row;
	if (!d)
		return;
	for (size_t i = 0; i < ICE_PLAN_LEGS; i++)
		while ((row = TAILQ_FIRST(&d->legs[i]))) {
			TAILQ_REMOVE(&d->legs[i], row, in_leg);
			free(row);
		}
	ice_shapes_free(d->shapes);
	free(d->gone);
	free(d);
}
