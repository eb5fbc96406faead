#include "upload_trial.h"

#include <assert.h>
#include <event2/event.h>
#include <stdlib.h>

#include "upload_answer.h"

static void upload_trial_landed(const struct ice_upload_post_result *r, void *arg)
{
	struct ice_upload_trial *t = arg;
	char words[ICE_UPLOAD_ANSWER_WORDS] = "";
	struct ice_upload_test found = {.status = r->status,
	                                .error = words,
	                                .address = r->address,
	                                .protocol = r->protocol,
	                                .cipher = r->cipher,
	                                .chain = &t->chain,
	                                .server_time =
	                                        t->sealed ? 0 : r->server_time, /* over HTTP anybody may have said it */
	                                .sealed = t->sealed != NULL,
	                                .seconds = r->seconds};
	if (r->unreached && t->seal && !t->sealed) {
		struct timeval at_once = {0, 0};
		t->waits = true;
		event_add(t->go, &at_once);
		return;
	}
	found.acknowledged = ice_upload_answer(t->enrolment, t->id, r) == ICE_BATCH_ACKNOWLEDGED;
	if (!found.acknowledged)
		ice_upload_answer_words(r, words);
	ice_upload_test_fn *done = t->done;
	ice_upload_trial_fini(t);
	t->done = NULL;
	done(&found, t->arg);
}

void ice_upload_trial_go(struct ice_upload_trial *t)
{
	struct ice_upload_post_body body = {.id = t->id, .sealed = true};
	if (!t->waits)
		return;
	t->waits = false;
	body.bytes = t->sealed = ice_seal_wrap(t->seal, t->packed, t->packed_len, &body.len);
	if (!body.bytes)
		abort(); /* so few bytes to a key that was looked at */
	ice_upload_post(t->carrier, &body, upload_trial_landed, t);
}

void ice_upload_trial_begin(struct ice_upload_trial *t, ice_upload_test_fn *done, void *arg)
{
	size_t len;
	assert(!t->done);
	char *text = ice_batch_body(t->enrolment->site, 0, NULL, 0, &len);
	assert(text);
	t->packed = ice_batch_gzip(text, len, &t->packed_len);
	assert(t->packed);
	ice_batch_id(text, len, t->id);
	free(text);
	t->done = done;
	t->arg = arg;
	struct ice_upload_post_body body = {.id = t->id, .bytes = t->packed, .len = t->packed_len, .look = &t->chain};
	t->chain.count = 0;
	ice_upload_post(t->carrier, &body, upload_trial_landed, t);
}

void ice_upload_trial_fini(struct ice_upload_trial *t)
{
	free(t->packed);
	free(t->sealed);
	t->packed = t->sealed = NULL;
}
