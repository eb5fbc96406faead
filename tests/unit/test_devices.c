/* What is known of printers: states, rounds, what survives. In virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/devices.h"
#include "ice/record.h"

#define START INT64_C(1700000000)
#define HOUR  3600
#define DAY   86400

static struct ice_plan plan;
static struct ice_outbox *outbox;
static struct ice_devices *devices;
static struct ice_record record;
static char story[512]; /* the changes of state: "10.0.0.1 ->new " */

static void add_leg(const char *name, const char *text)
{
	char why[ICE_RANGE_WHY_SIZE];
	struct ice_leg *leg = ice_plan_add(&plan, name);
	assert_true(ice_range_add(leg->range, text, why, sizeof(why)));
	assert_true(ice_range_seal(leg->range, why, sizeof(why)));
	leg->intervals[ICE_LANE_SWEEP] = ICE_USEC_SEC(DAY);
	leg->intervals[ICE_LANE_INVENTORY] = ICE_USEC_SEC(HOUR);
	leg->intervals[ICE_LANE_PULSE] = ICE_USEC_SEC(300);
}

static void changed(const struct ice_device *d, enum ice_device_state from, void *arg)
{
	char address[ICE_ADDRESS_TEXT_SIZE];
	size_t n = strlen(story);
	(void)arg;
	snprintf(story + n, sizeof(story) - n, "%s%s %s>%s", n ? "; " : "", ice_address_format(&d->address, address),
	         from < ICE_DEVICE_STATES ? ice_device_state_name(from) : "",
	         d->state < ICE_DEVICE_STATES ? ice_device_state_name(d->state) : "");
}

static void begin(int64_t wall)
{
	const struct ice_devices_options options = {.plan = &plan,
	                                            .outbox = outbox,
	                                            .missing_after = 3 * DAY,
	                                            .retired_after = 30 * DAY,
	                                            .full_read = DAY,
	                                            .changed = changed};
	ice_devices_free(devices);
	devices = ice_devices_new(&options, wall);
	story[0] = '\0';
}

static int before(void **state)
{
	char why[512];
	const struct ice_outbox_options options = {.path = ":memory:", .site = "hq"};
	(void)state;
	outbox = ice_outbox_open(&options, why, sizeof(why));
	assert_non_null(outbox);
	add_leg("a", "10.0.0.0/24");
	add_leg("b", "10.0.0.0/16");
	begin(START);
	return 0;
}

static int after(void **state)
{
	(void)state;
	ice_devices_free(devices);
	devices = NULL;
	ice_outbox_close(outbox);
	ice_plan_free(&plan);
	return 0;
}

static struct ice_address at(const char *text)
{
	struct ice_address a;
	assert_true(ice_address_parse(text, &a));
	return a;
}

/* A steady question like a printer's own. */
static struct ice_steady steady_of(uint32_t value)
{
	struct ice_steady s = {.version = ICE_SNMP_V1, .credential = 2, .profile = "hp", .whole = true, .count = 2};
	assert_true(ice_oid_parse("1.3.6.1.2.1.43.5.1.1.1.1", &s.names[0]));
	assert_true(ice_oid_parse("1.3.6.1.2.1.43.10.2.1.4.1.1", &s.names[1]));
	s.values[0] = 7;
	s.values[1] = value;
	s.pages[1] = true;
	return s;
}

/* A printer was read at an address: by its serial number, with so many pages; its record stands in `record`. */
static void reads(const char *address, const char *serial, int64_t pages, int64_t wall)
{
	struct ice_steady steady = steady_of((uint32_t)pages);
	struct ice_finding f = {.address = at(address), .outcome = ICE_OUTCOME_PRINTER, .record = &record};
	ice_record_init(&record);
	record.ip = f.address;
	record.make = "HP";
	record.serial = serial;
	record.read_at = wall;
	record.pages[ICE_PAGES_TOTAL] = pages;
	f.steady = &steady;
	f.version = ICE_SNMP_V1;
	f.credential = 2;
	f.rtt = 5000;
	f.complete = true;
	ice_devices_heard(devices, 0, &f, wall);
}

static void outcome(const char *address, enum ice_outcome what, int64_t wall)
{
	struct ice_finding f = {
	        .address = at(address), .outcome = what, .version = ICE_SNMP_V1, .credential = 2, .rtt = -1};
	ice_devices_heard(devices, 0, &f, wall);
}

/* The reading of the last `reads` is committed. */
static void commit(const char *address)
{
	char device[ICE_RECORD_IDENTITY_SIZE];
	struct ice_address a = at(address);
	struct ice_reading r = {.at = record.read_at};
	const struct ice_reading *list = &r;
	size_t taken;
	r.json = ice_record_to_json(&record, &r.len);
	r.device = strdup(ice_record_identity(&record, device));
	ice_devices_reading(devices, &a, &r);
	assert_non_null(r.state);
	assert_int_equal(ice_outbox_put(outbox, &list, 1, &taken), ICE_OUTBOX_OK);
	ice_reading_free(&r);
}

static void save(int64_t wall)
{
	while (ice_devices_unsaved(devices) > 0)
		assert_true(ice_devices_save(devices, wall));
}

static struct ice_device look(const char *address)
{
	struct ice_device d = {.state = ICE_DEVICE_STATES};
	struct ice_address a = at(address);
	if (!ice_devices_find(devices, &a, &d))
		d.state = ICE_DEVICE_STATES;
	return d;
}

static void expect_state(const char *address, enum ice_device_state state)
{
	enum ice_device_state is = look(address).state;
	if (is != state)
		fail_msg("%s is %s, not %s", address, is < ICE_DEVICE_STATES ? ice_device_state_name(is) : "unknown",
		         state < ICE_DEVICE_STATES ? ice_device_state_name(state) : "unknown");
}

static enum ice_known_ask asks(const char *address, enum ice_devices_question question, int64_t wall)
{
	struct ice_known_target t;
	struct ice_address a = at(address);
	assert_true(ice_devices_known(devices, &a, question, wall, &t));
	return t.ask;
}

static void test_states_follow_from_answers_and_silence(void **state)
{
	(void)state;
	int64_t t = START;
	reads("10.0.0.1", "SN0001A", 100, t);
	expect_state("10.0.0.1", ICE_DEVICE_NEW);
	outcome("10.0.0.1", ICE_OUTCOME_UNCHANGED, t += DAY - 1);
	expect_state("10.0.0.1", ICE_DEVICE_NEW);
	outcome("10.0.0.1", ICE_OUTCOME_PAGES, t += 1);
	expect_state("10.0.0.1", ICE_DEVICE_NORMAL);
	/* One silence may be a lost datagram. */
	outcome("10.0.0.1", ICE_OUTCOME_SILENT, t += 300);
	expect_state("10.0.0.1", ICE_DEVICE_NORMAL);
	outcome("10.0.0.1", ICE_OUTCOME_SILENT, t += 300);
	expect_state("10.0.0.1", ICE_DEVICE_ASLEEP);
	int64_t since = t - 600;
	while (t + HOUR - since < 3 * DAY)
		outcome("10.0.0.1", ICE_OUTCOME_SILENT, t += HOUR);
	expect_state("10.0.0.1", ICE_DEVICE_ASLEEP);
	outcome("10.0.0.1", ICE_OUTCOME_SILENT, t += HOUR);
	expect_state("10.0.0.1", ICE_DEVICE_MISSING);
	while (t + HOUR - since < 30 * DAY)
		outcome("10.0.0.1", ICE_OUTCOME_SILENT, t += HOUR);
	expect_state("10.0.0.1", ICE_DEVICE_MISSING);
	outcome("10.0.0.1", ICE_OUTCOME_SILENT, t += HOUR);
	expect_state("10.0.0.1", ICE_DEVICE_RETIRED);
	outcome("10.0.0.1", ICE_OUTCOME_UNCHANGED, t += DAY);
	expect_state("10.0.0.1", ICE_DEVICE_NORMAL);
	assert_int_equal(look("10.0.0.1").silent, 0);
	assert_string_equal(story, "10.0.0.1 >new; 10.0.0.1 new>normal; 10.0.0.1 normal>asleep; "
	                           "10.0.0.1 asleep>missing; 10.0.0.1 missing>retired; 10.0.0.1 retired>normal");
	/* Something else there is the printer's silence. */
	outcome("10.0.0.1", ICE_OUTCOME_DEVICE, t += 300);
	outcome("10.0.0.1", ICE_OUTCOME_DEVICE, t += 300);
	expect_state("10.0.0.1", ICE_DEVICE_ASLEEP);
	/* Whoever was never a printer is nobody. */
	outcome("10.0.0.2", ICE_OUTCOME_DEVICE, t);
	outcome("10.0.0.2", ICE_OUTCOME_SILENT, t);
	expect_state("10.0.0.2", ICE_DEVICE_STATES);
}

static void test_neither_an_engine_that_was_off_nor_a_clock_that_steps_makes_a_printer_missing(void **state)
{
	(void)state;
	int64_t t = START;
	reads("10.0.0.1", "SN0001A", 100, t);
	commit("10.0.0.1");
	begin(t += 60 * DAY); /* off for two months */
	outcome("10.0.0.1", ICE_OUTCOME_SILENT, t += 60);
	outcome("10.0.0.1", ICE_OUTCOME_SILENT, t += 300);
	expect_state("10.0.0.1", ICE_DEVICE_ASLEEP);
	assert_int_equal(look("10.0.0.1").silent, 360);
	/* Ten years on, and twenty back: a day at most, and nothing. */
	outcome("10.0.0.1", ICE_OUTCOME_SILENT, t += 3653 * (int64_t)DAY);
	expect_state("10.0.0.1", ICE_DEVICE_ASLEEP);
	assert_int_equal(look("10.0.0.1").silent, 360 + DAY);
	outcome("10.0.0.1", ICE_OUTCOME_SILENT, t -= 7305 * (int64_t)DAY);
	assert_int_equal(look("10.0.0.1").silent, 360 + DAY);
	outcome("10.0.0.1", ICE_OUTCOME_UNCHANGED, t + 10);
	expect_state("10.0.0.1", ICE_DEVICE_NORMAL);
}

static void test_a_printer_that_moves_is_told_at_its_old_address(void **state)
{
	(void)state;
	int64_t t = START;
	reads("10.0.0.1", "SN0001A", 100, t);
	commit("10.0.0.1");
	outcome("10.0.0.1", ICE_OUTCOME_UNCHANGED, t += 2 * DAY);
	reads("10.0.0.77", "sn0001a", 105, t += HOUR);
	commit("10.0.0.77");
	expect_state("10.0.0.1", ICE_DEVICE_MOVED);
	expect_state("10.0.0.77", ICE_DEVICE_NEW);
	/* What was read at the old address does not count there any more. */
	assert_int_equal(asks("10.0.0.1", ICE_DEVICES_INVENTORY, t), ICE_KNOWN_CONTACT);
	assert_int_equal(asks("10.0.0.77", ICE_DEVICES_INVENTORY, t), ICE_KNOWN_CHANGED);
	struct ice_address old = at("10.0.0.1");
	assert_false(ice_devices_in_rounds(devices, &old));
	/* It has both addresses: it keeps to the new one, however often the sweep finds it at the old. */
	for (int day = 0; day < 5; day++) {
		reads("10.0.0.1", "SN0001A", 110, t += DAY);
		outcome("10.0.0.77", ICE_OUTCOME_UNCHANGED, t + 300);
		expect_state("10.0.0.1", ICE_DEVICE_MOVED);
		expect_state("10.0.0.77", ICE_DEVICE_NORMAL);
	}
	/* It moves back. */
	outcome("10.0.0.77", ICE_OUTCOME_SILENT, t += 600);
	outcome("10.0.0.77", ICE_OUTCOME_SILENT, t += 300);
	reads("10.0.0.1", "SN0001A", 120, t += HOUR);
	expect_state("10.0.0.1", ICE_DEVICE_NORMAL);
	expect_state("10.0.0.77", ICE_DEVICE_MOVED);
	assert_string_equal(story, "10.0.0.1 >new; 10.0.0.1 new>normal; 10.0.0.1 normal>moved; 10.0.0.77 >new; "
	                           "10.0.0.77 new>normal; 10.0.0.77 normal>asleep; 10.0.0.77 asleep>moved; "
	                           "10.0.0.1 moved>normal");
	/* Nobody answers at the one it left: forgotten, in the database as well. */
	save(t);
	for (int day = 0; day < 31; day++)
		outcome("10.0.0.77", ICE_OUTCOME_SILENT, t += DAY);
	expect_state("10.0.0.77", ICE_DEVICE_STATES);
	save(t);
	begin(t);
	expect_state("10.0.0.77", ICE_DEVICE_STATES);
	expect_state("10.0.0.1", ICE_DEVICE_NORMAL);
}

static void test_another_printer_at_a_known_address_is_a_new_one(void **state)
{
	(void)state;
	reads("10.0.0.1", "SN0001A", 50000, START);
	outcome("10.0.0.1", ICE_OUTCOME_UNCHANGED, START + 2 * DAY);
	reads("10.0.0.1", "SN0002B", 12, START + 3 * DAY);
	assert_int_equal(record.pages_since, ICE_PAGES_SINCE_NOTHING);
	expect_state("10.0.0.1", ICE_DEVICE_NEW);
	assert_int_equal(look("10.0.0.1").first_seen, START + 3 * DAY);
	assert_string_equal(story, "10.0.0.1 >new; 10.0.0.1 new>normal; 10.0.0.1 normal>; 10.0.0.1 >new");
	/* A reading that was cut says nothing of who it is. */
	struct ice_finding f = {.address = at("10.0.0.1"), .outcome = ICE_OUTCOME_PRINTER, .record = &record};
	record.serial = NULL;
	ice_devices_heard(devices, 0, &f, START + 4 * DAY);
	expect_state("10.0.0.1", ICE_DEVICE_NORMAL);
	assert_int_equal(asks("10.0.0.1", ICE_DEVICES_INVENTORY, START + 4 * DAY), ICE_KNOWN_CONTACT);
}

static void test_a_total_that_goes_back_is_told(void **state)
{
	(void)state;
	reads("10.0.0.1", "SN0001A", 999990, START);
	reads("10.0.0.1", "SN0001A", 15, START + HOUR);
	assert_int_equal(record.pages_since, ICE_PAGES_SINCE_WRAP);
	assert_int_equal(record.pages_from, 999990);
	assert_int_equal(record.pages_modulus, 1000000);
	commit("10.0.0.1");
	begin(START + DAY); /* over a restart, too */
	reads("10.0.0.1", "SN0001A", 3, START + DAY);
	assert_int_equal(record.pages_since, ICE_PAGES_SINCE_RESET);
	assert_int_equal(record.pages_from, 15);
	reads("10.0.0.1", "SN0001A", 30, START + DAY);
	assert_int_equal(record.pages_since, ICE_PAGES_SINCE_NOTHING);
}

static void due(int64_t wall, const struct ice_devices_slots *slots, const char *expected)
{
	char got[512] = "", text[ICE_ADDRESS_TEXT_SIZE];
	struct ice_address a;
	enum ice_devices_question question;
	ice_devices_round(devices, 0);
	while (ice_devices_due(devices, 0, slots, wall, &a, &question)) {
		size_t n = strlen(got);
		snprintf(got + n, sizeof(got) - n, "%s%s%s", n ? " " : "",
		         strrchr(ice_address_format(&a, text), '.') + 1, question == ICE_DEVICES_PULSE ? "p" : "i");
	}
	assert_string_equal(got, expected);
}

static void test_a_round_asks_whoever_is_due_once(void **state)
{
	(void)state;
	for (int i = 1; i <= 4; i++) {
		char address[32], serial[32];
		snprintf(address, sizeof(address), "10.0.0.%d", i);
		snprintf(serial, sizeof(serial), "SN000%dX", i);
		reads(address, serial, 100, START - 10 * DAY);
	}
	outcome("10.0.0.3", ICE_OUTCOME_SILENT, START - 2000);
	outcome("10.0.0.3", ICE_OUTCOME_SILENT, START - 1000); /* asleep */
	reads("10.0.0.4", "SN0004X", 100, START - 900);
	record.errors[record.error_count++] = "jammed";
	struct ice_finding f = {
	        .address = at("10.0.0.4"), .outcome = ICE_OUTCOME_PRINTER, .record = &record, .complete = true};
	ice_devices_heard(devices, 0, &f, START - 900);
	assert_true(look("10.0.0.4").error);
	struct ice_devices_slots slots = {.inventory = START, .pulse = START, .error = START};
	due(START + 5, &slots, "1i 2i 3i 4i");
	due(START + 6, &slots, "");
	slots.error = START + 60;
	due(START + 60, &slots, "4p");
	slots.error = slots.pulse = START + 300;
	due(START + 301, &slots, "1p 2p 4p");
	due(START + 302, &slots, "");
	/* Where there is no inventory, the pulse looks after those that sleep as well. */
	slots = (struct ice_devices_slots){.pulse = START + 600, .error = START + 600};
	due(START + 600, &slots, "1p 2p 3p 4p");
	slots = (struct ice_devices_slots){0};
	due(START + 900, &slots, "");
	/* The clock was set back by ten years: asked anew, and once. */
	slots = (struct ice_devices_slots){START - 3650 * (int64_t)DAY, START - 3650 * (int64_t)DAY,
	                                   START - 3650 * (int64_t)DAY};
	due(START - 3650 * (int64_t)DAY, &slots, "1i 2i 3i 4i");
	due(START - 3650 * (int64_t)DAY + 1, &slots, "");
}

static void test_a_round_bears_that_printers_come_and_go(void **state)
{
	(void)state;
	struct ice_address a;
	enum ice_devices_question question;
	const struct ice_devices_slots slots = {.inventory = START};
	unsigned asked = 0;
	for (int i = 1; i <= 100; i++) {
		char address[32], serial[32];
		snprintf(address, sizeof(address), "10.0.0.%d", i);
		snprintf(serial, sizeof(serial), "SN%04dX", i);
		reads(address, serial, 100, START - 10);
	}
	ice_devices_round(devices, 0);
	while (ice_devices_due(devices, 0, &slots, START, &a, &question)) {
		char address[32], serial[32];
		asked++;
		snprintf(address, sizeof(address), "10.0.0.%u", 100 + asked % 150);
		snprintf(serial, sizeof(serial), "SN%04uX", asked); /* they all move, and so come to stand behind */
		reads(address, serial, 101, START);
	}
	assert_true(asked >= 50 && asked <= 100);
	assert_int_equal(ice_devices_count(devices, 0, ICE_DEVICE_NEW), 100);
}

static void test_full_readings_are_made_before_they_are_too_old(void **state)
{
	(void)state;
	reads("10.0.0.1", "SN0001A", 100, START);
	assert_int_equal(asks("10.0.0.1", ICE_DEVICES_INVENTORY, START + 16 * HOUR), ICE_KNOWN_CHANGED);
	assert_int_equal(asks("10.0.0.1", ICE_DEVICES_INVENTORY, START + 17 * HOUR), ICE_KNOWN_CHANGED);
	assert_int_equal(asks("10.0.0.1", ICE_DEVICES_INVENTORY, START + 23 * HOUR + 1), ICE_KNOWN_CONTACT);
	assert_int_equal(asks("10.0.0.1", ICE_DEVICES_INVENTORY, START - 1), ICE_KNOWN_CONTACT);
	assert_int_equal(asks("10.0.0.1", ICE_DEVICES_PULSE, START + 100 * DAY), ICE_KNOWN_PULSE);
	struct ice_known_target t;
	struct ice_address a = at("10.0.0.1");
	assert_true(ice_devices_known(devices, &a, ICE_DEVICES_INVENTORY, START + 60, &t));
	struct ice_steady expected = steady_of(100);
	char one[ICE_STEADY_TEXT], two[ICE_STEADY_TEXT];
	ice_steady_format(&expected, one);
	ice_steady_format(&t.steady, two);
	assert_string_equal(one, two);
	assert_int_equal(t.rtt, 5000);
	/* The server may not have it: a batch was set aside. */
	assert_true(ice_outbox_forget_kept(outbox));
	assert_int_equal(asks("10.0.0.1", ICE_DEVICES_INVENTORY, START + 60), ICE_KNOWN_CONTACT);
}

/* Those that were read together, as all are at first, fall due one after the other. */
static void test_full_readings_spread(void **state)
{
	(void)state;
	unsigned due = 0;
	char address[32], serial[32];
	for (unsigned i = 0; i < 200; i++) {
		snprintf(address, sizeof(address), "10.0.0.%u", i);
		snprintf(serial, sizeof(serial), "SN%04uS", i);
		reads(address, serial, 100, START);
	}
	for (int hour = 0; hour < 24; hour++) {
		unsigned before = due;
		due = 0;
		for (unsigned i = 0; i < 200; i++) {
			snprintf(address, sizeof(address), "10.0.0.%u", i);
			due += asks(address, ICE_DEVICES_INVENTORY, START + hour * HOUR + 1) == ICE_KNOWN_CONTACT;
		}
		assert_true(due >= before && due - before <= 40);
		assert_true(hour >= 17 || due == 0);
	}
	assert_int_equal(due, 200);
}

static void test_what_is_claimed_of_a_reading_is_there_only_with_the_reading(void **state)
{
	(void)state;
	reads("10.0.0.1", "SN0001A", 100, START);
	save(START); /* the state, and not the reading */
	begin(START + 60);
	expect_state("10.0.0.1", ICE_DEVICE_NEW);
	assert_int_equal(asks("10.0.0.1", ICE_DEVICES_INVENTORY, START + 60), ICE_KNOWN_CONTACT);
	assert_int_equal(look("10.0.0.1").pages, -1);
	reads("10.0.0.1", "SN0001A", 100, START + 60);
	commit("10.0.0.1");
	begin(START + 120);
	struct ice_device d = look("10.0.0.1");
	assert_int_equal(d.pages, 100);
	assert_int_equal(d.read_at, START + 60);
	assert_int_equal(d.first_seen, START);
	assert_int_equal(d.version, ICE_SNMP_V1);
	assert_int_equal(d.credential, 2);
	assert_int_equal(d.rtt, 5000);
	assert_true(d.steady && d.identity);
	assert_int_equal(asks("10.0.0.1", ICE_DEVICES_INVENTORY, START + 120), ICE_KNOWN_CHANGED);
	/* What is learned afterwards does not take the reading away. */
	outcome("10.0.0.1", ICE_OUTCOME_SILENT, START + 300);
	outcome("10.0.0.1", ICE_OUTCOME_SILENT, START + 600);
	save(START + 600);
	begin(START + 700);
	expect_state("10.0.0.1", ICE_DEVICE_ASLEEP);
	assert_int_equal(look("10.0.0.1").read_at, START + 60);
	assert_string_equal(story, "");
}

static void test_who_is_in_no_range_any_more_is_forgotten(void **state)
{
	(void)state;
	reads("10.0.0.1", "SN0001A", 100, START);
	commit("10.0.0.1");
	ice_plan_free(&plan);
	add_leg("other", "10.9.0.0/24");
	add_leg("renamed", "10.0.0.0/30");
	begin(START + 60);
	assert_int_equal(look("10.0.0.1").leg, 1);
	ice_plan_free(&plan);
	add_leg("other", "10.9.0.0/24");
	begin(START + 120);
	expect_state("10.0.0.1", ICE_DEVICE_STATES);
	assert_int_equal(ice_devices_unsaved(devices), 1);
	save(START + 120);
	begin(START + 180);
	assert_int_equal(ice_devices_unsaved(devices), 0);
}

static void test_damage_in_the_database_is_as_if_nothing_was_known(void **state)
{
	(void)state;
	static const char *const states[] = {"",
	                                     "1",
	                                     "2 normal 2c 0 1 2 3 4 5 0",
	                                     "1 normal 2c 0 1 2 3 4 5",
	                                     "1 normal 2c 0 1 2 3 4 5 0 ",
	                                     "1 odd 2c 0 1 2 3 4 5 0",
	                                     "1 normal 2c x 1 2 3 4 5 0",
	                                     "1 normal 2c 0 1 2 3 4 5 99"};
	for (size_t i = 0; i < sizeof(states) / sizeof(*states); i++) {
		const struct ice_outbox_place p = {.place = "10.0.0.9", .state = states[i]};
		assert_true(ice_outbox_keep(outbox, &p, 1));
		begin(START);
		expect_state("10.0.0.9", ICE_DEVICE_STATES);
	}
	const struct ice_outbox_place p[] = {{.place = "nowhere", .state = "1 normal 2c 0 1 2 3 4 5 0"},
	                                     {.place = "10.0.0.9", .state = "1 normal 2c 65535 1 2 3 4 5 1"}};
	assert_true(ice_outbox_keep(outbox, p, 2));
	begin(START);
	expect_state("10.0.0.9", ICE_DEVICE_NORMAL);
}

static void test_a_hundred_thousand_printers(void **state)
{
	(void)state;
	char address[32], serial[32];
	ice_plan_free(&plan);
	add_leg("all", "10.0.0.0/8");
	begin(START);
	for (unsigned i = 1; i < ICE_DEVICES + 1000; i++) {
		snprintf(address, sizeof(address), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		snprintf(serial, sizeof(serial), "SN%07u", i);
		reads(address, serial, i, START);
		story[0] = '\0';
	}
	assert_int_equal(ice_devices_count(devices, 0, ICE_DEVICE_NEW), ICE_DEVICES);
	/* Room is made by those that are given up. */
	for (int day = 1; day <= 32; day++)
		outcome("10.0.1.1", ICE_OUTCOME_SILENT, START + day * DAY);
	expect_state("10.0.1.1", ICE_DEVICE_RETIRED);
	reads("10.200.0.1", "SN-LAST-1", 1, START + 40 * (int64_t)DAY);
	expect_state("10.0.1.1", ICE_DEVICE_STATES);
	expect_state("10.200.0.1", ICE_DEVICE_NEW);
	save(START);
	begin(START + 41 * (int64_t)DAY);
	assert_int_equal(ice_devices_count(devices, 0, ICE_DEVICE_NEW), ICE_DEVICES);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, before, after)
	const struct CMUnitTest tests[] = {
	        WITH(test_states_follow_from_answers_and_silence),
	        WITH(test_neither_an_engine_that_was_off_nor_a_clock_that_steps_makes_a_printer_missing),
	        WITH(test_a_printer_that_moves_is_told_at_its_old_address),
	        WITH(test_another_printer_at_a_known_address_is_a_new_one),
	        WITH(test_a_total_that_goes_back_is_told),
	        WITH(test_a_round_asks_whoever_is_due_once),
	        WITH(test_a_round_bears_that_printers_come_and_go),
	        WITH(test_full_readings_are_made_before_they_are_too_old),
	        WITH(test_full_readings_spread),
	        WITH(test_what_is_claimed_of_a_reading_is_there_only_with_the_reading),
	        WITH(test_who_is_in_no_range_any_more_is_forgotten),
	        WITH(test_damage_in_the_database_is_as_if_nothing_was_known),
	        WITH(test_a_hundred_thousand_printers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
