#include "place.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ice/log.h"

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

/* Under which the outbox keeps it; malloc'd. */
static char *place_key(const struct ice_plan *plan, size_t leg)
{
	char *key;
	if (asprintf(&key, "sweep %s", plan->legs[leg]->name) < 0)
		abort();
	return key;
}

/* "began ended done found spent quick", and of one that is not over "mark seed routed on-link subnets". */
void ice_place_keep(struct ice_outbox *outbox, const struct ice_plan *plan, size_t leg, const struct ice_swept *swept)
{
	char text[256], *key = place_key(plan, leg);
	const struct ice_place *at = &swept->place;
	int n = snprintf(text, sizeof text, "%" PRId64 " %" PRId64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %d",
	                 swept->began, swept->ended, swept->done, swept->found, swept->spent, swept->quick);
	if (swept->interrupted)
		snprintf(text + n, sizeof text - (size_t)n, " %" PRIx64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIx64,
		         place_mark(plan, leg), at->seed, at->at.routed, at->at.on_link, at->subnets);
	if (!ice_outbox_set(outbox, key, text))
		ICE_LOG(ICE_LOG_WARN, "place of the sweep not kept", ice_field_str("reason", ice_outbox_error(outbox)));
	free(key);
}

struct ice_swept ice_place_kept(struct ice_outbox *outbox, const struct ice_plan *plan, size_t leg)
{
	struct ice_swept swept = {.place = {.leg = leg}};
	struct ice_place *at = &swept.place;
	char *key = place_key(plan, leg), *text = ice_outbox_get(outbox, key);
	uint64_t mark;
	int quick = 0;
	int n = text ? sscanf(text,
	                      "%" SCNd64 " %" SCNd64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %d %" SCNx64 " %" SCNu64
	                      " %" SCNu64 " %" SCNu64 " %" SCNx64,
	                      &swept.began, &swept.ended, &swept.done, &swept.found, &swept.spent, &quick, &mark,
	                      &at->seed, &at->at.routed, &at->at.on_link, &at->subnets)
	             : 0;
	swept.quick = quick;
	swept.interrupted = n == 11 && mark == place_mark(plan, leg);
	free(key);
	free(text);
	return n >= 6 ? swept : (struct ice_swept){.place = {.leg = leg}};
}
