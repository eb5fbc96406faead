/* dialogue: first contact and conversation with one device, one request after the other.
 *
 * The one driver behind `ice probe` (a device on the network) and `ice replay` (a recording): the very same probe, profile and
 * record code as in a sweep, with every step shown to whoever wants to see it. */
#ifndef ICE_DIALOGUE_H
#define ICE_DIALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ice/attr.h"
#include "ice/probe.h"

struct ice_dialogue_options {
	const struct ice_profiles *profiles;
	const struct ice_secret *communities; /* tried in order */
	size_t community_count;
	struct ice_address ip; /* the device's, for its record; all zero = unknown */
	bool v2c, v1;          /* which versions to try, in this order */
	unsigned retries;
	struct ice_probe_options probe;
	struct ice_random *random; /* request ids */
	FILE *trace;               /* what was asked and what came back, for people; NULL = silent */
	/* Sends one request; false: it could not be sent. */
	bool (*send)(const uint8_t *bytes, size_t n, void *arg);
	/* The next reply before the present try's time is over; 0 = silence. */
	size_t (*receive)(uint8_t *bytes, size_t size, void *arg);
	void *arg;
};

enum ice_dialogue_end { ICE_DIALOGUE_SILENT, ICE_DIALOGUE_DEVICE, ICE_DIALOGUE_PRINTER, ICE_DIALOGUE_CUT };

struct ice_dialogue {
	enum ice_dialogue_end end; /* CUT: stopped by `send` */
	struct ice_identity identity;
	struct ice_probe *probe; /* printers only; ice_dialogue_fini frees */
	enum ice_snmp_version version;
	size_t community; /* which one it answered to */
	unsigned requests, strays;
};

void ice_dialogue_hold(struct ice_dialogue *d, const struct ice_dialogue_options *o);
void ice_dialogue_fini(struct ice_dialogue *d);

#endif
