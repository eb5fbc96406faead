/* upload: carries the outbox's batches to the server over HTTPS, with curl multi on the libevent loop.
 *
 * TLS 1.2 or newer, certificate and host name verified, no switch to turn that off; no redirect, no cookie, no proxy from the environment,
 * no decoding; at most ICE_BATCH_ANSWER_MAX bytes of answer are read, and 256 KiB come in for one, whatever TLS and HTTP make of them. A batch is done by a valid acknowledgement,
 * set aside by a 4xx with a valid signed rejection, and everything else is retried with full-jitter backoff and Retry-After. Batches go
 * oldest first; after a failure one batch probes before the others follow, and what was under way by then, however it ends, makes that wait no
 * shorter. Where the server is there and fails at some batches alone, the others go past these, which are tried at least each hour.
 *
 * When no TCP connection to the HTTPS port could be made at five tries over three minutes or more, and where http_fallback allows it, a
 * batch goes over HTTP, sealed to the certificate of the enrolment (ice/seal.h) and signed as ever; each further batch is tried over
 * HTTPS first. Never after a connection that stood, whatever came of it: no TLS or certificate failure opens this way. Never with
 * a proxy, which would not tell. Each switch is one log line.
 *
 * It runs by itself as long as all goes well; after a failure ice_upload_work, called with a `now` of next_attempt or later, tries again
 * (the wait is a matter of `now` alone, so that tests can let weeks pass). Delivery stopping and delivery
 * working again are one log line each, however many attempts lie between. SIGPIPE is ignored from the first ice_upload_new on,
 * if it was not handled. */
#ifndef ICE_UPLOAD_H
#define ICE_UPLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/enrolment.h"
#include "ice/outbox.h"

struct event_base;
struct ice_upload;

struct ice_upload_options {
	const struct ice_enrolment *enrolment; /* lent for the uploader's life */
	ice_usec connect_timeout;              /* 0 = 10 s */
	ice_usec timeout;                      /* of one batch; 0 = 60 s */
	ice_usec retry_base, retry_cap;        /* 0 = 1 s, 15 min */
	unsigned parallel;                     /* batches in flight at once; 0 = 2 */
	uint64_t seed;                         /* jitter */

	bool http_fallback; /* sealed over HTTP when HTTPS cannot be reached; the enrolment must hold a sealing certificate */
	uint16_t http_port; /* 0 = 80 */

	/* What follows may be NULL; lent for the uploader's life. */
	const char *pin;                /* "sha256//BASE64[;sha256//BASE64]...": of the server's public key */
	const char *client_certificate; /* PEM; for servers that ask for one */
	const char *client_key;         /* PEM, unencrypted */
	const char *proxy;              /* http://host:port, by CONNECT; the environment is never asked */
	const struct ice_secret *proxy_credentials; /* user:password */
};

struct ice_upload_counters {
	uint64_t acknowledged, rejected, failures, readings;
	uint64_t bytes_sent; /* bodies as sent, of attempts that were answered */
	uint64_t sealed;     /* of the acknowledged: those that went sealed over HTTP */
	uint64_t switches;   /* from HTTPS to HTTP and back */
	unsigned stuck;      /* batches that fail again and again while others are acknowledged: these go past them */
	bool http_in_use;    /* HTTPS cannot be reached: batches are tried over HTTP after it */
	const char *last_error; /* a person's words, "" when the last attempt worked; lives until the next attempt */
	ice_usec next_attempt;  /* 0 = now or nothing to do */
};

ICE_MUST_CHECK struct ice_upload *ice_upload_new(struct event_base *base, const struct ice_upload_options *options,
                                                 struct ice_outbox *outbox, char *why, size_t why_size);
/* What is in flight is dropped and stays in the outbox; the callback of a test under way is not called. Not from a callback of ours. */
void ice_upload_free(struct ice_upload *u);

/* There may be new batches; also the heartbeat's way to let curl work. Cheap when there is nothing to do. */
void ice_upload_work(struct ice_upload *u, ice_usec now);

/* Forget the backoff: try now (operator's "upload now", end of a sweep). */
void ice_upload_now(struct ice_upload *u);

bool ice_upload_idle(const struct ice_upload *u); /* nothing in flight */
void ice_upload_counters(const struct ice_upload *u, struct ice_upload_counters *out);

/* The certificates that the server showed, as far as a chain of them could be made; its own is the first. Names are plain ASCII. */
#define ICE_UPLOAD_CHAIN_MAX 6
struct ice_upload_certificate {
	char subject[256], issuer[256];
	char names[512];               /* the hosts and addresses it is for */
	int64_t not_before, not_after; /* wall seconds */
	char error[128];               /* why it is not taken; "" = it is */
};
struct ice_upload_chain {
	struct ice_upload_certificate at[ICE_UPLOAD_CHAIN_MAX];
	size_t count;
};

/* One signed batch without readings, there and back; for `ice check`. Where HTTPS is not reached and http_fallback allows it, sealed
 * over HTTP at once: it holds no reading, and a person waits. Calls done exactly once, from the loop, never from
 * within ice_upload_test; one test at a time. */
struct ice_upload_test {
	bool acknowledged;
	long status;                          /* HTTP, 0 = none */
	const char *error;                    /* what went wrong, a person's words; "" when acknowledged */
	const char *address;                  /* the peer's address, "" = never connected */
	const char *protocol;                 /* "TLSv1.3", "" = none */
	const char *cipher;                   /* likewise */
	const struct ice_upload_chain *chain; /* count 0 = none was shown */
	int64_t server_time; /* what the server's clock said over HTTPS (its Date), wall seconds; 0 = it did not tell. For people */
	bool sealed; /* HTTPS was not reached, and this is how the sealed way over HTTP went */
	double seconds;
};
typedef void ice_upload_test_fn(const struct ice_upload_test *result, void *arg);
void ice_upload_test(struct ice_upload *u, ice_upload_test_fn *done, void *arg);

#endif
