/* Microseconds of ICE's own work for a printer, from its first datagram to its record, without a kernel: answers are made once a
 * recording and question, and patched.
 *
 * usage: conversations DIR PRINTERS AT-ONCE [ROUNDS]: recordings, how many printers, how many conversations at once */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ice/recording.h"
#include "ice/scanner.h"

#define QUESTIONS 4096
#define BATCH     64

/* One question to one kind of printer, and its answer; the id stands at the same place in all of a kind. */
struct question {
	unsigned model;
	uint16_t len, id_at, answer_len, answer_id_at;
	uint8_t bytes[ICE_SNMP_REQUEST_MAX], answer[1500];
};

struct flight {
	struct ice_address to;
	uint32_t id;
	const struct question *question;
};

static struct {
	struct ice_recording *models[64];
	uint32_t addresses[64]; /* each model's own: its printers all stand there, one behind the other */
	unsigned model_count;
	struct question *questions[QUESTIONS];
	struct flight *flights; /* a ring: answers come in the order of the questions */
	uint32_t room, first, count;
	uint32_t next, printers;
	uint64_t sent, found, facts;
	uint8_t inbox[BATCH][65536 + 576];
} world;

static double seconds(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint16_t id_at(const uint8_t *bytes)
{
	uint16_t at = bytes[1] & 0x80 ? (uint16_t)(5 + (bytes[1] & 0x7f)) : 5; /* behind the version */
	at = (uint16_t)(at + 2 + bytes[at + 1]);                               /* behind the community */
	return (uint16_t)(at + (bytes[at + 1] & 0x80 ? 4 + (bytes[at + 1] & 0x7f) : 4));
}

static bool same(const struct question *q, unsigned model, const uint8_t *bytes, size_t n)
{
	return q->model == model && q->len == n && memcmp(q->bytes, bytes, q->id_at) == 0 &&
	       memcmp(q->bytes + q->id_at + 4, bytes + q->id_at + 4, n - q->id_at - 4) == 0;
}

static const struct question *ask(unsigned model, const uint8_t *bytes, size_t n)
{
	static struct ice_snmp_message m;
	uint32_t place = (model * 7919u + (uint32_t)n * 104729u + bytes[n - 3] * 31u) % QUESTIONS;
	for (;; place = (place + 1) % QUESTIONS) {
		struct question *q = world.questions[place];
		if (q && same(q, model, bytes, n))
			return q;
		if (q)
			continue;
		q = world.questions[place] = calloc(1, sizeof(*q));
		if (!q || ice_snmp_read(bytes, n, &m) != ICE_VERDICT_OK)
			exit(1);
		struct ice_recording_agent agent = {.recording = world.models[model], .reply_max = 1472};
		q->model = model;
		q->len = (uint16_t)n;
		q->id_at = id_at(bytes);
		memcpy(q->bytes, bytes, n);
		q->answer_len = (uint16_t)ice_recording_answer(&agent, &m, q->answer, sizeof(q->answer));
		q->answer_id_at = q->answer_len ? id_at(q->answer) : 0;
		return q;
	}
}

/* The first address of the recording's ipAddrTable, by GETNEXT as anybody would ask. */
static uint32_t own_address(const struct ice_recording *r)
{
	static struct ice_snmp_message m;
	struct ice_recording_agent agent = {.recording = r, .reply_max = 1472};
	struct ice_secret community;
	struct ice_snmp_request request;
	struct ice_oid name;
	uint8_t answer[1500];
	if (!ice_secret_set(&community, "public", 6) || !ice_oid_parse("1.3.6.1.2.1.4.20.1.1", &name) ||
	    !ice_snmp_build(&request, ICE_SNMP_V2C, &community, ICE_SNMP_GETNEXT, &name, 1, 0) ||
	    ice_snmp_read(request.bytes, request.len, &m) != ICE_VERDICT_OK)
		exit(1);
	size_t n = ice_recording_answer(&agent, &m, answer, sizeof(answer));
	if (n == 0 || ice_snmp_read(answer, n, &m) != ICE_VERDICT_OK || m.varbinds[0].value_len != 4)
		exit(1);
	const uint8_t *a = m.varbinds[0].value;
	return (uint32_t)a[0] << 24 | (uint32_t)a[1] << 16 | (uint32_t)a[2] << 8 | a[3];
}

static enum ice_next world_next(struct ice_address *out, void *arg)
{
	(void)arg;
	if (world.next == world.printers)
		return ICE_NEXT_END;
	*out = ice_address_v4(world.addresses[world.next++ % world.model_count]);
	return ICE_NEXT_TARGET;
}

static bool world_send(const struct ice_address *to, const struct ice_snmp_request *request, uint32_t id, void *arg)
{
	(void)arg;
	unsigned model = 0;
	while (world.addresses[model] != (uint32_t)to->lo)
		model++;
	const struct question *q = ask(model, request->bytes, request->len);
	world.sent++;
	if (q->answer_len == 0)
		return true;
	if (world.count == world.room)
		return false;
	world.flights[(world.first + world.count++) % world.room] = (struct flight){*to, id, q};
	return true;
}

static bool world_reserve(void *arg)
{
	(void)arg;
	return true;
}

static void world_emit(const struct ice_finding *f, void *arg)
{
	(void)arg;
	world.found += f->record != NULL;
	world.facts += f->record ? f->record->supply_count : 0;
}

static void world_release(void *arg)
{
	(void)arg;
}

static time_t world_wall(void)
{
	return 1700000000;
}

/* As the socket does it: a batch into the inbox, handed on one by one. Returns how many. */
static uint32_t answer(struct ice_scanner *s, ice_usec now)
{
	struct flight batch[BATCH];
	uint32_t n = world.count < BATCH ? world.count : BATCH;
	for (uint32_t i = 0; i < n; i++) {
		batch[i] = world.flights[(world.first + i) % world.room];
		memcpy(world.inbox[i], batch[i].question->answer, batch[i].question->answer_len);
		ice_snmp_patch_id(world.inbox[i], batch[i].question->answer_id_at, batch[i].id);
	}
	world.first = (world.first + n) % world.room;
	world.count -= n;
	for (uint32_t i = 0; i < n; i++)
		ice_scanner_input(s, now, &batch[i].to, 161, world.inbox[i], batch[i].question->answer_len);
	return n;
}

static void sweep(const struct ice_profiles *profiles, uint32_t printers, uint32_t at_once)
{
	static const struct ice_scanner_ops ops = {.next = world_next,
	                                           .send = world_send,
	                                           .reserve = world_reserve,
	                                           .emit = world_emit,
	                                           .release = world_release};
	struct ice_secret community;
	if (!ice_secret_set(&community, "public", 6))
		exit(1);
	struct ice_scanner_options options = {.port = 161,
	                                      .window = 1u << 16,
	                                      .conversations = at_once,
	                                      .timeout = ICE_USEC_SEC(1),
	                                      .retries = 1,
	                                      .v1 = true,
	                                      .v2c = true,
	                                      .communities = &community,
	                                      .community_count = 1,
	                                      .profiles = profiles,
	                                      .wall = world_wall};
	ice_usec now = 0;
	world.next = 0;
	world.printers = printers;
	world.sent = world.found = 0;
	struct ice_scanner *s = ice_scanner_new(&options, &ops, NULL, now);
	double start = seconds();
	while (!ice_scanner_idle(s)) {
		while (answer(s, now) == BATCH)
			continue;
		ice_scanner_pump(s, now);
		now += 100;
	}
	double took = seconds() - start;
	printf("%u conversations at once: %.2f us a printer, %.2f requests (%llu read)\n", at_once,
	       took / printers * 1e6, (double)world.sent / printers, (unsigned long long)world.found);
	ice_scanner_free(s);
}

int main(int argc, char **argv)
{
	char why[512], pattern[512];
	glob_t files;
	struct ice_conf_mistakes mistakes = {0};
	struct ice_profiles *profiles = ice_profiles_load("config/profiles", &mistakes);
	if (argc < 4 || !profiles)
		return 64;
	snprintf(pattern, sizeof(pattern), "%s/*.snmprec", argv[1]);
	if (glob(pattern, 0, NULL, &files) != 0)
		return 1;
	for (size_t i = 0; i < files.gl_pathc && world.model_count < 64; i++) {
		struct ice_recording *r = ice_recording_load(files.gl_pathv[i], why, sizeof(why));
		if (!r)
			return 1;
		world.addresses[world.model_count] = own_address(r);
		world.models[world.model_count++] = r;
	}
	globfree(&files);
	world.room = 1u << 17;
	world.flights = calloc(world.room, sizeof(*world.flights));
	if (!world.flights || world.model_count == 0)
		return 1;
	for (int i = 0; i < (argc > 4 ? atoi(argv[4]) : 3); i++)
		sweep(profiles, (uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3]));
	ice_profiles_free(profiles);
	ice_conf_mistakes_free(&mistakes);
	return 0;
}
