/* output: the finds of a scan on standard output, in one of several formats.
 *
 * A format is a const struct of functions and one row of the table in output.c. table is drawn at the end; json, ndjson and csv stream as
 * finds come. csv cells are those of ice/csv.h. */
#ifndef ICE_OUTPUT_H
#define ICE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "ice/attr.h"
#include "ice/scanner.h"

#include "found.h"

struct ice_output;

struct ice_output_format {
	const char *name;
	bool lines; /* each find is whole lines: who reads along may have them at once */
	void (*begin)(struct ice_output *o);
	void (*printer)(struct ice_output *o, const struct ice_finding *finding);
	void (*device)(struct ice_output *o, const struct ice_finding *finding); /* with --discover, printers too */
	void (*end)(struct ice_output *o);
};

struct ice_output {
	const struct ice_output_format *format;
	FILE *to;
	bool discover; /* every device that speaks SNMP, first contact only */
	bool no_color;
	size_t written, flushed; /* finds */
	int error;               /* of the first write that failed, as in errno; 0 = none did */
	struct ice_found *found; /* table only */
};

/* NULL when there is no format of that name; *names then lists what there is. */
const struct ice_output_format *ice_output_format(const char *name, const char **names);

void ice_output_begin(struct ice_output *o, const struct ice_output_format *format, FILE *to, bool discover,
                      bool no_color);
void ice_output_find(struct ice_output *o, const struct ice_finding *finding);
/* Who reads along wants now what has come: called after each beat, not after each find. */
void ice_output_flush(struct ice_output *o);
void ice_output_end(struct ice_output *o);

#endif
