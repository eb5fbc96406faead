#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "ice/clock.h"
#include "server/ingest.h"
#include "server/sealing.h"

#define NOW 1795340460 /* 2026-11-22T09:41:00Z */

struct world {
	char folder[64];
	struct fm_store *store;
	struct ice_secret key;
	struct fm_ingest_answer answer;
};

static struct fm_store *open_store(const char *folder)
{
	char why[512];
	struct fm_store *store = fm_store_sqlite.open(folder, 0, why, sizeof(why));
	if (!store)
		fail_msg("the store should open: %s", why);
	return store;
}

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	strcpy(w->folder, "/tmp/ice-ingest-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->store = open_store(w->folder);
	assert_true(ice_secret_set(&w->key, "0123456789abcdef0123456789abcdef", FM_STORE_KEY_BYTES));
	assert_int_equal(w->store->driver->site_add(w->store, "hq", &w->key, NOW), FM_STORE_OK);
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

/* What one posts: a body, and what is said of it; NULL = as it should be. */
struct post {
	const char *body, *site, *id, *signature;
	const struct ice_secret *key;
	bool plain; /* not gzip'd */
};

static enum fm_ingest_verdict post_at(struct world *w, const struct post *p, int64_t now)
{
	char id[ICE_BATCH_ID_SIZE], mac[ICE_BATCH_MAC_SIZE];
	size_t len;
	void *sent = ice_batch_gzip(p->body, strlen(p->body), &len);
	if (p->plain)
		memcpy(sent, p->body, len = strlen(p->body) < len ? strlen(p->body) : len);
	ice_batch_id(p->body, strlen(p->body), id);
	ice_batch_sign(p->key ? p->key : &w->key, sent, len, mac);
	struct fm_ingest_request request = {
	        .site = p->site ? p->site : "hq",
	        .id = p->id ? p->id : id,
	        .signature = p->signature ? p->signature : mac,
	        .body = sent,
	        .len = len,
	};
	enum fm_ingest_verdict verdict = fm_ingest(w->store, &request, now, &w->answer);
	free(sent);
	return verdict;
}

static enum fm_ingest_verdict post(struct world *w, const struct post *p)
{
	return post_at(w, p, NOW);
}

static enum fm_ingest_verdict post_body(struct world *w, const char *body)
{
	return post(w, &(struct post){.body = body});
}

static void expect_proof(struct world *w, const char *body, enum ice_batch_answer proof)
{
	char id[ICE_BATCH_ID_SIZE];
	ice_batch_id(body, strlen(body), id);
	assert_int_equal(ice_batch_answer_read(&w->key, id, w->answer.body, w->answer.len), proof);
}

struct seen {
	size_t count;
	int64_t first, last;
	char ip[64], json[4096];
};

static void see_device(const struct fm_device *d, void *arg)
{
	struct seen *seen = arg;
	seen->count++;
	seen->first = d->first_seen;
	seen->last = d->last_seen;
	snprintf(seen->ip, sizeof(seen->ip), "%s", d->ip);
	snprintf(seen->json, sizeof(seen->json), "%.*s", (int)d->len, d->json);
}

static struct seen devices(struct world *w, const char *site)
{
	struct seen seen = {0};
	assert_int_equal(w->store->driver->device_each(w->store, site, see_device, &seen), FM_STORE_OK);
	return seen;
}

static void see_site(const struct fm_site_summary *s, void *arg)
{
	*(struct fm_site_summary *)arg = *s;
}

static struct fm_site_summary summary(struct world *w)
{
	struct fm_site_summary s = {0};
	assert_int_equal(w->store->driver->site_each(w->store, see_site, &s), FM_STORE_OK);
	return s;
}

#define BATCH(sequence, readings) "{\"schema\":1,\"site\":\"hq\",\"sequence\":" sequence ",\"readings\":[" readings "]}"
#define PRINTER(ip, at)                                                                                                \
	"{\"ip\":\"" ip "\",\"make\":\"HP\",\"serial\":\"CNB1234\",\"pages\":{\"total\":7},\"read_at\":\"" at "\"}"

static const char one[] = BATCH("1", PRINTER("10.0.0.1", "2026-11-22T09:40:00Z"));

static void test_stored_then_acknowledged(void **state)
{
	struct world *w = *state;
	assert_int_equal(post_body(w, one), FM_INGEST_STORED);
	assert_int_equal(w->answer.status, 200);
	expect_proof(w, one, ICE_BATCH_ACKNOWLEDGED);
	struct seen seen = devices(w, NULL);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.json, PRINTER("10.0.0.1", "2026-11-22T09:40:00Z"));
	assert_int_equal(seen.last, NOW - 60);
}

static void test_twice_has_the_effect_of_once(void **state)
{
	struct world *w = *state;
	assert_int_equal(post_body(w, one), FM_INGEST_STORED);
	assert_int_equal(post_body(w, one), FM_INGEST_DUPLICATE);
	expect_proof(w, one, ICE_BATCH_ACKNOWLEDGED);
	assert_int_equal(summary(w).readings, 1);
	assert_int_equal(summary(w).batches, 1);
}

static void test_an_empty_batch_is_a_test(void **state)
{
	struct world *w = *state;
	const char *body = BATCH("0", "");
	assert_int_equal(post_body(w, body), FM_INGEST_TEST);
	expect_proof(w, body, ICE_BATCH_ACKNOWLEDGED);
	assert_int_equal(summary(w).batches, 0);
}

/* Nothing a stranger posts gets a proof, and all get one answer. */
static void test_strangers_get_no_proof(void **state)
{
	struct world *w = *state;
	struct ice_secret other = {0};
	assert_true(ice_secret_set(&other, "another key of thirty-two bytes!", FM_STORE_KEY_BYTES));
	assert_int_equal(w->store->driver->site_add(w->store, "other", &other, NOW), FM_STORE_OK);
	const struct post posts[] = {
	        {.body = one, .site = "nobody"},
	        {.body = one, .site = "../hq"},
	        {.body = one, .site = ""},
	        {.body = one, .signature = ""},
	        {.body = one, .signature = "00"},
	        {.body = one, .signature = "0000000000000000000000000000000000000000000000000000000000000000"},
	        {.body = one, .key = &other},        /* another site's key */
	        {.body = one, .site = "other"},      /* another site's name */
	        {.body = "not JSON", .key = &other}, /* is not even unpacked */
	};
	for (size_t i = 0; i < sizeof(posts) / sizeof(posts[0]); i++) {
		assert_int_equal(post(w, &posts[i]), FM_INGEST_FORBIDDEN);
		assert_int_equal(w->answer.status, 403);
		assert_string_equal(w->answer.body, "forbidden\n");
	}
	assert_int_equal(devices(w, NULL).count, 0);
}

static void test_absent_headers(void **state)
{
	struct world *w = *state;
	struct fm_ingest_request request = {.body = "", .len = 0};
	assert_int_equal(fm_ingest(w->store, &request, NOW, &w->answer), FM_INGEST_FORBIDDEN);
	request.site = "hq";
	assert_int_equal(fm_ingest(w->store, &request, NOW, &w->answer), FM_INGEST_FORBIDDEN);
}

static void test_a_revoked_site_is_a_stranger(void **state)
{
	struct world *w = *state;
	assert_int_equal(w->store->driver->site_revoke(w->store, "hq", NOW), FM_STORE_OK);
	assert_int_equal(w->store->driver->site_revoke(w->store, "hq", NOW), FM_STORE_NONE);
	assert_int_equal(post_body(w, one), FM_INGEST_FORBIDDEN);
	assert_string_equal(w->answer.body, "forbidden\n");

	/* Added again it has a new key, and the old one stays worthless. */
	struct ice_secret fresh = {0};
	assert_true(ice_secret_set(&fresh, "a fresh key of thirty-two bytes!", FM_STORE_KEY_BYTES));
	assert_int_equal(w->store->driver->site_add(w->store, "hq", &fresh, NOW), FM_STORE_OK);
	assert_int_equal(w->store->driver->site_add(w->store, "hq", &w->key, NOW), FM_STORE_EXISTS);
	assert_int_equal(post_body(w, one), FM_INGEST_FORBIDDEN);
	assert_int_equal(post(w, &(struct post){.body = one, .key = &fresh}), FM_INGEST_STORED);
}

/* An old body under another batch's id must not yield a rejection of that batch. */
static void test_no_proof_about_an_id_the_body_does_not_have(void **state)
{
	struct world *w = *state;
	const char *other = BATCH("2", ""), *garbage = "garbage";
	char id[ICE_BATCH_ID_SIZE];
	ice_batch_id(other, strlen(other), id);
	assert_int_equal(post(w, &(struct post){.body = one, .id = id}), FM_INGEST_DAMAGED);
	expect_proof(w, other, ICE_BATCH_NO_ANSWER);
	assert_int_equal(post(w, &(struct post){.body = garbage, .id = id}), FM_INGEST_DAMAGED);
	expect_proof(w, other, ICE_BATCH_NO_ANSWER);
	assert_int_equal(post(w, &(struct post){.body = one, .plain = true}), FM_INGEST_DAMAGED);
	assert_int_equal(w->answer.status, 400);
	expect_proof(w, one, ICE_BATCH_NO_ANSWER);
	assert_int_equal(devices(w, NULL).count, 0);
}

static void test_what_will_never_be_acceptable_is_rejected(void **state)
{
	struct world *w = *state;
	static const char *const bodies[] = {
	        "garbage",
	        "",
	        "[]",
	        "{}",
	        "{\"schema\":3,\"site\":\"hq\",\"sequence\":1,\"readings\":[]}",
	        "{\"schema\":0,\"site\":\"hq\",\"sequence\":1,\"readings\":[]}",
	        "{\"schema\":\"1\",\"site\":\"hq\",\"sequence\":1,\"readings\":[]}",
	        "{\"schema\":1,\"site\":\"other\",\"sequence\":1,\"readings\":[]}",
	        "{\"schema\":1,\"site\":\"hq\",\"sequence\":-1,\"readings\":[]}",
	        "{\"schema\":1,\"site\":\"hq\",\"sequence\":1.0,\"readings\":[]}",
	        "{\"schema\":1,\"site\":\"hq\",\"sequence\":1,\"readings\":{}}",
	        "{\"schema\":1,\"site\":\"hq\",\"sequence\":1}",
	        "{\"schema\":1,\"schema\":1,\"site\":\"hq\",\"sequence\":1,\"readings\":[]}",
	        BATCH("1", "{\"name\":\"nobody\"}"),
	        BATCH("1", PRINTER("10.0.0.1", "2026-11-22T09:40:00Z") ",{\"name\":null}"),
	        BATCH("1", "") "x",
	};
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		assert_int_equal(post_body(w, bodies[i]), FM_INGEST_REJECTED);
		assert_int_equal(w->answer.status, 422);
		assert_true(w->answer.why[0]);
		expect_proof(w, bodies[i], ICE_BATCH_REJECTED);
	}
	assert_int_equal(devices(w, NULL).count, 0); /* all of a batch or nothing */
}

static void test_more_readings_than_a_batch_may_hold(void **state)
{
	struct world *w = *state;
	char *body = malloc(65536);
	for (int n = ICE_BATCH_READINGS_MAX; n <= ICE_BATCH_READINGS_MAX + 1; n++) {
		strcpy(body, "{\"schema\":1,\"site\":\"hq\",\"sequence\":1,\"readings\":[");
		char *at = body + strlen(body);
		for (int i = 0; i < n; i++)
			at += sprintf(at, "%s{\"ip\":\"10.0.%d.%d\"}", i ? "," : "", i / 256, i % 256);
		strcpy(at, "]}");
		assert_int_equal(post_body(w, body),
		                 n == ICE_BATCH_READINGS_MAX ? FM_INGEST_STORED : FM_INGEST_REJECTED);
	}
	assert_int_equal(devices(w, "hq").count, ICE_BATCH_READINGS_MAX);
	free(body);
}

static void test_a_bomb_is_not_unpacked(void **state)
{
	struct world *w = *state;
	size_t size = 4 << 20;
	char *body = malloc(size + 1);
	memset(body, ' ', size);
	body[size] = '\0';
	assert_int_equal(post_body(w, body), FM_INGEST_DAMAGED);
	free(body);
}

/* An address is an attribute: the device stays the same when it moves. Old news does not replace new. */
static void test_a_device_moves_and_old_news_comes_late(void **state)
{
	struct world *w = *state;
	assert_int_equal(post_body(w, one), FM_INGEST_STORED);
	assert_int_equal(post_body(w, BATCH("2", PRINTER("10.0.0.9", "2026-11-22T09:40:30Z"))), FM_INGEST_STORED);
	assert_int_equal(post_body(w, BATCH("3", PRINTER("10.0.0.5", "2026-11-01T00:00:00Z"))), FM_INGEST_STORED);
	struct seen seen = devices(w, NULL);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.ip, "10.0.0.9");
	assert_int_equal(seen.last, NOW - 30);
	assert_true(seen.first < NOW - 86400);
	assert_int_equal(summary(w).readings, 3);
}

/* An engine's clock that is years ahead must not freeze a device. */
static void test_a_clock_that_is_ahead(void **state)
{
	struct world *w = *state;
	assert_int_equal(post_body(w, BATCH("1", PRINTER("10.0.0.1", "2099-01-01T00:00:00Z"))), FM_INGEST_STORED);
	assert_int_equal(devices(w, NULL).last, NOW);
	assert_int_equal(post_body(w, BATCH("2", PRINTER("10.0.0.2", "2026-11-22T09:41:00Z"))), FM_INGEST_STORED);
	assert_string_equal(devices(w, NULL).ip, "10.0.0.2");
}

static void test_gaps_show(void **state)
{
	struct world *w = *state;
	assert_int_equal(post_body(w, one), FM_INGEST_STORED);
	assert_int_equal(summary(w).missing, 0);
	assert_int_equal(post_body(w, BATCH("4", PRINTER("10.0.0.1", "2026-11-22T09:40:01Z"))), FM_INGEST_STORED);
	assert_int_equal(summary(w).last_sequence, 4);
	assert_int_equal(summary(w).missing, 2);
	assert_int_equal(post_body(w, BATCH("2", PRINTER("10.0.0.1", "2026-11-22T09:40:02Z"))), FM_INGEST_STORED);
	assert_int_equal(summary(w).missing, 1);
	assert_int_equal(summary(w).last_batch_at, NOW);
}

static void test_a_locked_database_gets_no_proof(void **state)
{
	struct world *w = *state;
	char path[128];
	sqlite3 *other;
	snprintf(path, sizeof(path), "%s/facilities-manager.db", w->folder);
	assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(post_body(w, one), FM_INGEST_LATER);
	assert_int_equal(w->answer.status, 503);
	assert_true(w->answer.retry_after > 0);
	expect_proof(w, one, ICE_BATCH_NO_ANSWER);
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(other);
	assert_int_equal(post_body(w, one), FM_INGEST_STORED);
}

/* A limit on file sizes fails writes as a full disk does. */
static void test_a_full_disk_gets_no_proof_and_changes_nothing(void **state)
{
	struct world *w = *state;
	struct rlimit limit, before;
	w->store->driver->idle(w->store);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	signal(SIGXFSZ, SIG_IGN);
	limit = before;
	limit.rlim_cur = 4096;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	enum fm_ingest_verdict verdict = post_body(w, one);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(verdict, FM_INGEST_LATER);
	expect_proof(w, one, ICE_BATCH_NO_ANSWER);
	assert_int_equal(devices(w, NULL).count, 0);
	assert_int_equal(post_body(w, one), FM_INGEST_STORED);
}

static void test_it_is_still_there_when_opened_again(void **state)
{
	struct world *w = *state;
	assert_int_equal(post_body(w, one), FM_INGEST_STORED);
	w->store->driver->close(w->store);
	w->store = open_store(w->folder);
	assert_int_equal(devices(w, "hq").count, 1);
	assert_int_equal(devices(w, "other").count, 0);
	assert_int_equal(post_body(w, one), FM_INGEST_DUPLICATE);
}

static int64_t stored_readings(const struct world *w)
{
	char path[128];
	sqlite3 *db = NULL;
	sqlite3_stmt *q = NULL;
	snprintf(path, sizeof(path), "%s/facilities-manager.db", w->folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT count(*) FROM reading", -1, &q, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(q), SQLITE_ROW);
	int64_t n = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	sqlite3_close(db);
	return n;
}

/* Until the pass is over; how many readings went. */
static uint64_t forget(struct world *w, int64_t before)
{
	uint64_t all = 0, some;
	enum fm_store_result result;
	int calls = 0;
	do {
		result = w->store->driver->forget(w->store, before, &some);
		all += some;
	} while (result == FM_STORE_OK && ++calls < 100);
	assert_int_equal(result, FM_STORE_NONE);
	return all;
}

/* Two printers, one of them an hour, all read whole. */
static void test_old_readings_are_forgotten(void **state)
{
	struct world *w = *state;
	char body[512], at[ICE_CLOCK_TEXT_SIZE];
	const int hours = 600; /* more than one call looks at */
	for (int i = 0; i < hours; i++) {
		ice_clock_format(NOW + i * 3600, at);
		snprintf(body, sizeof(body),
		         "{\"schema\":1,\"site\":\"hq\",\"sequence\":%d,\"readings\":[{\"ip\":\"10.0.0.%d\",\"make\":"
		         "\"HP\","
		         "\"serial\":\"A%d\",\"read_at\":\"%s\"}]}",
		         i + 1, i % 2, i % 2, at);
		assert_int_equal(post_at(w, &(struct post){.body = body}, NOW + i * 3600), FM_INGEST_STORED);
	}
	assert_int_equal(forget(w, NOW), 0);
	assert_int_equal(stored_readings(w), hours);
	assert_int_equal(forget(w, NOW + 100 * 3600), 100);
	assert_int_equal(forget(w, NOW + 100 * 3600), 0);
	assert_int_equal(stored_readings(w), hours - 100);
	/* The last that travelled whole stays: changes of it may be on their way. */
	assert_int_equal(forget(w, NOW + 1000 * 3600), hours - 100 - 2);
	assert_int_equal(stored_readings(w), 2);
	assert_int_equal(devices(w, "hq").count, 2);
	assert_int_equal(post_body(w, body), FM_INGEST_DUPLICATE);
	assert_int_equal(summary(w).batches, hours);
	assert_int_equal(summary(w).missing, 0);
}

/* ---- sealed bodies ---- */

/* The server's own key for opening, and what engines seal with. */
static struct ice_seal *sealer(const char *folder, struct ice_seal **opener)
{
	char why[256];
	*opener = fm_sealing_open(folder, NOW, why, sizeof(why));
	char *certificate = fm_sealing_certificate(folder, NOW, why, sizeof(why));
	assert_non_null(*opener);
	assert_non_null(certificate);
	struct ice_seal *s = ice_seal_new(certificate, NULL, why, sizeof(why));
	assert_non_null(s);
	free(certificate);
	return s;
}

/* Posts these bytes, rightly signed, as a body that is to be opened with the seal (NULL: as one that is not sealed). */
static enum fm_ingest_verdict post_sealed(struct world *w, const struct ice_seal *seal, const void *sent, size_t len,
                                          const char *id)
{
	char mac[ICE_BATCH_MAC_SIZE];
	ice_batch_sign(&w->key, sent, len, mac);
	struct fm_ingest_request request = {
	        .site = "hq", .id = id, .signature = mac, .body = sent, .len = len, .seal = seal};
	return fm_ingest(w->store, &request, NOW, &w->answer);
}

static void test_a_sealed_batch_is_opened_after_its_signature(void **state)
{
	struct world *w = *state;
	struct ice_seal *opener, *seal = sealer(w->folder, &opener);
	char id[ICE_BATCH_ID_SIZE], mac[ICE_BATCH_MAC_SIZE];
	size_t packed_len, len;
	void *packed = ice_batch_gzip(one, strlen(one), &packed_len);
	uint8_t *sent = ice_seal_wrap(seal, packed, packed_len, &len);
	assert_non_null(sent);
	ice_batch_id(one, strlen(one), id);
	/* Signed before it was sealed: that says nothing of the seal. */
	ice_batch_sign(&w->key, packed, packed_len, mac);
	struct fm_ingest_request request = {
	        .site = "hq", .id = id, .signature = mac, .body = sent, .len = len, .seal = opener};
	assert_int_equal(fm_ingest(w->store, &request, NOW, &w->answer), FM_INGEST_FORBIDDEN);
	assert_int_equal(post_sealed(w, opener, sent, len, id), FM_INGEST_STORED);
	expect_proof(w, one, ICE_BATCH_ACKNOWLEDGED);
	/* The same batch, whichever way it comes. */
	assert_int_equal(post_body(w, one), FM_INGEST_DUPLICATE);
	assert_int_equal(post_sealed(w, opener, sent, len, id), FM_INGEST_DUPLICATE);
	assert_int_equal(devices(w, NULL).count, 1);
	free(sent);
	free(packed);
	ice_seal_free(seal);
	ice_seal_free(opener);
}

/* Whatever does not open is damage, of which nothing is proven, rightly signed as it may be. */
static void test_what_does_not_open_gets_no_proof(void **state)
{
	struct world *w = *state;
	struct ice_seal *opener, *seal = sealer(w->folder, &opener);
	char id[ICE_BATCH_ID_SIZE];
	size_t packed_len, len, bomb_len, sealed_bomb_len;
	void *packed = ice_batch_gzip(one, strlen(one), &packed_len);
	uint8_t *sent = ice_seal_wrap(seal, packed, packed_len, &len);
	char *zeros = calloc(1, 8 << 20);
	assert_non_null(sent);
	assert_non_null(zeros);
	ice_batch_id(one, strlen(one), id);
	for (size_t i = 0; i < len; i += 37) {
		sent[i] ^= 0x10;
		assert_int_equal(post_sealed(w, opener, sent, len, id), FM_INGEST_DAMAGED);
		expect_proof(w, one, ICE_BATCH_NO_ANSWER);
		sent[i] ^= 0x10;
	}
	assert_int_equal(post_sealed(w, opener, sent, len - 1, id), FM_INGEST_DAMAGED);
	assert_int_equal(post_sealed(w, opener, packed, packed_len, id), FM_INGEST_DAMAGED); /* not sealed at all */
	assert_int_equal(post_sealed(w, NULL, sent, len, id), FM_INGEST_DAMAGED); /* nor asked to be opened */
	void *bomb = ice_batch_gzip(zeros, 8 << 20, &bomb_len);
	void *sealed_bomb = ice_seal_wrap(seal, bomb, bomb_len, &sealed_bomb_len);
	assert_int_equal(post_sealed(w, opener, sealed_bomb, sealed_bomb_len, id), FM_INGEST_DAMAGED);
	assert_int_equal(summary(w).batches, 0);
	free(sealed_bomb);
	free(bomb);
	free(zeros);
	free(sent);
	free(packed);
	ice_seal_free(seal);
	ice_seal_free(opener);
}

static void test_values(void **state)
{
	struct world *w = *state;
	assert_null(w->store->driver->value_get(w->store, "url"));
	assert_int_equal(w->store->driver->value_set(w->store, "url", "https://a"), FM_STORE_OK);
	assert_int_equal(w->store->driver->value_set(w->store, "url", "https://b"), FM_STORE_OK);
	char *value = w->store->driver->value_get(w->store, "url");
	assert_string_equal(value, "https://b");
	free(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_stored_then_acknowledged, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_twice_has_the_effect_of_once, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_an_empty_batch_is_a_test, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_strangers_get_no_proof, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_absent_headers, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_revoked_site_is_a_stranger, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_no_proof_about_an_id_the_body_does_not_have, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_what_will_never_be_acceptable_is_rejected, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_more_readings_than_a_batch_may_hold, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_bomb_is_not_unpacked, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_device_moves_and_old_news_comes_late, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_clock_that_is_ahead, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_gaps_show, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_locked_database_gets_no_proof, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_full_disk_gets_no_proof_and_changes_nothing, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_it_is_still_there_when_opened_again, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_old_readings_are_forgotten, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_a_sealed_batch_is_opened_after_its_signature, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_what_does_not_open_gets_no_proof, setup, teardown),
	        cmocka_unit_test_setup_teardown(test_values, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
