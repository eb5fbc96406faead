/* The server's reader of a batch, behind the signature: a body as sent (gzip) or unpacked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/record.h"
#include "server/ingest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ice_record r;
	struct fm_batch batch;
	char why[200], *unpacked = NULL;
	const char *json = (const char *)data;
	if (size >= 2 && data[0] == 0x1f && data[1] == 0x8b) {
		unpacked = ice_batch_gunzip(data, size, ICE_BATCH_BYTES_MAX, &size);
		if (!unpacked)
			return 0;
		json = unpacked;
	}
	if (fm_batch_read(&batch, json, size, "hq", why, sizeof(why))) {
		if (batch.count > ICE_BATCH_READINGS_MAX)
			abort();
		for (size_t i = 0; i < batch.count; i++) {
			const struct fm_reading *reading = &batch.readings[i];
			if (!reading->identity[0] ||
			    !ice_record_from_json(reading->json, reading->len, &r, why, sizeof(why)))
				abort();
		}
	}
	fm_batch_free(&batch);
	free(unpacked);
	return 0;
}
