/* upload_answer: what the answer to a post means. */
#ifndef ICE_UPLOAD_ANSWER_H
#define ICE_UPLOAD_ANSWER_H

#include "ice/batch.h"
#include "ice/enrolment.h"

#include "upload_post.h"

/* An acknowledgement counts with 200 alone, a rejection with 4xx alone. */
enum ice_batch_answer ice_upload_answer(const struct ice_enrolment *enrolment, const char *id,
                                        const struct ice_upload_post_result *r);

#define ICE_UPLOAD_ANSWER_WORDS 192

/* A person's words for an answer that proves nothing. */
void ice_upload_answer_words(const struct ice_upload_post_result *r, char words[ICE_UPLOAD_ANSWER_WORDS]);

#endif
