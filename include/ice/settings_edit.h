/* settings_edit: changes ice.ini as its owner would, in the text.
 *
 * Whatever an edit is not about stays byte for byte as it is: remarks, blank lines, the order, indentation, rows nobody knows. An option
 * that stands at its default behind a ; (";interval = 1h") is set in that very line, and gets it back when it is unset. A section that
 * is not there is taken from the sample, remarks and all, and put where the sample has it. A remark directly above a row or a range that
 * is removed stays, kept apart by a blank line from what comes next: it never comes to speak of anything else.
 *
 * Nothing is written that the reader (ice/conf.h) would not read back as it was given: such values are refused with the reason. Saving
 * writes a candidate beside the file, reads it with ice_settings_read, and only without a mistake renames it over the file, which keeps
 * its owner and mode. A private file that an option names (communities, the enrolment) is part of the same save: its own candidate is what
 * the settings are read with, both are renamed or neither, the private one first. A file that somebody else has changed since it was opened is not overwritten.
 *
 * Sections are named as they are written: "sweep", "range office". Options are those of ice_settings_sections.
 *
 * Life: ice_settings_edit_open -> look, set, add... -> ice_settings_edit_save -> ice_settings_edit_free. After a save the edit goes on with
 * what was saved. */
#ifndef ICE_SETTINGS_EDIT_H
#define ICE_SETTINGS_EDIT_H

#include <stdbool.h>
#include <stddef.h>

#include "ice/attr.h"
#include "ice/conf.h"

struct ice_settings_edit;

/* Reads the file. One that is not there, or holds nothing but blanks, begins as the sample (a path; NULL or not there: as nothing). NULL
 * with "path: reason" when it cannot be read, is a symbolic link, larger than 1 MiB, or holds a NUL. What is wrong in it otherwise is no
 * hindrance here; ice_settings_edit_check tells it. */
ICE_MUST_CHECK struct ice_settings_edit *ice_settings_edit_open(const char *file, const char *sample, char *why,
                                                                size_t why_size);
void ice_settings_edit_free(struct ice_settings_edit *e);

bool ice_settings_edit_is_new(const struct ice_settings_edit *e); /* there is no such file yet */

/* 64 hexadecimal digits that tell the text, as it was read, from any other: a page made from it can be told from one made later. */
const char *ice_settings_edit_mark(const struct ice_settings_edit *e);

/* ---- looking ---- */

/* How many rows set this option; 0 = it has its default. What a row holds is lent until the next change; NULL when there is no such row. */
size_t ice_settings_edit_count(const struct ice_settings_edit *e, const char *section, const char *option);
const char *ice_settings_edit_value(const struct ice_settings_edit *e, const char *section, const char *option,
                                    size_t i);

/* The names of the [range NAME] sections, in the file's order; NULL past the last. */
const char *ice_settings_edit_range(const struct ice_settings_edit *e, size_t i);

/* The text as it is now, malloc'd, with a NUL behind it. */
char *ice_settings_edit_text(const struct ice_settings_edit *e, size_t *len);

/* ---- changing; false with a reason a person can act on, and then nothing is changed ---- */

/* The option's rows are these and no others; no rows: its default. A row whose value is still wanted is left as it is, wherever the list has
 * it; where values have others in their place, as many, their rows get those. An option that is unknown can only be removed. A section that is not there is made, but for ranges. */
ICE_MUST_CHECK bool ice_settings_edit_set_rows(struct ice_settings_edit *e, const char *section, const char *option,
                                               const char *const *values, size_t count, char *why, size_t why_size);

/* The same for one row; NULL: none. */
ICE_MUST_CHECK bool ice_settings_edit_set(struct ice_settings_edit *e, const char *section, const char *option,
                                          const char *value, char *why, size_t why_size);

/* A new range stands behind the others. Removing one removes its name, its rows, and the remarks among them; what stands above its name stays, and
 * so does what comes behind its last row. */
ICE_MUST_CHECK bool ice_settings_edit_add_range(struct ice_settings_edit *e, const char *name, char *why,
                                                size_t why_size);
ICE_MUST_CHECK bool ice_settings_edit_rename_range(struct ice_settings_edit *e, const char *name, const char *to,
                                                   char *why, size_t why_size);
ICE_MUST_CHECK bool ice_settings_edit_remove_range(struct ice_settings_edit *e, const char *name, char *why,
                                                   size_t why_size);

/* The private file that the option names, which must be set, holds this text when the edit is saved (mode 0600, ice/secret.h), and until then
 * what it held. One at a time. */
ICE_MUST_CHECK bool ice_settings_edit_secret(struct ice_settings_edit *e, const char *section, const char *option,
                                             const char *text, char *why, size_t why_size);

/* ---- saving ---- */

enum ice_settings_edit_result {
	ICE_SETTINGS_EDIT_GOOD,
	ICE_SETTINGS_EDIT_MISTAKEN, /* there are mistakes: all are told, with the lines of the text as it is now */
	ICE_SETTINGS_EDIT_CHANGED,  /* the file is no longer what was read: open it anew */
	ICE_SETTINGS_EDIT_FAILED    /* it cannot be written; `why` tells */
};

/* What a save would find; the files are left alone, though its folder must be writable. */
ICE_MUST_CHECK enum ice_settings_edit_result
ice_settings_edit_check(struct ice_settings_edit *e, struct ice_conf_mistakes *mistakes, char *why, size_t why_size);
/* A new configuration gets mode 0644: it holds no secret. `why` is a sentence for each result but GOOD. */
ICE_MUST_CHECK enum ice_settings_edit_result
ice_settings_edit_save(struct ice_settings_edit *e, struct ice_conf_mistakes *mistakes, char *why, size_t why_size);

#endif
