/* sweep: finds printers, by asking every address of some ranges, one leg after the other, in an order that can be taken up again (walk.h).
 *
 * It is the source of its channel's targets, and nothing else: what is found is the sink's affair. Beat by beat it goes on to the next leg when
 * one is through, and says when all are. One that is interrupted loses what is in flight; its place tells where to go on.
 *
 * Life: ice_sweep_new -> { ice_sweep_begin -> ice_sweep_beat* until ENDED }* -> ice_sweep_free. */
#ifndef ICE_SWEEP_H
#define ICE_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/neighbours.h"
#include "ice/plan.h"

#include "channel.h"
#include "figures.h"
#include "walk.h"

struct ice_sweep;

struct ice_sweep_options {
	const struct ice_plan *plan;
	struct ice_neighbours *neighbours; /* lent */
	uint32_t shard, shards;            /* 0 of 1 = all */
	/* Addresses it passes over, and how a known printer is asked (ice/scanner.h). NULL = none. */
	bool (*pass)(const struct ice_address *address, void *arg);
	bool (*known)(const struct ice_address *address, struct ice_known_target *out, void *arg);
	void *arg;
	/* Of the channel's options, the source is filled in here. */
	struct ice_channel_options channel;
};

ICE_MUST_CHECK struct ice_sweep *ice_sweep_new(struct event_base *base, const struct ice_sweep_options *options,
                                               char *why, size_t why_size);
void ice_sweep_free(struct ice_sweep *s);

/* Begins at a place, with `legs` legs from there on. Their addresses are evenly spread, so that each whole leg takes at least `spread`; 0 = as
 * fast as the pace allows. None may be going on. */
void ice_sweep_begin(struct ice_sweep *s, const struct ice_place *from, size_t legs, ice_usec spread, ice_usec now);
/* Begins no further target: once what is in flight is done, it ends before its time. */
void ice_sweep_drain(struct ice_sweep *s);
/* Ends it now: what is in flight is forgotten. */
void ice_sweep_stop(struct ice_sweep *s, ice_usec now);
bool ice_sweep_going(const struct ice_sweep *s); /* between begin and the end */

/* Receives, sends, and goes on to the next leg. True: the sweep has just ended. */
ICE_MUST_CHECK bool ice_sweep_beat(struct ice_sweep *s, ice_usec now);
ice_usec ice_sweep_next(const struct ice_sweep *s, ice_usec now);

/* Is this address asked just now? */
ICE_MUST_CHECK bool ice_sweep_asks(const struct ice_sweep *s, const struct ice_address *address);

/* It has ended, or will, before its time. */
bool ice_sweep_drained(const struct ice_sweep *s);

/* From where a sweep that has not come to its end can be taken up without missing anyone, once what was read is committed. */
struct ice_place ice_sweep_place(struct ice_sweep *s);

/* Of this sweep, or of the last one: all but queued and outbox_full. */
void ice_sweep_figures(const struct ice_sweep *s, struct ice_figures *out);
/* Of all sweeps: ice_channel_total. */
void ice_sweep_total(const struct ice_sweep *s, struct ice_figures *out);

#endif
