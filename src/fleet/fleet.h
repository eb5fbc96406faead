/* fleet: the devices of a simulated site, where they live, and what they answer.
 *
 * Devices stand on pseudo-random addresses of the site, each on its own; which, and what each says, follows from
 * the seed alone. Addresses without a device are silent.
 *
 *   ice_fleet_new -> ice_fleet_add_patterns (printers, others) -> ice_fleet_place -> ice_fleet_input per datagram */
#ifndef FLEET_FLEET_H
#define FLEET_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "device.h"
#include "faults.h"
#include "ice/random.h"
#include "wire.h"

#define ICE_FLEET_EACH UINT64_MAX /* as many devices as there are recordings */

struct ice_fleet_options {
	uint32_t base;   /* of the site, host order */
	unsigned prefix; /* its length */
	uint64_t count;  /* printers */
	uint64_t others; /* other devices */
	uint64_t seed;
	ice_usec latency, jitter; /* an answer leaves latency .. latency + jitter after its request */
	double loss;              /* share of the requests that get no answer, 0 .. 1 */
	double v1_share;          /* share of the devices that speak v1 only */
	const char *community;
	uint32_t pages_per_hour;
	size_t reply_max; /* 0 = each pattern's own */
	bool as_recorded; /* no device is itself */
	struct ice_faults_plan faults;
};

struct ice_fleet_counters {
	uint64_t nobody;    /* datagrams to addresses without a device */
	uint64_t malformed; /* not a request of v1 or v2c */
	uint64_t community; /* not this site's */
	uint64_t requests;  /* the rest */
	uint64_t answers;   /* what they were given */
	uint64_t lost;      /* by the option */
};

struct ice_fleet;

struct ice_fleet *ice_fleet_new(const struct ice_fleet_options *options, ice_usec now);
void ice_fleet_free(struct ice_fleet *f);

/* Every .snmprec, .snmpwalk and .walk of a folder, in the order of their names. Returns how many; 0 with a reason when the folder has
 * none or one of them cannot be used. */
ICE_MUST_CHECK size_t ice_fleet_add_patterns(struct ice_fleet *f, const char *folder, bool printers, char *why,
                                             size_t why_size);
/* Settles the devices. False with a reason when the site is too small or there is nothing to settle. */
ICE_MUST_CHECK bool ice_fleet_place(struct ice_fleet *f, char *why, size_t why_size);
size_t ice_fleet_count(const struct ice_fleet *f);
/* The i-th device, or the one at an address (NULL where nobody lives). */
const struct ice_device *ice_fleet_device(const struct ice_fleet *f, size_t i);
const struct ice_device *ice_fleet_at(const struct ice_fleet *f, uint32_t address);
struct ice_device_view ice_fleet_view(const struct ice_fleet *f, const struct ice_device *d, ice_usec now);

/* Usable addresses of a site: not its network or broadcast address, nor any that ends in .0 or .255. */
uint64_t ice_fleet_room(uint32_t base, unsigned prefix);
bool ice_fleet_is_host(uint32_t base, unsigned prefix, uint32_t address);

/* One JSON object a line per device. False when it cannot be written. */
ICE_MUST_CHECK bool ice_fleet_truth(const struct ice_fleet *f, FILE *to, ice_usec now);

ice_wire_input_fn ice_fleet_input; /* arg: the fleet */
const struct ice_fleet_counters *ice_fleet_counters(const struct ice_fleet *f);

#endif
