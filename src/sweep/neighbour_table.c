#include "neighbour_table.h"

#include <linux/neighbour.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the kernel spares: entries that were updated so short a time ago, in its clock ticks of 1/100 s. */
#define TABLE_SPARED 500
/* One datagram of a dump; the kernel sends no larger ones. And so many at most: some 130,000 entries. */
#define TABLE_BYTES     32768
#define TABLE_DATAGRAMS 512

/* What a dump is made of, message by message. */
typedef void table_message_fn(const struct nlmsghdr *h, bool v4, struct ice_neighbours_table *out);

/* Finds one attribute among those behind the `fixed` bytes of a message, and copies its value when it is at least that long. */
static bool table_attribute(const struct nlmsghdr *h, size_t fixed, unsigned short type, void *value, size_t size)
{
	const char *at = (const char *)h + NLMSG_SPACE(fixed), *end = (const char *)h + h->nlmsg_len;
	for (struct rtattr a; end - at >= (ptrdiff_t)sizeof(a); at += RTA_ALIGN(a.rta_len)) {
		memcpy(&a, at, sizeof(a));
		if (a.rta_len < sizeof(a) || a.rta_len > end - at)
			return false;
		if (a.rta_type == type && a.rta_len >= RTA_LENGTH(size)) {
			memcpy(value, at + RTA_LENGTH(0), size);
			return true;
		}
		if ((ptrdiff_t)RTA_ALIGN(a.rta_len) > end - at)
			return false;
	}
	return false;
}

/* A table's own parameters; those of its interfaces name no threshold. */
static void table_limit(const struct nlmsghdr *h, bool v4, struct ice_neighbours_table *out)
{
	struct ndtmsg table;
	uint32_t limit;
	if (h->nlmsg_type != RTM_NEWNEIGHTBL || h->nlmsg_len < NLMSG_LENGTH(sizeof(table)))
		return;
	memcpy(&table, NLMSG_DATA(h), sizeof(table));
	if (table.ndtm_family == (v4 ? AF_INET : AF_INET6) &&
	    table_attribute(h, sizeof(table), NDTA_THRESH3, &limit, sizeof(limit)))
		out->limit = limit;
}

/* True for an entry that the kernel does not take back now: a timer of its own holds it, or it is too new. */
static bool table_held(uint16_t state, const struct nda_cacheinfo *info)
{
	if (state & (NUD_INCOMPLETE | NUD_REACHABLE | NUD_DELAY | NUD_PROBE))
		return true;
	return (state & NUD_STALE) && info->ndm_updated < TABLE_SPARED;
}

static void table_entry(const struct nlmsghdr *h, bool v4, struct ice_neighbours_table *out)
{
	struct ndmsg entry;
	struct nda_cacheinfo info = {0};
	(void)v4;
	if (h->nlmsg_type != RTM_NEWNEIGH || h->nlmsg_len < NLMSG_LENGTH(sizeof(entry)))
		return;
	memcpy(&entry, NLMSG_DATA(h), sizeof(entry));
	if (entry.ndm_state & (NUD_PERMANENT | NUD_NOARP))
		return; /* it is not among those that are limited */
	(void)table_attribute(h, sizeof(entry), NDA_CACHEINFO, &info, sizeof(info));
	out->entries++;
	out->held += table_held(entry.ndm_state, &info);
}

/* Takes in one datagram of a dump; 1 = it was the last, 0 = there are more, -1 = it cannot be done. */
static int table_datagram(const char *bytes, size_t n, table_message_fn *message, bool v4,
                          struct ice_neighbours_table *out)
{
	for (size_t at = 0; n - at >= sizeof(struct nlmsghdr);) {
		const struct nlmsghdr *h =
		        (const void *)(bytes + at); /* every message begins aligned, as the buffer does */
		if (h->nlmsg_len < sizeof(*h) || h->nlmsg_len > n - at || h->nlmsg_type == NLMSG_ERROR)
			return -1;
		if (h->nlmsg_type == NLMSG_DONE)
			return 1;
		message(h, v4, out);
		if (NLMSG_ALIGN(h->nlmsg_len) > n - at)
			break;
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
	return 0;
}

/* Asks for all of one kind. The kernel answers while it is asked: nothing here waits for anyone. */
static bool table_dump(int fd, uint16_t type, table_message_fn *message, bool v4, struct ice_neighbours_table *out)
{
	static _Alignas(struct nlmsghdr) char bytes[TABLE_BYTES];
	struct {
		struct nlmsghdr header;
		struct ndmsg body; /* begins with the family, as every request does */
	} ask = {.header = {.nlmsg_len = NLMSG_LENGTH(sizeof(struct ndmsg)),
	                    .nlmsg_type = type,
	                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	         .body = {.ndm_family = v4 ? AF_INET : AF_INET6}};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	int done = 0;
	if (sendto(fd, &ask, ask.header.nlmsg_len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) !=
	    (ssize_t)ask.header.nlmsg_len)
		return false;
	for (int i = 0; done == 0 && i < TABLE_DATAGRAMS; i++) {
		ssize_t n = recv(fd, bytes, sizeof(bytes), 0);
		done = n > 0 ? table_datagram(bytes, (size_t)n, message, v4, out) : -1;
	}
	return done == 1;
}

bool neighbour_table_look(bool v4, struct ice_neighbours_table *out, void *arg)
{
	const struct timeval patience = {.tv_usec = 200000};
	(void)arg;
	*out = (struct ice_neighbours_table){.limit = 0};
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd < 0)
		return false;
	bool good = setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
	            table_dump(fd, RTM_GETNEIGHTBL, table_limit, v4, out) &&
	            table_dump(fd, RTM_GETNEIGH, table_entry, v4, out);
	close(fd);
	return good;
}
