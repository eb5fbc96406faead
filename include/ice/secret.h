/* secret: communities and keys, kept out of arguments, logs, cores and swap as far as the system lets us.
 *
 * A secret comes from a file that only its owner (and root) can read, lives in one struct, and is
 * wiped when done. It is compared in constant time. No function here ever prints one. */
#ifndef ICE_SECRET_H
#define ICE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"

#define ICE_SECRET_MAX 255

struct ice_secret {
	uint8_t len;
	uint8_t bytes[ICE_SECRET_MAX + 1]; /* NUL after the last byte */
};

/* Reads one secret a line (blank lines and lines that start with '#' are skipped; the bytes of a line are kept
 * as they are but for the line end). Fails, with "path: reason" a person can act on in `why`, when
 * the file cannot be read, is readable by group or others (mode & 077), is not a regular file, holds a line
 * longer than ICE_SECRET_MAX, more than max lines, a NUL byte or a byte-order mark, or none; a FIFO or device is refused, never waited for. Returns the number read, 0 on failure. */
ICE_MUST_CHECK size_t ice_secret_read(const char *path, struct ice_secret *out, size_t max, char *why, size_t why_size);

/* The whole of a small private file (same checks), NUL-terminated, malloc'd; wipe and free it with
 * ice_secret_free_text. NULL on failure. */
ICE_MUST_CHECK char *ice_secret_read_text(const char *path, size_t max, char *why, size_t why_size);
void ice_secret_free_text(char *text);

/* Writes a private file whole (ice/replace.h): mode 0600 whatever it had, and its owner's as it was. One that root makes anew belongs to
 * the owner of `like`, a path, when that is there: the program that is to read it runs as that user. */
ICE_MUST_CHECK bool ice_secret_write_text(const char *path, const char *text, const char *like, char *why,
                                          size_t why_size);

/* False when n > ICE_SECRET_MAX; *s is then as it was. */
ICE_MUST_CHECK bool ice_secret_set(struct ice_secret *s, const void *bytes, size_t n);
bool ice_secret_same(const struct ice_secret *s, const void *bytes, size_t n);
void ice_secret_wipe(struct ice_secret *s);

/* Once at the start of a program that holds secrets: no core file, no ptrace by the same user. */
void ice_secret_guard_process(void);

#endif
