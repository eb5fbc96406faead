/* subnets: how long the subnets of a sweep (/24, IPv6 /120) take to answer, in a fixed amount of memory: when there is no room for
 * one more, a quick one is forgotten, since it is the slow ones that are asked for. */
#ifndef ICE_SUBNETS_H
#define ICE_SUBNETS_H

#include <stddef.h>
#include <stdint.h>

#include "ice/address.h"
#include "ice/clock.h"

#define ICE_SUBNETS 4096

struct ice_subnet {
	struct ice_address first;
	uint32_t devices; /* 0: an empty place */
	uint64_t sum;     /* of their round trips, microseconds */
};

struct ice_subnets {
	struct ice_subnet at[ICE_SUBNETS];
};

void ice_subnets_add(struct ice_subnets *s, const struct ice_address *from, ice_usec rtt);

/* Up to n of them, the slowest on average first; returns how many. */
size_t ice_subnets_slowest(const struct ice_subnets *s, struct ice_subnet *out, size_t n);

ice_usec ice_subnet_mean(const struct ice_subnet *s);

/* "10.1.2.0/24" */
#define ICE_SUBNET_TEXT_SIZE (ICE_ADDRESS_TEXT_SIZE + 8)
const char *ice_subnet_format(const struct ice_subnet *s, char out[ICE_SUBNET_TEXT_SIZE]);

#endif
