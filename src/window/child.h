/* child: the program's own subcommands, run as processes of their own.
 *
 * The window is a face: whatever acts (asks a device, calls the server, reads the outbox) is a command that could as well be typed. The
 * child gets no standard input, no descriptor of ours and dies with us. When root runs the window, the child runs as who owns the
 * state folder, so that nothing in there comes to belong to root. */
#ifndef WINDOW_CHILD_H
#define WINDOW_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ice/attr.h"
#include "ice/clock.h"

#define WINDOW_CHILD_ARGS 24

struct window_child {
	pid_t pid;
	int out, err; /* its standard output and error; -1 = not there */
};

/* Whose rights a child has: those of the owner of this path, when we are root and it exists; NULL: our own. */
struct window_child_rights {
	uid_t uid;
	gid_t gid;
	bool change;
};
struct window_child_rights window_child_rights(const char *path);

/* argv[0] is "ice" for ourselves, else a program of the system's own folders. False when it could not be started. */
ICE_MUST_CHECK bool window_child_start(struct window_child *c, const char *const *argv,
                                       const struct window_child_rights *rights);

/* For commands that only look, and are done at once: runs one to its end and returns what it printed on standard output, malloc'd, with a NUL behind it;
 * NULL when it could not be started, took longer than `limit`, or printed more than `max`. *status: as waitpid gives it. */
ICE_MUST_CHECK char *window_child_ask(const char *const *argv, const struct window_child_rights *rights, ice_usec limit,
                                      size_t max, size_t *len, int *status);

#endif
