#include "channel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ice/random.h"
#include "ice/udp.h"

/* Batches of 64 taken in before anything else is done: enough to keep up, short enough to stay fair. */
#define CHANNEL_RECEIVE 64

struct ice_channel {
	struct ice_channel_options options;
	struct event_base *base;
	struct event *readable[2];
	int fds[2];
	struct ice_udp *udp;
	struct ice_scanner *scanner; /* of the present leg; NULL between legs */
	const struct ice_leg *leg;
	enum ice_walk_step step; /* the source's last word in this beat */
	bool blocked;            /* the kernel took no more in this beat */
	bool draining;
	ice_usec now; /* of this beat */
	uint64_t refused;
	struct ice_scanner_counters past; /* of finished legs */
	struct ice_udp_counters udp_before;
	uint64_t drops; /* of the kernel, when last looked at */
};

/* ---- what the scanner asks of its outside ---- */

static bool channel_next(struct ice_address *out, void *arg)
{
	struct ice_channel *l = arg;
	l->step = l->options.source.next(l->now, out, l->options.source.arg);
	return l->step == ICE_WALK_TARGET;
}

static bool channel_send(const struct ice_address *to, const uint8_t *bytes, size_t n, void *arg)
{
	struct ice_channel *l = arg;
	if (ice_udp_send(l->udp, to, bytes, n))
		return true;
	l->blocked = true;
	l->refused++;
	return false;
}

static bool channel_reserve(void *arg)
{
	struct ice_channel *l = arg;
	return l->options.sink.reserve(l->options.sink.arg);
}

static void channel_release(void *arg)
{
	struct ice_channel *l = arg;
	l->options.sink.release(l->options.sink.arg);
}

static bool channel_known(const struct ice_address *address, struct ice_known_target *out, void *arg)
{
	struct ice_channel *l = arg;
	return l->options.source.known(address, out, l->options.source.arg);
}

static void channel_emit(const struct ice_finding *finding, void *arg)
{
	struct ice_channel *l = arg;
	if (finding->record)
		finding->record->location_tag = ice_record_text(finding->record, l->leg->location_tag);
	l->options.sink.found(finding, l->leg, l->options.sink.arg);
}

/* ---- the beat ---- */

static void channel_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ice_channel *l = arg;
	(void)fd;
	(void)what;
	l->options.sink.readable(l->options.sink.arg);
}

/* The IPv6 socket is made when it is first needed: whatever descriptors there are now are watched. */
static void channel_watch(struct ice_channel *l)
{
	int fds[2];
	ice_udp_fds(l->udp, fds);
	for (int i = 0; i < 2; i++) {
		if (fds[i] == l->fds[i])
			continue;
		if (l->readable[i])
			event_free(l->readable[i]);
		l->readable[i] =
		        fds[i] < 0 ? NULL : event_new(l->base, fds[i], EV_READ | EV_PERSIST, channel_readable, l);
		if (l->readable[i])
			event_add(l->readable[i], NULL);
		l->fds[i] = fds[i];
	}
}

static void channel_input(const struct ice_address *from, uint16_t port, const uint8_t *bytes, size_t n, void *arg)
{
	struct ice_channel *l = arg;
	if (l->scanner)
		ice_scanner_input(l->scanner, l->now, from, port, bytes, n);
}

/* Replies were lost because we could not read fast enough: slower. */
static void channel_heed_drops(struct ice_channel *l)
{
	struct ice_udp_counters c;
	ice_udp_counters(l->udp, &c);
	if (c.kernel_drops > l->drops)
		ice_scanner_congested(l->scanner, l->now);
	l->drops = c.kernel_drops;
}

void ice_channel_beat(struct ice_channel *l, ice_usec now)
{
	l->now = now;
	l->blocked = false;
	ice_udp_receive(l->udp, CHANNEL_RECEIVE, channel_input, l);
	if (!l->scanner)
		return;
	channel_heed_drops(l);
	ice_scanner_tick(l->scanner, now);
	ice_scanner_pump(l->scanner, now);
	ice_udp_flush(l->udp);
	channel_watch(l);
}

ice_usec ice_channel_next(const struct ice_channel *l, ice_usec now)
{
	ice_usec at = ICE_USEC_NEVER, soon = now + ICE_USEC_MSEC(1);
	if (l->scanner)
		at = l->step == ICE_WALK_BUSY && !l->draining ? now : ice_scanner_next(l->scanner, now);
	if (l->scanner && l->step == ICE_WALK_LATER && !l->draining) {
		ice_usec later = l->options.source.later(now, l->options.source.arg);
		later = later > soon ? later : soon;
		at = later < at ? later : at;
	}
	if (l->blocked && at <= now)
		at = soon;
	if (ice_udp_queued(l->udp) > 0 && at > soon)
		at = soon;
	return at;
}

/* ---- legs ---- */

void ice_channel_begin(struct ice_channel *l, const struct ice_leg *leg, uint64_t rate, ice_usec now)
{
	struct ice_scanner_options options = l->options.scanner;
	const struct ice_scanner_ops ops = {
	        .next = channel_next,
	        .send = channel_send,
	        .reserve = channel_reserve,
	        .emit = channel_emit,
	        .release = channel_release,
	        .known = l->options.source.known ? channel_known : NULL,
	};
	assert(!l->scanner);
	options.rate = rate;
	options.communities = leg->communities;
	options.community_count = leg->community_count;
	/* Request ids are what a forger must guess: they do not follow from the order, which may be known. */
	ice_random_system(&options.seed, sizeof options.seed);
	l->leg = leg;
	l->step = ICE_WALK_TARGET;
	l->draining = false;
	l->scanner = ice_scanner_new(&options, &ops, l, now);
}

void ice_channel_end(struct ice_channel *l)
{
	struct ice_scanner_counters c;
	if (!l->scanner)
		return;
	ice_scanner_counters(l->scanner, &c);
	ice_figures_add(&l->past, &c);
	l->past.in_flight = l->past.waiting = 0;
	ice_scanner_free(l->scanner);
	l->scanner = NULL;
	l->leg = NULL;
}

bool ice_channel_busy(const struct ice_channel *l)
{
	return l->scanner != NULL;
}

void ice_channel_pace(struct ice_channel *l, uint64_t rate, ice_usec now)
{
	if (l->scanner)
		ice_scanner_pace(l->scanner, now, rate);
}

void ice_channel_drain(struct ice_channel *l)
{
	l->draining = true;
	if (l->scanner)
		ice_scanner_drain(l->scanner);
}

bool ice_channel_done(const struct ice_channel *l)
{
	return l->scanner && (l->draining || l->step == ICE_WALK_END) && ice_scanner_idle(l->scanner);
}

uint64_t ice_channel_settled(const struct ice_channel *l)
{
	return ice_scanner_settled(l->scanner);
}

/* ---- figures ---- */

void ice_channel_recount(struct ice_channel *l)
{
	memset(&l->past, 0, sizeof l->past);
	ice_udp_counters(l->udp, &l->udp_before);
	l->drops = l->udp_before.kernel_drops;
	l->refused = 0;
}

void ice_channel_figures(const struct ice_channel *l, struct ice_figures *out)
{
	struct ice_scanner_counters now;
	struct ice_udp_counters udp;
	out->scanner = l->past;
	if (l->scanner) {
		ice_scanner_counters(l->scanner, &now);
		ice_figures_add(&out->scanner, &now);
	}
	ice_udp_counters(l->udp, &udp);
	ice_figures_udp(out, &udp, &l->udp_before);
	out->in_flight = out->scanner.in_flight;
	out->peak_in_flight = out->scanner.peak_in_flight;
	out->refused = l->refused;
}

/* ---- life ---- */

struct ice_channel *ice_channel_new(struct event_base *base, const struct ice_channel_options *options, char *why,
                                    size_t why_size)
{
	struct ice_udp_options udp = {.port = options->scanner.port};
	struct ice_channel *l = calloc(1, sizeof *l);
	if (!l)
		abort();
	l->udp = ice_udp_new(&udp, why, why_size);
	if (!l->udp) {
		free(l);
		return NULL;
	}
	l->options = *options;
	l->base = base;
	l->fds[0] = l->fds[1] = -1;
	channel_watch(l);
	return l;
}

void ice_channel_free(struct ice_channel *l)
{
	if (!l)
		return;
	ice_scanner_free(l->scanner);
	for (int i = 0; i < 2; i++)
		if (l->readable[i])
			event_free(l->readable[i]);
	ice_udp_free(l->udp);
	free(l);
}
