/* The outbox's promises: bytes that never change, nothing lost and nothing twice, whatever is killed, full or damaged. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ice/clock.h"
#include "ice/log.h"
#include "ice/outbox.h"
#include "ice/random.h"

static char folder[64], path[128];
static struct ice_random dice;

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/ice-outbox-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/outbox.db", folder);
	ice_random_seed(&dice, 7);
	/* What is told to the log is told in `why` too. */
	ice_log_set_fd(open("/dev/null", O_WRONLY | O_CLOEXEC));
	return 0;
}

static int remove_folder(void **state)
{
	char command[128];
	(void)state;
	ice_log_set_fd(2);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static struct ice_outbox *open_max(int64_t max_bytes)
{
	char why[512];
	struct ice_outbox_options options = {.path = path, .site = "hq", .max_bytes = max_bytes};
	struct ice_outbox *o = ice_outbox_open(&options, why, sizeof(why));
	if (!o)
		fprintf(stderr, "open: %s\n", why);
	return o;
}

static struct ice_outbox *must_open(void)
{
	struct ice_outbox *o = open_max(0);
	assert_non_null(o);
	return o;
}

/* Opening fails, and says so with these words. */
static void must_refuse(const char *words)
{
	char why[512];
	struct ice_outbox_options options = {.path = path, .site = "hq"};
	assert_null(ice_outbox_open(&options, why, sizeof(why)));
	if (!strstr(why, words))
		fail_msg("expected \"%s\" in \"%s\"", words, why);
}

/* A reading with `noise` random letters, so that gzip cannot make it small. */
static struct ice_reading reading(int number, size_t noise)
{
	char device[32];
	struct ice_reading r = {.json = malloc(noise + 64), .at = 1000 + number};
	assert_non_null(r.json);
	r.len = (size_t)sprintf(r.json, "{\"n\":%d,\"noise\":\"", number);
	for (size_t i = 0; i < noise; i++)
		r.json[r.len++] =
		        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"[ice_random_below(&dice, 64)];
	memcpy(r.json + r.len, "\"}", 3);
	r.len += 2;
	snprintf(device, sizeof(device), "device/%d", number);
	r.device = strdup(device);
	return r;
}

/* Puts readings first..first+n-1 as one batch. */
static enum ice_outbox_result put(struct ice_outbox *o, int first, size_t n, size_t noise)
{
	struct ice_reading all[ICE_BATCH_READINGS_MAX];
	const struct ice_reading *list[ICE_BATCH_READINGS_MAX] = {0};
	size_t taken = 99;
	for (size_t i = 0; i < n; i++) {
		all[i] = reading(first + (int)i, noise);
		list[i] = &all[i];
	}
	enum ice_outbox_result result = ice_outbox_put(o, list, n, &taken);
	for (size_t i = 0; i < n; i++)
		ice_reading_free(&all[i]);
	if (taken != (result == ICE_OUTBOX_OK ? n : 0))
		abort();
	return result;
}

static bool exists(const char *suffix)
{
	char file[256];
	snprintf(file, sizeof(file), "%s%s", path, suffix);
	return access(file, F_OK) == 0;
}

static long long size_of(const char *suffix)
{
	char file[256];
	struct stat st;
	snprintf(file, sizeof(file), "%s%s", path, suffix);
	return stat(file, &st) == 0 ? (long long)st.st_size : -1;
}

static size_t pending(struct ice_outbox *o)
{
	struct ice_outbox_batch b;
	size_t n = 0;
	for (int64_t after = 0; ice_outbox_next(o, after, &b); n++) {
		after = b.sequence;
		ice_outbox_batch_free(&b);
	}
	return n;
}

static void sql(const char *text)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void damage(long long at, const char *bytes, size_t n)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, n, at), (ssize_t)n);
	close(fd);
}

static void a_new_outbox_is_private(void **state)
{
	(void)state;
	struct stat st;
	char log[160];
	mode_t old = umask(0);
	struct ice_outbox *o = must_open();
	umask(old);
	assert_int_equal(put(o, 1, 1, 10), ICE_OUTBOX_OK);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	snprintf(log, sizeof(log), "%s-wal", path);
	assert_int_equal(stat(log, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_false(exists("-shm"));
	ice_outbox_close(o);
}

static void batches_keep_their_bytes_over_a_restart(void **state)
{
	(void)state;
	struct ice_outbox_batch before[3], after;
	struct ice_outbox_depth d;
	struct ice_outbox *o = must_open();
	for (int i = 0; i < 3; i++)
		assert_int_equal(put(o, i * 10, 10, 50), ICE_OUTBOX_OK);
	int64_t at = 0;
	for (int i = 0; i < 3; i++) {
		assert_true(ice_outbox_next(o, at, &before[i]));
		at = before[i].sequence;
		assert_int_equal(at, i + 1);
		assert_int_equal(before[i].readings, 10);
	}
	assert_false(ice_outbox_next(o, at, &after));
	ice_outbox_close(o);

	o = must_open();
	ice_outbox_depth(o, &d);
	assert_int_equal(d.batches, 3);
	assert_int_equal(d.readings, 30);
	assert_true(d.bytes > 0);
	assert_int_equal(d.last_sequence, 3);
	at = 0;
	for (int i = 0; i < 3; i++) {
		size_t len;
		assert_true(ice_outbox_next(o, at, &after));
		at = after.sequence;
		assert_string_equal(after.id, before[i].id);
		assert_int_equal(after.len, before[i].len);
		assert_memory_equal(after.body, before[i].body, after.len);
		assert_int_equal(after.packed_len, before[i].packed_len);
		assert_memory_equal(after.packed, before[i].packed, after.packed_len);
		char *body = ice_batch_gunzip(after.packed, after.packed_len, ICE_BATCH_BYTES_MAX, &len);
		assert_int_equal(len, after.len);
		assert_memory_equal(body, after.body, len);
		free(body);
		ice_outbox_batch_free(&after);
		ice_outbox_batch_free(&before[i]);
	}
	ice_outbox_close(o);
}

static void a_batch_and_its_read_marks_are_one(void **state)
{
	(void)state;
	struct ice_outbox *o = must_open();
	assert_int_equal(ice_outbox_device_read_at(o, "device/5"), 0);
	assert_int_equal(put(o, 5, 2, 10), ICE_OUTBOX_OK);
	assert_int_equal(ice_outbox_device_read_at(o, "device/5"), 1005);
	assert_int_equal(ice_outbox_device_read_at(o, "device/6"), 1006);
	assert_int_equal(ice_outbox_device_read_at(o, "device/7"), 0);
	ice_outbox_close(o);
	o = open_max(100);
	assert_non_null(o);
	assert_int_equal(put(o, 7, 1, 500), ICE_OUTBOX_FULL);
	assert_int_equal(ice_outbox_device_read_at(o, "device/7"), 0);
	ice_outbox_close(o);
}

static void sequences_never_repeat(void **state)
{
	(void)state;
	struct ice_outbox_batch b;
	for (int round = 1; round <= 5; round++) {
		struct ice_outbox *o = must_open();
		assert_int_equal(put(o, round, 1, 5), ICE_OUTBOX_OK);
		assert_true(ice_outbox_next(o, 0, &b));
		assert_int_equal(b.sequence, round);
		assert_true(ice_outbox_acknowledged(o, b.id));
		assert_true(ice_outbox_acknowledged(o, b.id));
		ice_outbox_batch_free(&b);
		assert_int_equal(pending(o), 0);
		ice_outbox_close(o);
	}
}

static void a_rejected_batch_blocks_nothing(void **state)
{
	(void)state;
	struct ice_outbox_batch b;
	struct ice_outbox_depth d;
	struct ice_outbox *o = must_open();
	assert_int_equal(put(o, 1, 4, 5), ICE_OUTBOX_OK);
	assert_int_equal(put(o, 5, 3, 5), ICE_OUTBOX_OK);
	assert_true(ice_outbox_next(o, 0, &b));
	assert_true(ice_outbox_reject(o, b.id, "server says: 422"));
	assert_true(ice_outbox_reject(o, b.id, "once more"));
	/* An acknowledgement that comes after all does not delete what was set aside. */
	assert_true(ice_outbox_acknowledged(o, b.id));
	ice_outbox_batch_free(&b);
	ice_outbox_close(o);
	o = must_open();
	ice_outbox_depth(o, &d);
	assert_int_equal(d.batches, 1);
	assert_int_equal(d.readings, 3);
	assert_int_equal(d.rejected, 1);
	assert_true(d.rejected_bytes > 0);
	assert_true(ice_outbox_next(o, 0, &b));
	assert_int_equal(b.sequence, 2);
	ice_outbox_batch_free(&b);
	ice_outbox_close(o);
}

struct rows {
	int count;
	bool set_aside[4];
	char reason[4][40], id[4][ICE_BATCH_ID_SIZE];
};

static void note_row(const struct ice_outbox_row *row, void *arg)
{
	struct rows *r = arg;
	assert_true(r->count < 4);
	assert_int_equal(row->sequence, r->count + 1);
	assert_true(row->bytes > 0 && row->made_at > 0 && row->set_aside == (row->set_aside_at > 0));
	r->set_aside[r->count] = row->set_aside;
	snprintf(r->reason[r->count], sizeof(r->reason[0]), "%s", row->reason);
	snprintf(r->id[r->count], sizeof(r->id[0]), "%s", row->id);
	r->count++;
}

static void an_operator_sees_and_retries_what_was_set_aside(void **state)
{
	(void)state;
	struct ice_outbox_batch b, again;
	struct ice_outbox_depth d;
	struct rows rows = {0};
	struct ice_outbox *o = must_open();
	assert_int_equal(put(o, 1, 4, 5), ICE_OUTBOX_OK);
	assert_int_equal(put(o, 5, 3, 5), ICE_OUTBOX_OK);
	assert_int_equal(ice_outbox_read(o, 1, &b), ICE_OUTBOX_FOUND);
	assert_true(ice_outbox_reject(o, b.id, "server says: 422"));
	assert_true(ice_outbox_each(o, note_row, &rows));
	assert_int_equal(rows.count, 2);
	assert_true(rows.set_aside[0] && !rows.set_aside[1]);
	assert_string_equal(rows.reason[0], "server says: 422");
	assert_string_equal(rows.reason[1], "");
	assert_string_equal(rows.id[0], b.id);
	assert_int_equal(ice_outbox_read(o, 1, &again), ICE_OUTBOX_FOUND); /* set aside, and there to be read */
	assert_int_equal(again.len, b.len);
	ice_outbox_batch_free(&again);
	assert_int_equal(ice_outbox_read(o, 3, &again), ICE_OUTBOX_ABSENT);

	assert_true(ice_outbox_retry(o, 1));
	assert_true(ice_outbox_retry(o, 1)); /* is pending: nothing to do */
	assert_true(ice_outbox_retry(o, 3)); /* is not there: nothing to do */
	ice_outbox_depth(o, &d);
	assert_int_equal(d.batches, 2);
	assert_int_equal(d.readings, 7);
	assert_int_equal(d.rejected, 0);
	assert_int_equal(d.rejected_bytes, 0);
	ice_outbox_close(o);
	o = must_open();
	assert_true(ice_outbox_next(o, 0, &again));
	assert_int_equal(again.sequence, 1);
	assert_string_equal(again.id, b.id);
	assert_int_equal(again.packed_len, b.packed_len);
	assert_memory_equal(again.packed, b.packed, b.packed_len);
	ice_outbox_batch_free(&again);
	ice_outbox_batch_free(&b);
	ice_outbox_close(o);
}

static void settings_last(void **state)
{
	(void)state;
	struct ice_outbox *o = must_open();
	assert_null(ice_outbox_get(o, "sweep"));
	assert_true(ice_outbox_set(o, "sweep", "seed=1 index=2"));
	assert_true(ice_outbox_set(o, "sweep", "seed=1 index=3"));
	ice_outbox_idle(o);
	ice_outbox_close(o);
	o = must_open();
	char *value = ice_outbox_get(o, "sweep");
	assert_string_equal(value, "seed=1 index=3");
	free(value);
	ice_outbox_close(o);
}

static void too_much_for_one_batch_is_told(void **state)
{
	(void)state;
	struct ice_outbox *o = must_open();
	struct ice_reading all[6];
	const struct ice_reading *list[6];
	size_t taken;
	for (int i = 0; i < 6; i++) {
		all[i] = reading(i, 300000);
		list[i] = &all[i];
	}
	assert_int_equal(ice_outbox_put(o, list, 6, &taken), ICE_OUTBOX_OK);
	assert_int_equal(taken, 3);
	assert_int_equal(ice_outbox_device_read_at(o, "device/3"), 0);
	assert_int_equal(ice_outbox_put(o, list + taken, 3, &taken), ICE_OUTBOX_OK);
	assert_int_equal(taken, 3);
	assert_int_equal(pending(o), 2);
	assert_int_equal(ice_outbox_put(o, list, 0, &taken), ICE_OUTBOX_OK);
	assert_int_equal(pending(o), 2);
	for (int i = 0; i < 6; i++)
		ice_reading_free(&all[i]);
	ice_outbox_close(o);
}

static void what_fits_in_no_batch_is_told_apart(void **state)
{
	(void)state;
	struct ice_outbox *o = must_open();
	struct ice_reading good = reading(1, 10), bad = reading(2, 10), huge = reading(3, ICE_BATCH_BYTES_MAX);
	const struct ice_reading *list[] = {&good, &bad, &good};
	size_t taken;
	bad.json[bad.len - 1] = ',';
	assert_int_equal(ice_outbox_put(o, list, 3, &taken), ICE_OUTBOX_OK);
	assert_int_equal(taken, 1);
	assert_int_equal(ice_outbox_put(o, list + 1, 2, &taken), ICE_OUTBOX_UNFIT);
	assert_int_equal(taken, 0);
	list[0] = &huge;
	assert_int_equal(ice_outbox_put(o, list, 1, &taken), ICE_OUTBOX_UNFIT);
	assert_true(*ice_outbox_error(o));
	assert_int_equal(pending(o), 1);
	ice_reading_free(&good);
	ice_reading_free(&bad);
	ice_reading_free(&huge);
	ice_outbox_close(o);
}

static void its_bound_holds_and_nothing_is_dropped(void **state)
{
	(void)state;
	struct ice_outbox_batch b;
	struct ice_outbox_depth d;
	struct ice_outbox *o = open_max(20000);
	int n = 0;
	assert_non_null(o);
	while (put(o, n, 1, 2000) == ICE_OUTBOX_OK)
		assert_true(++n < 20);
	assert_true(n > 5);
	ice_outbox_depth(o, &d);
	assert_int_equal(d.batches, n);
	assert_true(d.bytes <= 20000);
	assert_int_equal(pending(o), n);
	assert_true(ice_outbox_next(o, 0, &b));
	assert_int_equal(b.sequence, 1);
	assert_true(ice_outbox_acknowledged(o, b.id));
	ice_outbox_batch_free(&b);
	assert_int_equal(put(o, n, 1, 2000), ICE_OUTBOX_OK);
	assert_int_equal(put(o, n, 1, 2000), ICE_OUTBOX_FULL);
	ice_outbox_close(o);
}

static void in_memory_it_is_the_same(void **state)
{
	(void)state;
	char why[128];
	struct ice_outbox_batch b;
	struct ice_outbox_options options = {.path = ":memory:", .site = "hq"};
	struct ice_outbox *o = ice_outbox_open(&options, why, sizeof(why));
	assert_non_null(o);
	assert_int_equal(put(o, 1, 2, 10), ICE_OUTBOX_OK);
	ice_outbox_idle(o);
	assert_true(ice_outbox_next(o, 0, &b));
	assert_true(ice_outbox_acknowledged(o, b.id));
	ice_outbox_batch_free(&b);
	assert_int_equal(pending(o), 0);
	ice_outbox_close(o);
	assert_int_not_equal(access(":memory:", F_OK), 0);
}

static void its_file_shrinks_again(void **state)
{
	(void)state;
	struct ice_outbox_batch b;
	struct ice_outbox *o = must_open();
	for (int i = 0; i < 11; i++)
		assert_int_equal(put(o, i, 2, 400000), ICE_OUTBOX_OK);
	ice_outbox_idle(o);
	long long full = size_of("");
	while (ice_outbox_next(o, 0, &b)) {
		assert_true(ice_outbox_acknowledged(o, b.id));
		ice_outbox_batch_free(&b);
	}
	for (int i = 0; i < 20; i++)
		ice_outbox_idle(o);
	assert_true(full > 6000000);
	assert_true(size_of("") < 5000000);
	ice_outbox_close(o);
}

static void an_unwritten_log_is_bounded(void **state)
{
	(void)state;
	struct ice_outbox *o = must_open();
	for (int i = 0; i < 30; i++) {
		assert_int_equal(put(o, i, 2, 400000), ICE_OUTBOX_OK);
		assert_true(size_of("-wal") < 20000000);
	}
	ice_outbox_close(o);
}

/* --- another process --- */

static void a_second_process_is_refused(void **state)
{
	(void)state;
	int ready[2];
	char byte;
	assert_int_equal(pipe(ready), 0);
	pid_t child = fork();
	if (child == 0) {
		struct ice_outbox *o = open_max(0);
		if (!o || put(o, 1, 1, 10) != ICE_OUTBOX_OK || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	must_refuse("in use by another process");
	assert_false(exists(".corrupt-1"));
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	struct ice_outbox *o = must_open();
	assert_int_equal(pending(o), 1);
	ice_outbox_close(o);
}

/* What the child tells: a batch it has committed, or one that it hands to "the server" before it forgets it. */
struct told {
	char kind; /* 'c' or 'd' */
	int64_t sequence;
	char id[ICE_BATCH_ID_SIZE];
};

#define KILLS   50
#define SEQ_MAX 20000

static void tell(int fd, char kind, const struct ice_outbox_batch *b)
{
	struct told t = {.kind = kind, .sequence = b->sequence};
	memcpy(t.id, b->id, sizeof(t.id));
	if (write(fd, &t, sizeof(t)) != (ssize_t)sizeof(t))
		_exit(2);
}

static void work_until_killed(int fd, uint64_t seed)
{
	struct ice_outbox *o = open_max(0);
	struct ice_outbox_batch b;
	struct ice_outbox_depth d;
	ice_random_seed(&dice, seed);
	if (!o)
		_exit(3);
	for (;;) {
		ice_outbox_depth(o, &d);
		if (d.batches < 3 || ice_random_below(&dice, 2)) {
			if (put(o, (int)(d.last_sequence + 1) * 3, 3, 1 + ice_random_below(&dice, 3000)) !=
			            ICE_OUTBOX_OK ||
			    !ice_outbox_next(o, d.last_sequence, &b))
				_exit(4);
			tell(fd, 'c', &b);
		} else {
			if (!ice_outbox_next(o, 0, &b))
				_exit(5);
			tell(fd, 'd', &b);
			if (!ice_outbox_acknowledged(o, b.id))
				_exit(6);
		}
		ice_outbox_batch_free(&b);
		if (ice_random_below(&dice, 8) == 0)
			ice_outbox_idle(o);
	}
}

static void nothing_is_lost_by_kill(void **state)
{
	(void)state;
	static char ids[SEQ_MAX][ICE_BATCH_ID_SIZE];
	static bool delivered[SEQ_MAX];
	struct ice_random r;
	ice_random_seed(&r, 42);
	memset(ids, 0, sizeof(ids));
	memset(delivered, 0, sizeof(delivered));
	for (int i = 0; i < KILLS; i++) {
		int fds[2];
		struct told t;
		int patience = (int)ice_random_below(&r, 30);
		assert_int_equal(pipe(fds), 0);
		pid_t child = fork();
		if (child == 0) {
			close(fds[0]);
			work_until_killed(fds[1], (uint64_t)i + 1);
		}
		close(fds[1]);
		ssize_t got;
		while ((got = read(fds[0], &t, sizeof(t))) > 0) {
			assert_int_equal(got, sizeof(t));
			assert_true(t.sequence > 0 && t.sequence < SEQ_MAX);
			if (*ids[t.sequence] && strcmp(ids[t.sequence], t.id) != 0)
				fail_msg("sequence %lld was two batches", (long long)t.sequence);
			memcpy(ids[t.sequence], t.id, sizeof(t.id));
			delivered[t.sequence] |= t.kind == 'd';
			if (patience-- > 0)
				continue;
			/* Somewhere within the next operation or two. */
			ice_usec until = ice_clock_now() + (ice_usec)ice_random_below(&r, 1500);
			while (ice_clock_now() < until)
				;
			kill(child, SIGKILL);
		}
		close(fds[0]);
		int status;
		assert_int_equal(waitpid(child, &status, 0), child);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
			fail_msg("the child ended by itself: status %x", status);
	}
	struct ice_outbox *o = must_open();
	struct ice_outbox_depth d;
	struct ice_outbox_batch b;
	static bool there[SEQ_MAX];
	memset(there, 0, sizeof(there));
	ice_outbox_depth(o, &d);
	for (int64_t after = 0; ice_outbox_next(o, after, &b);) {
		char numbers[64];
		after = b.sequence;
		there[after] = true;
		if (*ids[after])
			assert_string_equal(ids[after], b.id);
		snprintf(numbers, sizeof(numbers), "\"sequence\":%lld,\"readings\":[{\"n\":%lld,", (long long)after,
		         (long long)after * 3);
		assert_non_null(strstr((char *)b.body, numbers));
		ice_outbox_batch_free(&b);
	}
	int lost = 0;
	for (int64_t s = 1; s <= d.last_sequence; s++) {
		char device[32];
		lost += !there[s] && !delivered[s];
		snprintf(device, sizeof(device), "device/%lld", (long long)s * 3 + 2);
		assert_int_equal(ice_outbox_device_read_at(o, device), 1000 + s * 3 + 2);
	}
	for (int64_t s = d.last_sequence + 1; s < SEQ_MAX; s++)
		lost += *ids[s] != '\0';
	assert_int_equal(lost, 0);
	assert_true(d.last_sequence > KILLS);
	ice_outbox_close(o);
	assert_false(exists(".corrupt-1"));
}

/* --- a full disk --- */

#define WANT(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "line %d: %s\n", __LINE__, #condition);                                        \
			_exit(1);                                                                                      \
		}                                                                                                      \
	} while (0)

/* In a child whose disk is full somewhere below 200 batches. */
static void fill_the_disk(const char *words)
{
	struct ice_outbox *o = open_max(0);
	struct ice_outbox_batch b;
	struct ice_outbox_depth d;
	int n = 0;
	WANT(o);
	/* The first refusal may make room by a checkpoint. */
	for (int refused = 0; refused < 2;) {
		bool ok = put(o, n * 2, 2, 10000) == ICE_OUTBOX_OK;
		refused = ok ? 0 : refused + 1;
		n += ok;
		WANT(n < 200);
	}
	WANT(n > 3);
	WANT(strstr(ice_outbox_error(o), words));
	ice_outbox_depth(o, &d);
	WANT(d.batches == n && d.last_sequence == n);
	WANT((int)pending(o) == n);
	WANT(ice_outbox_device_read_at(o, "device/1") == 1001);
	WANT(ice_outbox_device_read_at(o, "device/999") == 0);
	/* For a limit on files: somebody raises it. A full disk stays full. */
	struct rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
	WANT(setrlimit(RLIMIT_FSIZE, &none) == 0);
	/* The full outbox drains, and takes batches again. */
	for (int i = 0; i < 3; i++) {
		WANT(ice_outbox_next(o, 0, &b));
		WANT(b.sequence == i + 1);
		WANT(ice_outbox_acknowledged(o, b.id));
		ice_outbox_batch_free(&b);
		ice_outbox_idle(o);
	}
	WANT(put(o, n * 2, 2, 10000) == ICE_OUTBOX_OK);
	WANT((int)pending(o) == n - 2);
	ice_outbox_close(o);
	o = open_max(0);
	WANT(o);
	WANT((int)pending(o) == n - 2);
	ice_outbox_depth(o, &d);
	WANT(d.last_sequence == n + 1);
	WANT(!exists(".corrupt-1"));
	ice_outbox_close(o);
	_exit(0);
}

static int status_of(pid_t child)
{
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
}

static void a_disk_that_refuses_to_write_loses_nothing(void **state)
{
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		struct rlimit limit = {700000, RLIM_INFINITY};
		signal(SIGXFSZ, SIG_IGN);
		WANT(setrlimit(RLIMIT_FSIZE, &limit) == 0);
		fill_the_disk("disk I/O error");
	}
	assert_int_equal(status_of(child), 0);
}

static void a_full_disk_loses_nothing(void **state)
{
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
			_exit(77);
		if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
		    mount("none", folder, "tmpfs", 0, "size=3000k") != 0)
			_exit(77);
		int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0) /* a user namespace knows no user that could own a file there */
			_exit(77);
		WANT(close(fd) == 0 && unlink(path) == 0);
		fill_the_disk("the disk is full");
	}
	int status = status_of(child);
	if (status == 77)
		skip(); /* no mount namespace here */
	assert_int_equal(status, 0);
}

/* --- damage --- */

static void fill(int batches)
{
	struct ice_outbox *o = must_open();
	for (int i = 0; i < batches; i++)
		assert_int_equal(put(o, i * 2, 2, 5000), ICE_OUTBOX_OK);
	ice_outbox_close(o);
}

/* Opens a damaged outbox: a new one works, the old one is beside it; the number of batches saved. */
static size_t open_damaged(int batches)
{
	char why[512];
	struct ice_outbox_options options = {.path = path, .site = "hq"};
	struct ice_outbox_depth d;
	struct ice_outbox_batch b;
	struct ice_outbox *o = ice_outbox_open(&options, why, sizeof(why));
	if (!o)
		fail_msg("%s", why);
	if (!strstr(why, "moved to") || !strstr(why, ".corrupt-1"))
		fail_msg("expected to be told, not \"%s\"", why);
	assert_true(exists(".corrupt-1") || exists(".corrupt-1-wal"));
	assert_false(exists(".new"));
	ice_outbox_depth(o, &d);
	assert_true(d.last_sequence > batches);
	size_t saved = pending(o);
	assert_int_equal(d.batches, saved);
	assert_int_equal(ice_outbox_device_read_at(o, "device/0"), 0);
	assert_int_equal(put(o, 1, 1, 10), ICE_OUTBOX_OK);
	assert_true(ice_outbox_next(o, d.last_sequence, &b));
	assert_int_equal(b.sequence, d.last_sequence + 1);
	ice_outbox_batch_free(&b);
	ice_outbox_close(o);
	o = ice_outbox_open(&options, why, sizeof(why));
	assert_non_null(o);
	assert_string_equal(why, "");
	assert_int_equal(pending(o), saved + 1);
	ice_outbox_close(o);
	return saved;
}

static void garbage_is_moved_aside(void **state)
{
	(void)state;
	fill(2);
	damage(0, "this was a database, once upon a time, long ago", 47);
	long long size = size_of("");
	assert_int_equal(open_damaged(2), 0);
	assert_int_equal(size_of(".corrupt-1"), size);
}

/* Whoever only looks, or named a file by hand, must not lose it. */
static void garbage_is_kept_where_that_was_asked(void **state)
{
	(void)state;
	char why[512];
	struct ice_outbox_options options = {.path = path, .site = "hq", .keep = true};
	fill(2);
	damage(0, "this was a database, once upon a time, long ago", 47);
	long long size = size_of("");
	assert_null(ice_outbox_open(&options, why, sizeof(why)));
	assert_non_null(strstr(why, "is no outbox"));
	assert_int_equal(size_of(""), size);
	assert_int_equal(size_of(".corrupt-1"), -1);
	assert_int_equal(open_damaged(2), 0); /* and the service mends it */
}

static void a_truncated_file_gives_what_it_has(void **state)
{
	(void)state;
	fill(40);
	assert_int_equal(truncate(path, size_of("") / 2), 0);
	size_t saved = open_damaged(40);
	assert_true(saved > 5 && saved < 40);
}

static void damage_in_the_middle_costs_only_what_it_hit(void **state)
{
	(void)state;
	fill(40);
	char zeros[8192] = {0};
	damage(size_of("") / 4096 / 2 * 4096, zeros, sizeof(zeros));
	size_t saved = open_damaged(40);
	assert_true(saved >= 30 && saved < 40);
}

static void a_second_damage_gets_a_second_name(void **state)
{
	(void)state;
	fill(1);
	damage(0, "xxxxxxxxxxxxxxxxxxxxxxxxxxxx", 28);
	struct ice_outbox *o = must_open();
	ice_outbox_close(o);
	damage(0, "xxxxxxxxxxxxxxxxxxxxxxxxxxxx", 28);
	o = must_open();
	ice_outbox_close(o);
	assert_true(exists(".corrupt-1"));
	assert_true(exists(".corrupt-2"));
}

static void a_log_without_its_database_is_kept(void **state)
{
	(void)state;
	char copy[300];
	struct ice_outbox *o = must_open();
	assert_int_equal(put(o, 0, 2, 5000), ICE_OUTBOX_OK);
	snprintf(copy, sizeof(copy), "cp %s-wal %s/kept", path, folder);
	assert_int_equal(system(copy), 0);
	ice_outbox_close(o);
	snprintf(copy, sizeof(copy), "mv %s/kept %s-wal", folder, path);
	assert_int_equal(system(copy), 0);
	assert_int_equal(truncate(path, 0), 0);
	long long size = size_of("-wal");
	assert_true(size > 0);
	assert_int_equal(open_damaged(1), 0);
	assert_int_equal(size_of(".corrupt-1-wal"), size);
}

static void a_replacement_that_was_cut_is_completed(void **state)
{
	(void)state;
	char new[200], log[200];
	fill(3);
	snprintf(new, sizeof(new), "%s.new", path);
	snprintf(log, sizeof(log), "%s-wal", path);
	assert_int_equal(rename(path, new), 0);
	/* The log of the damaged one, which was not moved yet. */
	unlink(log);
	FILE *f = fopen(log, "w");
	assert_non_null(f);
	fputs("an old log", f);
	fclose(f);
	struct ice_outbox *o = must_open();
	assert_int_equal(pending(o), 3);
	ice_outbox_close(o);
	assert_false(exists(".new"));
	assert_int_equal(size_of(".corrupt-1-wal"), 10);
}

static void a_database_damaged_under_way_says_so_and_opening_mends_it(void **state)
{
	(void)state;
	struct ice_outbox_batch b = {0};
	static const char garbage[4096] = {1};
	struct ice_outbox *o = must_open();
	for (int i = 0; i < 16; i++) /* more than SQLite keeps in memory */
		assert_int_equal(put(o, 20 * i, 20, 20000), ICE_OUTBOX_OK);
	ice_outbox_close(o);
	o = must_open();
	assert_false(ice_outbox_damaged(o));
	/* All but the first pages, behind its back. */
	int fd = open(path, O_WRONLY);
	long long size = size_of("");
	assert_true(fd >= 0 && size > 3 << 20);
	for (long long at = 1 << 16; at < size; at += (long long)sizeof(garbage))
		assert_int_equal(pwrite(fd, garbage, sizeof(garbage), at), sizeof(garbage));
	close(fd);
	for (int64_t after = 0; ice_outbox_next(o, after, &b); after = after + 1)
		ice_outbox_batch_free(&b);
	assert_true(ice_outbox_damaged(o));
	assert_true(*ice_outbox_error(o) != '\0');
	ice_outbox_close(o);
	o = must_open();
	assert_false(ice_outbox_damaged(o));
	assert_true(exists(".corrupt-1"));
	assert_int_equal(put(o, 1, 4, 5), ICE_OUTBOX_OK);
	assert_true(ice_outbox_next(o, 16, &b)); /* no number comes twice */
	assert_true(b.sequence > 16);
	ice_outbox_batch_free(&b);
	ice_outbox_close(o);
}

static void a_batch_that_rotted_is_set_aside_alone(void **state)
{
	(void)state;
	struct ice_outbox_depth d;
	fill(3);
	sql("UPDATE batch SET packed = zeroblob(4000) WHERE sequence=2");
	struct ice_outbox *o = must_open();
	assert_int_equal(pending(o), 2);
	ice_outbox_depth(o, &d);
	assert_int_equal(d.batches, 2);
	assert_int_equal(d.rejected, 1);
	ice_outbox_close(o);
}

/* The file's bytes, to see that it was left alone. */
static unsigned char *content(size_t *len)
{
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	unsigned char *bytes = malloc(1 << 20);
	*len = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	return bytes;
}

static void must_refuse_untouched(const char *words)
{
	size_t before_len, after_len;
	unsigned char *before = content(&before_len);
	must_refuse(words);
	unsigned char *after = content(&after_len);
	assert_int_equal(before_len, after_len);
	assert_memory_equal(before, after, before_len);
	assert_false(exists(".corrupt-1"));
	free(before);
	free(after);
}

static void a_newer_form_is_refused(void **state)
{
	(void)state;
	fill(1);
	sql("PRAGMA user_version=2");
	must_refuse_untouched("newer version");
}

static void another_programs_database_is_refused(void **state)
{
	(void)state;
	sql("PRAGMA journal_mode=WAL; CREATE TABLE other (a)");
	must_refuse_untouched("another program");
}

static void what_is_no_file_is_refused(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	must_refuse("directory");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	must_refuse("not a regular file");
	assert_int_equal(unlink(path), 0);
	snprintf(path, sizeof(path), "%s/none/outbox.db", folder);
	must_refuse("No such file");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
	        TEST(a_new_outbox_is_private),
	        TEST(batches_keep_their_bytes_over_a_restart),
	        TEST(a_batch_and_its_read_marks_are_one),
	        TEST(sequences_never_repeat),
	        TEST(a_rejected_batch_blocks_nothing),
	        TEST(an_operator_sees_and_retries_what_was_set_aside),
	        TEST(settings_last),
	        TEST(too_much_for_one_batch_is_told),
	        TEST(what_fits_in_no_batch_is_told_apart),
	        TEST(its_bound_holds_and_nothing_is_dropped),
	        TEST(in_memory_it_is_the_same),
	        TEST(its_file_shrinks_again),
	        TEST(an_unwritten_log_is_bounded),
	        TEST(a_second_process_is_refused),
	        TEST(nothing_is_lost_by_kill),
	        TEST(a_disk_that_refuses_to_write_loses_nothing),
	        TEST(a_full_disk_loses_nothing),
	        TEST(garbage_is_moved_aside),
	        TEST(garbage_is_kept_where_that_was_asked),
	        TEST(a_truncated_file_gives_what_it_has),
	        TEST(damage_in_the_middle_costs_only_what_it_hit),
	        TEST(a_second_damage_gets_a_second_name),
	        TEST(a_log_without_its_database_is_kept),
	        TEST(a_replacement_that_was_cut_is_completed),
	        TEST(a_database_damaged_under_way_says_so_and_opening_mends_it),
	        TEST(a_batch_that_rotted_is_set_aside_alone),
	        TEST(a_newer_form_is_refused),
	        TEST(another_programs_database_is_refused),
	        TEST(what_is_no_file_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
