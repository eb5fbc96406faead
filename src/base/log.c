#include "ice/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_LINE_MAX  4096 /* a whole line goes out in one write, so that lines of two processes do not mix */
#define LOG_VALUE_MAX 512  /* of one value's own bytes; the rest is told by "..." */

struct log_level_row {
	const char *name;
	int syslog; /* RFC 5424 section 6.2.1, as sd-daemon(3) wants it */
};

static const struct log_level_row log_levels[] = {
        [ICE_LOG_ERROR] = {"error", 3},
        [ICE_LOG_WARN] = {"warn", 4},
        [ICE_LOG_INFO] = {"info", 6},
        [ICE_LOG_DEBUG] = {"debug", 7},
};

/* A process has one log, as it has one standard error. */
static enum ice_log_level log_level = ICE_LOG_INFO;
static int log_fd = 2;
static ice_log_listener_fn *log_listener;
static void *log_listener_arg;

struct log_line {
	char bytes[LOG_LINE_MAX];
	size_t n;
	bool full;
};

/* Appends all of it or, in a line that is full, nothing: an escape is never cut in half. */
static void log_put(struct log_line *line, const char *s, size_t n)
{
	if (line->full || n > sizeof(line->bytes) - sizeof("...\n") - line->n) {
		line->full = true;
		return;
	}
	memcpy(line->bytes + line->n, s, n);
	line->n += n;
}

static bool log_is_plain(const char *s)
{
	for (const char *p = s; *p; p++) {
		bool alnum = (*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z');
		if (!alnum && !strchr("-_.:/@+,%~", *p))
			return false;
	}
	return *s != 0;
}

/* One byte as it may stand in a log: what could end a line, move a cursor or close a quote is spelled out. */
static void log_put_escaped(struct log_line *line, char byte, bool quoted)
{
	unsigned char c = (unsigned char)byte;
	char code[5];
	if (c == '\n')
		log_put(line, "\\n", 2);
	else if (c == '\r')
		log_put(line, "\\r", 2);
	else if (c == '\t')
		log_put(line, "\\t", 2);
	else if (quoted && (c == '"' || c == '\\'))
		log_put(line, (const char[]){'\\', byte}, 2);
	else if (c < 0x20 || c >= 0x7f)
		log_put(line, code, (size_t)snprintf(code, sizeof(code), "\\x%02x", c));
	else
		log_put(line, &byte, 1);
}

static void log_put_value(struct log_line *line, const char *s)
{
	if (strnlen(s, LOG_VALUE_MAX + 1) <= LOG_VALUE_MAX && log_is_plain(s)) {
		log_put(line, s, strlen(s));
		return;
	}
	log_put(line, "\"", 1);
	size_t i = 0;
	for (; i < LOG_VALUE_MAX && s[i]; i++)
		log_put_escaped(line, s[i], true);
	if (s[i])
		log_put(line, "...", 3);
	log_put(line, "\"", 1);
}

/* True when systemd reads our lines: JOURNAL_STREAM names the very descriptor we write to (systemd.exec(5)). A child of a service
 * whose output was sent elsewhere inherits the variable, but not the descriptor. */
static bool log_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat st;
	unsigned long long device, inode;
	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(log_fd, &st) == 0 &&
	       st.st_dev == device && st.st_ino == inode;
}

void ice_log_set_level(enum ice_log_level level)
{
	log_level = level;
}

bool ice_log_level_parse(const char *name, enum ice_log_level *out)
{
	for (size_t i = 0; i < sizeof(log_levels) / sizeof(log_levels[0]); i++) {
		if (strcmp(name, log_levels[i].name) == 0) {
			*out = (enum ice_log_level)i;
			return true;
		}
	}
	return false;
}

void ice_log_set_fd(int fd)
{
	log_fd = fd;
}

void ice_log_listen(ice_log_listener_fn *listener, void *arg)
{
	log_listener = listener;
	log_listener_arg = arg;
}

/* A reader that is gone or stuck costs a line, never the service. */
static void log_out(const struct log_line *line)
{
	for (size_t done = 0; done < line->n;) {
		ssize_t n = write(log_fd, line->bytes + done, line->n - done);
		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break;
	}
}

void ice_log_write(enum ice_log_level level, const char *message, const struct ice_log_field *fields)
{
	bool heard = log_listener && level <= ICE_LOG_WARN;
	if (level > log_level && !heard)
		return;
	int saved = errno;
	struct log_line line = {.n = 0};
	char text[32] = "";
	if (log_is_journal()) {
		snprintf(text, sizeof(text), "<%d>", log_levels[level].syslog);
	} else {
		ice_clock_format(ice_clock_wall(), text);
		strcat(text, " ");
	}
	log_put(&line, text, strlen(text));
	log_put(&line, log_levels[level].name, strlen(log_levels[level].name));
	log_put(&line, " ", 1);
	size_t words = line.n;
	for (const char *p = message; *p; p++)
		log_put_escaped(&line, *p, false);
	for (const struct ice_log_field *f = fields; f && f->key; f++) {
		log_put(&line, " ", 1);
		log_put(&line, f->key, strlen(f->key));
		log_put(&line, "=", 1);
		if (f->str)
			log_put_value(&line, f->str);
		else
			log_put(&line, text, (size_t)snprintf(text, sizeof(text), "%" PRId64, f->num));
	}
	if (line.full) {
		memcpy(line.bytes + line.n, "...", 3);
		line.n += 3;
	}
	if (heard) {
		line.bytes[line.n] = '\0';
		log_listener(level, message, line.bytes + words, log_listener_arg);
	}
	line.bytes[line.n++] = '\n';
	if (level <= log_level)
		log_out(&line);
	errno = saved;
}

bool ice_log_pass(struct ice_log_throttle *t, ice_usec now, uint32_t burst, ice_usec interval, uint32_t *suppressed)
{
	bool fresh = t->passed == 0 && t->swallowed == 0;
	if (fresh || now - t->since >= interval) {
		t->since = now;
		t->passed = 0;
	}
	if (t->passed >= burst) {
		if (t->swallowed < UINT32_MAX)
			t->swallowed++;
		return false;
	}
	t->passed++;
	*suppressed = t->swallowed;
	t->swallowed = 0;
	return true;
}
