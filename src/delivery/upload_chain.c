#include "upload_chain.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* The place of ours among what a context carries for its users. */
static int upload_chain_index(void)
{
	static int index = -1;
	if (index < 0)
		index = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	return index;
}

/* As RFC 2253 writes names: what is not plain ASCII is escaped. */
static void upload_chain_name(const X509_NAME *name, char *out, size_t size)
{
	BIO *text = BIO_new(BIO_s_mem());
	out[0] = '\0';
	if (!text)
		return;
	if (X509_NAME_print_ex(text, name, 0, XN_FLAG_RFC2253 & ~XN_FLAG_DN_REV) >= 0) {
		int n = BIO_read(text, out, (int)size - 1);
		out[n > 0 ? n : 0] = '\0';
	}
	BIO_free(text);
}

static int64_t upload_chain_time(const ASN1_TIME *t)
{
	struct tm tm;
	return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* One alternative name as text; false when it is neither a host's nor an address, or not to be shown. */
static bool upload_chain_alternative(const GENERAL_NAME *g, char *out, size_t size)
{
	if (g->type == GEN_IPADD) {
		int n = ASN1_STRING_length(g->d.iPAddress);
		return (n == 4 || n == 16) && inet_ntop(n == 4 ? AF_INET : AF_INET6,
		                                        ASN1_STRING_get0_data(g->d.iPAddress), out, (socklen_t)size);
	}
	if (g->type != GEN_DNS)
		return false;
	const char *name = (const char *)ASN1_STRING_get0_data(g->d.dNSName);
	int n = ASN1_STRING_length(g->d.dNSName);
	for (int i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return n > 0 && (size_t)snprintf(out, size, "%.*s", n, name) < size;
}

/* "fm.example.com, 10.1.2.3", as many as there is room for. */
static void upload_chain_names(X509 *x, char *out, size_t size)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	size_t used = 0;
	out[0] = '\0';
	for (int i = 0; all && i < sk_GENERAL_NAME_num(all); i++) {
		char one[256];
		if (!upload_chain_alternative(sk_GENERAL_NAME_value(all, i), one, sizeof(one)) ||
		    used + strlen(one) + 3 > size)
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "", one);
	}
	GENERAL_NAMES_free(all);
}

static void upload_chain_note(struct ice_upload_certificate *c, X509 *x)
{
	*c = (struct ice_upload_certificate){.not_before = upload_chain_time(X509_get0_notBefore(x)),
	                                     .not_after = upload_chain_time(X509_get0_notAfter(x))};
	upload_chain_name(X509_get_subject_name(x), c->subject, sizeof(c->subject));
	upload_chain_name(X509_get_issuer_name(x), c->issuer, sizeof(c->issuer));
	upload_chain_names(x, c->names, sizeof(c->names));
}

/* Called for each mistake, and for each certificate that is good: from the root on, the server's own last. */
static int upload_chain_verify(int good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct ice_upload_chain *chain = ssl ? SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), upload_chain_index()) : NULL;
	const STACK_OF(X509) *all = X509_STORE_CTX_get0_chain(store);
	int at = X509_STORE_CTX_get_error_depth(store);
	if (!chain)
		return good;
	for (; chain->count < ICE_UPLOAD_CHAIN_MAX && (int)chain->count < sk_X509_num(all); chain->count++)
		upload_chain_note(&chain->at[chain->count], sk_X509_value(all, (int)chain->count));
	if (!good && at >= 0 && (size_t)at < chain->count)
		snprintf(chain->at[at].error, sizeof(chain->at[at].error), "%s",
		         X509_verify_cert_error_string(X509_STORE_CTX_get_error(store)));
	return good;
}

void ice_upload_chain_watch(SSL_CTX *context, struct ice_upload_chain *chain)
{
	chain->count = 0;
	if (SSL_CTX_set_ex_data(context, upload_chain_index(), chain) == 1)
		SSL_CTX_set_verify(context, SSL_CTX_get_verify_mode(context), upload_chain_verify);
}
