/* estimate: what a sweep would ask, and how long that takes, without asking anything.
 *
 * Of first contact only: what printers are read is known when they are found. The least is that every address answers the first try, the
 * most that none ever answers, and most addresses of a network do not. */
#ifndef ICE_ESTIMATE_H
#define ICE_ESTIMATE_H

#include <jansson.h>
#include <stdint.h>

#include "ice/clock.h"
#include "ice/plan.h"

#include "report.h"

struct ice_estimate_pace {
	uint64_t rate;    /* datagrams a second; 0 = as fast as this machine can */
	unsigned retries; /* for each community */
	ice_usec timeout; /* 0 = learned, which counts as a second here */
};

struct ice_estimate {
	uint64_t addresses; /* asked: of those in several ranges, only in the first */
	uint64_t
	        on_link; /* of these, in subnets this machine is connected to: those cost a place in its neighbour table */
	uint64_t packets_least, packets_most;
	double seconds; /* with the most packets; -1 = that is this machine's affair, since the rate has no limit */
};

/* Of one leg of a sealed plan. */
void ice_estimate_leg(const struct ice_plan *plan, size_t leg, const struct ice_estimate_pace *pace,
                      struct ice_estimate *out);

/* Tells all of them and their sum. As JSON, added to the report:
 *   "ranges": [{"name","addresses" (in it),"asked" (without those of ranges before it),"communities","excluded","edges" (network and
 *       broadcast addresses left out),"on_link","packets":{"least","most"},"seconds" (none when the rate has no limit),
 *       "overlaps":[{"range","addresses"}] (with ranges before it)}]
 *   "sweep": {"addresses","on_link","packets","seconds","rate" (0 = no limit)} */
void ice_estimate_tell(const struct ice_plan *plan, const struct ice_estimate_pace *pace, struct ice_report *report);

#endif
