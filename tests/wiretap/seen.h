/* seen: what the wire has shown so far: hosts, and connections between two of them. One octet of notes is kept for each.
 *
 * Life: zeroed -> { seen_note | seen_notes }* -> seen_fini. */
#ifndef WIRETAP_SEEN_H
#define WIRETAP_SEEN_H

#include <stddef.h>
#include <stdint.h>

#include "ice/address.h"

struct seen_entry {
	struct ice_address from, to;
	uint16_t from_port, to_port;
	uint8_t notes;
};

struct seen {
	struct seen_entry *table; /* open addressing; an entry without notes is a free place */
	size_t size, used;
};

/* The notes of this one, 0 when it is new. */
uint8_t seen_notes(const struct seen *s, const struct seen_entry *key);
/* notes: not 0. */
void seen_note(struct seen *s, const struct seen_entry *key, uint8_t notes);
void seen_fini(struct seen *s);

#endif
