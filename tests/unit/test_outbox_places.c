/* Places: the note of each stands for a committed reading, and never outlives it; its state comes and goes on its own. */
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
	snprintf(folder, sizeof(folder), "/tmp/ice-places-XXXXXX");
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

static struct ice_outbox *open_with(int64_t max_bytes)
{
	char why[512];
	struct ice_outbox_options options = {.path = path, .site = "hq", .max_bytes = max_bytes};
	struct ice_outbox *o = ice_outbox_open(&options, why, sizeof(why));
	if (!o)
		fail_msg("%s", why);
	return o;
}

/* One reading as one batch. */
static enum ice_outbox_result put(struct ice_outbox *o, const char *device, int64_t at, const char *place,
                                  const char *note, const char *text)
{
	struct ice_reading r = {.json = strdup("{\"make\":\"Exemplar\"}"), .device = strdup(device), .at = at};
	const struct ice_reading *list = &r;
	size_t taken;
	r.len = strlen(r.json);
	r.place = place ? strdup(place) : NULL;
	r.note = note ? strdup(note) : NULL;
	r.state = text ? strdup(text) : NULL;
	enum ice_outbox_result result = ice_outbox_put(o, &list, 1, &taken);
	ice_reading_free(&r);
	return result;
}

static bool keep(struct ice_outbox *o, const char *place, const char *text)
{
	const struct ice_outbox_place p = {.place = place, .state = text};
	return ice_outbox_keep(o, &p, 1);
}

static void collect(const struct ice_outbox_place *p, void *arg)
{
	char *text = arg;
	size_t used = strlen(text);
	snprintf(text + used, 4096 - used, "%s=%s@%lld:%s;", p->place, p->note, (long long)p->read_at, p->state);
}

/* All of them, by name. */
static void expect(struct ice_outbox *o, const char *wanted)
{
	char text[4096] = "";
	ice_outbox_places(o, collect, text);
	assert_string_equal(text, wanted);
}

static void a_note_follows_its_reading_and_a_state_itself(void **state)
{
	(void)state;
	struct ice_outbox *o = open_with(0);
	expect(o, "");
	assert_int_equal(put(o, "a/1", 100, "10.0.0.1", "one", "new"), ICE_OUTBOX_OK);
	assert_int_equal(put(o, "a/2", 110, "10.0.0.2", NULL, "new"), ICE_OUTBOX_OK);
	expect(o, "10.0.0.1=one@100:new;10.0.0.2=@110:new;");
	/* a state of its own, of a place with a reading and of one without; and one that leaves */
	assert_true(keep(o, "10.0.0.1", "asleep"));
	assert_true(keep(o, "10.0.0.3", "new"));
	assert_true(keep(o, "10.0.0.2", NULL));
	expect(o, "10.0.0.1=one@100:asleep;10.0.0.3=@0:new;");
	/* the same printer elsewhere: what was read of it here counts no more; another one here */
	assert_int_equal(put(o, "a/1", 200, "10.0.0.3", "three", "normal"), ICE_OUTBOX_OK);
	expect(o, "10.0.0.1=@0:asleep;10.0.0.3=three@200:normal;");
	assert_int_equal(put(o, "a/9", 300, "10.0.0.3", "nine", "new"), ICE_OUTBOX_OK);
	assert_int_equal(put(o, "a/9", 310, NULL, NULL, NULL), ICE_OUTBOX_OK);
	expect(o, "10.0.0.1=@0:asleep;10.0.0.3=nine@300:new;");
	ice_outbox_close(o);
	o = open_with(0);
	expect(o, "10.0.0.1=@0:asleep;10.0.0.3=nine@300:new;");
	assert_int_equal(ice_outbox_unread_count(o), 0);
	assert_true(ice_outbox_forget_kept(o));
	assert_int_equal(ice_outbox_unread_count(o), 1);
	expect(o, "10.0.0.1=@0:asleep;10.0.0.3=nine@0:new;");
	ice_outbox_close(o);
}

static void a_reading_that_was_not_committed_leaves_the_note_before(void **state)
{
	(void)state;
	struct ice_outbox *o = open_with(400);
	char note[32], wanted[64];
	int64_t at = 100;
	do
		snprintf(note, sizeof(note), "%lld", (long long)++at);
	while (put(o, "a/1", at, "10.0.0.1", note, "new") == ICE_OUTBOX_OK);
	snprintf(wanted, sizeof(wanted), "10.0.0.1=%lld@%lld:new;", (long long)at - 1, (long long)at - 1);
	expect(o, wanted);
	ice_outbox_close(o);
}

static void a_batch_set_aside_takes_all_readings_with_it(void **state)
{
	(void)state;
	struct ice_outbox *o = open_with(0);
	struct ice_outbox_batch b;
	assert_int_equal(put(o, "a/1", 100, "10.0.0.1", "one", "new"), ICE_OUTBOX_OK);
	assert_int_equal(put(o, "a/2", 100, "10.0.0.2", "two", "new"), ICE_OUTBOX_OK);
	assert_true(ice_outbox_next(o, 0, &b));
	assert_true(ice_outbox_acknowledged(o, b.id)); /* delivered: the readings count */
	ice_outbox_batch_free(&b);
	expect(o, "10.0.0.1=one@100:new;10.0.0.2=two@100:new;");
	assert_true(ice_outbox_next(o, 0, &b));
	assert_true(ice_outbox_reject(o, b.id, "poison"));
	ice_outbox_batch_free(&b);
	expect(o, "10.0.0.1=one@0:new;10.0.0.2=two@0:new;");
	assert_int_equal(ice_outbox_unread_count(o), 1);
	ice_outbox_close(o);
}

static void a_transaction_is_all_or_nothing(void **state)
{
	(void)state;
	struct ice_outbox *o = open_with(0);
	const struct ice_outbox_place good[] = {{.place = "10.0.0.1", .state = "new"},
	                                        {.place = "10.0.0.2", .state = "new"}},
	                              bad[] = {{.place = "10.0.0.1", .state = "asleep"},
	                                       {.place = NULL, .state = "new"}};
	assert_true(ice_outbox_keep(o, good, 2));
	assert_false(ice_outbox_keep(o, bad, 2)); /* a place without a name */
	assert_true(*ice_outbox_error(o) != '\0');
	expect(o, "10.0.0.1=@0:new;10.0.0.2=@0:new;");
	assert_true(ice_outbox_keep(o, good, 0));
	assert_int_equal(put(o, "a/1", 100, "10.0.0.1", "one", "normal"), ICE_OUTBOX_OK);
	ice_outbox_close(o);
}

static void a_database_without_places_gets_them(void **state)
{
	(void)state;
	struct ice_outbox *o = open_with(0);
	sqlite3 *db;
	assert_int_equal(put(o, "a/1", 100, "10.0.0.1", "one", "new"), ICE_OUTBOX_OK);
	ice_outbox_close(o);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "DROP TABLE place", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	o = open_with(0);
	expect(o, "");
	assert_int_equal(put(o, "a/1", 200, "10.0.0.1", "two", "new"), ICE_OUTBOX_OK);
	expect(o, "10.0.0.1=two@200:new;");
	ice_outbox_close(o);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
	        TEST(a_note_follows_its_reading_and_a_state_itself),
	        TEST(a_reading_that_was_not_committed_leaves_the_note_before),
	        TEST(a_batch_set_aside_takes_all_readings_with_it),
	        TEST(a_transaction_is_all_or_nothing),
	        TEST(a_database_without_places_gets_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
