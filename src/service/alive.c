#include "alive.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ALIVE_FILE "service.lock"

bool ice_alive_begin(const char *folder, char *why, size_t why_size)
{
	char path[PATH_MAX];
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	snprintf(path, sizeof path, "%s/%s", folder, ALIVE_FILE);
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0)
		return true; /* closing any descriptor of this file would let go of it: this one is never closed */
	bool taken = fd >= 0 && (errno == EAGAIN || errno == EACCES);
	snprintf(why, why_size, "%.300s: %s", path, taken ? "another service has this state folder" : strerror(errno));
	if (fd >= 0)
		close(fd);
	return false;
}

pid_t ice_alive_pid(const char *folder)
{
	char path[PATH_MAX];
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	snprintf(path, sizeof path, "%s/%s", folder, ALIVE_FILE);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		errno = errno == ENOENT ? 0 : errno;
		return -1;
	}
	bool told = fcntl(fd, F_GETLK, &lock) == 0;
	int error = errno;
	close(fd);
	errno = told ? 0 : error;
	return told && lock.l_type != F_UNLCK ? lock.l_pid : -1;
}
