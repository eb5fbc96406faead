/* results: what the sweeps of this window found: the records that the newest one printed, a JSON object a line. */
#ifndef WINDOW_RESULTS_H
#define WINDOW_RESULTS_H

#include <jansson.h>

#include "job.h"

/* The facts of each record (view.h), in the order found; a line that is none is passed over. */
json_t *window_results_list(const struct window_job *job);

/* The last n of them, the newest first; quick, however many there are. */
json_t *window_results_last(const struct window_job *job, size_t n);

/* How many there are, without looking into them. */
size_t window_results_count(const struct window_job *job);

/* The newest sweep that found anything, NULL when there is none. */
const struct window_job *window_results_job(const struct window_jobs *jobs);

#endif
