#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "ice/address.h"
#include "server/settings.h"

#define SAMPLE "config/facilities-manager.ini"

static const struct ice_conf_option *table_of(const char *section)
{
	return strcmp(section, "server") == 0   ? fm_settings_server
	       : strcmp(section, "limits") == 0 ? fm_settings_limits
	                                        : NULL;
}

/* Rows of the sample, set or shown behind '#', in this section and of this name; *value is the first one's. */
static int sample_rows(const char *section, const char *name, char value[256])
{
	char line[512], here[64] = "", row_name[64], row_value[256];
	int found = 0;
	FILE *f = fopen(SAMPLE, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		row_value[0] = '\0';
		if (line[0] == '[')
			assert_int_equal(sscanf(line, "[%63[^]]]", here), 1);
		else if (sscanf(line + (line[0] == '#'), "%63[a-z_] = %255[^\n]", row_name, row_value) >= 1 &&
		         strcmp(row_name, name) == 0 && strcmp(here, section) == 0 &&
		         strncmp(line + (line[0] == '#') + strlen(name), " =", 2) == 0 && found++ == 0)
			strcpy(value, row_value);
	}
	fclose(f);
	return found;
}

static void test_the_sample_shows_every_option_with_its_default(void **state)
{
	(void)state;
	static const char *const sections[] = {"server", "limits"};
	char value[256];
	for (size_t s = 0; s < 2; s++) {
		for (const struct ice_conf_option *o = table_of(sections[s]); o->name; o++) {
			if (sample_rows(sections[s], o->name, value) == 0)
				fail_msg("[%s] %s is not in %s", sections[s], o->name, SAMPLE);
			if (o->fallback && strcmp(value, o->fallback) != 0)
				fail_msg("[%s] %s: the sample shows \"%s\", the default is \"%s\"", sections[s],
				         o->name, value, o->fallback);
			assert_non_null(o->help);
		}
	}
}

static void test_the_sample_shows_nothing_else(void **state)
{
	(void)state;
	char line[512], here[64] = "", name[64], eq[4];
	FILE *f = fopen(SAMPLE, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '[') {
			assert_int_equal(sscanf(line, "[%63[^]]]", here), 1);
			assert_non_null(table_of(here));
		} else if (sscanf(line + (line[0] == '#'), "%63[a-z_] %3[=]", name, eq) == 2) {
			const struct ice_conf_option *o = table_of(here);
			while (o->name && strcmp(o->name, name) != 0)
				o++;
			if (!o->name)
				fail_msg("%s shows [%s] %s, which is no option", SAMPLE, here, name);
		}
	}
	fclose(f);
}

static void test_the_sample_reads_without_mistakes_and_means_the_defaults(void **state)
{
	(void)state;
	struct fm_settings sample, defaults;
	struct ice_conf_mistakes mistakes = {0};
	bool ok = fm_settings_read(&sample, SAMPLE, &mistakes);
	ice_conf_mistakes_print(&mistakes, stderr);
	assert_true(ok);
	assert_true(fm_settings_read(&defaults, NULL, &mistakes));
	fm_settings_check(&sample, SAMPLE, &mistakes);
	assert_int_equal(mistakes.count, 0);
	assert_string_equal(sample.data, defaults.data);
	assert_int_equal(sample.listen_count, 1);
	assert_string_equal(sample.listen[0], defaults.listen[0]);
	assert_int_equal(sample.connections, defaults.connections);
	assert_int_equal(sample.buffered, 64 << 20);
	assert_int_equal(sample.deadline, ICE_USEC_SEC(60));
	assert_int_equal(sample.log_level, ICE_LOG_INFO);
	fm_settings_free(&sample);
	fm_settings_free(&defaults);
}

static void test_mistakes_are_told(void **state)
{
	(void)state;
	char path[] = "/tmp/ice-settings-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	dprintf(fd, "[server]\nlisten = fm:8443\nname = a b\nurl = http://fm\nkey = x\nlog_level = loud\nprot = 1\n"
	            "[limits]\ndeadline = 0s\n");
	close(fd);
	struct fm_settings s;
	struct ice_conf_mistakes mistakes = {0};
	assert_false(fm_settings_read(&s, path, &mistakes));
	fm_settings_check(&s, path, &mistakes);
	unlink(path);
	/* listen (and that there is none left), name, url, the certificate to the key, log_level, prot, deadline */
	assert_int_equal(mistakes.count, 8);
	ice_conf_mistakes_free(&mistakes);
	fm_settings_free(&s);
}

static void test_endpoints(void **state)
{
	(void)state;
	static const char *const bad[] = {
	        "",      "8443",     ":8443",        "10.0.0.1",       "10.0.0.1:",   "10.0.0.1:x",
	        "[::1]", "::1:8443", "[10.0.0.1]:1", "10.0.0.1:65536", "[::1:8443",   "]:1",
	        "[]:1",  "fm:8443",  "10.0.0.1:-1",  "10.0.0.1:1 ",    "[fe80::1%]:1"};
	struct ice_address address;
	uint16_t port;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (fm_settings_endpoint(bad[i], &address, &port))
			fail_msg("this is no endpoint: \"%s\"", bad[i]);
	assert_true(fm_settings_endpoint("0.0.0.0:0", &address, &port));
	assert_int_equal(port, 0);
	assert_true(fm_settings_endpoint("[::1]:65535", &address, &port));
	assert_int_equal(port, 65535);
	assert_int_equal(address.lo, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_the_sample_shows_every_option_with_its_default),
	        cmocka_unit_test(test_the_sample_shows_nothing_else),
	        cmocka_unit_test(test_the_sample_reads_without_mistakes_and_means_the_defaults),
	        cmocka_unit_test(test_mistakes_are_told),
	        cmocka_unit_test(test_endpoints),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
