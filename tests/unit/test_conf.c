#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "ice/clock.h"
#include "ice/conf.h"

static char folder[] = "/tmp/test_conf.XXXXXX";
static char path[64];

struct sweep {
	char *site, *note;
	int64_t rate, depth;
	ice_usec timeout;
	int64_t size;
	int mode;
	bool on;
	char calls[512];
};

static void add_address(const struct ice_conf_where *where, const char *value, void *into)
{
	struct sweep *s = into;
	size_t n = strlen(s->calls);
	snprintf(s->calls + n, sizeof(s->calls) - n, "%u:%s=%s;", where->line, where->option, value);
	if (strcmp(value, "bad") == 0)
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option, "is bad, write good");
}

#define MEMBER(m) offsetof(struct sweep, m)
static const struct ice_conf_option options[] = {
        {.name = "site", .kind = ICE_CONF_TEXT, .offset = MEMBER(site), .help = "the site's name"},
        {.name = "note", .kind = ICE_CONF_TEXT, .offset = MEMBER(note), .fallback = ""},
        {.name = "rate", .kind = ICE_CONF_NUMBER, .offset = MEMBER(rate), .fallback = "1000", .min = 1, .max = 1000000},
        {.name = "depth", .kind = ICE_CONF_NUMBER, .offset = MEMBER(depth), .fallback = "-5"},
        {.name = "timeout",
         .kind = ICE_CONF_DURATION,
         .offset = MEMBER(timeout),
         .fallback = "2s",
         .min = 1000,
         .max = ICE_USEC_SEC(60)},
        {.name = "size", .kind = ICE_CONF_SIZE, .offset = MEMBER(size), .fallback = "64k", .min = 1, .max = INT64_MAX},
        {.name = "mode", .kind = ICE_CONF_CHOICE, .offset = MEMBER(mode), .fallback = "b", .choices = "a|b|cc"},
        {.name = "on", .kind = ICE_CONF_BOOL, .offset = MEMBER(on), .fallback = "no"},
        {.name = "addresses", .kind = ICE_CONF_CALL, .call = add_address},
        {0},
};
static const struct ice_conf_option range_options[] = {
        {.name = "site", .kind = ICE_CONF_TEXT, .offset = MEMBER(site), .help = "the site's name"},
        {.name = "interval", .kind = ICE_CONF_DURATION, .offset = MEMBER(timeout), .fallback = "1d"},
        {.name = "addresses", .kind = ICE_CONF_CALL, .call = add_address, .fallback = "10.0.0.0/8"},
        {0},
};

static struct sweep sweep, ranges[4];
static size_t range_count;
static struct ice_conf_mistakes mistakes;

static void *open_range(const struct ice_conf_where *where, const char *name, void *into)
{
	assert_ptr_equal(into, ranges);
	if (strcmp(name, "refused") == 0) {
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "is refused, choose another");
		return NULL;
	}
	assert_true(range_count < 4);
	memset(&ranges[range_count], 0, sizeof(ranges[0]));
	return &ranges[range_count++];
}

static struct ice_conf_section sections[] = {
        {.name = "sweep", .options = options, .into = &sweep, .required = true},
        {.name = "range", .options = range_options, .into = ranges, .open = open_range},
        {0},
};

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/i.ini", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void write_file(const void *bytes, size_t n)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static void forget(void)
{
	ice_conf_release(options, &sweep);
	for (; range_count > 0; range_count--)
		ice_conf_release(range_options, &ranges[range_count - 1]);
	ice_conf_mistakes_free(&mistakes);
}

static bool read_bytes(const void *bytes, size_t n)
{
	forget();
	memset(&sweep, 0, sizeof(sweep));
	write_file(bytes, n);
	return ice_conf_read(path, sections, &mistakes);
}

/* The file must be good. */
static void good(const char *text)
{
	if (!read_bytes(text, strlen(text)))
		fail_msg("refused: %s", mistakes.lines[0]);
	assert_int_equal(mistakes.count, 0);
}

/* The file must have exactly these mistakes, each told as ":line: option: words" ("*" = whatever). */
static void bad_bytes(const void *bytes, size_t n, const char *const *want)
{
	size_t i;
	assert_false(read_bytes(bytes, n));
	for (i = 0; want[i]; i++) {
		if (i >= mistakes.count)
			fail_msg("not told: %s", want[i]);
		const char *told = mistakes.lines[i] + strlen(path);
		assert_memory_equal(mistakes.lines[i], path, strlen(path));
		if (strncmp(told, want[i], strlen(want[i])) != 0)
			fail_msg("told \"%s\", expected \"%s\"", told, want[i]);
	}
	if (i < mistakes.count)
		fail_msg("told besides: %s", mistakes.lines[i]);
}

#define BAD(text, ...) bad_bytes(text, sizeof(text) - 1, (const char *const[]){__VA_ARGS__, NULL})

static void test_defaults(void **state)
{
	(void)state;
	good("[sweep]\nsite = hq\n");
	assert_string_equal(sweep.site, "hq");
	assert_string_equal(sweep.note, "");
	assert_int_equal(sweep.rate, 1000);
	assert_int_equal(sweep.depth, -5);
	assert_int_equal(sweep.timeout, 2000000);
	assert_int_equal(sweep.size, 65536);
	assert_int_equal(sweep.mode, 1);
	assert_false(sweep.on);
	assert_string_equal(sweep.calls, "");
}

static void test_every_kind(void **state)
{
	(void)state;
	good("# comment\n; comment\n\n[sweep] ; comment\nsite = two  words = x: #1\nrate=7\ndepth = "
	     "-9223372036854775808\n"
	     "timeout = 500ms\r\nsize: 10M\nmode = cc\non = Yes\nnote =\naddresses = 10.0.0.0/8\n  addresses = "
	     "fe80::/10\n"
	     "[range hq] # comment\nsite=x\n[range  lab]\nsite = y\ninterval = 7d\naddresses = 1\naddresses = 2");
	assert_string_equal(sweep.site, "two  words = x: #1");
	assert_int_equal(sweep.rate, 7);
	assert_true(sweep.depth == INT64_MIN);
	assert_int_equal(sweep.timeout, 500000);
	assert_int_equal(sweep.size, 10 << 20);
	assert_int_equal(sweep.mode, 2);
	assert_true(sweep.on);
	assert_string_equal(sweep.calls, "13:sweep.addresses=10.0.0.0/8;14:sweep.addresses=fe80::/10;");
	assert_int_equal(range_count, 2);
	assert_int_equal(ranges[0].timeout, ICE_USEC_SEC(86400));
	assert_string_equal(ranges[0].calls, "0:range hq.addresses=10.0.0.0/8;");
	assert_int_equal(ranges[1].timeout, ICE_USEC_SEC(7 * 86400));
	assert_string_equal(ranges[1].calls, "20:range lab.addresses=1;21:range lab.addresses=2;");
}

static void test_all_mistakes_at_once(void **state)
{
	(void)state;
	BAD("rate = 3\n[sweep]\nrat = 5\nrate = 0\ntimeout = 90s\nmode = d\non = maybe\naddresses = bad\nsize = "
	    "1\nsize = 2\n"
	    "interval = 1d\nzzzzzzzz = 1\n[sweeps]\nrate = wrong\n[other]\n[range]\n[sweep x]\n[range refused]\nsite = "
	    "1\n"
	    "[range a]\n[range a]\n[sweep]\n",
	    ":1: rate: stands before", ":3: sweep.rat: there is no such option, did you mean \"rate\"?",
	    ":4: sweep.rate: \"0\" is not right, write a whole number from 1 to 1000000",
	    ":5: sweep.timeout: \"90s\" is not right, write a whole number with its unit (ms, s, m, h, d) from 1ms to "
	    "1m",
	    ":6: sweep.mode: \"d\" is not right, write one of a, b or cc",
	    ":7: sweep.on: \"maybe\" is not right, write yes or no", ":8: sweep.addresses: is bad, write good",
	    ":10: sweep.size: is given in line 9 already",
	    ":11: sweep.interval: there is no such option here, \"interval\" belongs in [range NAME]",
	    ":12: sweep.zzzzzzzz: there is no such option",
	    ":13: sweeps: there is no such section, did you mean [sweep]?", ":15: other: there is no such section",
	    ":16: range: needs a name, write [range NAME]", ":17: sweep x: takes no name",
	    ":18: range refused: is refused", ":21: range a: stands in line 20 already",
	    ":22: sweep: stands in line 2 already", ": sweep.site: is missing, give the site's name",
	    ": range a.site: is missing, give the site's name");
}

static void test_missing_section(void **state)
{
	(void)state;
	BAD("", ": sweep: the section is missing, add [sweep]", ": sweep.site: is missing");
	BAD("# nothing\n", ": sweep: the section is missing, add [sweep]", ": sweep.site: is missing");
	sections[1].required = true;
	BAD("[sweep]\nsite=x\n", ": range: the section is missing, add [range NAME]");
	sections[1].required = false;
	good("[sweep]\nsite=x\n");
}

static void test_what_inih_would_damage(void **state)
{
	(void)state;
	char text[4096];
	BAD("[sweep]\nsite = a ;b\n", ":2: sweep.site: \" ;\" begins a comment");
	BAD("[sweep]\nsite = ;b\n", ":2: sweep.site: \" ;\" begins a comment");
	BAD("[sweep]\nsite = a\t; b\n", ":2: sweep.site: \" ;\" begins a comment");
	BAD("[sweep]\nsite = a;b ;c\n", ":2: sweep.site: \" ;\" begins a comment");
	BAD("[sweep]\nsite = x\nrate ;= 3\n", ":3: sweep.rate ;: \" ;\" begins a comment");
	good("[sweep]\nsite = a;b;\n");
	assert_string_equal(sweep.site, "a;b;");
	good("[sweep]\nsite=;b\n");
	assert_string_equal(sweep.site, ";b");
	/* the longest line passes whole, one byte more is a mistake, and so is the line after it read on its own */
	snprintf(text, sizeof(text), "[sweep]\nsite=%0*d\nrate=5\n", 192, 0);
	good(text);
	assert_int_equal(strlen(sweep.site), 192);
	assert_int_equal(sweep.rate, 5);
	snprintf(text, sizeof(text), "[sweep]\nsite=%0*d\nrate=5\n", 193, 0);
	assert_false(read_bytes(text, strlen(text)));
	assert_int_equal(mistakes.count, 1);
	assert_non_null(
	        strstr(mistakes.lines[0], ":2: sweep.site: the line is 198 bytes long and would be cut at 197"));
	assert_int_equal(sweep.rate, 5);
	/* a comment may be as long as it likes, and blanks around a row do not count */
	snprintf(text, sizeof(text), "[sweep]\n#%0*d\n%*ssite=x%*s\n", 1000, 0, 300, "", 300, "");
	good(text);
	assert_string_equal(sweep.site, "x");
	snprintf(text, sizeof(text), "[range %0*d]\n", 60, 0);
	assert_false(read_bytes(text, strlen(text)));
	assert_non_null(strstr(mistakes.lines[0], ":1: the section's name is longer than 49 bytes"));
}

static void test_an_indented_row_is_a_row(void **state)
{
	(void)state;
	good("[sweep]\n  site = hq\n  rate = 5\n\ttimeout = 1s\n");
	assert_string_equal(sweep.site, "hq");
	assert_int_equal(sweep.rate, 5);
	assert_int_equal(sweep.timeout, 1000000);
	BAD("[sweep]\nsite = hq\naddresses = 10.0.0.0/8\n    10.1.0.0/16\n",
	    ":4: is neither [section] nor name = value, repeat the name on every line");
}

static void test_bytes_that_are_no_text(void **state)
{
	(void)state;
	BAD("[sweep]\nsite=a\0b\nrate=0\n", ":2: holds a NUL byte", ": sweep.site: is missing");
	BAD("[sweep]\nsite=\xff\nrate=0\n", ":2: is not valid UTF-8", ":3: sweep.rate: ", ": sweep.site: is missing");
	BAD("[sweep]\n# \xc0\xaf\nsite=x\n", ":2: is not valid UTF-8");
	BAD("[sweep]\nsite=a\x1b[2J\n", ":2: holds the control character 0x1b", ": sweep.site: is missing");
	BAD("[sweep]\nsite=a\rb\n", ":2: holds the control character 0x0d", ": sweep.site: is missing");
	BAD("\xef\xbb\xbf[sweep]\nsite=x\n", ":1: begins with a byte-order mark");
	BAD("\xff\xfe[\0s\0", ":1: holds a NUL byte");
	good("[sweep]\nsite = B\xc3\xbcro \xe6\x9d\xb1\n");
	assert_string_equal(sweep.site, "Büro 東");
}

static void test_lines_that_are_nothing(void **state)
{
	(void)state;
	BAD("[sweep]\nsite=x\nrate\n= 5\n: 5\n[sweep\n[]\n[ ]\n[a]b\n[a;b]\n", ":3: is neither",
	    ":4: has no name before \"=\"", ":5: has no name before \":\"", ":6: has no \"]\"", ":7: names no section",
	    ":8: names no section", ":9: only a comment may follow", ":10: a section's name holds none of");
	/* rows below a section that could not be read belong to no other */
	BAD("[sweep]\nsite=x\n[range\nrate=0\nsite=y\n", ":3: has no \"]\"");
	/* a spoilt row is a mistake of its own, not a missing option as well */
	BAD("[sweep]\nsite = x ;y\n", ":2: sweep.site: ");
}

static void test_files_that_are_none(void **state)
{
	(void)state;
	struct sweep s;
	struct ice_conf_section one[] = {{.name = "sweep", .options = options, .into = &s, .required = true}, {0}};
	forget();
	unlink(path);
	assert_false(ice_conf_read(path, one, &mistakes));
	assert_int_equal(mistakes.count, 1);
	assert_non_null(strstr(mistakes.lines[0], "i.ini: cannot be opened: No such file"));
	assert_int_equal(s.rate, 1000);
	ice_conf_release(options, &s);
	ice_conf_mistakes_free(&mistakes);
	assert_false(ice_conf_read(folder, one, &mistakes));
	assert_int_equal(mistakes.count, 1);
	assert_non_null(strstr(mistakes.lines[0], "cannot be read: Is a directory"));
	ice_conf_release(options, &s);
	ice_conf_mistakes_free(&mistakes);
	char *big = malloc((1 << 20) + 1);
	assert_non_null(big);
	memset(big, '\n', (1 << 20) + 1);
	memcpy(big, "[sweep]\nsite=x\n", 15);
	write_file(big, 1 << 20);
	assert_true(ice_conf_read(path, one, &mistakes));
	ice_conf_release(options, &s);
	write_file(big, (1 << 20) + 1);
	free(big);
	assert_false(ice_conf_read(path, one, &mistakes));
	assert_non_null(strstr(mistakes.lines[0], "is larger than 1048576 bytes"));
	ice_conf_release(options, &s);
	ice_conf_mistakes_free(&mistakes);
}

/* Some are found by the line, others when all was read. */
static void test_mistakes_stand_in_the_order_of_lines(void **state)
{
	static const char *const want[] = {"b:3: two", "b:5: three", "b:5: four", "b: one",
	                                   "b: seven", "a:2: six",   "a:9: five"};
	(void)state;
	ice_conf_mistake(&mistakes, "b", 0, NULL, "one");
	ice_conf_mistake(&mistakes, "b", 3, NULL, "two");
	ice_conf_mistake(&mistakes, "b", 5, NULL, "three");
	ice_conf_mistake(&mistakes, "a", 9, NULL, "five");
	ice_conf_mistake(&mistakes, "b", 5, NULL, "four");
	ice_conf_mistake(&mistakes, "a", 2, NULL, "six");
	ice_conf_mistake(&mistakes, "b", 0, NULL, "seven");
	assert_int_equal(mistakes.count, sizeof(want) / sizeof(*want));
	for (size_t i = 0; i < mistakes.count; i++) {
		assert_string_equal(mistakes.lines[i], want[i]);
		assert_non_null(strstr(want[i], mistakes.told[i].message));
	}
}

static void test_mistakes_are_bounded(void **state)
{
	(void)state;
	char text[4096] = "[sweep]\nsite=x\n";
	for (int i = 0; i < 300; i++)
		strncat(text, "x=1\n", 5);
	assert_false(read_bytes(text, strlen(text)));
	assert_int_equal(mistakes.count, 200);
	assert_int_equal(mistakes.more, 100);
	char *printed = NULL;
	size_t n;
	FILE *f = open_memstream(&printed, &n);
	ice_conf_mistakes_print(&mistakes, f);
	fclose(f);
	assert_non_null(strstr(printed, "\nand 100 more\n"));
	free(printed);
}

static void test_a_wrong_value_is_repeated_in_part(void **state)
{
	(void)state;
	BAD("[sweep]\nsite=x\nrate=123456789012345678901234567890123456789012345678901234567890123\n",
	    ":3: sweep.rate: \"123456789012345678901234567890123456789012345678901234567890...\" is not right");
	BAD("[sweep]\nsite=x\non=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\xc3\xbczz\n",
	    ":3: sweep.on: \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" is not right");
	BAD("[sweep]\nsite=\nrate=\nmode =\non=\n", ":2: sweep.site: has no value, write a text",
	    ":3: sweep.rate: has no value, write a whole number from 1", ":4: sweep.mode: has no value",
	    ":5: sweep.on: has no value");
}

static void test_numbers(void **state)
{
	(void)state;
	int64_t n = 42;
	static const char *const wrong[] = {"",
	                                    "-",
	                                    "+1",
	                                    " 1",
	                                    "1 ",
	                                    "1x",
	                                    "0x10",
	                                    "1.5",
	                                    "1e3",
	                                    "--1",
	                                    "1-",
	                                    "١",
	                                    "9223372036854775808",
	                                    "-9223372036854775809",
	                                    "99999999999999999999999999999999"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (ice_conf_parse_number(wrong[i], &n))
			fail_msg("\"%s\" was taken for a number", wrong[i]);
		assert_int_equal(n, 42);
	}
	assert_true(ice_conf_parse_number("9223372036854775807", &n) && n == INT64_MAX);
	assert_true(ice_conf_parse_number("-9223372036854775808", &n) && n == INT64_MIN);
	assert_true(ice_conf_parse_number("-0", &n) && n == 0);
	assert_true(ice_conf_parse_number("007", &n) && n == 7);
}

static void test_durations_and_sizes(void **state)
{
	(void)state;
	int64_t n = 42;
	static const char *const wrong[] = {"",
	                                    "5",
	                                    "s",
	                                    "-1s",
	                                    "1 s",
	                                    "1.5s",
	                                    "1h30m",
	                                    "10S",
	                                    "1M",
	                                    "1us",
	                                    "106751992d",
	                                    "9223372036854776ms",
	                                    "99999999999999999999s"};
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (ice_conf_parse_duration(wrong[i], &n))
			fail_msg("\"%s\" was taken for a duration", wrong[i]);
		assert_int_equal(n, 42);
	}
	assert_true(ice_conf_parse_duration("0", &n) && n == 0);
	assert_true(ice_conf_parse_duration("500ms", &n) && n == 500000);
	assert_true(ice_conf_parse_duration("2s", &n) && n == 2000000);
	assert_true(ice_conf_parse_duration("10m", &n) && n == INT64_C(600000000));
	assert_true(ice_conf_parse_duration("1h", &n) && n == INT64_C(3600000000));
	assert_true(ice_conf_parse_duration("106751991d", &n) && n == INT64_C(106751991) * 86400000000);
	static const char *const wrong_sizes[] = {"", "k", "-1", "1kb", "1KiB", "1.5M", "1T", "1 k", "8589934592G"};
	n = 42;
	for (size_t i = 0; i < sizeof(wrong_sizes) / sizeof(wrong_sizes[0]); i++) {
		if (ice_conf_parse_size(wrong_sizes[i], &n))
			fail_msg("\"%s\" was taken for a size", wrong_sizes[i]);
		assert_int_equal(n, 42);
	}
	assert_true(ice_conf_parse_size("512", &n) && n == 512);
	assert_true(ice_conf_parse_size("64k", &n) && n == 65536);
	assert_true(ice_conf_parse_size("64K", &n) && n == 65536);
	assert_true(ice_conf_parse_size("10M", &n) && n == 10485760);
	assert_true(ice_conf_parse_size("8589934591G", &n) && n == INT64_C(8589934591) << 30);
}

static void test_bools(void **state)
{
	(void)state;
	bool b = false;
	assert_true(ice_conf_parse_bool("yes", &b) && b);
	assert_true(ice_conf_parse_bool("OFF", &b) && !b);
	assert_true(ice_conf_parse_bool("True", &b) && b);
	assert_true(ice_conf_parse_bool("no", &b) && !b);
	assert_true(ice_conf_parse_bool("on", &b) && b);
	assert_true(ice_conf_parse_bool("false", &b) && !b);
	assert_false(ice_conf_parse_bool("1", &b));
	assert_false(ice_conf_parse_bool("", &b));
	assert_false(ice_conf_parse_bool("yess", &b));
}

static void test_nearest(void **state)
{
	(void)state;
	static const char *const list[] = {"rate", "timeout", "retries", "community", "community_file", "on", NULL};
	assert_string_equal(ice_conf_nearest("rat", list), "rate");
	assert_string_equal(ice_conf_nearest("Rate", list), "rate");
	assert_string_equal(ice_conf_nearest("rtae", list), "rate");
	assert_string_equal(ice_conf_nearest("time_out", list), "timeout");
	assert_string_equal(ice_conf_nearest("tiemout", list), "timeout");
	assert_string_equal(ice_conf_nearest("retrys", list), "retries");
	assert_string_equal(ice_conf_nearest("comunity", list), "community");
	assert_string_equal(ice_conf_nearest("communities", list), "community");
	assert_string_equal(ice_conf_nearest("comm", list), "community");
	assert_null(ice_conf_nearest("", list));
	assert_null(ice_conf_nearest("xyzzy", list));
	assert_null(ice_conf_nearest("q", list));
	assert_null(
	        ice_conf_nearest("an_option_so_long_that_nobody_would_ever_write_it_down_in_any_file_at_all", list));
	assert_null(ice_conf_nearest("rate", (const char *const[]){NULL}));
}

static void keep_row(const struct ice_conf_where *where, const char *section, const char *name, const char *value,
                     void *arg)
{
	char *kept = arg;
	size_t n = strlen(kept);
	snprintf(kept + n, 512 - n, "%u %s [%s] %s=%s;", where->line, where->option, section, name, value);
	if (strcmp(name, "wrong") == 0)
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option, "is wrong, be right");
}

static void test_rows(void **state)
{
	(void)state;
	char kept[512] = "";
	static const char text[] =
	        "[match]\noid = 1.3.6.1\noid = 1.3.6.2\n\n[a b]\n# comment\nserial = get 1.3.6 : x\n";
	forget();
	write_file(text, sizeof(text) - 1);
	assert_true(ice_conf_rows(path, keep_row, kept, &mistakes));
	assert_string_equal(kept, "2 match.oid [match] oid=1.3.6.1;3 match.oid [match] oid=1.3.6.2;"
	                          "7 a b.serial [a b] serial=get 1.3.6 : x;");
	*kept = 0;
	write_file("x=1\n[m]\nwrong=1\ny=2 ;3\n", 23);
	assert_false(ice_conf_rows(path, keep_row, kept, &mistakes));
	assert_string_equal(kept, "1 x [] x=1;3 m.wrong [m] wrong=1;");
	assert_int_equal(mistakes.count, 2);
	forget();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_defaults),
	        cmocka_unit_test(test_every_kind),
	        cmocka_unit_test(test_all_mistakes_at_once),
	        cmocka_unit_test(test_missing_section),
	        cmocka_unit_test(test_what_inih_would_damage),
	        cmocka_unit_test(test_an_indented_row_is_a_row),
	        cmocka_unit_test(test_bytes_that_are_no_text),
	        cmocka_unit_test(test_lines_that_are_nothing),
	        cmocka_unit_test(test_files_that_are_none),
	        cmocka_unit_test(test_mistakes_stand_in_the_order_of_lines),
	        cmocka_unit_test(test_mistakes_are_bounded),
	        cmocka_unit_test(test_a_wrong_value_is_repeated_in_part),
	        cmocka_unit_test(test_numbers),
	        cmocka_unit_test(test_durations_and_sizes),
	        cmocka_unit_test(test_bools),
	        cmocka_unit_test(test_nearest),
	        cmocka_unit_test(test_rows),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
