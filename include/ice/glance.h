/* glance: a look into an outbox that another process has open, by way of a copy.
 *
 * The files of a database that somebody writes to can be copied at any time, but the copy is only worth something when they fit together:
 * the database must not have been written to in the meantime, and its log, which is only appended to, is good as far as its checksums go.
 * So it is copied again until that was so. What the copy shows is what was committed when it was made; the other process does not
 * notice. Nothing that comes of it must be written back.
 *
 * The copy stands in a folder of its own (mode 0700) below TMPDIR or /tmp.
 *
 * Life: ice_glance_take -> ice_outbox_open(copy, .keep) ... ice_outbox_close -> ice_glance_end. */
#ifndef ICE_GLANCE_H
#define ICE_GLANCE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "ice/attr.h"

#define ICE_GLANCE_MAX (256 << 20) /* bytes of an outbox that are copied */

struct ice_glance {
	char folder[PATH_MAX];
	char path[PATH_MAX + 16]; /* of the copy */
};

/* False with "path: reason"; nothing is left behind then. */
ICE_MUST_CHECK bool ice_glance_take(struct ice_glance *g, const char *path, char *why, size_t why_size);
/* Removes the copy. Also of a zeroed one. */
void ice_glance_end(struct ice_glance *g);

#endif
