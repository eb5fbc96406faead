#include "upload_answer.h"

#include <stdio.h>
#include <string.h>

void ice_upload_answer_words(const struct ice_upload_post_result *r, char words[ICE_UPLOAD_ANSWER_WORDS])
{
	if (*r->error)
		snprintf(words, ICE_UPLOAD_ANSWER_WORDS, "%s", r->error);
	else if (r->status == 200 && strncmp(r->answer, "ack ", 4) == 0)
		snprintf(words, ICE_UPLOAD_ANSWER_WORDS,
		         "site key does not match: the server's answer does not prove the batch");
	else if (r->status == 200)
		snprintf(words, ICE_UPLOAD_ANSWER_WORDS,
		         "server says: 200, but not that it has the batch: something else may answer in its place");
	else if (r->status == 401 || r->status == 403)
		snprintf(words, ICE_UPLOAD_ANSWER_WORDS, "server says: %ld: it does not know this site or its key",
		         r->status);
	else if (r->status >= 300 && r->status < 400)
		snprintf(words, ICE_UPLOAD_ANSWER_WORDS, "server says: %ld: redirects are not followed", r->status);
	else
		snprintf(words, ICE_UPLOAD_ANSWER_WORDS, "server says: %ld", r->status);
}

enum ice_batch_answer ice_upload_answer(const struct ice_enrolment *enrolment, const char *id,
                                        const struct ice_upload_post_result *r)
{
	enum ice_batch_answer answer = ice_batch_answer_read(&enrolment->key, id, r->answer, r->answer_len);
	bool fits = (answer == ICE_BATCH_ACKNOWLEDGED && r->status == 200) ||
	            (answer == ICE_BATCH_REJECTED && r->status >= 400 && r->status < 500);
	return !*r->error && fits ? answer : ICE_BATCH_NO_ANSWER;
}
