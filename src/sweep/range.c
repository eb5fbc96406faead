#include "ice/range.h"

#include <arpa/inet.h>
#include <assert.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "range_spans.h"
#include "range_text.h"

struct ice_range {
	struct range_spans in, out; /* as written; `in` is sorted and disjoint once sealed */
	struct range_spans edges;   /* network and broadcast addresses, to be left out */
	struct range_spans local;   /* those of this machine's own subnets and routes */
	struct range_spans allowed; /* permitted beyond the internal networks */
	uint64_t *before;           /* before[i]: addresses in spans 0 .. i-1 */
	uint32_t *hints;            /* hints[k]: the span that holds index k << shift */
	unsigned shift;
	uint64_t count;
	struct ice_range_figures figures;
	struct ice_range *everywhere; /* NULL: it is the same */
	bool sealed;
};

struct ice_range *ice_range_new(void)
{
	struct ice_range *r = calloc(1, sizeof(*r));
	if (!r)
		abort();
	return r;
}

void ice_range_free(struct ice_range *r)
{
	if (!r)
		return;
	range_spans_free(&r->in);
	range_spans_free(&r->out);
	range_spans_free(&r->edges);
	range_spans_free(&r->local);
	range_spans_free(&r->allowed);
	ice_range_free(r->everywhere);
	free(r->before);
	free(r->hints);
	free(r);
}

static struct ice_address range_address(const struct range_span *s, uint64_t lo)
{
	return (struct ice_address){s->hi, lo, s->scope};
}

/* The IPv4 networks of promise 2, for spans; ice_address_is_internal is the same rule for one address. */
static struct range_spans range_internal_v4(void)
{
	static const struct {
		uint32_t net;
		int length;
	} nets[] = {{0x0a000000, 8},  {0xac100000, 12}, {0xc0a80000, 16},
	            {0x64400000, 10}, {0xa9fe0000, 16}, {0x7f000000, 8}};
	struct range_spans list = {0};
	for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
		uint64_t first = ice_address_v4(nets[i].net).lo, size = UINT64_C(1) << (32 - nets[i].length);
		range_spans_add(&list, (struct range_span){0, first, first + size - 1, 0});
	}
	return list;
}

/* True when the span holds no address that never is one host; else says which. */
static bool range_unicast(const struct range_span *s, char *why, size_t why_size)
{
	char text[ICE_ADDRESS_TEXT_SIZE];
	struct ice_address first = range_address(s, s->first), last = range_address(s, s->last);
	const struct ice_address *bad = NULL;
	/* What is not unicast lies at the ends of IPv4 (0/8 below, 224/4 and above) and fills whole /64s of IPv6. */
	if (!ice_address_is_unicast(&last))
		bad = &last;
	else if (!ice_address_is_unicast(&first))
		bad = &first;
	if (!bad)
		return true;
	bool v4 = ice_address_is_v4(bad);
	unsigned top = (unsigned)(bad->lo >> 24 & 0xff);
	const char *what = "multicast, many hosts at once: write the addresses of the hosts";
	if (v4 && (uint32_t)bad->lo == UINT32_MAX)
		what = "the broadcast address: write the range of the hosts";
	else if (v4 && (top == 0 || top >= 240))
		what = "no host's address (reserved): write the range of the hosts";
	else if (!v4 && bad->hi == 0)
		what = "no host's address (unspecified): write the range of the hosts";
	snprintf(why, why_size, "%s is %s", ice_address_format(bad, text), what);
	return false;
}

/* True when every address of the span is internal or allowed; else says what is not. */
static bool range_permitted(const struct ice_range *r, const struct range_span *s, char *why, size_t why_size)
{
	struct ice_address first = range_address(s, s->first), last = range_address(s, s->last);
	if (!ice_address_is_v4(&first)) {
		/* The internal IPv6 networks are made of whole /64s, or (::1) of one address. */
		if (ice_address_is_internal(&first) && ice_address_is_internal(&last))
			return true;
	}
	struct range_spans permitted = range_internal_v4(), one = {0};
	for (size_t i = 0; i < r->allowed.count; i++)
		range_spans_add(&permitted, r->allowed.at[i]);
	range_spans_merge(&permitted);
	range_spans_add(&one, *s);
	struct range_spans outside = range_spans_subtract(&one, &permitted);
	bool ok = outside.count == 0;
	if (!ok) {
		char a[ICE_ADDRESS_TEXT_SIZE], b[ICE_ADDRESS_TEXT_SIZE];
		first = range_address(&outside.at[0], outside.at[0].first);
		last = range_address(&outside.at[0], outside.at[0].last);
		ice_address_format(&first, a);
		ice_address_format(&last, b);
		snprintf(why, why_size,
		         "%s%s%s is not an internal network: only those are asked, unless allow_public names it", a,
		         first.lo != last.lo ? "-" : "", first.lo != last.lo ? b : "");
	}
	range_spans_free(&permitted);
	range_spans_free(&one);
	range_spans_free(&outside);
	return ok;
}

/* What holds for every IPv6 span that is to be asked or allowed. */
static bool range_walkable(const struct range_span *s, char *why, size_t why_size)
{
	struct ice_address first = range_address(s, s->first);
	char text[ICE_ADDRESS_TEXT_SIZE];
	if (ice_address_is_v4(&first))
		return true;
	ice_address_format(&first, text);
	if (s->last - s->first >= RANGE_IPV6_MAX) {
		snprintf(why, why_size,
		         "the range from %s holds more than 2^24 addresses: write a /104 or longer, or the addresses "
		         "themselves",
		         text);
		return false;
	}
	if (first.hi >> 54 == 0x3fa && first.scope == 0) { /* fe80::/10 */
		snprintf(why, why_size, "%s is link-local and needs its interface: %s%%eth0", text, text);
		return false;
	}
	return true;
}

static void range_take(struct range_spans *into, const struct range_spans *from)
{
	for (size_t i = 0; i < from->count; i++)
		range_spans_add(into, from->at[i]);
}

bool ice_range_allow(struct ice_range *r, const char *text, char *why, size_t why_size)
{
	assert(!r->sealed);
	struct range_text t = {0};
	bool ok = range_text_read(text, &t, why, why_size);
	if (ok && t.out.count > 0) {
		snprintf(why, why_size, "what is allowed cannot exclude: put \"!\" into the ranges themselves");
		ok = false;
	}
	if (ok)
		range_take(&r->allowed, &t.in);
	range_text_free(&t);
	return ok;
}

bool ice_range_add(struct ice_range *r, const char *text, char *why, size_t why_size)
{
	assert(!r->sealed);
	struct range_text t = {0};
	bool ok = range_text_read(text, &t, why, why_size);
	for (size_t i = 0; ok && i < t.in.count; i++)
		ok = range_walkable(&t.in.at[i], why, why_size) && range_unicast(&t.in.at[i], why, why_size) &&
		     range_permitted(r, &t.in.at[i], why, why_size);
	if (ok) {
		range_take(&r->in, &t.in);
		range_take(&r->out, &t.out);
		range_take(&r->edges, &t.edges);
	}
	range_text_free(&t);
	return ok;
}

bool ice_range_exclude(struct ice_range *r, const char *text, char *why, size_t why_size)
{
	assert(!r->sealed);
	struct range_text t = {0};
	bool ok = range_text_read(text, &t, why, why_size);
	if (ok) {
		range_take(&r->out, &t.in);
		range_take(&r->out, &t.out);
	}
	range_text_free(&t);
	return ok;
}

void ice_range_exclude_edges(struct ice_range *r, const char *text)
{
	assert(!r->sealed);
	char why[ICE_RANGE_WHY_SIZE];
	struct range_text t = {0};
	if (range_text_read(text, &t, why, sizeof(why)))
		range_take(&r->edges, &t.edges);
	range_text_free(&t);
}

/* The two edges of the subnet that `address` lies in (host order). */
static void range_exclude_subnet(struct ice_range *r, uint32_t address, uint32_t mask)
{
	if (mask == 0 || mask >= 0xfffffffe) /* the default route; /31 (RFC 3021) and /32 have no edges */
		return;
	uint64_t net = ice_address_v4(address & mask).lo, broadcast = ice_address_v4(address | ~mask).lo;
	range_spans_add(&r->local, (struct range_span){0, net, net, 0});
	range_spans_add(&r->local, (struct range_span){0, broadcast, broadcast, 0});
}

static uint32_t range_v4_of(const struct sockaddr *sa)
{
	struct sockaddr_in in;
	memcpy(&in, sa, sizeof(in));
	return ntohl(in.sin_addr.s_addr);
}

void ice_range_exclude_local_broadcasts(struct ice_range *r)
{
	assert(!r->sealed);
	struct ifaddrs *all = NULL;
	if (getifaddrs(&all) == 0) {
		for (const struct ifaddrs *i = all; i; i = i->ifa_next)
			if (i->ifa_addr && i->ifa_netmask && i->ifa_addr->sa_family == AF_INET)
				range_exclude_subnet(r, range_v4_of(i->ifa_addr), range_v4_of(i->ifa_netmask));
		freeifaddrs(all);
	}
	/* A subnet behind a router shows here when it has a route of its own. */
	FILE *f = fopen("/proc/net/route", "re");
	char line[512];
	while (f && fgets(line, sizeof(line), f)) {
		uint32_t net, mask;
		if (sscanf(line, "%*s %8" SCNx32 " %*s %*s %*s %*s %*s %8" SCNx32, &net, &mask) == 2)
			range_exclude_subnet(r, ntohl(net), ntohl(mask));
	}
	if (f)
		fclose(f);
}

/* About two hints a span, so that ice_range_at rarely has to search. */
static void range_hint(struct ice_range *r)
{
	while (r->count >> r->shift > 2 * r->in.count + 1)
		r->shift++;
	size_t n = (size_t)(r->count >> r->shift) + 2;
	r->hints = calloc(n, sizeof(*r->hints));
	if (!r->hints)
		abort();
	uint32_t span = 0;
	for (size_t k = 0; k < n; k++) {
		while (span + 1 < r->in.count && r->before[span + 1] <= (uint64_t)k << r->shift)
			span++;
		r->hints[k] = span;
	}
}

/* From now on it holds these spans, which are sorted and disjoint. */
static void range_fix(struct ice_range *r, struct range_spans spans)
{
	range_spans_free(&r->in);
	r->in = spans;
	r->sealed = true;
	r->before = calloc(spans.count + 1, sizeof(*r->before));
	if (!r->before)
		abort();
	for (size_t i = 0; i < spans.count; i++) {
		r->before[i] = r->count;
		r->count += spans.at[i].last - spans.at[i].first + 1;
	}
	r->before[spans.count] = r->count;
	range_hint(r);
}

bool ice_range_seal(struct ice_range *r, char *why, size_t why_size)
{
	assert(!r->sealed);
	bool given = r->in.count > 0;
	range_spans_merge(&r->in);
	for (size_t i = 0; i < r->in.count; i++) { /* subnet-router anycast */
		const struct range_span *s = &r->in.at[i];
		if (s->first == 0 && s->hi != 0)
			range_spans_add(&r->edges, (struct range_span){s->hi, 0, 0, s->scope});
	}
	range_spans_merge(&r->out);
	range_spans_merge(&r->edges);
	range_spans_merge(&r->local);
	struct range_spans wanted = range_spans_subtract(&r->in, &r->out);
	struct range_spans left = range_spans_subtract(&wanted, &r->edges);
	struct range_spans own = range_spans_subtract(&left, &r->local);
	r->figures.excluded = range_spans_size(&r->in) - range_spans_size(&wanted);
	r->figures.edges = range_spans_size(&wanted) - range_spans_size(&own);
	if (range_spans_size(&own) < range_spans_size(&left)) {
		r->everywhere = ice_range_new();
		range_fix(r->everywhere, left);
	} else {
		range_spans_free(&left);
	}
	range_fix(r, own);
	range_spans_free(&wanted);
	range_spans_free(&r->out);
	range_spans_free(&r->edges);
	range_spans_free(&r->local);
	if (r->count == 0)
		snprintf(why, why_size, "%s",
		         given ? "no address is left: everything in the ranges is excluded, or a network or broadcast "
		                 "address"
		               : "no range is given: write for example 10.1.0.0/16");
	return r->count > 0;
}

const struct ice_range *ice_range_everywhere(const struct ice_range *r)
{
	assert(r->sealed);
	return r->everywhere ? r->everywhere : r;
}

uint64_t ice_range_count(const struct ice_range *r)
{
	return r->count;
}

struct ice_range_figures ice_range_figures(const struct ice_range *r)
{
	return r->figures;
}

uint64_t ice_range_common(const struct ice_range *r, const struct ice_range *const *others, size_t n)
{
	struct range_spans all = {0};
	for (size_t i = 0; i < n; i++)
		range_take(&all, &others[i]->in);
	range_spans_merge(&all);
	struct range_spans own = range_spans_subtract(&r->in, &all);
	uint64_t common = r->count - range_spans_size(&own);
	range_spans_free(&own);
	range_spans_free(&all);
	return common;
}

uint64_t ice_range_count_within(const struct ice_range *r, const struct ice_address *first,
                                const struct ice_address *last)
{
	uint64_t count = 0;
	assert(r->sealed && first->hi == last->hi);
	for (size_t i = 0; i < r->in.count; i++) {
		const struct range_span *s = &r->in.at[i];
		uint64_t from = s->first > first->lo ? s->first : first->lo,
		         to = s->last < last->lo ? s->last : last->lo;
		if (s->hi == first->hi && (s->scope == first->scope || first->scope == 0 || s->scope == 0) &&
		    from <= to)
			count += to - from + 1;
	}
	return count;
}

bool ice_range_contains(const struct ice_range *r, const struct ice_address *a)
{
	assert(r->sealed);
	size_t low = 0, high = r->in.count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct range_span *s = &r->in.at[middle];
		struct range_span point = {a->hi, a->lo, UINT64_MAX, a->scope};
		if (s->hi == a->hi && s->scope == a->scope && s->first <= a->lo && a->lo <= s->last)
			return true;
		if (range_spans_order(s, &point) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

struct ice_address ice_range_at(const struct ice_range *r, uint64_t index)
{
	assert(index < r->count);
	/* before[low] <= index < before[high] */
	const uint32_t *hint = &r->hints[index >> r->shift];
	size_t low = hint[0], high = (size_t)hint[1] + 1;
	while (high - low > 1) {
		size_t middle = (low + high) / 2;
		if (r->before[middle] <= index)
			low = middle;
		else
			high = middle;
	}
	return range_address(&r->in.at[low], r->in.at[low].first + (index - r->before[low]));
}
