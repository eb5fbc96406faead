/* job: a command that a button started, while it runs and after.
 *
 * What it prints is kept, within bounds: standard output up to WINDOW_JOB_OUT, standard error up to WINDOW_JOB_ERR. At most WINDOW_JOBS_RUNNING run at
 * once; of those that are over the last WINDOW_JOBS_KEPT stay to be looked at.
 *
 * Life: window_jobs_new -> start, find, stop -> window_jobs_free, which ends what still runs. */
#ifndef WINDOW_JOB_H
#define WINDOW_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "child.h"
#include "ice/attr.h"
#include "ice/clock.h"

#define WINDOW_JOB_OUT      (32u << 20)
#define WINDOW_JOB_ERR      (256u << 10)
#define WINDOW_JOBS_RUNNING 3
#define WINDOW_JOBS_KEPT    12

struct event_base;
struct window_jobs;

struct window_job {
	unsigned id;
	const char *kind; /* "check", "probe", ...: a word that outlives the job */
	char about[128];  /* what it was asked about, for a person */
	bool running, stopped, overflow;
	int status; /* as waitpid gives it */
	time_t started;
	ice_usec began, ended;
	struct window_job_text {
		char *text; /* a NUL behind it */
		size_t len, size, max;
	} out, err;
};

struct window_jobs *window_jobs_new(struct event_base *base);
void window_jobs_free(struct window_jobs *jobs);

/* NULL when too many run, or it could not be started. */
ICE_MUST_CHECK struct window_job *window_jobs_start(struct window_jobs *jobs, const char *kind, const char *about,
                                                    const char *const *argv, const struct window_child_rights *rights);

/* NULL when there is none. What is found is lent until the next start. */
struct window_job *window_jobs_find(const struct window_jobs *jobs, unsigned id);
/* The i-th, newest first; NULL past the last. */
struct window_job *window_jobs_at(const struct window_jobs *jobs, size_t i);
bool window_jobs_running(const struct window_jobs *jobs);

/* As Ctrl-C does. */
void window_job_stop(struct window_jobs *jobs, unsigned id);

/* 0 to 255; -1 while it runs or when it was killed. */
int window_job_exit(const struct window_job *job);

#endif
