/* pair: a certificate and its private key in the data folder, and the making of them.
 *
 * All files are of mode 0600, written whole or not at all; several processes may be about it at once: fm_pair_lock. */
#ifndef FM_PAIR_H
#define FM_PAIR_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"

#define FM_PAIR_PATH     4096
#define FM_PAIR_FILE_MAX 65536
#define FM_PAIR_DAY      86400

/* FOLDER/NAME. False when it is too long. */
ICE_MUST_CHECK bool fm_pair_path(char out[FM_PAIR_PATH], const char *folder, const char *name, char *why,
                                 size_t why_size);

/* A descriptor to close when done, -1 with a reason. Waits for another process. */
ICE_MUST_CHECK int fm_pair_lock(const char *folder, char *why, size_t why_size);

bool fm_pair_exists(const char *folder, const char *name);
ICE_MUST_CHECK bool fm_pair_load(const char *folder, const char *cert_name, const char *key_name, X509 **cert,
                                 EVP_PKEY **key, char *why, size_t why_size);
/* The key first: a certificate without its key is never there. Behind the lock. */
ICE_MUST_CHECK bool fm_pair_save(const char *folder, const char *cert_name, const char *key_name, X509 *cert,
                                 EVP_PKEY *key, char *why, size_t why_size);

/* P-256. */
EVP_PKEY *fm_pair_new_key(void);
/* A certificate with everything but its extensions and signature; days from `now` (wall seconds). */
X509 *fm_pair_begin(EVP_PKEY *key, const char *common_name, int64_t now, int days);
/* One extension, as OpenSSL's configuration files write it. */
void fm_pair_extension(X509 *cert, X509 *issuer, int nid, const char *value);
/* By the issuer, which may be the certificate itself. The issuer's subject key identifier must be there. */
void fm_pair_sign(X509 *cert, X509 *issuer, EVP_PKEY *issuer_key);

#endif
