/* known: the printers of one range whose last full reading is safe in the outbox, and how to ask each whether it has changed
 * since (ice/steady.h).
 *
 * The outbox keeps them, each with its reading; here they stand for the time of a sweep, as they were committed when it began: an
 * address is asked once in a sweep, so nothing in here needs to follow what is read meanwhile. */
#ifndef ICE_KNOWN_H
#define ICE_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/address.h"
#include "ice/attr.h"
#include "ice/outbox.h"
#include "ice/steady.h"

struct ice_known;

/* Those of a range that were read at `from` to `to` (wall seconds). Never NULL. */
struct ice_known *ice_known_load(struct ice_outbox *outbox, const char *range, int64_t from, int64_t to);
void ice_known_free(struct ice_known *k);

ICE_MUST_CHECK bool ice_known_find(const struct ice_known *k, const struct ice_address *address,
                                   struct ice_steady *out);

/* Place and note of a reading in the outbox; malloc'd. */
char *ice_known_place(const char *range, const struct ice_address *address);
char *ice_known_note(const struct ice_steady *steady);

#endif
