/* powercut.so, for LD_PRELOAD: keeps, of every file of the folder POWERCUT_LIVE, a copy as it was when it was last synced, in
 * POWERCUT_SYNCED. Whoever then kills the process can leave of the folder what a power cut would leave: what was synced, and
 * any part of what was written since. A copy is complete or not there: it is renamed into its place. */
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path of a regular file directly in the folder, behind its '/'; NULL for any other. */
static const char *powercut_name(int fd, char path[PATH_MAX])
{
	const char *folder = getenv("POWERCUT_LIVE");
	char link[64];
	struct stat st;
	if (!folder || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return NULL;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, path, PATH_MAX - 1);
	size_t len = strlen(folder);
	if (n <= 0)
		return NULL;
	path[n] = '\0';
	return strncmp(path, folder, len) == 0 && path[len] == '/' && !strchr(path + len + 1, '/') ? path + len + 1
	                                                                                           : NULL;
}

static void powercut_keep(int fd)
{
	static char bytes[1 << 16];
	char path[PATH_MAX], fresh[PATH_MAX], kept[PATH_MAX];
	const char *name = powercut_name(fd, path), *to = getenv("POWERCUT_SYNCED");
	if (!name || !to)
		return;
	if (snprintf(kept, sizeof kept, "%s/%s", to, name) >= (int)sizeof kept ||
	    snprintf(fresh, sizeof fresh, "%s/.%s.%d", to, name, (int)getpid()) >= (int)sizeof fresh)
		abort();
	int out = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int in = open(path, O_RDONLY | O_CLOEXEC);
	if (out < 0 || in < 0)
		abort();
	for (ssize_t n; (n = read(in, bytes, sizeof bytes)) > 0;)
		if (write(out, bytes, (size_t)n) != n)
			abort();
	close(in);
	close(out);
	if (rename(fresh, kept) != 0)
		abort();
}

int fsync(int fd)
{
	powercut_keep(fd);
	return 0;
}

int fdatasync(int fd)
{
	powercut_keep(fd);
	return 0;
}
