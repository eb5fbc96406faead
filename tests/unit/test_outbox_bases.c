/* Readings as changes: each against a record that was committed before, and none against one that may be lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "ice/change.h"
#include "ice/clock.h"
#include "ice/outbox.h"

#define AGE 1000
#define WORDS                                                                                                          \
	"a printer whose name is much longer than anything that changes in it, as most of what is known of printers "  \
	"is"

static char folder[64], path[128];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/ice-bases-XXXXXX");
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

static struct ice_outbox *open_for(const char *site, const char *server)
{
	char why[512];
	struct ice_outbox_options options = {.path = path, .site = site, .base_age = AGE, .server = server};
	struct ice_outbox *o = ice_outbox_open(&options, why, sizeof(why));
	if (!o)
		fail_msg("%s", why);
	return o;
}

static struct ice_outbox *open_outbox(int64_t age, int64_t max_bytes)
{
	char why[512];
	struct ice_outbox_options options = {.path = path, .site = "hq", .max_bytes = max_bytes, .base_age = age};
	struct ice_outbox *o = ice_outbox_open(&options, why, sizeof(why));
	if (!o)
		fail_msg("%s", why);
	return o;
}

static char *record(const char *device, int pages, size_t longer)
{
	char *json = NULL;
	assert_true(asprintf(&json,
	                     "{\"name\":\"" WORDS
	                     "\",\"serial\":\"%s\",\"pages\":{\"total\":%d},\"location\":\"%0*d\"}",
	                     device, pages, (int)longer + 1, 0) > 0);
	return json;
}

static enum ice_outbox_result put(struct ice_outbox *o, const char *device, int64_t at, char *json)
{
	struct ice_reading r = {.json = json, .len = strlen(json), .device = strdup(device), .at = at};
	const struct ice_reading *list = &r;
	size_t taken;
	enum ice_outbox_result result = ice_outbox_put(o, &list, 1, &taken);
	ice_reading_free(&r);
	return result;
}

/* The readings of the newest batch as JSON, to be released. */
static json_t *newest(struct ice_outbox *o)
{
	struct ice_outbox_depth depth;
	struct ice_outbox_batch b;
	ice_outbox_depth(o, &depth);
	assert_int_equal(ice_outbox_read(o, depth.last_sequence, &b), ICE_OUTBOX_FOUND);
	json_t *body = json_loadb((const char *)b.body, b.len, 0, NULL), *readings = json_object_get(body, "readings");
	bool changes = false;
	size_t i;
	json_t *reading;
	json_array_foreach(readings, i, reading) changes = changes || json_object_get(reading, "base");
	assert_int_equal(json_integer_value(json_object_get(body, "schema")), changes ? 2 : 1);
	json_incref(readings);
	json_decref(body);
	ice_outbox_batch_free(&b);
	return readings;
}

/* Puts one reading; true when it travels as a change, which must then give back what it was made of. */
static bool travels_changed(struct ice_outbox *o, const char *device, int64_t at, int pages, const char *base)
{
	char why[160], *json = record(device, pages, 0), *wanted = strdup(json);
	size_t len, n;
	assert_int_equal(put(o, device, at, json), ICE_OUTBOX_OK);
	json_t *readings = newest(o), *one = json_array_get(readings, 0);
	bool changed = json_object_get(one, "base") != NULL;
	if (changed) {
		char *change = ice_change_text(one, &len), *base_json = strdup(base);
		char *got = ice_change_apply(base_json, strlen(base_json), change, len, &n, why, sizeof(why));
		if (!got)
			fail_msg("%s", why);
		assert_string_equal(got, wanted);
		free(got);
		free(change);
		free(base_json);
	}
	json_decref(readings);
	free(wanted);
	return changed;
}

static void what_was_committed_whole_is_a_base(void **state)
{
	(void)state;
	struct ice_outbox *o = open_outbox(AGE, 0);
	char *base = record("a/1", 10, 0);
	assert_false(travels_changed(o, "a/1", 5000, 10, NULL));
	assert_true(travels_changed(o, "a/1", 5001, 11, base));
	assert_true(travels_changed(o, "a/1", 5002, 15, base));
	assert_false(travels_changed(o, "b/2", 5003, 10, NULL));
	ice_outbox_close(o);
	/* it outlives the process, and the delivery of its batch */
	o = open_outbox(AGE, 0);
	struct ice_outbox_batch b;
	assert_true(ice_outbox_next(o, 0, &b));
	assert_true(ice_outbox_acknowledged(o, b.id));
	ice_outbox_batch_free(&b);
	assert_true(travels_changed(o, "a/1", 5000 + AGE - 1, 16, base));
	ice_outbox_close(o);
	free(base);
}

static void a_base_grows_old(void **state)
{
	(void)state;
	struct ice_outbox *o = open_outbox(AGE, 0);
	char *base = record("a/1", 12, 0);
	assert_false(travels_changed(o, "a/1", 5000, 10, NULL));
	assert_false(travels_changed(o, "a/1", 5000 + AGE, 12, NULL));
	assert_true(travels_changed(o, "a/1", 5001 + AGE, 13, base));
	/* a clock that went back cannot tell how old it is */
	assert_false(travels_changed(o, "a/1", 4999, 14, NULL));
	ice_outbox_close(o);
	free(base);
}

static void without_an_age_everything_travels_whole(void **state)
{
	(void)state;
	struct ice_outbox *o = open_outbox(0, 0);
	assert_false(travels_changed(o, "a/1", 5000, 10, NULL));
	assert_false(travels_changed(o, "a/1", 5001, 10, NULL));
	ice_outbox_close(o);
	o = open_outbox(AGE, 0);
	assert_false(travels_changed(o, "a/1", 5002, 10, NULL));
	ice_outbox_close(o);
}

static void what_is_set_aside_is_no_base_any_more(void **state)
{
	(void)state;
	struct ice_outbox *o = open_outbox(AGE, 0);
	struct ice_outbox_batch b;
	assert_false(travels_changed(o, "a/1", 5000, 10, NULL));
	assert_false(travels_changed(o, "a/2", 5000, 10, NULL));
	assert_true(ice_outbox_next(o, 0, &b));
	assert_true(ice_outbox_reject(o, b.id, "poison"));
	ice_outbox_batch_free(&b);
	assert_false(travels_changed(o, "a/1", 5001, 11, NULL));
	assert_false(travels_changed(o, "a/2", 5001, 11, NULL));
	/* another server has none of them either */
	assert_true(ice_outbox_forget_kept(o));
	assert_false(travels_changed(o, "a/1", 5002, 12, NULL));
	ice_outbox_close(o);
}

static void what_others_were_told_is_no_base(void **state)
{
	static const struct {
		const char *site, *server;
		bool changed;
	} cases[] = {{"hq", "https://one", false}, {"hq", "https://one", true},   {"hq", "https://two", false},
	             {"hq", "https://two", true},  {"lab", "https://two", false}, {"hq", "https://two", false}};
	(void)state;
	char *base = record("a/1", 10, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ice_outbox *o = open_for(cases[i].site, cases[i].server);
		assert_int_equal(travels_changed(o, "a/1", 5000, 10, base), cases[i].changed);
		ice_outbox_close(o);
	}
	free(base);
}

/* A server that knows no changes refuses the batches that hold them: not every second one, but one in a while. */
static void after_a_refusal_readings_travel_whole_for_a_while(void **state)
{
	(void)state;
	struct ice_outbox *o = open_outbox(AGE, 0);
	struct ice_outbox_batch b;
	int64_t now = ice_clock_wall();
	char *base = record("a/1", 14, 0);
	assert_false(travels_changed(o, "a/1", now, 10, NULL));
	assert_true(ice_outbox_next(o, 0, &b));
	assert_true(ice_outbox_reject(o, b.id, "unknown schema"));
	ice_outbox_batch_free(&b);
	assert_false(travels_changed(o, "a/1", now + 1, 11, NULL));
	assert_false(travels_changed(o, "a/1", now + 2, 12, NULL));
	ice_outbox_close(o);
	o = open_outbox(AGE, 0);
	assert_false(travels_changed(o, "a/1", now + 3, 13, NULL));
	assert_false(travels_changed(o, "a/1", now + AGE + 60, 14, NULL));
	assert_true(travels_changed(o, "a/1", now + AGE + 61, 15, base));
	ice_outbox_close(o);
	/* a clock that went back does not make it longer */
	o = open_outbox(AGE / 2, 0);
	assert_false(travels_changed(o, "a/1", now - AGE, 14, NULL));
	assert_true(travels_changed(o, "a/1", now - AGE + 1, 15, base));
	ice_outbox_close(o);
	free(base);
}

static void what_was_not_committed_is_no_base(void **state)
{
	(void)state;
	struct ice_outbox *o = open_outbox(AGE, 1);
	assert_int_equal(put(o, "a/1", 5000, record("a/1", 10, 0)), ICE_OUTBOX_FULL);
	ice_outbox_close(o);
	o = open_outbox(AGE, 0);
	assert_false(travels_changed(o, "a/1", 5001, 11, NULL));
	ice_outbox_close(o);
}

static void a_record_that_is_too_long_is_no_base(void **state)
{
	(void)state;
	struct ice_outbox *o = open_outbox(AGE, 0);
	assert_false(travels_changed(o, "a/1", 5000, 10, NULL));
	assert_int_equal(put(o, "a/1", 5001, record("a/1", 11, ICE_CHANGE_BASE_MAX)), ICE_OUTBOX_OK);
	assert_false(travels_changed(o, "a/1", 5002, 10, NULL));
	ice_outbox_close(o);
}

/* Both are told against what was there before, never against each other. */
static void twice_in_one_batch(void **state)
{
	(void)state;
	struct ice_outbox *o = open_outbox(AGE, 0);
	char device[] = "a/1";
	for (int round = 0; round < 2; round++) {
		struct ice_reading a = {.json = record(device, 10, 0), .device = device, .at = 5000}, b = a;
		const struct ice_reading *list[] = {&a, &b};
		size_t taken;
		b.json = record(device, 20, 0);
		a.len = strlen(a.json);
		b.len = strlen(b.json);
		assert_int_equal(ice_outbox_put(o, list, 2, &taken), ICE_OUTBOX_OK);
		assert_int_equal(taken, 2);
		json_t *readings = newest(o);
		for (size_t i = 0; i < 2; i++)
			assert_true((json_object_get(json_array_get(readings, i), "base") != NULL) == (round == 1));
		json_decref(readings);
		free(a.json);
		free(b.json);
	}
	ice_outbox_close(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(what_was_committed_whole_is_a_base, make_folder, remove_folder),
	        cmocka_unit_test_setup_teardown(a_base_grows_old, make_folder, remove_folder),
	        cmocka_unit_test_setup_teardown(without_an_age_everything_travels_whole, make_folder, remove_folder),
	        cmocka_unit_test_setup_teardown(what_is_set_aside_is_no_base_any_more, make_folder, remove_folder),
	        cmocka_unit_test_setup_teardown(what_others_were_told_is_no_base, make_folder, remove_folder),
	        cmocka_unit_test_setup_teardown(after_a_refusal_readings_travel_whole_for_a_while, make_folder,
	                                        remove_folder),
	        cmocka_unit_test_setup_teardown(what_was_not_committed_is_no_base, make_folder, remove_folder),
	        cmocka_unit_test_setup_teardown(a_record_that_is_too_long_is_no_base, make_folder, remove_folder),
	        cmocka_unit_test_setup_teardown(twice_in_one_batch, make_folder, remove_folder),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
