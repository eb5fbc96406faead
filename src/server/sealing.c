#include "sealing.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "ice/secret.h"
#include "pair.h"

#define SEALING_DAYS (20 * 365)

/* Behind the lock. A key without its certificate is what a crash left: nobody was ever told of it. */
static bool sealing_make(const char *folder, int64_t now, char *why, size_t why_size)
{
	if (fm_pair_exists(folder, FM_SEALING_CERT_FILE))
		return true;
	EVP_PKEY *key = fm_pair_new_key();
	X509 *cert = fm_pair_begin(key, "sealing", now, SEALING_DAYS);
	fm_pair_extension(cert, cert, NID_basic_constraints, "critical,CA:FALSE");
	fm_pair_extension(cert, cert, NID_key_usage, "critical,keyAgreement");
	fm_pair_extension(cert, cert, NID_subject_key_identifier, "hash");
	fm_pair_sign(cert, cert, key);
	bool ok = fm_pair_save(folder, FM_SEALING_CERT_FILE, FM_SEALING_KEY_FILE, cert, key, why, why_size);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ok;
}

static char *sealing_read(const char *folder, const char *name, char *why, size_t why_size)
{
	char path[FM_PAIR_PATH];
	return fm_pair_path(path, folder, name, why, why_size)
	               ? ice_secret_read_text(path, FM_PAIR_FILE_MAX, why, why_size)
	               : NULL;
}

char *fm_sealing_certificate(const char *folder, int64_t now, char *why, size_t why_size)
{
	int lock = fm_pair_lock(folder, why, why_size);
	if (lock < 0)
		return NULL;
	bool ok = sealing_make(folder, now, why, why_size);
	close(lock);
	ERR_clear_error();
	return ok ? sealing_read(folder, FM_SEALING_CERT_FILE, why, why_size) : NULL;
}

struct ice_seal *fm_sealing_open(const char *folder, int64_t now, char *why, size_t why_size)
{
	char *certificate = fm_sealing_certificate(folder, now, why, why_size),
	     *key = certificate ? sealing_read(folder, FM_SEALING_KEY_FILE, why, why_size) : NULL;
	struct ice_seal *seal = key ? ice_seal_new(certificate, key, why, why_size) : NULL;
	if (certificate)
		ice_secret_free_text(certificate);
	if (key)
		ice_secret_free_text(key);
	return seal;
}
