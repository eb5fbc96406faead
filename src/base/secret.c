#include "ice/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ice/replace.h"

#define SECRET_FILE_MAX 65536 /* of a file with a secret a line, comments included */

/* Opens a private regular file, or says why not. Without O_NONBLOCK a FIFO would hang us until someone writes. */
static int secret_open(const char *path, char *why, size_t why_size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0) {
		snprintf(why, why_size, "%s: cannot be opened: %s", path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) != 0)
		snprintf(why, why_size, "%s: cannot be examined: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		snprintf(why, why_size, "%s: is not a regular file", path);
	else if (st.st_mode & 077)
		snprintf(why, why_size, "%s: mode %04o lets others at a secret; chmod 600 it", path,
		         (unsigned)(st.st_mode & 07777));
	else
		return fd;
	close(fd);
	return -1;
}

/* Reads at most max bytes into buffer, which has room for one more. */
static bool secret_slurp(int fd, const char *path, char *buffer, size_t max, size_t *length, char *why, size_t why_size)
{
	size_t n = 0;
	while (n <= max) {
		ssize_t got = read(fd, buffer + n, max + 1 - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			snprintf(why, why_size, "%s: cannot be read: %s", path, strerror(errno));
			return false;
		}
		if (got == 0)
			break;
		n += (size_t)got;
	}
	if (n > max)
		snprintf(why, why_size, "%s: is longer than %zu bytes", path, max);
	else if (memchr(buffer, 0, n))
		snprintf(why, why_size, "%s: holds a NUL byte; save it as plain text", path);
	else if (n >= 3 && memcmp(buffer, "\xef\xbb\xbf", 3) == 0)
		snprintf(why, why_size, "%s: begins with a byte-order mark; save it as UTF-8 without one", path);
	else if (n == 0)
		snprintf(why, why_size, "%s: is empty", path);
	else {
		buffer[n] = 0;
		*length = n;
		return true;
	}
	return false;
}

char *ice_secret_read_text(const char *path, size_t max, char *why, size_t why_size)
{
	int fd = secret_open(path, why, why_size);
	if (fd < 0)
		return NULL;
	size_t n = 0;
	char *text = calloc(1, max + 1);
	if (!text)
		abort();
	if (!secret_slurp(fd, path, text, max, &n, why, why_size)) {
		explicit_bzero(text, max + 1);
		free(text);
		text = NULL;
	}
	close(fd);
	return text;
}

bool ice_secret_write_text(const char *path, const char *text, const char *like, char *why, size_t why_size)
{
	struct ice_replace_as as = {.mode = 0600, .always = true, .like = like};
	return ice_replace_whole(path, text, strlen(text), &as, why, why_size);
}

void ice_secret_free_text(char *text)
{
	if (text)
		explicit_bzero(text, strlen(text));
	free(text);
}

/* Cuts the next line off *rest, without its end ("\n" or "\r\n"). */
static bool secret_next_line(const char **rest, const char **line, size_t *n)
{
	if (!**rest)
		return false;
	*line = *rest;
	*n = strcspn(*rest, "\n");
	*rest += *n + ((*rest)[*n] == '\n');
	if (*n > 0 && (*line)[*n - 1] == '\r')
		--*n;
	return true;
}

size_t ice_secret_read(const char *path, struct ice_secret *out, size_t max, char *why, size_t why_size)
{
	char *text = ice_secret_read_text(path, SECRET_FILE_MAX, why, why_size);
	if (!text)
		return 0;
	size_t count = 0, n;
	unsigned number = 0;
	const char *rest = text, *line;
	bool good = true;
	while (good && secret_next_line(&rest, &line, &n)) {
		number++;
		if (*line == '#' || strspn(line, " \t") >= n)
			continue;
		if (n > ICE_SECRET_MAX) {
			snprintf(why, why_size, "%s:%u: the line is longer than %d bytes", path, number,
			         ICE_SECRET_MAX);
			good = false;
		} else if (count == max) {
			snprintf(why, why_size, "%s:%u: holds more than %zu secret%s", path, number, max,
			         max == 1 ? "" : "s");
			good = false;
		} else {
			good = ice_secret_set(&out[count++], line, n);
		}
	}
	if (good && count == 0)
		snprintf(why, why_size, "%s: holds no secret, only blank lines and comments", path);
	if (!good) {
		while (count > 0)
			ice_secret_wipe(&out[--count]);
	}
	ice_secret_free_text(text);
	return count;
}

bool ice_secret_set(struct ice_secret *s, const void *bytes, size_t n)
{
	if (n > ICE_SECRET_MAX)
		return false;
	(void)mlock(s, sizeof(*s)); /* out of swap where RLIMIT_MEMLOCK lets us: best effort */
	memset(s, 0, sizeof(*s));
	if (n > 0)
		memcpy(s->bytes, bytes, n);
	s->len = (uint8_t)n;
	return true;
}

bool ice_secret_same(const struct ice_secret *s, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	volatile uint8_t difference = 0; /* volatile: the loop must not end at the first byte that differs */
	if (n != s->len)
		return false;
	for (size_t i = 0; i < n; i++)
		difference = difference | (uint8_t)(s->bytes[i] ^ p[i]);
	return difference == 0;
}

void ice_secret_wipe(struct ice_secret *s)
{
	explicit_bzero(s, sizeof(*s));
}

void ice_secret_guard_process(void)
{
	struct rlimit none = {0, 0};
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
