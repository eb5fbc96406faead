/* store_sqlite: the store from the inside, shared by store_sqlite.c, which opens it and keeps sites, devices and values, and
 * store_readings.c, which takes batches and forgets old readings.
 *
 * Only these two include it. */
#ifndef FM_STORE_SQLITE_H
#define FM_STORE_SQLITE_H

#include <stddef.h>
#include <stdint.h>

#include "store.h"

struct sqlite3;
struct sqlite3_stmt;

enum fm_store_query {
	QUERY_BEGIN,
	QUERY_COMMIT,
	QUERY_ROLLBACK,
	QUERY_SITE_ADD,
	QUERY_SITE_GET,
	QUERY_SITE_REVOKE,
	QUERY_SITE_EACH,
	QUERY_SITE_ID,
	QUERY_BATCH_ADD,
	QUERY_DEVICE_GET,
	QUERY_DEVICE_ADD,
	QUERY_DEVICE_NEWER,
	QUERY_DEVICE_OLDER,
	QUERY_READING_ADD,
	QUERY_BASE_GET,
	QUERY_WAITING_ADD,
	QUERY_WAITING_READY,
	QUERY_WAITING_GET,
	QUERY_WAITING_END,
	QUERY_WAITING_UNFIT,
	QUERY_FORGET_LOOK,
	QUERY_FORGET,
	QUERY_DEVICE_EACH,
	QUERY_VALUE_SET,
	QUERY_VALUE_GET,
	QUERY_COUNT
};

/* In store_sql.c. */
extern const char fm_store_sql_schema[], fm_store_sql_schema_2[];
extern const char *const fm_store_sql[QUERY_COUNT];

struct fm_sqlite {
	struct fm_store store; /* first: the driver's functions get this */
	struct sqlite3 *db;
	struct sqlite3_stmt *query[QUERY_COUNT];
	int64_t forgotten; /* the last reading that this pass of forgetting has looked at */
	char error[256];
};

struct fm_sqlite *fm_store_sqlite_of(const struct fm_store *s);

/* A query with one more parameter bound; texts are lent until it has run. */
struct sqlite3_stmt *fm_store_sqlite_text(struct sqlite3_stmt *q, int i, const char *text, size_t n);
struct sqlite3_stmt *fm_store_sqlite_number(struct sqlite3_stmt *q, int i, int64_t number);
const char *fm_store_sqlite_column(struct sqlite3_stmt *q, int i); /* "" for NULL */

/* Runs a statement that gives no rows. */
enum fm_store_result fm_store_sqlite_run(struct fm_sqlite *s, enum fm_store_query query);
/* The next row: OK, and the statement stands on it until _done; NONE when there is none. */
enum fm_store_result fm_store_sqlite_row(struct fm_sqlite *s, enum fm_store_query query);
void fm_store_sqlite_done(struct fm_sqlite *s, enum fm_store_query query);
/* Ends the open transaction one way or the other. A commit that fails leaves nothing behind. */
enum fm_store_result fm_store_sqlite_end(struct fm_sqlite *s, enum fm_store_result so_far);

/* put of the driver. */
enum fm_store_result fm_store_readings_put(struct fm_store *store, const struct fm_batch *batch, int64_t now,
                                           struct fm_store_tally *tally);
/* forget of the driver. */
enum fm_store_result fm_store_readings_forget(struct fm_store *store, int64_t before, uint64_t *forgotten);

#endif
