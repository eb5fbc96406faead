#include "ice/glance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define GLANCE_TRIES  10
#define GLANCE_CHUNK  65536
#define GLANCE_HEADER 32 /* of SQLite's log: the salts of its present run are in it */

/* What tells that a file was written to. */
struct glance_mark {
	bool there;
	off_t size;
	struct timespec written;
	char header[GLANCE_HEADER];
};

static void glance_look(const char *path, struct glance_mark *mark)
{
	struct stat st;
	memset(mark, 0, sizeof(*mark));
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	mark->there = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	if (mark->there) {
		mark->size = st.st_size;
		mark->written = st.st_mtim;
		(void)!pread(fd, mark->header, sizeof(mark->header), 0);
	}
	if (fd >= 0)
		close(fd);
}

static bool glance_same(const struct glance_mark *a, const struct glance_mark *b)
{
	return a->there == b->there && a->size == b->size && a->written.tv_sec == b->written.tv_sec &&
	       a->written.tv_nsec == b->written.tv_nsec;
}

/* False with errno. One that is not there makes an empty copy. */
static bool glance_copy(const char *from, const char *to)
{
	static char chunk[GLANCE_CHUNK];
	int in = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (in < 0 && errno != ENOENT)
		return false;
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool good = out >= 0;
	ssize_t n = 0;
	for (off_t sum = 0; good && in >= 0 && (n = read(in, chunk, sizeof(chunk))) > 0; sum += n) {
		good = write(out, chunk, (size_t)n) == n && sum < ICE_GLANCE_MAX;
		if (!good && sum >= ICE_GLANCE_MAX)
			errno = EFBIG;
	}
	good = good && n >= 0;
	int error = errno;
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	errno = error;
	return good;
}

/* True when both copies fit together; errno 0 when they only did not. */
static bool glance_try(const char *path, const char *log, const char *copy, const char *log_copy)
{
	struct glance_mark before, after, log_before, log_after;
	glance_look(path, &before);
	glance_look(log, &log_before);
	if (!glance_copy(path, copy) || !glance_copy(log, log_copy))
		return false;
	glance_look(path, &after);
	glance_look(log, &log_after);
	errno = 0;
	return glance_same(&before, &after) && memcmp(log_before.header, log_after.header, GLANCE_HEADER) == 0;
}

bool ice_glance_take(struct ice_glance *g, const char *path, char *why, size_t why_size)
{
	const char *below = getenv("TMPDIR");
	char log[PATH_MAX + 8], log_copy[PATH_MAX + 32];
	struct stat st;
	g->folder[0] = '\0';
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		snprintf(why, why_size, "%.300s: not a regular file", path);
		return false;
	}
	snprintf(g->folder, sizeof(g->folder), "%.3000s/ice-glance.XXXXXX", below && *below == '/' ? below : "/tmp");
	if (!mkdtemp(g->folder)) {
		snprintf(why, why_size, "%.300s: cannot be made: %s", g->folder, strerror(errno));
		g->folder[0] = '\0';
		return false;
	}
	snprintf(g->path, sizeof(g->path), "%s/outbox.db", g->folder);
	snprintf(log, sizeof(log), "%s-wal", path);
	snprintf(log_copy, sizeof(log_copy), "%s-wal", g->path);
	for (int i = 0; i < GLANCE_TRIES; i++) {
		if (glance_try(path, log, g->path, log_copy))
			return true;
		if (errno != 0)
			break;
	}
	snprintf(why, why_size, "%.300s: cannot be copied to look at it: %s", path,
	         errno == EFBIG ? "it is too large; stop the service for that"
	         : errno != 0   ? strerror(errno)
	                        : "it is written to all the time, try again");
	ice_glance_end(g);
	return false;
}

void ice_glance_end(struct ice_glance *g)
{
	static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
	char file[PATH_MAX + 32];
	if (!g->folder[0])
		return;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		snprintf(file, sizeof(file), "%s%s", g->path, ends[i]);
		unlink(file);
	}
	rmdir(g->folder);
	g->folder[0] = '\0';
}
