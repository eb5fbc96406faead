/* loop: the machine's limit. Sends one pre-built SNMP request to every address of a block with sendmmsg, receives with
 * recvmmsg, counts who answered, asks the silent again, and does nothing else: no reader, no state per request, no
 * timer. What a sweep costs beyond this is its own. Prints one line of key=value figures:
 *
 *   addresses packets seconds send_seconds packets_per_second cpu_user cpu_sys replies duplicates
 *
 * --window N lets no more than N packets go within one --timeout. seconds is the wall time of everything; send_seconds
 * leaves out the wait for late replies after the last packet of each round, and packets_per_second is packets /
 * send_seconds. replies counts addresses that answered. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ice/clock.h"
#include "ice/probe.h"
#include "ice/secret.h"
#include "ice/snmp.h"

#define LOOP_BATCH 64
#define LOOP_ROOM  2048

struct loop {
	uint32_t base; /* first address, host order */
	uint64_t addresses;
	uint16_t port;
	uint64_t window; /* most packets sent within one timeout, answered or not; 0 = no limit */
	ice_usec timeout;
	unsigned retries;
	int fd;
	struct ice_snmp_request request;
	uint8_t *answered; /* one bit per address */
	uint64_t packets, replies, duplicates;
	ice_usec sending;

	struct mmsghdr out[LOOP_BATCH], in[LOOP_BATCH];
	struct iovec out_span[LOOP_BATCH], in_span[LOOP_BATCH];
	struct sockaddr_in to[LOOP_BATCH], from[LOOP_BATCH];
	uint8_t out_bytes[LOOP_BATCH][ICE_SNMP_REQUEST_MAX], in_bytes[LOOP_BATCH][LOOP_ROOM];
};

static void loop_die(const char *what)
{
	fprintf(stderr, "loop: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void loop_usage(void)
{
	fprintf(stderr, "usage: loop --cidr 127.1.0.0/16 --port P [--window N] [--timeout MS] [--retries R]\n");
	exit(64);
}

static unsigned long loop_number(const char *text, unsigned long max)
{
	char *end;
	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || n > max)
		loop_usage();
	return n;
}

static void loop_options(struct loop *l, int argc, char **argv)
{
	static const struct option options[] = {
	        {"cidr", required_argument, NULL, 'c'},    {"port", required_argument, NULL, 'p'},
	        {"window", required_argument, NULL, 'w'},  {"timeout", required_argument, NULL, 't'},
	        {"retries", required_argument, NULL, 'r'}, {NULL, 0, NULL, 0}};
	l->timeout = ICE_USEC_MSEC(1000);
	for (int o; (o = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		char *slash;
		struct in_addr base;
		unsigned long bits;
		switch (o) {
		case 'c':
			slash = strchr(optarg, '/');
			if (!slash)
				loop_usage();
			*slash = '\0';
			bits = loop_number(slash + 1, 32);
			/* the benchmark never leaves the machine */
			if (inet_pton(AF_INET, optarg, &base) != 1 || bits < 8 || ntohl(base.s_addr) >> 24 != 127)
				loop_usage();
			l->addresses = UINT64_C(1) << (32 - bits);
			l->base = ntohl(base.s_addr) & ~(uint32_t)(l->addresses - 1);
			break;
		case 'p':
			l->port = (uint16_t)loop_number(optarg, 65535);
			break;
		case 'w':
			l->window = loop_number(optarg, 1u << 30);
			break;
		case 't':
			l->timeout = ICE_USEC_MSEC(loop_number(optarg, 600000));
			break;
		case 'r':
			l->retries = (unsigned)loop_number(optarg, 100);
			break;
		default:
			loop_usage();
		}
	}
	if (l->addresses == 0 || l->port == 0 || optind != argc)
		loop_usage();
}

/* The same socket options and the same question that a sweep has. */
static void loop_prepare(struct loop *l)
{
	int probe = IP_PMTUDISC_PROBE, room = 4 << 20;
	struct ice_secret community = {.len = 6, .bytes = "public"};
	l->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || setsockopt(l->fd, IPPROTO_IP, IP_MTU_DISCOVER, &probe, sizeof(probe)) != 0)
		loop_die("socket");
	if (setsockopt(l->fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
		(void)setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	if (!ice_probe_identify_request(&l->request, ICE_SNMP_V2C, &community))
		loop_die("request");
	l->answered = calloc(1, (size_t)(l->addresses + 7) / 8);
	if (!l->answered)
		loop_die("memory");
	for (int i = 0; i < LOOP_BATCH; i++) {
		ice_snmp_write(l->out_bytes[i], &l->request, ICE_SNMP_ID_BASE);
		l->to[i] = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(l->port)};
		l->out_span[i] = (struct iovec){l->out_bytes[i], l->request.len};
		l->out[i].msg_hdr = (struct msghdr){.msg_name = &l->to[i],
		                                    .msg_namelen = sizeof(l->to[i]),
		                                    .msg_iov = &l->out_span[i],
		                                    .msg_iovlen = 1};
		l->in_span[i] = (struct iovec){l->in_bytes[i], LOOP_ROOM};
		l->in[i].msg_hdr = (struct msghdr){.msg_name = &l->from[i],
		                                   .msg_namelen = sizeof(l->from[i]),
		                                   .msg_iov = &l->in_span[i],
		                                   .msg_iovlen = 1};
	}
}

/* Empties the socket. */
static void loop_receive(struct loop *l)
{
	int n;
	do {
		n = recvmmsg(l->fd, l->in, LOOP_BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++) {
			uint64_t at = ntohl(l->from[i].sin_addr.s_addr) - l->base;
			l->in[i].msg_hdr.msg_namelen = sizeof(l->from[i]);
			if (at >= l->addresses)
				continue;
			uint8_t *octet = &l->answered[at / 8], bit = (uint8_t)(1u << (at % 8));
			if (*octet & bit)
				l->duplicates++;
			else
				l->replies++;
			*octet |= bit;
		}
	} while (n == LOOP_BATCH);
}

static void loop_wait(struct loop *l, ice_usec until)
{
	for (ice_usec now; (now = ice_clock_now()) < until;) {
		struct pollfd ready = {l->fd, POLLIN, 0};
		(void)poll(&ready, 1, (int)((until - now + 999) / 1000));
		loop_receive(l);
	}
}

/* Sends n prepared datagrams, however many calls it takes. An error is that of the first: it is given up. */
static void loop_send(struct loop *l, unsigned n)
{
	for (unsigned done = 0; done < n;) {
		int sent = sendmmsg(l->fd, l->out + done, n - done, 0);
		if (sent > 0) {
			done += (unsigned)sent;
			l->packets += (unsigned)sent;
		} else if (errno == EAGAIN || errno == ENOBUFS) {
			struct pollfd ready = {l->fd, POLLOUT, 0};
			(void)poll(&ready, 1, 1);
		} else if (errno != EINTR) {
			done++;
		}
	}
}

/* One round over the addresses that have not answered. With a window, a ring of the times of its batches tells when the
 * next may go. */
static void loop_round(struct loop *l)
{
	uint64_t slots = l->window / LOOP_BATCH > 0 ? l->window / LOOP_BATCH : 1, batches = 0, at = 0;
	ice_usec *ring = l->window > 0 ? calloc(slots, sizeof(*ring)) : NULL;
	ice_usec start = ice_clock_now();
	if (l->window > 0 && !ring)
		loop_die("memory");
	while (at < l->addresses) {
		unsigned n = 0;
		for (; n < LOOP_BATCH && at < l->addresses; at++) {
			if (l->answered[at / 8] & 1u << (at % 8))
				continue;
			l->to[n].sin_addr.s_addr = htonl(l->base + (uint32_t)at);
			ice_snmp_patch_id(l->out_bytes[n], l->request.id_at, ICE_SNMP_ID_BASE + (uint32_t)at);
			n++;
		}
		if (ring) {
			ice_usec *oldest = &ring[batches % slots];
			if (batches++ >= slots)
				loop_wait(l, *oldest + l->timeout);
			*oldest = ice_clock_now();
		}
		loop_send(l, n);
		loop_receive(l);
	}
	free(ring);
	l->sending += ice_clock_now() - start;
	loop_wait(l, ice_clock_now() + l->timeout);
}

static double loop_seconds(struct timeval tv)
{
	return (double)tv.tv_sec + (double)tv.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	static struct loop l;
	struct rusage before, after;
	loop_options(&l, argc, argv);
	loop_prepare(&l);
	(void)getrusage(RUSAGE_SELF, &before);
	ice_usec start = ice_clock_now();
	for (unsigned round = 0; round <= l.retries && l.replies < l.addresses; round++)
		loop_round(&l);
	double seconds = (double)(ice_clock_now() - start) / 1e6, sending = (double)l.sending / 1e6;
	(void)getrusage(RUSAGE_SELF, &after);
	printf("addresses=%llu packets=%llu seconds=%.3f send_seconds=%.3f packets_per_second=%.0f cpu_user=%.3f "
	       "cpu_sys=%.3f "
	       "replies=%llu duplicates=%llu\n",
	       (unsigned long long)l.addresses, (unsigned long long)l.packets, seconds, sending,
	       sending > 0 ? (double)l.packets / sending : 0,
	       loop_seconds(after.ru_utime) - loop_seconds(before.ru_utime),
	       loop_seconds(after.ru_stime) - loop_seconds(before.ru_stime), (unsigned long long)l.replies,
	       (unsigned long long)l.duplicates);
	free(l.answered);
	close(l.fd);
	return 0;
}
