#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/options.h"
#include "ice/clock.h"

struct taken {
	bool quiet;
	const char *format;
	int64_t retries;
	ice_usec timeout;
	char calls[128];
};

static bool take_call(const char *value, char *why, size_t why_size, void *into)
{
	struct taken *t = into;
	if (strcmp(value, "bad") == 0) {
		snprintf(why, why_size, "bad is not good");
		return false;
	}
	strcat(t->calls, value);
	strcat(t->calls, ";");
	return true;
}

static const struct ice_option rows[] = {
        {"quiet", 'q', NULL, ICE_OPTION_FLAG, offsetof(struct taken, quiet), 0, 0, NULL, false, "say little"},
        {"format", 'f', "FORMAT", ICE_OPTION_TEXT, offsetof(struct taken, format), 0, 0, NULL, false, "which\nformat"},
        {"retries", 0, "N", ICE_OPTION_NUMBER, offsetof(struct taken, retries), 0, 10, NULL, false, "tries"},
        {"timeout", 't', "TIME", ICE_OPTION_DURATION, offsetof(struct taken, timeout), 10000, 60000000, NULL, false,
         "wait"},
        {"community", 0, "C", ICE_OPTION_CALL, 0, 0, 0, take_call, true, "secret"},
        {"exclude", 'x', "RANGE", ICE_OPTION_CALL, 0, 0, 0, take_call, false, "not these"},
        {NULL, 0, NULL, ICE_OPTION_FLAG, 0, 0, 0, NULL, false, NULL}};
static const struct ice_command command = {"ice try", "RANGE...", "Tries.", rows, "More."};

static char words[16][64];
static char *argv[17];
static char told[4096]; /* what went to standard error or output */

/* Runs the reader on words separated by blanks, with one of the standard streams caught. */
static enum ice_options_result read_words(const char *line, int *argc, struct taken *t, FILE *caught)
{
	int n = 0;
	char copy[512];
	snprintf(copy, sizeof(copy), "try %s", line);
	for (char *w = strtok(copy, " "); w; w = strtok(NULL, " ")) {
		snprintf(words[n], sizeof(words[n]), "%s", w);
		argv[n] = words[n];
		n++;
	}
	argv[n] = NULL;
	*argc = n;
	memset(t, 0, sizeof(*t));
	FILE *file = tmpfile();
	assert_non_null(file);
	fflush(caught);
	int saved = dup(fileno(caught));
	dup2(fileno(file), fileno(caught));
	enum ice_options_result result = ice_options_read(&command, argc, argv, t);
	fflush(caught);
	dup2(saved, fileno(caught));
	close(saved);
	rewind(file);
	told[fread(told, 1, sizeof(told) - 1, file)] = '\0';
	fclose(file);
	return result;
}

static void test_options_of_every_kind_and_arguments_between(void **state)
{
	(void)state;
	struct taken t;
	int argc;
	assert_int_equal(read_words("10.0.0.1 -q --format json --retries=3 -t500ms -x a --exclude=b 10.0.0.2 -- -x",
	                            &argc, &t, stderr),
	                 ICE_OPTIONS_READ);
	assert_true(t.quiet);
	assert_string_equal(t.format, "json");
	assert_int_equal(t.retries, 3);
	assert_int_equal(t.timeout, 500000);
	assert_string_equal(t.calls, "a;b;");
	assert_int_equal(argc, 3);
	assert_string_equal(argv[0], "10.0.0.1");
	assert_string_equal(argv[1], "10.0.0.2");
	assert_string_equal(argv[2], "-x");
	assert_string_equal(told, "");
}

static void refused(const char *line, const char *words_of_it)
{
	struct taken t;
	int argc;
	assert_int_equal(read_words(line, &argc, &t, stderr), ICE_OPTIONS_WRONG);
	if (!strstr(told, words_of_it))
		fail_msg("\"%s\" was refused with\n%s\nwithout the words \"%s\"", line, told, words_of_it);
	assert_non_null(strstr(told, "ice try --help"));
}

static void test_what_is_wrong_is_refused_with_a_hint(void **state)
{
	(void)state;
	refused("--tiemout 2s", "did you mean --timeout?");
	refused("--forma=json", "did you mean --format?");
	refused("--hlep", "did you mean --help?");
	refused("--zebra", "--zebra: no such option");
	refused("-z", "-z: no such option");
	refused("--retries", "--retries needs a value: --retries N");
	refused("--retries 11", "\"11\" is not a number from 0 to 10");
	refused("--retries x", "\"x\" is not a number");
	refused("--retries +1", "\"+1\" is not a number");
	refused("--timeout 1ms", "from 10 to 60000 ms");
	refused("--timeout soon", "\"soon\" is not a duration");
	refused("--quiet=yes", "--quiet takes no value");
	refused("--exclude bad", "--exclude: bad is not good");
}

static void test_a_secret_is_wiped_from_the_arguments(void **state)
{
	(void)state;
	struct taken t;
	int argc;
	assert_int_equal(read_words("--community s3cret --community=hidden 10.0.0.1", &argc, &t, stderr),
	                 ICE_OPTIONS_READ);
	assert_string_equal(t.calls, "s3cret;hidden;");
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		for (size_t k = 0; k + 6 < sizeof(words[i]); k++) {
			assert_memory_not_equal(words[i] + k, "s3cret", 6);
			assert_memory_not_equal(words[i] + k, "hidden", 6);
		}
	}
}

static void test_help_names_every_option_on_standard_output(void **state)
{
	(void)state;
	struct taken t;
	int argc;
	assert_int_equal(read_words("--help", &argc, &t, stdout), ICE_OPTIONS_HELPED);
	for (const struct ice_option *o = rows; o->name; o++)
		assert_non_null(strstr(told, o->name));
	assert_non_null(strstr(told, "Usage: ice try [OPTION...] RANGE..."));
	assert_non_null(strstr(told, "More."));
}

static void test_durations(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t usec;
	} good[] = {{"2", 2000000}, {"1.5s", 1500000},  {"300ms", 300000},
	            {"10us", 10},   {"10m", 600000000}, {"1h", 3600000000}};
	static const char *const bad[] = {"", "s", "-1s", "1e3", "0x10", "1 s", "inf", "nan", "5 weeks", "1d2h"};
	int64_t usec;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		assert_true(ice_options_duration(good[i].text, &usec));
		assert_int_equal(usec, good[i].usec);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_false(ice_options_duration(bad[i], &usec));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_options_of_every_kind_and_arguments_between),
	        cmocka_unit_test(test_what_is_wrong_is_refused_with_a_hint),
	        cmocka_unit_test(test_a_secret_is_wiped_from_the_arguments),
	        cmocka_unit_test(test_help_names_every_option_on_standard_output),
	        cmocka_unit_test(test_durations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
