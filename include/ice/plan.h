/* plan: what a sweep asks, leg by leg.
 *
 * A leg is one range set with its own communities, as a section [range NAME] gives it, or as the command line does. Legs are
 * swept one after the other, so that a community is never sent outside its range; an address that stands in several
 * legs belongs to the first of them. */
#ifndef ICE_PLAN_H
#define ICE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/range.h"
#include "ice/secret.h"

#define ICE_PLAN_COMMUNITIES 16
#define ICE_PLAN_LEGS        256

/* The time-tables a leg is worked by (ice/schedule.h): find its printers; read what changed of the known ones; look whether all is well
 * with them, and how those that are in error go on. */
enum ice_lane_kind { ICE_LANE_SWEEP, ICE_LANE_INVENTORY, ICE_LANE_PULSE, ICE_LANE_ERROR, ICE_LANES };
const char *ice_lane_name(enum ice_lane_kind lane); /* "sweep", "inventory", "pulse", "error" */

struct ice_leg {
	char *name;
	char *location_tag;            /* the operator's words for where its printers stand; NULL = none */
	uint64_t rate;                 /* datagrams per second to this leg; 0 = no bound of its own */
	ice_usec intervals[ICE_LANES]; /* from start to start; 0 = off */
	struct ice_range *range;       /* sealed when the plan is used */
	struct ice_secret communities[ICE_PLAN_COMMUNITIES];
	size_t community_count;
};

struct ice_plan {
	struct ice_leg *legs[ICE_PLAN_LEGS];
	size_t count;
};

/* A new leg with an empty range; NULL when there are too many. */
ICE_MUST_CHECK struct ice_leg *ice_plan_add(struct ice_plan *plan, const char *name);

/* One more community; false with a reason when it is too long or there are too many. */
ICE_MUST_CHECK bool ice_leg_community(struct ice_leg *leg, const char *community, char *why, size_t why_size);

/* All of a secret file's lines (ice_secret_read). */
ICE_MUST_CHECK bool ice_leg_community_file(struct ice_leg *leg, const char *path, char *why, size_t why_size);

/* "public", when nothing else was given. */
void ice_leg_default_community(struct ice_leg *leg);

/* Takes the network and broadcast addresses of every IPv4 CIDR in `text` (/30 and shorter) out of all legs, before they are sealed: what is
 * a subnet to one leg has its broadcast address in the others, too. */
void ice_plan_exclude_edges(struct ice_plan *plan, const char *text);

bool ice_plan_has_leg(const struct ice_plan *plan, const struct ice_leg *leg);

/* True when an earlier leg has this address. */
bool ice_plan_has_before(const struct ice_plan *plan, size_t leg, const struct ice_address *a);

/* Addresses of all legs, each counted once. */
uint64_t ice_plan_addresses(const struct ice_plan *plan);

/* Wipes the communities and frees all. */
void ice_plan_free(struct ice_plan *plan);

#endif
