#include "neighbour_table.h"

#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the kernel spares: entries that were updated so short a time ago, in its clock ticks of 1/100 s. */
#define TABLE_SPARED 500
/* One datagram of a dump; the kernel sends no larger ones. And so many at most: some 130,000 entries. */
#define TABLE_BYTES     32768
#define TABLE_DATAGRAMS 512

/* 0 = not told: only the first network namespace has the file. */
static uint32_t table_limit(bool v4)
{
	FILE *f = fopen(v4 ? "/proc/sys/net/ipv4/neigh/default/gc_thresh3" : "/proc/sys/net/ipv6/neigh/default/gc_thresh3",
	                "re");
	unsigned limit = 0;
	if (f && fscanf(f, "%u", &limit) != 1)
		limit = 0;
	if (f)
		fclose(f);
	return limit;
}

/* True for an entry that the kernel does not take back now: a timer of its own holds it, or it is too new. */
static bool table_held(uint16_t state, const struct nda_cacheinfo *info)
{
	if (state & (NUD_INCOMPLETE | NUD_REACHABLE | NUD_DELAY | NUD_PROBE))
		return true;
	return (state & NUD_STALE) && info->ndm_updated < TABLE_SPARED;
}

static void table_entry(const struct nlmsghdr *h, struct ice_neighbours_table *out)
{
	struct ndmsg entry;
	struct nda_cacheinfo info = {0};
	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(entry)))
		return;
	memcpy(&entry, NLMSG_DATA(h), sizeof(entry));
	if (entry.ndm_state & (NUD_PERMANENT | NUD_NOARP))
		return; /* it is not among those that are limited */
	const char *at = (const char *)h + NLMSG_LENGTH(sizeof(entry)), *end = (const char *)h + h->nlmsg_len;
	for (struct rtattr a; (size_t)(end - at) >= sizeof(a); at += RTA_ALIGN(a.rta_len)) {
		memcpy(&a, at, sizeof(a));
		if (a.rta_len < sizeof(a) || a.rta_len > (size_t)(end - at))
			break;
		if (a.rta_type == NDA_CACHEINFO && a.rta_len >= RTA_LENGTH(sizeof(info)))
			memcpy(&info, at + RTA_LENGTH(0), sizeof(info));
		if ((size_t)(end - at) < RTA_ALIGN(a.rta_len))
			break;
	}
	out->entries++;
	out->held += table_held(entry.ndm_state, &info);
}

/* Takes in one datagram of the dump; 1 = it was the last, 0 = there are more, -1 = it cannot be done. */
static int table_datagram(const char *bytes, size_t n, struct ice_neighbours_table *out)
{
	for (size_t at = 0; n - at >= sizeof(struct nlmsghdr);) {
		const struct nlmsghdr *h = (const void *)(bytes + at); /* every message begins aligned, as the buffer does */
		if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > n - at || h->nlmsg_type == NLMSG_ERROR)
			return -1;
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		if (h->nlmsg_type == RTM_NEWNEIGH)
			table_entry(h, out);
		if (NLMSG_ALIGN(h->nlmsg_len) > n - at)
			break;
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
	return 0;
}

bool neighbour_table_look(bool v4, struct ice_neighbours_table *out, void *arg)
{
	static _Alignas(struct nlmsghdr) char bytes[TABLE_BYTES];
	struct {
		struct nlmsghdr header;
		struct ndmsg body;
	} ask = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ndmsg)),
	                    .nlmsg_type = RTM_GETNEIGH,
	                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	         .body = {.ndm_family = v4 ? AF_INET : AF_INET6}};
	const struct timeval patience = {.tv_usec = 200000}; /* the kernel answers while it is asked */
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int done = -1;
	(void)arg;
	*out = (struct ice_neighbours_table){.limit = table_limit(v4)};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return false;
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
	    sendto(fd, &ask, ask.header.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) ==
	            (ssize_t)ask.header.nlmsg_len)
		done = 0;
	for (int i = 0; done == 0 && i < TABLE_DATAGRAMS; i++) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
		done = n > 0 ? table_datagram(bytes, (size_t)n, out) : -1;
	}
	close(fd);
	return done == 1;
}
