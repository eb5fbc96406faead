#include "upload_link.h"

#include <linux/tcp.h> /* the C library's own lacks bytes_acked */
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's numbers of states, which linux/tcp.h does not name. */
#define LINK_SYN_SENT 2
#define LINK_CLOSE    7

struct ice_upload_link {
	TAILQ_ENTRY(ice_upload_link) next;
	int fd;
	struct ice_upload_reach *reach; /* NULL: its post has ended */
};

/* The SYN counts as one byte acknowledged, so a connection that stood and was reset has more than none. What cannot be told counts
 * as a connection that stood: HTTP is for the other case. */
static bool link_stood(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
	    len < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof(info.tcpi_bytes_acked))
		return true;
	return info.tcpi_state != LINK_SYN_SENT && (info.tcpi_state != LINK_CLOSE || info.tcpi_bytes_acked > 0);
}

void ice_upload_link_init(struct ice_upload_links *l)
{
	TAILQ_INIT(&l->list);
}

void ice_upload_link_free(struct ice_upload_links *l)
{
	for (struct ice_upload_link *k; (k = TAILQ_FIRST(&l->list));) {
		TAILQ_REMOVE(&l->list, k, next);
		free(k);
	}
}

int ice_upload_link_open(struct ice_upload_links *l, int family, int type, int protocol, struct ice_upload_reach *reach)
{
	struct ice_upload_link *k = calloc(1, sizeof(*k));
	if (!k)
		abort();
	k->fd = socket(family, type | SOCK_CLOEXEC, protocol);
	if (k->fd < 0) {
		free(k);
		return -1;
	}
	int fd = k->fd;
	k->reach = reach;
	reach->tried = true;
	TAILQ_INSERT_TAIL(&l->list, k, next);
	return fd;
}

int ice_upload_link_close(struct ice_upload_links *l, int fd)
{
	struct ice_upload_link *k;
	TAILQ_FOREACH(k, &l->list, next)
	{
		if (k->fd == fd)
			break;
	}
	if (k) {
		if (k->reach && link_stood(fd))
			k->reach->stood = true;
		TAILQ_REMOVE(&l->list, k, next);
		free(k);
	}
	return close(fd);
}

void ice_upload_link_leave(struct ice_upload_links *l, struct ice_upload_reach *reach)
{
	struct ice_upload_link *k;
	TAILQ_FOREACH(k, &l->list, next)
	{
		if (k->reach != reach)
			continue;
		reach->stood |= link_stood(k->fd);
		k->reach = NULL;
	}
}
