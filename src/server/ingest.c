#include "ingest.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/secret.h"

#define INGEST_RETRY_AFTER 30 /* seconds: a lock is gone by then, and a full disk is not asked too often */

const char *fm_ingest_verdict_name(enum fm_ingest_verdict v)
{
	static const char *const names[FM_INGEST_VERDICTS] = {
	        [FM_INGEST_STORED] = "stored",   [FM_INGEST_DUPLICATE] = "duplicate",
	        [FM_INGEST_TEST] = "test",       [FM_INGEST_FORBIDDEN] = "forbidden",
	        [FM_INGEST_DAMAGED] = "damaged", [FM_INGEST_REJECTED] = "rejected",
	        [FM_INGEST_LATER] = "later",
	};
	return names[v];
}

/* ---- the reader of a body --------------------------------------------------------------------------------------- */

void fm_batch_free(struct fm_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++)
		fm_reading_free(&batch->readings[i]);
	free(batch->readings);
	batch->readings = NULL;
	batch->count = 0;
}

static bool ingest_batch(struct fm_batch *batch, const json_t *body, const char *site, char *why, size_t why_size)
{
	const json_t *schema = json_object_get(body, "schema"), *name = json_object_get(body, "site"),
	             *sequence = json_object_get(body, "sequence"), *readings = json_object_get(body, "readings");
	char reason[160];

	if (!json_is_integer(schema) || json_integer_value(schema) < 1 || json_integer_value(schema) > ICE_BATCH_SCHEMA)
		snprintf(why, why_size, "schema: this server knows 1 to %d", ICE_BATCH_SCHEMA);
	else if (!json_is_string(name) || strcmp(json_string_value(name), site) != 0)
		snprintf(why, why_size, "site: not the one that signed");
	else if (!json_is_integer(sequence) || json_integer_value(sequence) < 0)
		snprintf(why, why_size, "sequence: not an integer of 0 or more");
	else if (!json_is_array(readings) || json_array_size(readings) > ICE_BATCH_READINGS_MAX)
		snprintf(why, why_size, "readings: not a list of at most %d", ICE_BATCH_READINGS_MAX);
	else {
		size_t n = json_array_size(readings);
		batch->sequence = json_integer_value(sequence);
		batch->readings = calloc(n ? n : 1, sizeof(*batch->readings));
		if (!batch->readings)
			abort();
		for (; batch->count < n; batch->count++) {
			if (fm_reading_read(&batch->readings[batch->count], json_array_get(readings, batch->count),
			                    json_integer_value(schema) >= 2, reason, sizeof(reason)))
				continue;
			snprintf(why, why_size, "readings: number %zu: %s", batch->count + 1, reason);
			return false;
		}
		return true;
	}
	return false;
}

bool fm_batch_read(struct fm_batch *batch, const char *json, size_t len, const char *site, char *why, size_t why_size)
{
	json_error_t error;
	memset(batch, 0, sizeof(*batch));
	snprintf(batch->site, sizeof(batch->site), "%s", site);
	/* jansson bounds the depth; length, and with it the number of values, is bounded by the caller. */
	json_t *body = json_loadb(json, len, JSON_REJECT_DUPLICATES, &error);
	if (!body) {
		snprintf(why, why_size, "not JSON: %s at byte %d", error.text, error.position);
		return false;
	}
	bool ok = ingest_batch(batch, body, site, why, why_size);
	json_decref(body);
	return ok;
}

/* ---- the order of things ---------------------------------------------------------------------------------------- */

static enum fm_ingest_verdict ingest_plain(struct fm_ingest_answer *answer, enum fm_ingest_verdict verdict, int status,
                                           const char *body)
{
	answer->status = status;
	answer->len = strlen(body);
	memcpy(answer->body, body, answer->len);
	answer->retry_after = verdict == FM_INGEST_LATER ? INGEST_RETRY_AFTER : 0;
	return verdict;
}

/* Whether the site is in force and these are its words. A name that is unknown costs the same work as a wrong signature, so that
 * the time of an answer does not tell names. */
static bool ingest_is_authentic(enum fm_store_result found, const struct fm_site *site,
                                const struct fm_ingest_request *request, struct fm_ingest_answer *answer)
{
	struct ice_secret nobody = {.len = FM_STORE_KEY_BYTES};
	bool known = found == FM_STORE_OK;
	bool right = ice_batch_signed(known ? &site->key : &nobody, request->body, request->len, request->signature);
	snprintf(answer->why, sizeof(answer->why), "%s",
	         !known             ? "unknown site"
	         : site->revoked_at ? "revoked site"
	         : !right           ? "wrong signature"
	                            : "");
	return known && !site->revoked_at && right;
}

static enum fm_ingest_verdict ingest_reject(struct fm_ingest_answer *answer, const struct ice_secret *key,
                                            const char *id)
{
	answer->status = 422;
	answer->len = ice_batch_answer_write(key, ICE_BATCH_REJECTED, id, answer->body);
	return FM_INGEST_REJECTED;
}

static enum fm_ingest_verdict ingest_store(struct fm_store *store, const struct fm_batch *batch,
                                           const struct ice_secret *key, int64_t now, struct fm_ingest_answer *answer)
{
	enum fm_ingest_verdict verdict = FM_INGEST_TEST;
	if (batch->count > 0) {
		switch (store->driver->put(store, batch, now, &answer->tally)) {
		case FM_STORE_OK:
			verdict = FM_INGEST_STORED;
			break;
		case FM_STORE_EXISTS:
			verdict = FM_INGEST_DUPLICATE;
			break;
		case FM_STORE_NONE: /* revoked while we read */
			snprintf(answer->why, sizeof(answer->why), "revoked site");
			return ingest_plain(answer, FM_INGEST_FORBIDDEN, 403, "forbidden\n");
		case FM_STORE_UNFIT:
			snprintf(answer->why, sizeof(answer->why), "%s", store->driver->error(store));
			return ingest_reject(answer, key, batch->id);
		case FM_STORE_LATER:
		case FM_STORE_FAILED:
			snprintf(answer->why, sizeof(answer->why), "%s", store->driver->error(store));
			return ingest_plain(answer, FM_INGEST_LATER, 503, "later\n");
		}
	}
	answer->status = 200;
	answer->len = ice_batch_answer_write(key, ICE_BATCH_ACKNOWLEDGED, batch->id, answer->body);
	return verdict;
}

/* An authentic body as JSON, malloc'd; NULL with the reason in the answer. */
static char *ingest_unpack(const struct fm_ingest_request *request, size_t *len, struct fm_ingest_answer *answer)
{
	const void *packed = request->body;
	size_t packed_len = request->len;
	void *opened = NULL;
	*len = 0;
	if (request->seal) {
		opened = ice_seal_open(request->seal, request->body, request->len, request->len, &packed_len);
		if (!opened) {
			snprintf(answer->why, sizeof(answer->why), "not sealed to this server");
			return NULL;
		}
		packed = opened;
	}
	char *json = ice_batch_gunzip(packed, packed_len, ICE_BATCH_BYTES_MAX, len);
	if (!json)
		snprintf(answer->why, sizeof(answer->why), "not gzip, or more than %u bytes", ICE_BATCH_BYTES_MAX);
	free(opened);
	return json;
}

/* An authentic body: unpack, compare with its id, read, store. */
static enum fm_ingest_verdict ingest_body(struct fm_store *store, const struct fm_site *site,
                                          const struct fm_ingest_request *request, int64_t now,
                                          struct fm_ingest_answer *answer)
{
	struct fm_batch batch = {0};
	enum fm_ingest_verdict verdict;
	size_t len;
	char id[ICE_BATCH_ID_SIZE];

	char *json = ingest_unpack(request, &len, answer);
	if (!json)
		return ingest_plain(answer, FM_INGEST_DAMAGED, 400, "damaged\n");
	ice_batch_id(json, len, id);
	if (!request->id || strcmp(request->id, id) != 0) {
		snprintf(answer->why, sizeof(answer->why), "the body is not what its id says");
		verdict = ingest_plain(answer, FM_INGEST_DAMAGED, 400, "damaged\n");
	} else if (!fm_batch_read(&batch, json, len, site->name, answer->why, sizeof(answer->why))) {
		verdict = ingest_reject(answer, &site->key, id);
	} else {
		memcpy(batch.id, id, sizeof(batch.id));
		answer->sequence = batch.sequence;
		answer->readings = batch.count;
		verdict = ingest_store(store, &batch, &site->key, now, answer);
	}
	fm_batch_free(&batch);
	free(json);
	return verdict;
}

enum fm_ingest_verdict fm_ingest(struct fm_store *store, const struct fm_ingest_request *request, int64_t now,
                                 struct fm_ingest_answer *answer)
{
	struct fm_site site = {0};
	enum fm_store_result found = FM_STORE_NONE;
	enum fm_ingest_verdict verdict;

	memset(answer, 0, sizeof(*answer));
	if (!request->signature || !request->site || !ice_batch_site_valid(request->site)) {
		snprintf(answer->why, sizeof(answer->why), "no site or no signature");
		return ingest_plain(answer, FM_INGEST_FORBIDDEN, 403, "forbidden\n");
	}
	found = store->driver->site_get(store, request->site, &site);
	if (found == FM_STORE_LATER || found == FM_STORE_FAILED) {
		snprintf(answer->why, sizeof(answer->why), "%s", store->driver->error(store));
		verdict = ingest_plain(answer, FM_INGEST_LATER, 503, "later\n");
	} else if (!ingest_is_authentic(found, &site, request, answer)) {
		verdict = ingest_plain(answer, FM_INGEST_FORBIDDEN, 403, "forbidden\n");
	} else {
		verdict = ingest_body(store, &site, request, now, answer);
	}
	ice_secret_wipe(&site.key);
	return verdict;
}
