/* history: what became of the last sweep of each range, kept in the outbox so that it is still known after a restart or a reload.
 *
 * A range is known by its name: under a new configuration it keeps its row. Times are wall seconds. */
#ifndef ICE_HISTORY_H
#define ICE_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/outbox.h"
#include "ice/plan.h"

struct ice_history;

/* The present sweep, or the last one. */
struct ice_history_row {
	int64_t began, ended; /* 0 = never; under way */
	uint64_t done, found; /* addresses; printers */
	double seconds;       /* that were spent on it; without those between an interruption and its resumption */
};

/* Both are lent for its life. Never NULL. */
struct ice_history *ice_history_new(const struct ice_plan *plan, struct ice_outbox *outbox);
void ice_history_free(struct ice_history *l);

/* A sweep of this leg begins; resumed: it goes on, with its figures as they were. */
void ice_history_begin(struct ice_history *l, size_t leg, bool resumed, int64_t wall);
void ice_history_found(struct ice_history *l, size_t leg);
/* How far it is by now. */
void ice_history_done(struct ice_history *l, size_t leg, uint64_t done, int64_t wall);
void ice_history_end(struct ice_history *l, size_t leg, int64_t wall);

/* Keeps what is not yet kept. */
void ice_history_save(struct ice_history *l);

const struct ice_history_row *ice_history_row(const struct ice_history *l, size_t leg);

#endif
