/* A wrong engine or server, to show that the harness notices: its commits do not wait for the disk. Linked in with
 * --wrap=sqlite3_exec. */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

typedef int wrong_row_fn(void *, int, char **, char **);
int __real_sqlite3_exec(sqlite3 *db, const char *sql, wrong_row_fn *row, void *arg, char **error);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, wrong_row_fn *row, void *arg, char **error);

int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, wrong_row_fn *row, void *arg, char **error)
{
	char wrong[1024];
	const char *full = strstr(sql, "FULL");
	if (full && strstr(sql, "synchronous")) {
		snprintf(wrong, sizeof wrong, "%.*sNORMAL%s", (int)(full - sql), sql, full + 4);
		sql = wrong;
	}
	return __real_sqlite3_exec(db, sql, row, arg, error);
}
