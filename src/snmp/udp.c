#include "ice/udp.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define UDP_BATCH          64
#define UDP_RECEIVE_BUFFER (4 << 20)
/* Buffers stand a little more than a power of two apart: at exactly 64 KiB, the starts of all 64 would compete for one
 * set of the processor's cache. Only the pages that a datagram reaches become resident. */
#define UDP_RECEIVE_STRIDE (65536 + 576)

union udp_name {
	struct sockaddr sa;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

/* The datagrams waiting to be sent over one socket: a ring, so that what the kernel leaves keeps its place and its
 * order. */
struct udp_lane {
	int fd; /* -1: not made */
	unsigned first, count;
	size_t octets;     /* of those that wait */
	uint32_t drops;    /* of the kernel, when last looked at */
	int receive_bytes; /* SO_RCVBUF as the kernel granted it */
	bool burst;        /* the last receive that got anything got so much that the buffer may have been full */
	struct mmsghdr messages[UDP_BATCH];
	struct iovec spans[UDP_BATCH];
	union udp_name names[UDP_BATCH];
	uint32_t standing[UDP_BATCH]; /* which lasting request it is whose octets stand in a place; 0: none */
	uint8_t bytes[UDP_BATCH][ICE_UDP_SEND_MAX];
};

/* Where datagrams are received, shared by both sockets. */
struct udp_inbox {
	struct mmsghdr messages[UDP_BATCH];
	struct iovec spans[UDP_BATCH];
	union udp_name names[UDP_BATCH];
	uint8_t *bytes; /* UDP_BATCH buffers, mapped */
};

struct ice_udp {
	struct ice_udp_options options;
	struct ice_udp_counters counters;
	struct udp_lane lanes[2]; /* IPv4, IPv6 */
	struct udp_inbox inbox;
};

/* Lets pass only datagrams from this port. The filter of a UDP socket sees the UDP header first, and in it the source
 * port (RFC 768). */
static bool udp_filter(int fd, uint16_t port)
{
	struct sock_filter code[] = {
	        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 0),
	        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, port, 0, 1),
	        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
	        BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};
	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0;
}

/* A full receive buffer costs recall, so as much as allowed is taken: more than rmem_max where we are root, else up to
 * it. */
static int udp_receive_buffer(int fd, int bytes)
{
	int granted = 0;
	socklen_t n = sizeof(granted);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
	return getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &n) == 0 ? granted : 0;
}

/* Options of one family. PMTUDISC_PROBE: the kernel neither looks up nor learns a path MTU per destination; requests
 * are below the least MTU there is. */
static bool udp_family_options(int fd, int family)
{
	int on = 1;
	if (family == AF_INET) {
		int probe = IP_PMTUDISC_PROBE;
		return setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof(probe)) == 0;
	}
	int probe = IPV6_PMTUDISC_PROBE;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0 &&
	       setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &probe, sizeof(probe)) == 0;
}

/* Makes the lane's socket; the filter stands before the port exists, so that nothing comes in before it. */
static bool udp_open(struct ice_udp *udp, struct udp_lane *lane, int family)
{
	const struct ice_udp_options *options = &udp->options;
	struct sockaddr_storage name;
	int saved;
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	if (fd < 0)
		return false;
	bool bound =
	        (options->bind.hi | options->bind.lo) != 0 && ice_address_is_v4(&options->bind) == (family == AF_INET);
	if (!udp_filter(fd, options->port) || !udp_family_options(fd, family))
		goto fail;
	/* Without a source to bind to, the first datagram gives the socket its port: a confined program may not bind, and the
	 * socket of IPv6 is made when it is needed. */
	socklen_t n = bound ? ice_address_to_sockaddr(&options->bind, 0, &name) : 0;
	if (bound && bind(fd, (struct sockaddr *)&name, n) != 0)
		goto fail;
	lane->receive_bytes =
	        udp_receive_buffer(fd, options->receive_buffer > 0 ? options->receive_buffer : UDP_RECEIVE_BUFFER);
	lane->fd = fd;
	return true;
fail:
	saved = errno;
	close(fd);
	errno = saved;
	return false;
}

/* Every pointer that never changes is set once. */
static void udp_prepare(struct ice_udp *udp)
{
	for (int f = 0; f < 2; f++) {
		struct udp_lane *lane = &udp->lanes[f];
		lane->fd = -1;
		for (unsigned i = 0; i < UDP_BATCH; i++) {
			lane->spans[i].iov_base = lane->bytes[i];
			if (f == 0)
				lane->names[i].in = (struct sockaddr_in){.sin_family = AF_INET,
				                                         .sin_port = htons(udp->options.port)};
			lane->messages[i].msg_hdr = (struct msghdr){
			        .msg_name = &lane->names[i],
			        .msg_namelen = f == 0 ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6),
			        .msg_iov = &lane->spans[i],
			        .msg_iovlen = 1,
			};
		}
	}
	struct udp_inbox *in = &udp->inbox;
	for (unsigned i = 0; i < UDP_BATCH; i++) {
		in->spans[i] = (struct iovec){in->bytes + (size_t)i * UDP_RECEIVE_STRIDE, ICE_UDP_RECEIVE_MAX};
		in->messages[i].msg_hdr = (struct msghdr){
		        .msg_name = &in->names[i],
		        .msg_namelen = sizeof(in->names[i]),
		        .msg_iov = &in->spans[i],
		        .msg_iovlen = 1,
		};
	}
}

struct ice_udp *ice_udp_new(const struct ice_udp_options *options, char *why, size_t why_size)
{
	if (options->port == 0) {
		snprintf(why, why_size, "port 0 is nobody's");
		return NULL;
	}
	struct ice_udp *udp = calloc(1, sizeof(*udp));
	void *bytes = mmap(NULL, (size_t)UDP_BATCH * UDP_RECEIVE_STRIDE, PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!udp || bytes == MAP_FAILED)
		abort();
	udp->options = *options;
	udp->inbox.bytes = bytes;
	udp_prepare(udp);
	if (!udp_open(udp, &udp->lanes[0], AF_INET)) {
		snprintf(why, why_size, "UDP socket: %s", strerror(errno));
		ice_udp_free(udp);
		return NULL;
	}
	return udp;
}

void ice_udp_free(struct ice_udp *udp)
{
	if (!udp)
		return;
	for (int f = 0; f < 2; f++) {
		if (udp->lanes[f].fd >= 0)
			close(udp->lanes[f].fd);
		/* they hold communities */
		explicit_bzero(udp->lanes[f].bytes, sizeof(udp->lanes[f].bytes));
	}
	munmap(udp->inbox.bytes, (size_t)UDP_BATCH * UDP_RECEIVE_STRIDE);
	free(udp);
}

/* Drops n datagrams from the front of the ring, and tells how many octets they have; an empty ring starts over, so that the next batch is one
 * piece. */
static size_t udp_advance(struct udp_lane *lane, unsigned n)
{
	size_t octets = lane->octets;
	for (unsigned i = n; i < lane->count; i++) /* seldom: but for those that stay */
		octets -= lane->spans[(lane->first + i) % UDP_BATCH].iov_len;
	lane->octets -= octets;
	lane->count -= n;
	lane->first = lane->count > 0 ? (lane->first + n) % UDP_BATCH : 0;
	return octets;
}

/* Sends until the lane is empty or the kernel takes no more. Each turn takes a datagram off, or is the last. */
static void udp_flush_lane(struct ice_udp *udp, struct udp_lane *lane)
{
	while (lane->count > 0) {
		unsigned piece = UDP_BATCH - lane->first;
		int sent = sendmmsg(lane->fd, lane->messages + lane->first, piece < lane->count ? piece : lane->count,
		                    MSG_DONTWAIT);
		if (sent > 0) {
			udp->counters.sent += (unsigned)sent;
			udp->counters.bytes_sent += udp_advance(lane, (unsigned)sent);
		} else if (sent < 0 && errno == EINTR) {
			continue;
		} else if (sent < 0 &&
		           (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS || errno == ENOMEM)) {
			return;
		} else {
			/* An error is that of the first datagram: it is given up, the others have not been tried. */
			udp->counters.send_errors++;
			(void)udp_advance(lane, 1);
		}
	}
}

/* The lane of an address, with its socket made; NULL when the datagram is given up, and counted: the address is none of one host, or there is
 * no such family here, or no descriptor left just now. */
static struct udp_lane *udp_lane_of(struct ice_udp *udp, const struct ice_address *to)
{
	bool v4 = ice_address_is_v4(to);
	struct udp_lane *lane = &udp->lanes[v4 ? 0 : 1];
	if (!ice_address_is_unicast(to)) {
		udp->counters.refused++;
		return NULL;
	}
	if (lane->fd < 0 && !udp_open(udp, lane, v4 ? AF_INET : AF_INET6)) {
		udp->counters.send_errors++;
		return NULL;
	}
	return lane;
}

/* False: the kernel takes no more just now. */
static bool udp_has_room(struct ice_udp *udp, struct udp_lane *lane)
{
	if (lane->count == UDP_BATCH)
		udp_flush_lane(udp, lane);
	return lane->count < UDP_BATCH;
}

/* The next place of the lane, with the address written. Of IPv4, the number alone differs. */
static unsigned udp_address(struct ice_udp *udp, struct udp_lane *lane, const struct ice_address *to)
{
	unsigned at = (lane->first + lane->count) % UDP_BATCH;
	if (lane == &udp->lanes[0]) {
		lane->names[at].in.sin_addr.s_addr = htonl((uint32_t)to->lo);
	} else {
		struct sockaddr_storage name;
		socklen_t length = ice_address_to_sockaddr(to, udp->options.port, &name);
		memcpy(&lane->names[at], &name, length);
	}
	return at;
}

/* The datagram in that place is whole: it waits now. */
static void udp_queue(struct ice_udp *udp, struct udp_lane *lane, unsigned at, size_t n)
{
	lane->spans[at].iov_len = n;
	lane->octets += n;
	if (++lane->count == UDP_BATCH)
		udp_flush_lane(udp, lane);
}

bool ice_udp_send(struct ice_udp *udp, const struct ice_address *to, const uint8_t *bytes, size_t n)
{
	assert(n <= ICE_UDP_SEND_MAX);
	struct udp_lane *lane = udp_lane_of(udp, to);
	if (!lane || !udp_has_room(udp, lane))
		return !lane; /* given up, or not now */
	unsigned at = udp_address(udp, lane, to);
	memcpy(lane->bytes[at], bytes, n);
	lane->standing[at] = 0;
	udp_queue(udp, lane, at, n);
	return true;
}

bool ice_udp_ask(struct ice_udp *udp, const struct ice_address *to, const struct ice_snmp_request *request, uint32_t id)
{
	struct udp_lane *lane = udp_lane_of(udp, to);
	if (!lane || !udp_has_room(udp, lane))
		return !lane; /* given up, or not now */
	unsigned at = udp_address(udp, lane, to);
	if (request->lasting != 0 && lane->standing[at] == request->lasting)
		ice_snmp_patch_id(lane->bytes[at], request->id_at, id);
	else
		ice_snmp_write(lane->bytes[at], request, id);
	lane->standing[at] = request->lasting;
	udp_queue(udp, lane, at, request->len);
	return true;
}

void ice_udp_flush(struct ice_udp *udp)
{
	udp_flush_lane(udp, &udp->lanes[0]);
	udp_flush_lane(udp, &udp->lanes[1]);
}

size_t ice_udp_queued(const struct ice_udp *udp)
{
	return udp->lanes[0].count + udp->lanes[1].count;
}

/* How many datagrams the kernel has dropped at a socket so far. SO_RXQ_OVFL would tell the same with every datagram, and what was
 * dropped behind the last one never. */
static uint32_t udp_drops(const struct udp_lane *lane)
{
	uint32_t info[SK_MEMINFO_VARS];
	socklen_t n = sizeof(info);
	if (getsockopt(lane->fd, SOL_SOCKET, SO_MEMINFO, info, &n) != 0 || n <= SK_MEMINFO_DROPS * sizeof(*info))
		return lane->drops;
	return info[SK_MEMINFO_DROPS];
}

/* What one call of ice_udp_receive got from one socket. */
struct udp_harvest {
	size_t datagrams, bytes;
	bool dry;
};

/* Receives one batch and hands it on. */
static void udp_receive_batch(struct ice_udp *udp, struct udp_lane *lane, struct udp_harvest *harvest,
                              ice_udp_input_fn *input, void *arg)
{
	struct udp_inbox *in = &udp->inbox;
	int got = recvmmsg(lane->fd, in->messages, UDP_BATCH, MSG_DONTWAIT, NULL);
	harvest->dry = got < UDP_BATCH;
	if (got <= 0)
		return;
	for (int i = 0; i < got; i++) {
		struct msghdr *m = &in->messages[i].msg_hdr;
		size_t n = in->messages[i].msg_len;
		struct ice_address from;
		uint16_t port;
		harvest->bytes += n;
		if (m->msg_flags & MSG_TRUNC)
			udp->counters.truncated++;
		else if (ice_address_from_sockaddr(&in->names[i].sa, &from, &port))
			input(&from, port, in->spans[i].iov_base, n, arg);
		m->msg_namelen = sizeof(in->names[i]);
	}
	harvest->datagrams += (unsigned)got;
}

/* Adds up, and tells replies lost in a full buffer from strangers dropped by the filter. A full buffer holds a batch
 * and more, or large datagrams; it may have run over while the harvest before was dealt with. */
static void udp_account(struct ice_udp *udp, struct udp_lane *lane, const struct udp_harvest *harvest)
{
	if (harvest->datagrams == 0)
		return;
	bool burst = harvest->datagrams >= UDP_BATCH || harvest->bytes >= (size_t)lane->receive_bytes / 8;
	uint32_t drops = udp_drops(lane), dropped = drops - lane->drops; /* also when it wrapped */
	if (burst || lane->burst)
		udp->counters.kernel_drops += dropped;
	else
		udp->counters.filtered += dropped;
	lane->drops = drops;
	lane->burst = burst;
	udp->counters.received += harvest->datagrams;
	udp->counters.bytes_received += harvest->bytes;
}

size_t ice_udp_receive(struct ice_udp *udp, unsigned max_batches, ice_udp_input_fn *input, void *arg)
{
	struct udp_harvest harvests[2] = {{0}, {0}};
	for (int f = 0; f < 2; f++)
		harvests[f].dry = udp->lanes[f].fd < 0;
	/* in turn, so that a flood on one socket cannot starve the other */
	for (int f = 0; max_batches > 0 && !(harvests[0].dry && harvests[1].dry); f = !f) {
		if (harvests[f].dry)
			continue;
		udp_receive_batch(udp, &udp->lanes[f], &harvests[f], input, arg);
		max_batches--;
	}
	for (int f = 0; f < 2; f++)
		udp_account(udp, &udp->lanes[f], &harvests[f]);
	return harvests[0].datagrams + harvests[1].datagrams;
}

void ice_udp_fds(const struct ice_udp *udp, int fds[2])
{
	fds[0] = udp->lanes[0].fd;
	fds[1] = udp->lanes[1].fd;
}

void ice_udp_counters(const struct ice_udp *udp, struct ice_udp_counters *out)
{
	*out = udp->counters;
}
