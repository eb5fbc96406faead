#include "frame.h"

#include <netinet/in.h>
#include <string.h>

#define FRAME_IPV4       0x0800
#define FRAME_ARP        0x0806
#define FRAME_IPV6       0x86dd
#define FRAME_VLAN       0x8100
#define FRAME_VLAN_OUTER 0x88a8

#define FRAME_TCP_SYN 0x02
#define FRAME_TCP_ACK 0x10

static uint16_t frame_16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t frame_32(const uint8_t *at)
{
	return (uint32_t)frame_16(at) << 16 | frame_16(at + 2);
}

static struct ice_address frame_v6(const uint8_t *at, uint32_t interface)
{
	struct ice_address a = {(uint64_t)frame_32(at) << 32 | frame_32(at + 4),
	                        (uint64_t)frame_32(at + 8) << 32 | frame_32(at + 12), 0};
	if (a.hi >> 54 == 0xfe80u >> 6) /* fe80::/10 */
		a.scope = interface;
	return a;
}

/* False when the header is not whole. */
static bool frame_transport(const uint8_t *at, size_t n, struct ice_frame *out)
{
	size_t header = 8, total = n;
	if (out->protocol != IPPROTO_UDP && out->protocol != IPPROTO_TCP)
		return true;
	if (n < (out->protocol == IPPROTO_UDP ? 8u : 20u))
		return false;
	if (out->protocol == IPPROTO_TCP) {
		header = (size_t)(at[12] >> 4) * 4;
		out->syn = (at[13] & (FRAME_TCP_SYN | FRAME_TCP_ACK)) == FRAME_TCP_SYN;
	} else {
		total = frame_16(at + 4);
	}
	if (header < 8 || header > total || total > n)
		return false;
	out->from_port = frame_16(at);
	out->to_port = frame_16(at + 2);
	out->payload = at + header;
	out->payload_len = total - header;
	return true;
}

static bool frame_ipv4(const uint8_t *at, size_t n, struct ice_frame *out)
{
	if (n < 20 || at[0] >> 4 != 4)
		return false;
	size_t header = (size_t)(at[0] & 15) * 4, total = frame_16(at + 2);
	if (total == 0)
		total = n; /* longer than 65,535 and not cut yet */
	if (header < 20 || header > total || total > n)
		return false;
	out->kind = ICE_FRAME_IP;
	out->protocol = at[9];
	out->from = ice_address_v4(frame_32(at + 12));
	out->to = ice_address_v4(frame_32(at + 16));
	out->fragment = (frame_16(at + 6) & 0x1fff) != 0;
	return out->fragment || frame_transport(at + header, total - header, out);
}

static bool frame_ipv6(const uint8_t *at, size_t n, uint32_t interface, struct ice_frame *out)
{
	if (n < 40 || at[0] >> 4 != 6)
		return false;
	size_t total = frame_16(at + 4);
	total = total == 0 ? n : total + 40;
	if (total > n)
		return false;
	out->kind = ICE_FRAME_IP;
	out->from = frame_v6(at + 8, interface);
	out->to = frame_v6(at + 24, interface);
	out->protocol = at[6];
	size_t used = 40;
	for (int i = 0; i < ICE_FRAME_EXTENSIONS; i++) {
		bool fragment = out->protocol == IPPROTO_FRAGMENT;
		if (!fragment && out->protocol != IPPROTO_HOPOPTS && out->protocol != IPPROTO_ROUTING &&
		    out->protocol != IPPROTO_DSTOPTS)
			return frame_transport(at + used, total - used, out);
		if (total - used < 8)
			return false;
		const uint8_t *extension = at + used;
		out->protocol = extension[0];
		used += fragment ? 8 : ((size_t)extension[1] + 1) * 8;
		out->fragment = fragment && (frame_16(extension + 2) & 0xfff8) != 0;
		if (out->fragment)
			return true;
		if (used > total)
			return false;
	}
	return false;
}

void ice_frame_read(const uint8_t *bytes, size_t n, size_t network, uint16_t ethertype, uint32_t interface,
                    struct ice_frame *out)
{
	*out = (struct ice_frame){.kind = ICE_FRAME_OTHER};
	for (int i = 0; i < 2 && (ethertype == FRAME_VLAN || ethertype == FRAME_VLAN_OUTER); i++) {
		if (network > n || n - network < 4)
			return;
		ethertype = frame_16(bytes + network + 2);
		network += 4;
	}
	if (network > n)
		return;
	bool read = true;
	if (ethertype == FRAME_ARP)
		out->kind = ICE_FRAME_ARP;
	else if (ethertype == FRAME_IPV4)
		read = frame_ipv4(bytes + network, n - network, out);
	else if (ethertype == FRAME_IPV6)
		read = frame_ipv6(bytes + network, n - network, interface, out);
	if (!read)
		*out = (struct ice_frame){.kind = ICE_FRAME_OTHER};
}
