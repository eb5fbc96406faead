/* heartbeat: the one place where sweep, delivery and the loop meet, which do not know each other.
 *
 * A heartbeat owns the channels to the devices (channel.h), what they collect (batches.h), and two timers. At every beat: read the clock, let
 * each channel receive, pump and send, let curl work, re-arm the timers; all of it in heartbeat_beat(), to be read from top to bottom. A
 * beat comes with a datagram or with the timer, and never takes long: each of its steps is bounded. What waits for the disk (one batch;
 * or the rows of printers; or what the outbox has to settle or tidy) has a timer of its own: it comes once in a turn of the loop at most.
 *
 * Life: ice_heartbeat_new -> ice_heartbeat_sweep (its end is told by `swept`; then perhaps another) -> ice_heartbeat_free. */
#ifndef ICE_HEARTBEAT_H
#define ICE_HEARTBEAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/outbox.h"
#include "ice/plan.h"
#include "ice/scanner.h"
#include "ice/upload.h"

#include "devices.h"
#include "figures.h"
#include "rounds.h"
#include "timetable.h"
#include "walk.h"

struct event_base;
struct ice_heartbeat;

struct ice_heartbeat_options {
	const struct ice_plan *plan;
	const struct ice_profiles *profiles;
	uint16_t port;
	uint32_t window, conversations;
	uint64_t rate;
	ice_usec timeout; /* 0 = learned */
	unsigned retries;
	uint32_t subnet_cap;
	bool v1, v2c, discover;
	struct ice_probe_options probe;
	uint32_t shard, shards;    /* 0 of 1 = all */
	struct ice_outbox *outbox; /* NULL: finds are told and not kept */
	/* Both or none: the known printers, who are asked in rounds of their own, and when. */
	struct ice_devices *devices;
	struct ice_timetable *timetable;
	struct ice_upload *upload; /* NULL: nothing leaves */
};

/* All take the same arg. May be NULL but for swept. */
struct ice_heartbeat_ops {
	/* An address of a range of the plan that answered is done; where printers are known, also one that did not answer. */
	void (*found)(const struct ice_finding *finding, size_t leg, void *arg);
	/* After every beat. */
	void (*beat)(ice_usec now, void *arg);
	/* Readings were committed, and where the sweep is with them. Not more than once a second. */
	void (*place)(const struct ice_place *place, void *arg);
	/* The sweep is over, and all it found is in the outbox, if there is one. Not whole: it was interrupted (ice_heartbeat_pause), and its place
	 * was told just before. */
	void (*swept)(bool whole, void *arg);
};

ICE_MUST_CHECK struct ice_heartbeat *ice_heartbeat_new(struct event_base *base,
                                                       const struct ice_heartbeat_options *options,
                                                       const struct ice_heartbeat_ops *ops, void *arg, char *why,
                                                       size_t why_size);
void ice_heartbeat_free(struct ice_heartbeat *h);

/* Begins a sweep at a place, through `legs` ranges from there on (0 = all that follow), each spread over the time given (ice_sweep_begin). None
 * may be going on. */
void ice_heartbeat_sweep(struct ice_heartbeat *h, const struct ice_place *from, size_t legs, ice_usec spread);

/* Interrupts the sweep: nobody else is asked, what is in flight is finished; then `swept`, not whole. */
void ice_heartbeat_pause(struct ice_heartbeat *h);

/* Ends everything now, the sweep's place told: what is in flight is forgotten, what was read is committed. `swept` is not called. Returns the
 * readings that could not be committed (0 unless the disk refuses). */
size_t ice_heartbeat_stop(struct ice_heartbeat *h);

/* Nothing is to be done for a while: what the outbox does in idle time (ice_outbox_idle) gets a turn of the loop of its own soon. */
void ice_heartbeat_idle(struct ice_heartbeat *h);

bool ice_heartbeat_sweeping(const struct ice_heartbeat *h);
/* Of the sweep that is going on, or of the last one. */
void ice_heartbeat_figures(const struct ice_heartbeat *h, struct ice_figures *out);
/* A round through the known printers is going on. */
bool ice_heartbeat_rounding(const struct ice_heartbeat *h);

/* Of all that was asked since the heartbeat began: scanner, udp, in_flight, refused. */
void ice_heartbeat_total(const struct ice_heartbeat *h, struct ice_figures *out);

#endif
