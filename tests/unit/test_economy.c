/* A thousand mixed printers for a day: few bytes are sent, and the server has of every reading all that was read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>
#include <inttypes.h>
#include <sqlite3.h>

#include "ice/conf.h"
#include "server/ingest.h"
#include "truth/workday.h"

#define GOAL 120 /* bytes for each printer and hour */

static struct economy {
	struct office_models models;
	char folder[64];
	struct fm_store *store;
	struct ice_secret key;
	sqlite3 *db;
	sqlite3_stmt *newest;
	size_t compared;
} economy;

static int load(void **state)
{
	struct ice_conf_mistakes mistakes = {0};
	struct ice_profiles *profiles = ice_profiles_load("config/profiles", &mistakes);
	char why[256], file[128];
	(void)state;
	ice_conf_mistakes_free(&mistakes);
	assert_non_null(profiles);
	office_models_add(&economy.models, profiles, "tests/data/printers", true);
	office_models_add(&economy.models, profiles, "config/demo/printers", true);
	ice_profiles_free(profiles);
	assert_true(economy.models.count > 20);

	snprintf(economy.folder, sizeof(economy.folder), "%s/ice-economy-XXXXXX",
	         access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	assert_non_null(mkdtemp(economy.folder));
	economy.store = fm_store_sqlite.open(economy.folder, 0, why, sizeof(why));
	if (!economy.store)
		fail_msg("%s", why);
	assert_true(ice_secret_set(&economy.key, "0123456789abcdef0123456789abcdef", FM_STORE_KEY_BYTES));
	assert_int_equal(fm_store_sqlite.site_add(economy.store, "headquarters", &economy.key, 1), FM_STORE_OK);
	snprintf(file, sizeof(file), "%s/facilities-manager.db", economy.folder);
	assert_int_equal(sqlite3_open(file, &economy.db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(economy.db,
	                                    "SELECT json FROM reading WHERE batch = (SELECT max(batch) FROM batch)"
	                                    " ORDER BY reading",
	                                    -1, &economy.newest, NULL),
	                 SQLITE_OK);
	return 0;
}

static int unload(void **state)
{
	char command[128];
	(void)state;
	sqlite3_finalize(economy.newest);
	sqlite3_close(economy.db);
	fm_store_sqlite.close(economy.store);
	office_models_free(&economy.models);
	snprintf(command, sizeof(command), "rm -rf %s", economy.folder);
	return system(command);
}

/* The server takes the batch and has of each reading what it was made of, in the order they were read. */
static void deliver(const struct ice_outbox_batch *b, const struct ice_reading *const *readings, void *arg)
{
	char mac[ICE_BATCH_MAC_SIZE];
	struct fm_ingest_answer answer;
	(void)arg;
	ice_batch_sign(&economy.key, b->packed, b->packed_len, mac);
	struct fm_ingest_request request = {
	        .site = "headquarters", .id = b->id, .signature = mac, .body = b->packed, .len = b->packed_len};
	assert_int_equal(fm_ingest(economy.store, &request, WORKDAY_BEGIN + 90000, &answer), FM_INGEST_STORED);
	assert_int_equal(answer.tally.waiting, 0);
	for (size_t i = 0; i < b->readings; i++, economy.compared++) {
		assert_int_equal(sqlite3_step(economy.newest), SQLITE_ROW);
		assert_string_equal(sqlite3_column_text(economy.newest, 0), readings[i]->json);
	}
	assert_int_equal(sqlite3_step(economy.newest), SQLITE_DONE);
	sqlite3_reset(economy.newest);
}

static void a_working_day(void **state)
{
	struct workday_options options = {.printers = 1000, .base_age = 86400};
	(void)state;
	struct workday day = workday_run(&economy.models, &options, NULL, NULL);
	print_message("| a working day: %.1f bytes for each printer and hour, %" PRIu64 " of %" PRIu64
	              " readings as changes\n",
	              day.per_device_hour, day.changes, day.readings);
	assert_true(day.per_device_hour < GOAL);
	assert_true(day.readings > 10000 && day.changes > 9 * day.readings / 10);
}

static void a_busy_day_at_the_server(void **state)
{
	struct workday_options options = {.printers = 60, .base_age = 6 * 3600, .busy = true};
	(void)state;
	struct workday day = workday_run(&economy.models, &options, deliver, NULL);
	assert_int_equal(economy.compared, day.readings);
	assert_true(day.readings > 2000 && day.changes > day.readings / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_working_day),
	        cmocka_unit_test(a_busy_day_at_the_server),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
