/* capture: every frame that passes this machine's interfaces, as the kernel shows it (packet(7)).
 *
 * One packet socket on all interfaces, both directions, also those that come up later; it needs CAP_NET_RAW. The kernel counts what it could not
 * keep for us, and says so: a capture with drops is no proof of anything. A frame on the loopback interface is seen twice, once
 * outgoing and once incoming; so is one that passes a bridge, once on each side.
 *
 * Life: open -> { read }* -> free. */
#ifndef ICE_CAPTURE_H
#define ICE_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"

struct ice_capture;

struct ice_capture_frame {
	const uint8_t *bytes; /* from the link's header on; lent until the next read */
	size_t len;
	size_t network;     /* offset of what `ethertype` names */
	uint16_t ethertype; /* host order */
	uint16_t hardware;  /* ARPHRD_ETHER, ... */
	uint32_t interface;
	bool outgoing;
	bool cut;   /* longer than ICE_CAPTURE_FRAME: it cannot be judged */
	int64_t at; /* nanoseconds of the wall clock */
};

#define ICE_CAPTURE_FRAME 262144 /* longest there is: what a kernel hands to a card that cuts TCP by itself */
#define ICE_CAPTURE_BATCH 16

/* NULL with a reason. */
ICE_MUST_CHECK struct ice_capture *ice_capture_open(char *why, size_t why_size);
void ice_capture_free(struct ice_capture *c);
int ice_capture_fd(const struct ice_capture *c); /* readable when there is a frame */

/* At most ICE_CAPTURE_BATCH frames, 0 when none is there just now. */
size_t ice_capture_read(struct ice_capture *c, struct ice_capture_frame *out);

/* The clock of the frames' times: the wall's, in nanoseconds. */
int64_t ice_capture_now(void);

/* Frames that the kernel could not keep, since the start. */
uint64_t ice_capture_drops(struct ice_capture *c);

#endif
