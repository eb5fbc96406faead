#include "channel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ice/random.h"
#include "ice/udp.h"

/* Batches of 64 taken in before anything else is done: enough to keep up, short enough to stay fair. */
#define CHANNEL_RECEIVE 64
#define CHANNEL_MANY    64 /* datagrams of a turn, for which it pays to take the socket from the loop while they leave */
/* What can go on at once goes on for so long, and one turn, before the loop has its own: that costs as much as some dozens of datagrams. */
#define CHANNEL_BEAT ICE_USEC_MSEC(10)

struct ice_channel {
	struct ice_channel_options options;
	struct event_base *base;
	struct event *readable[2];
	int fds[2];
	bool watched; /* the descriptors are */
	struct ice_udp *udp;
	struct ice_scanner *scanner; /* of the present leg; NULL between legs */
	const struct ice_plan *plan;
	size_t leg;
	enum ice_walk_step step; /* the source's last word */
	bool blocked;            /* the kernel took no more in this turn */
	size_t sent;             /* in its last turn */
	bool draining;
	ice_usec now; /* of this turn */
	uint64_t refused;
	struct ice_scanner_counters past; /* of finished legs */
	struct ice_figures earlier;       /* what was counted before it last counted from zero */
	struct ice_udp_counters udp_before;
	uint64_t drops; /* of the kernel, when last looked at */
};

/* ---- what the scanner asks of its outside ---- */

static enum ice_next channel_next(struct ice_address *out, void *arg)
{
	static const enum ice_next words[] = {[ICE_WALK_TARGET] = ICE_NEXT_TARGET,
	                                      [ICE_WALK_BUSY] = ICE_NEXT_BUSY,
	                                      [ICE_WALK_LATER] = ICE_NEXT_LATER,
	                                      [ICE_WALK_END] = ICE_NEXT_END};
	struct ice_channel *c = arg;
	c->step = c->options.source.next(c->now, out, c->options.source.arg);
	return words[c->step];
}

static bool channel_send(const struct ice_address *to, const struct ice_snmp_request *request, uint32_t id, void *arg)
{
	struct ice_channel *c = arg;
	if (ice_udp_ask(c->udp, to, request, id))
		return true;
	c->blocked = true;
	c->refused++;
	return false;
}

static bool channel_reserve(void *arg)
{
	struct ice_channel *c = arg;
	return c->options.sink.reserve(c->options.sink.arg);
}

static void channel_release(void *arg)
{
	struct ice_channel *c = arg;
	c->options.sink.release(c->options.sink.arg);
}

static bool channel_known(const struct ice_address *address, struct ice_known_target *out, void *arg)
{
	struct ice_channel *c = arg;
	return c->options.source.known(address, out, c->options.source.arg);
}

static void channel_emit(const struct ice_finding *finding, void *arg)
{
	struct ice_channel *c = arg;
	if (finding->record)
		finding->record->location_tag = ice_record_text(finding->record, c->plan->legs[c->leg]->location_tag);
	c->options.sink.found(finding, c->leg, c->options.sink.arg);
}

/* ---- the beat ---- */

static void channel_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ice_channel *c = arg;
	(void)fd;
	(void)what;
	c->options.sink.readable(c->options.sink.arg);
}

/* The IPv6 socket is made when it is first needed: whatever descriptors there are now are watched, or not. */
static void channel_watch(struct ice_channel *c, bool watch)
{
	int fds[2];
	ice_udp_fds(c->udp, fds);
	for (int i = 0; i < 2; i++) {
		bool same = fds[i] == c->fds[i];
		if (same && c->watched == watch)
			continue;
		if (!same && c->readable[i])
			event_free(c->readable[i]);
		if (!same)
			c->readable[i] =
			        fds[i] < 0 ? NULL
			                   : event_new(c->base, fds[i], EV_READ | EV_PERSIST, channel_readable, c);
		c->fds[i] = fds[i];
		if (c->readable[i] && watch)
			event_add(c->readable[i], NULL);
		else if (c->readable[i])
			event_del(c->readable[i]);
	}
	c->watched = watch;
}

static void channel_input(const struct ice_address *from, uint16_t port, const uint8_t *bytes, size_t n, void *arg)
{
	struct ice_channel *c = arg;
	if (c->scanner)
		ice_scanner_input(c->scanner, c->now, from, port, bytes, n);
}

/* Replies were lost because we could not read fast enough: slower. */
static void channel_heed_drops(struct ice_channel *c)
{
	struct ice_udp_counters counters;
	ice_udp_counters(c->udp, &counters);
	if (counters.kernel_drops > c->drops)
		ice_scanner_congested(c->scanner, c->now);
	c->drops = counters.kernel_drops;
}

/* Receives and sends once. True: as much as one pump may have been sent, there may be more. */
static bool channel_turn(struct ice_channel *c, ice_usec now)
{
	c->now = now;
	c->blocked = false;
	ice_udp_receive(c->udp, CHANNEL_RECEIVE, channel_input, c);
	if (!c->scanner)
		return false;
	channel_heed_drops(c);
	/* For each datagram that leaves a watched socket the kernel looks whom to wake: a twentieth of what sending it costs. */
	if (c->sent >= CHANNEL_MANY)
		channel_watch(c, false);
	c->sent = ice_scanner_pump(c->scanner, now);
	ice_udp_flush(c->udp);
	return c->sent == ICE_SCANNER_PUMP_MAX;
}

void ice_channel_beat(struct ice_channel *c, ice_usec now)
{
	ice_usec began = now;
	while (channel_turn(c, now)) {
		now = ice_clock_now();
		if (now - began >= CHANNEL_BEAT)
			break;
	}
	if (c->scanner)
		channel_watch(c, ice_channel_next(c, now) > now);
}

ice_usec ice_channel_next(const struct ice_channel *c, ice_usec now)
{
	ice_usec at = ICE_USEC_NEVER, soon = now + ICE_USEC_MSEC(1);
	if (c->scanner)
		at = c->step == ICE_WALK_BUSY && !c->draining ? now : ice_scanner_next(c->scanner, now);
	if (c->scanner && c->step == ICE_WALK_LATER && !c->draining) {
		ice_usec later = c->options.source.later(now, c->options.source.arg);
		later = later > soon ? later : soon;
		at = later < at ? later : at;
	}
	if (c->blocked && at <= now)
		at = soon;
	if (ice_udp_queued(c->udp) > 0 && at > soon)
		at = soon;
	return at;
}

/* ---- legs ---- */

void ice_channel_begin(struct ice_channel *c, const struct ice_plan *plan, size_t leg, ice_usec now)
{
	const struct ice_leg *of = plan->legs[leg];
	struct ice_scanner_options options = c->options.scanner;
	const struct ice_scanner_ops ops = {
	        .next = channel_next,
	        .send = channel_send,
	        .reserve = channel_reserve,
	        .emit = channel_emit,
	        .release = channel_release,
	        .known = c->options.source.known ? channel_known : NULL,
	};
	assert(!c->scanner);
	options.rate = of->rate;
	options.communities = of->communities;
	options.community_count = of->community_count;
	/* Request ids are what a forger must guess: they do not follow from the order, which may be known. */
	ice_random_system(&options.seed, sizeof options.seed);
	c->plan = plan;
	c->leg = leg;
	c->step = ICE_WALK_TARGET;
	c->draining = false;
	c->scanner = ice_scanner_new(&options, &ops, c, now);
}

void ice_channel_end(struct ice_channel *c)
{
	struct ice_scanner_counters counters;
	if (!c->scanner)
		return;
	ice_scanner_counters(c->scanner, &counters);
	ice_figures_add(&c->past, &counters);
	c->past.in_flight = c->past.waiting = 0;
	ice_scanner_free(c->scanner);
	c->scanner = NULL;
	channel_watch(c, true);
}

bool ice_channel_busy(const struct ice_channel *c)
{
	return c->scanner != NULL;
}

void ice_channel_drain(struct ice_channel *c)
{
	c->draining = true;
	if (c->scanner)
		ice_scanner_drain(c->scanner);
}

bool ice_channel_done(const struct ice_channel *c)
{
	return c->scanner && ice_scanner_idle(c->scanner);
}

bool ice_channel_asks(const struct ice_channel *c, const struct ice_address *address)
{
	return c->scanner && ice_scanner_asks(c->scanner, address);
}

uint64_t ice_channel_settled(const struct ice_channel *c)
{
	return ice_scanner_settled(c->scanner);
}

/* ---- figures ---- */

/* Between legs: counted are whole ones. */
void ice_channel_recount(struct ice_channel *c)
{
	struct ice_figures counted = {0};
	ice_channel_figures(c, &counted);
	ice_figures_join(&c->earlier, &counted);
	memset(&c->past, 0, sizeof c->past);
	ice_udp_counters(c->udp, &c->udp_before);
	c->drops = c->udp_before.kernel_drops;
	c->refused = 0;
}

void ice_channel_figures(const struct ice_channel *c, struct ice_figures *out)
{
	struct ice_scanner_counters now;
	struct ice_udp_counters udp;
	out->scanner = c->past;
	if (c->scanner) {
		ice_scanner_counters(c->scanner, &now);
		ice_figures_add(&out->scanner, &now);
	}
	ice_udp_counters(c->udp, &udp);
	ice_figures_udp(out, &udp, &c->udp_before);
	out->in_flight = out->scanner.in_flight;
	out->peak_in_flight = out->scanner.peak_in_flight;
	out->refused = c->refused;
}

void ice_channel_total(const struct ice_channel *c, struct ice_figures *sum)
{
	struct ice_figures counted = {0};
	ice_channel_figures(c, &counted);
	ice_figures_join(sum, &c->earlier);
	ice_figures_join(sum, &counted);
}

/* ---- life ---- */

struct ice_channel *ice_channel_new(struct event_base *base, const struct ice_channel_options *options, char *why,
                                    size_t why_size)
{
	struct ice_udp_options udp = {.port = options->scanner.port};
	struct ice_channel *c = calloc(1, sizeof *c);
	if (!c)
		abort();
	c->udp = ice_udp_new(&udp, why, why_size);
	if (!c->udp) {
		free(c);
		return NULL;
	}
	c->options = *options;
	c->base = base;
	c->fds[0] = c->fds[1] = -1;
	channel_watch(c, true);
	return c;
}

void ice_channel_free(struct ice_channel *c)
{
	if (!c)
		return;
	ice_scanner_free(c->scanner);
	for (int i = 0; i < 2; i++)
		if (c->readable[i])
			event_free(c->readable[i]);
	ice_udp_free(c->udp);
	free(c);
}
