/* upload_link: did a TCP connection to the server ever stand?
 *
 * curl's error does not tell a dropped SYN from a TLS handshake that hangs, nor a closed port from a connection that was reset. The
 * kernel does: each of curl's sockets is made and closed here, and asked (TCP_INFO) before it goes. A socket may outlive the
 * post that it was made for. */
#ifndef ICE_UPLOAD_LINK_H
#define ICE_UPLOAD_LINK_H

#include <stdbool.h>
#include <sys/queue.h>

/* Of one post; zeroed at its start. */
struct ice_upload_reach {
	bool tried; /* a connection was begun for it */
	bool stood; /* one came about, or that could not be told */
};

struct ice_upload_link;
struct ice_upload_links {
	TAILQ_HEAD(ice_upload_link_list, ice_upload_link) list;
};

void ice_upload_link_init(struct ice_upload_links *l);
void ice_upload_link_free(struct ice_upload_links *l);

/* As socket(2) and close(2). */
int ice_upload_link_open(struct ice_upload_links *l, int family, int type, int protocol,
                         struct ice_upload_reach *reach);
int ice_upload_link_close(struct ice_upload_links *l, int fd);

/* The post ends: its sockets that are still open are looked at now and are no longer its own. */
void ice_upload_link_leave(struct ice_upload_links *l, struct ice_upload_reach *reach);

#endif
