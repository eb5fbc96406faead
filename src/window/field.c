#include "field.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/batch.h"

#define FIELD_NAME_MAX 128
#define FIELD_DIGEST   16 /* hexadecimal digits that tell what a field showed from what it holds */

/* How to say what the option's own name does not. */
static const struct field_word {
	const char *section, *option, *label, *example;
	bool lines; /* a line for each row */
} field_words[] = {
        {"server", "http_fallback", "When HTTPS cannot be reached", NULL, false},
        {"server", "http_port", "Port for sealed HTTP", NULL, false},
        {"server", "pin", "Public key pins", "sha256//…", true},
        {"server", "client_certificate", "Client certificate file", "engine.pem", false},
        {"server", "client_key", "Client key file", "engine.key", false},
        {"server", "enrolment", "Enrolment file", "enrolment", false},
        {"server", "proxy", "Proxy", "http://proxy.example.org:3128", false},
        {"range", "addresses", "Addresses", "10.1.0.0/16", true},
        {"range", "exclude", "Never ask", "10.1.9.0/24", true},
        {"range", "allow_public", "Public addresses allowed all the same", "203.0.113.0/28", true},
        {"state", "directory", "Folder of the outbox", NULL, false},
        {"state", "outbox_size", "Most bytes waiting", NULL, false},
        {"sweep", "subnet_cap", "Addresses of one /24 at once", NULL, false},
        {"sweep", "window", "Requests in flight", NULL, false},
        {"sweep", "conversations", "Printers read at once", NULL, false},
        {"sweep", "port", "UDP port", NULL, false},
        {"sweep", "versions", "SNMP versions", NULL, false},
        {"sweep", "timeout", "Time-out", NULL, false},
        {"privacy", "alert_text", "Free text of alerts", NULL, false},
        {"privacy", "name", "Names of printers", NULL, false},
        {"privacy", "location", "Locations of printers", NULL, false},
        {"profiles", "directory", "Folder of the vendor profiles", NULL, false},
};

const struct ice_conf_option *window_field_options(const char *section)
{
	for (const struct ice_settings_section *s = ice_settings_sections(); s->name; s++)
		if (strcmp(s->name, section) == 0)
			return s->options;
	return NULL;
}

static const struct field_word *field_word(const char *section, const char *option)
{
	for (size_t i = 0; i < sizeof field_words / sizeof *field_words; i++)
		if (strcmp(field_words[i].section, section) == 0 && strcmp(field_words[i].option, option) == 0)
			return &field_words[i];
	return NULL;
}

/* An option of several rows says so in its help; one that has several has a line for each in any case. */
static bool field_has_lines(const struct ice_settings_edit *edit, const char *section, const char *title,
                            const struct ice_conf_option *o)
{
	const struct field_word *word = field_word(section, o->name);
	return o->kind == ICE_CONF_CALL && ((word && word->lines) || strstr(o->help, "several") ||
	                                    ice_settings_edit_count(edit, title, o->name) > 1);
}

/* "outbox_size" -> "Outbox size" */
static json_t *field_label(const struct field_word *word, const char *option)
{
	char label[FIELD_NAME_MAX];
	if (word)
		return json_string(word->label);
	snprintf(label, sizeof label, "%s", option);
	for (char *c = label; *c; c++)
		*c = *c == '_' ? ' ' : *c;
	label[0] = (char)toupper((unsigned char)label[0]);
	return json_string(label);
}

/* The help of an option is half a sentence, as it stands in --help and in remarks; in a form it is a whole one. */
static json_t *field_help(const char *help)
{
	char text[512];
	size_t n = (size_t)snprintf(text, sizeof text - 1, "%s", help);
	n = n < sizeof text - 2 ? n : sizeof text - 2;
	if (strcspn(text, ":") > strcspn(text, " ")) /* but not an address */
		text[0] = (char)toupper((unsigned char)text[0]);
	if (n > 0 && !ispunct((unsigned char)text[n - 1]))
		memcpy(text + n, ".", 2);
	return json_string(text);
}

/* Rows joined by line ends, malloc'd. */
static char *field_value(const struct ice_settings_edit *edit, const char *title, const char *option)
{
	char *text = NULL;
	size_t len, count = ice_settings_edit_count(edit, title, option);
	FILE *out = open_memstream(&text, &len);
	if (!out)
		abort();
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%s", i ? "\n" : "", ice_settings_edit_value(edit, title, option, i));
	if (fclose(out) != 0)
		abort();
	return text;
}

static bool field_skipped(const char *const *skip, const char *option)
{
	for (; skip && *skip; skip++)
		if (strcmp(*skip, option) == 0)
			return true;
	return false;
}

/* A row of radio buttons: the words that may be chosen, the default marked. */
static json_t *field_choices(const char *choices, const char *fallback, const char *value)
{
	json_t *list = json_array();
	while (*choices) {
		size_t n = strcspn(choices, "|");
		json_t *choice = json_object();
		bool is_default = fallback && strlen(fallback) == n && strncmp(fallback, choices, n) == 0;
		bool chosen = *value ? strlen(value) == n && strncmp(value, choices, n) == 0 : is_default;
		json_object_set_new(choice, "value", json_stringn(choices, n));
		json_object_set_new(choice, "is_default", json_boolean(is_default));
		json_object_set_new(choice, "chosen", json_boolean(chosen));
		json_array_append_new(list, choice);
		choices += n + (choices[n] == '|');
	}
	return list;
}

/* Which control: exactly one of these facts is there for the template. */
static void field_control(json_t *f, const struct ice_conf_option *o, bool lines, const char *value)
{
	if (o->kind == ICE_CONF_CHOICE)
		json_object_set_new(f, "choices", field_choices(o->choices, o->fallback, value));
	else if (o->kind == ICE_CONF_BOOL)
		json_object_set_new(f, "choices", field_choices("yes|no", o->fallback, value));
	else if (lines)
		json_object_set_new(f, "lines", json_true());
	else
		json_object_set_new(f, "line", json_true());
	json_object_set_new(f, "choice", json_boolean(json_object_get(f, "choices") != NULL));
}

/* What a field shows of an option: its rows; a choice always shows one. malloc'd. */
static char *field_shown(const struct ice_settings_edit *edit, const char *title, const struct ice_conf_option *o)
{
	char *text = field_value(edit, title, o->name);
	bool choice = o->kind == ICE_CONF_CHOICE || o->kind == ICE_CONF_BOOL;
	if (*text || !choice || !o->fallback)
		return text;
	free(text);
	text = strdup(o->fallback);
	if (!text)
		abort();
	return text;
}

static void field_digest(const char *text, char out[FIELD_DIGEST + 1])
{
	char id[ICE_BATCH_ID_SIZE];
	ice_batch_id(text, strlen(text), id);
	snprintf(out, FIELD_DIGEST + 1, "%.*s", FIELD_DIGEST, id);
}

/* Cuts at line ends, takes away blanks around each row and rows that are blank. As many as there are: what bounds them is the form. The
 * copy holds what the list, malloc'd, points to. */
static const char **field_rows(char *copy, size_t *rows_count)
{
	size_t count = 0, most = 1;
	char *rest = copy, *row;
	for (const char *c = copy; *c; c++)
		most += *c == '\n';
	const char **rows = calloc(most, sizeof *rows);
	if (!rows)
		abort();
	while ((row = strsep(&rest, "\n"))) {
		row += strspn(row, " \t");
		size_t n = strlen(row);
		while (n > 0 && strchr(" \t", row[n - 1]))
			row[--n] = '\0';
		if (n > 0)
			rows[count++] = row;
	}
	*rows_count = count;
	return rows;
}

/* What was entered, its rows joined as those of a file are. malloc'd. */
static char *field_tidy(const char *entered)
{
	char *copy = strdup(entered), *text = calloc(1, strlen(entered) + 2), *at = text;
	size_t count;
	if (!copy || !text)
		abort();
	const char **rows = field_rows(copy, &count);
	for (size_t i = 0; i < count; i++)
		at += sprintf(at, "%s%s", i ? "\n" : "", rows[i]);
	free(rows);
	free(copy);
	return text;
}

/* What was entered in a field; NULL when there is none, or when it holds what it showed: then it says nothing of what the option shall be. */
static const char *field_entered(const struct window_form *form, const char *id)
{
	char name[FIELD_NAME_MAX + 16], digest[FIELD_DIGEST + 1];
	const char *entered = window_form_get(form, id);
	if (!entered)
		return NULL;
	snprintf(name, sizeof name, "shown.%s", id);
	char *tidy = field_tidy(entered);
	field_digest(tidy, digest);
	free(tidy);
	return window_form_is(form, name, digest) ? NULL : entered;
}

json_t *window_field_list(const struct ice_settings_edit *edit, const char *section, const char *title,
                          const struct window_form *form, const json_t *mistakes, const char *const *skip)
{
	json_t *list = json_array();
	for (const struct ice_conf_option *o = window_field_options(section); o && o->name; o++) {
		char id[FIELD_NAME_MAX], key[2 * FIELD_NAME_MAX];
		if (field_skipped(skip, o->name))
			continue;
		const struct field_word *word = field_word(section, o->name);
		snprintf(id, sizeof id, "%s.%s", section, o->name);
		snprintf(key, sizeof key, "%s.%s", title, o->name);
		const char *entered = form ? field_entered(form, id) : NULL;
		char *saved = field_value(edit, title, o->name), *shown = field_shown(edit, title, o);
		char digest[FIELD_DIGEST + 1];
		field_digest(shown, digest);
		json_t *f = json_object();
		json_object_set_new(f, "id", json_string(id));
		json_object_set_new(f, "option", json_string(o->name));
		json_object_set_new(f, "shown", json_string(digest));
		json_object_set_new(f, "label", field_label(word, o->name));
		json_object_set_new(f, "help", field_help(o->help));
		json_object_set_new(f, "value", json_string(entered ? entered : saved));
		json_object_set_new(f, "example", json_string(word && word->example ? word->example : ""));
		json_object_set_new(f, "fallback", json_string(o->fallback ? o->fallback : ""));
		json_object_set(f, "mistake", json_object_get(mistakes, key));
		field_control(f, o, field_has_lines(edit, section, title, o), entered ? entered : saved);
		json_array_append_new(list, f);
		free(shown);
		free(saved);
	}
	return list;
}

void window_field_mistake(json_t *mistakes, const char *title, const char *option, const char *text)
{
	char key[2 * FIELD_NAME_MAX];
	snprintf(key, sizeof key, "%s.%s", title, option);
	const char *before = json_string_value(json_object_get(mistakes, key));
	json_object_set_new(mistakes, key, before ? json_sprintf("%s\n%s", before, text) : json_string(text));
}

/* ---- back ---- */

/* An option that stands at its default and is left there stays unset: the file goes on saying so by itself. */
static bool field_stays_unset(const struct ice_settings_edit *edit, const char *title, const struct ice_conf_option *o,
                              const char *value)
{
	return o->fallback && strcmp(value, o->fallback) == 0 && ice_settings_edit_count(edit, title, o->name) == 0;
}

/* Somebody else has changed the very option that was changed here: whoever saves again has seen to what. */
static void field_conflict(const struct ice_settings_edit *edit, const char *title, const struct ice_conf_option *o,
                           const struct window_form *form, const char *id, const char *entered, json_t *mistakes)
{
	char name[FIELD_NAME_MAX + 16], digest[FIELD_DIGEST + 1], text[512];
	snprintf(name, sizeof name, "shown.%s", id);
	char *now = field_shown(edit, title, o), *tidy = field_tidy(entered);
	field_digest(now, digest);
	if (window_form_get(form, name) && !window_form_is(form, name, digest) && strcmp(now, tidy) != 0) {
		snprintf(text, sizeof text, "was changed in the file meanwhile%s%.400s; saved again, yours replaces it",
		         *now ? " and is now " : ", where it is not set any more", now);
		for (char *c = text; *c; c++)
			*c = *c == '\n' ? ' ' : *c;
		window_field_mistake(mistakes, title, o->name, text);
	}
	free(now);
	free(tidy);
}

void window_field_take(struct ice_settings_edit *edit, const char *section, const char *title,
                       const struct window_form *form, json_t *mistakes, const char *const *skip)
{
	for (const struct ice_conf_option *o = window_field_options(section); o && o->name; o++) {
		char id[FIELD_NAME_MAX], why[512];
		snprintf(id, sizeof id, "%s.%s", section, o->name);
		const char *entered = field_entered(form, id);
		if (!entered || field_skipped(skip, o->name))
			continue;
		field_conflict(edit, title, o, form, id, entered, mistakes);
		char *copy = strdup(entered);
		if (!copy)
			abort();
		size_t count;
		const char **rows = field_rows(copy, &count);
		if (count == 1 && field_stays_unset(edit, title, o, rows[0]))
			count = 0;
		if (!ice_settings_edit_set_rows(edit, title, o->name, rows, count, why, sizeof why))
			window_field_mistake(mistakes, title, o->name, why);
		free(rows);
		free(copy);
	}
}
