/* watched: a program run as a child, as an ordinary user, whose sockets are all known to us.
 *
 * The child becomes the user before it becomes the program; it keeps none of our rights. It gets nothing on standard input and nobody reads
 * its standard output; its standard error is ours. It dies with us.
 *
 * Life: start -> { wait for the descriptors to be readable; answer; look } until ended -> free (kills what still runs). */
#ifndef ICE_WATCHED_H
#define ICE_WATCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ice/attr.h"

#include "ledger.h"

struct ice_watched;

struct ice_watched_options {
	char *const *arguments; /* of the program, which is the one that runs now; ends with NULL */
	const char *user;       /* for its groups */
	uid_t uid;
	gid_t gid;
	int pass; /* a descriptor that it may have, too; -1 = none */
};

/* What the child did, besides what the ledger tells. */
struct ice_watched_counters {
	uint64_t asked;           /* sockets it asked for */
	uint64_t asked_forbidden; /* ... that were neither UDP, TCP, UNIX nor routing netlink */
	char forbidden[64];       /* the first of these */
	uint64_t listens;         /* listen() that was not refused */
	uint64_t programs;        /* programs it became: 1 */
	uint64_t others;          /* other processes that it started */
	uint64_t foreign;         /* calls of another machine's numbers */
	int64_t confined_at;      /* when it first gave up calls, nanoseconds of the wall clock; 0 = never */
};

/* How the kernel holds the process (proc_pid_status(5)). */
struct ice_watched_held {
	bool read;
	bool no_new_privs;
	unsigned filters;      /* seccomp filters, ours among them */
	uint64_t capabilities; /* permitted */
	uid_t uid;
};

/* NULL with a reason. */
ICE_MUST_CHECK struct ice_watched *ice_watched_start(const struct ice_watched_options *options, char *why,
                                                     size_t why_size);
void ice_watched_free(struct ice_watched *w);

int ice_watched_fd(const struct ice_watched *w); /* readable when ice_watched_answer is to be called */
void ice_watched_answer(struct ice_watched *w);
/* True when it has ended; *status is that of waitpid(2). */
ICE_MUST_CHECK bool ice_watched_ended(struct ice_watched *w, int *status);
void ice_watched_signal(const struct ice_watched *w, int number);

struct ice_ledger *ice_watched_ledger(const struct ice_watched *w);
void ice_watched_counters(const struct ice_watched *w, struct ice_watched_counters *out);
void ice_watched_held(const struct ice_watched *w, struct ice_watched_held *out);

#endif
