#include "estimate_tell.h"

#include <stdio.h>

#include "amount.h"
#include "bounds.h"

static json_t *estimate_json(const struct ice_estimate *e)
{
	json_t *o = json_pack("{s:I, s:I, s:{s:I, s:I}}", "addresses", (json_int_t)e->addresses, "on_link",
	                      (json_int_t)e->on_link, "packets", "least", (json_int_t)e->packets_least, "most",
	                      (json_int_t)e->packets_most);
	json_object_set_new(o, "seconds", json_real(e->seconds));
	json_object_set_new(o, "bound", json_string(ice_bound_name(e->bound)));
	return o;
}

/* What a range shares with those before it, which ask it. */
static json_t *estimate_overlaps(const struct ice_plan *plan, size_t at, struct ice_report *report, const char *topic)
{
	json_t *list = json_array();
	char count[ICE_AMOUNT_SIZE];
	for (size_t i = 0; i < at; i++) {
		const struct ice_range *other = plan->legs[i]->range;
		uint64_t n = ice_range_common(plan->legs[at]->range, &other, 1);
		if (n == 0)
			continue;
		ice_report_step(report, ICE_REPORT_NOTE, topic, "%s of it %s in range %s, too, and %s asked there",
		                ice_amount_count(n, "address", "addresses", count), n == 1 ? "stands" : "stand",
		                plan->legs[i]->name, n == 1 ? "is" : "are");
		json_array_append_new(
		        list, json_pack("{s:s, s:I}", "range", plan->legs[i]->name, "addresses", (json_int_t)n));
	}
	return list;
}

static void estimate_tell_leg(const struct ice_plan *plan, size_t at, const struct ice_estimate *e, json_t *list,
                              struct ice_report *report)
{
	const struct ice_leg *leg = plan->legs[at];
	struct ice_range_figures left_out = ice_range_figures(leg->range);
	char addresses[ICE_AMOUNT_SIZE], communities[ICE_AMOUNT_SIZE], excluded[ICE_AMOUNT_SIZE],
	        edges[ICE_AMOUNT_SIZE], topic[256];
	snprintf(topic, sizeof topic, "range %.200s", leg->name);
	ice_amount_count(ice_range_count(leg->range), "address", "addresses", addresses);
	ice_amount_count(leg->community_count, "community", "communities", communities);
	ice_amount_number(left_out.excluded, excluded);
	ice_amount_count(left_out.edges, "network or broadcast address", "network and broadcast addresses", edges);
	ice_report_step(report, ICE_REPORT_OK, topic, "%s, %s%s%s%s%s%s", addresses, communities,
	                left_out.excluded || left_out.edges ? "; left out: " : "", left_out.excluded ? excluded : "",
	                left_out.excluded ? " excluded" : "", left_out.excluded && left_out.edges ? ", " : "",
	                left_out.edges ? edges : "");
	json_t *o = estimate_json(e);
	json_object_set_new(o, "addresses", json_integer((json_int_t)ice_range_count(leg->range)));
	json_object_set_new(o, "asked", json_integer((json_int_t)e->addresses));
	json_object_set_new(o, "name", json_string(leg->name));
	json_object_set_new(o, "communities", json_integer((json_int_t)leg->community_count));
	json_object_set_new(o, "excluded", json_integer((json_int_t)left_out.excluded));
	json_object_set_new(o, "edges", json_integer((json_int_t)left_out.edges));
	json_object_set_new(o, "overlaps", estimate_overlaps(plan, at, report, topic));
	json_array_append_new(list, o);
}

static void estimate_tell_sum(const struct ice_estimate *sum, const struct ice_estimate_pace *pace,
                              struct ice_report *report)
{
	char addresses[ICE_AMOUNT_SIZE], least[ICE_AMOUNT_SIZE], most[ICE_AMOUNT_SIZE], rate[ICE_AMOUNT_SIZE],
	        time[ICE_AMOUNT_SIZE];
	ice_amount_count(sum->addresses, "address", "addresses", addresses);
	ice_amount_number(sum->packets_least, least);
	ice_amount_number(sum->packets_most, most);
	ice_amount_number(pace->rate, rate);
	ice_amount_seconds(sum->seconds, time);
	bool bounded = sum->bound != ICE_BOUND_TARGETS;
	ice_report_step(report, ICE_REPORT_OK, "sweep", "%s, %s to %s packets, %s%s%s; %s%s when nobody answers%s%s",
	                addresses, least, most, pace->rate ? "at " : "as fast as this machine can",
	                pace->rate ? rate : "", pace->rate ? " a second" : "", time, pace->rate ? "" : " or more",
	                bounded ? ", bounded by " : "", bounded ? ice_bounds_words(sum->bound) : "");
	json_t *o = estimate_json(sum);
	json_object_set_new(o, "rate", json_integer((json_int_t)pace->rate));
	ice_report_set(report, "sweep", o);
}

void ice_estimate_tell(const struct ice_plan *plan, const struct ice_estimate_pace *pace, struct ice_report *report)
{
	struct ice_estimate sum = {0}, one;
	double spent[ICE_BOUND_COUNT] = {0};
	json_t *list = json_array();
	struct ice_neighbours *neighbours = ice_neighbours_new(NULL, NULL);
	ice_neighbours_connect(neighbours);
	for (size_t i = 0; i < plan->count; i++) {
		ice_estimate_leg(plan, i, pace, neighbours, &one);
		estimate_tell_leg(plan, i, &one, list, report);
		sum.addresses += one.addresses;
		sum.on_link += one.on_link;
		sum.packets_least += one.packets_least;
		sum.packets_most += one.packets_most;
		sum.seconds += one.seconds;
		spent[one.bound] += one.seconds;
		if (spent[one.bound] > spent[sum.bound])
			sum.bound = one.bound;
	}
	ice_neighbours_free(neighbours);
	estimate_tell_sum(&sum, pace, report);
	ice_report_set(report, "ranges", list);
}
