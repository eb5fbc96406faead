/* outbox_notes: the notes of committed readings; see ice_outbox_kept. The functions here are outbox.c's alone. */
#ifndef ICE_OUTBOX_NOTES_H
#define ICE_OUTBOX_NOTES_H

#include "ice/outbox.h"

/* Makes the table where it is not there yet, and counts. */
ICE_MUST_CHECK bool ice_outbox_notes_open(struct ice_outbox *o);

/* Inside the transaction that commits the readings. *notes is what there will be after the commit. */
ICE_MUST_CHECK bool ice_outbox_notes_put(struct ice_outbox *o, const struct ice_reading *const *readings, size_t n,
                                         int64_t *notes);

#endif
