#include "outbox_places.h"

#include <sqlite3.h>

#include "outbox_look.h"

bool ice_outbox_places_open(struct ice_outbox *o)
{
	/* A database of before there were places, on a full disk, must open all the same: they then live as long as the process. */
	return ice_outbox_file_run(o->db, "CREATE TABLE IF NOT EXISTS" OUTBOX_FILE_PLACES
	                                  "CREATE INDEX IF NOT EXISTS" OUTBOX_FILE_PLACES_INDEX) ||
	       ice_outbox_file_run(o->db, "CREATE TEMP TABLE IF NOT EXISTS" OUTBOX_FILE_PLACES);
}

static void places_text(struct ice_outbox *o, enum outbox_statement which, int at, const char *text)
{
	sqlite3_bind_text(o->statements[which], at, text, -1, SQLITE_STATIC);
}

/* A reading's place; what was read of the same printer elsewhere counts no more. */
static bool places_put(struct ice_outbox *o, const struct ice_reading *r)
{
	places_text(o, OUTBOX_ELSEWHERE, 1, r->device);
	places_text(o, OUTBOX_ELSEWHERE, 2, r->place);
	places_text(o, OUTBOX_PLACE, 1, r->place);
	places_text(o, OUTBOX_PLACE, 2, r->device);
	sqlite3_bind_int64(o->statements[OUTBOX_PLACE], 3, r->at);
	places_text(o, OUTBOX_PLACE, 4, r->note ? r->note : "");
	places_text(o, OUTBOX_PLACE, 5, r->state);
	return ice_outbox_look_step(o, OUTBOX_ELSEWHERE) && ice_outbox_look_step(o, OUTBOX_PLACE);
}

bool ice_outbox_places_put(struct ice_outbox *o, const struct ice_reading *const *readings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (readings[i]->place && readings[i]->state && !places_put(o, readings[i]))
			return false;
	return true;
}

static bool places_keep(struct ice_outbox *o, const struct ice_outbox_place *p)
{
	enum outbox_statement which = p->state ? OUTBOX_KEEP : OUTBOX_LEAVE;
	places_text(o, which, 1, p->place);
	if (p->state)
		places_text(o, which, 2, p->state);
	return ice_outbox_look_step(o, which);
}

bool ice_outbox_keep(struct ice_outbox *o, const struct ice_outbox_place *places, size_t n)
{
	bool good = n == 0 || ice_outbox_look_begin(o);
	for (size_t i = 0; i < n && good; i++)
		good = places_keep(o, &places[i]);
	good = good && (n == 0 || ice_outbox_look_commit(o));
	if (!good) {
		(void)ice_outbox_look_failed(o, "keeping what is known of printers");
		ice_outbox_look_rollback(o);
	}
	return good;
}

void ice_outbox_places(struct ice_outbox *o, ice_outbox_place_fn *each, void *arg)
{
	sqlite3_stmt *s = o->statements[OUTBOX_PLACES];
	while (sqlite3_step(s) == SQLITE_ROW) {
		struct ice_outbox_place p = {
		        .place = (const char *)sqlite3_column_text(s, 0),
		        .read_at = sqlite3_column_int64(s, 1),
		        .note = (const char *)sqlite3_column_text(s, 2),
		        .state = (const char *)sqlite3_column_text(s, 3),
		};
		if (p.place && p.note && p.state)
			each(&p, arg);
	}
	sqlite3_reset(s);
}

bool ice_outbox_places_unread(struct ice_outbox *o)
{
	if (!ice_outbox_look_step(o, OUTBOX_UNREAD))
		return false;
	o->unread++;
	return true;
}

uint64_t ice_outbox_unread_count(const struct ice_outbox *o)
{
	return o->unread;
}
