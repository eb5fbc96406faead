#include "tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "authority.h"
#include "ice/secret.h"

#define TLS_FILE_MAX 65536
#define TLS_PATH     4096
#define TLS_CHAIN    10
#define TLS_RENEW    3600 /* seconds between two looks at whether the own certificate runs out */

/* What tells that a file was written anew: renaming gives another inode, editing another time. */
struct tls_stamp {
	ino_t inode;
	struct timespec changed;
	off_t size;
};

struct fm_tls {
	const struct fm_tls_options *options;
	SSL_CTX *context;
	char certificate[TLS_PATH], key[TLS_PATH];
	struct tls_stamp stamp[2];
	int64_t looked_at;
};

static bool tls_is_own(const struct fm_tls *t)
{
	return t->options->certificate[0] == '\0';
}

static void tls_refuse(char *why, size_t why_size, const char *file, const char *what)
{
	char reason[160] = "";
	unsigned long error = ERR_peek_last_error();
	if (error)
		ERR_error_string_n(error, reason, sizeof(reason));
	snprintf(why, why_size, "%s: %s%s%s", file, what, error ? ": " : "", reason);
	ERR_clear_error();
}

static void tls_stamp_of(const char *path, struct tls_stamp *out)
{
	struct stat st;
	memset(out, 0, sizeof(*out));
	if (stat(path, &st) == 0)
		*out = (struct tls_stamp){st.st_ino, st.st_ctim, st.st_size};
}

static bool tls_stamp_same(const struct tls_stamp *a, const struct tls_stamp *b)
{
	return a->inode == b->inode && a->size == b->size && a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec;
}

/* A certificate file is public and may be readable by all, but it is read with a bound like everything else. */
static BIO *tls_open(const char *path, char *why, size_t why_size)
{
	struct stat st;
	if (stat(path, &st) != 0) {
		snprintf(why, why_size, "%s: %s", path, strerror(errno));
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > TLS_FILE_MAX) {
		snprintf(why, why_size, "%s: is not a certificate file", path);
		return NULL;
	}
	BIO *bio = BIO_new_file(path, "r");
	if (!bio)
		tls_refuse(why, why_size, path, "cannot be read");
	return bio;
}

static bool tls_use_certificate(SSL_CTX *context, const char *path, char *why, size_t why_size)
{
	BIO *bio = tls_open(path, why, why_size);
	if (!bio)
		return false;
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, (void *)(uintptr_t) "");
	bool ok = cert && SSL_CTX_use_certificate(context, cert) == 1;
	if (!ok)
		tls_refuse(why, why_size, path, "holds no usable certificate");
	X509_free(cert);
	for (int i = 0; ok && i < TLS_CHAIN; i++) {
		cert = PEM_read_bio_X509(bio, NULL, NULL, (void *)(uintptr_t) "");
		if (!cert)
			break;
		if (SSL_CTX_add0_chain_cert(context, cert) != 1)
			abort();
	}
	ERR_clear_error(); /* the end of the file is an error to OpenSSL */
	BIO_free(bio);
	return ok;
}

static bool tls_use_key(SSL_CTX *context, const char *path, char *why, size_t why_size)
{
	char *text = ice_secret_read_text(path, TLS_FILE_MAX, why, why_size);
	if (!text)
		return false;
	BIO *bio = BIO_new_mem_buf(text, -1);
	if (!bio)
		abort();
	EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)(uintptr_t) "");
	bool ok = key && SSL_CTX_use_PrivateKey(context, key) == 1 && SSL_CTX_check_private_key(context) == 1;
	if (!ok)
		tls_refuse(why, why_size, path, "is not the certificate's private key, or needs a password");
	EVP_PKEY_free(key);
	BIO_free(bio);
	ice_secret_free_text(text);
	return ok;
}

/* Level 2 refuses RSA below 2048 bits and SHA-1 signatures, also in a certificate that was given. */
static SSL_CTX *tls_make_context(const char *certificate, const char *key, char *why, size_t why_size)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	if (!context)
		abort();
	SSL_CTX_set_security_level(context, 2);
	if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL") != 1 ||
	    SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") != 1)
		abort(); /* the library cannot do what it must */
	SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
	                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_num_tickets(context, 0);
	/* Thousands of idle connections must not hold 32 KiB of buffers each. */
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	if (tls_use_certificate(context, certificate, why, why_size) && tls_use_key(context, key, why, why_size))
		return context;
	SSL_CTX_free(context);
	return NULL;
}

/* Has the own certificate looked after; another process that is about it is waited for. */
static bool tls_renew(struct fm_tls *t, int64_t now, char *why, size_t why_size)
{
	bool issued;
	t->looked_at = now;
	return fm_authority_ensure(t->options->folder, t->options->names, t->options->name_count, now, &issued, why,
	                           why_size);
}

/* The files as they are now, as a context. */
static SSL_CTX *tls_load(const struct fm_tls *t, struct tls_stamp stamp[2], char *why, size_t why_size)
{
	tls_stamp_of(t->certificate, &stamp[0]);
	tls_stamp_of(t->key, &stamp[1]);
	return tls_make_context(t->certificate, t->key, why, why_size);
}

bool fm_tls_refresh(struct fm_tls *t, int64_t now, bool force, bool *changed, char *why, size_t why_size)
{
	struct tls_stamp stamp[2];
	*changed = false;
	/* Wall time may jump back: then a look is due as well. */
	if (tls_is_own(t) && (force || now - t->looked_at >= TLS_RENEW || now < t->looked_at) &&
	    !tls_renew(t, now, why, why_size))
		return false;
	tls_stamp_of(t->certificate, &stamp[0]);
	tls_stamp_of(t->key, &stamp[1]);
	if (t->context && !force && tls_stamp_same(&stamp[0], &t->stamp[0]) && tls_stamp_same(&stamp[1], &t->stamp[1]))
		return true;
	SSL_CTX *context = tls_load(t, stamp, why, why_size);
	/* Read between the two files of a pair, perhaps: once more, when whoever writes them is done. */
	if (!context && tls_is_own(t) && tls_renew(t, now, why, why_size))
		context = tls_load(t, stamp, why, why_size);
	if (!context)
		return false;
	SSL_CTX_free(t->context);
	t->context = context;
	t->stamp[0] = stamp[0];
	t->stamp[1] = stamp[1];
	*changed = true;
	return true;
}

struct fm_tls *fm_tls_new(const struct fm_tls_options *options, int64_t now, char *why, size_t why_size)
{
	bool changed;
	struct fm_tls *t = calloc(1, sizeof(*t));
	if (!t)
		abort();
	t->options = options;
	int n, m;
	if (tls_is_own(t)) {
		n = snprintf(t->certificate, TLS_PATH, "%s/" FM_AUTHORITY_CERT_FILE, options->folder);
		m = snprintf(t->key, TLS_PATH, "%s/" FM_AUTHORITY_KEY_FILE, options->folder);
	} else {
		n = snprintf(t->certificate, TLS_PATH, "%s", options->certificate);
		m = snprintf(t->key, TLS_PATH, "%s", options->key);
	}
	bool ok = n < TLS_PATH && m < TLS_PATH;
	if (!ok)
		snprintf(why, why_size, "a file name is too long");
	if (ok && fm_tls_refresh(t, now, true, &changed, why, why_size))
		return t;
	fm_tls_free(t);
	return NULL;
}

void fm_tls_free(struct fm_tls *t)
{
	if (!t)
		return;
	SSL_CTX_free(t->context);
	free(t);
}

SSL_CTX *fm_tls_context(const struct fm_tls *t)
{
	return t->context;
}
