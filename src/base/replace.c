#include "ice/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static bool replace_refuse(struct ice_replace *r, const char *what, char *why, size_t why_size)
{
	snprintf(why, why_size, "%.300s: %s", r->path, what);
	ice_replace_drop(r);
	return false;
}

static bool replace_fail(struct ice_replace *r, const char *what, char *why, size_t why_size)
{
	char reason[256];
	snprintf(reason, sizeof(reason), "%s: %s", what, strerror(errno));
	return replace_refuse(r, reason, why, why_size);
}

/* A folder that the other has locked is opened by its descriptor: a lock belongs to an open file, and a second one would be refused. */
static int replace_open_folder(const char *path, const struct ice_replace *with)
{
	char copy[ICE_REPLACE_PATH_MAX];
	struct stat own, other;
	snprintf(copy, sizeof(copy), "%s", path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && with && fstat(fd, &own) == 0 && fstat(with->folder, &other) == 0 && own.st_dev == other.st_dev &&
	    own.st_ino == other.st_ino) {
		close(fd);
		fd = fcntl(with->folder, F_DUPFD_CLOEXEC, 0);
	}
	return fd;
}

bool ice_replace_begin(struct ice_replace *r, const char *path, char *why, size_t why_size)
{
	return ice_replace_begin_with(r, NULL, path, why, why_size);
}

bool ice_replace_begin_with(struct ice_replace *r, const struct ice_replace *first, const char *path, char *why,
                            size_t why_size)
{
	*r = (struct ice_replace){.folder = -1, .fd = -1};
	if ((size_t)snprintf(r->path, sizeof(r->path), "%s", path) >= sizeof(r->path))
		return replace_refuse(r, "the path is too long", why, why_size);
	snprintf(r->candidate, sizeof(r->candidate), "%s.new", path);
	r->folder = replace_open_folder(path, first);
	if (r->folder < 0)
		return replace_fail(r, "its folder cannot be opened", why, why_size);
	if (flock(r->folder, LOCK_EX | LOCK_NB) != 0)
		return replace_refuse(r, "another process is writing in this folder, try again", why, why_size);
	r->exists = lstat(path, &r->was) == 0;
	if (!r->exists && errno != ENOENT)
		return replace_fail(r, "cannot be examined", why, why_size);
	if (r->exists && S_ISLNK(r->was.st_mode))
		return replace_refuse(r, "is a symbolic link, name the file that it leads to", why, why_size);
	if (r->exists && !S_ISREG(r->was.st_mode))
		return replace_refuse(r, "is not a regular file", why, why_size);
	unlink(r->candidate); /* of a process that was killed: the lock is ours */
	r->fd = open(r->candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->fd < 0)
		return replace_fail(r, "no file can be made beside it", why, why_size);
	return true;
}

bool ice_replace_put(struct ice_replace *r, const void *bytes, size_t n, char *why, size_t why_size)
{
	const char *at = bytes;
	while (n > 0) {
		ssize_t put = write(r->fd, at, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return replace_fail(r, "cannot be written", why, why_size);
		at += put;
		n -= (size_t)put;
	}
	return true;
}

/* Owner first: a change of owner takes bits off the mode. */
static bool replace_dress(struct ice_replace *r, const struct ice_replace_as *as)
{
	struct stat now, model;
	const struct stat *to = r->exists ? &r->was : NULL;
	if (!to && as->like && geteuid() == 0 && stat(as->like, &model) == 0)
		to = &model;
	if (fstat(r->fd, &now) != 0)
		return false;
	if (to && (to->st_uid != now.st_uid || to->st_gid != now.st_gid) && fchown(r->fd, to->st_uid, to->st_gid) != 0)
		return false;
	return fchmod(r->fd, (r->exists && !as->always ? r->was.st_mode : as->mode) & 07777) == 0;
}

/* All but the renaming. */
static bool replace_ready(struct ice_replace *r, const struct ice_replace_as *as, char *why, size_t why_size)
{
	if (!replace_dress(r, as))
		return replace_fail(r, "its owner and mode cannot be kept", why, why_size);
	if (fsync(r->fd) != 0)
		return replace_fail(r, "cannot be written", why, why_size);
	return true;
}

static bool replace_rename(struct ice_replace *r, char *why, size_t why_size)
{
	if (rename(r->candidate, r->path) != 0)
		return replace_fail(r, "cannot be replaced", why, why_size);
	/* The name is another matter than the bytes: without this, a power cut may bring the old file back. */
	(void)fsync(r->folder);
	r->candidate[0] = '\0';
	ice_replace_drop(r);
	return true;
}

bool ice_replace_end(struct ice_replace *r, const struct ice_replace_as *as, char *why, size_t why_size)
{
	return replace_ready(r, as, why, why_size) && replace_rename(r, why, why_size);
}

bool ice_replace_end_both(struct ice_replace *first, const struct ice_replace_as *first_as, struct ice_replace *second,
                          const struct ice_replace_as *second_as, char *why, size_t why_size)
{
	bool good = replace_ready(first, first_as, why, why_size) && replace_ready(second, second_as, why, why_size) &&
	            replace_rename(first, why, why_size) && replace_rename(second, why, why_size);
	ice_replace_drop(first);
	ice_replace_drop(second);
	return good;
}

void ice_replace_drop(struct ice_replace *r)
{
	if (r->fd >= 0) {
		if (r->candidate[0])
			unlink(r->candidate);
		close(r->fd);
	}
	if (r->folder >= 0)
		close(r->folder);
	r->fd = r->folder = -1;
}

bool ice_replace_whole(const char *path, const void *bytes, size_t n, const struct ice_replace_as *as, char *why,
                       size_t why_size)
{
	struct ice_replace r;
	return ice_replace_begin(&r, path, why, why_size) && ice_replace_put(&r, bytes, n, why, why_size) &&
	       ice_replace_end(&r, as, why, why_size);
}
