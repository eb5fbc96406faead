/* stats: what a scan tells about itself with --stats FILE, as one JSON object; and its summary for people. */
#ifndef ICE_STATS_H
#define ICE_STATS_H

#include <stdbool.h>
#include <stdio.h>

#include "ice/attr.h"
#include "ice/scanner.h"

#include "engine/heartbeat.h"
#include "engine/slowest.h"

#include "subnets.h"

#define ICE_STATS_MOMENTS 240 /* of the timeline; when it is full, two become one */

struct ice_stats_moment {
	ice_usec lasted;
	uint64_t sent, received, found;
};

struct ice_stats {
	FILE *status;            /* of this process; opened while it still may be */
	ice_usec since, next;    /* the present moment began, is to end */
	unsigned moment_seconds; /* how long one is to last */
	size_t moments;
	struct ice_stats_moment timeline[ICE_STATS_MOMENTS], last;
	struct ice_slowest slowest;
	uint64_t printer_requests, printer_requests_max, printers;
	struct ice_subnets subnets;
};

void ice_stats_init(struct ice_stats *s, ice_usec now); /* before the process confines itself */
void ice_stats_fini(struct ice_stats *s);
void ice_stats_find(struct ice_stats *s, const struct ice_finding *finding);
/* From every beat; does something once a second. */
void ice_stats_beat(struct ice_stats *s, ice_usec now, const struct ice_heartbeat *h);

/* The object, indented, with a line end. False when it could not be written. */
ICE_MUST_CHECK bool ice_stats_write(const struct ice_stats *s, const struct ice_figures *f, bool interrupted, FILE *to);

/* The share of devices that answered in the version that is tried second only: those that speak no other, and those that missed the
 * first try, which the answers cannot tell apart. */
double ice_stats_other(const struct ice_scanner_counters *c);

/* The share of first contacts that get lost, there or back: from how many answered only when they were asked the very same again. So an answer
 * that comes later than that counts as lost. -1: not known, as nobody is asked the same again (one retry, in the other version), few
 * answered, or more than a few in the other version. */
double ice_stats_loss(const struct ice_scanner_counters *c);

/* A few lines for a person (stats_tell.c). */
void ice_stats_tell(const struct ice_stats *s, const struct ice_figures *f, bool discover, FILE *to);

#endif
