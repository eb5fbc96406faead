/* table: the fleet as a person wants to see it.
 *
 * Columns are as wide as what stands in them. Where the terminal is narrower they give way in this order: toner in a shorter form, long texts
 * cut, then whole columns left out, the least telling first; name or model, address and toner stay longest. Without a
 * terminal nothing is cut. */
#ifndef ICE_TABLE_H
#define ICE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "found.h"

struct ice_table_style {
	size_t width; /* columns of the terminal; 0 = no limit */
	bool color;
	bool utf8;
};

/* What suits this stream: its terminal's width, NO_COLOR, TERM=dumb, the locale's characters. */
struct ice_table_style ice_table_style_of(FILE *to, bool no_color);

/* Columns of the terminal behind a stream; 0 when it is none. COLUMNS is believed first. */
size_t ice_table_terminal_width(FILE *to);

/* Printers, or with devices = true whatever spoke SNMP. */
void ice_table_print(const struct ice_found *found, bool devices, const struct ice_table_style *style, FILE *to);

#endif
