#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ice/random.h"
#include "ice/settings.h"
#include "ice/settings_edit.h"

#define SAMPLE "config/ice.ini"

static char folder[64], file[96];
static char why[512];

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_settings_edit.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/ice.ini", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(file);
	return rmdir(folder); /* which fails when a candidate was left in it */
}

static void put(const char *text)
{
	FILE *to = fopen(file, "w");
	assert_non_null(to);
	fputs(text, to);
	fclose(to);
}

static char *get(void)
{
	FILE *from = fopen(file, "r");
	char *text = calloc(1, 1 << 20);
	assert_true(from && text);
	(void)!fread(text, 1, (1 << 20) - 1, from);
	fclose(from);
	return text;
}

static struct ice_settings_edit *edit_file(const char *text, const char *sample)
{
	put(text);
	struct ice_settings_edit *e = ice_settings_edit_open(file, sample, why, sizeof(why));
	if (!e)
		fail_msg("%s", why);
	return e;
}

static void expect_text(const struct ice_settings_edit *e, const char *expected)
{
	size_t len;
	char *text = ice_settings_edit_text(e, &len);
	assert_string_equal(text, expected);
	assert_int_equal(len, strlen(expected));
	free(text);
}

static void set(struct ice_settings_edit *e, const char *section, const char *option, const char *value)
{
	if (!ice_settings_edit_set(e, section, option, value, why, sizeof(why)))
		fail_msg("%s", why);
}

static void save(struct ice_settings_edit *e)
{
	struct ice_conf_mistakes m = {0};
	enum ice_settings_edit_result result = ice_settings_edit_save(e, &m, why, sizeof(why));
	if (result != ICE_SETTINGS_EDIT_GOOD)
		fail_msg("%s %s", why, m.count ? m.lines[0] : "");
	ice_conf_mistakes_free(&m);
}

/* ---- the text ---- */

static void test_a_default_is_set_in_its_line_and_comes_back(void **state)
{
	(void)state;
	static const char before[] = "# mine\n\n[sweep]\n  ;interval = 1h\n# rate\n;rate = gentle\n\nretries=1  \n";
	struct ice_settings_edit *e = edit_file(before, SAMPLE);
	assert_null(ice_settings_edit_value(e, "sweep", "interval", 0));
	set(e, "sweep", "rate", "normal");
	set(e, "sweep", "interval", "10m");
	set(e, "sweep", "retries", "3");
	expect_text(e, "# mine\n\n[sweep]\n  interval = 10m\n# rate\nrate = normal\n\nretries=3  \n");
	assert_string_equal(ice_settings_edit_value(e, "sweep", "retries", 0), "3");
	assert_int_equal(ice_settings_edit_count(e, "sweep", "retries"), 1);
	set(e, "sweep", "rate", NULL);
	/* Below its remark the default comes back; where nothing explains it, the row just goes. */
	set(e, "sweep", "interval", NULL);
	set(e, "sweep", "retries", NULL);
	expect_text(e, "# mine\n\n[sweep]\n# rate\n;rate = gentle\n\n");
	ice_settings_edit_free(e);
}

static void test_every_default_of_the_sample_can_be_set_and_unset(void **state)
{
	(void)state;
	struct ice_settings_edit *e = edit_file("", SAMPLE);
	size_t len;
	char *sample = ice_settings_edit_text(e, &len);
	for (int unset = 0; unset < 2; unset++) {
		for (const struct ice_settings_section *s = ice_settings_sections(); s->name; s++) {
			for (const struct ice_conf_option *o = s->options; o->name; o++) {
				if (strcmp(s->name, "range") == 0 || strcmp(o->name, "enrolment") == 0)
					continue;
				set(e, s->name, o->name, unset ? NULL : "x");
				assert_int_equal(ice_settings_edit_count(e, s->name, o->name), !unset);
			}
		}
	}
	expect_text(e, sample);
	free(sample);
	ice_settings_edit_free(e);
}

static void test_rows_of_one_option(void **state)
{
	(void)state;
	struct ice_settings_edit *e = edit_file("[range a]\naddresses = 10.0.0.1\n# the lab\naddresses = 10.0.0.2\n"
	                                        "exclude = 10.0.0.3\n[log]\n",
	                                        NULL);
	static const char *const three[] = {"10.0.0.1", "10.0.0.2", "10.0.0.4"};
	static const char *const changed[] = {"10.0.0.1", "10.0.0.9", "10.0.0.4"};
	assert_true(ice_settings_edit_set_rows(e, "range a", "addresses", three, 3, why, sizeof(why)));
	assert_true(ice_settings_edit_set_rows(e, "range a", "addresses", changed, 3, why, sizeof(why)));
	expect_text(e, "[range a]\naddresses = 10.0.0.1\n# the lab\naddresses = 10.0.0.9\naddresses = 10.0.0.4\n"
	               "exclude = 10.0.0.3\n[log]\n");
	assert_true(ice_settings_edit_set_rows(e, "range a", "addresses", three, 1, why, sizeof(why)));
	set(e, "range a", "communities", "c");
	expect_text(e, "[range a]\naddresses = 10.0.0.1\n# the lab\n\nexclude = 10.0.0.3\ncommunities = c\n[log]\n");
	ice_settings_edit_free(e);
}

/* A remark stays above the row that it stands above, whatever becomes of the others; above no row it stands alone. */
static void test_remarks_stay_with_their_rows(void **state)
{
	(void)state;
	static const char before[] = "[range a]\naddresses = 10.0.0.0/8\n# the CNC machine\nexclude = 10.0.0.7\n"
	                             "# the lab scales\nexclude = 10.0.0.8\n[log]\n";
	static const struct {
		const char *values[4];
		const char *expected;
	} cases[] = {
	        {{"10.0.0.8"}, "# the CNC machine\n\n# the lab scales\nexclude = 10.0.0.8\n"},
	        {{"10.0.0.7"}, "# the CNC machine\nexclude = 10.0.0.7\n# the lab scales\n\n"},
	        {{NULL}, "# the CNC machine\n\n# the lab scales\n\n"},
	        {{"10.0.0.6", "10.0.0.7", "10.0.0.8"},
	         "exclude = 10.0.0.6\n# the CNC machine\nexclude = 10.0.0.7\n# the lab scales\nexclude = "
	         "10.0.0.8\n"},
	        {{"10.0.0.5", "10.0.0.6", "10.0.0.8"},
	         "# the CNC machine\n\nexclude = 10.0.0.5\nexclude = 10.0.0.6\n# the lab scales\nexclude = "
	         "10.0.0.8\n"},
	        {{"10.0.0.7", "10.0.0.9", "10.0.0.8"},
	         "# the CNC machine\nexclude = 10.0.0.7\nexclude = 10.0.0.9\n# the lab scales\nexclude = "
	         "10.0.0.8\n"},
	        {{"10.0.0.8", "10.0.0.7"},
	         "exclude = 10.0.0.8\n# the CNC machine\nexclude = 10.0.0.7\n# the lab scales\n\n"},
	        /* A value in another's place is that row, changed. */
	        {{"10.0.0.70", "10.0.0.8"},
	         "# the CNC machine\nexclude = 10.0.0.70\n# the lab scales\nexclude = 10.0.0.8\n"},
	        {{"10.0.0.1", "10.0.0.2", "10.0.0.3"},
	         "# the CNC machine\n\n# the lab scales\n\nexclude = 10.0.0.1\nexclude = 10.0.0.2\nexclude = "
	         "10.0.0.3\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char expected[512];
		size_t count = 0;
		while (cases[i].values[count])
			count++;
		struct ice_settings_edit *e = edit_file(before, NULL);
		assert_true(
		        ice_settings_edit_set_rows(e, "range a", "exclude", cases[i].values, count, why, sizeof(why)));
		snprintf(expected, sizeof(expected), "[range a]\naddresses = 10.0.0.0/8\n%s[log]\n", cases[i].expected);
		expect_text(e, expected);
		ice_settings_edit_free(e);
	}
	struct ice_settings_edit *e = edit_file("[schedule]\n# the night shift\nwindow = 22:00-06:00\n"
	                                        "# Saturday's stocktaking\nwindow = 10:00-12:00\n",
	                                        NULL);
	set(e, "schedule", "window", "10:00-12:00");
	expect_text(e, "[schedule]\n# the night shift\n\n# Saturday's stocktaking\nwindow = 10:00-12:00\n");
	ice_settings_edit_free(e);
}

static void test_a_section_comes_with_the_words_of_the_sample(void **state)
{
	(void)state;
	struct ice_settings_edit *e = edit_file("[sweep]\nrate = max\n\n# end\n", SAMPLE);
	set(e, "privacy", "alert_text", "device");
	set(e, "server", "http_fallback", "off");
	size_t len;
	char *text = ice_settings_edit_text(e, &len), *found;
	assert_ptr_equal(strstr(text, "[server]\n# File with the one line"), text);
	assert_non_null(strstr(text, "\nhttp_fallback = off\n"));
	assert_non_null(strstr(text, "\n;proxy_credentials = proxy.credentials\n\n[sweep]\nrate = max\n\n# end\n"));
	found = strstr(text, "\n[privacy]\n# The free text");
	assert_true(found && found > strstr(text, "[sweep]"));
	assert_non_null(strstr(found, "\nalert_text = device\n"));
	assert_null(strstr(text, "range office")); /* what the sample describes there is not of [sweep] */
	free(text);
	ice_settings_edit_free(e);
}

static void test_ranges_are_added_renamed_and_removed(void **state)
{
	(void)state;
	static const char before[] = "[sweep]\n;rate = gentle\n\n# One section for each part\n;[range office]\n"
	                             ";addresses = 10.1.0.0/16\n\n# The log.\n[log]\n;level = info\n";
	struct ice_settings_edit *e = edit_file(before, NULL);
	assert_true(ice_settings_edit_add_range(e, "hq", why, sizeof(why)));
	set(e, "range hq", "addresses", "10.0.0.0/24");
	assert_true(ice_settings_edit_add_range(e, "Werk 2", why, sizeof(why)));
	set(e, "range Werk 2", "addresses", "10.2.0.0/24");
	expect_text(e, "[sweep]\n;rate = gentle\n\n# One section for each part\n;[range office]\n"
	               ";addresses = 10.1.0.0/16\n\n[range hq]\naddresses = 10.0.0.0/24\n\n[range Werk 2]\n"
	               "addresses = 10.2.0.0/24\n\n# The log.\n[log]\n;level = info\n");
	assert_string_equal(ice_settings_edit_range(e, 1), "Werk 2");
	assert_null(ice_settings_edit_range(e, 2));
	assert_false(ice_settings_edit_add_range(e, "hq", why, sizeof(why)));
	assert_false(ice_settings_edit_rename_range(e, "hq", "Werk 2", why, sizeof(why)));
	assert_true(ice_settings_edit_rename_range(e, "hq", "office", why, sizeof(why)));
	assert_string_equal(ice_settings_edit_value(e, "range office", "addresses", 0), "10.0.0.0/24");
	assert_true(ice_settings_edit_remove_range(e, "Werk 2", why, sizeof(why)));
	assert_true(ice_settings_edit_remove_range(e, "office", why, sizeof(why)));
	assert_false(ice_settings_edit_remove_range(e, "office", why, sizeof(why)));
	expect_text(e, before);
	ice_settings_edit_free(e);
}

static void test_what_stands_around_a_range_stays(void **state)
{
	(void)state;
	static const char *const cases[][2] = {
	        /* the last one, with one that is not there and a remark behind it */
	        {"[log]\n\n# Ask Eva first.\n[range a]\naddresses = 10.0.0.1\n# lab\nexclude = 10.0.0.2\n\n"
	         ";[range b]\n;addresses = 10.0.0.3\n\n# see the wiki\n",
	         "[log]\n\n# Ask Eva first.\n\n;[range b]\n;addresses = 10.0.0.3\n\n# see the wiki\n"},
	        {"# All of it.\n[range a]\naddresses = 10.0.0.1\n[log]\n", "# All of it.\n\n[log]\n"},
	        {"[range a]\naddresses = 10.0.0.1\n# the log\n[log]\n", "# the log\n[log]\n"},
	        {"[log]\n\n[range a]\naddresses = 10.0.0.1\n\n# see the wiki", "[log]\n\n# see the wiki"},
	        {"[range a]\n;exclude = 10.0.0.1\n", ""},
	        /* a row behind ;[range b] is the reader's [range a] */
	        {"[range a]\n;[range b]\n;exclude = 10.0.0.1\naddresses = 10.0.0.1\n",
	         ";[range b]\n;exclude = 10.0.0.1\n"},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct ice_settings_edit *e = edit_file(cases[i][0], NULL);
		assert_true(ice_settings_edit_remove_range(e, "a", why, sizeof(why)));
		expect_text(e, cases[i][1]);
		ice_settings_edit_free(e);
	}
}

static void test_what_would_not_survive_is_refused(void **state)
{
	(void)state;
	struct ice_settings_edit *e = edit_file("[range a]\naddresses = 10.0.0.1\n", NULL);
	char long_value[300];
	memset(long_value, 'x', sizeof(long_value));
	long_value[sizeof(long_value) - 1] = '\0';
	const char *const bad[] = {"", " x", "x ", "\tx", "a ;b", ";b", "a\nb", "a\rb", "a\001b", "\xff", long_value};
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		why[0] = '\0';
		assert_false(ice_settings_edit_set(e, "range a", "communities", bad[i], why, sizeof(why)));
		assert_true(strlen(why) > 10);
	}
	set(e, "range a", "communities", "a;b # c = d"); /* reads back as it is */
	set(e, "range a", "communities", NULL);
	const char *const names[] = {"", " a", "a ", "a]b", "[", "a;b", "a=b", "a\nb", long_value};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		assert_false(ice_settings_edit_add_range(e, names[i], why, sizeof(why)));
	assert_false(ice_settings_edit_set(e, "range b", "addresses", "10.0.0.1", why, sizeof(why)));
	assert_false(ice_settings_edit_set(e, "sweep", "intervall", "1h", why, sizeof(why)));
	assert_false(ice_settings_edit_set(e, "nonsense", "x", "y", why, sizeof(why)));
	expect_text(e, "[range a]\naddresses = 10.0.0.1\n");
	ice_settings_edit_free(e);
}

/* ---- the file ---- */

static void test_saving_keeps_mode_and_what_was_not_touched(void **state)
{
	(void)state;
	struct ice_settings_edit *e = edit_file("# mine\r\n\r\n# the log\r\n[log]\r\n;level = info", NULL);
	struct stat st;
	char mark[65];
	assert_int_equal(chmod(file, 0640), 0);
	assert_false(ice_settings_edit_is_new(e));
	snprintf(mark, sizeof(mark), "%s", ice_settings_edit_mark(e));
	set(e, "log", "level", "warn");
	assert_true(ice_settings_edit_add_range(e, "a", why, sizeof(why)));
	set(e, "range a", "addresses", "10.0.0.1");
	save(e);
	assert_string_not_equal(ice_settings_edit_mark(e), mark);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	char *text = get();
	assert_string_equal(text, "# mine\r\n\r\n[range a]\r\naddresses = 10.0.0.1\r\n\r\n"
	                          "# the log\r\n[log]\r\nlevel = warn");
	free(text);
	set(e, "log", "level", NULL); /* the edit goes on */
	save(e);
	ice_settings_edit_free(e);
}

static void test_a_mistake_leaves_the_file_alone_and_is_told_with_its_line(void **state)
{
	(void)state;
	struct ice_settings_edit *e = edit_file("[log]\nlevel = info\n", NULL);
	struct ice_conf_mistakes m = {0};
	assert_true(ice_settings_edit_add_range(e, "a", why, sizeof(why)));
	set(e, "range a", "addresses", "10.0.0.0/33");
	set(e, "log", "level", "loud");
	assert_int_equal(ice_settings_edit_check(e, &m, why, sizeof(why)), ICE_SETTINGS_EDIT_MISTAKEN);
	ice_conf_mistakes_free(&m);
	assert_int_equal(ice_settings_edit_save(e, &m, why, sizeof(why)), ICE_SETTINGS_EDIT_MISTAKEN);
	assert_int_equal(m.count, 2);
	assert_string_equal(m.told[0].file, file);
	assert_int_equal(m.told[0].line, 2);
	assert_int_equal(m.told[1].line, 5);
	assert_string_equal(m.told[1].option, "log.level");
	char *text = get();
	assert_string_equal(text, "[log]\nlevel = info\n");
	free(text);
	ice_conf_mistakes_free(&m);
	ice_settings_edit_free(e);
}

static void test_somebody_elses_change_is_not_overwritten(void **state)
{
	(void)state;
	struct ice_settings_edit *e = edit_file("[log]\n", NULL);
	struct ice_conf_mistakes m = {0};
	set(e, "log", "level", "warn");
	put("[log]\n# theirs\n");
	assert_int_equal(ice_settings_edit_save(e, &m, why, sizeof(why)), ICE_SETTINGS_EDIT_CHANGED);
	unlink(file);
	assert_int_equal(ice_settings_edit_save(e, &m, why, sizeof(why)), ICE_SETTINGS_EDIT_CHANGED);
	ice_settings_edit_free(e);
	e = ice_settings_edit_open(file, NULL, why, sizeof(why));
	assert_true(e && ice_settings_edit_is_new(e));
	put("[log]\n");
	assert_int_equal(ice_settings_edit_save(e, &m, why, sizeof(why)), ICE_SETTINGS_EDIT_CHANGED);
	ice_settings_edit_free(e);
	ice_conf_mistakes_free(&m);
}

/* Whether a file in the folder holds this; NULL: it must not be there. */
static void expect_file(const char *name, const char *text)
{
	char path[128], got[600] = "";
	struct stat st;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *from = fopen(path, "r");
	if (!text)
		assert_null(from);
	if (!from)
		return;
	(void)!fread(got, 1, sizeof(got) - 1, from);
	fclose(from);
	assert_string_equal(got, text);
	assert_true(stat(path, &st) == 0 && (st.st_mode & 07777) == 0600);
}

/* The window, and whoever else refuses, says "nothing was saved": that goes for the secrets, too. */
static void test_a_secret_is_saved_with_the_file_or_not_at_all(void **state)
{
	(void)state;
	struct ice_conf_mistakes m = {0};
	char long_line[301], path[128];
	memset(long_line, 'x', 300);
	long_line[300] = '\0';
	snprintf(path, sizeof(path), "%s/lab", folder);
	struct ice_settings_edit *e = edit_file("[range a]\naddresses = 10.0.0.1\n", NULL);
	assert_false(ice_settings_edit_secret(e, "range a", "communities", "x", why, sizeof(why)));
	set(e, "range a", "communities", "lab");
	/* A new one that is refused leaves nothing. */
	const char *const wrong[] = {"#secret", "\n", long_line};
	for (size_t i = 0; i < 3; i++) {
		assert_true(ice_settings_edit_secret(e, "range a", "communities", wrong[i], why, sizeof(why)));
		assert_int_equal(ice_settings_edit_save(e, &m, why, sizeof(why)), ICE_SETTINGS_EDIT_MISTAKEN);
		assert_int_equal(m.count, 1);
		assert_string_equal(m.told[0].option, "range a.communities");
		assert_memory_equal(m.told[0].message, path, strlen(path));
		assert_null(strstr(m.told[0].message, ".new"));
		ice_conf_mistakes_free(&m);
		m = (struct ice_conf_mistakes){0};
		expect_file("lab", NULL);
		expect_file("lab.new", NULL);
	}
	assert_true(ice_settings_edit_secret(e, "range a", "communities", "one\ntwo", why, sizeof(why)));
	assert_int_equal(ice_settings_edit_check(e, &m, why, sizeof(why)), ICE_SETTINGS_EDIT_GOOD);
	expect_file("lab", NULL);
	save(e);
	expect_file("lab", "one\ntwo");
	save(e); /* once */
	/* One that is there stays what it was when anything is refused. */
	assert_true(ice_settings_edit_secret(e, "range a", "communities", "OVERWRITTEN", why, sizeof(why)));
	set(e, "range a", "addresses", "10.0.0.0/33");
	assert_int_equal(ice_settings_edit_save(e, &m, why, sizeof(why)), ICE_SETTINGS_EDIT_MISTAKEN);
	ice_conf_mistakes_free(&m);
	expect_file("lab", "one\ntwo");
	set(e, "range a", "addresses", "10.0.0.1");
	put("# theirs\n");
	assert_int_equal(ice_settings_edit_save(e, &m, why, sizeof(why)), ICE_SETTINGS_EDIT_CHANGED);
	expect_file("lab", "one\ntwo");
	expect_file("lab.new", NULL);
	ice_settings_edit_free(e);
	assert_int_equal(unlink(path), 0);
}

static void test_a_new_file_begins_as_the_sample(void **state)
{
	(void)state;
	struct stat st;
	unlink(file);
	struct ice_settings_edit *e = ice_settings_edit_open(file, SAMPLE, why, sizeof(why));
	assert_true(e && ice_settings_edit_is_new(e));
	assert_string_equal(ice_settings_edit_value(e, "server", "enrolment", 0), "enrolment");
	assert_true(ice_settings_edit_add_range(e, "hq", why, sizeof(why)));
	set(e, "range hq", "addresses", "10.0.0.0/24");
	save(e);
	assert_false(ice_settings_edit_is_new(e));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_true(ice_settings_edit_remove_range(e, "hq", why, sizeof(why)));
	size_t len;
	char *text = ice_settings_edit_text(e, &len);
	put(text);
	free(text);
	ice_settings_edit_free(e);
	char compare[256];
	snprintf(compare, sizeof(compare), "cmp -s " SAMPLE " %s", file);
	assert_int_equal(system(compare), 0); // NOLINT
}

static void test_links_and_other_things_are_refused(void **state)
{
	(void)state;
	unlink(file);
	assert_int_equal(symlink("/nonexistent", file), 0);
	assert_null(ice_settings_edit_open(file, NULL, why, sizeof(why)));
	assert_non_null(strstr(why, "symbolic link"));
	unlink(file);
	assert_null(ice_settings_edit_open(folder, NULL, why, sizeof(why)));
	assert_non_null(strstr(why, "regular file"));
	FILE *to = fopen(file, "w");
	assert_true(to && fwrite("[log]\n\0x", 1, 8, to) == 8 && fclose(to) == 0);
	assert_null(ice_settings_edit_open(file, NULL, why, sizeof(why)));
	assert_non_null(strstr(why, "NUL"));
}

/* ---- random edits of random files: what was meant is read, and nothing else has changed ---- */

#define ROWS_MAX 400

struct row {
	char section[64], name[32], value[200];
};

struct rows {
	struct row at[ROWS_MAX];
	size_t count;
};

static void take_row(const struct ice_conf_where *where, const char *section, const char *name, const char *value,
                     void *arg)
{
	struct rows *rows = arg;
	(void)where;
	assert_true(rows->count < ROWS_MAX);
	struct row *row = &rows->at[rows->count++];
	snprintf(row->section, sizeof(row->section), "%s", section);
	snprintf(row->name, sizeof(row->name), "%s", name);
	snprintf(row->value, sizeof(row->value), "%s", value);
}

/* As the reader reads it, not as the editor does. */
static void read_rows(const char *text, struct rows *rows)
{
	struct ice_conf_mistakes m = {0};
	rows->count = 0;
	put(text);
	if (!ice_conf_rows(file, take_row, rows, &m))
		fail_msg("%s\n%s", m.lines[0], text);
	ice_conf_mistakes_free(&m);
}

static const char *nth(const struct rows *rows, const char *section, const char *name, size_t n)
{
	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->at[i].section, section) == 0 && strcmp(rows->at[i].name, name) == 0 && n-- == 0)
			return rows->at[i].value;
	return NULL;
}

static struct ice_random dice;

static uint32_t roll(uint32_t n)
{
	return (uint32_t)(ice_random_next(&dice) % n);
}

static const char *const sections[] = {"server", "state", "sweep", "range a", "range b", "range c d", "privacy", "log"};
static const char *const names[][3] = {{"http_port", "pin", "proxy"},
                                       {"directory", "outbox_size", "directory"},
                                       {"interval", "rate", "retries"},
                                       {"addresses", "exclude", "communities"},
                                       {"addresses", "exclude", "communities"},
                                       {"addresses", "exclude", "communities"},
                                       {"alert_text", "alert_text", "alert_text"},
                                       {"level", "level", "level"}};
static const char *const values[] = {"1", "10.0.0.0/8", "a;b", "x = y", "z: q", "\xc3\xa4h # no", "[x]", "p  q", "#7"};
static const char *const fillers[] = {"",
                                      "  ",
                                      "# words",
                                      "  # more",
                                      ";",
                                      "; a remark: with = in it",
                                      ";;x = y",
                                      ";[log]",
                                      ";[range office] # x",
                                      ";exclude = 1",
                                      "; level = info",
                                      ";interval=2h"};

static void compose(char *text, size_t size)
{
	const char *end = roll(4) ? "\n" : "\r\n";
	bool used[8] = {false};
	size_t n = 0;
	text[0] = '\0';
	for (uint32_t s = roll(7); s > 0; s--) {
		uint32_t k = roll(8);
		for (uint32_t f = roll(3); f > 0; f--)
			n += (size_t)snprintf(text + n, size - n, "%s%s", fillers[roll(5)], end);
		if (used[k])
			continue;
		used[k] = true;
		switch (roll(3)) {
		case 0:
			n += (size_t)snprintf(text + n, size - n, "[%s]%s", sections[k], end);
			break;
		case 1:
			n += (size_t)snprintf(text + n, size - n, "  [ %s ] ; why%s", sections[k], end);
			break;
		default:
			n += (size_t)snprintf(text + n, size - n, "[%s]#x%s", sections[k], end);
		}
		for (uint32_t r = roll(8); r > 0; r--) {
			static const char *const between[] = {" = ", "=", " : ", "=\t", "  =   "};
			if (roll(2))
				n += (size_t)snprintf(text + n, size - n, "%s%s", fillers[roll(12)], end);
			else
				n += (size_t)snprintf(text + n, size - n, "%s%s%s%s%s%s", roll(4) ? "" : "\t ",
				                      names[k][roll(3)], between[roll(5)], values[roll(9)],
				                      roll(4) ? "" : " \t", end);
		}
	}
	if (n > 0 && roll(4) == 0)
		text[n - strlen(end)] = '\0';
}

/* True when `now` is `was` with one piece put in or taken out (an end of line before it may have been missing). */
static bool one_piece(const char *was, const char *now)
{
	size_t a = strlen(was), b = strlen(now), head = 0, tail = 0, less = a < b ? a : b;
	while (head < less && was[head] == now[head])
		head++;
	while (tail < less - head && was[a - 1 - tail] == now[b - 1 - tail])
		tail++;
	return head + tail == less;
}

/* The text without the lines that an edit of this option may touch, and without blank lines. */
static char *without(const char *text, const char *section, const char *name)
{
	char *out = calloc(1, strlen(text) + 2), current[64] = "";
	assert_non_null(out);
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *p = line + strspn(line, " \t");
		if (*p == '[') {
			p += 1 + strspn(p + 1, " ");
			size_t n = strcspn(p, "]");
			while (n > 0 && p[n - 1] == ' ')
				n--;
			snprintf(current, sizeof(current), "%.*s", (int)n, p);
			p = "[";
		}
		if (*p == ';')
			p += 1 + strspn(p + 1, " ");
		size_t n = strlen(name);
		bool own = strcmp(current, section) == 0 && strncmp(p, name, n) == 0 && strchr(" \t=:", p[n]);
		if (!own && strspn(line, " \t\r") < len) {
			strncat(out, line, line[len - 1] == '\r' ? len - 1 : len);
			strcat(out, "\n");
		}
		line += len + (line[len] == '\n');
	}
	return out;
}

/* The text without the rows that the section has behind what describes a section that is not there. */
static char *without_late_rows(const char *text, const char *section)
{
	char *out = calloc(1, strlen(text) + 2);
	bool inside = false, late = false;
	size_t n = strlen(section);
	assert_non_null(out);
	for (const char *line = text; *line;) {
		size_t len = strcspn(line, "\n");
		const char *p = line + strspn(line, " \t");
		if (*p == '[') {
			p += 1 + strspn(p + 1, " ");
			inside = strncmp(p, section, n) == 0 && strchr(" ]", p[n]);
			late = false;
		} else if (strncmp(p, ";[", 2) == 0) {
			late = true;
		} else if (inside && late && !strchr("#;\r\n", *p)) {
			len += line[len] == '\n';
			line += len;
			continue;
		}
		len += line[len] == '\n';
		strncat(out, line, len);
		line += len;
	}
	return out;
}

static void expect_rows(const struct rows *was, const char *text, const char *section, const char *name,
                        const char *const *wanted, size_t count)
{
	static struct rows now;
	read_rows(text, &now);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(nth(&now, section, name, i), wanted[i]);
	assert_null(nth(&now, section, name, count));
	/* All other rows are there, in their order, and no further ones. */
	size_t k = 0;
	for (size_t i = 0; i < was->count; i++) {
		const struct row *r = &was->at[i];
		if (strcmp(r->section, section) == 0 && strcmp(r->name, name) == 0)
			continue;
		while (k < now.count && strcmp(now.at[k].section, section) == 0 && strcmp(now.at[k].name, name) == 0)
			k++;
		assert_true(k < now.count);
		assert_memory_equal(&now.at[k].section, &r->section, strlen(r->section) + 1);
		assert_string_equal(now.at[k].name, r->name);
		assert_string_equal(now.at[k++].value, r->value);
	}
	while (k < now.count && strcmp(now.at[k].section, section) == 0 && strcmp(now.at[k].name, name) == 0)
		k++;
	assert_int_equal(k, now.count);
}

static void edit_once(struct ice_settings_edit *e)
{
	static struct rows was;
	const char *chosen[4];
	size_t len, count = roll(4);
	char *before = ice_settings_edit_text(e, &len), *after, *a, *b;
	uint32_t k = roll(8);
	const char *section = sections[k], *name = names[k][roll(3)];
	for (size_t i = 0; i < 4; i++)
		chosen[i] = values[roll(9)];
	read_rows(before, &was);
	bool range = strncmp(section, "range ", 6) == 0, there = false;
	for (size_t i = 0; ice_settings_edit_range(e, i); i++)
		there |= range && strcmp(ice_settings_edit_range(e, i), section + 6) == 0;
	if (range && roll(3) == 0) {
		bool done = there ? ice_settings_edit_remove_range(e, section + 6, why, sizeof(why))
		                  : ice_settings_edit_add_range(e, section + 6, why, sizeof(why));
		assert_true(done);
		after = ice_settings_edit_text(e, &len);
		char *early = there ? without_late_rows(before, section) : strdup(before);
		a = without(early, "", "");
		b = without(after, "", "");
		if (!one_piece(a, b))
			fail_msg("more than one piece has changed:\n%s\n---\n%s", before, after);
		free(early);
		free(a);
		free(b);
	} else if (range && there && roll(4) == 0) {
		assert_true(ice_settings_edit_rename_range(e, section + 6, "other", why, sizeof(why)));
		after = ice_settings_edit_text(e, &len);
		assert_int_equal(nth(&was, section, name, 0) != NULL,
		                 ice_settings_edit_value(e, "range other", name, 0) != NULL);
		assert_true(ice_settings_edit_rename_range(e, "other", section + 6, why, sizeof(why)));
		free(after);
		after = ice_settings_edit_text(e, &len);
		expect_rows(&was, after, section, "none", NULL, 0);
	} else {
		bool done = ice_settings_edit_set_rows(e, section, name, chosen, count, why, sizeof(why));
		after = ice_settings_edit_text(e, &len);
		assert_int_equal(done, !range || there || count == 0);
		if (done) {
			expect_rows(&was, after, section, name, chosen, count);
			a = without(before, section, name);
			b = without(after, section, name);
			/* A section that was not there is put in as one piece. */
			if (strcmp(a, b) != 0 && (strlen(b) < strlen(a) || !one_piece(a, b)))
				fail_msg("[%s] %s: something else has changed:\n%s\n---\n%s", section, name, before,
				         after);
			free(a);
			free(b);
		} else {
			assert_string_equal(before, after);
		}
	}
	free(before);
	free(after);
}

static void test_random_edits_change_what_they_are_about(void **state)
{
	(void)state;
	static char text[16384];
	for (unsigned seed = 1; seed <= 300; seed++) {
		ice_random_seed(&dice, seed);
		compose(text, sizeof(text));
		struct ice_settings_edit *e = edit_file(text, roll(2) ? SAMPLE : NULL);
		if (strspn(text, " \t\r\n") < strlen(text))
			expect_text(e, text);
		for (uint32_t n = 1 + roll(12); n > 0; n--)
			edit_once(e);
		ice_settings_edit_free(e);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_a_default_is_set_in_its_line_and_comes_back),
	        cmocka_unit_test(test_every_default_of_the_sample_can_be_set_and_unset),
	        cmocka_unit_test(test_rows_of_one_option),
	        cmocka_unit_test(test_remarks_stay_with_their_rows),
	        cmocka_unit_test(test_a_section_comes_with_the_words_of_the_sample),
	        cmocka_unit_test(test_ranges_are_added_renamed_and_removed),
	        cmocka_unit_test(test_what_stands_around_a_range_stays),
	        cmocka_unit_test(test_what_would_not_survive_is_refused),
	        cmocka_unit_test(test_saving_keeps_mode_and_what_was_not_touched),
	        cmocka_unit_test(test_a_mistake_leaves_the_file_alone_and_is_told_with_its_line),
	        cmocka_unit_test(test_somebody_elses_change_is_not_overwritten),
	        cmocka_unit_test(test_a_secret_is_saved_with_the_file_or_not_at_all),
	        cmocka_unit_test(test_a_new_file_begins_as_the_sample),
	        cmocka_unit_test(test_links_and_other_things_are_refused),
	        cmocka_unit_test(test_random_edits_change_what_they_are_about),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
