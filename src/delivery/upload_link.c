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

#define LINK_ROOM                                                                                                      \
	(32                                                                                                            \
	 << 10) /* bytes that may wait in a socket for being read: answers are short, and the kernel would take megabytes */

int ice_upload_link_open(struct ice_upload_link *l, int family, int type, int protocol)
{
	int fd = socket(family, type | SOCK_CLOEXEC, protocol), room = LINK_ROOM;
	if (fd >= 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	int kept = fd >= 0 && l->count < ICE_UPLOAD_LINKS_MAX ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (kept >= 0)
		l->kept[l->count++] = kept;
	else
		l->unknown = true;
	return fd;
}

static bool link_look(int fd, struct tcp_info *info, size_t up_to)
{
	socklen_t len = sizeof(*info);
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, &len) == 0 && len >= up_to;
}

/* The SYN counts as one byte acknowledged, so a connection that stood and was reset has more than none. */
static enum ice_upload_link_verdict link_stood(int fd)
{
	struct tcp_info info = {0};
	if (!link_look(fd, &info, offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof(info.tcpi_bytes_acked)))
		return ICE_UPLOAD_LINK_UNKNOWN;
	bool stood = info.tcpi_state != LINK_SYN_SENT && (info.tcpi_state != LINK_CLOSE || info.tcpi_bytes_acked > 0);
	return stood ? ICE_UPLOAD_LINK_STOOD : ICE_UPLOAD_LINK_NEVER;
}

enum ice_upload_link_verdict ice_upload_link_end(struct ice_upload_link *l)
{
	bool stood = false, unknown = l->unknown || l->count == 0;
	for (; l->count > 0; l->count--) {
		enum ice_upload_link_verdict one = link_stood(l->kept[l->count - 1]);
		stood |= one == ICE_UPLOAD_LINK_STOOD;
		unknown |= one == ICE_UPLOAD_LINK_UNKNOWN;
		close(l->kept[l->count - 1]);
	}
	return stood ? ICE_UPLOAD_LINK_STOOD : unknown ? ICE_UPLOAD_LINK_UNKNOWN : ICE_UPLOAD_LINK_NEVER;
}

uint64_t ice_upload_link_received(int fd)
{
	struct tcp_info info = {0};
	bool told =
	        link_look(fd, &info, offsetof(struct tcp_info, tcpi_bytes_received) + sizeof(info.tcpi_bytes_received));
	return told ? info.tcpi_bytes_received : 0;
}
