#include "status_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include "alive.h"
#include "status.h"

/* What lies there may be no file at all: nobody waits for the other end of a pipe, and no link is followed. */
static FILE *status_file_open(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	FILE *f = NULL;
	if (fd >= 0 && fstat(fd, &st) == 0) {
		errno = EINVAL;
		f = S_ISREG(st.st_mode) ? fdopen(fd, "r") : NULL;
	}
	int error = errno;
	if (fd >= 0 && !f)
		close(fd);
	errno = error;
	return f;
}

/* As far as all programs agree on integers (RFC 8259, section 6); sums and differences of such are none that overflow. */
#define STATUS_FILE_NUMBER (INT64_C(1) << 53)

static void status_file_measure(json_t *o)
{
	const char *key;
	json_t *of;
	size_t i;
	if (json_integer_value(o) > STATUS_FILE_NUMBER)
		json_integer_set(o, STATUS_FILE_NUMBER);
	else if (json_integer_value(o) < -STATUS_FILE_NUMBER)
		json_integer_set(o, -STATUS_FILE_NUMBER);
	json_array_foreach(o, i, of)
	{
		status_file_measure(of);
	}
	json_object_foreach(o, key, of)
	{
		status_file_measure(of);
	}
}

/* Written by another user's process: believed as far as it is an object of a bearable size. */
static json_t *status_file_read(const char *path, char *why, size_t why_size)
{
	json_error_t error;
	json_t *o = NULL;
	char *text = malloc(ICE_STATUS_FILE_MAX + 1);
	if (!text)
		abort();
	FILE *f = status_file_open(path);
	size_t n = f ? fread(text, 1, ICE_STATUS_FILE_MAX + 1, f) : 0;
	if (!f || ferror(f))
		snprintf(why, why_size, "%.300s: %s%s", path, strerror(errno),
		         errno == ENOENT   ? "; no service has ever run there; " ICE_ALIVE_ELSEWHERE
		         : errno == EACCES ? "; run this as root or as the service's user"
		         : errno == EINVAL ? "; no service wrote that"
		                           : "");
	else if (n > ICE_STATUS_FILE_MAX)
		snprintf(why, why_size, "%.300s: is longer than any status", path);
	else if (!(o = json_loadb(text, n, 0, &error)) || !json_is_object(o))
		snprintf(why, why_size, "%.300s: is no status (line %d is no JSON, or it is no object)", path,
		         o ? 1 : error.line);
	if (o && !json_is_object(o)) {
		json_decref(o);
		o = NULL;
	}
	if (f)
		fclose(f);
	free(text);
	return o;
}

static void status_file_problem(json_t *o, const char *what, const char *todo)
{
	json_t *problems = json_object_get(o, "problems");
	if (!json_is_array(problems)) {
		problems = json_array();
		json_object_set_new(o, "problems", problems);
	}
	json_array_insert_new(problems, 0, json_pack("{s:s, s:s}", "what", what, "do", todo));
	json_object_set_new(o, "healthy", json_false());
}

json_t *ice_status_load(const char *state, int64_t wall, char *why, size_t why_size)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", state, ICE_STATUS_FILE);
	json_t *o = status_file_read(path, why, why_size);
	if (!o)
		return NULL;
	status_file_measure(o);
	pid_t pid = ice_alive_pid(state);
	int64_t age = wall - json_integer_value(json_object_get(o, "written_at"));
	json_object_set_new(o, "alive", json_boolean(pid >= 0));
	json_object_set_new(o, "age_seconds", json_integer(age));
	if (pid > 0)
		json_object_set_new(o, "pid",
		                    json_integer(pid)); /* by the lock: whoever is sent a signal is the service */
	char silence[96];
	if (pid < 0) {
		status_file_problem(o, "the service is not running",
		                    "systemctl start ice; journalctl -u ice tells why it ended; " ICE_ALIVE_ELSEWHERE);
	} else if (age > ICE_STATUS_STALE || age < -ICE_STATUS_STALE) {
		snprintf(silence, sizeof silence,
		         age > 0 ? "the service has not been heard of for %" PRId64 " s"
		                 : "the service was last heard of %" PRId64 " s ahead of this machine's clock",
		         age > 0 ? age : -age);
		status_file_problem(o, silence, "journalctl -u ice tells what it was at; systemctl restart ice");
	}
	return o;
}
