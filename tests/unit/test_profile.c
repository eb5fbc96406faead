/* Profiles: what may be written in them, what is refused and how it is told, and what may be asked in the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ice/profile.h"

#include "printer/compiled.h"

static char folder[] = "/tmp/ice-profiles-XXXXXX";
static struct ice_conf_mistakes mistakes;

static void put(const char *name, const char *text)
{
	char path[200];
	snprintf(path, sizeof(path), "%s/%s.ini", folder, name);
	if (!text) {
		unlink(path);
		return;
	}
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static struct ice_profiles *load(void)
{
	ice_conf_mistakes_free(&mistakes);
	memset(&mistakes, 0, sizeof(mistakes));
	return ice_profiles_load(folder, &mistakes);
}

#define GENERIC                                                                                                        \
	"[objects]\nsysName = 1.3.6.1.2.1.1.5\nsysDescr = 1.3.6.1.2.1.1.1\n"                                           \
	"[facts]\nname = text sysName.0\nserial = text 1.3.6.1.2.1.43.5.1.1.17.$general\n"                             \
	"supply.level = column 1.3.6.1.2.1.43.11.1.1.9\n"

static bool told(const char *part)
{
	for (size_t i = 0; i < mistakes.count; i++) {
		if (strstr(mistakes.lines[i], part))
			return true;
	}
	return false;
}

/* The vendor's file has this mistake, and it is told with its line and this text. */
static void refuse(const char *vendor, const char *where, const char *part)
{
	put("generic", GENERIC);
	put("vendor", vendor);
	struct ice_profiles *p = load();
	if (p || !told(where) || !told(part)) {
		ice_conf_mistakes_print(&mistakes, stderr);
		fail_msg("not refused as wanted (%s, %s): %s", where, part, vendor);
	}
}

static void test_refused(void **state)
{
	(void)state;
	refuse("[facts]\nname = text 1.3.6.1.2.1.1.4.0\n", "vendor.ini:2", "sysContact");
	refuse("[facts]\nname = text 1.3.6.1.2.1.43.5.1.1.4.$general\n", "vendor.ini:2", "prtGeneralCurrentOperator");
	refuse("[facts]\nname = text 1.3.6.1.2.1.43.5.1.1.5.1\n", "vendor.ini:2", "prtGeneralServicePerson");
	refuse("[facts]\nsupply.name = column 1.3.6.1.2.1.43.16.5.1.2\n", "vendor.ini:2",
	       "prtConsoleDisplayBufferText");
	refuse("[facts]\nname = text 1.3.6.1.4.1.2699.1.1.1.1.0\n", "vendor.ini:2", "Job Monitoring MIB");
	refuse("[facts]\nname = text 1.3.6.1.2.1.43.18.1.1.8.1.1\n", "vendor.ini:2", "prtAlertDescription");
	refuse("[facts]\nsupply.name = column 1.3.6.1.2.1.43\n", "vendor.ini:2", "never asked for");
	refuse("[match]\nprobe = 1.3.6.1.4.1.2699\n", "vendor.ini:2", "never asked for");
	refuse("[facts]\nname = text\n", "vendor.ini:2", "no object");
	refuse("[facts]\nname = texts 1.3.6.1.2.1.1.5.0\n", "vendor.ini:2", "'texts' is no kind");
	refuse("[facts]\nname = column 1.3.6.1.2.1.1.5\n", "vendor.ini:2", "'column' is no kind");
	refuse("[facts]\nnmae = text 1.3.6.1.2.1.1.5.0\n", "vendor.ini:2", "did you mean name");
	refuse("[facts]\nname = text sysNmae.0\n", "vendor.ini:2", "neither an OID nor a name");
	refuse("[facts]\nname = text sysName.$nowhere\n", "vendor.ini:2", "neither an OID nor a name");
	refuse("[facts]\nname = text sysName.0 | befor \"x\"\n", "vendor.ini:2", "'befor' is no step");
	refuse("[facts]\nname = text sysName.0 | after\n", "vendor.ini:2", "is no step");
	refuse("[facts]\npages.total = record xx 1.3.6.1.4.1.1.1.0\n", "vendor.ini:2", "id in hex");
	refuse("[facts]\npages.copy = lookup 1.3.6.1.4.1.1.1\n", "vendor.ini:2", "the column of keys");
	refuse("[match]\nbrand = > Make\n", "vendor.ini:2", "ALIAS > Make");
	refuse("[match]\nsys_id = 1.3.6\n", "vendor.ini:2", "no such match");
	refuse("[match]\nprinter_id = one.two\n", "vendor.ini:2", "not an OID");
	refuse("[profile]\nbulk = maybe\n", "vendor.ini:2", "yes|no");
	refuse("[profile]\nbase = nothing\n", "vendor.ini:2", "there is no profile 'nothing'");
	refuse("[profile]\nbase = vendor\n", "vendor.ini", "circle");
	refuse("[fatcs]\nname = text sysName.0\n", "vendor.ini:2", "did you mean facts");
	refuse("[objects]\nx = 1.2.x\n", "vendor.ini:2", "not an OID");
}

static void test_all_mistakes_at_once(void **state)
{
	(void)state;
	put("generic", GENERIC);
	put("vendor", "[facts]\nname = text nowhere.0\nserial = nothing?\n[match]\nwhat = 1\n");
	assert_null(load());
	assert_int_equal(mistakes.count, 3);
	put("vendor", NULL);
	put("generic", NULL);
	put("other", "[facts]\n");
	assert_null(load());
	assert_true(told("generic"));
	put("other", NULL);
	assert_null(load());
}

static void test_ladders(void **state)
{
	(void)state;
	put("generic", GENERIC);
	put("vendor",
	    "[profile]\nmake = Acme\n[facts]\nname = text 1.3.6.1.4.1.9.1.0\nname = before text 1.3.6.1.4.1.9.2.0\n"
	    "name = before text 1.3.6.1.4.1.9.3.0\nserial = only text 1.3.6.1.4.1.9.4.0\n"
	    "pages.total = late number 1.3.6.1.4.1.9.5.0\n");
	struct ice_profiles *p = load();
	assert_non_null(p);
	const struct ice_profile *v = ice_profiles_find(p, "vendor");
	const struct ice_ladder *names = &v->ladders[ICE_FIELD_NAME];
	assert_int_equal(names->count, 4);
	static const char *const order[] = {"vendor.ini:5", "vendor.ini:6", "generic.ini:5", "vendor.ini:4"};
	for (int i = 0; i < 4; i++)
		assert_string_equal(names->rungs[i].origin, order[i]);
	assert_int_equal(v->ladders[ICE_FIELD_SERIAL].count, 1);
	assert_true(v->wants[v->ladders[ICE_FIELD_PAGES].rungs[0].want].late);
	/* what `only` dropped is asked by the generic profile, but not by this one */
	for (size_t i = 0; i < v->want_count; i++)
		assert_int_not_equal(v->wants[i].index, ICE_INDEX_GENERAL);
	assert_int_equal(ice_profiles_count(p), 2);
	assert_string_equal(ice_profile_name(ice_profiles_at(p, 0)), "generic");
	assert_null(ice_profiles_at(p, 2));
	ice_profiles_free(p);
	put("vendor", NULL);
}

static bool may(const struct ice_profiles *p, const char *text)
{
	struct ice_oid oid;
	assert_true(ice_oid_parse(text, &oid));
	return ice_profiles_may_ask(p, oid.bytes, oid.len);
}

static void test_may_ask(void **state)
{
	(void)state;
	put("generic", GENERIC "alert.text = column 1.3.6.1.2.1.43.18.1.1.8\n");
	struct ice_profiles *p = load();
	assert_non_null(p);
	assert_true(may(p, "1.3.6.1.2.1.1.5.0"));
	assert_true(may(p, "1.3.6.1.2.1.1.5")); /* what GETNEXT asks for it */
	assert_true(may(p, "1.3.6.1.2.1.1.1")); /* first contact */
	assert_true(may(p, "1.3.6.1.2.1.43.5.1.1.17.1"));
	assert_true(may(p, "1.3.6.1.2.1.43.11.1.1.9"));
	assert_true(may(p, "1.3.6.1.2.1.43.11.1.1.9.1.4"));
	assert_false(may(p, "1.3.6.1.2.1.1.4.0"));
	assert_false(may(p, "1.3.6.1.2.1.1.4"));
	assert_false(may(p, "1.3.6.1.2.1.1.6.0"));
	assert_false(may(p, "1.3.6.1.2.1.43.11.1.1.8"));
	assert_false(may(p, "1.3.6.1.2.1.43.18.1.1.8"));
	assert_false(may(p, "1.3.6.1"));
	assert_false(ice_profiles_may_ask(p, (const uint8_t *)"\x80", 1));
	ice_profiles_free(p);
}

/* The shipped profiles load, and none of what they may ask is denied. */
static void test_shipped(void **state)
{
	(void)state;
	struct ice_conf_mistakes m = {0};
	struct ice_profiles *p = ice_profiles_load("config/profiles", &m);
	ice_conf_mistakes_print(&m, stderr);
	assert_non_null(p);
	assert_int_equal(m.count, 0);
	assert_true(ice_profiles_count(p) >= 17);
	static const char *const denied[] = {"1.3.6.1.2.1.1.4.0",           "1.3.6.1.2.1.1.4",
	                                     "1.3.6.1.2.1.43.5.1.1.4.1",    "1.3.6.1.2.1.43.5.1.1.5.1",
	                                     "1.3.6.1.2.1.43.16.5.1.2.1.1", "1.3.6.1.2.1.43.18.1.1.8.1.1",
	                                     "1.3.6.1.4.1.2699.1.1.1",      "1.3.6.1.4.1.2435.2.3.9.4.2.1.5.4.5.2.0"};
	for (size_t i = 0; i < sizeof(denied) / sizeof(denied[0]); i++)
		assert_false(may(p, denied[i]));
	assert_string_equal(ice_profiles_brand(p, "Hewlett-Packard LaserJet")->make, "HP");
	assert_string_equal(ice_profiles_brand(p, "hp laserjet")->make, "HP");
	assert_null(ice_profiles_brand(p, "HP-UX server"));
	assert_null(ice_profiles_brand(p, "HPE ProLiant"));
	assert_string_equal(ice_profiles_brand(p, "FUJI XEROX DocuPrint")->make, "Fuji Xerox");
	ice_profiles_free(p);
	ice_conf_mistakes_free(&m);
}

static int open_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int close_folder(void **state)
{
	(void)state;
	put("generic", NULL);
	put("vendor", NULL);
	put("other", NULL);
	ice_conf_mistakes_free(&mistakes);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_refused), cmocka_unit_test(test_all_mistakes_at_once),
	        cmocka_unit_test(test_ladders), cmocka_unit_test(test_may_ask),
	        cmocka_unit_test(test_shipped),
	};
	return cmocka_run_group_tests(tests, open_folder, close_folder);
}
