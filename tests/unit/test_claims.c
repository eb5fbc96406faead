/* Whose device it is: profiles that claim the same, one more narrowly than the other, by number and by text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ice/ber.h"

#include "printer/claims.h"
#include "printer/firstcontact.h"

static char folder[] = "/tmp/ice-claims-XXXXXX";
static struct ice_profiles *profiles;

/* In the order of the files; a has b as its base. */
static const struct {
	const char *name, *text;
} files[] = {
        {"a",
         "[profile]\nbase = b\n[match]\nprinter_id = 1.3.6.1.4.1.4242.1\nbrand = Alpha\nnot = *scan*\nnot = *fax ##\n"},
        {"b", "[match]\nprinter_id = 1.3.6.1.4.1.4242.1\ndescription = * Jet\n"},
        {"c", "[match]\nprinter_id = 1.3.6.1.4.1.4242.1.7\ndescription = Gamma *\nobject = 1.3.6.1.4.1.77.2\n"},
        {"d", "[match]\nvendor_id = 1.3.6.1.4.1.4242\nobject = 1.3.6.1.4.1.77\n"},
        {"e", "[match]\nprinter_id = 1.3.6.1.4.1.4242\n"},
        {"generic", "[facts]\nname = text 1.3.6.1.2.1.1.5.0\n"},
};
enum { FILES = sizeof(files) / sizeof(files[0]) };

static void path_of(size_t i, char path[100])
{
	snprintf(path, 100, "%s/%s.ini", folder, files[i].name);
}

static int setup(void **state)
{
	struct ice_conf_mistakes mistakes = {0};
	char path[100];
	(void)state;
	assert_non_null(mkdtemp(folder));
	for (size_t i = 0; i < FILES; i++) {
		path_of(i, path);
		FILE *f = fopen(path, "w");
		assert_non_null(f);
		fputs(files[i].text, f);
		fclose(f);
	}
	profiles = ice_profiles_load(folder, &mistakes);
	ice_conf_mistakes_print(&mistakes, stderr);
	ice_conf_mistakes_free(&mistakes);
	return profiles ? 0 : -1;
}

static int teardown(void **state)
{
	char path[100];
	(void)state;
	ice_profiles_free(profiles);
	for (size_t i = 0; i < FILES; i++) {
		path_of(i, path);
		unlink(path);
	}
	return rmdir(folder);
}

static struct ice_identity identity(const char *descr, const char *device_descr, const char *object_id)
{
	struct ice_identity id = {.printer = true};
	snprintf(id.descr, sizeof(id.descr), "%s", descr);
	snprintf(id.device_descr, sizeof(id.device_descr), "%s", device_descr);
	if (*object_id)
		assert_true(ice_oid_parse(object_id, &id.object_id));
	return id;
}

static struct ice_claims claims(const char *descr, const char *object_id)
{
	static const struct ice_snmp_message nothing;
	struct ice_identity id = identity(descr, "", object_id);
	struct ice_claims c;
	ice_claims_find(profiles, &id, &nothing, &c);
	return c;
}

static void is(const struct ice_profile *p, const char *name)
{
	assert_string_equal(p ? ice_profile_name(p) : "nobody", name);
}

static void the_narrowest_number_counts(void **state)
{
	static const struct {
		const char *object_id, *printer, *vendor;
	} rows[] = {
	        {"1.3.6.1.4.1.4242.1", "b", "d"}, /* of two that are as narrow, the last file's, base or not */
	        {"1.3.6.1.4.1.4242.1.5", "b", "d"},
	        {"1.3.6.1.4.1.4242.1.7", "c", "d"},
	        {"1.3.6.1.4.1.4242.1.7.1", "c", "d"},
	        {"1.3.6.1.4.1.4242.9", "e", "d"},
	        {"1.3.6.1.4.1.4243.1", "nobody", "nobody"},
	        {"1.3.6.1.4.1", "nobody", "nobody"},
	        {"", "nobody", "nobody"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ice_claims c = claims("", rows[i].object_id);
		is(c.by_printer_id, rows[i].printer);
		is(c.by_vendor_id, rows[i].vendor);
		is(ice_claims_profile(profiles, &c),
		   strcmp(rows[i].printer, "nobody") == 0 ? ICE_PROFILE_GENERIC : rows[i].printer);
	}
}

static void text_comes_before_numbers(void **state)
{
	static const struct {
		const char *descr, *by_text;
		bool printer;
	} rows[] = {
	        {"Alpha Jet", "a", true}, /* the brand before whatever the rest looks like */
	        {"Alpha", "a", false},    {"Beta Jet", "b", true},
	        {"Gamma Jet", "b", true}, /* of two looks, the first file's */
	        {"Gamma 5", "c", true},   {"Beta", "nobody", false},
	        {"", "nobody", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ice_claims c = claims(rows[i].descr, "1.3.6.1.4.1.4242.3");
		is(c.by_text, rows[i].by_text);
		assert_int_equal(c.descr_is_printer, rows[i].printer);
		is(ice_claims_profile(profiles, &c), strcmp(rows[i].by_text, "nobody") == 0 ? "e" : rows[i].by_text);
	}
}

static void another_kind_is_told_by_either_text(void **state)
{
	static const struct {
		const char *descr, *device_descr;
		bool other;
	} rows[] = {
	        {"Card 7", "Alpha scanner", true}, {"Alpha Scanner", "Card 7", true},
	        {"Card 7", "Alpha Fax 70", true},  {"Alpha Fax 70", "", true},
	        {"Card 7", "Alpha Fax 7", false},  {"scnr", "an sca", false},
	        {"Alpha", "Alpha 4", false},       {"", "", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static const struct ice_snmp_message nothing;
		struct ice_identity id = identity(rows[i].descr, rows[i].device_descr, "");
		struct ice_claims c;
		ice_claims_find(profiles, &id, &nothing, &c);
		id.profile = ice_profiles_find(profiles, "a");
		assert_int_equal(ice_claims_other(&c, &id), rows[i].other);
		id.profile = ice_profiles_find(profiles, "b");
		assert_false(ice_claims_other(&c, &id));
	}
}

static void the_narrowest_tree_counts(void **state)
{
	static const struct {
		const char *name, *by_object;
	} rows[] = {{"1.3.6.1.4.1.77.2.5.0", "c"}, {"1.3.6.1.4.1.77.3.0", "d"}, {"1.3.6.1.4.1.78.0", "nobody"}};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		static struct ice_snmp_message m;
		struct ice_identity id = identity("", "", "");
		struct ice_oid name;
		struct ice_claims c;
		assert_true(ice_oid_parse(rows[i].name, &name));
		m.count = ICE_CONTACT_FIRST + 1;
		for (size_t k = 0; k < m.count; k++)
			m.varbinds[k] = (struct ice_snmp_varbind){
			        .oid = name.bytes, .oid_len = name.len, .tag = ICE_BER_INTEGER};
		ice_claims_find(profiles, &id, &m, &c);
		is(c.by_object, rows[i].by_object);
		m.count = ICE_CONTACT_FIRST; /* the first question's answers are nobody's tree */
		ice_claims_find(profiles, &id, &m, &c);
		is(c.by_object, "nobody");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(the_narrowest_number_counts),
	        cmocka_unit_test(text_comes_before_numbers),
	        cmocka_unit_test(another_kind_is_told_by_either_text),
	        cmocka_unit_test(the_narrowest_tree_counts),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
