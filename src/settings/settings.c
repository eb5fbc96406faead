#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "settings_parts.h"

/* A path given in a file means what it means beside that file, not where the service happens to start. */
void ice_settings_take_path(const struct ice_conf_where *where, const char *value, struct ice_settings_path *out)
{
	char folder[PATH_MAX] = "";
	if (out->line != 0 && where->line != 0) {
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "given twice, first in line %u", out->line);
		return;
	}
	if (value[0] != '/' && value[0] != '\0') {
		char copy[PATH_MAX];
		snprintf(copy, sizeof copy, "%s", where->file);
		snprintf(folder, sizeof folder, "%s/", dirname(copy));
	}
	int n = snprintf(out->path, sizeof out->path, "%s%s", strcmp(folder, "./") == 0 ? "" : folder, value);
	if (n < 0 || (size_t)n >= sizeof out->path) {
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option, "the path is too long");
		out->path[0] = '\0';
	}
	out->line = where->line;
}

static void settings_directory(const struct ice_conf_where *where, const char *value, void *into)
{
	ice_settings_take_path(where, value, &((struct ice_settings_state *)into)->directory);
}

/* The collector reads no other files. */
static void settings_prometheus(const struct ice_conf_where *where, const char *value, void *into)
{
	size_t n = strlen(value);
	if (n < 6 || strcmp(value + n - 5, ".prom") != 0)
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "\"%.200s\" does not end in .prom; right would be, for example, "
		                 "/var/lib/prometheus/node-exporter/ice.prom",
		                 value);
	else
		ice_settings_take_path(where, value, &((struct ice_settings_status *)into)->prometheus);
}

static void settings_profiles(const struct ice_conf_where *where, const char *value, void *into)
{
	ice_settings_take_path(where, value, &((struct ice_settings_profiles *)into)->directory);
}

static const struct ice_conf_option settings_state_options[] = {
        {"directory", ICE_CONF_CALL, 0, "/var/lib/ice", 0, 0, NULL, settings_directory,
         "folder of the outbox, which keeps readings until the server has them"},
        {"outbox_size", ICE_CONF_SIZE, SETTINGS_AT(state, outbox_size), "1G", 1 << 20, INT64_C(1) << 40, NULL, NULL,
         "most bytes of readings kept; when it is full, sweeping pauses"},
        SETTINGS_END};

static const struct ice_conf_option settings_privacy_options[] = {
        {"alert_text", ICE_CONF_CHOICE, SETTINGS_AT(privacy, alert_text), "none", 0, 0, "none|device", NULL,
         "the free text of alerts, which can name people: none, or device to deliver it"},
        {"name", ICE_CONF_CHOICE, SETTINGS_AT(privacy, name), "deliver", 0, 0, "deliver|withhold", NULL,
         "a printer's own name, which can be a person's: deliver, or withhold to leave it out of every record"},
        {"location", ICE_CONF_CHOICE, SETTINGS_AT(privacy, location), "deliver", 0, 0, "deliver|withhold", NULL,
         "where it says that it stands: deliver, or withhold"},
        SETTINGS_END};

static const struct ice_conf_option settings_log_options[] = {{"level", ICE_CONF_CHOICE, SETTINGS_AT(log, level),
                                                               "info", 0, 0, "error|warn|info|debug", NULL,
                                                               "how much is told: error, warn, info, debug"},
                                                              SETTINGS_END};

static const struct ice_conf_option settings_status_options[] = {
        {"prometheus", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, settings_prometheus,
         "file for the textfile collector of Prometheus' node_exporter; without it, none"},
        SETTINGS_END};

static const struct ice_conf_option settings_profiles_options[] = {
        {"directory", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, settings_profiles,
         "folder of the vendor profiles; without it the ones that came with ice"},
        SETTINGS_END};

static const struct ice_settings_section settings_table[] = {
        {"server", ice_settings_server_options}, {"state", settings_state_options},
        {"sweep", ice_settings_sweep_options},   {"inventory", ice_settings_inventory_options},
        {"pulse", ice_settings_pulse_options},   {"schedule", ice_settings_schedule_options},
        {"range", ice_settings_range_options},   {"privacy", settings_privacy_options},
        {"log", settings_log_options},           {"status", settings_status_options},
        {"profiles", settings_profiles_options}, {NULL, NULL}};

const struct ice_settings_section *ice_settings_sections(void)
{
	return settings_table;
}

bool ice_settings_read(const char *file, struct ice_settings *out, struct ice_conf_mistakes *mistakes)
{
	return ice_settings_read_as(file, NULL, NULL, out, mistakes);
}

static void settings_stand_in(struct ice_settings *s, const char *path, const char *instead)
{
	struct ice_settings_path *credentials = &s->server.proxy_credentials;
	if (strcmp(credentials->path, path) == 0)
		snprintf(credentials->path, sizeof credentials->path, "%s", instead);
	ice_settings_range_stand_in(s, path, instead);
}

bool ice_settings_read_as(const char *file, const char *path, const char *instead, struct ice_settings *out,
                          struct ice_conf_mistakes *mistakes)
{
	*out = (struct ice_settings){0};
	out->file = strdup(file);
	if (!out->file)
		abort();
	ice_settings_range_begin(out);
	const struct ice_conf_section sections[] = {
	        {"server", ice_settings_server_options, &out->server, NULL, false},
	        {"state", settings_state_options, &out->state, NULL, false},
	        {"sweep", ice_settings_sweep_options, &out->sweep, NULL, false},
	        {"inventory", ice_settings_inventory_options, &out->inventory, NULL, false},
	        {"pulse", ice_settings_pulse_options, &out->pulse, NULL, false},
	        {"schedule", ice_settings_schedule_options, &out->schedule, NULL, false},
	        {"range", ice_settings_range_options, out, ice_settings_range_open, false},
	        {"privacy", settings_privacy_options, &out->privacy, NULL, false},
	        {"log", settings_log_options, &out->log, NULL, false},
	        {"status", settings_status_options, &out->status, NULL, false},
	        {"profiles", settings_profiles_options, &out->profiles, NULL, false},
	        {NULL, NULL, NULL, NULL, false}};
	size_t before = mistakes->count;
	bool read = ice_conf_read(file, sections, mistakes);
	if (path)
		settings_stand_in(out, path, instead);
	ice_settings_server_finish(&out->server, file, mistakes);
	ice_settings_lanes_finish(out, mistakes);
	ice_settings_range_plan(out, mistakes);
	return read && mistakes->count == before;
}

void ice_settings_files(const struct ice_settings *s, ice_settings_file_fn *each, void *arg)
{
	const struct ice_settings_path *const paths[] = {&s->server.enrolment, &s->server.client_certificate,
	                                                 &s->server.client_key, &s->server.proxy_credentials};
	each(s->file, arg);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (paths[i]->path[0])
			each(paths[i]->path, arg);
	ice_settings_range_files(s, each, arg);
}

void ice_settings_free(struct ice_settings *s)
{
	ice_settings_server_free(&s->server);
	ice_settings_range_free(s);
	free(s->file);
	ice_plan_free(&s->plan);
	*s = (struct ice_settings){0};
}
