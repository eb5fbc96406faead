/* request: what a person asks of the running service, by a file in the folder `requests` of its state folder. No socket: whoever may write
 * there may ask, and nobody else.
 *
 * A request is a file of one line, "sweep [RANGE]", "inventory [RANGE]" or "upload", named by its id, 16 hexadecimal digits; made under
 * another name (".ID") and renamed, so that it is whole when it is seen. The service looks each second, takes at most
 * ICE_REQUESTS_AT_ONCE, and tells what became of them in its status (status.h). What is no request it throws away. */
#ifndef ICE_REQUEST_H
#define ICE_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"

#define ICE_REQUEST_ID_SIZE  17
#define ICE_REQUEST_RANGE    64 /* bytes of a range's name, NUL included; a section's name is shorter */
#define ICE_REQUESTS_AT_ONCE 16
#define ICE_REQUESTS_WAITING 64 /* more than these nobody makes */

enum ice_request_what { ICE_REQUEST_SWEEP, ICE_REQUEST_INVENTORY, ICE_REQUEST_UPLOAD, ICE_REQUEST_COUNT };
const char *ice_request_name(enum ice_request_what what); /* "sweep", "inventory", "upload" */
ICE_MUST_CHECK bool ice_request_what(const char *name, enum ice_request_what *out);

struct ice_request {
	char id[ICE_REQUEST_ID_SIZE];
	enum ice_request_what what;
	char range[ICE_REQUEST_RANGE]; /* "" = all of them */
};

/* Of the bytes of a file; the id is left alone. */
ICE_MUST_CHECK bool ice_request_parse(const char *bytes, size_t n, struct ice_request *out);

/* For who asks: makes the file and fills in the id. False with a reason. */
ICE_MUST_CHECK bool ice_request_make(const char *state, struct ice_request *r, char *why, size_t why_size);
/* Takes it back, if it was not taken yet. */
void ice_request_withdraw(const char *state, const struct ice_request *r);

/* For the service: makes the folder; removes what an earlier service left. False when it cannot be made. */
ICE_MUST_CHECK bool ice_requests_begin(const char *state);

/* Takes what is there, a file at a time: it is removed before `take` is called. Returns the files thrown away. */
typedef void ice_request_fn(const struct ice_request *r, void *arg);
size_t ice_requests_take(const char *state, ice_request_fn *take, void *arg);

#endif
