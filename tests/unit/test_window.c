/* The configuration window's own parts: what a browser sends, who may, and that nothing comes out of a template but escaped. */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "ice/window.h"
#include "window/asset.h"
#include "window/form.h"
#include "window/running.h"
#include "window/session.h"
#include "window/template.h"
#include "window/view.h"

/* ---- forms ---- */

static bool parse(struct window_form *f, const char *text)
{
	return window_form_parse(f, text, strlen(text));
}

static void test_fields_are_decoded(void **state)
{
	struct window_form f;
	(void)state;
	assert_true(parse(&f, "a=1&b=x+y%26%3d&c&=&d=l1%0D%0Al2&a=2"));
	assert_string_equal(window_form_get(&f, "a"), "1");
	assert_string_equal(window_form_get(&f, "b"), "x y&=");
	assert_string_equal(window_form_get(&f, "c"), "");
	assert_string_equal(window_form_get(&f, "d"), "l1\nl2");
	assert_null(window_form_get(&f, "e"));
	assert_string_equal(window_form_text(&f, "e"), "");
	assert_true(window_form_is(&f, "a", "1"));
	window_form_fini(&f);
	assert_true(parse(&f, "a=%0D%0D%0A%0D.%0D%0A"));
	assert_string_equal(window_form_get(&f, "a"), "\n\r.\n");
	window_form_fini(&f);
}

static void test_forms_refused(void **state)
{
	static const char *const wrong[] = {"a=%",   "a=%4",  "a=%zz",    "a=%00",
	                                    "%00=a", "a=%ff", "a=%c0%80", "a=%ed%a0%80"};
	struct window_form f;
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		if (parse(&f, wrong[i]))
			fail_msg("\"%s\" should be refused", wrong[i]);
		window_form_fini(&f);
	}
	assert_false(window_form_parse(&f, "a\0b", 3));
	window_form_fini(&f);
	char *many = calloc(1, 4 * (WINDOW_FORM_FIELDS + 1) + 1);
	for (size_t i = 0; i <= WINDOW_FORM_FIELDS; i++)
		memcpy(many + 4 * i, "a=1&", 4);
	assert_false(parse(&f, many));
	window_form_fini(&f);
	many[4 * WINDOW_FORM_FIELDS] = '\0';
	assert_true(parse(&f, many));
	assert_int_equal(f.count, WINDOW_FORM_FIELDS);
	window_form_fini(&f);
	free(many);
	char *large = calloc(1, WINDOW_FORM_MAX + 2);
	memset(large, 'a', WINDOW_FORM_MAX + 1);
	assert_false(parse(&f, large));
	window_form_fini(&f);
	large[WINDOW_FORM_MAX] = '\0';
	assert_true(parse(&f, large));
	window_form_fini(&f);
	free(large);
}

static void test_cookies(void **state)
{
	char out[8];
	(void)state;
	assert_true(window_form_cookie("a=1; ice=abc; b=2", "ice", out, sizeof out));
	assert_string_equal(out, "abc");
	assert_true(window_form_cookie("ice=abc", "ice", out, sizeof out));
	assert_false(window_form_cookie(NULL, "ice", out, sizeof out));
	assert_false(window_form_cookie("", "ice", out, sizeof out));
	assert_false(window_form_cookie("ice2=abc; xice=abc; ice", "ice", out, sizeof out));
	assert_false(window_form_cookie("ice=abc; ice=abc", "ice", out, sizeof out));
	assert_false(window_form_cookie("ice=12345678", "ice", out, sizeof out));
}

/* ---- sessions ---- */

static void test_the_token_opens_once(void **state)
{
	struct window_session s;
	char token[WINDOW_SESSION_SECRET + 1];
	(void)state;
	window_session_init(&s, "127.0.0.1", 4711);
	memcpy(token, s.token, sizeof token);
	assert_int_equal(strlen(token), WINDOW_SESSION_SECRET);
	assert_string_not_equal(s.token, s.cookie);
	assert_string_not_equal(s.form, s.cookie);
	assert_false(window_session_enter(&s, ""));
	assert_false(window_session_enter(&s, NULL));
	assert_false(window_session_enter(&s, "00000000000000000000000000000000"));
	assert_true(window_session_enter(&s, token));
	assert_false(window_session_enter(&s, token));
	assert_false(window_session_enter(&s, s.token));
}

static void test_who_may(void **state)
{
	struct window_session s;
	char cookie[80], wrong[80];
	(void)state;
	window_session_init(&s, "127.0.0.1", 4711);
	snprintf(cookie, sizeof cookie, "ice-4711=%s", s.cookie);
	snprintf(wrong, sizeof wrong, "ice-4711=%s", s.form);
	const struct {
		struct window_session_request r;
		enum window_session_verdict verdict;
	} cases[] = {
	        {{false, false, "127.0.0.1:4711", NULL, NULL, cookie}, WINDOW_SESSION_GOOD},
	        {{false, false, "LOCALHOST:4711", NULL, "none", cookie}, WINDOW_SESSION_GOOD},
	        {{false, false, "127.0.0.1:4711", NULL, "same-origin", cookie}, WINDOW_SESSION_GOOD},
	        {{false, false, "127.0.0.1:4711", NULL, NULL, NULL}, WINDOW_SESSION_STRANGER},
	        {{false, false, "127.0.0.1:4711", NULL, NULL, wrong}, WINDOW_SESSION_STRANGER},
	        {{false, true, "127.0.0.1:4711", NULL, NULL, NULL}, WINDOW_SESSION_GOOD},
	        {{false, true, "127.0.0.1:4711", NULL, "cross-site", NULL}, WINDOW_SESSION_ELSEWHERE},
	        {{true, true, "127.0.0.1:4711", "http://127.0.0.1:4711", NULL, NULL}, WINDOW_SESSION_STRANGER},
	        {{false, false, NULL, NULL, NULL, cookie}, WINDOW_SESSION_HOST},
	        {{false, false, "", NULL, NULL, cookie}, WINDOW_SESSION_HOST},
	        {{false, false, "127.0.0.1", NULL, NULL, cookie}, WINDOW_SESSION_HOST},
	        {{false, false, "evil.example:4711", NULL, NULL, cookie}, WINDOW_SESSION_HOST},
	        {{false, false, "127.0.0.1:4711", NULL, "cross-site", cookie}, WINDOW_SESSION_ELSEWHERE},
	        {{false, false, "127.0.0.1:4711", NULL, "same-site", cookie}, WINDOW_SESSION_ELSEWHERE},
	        {{false, false, "127.0.0.1:4711", NULL, "", cookie}, WINDOW_SESSION_ELSEWHERE},
	        {{true, false, "127.0.0.1:4711", NULL, NULL, cookie}, WINDOW_SESSION_ELSEWHERE},
	        {{true, false, "127.0.0.1:4711", NULL, "same-origin", cookie}, WINDOW_SESSION_GOOD},
	        {{true, false, "127.0.0.1:4711", NULL, "none", cookie}, WINDOW_SESSION_ELSEWHERE},
	        {{true, false, "127.0.0.1:4711", "http://127.0.0.1:4711", NULL, cookie}, WINDOW_SESSION_GOOD},
	        {{true, false, "127.0.0.1:4711", "http://127.0.0.1:4711", "same-origin", cookie}, WINDOW_SESSION_GOOD},
	        {{true, false, "127.0.0.1:4711", "http://localhost:4711", NULL, cookie}, WINDOW_SESSION_ELSEWHERE},
	        {{true, false, "127.0.0.1:4711", "https://127.0.0.1:4711", NULL, cookie}, WINDOW_SESSION_ELSEWHERE},
	        {{true, false, "127.0.0.1:4711", "null", NULL, cookie}, WINDOW_SESSION_ELSEWHERE},
	        {{true, false, "127.0.0.1:4711", "", NULL, cookie}, WINDOW_SESSION_ELSEWHERE},
	        {{true, false, "127.0.0.1:4711", "http://127.0.0.1:4711", "same-origin", NULL},
	         WINDOW_SESSION_STRANGER},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (window_session_judge(&s, &cases[i].r) != cases[i].verdict)
			fail_msg("case %zu: the verdict is %d, it should be %d", i,
			         (int)window_session_judge(&s, &cases[i].r), (int)cases[i].verdict);
	assert_true(window_session_form(&s, s.form));
	assert_false(window_session_form(&s, s.cookie));
	assert_false(window_session_form(&s, ""));
}

/* ---- templates ---- */

static void renders(const char *template, const char *facts, const char *wanted)
{
	json_t *o = json_loads(facts, 0, NULL);
	size_t len;
	assert_non_null(o);
	char *page = window_template_text(template, strlen(template), o, &len);
	if (!wanted && page)
		fail_msg("\"%s\" gave \"%s\", it should be refused", template, page);
	if (wanted && (!page || strcmp(page, wanted) != 0))
		fail_msg("\"%s\" gave \"%s\", it should be \"%s\"", template, page ? page : "nothing", wanted);
	free(page);
	json_decref(o);
}

static void test_facts_are_escaped(void **state)
{
	(void)state;
	renders("<p title=\"{{a}}\">{{a}}</p>", "{\"a\":\"<b a='1' b=\\\"2\\\">&\"}",
	        "<p title=\"&lt;b a=&#39;1&#39; b=&quot;2&quot;&gt;&amp;\">&lt;b a=&#39;1&#39; "
	        "b=&quot;2&quot;&gt;&amp;</p>");
	renders("{{a}}", "{\"a\":\"{{a}} x\\ty\\n\"}", "{{a}} x\ty\n");
	renders("{{a}}", "{\"a\":\"\\u0001\\u001b\\u007f\\u0085\\u202e\\u2066\\u200f\\u2028\\ufeff\\u061c.\"}",
	        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef"
	        "\xbf\xbd\xef\xbf\xbd.");
	renders("{{a}}", "{\"a\":\"\\u00e9\\u20ac\\ufefe\\u00a0\\u0630\"}",
	        "\xc3\xa9\xe2\x82\xac\xef\xbb\xbe\xc2\xa0\xd8\xb0");
	renders("/?q={{%a}}", "{\"a\":\"a b&c=\\u00e9+\\\"\"}", "/?q=a%20b%26c%3D%C3%A9%2B%22");
}

/* What a browser reads in it is what was there. */
static void test_values_of_fields_come_back(void **state)
{
	(void)state;
	renders("{{=a}}", "{\"a\":\"\\u202e\\u2066\\u200f\\u2028\\ufeff\\u061c\\r.<\\\"\"}",
	        "&#8238;&#8294;&#8207;&#8232;&#65279;&#1564;&#13;.&lt;&quot;");
	renders("{{=a}}", "{\"a\":\"\\u0001\\u0085\\u00e9\\u20ac\"}", "\x01\xc2\x85\xc3\xa9\xe2\x82\xac");
}

static void test_marks(void **state)
{
	(void)state;
	renders("{{,n}} {{,m}} {{,k}} {{n}} {{r}}", "{\"n\":1234567,\"m\":-12345,\"k\":123,\"r\":0.5}",
	        "1,234,567 -12,345 123 1234567 0.5");
	renders("{{#l}}[{{.}}]{{/l}}{{^l}}none{{/l}}", "{\"l\":[\"a\",\"b\"]}", "[a][b]");
	renders("{{#l}}[{{.}}]{{/l}}{{^l}}none{{/l}}", "{\"l\":[]}", "none");
	renders("{{#o}}{{x}}{{y}}{{.y}}{{/o}}", "{\"o\":{\"x\":1},\"y\":2}", "12");
	renders("{{#t}}yes{{/t}}{{#f}}no{{/f}}{{^e}}empty{{/e}}{{#s}}{{s}}{{/s}}",
	        "{\"t\":true,\"f\":false,\"e\":\"\",\"s\":\"text\"}", "yesemptytext");
	renders("{{#a}}{{#a}}{{a}}{{/a}}{{/a}}", "{\"a\":\"x\"}", "x");
	renders("{{a.b.c}}{{a.x.c}}", "{\"a\":{\"b\":{\"c\":7}}}", "7");
	renders("{{>count.html}}", "{}", "\n");
}

static void test_marks_that_are_wrong(void **state)
{
	static const char *const wrong[] = {
	        "{{a", "{{}}", "{{#a}}", "{{/a}}", "{{#a}}{{/b}}", "{{>nowhere.html}}", "{{#a}}x{{^a}}y{{/a}}"};
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		renders(wrong[i], "{\"a\":true}", NULL);
	char deep[2048] = "";
	for (int i = 0; i < 40; i++)
		strcat(deep, "{{#a}}");
	for (int i = 0; i < 40; i++)
		strcat(deep, "{{/a}}");
	renders(deep, "{\"a\":true}", NULL);
}

/* That escaping is enough depends on where marks stand: in text, or in an attribute in double quotes; never in a tag itself, never in a
 * script or style, and in an address only behind a path of our own. */
static void check_place(const struct window_asset *page, const char *mark)
{
	static const char in_value[] = "value=\"", in_area[] = "</textarea>";
	if (mark[2] == '=' && memcmp(mark - strlen(in_value), in_value, strlen(in_value)) != 0 &&
	    strncmp(strstr(mark, "}}") + 2, in_area, strlen(in_area)) != 0)
		fail_msg("%s: %.30s is not the value of a field", page->name, mark);
	const char *open = mark;
	while (open > page->text && *open != '<' && *open != '>')
		open--;
	if (*open != '<')
		return;
	size_t quotes = 0;
	const char *value = NULL;
	for (const char *c = open; c < mark; c++)
		if (*c == '"' && ++quotes % 2 == 1)
			value = c + 1;
	if (quotes % 2 == 0)
		fail_msg("%s: %.30s stands in a tag, outside of quotes", page->name, mark);
	size_t n = 0;
	while (n < 20 && value - 2 - n > open && value[-3 - (ptrdiff_t)n] != ' ')
		n++;
	char name[32] = "";
	snprintf(name, sizeof name, "%.*s", (int)n, value - 2 - n);
	bool address = strcmp(name, "href") == 0 || strcmp(name, "src") == 0 || strcmp(name, "action") == 0 ||
	               strcmp(name, "formaction") == 0 || strcmp(name, "data-part") == 0;
	if (address && *value != '/' && *value != '#')
		fail_msg("%s: %.30s begins the address in %s", page->name, mark, name);
	if (address && *value == '/' && mark[2] != '%')
		fail_msg("%s: %.30s is not escaped for an address", page->name, mark);
	if (strncmp(name, "on", 2) == 0 || strcmp(name, "style") == 0)
		fail_msg("%s: %.30s stands in %s", page->name, mark, name);
}

static void test_marks_stand_where_escaping_holds(void **state)
{
	size_t pages = 0;
	(void)state;
	for (size_t i = 0; window_asset_at(i); i++) {
		const struct window_asset *page = window_asset_at(i);
		size_t n = strlen(page->name);
		if (n < 5 || strcmp(page->name + n - 5, ".html") != 0)
			continue;
		pages++;
		if (strstr(page->text, "<style") || strstr(page->text, " style=") || strstr(page->text, "javascript:"))
			fail_msg("%s has a style of its own, or a script", page->name);
		for (const char *s = page->text; (s = strstr(s, "<script")); s++)
			if (strncmp(s, "<script src=\"/", 14) != 0)
				fail_msg("%s has a script in it", page->name);
		for (const char *mark = page->text; (mark = strstr(mark, "{{")); mark++)
			if (!strchr("#^/>", mark[2]))
				check_place(page, mark);
	}
	assert_true(pages > 10);
}

static void test_every_page_renders_of_nothing(void **state)
{
	(void)state;
	json_t *nothing = json_object();
	for (size_t i = 0; window_asset_at(i); i++) {
		size_t len;
		const char *name = window_asset_at(i)->name;
		if (!strstr(name, ".html"))
			continue;
		char *page = window_template_file(name, nothing, &len);
		if (!page)
			fail_msg("%s has a mark that is wrong", name);
		free(page);
	}
	json_decref(nothing);
}

/* ---- records ---- */

static void test_a_record_in_words(void **state)
{
	(void)state;
	json_t *record = json_loads(
	        "{\"ip\":\"10.1.2.3\",\"make\":\"Acme\",\"model\":\"X1\",\"pages\":{\"total\":12},\"errors\":["
	        "\"lowToner\"],"
	        "\"alerts\":[{\"severity\":\"critical\",\"code\":\"markerTonerAlmostEmpty\"},{\"severity\":7,\"code\":["
	        "]}],"
	        "\"supplies\":[{\"name\":\"B\",\"type\":\"toner\",\"color\":\"black\",\"state\":\"exact\",\"percent\":"
	        "43},"
	        "{\"name\":\"W\",\"type\":\"wasteToner\",\"state\":\"some\"},7,{\"percent\":1e9,\"type\":\"ink\"}]}",
	        0, NULL);
	json_t *facts = window_view_facts(record);
	assert_string_equal(json_string_value(json_object_get(facts, "title")), "10.1.2.3");
	assert_string_equal(json_string_value(json_object_get(facts, "what")), "Acme X1");
	assert_int_equal(json_integer_value(json_object_get(facts, "pages")), 12);
	assert_int_equal(json_integer_value(json_object_get(facts, "lowest")), 43);
	assert_int_equal(json_array_size(json_object_get(facts, "inks")), 2);
	json_t *notes = json_object_get(facts, "notes");
	assert_string_equal(json_string_value(json_object_get(json_array_get(notes, 0), "text")), "low toner");
	assert_string_equal(json_string_value(json_object_get(json_array_get(notes, 1), "text")),
	                    "marker toner almost empty");
	json_t *wide = json_array_get(json_object_get(facts, "supplies"), 3);
	assert_int_equal(json_integer_value(json_object_get(wide, "width")), 100);
	assert_true(window_view_has(facts, "acme"));
	assert_false(window_view_has(facts, "nowhere"));
	json_decref(facts);
	json_decref(record);
}

static void test_it_ends_when_nobody_does_anything(void **state)
{
	char folder[] = "/tmp/test_window.XXXXXX", file[64], why[256] = "";
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/ice.ini", folder);
	struct ice_window_options options = {.file = file, .idle = ICE_USEC_MSEC(20)};
	if (!ice_window_run(&options, why, sizeof why))
		fail_msg("%s", why);
	assert_int_equal(rmdir(folder), 0); /* and made nothing */
	options.file = "/nonexistent/ice.ini";
	assert_false(ice_window_run(&options, why, sizeof why));
	assert_non_null(strstr(why, "/nonexistent"));
}

/* The unit runs the service with one file; with another it is run by hand, whatever a shell makes of the file's name. */
static void test_the_command_that_starts_it(void **state)
{
	static const char *const rows[][2] = {
	        {"/etc/ice/ice.ini", "systemctl enable --now ice"},
	        {"/etc/ice/other.ini", "ice run -c /etc/ice/other.ini"},
	        {"/srv/it's $here/ice.ini", "ice run -c '/srv/it'\\''s $here/ice.ini'"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *command = window_running_start(rows[i][0]);
		assert_string_equal(command, rows[i][1]);
		free(command);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_fields_are_decoded),
	        cmocka_unit_test(test_forms_refused),
	        cmocka_unit_test(test_cookies),
	        cmocka_unit_test(test_the_token_opens_once),
	        cmocka_unit_test(test_who_may),
	        cmocka_unit_test(test_facts_are_escaped),
	        cmocka_unit_test(test_values_of_fields_come_back),
	        cmocka_unit_test(test_marks),
	        cmocka_unit_test(test_marks_that_are_wrong),
	        cmocka_unit_test(test_marks_stand_where_escaping_holds),
	        cmocka_unit_test(test_every_page_renders_of_nothing),
	        cmocka_unit_test(test_a_record_in_words),
	        cmocka_unit_test(test_the_command_that_starts_it),
	        cmocka_unit_test(test_it_ends_when_nobody_does_anything),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
