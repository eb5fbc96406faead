/* reading: one reading of a batch, from a stranger's JSON to what a store keeps.
 *
 * A reading travels as a record, or as a change of one that came before (ice/change.h). A record is read strictly and written again in
 * its canonical form: what is stored holds no bytes of a stranger's choosing beyond the facts. A change becomes such a record as
 * soon as the store finds its base. */
#ifndef FM_READING_H
#define FM_READING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/address.h"
#include "ice/attr.h"
#include "ice/change.h"
#include "ice/record.h"

struct json_t;

struct fm_reading {
	char *json; /* the record in its canonical form; of a change: itself */
	size_t len;
	char base[ICE_CHANGE_NAME_SIZE]; /* "" = a record; else a change, and this is its base: what follows is empty */

	char identity[ICE_RECORD_IDENTITY_SIZE];
	char ip[ICE_ADDRESS_TEXT_SIZE];  /* "" = absent */
	int64_t read_at;                 /* by the engine's clock; 0 = absent */
	char name[ICE_CHANGE_NAME_SIZE]; /* by which changes call it; "" = they cannot */
	/* As it travelled, where that is not its canonical form: a later version's engine says more than is known here, and its changes are
	 * of all that. NULL = the same. */
	char *raw;
	size_t raw_len;
};

/* False with a reason. `changes`: whether there may be any in this batch. */
ICE_MUST_CHECK bool fm_reading_read(struct fm_reading *out, const struct json_t *value, bool changes, char *why,
                                    size_t why_size);

/* The record that a change makes of its base. False with a reason when there is none. */
ICE_MUST_CHECK bool fm_reading_rebuild(struct fm_reading *out, const char *base, size_t base_len, const char *change,
                                       size_t len, char *why, size_t why_size);

/* Frees its texts and empties it. */
void fm_reading_free(struct fm_reading *r);

#endif
