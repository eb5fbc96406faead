/* rounds: asks the known printers when they are due, range by range: whether anything has changed since they were read (inventory), and how
 * they are doing (pulse, more often while in error).
 *
 * A round goes through the printers of one range that are due (devices.h) on a channel of its own; what is found is the sink's affair.
 * In closed hours none begins, and one that is going on asks nobody else. What the rounds have learned of the printers is saved
 * after the last range's round.
 *
 * Nobody is asked who is being asked elsewhere (`busy`): the next round will do.
 *
 * Life: ice_rounds_new -> ice_rounds_beat* -> ice_rounds_stop -> ice_rounds_free. */
#ifndef ICE_ROUNDS_H
#define ICE_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/neighbours.h"
#include "ice/plan.h"

#include "channel.h"
#include "devices.h"
#include "figures.h"
#include "timetable.h"

struct ice_rounds;

struct ice_rounds_options {
	const struct ice_plan *plan; /* all lent */
	struct ice_devices *devices;
	struct ice_timetable *timetable;
	struct ice_neighbours *neighbours;
	bool (*busy)(const struct ice_address *address, void *arg);
	void *arg;
	/* Of the channel's options, the source is filled in here. */
	struct ice_channel_options channel;
};

ICE_MUST_CHECK struct ice_rounds *ice_rounds_new(struct event_base *base, const struct ice_rounds_options *options,
                                                 char *why, size_t why_size);
void ice_rounds_free(struct ice_rounds *r);

/* Receives, sends, ends what is through, and begins what is due where it may. */
void ice_rounds_beat(struct ice_rounds *r, ice_usec now, bool may_begin);
ice_usec ice_rounds_next(const struct ice_rounds *r, ice_usec now);
/* Between rounds, commits what has changed of the printers when that is due: some rows at a time, so that no call takes long. */
void ice_rounds_save(struct ice_rounds *r, ice_usec now);
/* When that is; ICE_USEC_NEVER while nothing is to be saved, or a round is going on. */
ice_usec ice_rounds_save_at(const struct ice_rounds *r);
bool ice_rounds_going(const struct ice_rounds *r);

/* Ends it now: what is in flight is forgotten, and what has changed of the printers is committed, where it may be. */
void ice_rounds_stop(struct ice_rounds *r, bool save);

/* Is this address asked just now? */
ICE_MUST_CHECK bool ice_rounds_asks(const struct ice_rounds *r, const struct ice_address *address);

/* Of all rounds: ice_channel_total. */
void ice_rounds_total(const struct ice_rounds *r, struct ice_figures *out);

#endif
