/* What a stranger may send to either end: a gzip'd body to the server, an answer to the engine. And whatever passes for a reading must be
 * JSON to jansson as well. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/batch.h"

#define BOUND 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_reading(const char *text, size_t len)
{
	struct ice_reading r = {.json = (char *)(uintptr_t)text, .len = len};
	const struct ice_reading *list[] = {&r, &r};
	json_error_t error;
	size_t body_len;
	char *body = ice_batch_body("hq", 1, list, 2, &body_len);
	if (!body)
		return;
	json_t *read = json_loadb(body, body_len, 0, &error);
	/* jansson reads numbers into a double or 64 bits: JSON itself has no such bound. */
	if (!read && json_error_code(&error) != json_error_numeric_overflow)
		abort();
	if (read && (json_array_size(json_object_get(read, "readings")) != 2))
		abort();
	json_decref(read);
	free(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ice_secret key;
	char id[ICE_BATCH_ID_SIZE], right[ICE_BATCH_ANSWER_MAX];
	size_t len, packed_len, again_len;
	char *body = ice_batch_gunzip(data, size, BOUND, &len);
	as_reading((const char *)data, size);
	if (body) {
		if (len > BOUND || body[len] != '\0')
			abort();
		void *packed = ice_batch_gzip(body, len, &packed_len);
		char *again = packed ? ice_batch_gunzip(packed, packed_len, BOUND, &again_len) : NULL;
		if (!again || again_len != len || memcmp(again, body, len) != 0)
			abort();
		free(again);
		free(packed);
	} else if (len != 0) {
		abort();
	}
	free(body);

	if (!ice_secret_set(&key, "0123456789abcdef0123456789abcdef", 32))
		abort();
	ice_batch_id("fuzz", 4, id);
	enum ice_batch_answer answer = ice_batch_answer_read(&key, id, data, size);
	if (answer != ICE_BATCH_NO_ANSWER &&
	    (ice_batch_answer_write(&key, answer, id, right) != size || memcmp(right, data, size) != 0))
		abort();
	return 0;
}
