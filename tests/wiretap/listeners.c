#include "listeners.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LISTENERS_BUFFER 65536

struct listeners {
	int fd;
	uint8_t buffer[LISTENERS_BUFFER];
};

struct listeners *listeners_new(void)
{
	struct listeners *l = calloc(1, sizeof *l);
	if (!l)
		abort();
	l->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (l->fd >= 0)
		return l;
	free(l);
	return NULL;
}

void listeners_free(struct listeners *l)
{
	close(l->fd);
	free(l);
}

static bool listeners_ask(const struct listeners *l, uint8_t family)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_req_v2 what;
	} ask = {
	        {.nlmsg_len = sizeof ask, .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
	        {.sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1u << TCP_LISTEN}};
	return send(l->fd, &ask, sizeof ask, 0) == (ssize_t)sizeof ask;
}

static uint64_t listeners_cgroup(const struct nlmsghdr *head)
{
	const struct inet_diag_msg *m = NLMSG_DATA(head);
	const struct rtattr *a = (const struct rtattr *)(const void *)(m + 1);
	int left = (int)(head->nlmsg_len - NLMSG_LENGTH(sizeof *m));
	uint64_t id = 0;
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == INET_DIAG_CGROUP_ID && RTA_PAYLOAD(a) == sizeof id)
			memcpy(&id, RTA_DATA(a), sizeof id);
	return id;
}

static void listeners_one(const struct nlmsghdr *head, listeners_fn *fn, void *arg)
{
	const struct inet_diag_msg *m = NLMSG_DATA(head);
	struct sockaddr_storage from = {.ss_family = m->idiag_family};
	struct ice_address at;
	uint16_t port;
	if (m->idiag_family == AF_INET)
		memcpy(&((struct sockaddr_in *)&from)->sin_addr, m->id.idiag_src, 4);
	else
		memcpy(&((struct sockaddr_in6 *)&from)->sin6_addr, m->id.idiag_src, 16);
	if (ice_address_from_sockaddr((struct sockaddr *)&from, &at, &port))
		fn(listeners_cgroup(head), &at, ntohs(m->id.idiag_sport), arg);
}

/* One answer of several. 1 when it was the last, -1 when it is an error. */
static int listeners_answer(struct listeners *l, listeners_fn *fn, void *arg)
{
	ssize_t n = recv(l->fd, l->buffer, sizeof l->buffer, 0);
	if (n <= 0)
		return -1;
	int left = (int)n;
	for (const struct nlmsghdr *head = (const void *)l->buffer; NLMSG_OK(head, left);
	     head = NLMSG_NEXT(head, left)) {
		if (head->nlmsg_type == NLMSG_DONE)
			return 1;
		if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			return -1;
		listeners_one(head, fn, arg);
	}
	return 0;
}

bool listeners_look(struct listeners *l, listeners_fn *fn, void *arg)
{
	static const uint8_t families[] = {AF_INET, AF_INET6};
	for (size_t i = 0; i < sizeof families; i++) {
		int ended = 0;
		if (!listeners_ask(l, families[i]))
			return false;
		while (ended == 0)
			ended = listeners_answer(l, fn, arg);
		if (ended < 0)
			return false;
	}
	return true;
}
