/* What of the outbox waits for the disk: each sync of a file is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "ice/outbox.h"

static char folder[64], path[128];
static unsigned syncs;

/* In place of the library's own: SQLite is given these. */
int fsync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	syncs++;
	return (int)syscall(SYS_fdatasync, fd);
}

static unsigned syncs_since(unsigned *before)
{
	unsigned n = syncs - *before;
	*before = syncs;
	return n;
}

static struct ice_outbox *must_open(void)
{
	char why[512];
	struct ice_outbox_options options = {.path = path, .site = "hq", .base_age = 3600};
	struct ice_outbox *o = ice_outbox_open(&options, why, sizeof(why));
	if (!o)
		fail_msg("%s", why);
	return o;
}

static void put(struct ice_outbox *o, int n)
{
	char json[32], device[32], address[] = "10.0.0.1", state[] = "asleep";
	size_t taken;
	struct ice_reading r = {.json = json, .device = device, .at = 1000 + n, .place = address, .state = state};
	const struct ice_reading *list[] = {&r};
	r.len = (size_t)snprintf(json, sizeof(json), "{\"n\":%d}", n);
	snprintf(device, sizeof(device), "device/%d", n);
	assert_int_equal(ice_outbox_put(o, list, 1, &taken), ICE_OUTBOX_OK);
	assert_int_equal(taken, 1);
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/ice-outbox-log-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/outbox.db", folder);
	return 0;
}

static int remove_folder(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void a_put_alone_waits(void **state)
{
	(void)state;
	struct ice_outbox *o = must_open();
	struct ice_outbox_batch b;
	struct ice_outbox_place place = {.place = "10.0.0.2", .state = "normal"};
	unsigned at = 0;
	put(o, 1);
	(void)syncs_since(&at);
	put(o, 2);
	assert_int_equal(syncs_since(&at), 1);
	assert_true(ice_outbox_set(o, "sweep", "seed=1 index=2"));
	assert_true(ice_outbox_keep(o, &place, 1));
	assert_true(ice_outbox_next(o, 0, &b));
	assert_true(ice_outbox_acknowledged(o, b.id));
	ice_outbox_batch_free(&b);
	assert_true(ice_outbox_next(o, 0, &b));
	assert_true(ice_outbox_reject(o, b.id, "no"));
	ice_outbox_batch_free(&b);
	assert_int_equal(syncs_since(&at), 0);
	put(o, 3);
	assert_int_equal(syncs_since(&at), 1);
	assert_true(ice_outbox_retry(o, 2));
	assert_int_equal(syncs_since(&at), 0);
	ice_outbox_close(o);
	assert_true(syncs_since(&at) > 0); /* what an operator did is on the disk when the command ends */
}

static void what_was_written_is_settled_once(void **state)
{
	(void)state;
	struct ice_outbox *o = must_open();
	unsigned at = 0;
	put(o, 1);
	(void)syncs_since(&at);
	ice_outbox_settle(o);
	assert_int_equal(syncs_since(&at), 0);
	assert_true(ice_outbox_set(o, "sweep", "seed=1 index=2"));
	ice_outbox_settle(o);
	assert_int_equal(syncs_since(&at), 1);
	ice_outbox_settle(o);
	assert_int_equal(syncs_since(&at), 0);
	assert_true(ice_outbox_set(o, "sweep", "seed=1 index=3"));
	ice_outbox_idle(o);
	(void)syncs_since(&at);
	ice_outbox_settle(o);
	assert_int_equal(syncs_since(&at), 0);
	ice_outbox_close(o);
}

/* The log and then the database are synced, and the head of the new log by whatever is written first. */
static void folding_waits_twice(void **state)
{
	(void)state;
	struct ice_outbox *o = must_open();
	unsigned at = 0;
	put(o, 1);
	(void)syncs_since(&at);
	assert_false(ice_outbox_tidy(o));
	assert_int_equal(syncs_since(&at), 0);
	ice_outbox_idle(o);
	assert_int_equal(syncs_since(&at), 2);
	ice_outbox_idle(o);
	assert_int_equal(syncs_since(&at), 0);
	assert_true(ice_outbox_set(o, "sweep", "seed=1 index=2"));
	assert_int_equal(syncs_since(&at), 1);
	assert_true(ice_outbox_set(o, "sweep", "seed=1 index=3"));
	assert_int_equal(syncs_since(&at), 0);
	ice_outbox_idle(o);
	(void)syncs_since(&at);
	put(o, 2);
	assert_int_equal(syncs_since(&at), 2);
	ice_outbox_close(o);
}

static off_t log_size(void)
{
	char log[160];
	struct stat st;
	snprintf(log, sizeof(log), "%s-wal", path);
	assert_int_equal(stat(log, &st), 0);
	return st.st_size;
}

/* A sweep that finds nobody for days: its place is all that is written, and no put comes by. */
static void without_a_put_the_log_is_bounded(void **state)
{
	(void)state;
	struct ice_outbox *o = must_open();
	for (int minute = 0; minute < 300; minute++) {
		char place[32];
		for (int second = 0; second < 60; second++) {
			snprintf(place, sizeof(place), "seed=1 index=%d", 60 * minute + second);
			assert_true(ice_outbox_set(o, "sweep", place));
		}
		ice_outbox_settle(o);
	}
	assert_in_range(log_size(), 1, 10 << 20);
	ice_outbox_close(o);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
	        TEST(a_put_alone_waits),
	        TEST(what_was_written_is_settled_once),
	        TEST(folding_waits_twice),
	        TEST(without_a_put_the_log_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
