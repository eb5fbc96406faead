#include "ice/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *ice_lane_name(enum ice_lane_kind lane)
{
	static const char *const names[ICE_LANES] = {"sweep", "inventory", "pulse", "error"};
	return names[lane];
}

struct ice_leg *ice_plan_add(struct ice_plan *plan, const char *name)
{
	if (plan->count == ICE_PLAN_LEGS)
		return NULL;
	struct ice_leg *leg = calloc(1, sizeof *leg);
	char *copy = strdup(name);
	if (!leg || !copy)
		abort();
	leg->name = copy;
	leg->range = ice_range_new();
	plan->legs[plan->count++] = leg;
	return leg;
}

bool ice_leg_community(struct ice_leg *leg, const char *community, char *why, size_t why_size)
{
	if (leg->community_count == ICE_PLAN_COMMUNITIES) {
		snprintf(why, why_size, "more than %d communities", ICE_PLAN_COMMUNITIES);
		return false;
	}
	if (!*community || !ice_secret_set(&leg->communities[leg->community_count], community, strlen(community))) {
		snprintf(why, why_size, "a community has 1 to %d bytes", ICE_SECRET_MAX);
		return false;
	}
	leg->community_count++;
	return true;
}

bool ice_leg_community_file(struct ice_leg *leg, const char *path, char *why, size_t why_size)
{
	size_t room = ICE_PLAN_COMMUNITIES - leg->community_count;
	if (room == 0) {
		snprintf(why, why_size, "more than %d communities", ICE_PLAN_COMMUNITIES);
		return false;
	}
	size_t n = ice_secret_read(path, leg->communities + leg->community_count, room, why, why_size);
	leg->community_count += n;
	return n > 0;
}

void ice_leg_default_community(struct ice_leg *leg)
{
	if (leg->community_count == 0 && ice_secret_set(&leg->communities[0], "public", 6))
		leg->community_count = 1;
}

void ice_plan_exclude_edges(struct ice_plan *plan, const char *text)
{
	for (size_t i = 0; i < plan->count; i++)
		ice_range_exclude_edges(plan->legs[i]->range, text);
}

bool ice_plan_has_leg(const struct ice_plan *plan, const struct ice_leg *leg)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->legs[i] == leg)
			return true;
	return false;
}

bool ice_plan_has_before(const struct ice_plan *plan, size_t leg, const struct ice_address *a)
{
	for (size_t i = 0; i < leg; i++)
		if (ice_range_contains(plan->legs[i]->range, a))
			return true;
	return false;
}

uint64_t ice_plan_addresses(const struct ice_plan *plan)
{
	const struct ice_range *before[ICE_PLAN_LEGS];
	uint64_t n = 0;
	for (size_t i = 0; i < plan->count; i++) {
		before[i] = plan->legs[i]->range;
		n += ice_range_count(before[i]) - ice_range_common(before[i], before, i);
	}
	return n;
}

void ice_plan_free(struct ice_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		struct ice_leg *leg = plan->legs[i];
		for (size_t k = 0; k < ICE_PLAN_COMMUNITIES; k++)
			ice_secret_wipe(&leg->communities[k]);
		ice_range_free(leg->range);
		free(leg->name);
		free(leg->location_tag);
		free(leg);
	}
	plan->count = 0;
}
