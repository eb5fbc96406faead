#include "pair.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "ice/secret.h"

#define PAIR_LOCK     "lock"
#define PAIR_BACKDATE 2 /* days: engines whose clock is behind must not refuse a server that is new */

/* ---- files ------------------------------------------------------------------------------------------------------ */

bool fm_pair_path(char out[FM_PAIR_PATH], const char *folder, const char *name, char *why, size_t why_size)
{
	if (snprintf(out, FM_PAIR_PATH, "%s/%s", folder, name) < FM_PAIR_PATH)
		return true;
	snprintf(why, why_size, "%s: the name is too long", folder);
	return false;
}

/* Written beside, synced, renamed: a reader sees the old file or the new one. The key of a pair is written first. */
static bool pair_write(const char *folder, const char *name, BIO *content, char *why, size_t why_size)
{
	char path[FM_PAIR_PATH], beside[FM_PAIR_PATH + 8];
	char *bytes;
	long n = BIO_get_mem_data(content, &bytes);
	if (!fm_pair_path(path, folder, name, why, why_size))
		return false;
	snprintf(beside, sizeof(beside), "%s.new", path);
	unlink(beside); /* of a process that died here; we hold the lock */
	int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	bool ok = fd >= 0 && write(fd, bytes, (size_t)n) == n && fsync(fd) == 0;
	int saved = errno;
	if (fd >= 0)
		close(fd);
	if (ok && rename(beside, path) == 0) {
		int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (dir >= 0) {
			(void)fsync(dir);
			close(dir);
		}
		return true;
	}
	snprintf(why, why_size, "%s: cannot be written: %s", path, strerror(ok ? errno : saved));
	unlink(beside);
	return false;
}

/* A private file as a BIO over its text; *text is to be freed after the BIO. */
static BIO *pair_read(const char *folder, const char *name, char **text, char *why, size_t why_size)
{
	char path[FM_PAIR_PATH];
	*text = NULL;
	if (!fm_pair_path(path, folder, name, why, why_size))
		return NULL;
	*text = ice_secret_read_text(path, FM_PAIR_FILE_MAX, why, why_size);
	BIO *bio = *text ? BIO_new_mem_buf(*text, -1) : NULL;
	if (*text && !bio)
		abort();
	return bio;
}

bool fm_pair_exists(const char *folder, const char *name)
{
	char path[FM_PAIR_PATH], why[FM_PAIR_PATH + 64];
	return fm_pair_path(path, folder, name, why, sizeof(why)) && access(path, F_OK) == 0;
}

bool fm_pair_load(const char *folder, const char *cert_name, const char *key_name, X509 **cert, EVP_PKEY **key,
                  char *why, size_t why_size)
{
	char *text;
	BIO *bio = pair_read(folder, cert_name, &text, why, why_size);
	if (!bio)
		return false;
	*cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ice_secret_free_text(text);
	bio = pair_read(folder, key_name, &text, why, why_size);
	if (bio) {
		*key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t) "");
		BIO_free(bio);
		ice_secret_free_text(text);
		if (*cert && *key && X509_check_private_key(*cert, *key) == 1)
			return true;
		snprintf(why, why_size,
		         "%s: %s and %s are damaged or not a pair; put the right ones back from a backup", folder,
		         cert_name, key_name);
	}
	ERR_clear_error();
	X509_free(*cert);
	EVP_PKEY_free(*key);
	*cert = NULL;
	*key = NULL;
	return false;
}

bool fm_pair_save(const char *folder, const char *cert_name, const char *key_name, X509 *cert, EVP_PKEY *key, char *why,
                  size_t why_size)
{
	BIO *cert_pem = BIO_new(BIO_s_mem()), *key_pem = BIO_new(BIO_s_secmem());
	if (!cert_pem || !key_pem || PEM_write_bio_X509(cert_pem, cert) != 1 ||
	    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) != 1)
		abort();
	bool ok = pair_write(folder, key_name, key_pem, why, why_size) &&
	          pair_write(folder, cert_name, cert_pem, why, why_size);
	BIO_free(cert_pem);
	BIO_free(key_pem);
	return ok;
}

/* ---- certificates ----------------------------------------------------------------------------------------------- */

void fm_pair_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (!extension || X509_add_ext(cert, extension, -1) != 1)
		abort(); /* our own constants */
	X509_EXTENSION_free(extension);
}

/* A certificate with everything but its extensions and signature. */
X509 *fm_pair_begin(EVP_PKEY *key, const char *common_name, int64_t now, int days)
{
	X509 *cert = X509_new();
	X509_NAME *name = cert ? X509_get_subject_name(cert) : NULL;
	unsigned char serial[16];
	if (!cert || RAND_bytes(serial, sizeof(serial)) != 1)
		abort();
	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and of full length (RFC 5280 section 4.1.2.2) */
	BIGNUM *number = BN_bin2bn(serial, sizeof(serial), NULL);
	time_t from = (time_t)(now - PAIR_BACKDATE * FM_PAIR_DAY), until = (time_t)(now + (int64_t)days * FM_PAIR_DAY);
	if (!number || !BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert)) || X509_set_version(cert, 2) != 1 ||
	    !ASN1_TIME_set(X509_getm_notBefore(cert), from) || !ASN1_TIME_set(X509_getm_notAfter(cert), until) ||
	    X509_set_pubkey(cert, key) != 1 ||
	    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Facilities Manager", -1, -1,
	                               0) != 1 ||
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0) != 1)
		abort();
	BN_free(number);
	return cert;
}

void fm_pair_sign(X509 *cert, X509 *issuer, EVP_PKEY *issuer_key)
{
	if (X509_set_issuer_name(cert, X509_get_subject_name(issuer)) != 1)
		abort();
	fm_pair_extension(cert, issuer, NID_authority_key_identifier, "keyid:always");
	if (X509_sign(cert, issuer_key, EVP_sha256()) <= 0)
		abort();
}

EVP_PKEY *fm_pair_new_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	if (!key)
		abort();
	return key;
}

/* ---- one process at a time -------------------------------------------------------------------------------------- */

int fm_pair_lock(const char *folder, char *why, size_t why_size)
{
	char path[FM_PAIR_PATH];
	if (!fm_pair_path(path, folder, PAIR_LOCK, why, why_size))
		return -1;
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock >= 0 && flock(lock, LOCK_EX) == 0)
		return lock;
	snprintf(why, why_size, "%s: cannot be locked: %s", path, strerror(errno));
	if (lock >= 0)
		close(lock);
	return -1;
}
