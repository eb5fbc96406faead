/* sealing: the key that opens what engines seal for the way over HTTP, and the certificate they seal to.
 *
 * In the data folder: seal.pem and seal.key, made once, for twenty years; the certificate travels in enrolment lines. A lost or damaged half is
 * an error, never replaced in silence: engines seal to the old one. */
#ifndef FM_SEALING_H
#define FM_SEALING_H

#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/seal.h"

#define FM_SEALING_CERT_FILE "seal.pem"
#define FM_SEALING_KEY_FILE  "seal.key"

/* The opener, of a pair that is made when there is none. `now`: wall seconds. NULL with a reason. */
ICE_MUST_CHECK struct ice_seal *fm_sealing_open(const char *folder, int64_t now, char *why, size_t why_size);

/* The certificate for an enrolment line, PEM, malloc'd; made when there is none. NULL with a reason. */
ICE_MUST_CHECK char *fm_sealing_certificate(const char *folder, int64_t now, char *why, size_t why_size);

#endif
