/* Any octets as nested elements: everything read lies inside what was given, and what is read can be written and read
 * again. */
#include <stdlib.h>
#include <string.h>

#include "ice/ber.h"
#include "ice/oid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

static void fuzz_integers(const uint8_t *bytes, size_t n)
{
	int32_t number, again;
	uint64_t magnitude, same;
	uint8_t buffer[16];
	struct ice_ber_writer w;
	if (ice_ber_signed(bytes, n, &number)) {
		ice_ber_writer_init(&w, buffer, sizeof(buffer));
		ice_ber_put_int(&w, ICE_BER_INTEGER, number);
		struct ice_ber b = ice_ber_of(w.at, ice_ber_written(&w));
		check(ice_ber_int32(&b, &again) && again == number && ice_ber_at_end(&b));
		check(ice_ber_written(&w) - 2 <= n);
	}
	for (size_t width = 4; width <= 8; width += 4) {
		if (!ice_ber_unsigned(bytes, n, width, &magnitude))
			continue;
		struct ice_ber content;
		ice_ber_writer_init(&w, buffer, sizeof(buffer));
		ice_ber_put_unsigned(&w, ICE_BER_COUNTER64, magnitude);
		struct ice_ber b = ice_ber_of(w.at, ice_ber_written(&w));
		check(ice_ber_enter(&b, ICE_BER_COUNTER64, &content));
		check(ice_ber_unsigned(content.at, (size_t)(content.end - content.at), width, &same) &&
		      same == magnitude);
	}
}

static void fuzz_oid(const uint8_t *bytes, size_t n)
{
	uint32_t arcs[ICE_OID_ARCS];
	char text[ICE_OID_TEXT_SIZE];
	size_t count = ice_oid_arcs(bytes, n, arcs, ICE_OID_ARCS);
	check((count > 0) == ice_oid_valid(bytes, n));
	check((count > 0) == (n > 0 && ice_oid_valid_slowly(bytes, n)));
	ice_oid_format(bytes, n, text);
	if (count == 0)
		return;
	check(ice_oid_compare(bytes, n, bytes, n) == 0 && ice_oid_under(bytes, n, bytes, n));
	if (n <= ICE_OID_BYTES) {
		struct ice_oid again;
		check(ice_oid_parse(text, &again) && again.len == n && memcmp(again.bytes, bytes, n) == 0);
		if (ice_oid_append(&again, arcs[count - 1])) {
			check(ice_oid_compare(bytes, n, again.bytes, again.len) < 0);
			check(ice_oid_under(bytes, n, again.bytes, again.len));
		}
	}
	/* some other OID of the same octets: order has two sides */
	for (size_t from = 1; from < n; from++) {
		if (!ice_oid_valid(bytes + from, n - from))
			continue;
		int there = ice_oid_compare(bytes, n, bytes + from, n - from);
		int back = ice_oid_compare(bytes + from, n - from, bytes, n);
		check((there < 0) == (back > 0) && (there == 0) == (back == 0));
		break;
	}
}

static void fuzz_elements(struct ice_ber b, int depth)
{
	const uint8_t *end = b.end;
	while (!ice_ber_at_end(&b)) {
		const uint8_t *before = b.at;
		struct ice_ber content;
		uint8_t tag;
		if (!ice_ber_any(&b, &tag, &content)) {
			check(b.bad && content.bad && !ice_ber_any(&b, &tag, &content) && !ice_ber_at_end(&b));
			return;
		}
		check(content.at >= before + 2 && content.at <= content.end && content.end == b.at && b.at <= end);
		size_t n = (size_t)(content.end - content.at);
		fuzz_integers(content.at, n);
		fuzz_oid(content.at, n);
		if (depth > 0)
			fuzz_elements(content, depth - 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_elements(ice_ber_of(data, size), 8);
	fuzz_oid(data, size);
	fuzz_integers(data, size);
	return 0;
}
