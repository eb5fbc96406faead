/* range: which addresses, in which order.
 *
 * A range set is what the operator wrote, minus what was excluded, minus what never is a host, refused where it is not
 * internal (promises 1 and 2). A cursor walks it: each address once, in a keyed permutation, so that no subnet is hit in a
 * row; (seed, position) is all there is to store, and a walk resumes from them. Nothing is kept per address.
 *
 * Written forms: 10.1.2.3 | 10.1.0.0/16 | 10.1.2.3-10.1.4.250 | 10.1.2.3-40 | 10.1-3.0.1-254 | fd00::/112 | fe80::1%eth0;
 * several, separated by blanks or commas; "!" before one excludes it.
 *
 * In a CIDR of IPv4 shorter than /31 the network and broadcast address are left out. Elsewhere the operator may know better: an
 * octet or a-b range is taken as written, except that the broadcast address of the interface's own subnets
 * (ice_range_forbid_local) and x.x.x.255/.0 at the edges of any CIDR in the same set are left out. */
#ifndef ICE_RANGE_H
#define ICE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/address.h"
#include "ice/attr.h"

struct ice_range; /* the set */

/* An empty set. allow_public: text of ranges the operator permits beyond the internal ones, or NULL. */
struct ice_range *ice_range_new(void);
void ice_range_free(struct ice_range *r);

/* Permits addresses outside the internal networks (option allow_public). Same written forms. */
ICE_MUST_CHECK bool ice_range_allow(struct ice_range *r, const char *text, char *why, size_t why_size);

/* Adds what `text` says. False with a reason and what would be right, and then nothing of it was added. */
ICE_MUST_CHECK bool ice_range_add(struct ice_range *r, const char *text, char *why, size_t why_size);

/* Takes out what `text` says (with or without "!"). */
ICE_MUST_CHECK bool ice_range_exclude(struct ice_range *r, const char *text, char *why, size_t why_size);

/* Takes out the directed broadcast and network addresses of this machine's own interfaces (getifaddrs). */
void ice_range_exclude_local_broadcasts(struct ice_range *r);

/* Sorts, merges, subtracts; after this the set is fixed. False with a reason when the set is empty or holds what may not be asked. */
ICE_MUST_CHECK bool ice_range_seal(struct ice_range *r, char *why, size_t why_size);

uint64_t ice_range_count(const struct ice_range *r);
bool ice_range_contains(const struct ice_range *r, const struct ice_address *a);
struct ice_address ice_range_at(const struct ice_range *r, uint64_t index); /* index < count, in address order */

/* A value type; the set must outlive it. */
struct ice_cursor {
	const struct ice_range *range;
	uint64_t seed;
	uint64_t position; /* next step, 0 .. steps */
	uint32_t shard, shards;
	uint32_t keys[4];
	uint32_t half_bits;
};

/* shard k of n (0-based; 0 of 1 for all): the n walks of one seed cover the set without overlap or gap. */
void ice_cursor_init(struct ice_cursor *c, const struct ice_range *r, uint64_t seed, uint64_t position, uint32_t shard,
                     uint32_t shards);
ICE_MUST_CHECK bool ice_cursor_next(struct ice_cursor *c, struct ice_address *out);
/* Addresses this cursor yields from start to end. */
uint64_t ice_cursor_total(const struct ice_cursor *c);

#endif
