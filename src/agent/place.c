#include "place.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ice/log.h"

#define PLACE_KEY "sweep"

/* FNV-1a over the names, sizes and edges of the ranges up to this leg. */
static uint64_t place_mark(const struct ice_plan *plan, size_t leg)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i <= leg; i++) {
		char text[400], first[ICE_ADDRESS_TEXT_SIZE], last[ICE_ADDRESS_TEXT_SIZE];
		const struct ice_range *r = plan->legs[i]->range;
		struct ice_address a = ice_range_at(r, 0), b = ice_range_at(r, ice_range_count(r) - 1);
		snprintf(text, sizeof text, "%.200s %" PRIu64 " %s %s;", plan->legs[i]->name, ice_range_count(r),
		         ice_address_format(&a, first), ice_address_format(&b, last));
		for (const char *p = text; *p; p++)
			h = (h ^ (uint8_t)*p) * 0x100000001b3u;
	}
	return h;
}

/* "mark seed leg routed on-link subnets", or "" between sweeps. */
void ice_place_keep(struct ice_outbox *outbox, const struct ice_plan *plan, const struct ice_place *place)
{
	char text[160] = "";
	if (place)
		snprintf(text, sizeof text, "%" PRIx64 " %" PRIu64 " %zu %" PRIu64 " %" PRIu64 " %" PRIx64,
		         place_mark(plan, place->leg), place->seed, place->leg, place->at.routed, place->at.on_link,
		         place->subnets);
	if (!ice_outbox_set(outbox, PLACE_KEY, text))
		ICE_LOG(ICE_LOG_WARN, "place of the sweep not kept", ice_field_str("reason", ice_outbox_error(outbox)));
}

bool ice_place_kept(struct ice_outbox *outbox, const struct ice_plan *plan, struct ice_place *out)
{
	struct ice_place place = {0};
	uint64_t mark;
	char *text = ice_outbox_get(outbox, PLACE_KEY);
	bool there = text &&
	             sscanf(text, "%" SCNx64 " %" SCNu64 " %zu %" SCNu64 " %" SCNu64 " %" SCNx64, &mark, &place.seed,
	                    &place.leg, &place.at.routed, &place.at.on_link, &place.subnets) == 6 &&
	             place.leg < plan->count && mark == place_mark(plan, place.leg);
	free(text);
	if (there)
		*out = place;
	return there;
}
