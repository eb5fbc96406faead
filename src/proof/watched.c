#include "watched.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "reported.h"

struct ice_watched {
	pid_t pid;
	int pidfd;
	int reports;
	bool ended;
	int status;
	struct ice_ledger *ledger;
	struct ice_watched_counters counters;
};

/* What the child says before it may go on. */
struct watched_hello {
	int reports; /* a descriptor of its own; -1 = it has none, for this error: */
	int error;
};

/* ---- the child's side ---- */

static void watched_die(const char *what)
{
	fprintf(stderr, "ice prove: %s: %s\n", what, strerror(errno));
	_exit(127);
}

static void watched_become(const struct ice_watched_options *o, int hello, int go)
{
	struct watched_hello say;
	char byte;
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nothing < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(nothing, STDOUT_FILENO) < 0)
		watched_die("/dev/null");
	if (o->pass >= 0 && fcntl(o->pass, F_SETFD, 0) != 0)
		watched_die("a descriptor");
	if (initgroups(o->user, o->gid) != 0)
		watched_die("its groups");
	say.reports = ice_reported_begin();
	say.error = errno;
	if (write(hello, &say, sizeof say) != sizeof say || read(go, &byte, 1) != 1)
		_exit(127);
	if (setresgid(o->gid, o->gid, o->gid) != 0 || setresuid(o->uid, o->uid, o->uid) != 0)
		watched_die("becoming an ordinary user");
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* after the user: another one forgets it */
	execv("/proc/self/exe", o->arguments);
	watched_die("the program itself");
}

/* ---- ours ---- */

static bool watched_take_over(struct ice_watched *w, int hello, int go, char *why, size_t why_size)
{
	struct watched_hello said;
	w->pidfd = (int)syscall(SYS_pidfd_open, w->pid, 0);
	if (w->pidfd < 0 || read(hello, &said, sizeof said) != sizeof said) {
		snprintf(why, why_size, "the child: %s", strerror(errno));
		return false;
	}
	if (said.reports < 0) {
		snprintf(why, why_size,
		         "seccomp user notification: %s (it needs Linux 5.6 and CAP_SYS_ADMIN, which root has)",
		         strerror(said.error));
		return false;
	}
	w->reports = (int)syscall(SYS_pidfd_getfd, w->pidfd, said.reports, 0);
	if (w->reports < 0) {
		snprintf(why, why_size, "pidfd_getfd: %s (it needs Linux 5.6 and CAP_SYS_PTRACE, which root has)",
		         strerror(errno));
		return false;
	}
	return write(go, "", 1) == 1;
}

struct ice_watched *ice_watched_start(const struct ice_watched_options *options, char *why, size_t why_size)
{
	int hello[2] = {-1, -1}, go[2] = {-1, -1};
	struct ice_watched *w = calloc(1, sizeof *w);
	if (!w)
		abort();
	w->pid = w->pidfd = w->reports = -1;
	w->ledger = ice_ledger_new();
	bool good = pipe2(hello, O_CLOEXEC) == 0 && pipe2(go, O_CLOEXEC) == 0 && (w->pid = fork()) >= 0;
	if (!good)
		snprintf(why, why_size, "%s", strerror(errno));
	if (good && w->pid == 0)
		watched_become(options, hello[1], go[0]);
	/* The child's ends: so that a child that is gone is an end of file. */
	close(hello[1]);
	close(go[0]);
	good = good && watched_take_over(w, hello[0], go[1], why, why_size);
	close(hello[0]);
	close(go[1]);
	if (good)
		return w;
	ice_watched_free(w);
	return NULL;
}

void ice_watched_free(struct ice_watched *w)
{
	if (!w)
		return;
	if (w->reports >= 0)
		close(w->reports);
	if (w->pid > 0 && !w->ended) {
		kill(w->pid, SIGKILL);
		while (waitpid(w->pid, &w->status, 0) < 0 && errno == EINTR)
			continue;
	}
	if (w->pidfd >= 0)
		close(w->pidfd);
	ice_ledger_free(w->ledger);
	free(w);
}

int ice_watched_fd(const struct ice_watched *w)
{
	return w->reports;
}

/* ---- reports ---- */

/* A line of /proc/PID/status as a number, in base 10 or 16. */
static bool watched_status(pid_t pid, const char *name, int base, uint64_t *out)
{
	char path[64], line[256];
	bool found = false;
	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	FILE *f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof line, f)) {
		size_t n = strlen(name);
		found = strncmp(line, name, n) == 0 && line[n] == ':';
		if (found)
			*out = strtoull(line + n + 1, NULL, base);
	}
	if (f)
		fclose(f);
	return found;
}

/* The process that a thread belongs to. */
static pid_t watched_process(const struct ice_watched *w, pid_t task)
{
	uint64_t pid;
	if (task == w->pid || !watched_status(task, "Tgid", 10, &pid))
		return task;
	return (pid_t)pid;
}

static void watched_asks(struct ice_watched *w, const uint64_t *arguments)
{
	int domain = (int)arguments[0], type = (int)arguments[1] & ~(SOCK_NONBLOCK | SOCK_CLOEXEC),
	    protocol = (int)arguments[2];
	bool udp = type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP);
	bool tcp = type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP);
	bool fine = domain == AF_UNIX || (domain == AF_NETLINK && protocol == NETLINK_ROUTE) ||
	            ((domain == AF_INET || domain == AF_INET6) && (udp || tcp));
	w->counters.asked++;
	if (!fine && w->counters.asked_forbidden++ == 0)
		snprintf(w->counters.forbidden, sizeof w->counters.forbidden, "socket(%d, %d, %d)", domain, type,
		         protocol);
}

/* Where a connect() leads, from the caller's memory. */
static void watched_connects(struct ice_watched *w, pid_t pid, const struct ice_report *r, int64_t now)
{
	struct sockaddr_storage name = {0};
	struct ice_address to;
	uint16_t port;
	char path[64];
	size_t n = r->arguments[2] < sizeof name ? (size_t)r->arguments[2] : sizeof name;
	snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool read = fd >= 0 && pread(fd, &name, n, (off_t)r->arguments[1]) == (ssize_t)n;
	if (fd >= 0)
		close(fd);
	if (read && ice_address_from_sockaddr((struct sockaddr *)&name, &to, &port))
		ice_ledger_connects(w->ledger, pid, (int)r->arguments[0], &to, port, now);
	else
		ice_ledger_take(w->ledger, pid, (int)r->arguments[0], now);
}

void ice_watched_answer(struct ice_watched *w)
{
	struct ice_report r;
	if (!ice_reported_take(w->reports, &r))
		return;
	int64_t now = ice_capture_now();
	pid_t pid = watched_process(w, r.task);
	struct ice_watched_counters *c = &w->counters;
	c->others += pid != w->pid;
	if (c->programs > 0) /* until then it holds descriptors of ours */
		ice_ledger_process(w->ledger, pid, now);
	switch (r.call) {
	case ICE_REPORTED_SOCKET:
		watched_asks(w, r.arguments);
		ice_ledger_look(w->ledger, now);
		break;
	case ICE_REPORTED_CONNECT:
		watched_connects(w, pid, &r, now);
		break;
	case ICE_REPORTED_LISTEN:
		c->listens++;
		break;
	case ICE_REPORTED_CLOSE:
		ice_ledger_closes(w->ledger, pid, (int)r.arguments[0], now);
		break;
	case ICE_REPORTED_REPLACE:
		ice_ledger_closes(w->ledger, pid, (int)r.arguments[1], now);
		break;
	case ICE_REPORTED_EXEC:
		c->programs++;
		ice_ledger_look(w->ledger, now);
		break;
	case ICE_REPORTED_CONFINE:
		if (c->confined_at == 0)
			c->confined_at = now;
		break;
	case ICE_REPORTED_CLOSES:
	case ICE_REPORTED_EXIT:
		ice_ledger_look(w->ledger, now);
		break;
	case ICE_REPORTED_OTHER:
		c->foreign++;
		break;
	}
	ice_reported_pass(w->reports, &r);
}

bool ice_watched_ended(struct ice_watched *w, int *status)
{
	if (!w->ended)
		w->ended = waitpid(w->pid, &w->status, WNOHANG) == w->pid;
	*status = w->status;
	return w->ended;
}

void ice_watched_signal(const struct ice_watched *w, int number)
{
	if (!w->ended)
		kill(w->pid, number);
}

struct ice_ledger *ice_watched_ledger(const struct ice_watched *w)
{
	return w->ledger;
}

void ice_watched_counters(const struct ice_watched *w, struct ice_watched_counters *out)
{
	*out = w->counters;
}

void ice_watched_held(const struct ice_watched *w, struct ice_watched_held *out)
{
	uint64_t privs = 0, filters = 0, capabilities = 0, uid = 0;
	*out = (struct ice_watched_held){.read = watched_status(w->pid, "NoNewPrivs", 10, &privs) &&
	                                         watched_status(w->pid, "Seccomp_filters", 10, &filters) &&
	                                         watched_status(w->pid, "CapPrm", 16, &capabilities) &&
	                                         watched_status(w->pid, "Uid", 10, &uid),
	                                 .no_new_privs = privs == 1,
	                                 .filters = (unsigned)filters,
	                                 .capabilities = capabilities,
	                                 .uid = (uid_t)uid};
}
