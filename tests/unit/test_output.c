#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "agent/output.h"
#include "ice/csv.h"

static struct ice_record record;
static struct ice_identity identity = {.descr = "=cmd|' /C calc'!A0", .reason = "a row of the Printer-MIB"};

static const char *csv(const char *text)
{
	static char *out;
	size_t n;
	free(out);
	FILE *to = open_memstream(&out, &n);
	ice_csv_cell(to, text);
	fclose(to);
	return out;
}

static void test_csv_cells(void **state)
{
	(void)state;
	assert_string_equal(csv(NULL), "");
	assert_string_equal(csv(""), "");
	assert_string_equal(csv("plain text"), "plain text");
	assert_string_equal(csv("one, two"), "\"one, two\"");
	assert_string_equal(csv("a \"name\""), "\"a \"\"name\"\"\"");
	assert_string_equal(csv("two\nlines"), "\"two\nlines\"");
}

static void test_csv_holds_no_formula(void **state)
{
	(void)state;
	assert_string_equal(csv("=1+1"), "\"'=1+1\"");
	assert_string_equal(csv("+1"), "\"'+1\"");
	assert_string_equal(csv("-1"), "\"'-1\"");
	assert_string_equal(csv("@SUM(A1)"), "\"'@SUM(A1)\"");
	assert_string_equal(csv("\t=1"), "\"'\t=1\"");
	assert_string_equal(csv("=HYPERLINK(\"http://x\",\"y\")"), "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"");
	assert_string_equal(csv("a=1"), "a=1");
}

/* Runs one format over two printers and a device. */
static char *run(const char *format, bool discover, size_t finds)
{
	static char *out;
	const char *names;
	size_t n;
	struct ice_output o;
	free(out);
	FILE *to = open_memstream(&out, &n);
	const struct ice_output_format *f = ice_output_format(format, &names);
	assert_non_null(f);
	ice_output_begin(&o, f, to, discover, true);
	for (size_t i = 0; i < finds; i++) {
		ice_record_init(&record);
		record.ip = ice_address_v4(0x0a000001 + (uint32_t)i);
		record.name = i ? "second, \"quoted\"" : "=first";
		record.make = "Make";
		record.pages[ICE_PAGES_TOTAL] = 7;
		record.supplies[record.supply_count++] = (struct ice_supply){.name = "Black",
		                                                             .type = "toner",
		                                                             .state = ICE_SUPPLY_EXACT,
		                                                             .has_percent = true,
		                                                             .percent = 43.5};
		record.supplies[record.supply_count++] =
		        (struct ice_supply){.name = "Cyan", .type = "toner", .state = ICE_SUPPLY_SOME};
		struct ice_finding finding = {.address = record.ip,
		                              .outcome = i < 2 ? ICE_OUTCOME_PRINTER : ICE_OUTCOME_DEVICE,
		                              .identity = &identity,
		                              .record = i < 2 && !discover ? &record : NULL,
		                              .version = ICE_SNMP_V2C,
		                              .rtt = i == 1 ? -1 : 1500};
		ice_output_find(&o, &finding);
	}
	ice_output_end(&o);
	fclose(to);
	return out;
}

static size_t lines_of(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		n += *text == '\n';
	return n;
}

static void test_csv_rows_have_as_many_cells_as_the_header(void **state)
{
	(void)state;
	for (int discover = 0; discover < 2; discover++) {
		char *text = run("csv", discover, 3);
		size_t commas = 0, header = 0;
		bool quoted = false;
		assert_int_equal(lines_of(text), discover ? 4 : 3);
		for (char *p = text; *p; p++) {
			quoted ^= *p == '"';
			commas += *p == ',' && !quoted;
			if (*p != '\n' || quoted)
				continue;
			if (!header)
				header = commas;
			assert_int_equal(commas, header);
			commas = 0;
		}
	}
	assert_non_null(strstr(run("csv", false, 1), "\"'=first\""));
	assert_non_null(strstr(run("csv", false, 1), "Black: 43.5%; Cyan: some"));
	assert_non_null(strstr(run("csv", true, 1), "\"'=cmd|' /C calc'!A0\""));
}

static void test_json_is_one_array_whatever_is_found(void **state)
{
	(void)state;
	for (size_t finds = 0; finds <= 3; finds++) {
		for (int discover = 0; discover < 2; discover++) {
			json_error_t error;
			json_t *list = json_loads(run("json", discover, finds), 0, &error);
			assert_non_null(list);
			assert_int_equal(json_array_size(list), discover || finds < 3 ? finds : 2);
			json_decref(list);
		}
	}
}

static void test_ndjson_is_one_object_a_line(void **state)
{
	(void)state;
	char *text = run("ndjson", true, 3);
	assert_int_equal(lines_of(text), 3);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		json_error_t error;
		json_t *o = json_loads(line, 0, &error);
		assert_non_null(o);
		assert_string_equal(json_string_value(json_object_get(o, "description")), "=cmd|' /C calc'!A0");
		assert_int_equal(json_integer_value(json_object_get(o, "community")), 1);
		json_decref(o);
	}
	assert_int_equal(lines_of(run("ndjson", false, 3)), 2);
}

static void test_formats_by_name(void **state)
{
	(void)state;
	const char *names;
	assert_null(ice_output_format("xml", &names));
	assert_string_equal(names, "table, json, ndjson, csv");
	assert_int_equal(lines_of(run("table", false, 3)), 3);
	assert_int_equal(lines_of(run("table", true, 3)), 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_csv_cells),
	        cmocka_unit_test(test_csv_holds_no_formula),
	        cmocka_unit_test(test_csv_rows_have_as_many_cells_as_the_header),
	        cmocka_unit_test(test_json_is_one_array_whatever_is_found),
	        cmocka_unit_test(test_ndjson_is_one_object_a_line),
	        cmocka_unit_test(test_formats_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
