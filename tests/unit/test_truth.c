/* Every recording of a real printer against what it is known to say, field by field; every other device is no printer. The
 * recordings are not part of the project: where they are absent, this is skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>
#include <sys/stat.h>

#include "truth/play.h"
#include "truth/profiles.h"
#include "truth/recordings.h"

#define CORPUS "../shared/corpus"

enum {
	F_MAKE,
	F_MODEL,
	F_NAME,
	F_LOCATION,
	F_SERIAL,
	F_MAC,
	F_PAGES,
	F_SUPPLIES,
	F_STATUS,
	F_ERRORS,
	F_ALERTS,
	F_COUNT
};
static const char *const field_names[F_COUNT] = {"make",  "model",    "name",   "location", "serial", "mac",
                                                 "pages", "supplies", "status", "errors",   "alerts"};

struct score {
	unsigned right, all;
};

struct make_score {
	char make[40];
	struct score fields[F_COUNT];
};

static struct make_score makes[64];
static size_t make_count;
static unsigned wrong_full, wrong_other, not_found;
static unsigned played, requests_sum, requests_max, requests_full, full_count;
static size_t bytes_full;

static struct make_score *make_of(const char *name)
{
	for (size_t i = 0; i < make_count; i++) {
		if (strcmp(makes[i].make, name) == 0)
			return &makes[i];
	}
	if (make_count == 64)
		abort();
	snprintf(makes[make_count].make, sizeof(makes[0].make), "%.39s", name);
	return &makes[make_count++];
}

static struct {
	const char *file;
	bool full;
	json_t *accept;
	struct make_score *make;
} now;

static void score(int field, bool right, const char *what, const char *want, const char *got)
{
	struct score *s = &now.make->fields[field];
	s->all++;
	if (right) {
		s->right++;
		return;
	}
	if (now.full)
		wrong_full++;
	else
		wrong_other++;
	printf("%s: %s: wanted %s, got %s\n", now.file, what, want ? want : "nothing", got ? got : "nothing");
}

/* True when a value is among the other right answers of a field. */
static bool accepted(const char *field, const char *got)
{
	json_t *list = json_object_get(now.accept, field), *v;
	size_t i;
	json_array_foreach(list, i, v)
	{
		if (!got ? json_is_null(v) : (json_is_string(v) && strcasecmp(json_string_value(v), got) == 0))
			return true;
		if (got && json_is_integer(v) && strtoll(got, NULL, 10) == json_integer_value(v))
			return true;
	}
	return false;
}

static void check_text(int field, const char *name, const json_t *truth, const char *got, bool fold)
{
	const char *want = json_string_value(json_object_get(truth, name));
	bool right = want && got ? (fold ? strcasecmp(want, got) : strcmp(want, got)) == 0 : !want && !got;
	/* "<private>": put in by the recorder */
	score(field, right || accepted(name, got), name, want, got);
}

static void check_pages(const json_t *truth, const struct ice_record *r)
{
	const json_t *counts = json_object_get(truth, "page_counts");
	char want[32], got[32], what[64];
	for (int i = 0; i < ICE_PAGES_COUNT; i++) {
		const json_t *c = json_object_get(counts, ice_pages_name(i));
		snprintf(what, sizeof(what), "page_counts.%s", ice_pages_name(i));
		snprintf(got, sizeof(got), "%lld", (long long)r->pages[i]);
		if (!c) {
			/* more than the truth knows is told, but no total that is not there */
			if (i == ICE_PAGES_TOTAL && r->pages[i] >= 0)
				score(F_PAGES, accepted(what, got), what, NULL, got);
			else if (r->pages[i] >= 0)
				printf("%s: %s: truth has none, got %s\n", now.file, what, got);
			continue;
		}
		snprintf(want, sizeof(want), "%lld", (long long)json_integer_value(json_object_get(c, "value")));
		score(F_PAGES, strcmp(want, got) == 0 || accepted(what, got), what, want, got);
		if (i != ICE_PAGES_TOTAL)
			continue;
		const char *unit = json_string_value(json_object_get(c, "unit"));
		score(F_PAGES, unit && r->pages_unit ? strcmp(unit, r->pages_unit) == 0 : !unit && !r->pages_unit,
		      "page_counts.total.unit", unit, r->pages_unit);
	}
}

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static void check_supplies(const json_t *truth, const struct ice_record *r)
{
	const json_t *list = json_object_get(truth, "supplies");
	char a[64], b[64];
	snprintf(a, sizeof(a), "%zu rows", json_array_size(list));
	snprintf(b, sizeof(b), "%u rows", r->supply_count);
	score(F_SUPPLIES, strcmp(a, b) == 0, "supplies", a, b);
	for (size_t i = 0; i < json_array_size(list) && i < r->supply_count; i++) {
		const json_t *t = json_array_get(list, i);
		const struct ice_supply *s = &r->supplies[i];
		const char *name = json_string_value(json_object_get(t, "name"));
		const char *type = json_string_value(json_object_get(t, "type"));
		const char *color = json_string_value(json_object_get(t, "color"));
		const char *class = json_string_value(json_object_get(t, "class"));
		const char *unit = json_string_value(json_object_get(t, "unit"));
		const char *state = json_string_value(json_object_get(t, "state"));
		const json_t *percent = json_object_get(t, "percent");
		const json_t *level = json_object_get(t, "level"), *max = json_object_get(t, "max");
		if (class)
			class = strcmp(class, "supplyThatIsConsumed") == 0     ? "consumed"
			        : strcmp(class, "receptacleThatIsFilled") == 0 ? "filled"
			                                                       : NULL;
		static const char *const states[] = {"known", "some-remaining", "unknown", "no-restriction"};
		score(F_SUPPLIES, same(name, s->name), "supply name", name, s->name);
		score(F_SUPPLIES, same(type, s->type), "supply type", type, s->type);
		/* without a colorant the colour may come from the text: it must then be a colour the text names */
		score(F_SUPPLIES, color ? same(color, s->color) : true, "supply color", color, s->color);
		if (!color && s->color)
			printf("%s: color %s from \"%s\"\n", now.file, s->color, s->name ? s->name : "");
		score(F_SUPPLIES, same(class, s->class), "supply class", class, s->class);
		score(F_SUPPLIES, same(unit, s->unit), "supply unit", unit, s->unit);
		score(F_SUPPLIES, s->state <= ICE_SUPPLY_UNLIMITED && same(state, states[s->state]), "supply state",
		      state, ice_supply_state_name(s->state));
		snprintf(a, sizeof(a), "%g", json_is_number(percent) ? json_number_value(percent) : -1);
		snprintf(b, sizeof(b), "%g", s->has_percent ? s->percent : -1);
		score(F_SUPPLIES, strcmp(a, b) == 0, "supply percent", a, b);
		long long l = json_integer_value(level), m = json_integer_value(max);
		snprintf(a, sizeof(a), "%lld of %lld", l < 0 ? -1 : l, m <= 0 ? -1 : m);
		snprintf(b, sizeof(b), "%lld of %lld", s->has_level ? (long long)s->level : -1,
		         s->has_capacity ? (long long)s->capacity : -1);
		score(F_SUPPLIES, strcmp(a, b) == 0, "supply level", a, b);
	}
}

static void check_status(const json_t *truth, const struct ice_record *r)
{
	const json_t *status = json_object_get(truth, "status");
	const char *device = json_string_value(json_object_get(status, "hrDeviceStatus"));
	const char *printer = json_string_value(json_object_get(status, "hrPrinterStatus"));
	if (printer &&
	    (strcmp(printer, "idle") == 0 || strcmp(printer, "printing") == 0 || strcmp(printer, "warmup") == 0))
		device = printer;
	score(F_STATUS, same(device, r->status), "status", device, r->status);
	const json_t *errors = json_object_get(status, "errors");
	char a[256] = "", b[256] = "";
	for (size_t i = 0; i < json_array_size(errors); i++)
		snprintf(a + strlen(a), sizeof(a) - strlen(a), "%s ", json_string_value(json_array_get(errors, i)));
	for (size_t i = 0; i < r->error_count; i++)
		snprintf(b + strlen(b), sizeof(b) - strlen(b), "%s ", r->errors[i]);
	score(F_ERRORS, strcmp(a, b) == 0, "errors", a, b);
}

static bool says(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));
	return s && strcmp(s, "0") != 0;
}

static void check_alerts(const json_t *truth, const struct ice_record *r)
{
	const json_t *list = json_object_get(truth, "alerts"), *t;
	size_t at = 0, i;
	json_array_foreach(list, i, t)
	{
		/* a row of zeros reports nothing */
		if (!says(t, "severity") && !says(t, "group") && !says(t, "code"))
			continue;
		const struct ice_alert *a = at < r->alert_count ? &r->alerts[at++] : NULL;
		static const char *const keys[] = {"severity", "training", "group", "code"};
		for (int k = 0; k < 4; k++) {
			const char *want = says(t, keys[k]) ? json_string_value(json_object_get(t, keys[k])) : NULL;
			const char *got = !a       ? NULL
			                  : k == 0 ? a->severity
			                  : k == 1 ? a->training
			                  : k == 2 ? a->group
			                           : a->code;
			score(F_ALERTS, same(want, got), keys[k], want, got);
		}
	}
	score(F_ALERTS, at == r->alert_count, "alerts", "as many", "more");
}

static void check(const json_t *truth, const struct ice_record *r)
{
	char mac[18];
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", r->mac[0], r->mac[1], r->mac[2], r->mac[3],
	         r->mac[4], r->mac[5]);
	check_text(F_MAKE, "make", truth, r->make, true);
	check_text(F_MODEL, "model", truth, r->model, true);
	check_text(F_NAME, "name", truth, r->name, false);
	check_text(F_LOCATION, "location", truth, r->location, false);
	check_text(F_SERIAL, "serial", truth, r->serial, false);
	check_text(F_MAC, "mac", truth, r->has_mac ? mac : NULL, true);
	check_pages(truth, r);
	check_supplies(truth, r);
	check_status(truth, r);
	check_alerts(truth, r);
}

static void one(const char *path, const char *file, void *arg)
{
	enum ice_snmp_version version = *(const enum ice_snmp_version *)arg;
	char why[256];
	static struct ice_record record;
	json_error_t error;
	char truth_path[512];
	snprintf(truth_path, sizeof(truth_path), "%.*s.json", (int)(strlen(path) - strlen(".snmprec")), path);
	json_t *truth = json_load_file(truth_path, 0, &error);
	if (!truth)
		fail_msg("%s: %s", truth_path, error.text);
	struct ice_recording *recording = ice_recording_load(path, why, sizeof(why));
	if (!recording)
		fail_msg("%s", why);
	const char *kind = json_string_value(json_object_get(truth, "kind"));
	const char *make = json_string_value(json_object_get(truth, "make"));
	now.file = file;
	now.full = strcmp(kind, "printer") == 0;
	now.accept = json_object_get(truth, "accept");
	if (!make)
		make = json_string_value(json_array_get(json_object_get(now.accept, "make"), 0));
	now.make = make_of(make ? make : "?");
	struct play p = {.profiles = profiles, .recording = recording, .version = version, .reply_max = 1472};
	bool printer = play_run(&p);
	if (!printer) {
		not_found++;
		printf("%s: not recognised: %s\n", file, p.identity.reason);
	} else {
		ice_probe_record(p.probe, 0, &record);
		check(truth, &record);
	}
	played++;
	requests_sum += p.requests;
	if (p.requests > requests_max)
		requests_max = p.requests;
	if (now.full) {
		full_count++;
		requests_full += p.requests;
		bytes_full += p.bytes_in + p.bytes_out;
	}
	printf("%-36s %-10s %u requests, %zu bytes out, %zu in, largest %zu\n", file,
	       printer ? p.identity.profile ? ice_profile_name(p.identity.profile) : "" : "-", p.requests, p.bytes_out,
	       p.bytes_in, p.largest_in);
	play_end(&p);
	ice_recording_free(recording);
	json_decref(truth);
}

static void forget(void)
{
	memset(makes, 0, sizeof(makes));
	make_count = 0;
	wrong_full = wrong_other = not_found = 0;
	played = requests_sum = requests_max = requests_full = full_count = 0;
	bytes_full = 0;
}

static void table(const char *title)
{
	struct score sum[F_COUNT] = {{0, 0}};
	printf("| %-16s", title);
	for (int f = 0; f < F_COUNT; f++)
		printf(" %9s", field_names[f]);
	printf("\n");
	for (size_t i = 0; i < make_count; i++) {
		printf("| %-16s", makes[i].make);
		for (int f = 0; f < F_COUNT; f++) {
			char cell[24];
			snprintf(cell, sizeof(cell), "%u/%u", makes[i].fields[f].right, makes[i].fields[f].all);
			printf(" %9s", makes[i].fields[f].all ? cell : "-");
			sum[f].right += makes[i].fields[f].right;
			sum[f].all += makes[i].fields[f].all;
		}
		printf("\n");
	}
	printf("| %-16s", "all, percent");
	for (int f = 0; f < F_COUNT; f++)
		printf(" %9.1f", sum[f].all ? 100.0 * sum[f].right / sum[f].all : 100.0);
	printf("\n| %u recordings; full ones: %.1f requests and %.0f bytes on average; most requests of any: %u\n",
	       played, full_count ? (double)requests_full / full_count : 0,
	       full_count ? (double)bytes_full / full_count : 0, requests_max);
}

static void printers(enum ice_snmp_version version, const char *title)
{
	forget();
	unsigned n = recordings_each(CORPUS "/printers", one, &version);
	n += recordings_each(CORPUS "/printers/fragments", one, &version);
	n += recordings_each(CORPUS "/printers/system-only", one, &version);
	if (n == 0) {
		print_message("no recordings in " CORPUS ": skipped\n");
		skip();
	}
	table(title);
	if (wrong_full || not_found)
		fail_msg("%u fields of full recordings are wrong, %u printers were not recognised (%u fields of "
		         "fragments wrong)",
		         wrong_full, not_found, wrong_other);
	assert_int_equal(wrong_other, 0);
}

static void test_truth_v2c(void **state)
{
	(void)state;
	printers(ICE_SNMP_V2C, "v2c");
}

static void test_truth_v1(void **state)
{
	(void)state;
	printers(ICE_SNMP_V1, "v1");
}

static unsigned false_printers, other_devices;

static void other(const char *path, const char *file, void *arg)
{
	enum ice_snmp_version version = *(const enum ice_snmp_version *)arg;
	char why[256];
	struct ice_recording *recording = ice_recording_load(path, why, sizeof(why));
	if (!recording)
		fail_msg("%s", why);
	struct play p = {.profiles = profiles, .recording = recording, .version = version, .reply_max = 1472};
	if (play_run(&p)) {
		false_printers++;
		printf("%s: called a printer: %s\n", file, p.identity.reason);
	}
	other_devices++;
	play_end(&p);
	ice_recording_free(recording);
}

static void test_no_false_printers(void **state)
{
	(void)state;
	enum ice_snmp_version v2c = ICE_SNMP_V2C, v1 = ICE_SNMP_V1;
	if (recordings_each(CORPUS "/devices", other, &v2c) == 0) {
		print_message("no recordings in " CORPUS ": skipped\n");
		skip();
	}
	recordings_each(CORPUS "/devices", other, &v1);
	printf("| %u other devices by v1 and v2c: %u called printers\n", other_devices / 2, false_printers);
	assert_int_equal(false_printers, 0);
}

static unsigned asked_too_much, canaries_told, canary_runs;

static void only_allowed(const struct ice_snmp_message *request, void *arg)
{
	(void)arg;
	for (size_t i = 0; i < request->count; i++) {
		char text[ICE_OID_TEXT_SIZE];
		if (ice_profiles_may_ask(profiles, request->varbinds[i].oid, request->varbinds[i].oid_len))
			continue;
		asked_too_much++;
		printf("asked %s\n", ice_oid_format(request->varbinds[i].oid, request->varbinds[i].oid_len, text));
	}
}

/* Every text that is not ours to ask for says CANARY. */
static bool canary(const struct ice_recording_row *row, size_t index, uint8_t *room, size_t room_size, size_t *len,
                   void *arg)
{
	static const uint8_t text[] = {0x04, 6, 'C', 'A', 'N', 'A', 'R', 'Y'};
	(void)index;
	(void)arg;
	if (row->value[0] != 0x04 || room_size < sizeof(text) || ice_profiles_may_ask(profiles, row->oid, row->oid_len))
		return false;
	memcpy(room, text, sizeof(text));
	*len = sizeof(text);
	return true;
}

static void canaries(const char *path, const char *file, void *arg)
{
	enum ice_snmp_version version = *(const enum ice_snmp_version *)arg;
	char why[256];
	static struct ice_record record;
	struct ice_recording *recording = ice_recording_load(path, why, sizeof(why));
	if (!recording)
		fail_msg("%s", why);
	struct play p = {.profiles = profiles, .recording = recording, .version = version, .reply_max = 1472};
	p.seen = only_allowed;
	p.override = canary;
	if (play_run(&p)) {
		size_t n;
		ice_probe_record(p.probe, 0, &record);
		char *json = ice_record_to_json(&record, &n);
		if (strstr(json, "CANARY") || strstr(json, "canary")) {
			canaries_told++;
			printf("%s: %s\n", file, json);
		}
		free(json);
		canary_runs++;
	}
	play_end(&p);
	ice_recording_free(recording);
}

static void test_only_what_may_be_told(void **state)
{
	(void)state;
	static const char *const folders[] = {CORPUS "/printers", CORPUS "/printers/fragments",
	                                      CORPUS "/printers/system-only", CORPUS "/devices"};
	unsigned n = 0;
	for (int v = 0; v < 2; v++) {
		enum ice_snmp_version version = v ? ICE_SNMP_V2C : ICE_SNMP_V1;
		for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
			n += recordings_each(folders[i], canaries, &version);
	}
	if (n == 0) {
		print_message("no recordings in " CORPUS ": skipped\n");
		skip();
	}
	printf("| %u conversations with canaries in every other object: %u told, %u objects asked that must not be\n",
	       canary_runs, canaries_told, asked_too_much);
	assert_int_equal(canaries_told + asked_too_much, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_truth_v2c),
	        cmocka_unit_test(test_truth_v1),
	        cmocka_unit_test(test_no_false_printers),
	        cmocka_unit_test(test_only_what_may_be_told),
	};
	return cmocka_run_group_tests(tests, profiles_load, profiles_unload);
}
