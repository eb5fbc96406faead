/* progress: one live line on standard error while a sweep goes on; nothing at all where standard error is no terminal. */
#ifndef ICE_PROGRESS_H
#define ICE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/clock.h"

struct ice_progress {
	bool shown; /* a terminal, and not --quiet */
	bool drawn; /* a line stands there now */
	ice_usec started;
	ice_usec last; /* drawn */
	uint64_t last_sent;
	double rate; /* smoothed */
};

struct ice_progress_figures {
	uint64_t done, total; /* addresses */
	uint64_t sent;        /* datagrams */
	uint32_t in_flight;
	uint64_t found;
	const char *found_what; /* "printers", "devices" */
};

void ice_progress_init(struct ice_progress *p, bool quiet, ice_usec now);

/* Draws at most eight times a second; `due` tells whether it would, so that nobody gathers figures for nothing. */
bool ice_progress_due(const struct ice_progress *p, ice_usec now);
void ice_progress_draw(struct ice_progress *p, ice_usec now, const struct ice_progress_figures *f);

/* Any other words on the line, as often as above. */
void ice_progress_say(struct ice_progress *p, ice_usec now, const char *text);

/* Takes the line away, before anything else is written to the terminal. */
void ice_progress_clear(struct ice_progress *p);

/* The line itself, without escape sequences, at most `width` columns; for the test. */
void ice_progress_line(const struct ice_progress *p, ice_usec now, const struct ice_progress_figures *f, char *out,
                       size_t width);

#endif
