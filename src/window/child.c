#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct window_child_rights window_child_rights(const char *path)
{
	struct stat st;
	if (geteuid() != 0 || !path || stat(path, &st) != 0 || st.st_uid == 0)
		return (struct window_child_rights){0};
	return (struct window_child_rights){st.st_uid, st.st_gid, true};
}

/* In the child, between fork and exec: only calls that are safe there. */
static void child_become(const char *const *argv, const struct window_child_rights *rights, int out, int err,
                         pid_t parent)
{
	sigset_t none;
	int null = open("/dev/null", O_RDONLY);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGCHLD, SIG_DFL);
	setpgid(0, 0); /* a Ctrl-C at the terminal is ours; what it means for the child is told by us */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent || null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	if (rights && rights->change &&
	    (setgroups(0, NULL) != 0 || setresgid(rights->gid, rights->gid, rights->gid) != 0 ||
	     setresuid(rights->uid, rights->uid, rights->uid) != 0))
		_exit(127);
	if (rights && rights->change)
		prctl(PR_SET_PDEATHSIG, SIGTERM); /* the change took it away */
	close_range(3, ~0u, 0);
	if (strcmp(argv[0], "ice") == 0)
		execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
	else
		execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

bool window_child_start(struct window_child *c, const char *const *argv, const struct window_child_rights *rights)
{
	int out[2], err[2] = {-1, -1};
	pid_t parent = getpid();
	*c = (struct window_child){-1, -1, -1};
	if (pipe2(out, O_CLOEXEC) != 0)
		return false;
	if (pipe2(err, O_CLOEXEC) == 0)
		c->pid = fork();
	if (c->pid == 0)
		child_become(argv, rights, out[1], err[1], parent);
	close(out[1]);
	if (err[1] >= 0)
		close(err[1]);
	if (c->pid > 0) {
		c->out = out[0];
		c->err = err[0];
		return true;
	}
	close(out[0]);
	if (err[0] >= 0)
		close(err[0]);
	return false;
}

/* Reads both pipes to their end. False when it takes too long or is too much. */
static bool child_read(struct window_child *c, char *text, size_t max, size_t *len, ice_usec until)
{
	struct pollfd fds[2] = {{.fd = c->out, .events = POLLIN}, {.fd = c->err, .events = POLLIN}};
	char nobody[512];
	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		ice_usec left = until - ice_clock_now();
		if (left <= 0 || (poll(fds, 2, (int)(left / 1000) + 1) < 0 && errno != EINTR))
			return false;
		for (int i = 0; i < 2; i++) {
			if (fds[i].fd < 0 || !fds[i].revents)
				continue;
			ssize_t n = i == 0 ? read(fds[i].fd, text + *len, max + 1 - *len)
			                   : read(fds[i].fd, nobody, sizeof nobody);
			if (n == 0)
				fds[i].fd = -1;
			if (i == 0 && n > 0 && (*len += (size_t)n) > max)
				return false;
		}
	}
	return true;
}

char *window_child_ask(const char *const *argv, const struct window_child_rights *rights, ice_usec limit, size_t max,
                       size_t *len, int *status)
{
	struct window_child c;
	*len = 0;
	if (!window_child_start(&c, argv, rights))
		return NULL;
	char *text = calloc(1, max + 2);
	if (!text)
		abort();
	bool good = child_read(&c, text, max, len, ice_clock_now() + limit);
	if (!good)
		kill(c.pid, SIGKILL);
	while (waitpid(c.pid, status, 0) < 0 && errno == EINTR)
		;
	close(c.out);
	close(c.err);
	if (good)
		return text;
	free(text);
	return NULL;
}
