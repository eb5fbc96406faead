/* rows: one row of a profile's [facts] to a rung; config/profiles/README.md tells the grammar. */
#ifndef ICE_PRINTER_ROWS_H
#define ICE_PRINTER_ROWS_H

#include "compiled.h"

/* A row as it stood in its file; the strings live in the profiles' pool. */
struct ice_profile_row {
	const char *section, *name, *value;
	unsigned line;
};

/* One file, and what of it is compiled so far. */
struct ice_profile_file {
	char *path;
	struct ice_profile_row *rows;
	size_t count, size;
	struct ice_profile *profile;
	struct ice_profile_file *base;
	enum { ICE_PROFILE_RAW, ICE_PROFILE_COMPILING, ICE_PROFILE_COMPILED } state;
};

/* Adds the rung of one [facts] row. Mistakes are reported with file and line. */
void ice_profile_fact(struct ice_profiles *all, struct ice_profile_file *file, const struct ice_profile_row *row,
                      struct ice_conf_mistakes *mistakes);

/* Adds an object of [ask]: `again = ifPhysAddress.1`. False when the row's name is none of its options. */
ICE_MUST_CHECK bool ice_profile_ask(struct ice_profile_file *file, const struct ice_profile_row *row,
                                    struct ice_conf_mistakes *mistakes);

/* Parses an object: dotted numbers, or a name of [objects] of this file or its bases, then numbers or one
 * of $device $general $marker $supply $localization $polled at the end. */
ICE_MUST_CHECK bool ice_profile_object(const struct ice_profile_file *file, const char *text, struct ice_oid *oid,
                                       enum ice_index *index);

#endif
