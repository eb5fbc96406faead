#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fleet/fleet.h"
#include "fleet/late.h"
#include "ice/ber.h"

/* ---- help ---- */

static const struct ice_fleet_options plain = {.base = 0x7f4d0000,
                                               .prefix = 16,
                                               .count = 40,
                                               .others = 20,
                                               .seed = 7,
                                               .community = "public",
                                               .pages_per_hour = 600};

static struct ice_fleet *fleet_of(const struct ice_fleet_options *options)
{
	char why[5000] = "";
	struct ice_fleet *f = ice_fleet_new(options, ICE_USEC_SEC(1000));
	assert_non_null(f);
	if (ice_fleet_add_patterns(f, "config/demo/printers", true, why, sizeof(why)) == 0 ||
	    ice_fleet_add_patterns(f, "config/demo/devices", false, why, sizeof(why)) == 0 ||
	    !ice_fleet_place(f, why, sizeof(why)))
		fail_msg("%s", why);
	return f;
}

static struct ice_pattern *pattern_of(const char *text)
{
	char why[200] = "";
	struct ice_recording *r = ice_recording_parse("test", text, strlen(text), why, sizeof(why));
	if (!r)
		print_error("%s\n", why);
	assert_non_null(r);
	return ice_pattern_of(r, "brother_hl-1", true, false);
}

/* What the device says at the OID, through the override; its length, tag first. */
static size_t said(const struct ice_device_view *v, const char *oid, uint8_t room[256])
{
	struct ice_oid o;
	size_t n = 0;
	assert_true(ice_oid_parse(oid, &o));
	size_t i = ice_recording_find(v->pattern->recording, o.bytes, o.len);
	assert_true(i != SIZE_MAX);
	const struct ice_recording_row *row = ice_recording_row(v->pattern->recording, i);
	struct ice_device_view copy = *v;
	if (ice_device_override(row, i, room, 256, &n, &copy))
		return n;
	memcpy(room, row->value, row->value_len);
	return row->value_len;
}

/* ---- where devices live ---- */

static void test_hosts_of_a_site(void **state)
{
	(void)state;
	assert_int_equal(ice_fleet_room(0x0a000000, 24), 254);
	assert_int_equal(ice_fleet_room(0x0a000000, 16), 256 * 254);
	assert_int_equal(ice_fleet_room(0x0a000010, 28), 14);
	assert_int_equal(ice_fleet_room(0x0a000000, 28), 14);
	assert_int_equal(ice_fleet_room(0x0a000000, 31), 2);
	assert_int_equal(ice_fleet_room(0x0a000001, 32), 1);
	assert_false(ice_fleet_is_host(0x0a000000, 16, 0x0a000000));
	assert_false(ice_fleet_is_host(0x0a000000, 16, 0x0a00ffff));
	assert_false(ice_fleet_is_host(0x0a000000, 16, 0x0a000300));
	assert_false(ice_fleet_is_host(0x0a000000, 16, 0x0a0003ff));
	assert_false(ice_fleet_is_host(0x0a000010, 28, 0x0a00001f));
	assert_true(ice_fleet_is_host(0x0a000000, 16, 0x0a000301));
}

static void test_every_device_its_own(void **state)
{
	(void)state;
	struct ice_fleet_options o = plain;
	o.count = 1500;
	o.others = 700;
	struct ice_fleet *f = fleet_of(&o), *again = fleet_of(&o);
	assert_int_equal(ice_fleet_count(f), 2200);
	char(*serials)[ICE_DEVICE_TEXT] = calloc(2200, sizeof(*serials));
	uint8_t(*macs)[6] = calloc(2200, sizeof(*macs));
	size_t serial_count = 0, mac_count = 0;
	for (size_t i = 0; i < 2200; i++) {
		const struct ice_device *d = ice_fleet_device(f, i);
		assert_true(ice_fleet_is_host(o.base, o.prefix, d->address));
		assert_int_equal(d->address >> 16, 0x7f4d);
		assert_ptr_equal(ice_fleet_at(f, d->address), d); /* so no two share one */
		assert_int_equal(ice_fleet_device(again, i)->address, d->address);
		struct ice_device_view v = ice_fleet_view(f, d, ICE_USEC_SEC(1000));
		char name[ICE_DEVICE_TEXT];
		assert_true(ice_device_name(&v, name) > 0);
		assert_int_equal(v.pattern->printer, i < 1500);
		serial_count += ice_device_serial(&v, serials[serial_count]) > 0;
		mac_count += ice_device_mac(&v, v.pattern->mac, macs[mac_count]);
	}
	assert_int_equal(serial_count, 1500);
	assert_int_equal(mac_count, 1500);
	qsort(serials, serial_count, sizeof(*serials), (int (*)(const void *, const void *))strcmp);
	for (size_t i = 1; i < serial_count; i++)
		if (strcmp(serials[i - 1], serials[i]) == 0)
			fail_msg("two printers have the serial number %s", serials[i]);
	for (size_t i = 0; i < mac_count; i++)
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(macs[i], macs[j], 6);
	free(serials);
	free(macs);
	ice_fleet_free(f);
	ice_fleet_free(again);
}

static void test_a_full_site_and_an_overfull_one(void **state)
{
	(void)state;
	char why[5000] = "";
	struct ice_fleet_options o = plain;
	o.prefix = 28;
	o.base = 0x7f4d0110;
	o.count = 10;
	o.others = 4;
	struct ice_fleet *f = fleet_of(&o);
	assert_int_equal(ice_fleet_count(f), 14);
	assert_null(ice_fleet_at(f, 0x7f4d0110));
	assert_null(ice_fleet_at(f, 0x7f4d011f));
	assert_null(ice_fleet_at(f, 0x7f000001));
	ice_fleet_free(f);
	o.others = 5;
	f = ice_fleet_new(&o, 0);
	assert_true(ice_fleet_add_patterns(f, "config/demo/printers", true, why, sizeof(why)) > 0);
	assert_true(ice_fleet_add_patterns(f, "config/demo/devices", false, why, sizeof(why)) > 0);
	assert_false(ice_fleet_place(f, why, sizeof(why)));
	assert_string_equal(why, "15 devices do not fit: the site has 14 addresses for them");
	ice_fleet_free(f);
	f = ice_fleet_new(&plain, 0);
	assert_int_equal(ice_fleet_add_patterns(f, "src", true, why, sizeof(why)), 0);
	assert_non_null(strstr(why, "no recording in it"));
	assert_int_equal(ice_fleet_add_patterns(f, "nowhere", true, why, sizeof(why)), 0);
	assert_false(ice_fleet_place(f, why, sizeof(why)));
	assert_string_equal(why, "no recordings for printers");
	ice_fleet_free(f);
}

/* ---- what they say ---- */

static void test_personal_rows(void **state)
{
	(void)state;
	struct ice_pattern *p = pattern_of("1.3.6.1.2.1.1.3.0|67|500\n"
	                                   "1.3.6.1.2.1.1.5.0|4|PRN-OLD\n"
	                                   "1.3.6.1.2.1.1.6.0|4|Hall\n"
	                                   "1.3.6.1.2.1.2.2.1.3.1|2|24\n"
	                                   "1.3.6.1.2.1.2.2.1.3.2|2|6\n"
	                                   "1.3.6.1.2.1.2.2.1.3.3|2|71\n"
	                                   "1.3.6.1.2.1.2.2.1.6.1|4x|020000000001\n"
	                                   "1.3.6.1.2.1.2.2.1.6.2|4x|001BA9000001\n"
	                                   "1.3.6.1.2.1.2.2.1.6.3|4x|001BA9000002\n"
	                                   "1.3.6.1.2.1.2.2.1.6.4|4x|000000000000\n"
	                                   "1.3.6.1.2.1.2.2.1.8.2|2|2\n"
	                                   "1.3.6.1.2.1.2.2.1.8.3|2|1\n"
	                                   "1.3.6.1.2.1.43.5.1.1.17.1|4|E1J 4000123\n"
	                                   "1.3.6.1.2.1.43.10.2.1.4.1.1|65|4294967290\n"
	                                   "1.3.6.1.4.1.9.1|4|E1J 4000123\n"
	                                   "1.3.6.1.4.1.9.2|66|4294967290\n"
	                                   "1.3.6.1.4.1.9.3|4|PRN-OLD\n"
	                                   "1.3.6.1.4.1.9.4|4x|001BA9000002\n"
	                                   "1.3.6.1.4.1.9.5|4|other text\n");
	struct ice_device_setting setting = {.seed = 3, .start = 0, .pages_per_hour = 600};
	struct ice_device device = {.address = 0x7f4d80c8, .number = 5};
	struct ice_device_view v = {&setting, &device, p, 0};
	uint8_t a[256], b[256];
	size_t n = said(&v, "1.3.6.1.2.1.43.5.1.1.17.1", a);
	assert_int_equal(n, 13);
	assert_true(a[1] == 11 && a[2] == 'E' && a[4] == 'J' && a[5] == ' ');
	assert_memory_not_equal(a + 6, "4000123", 7);
	assert_int_equal(said(&v, "1.3.6.1.4.1.9.1", b), n);
	assert_memory_equal(a, b, n);
	n = said(&v, "1.3.6.1.2.1.1.5.0", a);
	assert_memory_equal(a + 2, "BROTHER", 7);
	assert_int_equal(said(&v, "1.3.6.1.4.1.9.3", b), n);
	assert_memory_equal(a, b, n);
	/* the interface that is up has the address, and its MAC stands wherever it stood */
	assert_int_equal(p->interface, 3);
	assert_int_equal(said(&v, "1.3.6.1.2.1.2.2.1.6.3", a), 8);
	assert_memory_equal(a, "\x04\x06\x00\x1b\xa9", 5);
	assert_int_equal(said(&v, "1.3.6.1.4.1.9.4", b), 8);
	assert_memory_equal(a, b, 8);
	assert_int_equal(said(&v, "1.3.6.1.2.1.2.2.1.6.2", b), 8);
	assert_memory_not_equal(a, b, 8);
	said(&v, "1.3.6.1.2.1.2.2.1.6.1", a);
	assert_memory_equal(a, "\x04\x06\x02\0\0\0\0\x01", 8);
	said(&v, "1.3.6.1.2.1.2.2.1.6.4", a);
	assert_memory_equal(a, "\x04\x06\0\0\0\0\0\0", 8);
	n = said(&v, "1.3.6.1.4.1.9.5", a);
	assert_memory_equal(a + 2, "other text", 10);
	/* counters wrap as their type does, and grow together */
	n = said(&v, "1.3.6.1.2.1.43.10.2.1.4.1.1", a);
	assert_int_equal(a[0], ICE_BER_COUNTER32);
	assert_true(n <= 4);
	assert_int_equal(said(&v, "1.3.6.1.4.1.9.2", b), n);
	assert_memory_equal(a + 1, b + 1, n - 1);
	uint64_t pages = ice_device_pages(&v);
	v.now = ICE_USEC_SEC(36000);
	assert_int_equal(ice_device_pages(&v), pages + 10u * ice_device_pages_per_hour(&v));
	said(&v, "1.3.6.1.2.1.1.3.0", a);
	assert_memory_equal(a, "\x43\x03\x36\xf0\x74", 5); /* 500 + 3,600,000 hundredths */
	ice_pattern_free(p);
}

static void test_own_address_rows(void **state)
{
	(void)state;
	struct ice_pattern *p = pattern_of("1.3.6.1.2.1.2.2.1.6.130|4x|001BA9000002\n");
	struct ice_device_setting setting = {0};
	struct ice_device device = {.address = 0x7f4d80c8};
	struct ice_device_view v = {&setting, &device, p, 0};
	struct ice_device_extra extra;
	char text[ICE_OID_TEXT_SIZE];
	assert_int_equal(p->interface, 130);
	assert_int_equal(ice_device_extra(&v, &extra), ICE_DEVICE_EXTRA);
	assert_string_equal(ice_oid_format(extra.rows[1].oid, extra.rows[1].oid_len, text),
	                    "1.3.6.1.2.1.4.20.1.2.127.77.128.200");
	assert_memory_equal(extra.rows[0].value, "\x40\x04\x7f\x4d\x80\xc8", 6);
	assert_memory_equal(extra.rows[1].value, "\x02\x02\x00\x82", 4);
	for (size_t i = 1; i < ICE_DEVICE_EXTRA; i++)
		assert_true(ice_oid_compare(extra.rows[i - 1].oid, extra.rows[i - 1].oid_len, extra.rows[i].oid,
		                            extra.rows[i].oid_len) < 0);
	ice_pattern_free(p);
}

static void test_serials_of_odd_recordings(void **state)
{
	(void)state;
	static const char *const like[] = {"<private>", "12", "VNCRC48198", "\xe9\xe9\xe9\xe9 44"};
	for (size_t i = 0; i < sizeof(like) / sizeof(like[0]); i++) {
		char text[200], seen[ICE_DEVICE_TEXT], other[ICE_DEVICE_TEXT];
		snprintf(text, sizeof(text), "1.3.6.1.2.1.43.5.1.1.17.1|4|%s\n", like[i]);
		struct ice_pattern *p = pattern_of(text);
		struct ice_device_setting setting = {.seed = 1};
		struct ice_device one = {.number = 1}, two = {.number = 2};
		struct ice_device_view v = {&setting, &one, p, 0}, w = {&setting, &two, p, 0};
		assert_true(ice_device_serial(&v, seen) >= 10);
		assert_true(ice_device_serial(&w, other) >= 10);
		assert_string_not_equal(seen, other);
		ice_pattern_free(p);
	}
	struct ice_pattern *p = pattern_of("1.3.6.1.2.1.43.5.1.1.17.1|4|   \n");
	struct ice_device_setting setting = {0};
	struct ice_device one = {0};
	struct ice_device_view v = {&setting, &one, p, 0};
	char text[ICE_DEVICE_TEXT];
	assert_int_equal(ice_device_serial(&v, text), 0); /* a blank one stays blank */
	ice_pattern_free(p);
}

static void test_truth(void **state)
{
	(void)state;
	struct ice_fleet *f = fleet_of(&plain);
	char *text = NULL;
	size_t n = 0, lines = 0, printers = 0;
	FILE *to = open_memstream(&text, &n);
	assert_true(ice_fleet_truth(f, to, ICE_USEC_SEC(1000)));
	fclose(to);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		lines++;
		assert_non_null(strstr(line, "{\"ip\":\"127.77."));
		assert_non_null(strstr(line, "\"name\":\""));
		bool printer = strstr(line, "\"printer\":true") != NULL;
		printers += printer;
		assert_int_equal(printer, strstr(line, "\"serial\":\"") != NULL);
		assert_int_equal(printer, strstr(line, "\"mac\":\"") != NULL);
		assert_int_equal(printer, strstr(line, "\"pages_total\":") != NULL);
	}
	assert_int_equal(lines, 60);
	assert_int_equal(printers, 40);
	free(text);
	ice_fleet_free(f);
}

/* ---- late answers ---- */

static void test_late_queue(void **state)
{
	(void)state;
	struct ice_late l = {0};
	struct sockaddr_in to = {0};
	struct ice_random r;
	ice_random_seed(&r, 1);
	assert_null(ice_late_take(&l, ICE_USEC_NEVER - 1));
	assert_true(ice_late_next(&l) == ICE_USEC_NEVER);
	for (uint32_t i = 0; i < 3000; i++)
		assert_true(
		        ice_late_put(&l, (ice_usec)ice_random_below(&r, 500), &to, i, false, (uint8_t *)&i, sizeof(i)));
	ice_usec before = -1;
	uint32_t last = 0, taken = 0;
	for (ice_usec now = 0; now < 500; now += 50) {
		for (struct ice_late_item *item; (item = ice_late_take(&l, now)); taken++) {
			assert_true(item->due <= now);
			assert_true(item->due > before || (item->due == before && item->from > last));
			before = item->due;
			last = item->from;
			free(item);
		}
		assert_true(ice_late_next(&l) > now);
	}
	assert_true(taken > 2000 && taken + l.count == 3000);
	ice_late_fini(&l);
	assert_int_equal(l.bytes, 0);
}

/* ---- faults ---- */

static void test_fault_plan(void **state)
{
	(void)state;
	struct ice_faults_plan plan = {0};
	char why[300] = "";
	assert_true(ice_faults_plan_add(&plan, "truncated:10", why, sizeof(why)));
	assert_true(ice_faults_plan_add(&plan, "any:40", why, sizeof(why)));
	assert_false(ice_faults_plan_add(&plan, "late:60", why, sizeof(why)));
	assert_non_null(strstr(why, "100 %"));
	assert_false(ice_faults_plan_add(&plan, "truncatd", why, sizeof(why)));
	assert_non_null(strstr(why, "did you mean \"truncated\"?"));
	assert_false(ice_faults_plan_add(&plan, "late:0", why, sizeof(why)));
	assert_false(ice_faults_plan_add(&plan, "late:x", why, sizeof(why)));
	assert_false(ice_faults_plan_add(&plan, "late:", why, sizeof(why)));
	size_t truncated = 0, good = 0, kinds = 0, of[256] = {0};
	for (uint64_t i = 0; i < 1000; i++) {
		uint8_t fault = ice_faults_of(&plan, i, 1000);
		of[fault]++;
		good += fault == 0;
		truncated += fault == ice_faults_find("truncated") + 1;
	}
	assert_int_equal(good, 500);
	assert_in_range(truncated, 100, 120);
	for (size_t i = 1; i < 256; i++)
		kinds += of[i] > 0;
	assert_true(kinds >= 50);
	assert_int_equal(ice_faults_of(&(struct ice_faults_plan){0}, 3, 10), 0);
}

struct spoilt {
	struct ice_snmp_message request, answer;
	struct ice_faults_reply reply;
	uint8_t bytes[65507], scratch[65507], good[65507], asked[600];
	size_t good_len;
};

/* One fault on one request of one printer. */
static void spoil(struct spoilt *s, const struct ice_pattern *p, size_t fault, enum ice_snmp_version version,
                  enum ice_snmp_pdu pdu, uint16_t asked)
{
	static const char *const columns[] = {"1.3.6.1.2.1.1.1",         "1.3.6.1.2.1.2.2.1.6",
	                                      "1.3.6.1.2.1.43.5.1.1.17", "1.3.6.1.2.1.43.10.2.1.4",
	                                      "1.3.6.1.2.1.43.11.1.1.5", "1.3.6.1.2.1.43.11.1.1.8",
	                                      "1.3.6.1.2.1.43.11.1.1.9"};
	static const char *const instances[] = {".0", ".1", ".1", ".1.1", ".1.1", ".1.1", ".1.1"};
	enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };
	static struct ice_oid oids[COLUMNS];
	struct ice_recording_agent agent = {.recording = p->recording, .reply_max = 1472};
	struct ice_device device = {.address = 0x7f4d0101, .asked = asked, .fault = (uint8_t)(fault + 1)};
	struct ice_random random;
	ice_random_seed(&random, fault);
	s->request = (struct ice_snmp_message){.version = version,
	                                       .pdu = pdu,
	                                       .community = (const uint8_t *)"public",
	                                       .community_len = 6,
	                                       .count = COLUMNS,
	                                       .request_id = 0x41234577,
	                                       .error_index = pdu == ICE_SNMP_GETBULK ? 8 : 0};
	for (size_t i = 0; i < COLUMNS; i++) {
		char text[64];
		snprintf(text, sizeof(text), "%s%s", columns[i], pdu == ICE_SNMP_GET ? instances[i] : "");
		assert_true(ice_oid_parse(text, &oids[i]));
		s->request.varbinds[i] =
		        (struct ice_snmp_varbind){oids[i].bytes, oids[i].bytes, oids[i].len, 0, ICE_BER_NULL};
	}
	s->reply = (struct ice_faults_reply){
	        .bytes = s->bytes, .size = sizeof(s->bytes), .copies = 1, .from = device.address};
	s->reply.n = s->good_len = ice_recording_answer(&agent, &s->request, s->bytes, sizeof(s->bytes));
	s->reply.copies = s->reply.n > 0;
	memcpy(s->good, s->bytes, s->good_len);
	struct ice_faults_call call = {.request = s->asked,
	                               .request_len = 210,
	                               .message = &s->request,
	                               .agent = &agent,
	                               .device = &device,
	                               .random = &random,
	                               .reply = &s->reply,
	                               .answer = &s->answer,
	                               .scratch = s->scratch};
	ice_faults_apply(&ice_faults[fault], &call);
}

static void test_every_fault_shows(void **state)
{
	(void)state;
	char why[300];
	static struct spoilt s;
	static const enum ice_snmp_pdu pdus[] = {ICE_SNMP_GET, ICE_SNMP_GETNEXT, ICE_SNMP_GETBULK};
	struct ice_pattern *p = ice_pattern_load("config/demo/printers/hp-mono.snmprec", true, true, why, sizeof(why));
	assert_non_null(p);
	size_t count = 0;
	for (size_t fault = 0; ice_faults[fault].name; fault++, count++) {
		bool shows = false;
		for (size_t i = 0; i < 12; i++) {
			enum ice_snmp_version version = i % 2 ? ICE_SNMP_V2C : ICE_SNMP_V1;
			spoil(&s, p, fault, version, pdus[i / 2 % 3], (uint16_t)(1 + i / 3));
			assert_true(s.reply.n <= sizeof(s.bytes));
			assert_true(s.reply.copies <= 50);
			shows |= s.good_len > 0 && (s.reply.copies != 1 || s.reply.delay || s.reply.other_port ||
			                            s.reply.from != 0x7f4d0101 || s.reply.n != s.good_len ||
			                            memcmp(s.bytes, s.good, s.good_len) != 0);
		}
		if (!shows)
			fail_msg("%s changes nothing", ice_faults[fault].name);
		assert_int_equal(ice_faults_find(ice_faults[fault].name), fault);
	}
	assert_true(count >= 120 && count < UINT8_MAX);
	print_message("%zu faults\n", count);
	ice_pattern_free(p);
}

static void test_faults_are_what_they_say(void **state)
{
	(void)state;
	char why[300];
	static struct spoilt s;
	static struct ice_snmp_message m;
	struct ice_pattern *p = ice_pattern_load("config/demo/printers/hp-mono.snmprec", true, true, why, sizeof(why));
	assert_non_null(p);
	static const struct {
		const char *name;
		enum ice_verdict verdict;
	} expect[] = {
	        {"empty", ICE_VERDICT_MALFORMED},
	        {"truncated", ICE_VERDICT_MALFORMED},
	        {"indefinite", ICE_VERDICT_MALFORMED},
	        {"huge-length", ICE_VERDICT_MALFORMED},
	        {"outer-long", ICE_VERDICT_MALFORMED},
	        {"pdu-long", ICE_VERDICT_MALFORMED},
	        {"version-3", ICE_VERDICT_VERSION},
	        {"wrong-id", ICE_VERDICT_OK},
	        {"no-varbinds", ICE_VERDICT_OK},
	        {"too-big", ICE_VERDICT_OK},
	        {"stuck", ICE_VERDICT_OK},
	        {"endless", ICE_VERDICT_OK},
	        {"bad-oids", ICE_VERDICT_MALFORMED},
	        {"huge-strings", ICE_VERDICT_OK},
	};
	for (size_t i = 0; i < sizeof(expect) / sizeof(expect[0]); i++) {
		int fault = ice_faults_find(expect[i].name);
		assert_true(fault >= 0);
		spoil(&s, p, (size_t)fault, ICE_SNMP_V2C, ICE_SNMP_GETNEXT, 1);
		enum ice_verdict verdict = ice_snmp_read(s.bytes, s.reply.n, &m);
		if (verdict != expect[i].verdict)
			fail_msg("%s is %s to the reader", expect[i].name, ice_verdict_name(verdict));
	}
	spoil(&s, p, (size_t)ice_faults_find("endless"), ICE_SNMP_V2C, ICE_SNMP_GETBULK, 1);
	assert_int_equal(ice_snmp_read(s.bytes, s.reply.n, &m), ICE_VERDICT_OK);
	for (size_t i = 7; i < m.count; i++)
		assert_true(ice_oid_compare(m.varbinds[i - 7].oid, m.varbinds[i - 7].oid_len, m.varbinds[i].oid,
		                            m.varbinds[i].oid_len) < 0);
	assert_true(m.count >= 28);
	ice_pattern_free(p);
}

int main(void)
{
	ice_snmp_init();
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_hosts_of_a_site),
	        cmocka_unit_test(test_every_device_its_own),
	        cmocka_unit_test(test_a_full_site_and_an_overfull_one),
	        cmocka_unit_test(test_personal_rows),
	        cmocka_unit_test(test_own_address_rows),
	        cmocka_unit_test(test_serials_of_odd_recordings),
	        cmocka_unit_test(test_truth),
	        cmocka_unit_test(test_late_queue),
	        cmocka_unit_test(test_fault_plan),
	        cmocka_unit_test(test_every_fault_shows),
	        cmocka_unit_test(test_faults_are_what_they_say),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
