/* upload_trial: the test of `ice check`: a batch with nothing in it, over HTTPS, and sealed over HTTP where that was not reached.
 *
 * A value type of its owner's; the first four are lent. One trial at a time. */
#ifndef ICE_UPLOAD_TRIAL_H
#define ICE_UPLOAD_TRIAL_H

#include <stdbool.h>
#include <stddef.h>

#include "ice/batch.h"
#include "ice/enrolment.h"
#include "ice/seal.h"
#include "ice/upload.h"

#include "upload_post.h"

struct event;

struct ice_upload_trial {
	const struct ice_enrolment *enrolment;
	struct ice_upload_post_carrier *carrier;
	struct ice_seal *seal; /* NULL: HTTPS alone */
	struct event *go;      /* armed when ice_upload_trial_go is due: a completion starts nothing */
	ice_upload_test_fn *done;
	void *arg;
	char id[ICE_BATCH_ID_SIZE];
	void *packed, *sealed;
	size_t packed_len;
	bool waits;                    /* to be sent sealed */
	struct ice_upload_chain chain; /* what was shown over HTTPS */
};

void ice_upload_trial_begin(struct ice_upload_trial *t, ice_upload_test_fn *done, void *arg);
void ice_upload_trial_go(struct ice_upload_trial *t); /* from the loop */
void ice_upload_trial_fini(struct ice_upload_trial *t);

#endif
