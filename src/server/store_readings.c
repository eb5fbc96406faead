/* Batches into the store: readings, their devices, and changes that wait for their base; and old readings out of it. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "store_sqlite.h"

/* Changes that waited and become readings in one transaction, some tenths of a second: so many, or, where they are long, those with
 * which so many bytes are reached. The next put goes on. */
#define READINGS_MEND       1000
#define READINGS_MEND_BYTES (256 << 10)

#define READINGS_FORGET 500 /* looked at in one call: some milliseconds */

/* Whose reading it is, and when it came. */
struct readings_origin {
	int64_t site, batch, received_at;
};

/* Finds or makes the device of a reading, and keeps its latest record. */
static enum fm_store_result readings_put_device(struct fm_sqlite *s, int64_t site, const struct fm_reading *r,
                                                int64_t seen, int64_t *device)
{
	sqlite3_stmt *q = fm_store_sqlite_number(s->query[QUERY_DEVICE_GET], 1, site);
	fm_store_sqlite_text(q, 2, r->identity, strlen(r->identity));
	enum fm_store_result result = fm_store_sqlite_row(s, QUERY_DEVICE_GET);
	*device = sqlite3_column_int64(q, 0);
	int64_t last_seen = sqlite3_column_int64(q, 1);
	fm_store_sqlite_done(s, QUERY_DEVICE_GET);

	if (result == FM_STORE_NONE) {
		q = fm_store_sqlite_number(s->query[QUERY_DEVICE_ADD], 1, site);
		fm_store_sqlite_text(q, 2, r->identity, strlen(r->identity));
		fm_store_sqlite_text(q, 3, r->ip, strlen(r->ip));
		fm_store_sqlite_number(q, 4, seen);
		fm_store_sqlite_text(q, 5, r->json, r->len);
		result = fm_store_sqlite_run(s, QUERY_DEVICE_ADD);
		*device = sqlite3_last_insert_rowid(s->db);
		return result;
	}
	if (result != FM_STORE_OK)
		return result;
	/* A batch that was held up for weeks must not put old facts over new ones. */
	if (seen >= last_seen) {
		q = fm_store_sqlite_number(s->query[QUERY_DEVICE_NEWER], 1, *device);
		fm_store_sqlite_text(q, 2, r->ip, strlen(r->ip));
		fm_store_sqlite_number(q, 3, seen);
		fm_store_sqlite_text(q, 4, r->json, r->len);
		return fm_store_sqlite_run(s, QUERY_DEVICE_NEWER);
	}
	fm_store_sqlite_number(fm_store_sqlite_number(s->query[QUERY_DEVICE_OLDER], 1, *device), 2, seen);
	return fm_store_sqlite_run(s, QUERY_DEVICE_OLDER);
}

/* One record. Changes that waited for it are ready from now on. */
static enum fm_store_result readings_put_record(struct fm_sqlite *s, const struct readings_origin *from,
                                                const struct fm_reading *r)
{
	int64_t device, now = from->received_at;
	int64_t seen = r->read_at == 0 || r->read_at > now ? now : r->read_at;
	enum fm_store_result result = readings_put_device(s, from->site, r, seen, &device);
	if (result != FM_STORE_OK)
		return result;
	sqlite3_stmt *q = fm_store_sqlite_number(s->query[QUERY_READING_ADD], 1, from->batch);
	fm_store_sqlite_number(q, 2, device);
	fm_store_sqlite_number(q, 3, r->read_at ? r->read_at : now);
	fm_store_sqlite_text(q, 4, r->json, r->len);
	if (r->name[0])
		fm_store_sqlite_text(q, 5, r->name, strlen(r->name));
	if (r->raw)
		fm_store_sqlite_text(q, 6, r->raw, r->raw_len);
	result = fm_store_sqlite_run(s, QUERY_READING_ADD);
	if (result != FM_STORE_OK || !r->name[0])
		return result;
	q = fm_store_sqlite_number(s->query[QUERY_WAITING_READY], 1, from->site);
	fm_store_sqlite_text(q, 2, r->name, strlen(r->name));
	return fm_store_sqlite_run(s, QUERY_WAITING_READY);
}

/* One change: OK when it became a record, NONE when its base is not here, UNFIT when it does not fit it. */
static enum fm_store_result readings_put_change(struct fm_sqlite *s, const struct readings_origin *from,
                                                const char *base, const char *change, size_t len)
{
	struct fm_reading rebuilt = {0};
	char why[160];
	sqlite3_stmt *q = fm_store_sqlite_number(s->query[QUERY_BASE_GET], 1, from->site);
	fm_store_sqlite_text(q, 2, base, strlen(base));
	enum fm_store_result result = fm_store_sqlite_row(s, QUERY_BASE_GET);
	const char *json = fm_store_sqlite_column(q, 0);
	if (result == FM_STORE_OK && !fm_reading_rebuild(&rebuilt, json, strlen(json), change, len, why, sizeof(why))) {
		snprintf(s->error, sizeof(s->error), "a change of %s: %s", base, why);
		result = FM_STORE_UNFIT;
	}
	fm_store_sqlite_done(s, QUERY_BASE_GET);
	if (result == FM_STORE_OK)
		result = readings_put_record(s, from, &rebuilt);
	fm_reading_free(&rebuilt);
	return result;
}

static enum fm_store_result readings_wait(struct fm_sqlite *s, const struct readings_origin *from,
                                          const struct fm_reading *r)
{
	sqlite3_stmt *q = fm_store_sqlite_number(s->query[QUERY_WAITING_ADD], 1, from->site);
	fm_store_sqlite_text(q, 2, r->base, strlen(r->base));
	fm_store_sqlite_number(q, 3, from->batch);
	fm_store_sqlite_text(q, 4, r->json, r->len);
	return fm_store_sqlite_run(s, QUERY_WAITING_ADD);
}

static enum fm_store_result readings_put_all(struct fm_sqlite *s, const struct readings_origin *from,
                                             const struct fm_batch *batch, struct fm_store_tally *tally)
{
	enum fm_store_result result = FM_STORE_OK;
	for (size_t i = 0; i < batch->count && result == FM_STORE_OK; i++) {
		const struct fm_reading *r = &batch->readings[i];
		if (!r->base[0]) {
			result = readings_put_record(s, from, r);
			continue;
		}
		result = readings_put_change(s, from, r->base, r->json, r->len);
		if (result != FM_STORE_NONE)
			continue;
		result = readings_wait(s, from, r);
		tally->waiting++;
	}
	return result;
}

/* Makes a reading of the oldest change whose base has come, and adds its length. NONE: there is none. */
static enum fm_store_result readings_mend_one(struct fm_sqlite *s, struct fm_store_tally *tally, size_t *bytes)
{
	sqlite3_stmt *q = s->query[QUERY_WAITING_GET];
	enum fm_store_result result = fm_store_sqlite_row(s, QUERY_WAITING_GET);
	int64_t row = sqlite3_column_int64(q, 0);
	if (result == FM_STORE_OK) {
		struct readings_origin from = {.site = sqlite3_column_int64(q, 1),
		                               .batch = sqlite3_column_int64(q, 3),
		                               .received_at = sqlite3_column_int64(q, 5)};
		const char *base = fm_store_sqlite_column(q, 2), *change = fm_store_sqlite_column(q, 4);
		*bytes += strlen(change);
		result = readings_put_change(s, &from, base, change, strlen(change));
		/* A base that has gone again counts as one that does not fit. */
		if (result == FM_STORE_NONE)
			result = FM_STORE_UNFIT;
	}
	fm_store_sqlite_done(s, QUERY_WAITING_GET);
	if (result != FM_STORE_OK && result != FM_STORE_UNFIT)
		return result;
	bool fits = result == FM_STORE_OK;
	enum fm_store_query end = fits ? QUERY_WAITING_END : QUERY_WAITING_UNFIT;
	fm_store_sqlite_number(s->query[end], 1, row);
	result = fm_store_sqlite_run(s, end);
	tally->mended += result == FM_STORE_OK && fits;
	tally->unfit += result == FM_STORE_OK && !fits;
	return result;
}

/* What fails here is done by the next put: nothing of it is lost, and the batch is in already. */
static void readings_mend(struct fm_sqlite *s, struct fm_store_tally *tally)
{
	struct fm_store_tally so_far = *tally;
	enum fm_store_result result = fm_store_sqlite_row(s, QUERY_WAITING_GET);
	fm_store_sqlite_done(s, QUERY_WAITING_GET);
	if (result != FM_STORE_OK || fm_store_sqlite_run(s, QUERY_BEGIN) != FM_STORE_OK)
		return;
	size_t bytes = 0;
	for (int i = 0; i < READINGS_MEND && bytes < READINGS_MEND_BYTES && result == FM_STORE_OK; i++)
		result = readings_mend_one(s, &so_far, &bytes);
	if (fm_store_sqlite_end(s, result == FM_STORE_NONE ? FM_STORE_OK : result) == FM_STORE_OK)
		*tally = so_far;
}

enum fm_store_result fm_store_readings_put(struct fm_store *store, const struct fm_batch *batch, int64_t now,
                                           struct fm_store_tally *tally)
{
	struct fm_sqlite *s = fm_store_sqlite_of(store);
	struct readings_origin from = {.received_at = now};
	memset(tally, 0, sizeof(*tally));
	enum fm_store_result result = fm_store_sqlite_run(s, QUERY_BEGIN);
	if (result != FM_STORE_OK)
		return result;
	sqlite3_stmt *q = fm_store_sqlite_text(s->query[QUERY_SITE_ID], 1, batch->site, strlen(batch->site));
	result = fm_store_sqlite_row(s, QUERY_SITE_ID);
	from.site = sqlite3_column_int64(q, 0);
	fm_store_sqlite_done(s, QUERY_SITE_ID);
	if (result == FM_STORE_OK) {
		q = fm_store_sqlite_number(s->query[QUERY_BATCH_ADD], 1, from.site);
		fm_store_sqlite_text(q, 2, batch->id, strlen(batch->id));
		fm_store_sqlite_number(q, 3, batch->sequence);
		fm_store_sqlite_number(q, 4, now);
		fm_store_sqlite_number(q, 5, (int64_t)batch->count);
		result = fm_store_sqlite_run(s, QUERY_BATCH_ADD);
		from.batch = sqlite3_last_insert_rowid(s->db);
		if (result == FM_STORE_OK && sqlite3_changes(s->db) == 0)
			result = FM_STORE_EXISTS;
	}
	if (result == FM_STORE_OK)
		result = readings_put_all(s, &from, batch, tally);
	result = fm_store_sqlite_end(s, result);
	if (result == FM_STORE_OK || result == FM_STORE_EXISTS)
		readings_mend(s, tally);
	return result;
}

enum fm_store_result fm_store_readings_forget(struct fm_store *store, int64_t before, uint64_t *forgotten)
{
	struct fm_sqlite *s = fm_store_sqlite_of(store);
	sqlite3_stmt *q = s->query[QUERY_FORGET_LOOK];
	*forgotten = 0;
	fm_store_sqlite_number(fm_store_sqlite_number(q, 1, s->forgotten), 2, READINGS_FORGET);
	enum fm_store_result result = fm_store_sqlite_row(s, QUERY_FORGET_LOOK);
	int64_t last = sqlite3_column_int64(q, 0), youngest = sqlite3_column_int64(q, 1);
	fm_store_sqlite_done(s, QUERY_FORGET_LOOK);
	if (result != FM_STORE_OK)
		return result;
	if (last == 0) { /* none was left */
		s->forgotten = 0;
		return FM_STORE_NONE;
	}
	q = fm_store_sqlite_number(s->query[QUERY_FORGET], 1, s->forgotten);
	fm_store_sqlite_number(fm_store_sqlite_number(q, 2, last), 3, before);
	result = fm_store_sqlite_run(s, QUERY_FORGET);
	if (result != FM_STORE_OK)
		return result;
	*forgotten = (uint64_t)sqlite3_changes64(s->db);
	bool over = youngest >= before;
	s->forgotten = over ? 0 : last;
	return over ? FM_STORE_NONE : FM_STORE_OK;
}
