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

#include "engine/terminal.h"

#include "found.h"

/* Printers, or with devices = true whatever spoke SNMP. */
void ice_table_print(const struct ice_found *found, bool devices, const struct ice_terminal_style *style, FILE *to);

#endif
