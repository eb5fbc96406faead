#include "request.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ice/clock.h"
#include "ice/random.h"

#include "engine/setup.h"

#define REQUEST_FOLDER "requests"
#define REQUEST_MAX    128 /* bytes of a file */
#define REQUEST_STALE  60  /* seconds after which a file that was never finished is nobody's any more */

static const char *const request_names[ICE_REQUEST_COUNT] = {
        [ICE_REQUEST_SWEEP] = "sweep", [ICE_REQUEST_INVENTORY] = "inventory", [ICE_REQUEST_UPLOAD] = "upload"};

const char *ice_request_name(enum ice_request_what what)
{
	return request_names[what];
}

bool ice_request_what(const char *name, enum ice_request_what *out)
{
	for (size_t i = 0; i < ICE_REQUEST_COUNT; i++) {
		if (strcmp(name, request_names[i]) == 0) {
			*out = (enum ice_request_what)i;
			return true;
		}
	}
	return false;
}

bool ice_request_parse(const char *bytes, size_t n, struct ice_request *out)
{
	char line[REQUEST_MAX + 1];
	if (n == 0 || n > REQUEST_MAX || bytes[n - 1] != '\n' || memchr(bytes, '\0', n))
		return false;
	memcpy(line, bytes, n - 1);
	line[n - 1] = '\0';
	char *blank = strchr(line, ' ');
	const char *range = blank ? blank + 1 : "";
	if (blank)
		*blank = '\0';
	if (!ice_request_what(line, &out->what) || strchr(range, '\n') || strlen(range) >= sizeof out->range ||
	    (blank && (!*range || out->what == ICE_REQUEST_UPLOAD)))
		return false;
	strcpy(out->range, range);
	return true;
}

/* The folder belongs to the service's user, who asks may be root: no link that was laid there is followed. */
static int request_open_folder(const char *state)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", state, REQUEST_FOLDER);
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* ---- who asks ---- */

static size_t request_waiting(int folder)
{
	size_t n = 0;
	int copy = dup(folder);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	while (d && n <= ICE_REQUESTS_WAITING + 2 && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n > 2 ? n - 2 : 0; /* . and .. */
}

static bool request_write(int folder, const struct ice_request *r)
{
	char line[REQUEST_MAX], hidden[ICE_REQUEST_ID_SIZE + 1];
	int n = snprintf(line, sizeof line, "%s%s%s\n", request_names[r->what], r->range[0] ? " " : "", r->range);
	snprintf(hidden, sizeof hidden, ".%s", r->id);
	int fd = openat(folder, hidden, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	/* The service may be another user, and a request is no secret. */
	bool good = fchmod(fd, 0644) == 0 && write(fd, line, (size_t)n) == n;
	good = close(fd) == 0 && good;
	good = good && renameat(folder, hidden, folder, r->id) == 0;
	if (!good)
		unlinkat(folder, hidden, 0);
	return good;
}

bool ice_request_make(const char *state, struct ice_request *r, char *why, size_t why_size)
{
	uint64_t id;
	ice_random_system(&id, sizeof id);
	snprintf(r->id, sizeof r->id, "%016" PRIx64, id);
	int folder = request_open_folder(state);
	bool full = folder >= 0 && request_waiting(folder) > ICE_REQUESTS_WAITING;
	bool made = folder >= 0 && !full && request_write(folder, r);
	if (!made)
		snprintf(why, why_size, "%.300s/%s: %s", state, REQUEST_FOLDER,
		         full ? "too many requests wait there already" : strerror(errno));
	if (folder >= 0)
		close(folder);
	return made;
}

void ice_request_withdraw(const char *state, const struct ice_request *r)
{
	int folder = request_open_folder(state);
	if (folder < 0)
		return;
	unlinkat(folder, r->id, 0);
	close(folder);
}

/* ---- the service ---- */

bool ice_requests_begin(const char *state)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s/%s", state, REQUEST_FOLDER);
	int folder = ice_setup_folder(path) ? request_open_folder(state) : -1;
	DIR *d = folder >= 0 ? fdopendir(folder) : NULL;
	if (!d)
		return false;
	for (const struct dirent *e; (e = readdir(d)) != NULL;)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlinkat(folder, e->d_name, 0);
	closedir(d);
	return true;
}

static bool request_is_id(const char *name)
{
	return strlen(name) == ICE_REQUEST_ID_SIZE - 1 && strspn(name, "0123456789abcdef") == ICE_REQUEST_ID_SIZE - 1;
}

static bool request_read(int folder, const char *name, struct ice_request *out)
{
	char bytes[REQUEST_MAX + 1];
	struct stat st;
	int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, bytes, sizeof bytes) : -1;
	close(fd);
	snprintf(out->id, sizeof out->id, "%s", name);
	return n > 0 && ice_request_parse(bytes, (size_t)n, out);
}

/* One that is being made has a dot before its name. */
static bool request_is_being_made(int folder, const char *name)
{
	struct stat st;
	return name[0] == '.' && fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_mtime + REQUEST_STALE > ice_clock_wall();
}

size_t ice_requests_take(const char *state, ice_request_fn *take, void *arg)
{
	struct ice_request r;
	size_t looked = 0, taken = 0, thrown = 0;
	int folder = request_open_folder(state);
	DIR *d = folder >= 0 ? fdopendir(folder) : NULL;
	if (!d) {
		if (folder >= 0)
			close(folder);
		return 0;
	}
	for (const struct dirent *e;
	     taken + thrown < ICE_REQUESTS_AT_ONCE && looked < 4 * ICE_REQUESTS_WAITING && (e = readdir(d)) != NULL;
	     looked++) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
		    request_is_being_made(folder, e->d_name))
			continue;
		bool good = request_is_id(e->d_name) && request_read(folder, e->d_name, &r);
		if (unlinkat(folder, e->d_name, 0) != 0)
			continue; /* withdrawn meanwhile; or a folder, which is nobody's business here */
		if (good) {
			take(&r, arg);
			taken++;
		} else {
			thrown++;
		}
	}
	closedir(d);
	return thrown;
}
