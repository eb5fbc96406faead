/* The whole engine and its server in virtual time, from one seed: devices, a network that loses, doubles and delays, a server that is
 * away, slow or wrong, processes that die and disks that lose their power at any moment. Whatever happens, in the end every
 * reading that was committed is at the server exactly once, just as it was read in whatever way it travelled, and nobody who
 * answered was forgotten.
 *
 * SEEDS=n runs that many (500 unless told); a seed that breaks a promise is printed, and SEED=n runs it again with its story. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/heartbeat.h"
#include "ice/change.h"
#include "ice/log.h"
#include "ice/record.h"
#include "replay/sim_disk.h"
#include "replay/sim_server.h"
#include "replay/sim_world.h"

#define SIM_PRINTERS 20
#define SIM_OTHERS   7
#define SIM_BATCHES  256
#define SIM_EMITTED  4096
#define SIM_BASES    4096
#define SIM_MARKS    64
#define SIM_PLACE    "sweep"

/* Bugs, put in on purpose: each must be caught, or the simulation would prove nothing. */
enum sim_bug {
	SIM_HONEST,
	SIM_DELETES_BEFORE_ACK, /* a batch leaves the outbox when it is sent */
	SIM_ACKS_BEFORE_COMMIT, /* the server answers, then stores */
	SIM_MARKS_APART,        /* "was read" is committed behind the batch, not with it */
	SIM_PLACE_AHEAD,        /* the place of the sweep is kept before the readings in front of it are */
	SIM_BASES_AHEAD,        /* what changes are told against is committed before its batch, not with it */
	SIM_ENGINE_NORMAL,      /* no commit in the outbox waits for the disk */
	SIM_SERVER_NORMAL,      /* nor in the server's store: synchronous=NORMAL */
};

enum sim_blow { SIM_KILL, SIM_POWER, SIM_FUSE, SIM_STOP, SIM_DISK_FAILS, SIM_DISK_HEALS, SIM_CLOCK_STEP, SIM_BLOWS };

/* A reading as it was committed: whose, and what the record was, all of it. */
struct sim_reading {
	unsigned target;
	char device[ICE_RECORD_IDENTITY_SIZE];
	uint64_t json;
	int64_t at;
};

struct sim_batch {
	int64_t sequence;
	char id[ICE_BATCH_ID_SIZE];
	unsigned count;
	struct sim_reading readings[SIM_ADDRESSES];
};

struct sim_mark {
	char device[ICE_RECORD_IDENTITY_SIZE];
	int64_t at;
};

static struct sim_engine {
	enum sim_bug bug;
	struct ice_plan plan;
	struct ice_profiles *profiles;
	struct ice_enrolment enrolment;
	struct ice_heartbeat_options options;
	struct sim_model printers[SIM_PRINTERS], others[SIM_OTHERS];
	struct sim_disk blank_outbox, blank_store;
	char file[SIM_DISK_NAME], root[64], outbox_folder[96];

	/* the process */
	bool alive;
	struct ice_outbox *outbox;
	sqlite3 *db, *store_db;
	struct ice_upload *upload;
	struct ice_heartbeat *heartbeat;
	struct event *due;
	ice_usec up_at;
	int64_t max_bytes;

	/* the fate of this seed */
	struct {
		ice_usec at;
		enum sim_blow kind;
	} blows[6];
	size_t blow, blow_count;
	ice_usec calm_at; /* no misfortune from then on */
	unsigned sweeps_wanted, sweeps;

	/* what is known from outside */
	uint64_t sweep_seed;
	bool tally;     /* all of the present sweep was seen from its start */
	bool fresh;     /* it was begun in this life of the process */
	bool from_zero; /* and at its beginning */
	unsigned found_now;
	struct sim_batch batches[SIM_BATCHES];
	size_t batch_count;
	struct sim_batch
	        attempt; /* what was tried to be put: another batch in the outbox is its beginning, whatever put said */
	struct {
		char name[ICE_CHANGE_NAME_SIZE];
		int64_t sequence;
	} bases[SIM_BASES]; /* every record that was committed whole, and in which batch */
	size_t base_count;
	struct ice_random life; /* of the printers */
	int64_t base_age;
	struct {
		unsigned target;
		char device[ICE_RECORD_IDENTITY_SIZE];
		char *json; /* as it is put, made when it is put first */
		size_t len;
	} emitted[SIM_EMITTED];
	size_t emitted_count;
	struct sim_mark marks[SIM_MARKS], late_marks[SIM_MARKS];
	size_t mark_count, late_count;
	uint64_t deaths, committed, changes, mended;
} engine;

static sqlite3 *sim_opened; /* the connection opened last */

static int sim_note_opened(sqlite3 *db, const char **error, const struct sqlite3_api_routines *api)
{
	(void)error, (void)api;
	sim_opened = db;
	return SQLITE_OK;
}

/* Of SIM_ENGINE_NORMAL: that a commit is to wait for the disk is not heard. */
static int sim_never_full(void *arg, int what, const char *pragma, const char *value, const char *db, const char *inner)
{
	(void)arg, (void)db, (void)inner;
	bool full = what == SQLITE_PRAGMA && value && strcmp(pragma, "synchronous") == 0 && strcmp(value, "FULL") == 0;
	return full ? SQLITE_IGNORE : SQLITE_OK;
}

static uint64_t sim_hash(const char *text)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (; *text; text++)
		h = (h ^ (uint8_t)*text) * 0x100000001b3u;
	return h;
}

/* ---- what is known from outside ---- */

static void sim_remember_mark(const char *device, int64_t at)
{
	size_t i = 0;
	while (i < engine.mark_count && strcmp(engine.marks[i].device, device) != 0)
		i++;
	if (i == SIM_MARKS)
		abort();
	engine.mark_count += i == engine.mark_count;
	snprintf(engine.marks[i].device, sizeof(engine.marks[i].device), "%s", device);
	engine.marks[i].at = at;
}

/* A change is of a record that was committed in an earlier batch, which was not set aside by then. */
static void sim_check_base(const char *name, int64_t sequence)
{
	sqlite3_stmt *q = NULL;
	size_t i = 0;
	while (i < engine.base_count && strcmp(engine.bases[i].name, name) != 0)
		i++;
	bool known = i < engine.base_count && engine.bases[i].sequence < sequence;
	sim_require(known, "a change is of a record that was committed before it");
	if (!known)
		return;
	if (sqlite3_prepare_v2(engine.db, "SELECT 1 FROM batch WHERE sequence=? AND state=1", -1, &q, NULL) !=
	    SQLITE_OK)
		abort();
	sqlite3_bind_int64(q, 1, engine.bases[i].sequence);
	sim_require(sqlite3_step(q) != SQLITE_ROW, "no change is of a record that was set aside");
	sqlite3_finalize(q);
	engine.changes++;
}

static void sim_remember_base(const char *name, int64_t sequence)
{
	if (engine.base_count == SIM_BASES)
		abort();
	snprintf(engine.bases[engine.base_count].name, ICE_CHANGE_NAME_SIZE, "%s", name);
	engine.bases[engine.base_count++].sequence = sequence;
}

/* Takes down a batch that stands in the outbox, as it will have to arrive. */
static void sim_remember_batch(const struct ice_outbox_batch *b)
{
	struct fm_batch read;
	char why[256];
	int64_t last = engine.batch_count ? engine.batches[engine.batch_count - 1].sequence : 0;
	sim_require(b->sequence == last + 1, "sequence numbers have no gap: %" PRId64 " after %" PRId64, b->sequence,
	            last);
	bool ok = fm_batch_read(&read, (const char *)b->body, b->len, SIM_SITE, why, sizeof(why));
	sim_require(ok, "a batch in the outbox can be read: %s", why);
	if (engine.batch_count == SIM_BATCHES)
		abort();
	sim_require(read.count <= engine.attempt.count, "a batch has the readings that were put");
	struct sim_batch *known = &engine.batches[engine.batch_count++];
	*known = engine.attempt;
	known->count = (unsigned)read.count;
	known->sequence = b->sequence;
	memcpy(known->id, b->id, sizeof(known->id));
	for (size_t i = 0; i < read.count && !world.broken; i++) {
		const struct sim_reading *r = &known->readings[i];
		if (read.readings[i].base[0]) {
			sim_check_base(read.readings[i].base, b->sequence);
		} else {
			sim_require(sim_hash(read.readings[i].json) == r->json, "a batch holds what was read");
			sim_remember_base(read.readings[i].name, b->sequence);
		}
		world.devices[r->target].committed++;
		sim_remember_mark(r->device, r->at);
	}
	engine.committed += read.count;
	sim_trace("engine: batch %" PRId64 " of %zu readings", b->sequence, read.count);
	fm_batch_free(&read);
}

static void sim_remember_news(struct ice_outbox *o)
{
	struct ice_outbox_batch b;
	int64_t last = engine.batch_count ? engine.batches[engine.batch_count - 1].sequence : 0;
	while (!world.broken && ice_outbox_next(o, last, &b)) {
		last = b.sequence;
		sim_remember_batch(&b);
		ice_outbox_batch_free(&b);
	}
}

/* Every device whose reading was committed is marked with the time of the last of them. */
static void sim_check_marks(void)
{
	for (size_t i = 0; i < engine.mark_count; i++) {
		int64_t at = ice_outbox_device_read_at(engine.outbox, engine.marks[i].device);
		sim_require(at == engine.marks[i].at,
		            "batch and read marks are committed together: %s is marked %" PRId64 ", not %" PRId64,
		            engine.marks[i].device, at, engine.marks[i].at);
	}
}

/* ---- seams of the engine ---- */

__typeof__(ice_outbox_put) __real_ice_outbox_put;
SIM_SEAM(ice_outbox_put);

/* The put of SIM_MARKS_APART: under other names, the right ones follow in a transaction of their own. */
static enum ice_outbox_result sim_put_apart(struct ice_outbox *o, const struct ice_reading *const *readings, size_t n,
                                            size_t *taken)
{
	struct ice_reading nameless[ICE_BATCH_READINGS_MAX];
	const struct ice_reading *list[ICE_BATCH_READINGS_MAX];
	char nobody[] = "-";
	for (size_t i = 0; i < n; i++) {
		nameless[i] = *readings[i];
		nameless[i].device = nobody;
		list[i] = &nameless[i];
	}
	enum ice_outbox_result result = __real_ice_outbox_put(o, list, n, taken);
	for (size_t i = 0; i < *taken && engine.late_count < SIM_MARKS; i++) {
		struct sim_mark *m = &engine.late_marks[engine.late_count++];
		snprintf(m->device, sizeof(m->device), "%s", readings[i]->device);
		m->at = readings[i]->at;
	}
	return result;
}

static void sim_late_marks(void)
{
	for (size_t i = 0; i < engine.late_count && !sim_disks[0].dead; i++) {
		char *sql = sqlite3_mprintf("DELETE FROM device WHERE name=%Q;"
		                            "INSERT INTO device (name, read_at) VALUES (%Q, %lld)",
		                            engine.late_marks[i].device, engine.late_marks[i].device,
		                            (long long)engine.late_marks[i].at);
		sqlite3_exec(engine.db, sql, NULL, NULL, NULL);
		sqlite3_free(sql);
	}
	engine.late_count = 0;
}

/* The put of SIM_BASES_AHEAD. */
static void sim_bases_ahead(const struct ice_reading *const *readings, size_t n)
{
	for (size_t i = 0; i < n && !sim_disks[0].dead; i++) {
		char *sql =
		        sqlite3_mprintf("DELETE FROM base WHERE device=%Q;"
		                        "INSERT INTO base (device, at, json) VALUES (%Q, %lld, %Q)",
		                        readings[i]->device, readings[i]->device, readings[i]->at, readings[i]->json);
		sqlite3_exec(engine.db, sql, NULL, NULL, NULL);
		sqlite3_free(sql);
	}
}

/* Recordings stand still; the printers they were made of do not. */
static char *sim_live(const struct ice_reading *reading, size_t *len)
{
	static const struct ice_alert alert = {.severity = "critical", .group = "mediaPath", .code = "jam"};
	static struct ice_record r;
	char why[160];
	if (!ice_record_from_json(reading->json, reading->len, &r, why, sizeof(why)))
		abort();
	if (r.pages[ICE_PAGES_TOTAL] >= 0)
		r.pages[ICE_PAGES_TOTAL] += (int64_t)ice_random_below(&engine.life, 1000);
	if (r.supply_count > 0 && ice_random_below(&engine.life, 4) == 0)
		r.supply_count--;
	if (r.alert_count > 0 && ice_random_below(&engine.life, 2) == 0)
		r.alert_count--;
	else if (r.alert_count < ICE_RECORD_ALERTS && ice_random_below(&engine.life, 2) == 0)
		r.alerts[r.alert_count++] = alert;
	if (ice_random_below(&engine.life, 2) == 0)
		r.status = "printing";
	return ice_record_to_json(&r, len);
}

/* What is tried to be put, as it is then known from outside. `to` are the readings as they are by now. */
static void sim_remember_attempt(const struct ice_reading *const *readings, size_t n, struct ice_reading *to,
                                 const struct ice_reading **list)
{
	if (n > SIM_ADDRESSES)
		abort();
	engine.attempt = (struct sim_batch){.count = (unsigned)n};
	for (size_t i = 0; i < n; i++) {
		struct sim_reading *known = &engine.attempt.readings[i];
		if (!engine.emitted[i].json)
			engine.emitted[i].json = sim_live(readings[i], &engine.emitted[i].len);
		to[i] = *readings[i];
		to[i].json = engine.emitted[i].json;
		to[i].len = engine.emitted[i].len;
		list[i] = &to[i];
		known->target = engine.emitted[i].target;
		known->json = sim_hash(to[i].json);
		known->at = readings[i]->at;
		snprintf(known->device, sizeof(known->device), "%s", readings[i]->device);
	}
}

/* The oldest readings that were emitted have gone, one way or another. */
static void sim_forget_emitted(size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(engine.emitted[i].json);
	engine.emitted_count -= n;
	memmove(engine.emitted, engine.emitted + n, engine.emitted_count * sizeof(engine.emitted[0]));
}

enum ice_outbox_result __wrap_ice_outbox_put(struct ice_outbox *o, const struct ice_reading *const *read, size_t n,
                                             size_t *taken)
{
	struct ice_reading now[SIM_ADDRESSES];
	const struct ice_reading *readings[SIM_ADDRESSES];
	sim_late_marks();
	sim_require(n <= engine.emitted_count, "only what was read is committed");
	for (size_t i = 0; i < n && !world.broken; i++)
		sim_require(strcmp(read[i]->device, engine.emitted[i].device) == 0,
		            "readings are committed in the order they were read, none is dropped");
	sim_remember_attempt(read, n, now, readings);
	if (engine.bug == SIM_BASES_AHEAD)
		sim_bases_ahead(readings, n);
	enum ice_outbox_result result = engine.bug == SIM_MARKS_APART ? sim_put_apart(o, readings, n, taken)
	                                                              : __real_ice_outbox_put(o, readings, n, taken);
	if (sim_disks[0].dead || world.broken)
		return result;
	sim_require(result != ICE_OUTBOX_UNFIT, "a reading fits in a batch");
	if (result == ICE_OUTBOX_OK) {
		sim_require(*taken == n, "all of a small batch is taken");
		sim_forget_emitted(*taken);
		unsigned fails = sim_disks[0].fails;
		sim_disks[0].fails = 0; /* looking is not part of the story */
		sim_remember_news(o);
		sim_disks[0].fails = fails;
	}
	return result;
}

static void sim_keep_place(const struct ice_place *place)
{
	char text[128] = "";
	if (place)
		snprintf(text, sizeof(text), "%" PRIu64 " %zu %" PRIu64 " %" PRIu64 " %" PRIx64, place->seed,
		         place->leg, place->at.routed, place->at.on_link, place->subnets);
	(void)!ice_outbox_set(engine.outbox, SIM_PLACE, text);
}

static void engine_place(const struct ice_place *place, void *arg)
{
	(void)arg;
	sim_keep_place(place);
}

static void engine_found(const struct ice_finding *f, size_t leg, void *arg)
{
	unsigned target = (unsigned)(f->address.lo - ice_address_v4(SIM_FIRST).lo);
	struct sim_device *d = &world.devices[target];
	(void)leg, (void)arg;
	sim_require(d->model && d->answered > 0, "only who answered is found");
	sim_require(!world.broken && !d->found, "everybody is found once in a sweep");
	if (world.broken)
		return;
	d->found = true;
	if (f->outcome != ICE_OUTCOME_PRINTER)
		return;
	sim_require(d->model->printer, "no other device is taken for a printer");
	engine.found_now++;
	if (engine.emitted_count == SIM_EMITTED)
		abort();
	engine.emitted[engine.emitted_count].json = NULL;
	engine.emitted[engine.emitted_count].target = target;
	ice_record_identity(f->record, engine.emitted[engine.emitted_count++].device);
	if (engine.bug == SIM_PLACE_AHEAD) {
		struct ice_place place = {.seed = engine.sweep_seed};
		for (unsigned i = 0; i < SIM_ADDRESSES; i++) {
			bool second = i >= SIM_ADDRESSES / 2 + 4;
			place.leg |= world.devices[i].asked && second;
		}
		for (unsigned i = 0; i < SIM_ADDRESSES; i++)
			place.at.routed += world.devices[i].asked && (i >= SIM_ADDRESSES / 2 + 4) == (place.leg == 1);
		sim_keep_place(&place);
	}
}

static void engine_due(evutil_socket_t fd, short what, void *arg);

static void engine_swept(bool whole, void *arg)
{
	struct ice_figures f;
	(void)whole, (void)arg;
	if (sim_disks[0].dead)
		return;
	ice_heartbeat_figures(engine.heartbeat, &f);
	sim_trace("engine: sweep ended, %" PRIu64 " printers", f.scanner.printers);
	sim_require(engine.emitted_count == 0 && f.queued == 0, "a sweep ends when all it read is committed");
	sim_require(f.scanner.finished == f.scanner.targets, "every address that was begun is finished");
	sim_require(f.scanner.probes_sent == f.udp.sent, "datagrams are counted exactly: %" PRIu64 ", not %" PRIu64,
	            f.scanner.probes_sent, f.udp.sent);
	sim_require(f.scanner.printers == engine.found_now, "printers are counted exactly");
	if (engine.from_zero)
		sim_require(f.done == f.addresses, "a sweep asks all its addresses");
	for (unsigned i = 0; engine.tally && i < SIM_ADDRESSES; i++) {
		const struct sim_device *d = &world.devices[i];
		if (!d->model || !d->model->printer)
			continue;
		bool sure = world.loss == 0 && d->dies_after == 0;
		sim_require((!sure && !d->found) || d->committed > 0,
		            "every printer that answers is read: 10.0.0.%u was not", i + 1);
	}
	engine.sweeps++;
	sim_keep_place(NULL);
	struct timeval after = {.tv_sec = 1 + (time_t)ice_random_below(&world.random, 30)};
	event_add(engine.due, &after);
}

static void engine_sweep(void)
{
	struct ice_place from = {.seed = ice_random_next(&world.random)};
	char *text = ice_outbox_get(engine.outbox, SIM_PLACE);
	bool resumed = text && sscanf(text, "%" SCNu64 " %zu %" SCNu64 " %" SCNu64 " %" SCNx64, &from.seed, &from.leg,
	                              &from.at.routed, &from.at.on_link, &from.subnets) == 5;
	free(text);
	sim_trace("engine: sweep %s: leg %zu step %" PRIu64, resumed ? "resumed" : "begun", from.leg, from.at.routed);
	engine.tally = resumed ? engine.tally && from.seed == engine.sweep_seed : true;
	engine.sweep_seed = from.seed;
	engine.from_zero = !resumed;
	engine.found_now = 0;
	for (unsigned i = 0; i < SIM_ADDRESSES; i++) {
		world.devices[i].found = false;
		if (!resumed)
			world.devices[i].committed = 0;
	}
	sim_keep_place(&from);
	ice_heartbeat_sweep(engine.heartbeat, &from, 0, 0);
}

static void engine_due(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	engine_sweep();
}

/* ---- the engine's process ---- */

static void engine_sent(const char *id)
{
	(void)!ice_outbox_acknowledged(engine.outbox, id);
}

/* The process is gone: its memory is given back, and nothing it still tries reaches the disk. */
static void engine_drop(void)
{
	bool dead = sim_disks[0].dead;
	sim_disks[0].dead = true;
	engine.alive = false;
	ice_heartbeat_free(engine.heartbeat);
	engine.heartbeat = NULL;
	if (engine.upload)
		ice_upload_free(engine.upload);
	engine.upload = NULL;
	ice_outbox_close(engine.outbox);
	engine.outbox = NULL;
	sim_disks[0].dead = dead;
	sim_world_forget_engine();
	sim_forget_emitted(engine.emitted_count);
	engine.late_count = 0;
	engine.up_at = world.now + sim_between(SIM_MSEC(50), SIM_SEC(20));
}

static void engine_die(bool power)
{
	sim_trace("engine: %s", power ? "loses its power" : "is killed");
	engine.deaths++;
	if (power)
		sim_disk_power_off(&sim_disks[0]);
	engine_drop();
	if (power)
		sim_disk_restart(&sim_disks[0]);
	else
		sim_disk_kill(&sim_disks[0]);
}

static void engine_start(void)
{
	static const struct ice_heartbeat_ops ops = {
	        .found = engine_found, .place = engine_place, .swept = engine_swept};
	char why[512] = "";
	struct ice_outbox_options box = {
	        .path = engine.file, .site = SIM_SITE, .max_bytes = engine.max_bytes, .base_age = engine.base_age};
	struct ice_upload_options up = {
	        .enrolment = &engine.enrolment, .seed = ice_random_next(&world.random), .retry_cap = SIM_SEC(45)};
	engine.alive = true;
	engine.outbox = ice_outbox_open(&box, why, sizeof(why));
	if (sim_disks[0].dead) {
		engine_die(true);
		return;
	}
	if (!engine.outbox) {
		sim_require(sim_disks[0].fails + sim_disks[0].full > 0, "the outbox opens again: %s", why);
		engine_die(false);
		return;
	}
	engine.db = sim_opened;
	sim_require(!why[0], "a power cut damages nothing: %s", why);
	if (engine.bug == SIM_ENGINE_NORMAL)
		sqlite3_set_authorizer(engine.db, sim_never_full, NULL);
	unsigned fails = sim_disks[0].fails;
	int64_t fuse = sim_disks[0].fuse;
	sim_disks[0].fails = 0;
	sim_disks[0].fuse = -1;
	struct ice_outbox_depth depth;
	ice_outbox_depth(engine.outbox, &depth);
	sim_require(depth.last_sequence >= (int64_t)engine.batch_count,
	            "no committed batch is forgotten: %zu were committed, the outbox knows %" PRId64,
	            engine.batch_count, depth.last_sequence);
	sim_remember_news(engine.outbox);
	sim_check_marks();
	sim_disks[0].fails = fails;
	sim_disks[0].fuse = fuse;
	if (world.broken)
		return;
	engine.upload = ice_upload_new(NULL, &up, engine.outbox, why, sizeof(why));
	engine.options.outbox = engine.outbox;
	engine.options.upload = engine.upload;
	engine.heartbeat = ice_heartbeat_new(NULL, &engine.options, &ops, NULL, why, sizeof(why));
	engine.due = event_new(NULL, -1, 0, engine_due, NULL);
	assert_true(engine.upload && engine.heartbeat && engine.due);
	ice_upload_now(engine.upload);
	engine_sweep();
	if (sim_disks[0].dead)
		engine_die(true);
}

/* SIGTERM: what was read is committed, or told to be lost. */
static void engine_stop(void)
{
	size_t left = ice_heartbeat_stop(engine.heartbeat);
	if (sim_disks[0].dead) {
		engine_die(true);
		return;
	}
	sim_trace("engine: stopped, %zu readings not committed", left);
	sim_require(left == engine.emitted_count, "a stop tells how many readings it could not commit");
	sim_require(left == 0 || engine.max_bytes > 0 || sim_disks[0].fails + sim_disks[0].full > 0,
	            "a stop commits what was read");
	sim_late_marks();
	engine_drop();
	sim_disk_kill(&sim_disks[0]);
}

static void engine_blow(enum sim_blow kind)
{
	switch (kind) {
	case SIM_KILL:
	case SIM_POWER:
		if (engine.alive)
			engine_die(kind == SIM_POWER);
		break;
	case SIM_FUSE:
		sim_disks[0].fuse = (int64_t)ice_random_below(&world.random, 40);
		break;
	case SIM_STOP:
		if (engine.alive)
			engine_stop();
		break;
	case SIM_DISK_FAILS:
		sim_disks[0].fails = (unsigned)ice_random_below(&world.random, 300);
		sim_disks[0].full = (unsigned)ice_random_below(&world.random, 300);
		break;
	case SIM_DISK_HEALS:
		sim_disks[0].fails = sim_disks[0].full = 0;
		break;
	case SIM_CLOCK_STEP:
		world.wall_step = (int64_t)ice_random_below(&world.random, 100000000) - 50000000;
		break;
	case SIM_BLOWS:
		break;
	}
}

/* ---- one seed ---- */

static void sim_people(struct ice_random *r)
{
	unsigned printers[SIM_PRINTERS];
	for (unsigned i = 0; i < SIM_PRINTERS; i++)
		printers[i] = i;
	unsigned left = SIM_PRINTERS;
	for (unsigned i = 0; i < SIM_ADDRESSES; i++) {
		struct sim_device *d = &world.devices[i];
		unsigned what = (unsigned)ice_random_below(r, 8);
		*d = (struct sim_device){.latency = 1 + (ice_usec)ice_random_below(r, SIM_MSEC(60))};
		if (what < 2 && left > 0) {
			unsigned k = (unsigned)ice_random_below(r, left);
			d->model = &engine.printers[printers[k]];
			printers[k] = printers[--left];
		} else if (what == 2) {
			d->model = &engine.others[ice_random_below(r, SIM_OTHERS)];
		}
		d->v1_only = ice_random_below(r, 6) == 0;
		d->dies_after = ice_random_below(r, 8) ? 0 : 1 + (unsigned)ice_random_below(r, 8);
	}
}

static void sim_fate_of(struct ice_random *r)
{
	world.loss = ice_random_below(r, 3) ? 0 : (unsigned)ice_random_below(r, 30);
	world.doubled = (unsigned)ice_random_below(r, 20);
	world.overtaking = (unsigned)ice_random_below(r, 20);
	world.busy = ice_random_below(r, 4) ? 0 : (unsigned)ice_random_below(r, 20);
	world.jitter = (ice_usec)ice_random_below(r, SIM_MSEC(50));
	engine.options = (struct ice_heartbeat_options){
	        .plan = &engine.plan,
	        .profiles = engine.profiles,
	        .port = 161,
	        .window = 8u << ice_random_below(r, 4),
	        .conversations = 1 + (uint32_t)ice_random_below(r, 6),
	        .rate = ice_random_below(r, 4) ? 4 + ice_random_below(r, 30) : 0,
	        .timeout = ice_random_below(r, 2) ? 0 : SIM_MSEC(300) + (ice_usec)ice_random_below(r, SIM_SEC(1)),
	        .retries = 1 + (unsigned)ice_random_below(r, 2),
	        .subnet_cap = ice_random_below(r, 3) ? 0 : 2 + (uint32_t)ice_random_below(r, 10),
	        .v1 = true,
	        .v2c = true,
	        .shards = 1,
	};
	server.misfortune = ice_random_below(r, 4) ? (unsigned)ice_random_below(r, 80) : 0;
	server.poison = ice_random_below(r, 4) == 0;
	engine.max_bytes = server.poison || ice_random_below(r, 4) ? 0 : 3000 + (int64_t)ice_random_below(r, 6000);
	engine.base_age = ice_random_below(r, 4) ? 1 + (int64_t)ice_random_below(r, 300) : 0;
	engine.sweeps_wanted = 1 + (unsigned)ice_random_below(r, 3);
	engine.calm_at = SIM_SEC(20) + (ice_usec)ice_random_below(r, SIM_SEC(100));
	if (ice_random_below(r, 4) == 0) {
		server.away_from = (ice_usec)ice_random_below(r, SIM_SEC(60));
		server.away_until = server.away_from + (ice_usec)ice_random_below(r, SIM_SEC(60));
	}
	engine.blow_count = (size_t)ice_random_below(r, 6);
	ice_usec at = 0;
	for (size_t i = 0; i < engine.blow_count; i++) {
		at += 1 + (ice_usec)ice_random_below(r, 2 * (uint64_t)engine.calm_at / engine.blow_count);
		engine.blows[i].at = at;
		engine.blows[i].kind = (enum sim_blow)ice_random_below(r, SIM_BLOWS);
	}
	engine.calm_at = at < engine.calm_at ? engine.calm_at : at + 1;
}

static void sim_begin(uint64_t seed, enum sim_bug bug)
{
	struct ice_random r;
	ice_random_seed(&r, seed);
	struct sim_packet *packets = world.packets;
	size_t room = world.packet_room;
	bool trace = world.trace;
	memset(&world, 0, sizeof(world));
	world.packets = packets;
	world.packet_room = room;
	world.trace = trace;
	world.now = SIM_SEC(1);
	ice_random_seed(&world.random, seed ^ 0x5eed);
	sim_disk_salt = seed;
	sqlite3_randomness(0, NULL);
	sim_disk_begin(&sim_disks[0], ice_random_below(&r, 8) ? &engine.blank_outbox : NULL, seed + 1);
	sim_disk_begin(&sim_disks[1], &engine.blank_store, seed + 2);
	server.away_from = server.away_until = 0;
	server.stored = server.doubles = server.lost_power = 0;
	server.acks_first = bug == SIM_ACKS_BEFORE_COMMIT;
	server.sent = bug == SIM_DELETES_BEFORE_ACK ? engine_sent : NULL;
	engine.bug = bug;
	engine.alive = false;
	engine.blow = engine.blow_count = engine.batch_count = engine.emitted_count = engine.mark_count = 0;
	engine.base_count = 0;
	engine.late_count = 0;
	engine.sweeps = 0;
	engine.deaths = engine.committed = engine.changes = engine.mended = 0;
	ice_random_seed(&engine.life, seed ^ 0x11fe);
	engine.tally = false;
	sim_people(&r);
	sim_fate_of(&r);
	engine.up_at = world.now;
}

static void sim_calm(void)
{
	world.busy = 0;
	server.misfortune = 0;
	sim_disks[0].fails = sim_disks[0].full = 0;
	engine.calm_at = ICE_USEC_NEVER;
}

static bool sim_done(void)
{
	struct ice_outbox_depth depth;
	if (!engine.alive || !server.store || engine.sweeps < engine.sweeps_wanted ||
	    engine.calm_at != ICE_USEC_NEVER || engine.blow < engine.blow_count)
		return false;
	for (int i = 0; i < SIM_ARRIVALS; i++)
		if (server.arrivals[i].used)
			return false;
	ice_outbox_depth(engine.outbox, &depth);
	return depth.batches == 0 && engine.emitted_count == 0;
}

/* A number that a statement about one batch answers with. */
static int64_t sim_server_number(const char *sql, const struct sim_batch *b)
{
	sqlite3_stmt *q = NULL;
	if (sqlite3_prepare_v2(engine.store_db, sql, -1, &q, NULL) != SQLITE_OK)
		abort();
	if (b) {
		sqlite3_bind_int64(q, 1, b->sequence);
		sqlite3_bind_text(q, 2, b->id, -1, SQLITE_STATIC);
	}
	int64_t n = sqlite3_step(q) == SQLITE_ROW ? sqlite3_column_int64(q, 0) : -1;
	sqlite3_finalize(q);
	return n;
}

/* The readings the server made of one batch: those that were committed in it, each once, as they were read; what is not there waits. */
static void sim_compare_batch(const struct sim_batch *b, int64_t *waiting)
{
	static const char sql[] = "SELECT d.identity, r.json FROM reading r JOIN batch b USING(batch) JOIN device d"
	                          " USING(device) WHERE b.sequence=?1 AND b.id=?2";
	bool seen[SIM_ADDRESSES] = {false};
	sqlite3_stmt *q = NULL;
	unsigned rows = 0;
	if (sqlite3_prepare_v2(engine.store_db, sql, -1, &q, NULL) != SQLITE_OK)
		abort();
	sqlite3_bind_int64(q, 1, b->sequence);
	sqlite3_bind_text(q, 2, b->id, -1, SQLITE_STATIC);
	for (; sqlite3_step(q) == SQLITE_ROW; rows++) {
		uint64_t json = sim_hash((const char *)sqlite3_column_text(q, 1));
		unsigned k = 0;
		while (k < b->count && (seen[k] || b->readings[k].json != json ||
		                        strcmp(b->readings[k].device, (const char *)sqlite3_column_text(q, 0)) != 0))
			k++;
		sim_require(k < b->count, "a batch holds what was committed in it, as it was read");
		seen[k < b->count ? k : 0] = true;
	}
	sqlite3_finalize(q);
	int64_t wait = sim_server_number("SELECT count(*) FROM waiting w JOIN batch b USING(batch) WHERE b.sequence=?1"
	                                 " AND b.id=?2",
	                                 b);
	sim_require(rows + wait == b->count,
	            "every reading that was committed is at the server once: of batch %" PRId64
	            " of %u the server has %u and %" PRId64 " wait",
	            b->sequence, b->count, rows, wait);
	*waiting += wait;
}

/* What the server holds against what was committed. */
static void sim_compare(void)
{
	struct ice_outbox_depth depth;
	int64_t rejected = 0, readings = 0, waiting = 0;
	ice_outbox_depth(engine.outbox, &depth);
	sim_late_marks();
	sim_check_marks();
	for (size_t i = 0; i < engine.batch_count && !world.broken; i++) {
		const struct sim_batch *b = &engine.batches[i];
		if (sim_server_poisoned(b->id)) {
			rejected++;
			continue;
		}
		sim_compare_batch(b, &waiting);
		readings += b->count;
	}
	if (world.broken)
		return;
	sim_require(sim_server_number("SELECT (SELECT count(*) FROM reading) + (SELECT count(*) FROM waiting)", NULL) ==
	                    readings,
	            "the server has nothing that was not committed");
	sim_require(waiting == 0 || rejected > 0, "nothing waits while nothing is set aside");
	sim_require(depth.rejected == rejected, "a batch refused for good is set aside, and no other");
	sim_require(depth.readings == 0 && depth.bytes == 0, "the outbox is empty at the end");
	engine.mended += (uint64_t)waiting;
}

static void sim_server_opened(void)
{
	engine.store_db = sim_opened;
	if (engine.bug == SIM_SERVER_NORMAL)
		sqlite3_exec(engine.store_db, "PRAGMA synchronous=NORMAL", NULL, NULL, NULL);
}

static void sim_until_done(void)
{
	while (!world.broken && !sim_done()) {
		ice_usec at = engine.alive ? sim_world_next() : engine.up_at, next = sim_server_next();
		at = next < at ? next : at;
		if (engine.blow < engine.blow_count && engine.blows[engine.blow].at < at)
			at = engine.blows[engine.blow].at;
		at = engine.calm_at < at ? engine.calm_at : at;
		sim_require(at < SIM_SEC(4 * 3600), "all comes to its end once the world is calm");
		world.now = at > world.now ? at : world.now;
		sim_disk_wall = (int64_t)__wrap_ice_clock_wall() * 1000;
		if (world.now >= engine.calm_at)
			sim_calm();
		bool was_up = server.store != NULL;
		sim_server_run();
		if (server.store && !was_up)
			sim_server_opened();
		while (engine.blow < engine.blow_count && engine.blows[engine.blow].at <= world.now)
			engine_blow(engine.blows[engine.blow++].kind);
		if (engine.alive && sim_disks[0].dead)
			engine_die(true);
		if (!engine.alive && engine.up_at <= world.now)
			engine_start();
		for (unsigned n = 0; engine.alive && !world.broken && sim_world_run(); n++) {
			sim_require(n < 100000, "the loop does not spin");
			sim_late_marks();
			if (sim_disks[0].dead)
				engine_die(true);
		}
	}
}

/* A person mends the server and has the batches that were set aside sent again: then nothing waits any more. */
static void sim_operator(void)
{
	sim_disks[0].fuse = -1; /* that the power stays is not the person's doing */
	for (size_t i = 0; i < engine.batch_count; i++)
		if (sim_server_poisoned(engine.batches[i].id))
			sim_require(ice_outbox_retry(engine.outbox, engine.batches[i].sequence),
			            "a batch that was set aside can be sent again");
	server.poison = false;
	ice_upload_now(engine.upload);
}

/* One seed from its beginning until all has arrived; NULL, or the promise that was broken. */
static const char *sim_run(uint64_t seed, enum sim_bug bug)
{
	sim_begin(seed, bug);
	sim_server_start();
	sim_server_opened();
	sim_until_done();
	if (!world.broken)
		sim_compare();
	if (!world.broken && server.poison) {
		sim_operator();
		sim_until_done();
		if (!world.broken)
			sim_compare();
	}
	sim_trace("%s: %" PRIu64 " readings in %zu batches, %" PRIu64 " deaths, %" PRIu64 " power cuts of the server",
	          world.broken ? world.broken : "all arrived", engine.committed, engine.batch_count, engine.deaths,
	          server.lost_power);
	engine_drop();
	sim_server_end();
	return world.broken;
}

/* ---- preparation ---- */

/* Keeps a disk as it is, to begin others from. */
static void sim_disk_keep(struct sim_disk *to, const struct sim_disk *from)
{
	for (int i = 0; i < SIM_DISK_FILES; i++) {
		to->files[i].there = from->files[i].there;
		memcpy(to->files[i].name, from->files[i].name, sizeof(to->files[i].name));
		sim_bytes_copy(&to->files[i].cache, &from->files[i].cache);
	}
}

static const char sim_printer_text[] = "1.3.6.1.2.1.1.1.0|4|Exemplar LaserPrint 3000\n"
                                       "1.3.6.1.2.1.1.2.0|6|1.3.6.1.4.1.99999.1.1\n"
                                       "1.3.6.1.2.1.1.3.0|67|123456\n"
                                       "1.3.6.1.2.1.1.5.0|4|printer-%02u\n"
                                       "1.3.6.1.2.1.2.2.1.3.1|2|6\n"
                                       "1.3.6.1.2.1.2.2.1.6.1|4x|0200000000%02x\n"
                                       "1.3.6.1.2.1.25.3.2.1.2.1|6|1.3.6.1.2.1.25.3.1.5\n"
                                       "1.3.6.1.2.1.25.3.2.1.3.1|4|Exemplar LaserPrint 3000\n"
                                       "1.3.6.1.2.1.25.3.2.1.5.1|2|2\n"
                                       "1.3.6.1.2.1.25.3.5.1.1.1|2|3\n"
                                       "1.3.6.1.2.1.25.3.5.1.2.1|4x|00\n"
                                       "1.3.6.1.2.1.43.5.1.1.16.1|4|LaserPrint 3000\n"
                                       "1.3.6.1.2.1.43.5.1.1.17.1|4|EX00%05u\n"
                                       "1.3.6.1.2.1.43.10.2.1.3.1.1|2|7\n"
                                       "1.3.6.1.2.1.43.10.2.1.4.1.1|65|%u\n"
                                       "1.3.6.1.2.1.43.11.1.1.2.1.1|2|1\n"
                                       "1.3.6.1.2.1.43.11.1.1.3.1.1|2|1\n"
                                       "1.3.6.1.2.1.43.11.1.1.4.1.1|2|3\n"
                                       "1.3.6.1.2.1.43.11.1.1.5.1.1|2|3\n"
                                       "1.3.6.1.2.1.43.11.1.1.6.1.1|4|Black Cartridge\n"
                                       "1.3.6.1.2.1.43.11.1.1.7.1.1|2|19\n"
                                       "1.3.6.1.2.1.43.11.1.1.8.1.1|2|100\n"
                                       "1.3.6.1.2.1.43.11.1.1.9.1.1|2|43\n"
                                       "1.3.6.1.2.1.43.12.1.1.4.1.1|4|black\n";

/* The recordings that ship with the demonstration, each of them one device. */
static size_t sim_load(const char *folder, struct sim_model *models, size_t max, bool printer)
{
	struct dirent **names;
	char path[512], why[256];
	size_t n = 0;
	int count = scandir(folder, &names, NULL, alphasort);
	assert_true(count > 0);
	for (int i = 0; i < count; i++) {
		if (n < max && names[i]->d_name[0] != '.') {
			snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
			models[n].recording = ice_recording_load(path, why, sizeof(why));
			models[n].printer = printer;
			assert_non_null(models[n++].recording);
		}
		free(names[i]);
	}
	free(names);
	return n;
}

static void sim_prepare_leg(const char *name, const char *range, const char *community)
{
	char why[ICE_RANGE_WHY_SIZE];
	struct ice_leg *leg = ice_plan_add(&engine.plan, name);
	assert_non_null(leg);
	assert_true(ice_range_add(leg->range, range, why, sizeof(why)));
	assert_true(ice_range_seal(leg->range, why, sizeof(why)));
	assert_true(ice_leg_community(leg, community, why, sizeof(why)));
}

static int sim_prepare(void **state)
{
	char why[512], text[sizeof(sim_printer_text) + 64], range[64];
	struct ice_conf_mistakes mistakes = {0};
	(void)state;
	snprintf(engine.root, sizeof(engine.root), "%s/ice-simulation-XXXXXX",
	         access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(engine.root));
	snprintf(engine.outbox_folder, sizeof(engine.outbox_folder), "%s/engine", engine.root);
	snprintf(server.folder, sizeof(server.folder), "%s/server", engine.root);
	assert_int_equal(mkdir(engine.outbox_folder, 0700), 0);
	assert_int_equal(mkdir(server.folder, 0700), 0);
	snprintf(engine.file, sizeof(engine.file), "%s/outbox.db", engine.outbox_folder);
	sim_disk_install(engine.outbox_folder, server.folder);
	sqlite3_auto_extension((void (*)(void))sim_note_opened);

	engine.profiles = ice_profiles_load("config/profiles", &mistakes);
	ice_conf_mistakes_free(&mistakes);
	assert_non_null(engine.profiles);
	size_t n = sim_load("config/demo/printers", engine.printers, SIM_PRINTERS, true);
	for (unsigned k = 1; n < SIM_PRINTERS; n++, k++) {
		snprintf(text, sizeof(text), sim_printer_text, k, k, 1000 + k, 4711 * k);
		engine.printers[n].recording = ice_recording_parse("printer", text, strlen(text), why, sizeof(why));
		engine.printers[n].printer = true;
		assert_non_null(engine.printers[n].recording);
	}
	assert_int_equal(sim_load("config/demo/devices", engine.others, SIM_OTHERS, false), SIM_OTHERS);

	/* Two ranges that share eight addresses: those belong to the first. */
	snprintf(range, sizeof(range), "10.0.0.1-%d", SIM_ADDRESSES / 2 + 4);
	sim_prepare_leg("first", range, "first site");
	snprintf(range, sizeof(range), "10.0.0.%d-%d", SIM_ADDRESSES / 2 - 3, SIM_ADDRESSES);
	sim_prepare_leg("second", range, "second");

	snprintf(engine.enrolment.server, sizeof(engine.enrolment.server), "https://simulated.invalid");
	snprintf(engine.enrolment.site, sizeof(engine.enrolment.site), SIM_SITE);
	assert_true(ice_secret_set(&server.key, "0123456789abcdef0123456789abcdef", 32));
	assert_true(ice_secret_set(&server.wrong_key, "fedcba9876543210fedcba9876543210", 32));
	engine.enrolment.key = server.key;
	ice_random_seed(&world.random, 1);

	struct ice_outbox_options box = {.path = engine.file, .site = SIM_SITE};
	sim_disk_begin(&sim_disks[0], NULL, 1);
	sim_disk_begin(&sim_disks[1], NULL, 1);
	struct ice_outbox *o = ice_outbox_open(&box, why, sizeof(why));
	if (!o)
		fail_msg("%s", why);
	ice_outbox_close(o);
	sim_disk_keep(&engine.blank_outbox, &sim_disks[0]);
	struct fm_store *s = fm_store_sqlite.open(server.folder, 0, why, sizeof(why));
	if (!s)
		fail_msg("%s", why);
	assert_int_equal(fm_store_sqlite.site_add(s, SIM_SITE, &server.key, 1), FM_STORE_OK);
	fm_store_sqlite.close(s);
	sim_disk_keep(&engine.blank_store, &sim_disks[1]);
	world.trace = getenv("SEED") != NULL;
	if (world.trace)
		ice_log_set_level(ICE_LOG_DEBUG);
	else
		ice_log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
	return 0;
}

static int sim_unprepare(void **state)
{
	char path[SIM_DISK_NAME + 32];
	(void)state;
	snprintf(path, sizeof(path), "%s/facilities-manager.db", server.folder);
	unlink(path);
	unlink(engine.file);
	rmdir(engine.outbox_folder);
	rmdir(server.folder);
	rmdir(engine.root);
	for (size_t i = 0; i < SIM_PRINTERS; i++)
		ice_recording_free(engine.printers[i].recording);
	for (size_t i = 0; i < SIM_OTHERS; i++)
		ice_recording_free(engine.others[i].recording);
	sim_disk_free(&engine.blank_outbox);
	sim_disk_free(&engine.blank_store);
	for (int i = 0; i < 2; i++)
		sim_disk_free(&sim_disks[i]);
	free(world.packets);
	ice_plan_free(&engine.plan);
	ice_profiles_free(engine.profiles);
	return 0;
}

/* ---- the tests ---- */

static uint64_t sim_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

static void test_seeds(void **state)
{
	uint64_t only = sim_number("SEED", UINT64_MAX), seeds = sim_number("SEEDS", 500);
	uint64_t changes = 0, mended = 0;
	uint64_t readings = 0, deaths = 0, cuts = 0, doubles = 0;
	uint64_t first = only == UINT64_MAX ? sim_number("FROM", 0) : only;
	struct timespec from, to;
	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (uint64_t seed = first; seed < first + (only == UINT64_MAX ? seeds : 1); seed++) {
		const char *broken = sim_run(seed, SIM_HONEST);
		if (broken)
			fail_msg("SEED=%" PRIu64 ": does not hold: %s", seed, broken);
		readings += engine.committed;
		deaths += engine.deaths;
		cuts += server.lost_power;
		doubles += server.doubles;
		changes += engine.changes;
		mended += engine.mended;
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	double seconds = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
	print_message("| %" PRIu64 " seeds in %.1f s: %" PRIu64 " readings committed, %" PRIu64
	              " of them as changes, none lost, none doubled; %" PRIu64 " waited for their base; %" PRIu64
	              " deaths of the engine, %" PRIu64 " power cuts of the server, %" PRIu64 " batches sent again\n",
	              only == UINT64_MAX ? seeds : 1, seconds, readings, changes, mended, deaths, cuts, doubles);
	assert_true(only != UINT64_MAX || seeds < 100 ||
	            (deaths > 0 && cuts > 0 && doubles > 0 && changes > 0 && mended > 0));
}

/* The same seed is the same story. */
static void test_replays(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		assert_null(sim_run(seed, SIM_HONEST));
		ice_usec end = world.now;
		uint64_t order = world.order, operations = sim_disks[0].operations + sim_disks[1].operations;
		assert_null(sim_run(seed, SIM_HONEST));
		assert_true(end == world.now && order == world.order);
		assert_true(operations == sim_disks[0].operations + sim_disks[1].operations);
	}
}

static void sim_must_catch(enum sim_bug bug, const char *promise)
{
	uint64_t caught = 0, rightly = 0, seeds = 300;
	bool trace = world.trace;
	world.trace = false;
	for (uint64_t seed = 0; seed < seeds && rightly < 3; seed++) {
		const char *broken = sim_run(seed, bug);
		caught += broken != NULL;
		rightly += broken && strstr(broken, promise);
	}
	world.trace = trace;
	if (rightly < 3)
		fail_msg("only %" PRIu64 " of %" PRIu64 " seeds caught the bug, %" PRIu64 " by what it breaks", caught,
		         seeds, rightly);
}

static void test_catches_deletion_before_the_acknowledgement(void **state)
{
	(void)state;
	sim_must_catch(SIM_DELETES_BEFORE_ACK, "is at the server once");
}

static void test_catches_acknowledgement_before_the_commit(void **state)
{
	(void)state;
	sim_must_catch(SIM_ACKS_BEFORE_COMMIT, "is at the server once");
}

static void test_catches_marks_apart_from_their_batch(void **state)
{
	(void)state;
	sim_must_catch(SIM_MARKS_APART, "committed together");
}

static void test_catches_a_place_ahead_of_the_readings(void **state)
{
	(void)state;
	sim_must_catch(SIM_PLACE_AHEAD, "every printer that answers is read");
}

static void test_catches_bases_ahead_of_their_batch(void **state)
{
	(void)state;
	sim_must_catch(SIM_BASES_AHEAD, "committed before it");
}

static void test_catches_an_outbox_that_does_not_sync(void **state)
{
	(void)state;
	sim_must_catch(SIM_ENGINE_NORMAL, "no committed batch is forgotten");
}

static void test_catches_a_store_that_does_not_sync(void **state)
{
	(void)state;
	sim_must_catch(SIM_SERVER_NORMAL, "is at the server once");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_seeds),
	        cmocka_unit_test(test_replays),
	        cmocka_unit_test(test_catches_deletion_before_the_acknowledgement),
	        cmocka_unit_test(test_catches_acknowledgement_before_the_commit),
	        cmocka_unit_test(test_catches_marks_apart_from_their_batch),
	        cmocka_unit_test(test_catches_a_place_ahead_of_the_readings),
	        cmocka_unit_test(test_catches_bases_ahead_of_their_batch),
	        cmocka_unit_test(test_catches_an_outbox_that_does_not_sync),
	        cmocka_unit_test(test_catches_a_store_that_does_not_sync),
	};
	return cmocka_run_group_tests(tests, sim_prepare, sim_unprepare);
}
