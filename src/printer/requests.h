/* requests: requests that are the same for many devices, built once.
 *
 * net-snmp takes some microseconds to build a request of twenty objects; thousands of devices of one make are asked
 * the same. The cache hangs on the profile, holds a few dozen requests, and is wiped when freed: a request holds the community. */
#ifndef ICE_PRINTER_REQUESTS_H
#define ICE_PRINTER_REQUESTS_H

#include "ice/oid.h"
#include "ice/snmp.h"

struct ice_request_cache;

struct ice_request_cache *ice_request_cache_new(void);
void ice_request_cache_free(struct ice_request_cache *c);

#define ICE_REQUEST_NAMES 40 /* in one request, at most */

struct ice_request_key {
	enum ice_snmp_version version;
	enum ice_snmp_pdu pdu;
	unsigned repetitions;
	unsigned
	        varies; /* which name is another for each device, and is written over the cached one; ICE_REQUEST_NAMES = none */
};

/* Where a name stands in its request. */
struct ice_request_name {
	uint16_t at;
	uint8_t len;
};

/* ice_snmp_build, by way of the cache; `names` tells where each of the oids stands in out->bytes. `c` may be NULL. */
ICE_MUST_CHECK bool ice_request_get(struct ice_request_cache *c, const struct ice_request_key *key,
                                    const struct ice_secret *community, const struct ice_oid *oids, size_t count,
                                    struct ice_snmp_request *out, struct ice_request_name names[ICE_REQUEST_NAMES]);

#endif
