/* terminal: what the terminal behind a stream can show. */
#ifndef ICE_TERMINAL_H
#define ICE_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct ice_terminal_style {
	size_t width; /* columns of the terminal; 0 = no limit */
	bool color;
	bool utf8;
};

/* What suits this stream: its terminal's width, NO_COLOR, TERM=dumb, the locale's characters. */
struct ice_terminal_style ice_terminal_style_of(FILE *to, bool no_color);

/* Columns of the terminal behind a stream; 0 when it is none. COLUMNS is believed first. */
size_t ice_terminal_width(FILE *to);

#endif
