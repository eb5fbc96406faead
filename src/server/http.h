/* http: the listeners. One thing can be done with them: POST /v1/batches. All else is refused in a few bytes. Over HTTPS come batches
 * as they are; a listener without TLS takes sealed ones and no others (README "The wire").
 *
 * evhttp parses, OpenSSL encrypts, guard ends what must end, ingest decides. */
#ifndef FM_HTTP_H
#define FM_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guard.h"
#include "ice/attr.h"
#include "ingest.h"
#include "store.h"
#include "tls.h"

struct event_base;
struct fm_http;

struct fm_http_counters {
	uint64_t batches[FM_INGEST_VERDICTS];
	uint64_t readings, refused; /* refused: was no batch at all */
	uint64_t sealed;            /* batches acknowledged that came sealed */
	struct fm_guard_counters guard;
};

/* All lent for the object's life. seal: what opens sealed batches. */
struct fm_http *fm_http_new(struct event_base *base, struct fm_tls *tls, const struct ice_seal *seal,
                            struct fm_store *store, const struct fm_guard_limits *limits);
void fm_http_free(struct fm_http *h);

/* Listens on "ADDR:PORT", for HTTPS or for sealed batches over HTTP; `bound` gets the text with the port the system chose. False with a reason. */
#define FM_HTTP_ENDPOINT_SIZE 80
ICE_MUST_CHECK bool fm_http_listen(struct fm_http *h, bool sealed, const char *endpoint,
                                   char bound[FM_HTTP_ENDPOINT_SIZE], uint16_t *port, char *why, size_t why_size);

void fm_http_counters(const struct fm_http *h, struct fm_http_counters *out);

#endif
