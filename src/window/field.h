/* field: the options of ice.ini as the fields of a form, and back.
 *
 * Every option of ice_settings_sections has a field by itself: its kind says which, its help and default stand beside it. What field.c knows of single
 * options is only how to say their name and which of them take a line per row. Options that pages handle in their own way are left
 * out there, too (skip).
 *
 * A field brings back a digest of what it showed. One that still holds that is not taken: it would undo what somebody else has changed in the file
 * since. */
#ifndef WINDOW_FIELD_H
#define WINDOW_FIELD_H

#include <jansson.h>

#include "form.h"
#include "ice/attr.h"
#include "ice/settings.h"
#include "ice/settings_edit.h"

/* "range" -> its rows; NULL when there is no such section. */
const struct ice_conf_option *window_field_options(const char *section);

/* The fields of one section: an array of objects for fields.html. `title` is the section as it is written, "range office". The edit must be as it was opened. `form`: what was
 * entered and could not be saved, shown in place of what is saved; NULL: nothing. `skip`: names of options left out, ends with NULL.
 * `mistakes`: {"sweep.interval": "what is wrong", ...}. */
json_t *window_field_list(const struct ice_settings_edit *edit, const char *section, const char *title,
                          const struct window_form *form, const json_t *mistakes, const char *const *skip);

/* Sets each option that the form has a field of that holds another thing than it showed. What cannot be set is told in `mistakes`, and so
 * is an option that somebody else has changed in the meantime, too. */
void window_field_take(struct ice_settings_edit *edit, const char *section, const char *title,
                       const struct window_form *form, json_t *mistakes, const char *const *skip);

/* Notes a mistake under "title.option"; a second one is put behind the first. */
void window_field_mistake(json_t *mistakes, const char *title, const char *option, const char *text);

#endif
