#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ice/replace.h"

static char folder[64], path[96], candidate[100], why[512];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_replace.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(candidate, sizeof(candidate), "%s.new", path);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void put(const char *at, const char *text)
{
	FILE *to = fopen(at, "w");
	assert_true(to && fputs(text, to) >= 0 && fclose(to) == 0);
}

static void expect(const char *text, mode_t mode)
{
	char got[64] = "";
	struct stat st;
	FILE *from = fopen(path, "r");
	assert_non_null(from);
	(void)!fread(got, 1, sizeof(got) - 1, from);
	fclose(from);
	assert_string_equal(got, text);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
	assert_int_equal(access(candidate, F_OK), -1);
}

static void test_whole_with_its_mode(void **state)
{
	(void)state;
	struct ice_replace_as as = {.mode = 0640}, secret = {.mode = 0600, .always = true};
	put(candidate, "left behind");
	assert_true(ice_replace_whole(path, "one", 3, &as, why, sizeof(why)));
	expect("one", 0640);
	assert_int_equal(chmod(path, 0604), 0);
	assert_true(ice_replace_whole(path, "two", 3, &as, why, sizeof(why)));
	expect("two", 0604);
	assert_true(ice_replace_whole(path, "three", 5, &secret, why, sizeof(why)));
	expect("three", 0600);
}

static void test_until_the_end_nothing_has_happened(void **state)
{
	(void)state;
	struct ice_replace r, other;
	struct stat st;
	put(path, "old");
	assert_int_equal(chmod(path, 0644), 0);
	assert_true(ice_replace_begin(&r, path, why, sizeof(why)));
	assert_true(ice_replace_put(&r, "new", 3, why, sizeof(why)));
	assert_int_equal(stat(candidate, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	/* Who comes second does not take the first one's candidate away. */
	assert_false(ice_replace_begin(&other, path, why, sizeof(why)));
	assert_non_null(strstr(why, "another process"));
	ice_replace_drop(&other);
	assert_int_equal(access(candidate, F_OK), 0);
	ice_replace_drop(&r);
	expect("old", 0644);
}

static void test_what_is_no_file_is_left_alone(void **state)
{
	(void)state;
	struct ice_replace_as as = {.mode = 0644};
	unlink(path);
	assert_int_equal(symlink("elsewhere", path), 0);
	assert_false(ice_replace_whole(path, "x", 1, &as, why, sizeof(why)));
	assert_non_null(strstr(why, "symbolic link"));
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(ice_replace_whole(path, "x", 1, &as, why, sizeof(why)));
	assert_non_null(strstr(why, "regular file"));
	rmdir(path);
	assert_int_equal(access(candidate, F_OK), -1);
}

static void test_an_owner_is_kept_or_given(void **state)
{
	(void)state;
	struct ice_replace_as as = {.mode = 0600, .like = folder};
	struct stat st;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(folder, 12345, 12346), 0);
	assert_true(ice_replace_whole(path, "x", 1, &as, why, sizeof(why)));
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_uid == 12345 && st.st_gid == 12346);
	assert_int_equal(chown(path, 23456, 23457), 0);
	assert_true(ice_replace_whole(path, "y", 1, &as, why, sizeof(why)));
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_uid == 23456 && st.st_gid == 23457);
}

static void test_two_together(void **state)
{
	(void)state;
	struct ice_replace_as as = {.mode = 0644}, secret = {.mode = 0600, .always = true};
	struct ice_replace r, with = {.folder = -1, .fd = -1}, other;
	char second[104];
	snprintf(second, sizeof(second), "%s/second", folder);
	put(path, "old");
	assert_int_equal(chmod(path, 0644), 0);
	put(second, "old");
	assert_true(ice_replace_begin(&r, path, why, sizeof(why)));
	assert_true(ice_replace_begin_with(&with, &r, second, why, sizeof(why)));
	assert_false(ice_replace_begin(&other, second, why, sizeof(why)));
	ice_replace_drop(&with);
	assert_false(ice_replace_begin(&other, second, why, sizeof(why))); /* the first still has the lock */
	assert_true(ice_replace_begin_with(&with, &r, second, why, sizeof(why)));
	assert_true(ice_replace_put(&r, "one", 3, why, sizeof(why)));
	assert_true(ice_replace_put(&with, "two", 3, why, sizeof(why)));
	assert_true(ice_replace_end_both(&with, &secret, &r, &as, why, sizeof(why)));
	expect("one", 0644);
	struct stat st;
	assert_true(stat(second, &st) == 0 && st.st_size == 3 && (st.st_mode & 07777) == 0600);
	assert_int_equal(unlink(second), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_whole_with_its_mode),
	        cmocka_unit_test(test_until_the_end_nothing_has_happened),
	        cmocka_unit_test(test_what_is_no_file_is_left_alone),
	        cmocka_unit_test(test_an_owner_is_kept_or_given),
	        cmocka_unit_test(test_two_together),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
