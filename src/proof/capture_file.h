/* capture_file: frames kept for others to look at, as pcapng (IETF draft-ietf-opsawg-pcapng), which Wireshark and tcpdump read.
 *
 * One interface block for each interface a frame came by. The file is made, mode 0600, since the frames of SNMP hold communities; one that is
 * there already is never replaced. Its SHA-256 is taken while it is written. At most ICE_CAPTURE_FILE_MAX bytes: what comes after is not
 * kept, and `cut` says so.
 *
 * Life: new -> put* -> end (the digest) -> free. */
#ifndef ICE_CAPTURE_FILE_H
#define ICE_CAPTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"

#include "capture.h"
#include "digest.h"

#define ICE_CAPTURE_FILE_MAX        (INT64_C(4) << 30)
#define ICE_CAPTURE_FILE_INTERFACES 256

struct ice_capture_file;

struct ice_capture_kept {
	uint64_t frames, bytes;
	bool cut;                     /* the bound was reached */
	bool failed;                  /* the disk refused: the file is not whole */
	char sha256[ICE_DIGEST_SIZE]; /* of the whole file */
};

/* NULL with a reason. */
ICE_MUST_CHECK struct ice_capture_file *ice_capture_file_new(const char *path, char *why, size_t why_size);
void ice_capture_file_put(struct ice_capture_file *f, const struct ice_capture_frame *frame);
/* Writes the rest and closes. Frees f. */
struct ice_capture_kept ice_capture_file_end(struct ice_capture_file *f);

#endif
