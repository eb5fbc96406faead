#include "ice/settings_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ice/batch.h"
#include "ice/replace.h"
#include "ice/settings.h"

#include "ini_text.h"

#define SETTINGS_EDIT_RANGE "range "

struct ice_settings_edit {
	char *file;
	bool exists;
	char *original; /* the file's bytes, to be found there again when it is saved; "" when it was not there */
	size_t original_len;
	char mark[ICE_BATCH_ID_SIZE];
	struct ice_ini_text text, sample;
};

static bool ICE_PRINTF(3, 4) edit_refuse(char *why, size_t why_size, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(why, why_size, fmt, ap);
	va_end(ap);
	return false;
}

/* ---- opening ---- */

/* The whole of a small regular file, malloc'd with a NUL behind it. NULL with errno; ENOENT when there is none. */
static char *edit_slurp(const char *path, size_t *len)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	char *text = NULL;
	ssize_t got = 1;
	*len = 0;
	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		errno = EISDIR;
	} else if ((text = malloc(ICE_INI_TEXT_MAX + 2)) == NULL) {
		abort();
	} else {
		while (*len <= ICE_INI_TEXT_MAX && got > 0)
			if ((got = read(fd, text + *len, ICE_INI_TEXT_MAX + 1 - *len)) > 0)
				*len += (size_t)got;
		text[*len] = '\0';
		int error = got < 0 ? errno : *len > ICE_INI_TEXT_MAX ? EFBIG : strlen(text) != *len ? EILSEQ : 0;
		if (error) {
			free(text);
			text = NULL;
			errno = error;
		}
	}
	close(fd);
	return text;
}

static const char *edit_slurp_words(int error)
{
	switch (error) {
	case ELOOP:
		return "is a symbolic link, name the file that it leads to";
	case EISDIR:
		return "is not a regular file";
	case EFBIG:
		return "is larger than 1 MiB, is it a configuration file?";
	case EILSEQ:
		return "holds a NUL byte, save the file as UTF-8 text";
	default:
		return strerror(error);
	}
}

/* What is in hand is what the file now is. */
static void edit_remember(struct ice_settings_edit *e, char *text, size_t len)
{
	free(e->original);
	e->original = text;
	e->original_len = len;
	ice_batch_id(text, len, e->mark);
}

struct ice_settings_edit *ice_settings_edit_open(const char *file, const char *sample, char *why, size_t why_size)
{
	size_t len, sample_len = 0;
	char *text = edit_slurp(file, &len);
	if (!text && errno != ENOENT) {
		edit_refuse(why, why_size, "%.300s: %s", file, edit_slurp_words(errno));
		return NULL;
	}
	struct ice_settings_edit *e = calloc(1, sizeof(*e));
	if (!e || !(e->file = strdup(file)))
		abort();
	e->exists = text != NULL;
	if (!text && !(text = calloc(1, 1)))
		abort();
	char *model = sample ? edit_slurp(sample, &sample_len) : NULL;
	ice_ini_text_parse(&e->sample, model ? model : "", sample_len);
	bool blank = strspn(text, " \t\r\n") == len;
	if (blank && model)
		ice_ini_text_parse(&e->text, model, sample_len);
	else
		ice_ini_text_parse(&e->text, text, len);
	edit_remember(e, text, len);
	free(model);
	return e;
}

void ice_settings_edit_free(struct ice_settings_edit *e)
{
	if (!e)
		return;
	ice_ini_text_free(&e->text);
	ice_ini_text_free(&e->sample);
	free(e->original);
	free(e->file);
	free(e);
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

bool ice_settings_edit_remove_range(struct ice_settings_edit *e, const char *name, char *why, size_t why_size)
{
	struct ice_ini_text *t = &e->text;
	size_t from;
	if (!edit_find_range(e, name, &from, why, why_size))
		return false;
	size_t to = ice_ini_text_section_tail(t, from);
	while (from > 0 && t->lines[from - 1].kind == ICE_INI_REMARK)
		from--;
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
	ice_ini_text_remove(t, row, row + 1);
	if (off)
		ice_ini_text_insert(t, row, off);
	free(off);
}

/* Where the first row of an option goes that has no place behind a ; : behind the section's last row, whether it is set or not. */
static size_t edit_row_place(const struct ice_ini_text *t, size_t section)
{
	size_t end = ice_ini_text_section_end(t, section), place = section + 1;
	for (size_t i = section + 1; i < end && t->lines[i].kind != ICE_INI_OFF_SECTION; i++)
		if (t->lines[i].kind == ICE_INI_ROW || t->lines[i].kind == ICE_INI_OFF_ROW)
			place = i + 1;
	return place;
}

/* Sets the i-th row, all before it being there. */
static void edit_set_row(struct ice_settings_edit *e, size_t section, const char *name, size_t i, const char *value)
{
	struct ice_ini_text *t = &e->text;
	size_t row = ice_ini_text_row(t, section, name, i);
	if (row == ICE_INI_TEXT_NONE && i == 0)
		row = ice_ini_text_off_row(t, section, name);
	else if (row != ICE_INI_TEXT_NONE && strcmp(t->lines[row].value, value) == 0)
		return;
	if (row != ICE_INI_TEXT_NONE) {
		ice_ini_text_set_value(t, row, value);
		return;
	}
	char *line;
	if (asprintf(&line, "%s = %s", name, value) < 0)
		abort();
	size_t last = i > 0 ? ice_ini_text_row(t, section, name, i - 1) + 1 : edit_row_place(t, section);
	ice_ini_text_insert(t, last, line);
	free(line);
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
	while ((row = ice_ini_text_row(t, section, name, count > 0 ? count : 1)) != ICE_INI_TEXT_NONE)
		ice_ini_text_remove(t, row, row + 1);
	if (count == 0 && (row = ice_ini_text_row(t, section, name, 0)) != ICE_INI_TEXT_NONE)
		edit_unset_last(e, section, title, name, row);
	for (size_t i = 0; i < count; i++)
		edit_set_row(e, section, name, i, values[i]);
	return true;
}

bool ice_settings_edit_set(struct ice_settings_edit *e, const char *section, const char *option, const char *value,
                           char *why, size_t why_size)
{
	return ice_settings_edit_set_rows(e, section, option, &value, value != NULL, why, why_size);
}

/* ---- saving ---- */

/* Whether the file is what was read. */
static bool edit_unchanged(const struct ice_settings_edit *e)
{
	size_t len;
	char *now = edit_slurp(e->file, &len);
	bool same = now ? e->exists && len == e->original_len && memcmp(now, e->original, len) == 0
	                : errno == ENOENT && !e->exists;
	free(now);
	return same;
}

/* The candidate's mistakes are told as the file's: that is where the operator knows the lines to be. */
static bool edit_read(const struct ice_settings_edit *e, const char *candidate, struct ice_conf_mistakes *mistakes)
{
	struct ice_settings *settings = calloc(1, sizeof(*settings)); /* it holds paths: too much for a stack */
	struct ice_conf_mistakes found = {0};
	if (!settings)
		abort();
	bool good = ice_settings_read(candidate, settings, &found);
	ice_settings_free(settings);
	free(settings);
	for (size_t i = 0; i < found.count; i++) {
		const struct ice_conf_told *m = &found.told[i];
		ice_conf_mistake(mistakes, strcmp(m->file, candidate) == 0 ? e->file : m->file, m->line, m->option,
		                 "%s", m->message);
	}
	mistakes->more += found.more;
	ice_conf_mistakes_free(&found);
	return good;
}

/* Writes the candidate and reads it. GOOD leaves it open for the caller to end or drop; otherwise it is gone. */
static enum ice_settings_edit_result edit_candidate(struct ice_settings_edit *e, struct ice_replace *r,
                                                    const char *text, size_t len, struct ice_conf_mistakes *mistakes,
                                                    char *why, size_t why_size)
{
	if (!ice_replace_begin(r, e->file, why, why_size))
		return ICE_SETTINGS_EDIT_FAILED;
	if (!edit_unchanged(e)) {
		ice_replace_drop(r);
		snprintf(why, why_size, "%.300s: was changed by somebody else in the meantime; nothing was written",
		         e->file);
		return ICE_SETTINGS_EDIT_CHANGED;
	}
	if (!ice_replace_put(r, text, len, why, why_size))
		return ICE_SETTINGS_EDIT_FAILED;
	if (!edit_read(e, r->candidate, mistakes)) {
		ice_replace_drop(r);
		snprintf(why, why_size, "%.300s: would hold mistakes; nothing was written", e->file);
		return ICE_SETTINGS_EDIT_MISTAKEN;
	}
	return ICE_SETTINGS_EDIT_GOOD;
}

enum ice_settings_edit_result ice_settings_edit_check(struct ice_settings_edit *e, struct ice_conf_mistakes *mistakes,
                                                      char *why, size_t why_size)
{
	struct ice_replace r;
	size_t len;
	char *text = ice_ini_text_format(&e->text, &len);
	enum ice_settings_edit_result result = edit_candidate(e, &r, text, len, mistakes, why, why_size);
	if (result == ICE_SETTINGS_EDIT_GOOD)
		ice_replace_drop(&r);
	free(text);
	return result;
}

enum ice_settings_edit_result ice_settings_edit_save(struct ice_settings_edit *e, struct ice_conf_mistakes *mistakes,
                                                     char *why, size_t why_size)
{
	const struct ice_replace_as as = {.mode = 0644};
	struct ice_replace r;
	size_t len;
	char *text = ice_ini_text_format(&e->text, &len);
	enum ice_settings_edit_result result = edit_candidate(e, &r, text, len, mistakes, why, why_size);
	if (result == ICE_SETTINGS_EDIT_GOOD && !ice_replace_end(&r, &as, why, why_size))
		result = ICE_SETTINGS_EDIT_FAILED;
	if (result != ICE_SETTINGS_EDIT_GOOD) {
		free(text);
		return result;
	}
	e->exists = true;
	edit_remember(e, text, len);
	return result;
}
