/* publish: a file that others read while it is written anew: they meet the old one or the new one, never a half.
 *
 * Unlike ice/replace.h it waits for no disk, since what is published is told again a moment later: after a power cut the file may
 * be gone or empty. */
#ifndef ICE_PUBLISH_H
#define ICE_PUBLISH_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "ice/attr.h"

/* By way of PATH.new, in the same folder. False with errno; the file is then as it was. */
ICE_MUST_CHECK bool ice_publish(const char *path, const char *bytes, size_t n, mode_t mode);

#endif
