/* Changes at the server: what is kept is what would have come whole; a change without its base waits, and none is guessed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "ice/change.h"
#include "server/ingest.h"

#define NOW 1795340460 /* 2026-11-22T09:41:00Z */

#define START                                                                                                          \
	"{\"ip\":\"10.1.2.3\",\"name\":\"the printer in the hall, beside the stairs, under the picture of the "        \
	"founder, who would have liked it: it never says a word too "                                                  \
	"many\",\"make\":\"Exemplar\",\"model\":\"LaserPrint "                                                         \
	"3000\",\"serial\":\"EX0001234\""
#define RECORD(total, extra, at) START ",\"pages\":{\"total\":" #total "}" extra ",\"read_at\":\"2026-11-22T" at "Z\"}"
#define BASE                     RECORD(100, "", "08:00:00")
#define LATER                    RECORD(117, "", "09:00:00")
#define LATEST                   RECORD(123, ",\"status\":\"idle\"", "09:30:00")

struct world {
	char folder[64], file[96];
	struct fm_store *store;
	struct ice_secret key;
	struct fm_ingest_answer answer;
	int64_t sequence;
	char latest[2048];
	int64_t waiting;
};

static void open_store(struct world *w)
{
	char why[512];
	w->store = fm_store_sqlite.open(w->folder, 0, why, sizeof(why));
	if (!w->store)
		fail_msg("the store should open: %s", why);
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	strcpy(w->folder, "/tmp/ice-reading-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	snprintf(w->file, sizeof(w->file), "%s/facilities-manager.db", w->folder);
	open_store(w);
	assert_true(ice_secret_set(&w->key, "0123456789abcdef0123456789abcdef", FM_STORE_KEY_BYTES));
	assert_int_equal(w->store->driver->site_add(w->store, "hq", &w->key, NOW), FM_STORE_OK);
	assert_int_equal(w->store->driver->site_add(w->store, "other", &w->key, NOW), FM_STORE_OK);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;
	char command[128];
	w->store->driver->close(w->store);
	snprintf(command, sizeof(command), "rm -rf %s", w->folder);
	assert_int_equal(system(command), 0);
	free(w);
	return 0;
}

/* Posts the same bytes again when `again`. */
static enum fm_ingest_verdict post_as(struct world *w, const char *site, int schema, const char *readings, bool again)
{
	char id[ICE_BATCH_ID_SIZE], mac[ICE_BATCH_MAC_SIZE], *body = NULL;
	size_t len;
	w->sequence += !again;
	assert_true(asprintf(&body, "{\"schema\":%d,\"site\":\"%s\",\"sequence\":%lld,\"readings\":[%s]}", schema, site,
	                     (long long)w->sequence, readings) > 0);
	void *sent = ice_batch_gzip(body, strlen(body), &len);
	ice_batch_id(body, strlen(body), id);
	ice_batch_sign(&w->key, sent, len, mac);
	struct fm_ingest_request request = {.site = site, .id = id, .signature = mac, .body = sent, .len = len};
	enum fm_ingest_verdict verdict = fm_ingest(w->store, &request, NOW, &w->answer);
	enum ice_batch_answer proof = ice_batch_answer_read(&w->key, id, w->answer.body, w->answer.len);
	assert_int_equal(proof, verdict == FM_INGEST_REJECTED ? ICE_BATCH_REJECTED : ICE_BATCH_ACKNOWLEDGED);
	free(sent);
	free(body);
	return verdict;
}

static enum fm_ingest_verdict post(struct world *w, const char *readings)
{
	return post_as(w, "hq", 2, readings, false);
}

static const char *change(const char *base, const char *json)
{
	static char text[4][2048];
	static unsigned turn;
	size_t len;
	char *made = ice_change_make(base, strlen(base), json, strlen(json), &len);
	assert_non_null(made);
	turn = (turn + 1) % 4;
	snprintf(text[turn], sizeof(text[turn]), "%s", made);
	free(made);
	return text[turn];
}

static const char *both(const char *first, const char *second)
{
	static char text[4096];
	snprintf(text, sizeof(text), "%s,%s", first, second);
	return text;
}

static void see_device(const struct fm_device *d, void *arg)
{
	struct world *w = arg;
	assert_string_equal(w->latest, "");
	snprintf(w->latest, sizeof(w->latest), "%.*s", (int)d->len, d->json);
}

static void see_site(const struct fm_site_summary *s, void *arg)
{
	struct world *w = arg;
	if (strcmp(s->name, "hq") == 0)
		w->waiting = s->waiting;
}

/* The one device of the site as it is known, and how many changes wait. */
static void expect(struct world *w, const char *latest, int64_t waiting)
{
	w->latest[0] = '\0';
	assert_int_equal(w->store->driver->device_each(w->store, "hq", see_device, w), FM_STORE_OK);
	assert_string_equal(w->latest, latest);
	assert_int_equal(w->store->driver->site_each(w->store, see_site, w), FM_STORE_OK);
	assert_int_equal(w->waiting, waiting);
}

static void sql(struct world *w, const char *text)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(w->file, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", text, sqlite3_errmsg(db));
	sqlite3_close(db);
}

/* All readings of the site by time, their texts one behind another. */
static void expect_readings(struct world *w, const char *wanted)
{
	sqlite3 *db;
	sqlite3_stmt *q;
	char text[8192] = "";
	assert_int_equal(sqlite3_open(w->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT json FROM reading ORDER BY read_at, reading", -1, &q, NULL),
	                 SQLITE_OK);
	while (sqlite3_step(q) == SQLITE_ROW)
		strncat(text, (const char *)sqlite3_column_text(q, 0), sizeof(text) - strlen(text) - 1);
	sqlite3_finalize(q);
	sqlite3_close(db);
	assert_string_equal(text, wanted);
}

static void changes_become_what_they_were_made_of(void **state)
{
	struct world *w = *state;
	assert_int_equal(post_as(w, "hq", 1, BASE, false), FM_INGEST_STORED);
	assert_int_equal(post(w, change(BASE, LATER)), FM_INGEST_STORED);
	expect(w, LATER, 0);
	assert_int_equal(post(w, change(BASE, LATEST)), FM_INGEST_STORED);
	expect(w, LATEST, 0);
	expect_readings(w, BASE LATER LATEST);
	/* as ever, the same batch twice has the effect of once */
	assert_int_equal(post_as(w, "hq", 2, change(BASE, LATEST), true), FM_INGEST_DUPLICATE);
	expect_readings(w, BASE LATER LATEST);
}

static void a_base_may_stand_before_its_change(void **state)
{
	struct world *w = *state;
	assert_int_equal(post(w, both(BASE, change(BASE, LATER))), FM_INGEST_STORED);
	expect(w, LATER, 0);
	assert_int_equal(w->answer.tally.waiting, 0);
}

static void a_change_waits_for_its_base(void **state)
{
	struct world *w = *state;
	assert_int_equal(post(w, change(BASE, LATEST)), FM_INGEST_STORED);
	assert_int_equal(w->answer.tally.waiting, 1);
	expect(w, "", 1);
	/* another base heals what comes, not what came */
	assert_int_equal(post(w, LATER), FM_INGEST_STORED);
	expect(w, LATER, 1);
	/* a crash or a start in between is nothing to it */
	w->store->driver->close(w->store);
	open_store(w);
	assert_int_equal(post_as(w, "other", 1, BASE, false), FM_INGEST_STORED);
	expect(w, LATER, 1);
	assert_int_equal(post_as(w, "hq", 1, BASE, false), FM_INGEST_STORED);
	assert_int_equal(w->answer.tally.mended, 1);
	expect(w, LATEST, 0);
	assert_int_equal(post_as(w, "hq", 1, BASE, true), FM_INGEST_DUPLICATE);
	sql(w,
	    "DELETE FROM reading WHERE batch IN (SELECT batch FROM batch JOIN site USING(site) WHERE name = 'other')");
	expect_readings(w, BASE LATER LATEST);
}

static void what_was_ready_when_the_power_went_is_done_later(void **state)
{
	struct world *w = *state;
	assert_int_equal(post(w, change(BASE, LATER)), FM_INGEST_STORED);
	sql(w, "CREATE TRIGGER no BEFORE DELETE ON waiting BEGIN SELECT RAISE(ABORT, 'not now'); END");
	assert_int_equal(post(w, BASE), FM_INGEST_STORED);
	assert_int_equal(w->answer.tally.mended, 0);
	expect(w, BASE, 1);
	sql(w, "DROP TRIGGER no");
	assert_int_equal(post_as(w, "hq", 2, BASE, true), FM_INGEST_DUPLICATE);
	assert_int_equal(w->answer.tally.mended, 1);
	expect(w, LATER, 0);
}

static void a_change_that_does_not_fit_its_base_is_rejected(void **state)
{
	struct world *w = *state;
	char name[ICE_CHANGE_NAME_SIZE], text[256];
	static const char *const sets[] = {"{\"supplies\":null}", "{\"pages\":1}", "{\"supplies\":{\"0\":{}}}",
	                                   "{\"serial\":7}", "{\"pages\":{\"total\":-1}}"};
	assert_int_equal(post(w, BASE), FM_INGEST_STORED);
	ice_change_name(BASE, strlen(BASE), name);
	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		snprintf(text, sizeof(text), "{\"base\":\"%s\",\"set\":%s}", name, sets[i]);
		assert_int_equal(post(w, both(LATER, text)), FM_INGEST_REJECTED);
		expect(w, BASE, 0);
		snprintf(text, sizeof(text), "{\"base\":\"%s\",\"set\":%s,\"x\":1}", name, "{}");
		assert_int_equal(post(w, text), FM_INGEST_REJECTED);
	}
	expect_readings(w, BASE);
	/* the first schema knows no changes: this is a record of nobody */
	assert_int_equal(post_as(w, "hq", 1, change(BASE, LATER), false), FM_INGEST_REJECTED);
}

static void what_waited_and_does_not_fit_is_kept(void **state)
{
	struct world *w = *state;
	char name[ICE_CHANGE_NAME_SIZE], text[256];
	ice_change_name(BASE, strlen(BASE), name);
	snprintf(text, sizeof(text), "{\"base\":\"%s\",\"set\":{\"supplies\":null}}", name);
	assert_int_equal(post(w, both(text, change(BASE, LATER))), FM_INGEST_STORED);
	assert_int_equal(w->answer.tally.waiting, 2);
	assert_int_equal(post(w, BASE), FM_INGEST_STORED);
	assert_int_equal(w->answer.tally.mended, 1);
	assert_int_equal(w->answer.tally.unfit, 1);
	expect(w, LATER, 1);
	/* and looked at once only */
	assert_int_equal(post(w, LATEST), FM_INGEST_STORED);
	assert_int_equal(w->answer.tally.unfit, 0);
	expect(w, LATEST, 1);
}

/* An engine of a later version says more than this server knows, in an order of its own. */
static void a_base_is_kept_as_it_travelled(void **state)
{
	struct world *w = *state;
	static const char base
	        [] = "{\"scent\":{\"of\":\"roses\",\"how\":3},\"serial\":\"EX0001234\",\"make\":\"Exemplar\",\"model\":"
	             "\"LaserPrint "
	             "3000\",\"name\":\"a printer that smells of roses, as far as is known\",\"pages\":{\"total\":1}}",
	    json[] = "{\"scent\":{\"of\":\"roses\",\"how\":4},\"serial\":\"EX0001234\",\"make\":\"Exemplar\",\"model\":"
	             "\"LaserPrint "
	             "3000\",\"name\":\"a printer that smells of roses, as far as is known\",\"pages\":{\"total\":2}}";
	assert_int_equal(post(w, base), FM_INGEST_STORED);
	assert_int_equal(post(w, change(base, json)), FM_INGEST_STORED);
	expect(w,
	       "{\"name\":\"a printer that smells of roses, as far as is "
	       "known\",\"make\":\"Exemplar\",\"model\":\"LaserPrint "
	       "3000\",\"serial\":\"EX0001234\",\"pages\":{\"total\":2}}",
	       0);
}

static void a_store_of_the_first_version_gets_what_it_lacks(void **state)
{
	struct world *w = *state;
	assert_int_equal(post_as(w, "hq", 1, BASE, false), FM_INGEST_STORED);
	w->store->driver->close(w->store);
	sql(w, "DROP INDEX reading_name; ALTER TABLE reading DROP COLUMN name; ALTER TABLE reading DROP COLUMN raw;"
	       "DROP TABLE waiting; PRAGMA user_version = 1");
	open_store(w);
	expect(w, BASE, 0);
	assert_int_equal(post(w, both(LATER, change(LATER, LATEST))), FM_INGEST_STORED);
	expect(w, LATEST, 0);
	expect_readings(w, BASE LATER LATEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(changes_become_what_they_were_made_of, setup, teardown),
	        cmocka_unit_test_setup_teardown(a_base_may_stand_before_its_change, setup, teardown),
	        cmocka_unit_test_setup_teardown(a_change_waits_for_its_base, setup, teardown),
	        cmocka_unit_test_setup_teardown(what_was_ready_when_the_power_went_is_done_later, setup, teardown),
	        cmocka_unit_test_setup_teardown(a_change_that_does_not_fit_its_base_is_rejected, setup, teardown),
	        cmocka_unit_test_setup_teardown(what_waited_and_does_not_fit_is_kept, setup, teardown),
	        cmocka_unit_test_setup_teardown(a_base_is_kept_as_it_travelled, setup, teardown),
	        cmocka_unit_test_setup_teardown(a_store_of_the_first_version_gets_what_it_lacks, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
