#include "ice/enrolment.h"

#include <ctype.h>
#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENROLMENT_PREFIX    "ice-enrol-1."
#define ENROLMENT_SCHEME    "https://"
#define ENROLMENT_HOST_MAX  253 /* RFC 1035 section 2.3.4, as text without the last dot */
#define ENROLMENT_LABEL_MAX 63
#define ENROLMENT_CERTS_MAX 16

static bool enrolment_refuse(char *why, size_t why_size, const char *fmt, ...) ICE_PRINTF(3, 4);

static bool enrolment_refuse(char *why, size_t why_size, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	vsnprintf(why, why_size, fmt, args);
	va_end(args);
	return false;
}

/* A DNS name or an IPv4 address: dot-separated labels of letters, digits and inner hyphens. */
static bool enrolment_name_valid(const char *host, size_t len)
{
	size_t label = 0;
	if (len == 0 || len > ENROLMENT_HOST_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool last = i + 1 == len || host[i + 1] == '.';
		if (host[i] == '.') {
			if (label == 0)
				return false;
			label = 0;
			continue;
		}
		if (!isalnum((unsigned char)host[i]) && (host[i] != '-' || label == 0 || last))
			return false;
		if (++label > ENROLMENT_LABEL_MAX)
			return false;
	}
	return label > 0;
}

/* The inside of [...]: curl and the resolver read it more strictly; here only what could leave the brackets matters. */
static bool enrolment_ipv6_valid(const char *host, size_t len)
{
	size_t colons = 0;
	for (size_t i = 0; i < len; i++) {
		colons += host[i] == ':';
		if (host[i] != ':' && host[i] != '.' && !isxdigit((unsigned char)host[i]))
			return false;
	}
	return colons >= 2 && len <= 45;
}

/* What follows the host: nothing, or ":" and 1..65535. */
static bool enrolment_port_valid(const char *s)
{
	long port = 0;
	if (*s == '\0')
		return true;
	size_t digits = strspn(s + 1, "0123456789");
	if (*s != ':' || digits == 0 || digits > 5 || s[1 + digits] != '\0' || s[1] == '0')
		return false;
	port = strtol(s + 1, NULL, 10);
	return port <= 65535;
}

bool ice_enrolment_server_valid(const char *server, char *why, size_t why_size)
{
	if (strnlen(server, ICE_ENROLMENT_URL_MAX) >= ICE_ENROLMENT_URL_MAX)
		return enrolment_refuse(why, why_size, "server: longer than %d characters", ICE_ENROLMENT_URL_MAX - 1);
	if (strncmp(server, "http://", 7) == 0)
		return enrolment_refuse(why, why_size, "server: http:// is not encrypted and is refused; use https://");
	if (strncmp(server, ENROLMENT_SCHEME, strlen(ENROLMENT_SCHEME)) != 0)
		return enrolment_refuse(why, why_size, "server: must be https://host or https://host:port");
	const char *host = server + strlen(ENROLMENT_SCHEME), *end = host + strcspn(host, ":/?#");
	bool valid;
	if (*host == '[') {
		end = host + strcspn(host, "]");
		valid = *end == ']' && enrolment_ipv6_valid(host + 1, (size_t)(end - host - 1));
		end += *end == ']';
	} else {
		valid = enrolment_name_valid(host, (size_t)(end - host));
	}
	if (!valid)
		return enrolment_refuse(why, why_size, "server: not a host name or address after https://");
	if (*end == '/' || *end == '?' || *end == '#')
		return enrolment_refuse(why, why_size,
		                        "server: nothing may follow the host and port, not even a slash");
	if (!enrolment_port_valid(end))
		return enrolment_refuse(why, why_size, "server: the port must be a number from 1 to 65535");
	return true;
}

/* An encrypted block asks for a password; OpenSSL's own way would be to ask the terminal. */
static int enrolment_no_password(char *buffer, int size, int writing, void *arg)
{
	(void)buffer, (void)size, (void)writing, (void)arg;
	return -1;
}

/* One or more certificates and nothing that OpenSSL cannot read; "" is valid: there is none. */
static bool enrolment_pem_valid(const char *pem)
{
	if (*pem == '\0')
		return true;
	BIO *bio = BIO_new_mem_buf(pem, -1);
	if (!bio)
		abort();
	ERR_clear_error();
	int count = 0;
	X509 *cert;
	while (count < ENROLMENT_CERTS_MAX && (cert = PEM_read_bio_X509(bio, NULL, enrolment_no_password, NULL))) {
		X509_free(cert);
		count++;
	}
	/* "No start line" is how a PEM file ends; anything else is a damaged certificate. */
	bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
	ERR_clear_error();
	BIO_free(bio);
	return count > 0 && ended;
}

/* A string member into a buffer. `need`: its absence is a mistake, else it leaves "". */
static bool enrolment_member(const json_t *object, const char *name, bool need, char *out, size_t size, char *why,
                             size_t why_size)
{
	const json_t *value = json_object_get(object, name);
	out[0] = '\0';
	if (!value)
		return need ? enrolment_refuse(why, why_size, "%s is missing in the enrolment line", name) : true;
	if (!json_is_string(value))
		return enrolment_refuse(why, why_size, "%s in the enrolment line is not a text", name);
	if (json_string_length(value) >= size)
		return enrolment_refuse(why, why_size, "%s in the enrolment line is longer than %zu bytes", name,
		                        size - 1);
	memcpy(out, json_string_value(value), json_string_length(value) + 1);
	return true;
}

static int enrolment_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static bool enrolment_key(const char *hex, struct ice_secret *key)
{
	uint8_t bytes[ICE_ENROLMENT_KEY_SIZE];
	bool ok = strlen(hex) == 2 * sizeof(bytes);
	for (size_t i = 0; ok && i < sizeof(bytes); i++) {
		int high = enrolment_digit(hex[2 * i]), low = enrolment_digit(hex[2 * i + 1]);
		ok = high >= 0 && low >= 0;
		if (ok)
			bytes[i] = (uint8_t)(high << 4 | low);
	}
	ok = ok && ice_secret_set(key, bytes, sizeof(bytes));
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return ok;
}

static bool enrolment_members(const json_t *object, struct ice_enrolment *out, char *why, size_t why_size)
{
	char key[2 * ICE_ENROLMENT_KEY_SIZE + 1];
	bool ok = enrolment_member(object, "server", true, out->server, sizeof(out->server), why, why_size) &&
	          ice_enrolment_server_valid(out->server, why, why_size) &&
	          enrolment_member(object, "site", true, out->site, sizeof(out->site), why, why_size) &&
	          enrolment_member(object, "ca", false, out->ca, sizeof(out->ca), why, why_size) &&
	          enrolment_member(object, "seal", false, out->seal, sizeof(out->seal), why, why_size) &&
	          enrolment_member(object, "key", true, key, sizeof(key), why, why_size);
	if (!ok)
		return false;
	bool key_ok = enrolment_key(key, &out->key);
	OPENSSL_cleanse(key, sizeof(key));
	if (!key_ok)
		return enrolment_refuse(why, why_size, "key in the enrolment line is not %d hexadecimal digits",
		                        2 * ICE_ENROLMENT_KEY_SIZE);
	if (!ice_batch_site_valid(out->site))
		return enrolment_refuse(why, why_size,
		                        "site in the enrolment line is not 1 to %d letters, digits, '-', '_' or '.'",
		                        ICE_BATCH_SITE_MAX);
	if (!enrolment_pem_valid(out->ca))
		return enrolment_refuse(why, why_size, "ca in the enrolment line is not a PEM certificate");
	if (!enrolment_pem_valid(out->seal))
		return enrolment_refuse(why, why_size, "seal in the enrolment line is not a PEM certificate");
	return true;
}

/* base64url without padding (RFC 4648 section 5), malloc'd and NUL-terminated. OpenSSL speaks base64: two letters differ, and
 * its padding is left away. */
static char *enrolment_encode(const void *bytes, size_t len)
{
	char *out = malloc((len + 2) / 3 * 4 + 1);
	if (!out)
		abort();
	size_t n = (size_t)EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
	for (size_t i = 0; i < n; i++)
		out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
	while (n > 0 && out[n - 1] == '=')
		out[--n] = '\0';
	return out;
}

/* The reverse; NULL when it is not what enrolment_encode would write: no blanks, no padding, no stray bits at the end. */
static char *enrolment_decode(const char *text, size_t len, size_t *out_len)
{
	size_t padded = (len + 3) / 4 * 4;
	unsigned char *base64 = malloc(padded + 1), *out = malloc(padded / 4 * 3 + 1);
	if (!base64 || !out)
		abort();
	for (size_t i = 0; i < padded; i++)
		base64[i] = i >= len ? '=' : text[i] == '-' ? '+' : text[i] == '_' ? '/' : (unsigned char)text[i];
	base64[padded] = '\0';
	int n = EVP_DecodeBlock(out, base64, (int)padded);
	bool ok = n > 0 && padded - len <= 2;
	if (ok) {
		*out_len = (size_t)n - (padded - len); /* EVP_DecodeBlock counts the padding */
		out[*out_len] = '\0';
		char *again = enrolment_encode(out, *out_len);
		ok = strlen(again) == len && memcmp(again, text, len) == 0;
		ice_secret_free_text(again);
	}
	OPENSSL_clear_free(base64, padded + 1);
	if (!ok) {
		OPENSSL_cleanse(out, padded / 4 * 3 + 1);
		free(out);
		return NULL;
	}
	return (char *)out;
}

/* jansson frees its copy of the key without wiping it: overwrite it first. */
static void enrolment_forget(json_t *object)
{
	json_t *key = json_object_get(object, "key");
	if (json_is_string(key))
		OPENSSL_cleanse((void *)(uintptr_t)json_string_value(key), json_string_length(key));
	json_decref(object);
}

bool ice_enrolment_parse(const char *line, struct ice_enrolment *out, char *why, size_t why_size)
{
	memset(out, 0, sizeof(*out));
	line += strspn(line, " \t\r\n");
	size_t prefix = strlen(ENROLMENT_PREFIX), len = strnlen(line, ICE_ENROLMENT_LINE_MAX + 1), json_len = 0;
	if (len > ICE_ENROLMENT_LINE_MAX)
		return enrolment_refuse(why, why_size, "the enrolment line is longer than %d characters",
		                        ICE_ENROLMENT_LINE_MAX);
	while (len > 0 && strchr(" \t\r\n", line[len - 1]))
		len--;
	if (len < prefix || memcmp(line, ENROLMENT_PREFIX, prefix) != 0)
		return enrolment_refuse(why, why_size, "not an enrolment line: it begins with \"%s\"",
		                        ENROLMENT_PREFIX);
	char *json = enrolment_decode(line + prefix, len - prefix, &json_len);
	if (!json)
		return enrolment_refuse(why, why_size,
		                        "the enrolment line is damaged: copy it again, whole and as one line");
	json_t *object = json_loadb(json, json_len, JSON_REJECT_DUPLICATES, NULL);
	OPENSSL_cleanse(json, json_len);
	free(json);
	bool ok = json_is_object(object)
	                  ? enrolment_members(object, out, why, why_size)
	                  : enrolment_refuse(why, why_size, "the enrolment line is damaged: there is no object in it");
	enrolment_forget(object);
	if (!ok)
		ice_enrolment_wipe(out);
	return ok;
}

bool ice_enrolment_read(const char *path, struct ice_enrolment *out, char *why, size_t why_size)
{
	memset(out, 0, sizeof(*out));
	char *text = ice_secret_read_text(path, ICE_ENROLMENT_LINE_MAX, why, why_size);
	if (!text)
		return false;
	char reason[256];
	bool ok = ice_enrolment_parse(text, out, reason, sizeof(reason));
	ice_secret_free_text(text);
	return ok ? true : enrolment_refuse(why, why_size, "%s: %s", path, reason);
}

char *ice_enrolment_format(const struct ice_enrolment *e)
{
	char hex[2 * ICE_SECRET_MAX + 1];
	for (size_t i = 0; i < e->key.len; i++)
		snprintf(hex + 2 * i, 3, "%02x", e->key.bytes[i]);
	hex[2 * e->key.len] = '\0';
	json_t *object = json_pack("{s:s, s:s, s:s}", "server", e->server, "site", e->site, "key", hex);
	if (object && *e->ca)
		json_object_set_new(object, "ca", json_string(e->ca));
	if (object && *e->seal)
		json_object_set_new(object, "seal", json_string(e->seal));
	OPENSSL_cleanse(hex, sizeof(hex));
	char *json = object ? json_dumps(object, JSON_COMPACT) : NULL, *line = NULL;
	enrolment_forget(object);
	if (json) {
		char *encoded = enrolment_encode(json, strlen(json));
		size_t size = strlen(ENROLMENT_PREFIX) + strlen(encoded) + 1;
		line = malloc(size);
		if (!line)
			abort();
		snprintf(line, size, "%s%s", ENROLMENT_PREFIX, encoded);
		ice_secret_free_text(encoded);
		ice_secret_free_text(json);
	}
	struct ice_enrolment again;
	char why[256];
	if (line && !ice_enrolment_parse(line, &again, why, sizeof(why))) {
		ice_secret_free_text(line);
		line = NULL;
	}
	if (line)
		ice_enrolment_wipe(&again);
	return line;
}

void ice_enrolment_wipe(struct ice_enrolment *e)
{
	OPENSSL_cleanse(e, sizeof(*e));
}
