/* Recordings with something broken in them: rows missing, doubled, cut, garbled. Whatever a device says, the conversation ends
 * within its bound and gives a record that reads back; and what is no printer does not become one by damage. Two thousand in
 * `make check`, of small recordings; ICE_MUTATIONS=100000 plays as many, of all. Each follows from its number alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "truth/play.h"
#include "truth/profiles.h"
#include "truth/recordings.h"

#define MUTATIONS_QUICK 2000
#define MUTATIONS_SMALL 12000 /* octets of what the quick ones take */
#define FILES_MAX       1024

struct file {
	char path[400];
	char *text;
	size_t n;
	bool device, other; /* no printer; only its text says so */
};

static struct file files[FILES_MAX];
static size_t file_count;

/* xorshift64* */
static uint64_t random_state;

static uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static size_t random_below(size_t n)
{
	return n ? (size_t)((random_next() >> 33) % n) : 0;
}

static char *read_file(const char *path, size_t most, size_t *n)
{
	FILE *f = fopen(path, "rb");
	char *text = f ? malloc(most + 1) : NULL;
	*n = text ? fread(text, 1, most + 1, f) : 0;
	if (f)
		fclose(f);
	if (*n == 0 || *n > most) {
		free(text);
		return NULL;
	}
	return text;
}

struct wanted {
	bool device;
	size_t most;
};

static void add_file(const char *path, const char *name, void *arg)
{
	const struct wanted *wanted = arg;
	struct file *f = &files[file_count];
	(void)name;
	if (file_count == FILES_MAX)
		return;
	snprintf(f->path, sizeof(f->path), "%s", path);
	f->text = read_file(path, wanted->most, &f->n);
	f->device = wanted->device;
	file_count += f->text != NULL;
}

static void add_folder(const char *folder, bool device, size_t most)
{
	struct wanted wanted = {device, most};
	recordings_each(folder, add_file, &wanted);
}

/* Bounds of a row picked at random. */
static void pick_row(const char *text, size_t n, size_t *from, size_t *to)
{
	size_t at = random_below(n);
	while (at > 0 && text[at - 1] != '\n')
		at--;
	*from = at;
	while (at < n && text[at] != '\n')
		at++;
	*to = at < n ? at + 1 : n;
}

/* Takes `cut` octets out at a place and puts others there. The text has room for them. */
static void replace_at(char *text, size_t *n, size_t at, size_t cut, const char *with, size_t with_n)
{
	memmove(text + at + with_n, text + at + cut, *n - at - cut);
	memcpy(text + at, with, with_n);
	*n = *n - cut + with_n;
}

#define MUTATION_ROOM 512

static void mutate_once(char *text, size_t *n, bool device)
{
	static const char *const numbers[] = {
	        "-1", "-2", "-3", "0", "2147483647", "-2147483648", "4294967295", "99999999", "18446744073709551615"};
	size_t from, to, value;
	char row[MUTATION_ROOM];
	pick_row(text, *n, &from, &to);
	for (value = to; value > from && text[value - 1] != '|'; value--) {
	}
	size_t end = to > from && text[to - 1] == '\n' ? to - 1 : to;
	size_t what = random_below(device ? 5 : 8);
	if (end < value)
		what = 0;
	switch (what) {
	case 0: /* missing */
		replace_at(text, n, from, to - from, "", 0);
		break;
	case 1: /* doubled */
		if (to - from < sizeof(row)) {
			memcpy(row, text + from, to - from);
			replace_at(text, n, from, 0, row, to - from);
		}
		break;
	case 2: /* cut short, by an even number for the sake of hexadecimal */
		replace_at(text, n, value, random_below((end - value) / 2 + 1) * 2, "", 0);
		break;
	case 3: /* another character in the value */
		if (end > value)
			text[value + random_below(end - value)] = (char)(' ' + random_below(95));
		break;
	case 4: /* a number that means something else, or none */
		if (end > value && (text[value - 2] == '2' || text[value - 2] == '5' || text[value - 2] == '6')) {
			const char *number = numbers[random_below(sizeof(numbers) / sizeof(numbers[0]))];
			replace_at(text, n, value, end - value, number, strlen(number));
		}
		break;
	case 5: /* another index or column */
		if (value > from + 4)
			text[value - 3 - random_below(value - from - 3)] = (char)('0' + random_below(10));
		break;
	case 6: /* another type */
		if (value > from + 2)
			text[value - 2] = "24567"[random_below(5)];
		break;
	default: { /* the value of another row */
		size_t f, t, v;
		pick_row(text, *n, &f, &t);
		for (v = t; v > f && text[v - 1] != '|'; v--) {
		}
		if (t - v < sizeof(row)) {
			memcpy(row, text + v, t - v);
			size_t row_n = t - v - (t > v && row[t - v - 1] == '\n');
			replace_at(text, n, value, end - value, row, row_n);
		}
	}
	}
}

static bool has(const char *text, size_t n, const char *what)
{
	return memmem(text, n, what, strlen(what)) != NULL;
}

/* Does the damage leave it what shows that it is no printer? */
static bool must_stay_other(const struct file *f, const char *text, size_t n)
{
	if (!f->device || f->other || has(text, n, "1.3.6.1.2.1.43."))
		return false;
	return has(text, n, "1.3.6.1.2.1.1.1.0|") && has(text, n, "1.3.6.1.2.1.1.2.0|");
}

static unsigned conversations, requests_most, false_printers;
static char reason[ICE_IDENTITY_REASON]; /* of the latest first contact */

static bool play_text(const struct file *f, const char *text, size_t n, enum ice_snmp_version version, size_t reply_max)
{
	static struct ice_record record, again;
	char why[256];
	struct ice_recording *recording = ice_recording_parse(f->path, text, n, why, sizeof(why));
	if (!recording)
		return false;
	struct play p = {.profiles = profiles,
	                 .recording = recording,
	                 .version = version,
	                 .v1_only = version == ICE_SNMP_V1,
	                 .reply_max = reply_max};
	bool printer = play_run(&p);
	memcpy(reason, p.identity.reason, sizeof(reason));
	if (printer) {
		size_t len;
		ice_probe_record(p.probe, 0, &record);
		char *json = ice_record_to_json(&record, &len);
		assert_true(ice_record_from_json(json, len, &again, why, sizeof(why)));
		free(json);
		conversations++;
	}
	assert_true(p.requests <= ICE_PROBE_REQUESTS_MAX + 4);
	if (p.requests > requests_most)
		requests_most = p.requests;
	play_end(&p);
	ice_recording_free(recording);
	return printer;
}

static void test_damaged_recordings(void **state)
{
	(void)state;
	const char *told = getenv("ICE_MUTATIONS");
	unsigned long runs = told ? strtoul(told, NULL, 10) : MUTATIONS_QUICK;
	size_t most = told ? ICE_RECORDING_BYTES_MAX : MUTATIONS_SMALL;
	add_folder("tests/data/printers", false, most);
	add_folder("tests/data/devices", true, most);
	add_folder("config/demo/printers", false, most);
	add_folder("config/demo/devices", true, most);
	add_folder("../shared/corpus/printers", false, most);
	add_folder("../shared/corpus/printers/fragments", false, most);
	add_folder("../shared/corpus/printers/system-only", false, most);
	add_folder("../shared/corpus/devices", true, most);
	assert_true(file_count > 0);
	size_t largest = 0;
	for (size_t i = 0; i < file_count; i++) {
		struct file *f = &files[i];
		largest = f->n > largest ? f->n : largest;
		/* What only its text sets apart from its maker's printers may be taken for one when that is damaged. */
		bool printer = play_text(f, f->text, f->n, ICE_SNMP_V2C, 1472);
		assert_true(!(f->device && printer));
		f->other = strstr(reason, "another kind of device") != NULL;
	}
	char *text = malloc(largest + 8 * MUTATION_ROOM);
	assert_non_null(text);
	for (unsigned long run = 0; run < runs; run++) {
		random_state = UINT64_C(0x9e3779b97f4a7c15) * (run + 1);
		const struct file *f = &files[random_below(file_count)];
		size_t n = f->n, times = 1 + random_below(6);
		memcpy(text, f->text, n);
		for (size_t i = 0; i < times && n > 0; i++)
			mutate_once(text, &n, f->device);
		if (play_text(f, text, n, run % 3 ? ICE_SNMP_V2C : ICE_SNMP_V1, run % 5 ? 1472 : 484) &&
		    must_stay_other(f, text, n)) {
			false_printers++;
			printf("%s, number %lu: called a printer\n", f->path, run);
		}
	}
	printf("| %lu damaged recordings of %zu: %u conversations to their end, at most %u requests, %u false "
	       "printers\n",
	       runs, file_count, conversations, requests_most, false_printers);
	free(text);
	for (size_t i = 0; i < file_count; i++)
		free(files[i].text);
	assert_int_equal(false_printers, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_damaged_recordings),
	};
	return cmocka_run_group_tests(tests, profiles_load, profiles_unload);
}
