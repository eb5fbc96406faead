/* authority: the server's own small certificate authority, for those who have none.
 *
 * In the data folder: ca.pem and ca.key, made once, good for 20 years, carried to the engines in their enrolment line, so that a
 * renewed server certificate needs no new enrolment; server.pem and server.key (P-256, names as subjectAltName), renewed
 * when they run out or lack a name. All of mode 0600, written whole or not at all. Several processes
 * may do this at once: one lock. */
#ifndef FM_AUTHORITY_H
#define FM_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"

#define FM_AUTHORITY_CA_FILE   "ca.pem"
#define FM_AUTHORITY_CERT_FILE "server.pem"
#define FM_AUTHORITY_KEY_FILE  "server.key"
#define FM_AUTHORITY_NAMES_MAX 64

/* Makes the data folder (mode 0700) when it is missing. False with a reason, also when others may write into it. */
ICE_MUST_CHECK bool fm_authority_folder(const char *folder, char *why, size_t why_size);

/* Sees to it that there is an authority, and a server certificate that holds these names (host names or addresses) and those it
 * had, and is good for another while at `now` (wall seconds). *issued: a new one was written. */
ICE_MUST_CHECK bool fm_authority_ensure(const char *folder, const char *const *names, size_t count, int64_t now,
                                        bool *issued, char *why, size_t why_size);

/* The authority's certificate, PEM, malloc'd; NULL with a reason. */
ICE_MUST_CHECK char *fm_authority_ca(const char *folder, char *why, size_t why_size);

/* SHA-256 of the first certificate of a PEM text, as "AB:CD:...". False when there is none. */
#define FM_AUTHORITY_FINGERPRINT_SIZE 96
ICE_MUST_CHECK bool fm_authority_fingerprint(const char *pem, char out[FM_AUTHORITY_FINGERPRINT_SIZE]);

#endif
