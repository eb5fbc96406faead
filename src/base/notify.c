#include "ice/notify.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#define NOTIFY_PATIENCE_MS 50
#define NOTIFY_LINE_MAX    512

/* A manager that has none, or gives it to another process of the service, sets nothing here (sd_watchdog_enabled(3)). */
static ice_usec notify_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	char *end;
	if (!usec || (pid && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	long long n = strtoll(usec, &end, 10);
	return *end == '\0' && n > 0 ? n : 0;
}

void ice_notify_open(struct ice_notify *n)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	struct timeval patience = {0, NOTIFY_PATIENCE_MS * 1000};
	size_t len = name ? strlen(name) : 0;
	*n = (struct ice_notify){.fd = -1};
	if (len < 2 || len >= sizeof to.sun_path || (name[0] != '/' && name[0] != '@'))
		return;
	memcpy(to.sun_path, name, len);
	if (name[0] == '@')
		to.sun_path[0] = '\0';
	socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience) != 0 ||
	    connect(fd, (const struct sockaddr *)&to, size) != 0) {
		close(fd);
		return;
	}
	n->fd = fd;
	n->watchdog = notify_watchdog();
}

void ice_notify_close(struct ice_notify *n)
{
	if (n->fd >= 0)
		close(n->fd);
	n->fd = -1;
}

static void notify_send(const struct ice_notify *n, const char *text)
{
	if (n->fd >= 0)
		(void)send(n->fd, text, strlen(text), MSG_NOSIGNAL);
}

void ice_notify_ready(struct ice_notify *n)
{
	notify_send(n, "READY=1");
}

void ice_notify_reloading(struct ice_notify *n)
{
	char text[80];
	struct timespec t = {0};
	/* The manager's clock, not ours: by it it tells this reloading from one before. */
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	         ICE_USEC_SEC((int64_t)t.tv_sec) + t.tv_nsec / 1000);
	notify_send(n, text);
}

void ice_notify_stopping(struct ice_notify *n)
{
	notify_send(n, "STOPPING=1");
}

void ice_notify_alive(struct ice_notify *n)
{
	notify_send(n, "WATCHDOG=1");
}

void ice_notify_say(struct ice_notify *n, const char *fmt, ...)
{
	char text[NOTIFY_LINE_MAX] = "STATUS=";
	size_t name = strlen(text);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text + name, sizeof text - name, fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = ' ';
	notify_send(n, text);
}
