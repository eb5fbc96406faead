/* pattern: one recording, and which of its rows belong to the single device rather than to all of its kind.
 *
 * Read once, shared by every device that replays it. The personal rows are found by their OIDs and by their values: a vendor's
 * object that held the same serial number as the standard one goes on holding the same. */
#ifndef FLEET_PATTERN_H
#define FLEET_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/recording.h"

enum ice_pattern_personal {
	ICE_PATTERN_SHARED, /* says what the recording says */
	ICE_PATTERN_NAME,
	ICE_PATTERN_SERIAL,
	ICE_PATTERN_SERIAL_INSIDE, /* text that has the serial number somewhere in it */
	ICE_PATTERN_MAC,           /* and which of the device's MACs */
	ICE_PATTERN_PAGES,
	ICE_PATTERN_UPTIME,
};

/* Distinct hardware addresses of a device that are made its own; more are left as recorded. */
#define ICE_PATTERN_MACS 4

#define ICE_PATTERN_DESCRIPTION 80 /* longer texts are left as recorded */

struct ice_pattern {
	char name[64]; /* the file's, without folder and ending */
	char make[16]; /* its first word, upper case: what device names start with */
	struct ice_recording *recording;
	uint8_t *personal; /* per row: enum ice_pattern_personal, for MACs the number of the address above it */
	size_t reply_max;  /* octets; a row that would not fit raises it */
	bool printer;
	/* Rows of these, SIZE_MAX where the recording has none. */
	size_t name_row, serial_row, pages_row;
	uint8_t macs[ICE_PATTERN_MACS][6];
	unsigned mac_count;
	unsigned mac;       /* of the interface that owns the device's address */
	uint32_t interface; /* its ifIndex, 0 = none known */
};

#define ICE_PATTERN_REPLY_MAX 1472 /* what one Ethernet frame carries */

/* NULL with a reason. as_recorded: no row is personal. */
ICE_MUST_CHECK struct ice_pattern *ice_pattern_load(const char *path, bool printer, bool as_recorded, char *why,
                                                    size_t why_size);
ICE_MUST_CHECK struct ice_pattern *ice_pattern_of(struct ice_recording *recording, const char *name, bool printer,
                                                  bool as_recorded); /* takes the recording */
void ice_pattern_free(struct ice_pattern *m);

/* Content of an encoded value. */
const uint8_t *ice_pattern_content(const struct ice_recording_row *row, size_t *n);
/* The number it is, -1 for none and for negative ones. */
int64_t ice_pattern_number(const struct ice_recording_row *row);

static inline enum ice_pattern_personal ice_pattern_kind(uint8_t personal)
{
	return (enum ice_pattern_personal)(personal & 0x0f);
}

static inline unsigned ice_pattern_which(uint8_t personal)
{
	return personal >> 4;
}

#endif
