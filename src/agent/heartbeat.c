#include "heartbeat.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <event2/event.h>

#include "ice/log.h"
#include "ice/queue.h"
#include "ice/random.h"

#include "known.h"

/* Batches of 64 taken in before anything else is done: enough to keep up, short enough to stay fair. */
#define HEARTBEAT_RECEIVE 64
/* Readings held or promised. A conversation reserves before it starts, so this also bounds the printers read at once. */
#define HEARTBEAT_QUEUE 4096
/* A batch is closed when it is full, or when its oldest reading has waited this long. */
#define HEARTBEAT_BATCH_AGE ICE_USEC_SEC(5)
/* How soon an outbox that refused is asked again. */
#define HEARTBEAT_OUTBOX_AGAIN ICE_USEC_SEC(5)
/* While anything goes on that has no deadline here (an upload), a beat comes at least this often. */
#define HEARTBEAT_IDLE ICE_USEC_SEC(1)
/* How often the place of the sweep is told. */
#define HEARTBEAT_PLACE ICE_USEC_SEC(2)

struct ice_heartbeat {
	struct ice_heartbeat_options options;
	struct ice_heartbeat_ops ops;
	void *arg;
	struct event *timer, *readable[2];
	int fds[2];
	struct event_base *base;
	struct ice_udp *udp;
	struct ice_queue *queue;
	struct ice_scanner *scanner; /* of the present leg; NULL between sweeps */
	struct ice_neighbours *neighbours;
	struct ice_known *known; /* printers of the present leg */
	struct ice_walk walk;    /* of the present leg */
	enum ice_walk_step step; /* the walk's last word in this beat */
	ice_usec place_at;       /* the place is told next */
	bool blocked;            /* the kernel took no more in this beat */
	bool outbox_full;        /* told once per time it happens */
	ice_usec outbox_at;      /* not to be asked before */
	ice_usec oldest;         /* when the oldest queued reading came */
	ice_usec now;            /* of this beat */
	ice_usec started, ended;
	uint64_t passed, refused, crowded;
	struct ice_scanner_counters past; /* of finished legs */
	struct ice_udp_counters udp_before;
	uint64_t drops; /* of the kernel, when last looked at */
};

/* ---- what the scanner asks of its outside ---- */

static bool heartbeat_next(struct ice_address *out, void *arg)
{
	struct ice_heartbeat *h = arg;
	h->step = ice_walk_next(&h->walk, h->now, out);
	h->crowded += h->step == ICE_WALK_LATER;
	return h->step == ICE_WALK_TARGET;
}

static bool heartbeat_send(const struct ice_address *to, const uint8_t *bytes, size_t n, void *arg)
{
	struct ice_heartbeat *h = arg;
	if (ice_udp_send(h->udp, to, bytes, n))
		return true;
	h->blocked = true;
	h->refused++;
	return false;
}

static bool heartbeat_reserve(void *arg)
{
	struct ice_heartbeat *h = arg;
	return !h->options.outbox || ice_queue_reserve(h->queue);
}

static void heartbeat_release(void *arg)
{
	struct ice_heartbeat *h = arg;
	if (h->options.outbox)
		ice_queue_release(h->queue);
}

static bool heartbeat_known(const struct ice_address *address, struct ice_steady *out, void *arg)
{
	struct ice_heartbeat *h = arg;
	return ice_known_find(h->known, address, out);
}

/* A record on its way to the server. */
static void heartbeat_keep(struct ice_heartbeat *h, const struct ice_finding *finding)
{
	char device[ICE_RECORD_IDENTITY_SIZE];
	const struct ice_record *record = finding->record;
	struct ice_reading r = {.at = record->read_at};
	r.place = ice_known_place(h->options.plan->legs[h->walk.from.leg]->name, &finding->address);
	r.note = finding->steady ? ice_known_note(finding->steady) : NULL;
	r.json = ice_record_to_json(record, &r.len);
	r.device = strdup(ice_record_identity(record, device));
	if (!r.json || !r.device)
		abort();
	if (ice_queue_count(h->queue) == 0)
		h->oldest = h->now;
	ice_queue_put(h->queue, &r);
}

static void heartbeat_emit(const struct ice_finding *finding, void *arg)
{
	struct ice_heartbeat *h = arg;
	if (h->options.outbox && finding->outcome == ICE_OUTCOME_PRINTER && finding->record)
		heartbeat_keep(h, finding);
	if (h->ops.found)
		h->ops.found(finding, h->arg);
}

static const struct ice_scanner_ops heartbeat_scanner_ops = {
        .next = heartbeat_next,
        .send = heartbeat_send,
        .reserve = heartbeat_reserve,
        .emit = heartbeat_emit,
        .release = heartbeat_release,
        .known = heartbeat_known,
};

/* ---- queue to outbox ---- */

/* Commits the oldest readings as one batch. False when the outbox takes no more for now. */
static bool heartbeat_commit(struct ice_heartbeat *h)
{
	const struct ice_reading *readings[ICE_BATCH_READINGS_MAX];
	size_t taken = 0;
	size_t n = ice_queue_peek(h->queue, readings, ICE_BATCH_READINGS_MAX, ICE_BATCH_BYTES_MAX * 7 / 8);
	if (n == 0)
		return true;
	enum ice_outbox_result result = ice_outbox_put(h->options.outbox, readings, n, &taken);
	if (result == ICE_OUTBOX_OK && taken > 0) {
		ice_queue_drop(h->queue, taken);
		if (h->outbox_full)
			ice_log_write(ICE_LOG_INFO, "outbox takes readings again", NULL);
		h->outbox_full = false;
		h->oldest = h->now;
		if (h->options.upload)
			ice_upload_work(h->options.upload, h->now);
		return true;
	}
	if (result == ICE_OUTBOX_UNFIT) {
		ICE_LOG(ICE_LOG_ERROR, "a reading fits in no batch and is given up",
		        ice_field_str("device", readings[0]->device),
		        ice_field_int("bytes", (int64_t)readings[0]->len));
		ice_queue_drop(h->queue, 1);
		return true;
	}
	if (!h->outbox_full)
		ICE_LOG(ICE_LOG_ERROR,
		        result == ICE_OUTBOX_FULL ? "outbox is full, sweeping waits" : "outbox refuses, sweeping waits",
		        ice_field_str("reason", ice_outbox_error(h->options.outbox)),
		        ice_field_int("readings_waiting", (int64_t)ice_queue_count(h->queue)));
	h->outbox_full = true;
	h->outbox_at = h->now + HEARTBEAT_OUTBOX_AGAIN;
	return false;
}

static bool heartbeat_batch_due(const struct ice_heartbeat *h)
{
	size_t n = ice_queue_count(h->queue);
	if (n == 0 || h->now < h->outbox_at)
		return false;
	return n >= ICE_BATCH_READINGS_MAX || ice_queue_bytes(h->queue) >= ICE_BATCH_BYTES_MAX / 2 || !h->scanner ||
	       h->now - h->oldest >= HEARTBEAT_BATCH_AGE;
}

/* From where a sweep can go on without missing anyone: nothing before it is unfinished, and all that was read is committed. */
static void heartbeat_tell_place(struct ice_heartbeat *h)
{
	if (!h->ops.place || !h->scanner || ice_queue_count(h->queue) > 0)
		return;
	struct ice_place place = ice_walk_place(&h->walk, ice_scanner_settled(h->scanner));
	h->place_at = h->now + HEARTBEAT_PLACE;
	h->ops.place(&place, h->arg);
}

/* ---- legs ---- */

static void heartbeat_end_leg(struct ice_heartbeat *h)
{
	struct ice_scanner_counters c;
	ice_scanner_counters(h->scanner, &c);
	ice_figures_add(&h->past, &c);
	h->past.in_flight = h->past.waiting = 0;
	ice_scanner_free(h->scanner);
	h->scanner = NULL;
	ice_known_free(h->known);
	h->known = NULL;
	h->passed += h->walk.passed;
	h->walk.passed = 0;
}

static void heartbeat_begin_leg(struct ice_heartbeat *h, const struct ice_place *from)
{
	const struct ice_heartbeat_options *o = &h->options;
	const struct ice_leg *leg = o->plan->legs[from->leg];
	struct ice_scanner_options options = {
	        .port = o->port,
	        .window = o->window,
	        .conversations = o->conversations,
	        .rate = o->rate,
	        .timeout = o->timeout,
	        .retries = o->retries,
	        .subnet_cap = o->subnet_cap,
	        .v1 = o->v1,
	        .v2c = o->v2c,
	        .discover = o->discover,
	        .communities = leg->communities,
	        .community_count = leg->community_count,
	        .profiles = o->profiles,
	        .probe = o->probe,
	        .wall = ice_clock_wall,
	};
	/* Request ids are what a forger must guess: they do not follow from the order, which may be known. */
	ice_random_system(&options.seed, sizeof options.seed);
	ice_walk_begin(&h->walk, o->plan, h->neighbours, from, o->shard, o->shards);
	h->step = ICE_WALK_TARGET;
	struct ice_scanner_ops ops = heartbeat_scanner_ops;
	if (o->outbox && o->steady > 0) {
		int64_t wall = ice_clock_wall();
		h->known = ice_known_load(o->outbox, leg->name, wall - o->steady / ICE_USEC_SEC(1), wall);
	} else {
		ops.known = NULL;
	}
	h->scanner = ice_scanner_new(&options, &ops, h, h->now);
}

/* ---- the beat ---- */

static void heartbeat_input(const struct ice_address *from, uint16_t port, const uint8_t *bytes, size_t n, void *arg)
{
	struct ice_heartbeat *h = arg;
	if (h->scanner)
		ice_scanner_input(h->scanner, h->now, from, port, bytes, n);
}

static void heartbeat_beat(evutil_socket_t fd, short what, void *arg);

/* Replies were lost because we could not read fast enough: slower. */
static void heartbeat_heed_drops(struct ice_heartbeat *h)
{
	struct ice_udp_counters c;
	ice_udp_counters(h->udp, &c);
	if (c.kernel_drops > h->drops)
		ice_scanner_congested(h->scanner, h->now);
	h->drops = c.kernel_drops;
}

/* The IPv6 socket is made when it is first needed: whatever descriptors there are now are watched. */
static void heartbeat_watch(struct ice_heartbeat *h)
{
	int fds[2];
	ice_udp_fds(h->udp, fds);
	for (int i = 0; i < 2; i++) {
		if (fds[i] == h->fds[i])
			continue;
		if (h->readable[i])
			event_free(h->readable[i]);
		h->readable[i] =
		        fds[i] < 0 ? NULL : event_new(h->base, fds[i], EV_READ | EV_PERSIST, heartbeat_beat, h);
		if (h->readable[i])
			event_add(h->readable[i], NULL);
		h->fds[i] = fds[i];
	}
}

/* Goes on to the next leg, or ends the sweep once nothing of it is left outside the outbox. True: the sweep has just ended. */
static bool heartbeat_advance(struct ice_heartbeat *h)
{
	if (h->scanner && h->step == ICE_WALK_END && ice_scanner_idle(h->scanner)) {
		struct ice_place from = {.seed = h->walk.from.seed, .leg = h->walk.from.leg + 1};
		heartbeat_end_leg(h);
		if (from.leg < h->options.plan->count)
			heartbeat_begin_leg(h, &from);
	}
	if (h->scanner || h->ended || ice_queue_count(h->queue) > 0)
		return false;
	h->ended = h->now;
	return true;
}

static void heartbeat_arm(struct ice_heartbeat *h)
{
	ice_usec at = ICE_USEC_NEVER;
	if (h->scanner)
		at = h->step == ICE_WALK_BUSY ? h->now : ice_scanner_next(h->scanner, h->now);
	if (h->scanner && h->step == ICE_WALK_LATER) {
		ice_usec later = ice_walk_later(&h->walk, h->now), soon = h->now + ICE_USEC_MSEC(1);
		later = later > soon ? later : soon;
		at = later < at ? later : at;
	}
	if (h->blocked && at <= h->now)
		at = h->now + ICE_USEC_MSEC(1);
	if (ice_udp_queued(h->udp) > 0 && at > h->now + ICE_USEC_MSEC(1))
		at = h->now + ICE_USEC_MSEC(1);
	if (h->options.outbox && ice_queue_count(h->queue) > 0) {
		ice_usec due = h->scanner ? h->oldest + HEARTBEAT_BATCH_AGE : h->now;
		due = due < h->outbox_at ? h->outbox_at : due;
		at = due < at ? due : at;
	}
	if (at > h->now + HEARTBEAT_IDLE)
		at = h->now + HEARTBEAT_IDLE;
	/* A zero timer, and never event_active(): libevent empties its active queue before it polls the sockets again. */
	ice_usec wait = at > h->now ? at - h->now : 0;
	struct timeval tv = {.tv_sec = (time_t)(wait / 1000000), .tv_usec = (suseconds_t)(wait % 1000000)};
	evtimer_add(h->timer, &tv);
}

/* The heartbeat. */
static void heartbeat_beat(evutil_socket_t fd, short what, void *arg)
{
	struct ice_heartbeat *h = arg;
	(void)fd;
	(void)what;
	h->now = ice_clock_now();
	h->blocked = false;

	ice_udp_receive(h->udp, HEARTBEAT_RECEIVE, heartbeat_input, h);
	if (h->scanner) {
		heartbeat_heed_drops(h);
		ice_scanner_tick(h->scanner, h->now);
		ice_scanner_pump(h->scanner, h->now);
		ice_udp_flush(h->udp);
		heartbeat_watch(h);
	}
	if (h->options.outbox)
		while (heartbeat_batch_due(h) && heartbeat_commit(h))
			continue;
	if (h->now >= h->place_at)
		heartbeat_tell_place(h);
	if (h->options.upload)
		ice_upload_work(h->options.upload, h->now);

	bool swept = heartbeat_advance(h);
	heartbeat_arm(h);
	if (h->ops.beat)
		h->ops.beat(h->now, h->arg);
	if (swept)
		h->ops.swept(h->arg);
}

struct ice_heartbeat *ice_heartbeat_new(struct event_base *base, const struct ice_heartbeat_options *options,
                                        const struct ice_heartbeat_ops *ops, void *arg, char *why, size_t why_size)
{
	struct ice_udp_options udp = {.port = options->port};
	struct ice_heartbeat *h = calloc(1, sizeof *h);
	if (!h)
		abort();
	h->udp = ice_udp_new(&udp, why, why_size);
	if (!h->udp) {
		free(h);
		return NULL;
	}
	h->options = *options;
	h->ops = *ops;
	h->arg = arg;
	h->base = base;
	h->queue = ice_queue_new(HEARTBEAT_QUEUE);
	h->neighbours = ice_neighbours_new(NULL, NULL);
	ice_neighbours_connect(h->neighbours);
	h->timer = evtimer_new(base, heartbeat_beat, h);
	h->fds[0] = h->fds[1] = -1;
	if (!h->timer)
		abort();
	h->now = ice_clock_now();
	h->started = h->ended = h->now; /* no sweep yet */
	heartbeat_watch(h);
	heartbeat_arm(h);
	return h;
}

void ice_heartbeat_free(struct ice_heartbeat *h)
{
	if (!h)
		return;
	if (h->scanner)
		ice_scanner_free(h->scanner);
	ice_known_free(h->known);
	ice_neighbours_free(h->neighbours);
	event_free(h->timer);
	for (int i = 0; i < 2; i++)
		if (h->readable[i])
			event_free(h->readable[i]);
	ice_udp_free(h->udp);
	ice_queue_free(h->queue);
	free(h);
}

void ice_heartbeat_sweep(struct ice_heartbeat *h, const struct ice_place *from)
{
	assert(!h->scanner && from->leg < h->options.plan->count);
	h->now = h->started = ice_clock_now();
	h->ended = 0;
	h->passed = h->refused = h->crowded = 0;
	ice_neighbours_connect(h->neighbours); /* what has come up since */
	memset(&h->past, 0, sizeof h->past);
	ice_udp_counters(h->udp, &h->udp_before);
	h->drops = h->udp_before.kernel_drops;
	h->place_at = h->now + HEARTBEAT_PLACE;
	heartbeat_begin_leg(h, from);
	heartbeat_arm(h);
}

size_t ice_heartbeat_stop(struct ice_heartbeat *h)
{
	h->now = ice_clock_now();
	h->outbox_at = 0;
	if (h->options.outbox)
		while (ice_queue_count(h->queue) > 0 && heartbeat_commit(h))
			continue;
	heartbeat_tell_place(h);
	if (h->scanner)
		heartbeat_end_leg(h);
	if (!h->ended)
		h->ended = h->now;
	return ice_queue_count(h->queue);
}

bool ice_heartbeat_sweeping(const struct ice_heartbeat *h)
{
	return !h->ended;
}

void ice_heartbeat_figures(const struct ice_heartbeat *h, struct ice_figures *out)
{
	struct ice_scanner_counters now;
	struct ice_udp_counters udp;
	*out = (struct ice_figures){.scanner = h->past};
	for (size_t i = 0; i < h->options.plan->count; i++) {
		struct ice_cursor c;
		ice_cursor_init(&c, h->options.plan->legs[i]->range, h->walk.from.seed, 0, h->options.shard,
		                h->options.shards);
		out->addresses += ice_cursor_total(&c);
	}
	if (h->scanner) {
		ice_scanner_counters(h->scanner, &now);
		ice_figures_add(&out->scanner, &now);
	}
	ice_udp_counters(h->udp, &udp);
	ice_figures_udp(out, &udp, &h->udp_before);
	out->done = out->scanner.finished + h->passed + h->walk.passed;
	out->seconds = (double)((h->ended ? h->ended : h->now) - h->started) / 1e6;
	out->in_flight = out->scanner.in_flight;
	out->peak_in_flight = out->scanner.peak_in_flight;
	out->queued = ice_queue_count(h->queue);
	out->outbox_full = h->outbox_full;
	out->refused = h->refused;
	out->crowded = h->crowded;
}
