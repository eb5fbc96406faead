/* csv: one cell of a table for spreadsheets (RFC 4180).
 *
 * Devices name themselves: a text that a spreadsheet would run as a formula ("=cmd(...)") is made a text by an apostrophe before it. */
#ifndef ICE_CSV_H
#define ICE_CSV_H

#include <stdio.h>

/* Quoted where it must be; NULL or "" is an empty cell. What separates cells and ends rows is the caller's. */
void ice_csv_cell(FILE *to, const char *text);

#endif
