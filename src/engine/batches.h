/* batches: readings on their way from the channels into the outbox.
 *
 * Readings are collected in a bounded queue (ice/queue.h) and committed as batches: when a batch is full, when its oldest reading
 * has waited long enough, or at once when no more are to come. An outbox that refuses is asked again a few seconds later; until
 * then places run out, and whoever wants to reserve one waits.
 *
 * Without an outbox nothing is kept: every place is granted. */
#ifndef ICE_BATCHES_H
#define ICE_BATCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/outbox.h"
#include "ice/scanner.h"
#include "ice/upload.h"

#include "devices.h"

struct ice_batches;

/* All may be NULL; lent for its life. `upload` is told of every batch; what is known of a printer is committed with its reading. Never NULL. */
struct ice_batches *ice_batches_new(struct ice_outbox *outbox, struct ice_upload *upload,
                                    const struct ice_devices *devices);
void ice_batches_free(struct ice_batches *b);

ICE_MUST_CHECK bool ice_batches_reserve(struct ice_batches *b);
void ice_batches_release(struct ice_batches *b);
/* Uses up a reserved place when the finding is a printer that was read; takes no notice of any other. */
void ice_batches_keep(struct ice_batches *b, const struct ice_finding *finding, ice_usec now);

/* Commits one batch when one is due, or makes room for it first; `more`: readings are still to come. True when it did either. */
bool ice_batches_close(struct ice_batches *b, ice_usec now, bool more);
/* Commits all there is. Returns the readings that could not be committed (0 unless the disk refuses). */
size_t ice_batches_flush(struct ice_batches *b, ice_usec now);
/* When the next one is due; ICE_USEC_NEVER when none will be. */
ice_usec ice_batches_next(const struct ice_batches *b, ice_usec now, bool more);

size_t ice_batches_waiting(const struct ice_batches *b); /* readings not yet in the outbox */
uint64_t ice_batches_kept(const struct ice_batches *b);  /* all that were kept so far, those included */
bool ice_batches_refused(const struct ice_batches *b);   /* the outbox takes nothing */

#endif
