/* Server: the enrolment, and by which way batches go. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "field.h"
#include "ice/enrolment.h"
#include "page.h"

#define SERVER_ENROLMENT "enrolment" /* the files' names where the configuration names none */
#define SERVER_PROXY     "proxy.credentials"

/* What stands in front, in an order of its own; the other options of [server] follow under "More". */
static const char *const server_front[] = {"http_fallback", "http_port", "proxy", NULL};
static const char *const server_own[] = {"enrolment", "proxy_credentials", NULL}; /* not fields: files taken in */

static bool server_is(const char *const *list, const char *option)
{
	for (; *list; list++)
		if (strcmp(*list, option) == 0)
			return true;
	return false;
}

/* Where a file that the option names, or would name, stands. */
static bool server_file(const struct window *w, const struct ice_settings_edit *edit, const char *option,
                        const char *otherwise, char *out, size_t size)
{
	const char *given = ice_settings_edit_value(edit, "server", option, 0);
	return window_page_beside(w, given && *given ? given : otherwise, out, size);
}

/* Which site at which server, or why not; the key stays where it is. */
static json_t *server_enrolment(const struct window *w, const struct ice_settings_edit *edit)
{
	static struct ice_enrolment e;
	char path[PATH_MAX], why[512];
	json_t *facts = json_object();
	if (!server_file(w, edit, "enrolment", SERVER_ENROLMENT, path, sizeof path))
		return facts;
	json_object_set_new(facts, "path", json_string(path));
	bool exists = access(path, F_OK) == 0;
	if (exists && ice_enrolment_read(path, &e, why, sizeof why)) {
		json_object_set_new(facts, "site", json_string(e.site));
		json_object_set_new(facts, "server", json_string(e.server));
		json_object_set_new(facts, "ca", json_boolean(e.ca[0]));
		json_object_set_new(facts, "seal", json_boolean(e.seal[0]));
	} else if (exists) {
		json_object_set_new(facts, "trouble", json_string(why));
	}
	ice_enrolment_wipe(&e);
	return facts;
}

static json_t *server_fields(const json_t *all, bool front)
{
	json_t *list = json_array(), *field;
	size_t i;
	json_array_foreach(all, i, field) if (server_is(server_front,
	                                                json_string_value(json_object_get(field, "option"))) == front)
	        json_array_append(list, field);
	return list;
}

static void server_show(struct window *w, struct window_reply *reply, const struct ice_settings_edit *edit,
                        const struct window_form *form, json_t *mistakes)
{
	json_t *all = window_field_list(edit, "server", "server", form, mistakes, server_own);
	bool more = false;
	json_t *rest = server_fields(all, false), *field;
	size_t i;
	json_array_foreach(rest, i, field) more |= json_string_length(json_object_get(field, "value")) > 0;
	window_page_show(w, reply, "server.html", "/server",
	                 json_pack("{s:s, s:o, s:o, s:o, s:b, s:b, s:s, s:O, s:O*, s:O*}", "page_title", "Server",
	                           "enrolment", server_enrolment(w, edit), "front", server_fields(all, true), "rest",
	                           rest, "more", more, "credentials",
	                           ice_settings_edit_count(edit, "server", "proxy_credentials") > 0, "mark",
	                           ice_settings_edit_mark(edit), "mistakes", mistakes, "line_mistake",
	                           json_object_get(mistakes, "server.enrolment"), "credentials_mistake",
	                           json_object_get(mistakes, "server.proxy_credentials")));
	json_decref(all);
}

/* A new user:password for the proxy goes into its own file; nothing entered: it stays. */
static void server_credentials(const struct window_form *form, struct ice_settings_edit *edit, json_t *mistakes)
{
	const char *entered = window_form_text(form, "credentials");
	char why[512];
	bool good = true;
	if (window_form_is(form, "credentials_forget", "yes"))
		good = ice_settings_edit_set(edit, "server", "proxy_credentials", NULL, why, sizeof why);
	else if (*entered && !strchr(entered, ':'))
		good = snprintf(why, sizeof why, "right would be user:password") < 0;
	else if (*entered)
		good = (ice_settings_edit_count(edit, "server", "proxy_credentials") > 0 ||
		        ice_settings_edit_set(edit, "server", "proxy_credentials", SERVER_PROXY, why, sizeof why)) &&
		       ice_settings_edit_secret(edit, "server", "proxy_credentials", entered, why, sizeof why);
	if (!good)
		window_field_mistake(mistakes, "server", "proxy_credentials", why);
}

void window_page_server(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	struct ice_settings_edit *edit = window_page_open(w, reply);
	json_t *mistakes = json_object();
	bool saved = false;
	if (!edit)
		goto out;
	if (request->from.post) {
		window_field_take(edit, "server", "server", &request->form, mistakes, server_own);
		server_credentials(&request->form, edit, mistakes);
		saved = window_page_save(w, request, edit, mistakes);
	}
	if (saved)
		window_page_go(reply, "/server");
	else if (!request->from.post || window_page_again(w, reply, &edit))
		server_show(w, reply, edit, request->from.post ? &request->form : NULL, mistakes);
out:
	json_decref(mistakes);
	ice_settings_edit_free(edit);
}

/* Takes in the line of `facilities-manager site add`: into its file, and the file into the configuration. */
static bool server_take_line(struct window *w, const struct window_request *request, struct ice_settings_edit *edit,
                             json_t *mistakes, char *why, size_t why_size)
{
	static struct ice_enrolment e;
	static char line[ICE_ENROLMENT_LINE_MAX + 2];
	const char *entered = window_form_text(&request->form, "line");
	entered += strspn(entered, " \t\n");
	bool good = false;
	if (!*entered)
		snprintf(why, why_size,
		         "paste the line that facilities-manager site add printed; it begins with ice-enrol-1.");
	else if (ice_enrolment_parse(entered, &e, why, why_size)) {
		size_t n = strcspn(entered, " \t\n");
		snprintf(line, sizeof line, "%.*s\n", (int)n, entered);
		good = (ice_settings_edit_count(edit, "server", "enrolment") > 0 ||
		        ice_settings_edit_set(edit, "server", "enrolment", SERVER_ENROLMENT, why, why_size)) &&
		       ice_settings_edit_secret(edit, "server", "enrolment", line, why, why_size);
	}
	explicit_bzero(line, sizeof line);
	if (!good)
		window_page_notice(w, "bad", "The line was not taken in.");
	else if ((good = window_page_save(w, request, edit, mistakes)))
		window_page_notice(w, "good", "Enrolled: site %s at %s.", e.site, e.server);
	else
		why[0] = '\0';
	ice_enrolment_wipe(&e);
	return good;
}

void window_page_enrol(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	struct ice_settings_edit *edit = window_page_open(w, reply);
	json_t *mistakes = json_object();
	char why[512] = "";
	if (edit && server_take_line(w, request, edit, mistakes, why, sizeof why))
		window_page_go(reply, "/server");
	else if (edit && window_page_again(w, reply, &edit)) {
		if (why[0])
			window_field_mistake(mistakes, "server", "enrolment", why);
		server_show(w, reply, edit, NULL, mistakes);
	}
	json_decref(mistakes);
	ice_settings_edit_free(edit);
}
