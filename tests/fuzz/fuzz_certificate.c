/* A certificate that a server shows, DER, as an engine looks on while OpenSSL judges it: what is noted of it is plain text within its
 * bounds, and it is never taken, for nobody signed it whom we trust. */
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/upload_chain.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool right)
{
	if (!right)
		abort();
}

static void fuzz_text(const char *text, size_t size)
{
	size_t n = strnlen(text, size);
	check(n < size);
	for (size_t i = 0; i < n; i++)
		check(text[i] >= ' ' && text[i] <= '~');
}

/* As a handshake does. */
static bool fuzz_judge(SSL *ssl, X509_STORE *trusted, X509 *shown)
{
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	check(store && X509_STORE_CTX_init(store, trusted, shown, NULL) == 1 &&
	      X509_STORE_CTX_set_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx(), ssl) == 1);
	X509_STORE_CTX_set_verify_cb(store, SSL_get_verify_callback(ssl));
	bool good = X509_verify_cert(store) == 1;
	X509_STORE_CTX_free(store);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static SSL_CTX *context;
	static struct ice_upload_chain chain;
	const unsigned char *at = data;
	if (!context)
		check((context = SSL_CTX_new(TLS_client_method())) != NULL);
	X509 *shown = size < 65536 ? d2i_X509(NULL, &at, (long)size) : NULL;
	if (shown) {
		memset(&chain, 0x5a, sizeof chain);
		ice_upload_chain_watch(context, &chain);
		SSL *ssl = SSL_new(context);
		check(ssl && !fuzz_judge(ssl, SSL_CTX_get_cert_store(context), shown) && chain.count == 1);
		const struct ice_upload_certificate *c = &chain.at[0];
		fuzz_text(c->subject, sizeof c->subject);
		fuzz_text(c->issuer, sizeof c->issuer);
		fuzz_text(c->names, sizeof c->names);
		fuzz_text(c->error, sizeof c->error);
		check(*c->error);
		SSL_free(ssl);
		X509_free(shown);
	}
	return 0;
}
