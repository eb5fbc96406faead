#include "authority.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ice/secret.h"

#define AUTHORITY_CA_KEY   "ca.key"
#define AUTHORITY_LOCK     "lock"
#define AUTHORITY_DAY      86400
#define AUTHORITY_CA_DAYS  (20 * 365)
#define AUTHORITY_DAYS     397        /* no verifier anywhere asks for less */
#define AUTHORITY_RENEW    60         /* days before the end */
#define AUTHORITY_BACKDATE 2          /* days: engines whose clock is behind must not refuse a server that is new */
#define AUTHORITY_CLOCK    1700000000 /* no true clock is before November 2023 */
#define AUTHORITY_FILE_MAX 65536
#define AUTHORITY_PATH     4096

/* ---- files ------------------------------------------------------------------------------------------------------ */

bool fm_authority_folder(const char *folder, char *why, size_t why_size)
{
	struct stat st;
	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		snprintf(why, why_size, "%s: cannot be made: %s", folder, strerror(errno));
		return false;
	}
	if (stat(folder, &st) != 0 || !S_ISDIR(st.st_mode)) {
		snprintf(why, why_size, "%s: is not a folder", folder);
		return false;
	}
	if (st.st_mode & 022) {
		snprintf(why, why_size, "%s: mode %04o lets others write into it; chmod 700 it", folder,
		         (unsigned)(st.st_mode & 07777));
		return false;
	}
	return true;
}

static bool authority_path(char out[AUTHORITY_PATH], const char *folder, const char *name, char *why, size_t why_size)
{
	if (snprintf(out, AUTHORITY_PATH, "%s/%s", folder, name) < AUTHORITY_PATH)
		return true;
	snprintf(why, why_size, "%s: the name is too long", folder);
	return false;
}

/* Written beside, synced, renamed: a reader sees the old file or the new one. The key of a pair is written first. */
static bool authority_write(const char *folder, const char *name, BIO *content, char *why, size_t why_size)
{
	char path[AUTHORITY_PATH], beside[AUTHORITY_PATH + 8];
	char *bytes;
	long n = BIO_get_mem_data(content, &bytes);
	if (!authority_path(path, folder, name, why, why_size))
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
static BIO *authority_read(const char *folder, const char *name, char **text, char *why, size_t why_size)
{
	char path[AUTHORITY_PATH];
	*text = NULL;
	if (!authority_path(path, folder, name, why, why_size))
		return NULL;
	*text = ice_secret_read_text(path, AUTHORITY_FILE_MAX, why, why_size);
	BIO *bio = *text ? BIO_new_mem_buf(*text, -1) : NULL;
	if (*text && !bio)
		abort();
	return bio;
}

static bool authority_exists(const char *folder, const char *name)
{
	char path[AUTHORITY_PATH], why[AUTHORITY_PATH + 64];
	return authority_path(path, folder, name, why, sizeof(why)) && access(path, F_OK) == 0;
}

static bool authority_load(const char *folder, const char *cert_name, const char *key_name, X509 **cert, EVP_PKEY **key,
                           char *why, size_t why_size)
{
	char *text;
	BIO *bio = authority_read(folder, cert_name, &text, why, why_size);
	if (!bio)
		return false;
	*cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	BIO_free(bio);
	ice_secret_free_text(text);
	bio = authority_read(folder, key_name, &text, why, why_size);
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

static bool authority_save(const char *folder, const char *cert_name, const char *key_name, X509 *cert, EVP_PKEY *key,
                           char *why, size_t why_size)
{
	BIO *cert_pem = BIO_new(BIO_s_mem()), *key_pem = BIO_new(BIO_s_secmem());
	if (!cert_pem || !key_pem || PEM_write_bio_X509(cert_pem, cert) != 1 ||
	    PEM_write_bio_PrivateKey(key_pem, key, NULL, NULL, 0, NULL, NULL) != 1)
		abort();
	bool ok = authority_write(folder, key_name, key_pem, why, why_size) &&
	          authority_write(folder, cert_name, cert_pem, why, why_size);
	BIO_free(cert_pem);
	BIO_free(key_pem);
	return ok;
}

/* ---- certificates ----------------------------------------------------------------------------------------------- */

static void authority_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	if (!extension || X509_add_ext(cert, extension, -1) != 1)
		abort(); /* our own constants */
	X509_EXTENSION_free(extension);
}

/* A certificate with everything but its extensions and signature. */
static X509 *authority_begin(EVP_PKEY *key, const char *common_name, int64_t now, int days)
{
	X509 *cert = X509_new();
	X509_NAME *name = cert ? X509_get_subject_name(cert) : NULL;
	unsigned char serial[16];
	if (!cert || RAND_bytes(serial, sizeof(serial)) != 1)
		abort();
	serial[0] = (serial[0] & 0x7f) | 0x40; /* positive, and of full length (RFC 5280 section 4.1.2.2) */
	BIGNUM *number = BN_bin2bn(serial, sizeof(serial), NULL);
	time_t from = (time_t)(now - AUTHORITY_BACKDATE * AUTHORITY_DAY),
	       until = (time_t)(now + (int64_t)days * AUTHORITY_DAY);
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

static void authority_sign(X509 *cert, X509 *issuer, EVP_PKEY *issuer_key)
{
	if (X509_set_issuer_name(cert, X509_get_subject_name(issuer)) != 1)
		abort();
	authority_extension(cert, issuer, NID_authority_key_identifier, "keyid:always");
	if (X509_sign(cert, issuer_key, EVP_sha256()) <= 0)
		abort();
}

static EVP_PKEY *authority_new_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	if (!key)
		abort();
	return key;
}

static bool authority_make_ca(const char *folder, int64_t now, X509 **cert, EVP_PKEY **key, char *why, size_t why_size)
{
	unsigned char tag[4];
	char name[64];
	/* An authority made in 1970 has run out before the first engine sees it, and cannot be renewed. */
	if (now < AUTHORITY_CLOCK) {
		snprintf(why, why_size, "the system clock is not set, so no certificate can be made");
		return false;
	}
	/* Two servers' authorities must not bear one name, or a verifier that trusts both may try the wrong one. */
	if (RAND_bytes(tag, sizeof(tag)) != 1)
		abort();
	snprintf(name, sizeof(name), "Facilities Manager authority %02x%02x%02x%02x", tag[0], tag[1], tag[2], tag[3]);
	*key = authority_new_key();
	*cert = authority_begin(*key, name, now, AUTHORITY_CA_DAYS);
	authority_extension(*cert, *cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
	authority_extension(*cert, *cert, NID_key_usage, "critical,keyCertSign,cRLSign");
	authority_extension(*cert, *cert, NID_subject_key_identifier, "hash");
	authority_sign(*cert, *cert, *key);
	return authority_save(folder, FM_AUTHORITY_CA_FILE, AUTHORITY_CA_KEY, *cert, *key, why, why_size);
}

/* ---- the names of a certificate --------------------------------------------------------------------------------- */

static GENERAL_NAME *authority_name(const char *text)
{
	unsigned char bytes[16];
	size_t n = inet_pton(AF_INET, text, bytes) == 1 ? 4 : inet_pton(AF_INET6, text, bytes) == 1 ? 16 : 0;
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_STRING *value = n ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
	if (!name || !value ||
	    ASN1_STRING_set(value, n ? (const void *)bytes : text, n ? (int)n : (int)strlen(text)) != 1)
		abort();
	GENERAL_NAME_set0_value(name, n ? GEN_IPADD : GEN_DNS, value);
	return name;
}

/* Takes the name over; false when it is there already. */
static bool authority_add_name(GENERAL_NAMES *names, GENERAL_NAME *name)
{
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
		if (GENERAL_NAME_cmp(sk_GENERAL_NAME_value(names, i), name) == 0) {
			GENERAL_NAME_free(name);
			return false;
		}
	if (!sk_GENERAL_NAME_push(names, name))
		abort();
	return true;
}

/* The names a certificate has, or an empty list. */
static GENERAL_NAMES *authority_names_of(const X509 *cert)
{
	GENERAL_NAMES *names = cert ? X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL) : NULL;
	if (!names)
		names = sk_GENERAL_NAME_new_null();
	if (!names)
		abort();
	return names;
}

static bool authority_issue(const char *folder, X509 *ca, EVP_PKEY *ca_key, GENERAL_NAMES *names, int64_t now,
                            char *why, size_t why_size)
{
	EVP_PKEY *key = authority_new_key();
	X509 *cert = authority_begin(key, "server", now, AUTHORITY_DAYS);
	authority_extension(cert, ca, NID_basic_constraints, "critical,CA:FALSE");
	authority_extension(cert, ca, NID_key_usage, "critical,digitalSignature");
	authority_extension(cert, ca, NID_ext_key_usage, "serverAuth");
	authority_extension(cert, ca, NID_subject_key_identifier, "hash");
	if (X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1)
		abort();
	authority_sign(cert, ca, ca_key);
	bool ok = authority_save(folder, FM_AUTHORITY_CERT_FILE, FM_AUTHORITY_KEY_FILE, cert, key, why, why_size);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ok;
}

/* A pair that cannot be used (a crash between its two files, an old authority's) is simply made anew. */
static bool authority_is_good(X509 *cert, X509 *ca, int64_t now)
{
	time_t soon = (time_t)(now + AUTHORITY_RENEW * AUTHORITY_DAY), at = (time_t)now;
	return cert && X509_verify(cert, X509_get0_pubkey(ca)) == 1 &&
	       X509_cmp_time(X509_get0_notAfter(cert), &soon) > 0 && X509_cmp_time(X509_get0_notBefore(cert), &at) < 0;
}

static bool authority_ensure_locked(const char *folder, const char *const *names, size_t count, int64_t now,
                                    bool *issued, char *why, size_t why_size)
{
	X509 *ca = NULL, *cert = NULL;
	EVP_PKEY *ca_key = NULL, *key = NULL;
	char ignored[AUTHORITY_PATH + 128];
	bool ok;

	/* Only where there is neither: a lost half of an authority must not be replaced in silence, engines trust the old one. */
	if (authority_exists(folder, FM_AUTHORITY_CA_FILE))
		ok = authority_load(folder, FM_AUTHORITY_CA_FILE, AUTHORITY_CA_KEY, &ca, &ca_key, why, why_size);
	else
		ok = authority_make_ca(folder, now, &ca, &ca_key, why, why_size);
	if (ok) {
		if (!authority_exists(folder, FM_AUTHORITY_CERT_FILE) ||
		    !authority_load(folder, FM_AUTHORITY_CERT_FILE, FM_AUTHORITY_KEY_FILE, &cert, &key, ignored,
		                    sizeof(ignored)))
			cert = NULL;
		GENERAL_NAMES *all = authority_names_of(cert);
		bool needed = !authority_is_good(cert, ca, now);
		for (size_t i = 0; i < count && sk_GENERAL_NAME_num(all) < FM_AUTHORITY_NAMES_MAX; i++)
			needed |= authority_add_name(all, authority_name(names[i]));
		if (needed)
			ok = *issued = authority_issue(folder, ca, ca_key, all, now, why, why_size);
		GENERAL_NAMES_free(all);
	}
	ERR_clear_error();
	X509_free(ca);
	X509_free(cert);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
	return ok;
}

bool fm_authority_ensure(const char *folder, const char *const *names, size_t count, int64_t now, bool *issued,
                         char *why, size_t why_size)
{
	char path[AUTHORITY_PATH];
	*issued = false;
	if (!authority_path(path, folder, AUTHORITY_LOCK, why, why_size))
		return false;
	int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (lock < 0 || flock(lock, LOCK_EX) != 0) {
		snprintf(why, why_size, "%s: cannot be locked: %s", path, strerror(errno));
		if (lock >= 0)
			close(lock);
		return false;
	}
	bool ok = authority_ensure_locked(folder, names, count, now, issued, why, why_size);
	close(lock);
	return ok;
}

char *fm_authority_ca(const char *folder, char *why, size_t why_size)
{
	char path[AUTHORITY_PATH];
	if (!authority_path(path, folder, FM_AUTHORITY_CA_FILE, why, why_size))
		return NULL;
	return ice_secret_read_text(path, AUTHORITY_FILE_MAX, why, why_size);
}

bool fm_authority_fingerprint(const char *pem, char out[FM_AUTHORITY_FINGERPRINT_SIZE])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	bool ok = cert && X509_digest(cert, EVP_sha256(), hash, &n) == 1 && n == 32;
	out[0] = '\0';
	for (unsigned i = 0; ok && i < n; i++)
		snprintf(out + 3 * i, FM_AUTHORITY_FINGERPRINT_SIZE - 3 * i, i + 1 < n ? "%02X:" : "%02X", hash[i]);
	X509_free(cert);
	BIO_free(bio);
	ERR_clear_error();
	return ok;
}
