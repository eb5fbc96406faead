/* seal: a batch that only the server can open, for the way over HTTP when HTTPS is unavailable (README "The wire").
 *
 * CMS AuthEnvelopedData (RFC 5083) with AES-256-GCM (RFC 5084) to one P-256 certificate (RFC 5753, ephemeral key, SHA-256), by
 * OpenSSL's CMS functions: what is sealed here, `openssl cms -decrypt` opens, and
 * `openssl cms -encrypt -aes-256-gcm` seals what is opened here. A seal hides and shows damage; who sealed it, it does not say:
 * that is the batch's signature, which covers the sealed bytes and is verified before they are looked at.
 *
 * The opener takes exactly the form that is sealed here, one recipient, one cipher, a tag of full length, canonical DER, nothing
 * before, behind or beside it. (OpenSSL by itself would also take a cipher without authentication inside AuthEnvelopedData, and
 * so text that somebody changed.)
 *
 * Life: ice_seal_new -> ice_seal_wrap, ice_seal_open -> ice_seal_free. The dates of the certificate are not looked at: it came by
 * enrolment, and goes by enrolment. */
#ifndef ICE_SEAL_H
#define ICE_SEAL_H

#include <stddef.h>

#include "ice/attr.h"

struct ice_seal;

/* What a seal adds at most, whatever stands in the certificate's name. */
#define ICE_SEAL_OVERHEAD 2048

/* The first certificate of a PEM text; its private key (PEM, unencrypted) to open with, or NULL for one that only seals.
 * NULL with a reason when they are not an EC P-256 pair for key agreement. */
ICE_MUST_CHECK struct ice_seal *ice_seal_new(const char *certificate, const char *key, char *why, size_t why_size);
void ice_seal_free(struct ice_seal *s);

/* DER, malloc'd. No two are alike. NULL for no bytes, and for more than 16 MiB. */
ICE_MUST_CHECK void *ice_seal_wrap(const struct ice_seal *s, const void *bytes, size_t len, size_t *out_len);

/* What was sealed, malloc'd, with a NUL behind its last byte. NULL for anything that is not a whole and undamaged seal to this
 * certificate, or holds more than max bytes. */
ICE_MUST_CHECK void *ice_seal_open(const struct ice_seal *s, const void *sealed, size_t len, size_t max,
                                   size_t *out_len);

#endif
