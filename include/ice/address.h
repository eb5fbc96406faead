/* address: one IPv4 or IPv6 address, as a number that can be counted with.
 *
 * IPv4 is kept in its mapped form (::ffff:a.b.c.d), so that one order and one arithmetic hold for
 * both families. Ranges never span a /64, hence counting is done on `lo` alone. */
#ifndef ICE_ADDRESS_H
#define ICE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "ice/attr.h"

struct ice_address {
	uint64_t hi;    /* first eight bytes, host order; 0 for IPv4 */
	uint64_t lo;    /* last eight bytes; 0x0000ffffAABBCCDD for IPv4 */
	uint32_t scope; /* interface index of a link-local IPv6 address (fe80::1%eth0), else 0 */
};

#define ICE_ADDRESS_TEXT_SIZE 64

/* Dotted quad or RFC 4291 text, with %scope for fe80::/10. Nothing else: no names, no octal, no
 * short forms ("10.1"). */
ICE_MUST_CHECK bool ice_address_parse(const char *text, struct ice_address *out);

/* Writes RFC 5952 text or a dotted quad; returns out. */
const char *ice_address_format(const struct ice_address *a, char out[ICE_ADDRESS_TEXT_SIZE]);

#define ICE_ADDRESS_MAPPED UINT64_C(0x0000ffff00000000) /* `lo` of ::ffff:0:0/96 (RFC 4291 section 2.5.5.2) */

/* From and to an IPv4 address in host order. */
static inline struct ice_address ice_address_v4(uint32_t host_order)
{
	return (struct ice_address){0, ICE_ADDRESS_MAPPED | host_order, 0};
}

static inline bool ice_address_is_v4(const struct ice_address *a)
{
	return a->hi == 0 && a->lo >> 32 == ICE_ADDRESS_MAPPED >> 32;
}

/* By number, those of one link after those of another. */
int ice_address_compare(const struct ice_address *a, const struct ice_address *b);
static inline bool ice_address_same(const struct ice_address *a, const struct ice_address *b)
{
	return a->hi == b->hi && a->lo == b->lo && a->scope == b->scope;
}

/* RFC 1918, 100.64/10, 169.254/16, 127/8, fc00::/7, fe80::/10, ::1 (promise 2). */
bool ice_address_is_internal(const struct ice_address *a);

/* False for what never is one host: 0/8; 224/4, multicast, and 240/4, reserved, with the limited broadcast at its end; ff00::/8; ::. */
static inline bool ice_address_is_unicast(const struct ice_address *a)
{
	unsigned first = (unsigned)(a->lo >> 24 & 255);
	return ice_address_is_v4(a) ? first != 0 && first < 224 : a->hi >> 56 != 0xff && (a->hi != 0 || a->lo != 0);
}

/* Fills a sockaddr_in or sockaddr_in6 and returns its length. */
socklen_t ice_address_to_sockaddr(const struct ice_address *a, uint16_t port, struct sockaddr_storage *out);

/* False when the family is neither AF_INET nor AF_INET6. A mapped IPv6 peer is its IPv4 self. */
ICE_MUST_CHECK bool ice_address_from_sockaddr(const struct sockaddr *sa, struct ice_address *out, uint16_t *port);

#endif
