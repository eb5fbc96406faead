/* batch: what travels, and the proofs that go with it (README "The wire").
 *
 * A body is {"schema":1,"site":S,"sequence":N,"readings":[...]}; its id is the SHA-256 of its bytes; it is sent gzip'd and
 * signed with the site key; the server proves with the same key that it has it. Schema 1 has records alone among its readings;
 * in schema 2 there are changes too (ice/change.h), and only a batch with changes is of it. Both programs use this one file. */
#ifndef ICE_BATCH_H
#define ICE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/queue.h"
#include "ice/secret.h"

#define ICE_BATCH_READINGS_MAX 500
#define ICE_BATCH_SCHEMA       2          /* the highest that is known */
#define ICE_BATCH_BYTES_MAX    (1u << 20) /* of the uncompressed body */
#define ICE_BATCH_ID_SIZE      65         /* lower-case hex SHA-256 and a NUL */
#define ICE_BATCH_MAC_SIZE     65         /* lower-case hex HMAC-SHA-256 and a NUL */
#define ICE_BATCH_ANSWER_MAX   128        /* bytes of an answer that are read */
#define ICE_BATCH_SITE_MAX     64

/* 1..64 letters, digits, '-', '_' and '.', the first a letter or a digit, so that a site needs no quoting anywhere and is never an
 * option or a path. */
bool ice_batch_site_valid(const char *site);

/* How many of the first n readings fit in one body; 0 when the first alone does not. */
size_t ice_batch_fits(const char *site, int64_t sequence, const struct ice_reading *const *readings, size_t n);

/* The body, malloc'd; NULL when it would be over the bounds, the site is not valid, the sequence is negative, or a reading does not
 * begin with '{' and end with '}' or has a NUL in it. Readings are texts of ice_record_to_json or ice_change_make, which write no other;
 * their grammar is not checked again. n may be 0: a test batch, acknowledged and not stored. */
ICE_MUST_CHECK char *ice_batch_body(const char *site, int64_t sequence, const struct ice_reading *const *readings,
                                    size_t n, size_t *len);

void ice_batch_id(const void *body, size_t len, char id[ICE_BATCH_ID_SIZE]);
void ice_batch_sign(const struct ice_secret *key, const void *sent, size_t len, char mac[ICE_BATCH_MAC_SIZE]);

/* Constant-time. */
ICE_MUST_CHECK bool ice_batch_signed(const struct ice_secret *key, const void *sent, size_t len, const char *mac);

/* What a batch is posted with, beside what HTTP itself needs (Host, User-Agent, Accept, Content-Length). `sent` are the bytes that are
 * posted: gzip'd, or gzip'd and then sealed. Returns how many there are. */
#define ICE_BATCH_PATH    "/v1/batches"
#define ICE_BATCH_HEADERS 5
struct ice_batch_header {
	const char *name;
	char value[ICE_BATCH_SITE_MAX + 2];
};
size_t ice_batch_headers(const char *site, const struct ice_secret *key, const char *id, const void *sent, size_t len,
                         bool sealed, struct ice_batch_header out[ICE_BATCH_HEADERS]);

/* gzip, malloc'd. ice_batch_gunzip refuses more than max bytes, a cut or damaged stream and anything after its end: NULL.
 * It allocates no more than max; what it returns has a NUL after its last byte. */
ICE_MUST_CHECK void *ice_batch_gzip(const void *bytes, size_t len, size_t *out_len);
ICE_MUST_CHECK void *ice_batch_gunzip(const void *bytes, size_t len, size_t max, size_t *out_len);

enum ice_batch_answer { ICE_BATCH_NO_ANSWER, ICE_BATCH_ACKNOWLEDGED, ICE_BATCH_REJECTED };

/* Writes "ack HEX\n" or "reject HEX\n": HMAC-SHA-256(key, "ack" || id) with id as its 64 hex characters, "reject" likewise.
 * Returns the length; 0, and an empty text, for NO_ANSWER. */
size_t ice_batch_answer_write(const struct ice_secret *key, enum ice_batch_answer answer, const char *id,
                              char out[ICE_BATCH_ANSWER_MAX]);
/* What an answer proves about this batch; anything not exactly right is NO_ANSWER. Constant-time. */
ICE_MUST_CHECK enum ice_batch_answer ice_batch_answer_read(const struct ice_secret *key, const char *id,
                                                           const void *answer, size_t len);

#endif
