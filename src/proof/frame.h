/* frame: what stands in one captured frame, as far as promises ask for it: from whom, to whom, by which protocol, with what inside.
 *
 * The bytes are a stranger's: every length is checked, every loop bounded, and what does not read is ICE_FRAME_OTHER. IPv4 (RFC 791), IPv6
 * with up to ICE_FRAME_EXTENSIONS extension headers (RFC 8200), UDP (RFC 768), TCP (RFC 9293), behind up to two VLAN tags (IEEE
 * 802.1Q). Nothing is copied: the views live as long as the bytes. A frame may be longer than a network takes, since a kernel that
 * leaves the cutting of TCP to the card shows the whole. */
#ifndef ICE_FRAME_H
#define ICE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/address.h"
#include "ice/attr.h"

#define ICE_FRAME_EXTENSIONS 8

enum ice_frame_kind {
	ICE_FRAME_OTHER, /* neither IP nor neighbour discovery, or not readable */
	ICE_FRAME_ARP,
	ICE_FRAME_IP,
};

struct ice_frame {
	enum ice_frame_kind kind;
	uint8_t protocol; /* of IP: 6 TCP, 17 UDP, 1 ICMP, 58 ICMPv6 */
	bool fragment;    /* not the first one: ports and payload are not in it */
	struct ice_address from, to;
	uint16_t from_port, to_port; /* TCP and UDP; else 0 */
	bool syn;                    /* TCP: the first of a connection */
	const uint8_t *payload;      /* behind the UDP or TCP header; NULL for others */
	size_t payload_len;
};

/* `ethertype` belongs to the header that begins at bytes[network] (host order). `interface` is the scope of its link-local addresses. */
void ice_frame_read(const uint8_t *bytes, size_t n, size_t network, uint16_t ethertype, uint32_t interface,
                    struct ice_frame *out);

#endif
