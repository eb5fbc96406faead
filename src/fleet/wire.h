/* wire: one UDP socket for all addresses of a site, in batches of 64 both ways.
 *
 * The socket is bound to 0.0.0.0 and learns by IP_PKTINFO which address a datagram was sent to; an answer leaves from
 * that same address. Answers go at once, or later by a queue; when there is nothing to do the process sleeps, unless it was
 * told to stay awake for a benchmark's sake.
 *
 *   ice_wire_new -> ice_wire_run (calls back per datagram) -> ice_wire_free */
#ifndef FLEET_WIRE_H
#define FLEET_WIRE_H

#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"

#define ICE_WIRE_DATAGRAM 65507

struct ice_wire_options {
	uint16_t port;   /* 0 = any */
	bool awake;      /* never sleep while waiting */
	bool other_port; /* also have a socket on another port, for answers from the wrong one */
};

struct ice_wire_counters {
	uint64_t received, truncated, kernel_drops;
	uint64_t sent, send_errors, bytes_received, bytes_sent;
	uint64_t late_dropped;
};

struct ice_wire;

struct ice_wire_peer {
	struct sockaddr_in client;
	uint32_t asked; /* the address the datagram was sent to, host order */
};

/* One datagram; the bytes live until it returns. */
typedef void ice_wire_input_fn(struct ice_wire *w, const struct ice_wire_peer *peer, const uint8_t *bytes, size_t n,
                               ice_usec now, void *arg);

/* NULL with a reason. */
ICE_MUST_CHECK struct ice_wire *ice_wire_new(const struct ice_wire_options *options, char *why, size_t why_size);
void ice_wire_free(struct ice_wire *w);
uint16_t ice_wire_port(const struct ice_wire *w);
const struct ice_wire_counters *ice_wire_counters(const struct ice_wire *w);

/* Where the next answer is to be written: ICE_WIRE_DATAGRAM bytes. */
uint8_t *ice_wire_room(struct ice_wire *w);
/* Sends what stands there, from address `from`, `delay` from now; the room is then another one. */
void ice_wire_send(struct ice_wire *w, const struct sockaddr_in *to, uint32_t from, bool other_port, size_t n,
                   ice_usec now, ice_usec delay);

/* Until *stop is set by a signal handler. The signals that do so must be blocked; they are let in only while it waits, with `waiting`
 * as the mask. `between` is called once per round, also when a signal came. */
typedef void ice_wire_between_fn(void *arg);
void ice_wire_run(struct ice_wire *w, ice_wire_input_fn *input, ice_wire_between_fn *between, void *arg,
                  const volatile sig_atomic_t *stop, const sigset_t *waiting);

#endif
