#include "ice/rtt.h"

void ice_rtt_sample(struct ice_rtt *e, ice_usec round_trip)
{
	if (round_trip < 1)
		round_trip = 1;
	if (round_trip > ICE_USEC_SEC(60))
		round_trip = ICE_USEC_SEC(60);
	int64_t r = round_trip, smoothed = e->smoothed;
	if (smoothed == 0) {
		e->smoothed = (uint32_t)r;
		e->variation = (uint32_t)(r / 2);
		return;
	}
	int64_t error = r > smoothed ? r - smoothed : smoothed - r;
	e->variation = (uint32_t)((3 * (int64_t)e->variation + error) / 4);
	smoothed = (7 * smoothed + r) / 8;
	e->smoothed = (uint32_t)(smoothed > 0 ? smoothed : 1);
}

ice_usec ice_rtt_timeout(const struct ice_rtt *e)
{
	if (e->smoothed == 0)
		return ICE_RTT_START;
	ice_usec t = (ice_usec)e->smoothed + 4 * (ice_usec)e->variation;
	return t < ICE_RTT_FLOOR ? ICE_RTT_FLOOR : t > ICE_RTT_CEIL ? ICE_RTT_CEIL : t;
}

ice_usec ice_rtt_wait(const struct ice_rtt *e, unsigned attempt, bool last)
{
	ice_usec wait = ice_rtt_timeout(e) << (attempt < 3 ? attempt : 3);
	if (wait > ICE_RTT_CEIL)
		wait = ICE_RTT_CEIL;
	return last && wait < ICE_RTT_START ? ICE_RTT_START : wait;
}

/* Names a subnet; never 0, which is an empty place. */
static uint32_t rtt_subnet(const struct ice_address *a)
{
	uint64_t x = (a->hi ^ a->lo >> 8 ^ (uint64_t)a->scope << 56) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(x >> 32) | 1;
}

void ice_rtt_table_sample(struct ice_rtt_table *t, const struct ice_address *from, ice_usec round_trip, bool ambiguous)
{
	uint32_t subnet = rtt_subnet(from), place = (subnet >> 1) % ICE_RTT_SUBNETS;
	if (t->subnets[place].subnet != subnet) {
		t->subnets[place].subnet = subnet;
		t->subnets[place].estimate = (struct ice_rtt){0};
		t->subnets[place].trust = 0;
	}
	struct ice_rtt *e = &t->subnets[place].estimate;
	uint32_t *trust = &t->subnets[place].trust;
	if (ambiguous && *trust > 0) {
		--*trust;
		return;
	}
	if (!ambiguous && *trust == 0)
		*e = (struct ice_rtt){0}; /* what is sure begins anew */
	ice_rtt_sample(e, round_trip);
	if (ambiguous)
		return;
	if (*trust < ICE_RTT_TRUST)
		++*trust;
	ice_rtt_sample(&t->all, round_trip);
}

ice_usec ice_rtt_table_timeout(const struct ice_rtt_table *t, const struct ice_address *to, unsigned attempt, bool last)
{
	uint32_t subnet = rtt_subnet(to), place = (subnet >> 1) % ICE_RTT_SUBNETS;
	return ice_rtt_wait(t->subnets[place].subnet == subnet ? &t->subnets[place].estimate : &t->all, attempt, last);
}
