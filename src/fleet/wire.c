#include "wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "late.h"

#define WIRE_BATCH   64
#define WIRE_REQUEST 4096 /* no request is longer: larger datagrams are counted and dropped */

/* Between two looks at signals while staying awake. */
#define WIRE_AWAKE_ROUNDS 1024

union wire_control_in {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in_pktinfo)) + CMSG_SPACE(sizeof(uint32_t))];
};

union wire_control_out {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
};

struct wire_in {
	struct mmsghdr headers[WIRE_BATCH];
	struct iovec iov[WIRE_BATCH];
	struct sockaddr_in from[WIRE_BATCH];
	union wire_control_in control[WIRE_BATCH];
	uint8_t bytes[WIRE_BATCH][WIRE_REQUEST];
};

struct wire_out {
	struct mmsghdr headers[WIRE_BATCH];
	struct iovec iov[WIRE_BATCH];
	struct sockaddr_in to[WIRE_BATCH];
	union wire_control_out control[WIRE_BATCH];
	uint8_t bytes[WIRE_BATCH][ICE_WIRE_DATAGRAM + 1];
	unsigned count;
};

struct ice_wire {
	int fd, other;
	bool awake;
	uint32_t drops_seen;
	struct ice_wire_counters counters;
	struct ice_late late;
	struct wire_in in;
	struct wire_out out;
};

static int wire_socket(uint16_t port, char *why, size_t why_size)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, size = 8 << 20;
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	if (fd < 0 || setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on)) != 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on)) != 0 ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)) != 0) {
		snprintf(why, why_size, "UDP port %u: %s", port, strerror(errno));
		if (fd >= 0)
			close(fd);
		return -1;
	}
	/* A burst from a sweeper must fit; without the right to go beyond the system's limit, as far as it goes. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	return fd;
}

static void wire_prepare(struct ice_wire *w)
{
	for (unsigned i = 0; i < WIRE_BATCH; i++) {
		w->in.iov[i] = (struct iovec){w->in.bytes[i], WIRE_REQUEST};
		w->in.headers[i].msg_hdr = (struct msghdr){.msg_iov = &w->in.iov[i], .msg_iovlen = 1};
		w->out.iov[i] = (struct iovec){w->out.bytes[i], 0};
		w->out.headers[i].msg_hdr = (struct msghdr){.msg_name = &w->out.to[i],
		                                            .msg_namelen = sizeof(w->out.to[i]),
		                                            .msg_iov = &w->out.iov[i],
		                                            .msg_iovlen = 1,
		                                            .msg_control = w->out.control[i].bytes,
		                                            .msg_controllen = sizeof(w->out.control[i].bytes)};
		struct cmsghdr *c = CMSG_FIRSTHDR(&w->out.headers[i].msg_hdr);
		c->cmsg_level = IPPROTO_IP;
		c->cmsg_type = IP_PKTINFO;
		c->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
	}
}

struct ice_wire *ice_wire_new(const struct ice_wire_options *options, char *why, size_t why_size)
{
	struct ice_wire *w = calloc(1, sizeof(*w));
	if (!w)
		abort();
	w->other = -1;
	w->awake = options->awake;
	w->fd = wire_socket(options->port, why, why_size);
	if (w->fd >= 0 && options->other_port)
		w->other = wire_socket(0, why, why_size);
	if (w->fd < 0 || (options->other_port && w->other < 0)) {
		ice_wire_free(w);
		return NULL;
	}
	wire_prepare(w);
	return w;
}

void ice_wire_free(struct ice_wire *w)
{
	if (!w)
		return;
	ice_late_fini(&w->late);
	if (w->fd >= 0)
		close(w->fd);
	if (w->other >= 0)
		close(w->other);
	free(w);
}

uint16_t ice_wire_port(const struct ice_wire *w)
{
	struct sockaddr_in self = {0};
	socklen_t n = sizeof(self);
	return getsockname(w->fd, (struct sockaddr *)&self, &n) == 0 ? ntohs(self.sin_port) : 0;
}

const struct ice_wire_counters *ice_wire_counters(const struct ice_wire *w)
{
	return &w->counters;
}

/* An error concerns one datagram: it is given up, the rest go on. */
static void wire_flush(struct ice_wire *w)
{
	unsigned done = 0;
	while (done < w->out.count) {
		int n = sendmmsg(w->fd, w->out.headers + done, w->out.count - done, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			w->counters.send_errors++;
			done++;
			continue;
		}
		w->counters.sent += (unsigned)n;
		done += (unsigned)n;
	}
	w->out.count = 0;
}

uint8_t *ice_wire_room(struct ice_wire *w)
{
	if (w->out.count == WIRE_BATCH)
		wire_flush(w);
	return w->out.bytes[w->out.count];
}

static void wire_source(struct msghdr *header, uint32_t from)
{
	struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(from)};
	memcpy(CMSG_DATA(CMSG_FIRSTHDR(header)), &info, sizeof(info));
}

/* What stands in the room becomes part of the batch. */
static void wire_queue(struct ice_wire *w, const struct sockaddr_in *to, uint32_t from, size_t n)
{
	unsigned i = w->out.count++;
	w->out.to[i] = *to;
	w->out.iov[i].iov_len = n;
	wire_source(&w->out.headers[i].msg_hdr, from);
	w->counters.bytes_sent += n;
}

/* From another port than was asked: rare, so one at a time. */
static void wire_send_other(struct ice_wire *w, const struct sockaddr_in *to, uint32_t from, uint8_t *bytes, size_t n)
{
	union wire_control_out control = {0};
	struct sockaddr_in name = *to;
	struct iovec iov = {bytes, n};
	struct msghdr header = {.msg_name = &name,
	                        .msg_namelen = sizeof(name),
	                        .msg_iov = &iov,
	                        .msg_iovlen = 1,
	                        .msg_control = control.bytes,
	                        .msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof(struct in_pktinfo));
	wire_source(&header, from);
	if (w->other >= 0 && sendmsg(w->other, &header, 0) >= 0) {
		w->counters.sent++;
		w->counters.bytes_sent += n;
	} else {
		w->counters.send_errors++;
	}
}

void ice_wire_send(struct ice_wire *w, const struct sockaddr_in *to, uint32_t from, bool other_port, size_t n,
                   ice_usec now, ice_usec delay)
{
	uint8_t *bytes = w->out.bytes[w->out.count];
	if (delay > 0) {
		if (!ice_late_put(&w->late, now + delay, to, from, other_port, bytes, n))
			w->counters.late_dropped++;
	} else if (other_port) {
		wire_send_other(w, to, from, bytes, n);
	} else {
		wire_queue(w, to, from, n);
	}
}

static void wire_release(struct ice_wire *w, ice_usec now)
{
	struct ice_late_item *item;
	while ((item = ice_late_take(&w->late, now))) {
		if (item->other_port) {
			wire_send_other(w, &item->to, item->from, item->bytes, item->n);
		} else {
			memcpy(ice_wire_room(w), item->bytes, item->n);
			wire_queue(w, &item->to, item->from, item->n);
		}
		free(item);
	}
}

static uint32_t wire_asked(struct msghdr *header, uint32_t *drops)
{
	uint32_t asked = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof(info));
			asked = ntohl(info.ipi_addr.s_addr);
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
			memcpy(drops, CMSG_DATA(c), sizeof(*drops));
		}
	}
	return asked;
}

/* One batch; returns how many datagrams it had. */
static unsigned wire_receive(struct ice_wire *w, ice_wire_input_fn *input, void *arg)
{
	for (unsigned i = 0; i < WIRE_BATCH; i++) {
		struct msghdr *h = &w->in.headers[i].msg_hdr;
		h->msg_name = &w->in.from[i];
		h->msg_namelen = sizeof(w->in.from[i]);
		h->msg_control = w->in.control[i].bytes;
		h->msg_controllen = sizeof(w->in.control[i].bytes);
	}
	int n = recvmmsg(w->fd, w->in.headers, WIRE_BATCH, MSG_DONTWAIT, NULL);
	if (n <= 0)
		return 0;
	ice_usec now = ice_clock_now();
	for (int i = 0; i < n; i++) {
		struct msghdr *h = &w->in.headers[i].msg_hdr;
		uint32_t drops = w->drops_seen;
		struct ice_wire_peer peer = {w->in.from[i], wire_asked(h, &drops)};
		w->counters.kernel_drops += drops - w->drops_seen;
		w->drops_seen = drops;
		w->counters.received++;
		w->counters.bytes_received += w->in.headers[i].msg_len;
		if (h->msg_flags & MSG_TRUNC)
			w->counters.truncated++;
		else if (peer.asked != 0)
			input(w, &peer, w->in.bytes[i], w->in.headers[i].msg_len, now, arg);
	}
	return (unsigned)n;
}

/* Sleeps until a datagram, a signal, or the next late answer. */
static void wire_wait(struct ice_wire *w, const sigset_t *waiting, bool sleep)
{
	struct pollfd p = {.fd = w->fd, .events = POLLIN};
	struct timespec timeout = {0, 0}, *until = &timeout;
	ice_usec next = ice_late_next(&w->late), now = ice_clock_now();
	if (sleep && next == ICE_USEC_NEVER)
		until = NULL;
	else if (sleep && next > now)
		timeout = (struct timespec){(next - now) / 1000000, (next - now) % 1000000 * 1000};
	(void)ppoll(&p, 1, until, waiting); /* EINTR is what a signal looks like; the caller looks at its flag */
}

void ice_wire_run(struct ice_wire *w, ice_wire_input_fn *input, ice_wire_between_fn *between, void *arg,
                  const volatile sig_atomic_t *stop, const sigset_t *waiting)
{
	unsigned awake = 0;
	while (!*stop) {
		unsigned n = wire_receive(w, input, arg);
		if (w->late.count > 0)
			wire_release(w, ice_clock_now());
		wire_flush(w);
		if (w->awake) {
			/* signals come in only at ppoll, and a look there now and then is enough */
			if (++awake % WIRE_AWAKE_ROUNDS == 0) {
				wire_wait(w, waiting, false);
				between(arg);
			}
		} else if (n < WIRE_BATCH) {
			wire_wait(w, waiting, true);
			between(arg);
		} else if (++awake % WIRE_AWAKE_ROUNDS == 0) {
			wire_wait(w, waiting, false); /* nobody's flood keeps a signal out */
			between(arg);
		}
	}
	wire_flush(w);
}
