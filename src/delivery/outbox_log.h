/* outbox_log: the log in front of the outbox's database: what of it is on the disk, and when it goes into the database. The functions here,
 * and ice_outbox_idle, ice_outbox_tidy and ice_outbox_settle, which stand beside them, are all that syncs or folds it apart from a commit. */
#ifndef ICE_OUTBOX_LOG_H
#define ICE_OUTBOX_LOG_H

#include "ice/attr.h"
#include "ice/outbox.h"

/* Before anything is written to the database, and before it is closed. */
void ice_outbox_log_begin(struct ice_outbox *o);
void ice_outbox_log_end(struct ice_outbox *o);

/* A commit of a batch waits until it is on the disk, with all that was written before it. No other waits: it is in the log at once, and a
 * power cut takes it only with all that was written behind it. */
ICE_MUST_CHECK bool ice_outbox_log_wait(struct ice_outbox *o, bool waits);

/* A sync has failed. Behind what it has left out of the log nothing would be found after a power cut, nor may that go into the database. */
void ice_outbox_log_doubt(struct ice_outbox *o);
/* Writes a log once more that is in doubt. True when nothing is in doubt, any more. */
ICE_MUST_CHECK bool ice_outbox_log_trust(struct ice_outbox *o);

/* Moves the log into the database, so that it begins anew. It may fail at any time without harm: the log is what counts until it has
 * succeeded. */
bool ice_outbox_log_fold(struct ice_outbox *o);
/* Behind a put: the same when nobody else has done it for very long. */
void ice_outbox_log_bound(struct ice_outbox *o);

#endif
