#include "outbox_bases.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/change.h"
#include "outbox_look.h"

#define BASES_FROM "bases_from" /* settings: a pause outlives a restart */
#define BASES_OF   "bases_of"   /* whose site and which server has them */

bool ice_outbox_bases_open(struct ice_outbox *o)
{
	/* As with the places: on a full disk they live as long as the process. */
	if (!ice_outbox_file_run(o->db, "CREATE TABLE IF NOT EXISTS" OUTBOX_FILE_BASES) &&
	    !ice_outbox_file_run(o->db, "CREATE TEMP TABLE" OUTBOX_FILE_BASES))
		return false;
	return ice_outbox_file_number(o->db, "SELECT count(*) FROM base", &o->bases);
}

void ice_outbox_bases_meet(struct ice_outbox *o, const char *server)
{
	char *from = ice_outbox_get(o, BASES_FROM), *was = ice_outbox_get(o, BASES_OF), *is;
	if (o->base_age == 0)
		goto out;
	if (asprintf(&is, "%s %s", o->site, server) < 0)
		abort();
	o->bases_from = from ? strtoll(from, NULL, 10) : 0;
	if ((!was || strcmp(was, is) != 0) && !(ice_outbox_bases_forget(o) && ice_outbox_set(o, BASES_OF, is)))
		o->base_age = 0;
	free(is);
out:
	free(was);
	free(from);
}

/* The reading as a change of its device's base, malloc'd; NULL when it travels whole: no base, one that is too old or of a later
 * time, or too much has changed. A database that refuses costs bytes. */
static char *bases_change(struct ice_outbox *o, const struct ice_reading *r, size_t *len)
{
	sqlite3_stmt *s = o->statements[OUTBOX_BASE];
	char *change = NULL;
	sqlite3_bind_text(s, 1, r->device, -1, SQLITE_STATIC);
	if (sqlite3_step(s) == SQLITE_ROW) {
		int64_t at = sqlite3_column_int64(s, 0);
		const char *base = (const char *)sqlite3_column_text(s, 1);
		if (base && r->at >= at && r->at - at < o->base_age)
			change = ice_change_make(base, (size_t)sqlite3_column_bytes(s, 1), r->json, r->len, len);
	}
	sqlite3_reset(s);
	return change;
}

struct ice_outbox_wire *ice_outbox_bases_wire(struct ice_outbox *o, const struct ice_reading *const *readings, size_t n)
{
	struct ice_outbox_wire *w = calloc(1, sizeof(*w));
	if (!w)
		abort();
	for (; w->count < n && w->count < ICE_BATCH_READINGS_MAX; w->count++) {
		struct ice_reading *c = &w->changes[w->count];
		w->list[w->count] = readings[w->count];
		if (o->base_age == 0 || !readings[w->count]->json)
			continue;
		c->json = bases_change(o, readings[w->count], &c->len);
		c->change = true;
		if (c->json)
			w->list[w->count] = c;
	}
	return w;
}

size_t ice_outbox_bases_bytes(const struct ice_outbox *o, const struct ice_outbox_wire *w, size_t n)
{
	size_t bytes = 0;
	for (size_t i = 0; i < n && o->base_age > 0; i++)
		bytes += w->list[i]->change || w->list[i]->len > ICE_CHANGE_BASE_MAX ? 0 : w->list[i]->len;
	return bytes;
}

void ice_outbox_bases_unwire(struct ice_outbox_wire *w)
{
	for (size_t i = 0; i < w->count; i++)
		free(w->changes[i].json);
	free(w);
}

/* A pause that would last longer than it was made for comes of a clock that was set back. */
static bool bases_paused(const struct ice_outbox *o, int64_t at)
{
	return at < o->bases_from && o->bases_from - at <= o->base_age;
}

static bool bases_keep(struct ice_outbox *o, const struct ice_reading *r, int64_t *bases)
{
	sqlite3_bind_text(o->statements[OUTBOX_UNBASE], 1, r->device, -1, SQLITE_STATIC);
	if (!ice_outbox_look_step(o, OUTBOX_UNBASE))
		return false;
	*bases -= sqlite3_changes(o->db);
	if (r->len > ICE_CHANGE_BASE_MAX || bases_paused(o, r->at))
		return true;
	sqlite3_bind_text(o->statements[OUTBOX_KEEP_BASE], 1, r->device, -1, SQLITE_STATIC);
	sqlite3_bind_int64(o->statements[OUTBOX_KEEP_BASE], 2, r->at);
	sqlite3_bind_text(o->statements[OUTBOX_KEEP_BASE], 3, r->json, (int)r->len, SQLITE_STATIC);
	++*bases;
	return ice_outbox_look_step(o, OUTBOX_KEEP_BASE);
}

bool ice_outbox_bases_put(struct ice_outbox *o, const struct ice_outbox_wire *w, size_t n, int64_t *bases)
{
	for (size_t i = 0; i < n && o->base_age > 0; i++)
		if (!w->list[i]->change && !bases_keep(o, w->list[i], bases))
			return false;
	if (*bases <= ICE_OUTBOX_BASES)
		return true;
	sqlite3_bind_int64(o->statements[OUTBOX_TRIM_BASES], 1, *bases - ICE_OUTBOX_BASES);
	*bases = ICE_OUTBOX_BASES;
	return ice_outbox_look_step(o, OUTBOX_TRIM_BASES);
}

bool ice_outbox_bases_forget(struct ice_outbox *o)
{
	if (!ice_outbox_look_step(o, OUTBOX_FORGET_BASES))
		return false;
	o->bases = 0;
	return true;
}

void ice_outbox_bases_pause(struct ice_outbox *o, int64_t now)
{
	char text[24];
	if (o->base_age == 0)
		return;
	o->bases_from = now + o->base_age;
	snprintf(text, sizeof(text), "%lld", (long long)o->bases_from);
	/* If it is not kept, the pause ends with the process: that costs a batch more that is set aside. */
	(void)!ice_outbox_set(o, BASES_FROM, text);
}
