/* upload_post: one POST and what came back, by curl multi on the libevent loop: over HTTPS, or sealed over HTTP.
 *
 * Everything a server could do to us ends here: TLS below 1.2, certificates that do not prove the name, redirects, endless headers
 * and bodies, slowness. What comes out is a status, at most ICE_BATCH_ANSWER_MAX bytes of answer, or a person's words for what
 * went wrong. Nothing blocks: names are resolved in a thread of curl's that is never waited for.
 *
 * Life: ice_upload_post_carrier_new -> ice_upload_post, each answered once by its `done` -> ice_upload_post_carrier_free,
 * which drops what is under way without calling. */
#ifndef ICE_UPLOAD_POST_H
#define ICE_UPLOAD_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/batch.h"
#include "ice/clock.h"
#include "ice/enrolment.h"
#include "ice/upload.h"

struct event_base;
struct ice_upload_post_carrier;

struct ice_upload_post_options {
	const struct ice_enrolment *enrolment; /* lent */
	ice_usec connect_timeout, timeout;
	unsigned parallel;
	uint16_t http_port; /* for sealed posts */
	const char *pin;    /* these five as in upload.h; NULL = none */
	const char *client_certificate, *client_key;
	const char *proxy;
	const struct ice_secret *proxy_credentials;
};

struct ice_upload_post_body {
	const char *id;
	const void *bytes; /* gzip'd; or gzip'd and then sealed, which goes over HTTP */
	size_t len;
	bool sealed;
	struct ice_upload_chain
	        *look; /* filled in, and the server's clock and cipher with it; NULL: nobody looks at them */
};

struct ice_upload_post_result {
	long status;                           /* HTTP, 0 = no answer came */
	char answer[ICE_BATCH_ANSWER_MAX + 1]; /* NUL-terminated; "" when it was longer */
	size_t answer_len;
	bool too_long; /* the answer went on beyond that */
	bool reached;  /* a TCP connection stood */
	bool unreached; /* there was an address to connect to, and no TCP connection to it ever stood; neither: that is not known */
	const char *error;    /* "" when an answer came, whatever it says; lives as long as the result */
	const char *address;  /* the peer's, "" = never connected */
	const char *protocol; /* "TLSv1.3", "" = no TLS was established */
	const char *cipher;   /* "" = no TLS, or nobody looks */
	int64_t server_time;  /* as it said, 0 = it did not, or nobody looks */
	ice_usec retry_after; /* as asked by the server, 0 = it did not */
	double seconds;       /* from the start to the end */
};

/* Called from the loop; it must neither start a new post nor free the carrier. */
typedef void ice_upload_post_fn(const struct ice_upload_post_result *result, void *arg);

ICE_MUST_CHECK struct ice_upload_post_carrier *
ice_upload_post_carrier_new(struct event_base *base, const struct ice_upload_post_options *options, char *why,
                            size_t why_size);
void ice_upload_post_carrier_free(struct ice_upload_post_carrier *c);

/* Sends bytes, which must live until `done`. */
void ice_upload_post(struct ice_upload_post_carrier *c, const struct ice_upload_post_body *body,
                     ice_upload_post_fn *done, void *arg);

#endif
