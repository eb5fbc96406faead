/* Bodies, ids, signatures, gzip and answers: what is exactly right passes, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "ice/batch.h"

static struct ice_secret key_of(const char *text)
{
	struct ice_secret key;
	assert_true(ice_secret_set(&key, text, strlen(text)));
	return key;
}

static struct ice_reading reading(char *json)
{
	return (struct ice_reading){.json = json, .len = strlen(json)};
}

static void a_body_is_its_envelope_and_its_readings(void **state)
{
	(void)state;
	struct ice_reading a = reading((char[]){"{\"ip\":\"10.0.0.1\"}"}), b = reading((char[]){"{}"});
	const struct ice_reading *both[] = {&a, &b};
	size_t len;
	char *body = ice_batch_body("hq", 123, both, 2, &len);
	assert_string_equal(body,
	                    "{\"schema\":1,\"site\":\"hq\",\"sequence\":123,\"readings\":[{\"ip\":\"10.0.0.1\"},{}]}");
	assert_int_equal(len, strlen(body));
	free(body);
	body = ice_batch_body("hq", 0, NULL, 0, &len);
	assert_string_equal(body, "{\"schema\":1,\"site\":\"hq\",\"sequence\":0,\"readings\":[]}");
	free(body);
	body = ice_batch_body("hq", INT64_MAX, both, 1, &len);
	json_t *parsed = json_loadb(body, len, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(parsed, "sequence")), INT64_MAX);
	json_decref(parsed);
	free(body);
}

static void what_is_no_object_gets_into_no_body(void **state)
{
	(void)state;
	static char *const bad[] = {"",  "[]",       "1",        "null", "\"x\"", "{",
	                            "}", "{\"a\":1", "\"a\":1}", "{} x", " {}",   "{} "};
	struct ice_reading good = reading((char[]){"{}"});
	size_t len = 9;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ice_reading r = reading(bad[i]);
		const struct ice_reading *list[] = {&good, &r};
		if (ice_batch_body("hq", 1, list, 2, &len))
			fail_msg("\"%s\" got into a body", bad[i]);
		assert_int_equal(len, 0);
	}
	struct ice_reading none = {0}, cut = {.json = (char[]){"{\"a\":\0}"}, .len = 7};
	const struct ice_reading *list[] = {&none};
	assert_null(ice_batch_body("hq", 1, list, 1, &len));
	list[0] = &cut;
	assert_null(ice_batch_body("hq", 1, list, 1, &len));
	assert_null(ice_batch_body("h q", 1, NULL, 0, &len));
	assert_null(ice_batch_body("hq", -1, NULL, 0, &len));
}

static void bodies_keep_to_their_bounds(void **state)
{
	(void)state;
	static const struct ice_reading *many[ICE_BATCH_READINGS_MAX + 1];
	struct ice_reading small = reading((char[]){"{}"});
	size_t len;
	for (size_t i = 0; i < ICE_BATCH_READINGS_MAX + 1; i++)
		many[i] = &small;
	char *body = ice_batch_body("hq", 1, many, ICE_BATCH_READINGS_MAX, &len);
	assert_non_null(body);
	free(body);
	assert_null(ice_batch_body("hq", 1, many, ICE_BATCH_READINGS_MAX + 1, &len));
	assert_int_equal(ice_batch_fits("hq", 1, many, ICE_BATCH_READINGS_MAX + 1), ICE_BATCH_READINGS_MAX);
	/* To the byte. */
	size_t envelope = strlen("{\"schema\":1,\"site\":\"hq\",\"sequence\":1,\"readings\":[]}");
	for (size_t room = ICE_BATCH_BYTES_MAX - envelope - 4; room <= ICE_BATCH_BYTES_MAX - envelope + 1; room++) {
		struct ice_reading big = {.json = malloc(room), .len = room};
		memset(big.json, ' ', room);
		big.json[0] = '{';
		big.json[room - 1] = '}';
		const struct ice_reading *pair[] = {&big, &small};
		size_t fits = ice_batch_fits("hq", 1, pair, 2);
		assert_int_equal(fits, (room + envelope <= ICE_BATCH_BYTES_MAX) +
		                               (room + envelope + 3 <= ICE_BATCH_BYTES_MAX));
		for (size_t n = 1; n <= 2; n++) {
			body = ice_batch_body("hq", 1, pair, n, &len);
			assert_int_equal(body != NULL, n <= fits);
			assert_true(len <= ICE_BATCH_BYTES_MAX);
			free(body);
		}
		free(big.json);
	}
}

static void a_site_needs_no_quoting(void **state)
{
	(void)state;
	char longest[ICE_BATCH_SITE_MAX + 2];
	assert_true(ice_batch_site_valid("hq"));
	assert_true(ice_batch_site_valid("Haupt-Sitz_2.west"));
	static const char *const bad[] = {"", "a b", "a/b", "..", ".a", "-a", "_a", "a\n", "a\"", "\xc3\xa4", "a:b"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (ice_batch_site_valid(bad[i]))
			fail_msg("\"%s\" passed", bad[i]);
	}
	assert_false(ice_batch_site_valid(NULL));
	memset(longest, 'a', sizeof(longest));
	longest[ICE_BATCH_SITE_MAX + 1] = '\0';
	assert_false(ice_batch_site_valid(longest));
	longest[ICE_BATCH_SITE_MAX] = '\0';
	assert_true(ice_batch_site_valid(longest));
}

/* FIPS 180-4's "abc", RFC 4231 test case 2. */
static void ids_and_signatures_are_the_standard_ones(void **state)
{
	(void)state;
	char hex[ICE_BATCH_ID_SIZE];
	struct ice_secret key = key_of("Jefe"), other = key_of("Jeff"), none = {0};
	const char *said = "what do ya want for nothing?";
	ice_batch_id("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	ice_batch_sign(&key, said, strlen(said), hex);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_true(ice_batch_signed(&key, said, strlen(said), hex));
	assert_false(ice_batch_signed(&other, said, strlen(said), hex));
	assert_false(ice_batch_signed(&key, said, strlen(said) - 1, hex));
	assert_false(ice_batch_signed(&key, said, strlen(said), NULL));
	assert_false(ice_batch_signed(&key, said, strlen(said), ""));
	for (int i = 0; i < 64; i++) {
		char flipped[ICE_BATCH_MAC_SIZE];
		memcpy(flipped, hex, sizeof(flipped));
		flipped[i] ^= 1;
		assert_false(ice_batch_signed(&key, said, strlen(said), flipped));
		flipped[i] = '\0';
		assert_false(ice_batch_signed(&key, said, strlen(said), flipped));
	}
	char longer[ICE_BATCH_MAC_SIZE + 1];
	snprintf(longer, sizeof(longer), "%s0", hex);
	assert_false(ice_batch_signed(&key, said, strlen(said), longer));
	ice_batch_sign(&none, said, strlen(said), hex);
	assert_false(ice_batch_signed(&none, said, strlen(said), hex));
}

static void gzip_goes_there_and_back(void **state)
{
	(void)state;
	static char bytes[300000];
	size_t sizes[] = {0, 1, 4095, 4096, 4097, sizeof(bytes)}, packed_len, len;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 2654435761u >> 13);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		void *packed = ice_batch_gzip(bytes, sizes[i], &packed_len);
		assert_non_null(packed);
		char *back = ice_batch_gunzip(packed, packed_len, sizes[i], &len);
		assert_non_null(back);
		assert_int_equal(len, sizes[i]);
		assert_memory_equal(back, bytes, len);
		assert_int_equal(back[len], 0);
		free(back);
		if (sizes[i] > 0)
			assert_null(ice_batch_gunzip(packed, packed_len, sizes[i] - 1, &len));
		free(packed);
	}
}

static void gunzip_refuses_all_else(void **state)
{
	(void)state;
	static const char text[] = "a text that is a bit longer than nothing at all, nothing at all";
	static char zeros[32 << 20];
	size_t packed_len, len = 7, n;
	unsigned char *packed = ice_batch_gzip(text, sizeof(text), &packed_len), twice[512];
	/* Cut anywhere. */
	for (n = 0; n < packed_len; n++) {
		unsigned char *cut = malloc(n ? n : 1);
		memcpy(cut, packed, n);
		assert_null(ice_batch_gunzip(cut, n, 1000, &len));
		assert_int_equal(len, 0);
		free(cut);
	}
	/* Something behind it, a second stream included. */
	memcpy(twice, packed, packed_len);
	memcpy(twice + packed_len, packed, packed_len);
	assert_null(ice_batch_gunzip(twice, packed_len + 1, 1000, &len));
	assert_null(ice_batch_gunzip(twice, 2 * packed_len, 1000, &len));
	/* A flipped byte anywhere gives nothing, or the very same text: time, system and flags of the header carry no content. */
	for (n = 0; n < packed_len; n++) {
		memcpy(twice, packed, packed_len);
		twice[n] ^= 0x10;
		char *back = ice_batch_gunzip(twice, packed_len, 1000, &len);
		if (back)
			assert_memory_equal(back, text, sizeof(text));
		free(back);
	}
	free(packed);
	/* Neither zlib's own form nor bare deflate. */
	assert_null(ice_batch_gunzip("\x78\x9c\x03\x00\x00\x00\x00\x01", 8, 1000, &len));
	assert_null(ice_batch_gunzip("\x03\x00", 2, 1000, &len));
	/* 32 MiB in 32 KiB, of which no more than the bound is ever unpacked. */
	packed = ice_batch_gzip(zeros, sizeof(zeros), &packed_len);
	assert_true(packed_len < 40000);
	assert_null(ice_batch_gunzip(packed, packed_len, ICE_BATCH_BYTES_MAX, &len));
	free(packed);
}

static void answers_prove_one_batch_and_one_word(void **state)
{
	(void)state;
	struct ice_secret key = key_of("0123456789abcdef0123456789abcdef"), other = key_of("x"), none = {0};
	char id[ICE_BATCH_ID_SIZE], id2[ICE_BATCH_ID_SIZE], ack[ICE_BATCH_ANSWER_MAX], reject[ICE_BATCH_ANSWER_MAX];
	ice_batch_id("a", 1, id);
	ice_batch_id("b", 1, id2);
	size_t n = ice_batch_answer_write(&key, ICE_BATCH_ACKNOWLEDGED, id, ack);
	size_t m = ice_batch_answer_write(&key, ICE_BATCH_REJECTED, id, reject);
	assert_int_equal(n, 4 + 64 + 1);
	assert_int_equal(m, 7 + 64 + 1);
	assert_int_equal(strlen(ack), n);
	assert_int_equal(strncmp(ack, "ack ", 4), 0);
	assert_int_equal(ack[n - 1], '\n');
	assert_memory_not_equal(ack + 4, reject + 7, 64);
	assert_int_equal(ice_batch_answer_read(&key, id, ack, n), ICE_BATCH_ACKNOWLEDGED);
	assert_int_equal(ice_batch_answer_read(&key, id, reject, m), ICE_BATCH_REJECTED);
	assert_int_equal(ice_batch_answer_read(&key, id2, ack, n), ICE_BATCH_NO_ANSWER);
	assert_int_equal(ice_batch_answer_read(&other, id, ack, n), ICE_BATCH_NO_ANSWER);
	assert_int_equal(ice_batch_answer_read(&key, id, ack, n - 1), ICE_BATCH_NO_ANSWER);
	assert_int_equal(ice_batch_answer_read(&key, id, ack, n + 1), ICE_BATCH_NO_ANSWER);
	assert_int_equal(ice_batch_answer_read(&key, id, ack, 0), ICE_BATCH_NO_ANSWER);
	assert_int_equal(ice_batch_answer_read(&key, id, "", 0), ICE_BATCH_NO_ANSWER);
	for (size_t i = 0; i < n; i++) {
		char flipped[ICE_BATCH_ANSWER_MAX];
		memcpy(flipped, ack, n);
		flipped[i] ^= 1;
		assert_int_equal(ice_batch_answer_read(&key, id, flipped, n), ICE_BATCH_NO_ANSWER);
	}
	/* Nobody speaks for a site without a key. */
	n = ice_batch_answer_write(&none, ICE_BATCH_ACKNOWLEDGED, id, ack);
	assert_int_equal(ice_batch_answer_read(&none, id, ack, n), ICE_BATCH_NO_ANSWER);
	assert_int_equal(ice_batch_answer_write(&key, ICE_BATCH_NO_ANSWER, id, ack), 0);
	assert_int_equal(ice_batch_answer_write(&key, ICE_BATCH_ACKNOWLEDGED, "short", ack), 0);
	assert_string_equal(ack, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_body_is_its_envelope_and_its_readings),
	        cmocka_unit_test(what_is_no_object_gets_into_no_body),
	        cmocka_unit_test(bodies_keep_to_their_bounds),
	        cmocka_unit_test(a_site_needs_no_quoting),
	        cmocka_unit_test(ids_and_signatures_are_the_standard_ones),
	        cmocka_unit_test(gzip_goes_there_and_back),
	        cmocka_unit_test(gunzip_refuses_all_else),
	        cmocka_unit_test(answers_prove_one_batch_and_one_word),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
