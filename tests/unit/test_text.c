#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ice/random.h"
#include "ice/text.h"

static char out[4096];

static void check(const char *bytes, size_t n, int mibenum, const char *want, int line)
{
	/* exactly as large as it is, so that a sanitizer sees the first byte read too many */
	uint8_t *exact = malloc(n ? n : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, n);
	size_t length = ice_text_clean(exact, n, mibenum, out, sizeof(out));
	free(exact);
	if (strcmp(out, want) != 0)
		fail_msg("line %d: \"%s\" came out, \"%s\" was expected", line, out, want);
	assert_int_equal(length, strlen(out));
	assert_true(ice_text_is_clean(out));
}

#define CHECK(bytes, mibenum, want) check(bytes, sizeof(bytes) - 1, mibenum, want, __LINE__)

static void test_plain(void **state)
{
	(void)state;
	static const int sets[] = {0, 3, 4, 17, 106, 2004, 2024, 2252, 9999, -1};
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		CHECK("", sets[i], "");
		CHECK("HP LaserJet 4250", sets[i], "HP LaserJet 4250");
		CHECK("  a   b  ", sets[i], "a b");
		CHECK(" \t\r\n ", sets[i], "");
	}
}

static void test_nuls(void **state)
{
	(void)state;
	CHECK("HP\0\0\0", 0, "HP");
	CHECK("HP\0 \0 ", 106, "HP");
	CHECK("HP\0LaserJet", 0, "HP LaserJet");
	CHECK("\0HP", 0, "HP");
	CHECK("\0\0\0\0", 0, "");
	CHECK("Caf\xe9\0\0", 4, "Café");
}

static void test_what_is_removed(void **state)
{
	(void)state;
	CHECK("a\x01\x1f\x7f"
	      "b",
	      106, "ab");
	CHECK("a\x1b[31mb", 106, "a[31mb");
	CHECK("a\nb\tc\vd\fe\rf", 106, "a b c d e f");
	CHECK("a\xc2\x80\xc2\x9f"
	      "b",
	      106, "ab"); /* C1 */
	CHECK("a\xc2\x85"
	      "b\xe2\x80\xa8"
	      "c\xe2\x80\xa9"
	      "d",
	      106, "a b c d"); /* NEL, LS, PS */
	CHECK("a\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\xae"
	      "b",
	      106, "ab"); /* U+202A..202E */
	CHECK("a\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9"
	      "b",
	      106, "ab"); /* U+2066..2069 */
	CHECK("a\xe2\x80\x8b\xe2\x80\x8c\xe2\x80\x8d\xe2\x80\x8e\xe2\x80\x8f\xe2\x81\xa0"
	      "b",
	      106, "ab");
	CHECK("\xef\xbb\xbf"
	      "a\xef\xbb\xbf"
	      "b",
	      106, "ab"); /* byte-order mark */
	CHECK("a\xd8\x9c\xe1\xa0\x8e"
	      "b\xf3\xa0\x81\x81",
	      106, "ab");
	CHECK("a\xc2\xa0\xc2\xa0\xe3\x80\x80"
	      "b\xe2\x80\x83",
	      106, "a b"); /* no-break, ideographic, em space */
}

static void test_unknown(void **state)
{
	(void)state;
	CHECK("B\xc3\xbcro", 0, "Büro");
	CHECK("B\xfcro", 0, "Büro");
	CHECK("Caf\xe9", 0, "Café");
	CHECK("\xfe\xff\0B\0\xfc", 0, "Bü");
	CHECK("\xff\xfe"
	      "B\0\xfc\0",
	      0, "Bü");
	CHECK("H\0P\0 \0L\0J\0", 0, "HP LJ");
	CHECK("\0H\0P\0\0", 0, "HP");
	CHECK("H\0P\0\0\0", 0, "HP");
	CHECK("A\0", 0, "A");
	CHECK("Bob\x92s \x96 5\x80", 0, "Bob’s – 5€");
	CHECK("\xfe", 0, "þ");
	CHECK("\xff\xfe\x41", 0, "ÿþA");
}

static void test_invalid_utf8_is_latin1(void **state)
{
	(void)state;
	CHECK("\xc0\xaf", 106, "À¯");                /* overlong "/" */
	CHECK("\xe0\x80\xaf", 106, "à€¯");           /* overlong */
	CHECK("\xed\xa0\x80", 106, "í €");           /* a surrogate */
	CHECK("\xf4\x90\x80\x80", 106, "ô€€");       /* above U+10FFFF */
	CHECK("\xf8\x88\x80\x80\x80", 106, "øˆ€€€"); /* five bytes */
	CHECK("a\x80z", 106, "a€z");                 /* a continuation alone */
	CHECK("\xc3z", 106, "Ãz");
	CHECK("\xf4\x8f\xbf\xbd", 106, "\xf4\x8f\xbf\xbd"); /* the very last plane is valid */
	CHECK("\xee\x80\x80\xef\xbf\xbd", 106, "\xee\x80\x80\xef\xbf\xbd");
}

static void test_a_last_character_cut_short(void **state)
{
	(void)state;
	CHECK("\xc3\xbc\xc3", 106, "ü");
	CHECK("\xe6\x9d\xb1\xe4\xba", 106, "東");
	CHECK("ab\xe6\x9d", 0, "ab");
	CHECK("ab\xf0\x9f\x96", 106, "ab");
	CHECK("Caf\xc3", 106, "CafÃ");
	CHECK("\x83v\x83\x8a\x83", 17, "プリ");
	CHECK("A\0\x3d\xd8", 1014, "A");
	CHECK("\0A\0", 1013, "A");
}

static void test_declared_sets(void **state)
{
	(void)state;
	CHECK("B\xfcro", 4, "Büro");
	CHECK("\xa4 \xdf \xff", 4, "¤ ß ÿ");
	CHECK("\x80 \x99", 2252, "€ ™");
	CHECK("B\xcfro \xba", 2004, "Büro ¤");
	CHECK("\xa8", 12, "¨");
	CHECK("\xb1 \xea", 5, "ą ę");
	CHECK("\xcf\xf0\xe8\xed\xf2\xe5\xf0", 2251, "Принтер");
	CHECK("\xd0\xd2\xc9\xce\xd4\xc5\xd2", 2084, "принтер");
	CHECK("\x83v\x83\x8a\x83\x93\x83^", 17, "プリンタ");
	CHECK("\x83v\x83\x8a\x83\x93\x83^ \x87\x40", 2024, "プリンタ ①");
	CHECK("\xcc\xdf\xd8\xdd\xc0", 17, "ﾌﾟﾘﾝﾀ");
	CHECK("a\\b~c \x82\xa0", 17, "a\\b~c あ");
	CHECK("\xc5\xec\xb5\xfe", 18, "東京");
	CHECK("\xb6\xab\xbe\xa9", 2025, "东京");
}

static void test_utf16(void **state)
{
	(void)state;
	CHECK("\x67\x71\x4e\xac", 1013, "東京");
	CHECK("\x71\x67\xac\x4e", 1014, "東京");
	CHECK("\x67\x71\x4e\xac", 1015, "東京"); /* big-endian without a mark */
	CHECK("\xff\xfe\x71\x67\xac\x4e", 1015, "東京");
	CHECK("\xff\xfe\x71\x67\xac\x4e", 1013, "東京"); /* the mark outweighs what was declared */
	CHECK("\xfe\xff\x67\x71\x4e\xac", 1014, "東京");
	CHECK("\x67\x71\x4e\xac", 1000, "東京");
	CHECK("H\0P\0", 1015, "HP");
	CHECK("\xd8\x3d\xdd\xa8", 1013, "🖨");
	CHECK("\xd8\x3d\0A", 1013,
	      "\xef\xbf\xbd"
	      "A");
	CHECK("\xdd\xa8\0A", 1013,
	      "\xef\xbf\xbd"
	      "A");
	CHECK("\xd8\x3d\xd8\x3d\xdd\xa8", 1013, "\xef\xbf\xbd🖨");
	CHECK("\0A\x20\x2e\0B\0\0\0C\0\0", 1013, "AB C");
}

static void test_devices_that_lie(void **state)
{
	(void)state;
	/* declared, and UTF-8 all the same */
	CHECK("B\xc3\xbcro", 4, "Büro");
	CHECK("B\xc3\xbcro", 3, "Büro");
	CHECK("B\xc3\xbcro", 2004, "Büro");
	CHECK("\xe3\x83\x97\xe3\x83\xaa", 17, "プリ");
	/* declared UTF-16, and ASCII */
	CHECK("HP LaserJet", 1013, "HP LaserJet");
	CHECK("LaserJet", 1014, "LaserJet");
	CHECK("Ink", 1015, "Ink");
	/* not valid in the set declared */
	CHECK("B\xfcro", 3, "Büro");
	CHECK("\x81 x", 17, "x");
	CHECK("na\xefve", 17, "naïve");
}

static void test_the_cap_is_a_character_boundary(void **state)
{
	(void)state;
	char small[8];
	assert_int_equal(ice_text_clean((const uint8_t *)"abcdefgh", 8, 106, small, sizeof(small)), 7);
	assert_string_equal(small, "abcdefg");
	assert_int_equal(ice_text_clean((const uint8_t *)"ab\xe6\x9d\xb1\xe4\xba\xac", 8, 106, small, sizeof(small)),
	                 5);
	assert_string_equal(small, "ab東");
	/* what comes after a character that did not fit would stand in the wrong place */
	assert_int_equal(ice_text_clean((const uint8_t *)"abcdef\xc3\xbcg", 9, 106, small, sizeof(small)), 6);
	assert_string_equal(small, "abcdef");
	/* nor does the text end in the blank before it */
	assert_int_equal(ice_text_clean((const uint8_t *)"abcdef gh", 9, 106, small, sizeof(small)), 6);
	assert_string_equal(small, "abcdef");
	assert_int_equal(ice_text_clean((const uint8_t *)"abc", 3, 106, small, 1), 0);
	assert_string_equal(small, "");
	small[0] = 'x';
	assert_int_equal(ice_text_clean((const uint8_t *)"abc", 3, 106, small, 0), 0);
	assert_int_equal(small[0], 'x');
}

static void test_is_clean(void **state)
{
	(void)state;
	static const char *const clean[] = {"", "a", "a b", "Büro", "東京", "🖨", "\xef\xbf\xbd"};
	static const char *const not_clean[] = {" ",
	                                        " a",
	                                        "a ",
	                                        "a  b",
	                                        "a\tb",
	                                        "a\n",
	                                        "\x7f",
	                                        "\xff",
	                                        "\xc3",
	                                        "\xc0\x80",
	                                        "a\xc2\xa0"
	                                        "b",
	                                        "\xe2\x80\xae",
	                                        "\xef\xbb\xbf"
	                                        "a",
	                                        "\xc2\x85",
	                                        "\xed\xa0\x80"};
	for (size_t i = 0; i < sizeof(clean) / sizeof(clean[0]); i++)
		assert_true(ice_text_is_clean(clean[i]));
	for (size_t i = 0; i < sizeof(not_clean) / sizeof(not_clean[0]); i++) {
		if (ice_text_is_clean(not_clean[i]))
			fail_msg("number %zu was taken for clean", i);
	}
	assert_true(ice_text_is_utf8((const uint8_t *)"a\0\xc3\xbc", 4));
	assert_false(ice_text_is_utf8((const uint8_t *)"a\0\xc3\xbc", 3));
	assert_true(ice_text_is_utf8((const uint8_t *)"", 0));
}

static void tells(const char *text, const char *want)
{
	char *told = NULL;
	size_t n;
	FILE *to = open_memstream(&told, &n);
	assert_non_null(to);
	ice_text_tell(text, to);
	fclose(to);
	assert_string_equal(told, want);
	free(told);
}

static void test_what_a_terminal_is_told(void **state)
{
	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	tells("", "");
	tells(" a  b ", " a  b ");
	tells("Büro 東京", "Büro 東京");
	tells("a\033[2Jb\nc\x7f", "a?[2Jb?c?");
	tells("a\xc2\x9b"
	      "2Jb\xc2\x85 c\u2028d\u202ee",
	      "a?2Jb? c?d?e"); /* U+009B is an escape and a bracket in one */
	tells("a\x9b"
	      "2Jb\xc3",
	      "a?2Jb?");
	tells("\xc3\x28\xf5\x80\x80\x80\xed\xa0\x80", "?(??");
	assert_non_null(setlocale(LC_CTYPE, "C"));
	tells("a\xc2\x9bJ Büro", "a?J B?ro"); /* such a terminal could take any byte of a letter for an order */
}

static void test_columns(void **state)
{
	(void)state;
	assert_int_equal(ice_text_columns(""), 0);
	assert_int_equal(ice_text_columns("HP LaserJet"), 11);
	assert_int_equal(ice_text_columns("Büro"), 4);
	assert_int_equal(ice_text_columns("bu\xcc\x88ro"), 4); /* u and a combining diaeresis */
	assert_int_equal(ice_text_columns("東京"), 4);
	assert_int_equal(ice_text_columns("ﾌﾟﾘﾝﾀ"), 5);
	assert_int_equal(ice_text_columns("█▌"), 2);
}

/* Whatever comes in, under whatever set: clean, stable, and within its bounds. */
static void test_anything_comes_out_clean(void **state)
{
	(void)state;
	static const int sets[] = {0,    3,    4,    5,    17,   18,   38,   106,  113,
	                           1000, 1013, 1014, 1015, 2004, 2009, 2024, 2026, 2252};
	struct ice_random r;
	ice_random_seed(&r, 5);
	for (int i = 0; i < 5000; i++) {
		uint8_t bytes[64];
		char text[200], again[200];
		size_t n = ice_random_below(&r, sizeof(bytes) + 1), size = 1 + ice_random_below(&r, sizeof(text));
		int set = sets[ice_random_below(&r, sizeof(sets) / sizeof(sets[0]))];
		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)(ice_random_next(&r) & (i % 3 ? 0xff : 0x7f));
		size_t length = ice_text_clean(bytes, n, set, text, size);
		assert_true(length < size && strlen(text) == length);
		assert_true(ice_text_is_clean(text));
		ice_text_clean((const uint8_t *)text, length, ICE_TEXT_UTF8, again, sizeof(again));
		assert_string_equal(text, again);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_plain),
	        cmocka_unit_test(test_nuls),
	        cmocka_unit_test(test_what_is_removed),
	        cmocka_unit_test(test_unknown),
	        cmocka_unit_test(test_invalid_utf8_is_latin1),
	        cmocka_unit_test(test_a_last_character_cut_short),
	        cmocka_unit_test(test_declared_sets),
	        cmocka_unit_test(test_utf16),
	        cmocka_unit_test(test_devices_that_lie),
	        cmocka_unit_test(test_the_cap_is_a_character_boundary),
	        cmocka_unit_test(test_is_clean),
	        cmocka_unit_test(test_what_a_terminal_is_told),
	        cmocka_unit_test(test_columns),
	        cmocka_unit_test(test_anything_comes_out_clean),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
