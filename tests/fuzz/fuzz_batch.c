/* What a stranger may send to either end: a gzip'd body to the server, an answer to the engine. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/batch.h"

#define BOUND 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ice_secret key;
	char id[ICE_BATCH_ID_SIZE], right[ICE_BATCH_ANSWER_MAX];
	size_t len, packed_len, again_len;
	char *body = ice_batch_gunzip(data, size, BOUND, &len);
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
