/* slowest: the devices that took longest to answer. A value type; zeroed, there are none. */
#ifndef ICE_SLOWEST_H
#define ICE_SLOWEST_H

#include <stddef.h>

#include <jansson.h>

#include "ice/address.h"
#include "ice/clock.h"

#define ICE_SLOWEST 20

struct ice_slowest {
	struct ice_slow {
		struct ice_address address;
		ice_usec rtt;
		const char *range; /* its name, lent; NULL where that is of no interest */
	} rows[ICE_SLOWEST];       /* the slowest first */
	size_t count;
};

void ice_slowest_add(struct ice_slowest *s, const struct ice_address *address, ice_usec rtt, const char *range);

/* [{ip, range, rtt_ms}]. Never NULL. */
json_t *ice_slowest_json(const struct ice_slowest *s);

#endif
