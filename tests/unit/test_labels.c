/* The labels of the textual conventions, and the reading of names, colours and serial numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "ice/profile.h"

#include "printer/compiled.h"
#include "printer/facts.h"
#include "printer/labels.h"
#include "truth/profiles.h"

static void test_labels(void **state)
{
	(void)state;
	assert_string_equal(ice_label_supply_type(3), "toner");
	assert_string_equal(ice_label_supply_type(20), "transferUnit");
	assert_string_equal(ice_label_supply_type(36), "matteInk");
	assert_null(ice_label_supply_type(0));
	assert_null(ice_label_supply_type(37));
	assert_string_equal(ice_label_supply_unit(19), "percent");
	assert_null(ice_label_supply_unit(5));
	assert_string_equal(ice_label_supply_class(3), "consumed");
	assert_string_equal(ice_label_supply_class(4), "filled");
	assert_null(ice_label_supply_class(1));
	assert_string_equal(ice_label_counter_unit(8), "sheets");
	assert_string_equal(ice_label_alert_severity(5), "warningBinaryChangeEvent");
	assert_null(ice_label_alert_severity(2));
	assert_string_equal(ice_label_alert_training(7), "noInterventionRequired");
	assert_string_equal(ice_label_alert_group(11), "markerSupplies");
	assert_string_equal(ice_label_alert_group(30), "finDevice");
	assert_string_equal(ice_label_alert_code(1801), "alertRemovalOfBinaryChangeEntry");
	assert_string_equal(ice_label_alert_code(23), "subunitPowerSaver");
	assert_null(ice_label_alert_code(0));
	assert_null(ice_label_alert_code(1508));
	assert_null(ice_label_alert_code(-1));
	assert_string_equal(ice_label_device_status(5), "down");
	assert_string_equal(ice_label_printer_status(3), "idle");
	assert_null(ice_label_printer_status(1));
	assert_string_equal(ice_label_error_bit(0), "lowPaper");
	assert_string_equal(ice_label_error_bit(14), "overduePreventMaint");
	assert_null(ice_label_error_bit(15));
}

static void check_color(const char *name, const char *want)
{
	const char *got = ice_color_of(name);
	if (want ? !got || strcmp(got, want) != 0 : got != NULL)
		fail_msg("\"%s\": wanted %s, got %s", name, want ? want : "none", got ? got : "none");
}

static void test_colors(void **state)
{
	(void)state;
	check_color("Black Toner Cartridge", "black");
	check_color("Toner (Cyan)", "cyan");
	check_color("Cartuccia toner nero, Phaser 6600DN", "black");
	check_color("Cartouche de toner noire", "black");
	check_color("Tonerkassette gelb", "yellow");
	check_color("Schwarz", "black");
	check_color("Cartucho de t\xc3\xb3ner amarillo", "yellow");
	check_color("toner [M] cartridge", "magenta");
	check_color("TK-8517C", "cyan");
	check_color("TK-8517K", "black");
	check_color("TK-1162", NULL);
	check_color("CLT-Y504S", "yellow");
	check_color("Color Developer Kit (CMY)", NULL);
	check_color("Cyan/Magenta/Yellow Drum", NULL);
	check_color("Blackboard", "black");
	check_color("Fuser Unit", NULL);
	check_color("Waste", NULL);
	check_color("Monochrome drum", NULL);
	check_color("Matte Black Ink", "matte black");
	check_color("\xe3\x83\x88\xe3\x83\x8a\xe3\x83\xbc\xe3\x83\x96\xe3\x83\xa9\xe3\x83\x83\xe3\x82\xaf", "black");
	check_color("\xd0\xa7\xd0\xb5\xd1\x80\xd0\xbd\xd1\x8b\xd0\xb9 \xd1\x82\xd0\xbe\xd0\xbd\xd0\xb5\xd1\x80",
	            "black");
	check_color("Transfer Roller", NULL);
	check_color("Tored Unit", NULL);
	check_color("", NULL);
}

static void check_model(const char *text, const char *serial, const char *want)
{
	char buffer[ICE_FACT_TEXT];
	snprintf(buffer, sizeof(buffer), "%s", text);
	ice_model_clean(profiles, serial, buffer);
	if (strcmp(buffer, want) != 0)
		fail_msg("\"%s\": wanted \"%s\", got \"%s\"", text, want, buffer);
}

static void test_models(void **state)
{
	(void)state;
	check_model("Brother HL-5370DW series", NULL, "HL-5370DW");
	check_model("Hewlett-Packard HP LaserJet 4250", NULL, "LaserJet 4250");
	check_model("HP LaserJet MFP M130nw", NULL, "LaserJet MFP M130nw");
	check_model("Dell S5830dn 7XQ1R92 LW62.DN4.P636", "7XQ1R92-132-13", "S5830dn");
	check_model("Dell S5830dn 7XQ1R92 LW62.DN4.P636", NULL, "S5830dn");
	check_model("Lexmark MS521dn 40638HF00Q7B2", "40638HF00Q7B2", "MS521dn");
	check_model("Lexmark MS521dn 40638HF00Q7B2", NULL, "MS521dn");
	check_model("Lexmark CS310dn version NH63.VY.N638 kernel 3.0.0 All-N-1", NULL, "CS310dn");
	check_model("RICOH Aficio MP 171 1.00.1 / RICOH Network Printer C model", NULL, "Aficio MP 171");
	check_model("Canon LBP5700 /P EEPROM 1209", NULL, "LBP5700");
	check_model("Samsung ML-2850 Series OS 1.01.15.47 02-10-2010;Engine 1.01.25", NULL, "ML-2850");
	check_model("Xerox Phaser 6130N; Net 10.80,ESS 200802181501", NULL, "Phaser 6130N");
	check_model("KONICA MINOLTA bizhub C250i", NULL, "bizhub C250i");
	check_model("Develop ineo+ 280", NULL, "ineo+ 280");
	check_model("FUJI XEROX ApeosPort-IV C4470", NULL, "ApeosPort-IV C4470");
	check_model("TOSHIBA e-STUDIO2505AC", NULL, "e-STUDIO2505AC");
	check_model("Dell Laser Printer 1720dn 6FXHJC1 LL.JR.P112", NULL, "Laser Printer 1720dn");
	check_model("FUJI XEROX DocuPrint CM305DF 2.01", NULL, "DocuPrint CM305DF");
	check_model("Xerox(R) VersaLink(R) C405 Color MFP; Net 37", NULL, "VersaLink C405 Color MFP");
	check_model("HP", NULL, "HP");
	check_model("", NULL, "");
	check_model("Series", NULL, "Series");
	check_model("MFC8890DW 1.02", NULL, "MFC8890DW");
}

static void test_serials(void **state)
{
	(void)state;
	assert_true(ice_serial_is_placeholder("000000000"));
	assert_true(ice_serial_is_placeholder("-"));
	assert_true(ice_serial_is_placeholder("XXXXXXXXXX"));
	assert_true(ice_serial_is_placeholder("Unknown"));
	assert_false(ice_serial_is_placeholder("0505571100"));
	assert_false(ice_serial_is_placeholder("E1J123456"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_labels),
	        cmocka_unit_test(test_colors),
	        cmocka_unit_test(test_models),
	        cmocka_unit_test(test_serials),
	};
	return cmocka_run_group_tests(tests, profiles_load, profiles_unload);
}
