/* network: a network in virtual time around one scanner. Devices answer from recordings; datagrams are lost, doubled,
 * delayed and overtake each other as the seed says; and what the scanner promises its caller is checked at every step.
 *
 *   struct network *n = network_new(seed);      set n->loss, n->options, ... and network_device(...)
 *   network_run(n, until);                      until the scanner is idle, or that time
 *   network_free(n);
 */
#ifndef NETWORK_H
#define NETWORK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/random.h"
#include "ice/range.h"
#include "ice/recording.h"
#include "ice/scanner.h"

#define MS(n) ICE_USEC_MSEC(n)

enum network_kind { NETWORK_PRINTER, NETWORK_SWITCH, NETWORK_KINDS };

struct network_device {
	uint32_t address;
	enum network_kind kind;
	const struct ice_recording *recording; /* NULL: that of its kind, whose facts are checked */
	uint8_t credential;                    /* which of n->communities it answers to */
	bool v1_only;
	ice_usec latency;    /* one way and back together */
	unsigned dies_after; /* requests it answers, 0 = for ever */
	unsigned asked, answered;
	int32_t last_id; /* of the last request it got, when, and whether anything came back since */
	ice_usec last_asked;
	bool heard_since;
	unsigned found;
	enum ice_outcome outcome;
	bool complete;
	ice_usec rtt;
	uint16_t said_credential, said_requests;
	enum ice_snmp_version said_version;
	bool has_steady; /* from its last full reading */
	struct ice_steady steady;
	bool was_read;
};

struct network_packet {
	ice_usec at;
	uint64_t order;
	uint32_t from;
	uint16_t port, len;
	uint8_t *bytes;
};

struct network {
	ice_usec now;
	struct ice_random random;
	struct ice_scanner *scanner;
	struct ice_scanner_options options;
	struct ice_secret communities[4];
	struct ice_recording *recordings[NETWORK_KINDS];
	struct ice_profiles *profiles;

	uint32_t first, count; /* targets: count addresses from first on */
	uint32_t handed, resumed;
	struct ice_cursor *cursor; /* of the targets; NULL: one after the other */
	ice_usec spread;           /* between two targets, for whose turn `next` waits */
	struct network_device *devices;
	size_t device_count;
	uint32_t *device_of; /* by target, index + 1 */

	unsigned loss, doubled, overtaking; /* percent */
	ice_usec jitter;
	uint64_t places; /* in the queue, which nobody empties */
	uint64_t reserved, put, released;
	uint64_t silences;
	bool remembers; /* printers are known from one scanner to the next */
	enum ice_known_ask ask;
	uint64_t silent_sent, sent, refuse_sends;
	unsigned socket_takes, socket_room; /* datagrams in a beat, 0 = all; and in this one */
	ice_usec beat;                      /* what a beat takes */
	ice_usec late;                      /* the timer wakes it so much too late */
	ice_usec *sent_times;               /* when kept: of the first sent_room */
	size_t sent_room;
	uint16_t *sent_to; /* datagrams by target */

	struct network_packet *heap;
	size_t heap_count, heap_room;
	uint64_t order;
	/* Called for every request a device gets, before it answers; false swallows it. */
	bool (*request)(struct network *n, struct network_device *d, const struct ice_snmp_message *m,
	                const uint8_t *bytes, size_t len);
};

static struct network *network_current;

/* A small printer and a small switch, of no real make. */
static const char network_printer_text[] = "1.3.6.1.2.1.1.1.0|4|Exemplar LaserPrint 3000\n"
                                           "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1.1\n"
                                           "1.3.6.1.2.1.1.3.0|67|123456\n"
                                           "1.3.6.1.2.1.1.5.0|4|printer-a\n"
                                           "1.3.6.1.2.1.1.6.0|4|2nd floor\n"
                                           "1.3.6.1.2.1.2.2.1.3.1|2|6\n"
                                           "1.3.6.1.2.1.2.2.1.6.1|4x|0200000000a1\n"
                                           "1.3.6.1.2.1.4.20.1.2.10.0.0.1|2|1\n"
                                           "1.3.6.1.2.1.25.3.2.1.2.1|6|1.3.6.1.2.1.25.3.1.5\n"
                                           "1.3.6.1.2.1.25.3.2.1.3.1|4|Exemplar LaserPrint 3000\n"
                                           "1.3.6.1.2.1.25.3.2.1.5.1|2|2\n"
                                           "1.3.6.1.2.1.25.3.5.1.1.1|2|3\n"
                                           "1.3.6.1.2.1.25.3.5.1.2.1|4x|00\n"
                                           "1.3.6.1.2.1.43.5.1.1.1.1|65|4\n"
                                           "1.3.6.1.2.1.43.5.1.1.16.1|4|LaserPrint 3000\n"
                                           "1.3.6.1.2.1.43.5.1.1.17.1|4|EX0001234\n"
                                           "1.3.6.1.2.1.43.5.1.1.19.1|65|12\n"
                                           "1.3.6.1.2.1.43.10.2.1.3.1.1|2|7\n"
                                           "1.3.6.1.2.1.43.10.2.1.4.1.1|65|4711\n"
                                           "1.3.6.1.2.1.43.11.1.1.2.1.1|2|1\n"
                                           "1.3.6.1.2.1.43.11.1.1.3.1.1|2|1\n"
                                           "1.3.6.1.2.1.43.11.1.1.4.1.1|2|3\n"
                                           "1.3.6.1.2.1.43.11.1.1.5.1.1|2|3\n"
                                           "1.3.6.1.2.1.43.11.1.1.6.1.1|4|Black Cartridge\n"
                                           "1.3.6.1.2.1.43.11.1.1.7.1.1|2|19\n"
                                           "1.3.6.1.2.1.43.11.1.1.8.1.1|2|100\n"
                                           "1.3.6.1.2.1.43.11.1.1.9.1.1|2|43\n"
                                           "1.3.6.1.2.1.43.12.1.1.4.1.1|4|black\n"
                                           "1.3.6.1.2.1.43.18.1.1.2.1.1|2|4\n"
                                           "1.3.6.1.2.1.99.1|2|1\n";
static const char network_switch_text[] = "1.3.6.1.2.1.1.1.0|4|Exemplar Switch 24\n"
                                          "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.2.1\n"
                                          "1.3.6.1.2.1.1.3.0|67|99\n"
                                          "1.3.6.1.2.1.1.5.0|4|switch-a\n"
                                          "1.3.6.1.2.1.2.2.1.2.1|4|port 1\n"
                                          "1.3.6.1.6.3.1.1.6.1.0|2|1\n";

static bool network_before(const struct network_packet *a, const struct network_packet *b)
{
	return a->at != b->at ? a->at < b->at : a->order < b->order;
}

/* Puts a datagram on its way to the scanner. */
static void network_deliver(struct network *n, ice_usec at, uint32_t from, uint16_t port, const uint8_t *bytes,
                            size_t len)
{
	if (n->heap_count == n->heap_room) {
		n->heap_room = n->heap_room ? n->heap_room * 2 : 64;
		n->heap = realloc(n->heap, n->heap_room * sizeof(*n->heap));
		assert_non_null(n->heap);
	}
	struct network_packet p = {at, n->order++, from, port, (uint16_t)len, malloc(len ? len : 1)};
	memcpy(p.bytes, bytes, len);
	size_t i = n->heap_count++;
	for (; i > 0 && network_before(&p, &n->heap[(i - 1) / 2]); i = (i - 1) / 2)
		n->heap[i] = n->heap[(i - 1) / 2];
	n->heap[i] = p;
}

static struct network_packet network_arrive(struct network *n)
{
	struct network_packet first = n->heap[0], last = n->heap[--n->heap_count];
	size_t i = 0;
	for (size_t child; (child = 2 * i + 1) < n->heap_count; i = child) {
		if (child + 1 < n->heap_count && network_before(&n->heap[child + 1], &n->heap[child]))
			child++;
		if (!network_before(&n->heap[child], &last))
			break;
		n->heap[i] = n->heap[child];
	}
	n->heap[i] = last;
	return first;
}

static bool network_chance(struct network *n, unsigned percent)
{
	return percent > 0 && ice_random_below(&n->random, 100) < percent;
}

static struct network_device *network_at(struct network *n, uint32_t address)
{
	uint32_t target = address - n->first;
	assert_true(target < n->count);
	return n->device_of[target] ? &n->devices[n->device_of[target] - 1] : NULL;
}

static enum ice_next network_op_next(struct ice_address *out, void *arg)
{
	struct network *n = arg;
	if (n->handed == n->count)
		return ICE_NEXT_END;
	if (n->now < n->handed * n->spread)
		return ICE_NEXT_LATER;
	if (n->cursor && !ice_cursor_next(n->cursor, out))
		return ICE_NEXT_END;
	if (!n->cursor)
		*out = ice_address_v4(n->first + n->handed);
	n->handed++;
	return ICE_NEXT_TARGET;
}

static bool network_op_send(const struct ice_address *to, const struct ice_snmp_request *request, uint32_t id,
                            void *arg)
{
	struct network *n = arg;
	uint8_t bytes[ICE_SNMP_REQUEST_MAX];
	size_t len = request->len;
	if (n->refuse_sends > 0) {
		n->refuse_sends--;
		return false;
	}
	if (n->socket_takes > 0 && n->socket_room-- == 0) {
		n->socket_room = 0;
		return false;
	}
	uint32_t address = (uint32_t)to->lo;
	struct network_device *d = network_at(n, address);
	if (n->sent < n->sent_room)
		n->sent_times[n->sent] = n->now;
	n->sent++;
	n->sent_to[address - n->first]++;
	assert_true(len <= ICE_SNMP_REQUEST_MAX);
	ice_snmp_write(bytes, request, id);
	struct ice_snmp_message *m = malloc(sizeof(*m));
	assert_int_equal(ice_snmp_read(bytes, len, m), ICE_VERDICT_OK);
	assert_true(m->pdu != ICE_SNMP_RESPONSE);
	assert_true(m->version == ICE_SNMP_V1 ? n->options.v1 : n->options.v2c);
	if (!d) {
		n->silent_sent++;
		free(m);
		return true;
	}
	/* One request in flight: the next comes after an answer or a timeout, and so does the same once more. */
	if (d->asked > 0)
		assert_true((m->request_id != d->last_id && d->heard_since) || n->now - d->last_asked >= MS(100));
	d->last_id = m->request_id;
	d->last_asked = n->now;
	d->heard_since = false;
	d->asked++;
	const struct ice_secret *c = &n->communities[d->credential];
	bool heard = !network_chance(n, n->loss) && ice_secret_same(c, m->community, m->community_len) &&
	             (d->dies_after == 0 || d->answered < d->dies_after) &&
	             (!n->request || n->request(n, d, m, bytes, len));
	static uint8_t reply[65536];
	struct ice_recording_agent agent = {.recording = d->recording ? d->recording : n->recordings[d->kind],
	                                    .reply_max = 1472,
	                                    .v1_only = d->v1_only};
	size_t answer = heard ? ice_recording_answer(&agent, m, reply, sizeof(reply)) : 0;
	free(m);
	if (answer == 0)
		return true;
	d->answered++;
	unsigned copies = 1 + network_chance(n, n->doubled);
	for (unsigned i = 0; i < copies; i++) {
		if (network_chance(n, n->loss))
			continue;
		ice_usec way =
		        d->latency + (n->jitter ? (ice_usec)ice_random_below(&n->random, (uint64_t)n->jitter) : 0);
		if (network_chance(n, n->overtaking))
			way *= 3;
		network_deliver(n, n->now + way, address, n->options.port, reply, answer);
	}
	return true;
}

static bool network_op_reserve(void *arg)
{
	struct network *n = arg;
	if (n->reserved - n->released >= n->places)
		return false;
	n->reserved++;
	return true;
}

static void network_op_emit(const struct ice_finding *f, void *arg)
{
	struct network *n = arg;
	struct network_device *d = network_at(n, (uint32_t)f->address.lo);
	if (f->outcome == ICE_OUTCOME_SILENT) {
		assert_true(n->options.silences && !f->complete && !f->record && !f->identity && !f->steady);
		assert_true((uint32_t)f->address.lo - n->first < n->count);
		assert_int_equal(f->requests, n->sent_to[(uint32_t)f->address.lo - n->first]);
		n->silences++;
		return;
	}
	assert_non_null(d); /* a silent address is never found */
	assert_int_equal(d->found, 0);
	d->found++;
	d->outcome = f->outcome;
	d->complete = f->complete;
	d->rtt = f->rtt;
	d->said_credential = f->credential;
	d->said_requests = f->requests;
	d->said_version = f->version;
	if (f->outcome == ICE_OUTCOME_UNCHANGED || f->outcome == ICE_OUTCOME_PAGES) {
		assert_true(f->outcome == ICE_OUTCOME_UNCHANGED || n->ask == ICE_KNOWN_PULSE);
		assert_true(d->has_steady && !f->record && !f->identity && !f->steady && f->complete);
		return;
	}
	d->has_steady = f->steady;
	d->was_read = f->record && f->complete;
	if (f->steady) {
		assert_true(n->remembers && f->record && f->complete);
		d->steady = *f->steady;
	}
	if (!d->recording)
		assert_true(f->outcome == (d->kind == NETWORK_PRINTER ? ICE_OUTCOME_PRINTER : ICE_OUTCOME_DEVICE));
	assert_int_equal(f->credential, d->credential);
	if (d->v1_only)
		assert_int_equal(f->version, ICE_SNMP_V1);
	if (f->outcome == ICE_OUTCOME_PRINTER && !n->options.discover) {
		assert_non_null(f->record);
		n->put++;
		assert_true(n->put + n->released <= n->reserved);
		if (f->complete && n->loss == 0 && d->dies_after == 0 && !d->recording) {
			assert_non_null(f->record->serial);
			assert_string_equal(f->record->serial, "EX0001234");
			assert_int_equal(f->record->pages[ICE_PAGES_TOTAL], 4711);
		}
	} else {
		assert_null(f->record);
	}
}

static void network_op_release(void *arg)
{
	struct network *n = arg;
	n->released++;
	assert_true(n->put + n->released <= n->reserved);
}

static bool network_op_known(const struct ice_address *address, struct ice_known_target *out, void *arg)
{
	struct network *n = arg;
	struct network_device *d = network_at(n, (uint32_t)address->lo);
	*out = (struct ice_known_target){.ask = n->ask};
	if (!d || !(n->ask == ICE_KNOWN_CHANGED ? d->has_steady : d->was_read))
		return false;
	out->version = d->said_version;
	out->credential = d->said_credential;
	if (d->has_steady)
		out->steady = d->steady;
	return true;
}

static time_t network_wall(void)
{
	return 1700000000 + (time_t)(network_current->now / ICE_USEC_SEC(1));
}

/* 100 silent targets from 10.0.0.1 on; one community, v2c then v1, one retry of a second, no rate. */
static struct network *network_new(uint64_t seed)
{
	static struct ice_recording *recordings[NETWORK_KINDS];
	static struct ice_profiles *profiles;
	static const char *const texts[NETWORK_KINDS] = {network_printer_text, network_switch_text};
	struct network *n = calloc(1, sizeof(*n));
	char why[256];
	assert_non_null(n);
	if (!profiles) {
		struct ice_conf_mistakes mistakes = {0};
		profiles = ice_profiles_load("config/profiles", &mistakes);
		ice_conf_mistakes_print(&mistakes, stderr);
		ice_conf_mistakes_free(&mistakes);
		assert_non_null(profiles);
		for (int i = 0; i < NETWORK_KINDS; i++) {
			recordings[i] = ice_recording_parse("network", texts[i], strlen(texts[i]), why, sizeof(why));
			assert_non_null(recordings[i]);
		}
	}
	memcpy(n->recordings, recordings, sizeof(recordings));
	n->profiles = profiles;
	static const char *const names[] = {"public", "second", "third one", "4"};
	for (int i = 0; i < 4; i++)
		assert_true(ice_secret_set(&n->communities[i], names[i], strlen(names[i])));
	ice_random_seed(&n->random, seed);
	n->first = 0x0a000001;
	n->count = 100;
	n->places = UINT64_MAX;
	n->ask = ICE_KNOWN_CHANGED;
	n->options = (struct ice_scanner_options){.port = 161,
	                                          .window = 1024,
	                                          .conversations = 64,
	                                          .timeout = ICE_USEC_SEC(1),
	                                          .retries = 1,
	                                          .v1 = true,
	                                          .v2c = true,
	                                          .communities = n->communities,
	                                          .community_count = 1,
	                                          .profiles = profiles,
	                                          .seed = seed,
	                                          .wall = network_wall};
	return n;
}

/* A device at target number `target`; lent until the next is made. */
static struct network_device *network_device(struct network *n, uint32_t target, enum network_kind kind)
{
	assert_true(target < n->count);
	if (!n->device_of)
		n->device_of = calloc(n->count, sizeof(*n->device_of));
	assert_int_equal(n->device_of[target], 0);
	if ((n->device_count & (n->device_count + 1)) == 0)
		n->devices = realloc(n->devices, 2 * (n->device_count + 1) * sizeof(*n->devices));
	assert_non_null(n->devices);
	n->device_of[target] = (uint32_t)n->device_count + 1;
	struct network_device *d = &n->devices[n->device_count++];
	*d = (struct network_device){.address = n->first + target, .kind = kind, .latency = MS(2)};
	return d;
}

static void network_start(struct network *n)
{
	const struct ice_scanner_ops ops = {network_op_next,    network_op_send,
	                                    network_op_reserve, network_op_emit,
	                                    network_op_release, n->remembers ? network_op_known : NULL};
	if (!n->device_of)
		n->device_of = calloc(n->count, sizeof(*n->device_of));
	n->sent_to = calloc(n->count, sizeof(*n->sent_to));
	network_current = n;
	n->scanner = ice_scanner_new(&n->options, &ops, n, n->now);
}

static struct ice_scanner_counters network_counters(const struct network *n)
{
	struct ice_scanner_counters c;
	ice_scanner_counters(n->scanner, &c);
	return c;
}

/* The heartbeat, in virtual time; true when the scanner became idle. */
static bool network_run(struct network *n, ice_usec until)
{
	network_current = n;
	if (!n->scanner)
		network_start(n);
	unsigned still = 0;
	while (!ice_scanner_idle(n->scanner)) {
		if (n->now > until)
			return false;
		while (n->heap_count > 0 && n->heap[0].at <= n->now) {
			struct network_packet p = network_arrive(n);
			struct ice_address from = ice_address_v4(p.from);
			struct network_device *d = network_at(n, p.from);
			d->heard_since = true;
			ice_scanner_input(n->scanner, n->now, &from, p.port, p.bytes, p.len);
			free(p.bytes);
		}
		n->socket_room = n->socket_takes;
		ice_scanner_pump(n->scanner, n->now);
		n->now += n->beat;
		ice_usec next = ice_scanner_next(n->scanner, n->now);
		if (n->heap_count > 0 && n->heap[0].at < next)
			next = n->heap[0].at;
		ice_usec turn = n->handed < n->count ? n->handed * n->spread : 0;
		if (turn > n->now && turn < next)
			next = turn;
		if (n->late > 0 && next > n->now && next != ICE_USEC_NEVER)
			next += n->late;
		assert_true(next >= n->now);
		assert_true(next != ICE_USEC_NEVER || ice_scanner_idle(n->scanner)); /* or it would sleep for ever */
		if (next == ICE_USEC_NEVER)
			break;
		still = next == n->now ? still + 1 : 0;
		assert_true(still < 100000); /* or it would spin */
		n->now = next;
	}
	return true;
}

/* What holds at the end of every run: nothing in flight, every reserved place used or given back. */
static void network_check(const struct network *n)
{
	struct ice_scanner_counters c = network_counters(n);
	assert_int_equal(c.in_flight, 0);
	assert_int_equal(c.waiting, 0);
	assert_int_equal(c.conversations, 0);
	assert_int_equal(c.targets, c.finished);
	assert_int_equal(c.probes_sent, n->sent);
	assert_int_equal(n->reserved, n->put + n->released);
	uint64_t found = 0;
	for (size_t i = 0; i < n->device_count; i++)
		found += n->devices[i].found;
	assert_int_equal(c.devices, found);
}

static void network_free(struct network *n)
{
	ice_scanner_free(n->scanner);
	assert_int_equal(n->reserved, n->put + n->released);
	for (size_t i = 0; i < n->heap_count; i++)
		free(n->heap[i].bytes);
	free(n->heap);
	free(n->devices);
	free(n->device_of);
	free(n->sent_to);
	free(n->sent_times);
	free(n);
}

#endif
