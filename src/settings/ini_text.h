/* ini_text: an INI file as the lines a person wrote, each with what the reader (ice/conf.h) makes of it.
 *
 * Lines keep their bytes and their line ends; only the lines an edit is about are written anew. A section here is the first of its title;
 * further ones are a mistake that the reader tells. Besides sections and rows there are those that stand behind a ; : ";[range office]"
 * and what follows it, up to the next section, describe a section that is not there, and no row of the section above. */
#ifndef ICE_INI_TEXT_H
#define ICE_INI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "ice/attr.h"

#define ICE_INI_TEXT_MAX     (1 << 20)
#define ICE_INI_TEXT_ROW_MAX 197 /* bytes of a row that the reader takes */
#define ICE_INI_TEXT_NONE    SIZE_MAX

enum ice_ini_line_kind {
	ICE_INI_BLANK,
	ICE_INI_REMARK,
	ICE_INI_OFF_ROW,     /* ";name = value" */
	ICE_INI_OFF_SECTION, /* ";[title]" */
	ICE_INI_SECTION,
	ICE_INI_ROW,
	ICE_INI_OTHER /* the reader will tell what is wrong with it */
};

struct ice_ini_line {
	char *text; /* with its line end, which only the last may lack */
	enum ice_ini_line_kind kind;
	char *name;  /* of a row; a section's title, "range office", NULL for one that the reader refuses */
	char *value; /* of a row */
};

struct ice_ini_text {
	struct ice_ini_line *lines;
	size_t count;
	const char *end; /* "\n" or "\r\n": what new lines get */
};

/* The bytes must hold no NUL. */
void ice_ini_text_parse(struct ice_ini_text *t, const char *bytes, size_t n);
void ice_ini_text_free(struct ice_ini_text *t);
char *ice_ini_text_format(const struct ice_ini_text *t, size_t *len); /* malloc'd, a NUL behind it */

/* Index of the section's line, or NONE; and the line where it ends: the next section's, or count. */
size_t ice_ini_text_section(const struct ice_ini_text *t, const char *title);
size_t ice_ini_text_section_end(const struct ice_ini_text *t, size_t section);
/* The line behind the last that belongs to the section: before blank lines, and before the remarks directly above the next section. */
size_t ice_ini_text_section_tail(const struct ice_ini_text *t, size_t section);

/* The i-th row of that name in the section, or NONE; and the first such row behind a ; . */
size_t ice_ini_text_row(const struct ice_ini_text *t, size_t section, const char *name, size_t i);
size_t ice_ini_text_off_row(const struct ice_ini_text *t, size_t section, const char *name);

/* Why the reader would not read the row back as it is given, or NULL. */
const char *ice_ini_text_row_refused(const char *name, const char *value);
/* The same for a section's title. */
const char *ice_ini_text_title_refused(const char *title);

/* Edits; what they are given must not be refused by the above. */
void ice_ini_text_set_value(struct ice_ini_text *t, size_t row, const char *value);
void ice_ini_text_set_title(struct ice_ini_text *t, size_t section, const char *title);
/* A line before line `at`, without its line end. */
void ice_ini_text_insert(struct ice_ini_text *t, size_t at, const char *line);
/* Lines from..to-1. A remark directly above them stays and belongs to nothing: it is kept apart, by a blank line, from what comes next. */
void ice_ini_text_remove(struct ice_ini_text *t, size_t from, size_t to);

#endif
