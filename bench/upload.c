/* Bytes that are sent for a printer and hour, by an office of a thousand mixed printers: a working day, and one that is busy round the
 * clock; as changes and whole. And what a change costs to make and to apply. */
#include <stdio.h>
#include <time.h>

#include "ice/change.h"
#include "ice/conf.h"
#include "truth/workday.h"

static double upload_now(void)
{
	struct timespec ts;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void upload_day(const struct office_models *models, const char *name, int64_t base_age, bool busy)
{
	struct workday_options options = {.printers = 1000, .base_age = base_age, .busy = busy};
	double start = upload_now();
	struct workday d = workday_run(models, &options, NULL, NULL);
	double hours = (double)options.printers * WORKDAY_HOURS, took = upload_now() - start;
	printf("upload, %-38s %6.1f B/device-hour: %5.1f readings, %4.1f heads, %4.1f TLS records, %4.1f TLS hellos"
	       "   (%llu readings, %llu changes, %llu batches; %.0f us of CPU a reading)\n",
	       name, d.per_device_hour, (double)d.packed / hours, (double)d.heads / hours, (double)d.records / hours,
	       (double)d.hellos / hours, (unsigned long long)d.readings, (unsigned long long)d.changes,
	       (unsigned long long)d.batches, took / (double)d.readings);
}

static void upload_cost(const struct office_models *models)
{
	enum { ROUNDS = 200 };
	static struct office_printer printer;
	struct ice_random random;
	double make = 0, apply = 0;
	size_t n = 0, base_len, len, change_len, out_len, bytes = 0, whole = 0;
	char why[160];
	ice_random_seed(&random, 1);
	for (unsigned i = 0; i < models->count; i++) {
		office_begin(&printer, models, i, &random);
		char *base = ice_record_to_json(&printer.record, &base_len);
		for (int k = 0; k < 8; k++)
			office_work(&printer, 3600, 9, &random);
		char *json = ice_record_to_json(&printer.record, &len), *change = NULL;
		double t0 = upload_now();
		for (int k = 0; k < ROUNDS; k++) {
			free(change);
			change = ice_change_make(base, base_len, json, len, &change_len);
		}
		double t1 = upload_now();
		for (int k = 0; k < ROUNDS && change; k++)
			free(ice_change_apply(base, base_len, change, change_len, &out_len, why, sizeof(why)));
		if (change) {
			apply += upload_now() - t1;
			make += t1 - t0;
			bytes += change_len;
			whole += len;
			n++;
		}
		free(change);
		free(json);
		free(base);
	}
	printf("a change: made in %.1f us, applied in %.1f us, %zu bytes instead of %zu\n", make / (double)n / ROUNDS,
	       apply / (double)n / ROUNDS, bytes / n, whole / n);
}

int main(void)
{
	struct office_models models = {0};
	struct ice_conf_mistakes mistakes = {0};
	struct ice_profiles *profiles = ice_profiles_load("config/profiles", &mistakes);
	ice_conf_mistakes_free(&mistakes);
	if (!profiles)
		return 1;
	office_models_add(&models, profiles, "tests/data/printers", true);
	office_models_add(&models, profiles, "config/demo/printers", true);
	ice_profiles_free(profiles);
	printf("%zu models\n", models.count);
	upload_day(&models, "a working day, as changes", 86400, false);
	upload_day(&models, "a working day, whole", 0, false);
	upload_day(&models, "busy round the clock, as changes", 86400, true);
	upload_day(&models, "busy round the clock, whole", 0, true);
	upload_cost(&models);
	office_models_free(&models);
	return 0;
}
