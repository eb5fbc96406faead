/* ledger: every IP socket that a watched program ever had, and so which frames are its own.
 *
 * A frame does not say who sent it. Of the ways to know, this is the one that can be wrong in neither direction without a change to the
 * machine:
 *
 *   by the owner in /proc/net, looked up when a frame is first seen: the question a resolver asks is answered, and its socket gone,
 *                    before anybody looks; and the table takes milliseconds to read on a big machine.
 *   by a cgroup      the kernel would tell (a BPF program on its egress), but cgroups are made, and programs loaded, on a machine that
 *                    is to stay as it is; and not everywhere may root do so.
 *   by a network namespace of its own: exact, and another network than the one that is asked about.
 *   by the calls     (this): the program waits in each close(), connect() and exit() until its parent has looked at the socket
 *                    (reported.h), so that the port of every socket is written down while it lives; and before a batch of frames is judged, after it
 *                    was captured, the sockets that are open are looked at (ice_ledger_look). What sent a frame of the batch is one of
 *                    these two. The sockets are asked themselves, through a duplicate of the program's descriptor (pidfd_getfd, Linux 5.6).
 *
 * A second opinion is had from /proc/net: what it says of a socket's port and owner must be the same (ice_ledger_confirm).
 *
 * UDP: a frame is the program's when its source port was that of one of its sockets at that time. That time begins when the socket was last
 * seen without the port: when it was made, in its connect(), or in a later look. (The first datagram of an unconnected socket brings it a port
 * without a word: another program's frame from that port since the look before would be taken for the program's.) It ends when the ledger
 * lets go of the socket: it keeps a duplicate, so that nobody else is given the port while a frame may be on the way.
 * TCP: when ports and peer are those of one of its connections, at any time after it began, since the kernel still speaks for a
 * connection whose socket is closed. */
#ifndef ICE_LEDGER_H
#define ICE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ice/address.h"
#include "ice/attr.h"

#include "frame.h"

#define ICE_LEDGER_ROWS 4096

struct ice_ledger;

struct ice_ledger_counters {
	uint64_t sockets;   /* IP sockets seen */
	uint64_t confirmed; /* rows that /proc/net says the same of */
	uint64_t differing; /* ... or not */
	uint64_t listening; /* sockets seen to listen */
	uint64_t broadcast; /* sockets with SO_BROADCAST */
	uint64_t odd;       /* neither UDP nor TCP: raw, packet, ping */
	uint64_t unread;    /* that could not be looked at: nothing can be proven then */
	bool full;          /* there were more than ICE_LEDGER_ROWS: likewise */
};

struct ice_ledger *ice_ledger_new(void);
void ice_ledger_free(struct ice_ledger *l);

/* The program, or another one that it started. Without effect when it is known already. */
void ice_ledger_process(struct ice_ledger *l, pid_t pid, int64_t now);

/* One socket of a known process, while the program waits. now: nanoseconds of the wall clock, as in captures. */
void ice_ledger_take(struct ice_ledger *l, pid_t pid, int fd, int64_t now);
/* That descriptor will connect to there. */
void ice_ledger_connects(struct ice_ledger *l, pid_t pid, int fd, const struct ice_address *to, uint16_t port,
                         int64_t now);
/* That descriptor is closed when the program goes on. */
void ice_ledger_closes(struct ice_ledger *l, pid_t pid, int fd, int64_t now);
/* All that are open. Also while the program waits in socket(): what is met later is younger than the last look. */
void ice_ledger_look(struct ice_ledger *l, int64_t now);

/* Rows not compared yet are compared with /proc/net; cheap when there are none. */
void ice_ledger_confirm(struct ice_ledger *l, uid_t owner);

bool ice_ledger_owns(const struct ice_ledger *l, const struct ice_frame *frame, int64_t at);
void ice_ledger_counters(const struct ice_ledger *l, struct ice_ledger_counters *out);

#endif
