/* Sealed bytes: hidden, whole or nothing, and the same to openssl's own tool. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ice/seal.h"

struct pair {
	char certificate[4096], key[4096];
};
static struct pair ours, others;
static struct ice_seal *seal;

static void to_text(BIO *bio, char *out, size_t size)
{
	int n = BIO_read(bio, out, (int)size - 1);
	assert_true(n > 0);
	out[n] = '\0';
	BIO_free(bio);
}

static void make_pair(struct pair *p, EVP_PKEY *key, const char *usage)
{
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 77);
	X509_gmtime_adj(X509_getm_notBefore(cert), -7200);
	X509_gmtime_adj(X509_getm_notAfter(cert), -3600); /* over: of no account */
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"sealing", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	if (usage) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, NID_key_usage, usage);
		X509_add_ext(cert, e, -1);
		X509_EXTENSION_free(e);
	}
	/* An X25519 key cannot sign itself. */
	EVP_PKEY *signer = EVP_EC_gen("P-256");
	assert_true(X509_sign(cert, signer, EVP_sha256()) > 0);
	EVP_PKEY_free(signer);
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, cert);
	to_text(bio, p->certificate, sizeof(p->certificate));
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	to_text(bio, p->key, sizeof(p->key));
	X509_free(cert);
	EVP_PKEY_free(key);
}

static struct ice_seal *load(const char *certificate, const char *key)
{
	char why[256] = "";
	struct ice_seal *s = ice_seal_new(certificate, key, why, sizeof(why));
	assert_int_equal(s == NULL, why[0] != '\0');
	return s;
}

static void what_is_sealed_is_opened(void **state)
{
	(void)state;
	static unsigned char bytes[(1 << 20) + 5];
	static const size_t sizes[] = {1, 2, 15, 16, 17, 79, 80, 127, 128, 255, 256, 4096, 65535, 65536, sizeof(bytes)};
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 2654435761u >> 11);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n, back_len;
		void *sealed = ice_seal_wrap(seal, bytes, sizes[i], &n);
		assert_non_null(sealed);
		assert_in_range(n, sizes[i] + 100, sizes[i] + 500);
		char *back = ice_seal_open(seal, sealed, n, sizes[i], &back_len);
		assert_non_null(back);
		assert_int_equal(back_len, sizes[i]);
		assert_memory_equal(back, bytes, back_len);
		assert_int_equal(back[back_len], 0);
		free(back);
		assert_null(ice_seal_open(seal, sealed, n, sizes[i] - 1, &back_len));
		assert_int_equal(back_len, 0);
		free(sealed);
	}
}

static void what_cannot_be_sealed_is_not(void **state)
{
	(void)state;
	size_t n = 1;
	assert_null(ice_seal_wrap(seal, "", 0, &n));
	assert_int_equal(n, 0);
	char *large = calloc(1, (16u << 20) + 1);
	assert_null(ice_seal_wrap(seal, large, (16u << 20) + 1, &n));
	free(large);
}

static void nothing_of_the_text_shows(void **state)
{
	(void)state;
	static const char text[] = "{\"serial\":\"E1J123456\",\"location\":\"3rd floor\"}";
	size_t n, m;
	unsigned char *a = ice_seal_wrap(seal, text, sizeof(text), &n),
	              *b = ice_seal_wrap(seal, text, sizeof(text), &m);
	for (size_t i = 0; i + 4 <= sizeof(text); i++)
		assert_null(memmem(a, n, text + i, 4));
	assert_int_equal(n, m);
	/* A fresh key for each: not even sameness shows. */
	assert_memory_not_equal(a + n - 32, b + n - 32, 32);
	free(a);
	free(b);
}

static void a_flipped_bit_anywhere_is_refused(void **state)
{
	(void)state;
	static const char text[] = "readings, readings, readings";
	size_t n, len;
	unsigned char *sealed = ice_seal_wrap(seal, text, sizeof(text), &n);
	for (size_t i = 0; i < n * 8; i++) {
		unsigned char *flipped = malloc(n);
		memcpy(flipped, sealed, n);
		flipped[i / 8] ^= (unsigned char)(1 << i % 8);
		if (ice_seal_open(seal, flipped, n, 1000, &len))
			fail_msg("bit %zu of byte %zu does not matter", i % 8, i / 8);
		free(flipped);
	}
	free(sealed);
}

static void cut_or_grown_it_is_refused(void **state)
{
	(void)state;
	static const char text[] = "readings, readings, readings";
	size_t n, len;
	unsigned char *sealed = ice_seal_wrap(seal, text, sizeof(text), &n), *grown = malloc(2 * n);
	for (size_t i = 0; i < n; i++) {
		unsigned char *cut = malloc(i ? i : 1);
		memcpy(cut, sealed, i);
		assert_null(ice_seal_open(seal, cut, i, 1000, &len));
		free(cut);
	}
	memcpy(grown, sealed, n);
	memcpy(grown + n, sealed, n);
	assert_null(ice_seal_open(seal, grown, n + 1, 1000, &len));
	assert_null(ice_seal_open(seal, grown, 2 * n, 1000, &len));
	free(grown);
	free(sealed);
}

static void another_key_does_not_open_it(void **state)
{
	(void)state;
	size_t n, len;
	struct ice_seal *other = load(others.certificate, others.key), *public = load(ours.certificate, NULL);
	void *sealed = ice_seal_wrap(public, "text", 4, &n);
	assert_non_null(sealed);
	assert_null(ice_seal_open(other, sealed, n, 1000, &len));
	assert_null(ice_seal_open(public, sealed, n, 1000, &len));
	char *back = ice_seal_open(seal, sealed, n, 1000, &len);
	assert_string_equal(back, "text");
	free(back);
	free(sealed);
	ice_seal_free(other);
	ice_seal_free(public);
}

static void only_a_p256_pair_for_key_agreement_will_do(void **state)
{
	(void)state;
	struct pair p;
	make_pair(&p, EVP_EC_gen("P-256"), NULL);
	struct ice_seal *s = load(p.certificate, p.key);
	assert_non_null(s);
	ice_seal_free(s);
	make_pair(&p, EVP_EC_gen("P-256"), "critical,digitalSignature");
	assert_null(load(p.certificate, NULL));
	make_pair(&p, EVP_EC_gen("P-384"), "critical,keyAgreement");
	assert_null(load(p.certificate, NULL));
	make_pair(&p, EVP_RSA_gen(2048), NULL);
	assert_null(load(p.certificate, NULL));
	make_pair(&p, EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), NULL);
	assert_null(load(p.certificate, NULL));
	assert_null(load(ours.certificate, others.key));
	assert_null(load(ours.certificate, ""));
	assert_null(load(ours.key, ours.key));
	assert_null(load("", NULL));
	assert_null(load("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", NULL));
}

/* What a stranger could build with the certificate alone and OpenSSL would open. */
static void *enveloped(CMS_ContentInfo *cms, int recipients, const char *inner, size_t *n)
{
	BIO *bio = BIO_new_mem_buf(ours.certificate, -1), *text = BIO_new_mem_buf("some text", 9);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	unsigned char *der = NULL;
	for (int i = 0; i < recipients; i++)
		assert_non_null(CMS_add1_recipient_cert(cms, cert, 0));
	if (inner)
		assert_int_equal(CMS_set1_eContentType(cms, OBJ_txt2obj(inner, 1)), 1);
	CMS_set_detached(cms, 0);
	assert_int_equal(CMS_final(cms, text, NULL, CMS_BINARY), 1);
	*n = (size_t)i2d_CMS_ContentInfo(cms, &der);
	BIO_free(bio);
	BIO_free(text);
	X509_free(cert);
	CMS_ContentInfo_free(cms);
	return der;
}

static void other_forms_are_refused(void **state)
{
	(void)state;
	struct form {
		const char *name;
		CMS_ContentInfo *cms;
		int recipients;
		const char *inner;
		bool good;
	} forms[] = {
	        {"as it should be", CMS_AuthEnvelopedData_create(EVP_aes_256_gcm()), 1, NULL, true},
	        {"AES-128", CMS_AuthEnvelopedData_create(EVP_aes_128_gcm()), 1, NULL, false},
	        {"without authentication", CMS_EnvelopedData_create(EVP_aes_256_cbc()), 1, NULL, false},
	        {"two recipients", CMS_AuthEnvelopedData_create(EVP_aes_256_gcm()), 2, NULL, false},
	        {"another content", CMS_AuthEnvelopedData_create(EVP_aes_256_gcm()), 1, "1.2.840.113549.1.7.2", false},
	};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t n, len;
		void *der = enveloped(forms[i].cms, forms[i].recipients, forms[i].inner, &n);
		char *back = ice_seal_open(seal, der, n, 1000, &len);
		if ((back != NULL) != forms[i].good)
			fail_msg("%s: was %s", forms[i].name, back ? "opened" : "refused");
		free(back);
		OPENSSL_free(der);
	}
	/* A tag of four bytes, which OpenSSL takes for a tag: the last twelve left away, and every length told anew. */
	size_t n, len;
	unsigned char *sealed = ice_seal_wrap(seal, "text", 4, &n);
	assert_int_equal(sealed[n - 18], 4);
	sealed[n - 17] = 4;
	sealed[3] = (unsigned char)(sealed[3] - 12);
	sealed[20] = (unsigned char)(sealed[20] - 12);
	sealed[24] = (unsigned char)(sealed[24] - 12);
	assert_null(ice_seal_open(seal, sealed, n - 12, 1000, &len));
	free(sealed);
	assert_null(ice_seal_open(seal, "", 0, 1000, &len));
	assert_null(ice_seal_open(seal, "text", 4, 1000, &len));
}

static char folder[] = "/tmp/ice-seal-XXXXXX";

static const char *in_folder(const char *name)
{
	static char paths[8][64];
	static unsigned turn;
	char *path = paths[turn++ % 8];
	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static void write_file(const char *name, const void *bytes, size_t len)
{
	FILE *f = fopen(in_folder(name), "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	fclose(f);
}

static size_t read_file(const char *name, void *bytes, size_t size)
{
	FILE *f = fopen(in_folder(name), "rb");
	assert_non_null(f);
	size_t n = fread(bytes, 1, size, f);
	fclose(f);
	return n;
}

ICE_PRINTF(1, 2) static int run(const char *format, ...)
{
	char command[1024];
	va_list ap;
	va_start(ap, format);
	vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	return system(command); /* NOLINT: our own words */
}

static void openssl_opens_it_and_the_reverse(void **state)
{
	(void)state;
	static char text[70000], back[80000];
	size_t n, len;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "line of text\r\n\n\0x"[i % 17];
	write_file("certificate", ours.certificate, strlen(ours.certificate));
	write_file("key", ours.key, strlen(ours.key));
	write_file("text", text, sizeof(text));
	void *sealed = ice_seal_wrap(seal, text, sizeof(text), &n);
	write_file("sealed", sealed, n);
	free(sealed);
	if (run("openssl cms -decrypt -binary -inform DER -in %s -recip %s -inkey %s -out %s 2>&1", in_folder("sealed"),
	        in_folder("certificate"), in_folder("key"), in_folder("opened")) != 0)
		fail_msg("openssl cms -decrypt does not open what was sealed here");
	assert_int_equal(read_file("opened", back, sizeof(back)), sizeof(text));
	assert_memory_equal(back, text, sizeof(text));
	static const char *const ways[] = {"", "-keyopt ecdh_kdf_md:sha256"};
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (run("openssl cms -encrypt -binary -aes-256-gcm -outform DER -in %s -out %s -recip %s %s 2>&1",
		        in_folder("text"), in_folder("sealed"), in_folder("certificate"), ways[i]) != 0)
			fail_msg("openssl cms -encrypt failed");
		n = read_file("sealed", back, sizeof(back));
		char *opened = ice_seal_open(seal, back, n, sizeof(text), &len);
		assert_non_null(opened);
		assert_int_equal(len, sizeof(text));
		assert_memory_equal(opened, text, len);
		free(opened);
	}
}

static int set_up(void **state)
{
	(void)state;
	make_pair(&ours, EVP_EC_gen("P-256"), "critical,keyAgreement");
	make_pair(&others, EVP_EC_gen("P-256"), "critical,keyAgreement");
	seal = load(ours.certificate, ours.key);
	return seal && mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	ice_seal_free(seal);
	return run("rm -rf %s", folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(what_is_sealed_is_opened),
	        cmocka_unit_test(what_cannot_be_sealed_is_not),
	        cmocka_unit_test(nothing_of_the_text_shows),
	        cmocka_unit_test(a_flipped_bit_anywhere_is_refused),
	        cmocka_unit_test(cut_or_grown_it_is_refused),
	        cmocka_unit_test(another_key_does_not_open_it),
	        cmocka_unit_test(only_a_p256_pair_for_key_agreement_will_do),
	        cmocka_unit_test(other_forms_are_refused),
	        cmocka_unit_test(openssl_opens_it_and_the_reverse),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
