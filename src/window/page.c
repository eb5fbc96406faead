#include "page.h"

#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "field.h"
#include "owner.h"
#include "running.h"
#include "template.h"

/* The navigation, in the order a person sets things up. */
static const struct page_place {
	const char *path, *name;
} page_places[] = {
        {"/", "Overview"},       {"/server", "Server"}, {"/network", "Network"},     {"/timing", "Timing"},
        {"/privacy", "Privacy"}, {"/more", "More"},     {"/test", "Test and sweep"}, {"/printers", "Printers"},
        {"/outbox", "Outbox"},   {"/log", "Log"},
};

static json_t *page_navigation(const char *at)
{
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof page_places / sizeof *page_places; i++) {
		const struct page_place *p = &page_places[i];
		json_t *item = json_pack("{s:s, s:s, s:b}", "tail", p->path + 1, "name", p->name, "current",
		                         strcmp(p->path, at) == 0);
		json_array_append_new(list, item);
	}
	return list;
}

static void page_fill(struct window_reply *reply, const char *template, json_t *facts)
{
	free(reply->body);
	reply->body = window_template_file(template, facts, &reply->len);
	json_decref(facts);
	if (reply->body)
		return;
	reply->status = 500;
	reply->type = "text/plain; charset=utf-8";
	reply->body = strdup("This page became too large to show.\n");
	if (!reply->body)
		abort();
	reply->len = strlen(reply->body);
}

/* What the frame around every page needs. Their names begin with page_, apart from those of any page. */
static void page_frame(struct window *w, const char *at, json_t *facts)
{
	json_object_set_new(facts, "page_nav", page_navigation(at));
	json_object_set_new(facts, "page_form", json_string(w->session.form));
	json_object_set_new(facts, "page_file", json_string(w->file));
	json_object_set_new(facts, "page_version", json_string(ICE_VERSION));
}

/* Every mistake in a list above the page, each with the field it is about, which may be on another page. */
static json_t *page_summary(const json_t *mistakes)
{
	json_t *list = json_array(), *text;
	const char *key;
	json_object_foreach((json_t *)(uintptr_t)mistakes, key, text)
	{
		const char *dot = strrchr(key, '.');
		char id[256];
		snprintf(id, sizeof id, "%.*s%s", (int)strcspn(key, " ."), key, dot ? dot : "");
		json_array_append_new(list, json_pack("{s:s, s:s, s:O}", "id", id, "where",
		                                      strcmp(key, ".file") == 0 ? "" : key, "text", text));
	}
	return list;
}

void window_page_show(struct window *w, struct window_reply *reply, const char *template, const char *at, json_t *facts)
{
	char help[WINDOW_OWNER_HELP];
	page_frame(w, at, facts);
	window_owner_help(w->file, help, sizeof help);
	json_object_set_new(facts, "page_owner", json_string(help));
	json_t *wrong = page_summary(json_object_get(facts, "mistakes"));
	json_object_set_new(facts, "page_wrong", json_boolean(json_array_size(wrong) > 0));
	json_object_set_new(facts, "page_mistakes", wrong);
	if (w->notice)
		json_object_set_new(facts, "page_notice", w->notice);
	w->notice = NULL;
	page_fill(reply, template, facts);
}

void window_page_fragment(struct window *w, struct window_reply *reply, const char *template, json_t *facts)
{
	json_object_set_new(facts, "page_form", json_string(w->session.form));
	page_fill(reply, template, facts);
}

void window_page_say(struct window *w, struct window_reply *reply, int status, const char *what, const char *more)
{
	reply->status = status;
	page_fill(reply, "say.html",
	          json_pack("{s:s, s:s, s:b}", "what", what, "more", more, "back", w->known && !w->done));
}

void window_page_go(struct window_reply *reply, const char *where)
{
	reply->status = 303;
	reply->location = where;
}

void window_page_notice(struct window *w, const char *kind, const char *fmt, ...)
{
	va_list ap;
	json_decref(w->notice);
	va_start(ap, fmt);
	json_t *text = json_vsprintf(fmt, ap);
	va_end(ap);
	w->notice = json_pack("{s:o, s:b, s:b}", "text", text ? text : json_string("(this cannot be shown)"), "good",
	                      strcmp(kind, "good") == 0, "bad", strcmp(kind, "bad") == 0);
}

struct ice_settings_edit *window_page_open(struct window *w, struct window_reply *reply)
{
	char why[512];
	struct ice_settings_edit *edit = ice_settings_edit_open(w->file, w->sample, why, sizeof why);
	if (!edit)
		window_page_say(w, reply, 500, "The configuration cannot be read.", why);
	return edit;
}

bool window_page_again(struct window *w, struct window_reply *reply, struct ice_settings_edit **edit)
{
	ice_settings_edit_free(*edit);
	*edit = window_page_open(w, reply);
	return *edit != NULL;
}

/* "range office.addresses" -> is there such a field? */
static bool page_has_field(const char *key)
{
	for (const struct ice_settings_section *s = ice_settings_sections(); s->name; s++) {
		size_t n = strlen(s->name);
		const char *dot = strrchr(key, '.');
		if (dot && strncmp(key, s->name, n) == 0 && (key[n] == '.' || key[n] == ' '))
			for (const struct ice_conf_option *o = s->options; o->name; o++)
				if (strcmp(o->name, dot + 1) == 0)
					return true;
	}
	return false;
}

/* What is wrong with an entry was told already; what the check says of the value that it was to replace would be the same once more. */
static void page_mistakes(json_t *mistakes, const struct ice_conf_mistakes *found)
{
	json_t *told_already = json_copy(mistakes);
	for (size_t i = 0; i < found->count; i++) {
		const struct ice_conf_told *told = &found->told[i];
		const char *dot = told->option ? strrchr(told->option, '.') : NULL;
		char title[256], line[1200];
		if (dot && page_has_field(told->option)) {
			snprintf(title, sizeof title, "%.*s", (int)(dot - told->option), told->option);
			if (!json_object_get(told_already, told->option))
				window_field_mistake(mistakes, title, dot + 1, told->message);
		} else {
			snprintf(line, sizeof line, "line %u: %s%s%s", told->line, told->option ? told->option : "",
			         told->option ? ": " : "", told->message);
			window_field_mistake(mistakes, "", "file", line);
		}
	}
	json_decref(told_already);
}

/* A running service goes on with what it has until it is told. */
static void page_saved(struct window *w)
{
	json_t *service = window_running_status(w);
	bool running = json_is_true(json_object_get(service, "running"));
	window_page_notice(w, "good", running ? "Saved. The running service does not know it yet." : "Saved.");
	json_object_set_new(w->notice, "reload", json_boolean(running));
	json_decref(service);
}

bool window_page_save(struct window *w, const struct window_request *request, struct ice_settings_edit *edit,
                      json_t *mistakes)
{
	struct ice_conf_mistakes found = {0};
	char why[1024] = "";
	const char *mark = window_form_text(&request->form, "mark");
	enum ice_settings_edit_result result;
	bool changed = strcmp(mark, ice_settings_edit_mark(edit)) != 0;
	if (changed)
		result = ICE_SETTINGS_EDIT_CHANGED;
	else if (json_object_size(mistakes) > 0) /* all mistakes at once: also those of the rest */
		result = ice_settings_edit_check(edit, &found, why, sizeof why) == ICE_SETTINGS_EDIT_FAILED
		                 ? ICE_SETTINGS_EDIT_FAILED
		                 : ICE_SETTINGS_EDIT_MISTAKEN;
	else
		result = ice_settings_edit_save(edit, &found, why, sizeof why);
	page_mistakes(mistakes, &found);
	ice_conf_mistakes_free(&found);
	switch (result) {
	case ICE_SETTINGS_EDIT_GOOD:
		page_saved(w);
		return true;
	case ICE_SETTINGS_EDIT_MISTAKEN:
		return false;
	case ICE_SETTINGS_EDIT_CHANGED:
		window_page_notice(w, "bad",
		                   "Nothing was saved: the file was changed by somebody else meanwhile. What you "
		                   "entered is still here, but for communities and keys, which are never shown; "
		                   "save again to put it into the file as it is now. What you did not "
		                   "change is as they left it.");
		return false;
	case ICE_SETTINGS_EDIT_FAILED:
		window_page_notice(w, "bad", "Nothing was saved: %s", why);
		return false;
	}
	return false;
}

bool window_page_beside(const struct window *w, const char *name, char *out, size_t size)
{
	char copy[PATH_MAX];
	snprintf(copy, sizeof copy, "%s", w->file);
	int n = name[0] == '/' ? snprintf(out, size, "%s", name) : snprintf(out, size, "%s/%s", dirname(copy), name);
	return n > 0 && (size_t)n < size;
}
