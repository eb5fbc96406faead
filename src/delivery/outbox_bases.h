/* outbox_bases: the records that changes are told against (ice/change.h), and readings as they travel. The functions here are
 * outbox.c's alone, but for forgetting.
 *
 * A device has one base: its last record that was committed whole. It lives in the outbox's database and comes there in the
 * transaction of its batch, so that no change is ever told against what is not on its way or at the server. */
#ifndef ICE_OUTBOX_BASES_H
#define ICE_OUTBOX_BASES_H

#include "ice/outbox.h"

#define ICE_OUTBOX_BASES 65536 /* the oldest are forgotten: then their devices' readings travel whole */

/* Makes the table where it is not there yet, and counts. */
ICE_MUST_CHECK bool ice_outbox_bases_open(struct ice_outbox *o);

/* Who is told from now on: what another server, or another site there, was told is forgotten. When the database refuses, base_age is 0 until
 * the outbox is opened again. */
void ice_outbox_bases_meet(struct ice_outbox *o, const char *server);

/* The first readings, as many as go into a batch: each as it is, or as a change. `list` is lent to ice_batch_body. */
struct ice_outbox_wire {
	size_t count;
	const struct ice_reading *list[ICE_BATCH_READINGS_MAX];
	struct ice_reading changes[ICE_BATCH_READINGS_MAX];
};
struct ice_outbox_wire *ice_outbox_bases_wire(struct ice_outbox *o, const struct ice_reading *const *readings,
                                              size_t n);
/* Bytes that the first n of them will take as bases. */
size_t ice_outbox_bases_bytes(const struct ice_outbox *o, const struct ice_outbox_wire *w, size_t n);
void ice_outbox_bases_unwire(struct ice_outbox_wire *w);

/* Inside the transaction that commits the first n of them: those that travel whole are bases from now on. *bases is what there will
 * be after the commit. */
ICE_MUST_CHECK bool ice_outbox_bases_put(struct ice_outbox *o, const struct ice_outbox_wire *w, size_t n,
                                         int64_t *bases);

ICE_MUST_CHECK bool ice_outbox_bases_forget(struct ice_outbox *o);

/* A batch was refused, for whatever reason: for the time of base_age from `now` on nothing becomes a base. A server that knows no changes
 * would have every second reading set aside otherwise. */
void ice_outbox_bases_pause(struct ice_outbox *o, int64_t now);

#endif
