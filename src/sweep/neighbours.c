#include "ice/neighbours.h"

#include <ifaddrs.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "neighbour_table.h"

#define NEIGHBOURS_SUBNETS 256
/* From one look to the next, and so much more for each entry there was: a dump costs about a microsecond an entry. */
#define NEIGHBOURS_LOOK       ICE_USEC_MSEC(100)
#define NEIGHBOURS_LOOK_ENTRY 15
/* How long an entry may be held: 1.5 times base_reachable_time, then the 5 s in which the kernel spares it. */
#define NEIGHBOURS_LIFE     ICE_USEC_SEC(50)
#define NEIGHBOURS_SILENT   3    /* s; of an entry that nobody answers */
#define NEIGHBOURS_FALLBACK 1024 /* the kernel's own gc_thresh3 */

struct neighbours_subnet {
	struct ice_address first, last;
};

/* What may begin now, by family. */
struct neighbours_room {
	uint32_t tokens;
	ice_usec next; /* when to look again; 0 = never looked */
};

struct ice_neighbours {
	ice_neighbours_look_fn *look;
	void *arg;
	struct neighbours_room rooms[2]; /* IPv4, IPv6 */
	size_t count;
	struct neighbours_subnet subnets[NEIGHBOURS_SUBNETS];
};

struct ice_neighbours *ice_neighbours_new(ice_neighbours_look_fn *look, void *arg)
{
	struct ice_neighbours *n = calloc(1, sizeof(*n));
	if (!n)
		abort();
	n->look = look ? look : neighbour_table_look;
	n->arg = arg;
	return n;
}

void ice_neighbours_free(struct ice_neighbours *n)
{
	free(n);
}

void ice_neighbours_add(struct ice_neighbours *n, const struct ice_address *first, const struct ice_address *last)
{
	struct neighbours_subnet s = {*first, *last};
	for (size_t i = 0; i < n->count; i++)
		if (ice_address_same(&n->subnets[i].first, first) && ice_address_same(&n->subnets[i].last, last))
			return;
	if (n->count < NEIGHBOURS_SUBNETS)
		n->subnets[n->count++] = s;
}

static void neighbours_add_v4(struct ice_neighbours *n, uint32_t address, uint32_t mask)
{
	struct ice_address first = ice_address_v4(address & mask), last = ice_address_v4(address | ~mask);
	if (mask != 0 && mask != UINT32_MAX)
		ice_neighbours_add(n, &first, &last);
}

/* A prefix shorter than /64 is no subnet of hosts. */
static void neighbours_add_v6(struct ice_neighbours *n, const struct sockaddr *address, const struct sockaddr *mask)
{
	struct ice_address a, m;
	uint16_t port;
	if (!ice_address_from_sockaddr(address, &a, &port) || !ice_address_from_sockaddr(mask, &m, &port) ||
	    m.hi != UINT64_MAX || m.lo == UINT64_MAX)
		return;
	struct ice_address first = {a.hi, a.lo & m.lo, a.scope}, last = {a.hi, a.lo | ~m.lo, a.scope};
	ice_neighbours_add(n, &first, &last);
}

static uint32_t neighbours_v4_of(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	memcpy(&in, sa, sizeof(in));
	return ntohl(in.sin_addr.s_addr);
}

static bool neighbours_resolves(unsigned flags)
{
	return (flags & IFF_UP) && !(flags & (IFF_LOOPBACK | IFF_POINTOPOINT | IFF_NOARP));
}

static bool neighbours_interface_resolves(const struct ifaddrs *all, const char *name)
{
	for (const struct ifaddrs *i = all; i; i = i->ifa_next)
		if (strcmp(i->ifa_name, name) == 0)
			return neighbours_resolves(i->ifa_flags);
	return false;
}

void ice_neighbours_connect(struct ice_neighbours *n)
{
	struct ifaddrs *all = NULL;
	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		if (!i->ifa_addr || !i->ifa_netmask || !neighbours_resolves(i->ifa_flags))
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			neighbours_add_v4(n, neighbours_v4_of(i->ifa_addr), neighbours_v4_of(i->ifa_netmask));
		else if (i->ifa_addr->sa_family == AF_INET6)
			neighbours_add_v6(n, i->ifa_addr, i->ifa_netmask);
	}
	/* A route without a gateway is on the link, too. */
	FILE *f = fopen("/proc/net/route", "re");
	char line[512], name[IF_NAMESIZE];
	while (f && fgets(line, sizeof(line), f)) {
		uint32_t net, gateway, mask;
		if (sscanf(line, "%15s %8" SCNx32 " %8" SCNx32 " %*s %*s %*s %*s %8" SCNx32, name, &net, &gateway,
		           &mask) == 4 &&
		    gateway == 0 && neighbours_interface_resolves(all, name))
			neighbours_add_v4(n, ntohl(net), ntohl(mask));
	}
	if (f)
		fclose(f);
	freeifaddrs(all);
}

static bool neighbours_within(const struct neighbours_subnet *s, const struct ice_address *a)
{
	return a->hi == s->first.hi && a->lo >= s->first.lo && a->lo <= s->last.lo &&
	       (s->first.scope == 0 || a->scope == 0 || a->scope == s->first.scope);
}

bool ice_neighbours_on_link(const struct ice_neighbours *n, const struct ice_address *a)
{
	for (size_t i = 0; i < n->count; i++)
		if (neighbours_within(&n->subnets[i], a))
			return true;
	return false;
}

uint64_t ice_neighbours_count(const struct ice_neighbours *n, const struct ice_range *r)
{
	uint64_t count = 0;
	for (size_t i = 0; i < n->count; i++)
		count += ice_range_count_within(r, &n->subnets[i].first, &n->subnets[i].last);
	return count;
}

uint32_t ice_neighbours_pace(const struct ice_neighbours *n)
{
	struct ice_neighbours_table t = {0};
	bool seen = n->look(true, &t, n->arg);
	uint32_t half = (seen && t.limit ? t.limit : NEIGHBOURS_FALLBACK) / 2;
	return half >= 2 * NEIGHBOURS_SILENT ? half / NEIGHBOURS_SILENT : 1;
}

uint64_t ice_neighbours_mark(const struct ice_neighbours *n)
{
	uint64_t mark = 1;
	for (size_t i = 0; i < n->count; i++) { /* in any order */
		const struct neighbours_subnet *s = &n->subnets[i];
		uint64_t x = (s->first.hi * 31 + s->first.lo) * 31 + s->last.lo - s->first.lo;
		x = (x ^ x >> 31) * UINT64_C(0x9e3779b97f4a7c15);
		mark += x ^ x >> 29;
	}
	return mark ? mark : 1;
}

/* Looks at the table of one family, and permits what its room allows until the next look. */
static void neighbours_look(struct ice_neighbours *n, struct neighbours_room *room, bool v4, ice_usec now)
{
	struct ice_neighbours_table t = {0};
	bool seen = n->look(v4, &t, n->arg);
	uint32_t half = (t.limit ? t.limit : NEIGHBOURS_FALLBACK) / 2;
	half = half ? half : 1;
	uint32_t share = half >= 8 ? half / 8 : 1;
	if (seen) {
		uint32_t left = t.held < half ? half - t.held : 0;
		room->tokens = left < share ? left : share;
		room->next = now + NEIGHBOURS_LOOK + (ice_usec)t.entries * NEIGHBOURS_LOOK_ENTRY;
	} else {
		room->tokens = share;
		room->next = now + NEIGHBOURS_LIFE * share / half;
	}
}

bool ice_neighbours_take(struct ice_neighbours *n, const struct ice_address *a, ice_usec now)
{
	bool v4 = ice_address_is_v4(a);
	struct neighbours_room *room = &n->rooms[v4 ? 0 : 1];
	if (room->next == 0 || now >= room->next)
		neighbours_look(n, room, v4, now);
	if (room->tokens == 0)
		return false;
	room->tokens--;
	return true;
}

ice_usec ice_neighbours_next(const struct ice_neighbours *n, const struct ice_address *a, ice_usec now)
{
	const struct neighbours_room *room = &n->rooms[ice_address_is_v4(a) ? 0 : 1];
	return room->tokens > 0 || room->next < now ? now : room->next;
}
