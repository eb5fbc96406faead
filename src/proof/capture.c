#include "capture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* The sweep of a large net at full speed, for the time that another program keeps the processor. */
#define CAPTURE_BUFFER (64 << 20)

struct ice_capture {
	int fd;
	uint64_t drops;
	uint8_t (*frames)[ICE_CAPTURE_FRAME];
	struct sockaddr_ll from[ICE_CAPTURE_BATCH];
	struct iovec parts[ICE_CAPTURE_BATCH];
	struct mmsghdr messages[ICE_CAPTURE_BATCH];
	union {
		char bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata)) + CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control[ICE_CAPTURE_BATCH];
};

static bool capture_set(const struct ice_capture *c, int level, int option, int value)
{
	return setsockopt(c->fd, level, option, &value, sizeof value) == 0;
}

struct ice_capture *ice_capture_open(char *why, size_t why_size)
{
	struct ice_capture *c = calloc(1, sizeof *c);
	if (!c || !(c->frames = calloc(ICE_CAPTURE_BATCH, sizeof *c->frames)))
		abort();
	/* Without a protocol at first: the first frame must find the options in place. */
	c->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	bool good = c->fd >= 0 && capture_set(c, SOL_PACKET, PACKET_AUXDATA, 1) &&
	            capture_set(c, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	if (good && !capture_set(c, SOL_SOCKET, SO_RCVBUFFORCE, CAPTURE_BUFFER))
		(void)capture_set(c, SOL_SOCKET, SO_RCVBUF, CAPTURE_BUFFER); /* a small one shows as drops */
	if (good && bind(c->fd, (struct sockaddr *)&all, sizeof all) == 0)
		return c;
	snprintf(why, why_size, "packet socket: %s%s", strerror(errno),
	         errno == EPERM || errno == EACCES ? " (it needs CAP_NET_RAW, which root has)" : "");
	ice_capture_free(c);
	return NULL;
}

void ice_capture_free(struct ice_capture *c)
{
	if (!c)
		return;
	if (c->fd >= 0)
		close(c->fd);
	free(c->frames);
	free(c);
}

int ice_capture_fd(const struct ice_capture *c)
{
	return c->fd;
}

/* What the kernel says beside the frame: where the network's header begins, and when it was. */
static void capture_beside(struct msghdr *message, struct ice_capture_frame *out)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level == SOL_PACKET && c->cmsg_type == PACKET_AUXDATA) {
			struct tpacket_auxdata beside;
			memcpy(&beside, CMSG_DATA(c), sizeof beside);
			out->network = beside.tp_net;
		} else if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec at;
			memcpy(&at, CMSG_DATA(c), sizeof at);
			out->at = (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
		}
	}
}

size_t ice_capture_read(struct ice_capture *c, struct ice_capture_frame *out)
{
	for (size_t i = 0; i < ICE_CAPTURE_BATCH; i++) {
		c->parts[i] = (struct iovec){c->frames[i], ICE_CAPTURE_FRAME};
		c->messages[i].msg_hdr = (struct msghdr){.msg_name = &c->from[i],
		                                         .msg_namelen = sizeof c->from[i],
		                                         .msg_iov = &c->parts[i],
		                                         .msg_iovlen = 1,
		                                         .msg_control = &c->control[i],
		                                         .msg_controllen = sizeof c->control[i]};
	}
	int n = recvmmsg(c->fd, c->messages, ICE_CAPTURE_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		out[i] = (struct ice_capture_frame){.bytes = c->frames[i],
		                                    .len = c->messages[i].msg_len,
		                                    .ethertype = ntohs(c->from[i].sll_protocol),
		                                    .hardware = c->from[i].sll_hatype,
		                                    .interface = (uint32_t)c->from[i].sll_ifindex,
		                                    .outgoing = c->from[i].sll_pkttype == PACKET_OUTGOING,
		                                    .cut = (c->messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0};
		capture_beside(&c->messages[i].msg_hdr, &out[i]);
	}
	return n > 0 ? (size_t)n : 0;
}

int64_t ice_capture_now(void)
{
	struct timespec at;
	if (clock_gettime(CLOCK_REALTIME, &at) != 0)
		abort(); /* POSIX has no reason for it */
	return (int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
}

uint64_t ice_capture_drops(struct ice_capture *c)
{
	struct tpacket_stats since = {0};
	socklen_t n = sizeof since;
	/* The kernel's own counter begins anew with every question. */
	if (getsockopt(c->fd, SOL_PACKET, PACKET_STATISTICS, &since, &n) == 0)
		c->drops += since.tp_drops;
	return c->drops;
}
