/* progress: how a sweep gets on, on standard error: one live line, where that is a terminal; or JSON for programs, an object a line, four times a second:
 *
 *   {"done","total" (addresses),"found","what" ("printers", "devices"),"sent" (datagrams),"rate" (a second, of the last few),"in_flight","seconds"
 *   (since the sweep began),"left"? (seconds, about)}, and {"doing": words} while it waits for something else. The last one tells the figures of the
 *   whole sweep, "rate" included. */
#ifndef ICE_PROGRESS_H
#define ICE_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/clock.h"

enum ice_progress_form { ICE_PROGRESS_NONE, ICE_PROGRESS_LINE, ICE_PROGRESS_JSON };

struct ice_progress {
	enum ice_progress_form form;
	bool drawn;    /* a line stands there now */
	ice_usec last; /* drawn */
	uint64_t last_sent;
	double sent, seconds; /* of late: what lies back counts the less */
	double rate;          /* of late */
};

struct ice_progress_figures {
	uint64_t done, total; /* addresses */
	uint64_t sent;        /* datagrams */
	uint32_t in_flight;
	double seconds;  /* since the sweep began, until it ended */
	double expected; /* seconds that it is thought to take in all; 0 = not known */
	uint64_t found;
	const char *found_what; /* "printers", "devices" */
};

/* A line is only for a terminal. */
void ice_progress_init(struct ice_progress *p, enum ice_progress_form form, ice_usec now);

/* Seconds that are left; -1 when it is too early to tell. At first addresses are begun and few are done, for silence takes its time: until as many
 * are as make a measure it is what was expected; after that what was begun in the time so far is, and the more so the less of it is in flight. */
double ice_progress_left(const struct ice_progress_figures *f);

/* Brings the rate up to now. */
void ice_progress_measure(struct ice_progress *p, ice_usec now, const struct ice_progress_figures *f);

/* Draws a line at most eight times a second; `due` tells whether it would, so that nobody gathers figures for nothing. */
bool ice_progress_due(const struct ice_progress *p, ice_usec now);
void ice_progress_draw(struct ice_progress *p, ice_usec now, const struct ice_progress_figures *f);

/* The figures of the end; of interest to programs only. */
void ice_progress_end(struct ice_progress *p, const struct ice_progress_figures *f);

/* Any other words on the line, as often as above. */
void ice_progress_say(struct ice_progress *p, ice_usec now, const char *text);

/* Takes the line away, before anything else is written to the terminal. */
void ice_progress_clear(struct ice_progress *p);

/* The line itself, without escape sequences, at most `width` columns; for the test. */
void ice_progress_line(const struct ice_progress *p, const struct ice_progress_figures *f, char *out, size_t width);

#endif
