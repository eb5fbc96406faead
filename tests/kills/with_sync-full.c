/* A wrong engine, to show that the count of what a turn of the loop waits for notices: each of its commits waits for the disk. Linked in with
 * --wrap=sqlite3_exec. */
#include <sqlite3.h>
#include <stdbool.h>
#include <string.h>

typedef int wrong_row_fn(void *, int, char **, char **);
int __real_sqlite3_exec(sqlite3 *db, const char *sql, wrong_row_fn *row, void *arg, char **error);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, wrong_row_fn *row, void *arg, char **error);

int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, wrong_row_fn *row, void *arg, char **error)
{
	bool spares = strstr(sql, "synchronous") && strstr(sql, "NORMAL");
	return __real_sqlite3_exec(db, spares ? "PRAGMA synchronous=FULL" : sql, row, arg, error);
}
