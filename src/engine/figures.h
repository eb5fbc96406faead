/* figures: what a sweep has done so far, over all its legs. */
#ifndef ICE_FIGURES_H
#define ICE_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/scanner.h"
#include "ice/udp.h"

/* Sums over the legs of the present sweep. */
struct ice_figures {
	uint64_t addresses; /* of all legs */
	uint64_t done;      /* finished, or known before to be another leg's */
	double seconds;     /* since the sweep began, until it ended */
	struct ice_scanner_counters scanner;
	struct ice_udp_counters udp;
	uint32_t in_flight, peak_in_flight;
	size_t queued;    /* readings not yet in the outbox */
	bool outbox_full; /* sweeping waits for the server */
	uint64_t refused; /* datagrams the kernel did not take at once */
};

/* Adds the counters of one leg to the sum; of what is a state and no count, the later one stays. */
void ice_figures_add(struct ice_scanner_counters *sum, const struct ice_scanner_counters *leg);

/* Adds what went on elsewhere, or before: counters, sockets, in_flight, refused. */
void ice_figures_join(struct ice_figures *sum, const struct ice_figures *other);

/* What the sockets did since `before`; and what they turned away joins the scanner's strays. */
void ice_figures_udp(struct ice_figures *f, const struct ice_udp_counters *now, const struct ice_udp_counters *before);

#endif
