/* status_tell: the status as a person reads it.
 *
 * What is told is the object of status.h with what `ice status` adds: alive, age_seconds. Whatever is missing in it, or is not of the
 * kind it should be, is not told. */
#ifndef ICE_STATUS_TELL_H
#define ICE_STATUS_TELL_H

#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "engine/terminal.h"

void ice_status_tell(const json_t *status, int64_t wall, const struct ice_terminal_style *style, FILE *to);

/* "3 days 4 h", "12 min", "5 s": the two largest units that matter. */
#define ICE_STATUS_SPAN_SIZE 32
const char *ice_status_span(int64_t seconds, char out[ICE_STATUS_SPAN_SIZE]);

#endif
