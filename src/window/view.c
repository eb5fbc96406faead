#include "view.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *view_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));
	return text ? text : "";
}

/* "markerTonerAlmostEmpty" -> "marker toner almost empty" */
static json_t *view_words(const char *label)
{
	char words[256];
	size_t n = 0;
	for (; *label && n < sizeof words - 3; label++) {
		if (isupper((unsigned char)*label) && n > 0 && words[n - 1] != ' ')
			words[n++] = ' ';
		words[n++] = *label & 0x80 ? *label : (char)tolower((unsigned char)*label);
	}
	words[n] = '\0';
	return json_string(words);
}

/* What is left, in words: a percentage where there is one, else what the device said instead. */
static json_t *view_left(const json_t *supply)
{
	const json_t *percent = json_object_get(supply, "percent"), *level = json_object_get(supply, "level");
	const char *state = view_text(supply, "state");
	if (percent)
		return json_sprintf("%.0f %%", json_number_value(percent));
	if (strcmp(state, "exact") == 0 && level)
		return json_sprintf("%.0f %s", json_number_value(level), view_text(supply, "unit"));
	if (strcmp(state, "some") == 0)
		return json_string("some left");
	return json_string(*state ? state : "unknown");
}

static bool view_is_ink(const json_t *supply)
{
	const char *type = view_text(supply, "type");
	return strcasestr(type, "toner") || strcasestr(type, "ink") ? !strcasestr(type, "waste") : false;
}

static json_t *view_supply(const json_t *supply)
{
	const json_t *percent = json_object_get(supply, "percent");
	json_t *o = json_pack("{s:s, s:s, s:o}", "name", view_text(supply, "name"), "color", view_text(supply, "color"),
	                      "left", view_left(supply));
	if (percent) {
		double width = json_number_value(percent);
		width = width < 0 ? 0 : width > 100 ? 100 : width;
		json_object_set_new(o, "width", json_integer((json_int_t)(width + 0.5)));
		json_object_set_new(o, "low", json_boolean(width < 10));
		json_object_set_new(o, "bar", json_true());
	}
	return o;
}

static json_t *view_counts(const json_t *pages)
{
	static const char *const names[][2] = {{"mono", "Black"},
	                                       {"color", "Colour"},
	                                       {"duplex", "Two-sided"},
	                                       {"print", "Printed"},
	                                       {"copy", "Copied"},
	                                       {"fax", "Faxed"},
	                                       {"scan", "Scanned"},
	                                       {"print_mono", "Printed black"},
	                                       {"print_color", "Printed in colour"},
	                                       {"copy_mono", "Copied black"},
	                                       {"copy_color", "Copied in colour"}};
	json_t *list = json_array();
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		json_t *n = json_object_get(pages, names[i][0]);
		if (n)
			json_array_append_new(list, json_pack("{s:s, s:O}", "what", names[i][1], "n", n));
	}
	return list;
}

/* Errors and alerts, each in words; what is critical first in the eye. */
static json_t *view_notes(const json_t *record)
{
	json_t *list = json_array(), *item;
	size_t i;
	json_array_foreach(json_object_get(record, "errors"), i, item) if (json_is_string(item)) json_array_append_new(
	        list, json_pack("{s:o, s:b}", "text", view_words(json_string_value(item)), "critical", 0));
	json_array_foreach(json_object_get(record, "alerts"), i, item)
	{
		const char *code = view_text(item, "code"), *said = view_text(item, "text");
		bool critical = strstr(view_text(item, "severity"), "critical") != NULL;
		json_array_append_new(
		        list, json_pack("{s:o, s:b}", "text",
		                        *said ? json_string(said) : view_words(*code ? code : view_text(item, "group")),
		                        "critical", critical));
	}
	return list;
}

json_t *window_view_facts(const json_t *record)
{
	json_t *facts = json_object(), *supplies = json_array(), *inks = json_array(), *supply;
	static const char *const plain[] = {"name", "ip", "mac", "serial", "location", "read_at"};
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		json_object_set(facts, plain[i], json_object_get(record, plain[i]));
	const char *make = view_text(record, "make"), *model = view_text(record, "model");
	json_object_set_new(facts, "what", json_sprintf("%s%s%s", make, *make && *model ? " " : "", model));
	const char *name = view_text(record, "name");
	json_object_set_new(facts, "title", json_string(*name ? name : view_text(record, "ip")));
	const json_t *pages = json_object_get(record, "pages");
	json_object_set(facts, "pages", json_object_get(pages, "total"));
	json_object_set(facts, "pages_unit", json_object_get(pages, "unit"));
	json_object_set_new(facts, "counts", view_counts(pages));
	if (*view_text(record, "status"))
		json_object_set_new(facts, "status", view_words(view_text(record, "status")));
	json_object_set_new(facts, "notes", view_notes(record));
	json_int_t lowest = -1;
	size_t i;
	json_array_foreach(json_object_get(record, "supplies"), i, supply)
	{
		json_t *shown = view_supply(supply), *width = json_object_get(shown, "width");
		bool ink = view_is_ink(supply);
		json_array_append_new(supplies, shown);
		if (ink)
			json_array_append(inks, shown);
		if (ink && width && (lowest < 0 || json_integer_value(width) < lowest))
			lowest = json_integer_value(width);
	}
	json_object_set_new(facts, "supplies", supplies);
	json_object_set_new(facts, "inks", inks);
	json_object_set_new(facts, "lowest", json_integer(lowest));
	return facts;
}

bool window_view_has(const json_t *facts, const char *word)
{
	static const char *const where[] = {"name", "what", "ip", "serial", "location", "mac"};
	for (size_t i = 0; i < sizeof where / sizeof *where; i++)
		if (strcasestr(view_text(facts, where[i]), word))
			return true;
	return *word == '\0';
}
