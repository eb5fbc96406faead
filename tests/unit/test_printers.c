/* The project's own recordings: each of tests/data/printers against the truth file beside it, each of tests/data/devices is no
 * printer. A truth file is the record as `ice replay` prints it, put right by hand, without `ip` and `read_at`; a member `note` says what
 * the case is about. Nothing may be missing and nothing may be too much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>

#include "truth/play.h"
#include "truth/profiles.h"
#include "truth/recordings.h"

#define DATA "tests/data"

static unsigned cases, wrong;

/* The ways in which a device may be asked; all must tell the same. */
static const struct way {
	const char *name;
	enum ice_snmp_version version;
	bool v1_only;
	size_t reply_max;
} ways[] = {
        {"v2c", ICE_SNMP_V2C, false, 1472},
        {"v1", ICE_SNMP_V1, true, 1472},
        {"v2c, small answers", ICE_SNMP_V2C, false, 484},
};

static void differ(const char *file, const struct way *way, const char *field, const json_t *want, const json_t *got)
{
	char *a = want ? json_dumps(want, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	char *b = got ? json_dumps(got, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
	printf("%s (%s): %s: wanted %s, got %s\n", file, way->name, field, a ? a : "nothing", b ? b : "nothing");
	free(a);
	free(b);
	wrong++;
}

static void compare(const char *file, const struct way *way, const json_t *truth, const json_t *record)
{
	const char *key;
	json_t *value;
	json_object_foreach((json_t *)truth, key, value)
	{
		const json_t *got = json_object_get(record, key);
		if (strcmp(key, "note") != 0 && (!got || !json_equal(value, (json_t *)got)))
			differ(file, way, key, value, got);
	}
	json_object_foreach((json_t *)record, key, value)
	{
		if (strcmp(key, "ip") != 0 && strcmp(key, "read_at") != 0 && !json_object_get(truth, key))
			differ(file, way, key, NULL, value);
	}
}

static struct ice_recording *load_recording(const char *path)
{
	char why[256];
	struct ice_recording *recording = ice_recording_load(path, why, sizeof(why));
	if (!recording)
		fail_msg("%s", why);
	assert_int_equal(ice_recording_skipped(recording), 0);
	return recording;
}

static void one_printer(const char *path, const char *file, void *arg)
{
	(void)arg;
	static struct ice_record record;
	char truth_path[512];
	json_error_t error;
	snprintf(truth_path, sizeof(truth_path), "%.*s.json", (int)(strrchr(path, '.') - path), path);
	json_t *truth = json_load_file(truth_path, 0, &error);
	if (!truth)
		fail_msg("%s: line %d: %s", truth_path, error.line, error.text);
	struct ice_recording *recording = load_recording(path);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct play p = {.profiles = profiles,
		                 .recording = recording,
		                 .version = ways[i].version,
		                 .v1_only = ways[i].v1_only,
		                 .reply_max = ways[i].reply_max};
		if (!play_run(&p)) {
			printf("%s (%s): not recognised: %s\n", file, ways[i].name, p.identity.reason);
			wrong++;
			continue;
		}
		size_t n;
		ice_probe_record(p.probe, 0, &record);
		char *text = ice_record_to_json(&record, &n);
		json_t *told = json_loadb(text, n, 0, &error);
		assert_non_null(told);
		compare(file, &ways[i], truth, told);
		json_decref(told);
		free(text);
		play_end(&p);
	}
	ice_recording_free(recording);
	json_decref(truth);
}

static void one_device(const char *path, const char *file, void *arg)
{
	(void)arg;
	struct ice_recording *recording = load_recording(path);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct play p = {.profiles = profiles,
		                 .recording = recording,
		                 .version = ways[i].version,
		                 .v1_only = ways[i].v1_only,
		                 .reply_max = ways[i].reply_max};
		if (play_run(&p)) {
			printf("%s (%s): called a printer: %s\n", file, ways[i].name, p.identity.reason);
			wrong++;
		}
		play_end(&p);
	}
	ice_recording_free(recording);
}

static void each(const char *folder, recordings_fn *one)
{
	wrong = 0;
	cases = recordings_each(folder, one, NULL);
}

static void test_every_printer_tells_its_truth(void **state)
{
	(void)state;
	each(DATA "/printers", one_printer);
	printf("| %u printers of our own making: %u fields wrong\n", cases, wrong);
	assert_true(cases > 0);
	assert_int_equal(wrong, 0);
}

static void test_no_other_device_is_a_printer(void **state)
{
	(void)state;
	each(DATA "/devices", one_device);
	printf("| %u other devices of our own making: %u called printers\n", cases, wrong);
	assert_true(cases > 0);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_every_printer_tells_its_truth),
	        cmocka_unit_test(test_no_other_device_is_a_printer),
	};
	return cmocka_run_group_tests(tests, profiles_load, profiles_unload);
}
