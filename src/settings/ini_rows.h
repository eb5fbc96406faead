/* ini_rows: the rows of one option in a section become these and no others, and every remark stays with the row that it stands above.
 *
 * Rows are told by their values: one that stays keeps its line, wherever it comes to stand in the list. Where the list has other values in the place
 * of as many, those rows were changed and get the new values in their lines. What else is new is put in behind the row before it; what else is gone
 * is removed, and a remark directly above it stays, kept apart by a blank line from what comes next. */
#ifndef ICE_INI_ROWS_H
#define ICE_INI_ROWS_H

#include "ini_text.h"

/* At least one value; none must be refused by ice_ini_text_row_refused. */
void ice_ini_rows_set(struct ice_ini_text *t, size_t section, const char *name, const char *const *values,
                      size_t count);

#endif
