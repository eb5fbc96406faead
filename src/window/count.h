/* count: what a range means, before it is saved: how many addresses, which of them other ranges have too, what was left out or may be a mistake,
 * and what a sweep of it costs. Nothing is asked. */
#ifndef WINDOW_COUNT_H
#define WINDOW_COUNT_H

#include <jansson.h>
#include <stdint.h>

#include "ice/range.h"
#include "ice/settings.h"

/* Of the rows of one range, a line each; `saved` is the configuration as it stands, without the range called `self`. Facts for count.html:
 * addresses, notes, wrong or empty, and of a sweep of it alone: packets, tries, time, spread (what one that begins by the clock takes at least, where
 * that is longer), rate with limited, cap with capped (it is what takes the time). */
json_t *window_count_rows(const char *addresses, const char *exclude, const char *allow,
                          const struct ice_settings *saved, const char *self);

/* Of all ranges of a configuration. */
json_t *window_count_all(const struct ice_settings *saved);

#endif
