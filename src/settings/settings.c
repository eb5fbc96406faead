#include "ice/settings.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/scanner.h"

/* One row of a range, kept with its line until all rows are there: allow_public counts wherever it stands. */
struct settings_row {
	enum settings_what { SETTINGS_ALLOW, SETTINGS_ADD, SETTINGS_EXCLUDE, SETTINGS_COMMUNITIES } what;
	unsigned line;
	char *text;
};

struct ice_settings_range {
	char *name;
	unsigned line;
	struct settings_row *rows;
	size_t count;
};

bool ice_settings_rate(const char *text, uint64_t *out)
{
	int64_t n;
	if (strcmp(text, "gentle") == 0)
		*out = ICE_SETTINGS_RATE_GENTLE;
	else if (strcmp(text, "normal") == 0)
		*out = ICE_SETTINGS_RATE_NORMAL;
	else if (strcmp(text, "max") == 0)
		*out = 0;
	else if (ice_conf_parse_number(text, &n) && n >= 1 && n <= 10000000)
		*out = (uint64_t)n;
	else
		return false;
	return true;
}

static void settings_rate(const struct ice_conf_where *where, const char *value, void *into)
{
	struct ice_settings_sweep *s = into;
	if (!ice_settings_rate(value, &s->rate))
		ice_conf_mistake(
		        where->mistakes, where->file, where->line, where->option,
		        "\"%s\" is no rate; right would be gentle, normal, max, or datagrams per second, 1 to 10000000",
		        value);
}

static void settings_timeout(const struct ice_conf_where *where, const char *value, void *into)
{
	struct ice_settings_sweep *s = into;
	int64_t usec = 0;
	if (strcmp(value, "learned") != 0 &&
	    (!ice_conf_parse_duration(value, &usec) || usec < 10000 || usec > 60000000))
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "\"%s\" is no timeout; right would be learned, or 10ms to 60s", value);
	s->timeout = usec;
}

static void settings_versions(const struct ice_conf_where *where, const char *value, void *into)
{
	struct ice_settings_sweep *s = into;
	bool v1 = strcmp(value, "1") == 0, v2c = strcmp(value, "2c") == 0, both = strcmp(value, "both") == 0;
	if (!v1 && !v2c && !both)
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "\"%s\" is not a choice; right would be 1, 2c or both", value);
	s->v1 = v1 || both;
	s->v2c = v2c || both;
}

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

static void settings_profiles(const struct ice_conf_where *where, const char *value, void *into)
{
	ice_settings_take_path(where, value, &((struct ice_settings_profiles *)into)->directory);
}

static void settings_row(const struct ice_conf_where *where, const char *value, enum settings_what what, void *into)
{
	struct ice_settings_range *r = into;
	struct settings_row *rows = reallocarray(r->rows, r->count + 1, sizeof *rows);
	if (!rows)
		abort();
	r->rows = rows;
	rows[r->count] = (struct settings_row){what, where->line, strdup(value)};
	if (!rows[r->count++].text)
		abort();
}

static void settings_allow(const struct ice_conf_where *where, const char *value, void *into)
{
	settings_row(where, value, SETTINGS_ALLOW, into);
}

static void settings_addresses(const struct ice_conf_where *where, const char *value, void *into)
{
	settings_row(where, value, SETTINGS_ADD, into);
}

static void settings_exclude(const struct ice_conf_where *where, const char *value, void *into)
{
	settings_row(where, value, SETTINGS_EXCLUDE, into);
}

static void settings_communities(const struct ice_conf_where *where, const char *value, void *into)
{
	struct ice_settings_path p = {0};
	ice_settings_take_path(where, value, &p);
	settings_row(where, p.path, SETTINGS_COMMUNITIES, into);
}

#define SETTINGS_AT(type, member) offsetof(struct ice_settings_##type, member)
#define SETTINGS_END                                                                                                   \
	{                                                                                                              \
		NULL, ICE_CONF_TEXT, 0, NULL, 0, 0, NULL, NULL, NULL                                                   \
	}

static const struct ice_conf_option settings_state_options[] = {
        {"directory", ICE_CONF_CALL, 0, "/var/lib/ice", 0, 0, NULL, settings_directory,
         "folder of the outbox, which keeps readings until the server has them"},
        {"outbox_size", ICE_CONF_SIZE, SETTINGS_AT(state, outbox_size), "1G", 1 << 20, INT64_C(1) << 40, NULL, NULL,
         "most bytes of readings kept; when it is full, sweeping pauses"},
        SETTINGS_END};

static const struct ice_conf_option settings_sweep_options[] = {
        {"interval", ICE_CONF_DURATION, SETTINGS_AT(sweep, interval), "1h", 1000000, INT64_C(31) * 86400 * 1000000,
         NULL, NULL, "from the start of one sweep to the start of the next"},
        {"rate", ICE_CONF_CALL, 0, "gentle", 0, 0, NULL, settings_rate,
         "datagrams per second: gentle (1000), normal (10000), max, or a number"},
        {"timeout", ICE_CONF_CALL, 0, "learned", 0, 0, NULL, settings_timeout,
         "how long one try waits for its answer: learned from the answers, or a duration"},
        {"retries", ICE_CONF_NUMBER, SETTINGS_AT(sweep, retries), "2", 0, 10, NULL, NULL,
         "further tries for an address that did not answer"},
        {"window", ICE_CONF_NUMBER, SETTINGS_AT(sweep, window), "4096", 1, ICE_SCANNER_WINDOW_MAX, NULL, NULL,
         "most requests in flight at once, to different devices"},
        {"conversations", ICE_CONF_NUMBER, SETTINGS_AT(sweep, conversations), "256", 1, 65536, NULL, NULL,
         "most printers read at once"},
        {"subnet_cap", ICE_CONF_NUMBER, SETTINGS_AT(sweep, subnet_cap), "32", 0, 65535, NULL, NULL,
         "most addresses of one /24 asked at once; 0 = no such bound"},
        {"port", ICE_CONF_NUMBER, SETTINGS_AT(sweep, port), "161", 1, 65535, NULL, NULL, "UDP port of the devices"},
        {"versions", ICE_CONF_CALL, 0, "both", 0, 0, NULL, settings_versions,
         "SNMP versions: 1, 2c or both (then a retry uses the other one)"},
        SETTINGS_END};

static const struct ice_conf_option settings_inventory_options[] = {
        {"full_read", ICE_CONF_DURATION, SETTINGS_AT(inventory, full_read), "24h", 0, INT64_C(31) * 86400 * 1000000,
         NULL, NULL, "every printer is read in full at least this often, unchanged or not; 0 = every time"},
        SETTINGS_END};

static const struct ice_conf_option settings_range_options[] = {
        {"addresses", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, settings_addresses,
         "10.1.0.0/16, 10.1.2.3-40, 10.1-3.0.1-254, fd00::/112, ...; several rows allowed"},
        {"exclude", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, settings_exclude,
         "addresses never asked, in the same forms; several rows allowed"},
        {"communities", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, settings_communities,
         "file (mode 0600) with one community a line, tried in order; without it \"public\""},
        {"allow_public", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, settings_allow,
         "addresses outside the internal networks that this range may hold"},
        SETTINGS_END};

static const struct ice_conf_option settings_privacy_options[] = {
        {"alert_text", ICE_CONF_CHOICE, SETTINGS_AT(privacy, alert_text), "none", 0, 0, "none|device", NULL,
         "the free text of alerts, which can name people: none, or device to deliver it"},
        SETTINGS_END};

static const struct ice_conf_option settings_log_options[] = {{"level", ICE_CONF_CHOICE, SETTINGS_AT(log, level),
                                                               "info", 0, 0, "error|warn|info|debug", NULL,
                                                               "how much is told: error, warn, info, debug"},
                                                              SETTINGS_END};

static const struct ice_conf_option settings_profiles_options[] = {
        {"directory", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, settings_profiles,
         "folder of the vendor profiles; without it the ones that came with ice"},
        SETTINGS_END};

static const struct ice_settings_section settings_table[] = {{"server", ice_settings_server_options},
                                                             {"state", settings_state_options},
                                                             {"sweep", settings_sweep_options},
                                                             {"inventory", settings_inventory_options},
                                                             {"range", settings_range_options},
                                                             {"privacy", settings_privacy_options},
                                                             {"log", settings_log_options},
                                                             {"profiles", settings_profiles_options},
                                                             {NULL, NULL}};

const struct ice_settings_section *ice_settings_sections(void)
{
	return settings_table;
}

static void *settings_open_range(const struct ice_conf_where *where, const char *name, void *into)
{
	struct ice_settings *s = into;
	if (s->range_count == ICE_PLAN_LEGS) {
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "more than %d ranges; one range may have several rows of addresses", ICE_PLAN_LEGS);
		return NULL;
	}
	/* All places were allocated before reading: conf keeps the pointer that is returned here. */
	struct ice_settings_range *r = &s->ranges[s->range_count++];
	*r = (struct ice_settings_range){strdup(name), where->line, NULL, 0};
	if (!r->name)
		abort();
	return r;
}

static bool settings_apply(struct ice_leg *leg, const struct settings_row *row, char *why, size_t why_size)
{
	switch (row->what) {
	case SETTINGS_ALLOW:
		return ice_range_allow(leg->range, row->text, why, why_size);
	case SETTINGS_ADD:
		return ice_range_add(leg->range, row->text, why, why_size);
	case SETTINGS_EXCLUDE:
		return ice_range_exclude(leg->range, row->text, why, why_size);
	case SETTINGS_COMMUNITIES:
		return ice_leg_community_file(leg, row->text, why, why_size);
	}
	return false;
}

/* Makes the leg of one [range NAME]: first what is allowed, then what is wanted, then what is not. True when it can be sealed. */
static bool settings_make_leg(struct ice_settings *s, const struct ice_settings_range *r, struct ice_conf_mistakes *m)
{
	static const char *const options[] = {"allow_public", "addresses", "exclude", "communities"};
	struct ice_leg *leg = ice_plan_add(&s->plan, r->name);
	char why[512], option[300];
	bool addresses = false, good = true;
	if (!leg)
		return false; /* told when the section was opened */
	for (enum settings_what what = SETTINGS_ALLOW; what <= SETTINGS_COMMUNITIES; what++) {
		for (size_t i = 0; i < r->count; i++) {
			if (r->rows[i].what != what)
				continue;
			addresses |= what == SETTINGS_ADD;
			if (settings_apply(leg, &r->rows[i], why, sizeof why))
				continue;
			good = false;
			snprintf(option, sizeof option, "range %.200s.%s", r->name, options[what]);
			ice_conf_mistake(m, s->file, r->rows[i].line, option, "%s", why);
		}
	}
	if (!addresses) {
		snprintf(option, sizeof option, "range %.200s.addresses", r->name);
		ice_conf_mistake(m, s->file, r->line, option,
		                 "is missing; right would be, for example, addresses = 10.1.0.0/16");
	}
	ice_leg_default_community(leg);
	ice_range_exclude_local_broadcasts(leg->range);
	return addresses && good;
}

/* Makes the plan: when all legs are there, each loses the edges of the others' subnets, and is sealed. */
static void settings_make_plan(struct ice_settings *s, struct ice_conf_mistakes *m)
{
	char why[ICE_RANGE_WHY_SIZE], option[300];
	bool good[ICE_PLAN_LEGS] = {false};
	for (size_t i = 0; i < s->range_count; i++)
		good[i] = settings_make_leg(s, &s->ranges[i], m);
	for (size_t i = 0; i < s->range_count; i++)
		for (size_t k = 0; k < s->ranges[i].count; k++)
			if (s->ranges[i].rows[k].what == SETTINGS_ADD)
				ice_plan_exclude_edges(&s->plan, s->ranges[i].rows[k].text);
	for (size_t i = 0; i < s->plan.count; i++) {
		if (!good[i] || ice_range_seal(s->plan.legs[i]->range, why, sizeof why))
			continue;
		snprintf(option, sizeof option, "range %.200s.addresses", s->ranges[i].name);
		ice_conf_mistake(m, s->file, s->ranges[i].line, option, "%s", why);
	}
}

bool ice_settings_read(const char *file, struct ice_settings *out, struct ice_conf_mistakes *mistakes)
{
	*out = (struct ice_settings){0};
	out->file = strdup(file);
	out->ranges = calloc(ICE_PLAN_LEGS, sizeof *out->ranges);
	if (!out->file || !out->ranges)
		abort();
	const struct ice_conf_section sections[] = {
	        {"server", ice_settings_server_options, &out->server, NULL, false},
	        {"state", settings_state_options, &out->state, NULL, false},
	        {"sweep", settings_sweep_options, &out->sweep, NULL, false},
	        {"inventory", settings_inventory_options, &out->inventory, NULL, false},
	        {"range", settings_range_options, out, settings_open_range, false},
	        {"privacy", settings_privacy_options, &out->privacy, NULL, false},
	        {"log", settings_log_options, &out->log, NULL, false},
	        {"profiles", settings_profiles_options, &out->profiles, NULL, false},
	        {NULL, NULL, NULL, NULL, false}};
	size_t before = mistakes->count;
	bool read = ice_conf_read(file, sections, mistakes);
	ice_settings_server_finish(&out->server, file, mistakes);
	settings_make_plan(out, mistakes);
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
	for (size_t i = 0; i < s->range_count; i++)
		for (size_t k = 0; k < s->ranges[i].count; k++)
			if (s->ranges[i].rows[k].what == SETTINGS_COMMUNITIES)
				each(s->ranges[i].rows[k].text, arg);
}

void ice_settings_free(struct ice_settings *s)
{
	ice_settings_server_free(&s->server);
	for (size_t i = 0; i < s->range_count; i++) {
		for (size_t k = 0; k < s->ranges[i].count; k++)
			free(s->ranges[i].rows[k].text);
		free(s->ranges[i].rows);
		free(s->ranges[i].name);
	}
	free(s->ranges);
	free(s->file);
	ice_plan_free(&s->plan);
	*s = (struct ice_settings){0};
}
