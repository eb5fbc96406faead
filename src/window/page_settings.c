/* Timing, Privacy and More: sections of ice.ini as they come from the table of options. */
#include <string.h>

#include "field.h"
#include "page.h"

/* Which sections stand on which page, in their order. A section that nobody placed stands under More. */
static const struct settings_place {
	const char *path, *heading, *about;
	const char *sections[8];
} settings_places[] = {
        {"/timing",
         "Timing",
         "How fast the network is asked, how often, and when. What is empty has its default.",
         {"schedule", "sweep", "inventory", "pulse"}},
        {"/privacy",
         "Privacy",
         "What a printer tells that could be about people, and whether it leaves this network.",
         {"privacy"}},
        {"/more", "More", "What seldom needs a change.", {"state", "log", "profiles"}},
};
#define SETTINGS_PLACES (sizeof settings_places / sizeof *settings_places)

static const struct settings_word {
	const char *section, *heading, *about;
} settings_words[] = {
        {"schedule", "When", "Hours in which anything is asked at all, and when a printer counts as gone."},
        {"sweep", "Sweep", "Finds printers: walks all addresses of the ranges."},
        {"inventory", "Inventory", "Every known printer is looked at; what changed is read and delivered."},
        {"pulse", "Pulse", "Status, alerts and page counts of every known printer in one small question."},
        {"privacy", "Privacy", ""},
        {"state", "Outbox", "Where readings wait until the server has acknowledged them."},
        {"log", "Log", ""},
        {"status", "Monitoring", ""},
        {"profiles", "Vendor profiles", ""},
};

static const char *const settings_elsewhere[] = {"server", "range", NULL};

static bool settings_placed(const char *section)
{
	for (size_t i = 0; settings_elsewhere[i]; i++)
		if (strcmp(settings_elsewhere[i], section) == 0)
			return true;
	for (size_t i = 0; i < SETTINGS_PLACES; i++)
		for (size_t k = 0; settings_places[i].sections[k]; k++)
			if (strcmp(settings_places[i].sections[k], section) == 0)
				return true;
	return false;
}

static json_t *settings_group(const struct ice_settings_edit *edit, const char *section, const struct window_form *form,
                              const json_t *mistakes)
{
	const char *heading = section, *about = "";
	for (size_t i = 0; i < sizeof settings_words / sizeof *settings_words; i++)
		if (strcmp(settings_words[i].section, section) == 0) {
			heading = settings_words[i].heading;
			about = settings_words[i].about;
		}
	return json_pack("{s:s, s:s, s:s, s:o}", "id", section, "heading", heading, "about", about, "fields",
	                 window_field_list(edit, section, section, form, mistakes, NULL));
}

/* Calls `each` for every section of a page that there is. */
static void settings_sections(const struct settings_place *place, void (*each)(const char *section, void *arg),
                              void *arg)
{
	for (size_t k = 0; place->sections[k]; k++)
		if (window_field_options(place->sections[k]))
			each(place->sections[k], arg);
	if (place != &settings_places[SETTINGS_PLACES - 1])
		return;
	for (const struct ice_settings_section *s = ice_settings_sections(); s->name; s++)
		if (!settings_placed(s->name))
			each(s->name, arg);
}

struct settings_work {
	struct ice_settings_edit *edit;
	const struct window_form *form;
	json_t *groups, *mistakes;
};

static void settings_draw(const char *section, void *arg)
{
	struct settings_work *work = arg;
	json_array_append_new(work->groups, settings_group(work->edit, section, work->form, work->mistakes));
}

static void settings_take(const char *section, void *arg)
{
	struct settings_work *work = arg;
	window_field_take(work->edit, section, section, work->form, work->mistakes, NULL);
}

void window_page_settings(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	const struct settings_place *place = settings_places;
	while (strcmp(place->path, request->path) != 0)
		place++;
	struct settings_work work = {
	        .edit = window_page_open(w, reply), .mistakes = json_object(), .groups = json_array()};
	bool saved = false;
	if (work.edit && request->from.post) {
		work.form = &request->form;
		settings_sections(place, settings_take, &work);
		saved = window_page_save(w, request, work.edit, work.mistakes);
	}
	if (saved)
		window_page_go(reply, place->path);
	if (work.edit && !saved && (!request->from.post || window_page_again(w, reply, &work.edit))) {
		settings_sections(place, settings_draw, &work);
		window_page_show(w, reply, "settings.html", place->path,
		                 json_pack("{s:s, s:s, s:s, s:O, s:s, s:O}", "page_title", place->heading, "about",
		                           place->about, "action_tail", place->path + 1, "groups", work.groups, "mark",
		                           ice_settings_edit_mark(work.edit), "mistakes", work.mistakes));
	}
	json_decref(work.groups);
	json_decref(work.mistakes);
	ice_settings_edit_free(work.edit);
}
