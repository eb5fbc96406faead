/* toner: a printer's cartridges as a cell of the fleet table: bars in their colours, or letters and numbers where there is no colour. */
#ifndef ICE_TONER_H
#define ICE_TONER_H

#include <stdbool.h>
#include <stddef.h>

#include "found.h"

enum ice_toner_form {
	ICE_TONER_FULL,   /* K █▊░░ 43% C ████ 98% ... */
	ICE_TONER_BARS,   /* K █▊░░ C ████ ..., four at most */
	ICE_TONER_LOWEST, /* K  3% : only the emptiest */
	ICE_TONER_FORMS
};

#define ICE_TONER_SIZE 1024

/* Writes the cell; returns the columns it takes. */
size_t ice_toner_cell(const struct ice_found_row *row, enum ice_toner_form form, bool color, bool utf8,
                      char out[ICE_TONER_SIZE]);

#endif
