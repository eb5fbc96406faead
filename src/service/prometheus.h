/* prometheus: the status for node_exporter's textfile collector, in the text exposition format, by its naming conventions: base units, the unit
 * in the name, _total for what only grows. HELP and TYPE stand before each family, whose samples stand together. */
#ifndef ICE_PROMETHEUS_H
#define ICE_PROMETHEUS_H

#include <stdio.h>

#include "status.h"

void ice_prometheus_write(const struct ice_status *s, FILE *to);

/* A label's value: backslash, quote and line end are escaped, and nothing else has to be. */
void ice_prometheus_escape(const char *text, FILE *to);

#endif
