/* Network: the ranges, their addresses and communities. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "count.h"
#include "field.h"
#include "page.h"

#define NETWORK_TITLE_MAX 128
#define NETWORK_FRONT     "addresses", "exclude"

static const char *const network_own[] = {"communities", NULL}; /* not a field: a file taken in */

/* ---- all of them ---- */

static json_t *network_range(const struct ice_settings_edit *edit, const char *name,
                             const struct ice_settings *settings)
{
	char title[NETWORK_TITLE_MAX];
	snprintf(title, sizeof title, "range %s", name);
	json_t *facts = json_pack("{s:s, s:[], s:[]}", "name", name, "written", "excluded");
	for (size_t i = 0; i < ice_settings_edit_count(edit, title, "addresses"); i++)
		json_array_append_new(json_object_get(facts, "written"),
		                      json_string(ice_settings_edit_value(edit, title, "addresses", i)));
	for (size_t i = 0; i < ice_settings_edit_count(edit, title, "exclude"); i++)
		json_array_append_new(json_object_get(facts, "excluded"),
		                      json_string(ice_settings_edit_value(edit, title, "exclude", i)));
	for (size_t i = 0; i < settings->plan.count; i++) {
		const struct ice_leg *leg = settings->plan.legs[i];
		if (strcmp(leg->name, name) != 0)
			continue;
		json_object_set_new(facts, "count", json_integer((json_int_t)ice_range_count(leg->range)));
		json_object_set_new(facts, "own",
		                    json_boolean(ice_settings_edit_count(edit, title, "communities") > 0));
		json_object_set_new(facts, "communities", json_integer((json_int_t)leg->community_count));
		json_object_set_new(facts, "one", json_boolean(leg->community_count == 1));
	}
	return facts;
}

void window_page_network(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	struct ice_settings settings;
	struct ice_conf_mistakes mistakes = {0};
	struct ice_settings_edit *edit = window_page_open(w, reply);
	(void)request;
	if (!edit)
		return;
	bool good = ice_settings_read(w->file, &settings, &mistakes);
	json_t *list = json_array();
	for (size_t i = 0; ice_settings_edit_range(edit, i); i++)
		json_array_append_new(list, network_range(edit, ice_settings_edit_range(edit, i), &settings));
	json_t *facts = json_pack("{s:s, s:o}", "page_title", "Network", "ranges", list);
	if (good && settings.plan.count > 0)
		json_object_set_new(facts, "total", window_count_all(&settings));
	window_page_show(w, reply, "network.html", "/network", facts);
	ice_conf_mistakes_free(&mistakes);
	ice_settings_free(&settings);
	ice_settings_edit_free(edit);
}

/* ---- one of them ---- */

/* The figures of what the form says, or of what is saved. */
static json_t *network_count(struct window *w, const char *addresses, const char *exclude, const char *allow,
                             const char *self)
{
	struct ice_settings settings;
	struct ice_conf_mistakes ignored = {0};
	(void)!ice_settings_read(w->file, &settings, &ignored);
	json_t *facts = window_count_rows(addresses, exclude, allow, &settings, self);
	ice_conf_mistakes_free(&ignored);
	ice_settings_free(&settings);
	return facts;
}

static const char *network_field_value(const json_t *fields, const char *option)
{
	json_t *field;
	size_t i;
	json_array_foreach(fields, i, field) if (strcmp(json_string_value(json_object_get(field, "option")), option) ==
	                                         0) return json_string_value(json_object_get(field, "value"));
	return "";
}

static bool network_is_front(const json_t *field)
{
	static const char *const front[] = {NETWORK_FRONT};
	for (size_t i = 0; i < sizeof front / sizeof *front; i++)
		if (strcmp(json_string_value(json_object_get(field, "option")), front[i]) == 0)
			return true;
	return false;
}

/* Whether two paths lead to one file. */
static bool network_same_file(const char *a, const char *b)
{
	struct stat one, other;
	return strcmp(a, b) == 0 ||
	       (stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino);
}

/* Whether a range, but for the one of this title (NULL: none), has this file for its communities. */
static bool network_is_named(const struct window *w, const struct ice_settings_edit *edit, const char *path,
                             const char *but)
{
	char title[NETWORK_TITLE_MAX], other[PATH_MAX];
	const char *name, *file;
	for (size_t i = 0; (name = ice_settings_edit_range(edit, i)); i++) {
		snprintf(title, sizeof title, "range %s", name);
		if (but && strcmp(but, title) == 0)
			continue;
		for (size_t k = 0; (file = ice_settings_edit_value(edit, title, "communities", k)); k++)
			if (window_page_beside(w, file, other, sizeof other) && network_same_file(other, path))
				return true;
	}
	return false;
}

/* Whether another range has this range's communities file, too. */
static bool network_is_shared(const struct window *w, const struct ice_settings_edit *edit, const char *title)
{
	char path[PATH_MAX];
	const char *file = ice_settings_edit_value(edit, title, "communities", 0);
	return file && window_page_beside(w, file, path, sizeof path) && network_is_named(w, edit, path, title);
}

/* name: the section there is, "" for a new one; entered: what its field holds. */
static void network_show(struct window *w, struct window_reply *reply, const struct ice_settings_edit *edit,
                         const char *name, const char *entered, const struct window_form *form, json_t *mistakes)
{
	char title[NETWORK_TITLE_MAX];
	snprintf(title, sizeof title, "range %s", name);
	json_t *fields = window_field_list(edit, "range", title, form, mistakes, network_own), *field,
	       *front = json_array(), *rest = json_array();
	size_t i;
	bool more = false;
	json_array_foreach(fields, i, field)
	{
		json_array_append(network_is_front(field) ? front : rest, field);
		more |= !network_is_front(field) && json_string_length(json_object_get(field, "value")) > 0;
	}
	json_t *count =
	        network_count(w, network_field_value(fields, "addresses"), network_field_value(fields, "exclude"),
	                      network_field_value(fields, "allow_public"), name);
	char key[NETWORK_TITLE_MAX + 32];
	snprintf(key, sizeof key, "%s.communities", title);
	window_page_show(
	        w, reply, "range.html", "/network",
	        json_pack("{s:{s:s, s:s}, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:b, s:b, s:b, s:s, s:O, s:O*, s:O*}",
	                  "page_above", "tail", "network", "name", "Network", "page_title", *name ? name : "New range",
	                  "name", name, "entered", entered, "exists", *name != '\0', "front", front, "rest", rest,
	                  "count", count, "more", more, "own", ice_settings_edit_count(edit, title, "communities") > 0,
	                  "shared", network_is_shared(w, edit, title), "mark", ice_settings_edit_mark(edit), "mistakes",
	                  mistakes, "name_mistake", json_object_get(mistakes, "range.name"), "communities_mistake",
	                  json_object_get(mistakes, key)));
	json_decref(fields);
}

/* "communities.second-floor": by a name that no range's file has, and no other file, whatever it may be. False when there is none. */
static bool network_new_file(const struct window *w, const struct ice_settings_edit *edit, const char *name,
                             char out[PATH_MAX], char *why, size_t why_size)
{
	char slug[64], path[PATH_MAX];
	struct stat st;
	size_t n = 0;
	for (const char *c = name; *c && n < sizeof slug - 1; c++)
		if (isalnum((unsigned char)*c) || (n > 0 && slug[n - 1] != '-'))
			slug[n++] = isalnum((unsigned char)*c) ? (char)tolower((unsigned char)*c) : '-';
	slug[n] = '\0';
	for (unsigned number = 1; number < 1000; number++) {
		snprintf(out, NETWORK_TITLE_MAX, number == 1 ? "communities.%s" : "communities.%s-%u",
		         *slug ? slug : "range", number);
		if (window_page_beside(w, out, path, sizeof path) && lstat(path, &st) != 0 && errno == ENOENT &&
		    !network_is_named(w, edit, path, NULL))
			return true;
	}
	snprintf(why, why_size, "no name is left for a file of its own; remove those of ranges that are gone (%.200s)",
	         out);
	return false;
}

/* New communities replace the range's when the configuration is saved; nothing entered: they stay. They are of this range alone: a file that
 * another range has too stays as it is, and so do all but the first of several, which the range then no longer names. */
static bool network_take_communities(const struct window *w, const struct window_form *form,
                                     struct ice_settings_edit *edit, const char *name, const char *title, char *why,
                                     size_t why_size)
{
	char file[PATH_MAX];
	const char *entered = window_form_text(form, "communities"),
	           *known = ice_settings_edit_value(edit, title, "communities", 0);
	if (window_form_is(form, "communities_forget", "yes"))
		return ice_settings_edit_set(edit, title, "communities", NULL, why, why_size);
	if (entered[strspn(entered, " \t\n")] == '\0')
		return true;
	if (*entered == '#' || strstr(entered, "\n#")) {
		snprintf(why, why_size, "a line that begins with # would be a remark in the file, and never be used");
		return false;
	}
	if (known && !network_is_shared(w, edit, title))
		snprintf(file, sizeof file, "%s", known);
	else if (!network_new_file(w, edit, name, file, why, why_size))
		return false;
	return ice_settings_edit_set(edit, title, "communities", file, why, why_size) &&
	       ice_settings_edit_secret(edit, title, "communities", entered, why, why_size);
}

/* Makes, renames and fills the section. The name that it has then is in `title`. */
static bool network_take(const struct window *w, const struct window_form *form, struct ice_settings_edit *edit,
                         const char *name, const char *entered, char title[NETWORK_TITLE_MAX], json_t *mistakes)
{
	char why[512];
	bool named = *name == '\0'                ? ice_settings_edit_add_range(edit, entered, why, sizeof why)
	             : strcmp(name, entered) != 0 ? ice_settings_edit_rename_range(edit, name, entered, why, sizeof why)
	                                          : true;
	snprintf(title, NETWORK_TITLE_MAX, "range %s", named ? entered : name);
	if (!named)
		window_field_mistake(mistakes, "range", "name", why);
	if (!named && *name == '\0')
		return false;
	window_field_take(edit, "range", title, form, mistakes, network_own);
	if (!network_take_communities(w, form, edit, named ? entered : name, title, why, sizeof why))
		window_field_mistake(mistakes, title, "communities", why);
	return true;
}

/* Asks first, and says what goes and what stays. */
static void network_ask(struct window *w, struct window_reply *reply, const struct ice_settings_edit *edit,
                        const char *name, const char *mark)
{
	char title[NETWORK_TITLE_MAX];
	snprintf(title, sizeof title, "range %s", name);
	window_page_show(w, reply, "remove.html", "/network",
	                 json_pack("{s:{s:s, s:s}, s:s, s:s, s:s, s:I, s:b}", "page_above", "tail", "network", "name",
	                           "Network", "page_title", name, "name", name, "mark", mark, "rows",
	                           (json_int_t)ice_settings_edit_count(edit, title, "addresses"), "own",
	                           ice_settings_edit_count(edit, title, "communities") > 0));
}

static bool network_remove(struct window *w, const struct window_request *request, struct ice_settings_edit *edit,
                           const char *name, json_t *mistakes)
{
	char why[512];
	if (!ice_settings_edit_remove_range(edit, name, why, sizeof why)) {
		window_page_notice(w, "bad", "The range was not removed: %s", why);
		return false;
	}
	if (!window_page_save(w, request, edit, mistakes))
		return false;
	window_page_notice(
	        w, "good",
	        "The range \"%s\" was removed. The file with its communities, if it had one, is still there.", name);
	return true;
}

/* A name that is entered is cut of the blanks around it. */
static void network_entered(const struct window_form *form, char out[NETWORK_TITLE_MAX])
{
	const char *text = window_form_text(form, "name");
	text += strspn(text, " \t\n");
	snprintf(out, NETWORK_TITLE_MAX - 8, "%s", text);
	for (size_t n = strlen(out); n > 0 && strchr(" \t\n", out[n - 1]); n--)
		out[n - 1] = '\0';
}

static void network_post(struct window *w, const struct window_request *request, struct window_reply *reply,
                         struct ice_settings_edit *edit, json_t *mistakes)
{
	const struct window_form *form = &request->form;
	const char *name = window_form_text(form, "was");
	char entered[NETWORK_TITLE_MAX], title[NETWORK_TITLE_MAX];
	bool saved = false;
	network_entered(form, entered);
	if (window_form_is(form, "do", "remove") && !window_form_is(form, "sure", "yes")) {
		network_ask(w, reply, edit, name, window_form_text(form, "mark"));
		return;
	}
	if (window_form_is(form, "do", "remove"))
		saved = network_remove(w, request, edit, name, mistakes);
	else if (window_form_is(form, "do", "save")) {
		(void)network_take(w, form, edit, name, entered, title, mistakes);
		saved = window_page_save(w, request, edit, mistakes);
	}
	if (saved) {
		window_page_go(reply, "/network");
		return;
	}
	/* What was entered goes on being shown against what is saved: the edit is one that may have a new section in it by now. */
	struct ice_settings_edit *fresh = window_page_open(w, reply);
	if (!fresh)
		return;
	json_t *shown = json_object(), *text;
	const char *key;
	char own[NETWORK_TITLE_MAX];
	snprintf(own, sizeof own, "range %s.", entered);
	json_object_foreach(mistakes, key, text)
	{
		char as[2 * NETWORK_TITLE_MAX];
		bool ours = strncmp(key, own, strlen(own)) == 0;
		snprintf(as, sizeof as, ours ? "range %s.%s" : "%s%s", ours ? name : key,
		         ours ? key + strlen(own) : "");
		json_object_set(shown, as, text);
	}
	network_show(w, reply, fresh, name, entered, form, shown);
	json_decref(shown);
	ice_settings_edit_free(fresh);
}

void window_page_range(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	struct ice_settings_edit *edit = window_page_open(w, reply);
	json_t *mistakes = json_object();
	const char *name = window_form_text(&request->query, "name"), *known = NULL;
	if (edit && request->from.post) {
		network_post(w, request, reply, edit, mistakes);
	} else if (edit) {
		for (size_t i = 0; *name && (known = ice_settings_edit_range(edit, i)) && strcmp(known, name) != 0; i++)
			;
		if (*name && !known)
			window_page_say(w, reply, 404, "There is no such range.",
			                "It may have been renamed or removed meanwhile.");
		else
			network_show(w, reply, edit, name, name, NULL, mistakes);
	}
	json_decref(mistakes);
	ice_settings_edit_free(edit);
}

void window_page_count(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	const struct window_form *form = &request->form;
	window_page_fragment(
	        w, reply, "count.html",
	        json_pack("{s:o}", "count",
	                  network_count(w, window_form_text(form, "range.addresses"),
	                                window_form_text(form, "range.exclude"),
	                                window_form_text(form, "range.allow_public"), window_form_text(form, "was"))));
}
