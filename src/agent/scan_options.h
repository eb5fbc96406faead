/* scan_options: the command line of `ice scan`. */
#ifndef ICE_SCAN_OPTIONS_H
#define ICE_SCAN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/plan.h"

#include "engine/progress.h"

#include "options.h"
#include "output.h"

#define SCAN_OPTIONS_RANGE_FILES 64

struct scan_options {
	struct ice_plan plan; /* one leg: what the command line asks for */
	const char *config, *enrolment, *outbox, *stats, *profiles, *snmp, *allow_public;
	const char *community_files[ICE_PLAN_COMMUNITIES];
	size_t community_file_count;
	const char *range_files[SCAN_OPTIONS_RANGE_FILES];
	size_t range_file_count;
	const struct ice_output_format *format;
	bool community_given, exclude_given, rate_given;
	bool upload, discover, no_color, quiet, dry_run;
	enum ice_progress_form progress;
	bool progress_in_the_way; /* finds are written to the very terminal that shows the progress line */
	uint64_t rate;            /* 0 = no limit */
	int64_t port, retries, window, subnet_cap, seed; /* -1 = not given */
	ice_usec timeout, upload_wait;                   /* timeout 0 = learned, -1 = not given */
	uint32_t shard, shards;
};

void scan_options_init(struct scan_options *o);
void scan_options_fini(struct scan_options *o); /* wipes the communities */

ICE_MUST_CHECK enum ice_options_result scan_options_read(struct scan_options *o, int *argc, char **argv);

/* Makes the plan's leg of the ranges given, those in files too; an exit status. */
ICE_MUST_CHECK int scan_options_ranges(struct scan_options *o, int argc, char **argv);

int scan_options_refuse(const char *fmt, ...) ICE_PRINTF(1, 2);

#endif
