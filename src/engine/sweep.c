#include "sweep.h"

#include <assert.h>
#include <stdlib.h>

struct ice_sweep {
	struct ice_sweep_options options;
	struct ice_channel *channel;
	struct ice_walk walk; /* of the present leg */
	size_t end;           /* the leg behind the last one */
	ice_usec spread, leg_began;
	bool drained;
	struct ice_place place; /* of one that was drained */
	uint64_t passed;        /* of legs before, as sweep_passed has it */
	uint64_t addresses;     /* of the whole plan, or of this part of it */
	ice_usec started, ended, now;
};

/* ---- the channel's source ---- */

/* When the next address may be taken, where the leg is to be spread: the nth in its turn. */
static ice_usec sweep_turn(const struct ice_sweep *s)
{
	uint64_t total = ice_cursor_total(&s->walk.routed), taken = s->walk.given + s->walk.passed;
	if (s->spread <= 0 || total == 0)
		return 0;
	return s->leg_began + (ice_usec)((unsigned __int128)taken * (uint64_t)s->spread / total);
}

static enum ice_walk_step sweep_next(ice_usec now, struct ice_address *out, void *arg)
{
	struct ice_sweep *s = arg;
	if (s->spread > 0 && sweep_turn(s) > now)
		return ICE_WALK_LATER;
	return ice_walk_next(&s->walk, now, out);
}

static ice_usec sweep_later(ice_usec now, void *arg)
{
	struct ice_sweep *s = arg;
	ice_usec turn = sweep_turn(s);
	return turn > now ? turn : ice_walk_later(&s->walk, now);
}

static bool sweep_known(const struct ice_address *address, struct ice_known_target *out, void *arg)
{
	struct ice_sweep *s = arg;
	return s->options.known(address, out, s->options.arg);
}

/* ---- legs ---- */

static void sweep_begin_leg(struct ice_sweep *s, const struct ice_place *from)
{
	const struct ice_sweep_options *o = &s->options;
	ice_walk_begin(&s->walk, o->plan, o->neighbours, from, o->shard, o->shards);
	s->walk.pass = o->pass;
	s->walk.arg = o->arg;
	s->leg_began = s->now;
	ice_channel_begin(s->channel, o->plan, from->leg, s->now);
}

/* Passed over, and counted as done: an address of two ranges is one, but for a part of a sweep, which cannot tell how many of those are its own. */
static uint64_t sweep_passed(const struct ice_sweep *s)
{
	return s->walk.passed - (s->options.shards > 1 ? 0 : s->walk.again);
}

static uint64_t sweep_addresses(const struct ice_sweep_options *o)
{
	uint64_t sum = 0;
	if (o->shards <= 1)
		return ice_plan_addresses(o->plan);
	for (size_t i = 0; i < o->plan->count; i++) {
		struct ice_cursor c;
		ice_cursor_init(&c, ice_walk_range(o->plan, i, o->shards), 0, 0, o->shard, o->shards);
		sum += ice_cursor_total(&c);
	}
	return sum;
}

static void sweep_end_leg(struct ice_sweep *s)
{
	ice_channel_end(s->channel);
	s->passed += sweep_passed(s);
	s->walk.passed = s->walk.again = 0;
}

void ice_sweep_begin(struct ice_sweep *s, const struct ice_place *from, size_t legs, ice_usec spread, ice_usec now)
{
	assert(!ice_sweep_going(s) && legs > 0 && from->leg + legs <= s->options.plan->count);
	s->now = s->started = now;
	s->ended = 0;
	s->passed = 0;
	s->end = from->leg + legs;
	s->spread = spread;
	s->drained = false;
	ice_neighbours_connect(s->options.neighbours); /* what has come up since */
	ice_channel_recount(s->channel);
	sweep_begin_leg(s, from);
}

void ice_sweep_drain(struct ice_sweep *s)
{
	if (s->ended || s->drained)
		return;
	s->drained = true;
	ice_channel_drain(s->channel);
}

bool ice_sweep_drained(const struct ice_sweep *s)
{
	return s->drained;
}

void ice_sweep_stop(struct ice_sweep *s, ice_usec now)
{
	if (ice_channel_busy(s->channel))
		sweep_end_leg(s);
	if (!s->ended)
		s->ended = now;
}

bool ice_sweep_going(const struct ice_sweep *s)
{
	return !s->ended;
}

bool ice_sweep_beat(struct ice_sweep *s, ice_usec now)
{
	s->now = now;
	ice_channel_beat(s->channel, now);
	if (!ice_channel_done(s->channel))
		return false;
	if (s->drained)
		s->place = ice_sweep_place(s);
	struct ice_place from = {.seed = s->walk.from.seed, .leg = s->walk.from.leg + 1};
	sweep_end_leg(s);
	if (from.leg < s->end && !s->drained)
		sweep_begin_leg(s, &from);
	else
		s->ended = now;
	return s->ended != 0;
}

ice_usec ice_sweep_next(const struct ice_sweep *s, ice_usec now)
{
	return ice_channel_next(s->channel, now);
}

bool ice_sweep_asks(const struct ice_sweep *s, const struct ice_address *address)
{
	return ice_channel_asks(s->channel, address);
}

struct ice_place ice_sweep_place(struct ice_sweep *s)
{
	return s->ended ? s->place : ice_walk_place(&s->walk, ice_channel_settled(s->channel));
}

void ice_sweep_figures(const struct ice_sweep *s, struct ice_figures *out)
{
	*out = (struct ice_figures){.addresses = s->addresses};
	ice_channel_figures(s->channel, out);
	out->done = out->scanner.finished + s->passed + sweep_passed(s);
	out->seconds = (double)((s->ended ? s->ended : s->now) - s->started) / 1e6;
}

void ice_sweep_total(const struct ice_sweep *s, struct ice_figures *out)
{
	ice_channel_total(s->channel, out);
}

/* ---- life ---- */

struct ice_sweep *ice_sweep_new(struct event_base *base, const struct ice_sweep_options *options, char *why,
                                size_t why_size)
{
	struct ice_sweep *s = calloc(1, sizeof *s);
	if (!s)
		abort();
	s->options = *options;
	s->options.channel.source = (struct ice_channel_source){
	        .next = sweep_next,
	        .later = sweep_later,
	        .known = options->known ? sweep_known : NULL,
	        .arg = s,
	};
	s->channel = ice_channel_new(base, &s->options.channel, why, why_size);
	if (!s->channel) {
		free(s);
		return NULL;
	}
	s->addresses = sweep_addresses(options);
	s->now = s->started = s->ended = ice_clock_now(); /* none yet */
	return s;
}

void ice_sweep_free(struct ice_sweep *s)
{
	if (!s)
		return;
	ice_channel_free(s->channel);
	free(s);
}
