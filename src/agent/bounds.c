#include "bounds.h"

#define BOUNDS_LEAST   0.1   /* of the time: what took less is not worth a word */
#define BOUNDS_SENDING 0.001 /* of the time: where all was sent in less, nothing bounded the rate */

double ice_bounds_share(const struct ice_scanner_counters *c, enum ice_bound b)
{
	uint64_t all = 0;
	for (size_t i = 0; i < ICE_BOUND_COUNT; i++)
		all += c->bound[i];
	return all ? (double)c->bound[b] / (double)all : 0;
}

json_t *ice_bounds_json(const struct ice_scanner_counters *c)
{
	json_t *o = json_object();
	for (size_t b = 0; b < ICE_BOUND_COUNT; b++)
		json_object_set_new(o, ice_bound_name((enum ice_bound)b),
		                    json_real(ice_bounds_share(c, (enum ice_bound)b)));
	return o;
}

const char *ice_bounds_words(enum ice_bound b)
{
	static const char *const words[ICE_BOUND_COUNT] = {
	        [ICE_BOUND_TARGETS] = "the wait for the last answers",
	        [ICE_BOUND_PACE] = "the rate asked for",
	        [ICE_BOUND_WINDOW] = "the number of requests in flight, --window",
	        [ICE_BOUND_SUBNET] = "the cap per subnet",
	        [ICE_BOUND_SOCKET] = "the socket, which took no more at a time",
	        [ICE_BOUND_QUEUE] = "printers that wait for their turn to be read",
	        [ICE_BOUND_CPU] = "this machine and its kernel",
	        [ICE_BOUND_NEIGHBOURS] = "the kernel's neighbour table: connected subnets are asked slowly",
	};
	return words[b];
}

/* Microseconds in which there was something to send. */
static uint64_t bounds_sending(const struct ice_scanner_counters *c)
{
	uint64_t all = 0;
	for (size_t i = ICE_BOUND_TARGETS + 1; i < ICE_BOUND_COUNT; i++)
		all += c->bound[i];
	return all;
}

/* The one that took the most time of those not told yet; ICE_BOUND_TARGETS, which bounds nothing, when that is not worth a word. */
static enum ice_bound bounds_next(const struct ice_scanner_counters *c, const bool told[ICE_BOUND_COUNT])
{
	enum ice_bound most = ICE_BOUND_TARGETS;
	double least = BOUNDS_LEAST * (double)bounds_sending(c);
	for (size_t i = ICE_BOUND_TARGETS + 1; i < ICE_BOUND_COUNT; i++)
		if (!told[i] && c->bound[i] > 0 && (double)c->bound[i] >= least &&
		    (most == ICE_BOUND_TARGETS || c->bound[i] > c->bound[most]))
			most = (enum ice_bound)i;
	return most;
}

void ice_bounds_tell(const struct ice_scanner_counters *c, FILE *to)
{
	bool told[ICE_BOUND_COUNT] = {false}, any = false;
	uint64_t sending = bounds_sending(c), waited = c->bound[ICE_BOUND_TARGETS];
	bool bounded = (double)sending >= BOUNDS_SENDING * (double)(sending + waited);
	for (enum ice_bound b; bounded && (b = bounds_next(c, told)) != ICE_BOUND_TARGETS; any = told[b] = true)
		fprintf(to, "%s%s (%.0f %% of the time it sent)",
		        any ? ", then " : "what bounded the rate: ", ice_bounds_words(b),
		        100 * (double)c->bound[b] / (double)sending);
	if (ice_bounds_share(c, ICE_BOUND_TARGETS) >= BOUNDS_LEAST)
		fprintf(to, "%sthe last answers were waited for, %.1f of %.1f s",
		        any ? "; besides, " : "nothing bounded the rate: ", (double)waited / 1e6,
		        (double)(waited + sending) / 1e6);
	if (any || waited > 0)
		fputc('\n', to);
}
