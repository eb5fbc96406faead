#include "walk.h"

/* Addresses passed over in one call; fewer of them while the other cursor has targets to give. */
#define WALK_SKIPS     4096
#define WALK_SKIPS_FEW 64

const struct ice_range *ice_walk_range(const struct ice_plan *plan, size_t leg, uint32_t shards)
{
	const struct ice_range *own = plan->legs[leg]->range;
	return shards > 1 ? ice_range_everywhere(own) : own;
}

void ice_walk_begin(struct ice_walk *w, const struct ice_plan *plan, struct ice_neighbours *neighbours,
                    const struct ice_place *from, uint32_t shard, uint32_t shards)
{
	const struct ice_range *range = ice_walk_range(plan, from->leg, shards);
	struct ice_steps at = from->at;
	*w = (struct ice_walk){.plan = plan, .neighbours = neighbours, .from = *from};
	w->from.subnets = ice_neighbours_mark(neighbours);
	if (from->subnets != w->from.subnets)
		at.routed = at.on_link = at.routed < at.on_link ? at.routed : at.on_link;
	ice_cursor_init(&w->routed, range, from->seed, at.routed, shard, shards);
	ice_cursor_init(&w->on_link, range, from->seed, at.on_link, shard, shards);
	/* A cursor that would pass over everything need not try. */
	w->mixed = ice_neighbours_count(neighbours, range) > 0;
	if (!w->mixed)
		w->on_link.position = w->on_link.total;
	w->from.at = (struct ice_steps){w->routed.position, w->on_link.position};
	ice_marks_init(&w->marks);
}

/* It is an edge of a subnet of this machine's own. */
static bool walk_is_edge(const struct ice_walk *w, const struct ice_address *address)
{
	const struct ice_range *own = w->plan->legs[w->from.leg]->range;
	return w->routed.range != own && !ice_range_contains(own, address);
}

static bool walk_passes(const struct ice_walk *w, const struct ice_address *address)
{
	return w->pass && w->pass(address, w->arg);
}

/* The next address of one cursor's kind. */
static enum ice_walk_step walk_step(struct ice_walk *w, struct ice_cursor *c, bool on_link, struct ice_address *out)
{
	unsigned most = on_link && w->routed.position < w->routed.total ? WALK_SKIPS_FEW : WALK_SKIPS;
	for (unsigned i = 0; i < most; i++) {
		if (!ice_cursor_next(c, out))
			return ICE_WALK_END;
		if (w->mixed && ice_neighbours_on_link(w->neighbours, out) != on_link)
			continue;
		bool again = ice_plan_has_before(w->plan, w->from.leg, out);
		if (!again && !walk_is_edge(w, out) && !walk_passes(w, out))
			return ICE_WALK_TARGET;
		w->again += again;
		w->passed++;
	}
	return ICE_WALK_BUSY;
}

/* The next on-link target, once there is room for it. */
static enum ice_walk_step walk_on_link(struct ice_walk *w, ice_usec now, struct ice_address *out)
{
	if (!w->holds) {
		enum ice_walk_step step = walk_step(w, &w->on_link, true, &w->held);
		if (step != ICE_WALK_TARGET)
			return step;
		w->holds = true;
	}
	if (!ice_neighbours_take(w->neighbours, &w->held, now))
		return ICE_WALK_LATER;
	w->holds = false;
	*out = w->held;
	if (!walk_passes(w, out)) /* not while it was held either */
		return ICE_WALK_TARGET;
	w->passed++;
	return ICE_WALK_BUSY;
}

enum ice_walk_step ice_walk_next(struct ice_walk *w, ice_usec now, struct ice_address *out)
{
	/* A held address has been stepped over and not been given. */
	ice_marks_at(&w->marks, w->given, (struct ice_steps){w->routed.position, w->on_link.position - w->holds});
	enum ice_walk_step near = w->mixed ? walk_on_link(w, now, out) : ICE_WALK_END;
	enum ice_walk_step far = near == ICE_WALK_TARGET ? near : walk_step(w, &w->routed, false, out);
	if (far == ICE_WALK_TARGET)
		w->given++;
	else if (far == ICE_WALK_END)
		return near;
	return far;
}

ice_usec ice_walk_later(const struct ice_walk *w, ice_usec now)
{
	return w->holds ? ice_neighbours_next(w->neighbours, &w->held, now) : ICE_USEC_NEVER;
}

struct ice_place ice_walk_place(struct ice_walk *w, uint64_t settled)
{
	struct ice_place place = w->from;
	place.at = ice_marks_before(&w->marks, settled, w->from.at);
	return place;
}
