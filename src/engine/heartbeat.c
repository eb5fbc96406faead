#include "heartbeat.h"

#include <assert.h>
#include <stdlib.h>

#include <event2/event.h>

#include "batches.h"
#include "sweep.h"

/* While anything goes on that has no deadline here (an upload), a beat comes at least this often. */
#define HEARTBEAT_IDLE ICE_USEC_SEC(1)
/* How often the place of the sweep is told. */
#define HEARTBEAT_PLACE ICE_USEC_SEC(1)
/* What a power cut takes at most, of what no batch has put on the disk. */
#define HEARTBEAT_SETTLE ICE_USEC_SEC(60)

struct ice_heartbeat {
	struct ice_heartbeat_options options;
	struct ice_heartbeat_ops ops;
	void *arg;
	struct event *timer, *disk;
	struct ice_neighbours *neighbours;
	struct ice_pacer pace; /* of all channels together */
	struct ice_sweep *sweep;
	struct ice_rounds *rounds; /* NULL: nobody is known */
	struct ice_batches *batches;
	ice_usec place_at;      /* a place is noted next */
	bool noted;             /* one is, */
	struct ice_place place; /* this, */
	uint64_t place_behind;  /* which is told once as many readings as this are on their way to the outbox no more */
	ice_usec settle_at;
	bool idle;     /* the outbox may have its idle time */
	bool ending;   /* the sweep is over, and what it read is not yet committed */
	bool disk_due; /* what waits for the disk comes in the next turn of the loop */
	ice_usec now;  /* of this beat */
};

/* ---- where the channels' findings go ---- */

static bool heartbeat_reserve(void *arg)
{
	struct ice_heartbeat *h = arg;
	return ice_batches_reserve(h->batches);
}

static void heartbeat_release(void *arg)
{
	struct ice_heartbeat *h = arg;
	ice_batches_release(h->batches);
}

static void heartbeat_found(const struct ice_finding *finding, size_t leg, void *arg)
{
	struct ice_heartbeat *h = arg;
	if (h->options.devices)
		ice_devices_heard(h->options.devices, leg, finding, ice_clock_wall());
	ice_batches_keep(h->batches, finding, h->now);
	if (h->ops.found)
		h->ops.found(finding, leg, h->arg);
}

/* ---- who is asked by whom ---- */

/* The sweep leaves to the rounds whom they ask, and whoever they are asking just now. */
static bool heartbeat_pass(const struct ice_address *address, void *arg)
{
	struct ice_heartbeat *h = arg;
	struct ice_device device;
	return ice_devices_find(h->options.devices, address, &device) &&
	       (ice_devices_in_rounds(h->options.devices, address) || ice_rounds_asks(h->rounds, address));
}

static bool heartbeat_known(const struct ice_address *address, struct ice_known_target *out, void *arg)
{
	struct ice_heartbeat *h = arg;
	return ice_devices_known(h->options.devices, address, ICE_DEVICES_INVENTORY, ice_clock_wall(), out);
}

static bool heartbeat_busy(const struct ice_address *address, void *arg)
{
	struct ice_heartbeat *h = arg;
	return ice_sweep_asks(h->sweep, address);
}

/* ---- the beat ---- */

static bool heartbeat_unfinished(const struct ice_heartbeat *h)
{
	return ice_sweep_going(h->sweep) || (h->ending && ice_sweep_drained(h->sweep));
}

/* From where a sweep can go on without missing anyone: nothing before it is unfinished; and it is told once all that had been read by then is
 * committed, while others are read. */
static void heartbeat_tell_place(struct ice_heartbeat *h)
{
	if (!h->ops.place || !heartbeat_unfinished(h))
		return;
	if (!h->noted && h->now >= h->place_at) {
		h->noted = true;
		h->place = ice_sweep_place(h->sweep);
		h->place_behind = ice_batches_kept(h->batches);
	}
	if (!h->noted || ice_batches_kept(h->batches) - ice_batches_waiting(h->batches) < h->place_behind)
		return;
	h->noted = false;
	h->place_at = h->now + HEARTBEAT_PLACE;
	h->ops.place(&h->place, h->arg);
}

/* Nothing more is read, and all is committed: the place where it was left. */
static void heartbeat_tell_end(struct ice_heartbeat *h)
{
	h->noted = false;
	h->place_at = h->now;
	heartbeat_tell_place(h);
}

/* Readings are still to come. */
static bool heartbeat_more(const struct ice_heartbeat *h)
{
	return ice_sweep_going(h->sweep) || ice_heartbeat_rounding(h);
}

/* Behind its readings alone a printer is saved as known: after an end in between none but the next inventory would read it. */
static ice_usec heartbeat_save_at(const struct ice_heartbeat *h)
{
	bool held = ice_batches_refused(h->batches) && ice_batches_waiting(h->batches) > 0;
	return h->rounds && !held ? ice_rounds_save_at(h->rounds) : ICE_USEC_NEVER;
}

/* A zero timer, and never event_active(): libevent empties its active queue before it polls the sockets again. */
static void heartbeat_wait(struct event *timer, ice_usec wait)
{
	struct timeval tv = {.tv_sec = (time_t)(wait / 1000000), .tv_usec = (suseconds_t)(wait % 1000000)};
	evtimer_add(timer, &tv);
}

static void heartbeat_arm(struct ice_heartbeat *h)
{
	ice_usec at = ice_sweep_next(h->sweep, h->now);
	ice_usec round = h->rounds ? ice_rounds_next(h->rounds, h->now) : ICE_USEC_NEVER;
	ice_usec batch = ice_batches_next(h->batches, h->now, heartbeat_more(h));
	ice_usec save = heartbeat_save_at(h);
	ice_usec disk = save < batch ? save : batch;
	disk = h->idle ? h->now : h->settle_at < disk ? h->settle_at : disk;
	/* Once it is due it is left alone: to be added again would put it off, for ever where each turn brings a beat. */
	if (disk <= h->now && !h->disk_due) {
		h->disk_due = true;
		heartbeat_wait(h->disk, 0);
	}
	at = round < at ? round : at;
	at = disk > h->now && disk < at ? disk : at;
	if (at > h->now + HEARTBEAT_IDLE)
		at = h->now + HEARTBEAT_IDLE;
	/* From the end of this beat: what it sent may have taken longer than the next one is away, and a pace does not wait. */
	ice_usec ended = ice_clock_now();
	heartbeat_wait(h->timer, at > ended ? at - ended : 0);
}

/* The heartbeat. */
static void heartbeat_beat(struct ice_heartbeat *h)
{
	h->now = ice_clock_now();

	if (h->rounds) {
		/* not while what is read cannot be kept */
		ice_rounds_beat(h->rounds, h->now, !ice_batches_refused(h->batches));
		h->now = ice_clock_now(); /* it may have sent for some milliseconds */
	}
	h->ending |= ice_sweep_beat(h->sweep, h->now);
	heartbeat_tell_place(h);
	if (h->options.upload)
		ice_upload_work(h->options.upload, h->now);

	bool swept = h->ending && ice_batches_waiting(h->batches) == 0;
	if (swept && ice_sweep_drained(h->sweep))
		heartbeat_tell_end(h);
	h->ending &= !swept;
	heartbeat_arm(h);
	if (h->ops.beat)
		h->ops.beat(h->now, h->arg);
	if (swept)
		h->ops.swept(!ice_sweep_drained(h->sweep), h->arg);
}

/* What waits for the disk: one batch; or the rows of some printers and, each minute, what was written since a batch; or what has time. A turn of
 * the loop may have several beats, and has this once at most, behind what its sockets brought; the next beat comes in the next turn. */
static void heartbeat_disk(evutil_socket_t fd, short what, void *arg)
{
	struct ice_heartbeat *h = arg;
	(void)fd;
	(void)what;
	h->now = ice_clock_now();
	h->disk_due = false;
	bool save = h->now >= heartbeat_save_at(h);
	bool closed = ice_batches_close(h->batches, h->now, heartbeat_more(h) && !save);
	if (!closed && h->now >= heartbeat_save_at(h))
		ice_rounds_save(h->rounds, h->now);
	heartbeat_tell_place(h);
	if (!closed && h->now >= h->settle_at) {
		ice_outbox_settle(h->options.outbox);
		h->settle_at = h->now + HEARTBEAT_SETTLE;
	} else if (!closed && h->idle) {
		ice_outbox_idle(h->options.outbox);
		h->idle = false;
	}
	heartbeat_wait(h->timer, 0);
}

static void heartbeat_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	heartbeat_beat(arg);
}

static void heartbeat_readable(void *arg)
{
	heartbeat_beat(arg);
}

/* ---- life ---- */

static struct ice_channel_options heartbeat_channel(struct ice_heartbeat *h)
{
	const struct ice_heartbeat_options *o = &h->options;
	return (struct ice_channel_options){
	        .scanner = {.port = o->port,
	                    .window = o->window,
	                    .conversations = o->conversations,
	                    .pace = &h->pace,
	                    .timeout = o->timeout,
	                    .retries = o->retries,
	                    .subnet_cap = o->subnet_cap,
	                    .v1 = o->v1,
	                    .v2c = o->v2c,
	                    .discover = o->discover,
	                    .profiles = o->profiles,
	                    .probe = o->probe,
	                    .wall = ice_clock_wall},
	        .sink = {.reserve = heartbeat_reserve,
	                 .release = heartbeat_release,
	                 .found = heartbeat_found,
	                 .readable = heartbeat_readable,
	                 .arg = h},
	};
}

static bool heartbeat_make_channels(struct ice_heartbeat *h, struct event_base *base, char *why, size_t why_size)
{
	const struct ice_heartbeat_options *o = &h->options;
	struct ice_sweep_options sweep = {
	        .plan = o->plan,
	        .neighbours = h->neighbours,
	        .shard = o->shard,
	        .shards = o->shards,
	        .pass = o->devices ? heartbeat_pass : NULL,
	        .known = o->devices ? heartbeat_known : NULL,
	        .arg = h,
	        .channel = heartbeat_channel(h),
	};
	sweep.channel.scanner.silences = o->devices != NULL; /* who is known and in no round is missed here */
	h->sweep = ice_sweep_new(base, &sweep, why, why_size);
	if (!h->sweep || !o->devices)
		return h->sweep != NULL;
	const struct ice_rounds_options rounds = {
	        .plan = o->plan,
	        .devices = o->devices,
	        .timetable = o->timetable,
	        .neighbours = h->neighbours,
	        .busy = heartbeat_busy,
	        .arg = h,
	        .channel = heartbeat_channel(h),
	};
	h->rounds = ice_rounds_new(base, &rounds, why, why_size);
	return h->rounds != NULL;
}

struct ice_heartbeat *ice_heartbeat_new(struct event_base *base, const struct ice_heartbeat_options *options,
                                        const struct ice_heartbeat_ops *ops, void *arg, char *why, size_t why_size)
{
	struct ice_heartbeat *h = calloc(1, sizeof *h);
	if (!h)
		abort();
	h->options = *options;
	h->ops = *ops;
	h->arg = arg;
	h->now = ice_clock_now();
	h->neighbours = ice_neighbours_new(NULL, NULL);
	ice_neighbours_connect(h->neighbours);
	ice_pacer_init(&h->pace, options->rate, NULL, h->now);
	h->settle_at = options->outbox ? h->now + HEARTBEAT_SETTLE : ICE_USEC_NEVER;
	h->batches = ice_batches_new(options->outbox, options->upload, options->devices);
	if (!heartbeat_make_channels(h, base, why, why_size)) {
		ice_heartbeat_free(h);
		return NULL;
	}
	h->timer = evtimer_new(base, heartbeat_timer, h);
	h->disk = evtimer_new(base, heartbeat_disk, h);
	if (!h->timer || !h->disk)
		abort();
	heartbeat_arm(h);
	return h;
}

void ice_heartbeat_free(struct ice_heartbeat *h)
{
	if (!h)
		return;
	ice_sweep_free(h->sweep);
	ice_rounds_free(h->rounds);
	ice_batches_free(h->batches);
	ice_neighbours_free(h->neighbours);
	if (h->timer)
		event_free(h->timer);
	if (h->disk)
		event_free(h->disk);
	free(h);
}

void ice_heartbeat_sweep(struct ice_heartbeat *h, const struct ice_place *from, size_t legs, ice_usec spread)
{
	if (legs == 0)
		legs = h->options.plan->count - from->leg;
	assert(!ice_heartbeat_sweeping(h));
	h->now = ice_clock_now();
	h->place_at = h->now + HEARTBEAT_PLACE;
	h->noted = false;
	ice_sweep_begin(h->sweep, from, legs, spread, h->now);
	heartbeat_arm(h);
}

void ice_heartbeat_pause(struct ice_heartbeat *h)
{
	ice_sweep_drain(h->sweep);
}

size_t ice_heartbeat_stop(struct ice_heartbeat *h)
{
	h->now = ice_clock_now();
	(void)ice_batches_flush(h->batches, h->now);
	heartbeat_tell_end(h);
	ice_sweep_stop(h->sweep, h->now);
	h->ending = false;
	if (h->rounds)
		ice_rounds_stop(h->rounds, ice_batches_waiting(h->batches) == 0);
	return ice_batches_waiting(h->batches);
}

void ice_heartbeat_idle(struct ice_heartbeat *h)
{
	h->idle = h->options.outbox != NULL;
}

bool ice_heartbeat_sweeping(const struct ice_heartbeat *h)
{
	return ice_sweep_going(h->sweep) || h->ending;
}

bool ice_heartbeat_rounding(const struct ice_heartbeat *h)
{
	return h->rounds && ice_rounds_going(h->rounds);
}

void ice_heartbeat_figures(const struct ice_heartbeat *h, struct ice_figures *out)
{
	ice_sweep_figures(h->sweep, out);
	out->queued = ice_batches_waiting(h->batches);
	out->outbox_full = ice_batches_refused(h->batches);
}

void ice_heartbeat_total(const struct ice_heartbeat *h, struct ice_figures *out)
{
	*out = (struct ice_figures){.queued = ice_batches_waiting(h->batches),
	                            .outbox_full = ice_batches_refused(h->batches)};
	ice_sweep_total(h->sweep, out);
	if (h->rounds)
		ice_rounds_total(h->rounds, out);
}
