/* channel: the way to the devices: sockets and a scanner, for one kind of work.
 *
 * A channel asks the targets of one leg at a time, so that a community stays inside its range. Where the targets come from is its source's
 * business, what becomes of the findings its sink's. Channels do not know each other: what they share is the pace of all of them
 * (ice/pacer.h), and that no address is a target of two at once, which their sources see to.
 *
 * Life: ice_channel_new -> { ice_channel_begin -> ice_channel_beat* until ice_channel_done -> ice_channel_end }* -> ice_channel_free. */
#ifndef ICE_CHANNEL_H
#define ICE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/plan.h"
#include "ice/scanner.h"

#include "figures.h"
#include "walk.h"

struct event_base;
struct ice_channel;

/* Where targets come from. */
struct ice_channel_source {
	/* The next one of the present leg, as ice_walk_next says it. */
	enum ice_walk_step (*next)(ice_usec now, struct ice_address *out, void *arg);
	/* When there may be one again, after LATER. */
	ice_usec (*later)(ice_usec now, void *arg);
	/* As in ice/scanner.h; may be NULL. */
	bool (*known)(const struct ice_address *address, struct ice_known_target *out, void *arg);
	void *arg;
};

/* Where findings go; reserve and release as in ice/scanner.h. */
struct ice_channel_sink {
	bool (*reserve)(void *arg);
	void (*release)(void *arg);
	void (*found)(const struct ice_finding *finding, size_t leg, void *arg);
	/* A datagram has come: a beat is due. */
	void (*readable)(void *arg);
	void *arg;
};

/* Of `scanner`, what belongs to a leg (communities, seed) is filled in when it begins. */
struct ice_channel_options {
	struct ice_scanner_options scanner;
	struct ice_channel_source source;
	struct ice_channel_sink sink;
};

/* NULL with a reason when there are no sockets to be had. */
ICE_MUST_CHECK struct ice_channel *ice_channel_new(struct event_base *base, const struct ice_channel_options *options,
                                                   char *why, size_t why_size);
void ice_channel_free(struct ice_channel *c);

/* Begins with a leg of a plan, which is lent until ice_channel_end, at its own rate. None may be going on. */
void ice_channel_begin(struct ice_channel *c, const struct ice_plan *plan, size_t leg, ice_usec now);
/* Ends it; what is in flight is forgotten. */
void ice_channel_end(struct ice_channel *c);
bool ice_channel_busy(const struct ice_channel *c); /* between begin and end */

/* Begins no further targets: what is in flight is finished. */
void ice_channel_drain(struct ice_channel *c);
/* The source has no more, or is not asked any more, and nothing is in flight. */
bool ice_channel_done(const struct ice_channel *c);

/* Receives, pumps, sends; over again while there is as much to send as one pump may, for 10 ms. */
void ice_channel_beat(struct ice_channel *c, ice_usec now);
/* When the next beat is due if no datagram comes before. */
ice_usec ice_channel_next(const struct ice_channel *c, ice_usec now);

/* ice_scanner_asks and ice_scanner_settled of the present leg. */
ICE_MUST_CHECK bool ice_channel_asks(const struct ice_channel *c, const struct ice_address *address);
uint64_t ice_channel_settled(const struct ice_channel *c);

/* Counts from zero from now on. */
void ice_channel_recount(struct ice_channel *c);
/* Fills in what was sent, received and found since then: scanner, udp, in_flight, peak_in_flight, refused. */
void ice_channel_figures(const struct ice_channel *c, struct ice_figures *out);

/* The same, added to a sum over several channels, and since the channel was made. */
void ice_channel_total(const struct ice_channel *c, struct ice_figures *sum);

#endif
