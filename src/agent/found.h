/* found: what a scan keeps of every find until the table is drawn at its end. Bounded: beyond ICE_FOUND_ROWS finds are only counted. */
#ifndef ICE_FOUND_H
#define ICE_FOUND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/record.h"
#include "ice/scanner.h"

#define ICE_FOUND_ROWS     20000
#define ICE_FOUND_SUPPLIES 16

/* What the columns of a table are made of. */
enum ice_found_text {
	ICE_FOUND_NAME,   /* of a bare device: "printer" or "device" */
	ICE_FOUND_MODEL,  /* make and model; of a bare device: its hrDeviceDescr if it is a printer, else sysDescr */
	ICE_FOUND_SERIAL, /* of a bare device: SNMP version */
	ICE_FOUND_PAGES,  /* of a bare device: the number of the community that worked */
	ICE_FOUND_STATUS, /* of a bare device: its profile */
	ICE_FOUND_ALERTS,
	ICE_FOUND_TEXTS
};

struct ice_found_supply {
	char letter;   /* K C M Y ... '?' */
	uint8_t color; /* of the 256 of a terminal */
	uint8_t state; /* enum ice_supply_state */
	bool has_percent;
	float percent; /* to one decimal: a table of thousands is kept */
};

struct ice_found_row {
	struct ice_address address;
	const char *text[ICE_FOUND_TEXTS]; /* clean, never NULL */
	uint8_t supply_count;              /* toner and ink only: black, cyan, magenta, yellow, then the rest */
	bool critical;                     /* an alert or error that stops it */
	struct ice_found_supply supplies[ICE_FOUND_SUPPLIES];
	char pool[];
};

struct ice_found;

struct ice_found *ice_found_new(size_t max_rows);
void ice_found_free(struct ice_found *f);

void ice_found_printer(struct ice_found *f, const struct ice_record *record);
void ice_found_device(struct ice_found *f, const struct ice_finding *finding);

/* By address. */
void ice_found_sort(struct ice_found *f);

size_t ice_found_count(const struct ice_found *f);
size_t ice_found_left_out(const struct ice_found *f);
const struct ice_found_row *ice_found_row(const struct ice_found *f, size_t i);

#endif
