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

static int replace_open_folder(const char *path)
{
	char copy[ICE_REPLACE_PATH_MAX];
	snprintf(copy, sizeof(copy), "%s", path);
	return open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool ice_replace_begin(struct ice_replace *r, const char *path, char *why, size_t why_size)
{
	*r = (struct ice_replace){.folder = -1, .fd = -1};
	if ((size_t)snprintf(r->path, sizeof(r->path), "%s", path) >= sizeof(r->path))
		return replace_refuse(r, "the path is too long", why, why_size);
	snprintf(r->candidate, sizeof(r->candidate), "%s.new", path);
	r->folder = replace_open_folder(path);
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

bool ice_replace_end(struct ice_replace *r, const struct ice_replace_as *as, char *why, size_t why_size)
{
	if (!replace_dress(r, as))
		return replace_fail(r, "its owner and mode cannot be kept", why, why_size);
	if (fsync(r->fd) != 0)
		return replace_fail(r, "cannot be written", why, why_size);
	if (rename(r->candidate, r->path) != 0)
		return replace_fail(r, "cannot be replaced", why, why_size);
	/* The name is another matter than the bytes: without this, a power cut may bring the old file back. */
	(void)fsync(r->folder);
	r->candidate[0] = '\0';
	ice_replace_drop(r);
	return true;
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
