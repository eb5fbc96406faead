/* faultydisk.so, for LD_PRELOAD: a disk that fails while the test wants it to. The file FAULTYDISK_ORDER holds "ERRNO w", "ERRNO r" or
 * "ERRNO rw": while it is there, writing (and syncing and cutting) or reading any file in the folder FAULTYDISK_FOLDER fails so. With
 * "SECONDS s" syncing them takes so long. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool faultydisk_is_ours(int fd)
{
	char link[64], path[PATH_MAX];
	const char *folder = getenv("FAULTYDISK_FOLDER");
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = folder ? readlink(link, path, sizeof path - 1) : -1;
	if (n <= 0)
		return false;
	path[n] = '\0';
	return strncmp(path, folder, strlen(folder)) == 0 && path[strlen(folder)] == '/';
}

/* True, with errno set, when this descriptor fails at this just now. */
static bool faultydisk_fails(int fd, char way)
{
	char order[32] = "";
	const char *file = getenv("FAULTYDISK_ORDER");
	int kept = errno, in = file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
	errno = kept;
	if (in < 0)
		return false;
	FILE *f = fdopen(in, "r");
	bool fails = f && fgets(order, sizeof order, f) && strchr(order, way) && faultydisk_is_ours(fd);
	if (f)
		fclose(f);
	errno = fails ? atoi(order) : kept;
	return fails;
}

#define FAULTYDISK_REAL(type, name) ((type)dlsym(RTLD_NEXT, name))
typedef ssize_t faultydisk_read_fn(int, void *, size_t, off_t);
typedef ssize_t faultydisk_write_fn(int, const void *, size_t, off_t);
typedef int faultydisk_cut_fn(int, off_t);
typedef int faultydisk_sync_fn(int);

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
	return faultydisk_fails(fd, 'r') ? -1 : FAULTYDISK_REAL(faultydisk_read_fn *, "pread")(fd, to, n, at);
}

ssize_t pread64(int fd, void *to, size_t n, off_t at)
{
	return faultydisk_fails(fd, 'r') ? -1 : FAULTYDISK_REAL(faultydisk_read_fn *, "pread64")(fd, to, n, at);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
	return faultydisk_fails(fd, 'w') ? -1 : FAULTYDISK_REAL(faultydisk_write_fn *, "pwrite")(fd, from, n, at);
}

ssize_t pwrite64(int fd, const void *from, size_t n, off_t at)
{
	return faultydisk_fails(fd, 'w') ? -1 : FAULTYDISK_REAL(faultydisk_write_fn *, "pwrite64")(fd, from, n, at);
}

int ftruncate(int fd, off_t to)
{
	return faultydisk_fails(fd, 'w') ? -1 : FAULTYDISK_REAL(faultydisk_cut_fn *, "ftruncate")(fd, to);
}

int ftruncate64(int fd, off_t to)
{
	return faultydisk_fails(fd, 'w') ? -1 : FAULTYDISK_REAL(faultydisk_cut_fn *, "ftruncate64")(fd, to);
}

/* A disk that is busy with something else. */
static void faultydisk_dawdle(int fd)
{
	if (faultydisk_fails(fd, 's'))
		for (int left = errno * 100; left > 0; left--)
			usleep(10000);
}

int fsync(int fd)
{
	faultydisk_dawdle(fd);
	return faultydisk_fails(fd, 'w') ? -1 : FAULTYDISK_REAL(faultydisk_sync_fn *, "fsync")(fd);
}

int fdatasync(int fd)
{
	faultydisk_dawdle(fd);
	return faultydisk_fails(fd, 'w') ? -1 : FAULTYDISK_REAL(faultydisk_sync_fn *, "fdatasync")(fd);
}
