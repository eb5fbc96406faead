/* outbox_places: what is known of printers, by their addresses; see ice_outbox_places. The functions here are for the outbox's own files. */
#ifndef ICE_OUTBOX_PLACES_H
#define ICE_OUTBOX_PLACES_H

#include "ice/outbox.h"

/* Makes the table where it is not there yet. */
ICE_MUST_CHECK bool ice_outbox_places_open(struct ice_outbox *o);

/* Inside the transaction that commits the readings. */
ICE_MUST_CHECK bool ice_outbox_places_put(struct ice_outbox *o, const struct ice_reading *const *readings, size_t n);

/* Every read_at is 0 from now on. */
ICE_MUST_CHECK bool ice_outbox_places_unread(struct ice_outbox *o);

#endif
