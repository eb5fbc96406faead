/* The sections [range NAME]: what is kept of each until all its rows are there, and the plan that is made of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/text.h"

#include "settings_parts.h"

/* One row of a range, kept with its line until all rows are there: allow_public counts wherever it stands. */
struct range_row {
	enum range_what { RANGE_ALLOW, RANGE_ADD, RANGE_EXCLUDE, RANGE_COMMUNITIES } what;
	unsigned line;
	char *text;
};

/* What a range may say otherwise than the sections of the lanes do. */
enum range_own { RANGE_RATE, RANGE_SWEEP, RANGE_INVENTORY, RANGE_PULSE, RANGE_LOCATION_TAG, RANGE_OWNS };

struct ice_settings_range {
	char *name;
	unsigned line;
	struct range_row *rows;
	size_t count;
	unsigned own[RANGE_OWNS]; /* the lines it says so in; 0 = it does not */
	uint64_t rate;
	ice_usec intervals[ICE_LANES];
	char *location_tag;
};

static void range_row(const struct ice_conf_where *where, const char *value, enum range_what what, void *into)
{
	struct ice_settings_range *r = into;
	struct range_row *rows = reallocarray(r->rows, r->count + 1, sizeof *rows);
	if (!rows)
		abort();
	r->rows = rows;
	rows[r->count] = (struct range_row){what, where->line, strdup(value)};
	if (!rows[r->count++].text)
		abort();
}

static void range_allow_public(const struct ice_conf_where *where, const char *value, void *into)
{
	range_row(where, value, RANGE_ALLOW, into);
}

static void range_addresses(const struct ice_conf_where *where, const char *value, void *into)
{
	range_row(where, value, RANGE_ADD, into);
}

static void range_exclude(const struct ice_conf_where *where, const char *value, void *into)
{
	range_row(where, value, RANGE_EXCLUDE, into);
}

static void range_communities(const struct ice_conf_where *where, const char *value, void *into)
{
	struct ice_settings_path p = {0};
	ice_settings_take_path(where, value, &p);
	range_row(where, p.path, RANGE_COMMUNITIES, into);
}

/* True when the range says this for the first time. */
static bool range_own(const struct ice_conf_where *where, struct ice_settings_range *r, enum range_own what)
{
	if (r->own[what])
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "given twice, first in line %u", r->own[what]);
	bool first = r->own[what] == 0;
	r->own[what] = where->line;
	return first;
}

static void range_rate(const struct ice_conf_where *where, const char *value, void *into)
{
	struct ice_settings_range *r = into;
	if (range_own(where, r, RANGE_RATE))
		ice_settings_take_rate(where, value, &r->rate);
}

static void range_interval(const struct ice_conf_where *where, const char *value, void *into, enum range_own what,
                           enum ice_lane_kind lane)
{
	struct ice_settings_range *r = into;
	ice_usec n = 0;
	if (!range_own(where, r, what))
		return;
	if (strcmp(value, "off") != 0 &&
	    (!ice_conf_parse_duration(value, &n) || n < SETTINGS_SECOND || n > SETTINGS_LONG))
		ice_conf_mistake(
		        where->mistakes, where->file, where->line, where->option,
		        "\"%.40s\" is not right, write off, or a whole number with its unit (s, m, h, d) from 1s "
		        "to 31d",
		        value);
	r->intervals[lane] = n;
}

static void range_sweep(const struct ice_conf_where *where, const char *value, void *into)
{
	range_interval(where, value, into, RANGE_SWEEP, ICE_LANE_SWEEP);
}

static void range_inventory(const struct ice_conf_where *where, const char *value, void *into)
{
	range_interval(where, value, into, RANGE_INVENTORY, ICE_LANE_INVENTORY);
}

static void range_pulse(const struct ice_conf_where *where, const char *value, void *into)
{
	range_interval(where, value, into, RANGE_PULSE, ICE_LANE_PULSE);
}

static void range_location_tag(const struct ice_conf_where *where, const char *value, void *into)
{
	struct ice_settings_range *r = into;
	if (!range_own(where, r, RANGE_LOCATION_TAG))
		return;
	if (*value == '\0')
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "has no value; right would be some words, or no such row");
	r->location_tag = strdup(value);
	if (!r->location_tag)
		abort();
}

const struct ice_conf_option ice_settings_range_options[] = {
        {"addresses", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, range_addresses,
         "10.1.0.0/16, 10.1.2.3-40, 10.1-3.0.1-254, fd00::/112, ...; several rows allowed"},
        {"exclude", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, range_exclude,
         "addresses never asked, in the same forms; several rows allowed"},
        {"communities", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, range_communities,
         "file (mode 0600) with one community a line, tried in order; without it \"public\""},
        {"allow_public", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, range_allow_public,
         "addresses outside the internal networks that this range may hold"},
        {"rate", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, range_rate,
         "datagrams per second to this range, at most sweep.rate: gentle, normal, or a number"},
        {"sweep", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, range_sweep, "in place of sweep.interval; or off"},
        {"inventory", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, range_inventory, "in place of inventory.interval; or off"},
        {"pulse", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, range_pulse,
         "in place of pulse.interval; or off, then also for printers in error"},
        {"location_tag", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, range_location_tag,
         "your words for where its printers stand; delivered with each, beside its own location"},
        SETTINGS_END};

/* True when a name is what it looks like: how many blanks stand between its words does not matter. */
static bool range_name_shows(const char *name)
{
	char plain[64]; /* a section has 49 bytes at most */
	size_t n = 0;
	for (; *name && n < sizeof plain - 1; name++)
		if (!strchr(" \t", *name) || n == 0 || plain[n - 1] != ' ')
			plain[n++] = *name == '\t' ? ' ' : *name;
	plain[n] = '\0';
	return ice_text_is_clean(plain);
}

/* All places there may be: conf keeps pointers into them while it reads. */
void ice_settings_range_begin(struct ice_settings *s)
{
	s->ranges = calloc(ICE_PLAN_LEGS, sizeof *s->ranges);
	if (!s->ranges)
		abort();
}

void *ice_settings_range_open(const struct ice_conf_where *where, const char *name, void *into)
{
	struct ice_settings *s = into;
	if (s->range_count == ICE_PLAN_LEGS) {
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "more than %d ranges; one range may have several rows of addresses", ICE_PLAN_LEGS);
		return NULL;
	}
	if (!range_name_shows(name)) {
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "its name holds a character that does not show, write it with letters and digits");
		return NULL;
	}
	struct ice_settings_range *r = &s->ranges[s->range_count++];
	*r = (struct ice_settings_range){.name = strdup(name), .line = where->line};
	if (!r->name)
		abort();
	return r;
}

static bool range_apply(struct ice_leg *leg, const struct range_row *row, char *why, size_t why_size)
{
	switch (row->what) {
	case RANGE_ALLOW:
		return ice_range_allow(leg->range, row->text, why, why_size);
	case RANGE_ADD:
		return ice_range_add(leg->range, row->text, why, why_size);
	case RANGE_EXCLUDE:
		return ice_range_exclude(leg->range, row->text, why, why_size);
	case RANGE_COMMUNITIES:
		return ice_leg_community_file(leg, row->text, why, why_size);
	}
	return false;
}

/* What the range says of its lanes, or else what the sections say. */
static void range_lanes(const struct ice_settings *s, const struct ice_settings_range *r, struct ice_leg *leg)
{
	const ice_usec all[ICE_LANES] = {s->sweep.interval, s->inventory.interval, s->pulse.interval,
	                                 s->pulse.error_interval};
	const enum range_own own[ICE_LANES] = {RANGE_SWEEP, RANGE_INVENTORY, RANGE_PULSE, RANGE_OWNS};
	for (enum ice_lane_kind lane = 0; lane < ICE_LANES; lane++)
		leg->intervals[lane] = own[lane] != RANGE_OWNS && r->own[own[lane]] ? r->intervals[lane] : all[lane];
	/* Known printers are asked by the inventory alone: without one of its own it is made as often as a sweep would be. */
	if (leg->intervals[ICE_LANE_INVENTORY] == 0)
		leg->intervals[ICE_LANE_INVENTORY] = leg->intervals[ICE_LANE_SWEEP];
	/* Who looks after nobody need not look after them faster; and looking slower at those in error is no way to look. */
	ice_usec pulse = leg->intervals[ICE_LANE_PULSE], *error = &leg->intervals[ICE_LANE_ERROR];
	if (pulse == 0 || *error == 0 || *error > pulse)
		*error = pulse;
	leg->rate = r->rate;
	leg->location_tag = r->location_tag ? strdup(r->location_tag) : NULL;
}

/* True when a mistake in this option was told already: a row that could not be read is not one that is missing. */
static bool range_told(const struct ice_conf_mistakes *m, const char *option)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->told[i].option && strcmp(m->told[i].option, option) == 0)
			return true;
	return false;
}

/* Makes the leg of one [range NAME]: first what is allowed, then what is wanted, then what is not. True when it can be sealed. */
static bool range_leg(struct ice_settings *s, const struct ice_settings_range *r, struct ice_conf_mistakes *m)
{
	static const char *const options[] = {"allow_public", "addresses", "exclude", "communities"};
	struct ice_leg *leg = ice_plan_add(&s->plan, r->name);
	char why[512], option[300];
	bool addresses = false, good = true;
	if (!leg)
		return false; /* told when the section was opened */
	for (enum range_what what = RANGE_ALLOW; what <= RANGE_COMMUNITIES; what++) {
		for (size_t i = 0; i < r->count; i++) {
			if (r->rows[i].what != what)
				continue;
			addresses |= what == RANGE_ADD;
			if (range_apply(leg, &r->rows[i], why, sizeof why))
				continue;
			good = false;
			snprintf(option, sizeof option, "range %.200s.%s", r->name, options[what]);
			ice_conf_mistake(m, s->file, r->rows[i].line, option, "%s", why);
		}
	}
	if (!addresses) {
		snprintf(option, sizeof option, "range %.200s.addresses", r->name);
		if (!range_told(m, option))
			ice_conf_mistake(m, s->file, r->line, option,
			                 "is missing; right would be, for example, addresses = 10.1.0.0/16");
	}
	range_lanes(s, r, leg);
	ice_leg_default_community(leg);
	ice_range_exclude_local_broadcasts(leg->range);
	return addresses && good;
}

void ice_settings_range_stand_in(struct ice_settings *s, const char *path, const char *instead)
{
	for (size_t i = 0; i < s->range_count; i++) {
		for (size_t k = 0; k < s->ranges[i].count; k++) {
			struct range_row *row = &s->ranges[i].rows[k];
			if (row->what != RANGE_COMMUNITIES || strcmp(row->text, path) != 0)
				continue;
			free(row->text);
			row->text = strdup(instead);
			if (!row->text)
				abort();
		}
	}
}

/* Makes the plan: when all legs are there, each loses the edges of the others' subnets, and is sealed. */
void ice_settings_range_plan(struct ice_settings *s, struct ice_conf_mistakes *m)
{
	char why[ICE_RANGE_WHY_SIZE], option[300];
	bool good[ICE_PLAN_LEGS] = {false};
	for (size_t i = 0; i < s->range_count; i++)
		good[i] = range_leg(s, &s->ranges[i], m);
	for (size_t i = 0; i < s->range_count; i++)
		for (size_t k = 0; k < s->ranges[i].count; k++)
			if (s->ranges[i].rows[k].what == RANGE_ADD)
				ice_plan_exclude_edges(&s->plan, s->ranges[i].rows[k].text);
	for (size_t i = 0; i < s->plan.count; i++) {
		if (!good[i] || ice_range_seal(s->plan.legs[i]->range, why, sizeof why))
			continue;
		snprintf(option, sizeof option, "range %.200s.addresses", s->ranges[i].name);
		ice_conf_mistake(m, s->file, s->ranges[i].line, option, "%s", why);
	}
}

void ice_settings_range_files(const struct ice_settings *s, ice_settings_file_fn *each, void *arg)
{
	for (size_t i = 0; i < s->range_count; i++)
		for (size_t k = 0; k < s->ranges[i].count; k++)
			if (s->ranges[i].rows[k].what == RANGE_COMMUNITIES)
				each(s->ranges[i].rows[k].text, arg);
}

void ice_settings_range_free(struct ice_settings *s)
{
	for (size_t i = 0; i < s->range_count; i++) {
		struct ice_settings_range *r = &s->ranges[i];
		for (size_t k = 0; k < r->count; k++)
			free(r->rows[k].text);
		free(r->rows);
		free(r->name);
		free(r->location_tag);
	}
	free(s->ranges);
}
