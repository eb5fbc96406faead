/* range: which addresses, in which order.
 *
 * A range set is what the operator wrote, minus what was excluded, minus what never is one host; and it is refused, with the
 * reason and what would be right, where it is not internal or not unicast (promises 1 and 2). A cursor walks the set: each
 * address once, in a keyed permutation, so that no subnet is hit in a row; (seed, position) is all there is to store, and a
 * walk resumes from them. Nothing is kept per address.
 *
 * Written forms: 10.1.2.3 | 10.1.0.0/16 | 10.1.2.3-10.1.4.250 | 10.1.2.3-40 | 10.1-3.0.1-254 | fd00::/112 | fd00::1-fd00::ff |
 * fe80::1%eth0; several, separated by blanks or commas; "!" before one excludes it. A CIDR may be written by any address in
 * it: 10.1.2.3/24 is 10.1.2.0/24. One IPv6 range holds at most 2^24 addresses (a /104).
 *
 * Left out by itself: the network and the broadcast address of every IPv4 CIDR of /30 or shorter, and that from the whole
 * set, so that 10.1.0.0/16 10.1.7.0/24 never asks 10.1.7.255; those of this machine's own subnets and routes, when
 * ice_range_exclude_local_broadcasts was called; and the subnet-router anycast address of IPv6 (RFC 4291 section
 * 2.6.1). A single address, a-b and octet ranges are otherwise taken as written.
 *
 * Life: new -> allow* -> add*, exclude* -> seal -> count, at, contains, cursors -> free. */
#ifndef ICE_RANGE_H
#define ICE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/address.h"
#include "ice/attr.h"

struct ice_range; /* the set */

#define ICE_RANGE_WHY_SIZE 256 /* enough for any reason given here */

/* Never NULL. */
struct ice_range *ice_range_new(void);
void ice_range_free(struct ice_range *r);

/* Permits addresses outside the internal networks (option allow_public), for what is added after it. Same written forms. */
ICE_MUST_CHECK bool ice_range_allow(struct ice_range *r, const char *text, char *why, size_t why_size);

/* Adds what `text` says, and excludes what it says with "!". False with a reason, and then nothing of it was taken. */
ICE_MUST_CHECK bool ice_range_add(struct ice_range *r, const char *text, char *why, size_t why_size);

/* Takes out what `text` says (with or without "!"), wherever it lies; the edges of a CIDR go with it. */
ICE_MUST_CHECK bool ice_range_exclude(struct ice_range *r, const char *text, char *why, size_t why_size);

/* Takes out the network and broadcast addresses of every IPv4 CIDR in `text` (/30 and shorter): what is a subnet to somebody has its
 * broadcast address here, too. What is no range at all has none. */
void ice_range_exclude_edges(struct ice_range *r, const char *text);

/* Takes out the network and broadcast addresses of this machine's own IPv4 interfaces (getifaddrs) and routes
 * (/proc/net/route). */
void ice_range_exclude_local_broadcasts(struct ice_range *r);

/* Sorts, merges, subtracts; after this the set is fixed. False with a reason when no address is left. */
ICE_MUST_CHECK bool ice_range_seal(struct ice_range *r, char *why, size_t why_size);

/* Of a sealed set. */
uint64_t ice_range_count(const struct ice_range *r);
/* What was left out of what was written. */
struct ice_range_figures {
	uint64_t excluded;
	uint64_t edges; /* network, broadcast and subnet-router addresses */
};
struct ice_range_figures ice_range_figures(const struct ice_range *r);

/* The set as it is on every machine, whatever that is connected to: also with what ice_range_exclude_local_broadcasts took out of it. The set
 * itself where that was nothing; else its own, freed with it. Who divides the work does it by this, and asks none that is not in his own. */
const struct ice_range *ice_range_everywhere(const struct ice_range *r);

/* How many of its addresses are in any of the others, too. */
uint64_t ice_range_common(const struct ice_range *r, const struct ice_range *const *others, size_t n);

/* How many of first..last (of one /64, or IPv4) are in it. */
uint64_t ice_range_count_within(const struct ice_range *r, const struct ice_address *first,
                                const struct ice_address *last);
bool ice_range_contains(const struct ice_range *r, const struct ice_address *a);
struct ice_address ice_range_at(const struct ice_range *r, uint64_t index); /* index < count, in address order */

/* A walk; a value type. The set must outlive it. */
struct ice_cursor {
	const struct ice_range *range;
	uint64_t seed;
	uint64_t position; /* next step, 0 .. total */
	uint64_t total;    /* steps of this walk */
	uint64_t count;    /* of the whole set */
	uint32_t shard, shards;
	uint32_t rows, columns; /* rows x columns >= count, by less than a row */
	uint64_t inverse;       /* of columns */
	uint64_t keys[4];
};

/* shard k of n (0-based; 0 of 1 for all): the n walks of one seed cover the set without overlap or gap. `position` is 0, or
 * where an earlier walk of the same set, seed and shard stood. */
void ice_cursor_init(struct ice_cursor *c, const struct ice_range *r, uint64_t seed, uint64_t position, uint32_t shard,
                     uint32_t shards);
ICE_MUST_CHECK bool ice_cursor_next(struct ice_cursor *c, struct ice_address *out);
/* Addresses this cursor yields from start to end. */
uint64_t ice_cursor_total(const struct ice_cursor *c);

#endif
