/* window: the configuration window, `ice config`: a web page on this machine, for whoever started it and nobody else.
 *
 * It shows and edits what ice.ini says, and has buttons for what the program's other commands do, which it runs as processes of its own
 * (src/window/child.h): no device and no server is ever asked from this process. It listens on the loopback address alone, for one session
 * (src/window/session.h), and ends when it is told to, by Ctrl-C, or after ten minutes in which nobody did anything. It is never part of the
 * service, whose confinement would not let it listen.
 *
 * Changes go through ice/settings_edit.h: checked by the same code as by `ice check`, put in place whole, remarks kept. Communities and keys go into
 * files of mode 0600 and are never shown again. */
#ifndef ICE_WINDOW_H
#define ICE_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"

struct ice_window_options {
	const char *file;   /* ice.ini; made when it is not there */
	const char *sample; /* what a new one begins as; NULL = empty */
	bool v6;            /* ::1 in place of 127.0.0.1 */
	uint16_t port;      /* 0 = a free one */
	ice_usec idle;      /* ends after that; 0 = ten minutes */
};

/* Prints the address on standard output, and serves until the end. False with a reason when it could not begin. */
ICE_MUST_CHECK bool ice_window_run(const struct ice_window_options *options, char *why, size_t why_size);

#endif
