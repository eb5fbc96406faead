/* replace: a file that is replaced whole or not at all.
 *
 * The new bytes go to a candidate beside the file (PATH.new, made with mode 0600 and never before), reach the disk, and are renamed
 * over the file; whoever reads the file meets the old one or the new one, also after a power cut. A candidate that a killed process
 * left behind is removed. The file itself must be a regular one, or not there: a symbolic link is refused, since renaming would
 * cut it. Hard links and extended attributes do not survive.
 *
 * Life: ice_replace_begin -> ice_replace_put... -> ice_replace_end, or ice_replace_drop at any time. Two processes that replace the same
 * file at once take turns: the folder is locked (flock) from begin to end. */
#ifndef ICE_REPLACE_H
#define ICE_REPLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "ice/attr.h"

#define ICE_REPLACE_PATH_MAX 4096

struct ice_replace {
	char path[ICE_REPLACE_PATH_MAX], candidate[ICE_REPLACE_PATH_MAX + 8];
	int folder, fd;  /* -1 = not open */
	bool exists;     /* the file, when the replacing began */
	struct stat was; /* ... and what it was */
};

/* Makes the candidate. False with "path: reason": nothing is left open, nothing was made. Fails at once, and does not wait, when another
 * process is replacing a file of this folder. */
ICE_MUST_CHECK bool ice_replace_begin(struct ice_replace *r, const char *path, char *why, size_t why_size);
/* The same for a second file that is replaced together with `first`, which was begun: they share the lock when their folder is one. */
ICE_MUST_CHECK bool ice_replace_begin_with(struct ice_replace *r, const struct ice_replace *first, const char *path,
                                           char *why, size_t why_size);
ICE_MUST_CHECK bool ice_replace_put(struct ice_replace *r, const void *bytes, size_t n, char *why, size_t why_size);

/* What the new file is like. */
struct ice_replace_as {
	mode_t mode; /* of a file that was not there */
	bool always; /* and of one that was; otherwise that keeps its own */
	const char *
	        like; /* a path whose owner and group root gives to a file that was not there; NULL or not there: our own */
};

/* Puts the candidate in the file's place, with the owner, group and mode that the file had. When they cannot be given it fails, and the
 * file is as it was. In either case `r` is done with. */
ICE_MUST_CHECK bool ice_replace_end(struct ice_replace *r, const struct ice_replace_as *as, char *why, size_t why_size);

/* Both, the first one first. All that is likely to fail is tried before either is renamed; then both files are as they were. */
ICE_MUST_CHECK bool ice_replace_end_both(struct ice_replace *first, const struct ice_replace_as *first_as,
                                         struct ice_replace *second, const struct ice_replace_as *second_as, char *why,
                                         size_t why_size);

/* Removes the candidate; the file is as it was. Also when nothing was begun, if `r` was zeroed with both descriptors -1. */
void ice_replace_drop(struct ice_replace *r);

/* All of it, for bytes that are at hand. */
ICE_MUST_CHECK bool ice_replace_whole(const char *path, const void *bytes, size_t n, const struct ice_replace_as *as,
                                      char *why, size_t why_size);

#endif
