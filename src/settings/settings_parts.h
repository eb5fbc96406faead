/* settings_parts: what the files of settings share: the tables, each in the file of its sections, and what makes a plan of them. */
#ifndef ICE_SETTINGS_PARTS_H
#define ICE_SETTINGS_PARTS_H

#include "ice/settings.h"

#define SETTINGS_AT(type, member) offsetof(struct ice_settings_##type, member)
#define SETTINGS_END                                                                                                   \
	{                                                                                                              \
		NULL, ICE_CONF_TEXT, 0, NULL, 0, 0, NULL, NULL, NULL                                                   \
	}

/* The bounds of intervals, here and in a range's own. */
#define SETTINGS_SECOND INT64_C(1000000)
#define SETTINGS_DAY    (86400 * SETTINGS_SECOND)
#define SETTINGS_LONG   (31 * SETTINGS_DAY)

/* settings_lanes.c: [sweep], [inventory], [pulse], [schedule]. */
extern const struct ice_conf_option ice_settings_sweep_options[], ice_settings_inventory_options[],
        ice_settings_pulse_options[], ice_settings_schedule_options[];
/* What only shows when all rows are there: which hours are left, and whether a printer can be missing before it is retired. */
void ice_settings_lanes_finish(struct ice_settings *s, struct ice_conf_mistakes *m);

/* settings_range.c: [range NAME]. `begin` before reading, `free` in any case. */
void ice_settings_range_begin(struct ice_settings *s);
extern const struct ice_conf_option ice_settings_range_options[];
void *ice_settings_range_open(const struct ice_conf_where *where, const char *name, void *into);
/* What the rows say of `path` is said of `instead`. */
void ice_settings_range_stand_in(struct ice_settings *s, const char *path, const char *instead);
/* Makes the plan: when all legs are there, each loses the edges of the others' subnets, and is sealed. */
void ice_settings_range_plan(struct ice_settings *s, struct ice_conf_mistakes *m);
/* Its part of ice_settings_files: the community files. */
void ice_settings_range_files(const struct ice_settings *s, ice_settings_file_fn *each, void *arg);
void ice_settings_range_free(struct ice_settings *s);

#endif
