#include "ice/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t address_load(const uint8_t *p)
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static void address_store(uint8_t *p, uint64_t v)
{
	for (int i = 7; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

static bool address_is_link_local(const struct ice_address *a)
{
	return a->hi >> 54 == 0xfe80u >> 6;
}

/* A zone is an interface's name, or its index in decimal (RFC 4007 section 11.2); names first, as the system's own tools. */
static bool address_parse_zone(const char *zone, uint32_t *scope)
{
	unsigned index = if_nametoindex(zone);
	if (index == 0) {
		uint64_t n = 0;
		if (!*zone || *zone == '0')
			return false;
		for (const char *p = zone; *p; p++) {
			if (*p < '0' || *p > '9' || (n = n * 10 + (uint64_t)(*p - '0')) > INT_MAX)
				return false;
		}
		index = (unsigned)n;
	}
	*scope = index;
	return true;
}

bool ice_address_parse(const char *text, struct ice_address *out)
{
	struct in_addr v4;
	if (inet_pton(AF_INET, text, &v4) == 1) {
		*out = ice_address_v4(ntohl(v4.s_addr));
		return true;
	}
	const char *zone = strchr(text, '%');
	size_t n = zone ? (size_t)(zone - text) : strlen(text);
	char plain[INET6_ADDRSTRLEN];
	uint8_t bytes[16];
	if (n >= sizeof(plain))
		return false;
	memcpy(plain, text, n);
	plain[n] = 0;
	if (inet_pton(AF_INET6, plain, bytes) != 1)
		return false;
	struct ice_address a = {address_load(bytes), address_load(bytes + 8), 0};
	if (zone && (!address_is_link_local(&a) || !address_parse_zone(zone + 1, &a.scope)))
		return false;
	*out = a;
	return true;
}

/* "10.1.2.3", without printf: every find comes by here, some several times. */
static void address_format_v4(uint32_t v, char *at)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		unsigned octet = v >> shift & 255;
		if (octet >= 100)
			*at++ = (char)('0' + octet / 100);
		if (octet >= 10)
			*at++ = (char)('0' + octet / 10 % 10);
		*at++ = (char)('0' + octet % 10);
		*at++ = shift ? '.' : '\0';
	}
}

const char *ice_address_format(const struct ice_address *a, char out[ICE_ADDRESS_TEXT_SIZE])
{
	if (ice_address_is_v4(a)) {
		address_format_v4((uint32_t)a->lo, out);
		return out;
	}
	uint8_t bytes[16];
	address_store(bytes, a->hi);
	address_store(bytes + 8, a->lo);
	if (!inet_ntop(AF_INET6, bytes, out, ICE_ADDRESS_TEXT_SIZE))
		abort(); /* the buffer is large enough for every address */
	if (a->scope) {
		char name[IF_NAMESIZE];
		size_t n = strlen(out);
		int saved = errno;
		if (if_indextoname(a->scope, name))
			snprintf(out + n, ICE_ADDRESS_TEXT_SIZE - n, "%%%s", name);
		else
			snprintf(out + n, ICE_ADDRESS_TEXT_SIZE - n, "%%%u", (unsigned)a->scope);
		errno = saved;
	}
	return out;
}

int ice_address_compare(const struct ice_address *a, const struct ice_address *b)
{
	if (a->hi != b->hi)
		return a->hi < b->hi ? -1 : 1;
	if (a->scope != b->scope)
		return a->scope < b->scope ? -1 : 1;
	return (a->lo > b->lo) - (a->lo < b->lo);
}

bool ice_address_is_internal(const struct ice_address *a)
{
	if (ice_address_is_v4(a)) {
		uint32_t v = (uint32_t)a->lo;
		return v >> 24 == 10 || v >> 20 == 0xac1 || v >> 16 == 0xc0a8 || /* RFC 1918 section 3 */
		       v >> 22 == 0x6440 >> 6 ||                                 /* 100.64/10, RFC 6598 section 7 */
		       v >> 16 == 0xa9fe ||                                      /* 169.254/16, RFC 3927 section 2.1 */
		       v >> 24 == 127;                                           /* RFC 1122 section 3.2.1.3 */
	}
	return a->hi >> 57 == 0xfc >> 1 || /* fc00::/7, RFC 4193 section 3.1 */
	       address_is_link_local(a) || /* RFC 4291 section 2.5.6 */
	       (a->hi == 0 && a->lo == 1); /* ::1, RFC 4291 section 2.5.3 */
}

socklen_t ice_address_to_sockaddr(const struct ice_address *a, uint16_t port, struct sockaddr_storage *out)
{
	memset(out, 0, sizeof(*out));
	if (ice_address_is_v4(a)) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
		in->sin_addr.s_addr = htonl((uint32_t)a->lo);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(port);
	in6->sin6_scope_id = a->scope;
	address_store(in6->sin6_addr.s6_addr, a->hi);
	address_store(in6->sin6_addr.s6_addr + 8, a->lo);
	return sizeof(*in6);
}

bool ice_address_from_sockaddr(const struct sockaddr *sa, struct ice_address *out, uint16_t *port)
{
	/* Copied, since a sockaddr from a packet buffer need not be aligned for its own type. */
	if (sa->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, sa, sizeof(in));
		*out = ice_address_v4(ntohl(in.sin_addr.s_addr));
		*port = ntohs(in.sin_port);
		return true;
	}
	if (sa->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, sa, sizeof(in6));
		*out = (struct ice_address){address_load(in6.sin6_addr.s6_addr),
		                            address_load(in6.sin6_addr.s6_addr + 8), 0};
		/* Only a link-local address needs its interface to be told from its twins (RFC 4007 section 6). */
		if (address_is_link_local(out))
			out->scope = in6.sin6_scope_id;
		*port = ntohs(in6.sin6_port);
		return true;
	}
	return false;
}
