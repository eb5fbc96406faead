/* What a stranger may send to either end: a gzip'd body to the server, an answer to the engine. And a reading that jansson reads as an
 * object makes a body that it reads. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/batch.h"

#define BOUND 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_reading(const char *text, size_t len)
{
	json_t *object = json_loadb(text, len, 0, NULL);
	size_t body_len;
	if (json_is_object(object) && len < ICE_BATCH_BYTES_MAX / 4) {
		char *json = json_dumps(object, JSON_COMPACT);
		struct ice_reading r = {.json = json, .len = strlen(json)};
		const struct ice_reading *list[] = {&r, &r};
		char *body = ice_batch_body("hq", 1, list, 2, &body_len);
		json_t *read = body ? json_loadb(body, body_len, 0, NULL) : NULL;
		if (json_array_size(json_object_get(read, "readings")) != 2)
			abort();
		json_decref(read);
		free(body);
		free(json);
	}
	json_decref(object);
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
