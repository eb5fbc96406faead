/* bounds: what bounded the rate of a sweep, in shares of its time: what to turn to make it faster. */
#ifndef ICE_BOUNDS_H
#define ICE_BOUNDS_H

#include <jansson.h>
#include <stdio.h>

#include "ice/scanner.h"

/* The share of the sweep's time that is charged to one, 0 to 1. */
double ice_bounds_share(const struct ice_scanner_counters *c, enum ice_bound b);

/* {"targets": share, "pace": ...}: all of them, by ice_bound_name. */
json_t *ice_bounds_json(const struct ice_scanner_counters *c);

/* For people: "the cap per subnet". */
const char *ice_bounds_words(enum ice_bound b);

/* A line that names those that took a tenth of the time in which there was something to send, or more, the most first; and how long the last
 * answers were waited for. */
void ice_bounds_tell(const struct ice_scanner_counters *c, FILE *to);

#endif
