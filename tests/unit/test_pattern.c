/* Patterns of texts: what matches, held against fnmatch(3) over many made up ones; and that what a pattern needs leaves out none of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "ice/random.h"
#include "printer/pattern.h"

static void rows_match_as_they_say(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} rows[] = {
	        {"*LaserJet*", "HP LASERJET 400", true},
	        {"*LaserJet*", "HP Laser Jet 400", false},
	        {"TASKalfa ###*", "taskalfa 406ci", true},
	        {"TASKalfa ###*", "TASKalfa 40ci", false},
	        {"*", "", true},
	        {"", "", true},
	        {"", "x", false},
	        {"?", "", false},
	        {"?#", "z7", true},
	        {"*#", "no digit", false},
	        {"*a*b*c", "aXbXcXbc", true},
	        {"*a*b*c", "aXbXcXbd", false},
	        {"*[*", "a[b", true}, /* means nothing but itself */
	        {"K\xc3\xbchler*", "k\xc3\xbchler 1", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (ice_pattern_matches(rows[i].pattern, rows[i].text) != rows[i].matches)
			fail_msg("\"%s\" and \"%s\"", rows[i].pattern, rows[i].text);
}

static void made(struct ice_random *random, const char *of, char out[12])
{
	size_t n = ice_random_below(random, 11);
	for (size_t i = 0; i < n; i++)
		out[i] = of[ice_random_below(random, (uint32_t)strlen(of))];
	out[n] = '\0';
}

static void what_is_needed_leaves_out_no_match(void **state)
{
	struct ice_random random;
	unsigned matched = 0, left_out = 0;
	(void)state;
	ice_random_seed(&random, 20);
	for (int i = 0; i < 400000; i++) {
		char pattern[12], text[12], glob[40] = "";
		made(&random, "aAbZz0479 *?#-@[\xc3\xe3", pattern);
		made(&random, "aAbZz0479 -@[\xc3\xe3", text);
		for (size_t k = 0, n = 0; pattern[k]; k++)
			n += (size_t)snprintf(glob + n, sizeof(glob) - n,
			                      pattern[k] == '#'   ? "[0-9]"
			                      : pattern[k] == '[' ? "\\["
			                                          : "%c",
			                      pattern[k]);
		bool matches = ice_pattern_matches(pattern, text);
		if (matches != (fnmatch(glob, text, FNM_CASEFOLD) == 0))
			fail_msg("\"%s\" and \"%s\"", pattern, text);
		bool may = (ice_pattern_needs(pattern) & ~ice_pattern_holds(text)) == 0;
		if (matches && !may)
			fail_msg("\"%s\" needs more than \"%s\" holds", pattern, text);
		matched += matches;
		left_out += !may;
	}
	assert_true(matched > 5000 && left_out > 200000); /* both kinds were met */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(rows_match_as_they_say),
	        cmocka_unit_test(what_is_needed_leaves_out_no_match),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
