/* walk: the targets of one leg, in an order that can be taken up again.
 *
 * Two cursors go over the same permutation of the leg's ranges. One gives what lies behind routers and passes over the connected
 * subnets; the other gives these, as fast as the neighbour tables allow (ice/neighbours.h), and passes over the rest. So the slow never
 * hold up the fast, nothing is remembered per address, and parts (--shard) are the same on every machine, whatever it is
 * connected to. Addresses that belong to an earlier leg are passed over by both, and so is what `pass` says.
 *
 * Life: ice_walk_begin -> ice_walk_next* until END. A value type; plan and neighbours must outlive it. */
#ifndef ICE_WALK_H
#define ICE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/neighbours.h"
#include "ice/plan.h"
#include "ice/range.h"

#include "marks.h"

/* Where a sweep is, all there is to go on from: nothing before it is unfinished or uncommitted. Zeroed but for the seed: its start. */
struct ice_place {
	uint64_t seed;
	size_t leg;
	struct ice_steps at;
	uint64_t subnets; /* ice_neighbours_mark of when it was; with others, both cursors go on from the earlier one */
};

enum ice_walk_step {
	ICE_WALK_TARGET, /* here is one */
	ICE_WALK_BUSY,   /* passed over very many: ask again at the next beat */
	ICE_WALK_LATER,  /* the neighbour tables have no room */
	ICE_WALK_END,
};

struct ice_walk {
	const struct ice_plan *plan;
	struct ice_neighbours *neighbours;
	struct ice_place from;
	struct ice_cursor routed, on_link;
	struct ice_address held; /* the next on-link target, while there is no room for it */
	bool holds;
	bool mixed; /* some of the leg is on-link */
	uint64_t given;
	/* Addresses of earlier legs, edges of this machine's own subnets, and those that `pass` passed over. */
	uint64_t passed, again; /* `again`: those of earlier legs alone */
	/* Asked of every address when it is due; set after ice_walk_begin. NULL = none is passed over. */
	bool (*pass)(const struct ice_address *address, void *arg);
	void *arg;
	struct ice_marks marks;
};

/* What the cursors go over: of one part of several, what is the same on every machine. */
const struct ice_range *ice_walk_range(const struct ice_plan *plan, size_t leg, uint32_t shards);

void ice_walk_begin(struct ice_walk *w, const struct ice_plan *plan, struct ice_neighbours *neighbours,
                    const struct ice_place *from, uint32_t shard, uint32_t shards);

ICE_MUST_CHECK enum ice_walk_step ice_walk_next(struct ice_walk *w, ice_usec now, struct ice_address *out);

/* When there may be room again, after LATER; ICE_USEC_NEVER when nothing waits for it. */
ice_usec ice_walk_later(const struct ice_walk *w, ice_usec now);

/* Where to go on from when the first `settled` targets are done. `settled` never goes back. */
struct ice_place ice_walk_place(struct ice_walk *w, uint64_t settled);

#endif
