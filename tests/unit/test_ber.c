#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ice/ber.h"
#include "ice/random.h"

#define BYTES(...) ((const uint8_t[]){__VA_ARGS__}), sizeof((const uint8_t[]){__VA_ARGS__})

/* Length of the one element in these bytes, -1 when it is refused. */
static int content_of(const uint8_t *bytes, size_t n)
{
	struct ice_ber b = ice_ber_of(bytes, n), content;
	uint8_t tag;
	return ice_ber_any(&b, &tag, &content) ? (int)(content.end - content.at) : -1;
}

static void reads_short_and_long_lengths(void **state)
{
	(void)state;
	assert_int_equal(content_of(BYTES(0x04, 0x00)), 0);
	assert_int_equal(content_of(BYTES(0x04, 0x02, 'a', 'b')), 2);
	assert_int_equal(content_of(BYTES(0x04, 0x81, 0x02, 'a', 'b')), 2);
	assert_int_equal(content_of(BYTES(0x04, 0x82, 0x00, 0x02, 'a', 'b')), 2);
	assert_int_equal(content_of(BYTES(0x04, 0x83, 0x00, 0x00, 0x02, 'a', 'b')), 2);
	assert_int_equal(content_of(BYTES(0x04, 0x84, 0x00, 0x00, 0x00, 0x02, 'a', 'b')), 2);
	assert_int_equal(content_of(BYTES(0x30, 0x82, 0x00, 0x00)), 0);
}

static void refuses_bad_lengths(void **state)
{
	(void)state;
	assert_int_equal(content_of(BYTES(0x04)), -1);
	assert_int_equal(content_of((const uint8_t *)"", 0), -1);
	assert_int_equal(content_of(BYTES(0x04, 0x01)), -1);
	assert_int_equal(content_of(BYTES(0x04, 0x03, 'a', 'b')), -1);
	assert_int_equal(content_of(BYTES(0x30, 0x80, 0x00, 0x00)), -1); /* indefinite */
	assert_int_equal(content_of(BYTES(0x04, 0x81)), -1);
	assert_int_equal(content_of(BYTES(0x04, 0x82, 0x00)), -1);
	assert_int_equal(content_of(BYTES(0x04, 0x84, 0xff, 0xff, 0xff, 0xff, 'a')), -1);
	assert_int_equal(content_of(BYTES(0x04, 0x85, 0, 0, 0, 0, 1, 'a')), -1);
	assert_int_equal(content_of(BYTES(0x04, 0xff, 'a')), -1);
	assert_int_equal(content_of(BYTES(0x1f, 0x01, 'a')), -1); /* a tag of more than one octet */
	assert_int_equal(content_of(BYTES(0xbf, 0x01, 'a')), -1);
}

static void error_is_sticky(void **state)
{
	(void)state;
	const uint8_t bytes[] = {0x02, 0x01, 0x05, 0x04, 0x01, 'a', 0x02, 0x01, 0x06};
	struct ice_ber b = ice_ber_of(bytes, sizeof(bytes)), content;
	int32_t n = 0;
	uint8_t tag;
	assert_true(ice_ber_int32(&b, &n));
	assert_int_equal(n, 5);
	assert_false(ice_ber_int32(&b, &n));
	assert_true(b.bad);
	assert_false(ice_ber_int32(&b, &n));
	assert_false(ice_ber_any(&b, &tag, &content));
	assert_true(content.bad);
	assert_false(ice_ber_at_end(&b));
	assert_int_equal(n, 5);
}

static void end_is_only_where_all_is_read(void **state)
{
	(void)state;
	const uint8_t bytes[] = {0x30, 0x03, 0x02, 0x01, 0x07};
	struct ice_ber b = ice_ber_of(bytes, sizeof(bytes)), content;
	int32_t n;
	assert_false(ice_ber_at_end(&b));
	assert_true(ice_ber_enter(&b, ICE_BER_SEQUENCE, &content));
	assert_true(ice_ber_at_end(&b));
	assert_false(ice_ber_at_end(&content));
	assert_true(ice_ber_int32(&content, &n));
	assert_true(ice_ber_at_end(&content));
}

static void check_signed(const uint8_t *bytes, size_t n, bool ok, int32_t expected)
{
	int32_t got = 0x5a5a5a5a;
	assert_int_equal(ice_ber_signed(bytes, n, &got), ok);
	if (ok)
		assert_int_equal(got, expected);
}

static void reads_signed(void **state)
{
	(void)state;
	check_signed(BYTES(0), true, 0);
	check_signed(BYTES(0x7f), true, 127);
	check_signed(BYTES(0x80), true, -128);
	check_signed(BYTES(0xff), true, -1);
	check_signed(BYTES(0xfd), true, -3);
	check_signed(BYTES(0x00, 0x80), true, 128);
	check_signed(BYTES(0x7f, 0xff, 0xff, 0xff), true, INT32_MAX);
	check_signed(BYTES(0x80, 0, 0, 0), true, INT32_MIN);
	/* padded, and yet one number */
	check_signed(BYTES(0, 0, 0, 1), true, 1);
	check_signed(BYTES(0, 0, 0, 0, 1), true, 1);
	check_signed(BYTES(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfd), true, -3);
	check_signed(BYTES(0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff), true, INT32_MAX);
	/* not a number of 32 bits, or no number */
	check_signed((const uint8_t *)"", 0, false, 0);
	check_signed(BYTES(0, 0xff, 0xff, 0xfc, 0x19), false, 0);
	check_signed(BYTES(0xff, 0x7f, 0xff, 0xff, 0xff), false, 0);
	check_signed(BYTES(1, 0, 0, 0, 0), false, 0);
	check_signed(BYTES(0, 0xff, 0xff, 0xff, 0xff, 0xff), false, 0);
}

static void check_unsigned(const uint8_t *bytes, size_t n, size_t width, bool ok, uint64_t expected)
{
	uint64_t got = 0x5a5a5a5a;
	assert_int_equal(ice_ber_unsigned(bytes, n, width, &got), ok);
	if (ok)
		assert_true(got == expected);
}

static void reads_unsigned(void **state)
{
	(void)state;
	check_unsigned(BYTES(0), 4, true, 0);
	check_unsigned(BYTES(0x7f), 4, true, 127);
	check_unsigned(BYTES(0, 0x80), 4, true, 128);
	check_unsigned(BYTES(0, 0xff, 0xff, 0xff, 0xff), 4, true, UINT32_MAX);
	check_unsigned(BYTES(0xff, 0xff, 0xff, 0xff), 4, true, UINT32_MAX);
	check_unsigned(BYTES(0x80, 0, 0, 1), 4, true, 0x80000001u);
	check_unsigned(BYTES(0, 0, 0, 0, 0, 0, 0, 9), 4, true, 9);
	check_unsigned(BYTES(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 8, true, UINT64_MAX);
	check_unsigned(BYTES(0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 8, true, UINT64_MAX);
	check_unsigned(BYTES(1, 0, 0, 0, 0), 8, true, 1ull << 32);
	/* 200 without its leading zero, or a negative number? 33000 or 4294934760? */
	check_unsigned(BYTES(0xc8), 4, false, 0);
	check_unsigned(BYTES(0x80, 0xe8), 4, false, 0);
	check_unsigned(BYTES(0xff, 0xff, 0xff, 0xff), 8, false, 0);
	check_unsigned((const uint8_t *)"", 0, 4, false, 0);
	check_unsigned(BYTES(1, 0, 0, 0, 0), 4, false, 0);
	check_unsigned(BYTES(1, 0, 0, 0, 0, 0, 0, 0, 0), 8, false, 0);
}

/* What the writer wrote, without header; its length in *n. */
static const uint8_t *written(struct ice_ber_writer *w, uint8_t *tag, size_t *n)
{
	struct ice_ber b = ice_ber_of(w->at, ice_ber_written(w)), content;
	assert_true(ice_ber_any(&b, tag, &content));
	assert_true(ice_ber_at_end(&b));
	*n = (size_t)(content.end - content.at);
	return content.at;
}

static void writes_what_it_reads(void **state)
{
	(void)state;
	struct ice_random random;
	ice_random_seed(&random, 1);
	for (int i = 0; i < 20000; i++) {
		uint64_t shift = ice_random_below(&random, 64), drawn = ice_random_next(&random) >> shift;
		uint8_t buffer[16], tag;
		struct ice_ber_writer w;
		size_t n;

		int32_t number = (int32_t)drawn, again;
		ice_ber_writer_init(&w, buffer, sizeof(buffer));
		ice_ber_put_int(&w, ICE_BER_INTEGER, number);
		const uint8_t *bytes = written(&w, &tag, &n);
		assert_int_equal(tag, ICE_BER_INTEGER);
		assert_true(ice_ber_signed(bytes, n, &again));
		assert_int_equal(again, number);
		assert_false(n > 1 && bytes[0] == (bytes[1] & 0x80 ? 0xff : 0)); /* the shortest form */

		uint64_t magnitude;
		ice_ber_writer_init(&w, buffer, sizeof(buffer));
		ice_ber_put_unsigned(&w, ICE_BER_COUNTER64, drawn);
		bytes = written(&w, &tag, &n);
		assert_true(ice_ber_unsigned(bytes, n, 8, &magnitude));
		assert_true(magnitude == drawn);
		assert_false(n > 1 && bytes[0] == 0 && !(bytes[1] & 0x80));
	}
}

static void writes_wide_integers(void **state)
{
	(void)state;
	const struct {
		int64_t value;
		const char *bytes;
		size_t n;
	} cases[] = {
	        {0, "\x02\x01\x00", 3},
	        {-1, "\x02\x01\xff", 3},
	        {128, "\x02\x02\x00\x80", 4},
	        {-128, "\x02\x01\x80", 3},
	        {-129, "\x02\x02\xff\x7f", 4},
	        {0xffffffff, "\x02\x05\x00\xff\xff\xff\xff", 7},
	        {INT64_MAX, "\x02\x08\x7f\xff\xff\xff\xff\xff\xff\xff", 10},
	        {INT64_MIN, "\x02\x08\x80\x00\x00\x00\x00\x00\x00\x00", 10},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t buffer[16];
		struct ice_ber_writer w;
		ice_ber_writer_init(&w, buffer, sizeof(buffer));
		ice_ber_put_int(&w, ICE_BER_INTEGER, cases[i].value);
		assert_int_equal(ice_ber_written(&w), cases[i].n);
		assert_memory_equal(w.at, cases[i].bytes, cases[i].n);
	}
}

static void writes_lengths(void **state)
{
	(void)state;
	static uint8_t buffer[70000];
	static const size_t lengths[] = {0, 1, 127, 128, 255, 256, 65535};
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct ice_ber_writer w;
		uint8_t tag;
		size_t n;
		ice_ber_writer_init(&w, buffer, sizeof(buffer));
		w.at -= lengths[i];
		ice_ber_put_header(&w, ICE_BER_OCTETS, lengths[i]);
		assert_false(w.full);
		written(&w, &tag, &n);
		assert_int_equal(n, lengths[i]);
	}
}

static void writer_stays_in_its_buffer(void **state)
{
	(void)state;
	uint8_t buffer[8];
	struct ice_ber_writer w;
	memset(buffer, 0xee, sizeof(buffer));
	ice_ber_writer_init(&w, buffer + 2, 4);
	ice_ber_put_raw(&w, "abc", 3);
	assert_false(w.full);
	ice_ber_put_header(&w, ICE_BER_OCTETS, 3);
	assert_true(w.full);
	ice_ber_put_raw(&w, "d", 1);
	assert_true(w.full);
	assert_int_equal(buffer[0], 0xee);
	assert_int_equal(buffer[1], 0xee);
	assert_int_equal(buffer[6], 0xee);
	ice_ber_writer_init(&w, buffer, sizeof(buffer));
	ice_ber_put_header(&w, ICE_BER_OCTETS, 65536);
	assert_true(w.full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reads_short_and_long_lengths),
	        cmocka_unit_test(refuses_bad_lengths),
	        cmocka_unit_test(error_is_sticky),
	        cmocka_unit_test(end_is_only_where_all_is_read),
	        cmocka_unit_test(reads_signed),
	        cmocka_unit_test(reads_unsigned),
	        cmocka_unit_test(writes_what_it_reads),
	        cmocka_unit_test(writes_wide_integers),
	        cmocka_unit_test(writes_lengths),
	        cmocka_unit_test(writer_stays_in_its_buffer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
