#include "subnets.h"

#include <stdio.h>

#define SUBNETS_PROBES 8

ice_usec ice_subnet_mean(const struct ice_subnet *s)
{
	return s->devices ? (ice_usec)(s->sum / s->devices) : 0;
}

void ice_subnets_add(struct ice_subnets *s, const struct ice_address *from, ice_usec rtt)
{
	struct ice_address first = {from->hi, from->lo & ~UINT64_C(0xff), from->scope};
	uint64_t hash = (first.hi ^ first.lo ^ first.scope) * UINT64_C(0x9e3779b97f4a7c15);
	struct ice_subnet *place = NULL;
	for (unsigned i = 0; i < SUBNETS_PROBES; i++) {
		struct ice_subnet *at = &s->at[((hash >> 40) + i) % ICE_SUBNETS];
		if (at->devices > 0 && ice_address_same(&at->first, &first)) {
			at->devices++;
			at->sum += (uint64_t)rtt;
			return;
		}
		if (!place || ice_subnet_mean(at) < ice_subnet_mean(place))
			place = at;
	}
	if (ice_subnet_mean(place) <= rtt)
		*place = (struct ice_subnet){first, 1, (uint64_t)rtt};
}

size_t ice_subnets_slowest(const struct ice_subnets *s, struct ice_subnet *out, size_t n)
{
	size_t count = 0;
	for (size_t k = 0; k < ICE_SUBNETS; k++) {
		const struct ice_subnet *one = &s->at[k];
		if (one->devices == 0 || (count == n && ice_subnet_mean(one) <= ice_subnet_mean(&out[n - 1])))
			continue;
		size_t i = count < n ? count++ : n - 1;
		for (; i > 0 && ice_subnet_mean(&out[i - 1]) < ice_subnet_mean(one); i--)
			out[i] = out[i - 1];
		out[i] = *one;
	}
	return count;
}

const char *ice_subnet_format(const struct ice_subnet *s, char out[ICE_SUBNET_TEXT_SIZE])
{
	char text[ICE_ADDRESS_TEXT_SIZE];
	snprintf(out, ICE_SUBNET_TEXT_SIZE, "%s/%d", ice_address_format(&s->first, text),
	         ice_address_is_v4(&s->first) ? 24 : 120);
	return out;
}
