/* ingest: one posted batch, from a stranger's bytes to an acknowledgement that may be believed.
 *
 * In this order, and each step only after the one before: the site is known and in force; the signature over the body as sent is
 * right; a sealed body opens; the body unpacks within its bound; its SHA-256 is the batch's id; it is a batch of this site, with records
 * that are records or changes; it is committed to the store; only then the acknowledgement. One reading that can never be stored has the whole
 * batch rejected: the engine sets it aside, where it is seen and nothing of it is lost. A change whose base is not here (yet) is
 * no such reading: it is kept and waits.
 *
 * What is answered proves only what the sender could not choose: a rejection is signed for the id that the body itself has,
 * never for one that merely stood in a header, or an old body sent again under another name would yield a proof that
 * makes an engine set a good batch aside. */
#ifndef FM_INGEST_H
#define FM_INGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/batch.h"
#include "ice/seal.h"
#include "store.h"

/* The three headers (NULL = absent) and the body as sent. */
struct fm_ingest_request {
	const char *site, *id, *signature;
	const void *body;
	size_t len;
	const struct ice_seal *seal; /* what the body is to be opened with; NULL = it is not sealed */
};

enum fm_ingest_verdict {
	FM_INGEST_STORED,    /* 200, ack */
	FM_INGEST_DUPLICATE, /* 200, ack: it was here before */
	FM_INGEST_TEST,      /* 200, ack: no readings, nothing stored */
	FM_INGEST_FORBIDDEN, /* 403: not a site's own words; one answer for all reasons */
	FM_INGEST_DAMAGED,   /* 400: signed, but the body is not what its id says; no proof */
	FM_INGEST_REJECTED,  /* 422, reject: will never be acceptable */
	FM_INGEST_LATER,     /* 503: the store cannot take it now */
};
#define FM_INGEST_VERDICTS (FM_INGEST_LATER + 1)
const char *fm_ingest_verdict_name(enum fm_ingest_verdict v);

struct fm_ingest_answer {
	int status;
	unsigned retry_after; /* seconds; 0 = none */
	char body[ICE_BATCH_ANSWER_MAX];
	size_t len;
	char why[200]; /* for the log; may hold a stranger's words; "" = nothing to say */
	int64_t sequence;
	size_t readings;
	struct fm_store_tally tally;
};

/* now: wall seconds. */
enum fm_ingest_verdict fm_ingest(struct fm_store *store, const struct fm_ingest_request *request, int64_t now,
                                 struct fm_ingest_answer *answer);

/* The reader of an unpacked body, by itself. False with a reason; fm_batch_free either way. `id` is not its affair. */
ICE_MUST_CHECK bool fm_batch_read(struct fm_batch *batch, const char *json, size_t len, const char *site, char *why,
                                  size_t why_size);
void fm_batch_free(struct fm_batch *batch);

#endif
