#include "ice/upload.h"

#include <assert.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/batch.h"
#include "ice/log.h"
#include "ice/pace.h"
#include "ice/random.h"
#include "ice/seal.h"
#include "upload_answer.h"
#include "upload_fallback.h"
#include "upload_post.h"
#include "upload_stuck.h"
#include "upload_trial.h"

#define UPLOAD_PARALLEL_MAX    8
#define UPLOAD_CONNECT_TIMEOUT ICE_USEC_SEC(10)
#define UPLOAD_TIMEOUT         ICE_USEC_SEC(60)
#define UPLOAD_RETRY_BASE      ICE_USEC_SEC(1)
#define UPLOAD_RETRY_CAP       ICE_USEC_SEC(15 * 60)
#define UPLOAD_AFTER_MIN       ICE_USEC_SEC(1) /* what a server may ask for by Retry-After */
#define UPLOAD_AFTER_MAX       ICE_USEC_SEC(3600)
#define UPLOAD_REJECTED_LINES  5  /* log lines an hour about batches set aside */
#define UPLOAD_STATE_LINES     20 /* and about delivery stopping and working again, should a server do so all the time */
#define UPLOAD_HTTP_PORT       80

/* One batch on its way. */
struct upload_flight {
	struct ice_upload *upload;
	bool busy;
	bool waits;     /* to be sent sealed: a completion starts nothing */
	uint64_t falls; /* of the uploader, when it began */
	struct ice_outbox_batch batch;
	void *sealed; /* what goes over HTTP, NULL while it goes over HTTPS */
	size_t sealed_len;
};

struct ice_upload {
	const struct ice_enrolment *enrolment;
	struct ice_outbox *outbox;
	struct ice_upload_post_carrier *carrier;
	struct event *go; /* starts what a completion made room for: never from within a completion */
	unsigned parallel;
	struct upload_flight flights[UPLOAD_PARALLEL_MAX];

	bool down;      /* the last attempt failed: one batch at a time, not before next_attempt */
	uint64_t falls; /* how often that came about */
	ice_usec now, next_attempt;
	struct ice_backoff backoff;
	struct ice_random random;
	struct ice_seal *seal; /* NULL: there is nothing to seal to */
	struct ice_upload_fallback fallback;
	struct ice_upload_stuck stuck;

	struct ice_upload_counters counters;
	struct ice_log_throttle rejected_lines, state_lines;
	char last_error[ICE_UPLOAD_ANSWER_WORDS + 64];

	struct ice_upload_trial trial;
};

static unsigned upload_in_flight(const struct ice_upload *u)
{
	unsigned n = 0;
	for (unsigned i = 0; i < u->parallel; i++)
		n += u->flights[i].busy;
	return n;
}

static uint64_t upload_done(const struct ice_upload *u)
{
	return u->counters.acknowledged + u->counters.rejected;
}

static void upload_go_soon(struct ice_upload *u)
{
	struct timeval at_once = {0, 0};
	event_add(u->go, &at_once);
}

/* --- up and down --- */

static void upload_tell(struct ice_upload *u, enum ice_log_level level, const char *message, const char *reason)
{
	uint32_t suppressed;
	if (ice_log_pass(&u->state_lines, u->now, UPLOAD_STATE_LINES, ICE_USEC_SEC(3600), &suppressed))
		ICE_LOG(level, message, ice_field_str("server", u->enrolment->server), ice_field_str("reason", reason),
		        ice_field_int("suppressed", suppressed));
}

/* By an answer to something that began after the last failure: of what began before it, it is no news. */
static void upload_enter_up(struct ice_upload *u, bool sealed)
{
	if (u->down)
		upload_tell(u, ICE_LOG_INFO, "upload works again",
		            sealed ? "acknowledged, sealed over HTTP" : "acknowledged");
	u->down = false;
	u->next_attempt = 0;
	u->last_error[0] = '\0';
	ice_backoff_reset(&u->backoff);
}

/* What a server asked for, within reason; 0 = nothing. */
static ice_usec upload_after(ice_usec asked)
{
	ice_usec most = asked < UPLOAD_AFTER_MAX ? asked : UPLOAD_AFTER_MAX;
	return asked > 0 && most < UPLOAD_AFTER_MIN ? UPLOAD_AFTER_MIN : most;
}

static void upload_enter_down(struct ice_upload *u, const char *words, ice_usec retry_after)
{
	/* The jitter on top, or every engine that was told the same would return in the same second. */
	ice_usec wait = ice_backoff_fail(&u->backoff, &u->random) + upload_after(retry_after);
	if (!u->down)
		upload_tell(u, ICE_LOG_WARN, "upload fails, batches wait", words);
	u->down = true;
	if (u->next_attempt < u->now + wait)
		u->next_attempt = u->now + wait;
	u->falls++;
	u->counters.failures++;
	snprintf(u->last_error, sizeof(u->last_error), "%s", words);
}

static void upload_set_aside(struct ice_upload *u, const struct ice_outbox_batch *b, const char *words)
{
	uint32_t suppressed;
	u->counters.rejected++;
	if (ice_log_pass(&u->rejected_lines, u->now, UPLOAD_REJECTED_LINES, ICE_USEC_SEC(3600), &suppressed))
		ICE_LOG(ICE_LOG_ERROR, "batch rejected by the server: set aside",
		        ice_field_int("sequence", b->sequence), ice_field_int("readings", (int64_t)b->readings),
		        ice_field_str("reason", words), ice_field_int("suppressed", suppressed));
}

/* Whether only this batch fails, while the server takes others. Not unless a server was there to fail at it. */
static bool upload_is_stuck(struct ice_upload *u, const struct ice_outbox_batch *b,
                            const struct ice_upload_post_result *r, const char *words)
{
	uint32_t suppressed;
	unsigned before = ice_upload_stuck_count(&u->stuck);
	if ((*r->error && !*r->protocol) || !ice_upload_stuck_failed(&u->stuck, b->sequence, upload_done(u), u->now,
	                                                             upload_after(r->retry_after), &u->random))
		return false;
	u->counters.failures++;
	if (ice_upload_stuck_count(&u->stuck) > before &&
	    ice_log_pass(&u->rejected_lines, u->now, UPLOAD_REJECTED_LINES, ICE_USEC_SEC(3600), &suppressed))
		ICE_LOG(ICE_LOG_WARN, "batch fails again and again: others go past it",
		        ice_field_int("sequence", b->sequence), ice_field_int("readings", (int64_t)b->readings),
		        ice_field_str("reason", words), ice_field_int("suppressed", suppressed));
	return true;
}

/* --- the way over HTTP --- */

/* Something answered on the HTTPS port. */
static void upload_https_reached(struct ice_upload *u)
{
	if (!ice_upload_fallback_reached(&u->fallback))
		return;
	u->counters.switches++;
	upload_tell(u, ICE_LOG_INFO, "HTTPS is reached again: batches go over HTTPS alone", "connected");
}

/* HTTPS was not reached. Whether this batch goes over HTTP instead: then it waits for its turn to be sealed. */
static bool upload_https_unreached(struct upload_flight *f, const char *reason)
{
	struct ice_upload *u = f->upload;
	if (!ice_upload_fallback_unreached(&u->fallback, u->now))
		return false;
	f->sealed = ice_seal_wrap(u->seal, f->batch.packed, f->batch.packed_len, &f->sealed_len);
	if (!f->sealed)
		return false;
	if (!u->fallback.in_use) {
		u->counters.switches++;
		upload_tell(u, ICE_LOG_WARN, "HTTPS cannot be reached: batches go sealed over HTTP after it", reason);
	}
	u->fallback.in_use = true;
	f->waits = true;
	upload_go_soon(u);
	return true;
}

static void upload_landed(const struct ice_upload_post_result *r, void *arg);

static void upload_send(struct upload_flight *f)
{
	struct ice_upload_post_body body = {.id = f->batch.id,
	                                    .bytes = f->sealed ? f->sealed : f->batch.packed,
	                                    .len = f->sealed ? f->sealed_len : f->batch.packed_len,
	                                    .sealed = f->sealed != NULL};
	f->waits = false;
	ice_upload_post(f->upload->carrier, &body, upload_landed, f);
}

/* --- a batch came back --- */

/* Does what the verdict says in the outbox. False when that could not be written down: it is sent again then, and the server takes it
 * as the same batch. */
static bool upload_settle(struct upload_flight *f, enum ice_batch_answer verdict, long status)
{
	struct ice_upload *u = f->upload;
	char words[ICE_UPLOAD_ANSWER_WORDS];
	bool stored = true;
	switch (verdict) {
	case ICE_BATCH_ACKNOWLEDGED:
		stored = ice_outbox_acknowledged(u->outbox, f->batch.id);
		if (stored) {
			u->counters.acknowledged++;
			u->counters.sealed += f->sealed != NULL;
			u->counters.readings += f->batch.readings;
		}
		break;
	case ICE_BATCH_REJECTED:
		snprintf(words, sizeof(words), "server says: %ld", status);
		stored = ice_outbox_reject(u->outbox, f->batch.id, words);
		if (stored)
			upload_set_aside(u, &f->batch, words);
		break;
	case ICE_BATCH_NO_ANSWER:
		break;
	}
	return stored;
}

static void upload_end_flight(struct upload_flight *f)
{
	f->busy = false;
	f->waits = false;
	ice_outbox_batch_free(&f->batch);
	free(f->sealed);
	f->sealed = NULL;
}

static void upload_landed(const struct ice_upload_post_result *r, void *arg)
{
	struct upload_flight *f = arg;
	struct ice_upload *u = f->upload;
	bool sealed = f->sealed != NULL;
	char answer[ICE_UPLOAD_ANSWER_WORDS], words[ICE_UPLOAD_ANSWER_WORDS + 64];
	ice_upload_answer_words(r, answer);
	if (!sealed && r->reached)
		upload_https_reached(u);
	else if (!sealed && r->unreached && upload_https_unreached(f, answer))
		return;
	enum ice_batch_answer verdict = ice_upload_answer(u->enrolment, f->batch.id, r);
	if (!*r->error)
		u->counters.bytes_sent += sealed ? f->sealed_len : f->batch.packed_len;
	bool stored = upload_settle(f, verdict, r->status);
	snprintf(words, sizeof(words), "%s%s", sealed ? "HTTPS cannot be reached; over HTTP: " : "", answer);
	if (!stored)
		snprintf(words, sizeof(words), "outbox: %s", ice_outbox_error(u->outbox));
	bool failed = verdict == ICE_BATCH_NO_ANSWER || !stored;
	if (!failed)
		ice_upload_stuck_ended(&u->stuck, f->batch.sequence);
	if (failed && !(stored && upload_is_stuck(u, &f->batch, r, words)))
		upload_enter_down(u, words, r->retry_after);
	else if (!failed && f->falls == u->falls)
		upload_enter_up(u, sealed);
	upload_end_flight(f);
	upload_go_soon(u);
}

/* --- the heartbeat --- */

static struct upload_flight *upload_free_flight(struct ice_upload *u)
{
	for (unsigned i = 0; i < u->parallel; i++) {
		if (!u->flights[i].busy)
			return &u->flights[i];
	}
	return NULL;
}

static bool upload_flies(const struct ice_upload *u, int64_t sequence)
{
	for (unsigned i = 0; i < u->parallel; i++) {
		if (u->flights[i].busy && u->flights[i].batch.sequence == sequence)
			return true;
	}
	return false;
}

/* The oldest batch that is neither under way nor has to let others go first. *passed is how many there are of those, up to it. */
static bool upload_next(struct ice_upload *u, struct ice_outbox_batch *b, int64_t *passed)
{
	*passed = 0;
	for (int64_t at = 0; ice_outbox_after(u->outbox, at, &at);) {
		if (upload_flies(u, at) || ice_upload_stuck_waits(&u->stuck, at, upload_done(u), u->now)) {
			++*passed;
			continue;
		}
		if (!ice_outbox_next(u->outbox, at - 1, b) || b->sequence == at)
			return b->packed != NULL;
		ice_outbox_batch_free(b); /* `at` was damaged and is set aside; this is a later one */
	}
	return false;
}

/* None came out of the outbox. When some should have, the disk refuses to give them: as good as a server that is away. */
static void upload_none_came(struct ice_upload *u, int64_t passed)
{
	char words[ICE_UPLOAD_ANSWER_WORDS];
	struct ice_outbox_depth depth;
	ice_outbox_depth(u->outbox, &depth);
	if (depth.batches <= passed)
		return;
	snprintf(words, sizeof(words), "outbox: %s", ice_outbox_error(u->outbox));
	upload_enter_down(u, words, 0);
}

/* Starts as many batches as may be under way: one, as long as it is not known that the server is there over HTTPS. */
static void upload_start(struct ice_upload *u)
{
	for (;;) {
		struct upload_flight *f = upload_free_flight(u);
		bool alone = u->down || u->fallback.in_use;
		int64_t passed;
		if (!f || (alone && upload_in_flight(u) > 0) || (u->down && u->now < u->next_attempt))
			return;
		bool found = upload_next(u, &f->batch, &passed);
		if (!found && u->down) {
			ice_upload_stuck_anew(&u->stuck);
			found = upload_next(u, &f->batch, &passed);
		}
		if (!found) {
			upload_none_came(u, passed);
			return;
		}
		f->busy = true;
		f->falls = u->falls;
		upload_send(f);
	}
}

static void upload_go(evutil_socket_t fd, short what, void *arg)
{
	struct ice_upload *u = arg;
	(void)fd, (void)what;
	for (unsigned i = 0; i < u->parallel; i++) {
		if (u->flights[i].waits)
			upload_send(&u->flights[i]);
	}
	ice_upload_trial_go(&u->trial);
	upload_start(u);
}

void ice_upload_work(struct ice_upload *u, ice_usec now)
{
	struct ice_outbox_depth depth;
	u->now = now;
	ice_outbox_depth(u->outbox, &depth);
	if (depth.batches > (int64_t)upload_in_flight(u))
		upload_start(u);
}

void ice_upload_now(struct ice_upload *u)
{
	ice_backoff_reset(&u->backoff);
	ice_upload_stuck_now(&u->stuck);
	u->next_attempt = 0;
	upload_go_soon(u);
}

bool ice_upload_idle(const struct ice_upload *u)
{
	return upload_in_flight(u) == 0;
}

void ice_upload_counters(const struct ice_upload *u, struct ice_upload_counters *out)
{
	*out = u->counters;
	out->http_in_use = u->fallback.in_use;
	out->stuck = ice_upload_stuck_count(&u->stuck);
	out->last_error = u->last_error;
	out->next_attempt = u->down ? u->next_attempt : 0;
}

void ice_upload_test(struct ice_upload *u, ice_upload_test_fn *done, void *arg)
{
	ice_upload_trial_begin(&u->trial, done, arg);
}

/* --- life --- */

static ice_usec upload_default(ice_usec given, ice_usec otherwise)
{
	return given > 0 ? given : otherwise;
}

struct ice_upload *ice_upload_new(struct event_base *base, const struct ice_upload_options *options,
                                  struct ice_outbox *outbox, char *why, size_t why_size)
{
	struct ice_upload *u = calloc(1, sizeof(*u));
	if (!u)
		abort();
	u->enrolment = options->enrolment;
	u->outbox = outbox;
	u->parallel = options->parallel ? options->parallel : 2;
	if (u->parallel > UPLOAD_PARALLEL_MAX)
		u->parallel = UPLOAD_PARALLEL_MAX;
	for (unsigned i = 0; i < u->parallel; i++)
		u->flights[i].upload = u;
	u->backoff = (struct ice_backoff){.base = upload_default(options->retry_base, UPLOAD_RETRY_BASE),
	                                  .cap = upload_default(options->retry_cap, UPLOAD_RETRY_CAP)};
	ice_random_seed(&u->random, options->seed);
	u->go = evtimer_new(base, upload_go, u);
	if (!u->go)
		abort();
	struct ice_upload_post_options post = {
	        .enrolment = options->enrolment,
	        .connect_timeout = upload_default(options->connect_timeout, UPLOAD_CONNECT_TIMEOUT),
	        .timeout = upload_default(options->timeout, UPLOAD_TIMEOUT),
	        .parallel = u->parallel,
	        .http_port = options->http_port ? options->http_port : UPLOAD_HTTP_PORT,
	        .pin = options->pin,
	        .client_certificate = options->client_certificate,
	        .client_key = options->client_key,
	        .proxy = options->proxy,
	        .proxy_credentials = options->proxy_credentials,
	};
	if (*options->enrolment->seal && options->http_fallback && !options->proxy) {
		u->seal = ice_seal_new(options->enrolment->seal, NULL, why, why_size);
		if (!u->seal) {
			ice_upload_free(u);
			return NULL;
		}
		u->fallback.allowed = true;
	}
	u->carrier = ice_upload_post_carrier_new(base, &post, why, why_size);
	if (!u->carrier) {
		ice_upload_free(u);
		return NULL;
	}
	u->trial = (struct ice_upload_trial){
	        .enrolment = u->enrolment, .carrier = u->carrier, .seal = u->seal, .go = u->go};
	return u;
}

void ice_upload_free(struct ice_upload *u)
{
	if (!u)
		return;
	ice_upload_post_carrier_free(u->carrier);
	for (unsigned i = 0; i < u->parallel; i++)
		upload_end_flight(&u->flights[i]);
	ice_upload_trial_fini(&u->trial);
	ice_seal_free(u->seal);
	event_free(u->go);
	free(u);
}
