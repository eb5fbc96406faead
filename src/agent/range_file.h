/* range_file: ranges from a file, as many as there are.
 *
 * One or more ranges a line, in the forms that arguments have, "!" included; "#" begins a remark; empty lines mean nothing. "-" is
 * standard input. A line holds at most 4,095 bytes, and there are at most ICE_RANGE_FILE_LINES. Every mistake is told, each with its line,
 * before anyone acts; what is no text ends the reading. */
#ifndef ICE_RANGE_FILE_H
#define ICE_RANGE_FILE_H

#include <stdbool.h>

#include "ice/attr.h"
#include "ice/conf.h"
#include "ice/range.h"

#define ICE_RANGE_FILE_LINES 4000000u

/* Adds what the file says to a range that is not sealed yet. False when there was a mistake. */
ICE_MUST_CHECK bool ice_range_file_add(struct ice_range *r, const char *path, struct ice_conf_mistakes *mistakes);

#endif
