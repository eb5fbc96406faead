#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/table.h"
#include "ice/text.h"

static struct ice_record record;
static struct ice_found *fleet;

static void begin(uint32_t address, const char *name, const char *make, const char *model, const char *serial,
                  int64_t pages, const char *unit, const char *status)
{
	ice_record_init(&record);
	record.ip = ice_address_v4(address);
	record.name = name;
	record.make = make;
	record.model = model;
	record.serial = serial;
	record.pages[ICE_PAGES_TOTAL] = pages;
	record.pages_unit = unit;
	record.status = status;
}

static void supply(const char *type, const char *color, const char *class, enum ice_supply_state state, double percent)
{
	record.supplies[record.supply_count++] = (struct ice_supply){.name = "a cartridge",
	                                                             .type = type,
	                                                             .color = color,
	                                                             .class = class,
	                                                             .state = state,
	                                                             .has_percent = percent >= 0,
	                                                             .percent = percent};
}

static int make_fleet(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	fleet = ice_found_new(100);
	begin(0x0a010305, "plotter-2", "HP", "DesignJet Z6", "CN1234567X", 812, "feet", "down");
	record.errors[record.error_count++] = "doorOpen";
	record.alerts[record.alert_count++] = (struct ice_alert){"critical", "cover", "coverOpen", NULL, NULL};
	supply("ink", "gray", "consumed", ICE_SUPPLY_LOW, -1);
	supply("ink", "magenta", "consumed", ICE_SUPPLY_EXACT, 12);
	supply("ink", "light cyan", "consumed", ICE_SUPPLY_EXACT, 50);
	supply("ink", "black", "consumed", ICE_SUPPLY_EXACT, 43);
	supply("ink", "cyan", "consumed", ICE_SUPPLY_EXACT, 77);
	supply("ink", "yellow", "consumed", ICE_SUPPLY_UNKNOWN, -1);
	ice_found_printer(fleet, &record);
	begin(0x0a010203, "BRN001BA9F4152C", "Brother", "HL-5370DW", "E1J123456", 12345, "impressions", "idle");
	supply("toner", "black", "consumed", ICE_SUPPLY_SOME, -1);
	supply("opc", NULL, "consumed", ICE_SUPPLY_EXACT, 80);
	ice_found_printer(fleet, &record);
	begin(0x0a010204, "Empfang Süd", "Konica Minolta", "bizhub C258", "A7R0021000123", 1234567, NULL, "printing");
	record.errors[record.error_count++] = "lowToner";
	supply("toner", "yellow", "consumed", ICE_SUPPLY_EXACT, 100);
	supply("toner", "black", "consumed", ICE_SUPPLY_EXACT, 43);
	supply("toner", "cyan", "consumed", ICE_SUPPLY_EXACT, 8.4);
	supply("toner", "magenta", "consumed", ICE_SUPPLY_EXACT, 0.3);
	supply("wasteToner", NULL, "filled", ICE_SUPPLY_EXACT, 50);
	ice_found_printer(fleet, &record);
	ice_found_sort(fleet);
	return 0;
}

static int free_fleet(void **state)
{
	(void)state;
	ice_found_free(fleet);
	return 0;
}

static char *printed(const struct ice_found *found, bool devices, size_t width, bool color, bool utf8)
{
	static char *text;
	size_t n;
	free(text);
	FILE *to = open_memstream(&text, &n);
	ice_table_print(found, devices, &(struct ice_terminal_style){width, color, utf8}, to);
	fclose(to);
	return text;
}

static void test_without_a_limit_nothing_is_cut(void **state)
{
	(void)state;
	assert_string_equal(
	        printed(fleet, false, 0, false, true),
	        "NAME             MAKE AND MODEL              ADDRESS   SERIAL             PAGES  TONER                "
	        "                                                    STATUS    ALERTS\n"
	        "BRN001BA9F4152C  Brother HL-5370DW           10.1.2.3  E1J123456         12,345  K some               "
	        "                                                    idle\n"
	        "Empfang Süd      Konica Minolta bizhub C258  10.1.2.4  A7R0021000123  1,234,567  K █▊░░  43% C ▍░░░   "
	        "8% M ▏░░░  <1% Y ████ 100%                          printing  low toner\n"
	        "plotter-2        HP DesignJet Z6             10.1.3.5  CN1234567X      812 feet  K █▊░░  43% C ███▏  "
	        "77% M ▌░░░  12% Y ?         g low       c ██░░  50%  down      door open, cover open\n");
}

static void test_a_hundred_columns(void **state)
{
	(void)state;
	assert_string_equal(
	        printed(fleet, false, 100, false, true),
	        "NAME             MAKE AND MODEL        ADDRESS       PAGES  TONER                           STATUS\n"
	        "BRN001BA9F4152C  Brother HL-5370DW     10.1.2.3     12,345  K some                          idle\n"
	        "Empfang Süd      Konica Minolta bizh…  10.1.2.4  1,234,567  K █▊░░ C ▍░░░ M ▏░░░ Y ████     printing\n"
	        "plotter-2        HP DesignJet Z6       10.1.3.5   812 feet  K █▊░░ C ███▏ M ▌░░░ Y ?    +2  down\n");
}

static void test_a_narrow_terminal_gets_numbers_for_bars(void **state)
{
	(void)state;
	assert_string_equal(printed(fleet, false, 40, false, true), "MAKE AND MODEL          ADDRESS   TONER\n"
	                                                            "Brother HL-5370DW       10.1.2.3  K some\n"
	                                                            "Konica Minolta bizhub…  10.1.2.4  M <1%\n"
	                                                            "HP DesignJet Z6         10.1.3.5  g low\n");
}

static void test_without_utf8_all_is_ascii(void **state)
{
	(void)state;
	const char *text = printed(fleet, false, 100, false, false);
	assert_non_null(strstr(text, "Empfang S?d"));
	assert_non_null(strstr(text, "K ##-- C #--- M #--- Y ####"));
	for (const char *p = text; *p; p++)
		assert_true((unsigned char)*p < 0x80);
}

static void test_colors_only_where_asked(void **state)
{
	(void)state;
	assert_null(strchr(printed(fleet, false, 100, false, true), '\033'));
	const char *text = printed(fleet, false, 100, true, true);
	assert_non_null(strstr(text, "\033[38;5;44mC\033[0m \033[38;5;44;48;5;237m███▏\033[0m"));
	assert_non_null(strstr(text, "\033[31mdown\033[0m"));
	assert_non_null(strstr(text, "\033[32midle\033[0m"));
}

/* Every line fits every terminal that has room for an address, whatever is dropped for it. */
static void test_no_line_is_wider_than_the_terminal(void **state)
{
	(void)state;
	for (size_t width = 8; width <= 220; width++) {
		for (int utf8 = 0; utf8 < 2; utf8++) {
			char *text = printed(fleet, false, width, false, utf8);
			for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
				if (ice_text_columns(line) > width)
					fail_msg("at %zu columns a line has %zu: %s", width, ice_text_columns(line),
					         line);
		}
	}
}

static void test_hostile_names_stay_in_their_cell(void **state)
{
	(void)state;
	struct ice_found *found = ice_found_new(10);
	char giant[600];
	memset(giant, 'W', sizeof(giant) - 1);
	giant[sizeof(giant) - 1] = '\0';
	begin(0x0a000001, "\033[2J\033]0;owned\007\r\nname", "漢字漢字漢字漢字漢字漢字", "e\xcc\x81\xe2\x80\xae", giant,
	      1, NULL, "idle");
	ice_found_printer(found, &record);
	begin(0x0a000002, giant, NULL, NULL, NULL, INT64_MAX, giant, giant);
	ice_found_printer(found, &record);
	for (size_t width = 20; width <= 300; width += 7) {
		const char *text = printed(found, false, width, false, true);
		size_t lines = 0;
		for (const char *p = text; *p; p++) {
			lines += *p == '\n';
			assert_true(*p == '\n' || (unsigned char)*p >= 0x20);
		}
		assert_int_equal(lines, 3);
		assert_null(strstr(text, "\xe2\x80\xae"));
	}
	ice_found_free(found);
}

static void test_more_than_the_bound_is_counted(void **state)
{
	(void)state;
	struct ice_found *found = ice_found_new(2);
	for (uint32_t i = 0; i < 5; i++) {
		begin(0x0a000001 + i, "p", NULL, NULL, NULL, -1, NULL, NULL);
		ice_found_printer(found, &record);
	}
	assert_int_equal(ice_found_count(found), 2);
	assert_int_equal(ice_found_left_out(found), 3);
	ice_found_free(found);
}

static void test_an_empty_fleet_prints_nothing(void **state)
{
	(void)state;
	struct ice_found *found = ice_found_new(2);
	assert_string_equal(printed(found, false, 80, true, true), "");
	ice_found_free(found);
}

static void test_devices(void **state)
{
	(void)state;
	struct ice_found *found = ice_found_new(2);
	struct ice_identity identity = {.descr = "a switch of some kind"};
	struct ice_finding finding = {.address = ice_address_v4(0x0a000001),
	                              .outcome = ICE_OUTCOME_DEVICE,
	                              .identity = &identity,
	                              .version = ICE_SNMP_V1,
	                              .credential = 1};
	ice_found_device(found, &finding);
	assert_string_equal(printed(found, true, 0, false, true),
	                    "ADDRESS   KIND    SNMP  COMMUNITY  DESCRIPTION\n"
	                    "10.0.0.1  device  v1            2  a switch of some kind\n");
	ice_found_free(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_without_a_limit_nothing_is_cut),
	        cmocka_unit_test(test_a_hundred_columns),
	        cmocka_unit_test(test_a_narrow_terminal_gets_numbers_for_bars),
	        cmocka_unit_test(test_without_utf8_all_is_ascii),
	        cmocka_unit_test(test_colors_only_where_asked),
	        cmocka_unit_test(test_no_line_is_wider_than_the_terminal),
	        cmocka_unit_test(test_hostile_names_stay_in_their_cell),
	        cmocka_unit_test(test_more_than_the_bound_is_counted),
	        cmocka_unit_test(test_an_empty_fleet_prints_nothing),
	        cmocka_unit_test(test_devices),
	};
	return cmocka_run_group_tests(tests, make_fleet, free_fleet);
}
