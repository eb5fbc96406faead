#include "publish.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool ice_publish(const char *path, const char *bytes, size_t n, mode_t mode)
{
	char fresh[PATH_MAX];
	if ((size_t)snprintf(fresh, sizeof fresh, "%s.new", path) >= sizeof fresh) {
		errno = ENAMETOOLONG;
		return false;
	}
	if (unlink(fresh) != 0 && errno != ENOENT) /* of a process that was killed; never written through a link */
		return false;
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return false;
	bool good = fchmod(fd, mode) == 0;
	for (size_t done = 0; good && done < n;) {
		ssize_t wrote = write(fd, bytes + done, n - done);
		if (wrote > 0)
			done += (size_t)wrote;
		else
			good = wrote < 0 && errno == EINTR;
	}
	int error = errno;
	if (close(fd) != 0 && good) {
		error = errno;
		good = false;
	}
	if (good && rename(fresh, path) == 0)
		return true;
	if (good)
		error = errno;
	unlink(fresh);
	errno = error;
	return false;
}
