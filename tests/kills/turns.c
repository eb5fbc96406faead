/* turns.so, for LD_PRELOAD: how often a turn of the loop waits for the disk. A turn lies between two waits for events; each sync of a file in it
 * costs what the disk takes, and TURNS_WAIT microseconds more. The file TURNS tells "TURNS SYNCS MOST FOLDS" whenever a turn had more of them
 * than any before, and at the end: the turns so far, the syncs in all, the most of one turn, and in how many turns a database itself was synced,
 * and not its log alone. */
#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static unsigned long turns, syncs, now, most, folds;
static bool folding;

static void turns_tell(void)
{
	const char *path = getenv("TURNS");
	FILE *f = path ? fopen(path, "w") : NULL;
	if (!f)
		return;
	fprintf(f, "%lu %lu %lu %lu\n", turns, syncs, most, folds);
	fclose(f);
}

static void turns_ended(void)
{
	/* What comes before the loop, and before the first turn, is the start's own. */
	bool counts = turns++ > 0;
	folds += counts && folding;
	if (counts && now > most) {
		most = now;
		turns_tell();
	}
	now = 0;
	folding = false;
}

int epoll_wait(int fd, struct epoll_event *events, int count, int timeout)
{
	typedef int wait_fn(int, struct epoll_event *, int, int);
	turns_ended();
	return ((wait_fn *)dlsym(RTLD_NEXT, "epoll_wait"))(fd, events, count, timeout);
}

typedef int sync_fn(int);

static void turns_sync(int fd)
{
	const char *wait = getenv("TURNS_WAIT");
	char link[64], path[PATH_MAX];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, sizeof path);
	folding |= n > 3 && strncmp(path + n - 3, ".db", 3) == 0;
	syncs++, now++;
	if (wait)
		usleep((useconds_t)atoi(wait));
}

int fsync(int fd)
{
	turns_sync(fd);
	return ((sync_fn *)dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd)
{
	turns_sync(fd);
	return ((sync_fn *)dlsym(RTLD_NEXT, "fdatasync"))(fd);
}

__attribute__((destructor)) static void turns_end(void)
{
	turns_tell();
}
