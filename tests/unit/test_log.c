#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ice/log.h"

static int ends[2];
static char got[65536];

static int setup(void **state)
{
	(void)state;
	unsetenv("JOURNAL_STREAM");
	ice_log_set_level(ICE_LOG_INFO);
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
		return -1;
	ice_log_set_fd(ends[1]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(ends[0]);
	close(ends[1]);
	ice_log_set_fd(2);
	unsetenv("JOURNAL_STREAM");
	return 0;
}

/* What was written, without the time, which is checked for its shape. */
static const char *said(void)
{
	ssize_t n = read(ends[0], got, sizeof(got) - 1);
	got[n > 0 ? n : 0] = 0;
	if (n <= 0)
		return got;
	static const char shape[] = "dddd-dd-ddTdd:dd:ddZ ";
	for (size_t i = 0; i < sizeof(shape) - 1; i++) {
		if (shape[i] == 'd' ? got[i] < '0' || got[i] > '9' : got[i] != shape[i])
			fail_msg("no time at the start of \"%s\"", got);
	}
	return got + sizeof(shape) - 1;
}

static void test_message_and_fields(void **state)
{
	(void)state;
	ICE_LOG(ICE_LOG_WARN, "upload refused", ice_field_str("site", "hq"), ice_field_int("status", 403));
	assert_string_equal(said(), "warn upload refused site=hq status=403\n");
	ice_log_write(ICE_LOG_ERROR, "nothing more", NULL);
	assert_string_equal(said(), "error nothing more\n");
	ICE_LOG(ICE_LOG_INFO, "m", ice_field_int("low", INT64_MIN), ice_field_int("high", INT64_MAX),
	        ice_field_str("absent", NULL));
	assert_string_equal(said(), "info m low=-9223372036854775808 high=9223372036854775807 absent=-\n");
}

static void test_levels(void **state)
{
	(void)state;
	enum ice_log_level level;
	ice_log_write(ICE_LOG_DEBUG, "m", NULL);
	assert_string_equal(said(), "");
	ice_log_set_level(ICE_LOG_DEBUG);
	ice_log_write(ICE_LOG_DEBUG, "m", NULL);
	assert_string_equal(said(), "debug m\n");
	ice_log_set_level(ICE_LOG_ERROR);
	ice_log_write(ICE_LOG_WARN, "m", NULL);
	assert_string_equal(said(), "");
	assert_true(ice_log_level_parse("debug", &level));
	assert_int_equal(level, ICE_LOG_DEBUG);
	assert_true(ice_log_level_parse("error", &level));
	assert_int_equal(level, ICE_LOG_ERROR);
	assert_false(ice_log_level_parse("", &level));
	assert_false(ice_log_level_parse("Debug", &level));
	assert_false(ice_log_level_parse("warning", &level));
}

static void check_value(const char *value, const char *want)
{
	char line[8192];
	snprintf(line, sizeof(line), "info m v=%s\n", want);
	ICE_LOG(ICE_LOG_INFO, "m", ice_field_str("v", value));
	assert_string_equal(said(), line);
}

static void test_values_cannot_forge(void **state)
{
	(void)state;
	check_value("plain-1.2_3:/@+,%~", "plain-1.2_3:/@+,%~");
	check_value("", "\"\"");
	check_value("two words", "\"two words\"");
	check_value("a=b", "\"a=b\"");
	check_value("x\n2026-11-22T09:41:00Z error forged", "\"x\\n2026-11-22T09:41:00Z error forged\"");
	check_value("\r\n\t", "\"\\r\\n\\t\"");
	check_value("\x1b[2J\x1b]0;title\x07", "\"\\x1b[2J\\x1b]0;title\\x07\"");
	check_value("say \"hi\" \\ bye", "\"say \\\"hi\\\" \\\\ bye\"");
	check_value("\" level=error", "\"\\\" level=error\"");
	check_value("B\xc3\xbcro", "\"B\\xc3\\xbcro\"");
	check_value("\xe2\x80\xae", "\"\\xe2\\x80\\xae\"");
	check_value("\x01\x7f\x80\xff", "\"\\x01\\x7f\\x80\\xff\"");
	check_value("%s%n", "%s%n");
}

static void test_the_message_is_escaped_too(void **state)
{
	(void)state;
	ice_log_write(ICE_LOG_INFO, "a\nb \x1b\xff", NULL);
	assert_string_equal(said(), "info a\\nb \\x1b\\xff\n");
}

static void test_long_values_and_lines_are_cut_visibly(void **state)
{
	(void)state;
	char value[2000], want[4096];
	memset(value, 'a', sizeof(value));
	value[512] = 0;
	check_value(value, value);
	value[512] = 'a';
	value[513] = 0;
	snprintf(want, sizeof(want), "\"%.512s...\"", value);
	check_value(value, want);
	memset(value, '\n', sizeof(value));
	value[1999] = 0;
	ICE_LOG(ICE_LOG_INFO, "m", ice_field_str("a", value), ice_field_str("b", value), ice_field_str("c", value),
	        ice_field_str("d", value), ice_field_str("e", value), ice_field_str("f", value));
	const char *line = said();
	assert_in_range(strlen(got), 4000, 4096);
	assert_string_equal(line + strlen(line) - 4, "...\n");
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
	assert_non_null(strstr(line, " d=\""));
}

static void test_every_byte_stays_on_one_line(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		char value[3] = {'x', (char)c, 0};
		ICE_LOG(ICE_LOG_INFO, "m", ice_field_str("v", value));
		const char *line = said();
		for (const char *p = line; *p; p++)
			assert_true((*p >= 0x20 && *p < 0x7f) || (*p == '\n' && p[1] == 0));
	}
}

static void test_journal(void **state)
{
	(void)state;
	struct stat st;
	char stream[64];
	assert_int_equal(fstat(ends[1], &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	static const char *const want[] = {"<3>error m\n", "<4>warn m\n", "<6>info m\n", "<7>debug m\n"};
	ice_log_set_level(ICE_LOG_DEBUG);
	for (int level = ICE_LOG_ERROR; level <= ICE_LOG_DEBUG; level++) {
		ice_log_write((enum ice_log_level)level, "m", NULL);
		ssize_t n = read(ends[0], got, sizeof(got) - 1);
		assert_true(n > 0);
		got[n] = 0;
		assert_string_equal(got, want[level]);
	}
	/* inherited from a service, but writing elsewhere */
	setenv("JOURNAL_STREAM", "1:1", 1);
	ice_log_write(ICE_LOG_INFO, "m", NULL);
	assert_string_equal(said(), "info m\n");
	setenv("JOURNAL_STREAM", "nonsense", 1);
	ice_log_write(ICE_LOG_INFO, "m", NULL);
	assert_string_equal(said(), "info m\n");
}

static void test_a_reader_that_is_stuck_or_gone_costs_lines_only(void **state)
{
	(void)state;
	for (int i = 0; i < 10000; i++) {
		errno = 77;
		ICE_LOG(ICE_LOG_INFO, "m", ice_field_int("i", i));
		assert_int_equal(errno, 77);
	}
	assert_non_null(strstr(said(), "info m i=0\n"));
	ice_log_set_fd(-1);
	ice_log_write(ICE_LOG_INFO, "m", NULL);
	signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	ice_log_set_fd(ends[1]);
	ice_log_write(ICE_LOG_INFO, "m", NULL);
	signal(SIGPIPE, SIG_DFL);
	ends[0] = dup(ends[1]); /* for the teardown */
}

static void test_throttle(void **state)
{
	(void)state;
	struct ice_log_throttle t = {0};
	uint32_t suppressed = 99;
	ice_usec now = ICE_USEC_SEC(1000), second = ICE_USEC_SEC(1);
	for (int i = 0; i < 3; i++) {
		assert_true(ice_log_pass(&t, now + i, 3, second, &suppressed));
		assert_int_equal(suppressed, 0);
	}
	for (int i = 0; i < 100; i++)
		assert_false(ice_log_pass(&t, now + 10 + i, 3, second, &suppressed));
	assert_false(ice_log_pass(&t, now + second - 1, 3, second, &suppressed));
	assert_true(ice_log_pass(&t, now + second, 3, second, &suppressed));
	assert_int_equal(suppressed, 101);
	assert_true(ice_log_pass(&t, now + second, 3, second, &suppressed));
	assert_int_equal(suppressed, 0);
	/* quiet for long: a full burst again, and no more than one */
	now += ICE_USEC_SEC(100000);
	for (int i = 0; i < 3; i++)
		assert_true(ice_log_pass(&t, now, 3, second, &suppressed));
	assert_false(ice_log_pass(&t, now, 3, second, &suppressed));
	/* the count does not wrap */
	t.swallowed = UINT32_MAX;
	assert_false(ice_log_pass(&t, now, 3, second, &suppressed));
	assert_true(ice_log_pass(&t, now + second, 3, second, &suppressed));
	assert_true(suppressed == UINT32_MAX);
	struct ice_log_throttle none = {0};
	assert_false(ice_log_pass(&none, 0, 0, second, &suppressed));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_message_and_fields, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_levels, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_values_cannot_forge, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_the_message_is_escaped_too, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_long_values_and_lines_are_cut_visibly, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_every_byte_stays_on_one_line, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_journal, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_reader_that_is_stuck_or_gone_costs_lines_only, setup, teardown),
	        cmocka_unit_test(test_throttle),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
