/* digest: the SHA-256 of something, as 64 hex digits. */
#ifndef ICE_DIGEST_H
#define ICE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

#include "ice/attr.h"

#define ICE_DIGEST_SIZE 65

struct ice_digest;

struct ice_digest *ice_digest_new(void); /* never NULL */
void ice_digest_add(struct ice_digest *d, const void *bytes, size_t n);
void ice_digest_end(struct ice_digest *d, char out[ICE_DIGEST_SIZE]); /* frees d */

/* Of a whole file; false, and out is "", when it cannot be read. */
ICE_MUST_CHECK bool ice_digest_file(const char *path, char out[ICE_DIGEST_SIZE]);

#endif
