/* The server's reader of a batch, behind the signature: a body as sent (gzip) or unpacked. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/record.h"
#include "server/ingest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A change of any record beside it. */
static void rebuild(const struct fm_batch *batch, const struct fm_reading *change)
{
	struct fm_reading rebuilt;
	char why[200];
	for (size_t i = 0; i < batch->count; i++) {
		const struct fm_reading *base = &batch->readings[i];
		if (!base->name[0] || strcmp(base->name, change->base) != 0)
			continue;
		bool good = fm_reading_rebuild(&rebuilt, base->raw ? base->raw : base->json,
		                               base->raw ? base->raw_len : base->len, change->json, change->len, why,
		                               sizeof(why));
		if (good && !rebuilt.identity[0])
			abort();
		fm_reading_free(&rebuilt);
		return;
	}
}

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
			if (reading->base[0])
				rebuild(&batch, reading);
			else if (!reading->identity[0] ||
			         !ice_record_from_json(reading->json, reading->len, &r, why, sizeof(why)))
				abort();
		}
	}
	fm_batch_free(&batch);
	free(unpacked);
	return 0;
}
