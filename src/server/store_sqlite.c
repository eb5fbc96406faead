/* The store in one SQLite database: FOLDER/facilities-manager.db, WAL, synchronous=FULL, since acknowledgements rest on it. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store_sqlite.h"

#define STORE_FILE      "facilities-manager.db"
#define STORE_VERSION   2
#define STORE_WAL_BYTES (16 << 20) /* bytes of WAL at which a commit itself checkpoints, idle time or not */

/* ---- small tools ------------------------------------------------------------------------------------------------ */

struct fm_sqlite *fm_store_sqlite_of(const struct fm_store *s)
{
	return (struct fm_sqlite *)(uintptr_t)s;
}

/* What a failed step means to the caller: wait and see, or broken. */
static enum fm_store_result sqlite_failure(struct fm_sqlite *s)
{
	snprintf(s->error, sizeof(s->error), "%s (%d)", sqlite3_errmsg(s->db), sqlite3_extended_errcode(s->db));
	switch (sqlite3_errcode(s->db)) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_NOMEM:
	case SQLITE_CANTOPEN:
	case SQLITE_READONLY:
		return FM_STORE_LATER;
	default:
		return FM_STORE_FAILED;
	}
}

sqlite3_stmt *fm_store_sqlite_text(sqlite3_stmt *q, int i, const char *text, size_t n)
{
	if (sqlite3_bind_text(q, i, text, (int)n, SQLITE_STATIC) != SQLITE_OK)
		abort(); /* a wrong index, or no memory for nothing */
	return q;
}

sqlite3_stmt *fm_store_sqlite_number(sqlite3_stmt *q, int i, int64_t number)
{
	if (sqlite3_bind_int64(q, i, number) != SQLITE_OK)
		abort();
	return q;
}

enum fm_store_result fm_store_sqlite_run(struct fm_sqlite *s, enum fm_store_query query)
{
	sqlite3_stmt *q = s->query[query];
	enum fm_store_result result = FM_STORE_OK;
	if (sqlite3_step(q) != SQLITE_DONE)
		result = sqlite_failure(s);
	sqlite3_reset(q);
	sqlite3_clear_bindings(q);
	return result;
}

enum fm_store_result fm_store_sqlite_row(struct fm_sqlite *s, enum fm_store_query query)
{
	switch (sqlite3_step(s->query[query])) {
	case SQLITE_ROW:
		return FM_STORE_OK;
	case SQLITE_DONE:
		return FM_STORE_NONE;
	default:
		return sqlite_failure(s);
	}
}

void fm_store_sqlite_done(struct fm_sqlite *s, enum fm_store_query query)
{
	sqlite3_reset(s->query[query]);
	sqlite3_clear_bindings(s->query[query]);
}

const char *fm_store_sqlite_column(sqlite3_stmt *q, int i)
{
	const char *text = (const char *)sqlite3_column_text(q, i);
	return text ? text : "";
}

enum fm_store_result fm_store_sqlite_end(struct fm_sqlite *s, enum fm_store_result so_far)
{
	if (so_far == FM_STORE_OK)
		so_far = fm_store_sqlite_run(s, QUERY_COMMIT);
	if (so_far != FM_STORE_OK && !sqlite3_get_autocommit(s->db)) {
		sqlite3_step(s->query[QUERY_ROLLBACK]);
		sqlite3_reset(s->query[QUERY_ROLLBACK]);
	}
	return so_far;
}

/* ---- open and close --------------------------------------------------------------------------------------------- */

static void sqlite_close(struct fm_store *store)
{
	struct fm_sqlite *s = fm_store_sqlite_of(store);
	if (!s)
		return;
	for (int i = 0; i < QUERY_COUNT; i++)
		sqlite3_finalize(s->query[i]);
	sqlite3_close(s->db);
	free(s);
}

static bool sqlite_exec(struct fm_sqlite *s, const char *sql)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* Makes the tables in an empty database, and those that an earlier version had not; refuses one of another program or of a later version. */
static bool sqlite_prepare_schema(struct fm_sqlite *s)
{
	sqlite3_stmt *q = NULL;
	int version = -1;
	char sql[64];
	if (!sqlite_exec(s, "BEGIN IMMEDIATE"))
		return false;
	if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL) == SQLITE_OK &&
	    sqlite3_step(q) == SQLITE_ROW)
		version = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", STORE_VERSION);
	bool ok = version >= 0 && version <= STORE_VERSION;
	ok = ok && (version != 0 || sqlite_exec(s, fm_store_sql_schema));
	ok = ok && (version >= 2 || sqlite_exec(s, fm_store_sql_schema_2));
	ok = ok && (version == STORE_VERSION || sqlite_exec(s, sql));
	if (!ok && version > STORE_VERSION)
		snprintf(s->error, sizeof(s->error), "is of a later version (%d) of this program", version);
	return sqlite_exec(s, ok ? "COMMIT" : "ROLLBACK") && ok;
}

/* SQLite gives its -wal and -shm files the mode of the database, so the mode is set before it opens. */
static bool sqlite_make_private(const char *path, char *why, size_t why_size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) != 0) {
		snprintf(why, why_size, "%s: cannot be opened: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return false;
	}
	close(fd);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 077)) {
		snprintf(why, why_size, "%s: mode %04o lets others at the site keys; chmod 600 it", path,
		         (unsigned)(st.st_mode & 07777));
		return false;
	}
	return true;
}

static struct fm_store *sqlite_open(const char *folder, int wait_ms, char *why, size_t why_size)
{
	char path[4096];
	if (snprintf(path, sizeof(path), "%s/%s", folder, STORE_FILE) >= (int)sizeof(path)) {
		snprintf(why, why_size, "%s: the name is too long", folder);
		return NULL;
	}
	if (!sqlite_make_private(path, why, why_size))
		return NULL;
	struct fm_sqlite *s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	s->store.driver = &fm_store_sqlite;
	/* A confined server can make no temporary file; a statement that wants one would fail each time it is tried. */
	bool ok = sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK &&
	          sqlite3_extended_result_codes(s->db, 0) == SQLITE_OK &&
	          sqlite3_busy_timeout(s->db, 5000) == SQLITE_OK && sqlite_exec(s, "PRAGMA journal_mode = WAL") &&
	          sqlite_exec(s, "PRAGMA synchronous = FULL") && sqlite_exec(s, "PRAGMA foreign_keys = ON") &&
	          sqlite_exec(s, "PRAGMA trusted_schema = OFF") && sqlite_exec(s, "PRAGMA temp_store = MEMORY") &&
	          sqlite_prepare_schema(s);
	for (int i = 0; ok && i < QUERY_COUNT; i++)
		ok = sqlite3_prepare_v3(s->db, fm_store_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->query[i], NULL) ==
		     SQLITE_OK;
	if (!ok) {
		snprintf(why, why_size, "%s: %s", path, s->error[0] ? s->error : sqlite3_errmsg(s->db));
		sqlite_close(&s->store);
		return NULL;
	}
	/* idle() checkpoints; this is only the bound for when there is no idle time. */
	sqlite3_wal_autocheckpoint(s->db, STORE_WAL_BYTES / 4096);
	sqlite3_busy_timeout(s->db, wait_ms);
	return &s->store;
}

static void sqlite_idle(struct fm_store *store)
{
	sqlite3_wal_checkpoint_v2(fm_store_sqlite_of(store)->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static const char *sqlite_error(const struct fm_store *store)
{
	return fm_store_sqlite_of(store)->error;
}

/* ---- sites ------------------------------------------------------------------------------------------------------ */

static enum fm_store_result sqlite_site_add(struct fm_store *store, const char *name, const struct ice_secret *key,
                                            int64_t now)
{
	struct fm_sqlite *s = fm_store_sqlite_of(store);
	sqlite3_stmt *q = s->query[QUERY_SITE_ADD];
	fm_store_sqlite_text(q, 1, name, strlen(name));
	if (sqlite3_bind_blob(q, 2, key->bytes, key->len, SQLITE_STATIC) != SQLITE_OK)
		abort();
	fm_store_sqlite_number(q, 3, now);
	enum fm_store_result result = fm_store_sqlite_run(s, QUERY_SITE_ADD);
	return result == FM_STORE_OK && sqlite3_changes(s->db) == 0 ? FM_STORE_EXISTS : result;
}

static enum fm_store_result sqlite_site_get(struct fm_store *store, const char *name, struct fm_site *out)
{
	struct fm_sqlite *s = fm_store_sqlite_of(store);
	sqlite3_stmt *q = fm_store_sqlite_text(s->query[QUERY_SITE_GET], 1, name, strlen(name));
	enum fm_store_result result = fm_store_sqlite_row(s, QUERY_SITE_GET);
	if (result == FM_STORE_OK) {
		memset(out, 0, sizeof(*out));
		snprintf(out->name, sizeof(out->name), "%s", fm_store_sqlite_column(q, 0));
		out->created_at = sqlite3_column_int64(q, 2);
		out->revoked_at = sqlite3_column_int64(q, 3);
		if (!ice_secret_set(&out->key, sqlite3_column_blob(q, 1), (size_t)sqlite3_column_bytes(q, 1)) ||
		    out->key.len != FM_STORE_KEY_BYTES) {
			snprintf(s->error, sizeof(s->error), "the key of a site is damaged");
			result = FM_STORE_FAILED;
		}
	}
	fm_store_sqlite_done(s, QUERY_SITE_GET);
	return result;
}

static enum fm_store_result sqlite_site_revoke(struct fm_store *store, const char *name, int64_t now)
{
	struct fm_sqlite *s = fm_store_sqlite_of(store);
	sqlite3_stmt *q = fm_store_sqlite_text(s->query[QUERY_SITE_REVOKE], 1, name, strlen(name));
	fm_store_sqlite_number(q, 2, now);
	enum fm_store_result result = fm_store_sqlite_run(s, QUERY_SITE_REVOKE);
	return result == FM_STORE_OK && sqlite3_changes(s->db) == 0 ? FM_STORE_NONE : result;
}

static enum fm_store_result sqlite_site_each(struct fm_store *store, fm_store_site_fn *each, void *arg)
{
	struct fm_sqlite *s = fm_store_sqlite_of(store);
	sqlite3_stmt *q = s->query[QUERY_SITE_EACH];
	enum fm_store_result result;
	while ((result = fm_store_sqlite_row(s, QUERY_SITE_EACH)) == FM_STORE_OK) {
		struct fm_site_summary site = {
		        .name = fm_store_sqlite_column(q, 0),
		        .created_at = sqlite3_column_int64(q, 1),
		        .revoked_at = sqlite3_column_int64(q, 2),
		        .last_batch_at = sqlite3_column_int64(q, 3),
		        .batches = sqlite3_column_int64(q, 4),
		        .readings = sqlite3_column_int64(q, 5),
		        .devices = sqlite3_column_int64(q, 6),
		        .last_sequence = sqlite3_column_int64(q, 7),
		        .missing = sqlite3_column_int64(q, 8),
		        .waiting = sqlite3_column_int64(q, 9),
		};
		each(&site, arg);
	}
	fm_store_sqlite_done(s, QUERY_SITE_EACH);
	return result == FM_STORE_NONE ? FM_STORE_OK : result;
}

/* ---- devices, values -------------------------------------------------------------------------------------------- */

static enum fm_store_result sqlite_device_each(struct fm_store *store, const char *site, fm_store_device_fn *each,
                                               void *arg)
{
	struct fm_sqlite *s = fm_store_sqlite_of(store);
	sqlite3_stmt *q = s->query[QUERY_DEVICE_EACH];
	enum fm_store_result result;
	if (site)
		fm_store_sqlite_text(q, 1, site, strlen(site));
	while ((result = fm_store_sqlite_row(s, QUERY_DEVICE_EACH)) == FM_STORE_OK) {
		struct fm_device device = {
		        .site = fm_store_sqlite_column(q, 0),
		        .identity = fm_store_sqlite_column(q, 1),
		        .ip = fm_store_sqlite_column(q, 2),
		        .json = fm_store_sqlite_column(q, 3),
		        .len = (size_t)sqlite3_column_bytes(q, 3),
		        .first_seen = sqlite3_column_int64(q, 4),
		        .last_seen = sqlite3_column_int64(q, 5),
		};
		each(&device, arg);
	}
	fm_store_sqlite_done(s, QUERY_DEVICE_EACH);
	return result == FM_STORE_NONE ? FM_STORE_OK : result;
}

static enum fm_store_result sqlite_value_set(struct fm_store *store, const char *key, const char *value)
{
	struct fm_sqlite *s = fm_store_sqlite_of(store);
	sqlite3_stmt *q = fm_store_sqlite_text(s->query[QUERY_VALUE_SET], 1, key, strlen(key));
	fm_store_sqlite_text(q, 2, value, strlen(value));
	return fm_store_sqlite_run(s, QUERY_VALUE_SET);
}

static char *sqlite_value_get(struct fm_store *store, const char *key)
{
	struct fm_sqlite *s = fm_store_sqlite_of(store);
	sqlite3_stmt *q = fm_store_sqlite_text(s->query[QUERY_VALUE_GET], 1, key, strlen(key));
	char *value =
	        fm_store_sqlite_row(s, QUERY_VALUE_GET) == FM_STORE_OK ? strdup(fm_store_sqlite_column(q, 0)) : NULL;
	fm_store_sqlite_done(s, QUERY_VALUE_GET);
	return value;
}

const struct fm_store_driver fm_store_sqlite = {
        .name = "sqlite",
        .open = sqlite_open,
        .close = sqlite_close,
        .site_add = sqlite_site_add,
        .site_get = sqlite_site_get,
        .site_revoke = sqlite_site_revoke,
        .site_each = sqlite_site_each,
        .put = fm_store_readings_put,
        .forget = fm_store_readings_forget,
        .device_each = sqlite_device_each,
        .value_set = sqlite_value_set,
        .value_get = sqlite_value_get,
        .idle = sqlite_idle,
        .error = sqlite_error,
};
