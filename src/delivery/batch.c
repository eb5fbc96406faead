#include "ice/batch.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define BATCH_TAIL     "]}"
#define BATCH_HEAD_MAX 160 /* the envelope in front of the readings: fixed words, a site, 19 digits */
#define BATCH_HASH     32
#define BATCH_GZIP     (16 + MAX_WBITS) /* zlib: a gzip header and trailer, and no other format */

_Static_assert(ICE_BATCH_ID_SIZE == 2 * BATCH_HASH + 1, "an id is a hash in hex");
_Static_assert(ICE_BATCH_MAC_SIZE == 2 * BATCH_HASH + 1, "a MAC is a hash in hex");

static const char batch_hex_digits[] = "0123456789abcdef";

bool ice_batch_site_valid(const char *site)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	static const char rest[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
	if (!site || !*site || !strchr(first, *site))
		return false;
	size_t len = strspn(site, rest);
	return len <= ICE_BATCH_SITE_MAX && site[len] == '\0';
}

/* The envelope up to the first reading; its length, 0 when there can be none. */
static size_t batch_head(const char *site, int64_t sequence, bool changes, char out[BATCH_HEAD_MAX])
{
	if (!ice_batch_site_valid(site) || sequence < 0)
		return 0;
	int n = snprintf(out, BATCH_HEAD_MAX, "{\"schema\":%d,\"site\":\"%s\",\"sequence\":%" PRId64 ",\"readings\":[",
	                 changes ? 2 : 1, site, sequence);
	return n > 0 && n < BATCH_HEAD_MAX ? (size_t)n : 0;
}

size_t ice_batch_fits(const char *site, int64_t sequence, const struct ice_reading *const *readings, size_t n)
{
	char head[BATCH_HEAD_MAX];
	size_t used = batch_head(site, sequence, false, head), count = 0; /* the schema is one digit, whichever */
	if (used == 0)
		return 0;
	used += strlen(BATCH_TAIL);
	while (count < n && count < ICE_BATCH_READINGS_MAX) {
		size_t comma = count > 0;
		if (readings[count]->len > ICE_BATCH_BYTES_MAX - used - comma)
			break;
		used += readings[count]->len + comma;
		if (used == ICE_BATCH_BYTES_MAX)
			return count + 1;
		count++;
	}
	return count;
}

/* Readings are what ice_record_to_json made, so their grammar is jansson's affair. What is looked at is whether this is
 * such a text at all: a string cut short or overwritten would make the whole batch one that the server never takes. */
static bool batch_is_object(const struct ice_reading *r)
{
	return r->json && r->len >= 2 && r->json[0] == '{' && r->json[r->len - 1] == '}' &&
	       !memchr(r->json, '\0', r->len);
}

char *ice_batch_body(const char *site, int64_t sequence, const struct ice_reading *const *readings, size_t n,
                     size_t *len)
{
	char head[BATCH_HEAD_MAX];
	bool changes = false;
	for (size_t i = 0; i < n; i++)
		changes = changes || readings[i]->change;
	size_t used = batch_head(site, sequence, changes, head),
	       total = used + strlen(BATCH_TAIL) + (n > 0 ? n - 1 : 0);
	*len = 0;
	if (used == 0 || n > ICE_BATCH_READINGS_MAX || ice_batch_fits(site, sequence, readings, n) < n)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (!batch_is_object(readings[i]))
			return NULL;
		total += readings[i]->len;
	}
	char *body = malloc(total + 1);
	if (!body)
		abort();
	memcpy(body, head, used);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			body[used++] = ',';
		memcpy(body + used, readings[i]->json, readings[i]->len);
		used += readings[i]->len;
	}
	memcpy(body + used, BATCH_TAIL, sizeof(BATCH_TAIL));
	assert(used + strlen(BATCH_TAIL) == total);
	*len = total;
	return body;
}

static void batch_hex(const uint8_t hash[BATCH_HASH], char out[2 * BATCH_HASH + 1])
{
	for (size_t i = 0; i < BATCH_HASH; i++) {
		out[2 * i] = batch_hex_digits[hash[i] >> 4];
		out[2 * i + 1] = batch_hex_digits[hash[i] & 15];
	}
	out[2 * BATCH_HASH] = '\0';
}

void ice_batch_id(const void *body, size_t len, char id[ICE_BATCH_ID_SIZE])
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	/* Fails only for want of memory; an id must never be made up. */
	if (EVP_Digest(body, len, hash, &n, EVP_sha256(), NULL) != 1 || n != BATCH_HASH)
		abort();
	batch_hex(hash, id);
}

void ice_batch_sign(const struct ice_secret *key, const void *sent, size_t len, char mac[ICE_BATCH_MAC_SIZE])
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	if (!HMAC(EVP_sha256(), key->bytes, key->len, sent, len, hash, &n) || n != BATCH_HASH)
		abort();
	batch_hex(hash, mac);
}

bool ice_batch_signed(const struct ice_secret *key, const void *sent, size_t len, const char *mac)
{
	char expected[ICE_BATCH_MAC_SIZE];
	/* With an empty key everybody could sign. */
	if (!mac || key->len == 0 || strnlen(mac, ICE_BATCH_MAC_SIZE) != ICE_BATCH_MAC_SIZE - 1)
		return false;
	ice_batch_sign(key, sent, len, expected);
	return CRYPTO_memcmp(expected, mac, ICE_BATCH_MAC_SIZE - 1) == 0;
}

size_t ice_batch_headers(const char *site, const struct ice_secret *key, const char *id, const void *sent, size_t len,
                         bool sealed, struct ice_batch_header out[ICE_BATCH_HEADERS])
{
	size_t n = 0;
	out[n++] = (struct ice_batch_header){"Content-Type", "application/json"};
	if (sealed)
		snprintf(out[0].value, sizeof(out[0].value), "application/cms");
	else
		out[n++] = (struct ice_batch_header){"Content-Encoding", "gzip"};
	out[n] = (struct ice_batch_header){.name = "ICE-Site"};
	snprintf(out[n++].value, sizeof(out[0].value), "%s", site);
	out[n] = (struct ice_batch_header){.name = "ICE-Batch"};
	snprintf(out[n++].value, sizeof(out[0].value), "%s", id);
	out[n] = (struct ice_batch_header){.name = "ICE-Signature"};
	ice_batch_sign(key, sent, len, out[n++].value);
	return n;
}

void *ice_batch_gzip(const void *bytes, size_t len, size_t *out_len)
{
	z_stream z = {0};
	*out_len = 0;
	if (len > INT_MAX)
		return NULL;
	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, BATCH_GZIP, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	size_t room = deflateBound(&z, (uLong)len);
	uint8_t *out = malloc(room);
	if (!out)
		abort();
	z.next_in = (Bytef *)(uintptr_t)bytes; /* zlib only reads it */
	z.avail_in = (uInt)len;
	z.next_out = out;
	z.avail_out = (uInt)room;
	int rc = deflate(&z, Z_FINISH);
	*out_len = room - z.avail_out;
	deflateEnd(&z);
	if (rc != Z_STREAM_END)
		abort(); /* deflateBound holds for one call with Z_FINISH */
	return out;
}

/* Inflates into a buffer that grows by doubling, up to max + 1: the byte too many is how a bomb shows. */
void *ice_batch_gunzip(const void *bytes, size_t len, size_t max, size_t *out_len)
{
	z_stream z = {0};
	size_t room = 0, used = 0;
	uint8_t *out = NULL;
	*out_len = 0;
	if (len > INT_MAX || max > INT_MAX / 4)
		return NULL;
	/* No memory is no verdict on the bytes: a sound batch would be set aside as a damaged one. */
	if (inflateInit2(&z, BATCH_GZIP) != Z_OK)
		abort();
	z.next_in = (Bytef *)(uintptr_t)bytes;
	z.avail_in = (uInt)len;
	int rc = Z_OK;
	while (rc == Z_OK && used <= max) {
		if (used == room) {
			room = room ? room * 2 : 4096;
			if (room > max + 1)
				room = max + 1;
			out = realloc(out, room + 1);
			if (!out)
				abort();
		}
		z.next_out = out + used;
		z.avail_out = (uInt)(room - used);
		/* Input that ends before its stream does is Z_BUF_ERROR on the next round: no progress. */
		rc = inflate(&z, Z_NO_FLUSH);
		if (rc == Z_MEM_ERROR)
			abort();
		used = room - z.avail_out;
	}
	size_t left = z.avail_in;
	inflateEnd(&z);
	if (rc != Z_STREAM_END || used > max || left > 0) {
		free(out);
		return NULL;
	}
	out[used] = '\0';
	*out_len = used;
	return out;
}

static const char *batch_answer_word(enum ice_batch_answer answer)
{
	switch (answer) {
	case ICE_BATCH_ACKNOWLEDGED:
		return "ack";
	case ICE_BATCH_REJECTED:
		return "reject";
	case ICE_BATCH_NO_ANSWER:
		break;
	}
	return NULL;
}

size_t ice_batch_answer_write(const struct ice_secret *key, enum ice_batch_answer answer, const char *id,
                              char out[ICE_BATCH_ANSWER_MAX])
{
	const char *word = batch_answer_word(answer);
	char said[sizeof("reject") + ICE_BATCH_ID_SIZE], mac[ICE_BATCH_MAC_SIZE];
	out[0] = '\0';
	if (!word || strnlen(id, ICE_BATCH_ID_SIZE) != ICE_BATCH_ID_SIZE - 1)
		return 0;
	int n = snprintf(said, sizeof(said), "%s%s", word, id);
	ice_batch_sign(key, said, (size_t)n, mac);
	return (size_t)snprintf(out, ICE_BATCH_ANSWER_MAX, "%s %s\n", word, mac);
}

/* Writes what a right answer would be and compares: nothing of the stranger's answer is parsed. */
static bool batch_answer_is(const struct ice_secret *key, enum ice_batch_answer answer, const char *id,
                            const void *bytes, size_t len)
{
	char right[ICE_BATCH_ANSWER_MAX];
	size_t n = ice_batch_answer_write(key, answer, id, right);
	return n > 0 && n == len && CRYPTO_memcmp(right, bytes, n) == 0;
}

enum ice_batch_answer ice_batch_answer_read(const struct ice_secret *key, const char *id, const void *answer,
                                            size_t len)
{
	if (key->len == 0)
		return ICE_BATCH_NO_ANSWER;
	if (batch_answer_is(key, ICE_BATCH_ACKNOWLEDGED, id, answer, len))
		return ICE_BATCH_ACKNOWLEDGED;
	if (batch_answer_is(key, ICE_BATCH_REJECTED, id, answer, len))
		return ICE_BATCH_REJECTED;
	return ICE_BATCH_NO_ANSWER;
}
