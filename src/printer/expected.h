/* expected: how many rows the tables of a model had, so that GETBULK asks the next printer of it for as many and one more, which shows their
 * end.
 *
 * A hint that no fact rests on: a table that turns out longer is read on, one that is shorter ends where it ends. Of each model it keeps the most
 * rows seen; models share a place by accident of hashing, and then forget each other. */
#ifndef ICE_PRINTER_EXPECTED_H
#define ICE_PRINTER_EXPECTED_H

#include <stdint.h>

#include "ice/probe.h"

struct ice_expected;

struct ice_expected *ice_expected_new(void); /* never NULL */
void ice_expected_free(struct ice_expected *e);

/* What a printer is called by those of its kind alone: its sysObjectID and its description. */
uint32_t ice_expected_model(const struct ice_identity *identity);

/* 0 = none of the model was read yet. */
unsigned ice_expected_rows(const struct ice_expected *e, uint32_t model);
void ice_expected_learn(struct ice_expected *e, uint32_t model, unsigned rows);

#endif
