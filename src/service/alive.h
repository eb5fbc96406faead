/* alive: whether a service has a state folder, and which process it is.
 *
 * The service holds a lock on a file there from its start to its end, whatever end that is; anybody who may read the folder can ask who
 * holds it. Unlike the outbox's own lock it stays while the outbox is closed and opened again. */
#ifndef ICE_ALIVE_H
#define ICE_ALIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ice/attr.h"

/* Takes the lock for the process's life. False with a reason when another process has it, or the file cannot be made. */
ICE_MUST_CHECK bool ice_alive_begin(const char *folder, char *why, size_t why_size);

/* The service's process, as this process would call it (0 where it has no name for it, as in another container); -1: none is alive, or
 * the folder cannot be looked into: errno is then 0 or the reason. */
pid_t ice_alive_pid(const char *folder);

/* What must be said beside "none is alive": a reload does not bring the service to another folder. */
#define ICE_ALIVE_ELSEWHERE                                                                                            \
	"one that was started with another state.directory is not seen from here (--state DIR looks there)"

#endif
