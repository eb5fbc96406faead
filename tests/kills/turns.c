/* turns.so, for LD_PRELOAD: how often a turn of the loop waits for the disk. A turn lies between two waits for events; each sync of a file in it
 * costs what the disk takes. The file TURNS tells "TURNS SYNCS MOST" whenever a turn had more of them than any before, and at the end: the
 * turns so far, the syncs in all, the most of one turn. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static unsigned long turns, syncs, now, most;

static void turns_tell(void)
{
	const char *path = getenv("TURNS");
	FILE *f = path ? fopen(path, "w") : NULL;
	if (!f)
		return;
	fprintf(f, "%lu %lu %lu\n", turns, syncs, most);
	fclose(f);
}

static void turns_ended(void)
{
	/* What comes before the loop, and before the first turn, is the start's own. */
	if (turns++ > 0 && now > most) {
		most = now;
		turns_tell();
	}
	now = 0;
}

int epoll_wait(int fd, struct epoll_event *events, int count, int timeout)
{
	typedef int wait_fn(int, struct epoll_event *, int, int);
	turns_ended();
	return ((wait_fn *)dlsym(RTLD_NEXT, "epoll_wait"))(fd, events, count, timeout);
}

typedef int sync_fn(int);

int fsync(int fd)
{
	syncs++, now++;
	return ((sync_fn *)dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd)
{
	syncs++, now++;
	return ((sync_fn *)dlsym(RTLD_NEXT, "fdatasync"))(fd);
}

__attribute__((destructor)) static void turns_end(void)
{
	turns_tell();
}
