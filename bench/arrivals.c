/* Counts datagrams as they arrive, in bins of 10 ms: how even is a paced sender?
 *
 *   arrivals PORT SECONDS     (127.0.0.1 and every other local address; PORT 0 = any, printed first)
 *
 * Waits for the first datagram, counts for SECONDS from it and prints: packets, seconds (first to last), packets_per_second, bins, worst_bin,
 * expected_bin (the mean). The kernel says when a datagram came: this program's own clock would tell when it got around to it. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

static double now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* When the kernel took the datagram in; 0 when it does not say. */
static double stamp(struct msghdr *m)
{
	struct timespec ts;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			memcpy(&ts, CMSG_DATA(c), sizeof(ts));
			return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
		}
	}
	return 0;
}

#define BATCH 64

/* Receives up to a batch; their times. */
static int harvest(int fd, double at[BATCH])
{
	static char bytes[BATCH][2048];
	static union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(struct timespec))];
	} control[BATCH];
	static struct iovec spans[BATCH];
	struct mmsghdr messages[BATCH];
	for (int i = 0; i < BATCH; i++) {
		spans[i] = (struct iovec){bytes[i], sizeof(bytes[i])};
		messages[i].msg_hdr = (struct msghdr){.msg_iov = &spans[i],
		                                      .msg_iovlen = 1,
		                                      .msg_control = &control[i],
		                                      .msg_controllen = sizeof(control[i])};
	}
	int n = recvmmsg(fd, messages, BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		at[i] = stamp(&messages[i].msg_hdr);
	return n;
}

int main(int argc, char **argv)
{
	if (argc != 3)
		return 64;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0), room = 32 << 20, on = 1;
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
	socklen_t len = sizeof(a);
	double seconds = atof(argv[2]);
	size_t bins = (size_t)(seconds * 100) + 1;
	if (fd < 0 || bins > 100000 || bind(fd, (struct sockaddr *)&a, sizeof(a)) != 0 ||
	    getsockname(fd, (struct sockaddr *)&a, &len) != 0)
		return 1;
	if (setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0)
		return 1;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) != 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	printf("port %u\n", ntohs(a.sin_port));
	fflush(stdout);
	unsigned long *bin = calloc(bins, sizeof(*bin)), packets = 0, worst = 0;
	double first = 0, last = 0, began = now();
	if (!bin)
		return 1;
	for (int over = 0; !over;) {
		double at[BATCH];
		int n = harvest(fd, at);
		if (n <= 0) {
			over = packets == 0 ? now() - began > 60 : now() - began > seconds + 1;
			continue;
		}
		if (packets == 0) {
			first = at[0];
			began = now();
		}
		for (int i = 0; i < n && !over; i++) {
			over = at[i] - first >= seconds;
			if (over)
				break;
			packets++;
			last = at[i];
			if (at[i] >= first)
				bin[(size_t)((at[i] - first) * 100)]++;
		}
	}
	for (size_t i = 0; i < bins; i++)
		if (bin[i] > worst)
			worst = bin[i];
	double span = last - first;
	printf("packets=%lu seconds=%.4f packets_per_second=%.1f worst_bin=%lu expected_bin=%.2f\n", packets, span,
	       span > 0 ? (double)(packets - 1) / span : 0, worst, span > 0 ? (double)(packets - 1) / span / 100 : 0);
	free(bin);
	return 0;
}
