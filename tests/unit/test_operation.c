/* The small parts of a service for years: requests, troubles, signs of life, files that are replaced, the lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ice/clock.h"
#include "service/alive.h"
#include "service/publish.h"
#include "service/request.h"
#include "service/troubles.h"
#include "service/watch.h"

static char folder[64];

static const char *in_folder(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
	return path[turn];
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/test_operation.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[96];
	(void)state;
	snprintf(command, sizeof command, "rm -rf '%s'", folder);
	return system(command);
}

static void write_file(const char *path, const char *text)
{
	FILE *to = fopen(path, "w");
	assert_non_null(to);
	fputs(text, to);
	assert_int_equal(fclose(to), 0);
}

/* ---- requests ---- */

static void test_a_request_is_one_line(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
		enum ice_request_what what;
		const char *range;
	} rows[] = {{"sweep\n", true, ICE_REQUEST_SWEEP, ""},
	            {"sweep the office\n", true, ICE_REQUEST_SWEEP, "the office"},
	            {"inventory b\n", true, ICE_REQUEST_INVENTORY, "b"},
	            {"upload\n", true, ICE_REQUEST_UPLOAD, ""},
	            {"upload b\n", false, 0, ""},
	            {"sweep", false, 0, ""},
	            {"sweep \n", false, 0, ""},
	            {"sweep\n\n", false, 0, ""},
	            {"sweep a\nupload\n", false, 0, ""},
	            {"Sweep\n", false, 0, ""},
	            {"\n", false, 0, ""},
	            {"", false, 0, ""},
	            {"sweep 0123456789012345678901234567890123456789012345678901234567890123\n", false, 0, ""}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ice_request r;
		if (ice_request_parse(rows[i].text, strlen(rows[i].text), &r) != rows[i].good)
			fail_msg("row %zu", i);
		if (!rows[i].good)
			continue;
		assert_int_equal(r.what, rows[i].what);
		assert_string_equal(r.range, rows[i].range);
	}
	struct ice_request r;
	assert_false(ice_request_parse("swe\0p\n", 6, &r));
}

static struct ice_request taken[64];
static size_t taken_count;

static void take(const struct ice_request *r, void *arg)
{
	(void)arg;
	assert_true(taken_count < 64);
	taken[taken_count++] = *r;
}

static void test_requests_are_taken_once(void **state)
{
	(void)state;
	char why[256];
	struct ice_request r = {.what = ICE_REQUEST_SWEEP, .range = "office"};
	assert_false(ice_request_make(folder, &r, why, sizeof why));
	assert_non_null(strstr(why, "requests"));
	assert_true(ice_requests_begin(folder));
	assert_true(ice_request_make(folder, &r, why, sizeof why));
	taken_count = 0;
	assert_int_equal(ice_requests_take(folder, take, NULL), 0);
	assert_int_equal(taken_count, 1);
	assert_string_equal(taken[0].id, r.id);
	assert_int_equal(taken[0].what, ICE_REQUEST_SWEEP);
	assert_string_equal(taken[0].range, "office");
	assert_int_equal(ice_requests_take(folder, take, NULL), 0);
	assert_int_equal(taken_count, 1);
	assert_true(ice_request_make(folder, &r, why, sizeof why));
	ice_request_withdraw(folder, &r);
	ice_requests_take(folder, take, NULL);
	assert_int_equal(taken_count, 1);
}

/* What lies there besides is thrown away, a bounded number at a time, and nothing of it is followed or waited for. */
static void test_nonsense_among_requests(void **state)
{
	(void)state;
	assert_true(ice_requests_begin(folder));
	write_file(in_folder("requests/nonsense"), "sweep\n");
	write_file(in_folder("requests/0123456789abcdef"), "swoop\n");
	write_file(in_folder("requests/.0123456789abcdee"), "swe"); /* being made */
	assert_int_equal(mkfifo(in_folder("requests/0123456789abcde0"), 0644), 0);
	write_file(in_folder("secret"), "sweep\n");
	assert_int_equal(symlink(in_folder("secret"), in_folder("requests/0123456789abcde1")), 0);
	assert_int_equal(mkdir(in_folder("requests/0123456789abcde2"), 0755), 0);
	taken_count = 0;
	assert_int_equal(ice_requests_take(folder, take, NULL), 4);
	assert_int_equal(taken_count, 0);
	assert_int_equal(access(in_folder("secret"), F_OK), 0);
	assert_int_equal(access(in_folder("requests/.0123456789abcdee"), F_OK), 0);
	assert_int_equal(ice_requests_take(folder, take, NULL), 0);
	assert_int_equal(rmdir(in_folder("requests/0123456789abcde2")), 0);
	for (unsigned i = 0; i < 40; i++) {
		char name[64];
		snprintf(name, sizeof name, "requests/%016x", i);
		write_file(in_folder(name), "sweep\n");
	}
	ice_requests_take(folder, take, NULL);
	assert_int_equal(taken_count, ICE_REQUESTS_AT_ONCE);
	assert_true(ice_requests_begin(folder));
	assert_int_equal(access(in_folder("requests/.0123456789abcdee"), F_OK), -1);
	taken_count = 0;
	ice_requests_take(folder, take, NULL);
	assert_int_equal(taken_count, 0);
}

static void test_too_many_requests_are_not_made(void **state)
{
	(void)state;
	char why[256];
	struct ice_request r = {.what = ICE_REQUEST_UPLOAD};
	assert_true(ice_requests_begin(folder));
	int made = 0;
	while (made < 200 && ice_request_make(folder, &r, why, sizeof why))
		made++;
	assert_int_equal(made, ICE_REQUESTS_WAITING + 1);
	assert_non_null(strstr(why, "too many"));
	assert_true(ice_requests_begin(folder));
}

/* Who asks may be root, and the folder is the service's: a link in its place is refused. */
static void test_a_link_for_a_folder_is_refused(void **state)
{
	(void)state;
	char why[256];
	struct ice_request r = {.what = ICE_REQUEST_UPLOAD};
	assert_int_equal(mkdir(in_folder("victim"), 0755), 0);
	assert_int_equal(mkdir(in_folder("state"), 0755), 0);
	assert_int_equal(symlink(in_folder("victim"), in_folder("state/requests")), 0);
	assert_false(ice_request_make(in_folder("state"), &r, why, sizeof why));
	assert_int_equal(rmdir(in_folder("victim")), 0);
}

/* ---- troubles ---- */

static void test_the_same_trouble_takes_one_place(void **state)
{
	(void)state;
	static const char *const messages[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
	struct ice_troubles t = {.count = 0};
	for (int64_t round = 0; round < 3; round++)
		ice_troubles_add(&t, 100 + round, ICE_LOG_WARN, messages[0], "a reason=x");
	assert_int_equal(t.count, 1);
	assert_int_equal(t.rows[0].times, 3);
	assert_int_equal(t.rows[0].at, 102);
	for (size_t i = 0; i < 10; i++)
		ice_troubles_add(&t, 200, ICE_LOG_ERROR, messages[i], messages[i]);
	assert_int_equal(t.count, ICE_TROUBLES);
	assert_string_equal(t.rows[0].words, "j");
	assert_string_equal(t.rows[ICE_TROUBLES - 1].words, "c");
	ice_troubles_add(&t, 300, ICE_LOG_ERROR, messages[4], "again");
	assert_int_equal(t.count, ICE_TROUBLES);
	assert_string_equal(t.rows[0].words, "again");
	assert_int_equal(t.rows[0].times, 2);
	assert_string_equal(t.rows[1].words, "j");
}

/* An advice for a line that nothing writes helps nobody. */
static void test_every_advice_is_for_a_line_of_the_log(void **state)
{
	(void)state;
	static char text[1 << 20];
	glob_t found;
	assert_int_equal(glob("src/*/*.c", 0, NULL, &found), 0);
	for (size_t i = 0; ice_troubles_message(i); i++) {
		char quoted[256];
		bool there = false;
		snprintf(quoted, sizeof quoted, "\"%s\"", ice_troubles_message(i));
		for (size_t f = 0; f < found.gl_pathc && !there; f++) {
			if (strstr(found.gl_pathv[f], "troubles.c") || strstr(found.gl_pathv[f], "status.c"))
				continue;
			FILE *from = fopen(found.gl_pathv[f], "r");
			assert_non_null(from);
			text[fread(text, 1, sizeof text - 1, from)] = '\0';
			fclose(from);
			there = strstr(text, quoted) != NULL;
		}
		if (!there)
			fail_msg("nothing logs %s", quoted);
		assert_non_null(ice_troubles_advice(ice_troubles_message(i)));
	}
	globfree(&found);
	assert_null(ice_troubles_advice("never heard of"));
}

/* ---- signs of life ---- */

static void test_what_gets_on_is_well(void **state)
{
	(void)state;
	struct ice_watch w = {.numbers = {0}};
	struct ice_watch_sign signs[ICE_WATCH_KINDS] = {{true, 0}, {true, 0}, {true, 0}};
	for (ice_usec now = 1; now < 10 * ICE_WATCH_PATIENCE; now += ICE_USEC_SEC(10)) {
		for (size_t i = 0; i < ICE_WATCH_KINDS; i++)
			signs[i].number++;
		assert_null(ice_watch_look(&w, signs, now));
	}
}

static void test_what_stands_still_is_told(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < ICE_WATCH_KINDS; kind++) {
		struct ice_watch w = {.numbers = {0}};
		struct ice_watch_sign signs[ICE_WATCH_KINDS] = {{true, 0}, {true, 0}, {true, 0}};
		ice_usec since = 0;
		for (ice_usec now = 1; !since && now < 10 * ICE_WATCH_PATIENCE; now += ICE_USEC_SEC(1)) {
			for (size_t i = 0; i < ICE_WATCH_KINDS; i++)
				signs[i].number += i != kind || now < ICE_USEC_SEC(50);
			if (ice_watch_look(&w, signs, now))
				since = now;
		}
		assert_in_range(since, ICE_WATCH_PATIENCE + ICE_USEC_SEC(48), ICE_WATCH_PATIENCE + ICE_USEC_SEC(52));
		/* It is well again when it gets on, or when there is nothing to wait for. */
		signs[kind].number++;
		assert_null(ice_watch_look(&w, signs, since + 1));
	}
}

static void test_who_has_nothing_to_do_is_well(void **state)
{
	(void)state;
	struct ice_watch w = {.numbers = {0}};
	struct ice_watch_sign signs[ICE_WATCH_KINDS] = {{true, 0}, {false, 0}, {false, 0}};
	for (ice_usec now = 1; now < 10 * ICE_WATCH_PATIENCE; now += ICE_USEC_SEC(60)) {
		signs[ICE_WATCH_BEATS].number++;
		assert_null(ice_watch_look(&w, signs, now));
	}
	/* Patience begins with the work. */
	signs[ICE_WATCH_UPLOADS].awaited = true;
	assert_null(ice_watch_look(&w, signs, 10 * ICE_WATCH_PATIENCE + 1));
}

/* ---- files ---- */

static void test_what_is_published_is_whole(void **state)
{
	(void)state;
	char text[64];
	const char *path = in_folder("status.json");
	assert_true(ice_publish(path, "first", 5, 0640));
	/* Left by a killed process, and a link at that. */
	write_file(in_folder("precious"), "keep me");
	assert_int_equal(symlink(in_folder("precious"), in_folder("status.json.new")), 0);
	assert_true(ice_publish(path, "second", 6, 0644));
	FILE *from = fopen(path, "r");
	assert_non_null(fgets(text, sizeof text, from));
	fclose(from);
	assert_string_equal(text, "second");
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0644);
	from = fopen(in_folder("precious"), "r");
	assert_non_null(fgets(text, sizeof text, from));
	fclose(from);
	assert_string_equal(text, "keep me");
	assert_int_equal(access(in_folder("status.json.new"), F_OK), -1);
	assert_false(ice_publish(in_folder("no/such/file"), "x", 1, 0644));
	assert_int_equal(errno, ENOENT);
}

static void test_one_service_has_a_folder(void **state)
{
	(void)state;
	char why[256];
	int ready[2], end[2];
	char byte;
	assert_int_equal(ice_alive_pid(folder), -1);
	assert_int_equal(pipe(ready) | pipe(end), 0);
	pid_t child = fork();
	if (child == 0) {
		bool got = ice_alive_begin(folder, why, sizeof why);
		if (write(ready[1], got ? "y" : "n", 1) != 1 || read(end[0], &byte, 1) != 1)
			_exit(2);
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(byte, 'y');
	assert_int_equal(ice_alive_pid(folder), child);
	assert_false(ice_alive_begin(folder, why, sizeof why));
	assert_non_null(strstr(why, "another service"));
	assert_int_equal(write(end[1], "x", 1), 1);
	assert_int_equal(waitpid(child, NULL, 0), child);
	/* Whatever its end was. */
	assert_int_equal(ice_alive_pid(folder), -1);
	assert_int_equal(errno, 0);
	for (int i = 0; i < 2; i++) {
		close(ready[i]);
		close(end[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_request_is_one_line),
	        cmocka_unit_test(test_requests_are_taken_once),
	        cmocka_unit_test(test_nonsense_among_requests),
	        cmocka_unit_test(test_too_many_requests_are_not_made),
	        cmocka_unit_test(test_a_link_for_a_folder_is_refused),
	        cmocka_unit_test(test_the_same_trouble_takes_one_place),
	        cmocka_unit_test(test_every_advice_is_for_a_line_of_the_log),
	        cmocka_unit_test(test_what_gets_on_is_well),
	        cmocka_unit_test(test_what_stands_still_is_told),
	        cmocka_unit_test(test_who_has_nothing_to_do_is_well),
	        cmocka_unit_test(test_what_is_published_is_whole),
	        cmocka_unit_test(test_one_service_has_a_folder),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
