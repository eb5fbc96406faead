#include "outbox_salvage.h"

#include <assert.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ice/batch.h"
#include "ice/clock.h"
#include "ice/log.h"
#include "outbox_file.h"

#define OUTBOX_SALVAGE_ASIDE_MAX 100 /* damaged databases kept beside the good one; more is a disk to replace */
#define OUTBOX_SALVAGE_DISTANCE  1000
#define OUTBOX_SALVAGE_NEW       ".new"
#define OUTBOX_SALVAGE_LOG       "-wal"

static void outbox_salvage_path(char out[ICE_OUTBOX_PATH_MAX], const char *base, const char *suffix)
{
	int n = snprintf(out, ICE_OUTBOX_PATH_MAX, "%s%s", base, suffix);
	assert(n >= 0 && n < ICE_OUTBOX_PATH_MAX); /* outbox_salvage_open has looked */
}

/* Bytes of base+suffix; -1 when there is no such file. */
static long long outbox_salvage_size(const char *base, const char *suffix)
{
	char path[ICE_OUTBOX_PATH_MAX];
	struct stat st;
	outbox_salvage_path(path, base, suffix);
	return lstat(path, &st) == 0 ? (long long)st.st_size : -1;
}

static bool outbox_salvage_rename(const char *from, const char *from_suffix, const char *to, const char *to_suffix)
{
	char old[ICE_OUTBOX_PATH_MAX], new[ICE_OUTBOX_PATH_MAX];
	outbox_salvage_path(old, from, from_suffix);
	outbox_salvage_path(new, to, to_suffix);
	return rename(old, new) == 0 || errno == ENOENT;
}

/* A log beside an empty or missing database: SQLite would delete it, and it may hold all there is. */
static bool outbox_salvage_orphan_log(const char *path)
{
	return outbox_salvage_size(path, OUTBOX_SALVAGE_LOG) > 0 && outbox_salvage_size(path, "") <= 0;
}

/* Renames whatever of the database and its log is there to the first free PATH.corrupt-N. */
static bool outbox_salvage_aside(const char *path, char aside[ICE_OUTBOX_PATH_MAX], char *why, size_t why_size)
{
	for (int n = 1; n <= OUTBOX_SALVAGE_ASIDE_MAX; n++) {
		char suffix[24];
		snprintf(suffix, sizeof(suffix), ".corrupt-%d", n);
		outbox_salvage_path(aside, path, suffix);
		if (outbox_salvage_size(aside, "") >= 0 || outbox_salvage_size(aside, OUTBOX_SALVAGE_LOG) >= 0)
			continue;
		if (outbox_salvage_rename(path, "", aside, "") &&
		    outbox_salvage_rename(path, OUTBOX_SALVAGE_LOG, aside, OUTBOX_SALVAGE_LOG))
			return true;
		snprintf(why, why_size, "%s: damaged, and cannot be moved aside: %s", path, strerror(errno));
		return false;
	}
	snprintf(why, why_size, "%s: damaged once more than %d times: have the disk looked at", path,
	         OUTBOX_SALVAGE_ASIDE_MAX);
	return false;
}

/* Completes a replacement that was cut between its renames. */
static bool outbox_salvage_finish(const char *path, char *why, size_t why_size)
{
	char aside[ICE_OUTBOX_PATH_MAX];
	if (outbox_salvage_size(path, "") >= 0 || outbox_salvage_size(path, OUTBOX_SALVAGE_NEW) < 0)
		return true;
	/* The damaged database's log must not be taken for the new one's. */
	if (outbox_salvage_size(path, OUTBOX_SALVAGE_LOG) >= 0 && !outbox_salvage_aside(path, aside, why, why_size))
		return false;
	if (!outbox_salvage_rename(path, OUTBOX_SALVAGE_NEW, path, "")) {
		snprintf(why, why_size, "%s%s: cannot be put in its place: %s", path, OUTBOX_SALVAGE_NEW,
		         strerror(errno));
		return false;
	}
	ice_outbox_file_sync_folder(path);
	return true;
}

/* True when the row's bytes are those its id was made of. */
static bool outbox_salvage_proved(sqlite3_stmt *row)
{
	const char *id = (const char *)sqlite3_column_text(row, 1);
	const void *packed = sqlite3_column_blob(row, 4);
	char found[ICE_BATCH_ID_SIZE];
	size_t len;
	char *body = packed ? ice_batch_gunzip(packed, (size_t)sqlite3_column_bytes(row, 4), ICE_BATCH_BYTES_MAX, &len)
	                    : NULL;
	if (body)
		ice_batch_id(body, len, found);
	bool proved = body && id && strcmp(found, id) == 0;
	free(body);
	return proved;
}

/* Copies the rows that `from` gives until it fails; the number copied, -1 when the new database does not take them. */
static int outbox_salvage_copy(sqlite3 *db, sqlite3_stmt *from)
{
	sqlite3_stmt *to = NULL;
	int copied = 0;
	if (sqlite3_prepare_v2(db, "INSERT OR IGNORE INTO batch VALUES (?,?,?,?,?,?,?,?)", -1, &to, NULL) != SQLITE_OK)
		return -1;
	while (copied >= 0 && sqlite3_step(from) == SQLITE_ROW) {
		if (!outbox_salvage_proved(from))
			continue;
		for (int i = 0; i < 8; i++)
			sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
		bool ok = sqlite3_step(to) == SQLITE_DONE;
		copied = ok ? copied + sqlite3_changes(db) : -1;
		sqlite3_reset(to);
	}
	sqlite3_finalize(to);
	return copied;
}

/* Reads from both ends up to the damage. */
static int outbox_salvage_batches(sqlite3 *db, sqlite3 *old)
{
	static const char *const ways[] = {"SELECT * FROM batch ORDER BY sequence",
	                                   "SELECT * FROM batch ORDER BY sequence DESC"};
	int total = 0;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && total >= 0; i++) {
		sqlite3_stmt *from = NULL;
		if (sqlite3_prepare_v2(old, ways[i], -1, &from, NULL) == SQLITE_OK && sqlite3_column_count(from) == 8) {
			int copied = outbox_salvage_copy(db, from);
			total = copied < 0 ? -1 : total + copied;
		}
		sqlite3_finalize(from);
	}
	return total;
}

/* The sequence number to go on from; numbers must never repeat. The damaged database's own counter, with a distance for what it may
 * have forgotten; where it cannot be read, thousandths of wall seconds, which are beyond any number of batches ever counted
 * from 1. The server sees the gap, and a gap it may be. */
static int64_t outbox_salvage_sequence(sqlite3 *db, sqlite3 *old)
{
	int64_t counter = 0, top = 0;
	bool known = ice_outbox_file_number(old, "SELECT value FROM counter WHERE name='sequence'", &counter) &&
	             counter >= 0 && counter < INT64_MAX / 2;
	if (!ice_outbox_file_number(db, "SELECT max(sequence) FROM batch", &top))
		top = 0;
	if (!known)
		counter = (int64_t)ice_clock_wall() * 1000;
	return (counter > top ? counter : top) + OUTBOX_SALVAGE_DISTANCE;
}

/* Fills the new database in one transaction; the number of batches carried over, -1 on failure. Devices and settings stay behind:
 * a mark "was read" whose batch is lost would be a lie, and a device without one is simply read again. */
static int outbox_salvage_fill(sqlite3 *db, const char *path)
{
	sqlite3 *old = NULL;
	char sql[96];
	int copied = 0;
	/* An empty database must not be opened: SQLite would delete its log. */
	const char *from = outbox_salvage_size(path, "") > 0 ? path : ":memory:";
	if (!ice_outbox_file_run(db, "BEGIN"))
		return -1;
	if (sqlite3_open_v2(from, &old, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK) {
		sqlite3_db_config(old, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		/* writable_schema: nothing is written, but a file shorter than it says of itself is then read as far as it goes. */
		if (ice_outbox_file_run(old, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF;"
		                             "PRAGMA cell_size_check=ON; PRAGMA writable_schema=ON"))
			copied = outbox_salvage_batches(db, old);
	}
	snprintf(sql, sizeof(sql), "UPDATE counter SET value=%lld WHERE name='sequence'; COMMIT",
	         (long long)outbox_salvage_sequence(db, old));
	sqlite3_close_v2(old);
	return copied >= 0 && ice_outbox_file_run(db, sql) ? copied : -1;
}

/* Makes PATH.new, complete and in one file. */
static int outbox_salvage_build(const char *path, char *why, size_t why_size)
{
	char fresh[ICE_OUTBOX_PATH_MAX], log[ICE_OUTBOX_PATH_MAX];
	sqlite3 *db = NULL;
	outbox_salvage_path(fresh, path, OUTBOX_SALVAGE_NEW);
	outbox_salvage_path(log, fresh, OUTBOX_SALVAGE_LOG);
	/* Left by an attempt that was cut before its first rename: everything in it is still in the damaged database. */
	unlink(log);
	unlink(fresh);
	if (!ice_outbox_file_make(fresh, why, why_size) ||
	    ice_outbox_file_open(fresh, &db, why, why_size) != OUTBOX_FILE_GOOD)
		return -1;
	int saved = outbox_salvage_fill(db, path);
	if (saved >= 0 && !ice_outbox_file_run(db, "PRAGMA wal_checkpoint(TRUNCATE)"))
		saved = -1;
	if (saved < 0)
		(void)ice_outbox_file_error(db, fresh, why, why_size);
	ice_outbox_file_close(db);
	unlink(log); /* checkpointed: empty, and it must not stay behind under this name */
	return saved;
}

/* Replaces the database; on success `why` tells the story. */
static bool outbox_salvage_replace(const char *path, const char *damage, char *why, size_t why_size)
{
	char aside[ICE_OUTBOX_PATH_MAX];
	int saved = outbox_salvage_build(path, why, why_size);
	if (saved < 0 || !outbox_salvage_aside(path, aside, why, why_size) ||
	    !outbox_salvage_finish(path, why, why_size))
		return false;
	ICE_LOG(ICE_LOG_ERROR, "outbox damaged: moved aside, a new one begun", ice_field_str("reason", damage),
	        ice_field_str("moved_to", aside), ice_field_int("batches_saved", saved));
	snprintf(why, why_size, "%s; moved to %s, %d batches saved from it", damage, aside, saved);
	return true;
}

sqlite3 *ice_outbox_salvage_open(const char *path, bool keep, char *why, size_t why_size)
{
	char damage[512];
	sqlite3 *db = NULL;
	enum outbox_file_verdict verdict = OUTBOX_FILE_REFUSED;
	snprintf(why, why_size, "%s", "");
	if (strcmp(path, ":memory:") == 0)
		return ice_outbox_file_open(path, &db, why, why_size) == OUTBOX_FILE_GOOD ? db : NULL;
	/* Room for ".corrupt-100-wal". */
	if (strlen(path) + 24 >= ICE_OUTBOX_PATH_MAX) {
		snprintf(why, why_size, "the outbox's path is longer than %d bytes", ICE_OUTBOX_PATH_MAX - 25);
		return NULL;
	}
	if (!outbox_salvage_finish(path, why, why_size))
		return NULL;
	if (outbox_salvage_orphan_log(path)) {
		snprintf(damage, sizeof(damage), "%s: the database is empty, and its log is not", path);
		verdict = OUTBOX_FILE_DAMAGED;
	} else if (ice_outbox_file_make(path, damage, sizeof(damage))) {
		verdict = ice_outbox_file_open(path, &db, damage, sizeof(damage));
	}
	if (verdict == OUTBOX_FILE_REFUSED)
		snprintf(why, why_size, "%s", damage);
	if (verdict == OUTBOX_FILE_DAMAGED && keep) {
		snprintf(why, why_size, "%s: it is no outbox, or a damaged one, and is left as it is", damage);
		return NULL;
	}
	if (verdict == OUTBOX_FILE_DAMAGED && outbox_salvage_replace(path, damage, why, why_size) &&
	    ice_outbox_file_open(path, &db, damage, sizeof(damage)) != OUTBOX_FILE_GOOD)
		snprintf(why, why_size, "%s", damage);
	return db;
}
