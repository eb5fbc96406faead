#include "outbox_file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define OUTBOX_FILE_APPLICATION 0x49434531 /* "ICE1": tells our database from another program's */
#define OUTBOX_FILE_SCHEMA      1

/* device's rowid grows with every reading, so that the device not read for longest is the first row. */
static const char outbox_file_tables[] =
        "CREATE TABLE batch (sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, state INTEGER NOT NULL,"
        " readings INTEGER NOT NULL, packed BLOB NOT NULL, made_at INTEGER NOT NULL, set_aside_at INTEGER, reason "
        "TEXT) STRICT;"
        "CREATE TABLE device (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, read_at INTEGER NOT NULL) STRICT;"
        "CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        "CREATE TABLE" OUTBOX_FILE_BASES "CREATE TABLE" OUTBOX_FILE_PLACES "CREATE INDEX" OUTBOX_FILE_PLACES_INDEX
        "INSERT INTO counter VALUES ('sequence', 0);";

/* An existing database is not written by this: opening must succeed on a full disk. */
static const char outbox_file_lock[] =
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA journal_size_limit=16777216; BEGIN EXCLUSIVE; COMMIT";

static enum outbox_file_verdict outbox_file_say(enum outbox_file_verdict verdict, char *why, size_t why_size,
                                                const char *fmt, ...) ICE_PRINTF(4, 5);

static enum outbox_file_verdict outbox_file_say(enum outbox_file_verdict verdict, char *why, size_t why_size,
                                                const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(why, why_size, fmt, args);
	va_end(args);
	return verdict;
}

bool ice_outbox_file_run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Closing must not checkpoint: a checkpoint from a damaged log would finish what the damage began. */
void ice_outbox_file_close(sqlite3 *db)
{
	sqlite3_close_v2(db);
}

/* The one number a statement answers with. */
bool ice_outbox_file_number(sqlite3 *db, const char *sql, int64_t *out)
{
	sqlite3_stmt *s = NULL;
	bool ok = sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW;
	if (ok)
		*out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return ok;
}

/* What the database's last error means for us. */
enum outbox_file_verdict ice_outbox_file_error(sqlite3 *db, const char *path, char *why, size_t why_size)
{
	switch (sqlite3_errcode(db) & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return outbox_file_say(OUTBOX_FILE_DAMAGED, why, why_size, "%s: %s", path, sqlite3_errmsg(db));
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return outbox_file_say(OUTBOX_FILE_REFUSED, why, why_size,
		                       "%s: in use by another process (is another ice running?)", path);
	case SQLITE_FULL:
		return outbox_file_say(OUTBOX_FILE_REFUSED, why, why_size, "%s: the disk is full", path);
	case SQLITE_READONLY:
		return outbox_file_say(OUTBOX_FILE_REFUSED, why, why_size, "%s: cannot be written", path);
	default:
		return outbox_file_say(OUTBOX_FILE_REFUSED, why, why_size, "%s: %s", path, sqlite3_errmsg(db));
	}
}

/* Structure only: the content of batches is proved by their ids when they are read. Damage is what is found twice: a page that
 * could not be read this once is told by quick_check in the same manner as one that is wrong. */
static enum outbox_file_verdict outbox_file_sound(sqlite3 *db, const char *path, char *why, size_t why_size)
{
	enum outbox_file_verdict verdict = OUTBOX_FILE_DAMAGED;
	for (int tries = 2; tries > 0 && verdict != OUTBOX_FILE_GOOD; tries--) {
		sqlite3_stmt *s = NULL;
		verdict = OUTBOX_FILE_DAMAGED;
		if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &s, NULL) != SQLITE_OK ||
		    sqlite3_step(s) != SQLITE_ROW) {
			verdict = ice_outbox_file_error(db, path, why, why_size);
		} else {
			const char *text = (const char *)sqlite3_column_text(s, 0);
			const char *code = text ? strstr(text, "error code=") : NULL;
			int error = code ? atoi(code + strlen("error code=")) & 0xff : SQLITE_CORRUPT;
			if (text && strcmp(text, "ok") == 0)
				verdict = OUTBOX_FILE_GOOD;
			else if (!text || error == SQLITE_IOERR || error == SQLITE_NOMEM)
				verdict = outbox_file_say(OUTBOX_FILE_REFUSED, why, why_size,
				                          "%s: cannot be read: disk or memory fails", path);
			else
				verdict = outbox_file_say(OUTBOX_FILE_DAMAGED, why, why_size,
				                          "%s: the database is damaged", path);
		}
		sqlite3_finalize(s);
	}
	return verdict;
}

static bool outbox_file_create(sqlite3 *db)
{
	char sql[sizeof(outbox_file_tables) + 128];
	/* Before the first table, or never. */
	if (!ice_outbox_file_run(db, "PRAGMA auto_vacuum=INCREMENTAL") || !ice_outbox_file_run(db, outbox_file_lock))
		return false;
	snprintf(sql, sizeof(sql), "BEGIN;%s PRAGMA application_id=%d; PRAGMA user_version=%d; COMMIT",
	         outbox_file_tables, OUTBOX_FILE_APPLICATION, OUTBOX_FILE_SCHEMA);
	return ice_outbox_file_run(db, sql);
}

/* Locks, checks and, if it is new, fills an open database. EXCLUSIVE before WAL: the lock is then held until the end, and the
 * log's index is in our memory instead of a mapped file, whose pages a full disk would turn into SIGBUS. */
static enum outbox_file_verdict outbox_file_prepare(sqlite3 *db, const char *path, char *why, size_t why_size)
{
	int64_t tables = 0, application = 0, version = 0;
	sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (sqlite3_db_readonly(db, "main") == 1)
		return outbox_file_say(OUTBOX_FILE_REFUSED, why, why_size, "%s: cannot be written", path);
	if (!ice_outbox_file_run(db, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA trusted_schema=OFF;"
	                             "PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY") ||
	    !ice_outbox_file_number(db, "SELECT count(*) FROM sqlite_schema", &tables) ||
	    !ice_outbox_file_number(db, "PRAGMA application_id", &application) ||
	    !ice_outbox_file_number(db, "PRAGMA user_version", &version))
		return ice_outbox_file_error(db, path, why, why_size);
	if (tables == 0 && application == 0 && version == 0)
		return outbox_file_create(db) ? OUTBOX_FILE_GOOD : ice_outbox_file_error(db, path, why, why_size);
	if (application != OUTBOX_FILE_APPLICATION)
		return outbox_file_say(OUTBOX_FILE_REFUSED, why, why_size, "%s: is a database of another program",
		                       path);
	if (version > OUTBOX_FILE_SCHEMA)
		return outbox_file_say(
		        OUTBOX_FILE_REFUSED, why, why_size,
		        "%s: was written by a newer version of ice (its form is %lld, this one knows %d)", path,
		        (long long)version, OUTBOX_FILE_SCHEMA);
	if (!ice_outbox_file_run(db, outbox_file_lock))
		return ice_outbox_file_error(db, path, why, why_size);
	return outbox_file_sound(db, path, why, why_size);
}

void ice_outbox_file_sync_folder(const char *path)
{
	char copy[ICE_OUTBOX_PATH_MAX];
	snprintf(copy, sizeof(copy), "%s", path);
	int dir = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return;
	fsync(dir);
	close(dir);
}

/* A new file belongs to its owner alone, whatever the umask; SQLite gives its companions the same mode. */
bool ice_outbox_file_make(const char *path, char *why, size_t why_size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0) {
		outbox_file_say(OUTBOX_FILE_REFUSED, why, why_size, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	if (!S_ISREG(st.st_mode)) {
		outbox_file_say(OUTBOX_FILE_REFUSED, why, why_size, "%s: is not a regular file", path);
		return false;
	}
	ice_outbox_file_sync_folder(path);
	return true;
}

enum outbox_file_verdict ice_outbox_file_open(const char *path, sqlite3 **db, char *why, size_t why_size)
{
	*db = NULL;
	int rc = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
	if (!*db)
		abort(); /* no memory */
	enum outbox_file_verdict verdict = rc == SQLITE_OK ? outbox_file_prepare(*db, path, why, why_size)
	                                                   : ice_outbox_file_error(*db, path, why, why_size);
	if (verdict != OUTBOX_FILE_GOOD) {
		ice_outbox_file_close(*db);
		*db = NULL;
	}
	return verdict;
}
