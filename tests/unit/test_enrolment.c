/* The enrolment line: there and back, and every damage told in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "ice/enrolment.h"

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char pem[ICE_ENROLMENT_PEM_MAX];

static int make_pem(void **state)
{
	(void)state;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 1000);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, cert);
	int n = BIO_read(bio, pem, sizeof(pem) - 1);
	assert_true(n > 0);
	pem[n] = '\0';
	BIO_free(bio);
	X509_free(cert);
	EVP_PKEY_free(key);
	return 0;
}

static struct ice_enrolment sample(void)
{
	struct ice_enrolment e = {.server = "https://fm.example.org:8443", .site = "hq"};
	uint8_t key[ICE_ENROLMENT_KEY_SIZE];
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 7 + 200);
	assert_true(ice_secret_set(&e.key, key, sizeof(key)));
	snprintf(e.ca, sizeof(e.ca), "%s", pem);
	return e;
}

/* The line of any text at all: what a stranger could make. */
static char *line_of(const char *json)
{
	size_t len = strlen(json), at = strlen("ice-enrol-1.");
	char *line = malloc(at + len * 2 + 8);
	strcpy(line, "ice-enrol-1.");
	EVP_EncodeBlock((unsigned char *)line + at, (const unsigned char *)json, (int)len);
	for (char *c = line + at; *c; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c == '=' ? '\0' : *c;
	return line;
}

static void must_refuse_line(const char *line, const char *words)
{
	struct ice_enrolment e;
	static const struct ice_enrolment empty;
	char why[256] = "";
	if (ice_enrolment_parse(line, &e, why, sizeof(why)))
		fail_msg("taken: %.80s", line);
	if (!strstr(why, words))
		fail_msg("expected \"%s\" in \"%s\"", words, why);
	assert_null(strstr(why, KEY));
	assert_memory_equal(&e, &empty, sizeof(e));
}

static void must_refuse(const char *json, const char *words)
{
	char *line = line_of(json);
	must_refuse_line(line, words);
	free(line);
}

static void a_line_goes_there_and_back(void **state)
{
	(void)state;
	struct ice_enrolment e = sample(), back;
	char why[256], padded[ICE_ENROLMENT_LINE_MAX];
	for (int round = 0; round < 4; round++) {
		if (round & 1)
			e.ca[0] = '\0';
		snprintf(e.seal, sizeof(e.seal), "%s", round & 2 ? pem : "");
		char *line = ice_enrolment_format(&e);
		assert_non_null(line);
		assert_null(strpbrk(line, "\r\n =+/"));
		assert_true(ice_enrolment_parse(line, &back, why, sizeof(why)));
		assert_string_equal(back.server, e.server);
		assert_string_equal(back.site, e.site);
		assert_string_equal(back.ca, e.ca);
		assert_string_equal(back.seal, e.seal);
		assert_true(ice_secret_same(&back.key, e.key.bytes, e.key.len));
		snprintf(padded, sizeof(padded), " \t%s \r\n", line);
		assert_true(ice_enrolment_parse(padded, &back, why, sizeof(why)));
		ice_secret_free_text(line);
		ice_enrolment_wipe(&back);
		assert_int_equal(back.key.len, 0);
	}
}

static void what_could_not_be_read_back_is_not_written(void **state)
{
	(void)state;
	struct ice_enrolment e = sample();
	snprintf(e.server, sizeof(e.server), "http://fm.example.org");
	assert_null(ice_enrolment_format(&e));
	e = sample();
	snprintf(e.site, sizeof(e.site), "a b");
	assert_null(ice_enrolment_format(&e));
	e = sample();
	e.key.len = 16;
	assert_null(ice_enrolment_format(&e));
	e = sample();
	snprintf(e.ca, sizeof(e.ca), "no certificate");
	assert_null(ice_enrolment_format(&e));
}

static void a_damaged_line_is_told(void **state)
{
	(void)state;
	struct ice_enrolment e = sample(), back;
	char why[256], *line = ice_enrolment_format(&e);
	size_t len = strlen(line);
	must_refuse_line("", "not an enrolment line");
	must_refuse_line("ice-enrol-2.e30", "not an enrolment line");
	must_refuse_line("ice-enrol-1.", "damaged");
	must_refuse_line("ice-enrol-1.e30=", "damaged");
	must_refuse_line("ice-enrol-1.e3 0", "damaged");
	must_refuse_line("ice-enrol-1.e3\n0", "damaged");
	must_refuse_line("ice-enrol-1.e31", "damaged"); /* stray bits behind the last byte */
	must_refuse_line("ice-enrol-1.e", "damaged");
	must_refuse_line("ice-enrol-1.e3+/", "damaged");
	for (size_t cut = 0; cut < len; cut += 1 + cut / 50) {
		char *part = strndup(line, cut);
		assert_false(ice_enrolment_parse(part, &back, why, sizeof(why)));
		free(part);
	}
	char *endless = malloc(ICE_ENROLMENT_LINE_MAX + 10);
	memset(endless, 'A', ICE_ENROLMENT_LINE_MAX + 9);
	memcpy(endless, "ice-enrol-1.", 12);
	endless[ICE_ENROLMENT_LINE_MAX + 9] = '\0';
	must_refuse_line(endless, "longer than");
	free(endless);
	ice_secret_free_text(line);
}

static void every_member_is_checked(void **state)
{
	(void)state;
	struct ice_enrolment e;
	char why[256];
	must_refuse("[]", "no object");
	must_refuse("{\"server\":", "no object");
	must_refuse("{}", "server is missing");
	must_refuse("{\"server\":\"https://a\",\"key\":\"" KEY "\"}", "site is missing");
	must_refuse("{\"server\":\"https://a\",\"site\":\"hq\"}", "key is missing");
	must_refuse("{\"server\":1,\"site\":\"hq\",\"key\":\"" KEY "\"}", "server in the enrolment line is not a text");
	must_refuse("{\"server\":\"https://a\",\"site\":\"h q\",\"key\":\"" KEY "\"}", "site in the enrolment line");
	must_refuse("{\"server\":\"https://a\",\"site\":\"hq\",\"key\":\"" KEY "0\"}", "key in the enrolment line");
	must_refuse("{\"server\":\"https://a\",\"site\":\"hq\",\"key\":\"00\"}", "64 hexadecimal");
	must_refuse("{\"server\":\"https://a\",\"site\":\"hq\",\"key\":\"x" KEY "\"}", "key in the enrolment line");
	must_refuse("{\"server\":\"https://a\",\"site\":\"hq\",\"key\":\"" KEY "\",\"ca\":null}",
	            "ca in the enrolment line is not a text");
	must_refuse("{\"server\":\"https://a\",\"site\":\"hq\",\"key\":\"" KEY "\",\"ca\":\"x\"}",
	            "not a PEM certificate");
	must_refuse("{\"server\":\"https://a\",\"site\":\"hq\",\"key\":\"" KEY
	            "\",\"seal\":\"-----BEGIN CERTIFICATE-----\\n\"}",
	            "not a PEM certificate");
	must_refuse("{\"server\":\"https://a\",\"site\":\"hq\",\"key\":\"" KEY "\",\"site\":\"b\"}", "no object");
	must_refuse("{\"server\":\"https://a\",\"site\":\"hq\\u0000\",\"key\":\"" KEY "\"}", "no object");
	must_refuse("{\"server\":\"http://a\",\"site\":\"hq\",\"key\":\"" KEY "\"}", "not encrypted");
	/* What a later server may add is no mistake. */
	char *line = line_of("{\"server\":\"https://a\",\"site\":\"hq\",\"key\":\"" KEY "\",\"later\":{\"x\":[1]}}");
	assert_true(ice_enrolment_parse(line, &e, why, sizeof(why)));
	free(line);
}

static void servers_are_https_host_and_port(void **state)
{
	(void)state;
	static const char *const good[] = {
	        "https://a",          "https://fm.example.org", "https://fm.example.org:8443",
	        "https://10.0.0.1:1", "https://[::1]",          "https://[fd00::1]:65535",
	        "https://a-b.c"};
	static const char *const bad[] = {"",
	                                  "https://",
	                                  "https://a/",
	                                  "https://a/x",
	                                  "https://a?x",
	                                  "https://a#",
	                                  "https://a:",
	                                  "https://a:0",
	                                  "https://a:65536",
	                                  "https://a:080",
	                                  "https://a:1x",
	                                  "https://a:-1",
	                                  "https://u@a",
	                                  "https://u:p@a",
	                                  "https://a b",
	                                  "https://-a",
	                                  "https://a-",
	                                  "https://a..b",
	                                  "https://.a",
	                                  "https://a.",
	                                  "https://[::1",
	                                  "https://[::1]x",
	                                  "https://[]",
	                                  "https://[a]",
	                                  "https://[::1%25lo]",
	                                  "ftp://a",
	                                  "HTTPS://a",
	                                  "a",
	                                  "https:/a",
	                                  "https://a\nb",
	                                  "https://\xc3\xa4.de",
	                                  "https://a_b",
	                                  "https://a\\b",
	                                  "https://a-.b",
	                                  "http://a"};
	char why[256], longest[ICE_ENROLMENT_URL_MAX + 8];
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!ice_enrolment_server_valid(good[i], why, sizeof(why)))
			fail_msg("%s: %s", good[i], why);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		why[0] = '\0';
		if (ice_enrolment_server_valid(bad[i], why, sizeof(why)) || !*why)
			fail_msg("\"%s\" passed, or was refused without a reason", bad[i]);
	}
	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "https://", 8);
	longest[sizeof(longest) - 1] = '\0';
	assert_false(ice_enrolment_server_valid(longest, why, sizeof(why)));
}

static void the_file_must_be_private(void **state)
{
	(void)state;
	struct ice_enrolment e = sample(), back;
	char why[512], path[] = "/tmp/ice-enrolment-XXXXXX", *line = ice_enrolment_format(&e);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, line, strlen(line)), (ssize_t)strlen(line));
	assert_int_equal(write(fd, "\n", 1), 1);
	assert_true(ice_enrolment_read(path, &back, why, sizeof(why)));
	assert_string_equal(back.site, "hq");
	assert_int_equal(fchmod(fd, 0644), 0);
	assert_false(ice_enrolment_read(path, &back, why, sizeof(why)));
	assert_non_null(strstr(why, path));
	assert_int_equal(fchmod(fd, 0600), 0);
	assert_int_equal(ftruncate(fd, 30), 0);
	assert_false(ice_enrolment_read(path, &back, why, sizeof(why)));
	assert_non_null(strstr(why, path));
	assert_non_null(strstr(why, "damaged"));
	close(fd);
	unlink(path);
	assert_false(ice_enrolment_read(path, &back, why, sizeof(why)));
	ice_secret_free_text(line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(a_line_goes_there_and_back),
	        cmocka_unit_test(what_could_not_be_read_back_is_not_written),
	        cmocka_unit_test(a_damaged_line_is_told),
	        cmocka_unit_test(every_member_is_checked),
	        cmocka_unit_test(servers_are_https_host_and_port),
	        cmocka_unit_test(the_file_must_be_private),
	};
	return cmocka_run_group_tests(tests, make_pem, NULL);
}
