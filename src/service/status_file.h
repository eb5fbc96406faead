/* status_file: the status of a service as somebody else finds it: what the service last wrote, and whether it is alive.
 *
 * Added to the object of status.h: alive (bool), age_seconds (since it was written), the pid of who holds the lock (alive.h), and what only shows from outside among `problems`, so that
 * `healthy` is false when the service is not running, or has told nothing for ICE_STATUS_STALE. The file is another
 * user's to write: integers beyond 2^53 are cut to that, texts may hold anything (ice_text_tell). */
#ifndef ICE_STATUS_FILE_H
#define ICE_STATUS_FILE_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "ice/attr.h"

#define ICE_STATUS_STALE    30        /* seconds: twice ICE_STATUS_EVERY, for a disk may be slow once */
#define ICE_STATUS_FILE_MAX (4 << 20) /* bytes; 256 ranges are some 100 kB */

/* NULL with a reason when the folder cannot be looked into or there was never a service. */
ICE_MUST_CHECK json_t *ice_status_load(const char *state, int64_t wall, char *why, size_t why_size);

#endif
