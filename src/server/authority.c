#include "authority.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
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
#include <sys/stat.h>
#include <unistd.h>

#include "ice/secret.h"
#include "pair.h"

#define AUTHORITY_CA_KEY  "ca.key"
#define AUTHORITY_CA_DAYS (20 * 365)
#define AUTHORITY_DAYS    397        /* no verifier anywhere asks for less */
#define AUTHORITY_RENEW   60         /* days before the end */
#define AUTHORITY_CLOCK   1700000000 /* no true clock is before November 2023 */

/* ---- the folder -------------------------------------------------------------------------------------------------- */

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

/* ---- certificates ----------------------------------------------------------------------------------------------- */

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
	*key = fm_pair_new_key();
	*cert = fm_pair_begin(*key, name, now, AUTHORITY_CA_DAYS);
	fm_pair_extension(*cert, *cert, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
	fm_pair_extension(*cert, *cert, NID_key_usage, "critical,keyCertSign,cRLSign");
	fm_pair_extension(*cert, *cert, NID_subject_key_identifier, "hash");
	fm_pair_sign(*cert, *cert, *key);
	return fm_pair_save(folder, FM_AUTHORITY_CA_FILE, AUTHORITY_CA_KEY, *cert, *key, why, why_size);
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
	EVP_PKEY *key = fm_pair_new_key();
	X509 *cert = fm_pair_begin(key, "server", now, AUTHORITY_DAYS);
	fm_pair_extension(cert, ca, NID_basic_constraints, "critical,CA:FALSE");
	fm_pair_extension(cert, ca, NID_key_usage, "critical,digitalSignature");
	fm_pair_extension(cert, ca, NID_ext_key_usage, "serverAuth");
	fm_pair_extension(cert, ca, NID_subject_key_identifier, "hash");
	if (X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) != 1)
		abort();
	fm_pair_sign(cert, ca, ca_key);
	bool ok = fm_pair_save(folder, FM_AUTHORITY_CERT_FILE, FM_AUTHORITY_KEY_FILE, cert, key, why, why_size);
	X509_free(cert);
	EVP_PKEY_free(key);
	return ok;
}

/* A pair that cannot be used (a crash between its two files, an old authority's) is simply made anew. */
static bool authority_is_good(X509 *cert, X509 *ca, int64_t now)
{
	time_t soon = (time_t)(now + AUTHORITY_RENEW * FM_PAIR_DAY), at = (time_t)now;
	return cert && X509_verify(cert, X509_get0_pubkey(ca)) == 1 &&
	       X509_cmp_time(X509_get0_notAfter(cert), &soon) > 0 && X509_cmp_time(X509_get0_notBefore(cert), &at) < 0;
}

static bool authority_ensure_locked(const char *folder, const char *const *names, size_t count, int64_t now,
                                    bool *issued, char *why, size_t why_size)
{
	X509 *ca = NULL, *cert = NULL;
	EVP_PKEY *ca_key = NULL, *key = NULL;
	char ignored[FM_PAIR_PATH + 128];
	bool ok;

	/* Only where there is neither: a lost half of an authority must not be replaced in silence, engines trust the old one. */
	if (fm_pair_exists(folder, FM_AUTHORITY_CA_FILE))
		ok = fm_pair_load(folder, FM_AUTHORITY_CA_FILE, AUTHORITY_CA_KEY, &ca, &ca_key, why, why_size);
	else
		ok = authority_make_ca(folder, now, &ca, &ca_key, why, why_size);
	if (ok) {
		if (!fm_pair_exists(folder, FM_AUTHORITY_CERT_FILE) ||
		    !fm_pair_load(folder, FM_AUTHORITY_CERT_FILE, FM_AUTHORITY_KEY_FILE, &cert, &key, ignored,
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
	*issued = false;
	int lock = fm_pair_lock(folder, why, why_size);
	if (lock < 0)
		return false;
	bool ok = authority_ensure_locked(folder, names, count, now, issued, why, why_size);
	close(lock);
	return ok;
}

char *fm_authority_ca(const char *folder, char *why, size_t why_size)
{
	char path[FM_PAIR_PATH];
	if (!fm_pair_path(path, folder, FM_AUTHORITY_CA_FILE, why, why_size))
		return NULL;
	return ice_secret_read_text(path, FM_PAIR_FILE_MAX, why, why_size);
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
