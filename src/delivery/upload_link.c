#include "upload_link.h"

#include <fcntl.h>
#include <linux/tcp.h> /* the C library's own lacks bytes_acked */
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel's numbers of states, which linux/tcp.h does not name. */
#define LINK_SYN_SENT 2
#define LINK_CLOSE    7

int ice_upload_link_open(struct ice_upload_link *l, int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol);
	int kept = fd >= 0 && l->count < ICE_UPLOAD_LINKS_MAX ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (kept >= 0)
		l->kept[l->count++] = kept;
	else
		l->unknown = true;
	return fd;
}

/* The SYN counts as one byte acknowledged, so a connection that stood and was reset has more than none. */
static bool link_stood(int fd)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
	    len < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof(info.tcpi_bytes_acked))
		return true;
	return info.tcpi_state != LINK_SYN_SENT && (info.tcpi_state != LINK_CLOSE || info.tcpi_bytes_acked > 0);
}

bool ice_upload_link_end(struct ice_upload_link *l)
{
	bool stood = l->unknown, tried = l->count > 0;
	for (; l->count > 0; l->count--) {
		stood |= link_stood(l->kept[l->count - 1]);
		close(l->kept[l->count - 1]);
	}
	return tried && !stood;
}
