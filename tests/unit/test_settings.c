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

#include "ice/settings.h"

static char folder[64];

static const char *in_folder(const char *name)
{
	static char path[2][128];
	static int turn;
	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", folder, name);
	return path[turn];
}

static const char *write_file(const char *name, const char *text, mode_t mode)
{
	const char *path = in_folder(name);
	FILE *to = fopen(path, "w");
	assert_non_null(to);
	fputs(text, to);
	fclose(to);
	assert_int_equal(chmod(path, mode), 0);
	return path;
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_settings.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	static const char *const names[] = {"ice.ini", "communities", "open"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		unlink(in_folder(names[i]));
	return rmdir(folder);
}

static void test_ways_to_the_server(void **state)
{
	(void)state;
	struct ice_settings s;
	struct ice_conf_mistakes m = {0};
	struct ice_upload_options up = {0};
#define PIN "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	write_file("communities", "user:secret\n", 0600);
	const char *path = write_file("ice.ini",
	                              "[server]\nhttp_fallback = off\nhttp_port = 8080\npin = " PIN "\npin = " PIN
	                              "\nproxy = http://proxy:3128\nproxy_credentials = communities\n",
	                              0644);
	if (!ice_settings_read(path, &s, &m))
		fail_msg("%s", m.lines[0]);
	ice_settings_server_apply(&s.server, &up);
	assert_false(up.http_fallback);
	assert_int_equal(up.http_port, 8080);
	assert_string_equal(up.pin, PIN ";" PIN);
	assert_string_equal(up.proxy, "http://proxy:3128");
	assert_string_equal((const char *)up.proxy_credentials->bytes, "user:secret");
	assert_null(up.client_certificate);
	ice_settings_free(&s);
	/* Without a word: sealed, port 80, nothing else. */
	assert_true(ice_settings_read(write_file("ice.ini", "", 0644), &s, &m));
	ice_settings_server_apply(&s.server, &up);
	assert_true(up.http_fallback);
	assert_int_equal(up.http_port, 80);
	assert_null(up.pin);
	assert_null(up.proxy);
	assert_null(up.proxy_credentials);
	ice_settings_free(&s);
	/* What is wrong is told, all of it. */
	write_file("communities", "no colon\n", 0600);
	write_file("open", "user:secret\n", 0644);
	path = write_file("ice.ini",
	                  "[server]\nhttp_fallback = plain\npin = sha256//short\nproxy = socks5://x:1\n"
	                  "proxy_credentials = communities\nclient_certificate = communities\nclient_key = open\n",
	                  0644);
	assert_false(ice_settings_read(path, &s, &m));
	assert_int_equal(m.count, 7);
	ice_settings_free(&s);
	ice_conf_mistakes_free(&m);
}

static void test_a_full_file_is_read(void **state)
{
	(void)state;
	struct ice_settings s;
	struct ice_conf_mistakes m = {0};
	write_file("communities", "# office\nfirst\nsecond\n", 0600);
	const char *path = write_file(
	        "ice.ini",
	        "[server]\nenrolment = keys/line\n[state]\ndirectory = /tmp/x\noutbox_size = 10M\n"
	        "[sweep]\ninterval = 10m\nrate = normal\ntimeout = 500ms\nretries = 1\nwindow = 1024\nport = 1161\n"
	        "versions = 2c\n[range b]\naddresses = 10.2.0.0/24\naddresses = 10.3.0.1\nexclude = 10.2.0.7\n"
	        "communities = communities\n[range a]\nexclude = 203.0.113.9\naddresses = 203.0.113.8-10\n"
	        "allow_public = 203.0.113.0/24\n[privacy]\nalert_text = device\nname = withhold\n[log]\nlevel = "
	        "debug\n",
	        0644);
	if (!ice_settings_read(path, &s, &m))
		fail_msg("%s", m.lines[0]);
	assert_string_equal(s.server.enrolment.path, in_folder("keys/line"));
	assert_string_equal(s.state.directory.path, "/tmp/x");
	assert_int_equal(s.state.outbox_size, 10 << 20);
	assert_int_equal(s.sweep.interval, 600000000);
	assert_int_equal(s.sweep.rate, 10000);
	assert_int_equal(s.sweep.timeout, 500000);
	assert_int_equal(s.sweep.retries, 1);
	assert_int_equal(s.sweep.window, 1024);
	assert_int_equal(s.sweep.port, 1161);
	assert_true(s.sweep.v2c && !s.sweep.v1);
	assert_int_equal(s.privacy.alert_text, 1);
	assert_int_equal(s.privacy.name, 1);
	assert_int_equal(s.privacy.location, 0);
	assert_int_equal(s.log.level, ICE_LOG_DEBUG);
	assert_int_equal(s.plan.count, 2);
	assert_string_equal(s.plan.legs[0]->name, "b");
	assert_int_equal(ice_range_count(s.plan.legs[0]->range), 254);
	assert_int_equal(s.plan.legs[0]->community_count, 2);
	assert_string_equal((const char *)s.plan.legs[0]->communities[1].bytes, "second");
	assert_int_equal(ice_range_count(s.plan.legs[1]->range), 2);
	assert_int_equal(s.plan.legs[1]->community_count, 1);
	assert_string_equal((const char *)s.plan.legs[1]->communities[0].bytes, "public");
	ice_settings_free(&s);
	ice_conf_mistakes_free(&m);
}

static void test_defaults(void **state)
{
	(void)state;
	struct ice_settings s;
	struct ice_conf_mistakes m = {0};
	assert_true(ice_settings_read(write_file("ice.ini", "[range a]\naddresses = 10.0.0.1\n", 0644), &s, &m));
	assert_string_equal(s.server.enrolment.path, "");
	assert_string_equal(s.state.directory.path, "/var/lib/ice");
	assert_int_equal(s.sweep.rate, 1000);
	assert_int_equal(s.sweep.timeout, 0);
	assert_int_equal(s.sweep.retries, 2);
	assert_int_equal(s.sweep.port, 161);
	assert_true(s.sweep.v2c && s.sweep.v1);
	assert_int_equal(s.privacy.alert_text, 0);
	assert_int_equal(s.log.level, ICE_LOG_INFO);
	ice_settings_free(&s);
	ice_conf_mistakes_free(&m);
}

static void test_lanes_have_intervals_hours_and_what_a_range_says_otherwise(void **state)
{
	(void)state;
	struct ice_settings s;
	struct ice_conf_mistakes m = {0};
	const char *path = write_file(
	        "ice.ini",
	        "[sweep]\ninterval = 2d\nspread = 4h\nhours = 20:00-06:00\n[inventory]\ninterval = 2h\n"
	        "full_read = 0\n[pulse]\ninterval = 10m\nerror_interval = 30s\n[schedule]\nblackout = 23:00-24:00\n"
	        "window = Mon-Fri\nwindow = Sat 06:00-12:00\nmissing_after = 1d\nretired_after = 7d\n"
	        "[range a]\naddresses = 10.0.0.1\n"
	        "[range b]\naddresses = 10.0.1.1\nrate = 50\nsweep = off\ninventory = 30m\npulse = 20s\n"
	        "location_tag = Haus 7 \"Ost\"\n[range c]\naddresses = 10.0.2.1\npulse = off\ninventory = off\n",
	        0644);
	if (!ice_settings_read(path, &s, &m))
		fail_msg("%s", m.lines[0]);
	const struct ice_leg *a = s.plan.legs[0], *b = s.plan.legs[1], *c = s.plan.legs[2];
	assert_int_equal(s.sweep.spread, ICE_USEC_SEC(4 * 3600));
	assert_int_equal(s.inventory.full_read, 0);
	assert_int_equal(s.schedule.missing_after, ICE_USEC_SEC(86400));
	assert_int_equal(s.schedule.retired_after, ICE_USEC_SEC(7 * 86400));
	assert_int_equal(a->intervals[ICE_LANE_SWEEP], ICE_USEC_SEC(2 * 86400));
	assert_int_equal(a->intervals[ICE_LANE_INVENTORY], ICE_USEC_SEC(7200));
	assert_int_equal(a->intervals[ICE_LANE_PULSE], ICE_USEC_SEC(600));
	assert_int_equal(a->intervals[ICE_LANE_ERROR], ICE_USEC_SEC(30));
	assert_int_equal(a->rate, 0);
	assert_null(a->location_tag);
	assert_int_equal(b->intervals[ICE_LANE_SWEEP], 0);
	assert_int_equal(b->intervals[ICE_LANE_INVENTORY], ICE_USEC_SEC(1800));
	assert_int_equal(b->intervals[ICE_LANE_PULSE], ICE_USEC_SEC(20));
	assert_int_equal(b->intervals[ICE_LANE_ERROR], ICE_USEC_SEC(20)); /* never slower than the pulse */
	assert_int_equal(b->rate, 50);
	assert_string_equal(b->location_tag, "Haus 7 \"Ost\"");
	assert_int_equal(c->intervals[ICE_LANE_PULSE], 0);
	assert_int_equal(c->intervals[ICE_LANE_ERROR], 0);
	assert_int_equal(c->intervals[ICE_LANE_INVENTORY], c->intervals[ICE_LANE_SWEEP]);
	/* Monday 1970-01-05 in UTC or wherever this runs: by minutes of the local week. */
	const struct {
		int minute;
		bool asked, swept;
	} hours[] = {{0, true, true},                 /* Mon 00:00 */
	             {12 * 60, true, false},          /* Mon 12:00 */
	             {22 * 60, true, true},           /* Mon 22:00 */
	             {23 * 60, false, false},         /* Mon 23:00: blackout */
	             {5 * 1440 + 359, false, false},  /* Sat 05:59: no window */
	             {5 * 1440 + 360, true, false},   /* Sat 06:00 */
	             {6 * 1440 + 600, false, false}}; /* Sun 10:00 */
	for (size_t i = 0; i < sizeof(hours) / sizeof(*hours); i++) {
		int at = hours[i].minute;
		assert_int_equal(s.schedule.hours.open[at / 64] >> at % 64 & 1, hours[i].asked);
		assert_int_equal(s.sweep.hours.open[at / 64] >> at % 64 & 1, hours[i].swept);
	}
	ice_settings_free(&s);
	ice_conf_mistakes_free(&m);
}

/* True when one of the mistakes holds both texts. */
static bool mistaken(const struct ice_conf_mistakes *m, const char *where, const char *what)
{
	for (size_t i = 0; i < m->count; i++)
		if (strstr(m->lines[i], where) && strstr(m->lines[i], what))
			return true;
	return false;
}

static void test_every_mistake_is_told_at_once_with_its_line(void **state)
{
	(void)state;
	struct ice_settings s;
	struct ice_conf_mistakes m = {0};
	write_file("open", "secret\n", 0644);
	const char *path = write_file(
	        "ice.ini",
	        "[sweep]\nintervall = 1h\nrate = fast\nretries = 99\ntimeout = never\n[range a]\n"
	        "addresses = 8.8.8.0/24\naddresses = 10.0.0.0/33\ncommunities = open\n[range b]\nexclude = 10.0.0.1\n"
	        "[range a]\naddresses = 10.0.0.1\n[nonsense]\nx = y\n[range of\xe2\x80\xae"
	        "fice]\naddresses = 10.0.0.1\n"
	        "[range two  words]\naddresses = 10.0.1.1\n[range c]\naddresses = 10.0.2.1 ; all\n",
	        0644);
	assert_false(ice_settings_read(path, &s, &m));
	assert_true(mistaken(&m, "ice.ini:2:", "interval"));
	assert_true(mistaken(&m, "ice.ini:3:", "gentle, normal, max"));
	assert_true(mistaken(&m, "ice.ini:4:", "retries"));
	assert_true(mistaken(&m, "ice.ini:5:", "learned"));
	assert_true(mistaken(&m, "ice.ini:7:", "range a.addresses"));
	assert_true(mistaken(&m, "ice.ini:8:", "range a.addresses"));
	assert_true(mistaken(&m, "ice.ini:9:", "range a.communities"));
	assert_true(mistaken(&m, "ice.ini:10:", "range b.addresses"));
	assert_true(mistaken(&m, "ice.ini:12:", "already"));
	assert_true(mistaken(&m, "ice.ini:14:", "nonsense"));
	assert_true(mistaken(&m, "ice.ini:16:", "does not show"));
	assert_true(mistaken(&m, "ice.ini:21:", "begins a comment"));
	assert_false(mistaken(&m, "ice.ini:20:", "")); /* that is not one that is missing, too */
	assert_false(mistaken(&m, "ice.ini:17:", ""));
	assert_false(mistaken(&m, "ice.ini:18:", ""));
	ice_settings_free(&s);
	ice_conf_mistakes_free(&m);
}

static void test_mistakes_of_lanes(void **state)
{
	(void)state;
	struct ice_settings s;
	struct ice_conf_mistakes m = {0};
	const char *path = write_file("ice.ini",
	                              "[sweep]\ninterval = never\nhours = Monday 12:00\n[pulse]\ninterval = 1ms\n"
	                              "[schedule]\nwindow = Mon-Fry\nblackout = 12:00-12:00\nmissing_after = 2d\n"
	                              "retired_after = 1d\n[range a]\naddresses = 10.0.0.1\nrate = fast\npulse = 0\n"
	                              "sweep = 1h\nsweep = 2h\nlocation_tag =\n",
	                              0644);
	assert_false(ice_settings_read(path, &s, &m));
	assert_true(mistaken(&m, ":2: sweep.interval", "write off, or"));
	assert_true(mistaken(&m, ":3: sweep.hours", "right would be"));
	assert_true(mistaken(&m, ":5: pulse.interval", "from 1s to 31d"));
	assert_true(mistaken(&m, ":7: schedule.window", "Mon-Fry"));
	assert_true(mistaken(&m, ":8: schedule.blackout", "12:00-12:00"));
	assert_true(mistaken(&m, "schedule.retired_after", "shorter than missing_after"));
	assert_true(mistaken(&m, ":13: range a.rate", "is no rate"));
	assert_true(mistaken(&m, ":14: range a.pulse", "write off, or"));
	assert_true(mistaken(&m, ":16: range a.sweep", "first in line 15"));
	assert_true(mistaken(&m, ":17: range a.location_tag", "no value"));
	assert_int_equal(m.count, 10);
	ice_settings_free(&s);
	ice_conf_mistakes_free(&m);
	/* Hours that leave nothing. */
	path = write_file("ice.ini", "[schedule]\nwindow = Mon 08:00-10:00\nblackout = 07:00-11:00\n", 0644);
	assert_false(ice_settings_read(path, &s, &m));
	assert_true(m.count == 1 && mistaken(&m, ":3: schedule.blackout", "leaves no hour"));
	ice_settings_free(&s);
	ice_conf_mistakes_free(&m);
	path = write_file("ice.ini", "[sweep]\nhours = Sun\n[schedule]\nwindow = Mon-Sat\n", 0644);
	assert_false(ice_settings_read(path, &s, &m));
	assert_true(m.count == 1 && mistaken(&m, ":2: sweep.hours", "no hour in common"));
	ice_settings_free(&s);
	ice_conf_mistakes_free(&m);
}

static void test_a_file_that_is_not_there_is_one_mistake(void **state)
{
	(void)state;
	struct ice_settings s;
	struct ice_conf_mistakes m = {0};
	assert_false(ice_settings_read(in_folder("absent.ini"), &s, &m));
	assert_int_equal(m.count, 1);
	ice_settings_free(&s);
	ice_conf_mistakes_free(&m);
}

/* ---- the sample file documents every option, each once, in its section, with its default ---- */

struct seen {
	unsigned times;
	char value[256];
};

static const struct ice_conf_option *option_of(const char *section, const char *name, size_t *index)
{
	size_t n = 0;
	for (const struct ice_settings_section *s = ice_settings_sections(); s->name; s++)
		for (const struct ice_conf_option *o = s->options; o->name; o++, n++)
			if (strcmp(s->name, section) == 0 && strcmp(o->name, name) == 0) {
				*index = n;
				return o;
			}
	return NULL;
}

static void test_the_sample_file_and_the_tables_agree(void **state)
{
	(void)state;
	struct seen seen[64] = {0};
	char line[512], section[64] = "", value[256];
	unsigned number = 0;
	bool remark = false; /* the line before told what the option is */
	FILE *sample = fopen("config/ice.ini", "r");
	if (!sample)
		skip(); /* not run from the project's root */
	while (fgets(line, sizeof(line), sample)) {
		char name[64], *at = line + (line[0] == ';');
		size_t index = 0;
		number++;
		if (sscanf(at, "[%63[a-z]", section) == 1 || line[0] == '#') {
			remark = line[0] == '#';
			continue;
		}
		if (sscanf(at, "%63[a-z_] = %255[^\n]", name, value) != 2) {
			if (strspn(line, " \n") != strlen(line))
				fail_msg("config/ice.ini:%u is neither remark nor section nor option: %s", number,
				         line);
			continue;
		}
		const struct ice_conf_option *o = option_of(section, name, &index);
		if (!o)
			fail_msg("config/ice.ini:%u: %s.%s is no option", number, section, name);
		if (!remark)
			fail_msg("config/ice.ini:%u: nothing above tells what %s.%s is", number, section, name);
		if (o->fallback && strcmp(value, o->fallback) != 0)
			fail_msg("config/ice.ini:%u: %s.%s is %s unless told, not %s", number, section, name,
			         o->fallback, value);
		if (o->fallback && line[0] != ';')
			fail_msg("config/ice.ini:%u: %s.%s has a default and should stand behind a ;", number, section,
			         name);
		seen[index].times++;
		remark = false;
	}
	fclose(sample);
	size_t n = 0;
	for (const struct ice_settings_section *s = ice_settings_sections(); s->name; s++)
		for (const struct ice_conf_option *o = s->options; o->name; o++, n++)
			if (seen[n].times != 1)
				fail_msg("config/ice.ini tells of %s.%s %u times, not once", s->name, o->name,
				         seen[n].times);
}

static void test_every_option_has_a_word_of_help(void **state)
{
	(void)state;
	for (const struct ice_settings_section *s = ice_settings_sections(); s->name; s++)
		for (const struct ice_conf_option *o = s->options; o->name; o++)
			assert_true(o->help && strlen(o->help) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_ways_to_the_server),
	        cmocka_unit_test(test_a_full_file_is_read),
	        cmocka_unit_test(test_defaults),
	        cmocka_unit_test(test_every_mistake_is_told_at_once_with_its_line),
	        cmocka_unit_test(test_lanes_have_intervals_hours_and_what_a_range_says_otherwise),
	        cmocka_unit_test(test_mistakes_of_lanes),
	        cmocka_unit_test(test_a_file_that_is_not_there_is_one_mistake),
	        cmocka_unit_test(test_the_sample_file_and_the_tables_agree),
	        cmocka_unit_test(test_every_option_has_a_word_of_help),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
