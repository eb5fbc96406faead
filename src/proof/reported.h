/* reported: the calls by which a program gets, uses and loses sockets, told to its parent before they are made (seccomp_unotify(2)).
 *
 * The program waits inside such a call until the parent lets it go on; so nothing it does with a socket escapes the parent, be it ever so
 * short, and no socket vanishes while the parent looks at it. The calls are made by the program itself, with its own rights, and
 * what its own filters refuse is refused before it is told of. Needs Linux 5.6, and CAP_SYS_ADMIN to set up. */
#ifndef ICE_REPORTED_H
#define ICE_REPORTED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "ice/attr.h"

enum ice_reported {
	ICE_REPORTED_SOCKET,  /* domain, type, protocol */
	ICE_REPORTED_CONNECT, /* descriptor, address, its length */
	ICE_REPORTED_LISTEN,  /* descriptor */
	ICE_REPORTED_CLOSE,   /* descriptor */
	ICE_REPORTED_REPLACE, /* dup2, dup3: -, the descriptor that is closed by it */
	ICE_REPORTED_CLOSES,  /* close_range */
	ICE_REPORTED_EXEC,    /* another program takes the place of this one */
	ICE_REPORTED_CONFINE, /* seccomp(2): the program gives up calls */
	ICE_REPORTED_EXIT,
	ICE_REPORTED_OTHER, /* of another machine's numbers */
};

struct ice_report {
	uint64_t id;
	pid_t task; /* the thread that calls */
	enum ice_reported call;
	uint64_t arguments[6];
};

/* In the program that is to report, before it drops its rights. The descriptor by which reports come, or -1 with errno. */
ICE_MUST_CHECK int ice_reported_begin(void);

/* In the parent: the next report; false when there is none any more. Blocks unless the descriptor was readable. */
ICE_MUST_CHECK bool ice_reported_take(int fd, struct ice_report *out);
/* The call is made now. */
void ice_reported_pass(int fd, const struct ice_report *report);

#endif
