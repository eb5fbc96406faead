#include "ice/settings_edit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/settings.h"

#include "ini_rows.h"
#include "settings_edit_state.h"

#define SETTINGS_EDIT_RANGE "range "

static bool ICE_PRINTF(3, 4) edit_refuse(char *why, size_t why_size, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(why, why_size, fmt, ap);
	va_end(ap);
	return false;
}

bool ice_settings_edit_is_new(const struct ice_settings_edit *e)
{
	return !e->exists;
}

const char *ice_settings_edit_mark(const struct ice_settings_edit *e)
{
	return e->mark;
}

/* ---- looking ---- */

size_t ice_settings_edit_count(const struct ice_settings_edit *e, const char *section, const char *option)
{
	size_t n = 0;
	while (ice_settings_edit_value(e, section, option, n))
		n++;
	return n;
}

const char *ice_settings_edit_value(const struct ice_settings_edit *e, const char *section, const char *option,
                                    size_t i)
{
	size_t at = ice_ini_text_section(&e->text, section);
	size_t row = at == ICE_INI_TEXT_NONE ? at : ice_ini_text_row(&e->text, at, option, i);
	return row == ICE_INI_TEXT_NONE ? NULL : e->text.lines[row].value;
}

static bool edit_is_range(const char *title)
{
	return title && strncmp(title, SETTINGS_EDIT_RANGE, strlen(SETTINGS_EDIT_RANGE)) == 0;
}

const char *ice_settings_edit_range(const struct ice_settings_edit *e, size_t i)
{
	for (size_t k = 0; k < e->text.count; k++) {
		const struct ice_ini_line *line = &e->text.lines[k];
		if (line->kind == ICE_INI_SECTION && edit_is_range(line->name) && i-- == 0)
			return line->name + strlen(SETTINGS_EDIT_RANGE);
	}
	return NULL;
}

char *ice_settings_edit_text(const struct ice_settings_edit *e, size_t *len)
{
	return ice_ini_text_format(&e->text, len);
}

/* ---- sections ---- */

/* The place of a section in the table: "range office" has that of "range". -1 when there is none. */
static int edit_rank(const char *title)
{
	size_t n = title ? strcspn(title, " ") : 0;
	int i = 0;
	for (const struct ice_settings_section *s = ice_settings_sections(); s->name; s++, i++)
		if (n > 0 && strlen(s->name) == n && memcmp(s->name, title, n) == 0)
			return i;
	return -1;
}

static const struct ice_conf_option *edit_option(const char *title, const char *name)
{
	int rank = edit_rank(title);
	const struct ice_conf_option *o = rank < 0 ? NULL : ice_settings_sections()[rank].options;
	while (o && o->name && strcmp(o->name, name) != 0)
		o++;
	return o && o->name ? o : NULL;
}

/* Where a new section belongs: behind the last that the table has before it, or of its own kind; else before all others. */
static size_t edit_place(const struct ice_ini_text *t, const char *title)
{
	int rank = edit_rank(title);
	size_t place = ICE_INI_TEXT_NONE, first = t->count;
	for (size_t i = 0; i < t->count; i++) {
		if (t->lines[i].kind != ICE_INI_SECTION)
			continue;
		if (first == t->count)
			first = i;
		if (edit_rank(t->lines[i].name) <= rank)
			place = ice_ini_text_section_tail(t, i);
	}
	if (place != ICE_INI_TEXT_NONE)
		return place;
	while (first > 0 && first < t->count && t->lines[first - 1].kind == ICE_INI_REMARK)
		first--; /* the remarks directly above a section are its own */
	return first;
}

/* Puts lines from..to-1 of the sample there, or only the title when there are none, and keeps it apart from what stands around it. */
static void edit_put_section(struct ice_settings_edit *e, const char *title, size_t from, size_t to)
{
	struct ice_ini_text *t = &e->text;
	size_t at = edit_place(t, title);
	bool gap_above = at > 0 && t->lines[at - 1].kind != ICE_INI_BLANK;
	bool gap_below = at < t->count && t->lines[at].kind != ICE_INI_BLANK;
	char header[80];
	if (gap_above)
		ice_ini_text_insert(t, at++, "");
	snprintf(header, sizeof(header), "[%s]", title);
	ice_ini_text_insert(t, at++, header);
	for (size_t i = from + 1; i < to; i++) {
		const struct ice_ini_line *model = &e->sample.lines[i];
		char *line;
		if (asprintf(&line, "%s%.*s", model->kind == ICE_INI_ROW ? ";" : "", (int)strcspn(model->text, "\r\n"),
		             model->text) < 0)
			abort();
		ice_ini_text_insert(t, at++, line);
		free(line);
	}
	if (gap_below)
		ice_ini_text_insert(t, at, "");
}

/* The sample's part for a plain section: all its options behind a ; , each with its remark. What the sample sets is not set by this. */
static void edit_add_section(struct ice_settings_edit *e, const char *title)
{
	size_t from = ice_ini_text_section(&e->sample, title), to = 0;
	if (from == ICE_INI_TEXT_NONE) {
		edit_put_section(e, title, 0, 0);
		return;
	}
	/* What is described of sections that are not there belongs to the sample's file, not to this section. */
	for (to = from + 1; to < ice_ini_text_section_tail(&e->sample, from); to++)
		if (e->sample.lines[to].kind == ICE_INI_OFF_SECTION)
			break;
	while (to > from + 1 && to < e->sample.count && e->sample.lines[to].kind == ICE_INI_OFF_SECTION &&
	       e->sample.lines[to - 1].kind == ICE_INI_REMARK)
		to--;
	while (to > from + 1 && (e->sample.lines[to - 1].kind == ICE_INI_BLANK))
		to--;
	edit_put_section(e, title, from, to);
}

static bool edit_range_title(const char *name, char title[80], char *why, size_t why_size)
{
	const char *wrong;
	if ((size_t)snprintf(title, 80, SETTINGS_EDIT_RANGE "%s", name) >= 80)
		return edit_refuse(why, why_size, "the range's name is too long");
	wrong = *name ? ice_ini_text_title_refused(name) : "is empty";
	if (!wrong)
		wrong = ice_ini_text_title_refused(title);
	if (wrong)
		return edit_refuse(why, why_size, "the range's name %s", wrong);
	return true;
}

bool ice_settings_edit_add_range(struct ice_settings_edit *e, const char *name, char *why, size_t why_size)
{
	char title[80];
	if (!edit_range_title(name, title, why, why_size))
		return false;
	if (ice_ini_text_section(&e->text, title) != ICE_INI_TEXT_NONE)
		return edit_refuse(why, why_size, "there is a range of that name already");
	edit_put_section(e, title, 0, 0);
	return true;
}

static bool edit_find_range(const struct ice_settings_edit *e, const char *name, size_t *at, char *why, size_t why_size)
{
	char title[80];
	if (!edit_range_title(name, title, why, why_size))
		return false;
	*at = ice_ini_text_section(&e->text, title);
	return *at != ICE_INI_TEXT_NONE || edit_refuse(why, why_size, "there is no range of that name");
}

bool ice_settings_edit_rename_range(struct ice_settings_edit *e, const char *name, const char *to, char *why,
                                    size_t why_size)
{
	char title[80];
	size_t at;
	if (!edit_find_range(e, name, &at, why, why_size) || !edit_range_title(to, title, why, why_size))
		return false;
	if (strcmp(name, to) == 0)
		return true;
	if (ice_ini_text_section(&e->text, title) != ICE_INI_TEXT_NONE)
		return edit_refuse(why, why_size, "there is a range of that name already");
	ice_ini_text_set_title(&e->text, at, title);
	return true;
}

/* The line behind the last that is the range's own: its last row, set or not, before what describes a section that is not there. Rows of
 * the range behind that, which the reader takes for its own all the same, are removed by themselves. */
static size_t edit_range_end(struct ice_ini_text *t, size_t section)
{
	size_t end = ice_ini_text_section_end(t, section), off = section + 1, last = off;
	for (; off < end && t->lines[off].kind != ICE_INI_OFF_SECTION; off++)
		if (t->lines[off].kind != ICE_INI_BLANK && t->lines[off].kind != ICE_INI_REMARK)
			last = off + 1;
	for (size_t i = end; i-- > off;)
		if (t->lines[i].kind == ICE_INI_ROW)
			ice_ini_text_remove(t, i, i + 1);
	return last;
}

bool ice_settings_edit_remove_range(struct ice_settings_edit *e, const char *name, char *why, size_t why_size)
{
	struct ice_ini_text *t = &e->text;
	size_t from;
	if (!edit_find_range(e, name, &from, why, why_size))
		return false;
	size_t to = edit_range_end(t, from);
	/* Of the blank lines above and below one remains. */
	if (from > 0 && t->lines[from - 1].kind == ICE_INI_BLANK &&
	    (to == t->count || t->lines[to].kind == ICE_INI_BLANK))
		from--;
	ice_ini_text_remove(t, from, to);
	return true;
}

/* ---- options ---- */

/* What an option that is not set looks like: the sample's line, or the default the table knows. malloc'd; NULL when neither tells. */
static char *edit_off_line(const struct ice_settings_edit *e, const char *title, const char *name)
{
	const struct ice_conf_option *o = edit_option(title, name);
	size_t at = ice_ini_text_section(&e->sample, title);
	size_t row = at == ICE_INI_TEXT_NONE ? at : ice_ini_text_row(&e->sample, at, name, 0);
	if (at != ICE_INI_TEXT_NONE && row == ICE_INI_TEXT_NONE)
		row = ice_ini_text_off_row(&e->sample, at, name);
	const char *value = row != ICE_INI_TEXT_NONE ? e->sample.lines[row].value : o ? o->fallback : NULL;
	char *line = NULL;
	if (value && asprintf(&line, ";%s = %s", name, value) < 0)
		abort();
	return line;
}

/* Takes the last row of an option away. Its remark, when it has one above it, is not left without its option. */
static void edit_unset_last(struct ice_settings_edit *e, size_t section, const char *title, const char *name,
                            size_t row)
{
	struct ice_ini_text *t = &e->text;
	bool explained = t->lines[row - 1].kind == ICE_INI_REMARK;
	char *off = explained && ice_ini_text_off_row(t, section, name) == ICE_INI_TEXT_NONE
	                    ? edit_off_line(e, title, name)
	                    : NULL;
	if (off)
		ice_ini_text_insert(t, row++, off);
	ice_ini_text_remove(t, row, row + 1);
	free(off);
}

bool ice_settings_edit_set_rows(struct ice_settings_edit *e, const char *title, const char *name,
                                const char *const *values, size_t count, char *why, size_t why_size)
{
	struct ice_ini_text *t = &e->text;
	size_t section = ice_ini_text_section(t, title), row;
	if (count > 0 && !edit_option(title, name))
		return edit_refuse(why, why_size, "[%.60s] %.60s: there is no such option", title, name);
	for (size_t i = 0; i < count; i++) {
		const char *wrong = ice_ini_text_row_refused(name, values[i]);
		if (wrong)
			return edit_refuse(why, why_size, "%.60s: the value %s", name, wrong);
	}
	if (section == ICE_INI_TEXT_NONE && count == 0)
		return true;
	if (section == ICE_INI_TEXT_NONE && edit_is_range(title))
		return edit_refuse(why, why_size, "there is no [%.60s]", title);
	if (section == ICE_INI_TEXT_NONE) {
		edit_add_section(e, title);
		section = ice_ini_text_section(t, title);
	}
	if (count > 0) {
		ice_ini_rows_set(t, section, name, values, count);
		return true;
	}
	while ((row = ice_ini_text_row(t, section, name, 1)) != ICE_INI_TEXT_NONE)
		ice_ini_text_remove(t, row, row + 1);
	if ((row = ice_ini_text_row(t, section, name, 0)) != ICE_INI_TEXT_NONE)
		edit_unset_last(e, section, title, name, row);
	return true;
}

bool ice_settings_edit_set(struct ice_settings_edit *e, const char *section, const char *option, const char *value,
                           char *why, size_t why_size)
{
	return ice_settings_edit_set_rows(e, section, option, &value, value != NULL, why, why_size);
}
