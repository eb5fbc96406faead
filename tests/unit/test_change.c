/* Changes: what is rebuilt is what was read, to the byte; what is not a change of this base is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "ice/batch.h"
#include "ice/change.h"
#include "ice/conf.h"
#include "truth/office.h"

static struct office_models models;

/* The change between two texts as its "set" alone; NULL when the second travels whole. */
static char *set_between(const char *base, const char *json)
{
	size_t len;
	char *change = ice_change_make(base, strlen(base), json, strlen(json), &len);
	if (!change)
		return NULL;
	json_t *o = json_loads(change, 0, NULL);
	char *set = json_dumps(json_object_get(o, "set"), JSON_COMPACT);
	json_decref(o);
	free(change);
	return set;
}

#define SAME                                                                                                           \
	",\"name\":\"a printer with a name that is long enough to be worth a change and more than that, so much is "   \
	"sure\"}"

static void a_change_is_what_differs(void **state)
{
	static const struct {
		const char *what, *base, *json, *set;
	} cases[] = {
	        {"nothing", "{\"a\":1" SAME, "{\"a\":1" SAME, "{}"},
	        {"a member", "{\"a\":1" SAME, "{\"a\":2" SAME, "{\"a\":2}"},
	        {"a member goes", "{\"a\":1" SAME, "{\"b\":2" SAME, "{\"a\":null,\"b\":2}"},
	        {"within", "{\"a\":{\"b\":1,\"c\":2}" SAME, "{\"a\":{\"b\":1,\"c\":3}" SAME, "{\"a\":{\"c\":3}}"},
	        {"a row", "{\"a\":[{\"b\":1,\"c\":5},{\"b\":2,\"c\":5}]" SAME,
	         "{\"a\":[{\"b\":1,\"c\":5},{\"b\":3,\"c\":5}]" SAME, "{\"a\":{\"1\":{\"b\":3}}}"},
	        {"a row more", "{\"a\":[{\"b\":1}]" SAME, "{\"a\":[{\"b\":1},{\"b\":2}]" SAME,
	         "{\"a\":{\"1\":{\"b\":2}}}"},
	        {"rows less", "{\"a\":[{\"b\":1},{\"b\":2},{\"b\":3}]" SAME, "{\"a\":[{\"b\":1}]" SAME,
	         "{\"a\":[{\"b\":1}]}"},
	        {"rows less of more", "{\"a\":[{\"bcdefg\":1},{\"b\":2},{\"b\":3}]" SAME,
	         "{\"a\":[{\"bcdefg\":1}]" SAME, "{\"a\":{\"1\":null}}"},
	        {"a short list", "{\"a\":[1,2,3]" SAME, "{\"a\":[4,5,6]" SAME, "{\"a\":[4,5,6]}"},
	        {"no list any more", "{\"a\":[1,2,3]" SAME, "{\"a\":\"none\"" SAME, "{\"a\":\"none\"}"},
	        {"a percent", "{\"a\":43.3" SAME, "{\"a\":43" SAME, "{\"a\":43}"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *set = set_between(cases[i].base, cases[i].json);
		if (!set || strcmp(set, cases[i].set) != 0)
			fail_msg("%s: %s, not %s", cases[i].what, set ? set : "nothing", cases[i].set);
		free(set);
	}
}

static void what_a_change_cannot_say_travels_whole(void **state)
{
	(void)state;
	assert_null(set_between("{\"a\":[1]" SAME, "{\"a\":{\"b\":1}" SAME));
	assert_null(set_between("{\"a\":1" SAME, "{\"a\":null" SAME));
	assert_null(set_between("{\"a\":{}" SAME, "{\"a\":{\"b\":null}" SAME));
	assert_null(set_between("{\"a\":1}", "{\"a\":2}"));
	assert_null(set_between("{\"a\":1" SAME, "{\"a\":2"));
	assert_null(set_between("[]", "{\"a\":1" SAME));
	char *big = malloc(ICE_CHANGE_BASE_MAX + 1);
	memset(big, 'x', ICE_CHANGE_BASE_MAX);
	big[ICE_CHANGE_BASE_MAX] = '\0';
	memcpy(big, "{\"a\":\"", 6);
	memcpy(big + ICE_CHANGE_BASE_MAX - 2, "\"}", 2);
	char *set = set_between(big, big);
	assert_string_equal(set, "{}");
	free(set);
	size_t len;
	assert_null(ice_change_make(big, ICE_CHANGE_BASE_MAX + 1, big, ICE_CHANGE_BASE_MAX, &len));
	free(big);
}

static void what_is_no_change_of_this_base_is_refused(void **state)
{
	static const char base[] = "{\"a\":[1,{\"b\":2}],\"c\":{\"d\":3}}";
	static const struct {
		const char *set, *result; /* NULL: refused */
	} cases[] = {
	        {"{}", base},
	        {"{\"e\":{\"f\":[]}}", "{\"a\":[1,{\"b\":2}],\"c\":{\"d\":3},\"e\":{\"f\":[]}}"},
	        {"{\"a\":{\"2\":5,\"3\":6,\"0\":null}}", "{\"a\":[],\"c\":{\"d\":3}}"},
	        {"{\"a\":{\"1\":null,\"1 \":1}}", NULL},
	        {"{\"c\":null}", "{\"a\":[1,{\"b\":2}]}"},
	        {"{\"c\":{\"d\":null}}", "{\"a\":[1,{\"b\":2}],\"c\":{}}"},
	        {"{\"c\":{\"0\":5}}", "{\"a\":[1,{\"b\":2}],\"c\":{\"d\":3,\"0\":5}}"},
	        {"{\"a\":{\"0\":{\"x\":1}}}", "{\"a\":[{\"x\":1},{\"b\":2}],\"c\":{\"d\":3}}"},
	        {"{\"x\":null}", NULL},
	        {"{\"c\":{\"x\":null}}", NULL},
	        {"{\"a\":{\"3\":1}}", NULL},
	        {"{\"a\":{\"2\":null}}", NULL},
	        {"{\"a\":{\"00\":1}}", NULL},
	        {"{\"a\":{\"-1\":1}}", NULL},
	        {"{\"a\":{\"+1\":1}}", NULL},
	        {"{\"a\":{\"\":1}}", NULL},
	        {"{\"a\":{\"18446744073709551616\":1}}", NULL},
	        {"{\"a\":{\"b\":1}}", NULL},
	        {"[]", NULL},
	        {"1", NULL},
	};
	char name[ICE_CHANGE_NAME_SIZE], change[256], why[160];
	size_t len;
	(void)state;
	ice_change_name(base, strlen(base), name);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(change, sizeof(change), "{\"base\":\"%s\",\"set\":%s}", name, cases[i].set);
		char *got = ice_change_apply(base, strlen(base), change, strlen(change), &len, why, sizeof(why));
		if ((got == NULL) != (cases[i].result == NULL) || (got && strcmp(got, cases[i].result) != 0))
			fail_msg("%s: %s", cases[i].set, got ? got : why);
		free(got);
	}
	static const char *const others[] = {
	        "",
	        "{}",
	        "{\"set\":{}}",
	        "{\"base\":\"%s\"}",
	        "{\"base\":\"%s\",\"set\":{},\"more\":1}",
	        "{\"base\":\"%s\",\"set\":{},\"set\":{}}",
	        "{\"base\":\"%.15sG\",\"set\":{}}",
	        "{\"base\":\"%.15s\",\"set\":{}}",
	        "{\"base\":\"0000000000000000\",\"set\":{}}",
	        "{\"base\":1,\"set\":{}}",
	};
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(change, sizeof(change), others[i], name);
#pragma GCC diagnostic pop
		if (ice_change_apply(base, strlen(base), change, strlen(change), &len, why, sizeof(why)))
			fail_msg("%s is a change", change);
	}
}

static void a_patch_goes_no_deeper_than_its_bound(void **state)
{
	char base[512] = "", set[512] = "", change[1200], name[ICE_CHANGE_NAME_SIZE], why[160];
	size_t len;
	(void)state;
	for (int depth = 1; depth <= ICE_CHANGE_DEPTH + 2; depth++) {
		snprintf(base, sizeof(base), "%.*s1%.*s", 5 * depth,
		         "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":", depth, "}}}}}}}}}}");
		snprintf(set, sizeof(set), "%.*s2%.*s", 5 * depth,
		         "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":", depth, "}}}}}}}}}}");
		ice_change_name(base, strlen(base), name);
		snprintf(change, sizeof(change), "{\"base\":\"%s\",\"set\":%s}", name, set);
		char *got = ice_change_apply(base, strlen(base), change, strlen(change), &len, why, sizeof(why));
		assert_true((got != NULL) == (depth <= ICE_CHANGE_DEPTH + 1));
		free(got);
	}
}

/* As the server does it: the change applied, read as a record, written again. */
static void expect_rebuilt(const char *base, size_t base_len, const char *change, size_t change_len, const char *json)
{
	static struct ice_record record;
	char why[200];
	size_t len;
	char *text = ice_change_apply(base, base_len, change, change_len, &len, why, sizeof(why));
	if (!text || !ice_record_from_json(text, len, &record, why, sizeof(why)))
		fail_msg("%s of %s: %s", change, base, why);
	char *rebuilt = ice_record_to_json(&record, &len);
	assert_string_equal(rebuilt, json);
	free(rebuilt);
	free(text);
}

/* Every model there is, at work for a day; and every model as the base of every other. */
static void what_is_rebuilt_is_what_was_read(void **state)
{
	static struct office_printer printer;
	struct ice_random random;
	size_t changes = 0, whole = 0, change_bytes = 0, bytes = 0, pairs = 0, base_len, len, n;
	(void)state;
	ice_random_seed(&random, 7);
	for (unsigned i = 0; i < models.count; i++) {
		office_begin(&printer, &models, i, &random);
		printer.record.read_at = 1795340460;
		char *base = ice_record_to_json(&printer.record, &base_len);
		for (unsigned hour = 0; hour < 24; hour++) {
			printer.record.read_at += 3600;
			office_work(&printer, 3600, 9, &random);
			char *json = ice_record_to_json(&printer.record, &len),
			     *change = ice_change_make(base, base_len, json, len, &n);
			if (change) {
				expect_rebuilt(base, base_len, change, n, json);
				changes++;
				change_bytes += n;
				bytes += len;
			} else {
				whole++;
			}
			free(change);
			free(json);
		}
		free(base);
		for (unsigned k = 0; k < models.count; k++) {
			char *change =
			        ice_change_make(models.json[i], models.len[i], models.json[k], models.len[k], &n);
			if (change)
				expect_rebuilt(models.json[i], models.len[i], change, n, models.json[k]);
			pairs += change != NULL;
			free(change);
		}
	}
	print_message("| %zu models at work for a day: %zu readings as changes of %zu bytes instead of %zu, %zu whole; "
	              "%zu pairs of models\n",
	              models.count, changes, change_bytes / changes, bytes / changes, whole, pairs);
	assert_true(models.count > 50 && pairs > models.count / 2);
	assert_true(changes > 10 * whole);
}

static int load(void **state)
{
	struct ice_conf_mistakes mistakes = {0};
	struct ice_profiles *profiles = ice_profiles_load("config/profiles", &mistakes);
	(void)state;
	ice_conf_mistakes_free(&mistakes);
	assert_non_null(profiles);
	office_models_add(&models, profiles, "tests/data/printers", false);
	office_models_add(&models, profiles, "config/demo/printers", false);
	if (office_models_add(&models, profiles, "../shared/corpus/printers", false) == 0)
		print_message("../shared/corpus is not here\n");
	ice_profiles_free(profiles);
	return 0;
}

static int unload(void **state)
{
	(void)state;
	office_models_free(&models);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_change_is_what_differs),
	        cmocka_unit_test(what_a_change_cannot_say_travels_whole),
	        cmocka_unit_test(what_is_no_change_of_this_base_is_refused),
	        cmocka_unit_test(a_patch_goes_no_deeper_than_its_bound),
	        cmocka_unit_test(what_is_rebuilt_is_what_was_read),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
