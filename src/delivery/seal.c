#include "ice/seal.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEAL_MAX (16u << 20)

struct ice_seal {
	X509 *certificate;
	EVP_PKEY *key; /* NULL: can only seal */
};

/* --- certificate and key --- */

/* An encrypted block asks for a password; OpenSSL's own way would be to ask the terminal. */
static int seal_no_password(char *buffer, int size, int writing, void *arg)
{
	(void)buffer, (void)size, (void)writing, (void)arg;
	return -1;
}

static bool seal_is_p256(EVP_PKEY *key)
{
	char group[32];
	return key && EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	       strcmp(group, "prime256v1") == 0;
}

static bool seal_load(struct ice_seal *s, const char *certificate, const char *key, char *why, size_t why_size)
{
	BIO *bio = BIO_new_mem_buf(certificate, -1);
	s->certificate = bio ? PEM_read_bio_X509(bio, NULL, seal_no_password, NULL) : NULL;
	BIO_free(bio);
	/* A certificate without the extension allows everything. */
	if (!s->certificate || !seal_is_p256(X509_get0_pubkey(s->certificate)) ||
	    !(X509_get_key_usage(s->certificate) & X509v3_KU_KEY_AGREEMENT)) {
		snprintf(why, why_size,
		         "the sealing certificate is not a certificate (PEM) for key agreement by P-256");
		return false;
	}
	if (!key)
		return true;
	bio = BIO_new_mem_buf(key, -1);
	s->key = bio ? PEM_read_bio_PrivateKey(bio, NULL, seal_no_password, NULL) : NULL;
	BIO_free(bio);
	if (s->key && X509_check_private_key(s->certificate, s->key) == 1)
		return true;
	snprintf(why, why_size, "the sealing key is not the private key (PEM) of the sealing certificate");
	return false;
}

struct ice_seal *ice_seal_new(const char *certificate, const char *key, char *why, size_t why_size)
{
	struct ice_seal *s = calloc(1, sizeof(*s));
	if (!s)
		abort();
	bool ok = seal_load(s, certificate, key, why, why_size);
	ERR_clear_error();
	if (ok)
		return s;
	ice_seal_free(s);
	return NULL;
}

void ice_seal_free(struct ice_seal *s)
{
	if (!s)
		return;
	X509_free(s->certificate);
	EVP_PKEY_free(s->key);
	free(s);
}

/* --- to seal --- */

/* One recipient, and SHA-256 for the derivation of its key: OpenSSL's own choice would be SHA-1. */
static bool seal_address(CMS_ContentInfo *cms, X509 *certificate)
{
	CMS_RecipientInfo *to = CMS_add1_recipient_cert(cms, certificate, CMS_KEY_PARAM);
	EVP_PKEY_CTX *agreement = to ? CMS_RecipientInfo_get0_pkey_ctx(to) : NULL;
	return agreement && EVP_PKEY_CTX_set_ecdh_kdf_md(agreement, EVP_sha256()) == 1;
}

void *ice_seal_wrap(const struct ice_seal *s, const void *bytes, size_t len, size_t *out_len)
{
	*out_len = 0;
	if (len == 0 || len > SEAL_MAX)
		return NULL;
	unsigned char *out = NULL, *der = NULL;
	CMS_ContentInfo *cms = CMS_AuthEnvelopedData_create(EVP_aes_256_gcm());
	BIO *content = BIO_new_mem_buf(bytes, (int)len);
	/* Without this the content would be left out of what is written. */
	bool ok = cms && content && seal_address(cms, s->certificate) && CMS_set_detached(cms, 0) == 1 &&
	          CMS_final(cms, content, NULL, CMS_BINARY) == 1;
	int n = ok ? i2d_CMS_ContentInfo(cms, &der) : -1;
	if (n > 0) {
		out = malloc((size_t)n);
		if (!out)
			abort();
		memcpy(out, der, (size_t)n);
		*out_len = (size_t)n;
	}
	OPENSSL_free(der);
	BIO_free(content);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return out;
}

/* --- to open --- */

/* A part of the DER that is still to be read. */
struct seal_part {
	const unsigned char *at;
	size_t left;
};

/* Takes the next element, which must have this class and tag; its content goes to *inside. */
static bool seal_take(struct seal_part *p, int class, int tag, struct seal_part *inside)
{
	const unsigned char *content = p->at;
	long len;
	int found_tag, found_class;
	if (p->left == 0 || p->left > SEAL_MAX + ICE_SEAL_OVERHEAD)
		return false;
	int how = ASN1_get_object(&content, &len, &found_tag, &found_class, (long)p->left);
	/* 0x80: an error; 1: an indefinite length, which is not DER */
	if (how & 0x81 || found_class != class || found_tag != tag)
		return false;
	size_t whole = (size_t)(content - p->at) + (size_t)len;
	*inside = (struct seal_part){content, (size_t)len};
	p->at += whole;
	p->left -= whole;
	return true;
}

static bool seal_universal(struct seal_part *p, int tag, struct seal_part *inside)
{
	return seal_take(p, V_ASN1_UNIVERSAL, tag, inside);
}

static bool seal_is(const struct seal_part *p, const void *bytes, size_t len)
{
	return p->left == len && memcmp(p->at, bytes, len) == 0;
}

/* IssuerAndSerialNumber of our certificate, byte for byte: names are otherwise compared without regard to case and blanks. */
static bool seal_names_us(const struct ice_seal *s, const struct seal_part *name)
{
	unsigned char *issuer = NULL, *serial = NULL;
	int n = i2d_X509_NAME(X509_get_issuer_name(s->certificate), &issuer),
	    m = i2d_ASN1_INTEGER(X509_get0_serialNumber(s->certificate), &serial);
	bool same = n > 0 && m > 0 && name->left == (size_t)n + (size_t)m && memcmp(name->at, issuer, (size_t)n) == 0 &&
	            memcmp(name->at + n, serial, (size_t)m) == 0;
	OPENSSL_free(issuer);
	OPENSSL_free(serial);
	return same;
}

/* OriginatorPublicKey: a whole number of bytes, and the point written out (RFC 5480 section 2.2), not in one of its other forms. */
static bool seal_originator_right(struct seal_part *originator)
{
	struct seal_part key, part;
	return seal_take(originator, V_ASN1_CONTEXT_SPECIFIC, 1, &key) && originator->left == 0 &&
	       seal_universal(&key, V_ASN1_SEQUENCE, &part) && seal_universal(&key, V_ASN1_BIT_STRING, &part) &&
	       key.left == 0 && part.left == 66 && part.at[0] == 0 && part.at[1] == POINT_CONVERSION_UNCOMPRESSED;
}

/* RecipientInfos: one, by key agreement (version 3, RFC 5652 section 6.2.2), with one key, for us. The key itself and what it was
 * agreed by are CMS_decrypt's affair: nothing comes out when a bit of them is wrong. */
static bool seal_recipients_right(const struct ice_seal *s, struct seal_part *recipients)
{
	struct seal_part one, version, part, keys, key;
	if (!seal_take(recipients, V_ASN1_CONTEXT_SPECIFIC, 1, &one) || recipients->left > 0 ||
	    !seal_universal(&one, V_ASN1_INTEGER, &version) || !seal_is(&version, "\3", 1) ||
	    !seal_take(&one, V_ASN1_CONTEXT_SPECIFIC, 0, &part) || !seal_originator_right(&part) ||
	    !seal_universal(&one, V_ASN1_SEQUENCE, &part) || !seal_universal(&one, V_ASN1_SEQUENCE, &keys) ||
	    one.left > 0)
		return false;
	return seal_universal(&keys, V_ASN1_SEQUENCE, &key) && keys.left == 0 &&
	       seal_universal(&key, V_ASN1_SEQUENCE, &part) && seal_names_us(s, &part);
}

/* EncryptedContentInfo: id-data, by AES-256-GCM with a nonce of 12 bytes and a tag of 16 (RFC 5084 section 3.2). */
static bool seal_content_right(struct seal_part *info, size_t *len)
{
	static const unsigned char data[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x01};
	static const unsigned char gcm[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x01, 0x2e};
	struct seal_part part, algorithm, parameters;
	if (!seal_universal(info, V_ASN1_OBJECT, &part) || !seal_is(&part, data, sizeof(data)) ||
	    !seal_universal(info, V_ASN1_SEQUENCE, &algorithm) || !seal_universal(&algorithm, V_ASN1_OBJECT, &part) ||
	    !seal_is(&part, gcm, sizeof(gcm)) || !seal_universal(&algorithm, V_ASN1_SEQUENCE, &parameters) ||
	    algorithm.left > 0)
		return false;
	if (!seal_universal(&parameters, V_ASN1_OCTET_STRING, &part) || part.left != 12 ||
	    !seal_universal(&parameters, V_ASN1_INTEGER, &part) || !seal_is(&part, "\x10", 1) || parameters.left > 0)
		return false;
	bool ok = seal_take(info, V_ASN1_CONTEXT_SPECIFIC, 0, &part) && info->left == 0;
	*len = ok ? part.left : 0;
	return ok;
}

/* Whether the frame is the one that is sealed here, before OpenSSL is asked to believe in it. No attributes: version 0
 * (RFC 5083 section 2.1), and the tag is the last. */
static bool seal_frame_right(const struct ice_seal *s, const unsigned char *der, size_t size, size_t *content_len)
{
	static const unsigned char type[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17};
	struct seal_part all = {der, size}, info, wrapper, body, part;
	if (!seal_universal(&all, V_ASN1_SEQUENCE, &info) || all.left > 0 ||
	    !seal_universal(&info, V_ASN1_OBJECT, &part) || !seal_is(&part, type, sizeof(type)) ||
	    !seal_take(&info, V_ASN1_CONTEXT_SPECIFIC, 0, &wrapper) || info.left > 0 ||
	    !seal_universal(&wrapper, V_ASN1_SEQUENCE, &body) || wrapper.left > 0)
		return false;
	if (!seal_universal(&body, V_ASN1_INTEGER, &part) || !seal_is(&part, "", 1) ||
	    !seal_universal(&body, V_ASN1_SET, &part) || !seal_recipients_right(s, &part))
		return false;
	return seal_universal(&body, V_ASN1_SEQUENCE, &part) && seal_content_right(&part, content_len) &&
	       seal_universal(&body, V_ASN1_OCTET_STRING, &part) && part.left == 16 && body.left == 0;
}

/* Whether these bytes are the only way to write what was read: no long lengths, nothing OpenSSL passed over. */
static bool seal_is_canonical(CMS_ContentInfo *cms, const void *der, size_t size)
{
	unsigned char *again = NULL;
	int n = i2d_CMS_ContentInfo(cms, &again);
	bool same = n >= 0 && (size_t)n == size && memcmp(again, der, size) == 0;
	OPENSSL_free(again);
	return same;
}

void *ice_seal_open(const struct ice_seal *s, const void *sealed, size_t len, size_t max, size_t *out_len)
{
	const unsigned char *at = sealed;
	unsigned char *out = NULL;
	char *bytes;
	size_t content_len;
	*out_len = 0;
	if (!s->key || len > SEAL_MAX + ICE_SEAL_OVERHEAD || !seal_frame_right(s, sealed, len, &content_len) ||
	    content_len == 0 || content_len > max)
		return NULL;
	CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)len);
	BIO *text = BIO_new(BIO_s_mem());
	/* What comes out before the tag was seen to be right is thrown away with the BIO. */
	if (cms && text && seal_is_canonical(cms, sealed, len) &&
	    CMS_decrypt(cms, s->key, s->certificate, NULL, text, CMS_BINARY) == 1 &&
	    BIO_get_mem_data(text, &bytes) == (long)content_len) {
		out = malloc(content_len + 1);
		if (!out)
			abort();
		memcpy(out, bytes, content_len);
		out[content_len] = '\0';
		*out_len = content_len;
	}
	BIO_free(text);
	CMS_ContentInfo_free(cms);
	ERR_clear_error();
	return out;
}
