#include "ini_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/text.h"

#define INI_TEXT_BLANKS    " \t"
#define INI_TEXT_TITLE_MAX 49

/* ---- what a line is: the same eyes as conf.c's gate ---- */

static char *ini_text_copy(const char *s, size_t n)
{
	char *copy = strndup(s, n);
	if (!copy)
		abort();
	return copy;
}

/* The part of a text between blanks. */
static const char *ini_text_trim(const char *s, size_t *n)
{
	while (*n > 0 && strchr(INI_TEXT_BLANKS, *s))
		s++, --*n;
	while (*n > 0 && strchr(INI_TEXT_BLANKS, s[*n - 1]))
		--*n;
	return s;
}

/* The line without its end and without blanks around it. */
static const char *ini_text_body(const char *text, size_t *n)
{
	*n = strcspn(text, "\n");
	if (*n > 0 && text[*n - 1] == '\r')
		--*n;
	return ini_text_trim(text, n);
}

/* "[title]" and at most a comment: the title, with one blank between its words; else NULL. */
static char *ini_text_title(const char *s, size_t n)
{
	const char *close = memchr(s, ']', n);
	if (!close)
		return NULL;
	size_t after = (size_t)(s + n - close - 1), inside = (size_t)(close - s - 1);
	const char *rest = ini_text_trim(close + 1, &after), *name = ini_text_trim(s + 1, &inside);
	if (after > 0 && *rest != ';' && *rest != '#')
		return NULL;
	char *title = ini_text_copy(name, inside);
	size_t first = strcspn(title, INI_TEXT_BLANKS), gap = strspn(title + first, INI_TEXT_BLANKS);
	if (gap > 0) {
		title[first] = ' ';
		memmove(title + first + 1, title + first + gap, strlen(title + first + gap) + 1);
	}
	if (!ice_ini_text_title_refused(title))
		return title;
	free(title);
	return NULL;
}

/* "name = value" or "name: value". */
static bool ini_text_row(const char *s, size_t n, struct ice_ini_line *line)
{
	size_t at = 0;
	while (at < n && s[at] != '=' && s[at] != ':')
		at++;
	if (at == 0 || at == n)
		return false;
	size_t name_len = at, value_len = n - at - 1;
	const char *name = ini_text_trim(s, &name_len), *value = ini_text_trim(s + at + 1, &value_len);
	line->name = ini_text_copy(name, name_len);
	line->value = ini_text_copy(value, value_len);
	return true;
}

/* An option's name is one word, so that a remark with an = in it is none. */
static bool ini_text_is_word(const char *name)
{
	return *name && strspn(name, "abcdefghijklmnopqrstuvwxyz_0123456789") == strlen(name);
}

/* A line that begins with ; : what it would be without that. */
static void ini_text_classify_off(struct ice_ini_line *line, const char *s, size_t n)
{
	s = ini_text_trim(s, &n);
	line->kind = ICE_INI_REMARK;
	if (n > 0 && *s == '[' && (line->name = ini_text_title(s, n))) {
		line->kind = ICE_INI_OFF_SECTION;
	} else if (n > 0 && *s != ';' && *s != '#' && ini_text_row(s, n, line)) {
		if (ini_text_is_word(line->name)) {
			line->kind = ICE_INI_OFF_ROW;
			return;
		}
		free(line->name);
		free(line->value);
		line->name = line->value = NULL;
	}
}

static void ini_text_classify(struct ice_ini_line *line)
{
	size_t n;
	const char *s = ini_text_body(line->text, &n);
	line->name = line->value = NULL;
	if (n == 0) {
		line->kind = ICE_INI_BLANK;
	} else if (*s == ';') {
		ini_text_classify_off(line, s + 1, n - 1);
	} else if (*s == '#') {
		line->kind = ICE_INI_REMARK;
	} else if (*s == '[') {
		line->kind = ICE_INI_SECTION;
		line->name = ini_text_title(s, n);
	} else {
		line->kind = ini_text_row(s, n, line) ? ICE_INI_ROW : ICE_INI_OTHER;
	}
}

/* ---- the text ---- */

static void ini_text_drop(struct ice_ini_line *line)
{
	free(line->text);
	free(line->name);
	free(line->value);
}

/* Takes the line over; its text is malloc'd and has its end. */
static void ini_text_add(struct ice_ini_text *t, size_t at, char *text)
{
	struct ice_ini_line *lines = reallocarray(t->lines, t->count + 1, sizeof(*lines));
	if (!lines)
		abort();
	t->lines = lines;
	memmove(lines + at + 1, lines + at, (t->count - at) * sizeof(*lines));
	t->count++;
	lines[at] = (struct ice_ini_line){.text = text};
	ini_text_classify(&lines[at]);
}

static void ini_text_replace(struct ice_ini_text *t, size_t at, char *text)
{
	ini_text_drop(&t->lines[at]);
	t->lines[at] = (struct ice_ini_line){.text = text};
	ini_text_classify(&t->lines[at]);
}

void ice_ini_text_parse(struct ice_ini_text *t, const char *bytes, size_t n)
{
	size_t lines = 0, first = n;
	*t = (struct ice_ini_text){.end = "\n"};
	for (size_t i = 0; i < n; i++) {
		lines += bytes[i] == '\n';
		if (bytes[i] == '\n' && first == n)
			first = i;
	}
	if (first < n && first > 0 && bytes[first - 1] == '\r')
		t->end = "\r\n";
	t->lines = calloc(lines + 1, sizeof(*t->lines));
	if (!t->lines)
		abort();
	while (n > 0) {
		const char *stop = memchr(bytes, '\n', n);
		size_t len = stop ? (size_t)(stop - bytes) + 1 : n;
		struct ice_ini_line *line = &t->lines[t->count++];
		line->text = ini_text_copy(bytes, len);
		ini_text_classify(line);
		bytes += len;
		n -= len;
	}
}

void ice_ini_text_free(struct ice_ini_text *t)
{
	for (size_t i = 0; i < t->count; i++)
		ini_text_drop(&t->lines[i]);
	free(t->lines);
	*t = (struct ice_ini_text){.end = "\n"};
}

char *ice_ini_text_format(const struct ice_ini_text *t, size_t *len)
{
	size_t n = 0;
	for (size_t i = 0; i < t->count; i++)
		n += strlen(t->lines[i].text);
	char *out = malloc(n + 1), *at = out;
	if (!out)
		abort();
	for (size_t i = 0; i < t->count; i++)
		at = stpcpy(at, t->lines[i].text);
	*at = '\0';
	*len = n;
	return out;
}

/* ---- sections and rows ---- */

size_t ice_ini_text_section(const struct ice_ini_text *t, const char *title)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->lines[i].kind == ICE_INI_SECTION && t->lines[i].name && strcmp(t->lines[i].name, title) == 0)
			return i;
	return ICE_INI_TEXT_NONE;
}

size_t ice_ini_text_section_end(const struct ice_ini_text *t, size_t section)
{
	size_t i = section + 1;
	while (i < t->count && t->lines[i].kind != ICE_INI_SECTION)
		i++;
	return i;
}

size_t ice_ini_text_section_tail(const struct ice_ini_text *t, size_t section)
{
	size_t end = ice_ini_text_section_end(t, section), i = end;
	while (end < t->count && i > section + 1 && t->lines[i - 1].kind == ICE_INI_REMARK)
		i--;
	while (i > section + 1 && t->lines[i - 1].kind == ICE_INI_BLANK)
		i--;
	return i;
}

size_t ice_ini_text_row(const struct ice_ini_text *t, size_t section, const char *name, size_t nth)
{
	size_t end = ice_ini_text_section_end(t, section);
	for (size_t i = section + 1; i < end; i++)
		if (t->lines[i].kind == ICE_INI_ROW && strcmp(t->lines[i].name, name) == 0 && nth-- == 0)
			return i;
	return ICE_INI_TEXT_NONE;
}

size_t ice_ini_text_off_row(const struct ice_ini_text *t, size_t section, const char *name)
{
	size_t end = ice_ini_text_section_end(t, section);
	for (size_t i = section + 1; i < end && t->lines[i].kind != ICE_INI_OFF_SECTION; i++)
		if (t->lines[i].kind == ICE_INI_OFF_ROW && strcmp(t->lines[i].name, name) == 0)
			return i;
	return ICE_INI_TEXT_NONE;
}

/* ---- what the reader would not read back ---- */

static const char *ini_text_refused(const char *s)
{
	size_t n = strlen(s);
	if (!ice_text_is_utf8((const uint8_t *)s, n))
		return "is not valid UTF-8";
	for (size_t i = 0; i < n; i++)
		if ((s[i] >= 0 && s[i] < 0x20 && s[i] != '\t') || s[i] == 0x7f)
			return s[i] == '\n' || s[i] == '\r' ? "is more than one line" : "holds a control character";
	if (n > 0 && (strchr(INI_TEXT_BLANKS, s[0]) || strchr(INI_TEXT_BLANKS, s[n - 1])))
		return "begins or ends with a blank, which would be lost";
	return NULL;
}

const char *ice_ini_text_row_refused(const char *name, const char *value)
{
	const char *why = ini_text_refused(value);
	if (why)
		return why;
	if (!*value)
		return "is empty; an option without a value is left out";
	if (strlen(name) + 3 + strlen(value) > ICE_INI_TEXT_ROW_MAX)
		return "is too long for one line (197 bytes with the option's name)";
	for (const char *p = value; (p = strchr(p, ';')); p++)
		if (p == value || strchr(INI_TEXT_BLANKS, p[-1]))
			return "holds a \";\" at its begin or after a blank, where a comment would begin";
	return NULL;
}

const char *ice_ini_text_title_refused(const char *title)
{
	const char *why = ini_text_refused(title);
	if (why)
		return why;
	if (!*title)
		return "is empty";
	if (strlen(title) > INI_TEXT_TITLE_MAX)
		return "is too long (49 bytes with the word before it)";
	if (strpbrk(title, ";[]="))
		return "holds one of ; [ ] =";
	return NULL;
}

/* ---- edits ---- */

/* Replaces what lies `at` for `n` bytes of the line. */
static char *ini_text_spliced(const char *line, const char *at, size_t n, const char *with)
{
	char *out;
	if (asprintf(&out, "%.*s%s%s", (int)(at - line), line, with, at + n) < 0)
		abort();
	return out;
}

void ice_ini_text_set_value(struct ice_ini_text *t, size_t row, const char *value)
{
	const struct ice_ini_line *line = &t->lines[row];
	size_t n, value_len;
	const char *body = ini_text_body(line->text, &n), *at = body;
	bool row_is_off = line->kind == ICE_INI_OFF_ROW;
	at += strcspn(body, "=:") + 1;
	value_len = (size_t)(body + n - at);
	const char *old = ini_text_trim(at, &value_len);
	/* What was behind a ; is written plainly; so is what would be too long for all the blanks its writer left. */
	if (row_is_off || value_len == 0 || n - value_len + strlen(value) > ICE_INI_TEXT_ROW_MAX) {
		char *plain;
		if (asprintf(&plain, "%s = %s", line->name, value) < 0)
			abort();
		ini_text_replace(t, row, ini_text_spliced(line->text, body, n, plain));
		free(plain);
		return;
	}
	ini_text_replace(t, row, ini_text_spliced(line->text, old, value_len, value));
}

void ice_ini_text_set_title(struct ice_ini_text *t, size_t section, const char *title)
{
	const char *text = t->lines[section].text, *open = strchr(text, '[') + 1;
	ini_text_replace(t, section, ini_text_spliced(text, open, strcspn(open, "]"), title));
}

void ice_ini_text_insert(struct ice_ini_text *t, size_t at, const char *line)
{
	char *text;
	if (at == t->count && at > 0 && !strchr(t->lines[at - 1].text, '\n')) {
		const char *last = t->lines[at - 1].text;
		size_t n = strlen(last);
		if (n > 0 && last[n - 1] == '\r') /* half an end is there */
			n--;
		if (asprintf(&text, "%.*s%s", (int)n, last, t->end) < 0)
			abort();
		ini_text_replace(t, at - 1, text);
	}
	if (asprintf(&text, "%s%s", line, t->end) < 0)
		abort();
	ini_text_add(t, at, text);
}

void ice_ini_text_remove(struct ice_ini_text *t, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		ini_text_drop(&t->lines[i]);
	memmove(t->lines + from, t->lines + to, (t->count - to) * sizeof(*t->lines));
	t->count -= to - from;
	if (from > 0 && from < t->count && t->lines[from - 1].kind == ICE_INI_REMARK &&
	    t->lines[from].kind != ICE_INI_BLANK)
		ice_ini_text_insert(t, from, "");
}
