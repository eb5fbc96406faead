/* The service for weeks or a year, in virtual time: the program's own configuration, service, outbox and upload, against printers that appear, move,
 * sleep, lose count, jam and die, a server that is away at times, reloads, crashes, days switched off and a clock that is set.
 *
 * Every promise of the schedule is looked at while it runs: a printer that answers is asked by every pulse and read by full_read, each sweep
 * begins at its time; in the end the volumes at the server are what was printed, and memory, descriptors and the database
 * have not grown.
 *
 * DAYS=n runs that many (21 unless told), SEED=n others; TRACE=1 tells the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ice/log.h"
#include "ice/record.h"
#include "ice/schedule.h"
#include "replay/sim_disk.h"
#include "replay/sim_server.h"
#include "replay/sim_world.h"
#include "replay/year_printers.h"
#include "service/service.h"

#define YEAR_STEP   SIM_SEC(600)
#define YEAR_NOBODY 15 /* an address of the first range where nobody ever stands: sweeps alone ask it */
#define YEAR_SLACK  SIM_SEC(150)
#define YEAR_SWEEP  (23 * YEAR_HOUR) /* so that those that are off at night are found some day */
#define YEAR_SWEEP_AT                                                                                                  \
	1800 /* seconds in which an address is asked after its sweep was due: the spread, and what goes before */

/* Two configurations, by turns. */
static const struct {
	ice_usec pulse;
	const char *rows;
} year_settings[] = {{SIM_SEC(600), "[pulse]\ninterval = 10m\nerror_interval = 2m\n"},
                     {SIM_SEC(1800), "[pulse]\ninterval = 30m\nerror_interval = 5m\n"}};

static struct year {
	char root[64], engine_folder[96], file[128];
	struct ice_random random;
	int64_t days;
	struct ice_configuration *configuration;
	struct ice_service *service; /* NULL: the machine is off */
	int turn;
	ice_usec on_at; /* when it is switched on again */
	ice_usec since; /* ... and when it was */
	ice_usec asked[SIM_ADDRESSES];
	unsigned sweeps_seen, sweeps_due, restarts, reloads, outages, gaps_checked;
	ice_usec swept_at; /* when the empty address was asked last */
	int64_t swept_slot;
	ice_usec unsynced; /* since when something that was written is not on the disk; 0 = all is */
	size_t memory, database;
	int descriptors;
} year;

static uint64_t year_number(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);
	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- the service ---- */

static void year_changed(void *arg)
{
	(void)arg;
}

static void year_broken(void *arg)
{
	(void)arg;
	sim_require(false, "the outbox is never damaged");
}

static void year_write_settings(int turn)
{
	FILE *to = fopen(year.file, "w");
	if (!to)
		abort();
	fprintf(to,
	        "[server]\nenrolment = enrolment\n[state]\ndirectory = engine\n[profiles]\ndirectory = %s\n"
	        "[sweep]\ninterval = 23h\nspread = 10m\nrate = normal\ntimeout = 500ms\nretries = 1\n"
	        "[inventory]\ninterval = 1h\nfull_read = 24h\n%s[schedule]\nblackout = Sun 03:00-05:00\n"
	        "[range first]\naddresses = 10.0.0.1-16\ncommunities = first\n"
	        "[range second]\naddresses = 10.0.0.17-24\ncommunities = second\nlocation_tag = Annex\n",
	        realpath("config/profiles", (char[4096]){0}), year_settings[turn].rows);
	fclose(to);
}

static void year_start(void)
{
	static const struct ice_service_ops ops = {.changed = year_changed, .broken = year_broken};
	struct ice_conf_mistakes mistakes = {0};
	year_write_settings(year.turn);
	year.configuration = ice_configuration_read(year.file, &mistakes);
	if (!year.configuration)
		fail_msg("%s", mistakes.lines[0]);
	ice_conf_mistakes_free(&mistakes);
	if (ice_service_new(NULL, year.configuration, &ops, NULL, &year.service) != 0)
		fail_msg("the service does not start");
	year.since = world.now;
	ice_service_begin(year.service);
}

/* Ended in order, or killed in the middle of whatever it does. */
static void year_stop(bool orderly)
{
	if (orderly)
		sim_require(ice_service_end(year.service), "a stop commits all that was read");
	bool dead = sim_disks[0].dead;
	sim_disks[0].dead = !orderly;
	ice_service_free(year.service);
	ice_configuration_free(year.configuration);
	year.service = NULL;
	sim_disks[0].dead = dead;
	sim_disk_kill(&sim_disks[0]);
	sim_world_forget_engine();
}

/* ---- what must hold meanwhile ---- */

static int64_t year_wall(void)
{
	return (int64_t)__wrap_ice_clock_wall();
}

/* Seconds since a Monday, by the wall clock as it is now set. */
static bool year_open(void)
{
	return ice_hours_at(&year.configuration->settings.schedule.hours, year_wall());
}

/* Whoever has been there and answering for a while is asked in time, as is whoever came back after it slept. */
static void year_check_rounds(void)
{
	/* After closed hours, and a start, everybody is asked anew. */
	static ice_usec closed_at;
	if (!year_open())
		closed_at = world.now;
	for (int i = 0; i < YEAR_PRINTERS; i++) {
		const struct year_printer *p = &year_printers[i];
		ice_usec from = p->on_since, pulse = year_settings[year.turn].pulse;
		from = year.since > from ? year.since : from;
		from = closed_at > from ? closed_at : from;
		/* A day for the sweep to find it (or an hour to see it awake), then the pulse. */
		if (p->address < 0 || !p->on || world.now - from < SIM_SEC(YEAR_DAY + 2 * YEAR_HOUR))
			continue;
		year.gaps_checked++;
		sim_require(world.now - year.asked[p->address] <= pulse + YEAR_SLACK,
		            "a printer that answers is asked by every pulse: 10.0.0.%d was not for %" PRId64
		            " s on day %" PRId64,
		            p->address + 1, (world.now - year.asked[p->address]) / 1000000,
		            world.now / SIM_SEC(YEAR_DAY));
	}
}

/* Each time of the first range's sweeps at which the engine was there has its sweep, and there are no others. */
static void year_check_sweeps(void)
{
	struct ice_schedule s = {.interval = YEAR_SWEEP, .hours = NULL};
	s.offset = ice_schedule_offset(s.interval, SIM_SITE, "sweep", "first");
	int64_t slot = ice_schedule_slot(&s, year_wall() - YEAR_SWEEP_AT);
	ice_usec slot_at = world.now - SIM_SEC(year_wall() - slot);
	if (slot == year.swept_slot)
		return;
	year.swept_slot = slot;
	if (year.since > slot_at - SIM_SEC(2 * YEAR_HOUR) || !year_open() ||
	    !ice_hours_at(&year.configuration->settings.schedule.hours, slot))
		return;
	year.sweeps_due++;
	sim_require(year.swept_at >= slot_at - SIM_SEC(5),
	            "every sweep is made in its time: that of day %" PRId64 " was not", slot_at / SIM_SEC(YEAR_DAY));
}

static void year_note_asked(void)
{
	for (int i = 0; i < SIM_ADDRESSES; i++) {
		struct sim_device *d = &world.devices[i];
		if (!d->asked)
			continue;
		year.asked[i] = d->asked_at;
		if (i == YEAR_NOBODY && d->asked_at > year.swept_at + SIM_SEC(YEAR_HOUR))
			year.sweeps_seen++;
		if (i == YEAR_NOBODY)
			year.swept_at = d->asked_at;
	}
}

/* ---- what is measured ---- */

/* A power cut takes what was written in the last minute at most, also while nothing is read for hours. */
static void year_check_disk(void)
{
	bool waits = false;
	for (int i = 0; i < SIM_DISK_FILES && year.service; i++)
		waits |= sim_disks[0].files[i].there && sim_disks[0].files[i].write_count > 0;
	year.unsynced = !waits ? 0 : year.unsynced ? year.unsynced : world.now;
	sim_require(!waits || world.now - year.unsynced <= SIM_SEC(61),
	            "what was written is on the disk a minute later");
}

static int year_descriptors(void)
{
	int n = 0;
	DIR *d = opendir("/proc/self/fd");
	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* Of the process, but for the disks, which stand for what is not memory. */
static size_t year_memory(void)
{
	size_t disks = 0;
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < SIM_DISK_FILES; k++) {
			const struct sim_file *f = &sim_disks[i].files[k];
			disks += f->cache.room + f->platter.room + f->written.room + f->write_room * sizeof(*f->writes);
		}
	struct mallinfo2 m = mallinfo2();
	return m.uordblks + m.hblkhd - disks;
}

/* Without its log, whose length is that of the busiest hour. */
static size_t year_database(void)
{
	const struct sim_file *f = sim_disks[0].files;
	while (f < sim_disks[0].files + SIM_DISK_FILES &&
	       !(f->there && strstr(f->name, "outbox.db") && !strstr(f->name, "-wal")))
		f++;
	return f < sim_disks[0].files + SIM_DISK_FILES ? f->cache.size : 0;
}

/* ---- the year ---- */

static void year_fate(int64_t time)
{
	int64_t day = time / YEAR_DAY, minute = time % YEAR_DAY / 60;
	if (minute == 23 * 60 && day % 40 == 15) {
		server.away_from = world.now;
		server.away_until = world.now + SIM_SEC(YEAR_HOUR) * (1 + (ice_usec)ice_random_below(&year.random, 70));
		year.outages++;
	}
	server.misfortune = day % 9 == 4 ? 30 : 0;
	world.loss = day % 11 == 3 ? 2 : 0;
	if (!year.service)
		return;
	if (minute == 12 * 60 && day % 25 == 9) { /* SIGHUP */
		year.turn = !year.turn;
		year.reloads++;
		year_stop(true);
		year_start();
	} else if (minute == 30 && day % 60 == 33) {
		year_stop(day % 120 == 33);
		year.restarts++;
		year.on_at = world.now + SIM_SEC(60) + (ice_usec)ice_random_below(&year.random, SIM_SEC(3 * YEAR_DAY));
	} else if (minute == 90 && day % 100 == 50) { /* the clock is set, by a year at most */
		world.wall_step += (day % 200 == 50 ? 1 : -1) * (int64_t)ice_random_below(&year.random, 300) * YEAR_DAY;
		year.since = world.now; /* what is due when changes with it */
	}
}

static void year_step(void)
{
	int64_t time = world.now / 1000000;
	for (int i = 0; i < YEAR_PRINTERS; i++)
		year_live(&year_printers[i], time, &year.random);
	year_fate(time);
	if (year.service && !world.broken) {
		year_note_asked();
		year_check_rounds();
		year_check_sweeps();
	}
	if (time / 600 == year.days * 144 / 3) {
		year.memory = year_memory();
		year.database = year_database();
		year.descriptors = year_descriptors();
	}
}

/* `quiet`: nothing happens any more but what the service does. */
static void year_run(ice_usec end, bool quiet)
{
	ice_usec step = quiet ? ICE_USEC_NEVER : 0;
	while (!world.broken && world.now < end) {
		ice_usec at = year.service ? sim_world_next() : year.on_at, next = sim_server_next();
		at = next < at ? next : at;
		at = step < at ? step : at;
		world.now = at > world.now ? at : world.now;
		sim_disk_wall = year_wall() * 1000;
		if (!year.service && year.on_at <= world.now)
			year_start();
		sim_server_run();
		if (world.now >= step) {
			year_step();
			step += YEAR_STEP;
		}
		while (year.service && !world.broken && sim_world_run())
			continue;
		year_check_disk();
	}
}

/* ---- what the server has in the end ---- */

static void year_compare(const struct year_printer *p, sqlite3_stmt *q, int64_t *readings)
{
	static struct ice_record r;
	char why[160];
	int64_t volume = 0, first = -1, last = -1;
	unsigned wraps = 0, setbacks = 0, resets = 0;
	int rc;
	while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
		const char *json = (const char *)sqlite3_column_text(q, 0);
		if (!ice_record_from_json(json, strlen(json), &r, why, sizeof(why)))
			fail_msg("%s", why);
		int64_t total = r.pages[ICE_PAGES_TOTAL];
		++*readings;
		first = first < 0 ? total : first;
		sim_require(r.pages_since == ICE_PAGES_SINCE_NOTHING || r.pages_from == last,
		            "what is told of a total that went back is of the reading before");
		sim_require(r.pages_since != ICE_PAGES_SINCE_NOTHING || total >= last, "no volume is negative");
		if (r.pages_since == ICE_PAGES_SINCE_WRAP)
			volume += total + r.pages_modulus - r.pages_from;
		else if (r.pages_since == ICE_PAGES_SINCE_NOTHING && last >= 0)
			volume += total - last;
		wraps += r.pages_since == ICE_PAGES_SINCE_WRAP;
		setbacks += r.pages_since == ICE_PAGES_SINCE_SETBACK;
		resets += r.pages_since == ICE_PAGES_SINCE_RESET;
		last = total;
		if (p->address >= 16)
			sim_require(r.location_tag && strcmp(r.location_tag, "Annex") == 0,
			            "a range's tag goes with its printers");
	}
	if (rc != SQLITE_DONE)
		fail_msg("the store: %s", sqlite3_errmsg(sqlite3_db_handle(q)));
	sim_require(last == p->counter, "the last reading is what printer %u says: %" PRId64 ", not %" PRId64,
	            year_index(p), last, p->counter);
	sim_require(wraps == p->wraps && resets == p->resets && setbacks <= p->setbacks,
	            "each wrap and reset is told once: %u, %u of printer %u, not %u, %u", wraps, resets, year_index(p),
	            p->wraps, p->resets);
	/* Of what was printed since the first reading nothing is lost; but what a counter forgets nobody can tell. */
	int64_t printed = (int64_t)p->printed - (first - p->initial);
	bool exact = p->resets == 0 && p->setbacks == 0;
	sim_require(exact ? volume == printed : volume > 0,
	            "the volume of printer %u is what it printed: %" PRId64 ", not %" PRId64, year_index(p), volume,
	            printed);
}

static void year_compare_all(int64_t *readings)
{
	sqlite3 *db = NULL;
	char path[SIM_DISK_NAME + 32], who[32];
	sqlite3_stmt *q = NULL;
	snprintf(path, sizeof(path), "%s/facilities-manager.db", server.folder);
	sim_server_drop();
	sim_disk_kill(&sim_disks[1]);
	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
	assert_int_equal(
	        sqlite3_prepare_v2(db,
	                           "SELECT r.json FROM reading r JOIN batch b USING(batch) JOIN device d USING(device)"
	                           " WHERE d.identity = ? ORDER BY b.sequence, r.reading",
	                           -1, &q, NULL),
	        SQLITE_OK);
	for (int i = 0; i < YEAR_PRINTERS && !world.broken; i++) {
		const struct year_printer *p = &year_printers[i];
		if (p->address < 0)
			continue;
		snprintf(who, sizeof(who), "mac/02:00:00:00:%02x:%02x", (unsigned)i, p->generation);
		sqlite3_bind_text(q, 1, who, -1, SQLITE_STATIC);
		year_compare(p, q, readings);
		sqlite3_reset(q);
	}
	sqlite3_finalize(q);
	sqlite3_close(db);
}

static void test_a_year(void **state)
{
	int64_t readings = 0;
	struct timespec from, to;
	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &from);
	year_start();
	year_run(SIM_SEC(year.days * YEAR_DAY), false);
	/* Some quiet days to its end: everything is read once more, and delivered. */
	server.misfortune = world.loss = 0;
	server.away_until = world.now;
	year_run(world.now + SIM_SEC(4 * YEAR_DAY), true);
	if (!world.broken)
		year_stop(true);
	size_t memory = year_memory(), database = year_database();
	int descriptors = year_descriptors();
	if (!world.broken)
		year_compare_all(&readings);
	clock_gettime(CLOCK_MONOTONIC, &to);
	print_message("| %" PRId64 " days in %.1f s: %" PRId64
	              " readings of %d printers, %u sweeps on time, %u times a "
	              "printer was asked in time, %u restarts, %u reloads, %u outages of the server; memory %+" PRId64
	              " kB, database %zu kB (%+" PRId64 ") over two thirds\n",
	              world.now / SIM_SEC(YEAR_DAY),
	              (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9, readings,
	              YEAR_PRINTERS, year.sweeps_due, year.gaps_checked, year.restarts, year.reloads, year.outages,
	              ((int64_t)memory - (int64_t)year.memory) / 1024, database / 1024,
	              ((int64_t)database - (int64_t)year.database) / 1024);
	if (world.broken)
		fail_msg("day %" PRId64 ": does not hold: %s", world.now / SIM_SEC(YEAR_DAY), world.broken);
	assert_true(descriptors <= year.descriptors);
	assert_true(memory <= year.memory + 256 * 1024);
	assert_true(database > 0 && database <= year.database + 64 * 1024);
}

static int year_prepare(void **state)
{
	char why[512], path[256];
	struct ice_enrolment e = {.server = "https://simulated.invalid", .site = SIM_SITE};
	(void)state;
	setenv("TZ", "UTC0", 1);
	tzset();
	year.days = (int64_t)year_number("DAYS", 21);
	ice_random_seed(&year.random, year_number("SEED", 1));
	ice_random_seed(&world.random, year_number("SEED", 1) ^ 0x5eed);
	snprintf(year.root, sizeof(year.root), "%s/ice-year-XXXXXX",
	         access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(year.root));
	snprintf(year.engine_folder, sizeof(year.engine_folder), "%s/engine", year.root);
	snprintf(server.folder, sizeof(server.folder), "%s/server", year.root);
	snprintf(year.file, sizeof(year.file), "%s/ice.ini", year.root);
	assert_int_equal(mkdir(year.engine_folder, 0700), 0);
	assert_int_equal(mkdir(server.folder, 0700), 0);
	sim_disk_install(year.engine_folder, server.folder);
	static const char *const communities[][2] = {{"first", "first site\n"}, {"second", "second\n"}};
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", year.root, communities[i][0]);
		assert_true(ice_secret_write_text(path, communities[i][1], NULL, why, sizeof(why)));
	}
	assert_true(ice_secret_set(&server.key, "0123456789abcdef0123456789abcdef", 32));
	e.key = server.key;
	char *line = ice_enrolment_format(&e);
	assert_non_null(line);
	snprintf(path, sizeof(path), "%s/enrolment", year.root);
	assert_true(ice_secret_write_text(path, line, NULL, why, sizeof(why)));
	ice_secret_free_text(line);
	sim_disk_begin(&sim_disks[0], NULL, 1);
	sim_disk_begin(&sim_disks[1], NULL, 1);
	world.now = SIM_SEC(1); /* 0 means never, here and there */
	struct fm_store *store = fm_store_sqlite.open(server.folder, 0, why, sizeof(why));
	assert_true(store && fm_store_sqlite.site_add(store, SIM_SITE, &server.key, 1) == FM_STORE_OK);
	fm_store_sqlite.close(store);
	sim_server_start();
	year_printers_begin(&year.random);
	if (!getenv("TRACE"))
		ice_log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
	return 0;
}

static int year_unprepare(void **state)
{
	char command[128];
	(void)state;
	sim_server_end();
	year_printers_end();
	for (int i = 0; i < 2; i++)
		sim_disk_free(&sim_disks[i]);
	free(world.packets);
	snprintf(command, sizeof(command), "rm -rf %s", year.root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_a_year, year_prepare, year_unprepare)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
