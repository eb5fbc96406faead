/* The [server] section: which server, and by which way batches go there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/enrolment.h"
#include "ice/settings.h"

#define SERVER_PEM_MAX    65536
#define SERVER_PIN_PREFIX "sha256//"
#define SERVER_PIN_BASE64 44 /* of 32 bytes, its padding included */

static struct ice_settings_server *server_of(void *into)
{
	return into;
}

static void server_enrolment(const struct ice_conf_where *where, const char *value, void *into)
{
	ice_settings_take_path(where, value, &server_of(into)->enrolment);
}

static void server_client_certificate(const struct ice_conf_where *where, const char *value, void *into)
{
	ice_settings_take_path(where, value, &server_of(into)->client_certificate);
}

static void server_client_key(const struct ice_conf_where *where, const char *value, void *into)
{
	ice_settings_take_path(where, value, &server_of(into)->client_key);
}

static void server_proxy_credentials(const struct ice_conf_where *where, const char *value, void *into)
{
	ice_settings_take_path(where, value, &server_of(into)->proxy_credentials);
}

/* Several rows are several keys, of which the server must have one: the next one can be announced before it is in use. */
static void server_pin(const struct ice_conf_where *where, const char *value, void *into)
{
	static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct ice_settings_server *s = into;
	size_t prefix = strlen(SERVER_PIN_PREFIX), used = strlen(s->pin);
	if (strncmp(value, SERVER_PIN_PREFIX, prefix) != 0 || strlen(value) != prefix + SERVER_PIN_BASE64 ||
	    strspn(value + prefix, base64) != SERVER_PIN_BASE64 - 1 || value[prefix + SERVER_PIN_BASE64 - 1] != '=')
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "is no pin; right would be sha256// and 44 characters of base64, the SHA-256 of the "
		                 "server's public key");
	else if (used + 1 + strlen(value) >= sizeof s->pin)
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "given more than four times");
	else
		snprintf(s->pin + used, sizeof s->pin - used, "%s%s", used ? ";" : "", value);
}

/* The host and port are of the form that a server's are. */
static void server_proxy(const struct ice_conf_where *where, const char *value, void *into)
{
	struct ice_settings_server *s = into;
	char url[sizeof s->proxy + 8], why[256];
	bool http = strncmp(value, "http://", 7) == 0 && strlen(value) < sizeof s->proxy;
	snprintf(url, sizeof url, "https://%s", http ? value + 7 : "");
	const char *port = strrchr(url + 8, ':');
	if (s->proxy[0])
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option, "given twice");
	else if (!http || !ice_enrolment_server_valid(url, why, sizeof why) || !port || strchr(port, ']'))
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "\"%.80s\" is no proxy; right would be http://host:port, for example "
		                 "http://proxy.example.org:3128",
		                 value);
	else
		snprintf(s->proxy, sizeof s->proxy, "%s", value);
}

#define SERVER_AT(member) offsetof(struct ice_settings_server, member)

const struct ice_conf_option ice_settings_server_options[] = {
        {"enrolment", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, server_enrolment,
         "file (mode 0600) with the one line that `facilities-manager site add` printed"},
        {"http_fallback", ICE_CONF_CHOICE, SERVER_AT(http_off), "sealed", 0, 0, "sealed|off", NULL,
         "when no TCP connection to the HTTPS port can be made for minutes: sealed over HTTP, or off"},
        {"http_port", ICE_CONF_NUMBER, SERVER_AT(http_port), "80", 1, 65535, NULL, NULL,
         "port of the server for sealed batches over HTTP"},
        {"pin", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, server_pin,
         "sha256//BASE64 of the server's public key, beside its certificate; several rows allowed"},
        {"client_certificate", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, server_client_certificate,
         "PEM file with a certificate of the engine's own, for servers that ask for one"},
        {"client_key", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, server_client_key,
         "PEM file (mode 0600) with its private key"},
        {"proxy", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, server_proxy,
         "http://host:port of a proxy that gives tunnels (CONNECT); the environment is never asked"},
        {"proxy_credentials", ICE_CONF_CALL, 0, NULL, 0, 0, NULL, server_proxy_credentials,
         "file (mode 0600) with user:password for it"},
        {NULL, ICE_CONF_TEXT, 0, NULL, 0, 0, NULL, NULL, NULL}};

/* A certificate is public: its file may be readable by all. malloc'd, NULL after a mistake was told. */
static char *server_read_certificate(const char *file, const struct ice_settings_path *at, struct ice_conf_mistakes *m)
{
	char *text = calloc(1, SERVER_PEM_MAX);
	FILE *f = fopen(at->path, "re");
	if (!text)
		abort();
	size_t n = f ? fread(text, 1, SERVER_PEM_MAX, f) : 0;
	if (f)
		fclose(f);
	if (n > 0 && n < SERVER_PEM_MAX && strstr(text, "-----BEGIN CERTIFICATE-----"))
		return text;
	ice_conf_mistake(m, file, at->line, "server.client_certificate",
	                 "%.300s: cannot be read, or holds no certificate (PEM)", at->path);
	free(text);
	return NULL;
}

void ice_settings_server_finish(struct ice_settings_server *s, const char *file, struct ice_conf_mistakes *m)
{
	char why[512];
	bool certificate = s->client_certificate.path[0], key = s->client_key.path[0];
	if (certificate != key)
		ice_conf_mistake(m, file, certificate ? s->client_certificate.line : s->client_key.line,
		                 certificate ? "server.client_key" : "server.client_certificate",
		                 "is missing: both are given or neither");
	if (certificate)
		s->certificate_pem = server_read_certificate(file, &s->client_certificate, m);
	if (key && !(s->key_pem = ice_secret_read_text(s->client_key.path, SERVER_PEM_MAX, why, sizeof why)))
		ice_conf_mistake(m, file, s->client_key.line, "server.client_key", "%s", why);
	if (!s->proxy_credentials.path[0])
		return;
	if (!s->proxy[0])
		ice_conf_mistake(m, file, s->proxy_credentials.line, "server.proxy",
		                 "is missing: credentials are for a proxy");
	if (ice_secret_read(s->proxy_credentials.path, &s->credentials, 1, why, sizeof why) == 0)
		ice_conf_mistake(m, file, s->proxy_credentials.line, "server.proxy_credentials", "%s", why);
	else if (!strchr((const char *)s->credentials.bytes, ':'))
		ice_conf_mistake(m, file, s->proxy_credentials.line, "server.proxy_credentials",
		                 "%.300s: does not hold user:password", s->proxy_credentials.path);
}

void ice_settings_server_free(struct ice_settings_server *s)
{
	free(s->certificate_pem);
	if (s->key_pem)
		ice_secret_free_text(s->key_pem);
	ice_secret_wipe(&s->credentials);
	s->certificate_pem = s->key_pem = NULL;
}

void ice_settings_server_apply(const struct ice_settings_server *s, struct ice_upload_options *out)
{
	out->http_fallback = !s || s->http_off == 0;
	if (!s)
		return;
	out->http_port = (uint16_t)s->http_port;
	out->pin = s->pin[0] ? s->pin : NULL;
	out->client_certificate = s->certificate_pem;
	out->client_key = s->key_pem;
	out->proxy = s->proxy[0] ? s->proxy : NULL;
	out->proxy_credentials = s->credentials.len > 0 ? &s->credentials : NULL;
}
