/* sim_world: virtual time, timers, and a network of devices, in the place of the kernel.
 *
 * The linker puts these functions (__wrap_NAME, see SEAMS in the Makefile) where the engine calls the clock, the loop's events and
 * the datagrams. Everything else of the engine is the engine: heartbeat, scanner, queue, outbox, uploader. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include <event2/event.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/clock.h"
#include "ice/neighbours.h"
#include "ice/random.h"
#include "ice/recording.h"
#include "ice/udp.h"

#define SIM_EVENTS    16
#define SIM_SOCKETS   4
#define SIM_FD        3  /* of the first of them */
#define SIM_ADDRESSES 24 /* 10.0.0.1 and on */
#define SIM_FIRST     0x0a000001u
#define SIM_MSEC(n)   ICE_USEC_MSEC(n)
#define SIM_SEC(n)    ICE_USEC_SEC(n)

/* What a device is made from; prepared once, shared by all seeds. */
struct sim_model {
	struct ice_recording *recording;
	bool printer;
	char identity[96]; /* of printers */
};

struct sim_device {
	const struct sim_model *model; /* NULL: nobody is there */
	ice_usec latency;
	bool v1_only;
	unsigned dies_after; /* answers, 0 = never */
	unsigned answered;
	/* of this life of the engine: */
	int32_t last_id;
	ice_usec asked_at;
	bool asked, heard, found;
	/* of the present sweep: */
	unsigned committed;
};

struct sim_packet {
	ice_usec at;
	uint64_t order;
	unsigned from;
	unsigned socket; /* whose it is */
	uint16_t len;
	uint8_t *bytes;
};

struct event {
	bool used, armed, waits; /* waits: for datagrams, of this socket */
	unsigned socket;
	ice_usec at;
	uint64_t order;
	event_callback_fn callback;
	void *arg;
};

static struct sim_world {
	ice_usec now;
	int64_t wall_step; /* seconds the wall clock is off */
	struct ice_random random;
	uint64_t order;
	struct event events[SIM_EVENTS];
	struct sim_device devices[SIM_ADDRESSES];
	struct sim_packet *packets; /* a heap */
	size_t packet_count, packet_room;
	unsigned loss, doubled, overtaking, busy; /* percent */
	ice_usec jitter, cost;                    /* cost: what sending a datagram takes */
	uint64_t empty;                           /* addresses behind the devices', where nobody is */
	struct ice_udp {
		bool used;
		struct ice_udp_counters counters;
	} sockets[SIM_SOCKETS];
	const char *broken; /* the first promise that did not hold */
	char broken_words[256];
	bool trace;
} world;

ICE_PRINTF(2, 3) static void sim_require(bool holds, const char *promise, ...)
{
	if (holds || world.broken)
		return;
	va_list args;
	va_start(args, promise);
	vsnprintf(world.broken_words, sizeof(world.broken_words), promise, args);
	va_end(args);
	world.broken = world.broken_words;
}

ICE_PRINTF(1, 2) static void sim_trace(const char *fmt, ...)
{
	if (!world.trace)
		return;
	va_list args;
	va_start(args, fmt);
	fprintf(stderr, "%12.6f ", (double)world.now / 1e6);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
}

static bool sim_chance(unsigned percent)
{
	return percent > 0 && ice_random_below(&world.random, 100) < percent;
}

static ice_usec sim_between(ice_usec from, ice_usec to)
{
	return from + (ice_usec)ice_random_below(&world.random, (uint64_t)(to - from));
}

/* A seam has the very type of what it replaces: the linker would join them whatever they take. */
#define SIM_SEAM(name) __typeof__(name) __wrap_##name

/* ---- the clock ---- */

SIM_SEAM(ice_clock_now);
SIM_SEAM(ice_clock_wall);
SIM_SEAM(ice_random_system);

/* Request ids are the system's randomness; here they follow from the seed like all else, or a failure would not replay. */
void __wrap_ice_random_system(void *out, size_t n)
{
	uint8_t *to = out;
	while (n-- > 0)
		*to++ = (uint8_t)ice_random_next(&world.random);
}

ice_usec __wrap_ice_clock_now(void)
{
	return world.now;
}

time_t __wrap_ice_clock_wall(void)
{
	return (time_t)(1750000000 + world.now / 1000000 + world.wall_step);
}

/* ---- the loop ---- */

SIM_SEAM(event_new);
SIM_SEAM(event_add);
SIM_SEAM(event_del);
SIM_SEAM(event_free);

struct event *__wrap_event_new(struct event_base *base, evutil_socket_t fd, short what, event_callback_fn callback,
                               void *arg)
{
	(void)base, (void)what;
	for (int i = 0; i < SIM_EVENTS; i++) {
		struct event *e = &world.events[i];
		if (e->used)
			continue;
		*e = (struct event){.used = true,
		                    .waits = fd >= 0,
		                    .socket = fd >= 0 ? (unsigned)fd - SIM_FD : 0,
		                    .callback = callback,
		                    .arg = arg};
		return e;
	}
	return NULL;
}

int __wrap_event_add(struct event *e, const struct timeval *after)
{
	e->armed = true;
	e->order = world.order++;
	if (after)
		e->at = world.now + (ice_usec)after->tv_sec * 1000000 + after->tv_usec;
	return 0;
}

int __wrap_event_del(struct event *e)
{
	e->armed = false;
	return 0;
}

void __wrap_event_free(struct event *e)
{
	e->used = e->armed = false;
}

/* ---- datagrams ---- */

static bool sim_packet_before(const struct sim_packet *a, const struct sim_packet *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

static void sim_packet_send(ice_usec at, unsigned from, unsigned socket, const uint8_t *bytes, size_t len)
{
	if (world.packet_count == world.packet_room) {
		world.packet_room = world.packet_room ? world.packet_room * 2 : 64;
		world.packets = realloc(world.packets, world.packet_room * sizeof(*world.packets));
		if (!world.packets)
			abort();
	}
	struct sim_packet p = {at, world.order++, from, socket, (uint16_t)len, malloc(len)};
	if (!p.bytes)
		abort();
	memcpy(p.bytes, bytes, len);
	size_t i = world.packet_count++;
	for (; i > 0 && sim_packet_before(&p, &world.packets[(i - 1) / 2]); i = (i - 1) / 2)
		world.packets[i] = world.packets[(i - 1) / 2];
	world.packets[i] = p;
}

static struct sim_packet sim_packet_take(void)
{
	struct sim_packet first = world.packets[0], last = world.packets[--world.packet_count];
	size_t i = 0;
	for (size_t child; (child = 2 * i + 1) < world.packet_count; i = child) {
		if (child + 1 < world.packet_count &&
		    sim_packet_before(&world.packets[child + 1], &world.packets[child]))
			child++;
		if (!sim_packet_before(&world.packets[child], &last))
			break;
		world.packets[i] = world.packets[child];
	}
	world.packets[i] = last;
	return first;
}

/* The first packet on its way has arrived, and is for this socket. What comes for a socket that was closed is gone. */
static bool sim_packet_due(unsigned socket)
{
	while (world.packet_count > 0 && !world.sockets[world.packets[0].socket].used)
		free(sim_packet_take().bytes);
	return world.packet_count > 0 && world.packets[0].at <= world.now && world.packets[0].socket == socket;
}

/* ---- devices ---- */

/* Which community is spoken at an address: the first leg's up to the overlap's end. */
static const char *sim_community(unsigned target)
{
	return target < SIM_ADDRESSES / 2 + 4 ? "first site" : "second";
}

static void sim_device_hears(struct sim_device *d, unsigned target, unsigned socket, const uint8_t *bytes, size_t len)
{
	static struct ice_snmp_message m;
	static uint8_t reply[4096];
	const char *community = sim_community(target);
	if (ice_snmp_read(bytes, len, &m) != ICE_VERDICT_OK || m.pdu == ICE_SNMP_RESPONSE) {
		sim_require(false, "a request is well-formed");
		return;
	}
	sim_require(m.community_len == strlen(community) && memcmp(m.community, community, m.community_len) == 0,
	            "a community is sent inside its range alone");
	/* The next question comes after an answer or a timeout, and so does the same once more. */
	sim_require(!d->asked || (m.request_id != d->last_id && d->heard) || world.now - d->asked_at >= SIM_MSEC(100),
	            "one request is in flight per device");
	d->last_id = m.request_id;
	d->asked = true;
	d->asked_at = world.now;
	d->heard = false;
	if (!d->model || sim_chance(world.loss) || (d->dies_after > 0 && d->answered >= d->dies_after))
		return;
	struct ice_recording_agent agent = {.recording = d->model->recording, .reply_max = 1472, .v1_only = d->v1_only};
	size_t n = ice_recording_answer(&agent, &m, reply, sizeof(reply));
	if (n == 0)
		return;
	d->answered++;
	for (unsigned copies = 1 + sim_chance(world.doubled); copies > 0; copies--) {
		ice_usec way = d->latency + (world.jitter ? sim_between(0, world.jitter) : 0);
		if (!sim_chance(world.loss))
			sim_packet_send(world.now + way * (sim_chance(world.overtaking) ? 3 : 1), target, socket, reply,
			                n);
	}
}

SIM_SEAM(ice_udp_new);
SIM_SEAM(ice_udp_free);
SIM_SEAM(ice_udp_ask);
SIM_SEAM(ice_udp_flush);
SIM_SEAM(ice_udp_queued);
SIM_SEAM(ice_udp_receive);
SIM_SEAM(ice_udp_fds);
SIM_SEAM(ice_udp_counters);

struct ice_udp *__wrap_ice_udp_new(const struct ice_udp_options *options, char *why, size_t why_size)
{
	(void)why, (void)why_size;
	sim_require(options->port == 161, "datagrams go to port 161");
	for (int i = 0; i < SIM_SOCKETS; i++) {
		if (world.sockets[i].used)
			continue;
		world.sockets[i] = (struct ice_udp){.used = true};
		return &world.sockets[i];
	}
	abort();
}

static unsigned sim_socket(const struct ice_udp *udp)
{
	return (unsigned)(udp - world.sockets);
}

void __wrap_ice_udp_free(struct ice_udp *udp)
{
	udp->used = false;
}

bool __wrap_ice_udp_ask(struct ice_udp *udp, const struct ice_address *to, const struct ice_snmp_request *request,
                        uint32_t id)
{
	uint8_t bytes[ICE_SNMP_REQUEST_MAX];
	uint64_t target = to->lo - ice_address_v4(SIM_FIRST).lo;
	if (sim_chance(world.busy))
		return false;
	world.now += world.cost;
	sim_require(target < SIM_ADDRESSES + world.empty, "only configured addresses are asked");
	if (world.broken)
		return true;
	udp->counters.sent++;
	if (target >= SIM_ADDRESSES)
		return true;
	ice_snmp_write(bytes, request, id);
	sim_device_hears(&world.devices[target], (unsigned)target, sim_socket(udp), bytes, request->len);
	return true;
}

void __wrap_ice_udp_flush(struct ice_udp *udp)
{
	(void)udp;
}

size_t __wrap_ice_udp_queued(const struct ice_udp *udp)
{
	(void)udp;
	return 0;
}

size_t __wrap_ice_udp_receive(struct ice_udp *udp, unsigned max_batches, ice_udp_input_fn *input, void *arg)
{
	size_t n = 0;
	(void)max_batches;
	for (; sim_packet_due(sim_socket(udp)); n++) {
		struct sim_packet p = sim_packet_take();
		struct ice_address from = ice_address_v4(SIM_FIRST + p.from);
		world.devices[p.from].heard = true;
		udp->counters.received++;
		input(&from, 161, p.bytes, p.len, arg);
		free(p.bytes);
	}
	return n;
}

void __wrap_ice_udp_fds(const struct ice_udp *udp, int fds[2])
{
	fds[0] = SIM_FD + (int)sim_socket(udp);
	fds[1] = -1;
}

void __wrap_ice_udp_counters(const struct ice_udp *udp, struct ice_udp_counters *out)
{
	*out = udp->counters;
}

/* ---- neighbours ---- */

__typeof__(ice_neighbours_new) __real_ice_neighbours_new;
SIM_SEAM(ice_neighbours_new);
SIM_SEAM(ice_neighbours_connect);

static bool sim_neighbours_look(bool v4, struct ice_neighbours_table *out, void *arg)
{
	(void)v4, (void)arg;
	*out = (struct ice_neighbours_table){.limit = 16, .entries = 8, .held = (uint32_t)sim_between(0, 10)};
	return true;
}

/* In some lives of the engine a part of the first range is connected, behind a small table. */
struct ice_neighbours *__wrap_ice_neighbours_new(ice_neighbours_look_fn *look, void *arg)
{
	struct ice_address first = ice_address_v4(SIM_FIRST + 4), last = ice_address_v4(SIM_FIRST + 11);
	struct ice_neighbours *n = __real_ice_neighbours_new(sim_neighbours_look, NULL);
	(void)look, (void)arg;
	if (sim_chance(33))
		ice_neighbours_add(n, &first, &last);
	return n;
}

void __wrap_ice_neighbours_connect(struct ice_neighbours *n)
{
	(void)n;
}

/* The engine's process is gone, and with it whatever was on its way to it. */
static void sim_world_forget_engine(void)
{
	while (world.packet_count > 0)
		free(sim_packet_take().bytes);
	memset(world.events, 0, sizeof(world.events));
	memset(world.sockets, 0, sizeof(world.sockets));
	for (unsigned i = 0; i < SIM_ADDRESSES; i++) {
		struct sim_device *d = &world.devices[i];
		d->asked = d->heard = d->found = false;
	}
}

/* When something of the loop is next to happen. */
static ice_usec sim_world_next(void)
{
	ice_usec at = ICE_USEC_NEVER;
	(void)sim_packet_due(0);
	for (int i = 0; i < SIM_EVENTS; i++) {
		const struct event *e = &world.events[i];
		if (!e->armed)
			continue;
		if (e->waits && world.packet_count > 0 && world.packets[0].socket == e->socket &&
		    world.packets[0].at < at)
			at = world.packets[0].at;
		if (!e->waits && e->at < at)
			at = e->at;
	}
	return at;
}

/* Runs one callback that is due. */
static bool sim_world_run(void)
{
	struct event *first = NULL;
	for (int i = 0; i < SIM_EVENTS; i++) {
		struct event *e = &world.events[i];
		bool due = e->armed && (e->waits ? sim_packet_due(e->socket) : e->at <= world.now);
		if (due && (!first || e->order < first->order))
			first = e;
	}
	if (!first)
		return false;
	first->order = world.order++;
	if (!first->waits)
		first->armed = false;
	first->callback(-1, first->waits ? EV_READ : EV_TIMEOUT, first->arg);
	return true;
}

#endif
