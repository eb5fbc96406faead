/* udp: datagrams in batches, over one unconnected socket per address family.
 *
 * Sending fills a batch of 64 and hands it to the kernel with one sendmmsg; receiving drains with recvmmsg. A send
 * error concerns one address: it is counted, that datagram is given up, the rest go on, in order. The kernel drops what
 * does not come from the asked port before it costs us anything (SO_ATTACH_FILTER), so a reply from another port is
 * never seen here: ICE_VERDICT_PORT is for callers with another source of datagrams. Never SO_BROADCAST; and an address
 * that is not unicast is refused here too, as the last gate (promise 1).
 *
 *   new -> { send* -> flush -> receive }* -> free
 *
 * Nothing blocks and nothing is allocated after _new, but for the IPv6 socket at its first use. */
#ifndef ICE_UDP_H
#define ICE_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/address.h"
#include "ice/attr.h"
#include "ice/snmp.h"

struct ice_udp;

struct ice_udp_options {
	uint16_t port;      /* the remote port of every datagram: 161; never 0 */
	int receive_buffer; /* bytes of SO_RCVBUF asked for; 0 = 4 MiB. net.core.rmem_max limits it but for root */
	struct ice_address
	        bind; /* source address; all zero = any. The socket of the other family is not bound to one */
};

struct ice_udp_counters {
	uint64_t sent, bytes_sent;
	uint64_t send_errors;              /* datagrams given up: the kernel refused the address, or there is no IPv6 */
	uint64_t refused;                  /* datagrams not sent, as the address is not unicast */
	uint64_t received, bytes_received; /* UDP payload */
	uint64_t truncated;                /* longer than ICE_UDP_RECEIVE_MAX; not delivered */
	/* The kernel has one number for all it dropped at a socket. What it dropped
	 * while we were receiving in bursts counts as kernel_drops: replies that arrived while our buffer was full.
	 * What it dropped in between, when the buffer cannot have been full, counts as filtered: from a port not asked. */
	uint64_t kernel_drops, filtered;
};

/* NULL with a reason in `why`. The IPv6 socket is made at its first use. */
ICE_MUST_CHECK struct ice_udp *ice_udp_new(const struct ice_udp_options *options, char *why, size_t why_size);
void ice_udp_free(struct ice_udp *udp); /* NULL is allowed; what was not flushed is lost */

/* Queues one datagram (copied; at most ICE_UDP_SEND_MAX bytes), sending the batch when it is full. False when the
 * kernel takes no more just now: try again after the next heartbeat; nothing was queued. True also when the address was
 * refused and counted. */
#define ICE_UDP_SEND_MAX ICE_SNMP_REQUEST_MAX
ICE_MUST_CHECK bool ice_udp_send(struct ice_udp *udp, const struct ice_address *to, const uint8_t *bytes, size_t n);
/* Queues a request in the same way, with this id. It is lent for the call. */
ICE_MUST_CHECK bool ice_udp_ask(struct ice_udp *udp, const struct ice_address *to,
                                const struct ice_snmp_request *request, uint32_t id);

/* Hands what is queued to the kernel. Called after each pump. What the kernel does not take now
 * (EAGAIN, ENOBUFS) stays queued for the next flush. */
void ice_udp_flush(struct ice_udp *udp);

/* Datagrams that are queued and not yet handed to the kernel. */
size_t ice_udp_queued(const struct ice_udp *udp);

/* Called per datagram; bytes live until it returns. It may call ice_udp_send, ice_udp_ask and ice_udp_flush. */
typedef void ice_udp_input_fn(const struct ice_address *from, uint16_t port, const uint8_t *bytes, size_t n, void *arg);

/* Receives at most max_batches batches of 64; returns the number of datagrams. */
#define ICE_UDP_RECEIVE_MAX 65507
size_t ice_udp_receive(struct ice_udp *udp, unsigned max_batches, ice_udp_input_fn *input, void *arg);

/* Descriptors for the loop to watch: fds[0] IPv4, fds[1] IPv6 or -1. */
void ice_udp_fds(const struct ice_udp *udp, int fds[2]);

void ice_udp_counters(const struct ice_udp *udp, struct ice_udp_counters *out);

#endif
