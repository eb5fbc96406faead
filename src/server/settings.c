#include "settings.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/address.h"
#include "ice/enrolment.h"

#define SETTINGS_HISTORY_MIN ICE_USEC_SEC(30 * 86400)
#define SETTINGS_NAME_MAX    253 /* RFC 1035 section 2.3.4, as text */

static void settings_call_listen(const struct ice_conf_where *where, const char *value, void *into)
{
	char why[256];
	if (!fm_settings_add_listen(into, value, why, sizeof(why)))
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option, "%s", why);
}

static void settings_call_listen_http(const struct ice_conf_where *where, const char *value, void *into)
{
	char why[256];
	if (!fm_settings_add_listen_http(into, value, why, sizeof(why)))
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option, "%s", why);
}

static void settings_call_name(const struct ice_conf_where *where, const char *value, void *into)
{
	char why[256];
	if (!fm_settings_add_name(into, value, why, sizeof(why)))
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option, "%s", why);
}

static void settings_call_url(const struct ice_conf_where *where, const char *value, void *into)
{
	char why[256];
	if (!ice_enrolment_server_valid(value, why, sizeof(why)))
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option, "%s", why);
	else
		fm_settings_set(&((struct fm_settings *)into)->url, value);
}

#define AT(member) offsetof(struct fm_settings, member)

const struct ice_conf_option fm_settings_server[] = {
        {.name = "data",
         .kind = ICE_CONF_TEXT,
         .offset = AT(data),
         .fallback = "/var/lib/facilities-manager",
         .help = "folder of the database, the site keys and the own certificates"},
        {.name = "listen",
         .kind = ICE_CONF_CALL,
         .fallback = "0.0.0.0:8443",
         .call = settings_call_listen,
         .help = "ADDRESS:PORT to serve on, IPv6 in brackets; may be repeated, up to 8"},
        {.name = "listen_http",
         .kind = ICE_CONF_CALL,
         .call = settings_call_listen_http,
         .help = "ADDRESS:PORT for sealed batches over HTTP, where HTTPS cannot be reached; may be repeated, up to 8"},
        {.name = "name",
         .kind = ICE_CONF_CALL,
         .call = settings_call_name,
         .help = "host name or address by which engines reach the server; may be repeated, up to 16"},
        {.name = "url",
         .kind = ICE_CONF_CALL,
         .call = settings_call_url,
         .help = "https://host[:port] that enrolment lines tell; the first name and port unless given"},
        {.name = "certificate",
         .kind = ICE_CONF_TEXT,
         .offset = AT(certificate),
         .fallback = "",
         .help = "PEM file with the server's certificate and chain; the own authority unless given"},
        {.name = "key",
         .kind = ICE_CONF_TEXT,
         .offset = AT(key),
         .fallback = "",
         .help = "PEM file with the certificate's private key, mode 0600"},
        {.name = "ca",
         .kind = ICE_CONF_TEXT,
         .offset = AT(ca),
         .fallback = "",
         .help = "PEM file with the authority that engines shall trust; their system's unless given"},
        {.name = "log_level",
         .kind = ICE_CONF_CHOICE,
         .offset = AT(log_level),
         .fallback = "info",
         .choices = "error|warn|info|debug",
         .help = "how much is told on standard error"},
        {.name = "history",
         .kind = ICE_CONF_DURATION,
         .offset = AT(history),
         .fallback = "400d",
         .min = 0,
         .max = ICE_USEC_SEC((int64_t)100 * 366 * 86400),
         .help = "how long readings are kept, 30d or more; 0: for ever. Devices and their latest record stay"},
        {0},
};

const struct ice_conf_option fm_settings_limits[] = {
        {.name = "connections",
         .kind = ICE_CONF_NUMBER,
         .offset = AT(connections),
         .fallback = "2000",
         .min = 4,
         .max = 100000,
         .help = "open at once; beyond it the oldest that brought no batch goes"},
        {.name = "connections_per_address",
         .kind = ICE_CONF_NUMBER,
         .offset = AT(connections_per_address),
         .fallback = "200",
         .min = 1,
         .max = 100000,
         .help = "open at once from one IPv4 address or IPv6 /64; beyond it its oldest goes"},
        {.name = "buffered",
         .kind = ICE_CONF_SIZE,
         .offset = AT(buffered),
         .fallback = "64M",
         .min = 4 << 20,
         .max = (int64_t)4 << 30,
         .help = "bytes of unfinished requests held in memory, all connections together"},
        {.name = "deadline",
         .kind = ICE_CONF_DURATION,
         .offset = AT(deadline),
         .fallback = "60s",
         .min = ICE_USEC_SEC(1),
         .max = ICE_USEC_SEC(3600),
         .help = "life of a connection, counted anew with each batch it brings"},
        {0},
};

#undef AT

bool fm_settings_read(struct fm_settings *s, const char *path, struct ice_conf_mistakes *mistakes)
{
	const struct ice_conf_section sections[] = {
	        {.name = "server", .options = fm_settings_server, .into = s},
	        {.name = "limits", .options = fm_settings_limits, .into = s},
	        {0},
	};
	memset(s, 0, sizeof(*s));
	/* An empty file is all defaults. */
	bool ok = ice_conf_read(path ? path : "/dev/null", sections, mistakes);
	if (!s->url)
		fm_settings_set(&s->url, "");
	return ok;
}

void fm_settings_check(const struct fm_settings *s, const char *file, struct ice_conf_mistakes *mistakes)
{
	if (!s->certificate[0] != !s->key[0])
		ice_conf_mistake(mistakes, file, 0, s->key[0] ? "server.certificate" : "server.key",
		                 "is missing: certificate and key are given both or not at all");
	if (s->history != 0 && s->history < SETTINGS_HISTORY_MIN)
		ice_conf_mistake(
		        mistakes, file, 0, "server.history",
		        "is less than 30d: changes rest on readings that may be as old; right would be 400d, or 0 for "
		        "ever");
	if (s->ca[0] && !s->certificate[0])
		ice_conf_mistake(mistakes, file, 0, "server.ca",
		                 "has a meaning only with certificate and key; the own authority needs no file");
	if (s->listen_count == 0)
		ice_conf_mistake(mistakes, file, 0, "server.listen",
		                 "is missing, write 0.0.0.0:8443 for all addresses");
}

void fm_settings_free(struct fm_settings *s)
{
	fm_settings_clear_listen(s);
	fm_settings_clear_listen_http(s);
	fm_settings_clear_names(s);
	free(s->url);
	s->url = NULL;
	ice_conf_release(fm_settings_server, s);
	ice_conf_release(fm_settings_limits, s);
}

void fm_settings_set(char **member, const char *value)
{
	char *copy = strdup(value);
	if (!copy)
		abort();
	free(*member);
	*member = copy;
}

bool fm_settings_endpoint(const char *text, struct ice_address *address, uint16_t *port)
{
	char host[ICE_ADDRESS_TEXT_SIZE];
	const char *colon = strrchr(text, ':');
	int64_t number;
	if (!colon || (size_t)(colon - text) >= sizeof(host) || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
	    !ice_conf_parse_number(colon + 1, &number) || number > 65535)
		return false;
	bool brackets = text[0] == '[' && colon > text && colon[-1] == ']';
	size_t skip = brackets ? 1 : 0;
	snprintf(host, sizeof(host), "%.*s", (int)(colon - text - 2 * (ptrdiff_t)skip), text + skip);
	if (!ice_address_parse(host, address) || ice_address_is_v4(address) == brackets)
		return false;
	*port = (uint16_t)number;
	return true;
}

static bool settings_add_endpoint(char *list[FM_SETTINGS_LISTEN_MAX], unsigned *count, const char *value,
                                  const char *port, char *why, size_t why_size)
{
	struct ice_address address;
	uint16_t number;
	if (!fm_settings_endpoint(value, &address, &number))
		snprintf(why, why_size, "\"%.80s\" is not ADDRESS:PORT, write 0.0.0.0:%s or [::1]:%s", value, port,
		         port);
	else if (*count == FM_SETTINGS_LISTEN_MAX)
		snprintf(why, why_size, "is given more than %d times", FM_SETTINGS_LISTEN_MAX);
	else {
		fm_settings_set(&list[(*count)++], value);
		return true;
	}
	return false;
}

bool fm_settings_add_listen(struct fm_settings *s, const char *value, char *why, size_t why_size)
{
	return settings_add_endpoint(s->listen, &s->listen_count, value, "8443", why, why_size);
}

bool fm_settings_add_listen_http(struct fm_settings *s, const char *value, char *why, size_t why_size)
{
	return settings_add_endpoint(s->listen_http, &s->listen_http_count, value, "80", why, why_size);
}

/* What may stand in a certificate and in a URL. */
static bool settings_is_name(const char *value)
{
	struct ice_address address;
	char url[SETTINGS_NAME_MAX + 16], why[256];
	if (ice_address_parse(value, &address))
		return address.scope == 0;
	return strlen(value) <= SETTINGS_NAME_MAX && snprintf(url, sizeof(url), "https://%s", value) > 0 &&
	       !strpbrk(value, ":[]") && ice_enrolment_server_valid(url, why, sizeof(why));
}

bool fm_settings_add_name(struct fm_settings *s, const char *value, char *why, size_t why_size)
{
	if (!settings_is_name(value))
		snprintf(why, why_size, "\"%.80s\" is not a host name or address, write fm.example.org or 10.1.2.3",
		         value);
	else if (s->name_count == FM_SETTINGS_NAMES_MAX)
		snprintf(why, why_size, "is given more than %d times", FM_SETTINGS_NAMES_MAX);
	else {
		fm_settings_set(&s->names[s->name_count++], value);
		return true;
	}
	return false;
}

static void settings_clear(char **list, unsigned *count)
{
	for (unsigned i = 0; i < *count; i++) {
		free(list[i]);
		list[i] = NULL;
	}
	*count = 0;
}

void fm_settings_clear_listen(struct fm_settings *s)
{
	settings_clear(s->listen, &s->listen_count);
}

void fm_settings_clear_listen_http(struct fm_settings *s)
{
	settings_clear(s->listen_http, &s->listen_http_count);
}

void fm_settings_clear_names(struct fm_settings *s)
{
	settings_clear(s->names, &s->name_count);
}
