/* A wrong server, to show that the harness notices: it acknowledges every second batch before it has committed it, which it does
 * with the next one, or when it is stopped in order. Linked in with --wrap=sqlite3_step and --wrap=sqlite3_close. */
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

int __real_sqlite3_step(sqlite3_stmt *s);
int __wrap_sqlite3_step(sqlite3_stmt *s);
int __real_sqlite3_close(sqlite3 *db);
int __wrap_sqlite3_close(sqlite3 *db);

static bool wrong_is(sqlite3_stmt *s, const char *sql)
{
	return strncmp(sqlite3_sql(s), sql, strlen(sql)) == 0;
}

int __wrap_sqlite3_step(sqlite3_stmt *s)
{
	static unsigned commits;
	bool open = !sqlite3_get_autocommit(sqlite3_db_handle(s));
	if (wrong_is(s, "BEGIN") && open)
		return SQLITE_DONE;
	if (wrong_is(s, "COMMIT") && ++commits % 2)
		return SQLITE_DONE;
	if (wrong_is(s, "ROLLBACK") && open) /* of a batch that was there already */
		return SQLITE_DONE;
	return __real_sqlite3_step(s);
}

int __wrap_sqlite3_close(sqlite3 *db)
{
	if (db && !sqlite3_get_autocommit(db))
		sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
	return __real_sqlite3_close(db);
}
