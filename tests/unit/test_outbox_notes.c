/* Notes: each stands for a committed reading, and never outlives it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "ice/outbox.h"

static char folder[64], path[128];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/ice-notes-XXXXXX");
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

static struct ice_outbox *open_at(const char *where, int64_t max_bytes)
{
	char why[512];
	struct ice_outbox_options options = {.path = where, .site = "hq", .max_bytes = max_bytes};
	struct ice_outbox *o = ice_outbox_open(&options, why, sizeof(why));
	if (!o)
		fail_msg("%s", why);
	return o;
}

/* One reading as one batch. */
static enum ice_outbox_result put(struct ice_outbox *o, const char *device, int64_t at, const char *place,
                                  const char *note)
{
	struct ice_reading r = {.json = strdup("{\"make\":\"Exemplar\"}"), .device = strdup(device), .at = at};
	const struct ice_reading *list = &r;
	size_t taken;
	r.len = strlen(r.json);
	r.place = place ? strdup(place) : NULL;
	r.note = note ? strdup(note) : NULL;
	enum ice_outbox_result result = ice_outbox_put(o, &list, 1, &taken);
	ice_reading_free(&r);
	return result;
}

static void collect(const char *place, const char *note, int64_t at, void *arg)
{
	char *text = arg;
	size_t used = strlen(text);
	snprintf(text + used, 4096 - used, "%s=%s@%lld;", place, note, (long long)at);
}

/* All notes of a range from a time on, in the order they were made. */
static const char *kept(struct ice_outbox *o, const char *prefix, int64_t from, int64_t to)
{
	static char text[4096];
	text[0] = '\0';
	ice_outbox_kept(o, prefix, from, to, collect, text);
	return text;
}

static void a_note_follows_its_reading(void **state)
{
	(void)state;
	struct ice_outbox *o = open_at(path, 0);
	assert_string_equal(kept(o, "", 0, INT64_MAX), "");
	assert_int_equal(put(o, "a/1", 100, "office 10.0.0.1", "one"), ICE_OUTBOX_OK);
	assert_int_equal(put(o, "a/2", 110, "office 10.0.0.2", "two"), ICE_OUTBOX_OK);
	assert_int_equal(put(o, "a/3", 120, "office b 10.0.0.3", "three"), ICE_OUTBOX_OK);
	assert_string_equal(kept(o, "office b ", 0, 1000), "office b 10.0.0.3=three@120;");
	assert_string_equal(kept(o, "offic", 101, 119), "office 10.0.0.2=two@110;");
	assert_string_equal(kept(o, "%", 0, 1000), "");
	/* the next reading from there: with a note, without one */
	assert_int_equal(put(o, "a/1", 200, "office 10.0.0.1", "other"), ICE_OUTBOX_OK);
	assert_int_equal(put(o, "a/2", 210, "office 10.0.0.2", NULL), ICE_OUTBOX_OK);
	assert_string_equal(kept(o, "office ", 0, 1000), "office b 10.0.0.3=three@120;office 10.0.0.1=other@200;");
	/* another device at the address; the same device elsewhere; a reading from nowhere in particular */
	assert_int_equal(put(o, "a/9", 300, "office 10.0.0.1", "nine"), ICE_OUTBOX_OK);
	assert_int_equal(put(o, "a/9", 310, "office 10.0.0.7", "moved"), ICE_OUTBOX_OK);
	assert_int_equal(put(o, "a/3", 320, NULL, NULL), ICE_OUTBOX_OK);
	assert_string_equal(kept(o, "", 0, 1000), "office 10.0.0.7=moved@310;");
	ice_outbox_close(o);
	o = open_at(path, 0);
	assert_string_equal(kept(o, "", 0, 1000), "office 10.0.0.7=moved@310;");
	assert_true(ice_outbox_forget_kept(o));
	assert_string_equal(kept(o, "", 0, 1000), "");
	ice_outbox_close(o);
}

static void a_reading_that_was_not_committed_leaves_the_note_before(void **state)
{
	(void)state;
	struct ice_outbox *o = open_at(path, 400);
	assert_int_equal(put(o, "a/1", 100, "office 10.0.0.1", "one"), ICE_OUTBOX_OK);
	enum ice_outbox_result result = ICE_OUTBOX_OK;
	int64_t at = 100;
	while ((result = put(o, "a/1", at + 1, "office 10.0.0.1", "later")) == ICE_OUTBOX_OK)
		at++;
	assert_int_equal(result, ICE_OUTBOX_FULL);
	char wanted[64];
	snprintf(wanted, sizeof(wanted), "office 10.0.0.1=%s@%lld;", at == 100 ? "one" : "later", (long long)at);
	assert_string_equal(kept(o, "", 0, 1000), wanted);
	ice_outbox_close(o);
}

static void a_batch_set_aside_takes_all_notes_with_it(void **state)
{
	(void)state;
	struct ice_outbox *o = open_at(path, 0);
	struct ice_outbox_batch b;
	assert_int_equal(put(o, "a/1", 100, "office 10.0.0.1", "one"), ICE_OUTBOX_OK);
	assert_int_equal(put(o, "a/2", 100, "office 10.0.0.2", "two"), ICE_OUTBOX_OK);
	assert_true(ice_outbox_next(o, 0, &b));
	/* delivered: the notes stay */
	assert_true(ice_outbox_acknowledged(o, b.id));
	ice_outbox_batch_free(&b);
	assert_string_equal(kept(o, "", 0, 1000), "office 10.0.0.1=one@100;office 10.0.0.2=two@100;");
	assert_true(ice_outbox_next(o, 0, &b));
	assert_true(ice_outbox_reject(o, b.id, "poison"));
	ice_outbox_batch_free(&b);
	assert_string_equal(kept(o, "", 0, 1000), "");
	ice_outbox_close(o);
}

static void a_database_without_notes_gets_them(void **state)
{
	(void)state;
	struct ice_outbox *o = open_at(path, 0);
	sqlite3 *db;
	assert_int_equal(put(o, "a/1", 100, "office 10.0.0.1", "one"), ICE_OUTBOX_OK);
	ice_outbox_close(o);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "DROP TABLE note", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	o = open_at(path, 0);
	assert_string_equal(kept(o, "", 0, 1000), "");
	assert_int_equal(put(o, "a/1", 200, "office 10.0.0.1", "two"), ICE_OUTBOX_OK);
	assert_string_equal(kept(o, "", 0, 1000), "office 10.0.0.1=two@200;");
	struct ice_outbox_depth depth;
	ice_outbox_depth(o, &depth);
	assert_int_equal(depth.readings, 2);
	ice_outbox_close(o);
}

static void count(const char *place, const char *note, int64_t at, void *arg)
{
	(void)place, (void)note;
	int64_t *sums = arg;
	sums[0]++;
	sums[1] = at < sums[1] ? at : sums[1];
}

static void the_oldest_are_forgotten(void **state)
{
	(void)state;
	enum { ALL = ICE_OUTBOX_NOTES + 1000 };
	struct ice_outbox *o = open_at(":memory:", 0);
	static struct ice_reading readings[ICE_BATCH_READINGS_MAX];
	const struct ice_reading *list[ICE_BATCH_READINGS_MAX];
	for (int i = 0; i < ALL; i += ICE_BATCH_READINGS_MAX) {
		size_t n = 0, taken;
		for (; n < ICE_BATCH_READINGS_MAX && i + (int)n < ALL; n++) {
			struct ice_reading r = {.json = strdup("{}"), .len = 2, .at = i + (int)n};
			assert_true(asprintf(&r.device, "a/%d", i + (int)n) > 0 &&
			            asprintf(&r.place, "all 10.0.%d.%d", (i + (int)n) / 256, (i + (int)n) % 256) > 0);
			r.note = strdup("note");
			readings[n] = r;
			list[n] = &readings[n];
		}
		assert_int_equal(ice_outbox_put(o, list, n, &taken), ICE_OUTBOX_OK);
		assert_int_equal(taken, n);
		for (size_t k = 0; k < n; k++)
			ice_reading_free(&readings[k]);
	}
	int64_t sums[2] = {0, INT64_MAX};
	ice_outbox_kept(o, "all ", 0, INT64_MAX, count, sums);
	assert_int_equal(sums[0], ICE_OUTBOX_NOTES);
	assert_int_equal(sums[1], 1000);
	ice_outbox_close(o);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
	        TEST(a_note_follows_its_reading),
	        TEST(a_reading_that_was_not_committed_leaves_the_note_before),
	        TEST(a_batch_set_aside_takes_all_notes_with_it),
	        TEST(a_database_without_notes_gets_them),
	        TEST(the_oldest_are_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
