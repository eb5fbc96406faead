#include "outbox_log.h"

#include <sqlite3.h>
#include <stdio.h>

#include "outbox_look.h"

#define OUTBOX_LOG_LONG       2048 /* 8 MiB of log: for tidy and settle */
#define OUTBOX_LOG_PAGES      4096 /* 16 MiB when nobody calls those or idle; its checkpoint then costs a put its time */
#define OUTBOX_LOG_FREE_PAGES 1024 /* of 4 KiB, kept for the next batches; what is above is given back to the disk */
#define OUTBOX_LOG_GIVE_BACK  256  /* pages a call of idle gives back: some milliseconds */

/* In place of SQLite's own checkpoints, which would come in the middle of a busy loop. */
static int log_committed(void *arg, sqlite3 *db, const char *name, int pages)
{
	struct ice_outbox *o = arg;
	(void)db, (void)name;
	o->log_pages = pages;
	o->unsettled = !o->waits;
	return SQLITE_OK;
}

void ice_outbox_log_begin(struct ice_outbox *o)
{
	sqlite3_wal_hook(o->db, log_committed, o);
	o->doubtful = true; /* whoever wrote the log may have met a sync that failed */
	(void)!ice_outbox_log_trust(o);
	(void)!ice_outbox_log_wait(o, false);
}

void ice_outbox_log_end(struct ice_outbox *o)
{
	if (o->log_pages > 0 && ice_outbox_log_trust(o))
		ice_outbox_file_run(o->db, "PRAGMA wal_checkpoint(TRUNCATE)");
}

bool ice_outbox_log_wait(struct ice_outbox *o, bool waits)
{
	o->waits = waits;
	return ice_outbox_file_run(o->db, waits ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
}

void ice_outbox_log_doubt(struct ice_outbox *o)
{
	o->doubtful = true;
}

/* NULL in memory. */
static sqlite3_file *log_file(sqlite3 *db)
{
	sqlite3_file *log = NULL;
	bool there = sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) == SQLITE_OK;
	return there && log && log->pMethods ? log : NULL;
}

static bool log_sync(sqlite3_file *log)
{
	return log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) == SQLITE_OK;
}

/* After a sync that failed, the kernel takes what it could not write for written: byte for byte, and synced. */
static bool log_rewrite(sqlite3 *db)
{
	uint8_t bytes[1 << 16];
	sqlite3_file *log = log_file(db);
	sqlite3_int64 size = 0;
	if (!log)
		return true;
	bool good = log->pMethods->xFileSize(log, &size) == SQLITE_OK;
	for (sqlite3_int64 at = 0, n; good && at < size; at += n) {
		n = size - at < (sqlite3_int64)sizeof(bytes) ? size - at : (sqlite3_int64)sizeof(bytes);
		good = log->pMethods->xRead(log, bytes, (int)n, at) == SQLITE_OK &&
		       log->pMethods->xWrite(log, bytes, (int)n, at) == SQLITE_OK;
	}
	return good && (size == 0 || log_sync(log));
}

bool ice_outbox_log_trust(struct ice_outbox *o)
{
	o->doubtful = o->doubtful && !log_rewrite(o->db);
	return !o->doubtful;
}

bool ice_outbox_log_fold(struct ice_outbox *o)
{
	if (!ice_outbox_log_trust(o))
		return false;
	o->doubtful = sqlite3_wal_checkpoint_v2(o->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL) != SQLITE_OK;
	if (!o->doubtful) {
		o->log_pages = 0;
		o->unsettled = false;
	}
	return !o->doubtful;
}

void ice_outbox_log_bound(struct ice_outbox *o)
{
	if (o->log_pages > OUTBOX_LOG_PAGES)
		(void)ice_outbox_log_fold(o);
}

void ice_outbox_idle(struct ice_outbox *o)
{
	int64_t spare = 0;
	if (ice_outbox_file_number(o->db, "PRAGMA freelist_count", &spare) && spare > OUTBOX_LOG_FREE_PAGES) {
		char sql[64];
		snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", OUTBOX_LOG_GIVE_BACK);
		ice_outbox_file_run(o->db, sql);
	}
	if (o->log_pages > 0)
		(void)ice_outbox_log_fold(o);
}

void ice_outbox_settle(struct ice_outbox *o)
{
	sqlite3_file *log = log_file(o->db);
	if (!o->unsettled || !log)
		return;
	if (o->log_pages > OUTBOX_LOG_LONG) {
		(void)ice_outbox_log_fold(o);
		return;
	}
	if (o->doubtful)
		(void)!ice_outbox_log_trust(o);
	else
		o->doubtful = !log_sync(log);
	o->unsettled = o->doubtful;
}

bool ice_outbox_tidy(struct ice_outbox *o)
{
	if (o->doubtful)
		return ice_outbox_log_trust(o);
	return o->log_pages > OUTBOX_LOG_LONG && ice_outbox_log_fold(o);
}
