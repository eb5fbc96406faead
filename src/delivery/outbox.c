#include "ice/outbox.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "ice/clock.h"
#include "ice/log.h"
#include "outbox_bases.h"
#include "outbox_file.h"
#include "outbox_log.h"
#include "outbox_look.h"
#include "outbox_places.h"
#include "outbox_salvage.h"

#define OUTBOX_BYTES_DEFAULT ((int64_t)1 << 30)
#define OUTBOX_DEVICES_MAX                                                                                             \
	1000000 /* read marks kept; beyond, the device not read for longest is forgotten (and so due) */
#define OUTBOX_PAGE    4096
#define OUTBOX_RESERVE (1 << 20) /* bytes of disk left alone, see outbox_disk_full */

static const char *const outbox_sql[OUTBOX_STATEMENTS] = {
        [OUTBOX_INSERT] = "INSERT INTO batch (sequence, id, state, readings, packed, made_at) VALUES (?,?,0,?,?,?)",
        [OUTBOX_COUNT_ON] = "UPDATE counter SET value=? WHERE name='sequence'",
        [OUTBOX_FORGET] = "DELETE FROM device WHERE name=?",
        [OUTBOX_MARK] = "INSERT INTO device (name, read_at) VALUES (?,?)",
        [OUTBOX_PRUNE] = "DELETE FROM device WHERE number IN (SELECT number FROM device ORDER BY number LIMIT ?)",
        [OUTBOX_NEXT] = ("SELECT sequence, id, readings, packed FROM batch WHERE state=0 AND sequence>?"
                         " ORDER BY sequence LIMIT 1"),
        [OUTBOX_AFTER] = "SELECT sequence FROM batch WHERE state=0 AND sequence>? ORDER BY sequence LIMIT 1",
        [OUTBOX_FIND] = "SELECT readings, length(packed) FROM batch WHERE id=? AND state=0",
        [OUTBOX_DELETE] = "DELETE FROM batch WHERE id=? AND state=0",
        [OUTBOX_ASIDE] = "UPDATE batch SET state=1, set_aside_at=?2, reason=?3 WHERE id=?1 AND state=0",
        [OUTBOX_READ_AT] = "SELECT read_at FROM device WHERE name=?",
        [OUTBOX_BASE] = "SELECT at, json FROM base WHERE device=?",
        [OUTBOX_UNBASE] = "DELETE FROM base WHERE device=?",
        [OUTBOX_KEEP_BASE] = "INSERT INTO base (device, at, json) VALUES (?,?,?)",
        [OUTBOX_TRIM_BASES] = "DELETE FROM base WHERE number IN (SELECT number FROM base ORDER BY number LIMIT ?)",
        [OUTBOX_FORGET_BASES] = "DELETE FROM base",
        [OUTBOX_ELSEWHERE] = "UPDATE place SET read_at=0, note='', device='' WHERE device=?1 AND name<>?2",
        [OUTBOX_PLACE] = ("INSERT INTO place VALUES (?1,?2,?3,?4,?5) ON CONFLICT (name) DO UPDATE SET"
                          " device=?2, read_at=?3, note=?4, state=?5"),
        [OUTBOX_KEEP] = "INSERT INTO place VALUES (?1,'',0,'',?2) ON CONFLICT (name) DO UPDATE SET state=?2",
        [OUTBOX_LEAVE] = "DELETE FROM place WHERE name=?",
        [OUTBOX_PLACES] = "SELECT name, read_at, note, state FROM place",
        [OUTBOX_UNREAD] = "UPDATE place SET read_at=0 WHERE read_at<>0",
        [OUTBOX_SET] = "INSERT INTO setting VALUES (?,?) ON CONFLICT (name) DO UPDATE SET value=excluded.value",
        [OUTBOX_GET] = "SELECT value FROM setting WHERE name=?",
};

void ice_outbox_batch_free(struct ice_outbox_batch *b)
{
	free(b->body);
	free(b->packed);
	*b = (struct ice_outbox_batch){0};
}

static bool outbox_count(struct ice_outbox *o)
{
	struct ice_outbox_depth *d = &o->depth;
	return ice_outbox_file_number(o->db, "SELECT count(*) FROM batch WHERE state=0", &d->batches) &&
	       ice_outbox_file_number(o->db, "SELECT coalesce(sum(readings),0) FROM batch WHERE state=0",
	                              &d->readings) &&
	       ice_outbox_file_number(o->db, "SELECT coalesce(sum(length(packed)),0) FROM batch WHERE state=0",
	                              &d->bytes) &&
	       ice_outbox_file_number(o->db, "SELECT count(*) FROM batch WHERE state=1", &d->rejected) &&
	       ice_outbox_file_number(o->db, "SELECT coalesce(sum(length(packed)),0) FROM batch WHERE state=1",
	                              &d->rejected_bytes) &&
	       ice_outbox_file_number(o->db, "SELECT value FROM counter WHERE name='sequence'", &d->last_sequence) &&
	       ice_outbox_file_number(o->db, "SELECT count(*) FROM device", &o->devices);
}

struct ice_outbox *ice_outbox_open(const struct ice_outbox_options *options, char *why, size_t why_size)
{
	if (!ice_batch_site_valid(options->site)) {
		snprintf(why, why_size, "the outbox's site is not a valid name");
		return NULL;
	}
	sqlite3 *db = ice_outbox_salvage_open(options->path, options->keep, why, why_size);
	if (!db)
		return NULL;
	struct ice_outbox *o = calloc(1, sizeof(*o));
	if (!o)
		abort();
	o->db = db;
	o->max_bytes = options->max_bytes > 0 ? options->max_bytes : OUTBOX_BYTES_DEFAULT;
	o->base_age = options->base_age > 0 ? options->base_age : 0;
	snprintf(o->site, sizeof(o->site), "%s", options->site);
	if (strcmp(options->path, ":memory:") != 0)
		snprintf(o->path, sizeof(o->path), "%s", options->path);
	ice_outbox_log_begin(o);
	bool ok = outbox_count(o) && ice_outbox_bases_open(o) && ice_outbox_places_open(o);
	for (int i = 0; ok && i < OUTBOX_STATEMENTS; i++)
		ok = sqlite3_prepare_v3(db, outbox_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &o->statements[i], NULL) ==
		     SQLITE_OK;
	if (!ok) {
		(void)ice_outbox_file_error(db, options->path, why, why_size);
		ice_outbox_close(o);
		return NULL;
	}
	ice_outbox_bases_meet(o, options->server ? options->server : "");
	return o;
}

void ice_outbox_close(struct ice_outbox *o)
{
	if (!o)
		return;
	for (int i = 0; i < OUTBOX_STATEMENTS; i++)
		sqlite3_finalize(o->statements[i]);
	ice_outbox_log_end(o);
	ice_outbox_file_close(o->db);
	free(o);
}

/* A deletion needs disk as well: some pages of log, and room in the database for the log's pages when the log begins again. On a disk
 * filled to the last byte with batches none could leave any more, so a put leaves that much alone. */
static bool outbox_disk_full(struct ice_outbox *o, size_t len)
{
	struct statvfs fs;
	if (!*o->path || statvfs(o->path, &fs) != 0)
		return false;
	uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
	return room < 2 * (uint64_t)len + (uint64_t)o->log_pages * OUTBOX_PAGE + OUTBOX_RESERVE;
}

/* Marks the readings' devices as read and keeps the marks below their bound. *devices is what there will be after the commit. */
static bool outbox_mark(struct ice_outbox *o, const struct ice_reading *const *readings, size_t n, int64_t *devices)
{
	for (size_t i = 0; i < n; i++) {
		sqlite3_bind_text(o->statements[OUTBOX_FORGET], 1, readings[i]->device, -1, SQLITE_STATIC);
		if (!ice_outbox_look_step(o, OUTBOX_FORGET))
			return false;
		*devices += 1 - sqlite3_changes(o->db);
		sqlite3_bind_text(o->statements[OUTBOX_MARK], 1, readings[i]->device, -1, SQLITE_STATIC);
		sqlite3_bind_int64(o->statements[OUTBOX_MARK], 2, readings[i]->at);
		if (!ice_outbox_look_step(o, OUTBOX_MARK))
			return false;
	}
	if (*devices <= OUTBOX_DEVICES_MAX)
		return true;
	sqlite3_bind_int64(o->statements[OUTBOX_PRUNE], 1, *devices - OUTBOX_DEVICES_MAX);
	*devices = OUTBOX_DEVICES_MAX;
	return ice_outbox_look_step(o, OUTBOX_PRUNE);
}

/* What the tables will count after the commit. */
struct outbox_counts {
	int64_t devices, bases;
};

/* The transaction of one batch. */
static bool outbox_insert(struct ice_outbox *o, const struct ice_outbox_batch *b,
                          const struct ice_reading *const *readings, const struct ice_outbox_wire *wire,
                          struct outbox_counts *after)
{
	sqlite3_stmt *s = o->statements[OUTBOX_INSERT];
	if (!ice_outbox_look_begin(o))
		return false;
	sqlite3_bind_int64(s, 1, b->sequence);
	sqlite3_bind_text(s, 2, b->id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, (sqlite3_int64)b->readings);
	sqlite3_bind_blob64(s, 4, b->packed, b->packed_len, SQLITE_STATIC);
	sqlite3_bind_int64(s, 5, ice_clock_wall());
	sqlite3_bind_int64(o->statements[OUTBOX_COUNT_ON], 1, b->sequence);
	return ice_outbox_look_step(o, OUTBOX_INSERT) && ice_outbox_look_step(o, OUTBOX_COUNT_ON) &&
	       outbox_mark(o, readings, b->readings, &after->devices) &&
	       ice_outbox_places_put(o, readings, b->readings) &&
	       ice_outbox_bases_put(o, wire, b->readings, &after->bases) && ice_outbox_look_commit(o);
}

/* How many of the readings go together: as many as fit, up to the first that cannot travel at all. */
static size_t outbox_together(struct ice_outbox *o, const struct ice_outbox_wire *wire, struct ice_outbox_batch *b)
{
	const struct ice_reading *const *readings = wire->list;
	size_t n = ice_batch_fits(o->site, b->sequence, readings, wire->count);
	b->body = n > 0 ? (uint8_t *)ice_batch_body(o->site, b->sequence, readings, n, &b->len) : NULL;
	if (b->body || n == 0)
		return n;
	size_t good = 0, len;
	for (char *one; (one = ice_batch_body(o->site, b->sequence, readings + good, 1, &len)); good++)
		free(one);
	b->body = good > 0 ? (uint8_t *)ice_batch_body(o->site, b->sequence, readings, good, &b->len) : NULL;
	return good;
}

/* One batch of what fits of `wire`, the same readings as they travel. */
static enum ice_outbox_result outbox_put(struct ice_outbox *o, const struct ice_reading *const *readings,
                                         const struct ice_outbox_wire *wire, struct ice_outbox_batch *b)
{
	struct outbox_counts after = {o->devices, o->bases};
	b->readings = outbox_together(o, wire, b);
	if (b->readings == 0) {
		snprintf(o->error, sizeof(o->error), "a reading of %zu bytes fits in no batch or is not a JSON object",
		         readings[0]->len);
		return ICE_OUTBOX_UNFIT;
	}
	b->packed = ice_batch_gzip(b->body, b->len, &b->packed_len);
	assert(b->packed);
	ice_batch_id(b->body, b->len, b->id);
	if (o->depth.bytes + o->depth.rejected_bytes + (int64_t)b->packed_len > o->max_bytes) {
		snprintf(o->error, sizeof(o->error), "the outbox holds its %lld bytes", (long long)o->max_bytes);
		return ICE_OUTBOX_FULL;
	}
	if (outbox_disk_full(o, b->packed_len + ice_outbox_bases_bytes(o, wire, b->readings))) {
		snprintf(o->error, sizeof(o->error), "storing a batch: the disk is full");
		return ICE_OUTBOX_FULL;
	}
	if (!ice_outbox_log_trust(o)) {
		snprintf(o->error, sizeof(o->error), "storing a batch: disk I/O error");
		return ICE_OUTBOX_FAILED;
	}
	if (!ice_outbox_log_wait(o, true) || !outbox_insert(o, b, readings, wire, &after)) {
		enum ice_outbox_result result = ice_outbox_look_failed(o, "storing a batch");
		ice_outbox_look_rollback(o);
		(void)!ice_outbox_log_wait(o, false);
		ice_outbox_log_doubt(o);
		/* The log may be all that is too long. */
		(void)ice_outbox_log_fold(o);
		return result;
	}
	(void)!ice_outbox_log_wait(o, false); /* or the next write waits, too */
	o->devices = after.devices;
	o->bases = after.bases;
	o->depth.last_sequence = b->sequence;
	o->depth.batches++;
	o->depth.readings += (int64_t)b->readings;
	o->depth.bytes += (int64_t)b->packed_len;
	o->error[0] = '\0';
	ice_outbox_log_bound(o);
	return ICE_OUTBOX_OK;
}

enum ice_outbox_result ice_outbox_put(struct ice_outbox *o, const struct ice_reading *const *readings, size_t n,
                                      size_t *taken)
{
	struct ice_outbox_batch b = {.sequence = o->depth.last_sequence + 1};
	*taken = 0;
	if (n == 0)
		return ICE_OUTBOX_OK;
	struct ice_outbox_wire *wire = ice_outbox_bases_wire(o, readings, n);
	enum ice_outbox_result result = outbox_put(o, readings, wire, &b);
	if (result == ICE_OUTBOX_OK)
		*taken = b.readings;
	ice_outbox_bases_unwire(wire);
	ice_outbox_batch_free(&b);
	return result;
}

bool ice_outbox_next(struct ice_outbox *o, int64_t after, struct ice_outbox_batch *out)
{
	sqlite3_stmt *s = o->statements[OUTBOX_NEXT];
	/* Each round but the last sets a batch aside or gets past one, so there are at most as many as batches. */
	for (;;) {
		*out = (struct ice_outbox_batch){0};
		sqlite3_bind_int64(s, 1, after);
		int rc = sqlite3_step(s);
		bool intact = rc == SQLITE_ROW && ice_outbox_look_take(s, out);
		if (rc != SQLITE_ROW && rc != SQLITE_DONE)
			(void)ice_outbox_look_failed(o, "reading a batch");
		sqlite3_reset(s);
		if (rc != SQLITE_ROW)
			return false;
		if (intact)
			return true;
		after = out->sequence;
		if (ice_outbox_reject(o, out->id, "damaged on disk"))
			ICE_LOG(ICE_LOG_ERROR, "batch damaged on disk: set aside",
			        ice_field_int("sequence", out->sequence));
		ice_outbox_batch_free(out);
	}
}

bool ice_outbox_after(struct ice_outbox *o, int64_t after, int64_t *sequence)
{
	sqlite3_stmt *s = o->statements[OUTBOX_AFTER];
	sqlite3_bind_int64(s, 1, after);
	int rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*sequence = sqlite3_column_int64(s, 0);
	else if (rc != SQLITE_DONE)
		(void)ice_outbox_look_failed(o, "looking for a batch");
	sqlite3_reset(s);
	return rc == SQLITE_ROW;
}

/* What the pending batch with this id counts for; *found says whether there is one. False when the database refused. */
static bool outbox_find(struct ice_outbox *o, const char *id, bool *found, int64_t *readings, int64_t *bytes)
{
	sqlite3_stmt *s = o->statements[OUTBOX_FIND];
	sqlite3_bind_text(s, 1, id, -1, SQLITE_STATIC);
	int rc = sqlite3_step(s);
	*found = rc == SQLITE_ROW;
	if (*found) {
		*readings = sqlite3_column_int64(s, 0);
		*bytes = sqlite3_column_int64(s, 1);
	}
	return sqlite3_reset(s) == SQLITE_OK && (rc == SQLITE_ROW || rc == SQLITE_DONE);
}

/* Takes one batch out of the pending ones by the statement given, whose first parameter is the id. A deletion needs a few pages of
 * log: when the disk has none left, a checkpoint lets the log begin again in the space it has. */
static bool outbox_leave(struct ice_outbox *o, enum outbox_statement how, const char *id, int64_t *bytes)
{
	bool found;
	int64_t readings = 0;
	*bytes = 0;
	if (!outbox_find(o, id, &found, &readings, bytes)) {
		(void)ice_outbox_look_failed(o, "looking for a batch");
		return false;
	}
	if (!found)
		return true;
	sqlite3_bind_text(o->statements[how], 1, id, -1, SQLITE_STATIC);
	for (int tries = 2; !ice_outbox_look_step(o, how); tries--) {
		(void)ice_outbox_look_failed(o, "taking a batch out");
		ice_outbox_look_rollback(o);
		if (tries == 1)
			return false;
		(void)ice_outbox_log_fold(o);
	}
	o->depth.batches--;
	o->depth.readings -= readings;
	o->depth.bytes -= *bytes;
	return true;
}

bool ice_outbox_acknowledged(struct ice_outbox *o, const char *id)
{
	int64_t bytes;
	return outbox_leave(o, OUTBOX_DELETE, id, &bytes);
}

bool ice_outbox_forget_kept(struct ice_outbox *o)
{
	if (ice_outbox_bases_forget(o) && ice_outbox_places_unread(o))
		return true;
	(void)ice_outbox_look_failed(o, "forgetting what is known of printers");
	return false;
}

bool ice_outbox_reject(struct ice_outbox *o, const char *id, const char *reason)
{
	int64_t bytes;
	/* Before it is set aside: what is known of a reading, or told against it, must never outlive it on the way. */
	if (!ice_outbox_forget_kept(o))
		return false;
	sqlite3_bind_int64(o->statements[OUTBOX_ASIDE], 2, ice_clock_wall());
	sqlite3_bind_text(o->statements[OUTBOX_ASIDE], 3, reason, -1, SQLITE_STATIC);
	if (!outbox_leave(o, OUTBOX_ASIDE, id, &bytes))
		return false;
	o->depth.rejected += bytes > 0;
	o->depth.rejected_bytes += bytes;
	ice_outbox_bases_pause(o, ice_clock_wall());
	return true;
}

void ice_outbox_depth(struct ice_outbox *o, struct ice_outbox_depth *out)
{
	*out = o->depth;
}

bool ice_outbox_set(struct ice_outbox *o, const char *key, const char *value)
{
	sqlite3_bind_text(o->statements[OUTBOX_SET], 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_text(o->statements[OUTBOX_SET], 2, value, -1, SQLITE_STATIC);
	if (ice_outbox_look_step(o, OUTBOX_SET))
		return true;
	(void)ice_outbox_look_failed(o, "storing a setting");
	ice_outbox_look_rollback(o);
	return false;
}

bool ice_outbox_damaged(const struct ice_outbox *o)
{
	return o->damaged;
}

const char *ice_outbox_error(const struct ice_outbox *o)
{
	return o->error;
}
