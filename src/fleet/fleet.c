#include "fleet.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FLEET_PATTERNS 4096

struct ice_fleet {
	struct ice_fleet_options options;
	struct ice_device_setting setting;
	struct ice_fleet_counters counters;
	struct ice_random random;
	struct ice_pattern **patterns; /* printers first */
	size_t printer_patterns, pattern_count;
	struct ice_device *devices;
	size_t count;
	/* Address -> device: open addressing, slots hold index + 1, at most half of them taken. */
	uint32_t *slots;
	uint32_t mask;
	size_t community_len;
	/* Room for one request and one answer; the fleet is one thread. */
	struct ice_snmp_message message, answer;
	uint8_t good[ICE_WIRE_DATAGRAM], reply[ICE_WIRE_DATAGRAM], scratch[ICE_WIRE_DATAGRAM];
};

struct ice_fleet *ice_fleet_new(const struct ice_fleet_options *options, ice_usec now)
{
	struct ice_fleet *f = calloc(1, sizeof(*f));
	if (!f)
		abort();
	f->options = *options;
	f->setting = (struct ice_device_setting){options->seed, now, options->pages_per_hour};
	f->community_len = strlen(options->community);
	ice_random_seed(&f->random, options->seed);
	f->patterns = calloc(FLEET_PATTERNS, sizeof(*f->patterns));
	if (!f->patterns)
		abort();
	return f;
}

void ice_fleet_free(struct ice_fleet *f)
{
	if (!f)
		return;
	for (size_t i = 0; i < f->pattern_count; i++)
		ice_pattern_free(f->patterns[i]);
	free(f->patterns);
	free(f->devices);
	free(f->slots);
	free(f);
}

static int fleet_is_recording(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');
	return dot && dot != e->d_name &&
	       (strcmp(dot, ".snmprec") == 0 || strcmp(dot, ".snmpwalk") == 0 || strcmp(dot, ".walk") == 0);
}

size_t ice_fleet_add_patterns(struct ice_fleet *f, const char *folder, bool printers, char *why, size_t why_size)
{
	struct dirent **files = NULL;
	size_t before = f->pattern_count;
	int n = scandir(folder, &files, fleet_is_recording, alphasort);
	bool good = n > 0;
	if (n < 0)
		snprintf(why, why_size, "%s: %s", folder, strerror(errno));
	else if (n == 0)
		snprintf(why, why_size, "%s: no recording in it (*.snmprec, *.snmpwalk or *.walk)", folder);
	for (int i = 0; i < n; i++) {
		char path[4096];
		if (good && f->pattern_count == FLEET_PATTERNS) {
			snprintf(why, why_size, "%s: more than %d recordings", folder, FLEET_PATTERNS);
			good = false;
		}
		if (good) {
			snprintf(path, sizeof(path), "%s/%s", folder, files[i]->d_name);
			struct ice_pattern *m = ice_pattern_load(path, printers, f->options.as_recorded, why, why_size);
			good = m != NULL;
			if (m)
				f->patterns[f->pattern_count++] = m;
		}
		free(files[i]);
	}
	free(files);
	if (!good)
		return 0;
	if (printers)
		f->printer_patterns = f->pattern_count;
	return f->pattern_count - before;
}

bool ice_fleet_is_host(uint32_t base, unsigned prefix, uint32_t address)
{
	if (prefix >= 31)
		return true; /* RFC 3021: neither a network nor a broadcast address */
	uint32_t hosts = UINT32_MAX >> prefix, low = address & 0xff;
	return address != base && address != (base | hosts) && low != 0 && low != 255;
}

uint64_t ice_fleet_room(uint32_t base, unsigned prefix)
{
	uint64_t hosts = (uint64_t)1 << (32 - prefix), room = 0;
	if (prefix <= 24)
		return hosts / 256 * 254;
	for (uint64_t i = 0; i < hosts; i++)
		room += ice_fleet_is_host(base, prefix, base + (uint32_t)i);
	return room;
}

static uint32_t fleet_slot(const struct ice_fleet *f, uint32_t address)
{
	uint32_t h = address * 0x9e3779b1u;
	return (h ^ h >> 15) & f->mask;
}

static struct ice_device *fleet_find(const struct ice_fleet *f, uint32_t address)
{
	for (uint32_t slot = fleet_slot(f, address); f->slots[slot]; slot = (slot + 1) & f->mask) {
		struct ice_device *d = &f->devices[f->slots[slot] - 1];
		if (d->address == address)
			return d;
	}
	return NULL;
}

/* An address of the site where nobody lives yet. Drawn until one is found: even for the last of a full site that is some hosts'
 * worth of draws, and it happens once. */
static uint32_t fleet_free_address(struct ice_fleet *f)
{
	uint64_t hosts = (uint64_t)1 << (32 - f->options.prefix);
	for (;;) {
		uint32_t address = f->options.base + (uint32_t)ice_random_below(&f->random, hosts);
		if (ice_fleet_is_host(f->options.base, f->options.prefix, address) && !fleet_find(f, address))
			return address;
	}
}

static void fleet_settle(struct ice_fleet *f, uint64_t number, size_t pattern)
{
	struct ice_device *d = &f->devices[f->count];
	uint32_t address = fleet_free_address(f), slot = fleet_slot(f, address);
	while (f->slots[slot])
		slot = (slot + 1) & f->mask;
	*d = (struct ice_device){.address = address,
	                         .number = (uint32_t)f->count,
	                         .pattern = (uint16_t)pattern,
	                         .v1_only =
	                                 (double)(ice_random_next(&f->random) >> 11) * 0x1p-53 < f->options.v1_share};
	if (f->patterns[pattern]->printer)
		d->fault = ice_faults_of(&f->options.faults, number, f->options.count);
	f->slots[slot] = (uint32_t)++f->count;
}

bool ice_fleet_place(struct ice_fleet *f, char *why, size_t why_size)
{
	struct ice_fleet_options *o = &f->options;
	size_t other_patterns = f->pattern_count - f->printer_patterns, slots = 16;
	if (o->count == ICE_FLEET_EACH)
		o->count = f->printer_patterns;
	if (o->others == ICE_FLEET_EACH)
		o->others = other_patterns;
	uint64_t all = o->count + o->others, room = ice_fleet_room(o->base, o->prefix);
	if (all > room || o->count > room) {
		snprintf(why, why_size, "%llu devices do not fit: the site has %llu addresses for them",
		         (unsigned long long)all, (unsigned long long)room);
		return false;
	}
	if ((o->count > 0 && f->printer_patterns == 0) || (o->others > 0 && other_patterns == 0)) {
		snprintf(why, why_size, "no recordings for %s",
		         o->count > 0 && f->printer_patterns == 0 ? "printers" : "others");
		return false;
	}
	while (slots < all * 2)
		slots *= 2;
	f->slots = calloc(slots, sizeof(*f->slots));
	f->devices = calloc(all ? all : 1, sizeof(*f->devices));
	if (!f->slots || !f->devices)
		abort();
	f->mask = (uint32_t)(slots - 1);
	for (uint64_t i = 0; i < o->count; i++)
		fleet_settle(f, i, (size_t)(i % f->printer_patterns));
	for (uint64_t i = 0; i < o->others; i++)
		fleet_settle(f, i, f->printer_patterns + (size_t)(i % other_patterns));
	return true;
}

size_t ice_fleet_count(const struct ice_fleet *f)
{
	return f->count;
}

const struct ice_device *ice_fleet_device(const struct ice_fleet *f, size_t i)
{
	return &f->devices[i];
}

const struct ice_device *ice_fleet_at(const struct ice_fleet *f, uint32_t address)
{
	return fleet_find(f, address);
}

struct ice_device_view ice_fleet_view(const struct ice_fleet *f, const struct ice_device *d, ice_usec now)
{
	return (struct ice_device_view){&f->setting, d, f->patterns[d->pattern], now};
}

const struct ice_fleet_counters *ice_fleet_counters(const struct ice_fleet *f)
{
	return &f->counters;
}

static void fleet_say(struct ice_fleet *f, struct ice_wire *w, const struct ice_wire_peer *peer,
                      const struct ice_faults_reply *reply, ice_usec now, ice_usec delay)
{
	for (unsigned i = 0; i < reply->copies; i++) {
		memcpy(ice_wire_room(w), reply->bytes, reply->n);
		ice_wire_send(w, &peer->client, reply->from, reply->other_port, reply->n, now, delay + reply->delay);
		f->counters.answers++;
	}
}

/* Sends what a misbehaving device makes of its answer. */
static void fleet_misbehave(struct ice_fleet *f, struct ice_wire *w, const struct ice_wire_peer *peer,
                            const uint8_t *bytes, size_t n, struct ice_device *d, struct ice_recording_agent *agent,
                            ice_usec now, ice_usec delay)
{
	const struct ice_fault *fault = &ice_faults[d->fault - 1];
	struct ice_faults_reply good = {.bytes = f->good, .size = sizeof(f->good), .copies = 1, .from = d->address},
	                        reply = {.bytes = f->reply, .size = sizeof(f->reply), .copies = 1, .from = d->address};
	struct ice_faults_call call = {.request = bytes,
	                               .request_len = n,
	                               .message = &f->message,
	                               .agent = agent,
	                               .device = d,
	                               .random = &f->random,
	                               .now = now,
	                               .reply = &reply,
	                               .answer = &f->answer,
	                               .scratch = f->scratch};
	good.n = reply.n = ice_recording_answer(agent, &f->message, good.bytes, good.size);
	if (good.n == 0)
		good.copies = reply.copies = 0;
	memcpy(reply.bytes, good.bytes, good.n);
	if (fault->beside == ICE_FAULTS_BEHIND)
		fleet_say(f, w, peer, &good, now, delay);
	ice_faults_apply(fault, &call);
	fleet_say(f, w, peer, &reply, now, delay);
	if (fault->beside == ICE_FAULTS_BEFORE)
		fleet_say(f, w, peer, &good, now, delay);
}

void ice_fleet_input(struct ice_wire *w, const struct ice_wire_peer *peer, const uint8_t *bytes, size_t n, ice_usec now,
                     void *arg)
{
	struct ice_fleet *f = arg;
	struct ice_device *d = fleet_find(f, peer->asked);
	if (!d) {
		f->counters.nobody++;
		return;
	}
	/* A Response is not answered: two fleets would else talk for ever. */
	if (ice_snmp_read(bytes, n, &f->message) != ICE_VERDICT_OK || f->message.pdu == ICE_SNMP_RESPONSE) {
		f->counters.malformed++;
		return;
	}
	if (f->message.community_len != f->community_len ||
	    memcmp(f->message.community, f->options.community, f->community_len) != 0) {
		f->counters.community++;
		return;
	}
	f->counters.requests++;
	if (d->asked < UINT16_MAX)
		d->asked++;
	if (f->options.loss > 0 && (double)(ice_random_next(&f->random) >> 11) * 0x1p-53 < f->options.loss) {
		f->counters.lost++;
		return;
	}
	const struct ice_pattern *m = f->patterns[d->pattern];
	struct ice_device_view view = {&f->setting, d, m, now};
	struct ice_device_extra extra;
	struct ice_recording_agent agent = {.recording = m->recording,
	                                    .override = f->options.as_recorded ? NULL : ice_device_override,
	                                    .arg = &view,
	                                    .extra = extra.rows,
	                                    .extra_count = m->interface ? ice_device_extra(&view, &extra) : 0,
	                                    .reply_max = f->options.reply_max ? f->options.reply_max : m->reply_max,
	                                    .v1_only = d->v1_only};
	ice_usec delay = f->options.latency;
	if (f->options.jitter > 0)
		delay += (ice_usec)ice_random_below(&f->random, (uint64_t)f->options.jitter + 1);
	if (d->fault) {
		fleet_misbehave(f, w, peer, bytes, n, d, &agent, now, delay);
		return;
	}
	size_t len = ice_recording_answer(&agent, &f->message, ice_wire_room(w), ICE_WIRE_DATAGRAM);
	if (len == 0)
		return;
	ice_wire_send(w, &peer->client, d->address, false, len, now, delay);
	f->counters.answers++;
}
