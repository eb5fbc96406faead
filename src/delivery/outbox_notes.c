#include "outbox_notes.h"

#include <sqlite3.h>

#include "outbox_bases.h"
#include "outbox_look.h"
#include "outbox_places.h"

bool ice_outbox_notes_open(struct ice_outbox *o)
{
	/* A database of before there were notes, on a full disk, must open all the same: they then live as long as the process. */
	if (!ice_outbox_file_run(o->db, "CREATE TABLE IF NOT EXISTS" OUTBOX_FILE_NOTES) &&
	    !ice_outbox_file_run(o->db, "CREATE TEMP TABLE" OUTBOX_FILE_NOTES))
		return false;
	return ice_outbox_file_number(o->db, "SELECT count(*) FROM note", &o->notes);
}

static bool notes_put(struct ice_outbox *o, const struct ice_reading *r, int64_t *notes)
{
	sqlite3_bind_text(o->statements[OUTBOX_UNNOTE], 1, r->place, -1, SQLITE_STATIC);
	sqlite3_bind_text(o->statements[OUTBOX_UNNOTE], 2, r->device, -1, SQLITE_STATIC);
	if (!ice_outbox_look_step(o, OUTBOX_UNNOTE))
		return false;
	*notes -= sqlite3_changes(o->db);
	if (!r->place || !r->note || r->state)
		return true;
	sqlite3_bind_text(o->statements[OUTBOX_NOTE], 1, r->place, -1, SQLITE_STATIC);
	sqlite3_bind_text(o->statements[OUTBOX_NOTE], 2, r->device, -1, SQLITE_STATIC);
	sqlite3_bind_int64(o->statements[OUTBOX_NOTE], 3, r->at);
	sqlite3_bind_text(o->statements[OUTBOX_NOTE], 4, r->note, -1, SQLITE_STATIC);
	++*notes;
	return ice_outbox_look_step(o, OUTBOX_NOTE);
}

bool ice_outbox_notes_put(struct ice_outbox *o, const struct ice_reading *const *readings, size_t n, int64_t *notes)
{
	for (size_t i = 0; i < n; i++)
		if (!notes_put(o, readings[i], notes))
			return false;
	if (*notes <= ICE_OUTBOX_NOTES)
		return true;
	sqlite3_bind_int64(o->statements[OUTBOX_TRIM], 1, *notes - ICE_OUTBOX_NOTES);
	*notes = ICE_OUTBOX_NOTES;
	return ice_outbox_look_step(o, OUTBOX_TRIM);
}

bool ice_outbox_forget_kept(struct ice_outbox *o)
{
	if (!ice_outbox_look_step(o, OUTBOX_FORGET_NOTES) || !ice_outbox_bases_forget(o) ||
	    !ice_outbox_places_unread(o)) {
		(void)ice_outbox_look_failed(o, "forgetting what is known of printers");
		return false;
	}
	o->notes = 0;
	return true;
}

void ice_outbox_kept(struct ice_outbox *o, const char *prefix, int64_t from, int64_t to, ice_outbox_note_fn *each,
                     void *arg)
{
	sqlite3_stmt *s = o->statements[OUTBOX_KEPT];
	sqlite3_bind_text(s, 1, prefix, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 2, from);
	sqlite3_bind_int64(s, 3, to);
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *place = (const char *)sqlite3_column_text(s, 0),
		           *note = (const char *)sqlite3_column_text(s, 1);
		if (place && note)
			each(place, note, sqlite3_column_int64(s, 2), arg);
	}
	sqlite3_reset(s);
}
