#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ice/secret.h"

static char folder[] = "/tmp/test_secret.XXXXXX";
static char path[64], why[256];

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void write_file(const void *bytes, size_t n, mode_t mode)
{
	unlink(path);
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void write_text(const char *text)
{
	write_file(text, strlen(text), 0600);
}

static void assert_why(const char *part)
{
	if (!strstr(why, part) || strncmp(why, folder, strlen(folder)) != 0)
		fail_msg("the reason is \"%s\", it should begin with the path and say \"%s\"", why, part);
}

static void refused(const char *part)
{
	struct ice_secret s[4];
	memset(s, 0x5a, sizeof(s));
	*why = 0;
	assert_int_equal(ice_secret_read(path, s, 4, why, sizeof(why)), 0);
	assert_why(part);
}

static void test_lines_are_kept_as_they_are(void **state)
{
	(void)state;
	struct ice_secret s[8];
	write_text("# comment\n\npublic\n \t \n two words \r\n\xff\xfe binary\n#not one\n #is one\n\r\nlast");
	assert_int_equal(ice_secret_read(path, s, 8, why, sizeof(why)), 5);
	assert_true(ice_secret_same(&s[0], "public", 6));
	assert_true(ice_secret_same(&s[1], " two words ", 11));
	assert_true(ice_secret_same(&s[2], "\xff\xfe binary", 9));
	assert_true(ice_secret_same(&s[3], " #is one", 8));
	assert_true(ice_secret_same(&s[4], "last", 4));
	assert_int_equal(s[4].bytes[4], 0);
}

static void test_the_longest_line(void **state)
{
	(void)state;
	char line[ICE_SECRET_MAX + 3];
	struct ice_secret s;
	memset(line, 'x', sizeof(line));
	line[ICE_SECRET_MAX] = '\n';
	write_file(line, ICE_SECRET_MAX + 1, 0400);
	assert_int_equal(ice_secret_read(path, &s, 1, why, sizeof(why)), 1);
	assert_int_equal(s.len, ICE_SECRET_MAX);
	assert_int_equal(s.bytes[ICE_SECRET_MAX], 0);
	line[ICE_SECRET_MAX] = 'x';
	line[ICE_SECRET_MAX + 1] = '\n';
	write_file(line, ICE_SECRET_MAX + 2, 0600);
	refused(":1: the line is longer than 255");
}

static void test_modes(void **state)
{
	(void)state;
	struct ice_secret s;
	static const mode_t wrong[] = {0644, 0640, 0620, 0610, 0604, 0602, 0601, 0660, 0666, 0777, 0444, 0440};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char mode[16];
		write_file("public\n", 7, wrong[i]);
		snprintf(mode, sizeof(mode), "mode %04o", (unsigned)wrong[i]);
		refused(mode);
		assert_why("chmod 600");
		assert_null(ice_secret_read_text(path, 100, why, sizeof(why)));
	}
	static const mode_t right[] = {0600, 0400, 0700};
	for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
		write_file("public\n", 7, right[i]);
		assert_int_equal(ice_secret_read(path, &s, 1, why, sizeof(why)), 1);
	}
}

static void test_what_is_no_file(void **state)
{
	(void)state;
	unlink(path);
	refused("No such file");
	assert_int_equal(mkdir(path, 0700), 0);
	refused("not a regular file");
	assert_int_equal(rmdir(path), 0);
	/* a FIFO without a writer must not hold us up; the alarm kills this test if it does */
	assert_int_equal(mkfifo(path, 0600), 0);
	alarm(5);
	refused("not a regular file");
	alarm(0);
	unlink(path);
	assert_int_equal(symlink("/dev/zero", path), 0);
	refused("not a regular file");
	unlink(path);
	assert_int_equal(symlink(path, path), 0);
	refused("cannot be opened");
}

static void test_contents_refused(void **state)
{
	(void)state;
	write_text("");
	refused("is empty");
	write_text("# only\n\n  \n");
	refused("no secret");
	write_text("\xef\xbb\xbfpublic\n");
	refused("byte-order mark");
	write_file("\xff\xfep\0u\0b\0", 8, 0600);
	refused("NUL");
	write_text("a\nb\nc\nd\ne\n");
	refused(":5: holds more than 4 secrets");
	char *big = malloc(70000);
	assert_non_null(big);
	memset(big, '#', 70000);
	write_file(big, 70000, 0600);
	free(big);
	refused("longer than 65536");
}

static void test_failure_leaves_no_secret_behind(void **state)
{
	(void)state;
	struct ice_secret s[2];
	static const uint8_t zero[sizeof(s)];
	write_text("hunter2\nhunter3\nhunter4\n");
	assert_int_equal(ice_secret_read(path, s, 2, why, sizeof(why)), 0);
	assert_memory_equal(s, zero, sizeof(s));
	assert_null(strstr(why, "hunter"));
}

static void test_whole_text(void **state)
{
	(void)state;
	write_text("one\r\ntwo\n");
	char *text = ice_secret_read_text(path, 9, why, sizeof(why));
	assert_non_null(text);
	assert_string_equal(text, "one\r\ntwo\n");
	ice_secret_free_text(text);
	assert_null(ice_secret_read_text(path, 8, why, sizeof(why)));
	assert_why("longer than 8");
	ice_secret_free_text(NULL);
}

static void test_set_same_wipe(void **state)
{
	(void)state;
	struct ice_secret s, t;
	uint8_t bytes[ICE_SECRET_MAX + 1];
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)i;
	assert_true(ice_secret_set(&s, bytes, ICE_SECRET_MAX));
	assert_true(ice_secret_same(&s, bytes, ICE_SECRET_MAX));
	assert_false(ice_secret_same(&s, bytes, ICE_SECRET_MAX - 1));
	for (size_t i = 0; i < ICE_SECRET_MAX; i++) {
		bytes[i] ^= 0x80;
		assert_false(ice_secret_same(&s, bytes, ICE_SECRET_MAX));
		bytes[i] ^= 0x80;
	}
	t = s;
	assert_false(ice_secret_set(&s, bytes, ICE_SECRET_MAX + 1));
	assert_memory_equal(&s, &t, sizeof(s));
	/* a shorter one leaves nothing of the longer */
	assert_true(ice_secret_set(&s, "ab", 2));
	for (size_t i = 2; i < sizeof(s.bytes); i++)
		assert_int_equal(s.bytes[i], 0);
	assert_true(ice_secret_set(&s, NULL, 0));
	assert_true(ice_secret_same(&s, "", 0));
	assert_false(ice_secret_same(&s, "a", 1));
	assert_true(ice_secret_set(&s, "ab", 2));
	ice_secret_wipe(&s);
	static const uint8_t zero[sizeof(s)];
	assert_memory_equal(&s, zero, sizeof(s));
}

static void test_a_guarded_process_leaves_no_core(void **state)
{
	(void)state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct rlimit limit = {1, 1};
		ice_secret_guard_process();
		bool good = getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 0 &&
		            prctl(PR_GET_DUMPABLE) == 0;
		_exit(good ? 0 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_written_whole_and_private(void **state)
{
	struct stat st;
	(void)state;
	write_file("old", 3, 0644);
	assert_true(ice_secret_write_text(path, "first\nsecond\n", NULL, why, sizeof(why)));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	char *text = ice_secret_read_text(path, 100, why, sizeof(why));
	assert_string_equal(text, "first\nsecond\n");
	ice_secret_free_text(text);
	char nowhere[128];
	snprintf(nowhere, sizeof(nowhere), "%s/nowhere/file", folder);
	assert_false(ice_secret_write_text(nowhere, "x", NULL, why, sizeof(why)));
	assert_why("its folder cannot be opened");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lines_are_kept_as_they_are),
	        cmocka_unit_test(test_the_longest_line),
	        cmocka_unit_test(test_modes),
	        cmocka_unit_test(test_what_is_no_file),
	        cmocka_unit_test(test_contents_refused),
	        cmocka_unit_test(test_failure_leaves_no_secret_behind),
	        cmocka_unit_test(test_whole_text),
	        cmocka_unit_test(test_written_whole_and_private),
	        cmocka_unit_test(test_set_same_wipe),
	        cmocka_unit_test(test_a_guarded_process_leaves_no_core),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
