#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/range_file.h"

static char path[] = "/tmp/ice-range-file-XXXXXX";
static struct ice_range *range;
static struct ice_conf_mistakes mistakes;

static bool read_text(const char *text, size_t n)
{
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fwrite(text, 1, n, f);
	fclose(f);
	return ice_range_file_add(range, path, &mistakes);
}

static int before(void **state)
{
	(void)state;
	range = ice_range_new();
	return 0;
}

static int after(void **state)
{
	(void)state;
	ice_range_free(range);
	ice_conf_mistakes_free(&mistakes);
	memset(&mistakes, 0, sizeof(mistakes));
	return 0;
}

static uint64_t count(void)
{
	char why[ICE_RANGE_WHY_SIZE];
	assert_true(ice_range_seal(range, why, sizeof(why)));
	return ice_range_count(range);
}

static void test_takes_every_form(void **state)
{
	(void)state;
	const char text[] = "# the office\n\n10.0.0.1 10.0.0.2,10.0.0.3\n  10.0.1.0/24\t# first floor\r\n"
	                    "10.0.2.1-10\n!10.0.2.5\nfd00::10-fd00::1f\n10.0.9.9";
	assert_true(read_text(text, strlen(text)));
	assert_int_equal(count(), 3 + 254 + 9 + 16 + 1);
}

static void test_tells_every_mistake_with_its_line(void **state)
{
	(void)state;
	const char text[] = "10.0.0.1\nprinters\n10.0.0.2\n8.8.8.8\n10.0.0.300\n";
	assert_false(read_text(text, strlen(text)));
	assert_int_equal(mistakes.count, 3);
	for (int i = 0; i < 3; i++) {
		char where[64];
		snprintf(where, sizeof(where), "%s:%d:", path, (int[]){2, 4, 5}[i]);
		assert_non_null(strstr(mistakes.lines[i], where));
	}
}

static void test_refuses_a_line_it_cannot_hold(void **state)
{
	(void)state;
	char text[6000];
	memset(text, ' ', sizeof(text));
	memcpy(text + 5000, "\n10.0.0.1\nx\n", 12);
	assert_false(read_text(text, 5012));
	assert_int_equal(mistakes.count, 2);
	assert_non_null(strstr(mistakes.lines[0], ":1:"));
	assert_non_null(strstr(mistakes.lines[1], ":3:"));
}

static void test_refuses_what_is_no_text(void **state)
{
	(void)state;
	assert_false(read_text("10.0.0.1\0 10.0.0.2\n10.0.0.3\n", 28));
	assert_non_null(strstr(mistakes.lines[0], ":1:"));
}

static void test_a_file_without_an_end(void **state)
{
	(void)state;
	assert_false(ice_range_file_add(range, "/dev/zero", &mistakes));
	assert_int_equal(mistakes.count, 1);
}

static void test_a_file_that_is_not_there(void **state)
{
	(void)state;
	assert_false(ice_range_file_add(range, "/nonexistent/ranges", &mistakes));
	assert_non_null(strstr(mistakes.lines[0], "/nonexistent/ranges"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_takes_every_form, before, after),
	        cmocka_unit_test_setup_teardown(test_tells_every_mistake_with_its_line, before, after),
	        cmocka_unit_test_setup_teardown(test_refuses_a_line_it_cannot_hold, before, after),
	        cmocka_unit_test_setup_teardown(test_refuses_what_is_no_text, before, after),
	        cmocka_unit_test_setup_teardown(test_a_file_without_an_end, before, after),
	        cmocka_unit_test_setup_teardown(test_a_file_that_is_not_there, before, after),
	};
	int fd = mkstemp(path);
	if (fd >= 0)
		close(fd);
	int status = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	return status;
}
