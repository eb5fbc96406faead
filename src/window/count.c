#include "count.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/estimate.h"

static void count_note(json_t *notes, const char *kind, json_t *text)
{
	json_array_append_new(notes, json_pack("{s:o, s:b, s:b}", "text", text, "warn", strcmp(kind, "warn") == 0,
	                                       "info", strcmp(kind, "info") == 0));
}

/* "about 3 minutes" */
static json_t *count_time(double seconds)
{
	static const struct {
		double seconds;
		const char *name;
	} units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
	if (seconds < 1)
		return json_string("a second");
	size_t i = 0;
	while (i < 3 && seconds < 1.5 * units[i].seconds)
		i++;
	double n = round(seconds / units[i].seconds);
	return json_sprintf("about %.0f %s%s", n, units[i].name, n == 1 ? "" : "s");
}

/* What is said of a sweep when nobody answers (ice/estimate.h), as `ice check` does. */
static void count_cost(json_t *facts, const struct ice_plan *plan, const struct ice_settings *saved)
{
	const struct ice_estimate_pace pace = ice_estimate_pace(&saved->sweep);
	struct ice_estimate sum = {0}, one;
	ice_usec spread =
	        saved->sweep.interval / 2 < saved->sweep.spread ? saved->sweep.interval / 2 : saved->sweep.spread;
	struct ice_neighbours *neighbours = ice_neighbours_new(NULL, NULL);
	ice_neighbours_connect(neighbours);
	for (size_t i = 0; i < plan->count; i++) {
		ice_estimate_leg(plan, i, &pace, neighbours, &one);
		sum.packets_most += one.packets_most;
		sum.seconds += one.seconds;
		sum.bound = one.bound;
	}
	ice_neighbours_free(neighbours);
	json_object_set_new(facts, "packets", json_integer((json_int_t)sum.packets_most));
	json_object_set_new(facts, "rate", json_integer((json_int_t)pace.rate));
	json_object_set_new(facts, "limited", json_boolean(pace.rate > 0));
	json_object_set_new(facts, "capped", json_boolean(plan->count == 1 && sum.bound == ICE_BOUND_SUBNET));
	json_object_set_new(facts, "cap", json_integer((json_int_t)pace.subnet_cap));
	json_object_set_new(facts, "time", count_time(sum.seconds));
	if ((double)spread / 1e6 > sum.seconds)
		json_object_set_new(facts, "spread", count_time((double)spread / 1e6));
}

/* ---- one range ---- */

typedef bool count_take_fn(struct ice_range *r, const char *text, char *why, size_t why_size);

/* Gives each line to `take`; false, told, at the first that is refused. */
static bool count_take(struct ice_range *r, const char *lines, count_take_fn *take, size_t *taken, char *why,
                       size_t why_size)
{
	char *copy = strdup(lines), *rest = copy, *line;
	bool good = true;
	if (!copy)
		abort();
	while (good && (line = strsep(&rest, "\n"))) {
		if (line[strspn(line, " \t,")] == '\0')
			continue;
		(*taken)++;
		good = take(r, line, why, why_size);
	}
	free(copy);
	return good;
}

/* A row like 10.1.2.0-10.1.2.255 is taken as written, its ends too; 10.1.2.0/24 would lose them. */
static void count_edges(json_t *notes, const char *lines)
{
	char *copy = strdup(lines), *rest = copy, *word, why[ICE_RANGE_WHY_SIZE];
	if (!copy)
		abort();
	while ((word = strsep(&rest, "\n ,\t"))) {
		struct ice_range *r = ice_range_new();
		bool cidr = strchr(word, '/') != NULL;
		if (!cidr && *word && *word != '!' && ice_range_allow(r, "0.0.0.0/0", why, sizeof why) &&
		    ice_range_add(r, word, why, sizeof why) && ice_range_seal(r, why, sizeof why)) {
			struct ice_address first = ice_range_at(r, 0), last = ice_range_at(r, ice_range_count(r) - 1);
			if (ice_address_is_v4(&first) && ((first.lo & 255) == 0 || (last.lo & 255) == 255))
				count_note(notes, "warn",
				           json_sprintf("%s ends in .0 or .255, which may be a network or broadcast "
				                        "address. Written as a "
				                        "subnet (/24) these are left out by themselves.",
				                        word));
		}
		ice_range_free(r);
	}
	free(copy);
}

static void count_left_out(json_t *notes, const struct ice_range *r)
{
	struct ice_range_figures left_out = ice_range_figures(r);
	if (left_out.edges || left_out.excluded)
		count_note(notes, "info",
		           json_sprintf("Left out: %" PRIu64 " network and broadcast addresses, %" PRIu64
		                        " that are never asked.",
		                        left_out.edges, left_out.excluded));
}

static void count_overlaps(json_t *notes, const struct ice_range *r, const struct ice_settings *saved, const char *self)
{
	for (size_t i = 0; i < saved->plan.count; i++) {
		const struct ice_leg *leg = saved->plan.legs[i];
		if (strcmp(leg->name, self) == 0 || ice_range_count(leg->range) == 0)
			continue;
		const struct ice_range *other = leg->range;
		uint64_t common = ice_range_common(r, &other, 1);
		if (common)
			count_note(notes, "warn",
			           json_sprintf("%" PRIu64 " of these addresses stand in the range \"%s\", too. The "
			                        "range that comes first asks "
			                        "them, with its communities.",
			                        common, leg->name));
	}
}

/* By itself: what other ranges ask of it already is told as an overlap. */
static void count_rows_cost(json_t *facts, struct ice_range *r, const struct ice_settings *saved, const char *self)
{
	struct ice_leg leg = {.range = r, .community_count = 1};
	const struct ice_plan plan = {.legs = {&leg}, .count = 1};
	for (size_t i = 0; i < saved->plan.count; i++)
		if (strcmp(saved->plan.legs[i]->name, self) == 0) {
			leg.rate = saved->plan.legs[i]->rate;
			leg.community_count = saved->plan.legs[i]->community_count;
		}
	count_cost(facts, &plan, saved);
	json_object_set_new(facts, "tries",
	                    json_integer((json_int_t)((size_t)(saved->sweep.retries + 1) * leg.community_count)));
}

json_t *window_count_rows(const char *addresses, const char *exclude, const char *allow,
                          const struct ice_settings *saved, const char *self)
{
	json_t *facts = json_object(), *notes = json_array();
	struct ice_range *r = ice_range_new();
	char why[ICE_RANGE_WHY_SIZE] = "";
	size_t allowed = 0, added = 0, excluded = 0;
	bool good = count_take(r, allow, ice_range_allow, &allowed, why, sizeof why) &&
	            count_take(r, addresses, ice_range_add, &added, why, sizeof why) &&
	            count_take(r, exclude, ice_range_exclude, &excluded, why, sizeof why);
	if (good && added > 0) {
		ice_range_exclude_local_broadcasts(r);
		good = ice_range_seal(r, why, sizeof why);
	}
	if (good && added > 0) {
		json_object_set_new(facts, "addresses", json_integer((json_int_t)ice_range_count(r)));
		count_rows_cost(facts, r, saved, self);
		count_left_out(notes, r);
		count_edges(notes, addresses);
		count_overlaps(notes, r, saved, self);
	} else if (good) {
		json_object_set_new(facts, "empty", json_true());
	} else {
		json_object_set_new(facts, "wrong", json_string(why));
	}
	json_object_set_new(facts, "notes", notes);
	ice_range_free(r);
	return facts;
}

json_t *window_count_all(const struct ice_settings *saved)
{
	json_t *facts = json_object();
	uint64_t addresses = ice_plan_addresses(&saved->plan);
	json_object_set_new(facts, "addresses", json_integer((json_int_t)addresses));
	json_object_set_new(facts, "notes", json_array());
	count_cost(facts, &saved->plan, saved);
	return facts;
}
