/* estimate: what a sweep would ask, and how long that takes, without asking anything.
 *
 * Of first contact only: what printers are read is known when they are found. The least is that every address answers the first try, the
 * most that none ever answers, and most addresses of a network do not. The time is that of a sweep that nobody answers: what is silent holds
 * a slot, and a place in its subnet, until its last try has timed out, and no answer has taught a shorter timeout. What answers is done
 * sooner, but printers are read then. */
#ifndef ICE_ESTIMATE_H
#define ICE_ESTIMATE_H

#include <stdint.h>

#include "ice/clock.h"
#include "ice/neighbours.h"
#include "ice/plan.h"
#include "ice/scanner.h"
#include "ice/settings.h"

struct ice_estimate_pace {
	uint64_t rate;       /* datagrams a second; 0 = as fast as this machine can */
	unsigned retries;    /* for each community */
	ice_usec timeout;    /* 0 = learned */
	uint32_t window;     /* slots; as in ice/scanner.h */
	uint32_t subnet_cap; /* 0 = none */
};

struct ice_estimate {
	uint64_t addresses; /* asked: of those in several ranges, only in the first */
	uint64_t
	        on_link; /* of these, in subnets this machine is connected to: those cost a place in its neighbour table */
	uint64_t packets_least, packets_most;
	double seconds; /* when nobody answers; where the rate has no limit, at least */
	enum ice_bound
	        bound; /* what most of them are spent on: PACE, WINDOW, SUBNET, NEIGHBOURS; TARGETS: waiting for the last answers */
};

/* Of one leg of a sealed plan. */
void ice_estimate_leg(const struct ice_plan *plan, size_t leg, const struct ice_estimate_pace *pace,
                      const struct ice_neighbours *neighbours, struct ice_estimate *out);

/* Of all legs, one after the other: seconds. */
double ice_estimate_seconds(const struct ice_plan *plan, const struct ice_estimate_pace *pace);

/* As the section [sweep] says. */
struct ice_estimate_pace ice_estimate_pace(const struct ice_settings_sweep *sweep);

#endif
