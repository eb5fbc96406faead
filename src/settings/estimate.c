#include "ice/estimate.h"

#include <math.h>

/* The /24 (IPv6: /120) of an address. */
static void estimate_subnet(const struct ice_address *a, struct ice_address *first, struct ice_address *last)
{
	*first = *last = *a;
	first->lo &= ~UINT64_C(0xff);
	last->lo |= 0xff;
}

/* How many of the n addresses from number i on no earlier leg asks, all of them of first..last. */
static uint64_t estimate_asked(const struct ice_plan *plan, size_t at, uint64_t i, uint64_t n,
                               const struct ice_address *first, const struct ice_address *last)
{
	uint64_t asked = 0, shared = 0;
	for (size_t before = 0; before < at; before++)
		shared += ice_range_count_within(plan->legs[before]->range, first, last);
	for (uint64_t k = i; shared > 0 && k < i + n; k++) {
		struct ice_address a = ice_range_at(plan->legs[at]->range, k);
		asked += !ice_plan_has_before(plan, at, &a);
	}
	return shared > 0 ? asked : n;
}

/* Most addresses of one subnet that a leg asks. The set is in address order, so that a subnet is a stretch of it. */
static uint64_t estimate_densest(const struct ice_plan *plan, size_t at)
{
	const struct ice_range *range = plan->legs[at]->range;
	uint64_t most = 0, n;
	for (uint64_t i = 0; i < ice_range_count(range) && most < 256; i += n) {
		struct ice_address a = ice_range_at(range, i), first, last;
		estimate_subnet(&a, &first, &last);
		n = ice_range_count_within(range, &first, &last);
		uint64_t asked = estimate_asked(plan, at, i, n, &first, &last);
		most = asked > most ? asked : most;
	}
	return most;
}

static void estimate_longer(struct ice_estimate *e, double seconds, enum ice_bound bound)
{
	if (seconds > e->seconds) {
		e->seconds = seconds;
		e->bound = bound;
	}
}

/* How many addresses of each of `subnets` are in flight at once below the cap. Not all that may: they come in no order, and ICE_SCANNER_HELD of them
 * that wait for a full subnet keep back those of others. With `drawn` of each, Poisson's law says how many those are. */
static double estimate_in_flight(double subnets, uint32_t cap)
{
	double held = ICE_SCANNER_HELD / subnets, low = 0, high = cap + held + 1;
	while (high - low > 1e-6) {
		double drawn = (low + high) / 2, chance = exp(-drawn), beyond = drawn - cap;
		for (uint32_t k = 0; k < cap; chance *= drawn / ++k)
			beyond += chance * (cap - k);
		*(beyond < held ? &low : &high) = drawn;
	}
	return low - held;
}

/* How often `n` addresses must take turns where `room` of them may be in flight. */
static double estimate_turns(uint64_t n, uint64_t room)
{
	return (double)((n + room - 1) / room);
}

void ice_estimate_leg(const struct ice_plan *plan, size_t at, const struct ice_estimate_pace *pace,
                      const struct ice_neighbours *neighbours, struct ice_estimate *out)
{
	const struct ice_leg *leg = plan->legs[at];
	const struct ice_range *before[ICE_PLAN_LEGS];
	const struct ice_scanner_options options = {
	        .timeout = pace->timeout, .retries = pace->retries, .community_count = leg->community_count};
	unsigned tries = (pace->retries + 1) * (unsigned)leg->community_count;
	uint64_t rate = leg->rate && (!pace->rate || leg->rate < pace->rate) ? leg->rate : pace->rate;
	const struct ice_scanner_options one_try = {.timeout = pace->timeout, .community_count = 1};
	double hold = (double)ice_scanner_hold(&options, false) / 1e6,
	       first = (double)ice_scanner_hold(&one_try, false) / 1e6;
	for (size_t i = 0; i < at; i++)
		before[i] = plan->legs[i]->range;
	*out = (struct ice_estimate){.addresses =
	                                     ice_range_count(leg->range) - ice_range_common(leg->range, before, at)};
	out->on_link = ice_neighbours_count(neighbours, leg->range);
	out->packets_least = out->addresses;
	out->packets_most = out->addresses * tries;
	if (out->addresses == 0)
		return;
	estimate_longer(out, hold, ICE_BOUND_TARGETS);
	if (rate) { /* where no retry is due before the last first try has gone out, retries go out in time that is waited anyway */
		double once = (double)out->addresses / (double)rate;
		estimate_longer(out, (once <= first ? once : once * tries) + hold, ICE_BOUND_PACE);
	}
	estimate_longer(out, estimate_turns(out->addresses, pace->window) * hold, ICE_BOUND_WINDOW);
	uint64_t densest = pace->subnet_cap ? estimate_densest(plan, at) : 0;
	if (densest > pace->subnet_cap) {
		double all = estimate_in_flight((double)out->addresses / (double)densest, pace->subnet_cap);
		estimate_longer(out, floor((double)densest / all + 0.99) * hold, ICE_BOUND_SUBNET);
	}
	if (out->on_link)
		estimate_longer(out, (double)out->on_link / ice_neighbours_pace(neighbours) + hold,
		                ICE_BOUND_NEIGHBOURS);
	if (out->seconds < 2 * hold) /* there is more waiting than sending */
		out->bound = ICE_BOUND_TARGETS;
}

double ice_estimate_seconds(const struct ice_plan *plan, const struct ice_estimate_pace *pace)
{
	struct ice_estimate one;
	double seconds = 0;
	struct ice_neighbours *neighbours = ice_neighbours_new(NULL, NULL);
	ice_neighbours_connect(neighbours);
	for (size_t i = 0; i < plan->count; i++) {
		ice_estimate_leg(plan, i, pace, neighbours, &one);
		seconds += one.seconds;
	}
	ice_neighbours_free(neighbours);
	return seconds;
}

struct ice_estimate_pace ice_estimate_pace(const struct ice_settings_sweep *sweep)
{
	return (struct ice_estimate_pace){
	        .rate = sweep->rate,
	        .retries = (unsigned)sweep->retries,
	        .timeout = sweep->timeout,
	        .window = (uint32_t)sweep->window,
	        .subnet_cap = (uint32_t)sweep->subnet_cap,
	};
}
