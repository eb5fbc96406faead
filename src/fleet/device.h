/* device: one simulated device, in a few bytes.
 *
 * What makes it itself - serial number, MAC, name, page count - is not kept but worked out, from the fleet's seed and the
 * device's number, whenever a row of it is asked for. No two devices of a fleet have the same. */
#ifndef FLEET_DEVICE_H
#define FLEET_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/clock.h"
#include "pattern.h"

struct ice_device {
	uint32_t address; /* host order */
	uint32_t number;  /* 0, 1, 2, ... over the whole fleet */
	uint16_t pattern;
	uint16_t asked; /* requests so far; stays at its largest value */
	uint8_t fault;  /* index into the table of faults + 1; 0 = behaves */
	bool v1_only;
	uint32_t busy; /* of faults: milliseconds until it is ready for the next request; UINT32_MAX = dead */
};

/* What is alike for all devices. */
struct ice_device_setting {
	uint64_t seed;
	ice_usec start;          /* page counts and uptimes grow from here */
	uint32_t pages_per_hour; /* at most, per device */
};

/* One device at one moment; the arg of ice_device_override. */
struct ice_device_view {
	const struct ice_device_setting *setting;
	const struct ice_device *device;
	const struct ice_pattern *pattern;
	ice_usec now;
};

ice_recording_override_fn ice_device_override;

/* The rows of ipAddrTable (RFC 4293) that say which interface has the device's own address. */
#define ICE_DEVICE_EXTRA 4
struct ice_device_extra {
	struct ice_recording_row rows[ICE_DEVICE_EXTRA];
	uint8_t room[ICE_DEVICE_EXTRA][32];
};
/* Fills it; returns the number of rows, 0 where no interface is known. */
size_t ice_device_extra(const struct ice_device_view *view, struct ice_device_extra *out);

#define ICE_DEVICE_TEXT 80
/* Each writes a string and returns its length, 0 when the device has none. */
size_t ice_device_name(const struct ice_device_view *view, char out[ICE_DEVICE_TEXT]);
size_t ice_device_serial(const struct ice_device_view *view, char out[ICE_DEVICE_TEXT]);
/* False when there is none. */
bool ice_device_mac(const struct ice_device_view *view, unsigned which, uint8_t out[6]);
/* Pages by now beyond those recorded, and how many an hour. */
uint64_t ice_device_pages(const struct ice_device_view *view);
uint32_t ice_device_pages_per_hour(const struct ice_device_view *view);

#endif
