#include "rounds.h"

#include <stdlib.h>

#include "ice/log.h"

/* How often the clock is looked at. */
#define ROUNDS_LOOK ICE_USEC_SEC(1)
/* What changed elsewhere (in a sweep) is saved this often; and so is what the outbox did not take. */
#define ROUNDS_SAVE ICE_USEC_SEC(60)
/* Printers passed over in one call. */
#define ROUNDS_SKIPS 256

/* A printer that was given to the channel, or is about to be, and what it is to be asked. */
struct rounds_target {
	struct ice_address address;
	enum ice_devices_question question;
};

struct ice_rounds {
	struct ice_rounds_options options;
	struct ice_channel *channel;
	size_t leg;     /* the present one, or the last */
	bool inventory; /* the present round is (also) one */
	struct ice_devices_slots slots;
	struct rounds_target held; /* the next target, while the neighbour tables have no room for it */
	bool holds;
	struct rounds_target given[ICE_SCANNER_HELD + 1]; /* whose question the channel has not fetched yet */
	size_t given_count;
	int64_t wall; /* of this beat */
	ice_usec look_at, save_at;
};

/* ---- the channel's source ---- */

/* The next printer that is due and can be asked now. */
static bool rounds_due(struct ice_rounds *r, struct rounds_target *out)
{
	const struct ice_rounds_options *o = &r->options;
	struct ice_device device;
	while (ice_devices_due(o->devices, r->leg, &r->slots, r->wall, &out->address, &out->question)) {
		if (o->busy(&out->address, o->arg))
			continue;
		/* Without states and page counts there is nothing that a pulse could ask. */
		if (out->question == ICE_DEVICES_INVENTORY ||
		    (ice_devices_find(o->devices, &out->address, &device) && device.steady))
			return true;
	}
	return false;
}

static enum ice_walk_step rounds_next(ice_usec now, struct ice_address *out, void *arg)
{
	struct ice_rounds *r = arg;
	const struct ice_rounds_options *o = &r->options;
	if (!ice_timetable_open(o->timetable, r->leg, r->inventory ? ICE_LANE_INVENTORY : ICE_LANE_PULSE, r->wall))
		return ICE_WALK_END;
	for (unsigned i = 0; i < ROUNDS_SKIPS; i++) {
		if (!r->holds && !rounds_due(r, &r->held))
			return ICE_WALK_END;
		r->holds = true;
		if (ice_neighbours_on_link(o->neighbours, &r->held.address) &&
		    !ice_neighbours_take(o->neighbours, &r->held.address, now))
			return ICE_WALK_LATER;
		r->holds = false;
		if (o->busy(&r->held.address, o->arg)) /* by now */
			continue;
		*out = r->held.address;
		r->given[r->given_count++] = r->held;
		return ICE_WALK_TARGET;
	}
	return ICE_WALK_BUSY;
}

static ice_usec rounds_later(ice_usec now, void *arg)
{
	const struct ice_rounds *r = arg;
	return r->holds ? ice_neighbours_next(r->options.neighbours, &r->held.address, now) : ICE_USEC_NEVER;
}

static bool rounds_known(const struct ice_address *address, struct ice_known_target *out, void *arg)
{
	struct ice_rounds *r = arg;
	size_t i = 0;
	while (i < r->given_count && !ice_address_same(&r->given[i].address, address))
		i++;
	if (i == r->given_count)
		return false;
	enum ice_devices_question question = r->given[i].question;
	r->given[i] = r->given[--r->given_count];
	return ice_devices_known(r->options.devices, address, question, r->wall, out);
}

/* ---- rounds ---- */

/* A round of a range begins with every lane of it that is due; false when none is. */
static bool rounds_begin(struct ice_rounds *r, size_t leg, ice_usec now)
{
	static const enum ice_lane_kind lanes[] = {ICE_LANE_INVENTORY, ICE_LANE_PULSE, ICE_LANE_ERROR};
	struct ice_timetable *t = r->options.timetable;
	int64_t slots[ICE_LANES] = {0};
	bool due = false;
	r->inventory = false;
	for (size_t i = 0; i < sizeof lanes / sizeof *lanes; i++) {
		slots[lanes[i]] = ice_timetable_slot(t, leg, lanes[i], r->wall);
		if (!ice_timetable_due(t, leg, lanes[i], r->wall))
			continue;
		ice_timetable_started(t, leg, lanes[i], r->wall);
		r->inventory |= lanes[i] == ICE_LANE_INVENTORY;
		due = true;
	}
	if (!due)
		return false;
	r->leg = leg;
	r->slots = (struct ice_devices_slots){slots[ICE_LANE_INVENTORY], slots[ICE_LANE_PULSE], slots[ICE_LANE_ERROR]};
	r->holds = false;
	r->given_count = 0;
	ice_devices_round(r->options.devices, leg);
	ice_channel_recount(r->channel);
	ice_channel_begin(r->channel, r->options.plan, leg, now);
	return true;
}

static void rounds_end(struct ice_rounds *r)
{
	struct ice_figures f = {0};
	const struct ice_scanner_counters *c = &f.scanner;
	ice_channel_end(r->channel);
	ice_channel_figures(r->channel, &f);
	ice_timetable_ended(r->options.timetable, r->leg, ICE_LANE_INVENTORY);
	if (c->targets > 0)
		ICE_LOG(r->inventory ? ICE_LOG_INFO : ICE_LOG_DEBUG, r->inventory ? "inventory ended" : "pulse ended",
		        ice_field_str("range", r->options.plan->legs[r->leg]->name),
		        ice_field_int("asked", (int64_t)c->targets), ice_field_int("unchanged", (int64_t)c->unchanged),
		        ice_field_int("read", (int64_t)(c->printers - c->unchanged)),
		        ice_field_int("silent", (int64_t)(c->finished - c->devices)),
		        ice_field_int("probes", (int64_t)c->probes_sent),
		        ice_field_int("bytes", (int64_t)(f.udp.bytes_sent + f.udp.bytes_received)));
}

/* The next range in its turn. */
static void rounds_look(struct ice_rounds *r, ice_usec now)
{
	size_t count = r->options.plan->count;
	for (size_t i = 1; i <= count; i++)
		if (rounds_begin(r, (r->leg + i) % count, now))
			return;
	r->look_at = now + ROUNDS_LOOK;
}

void ice_rounds_save(struct ice_rounds *r, ice_usec now)
{
	if (now < ice_rounds_save_at(r))
		return;
	bool saved = ice_devices_save(r->options.devices, r->wall);
	if (!saved || ice_devices_unsaved(r->options.devices) == 0)
		r->save_at = now + ROUNDS_SAVE;
}

ice_usec ice_rounds_save_at(const struct ice_rounds *r)
{
	bool waits = ice_channel_busy(r->channel) || ice_devices_unsaved(r->options.devices) == 0;
	return waits ? ICE_USEC_NEVER : r->save_at;
}

void ice_rounds_beat(struct ice_rounds *r, ice_usec now, bool may_begin)
{
	bool ended = false;
	r->wall = ice_clock_wall();
	ice_channel_beat(r->channel, now);
	if (ice_channel_done(r->channel)) {
		rounds_end(r);
		r->save_at = now;
		ended = true;
	}
	if (!ice_channel_busy(r->channel) && may_begin && (ended || now >= r->look_at))
		rounds_look(r, now);
	/* What changes from now on is saved a while later, most likely behind its reading: whoever is known is left to the rounds by a sweep. */
	if (now >= r->save_at && ice_devices_unsaved(r->options.devices) == 0)
		r->save_at = now + ROUNDS_SAVE;
}

ice_usec ice_rounds_next(const struct ice_rounds *r, ice_usec now)
{
	ice_usec at = ice_channel_next(r->channel, now);
	if (ice_channel_busy(r->channel))
		return at;
	return r->look_at > now && r->look_at < at ? r->look_at : at;
}

bool ice_rounds_going(const struct ice_rounds *r)
{
	return ice_channel_busy(r->channel);
}

void ice_rounds_stop(struct ice_rounds *r, bool save)
{
	ice_channel_end(r->channel);
	if (save)
		(void)!ice_devices_save(r->options.devices, ice_clock_wall());
}

bool ice_rounds_asks(const struct ice_rounds *r, const struct ice_address *address)
{
	return (r->holds && ice_address_same(&r->held.address, address)) || ice_channel_asks(r->channel, address);
}

void ice_rounds_total(const struct ice_rounds *r, struct ice_figures *out)
{
	ice_channel_total(r->channel, out);
}

/* ---- life ---- */

struct ice_rounds *ice_rounds_new(struct event_base *base, const struct ice_rounds_options *options, char *why,
                                  size_t why_size)
{
	struct ice_rounds *r = calloc(1, sizeof *r);
	if (!r)
		abort();
	r->options = *options;
	r->options.channel.source = (struct ice_channel_source){
	        .next = rounds_next, .later = rounds_later, .known = rounds_known, .arg = r};
	r->options.channel.scanner.silences = true;
	r->channel = ice_channel_new(base, &r->options.channel, why, why_size);
	if (!r->channel) {
		free(r);
		return NULL;
	}
	r->leg = options->plan->count - 1; /* the first comes next */
	return r;
}

void ice_rounds_free(struct ice_rounds *r)
{
	if (!r)
		return;
	ice_channel_free(r->channel);
	free(r);
}
