/* upload_link: did a TCP connection to the server ever stand?
 *
 * curl's error does not tell a dropped SYN from a TLS handshake that hangs, nor a closed port from a connection that was reset. The
 * kernel does (TCP_INFO). Each of curl's sockets is made here, and a second descriptor of it kept until its post has ended:
 * curl's own callback for closed sockets is not called for one that never connected (libcurl 7.88). */
#ifndef ICE_UPLOAD_LINK_H
#define ICE_UPLOAD_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/attr.h"

#define ICE_UPLOAD_LINKS_MAX 16 /* a name with more addresses than that is not said to be out of reach */

enum ice_upload_link_verdict {
	ICE_UPLOAD_LINK_UNKNOWN, /* nothing was opened, or it cannot be told */
	ICE_UPLOAD_LINK_STOOD,
	ICE_UPLOAD_LINK_NEVER /* it was tried, and no connection came about */
};

/* Of one post; zeroed at its start. */
struct ice_upload_link {
	int kept[ICE_UPLOAD_LINKS_MAX];
	unsigned count;
	bool unknown; /* of some socket it cannot be told */
};

/* As socket(2). */
ICE_MUST_CHECK int ice_upload_link_open(struct ice_upload_link *l, int family, int type, int protocol);

/* The post has ended. */
enum ice_upload_link_verdict ice_upload_link_end(struct ice_upload_link *l);

/* Bytes that came on this socket since it is, heads of TCP apart; 0 when it is none of TCP. */
uint64_t ice_upload_link_received(int fd);

#endif
