/* `facilities-manager serve`. */
#include <event2/event.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "authority.h"
#include "cli.h"
#include "confinement.h"
#include "http.h"
#include "ice/clock.h"
#include "ice/enrolment.h"
#include "ice/log.h"
#include "ice/notify.h"
#include "sealing.h"
#include "serve_options.h"
#include "tls.h"
#include "upkeep.h"

#define SERVE_WAIT_MS    250 /* for another process's transaction: then the engine is told to come later */
#define SERVE_UPKEEP     5   /* seconds between two looks at certificates and checkpoints */
#define SERVE_FILES      64  /* descriptors kept for other things than connections */
#define SERVE_NAMES_MAX  (FM_SETTINGS_NAMES_MAX + FM_SETTINGS_LISTEN_MAX + 2)
#define SERVE_NAME_BYTES 256

struct serve {
	struct fm_settings settings;
	struct fm_tls_options tls_options;
	char names[SERVE_NAMES_MAX][SERVE_NAME_BYTES];
	const char *name_list[SERVE_NAMES_MAX];
	struct event_base *base;
	struct fm_store *store;
	struct fm_tls *tls;
	struct ice_seal *seal;
	struct fm_http *http;
	char bound[2 * FM_SETTINGS_LISTEN_MAX][FM_HTTP_ENDPOINT_SIZE]; /* by which address each listener is reached */
	struct event *on_term, *on_int, *on_hup, *tick;
	struct fm_upkeep upkeep;
	struct ice_notify notify;
};

/* ---- the loop's events ------------------------------------------------------------------------------------------ */

static void serve_stop(evutil_socket_t sig, short what, void *arg)
{
	struct serve *s = arg;
	(void)sig, (void)what;
	event_base_loopbreak(s->base);
}

static void serve_hup(evutil_socket_t sig, short what, void *arg)
{
	struct serve *s = arg;
	(void)sig, (void)what;
	ice_notify_reloading(&s->notify);
	fm_upkeep_certificate(&s->upkeep, true);
	ice_notify_ready(&s->notify);
}

static void serve_upkeep(evutil_socket_t none, short what, void *arg)
{
	struct serve *s = arg;
	struct fm_http_counters now;
	(void)none, (void)what;
	fm_http_counters(s->http, &now);
	fm_upkeep(&s->upkeep, now.batches[FM_INGEST_STORED]);
	/* The loop turns, and the database has just answered in it. */
	ice_notify_alive(&s->notify);
	ice_notify_say(&s->notify, "%" PRIu64 " batches with %" PRIu64 " readings taken in",
	               now.batches[FM_INGEST_STORED], now.readings);
}

/* ---- names ------------------------------------------------------------------------------------------------------ */

static void serve_add_name(struct serve *s, const char *name)
{
	size_t n = s->tls_options.name_count;
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(s->names[i], name) == 0)
			return;
	if (n == SERVE_NAMES_MAX || !*name || strlen(name) >= SERVE_NAME_BYTES)
		return;
	snprintf(s->names[n], SERVE_NAME_BYTES, "%s", name);
	s->name_list[n] = s->names[n];
	s->tls_options.name_count++;
}

/* By what the server may be called: the names given, the addresses listened on, else the machine's name. */
static void serve_collect_names(struct serve *s)
{
	struct ice_address address;
	char text[SERVE_NAME_BYTES] = "";
	uint16_t port;
	bool anywhere = false;
	for (unsigned i = 0; i < s->settings.name_count; i++)
		serve_add_name(s, s->settings.names[i]);
	for (unsigned i = 0; i < s->settings.listen_count; i++) {
		if (!fm_settings_endpoint(s->settings.listen[i], &address, &port))
			continue;
		address.scope = 0;
		if (ice_address_is_unicast(&address))
			serve_add_name(s, ice_address_format(&address, text));
		else
			anywhere = true;
	}
	if (anywhere && s->settings.name_count == 0 && gethostname(text, sizeof(text) - 1) == 0)
		serve_add_name(s, text);
	if (s->settings.url[0]) {
		const char *host = s->settings.url + strlen("https://");
		bool brackets = *host == '[';
		snprintf(text, sizeof(text), "%.*s", (int)strcspn(host + brackets, brackets ? "]" : ":"),
		         host + brackets);
		serve_add_name(s, text);
	}
}

/* What `site add` puts into enrolment lines while nobody tells it otherwise. */
static bool serve_publish(struct serve *s, uint16_t port, char *why, size_t why_size)
{
	char url[SERVE_NAME_BYTES + 32], *ca = NULL;
	const char *host = s->tls_options.name_count ? s->names[0] : "localhost";
	if (s->settings.url[0])
		snprintf(url, sizeof(url), "%s", s->settings.url);
	else
		snprintf(url, sizeof(url), strchr(host, ':') ? "https://[%s]:%u" : "https://%s:%u", host, port);
	if (s->settings.ca[0]) {
		FILE *f = fopen(s->settings.ca, "re");
		ca = calloc(1, ICE_ENROLMENT_PEM_MAX);
		if (!ca)
			abort();
		size_t n = f ? fread(ca, 1, ICE_ENROLMENT_PEM_MAX, f) : 0;
		if (f)
			fclose(f);
		char fingerprint[FM_AUTHORITY_FINGERPRINT_SIZE];
		if (n == 0 || n == ICE_ENROLMENT_PEM_MAX || !fm_authority_fingerprint(ca, fingerprint)) {
			snprintf(why, why_size, "%s: holds no certificate of less than %d bytes (PEM)", s->settings.ca,
			         ICE_ENROLMENT_PEM_MAX);
			free(ca);
			return false;
		}
	}
	const char *trust = ca ? ca : s->settings.certificate[0] ? "" : "own";
	bool ok = s->store->driver->value_set(s->store, "url", url) == FM_STORE_OK &&
	          s->store->driver->value_set(s->store, "ca", trust) == FM_STORE_OK;
	if (!ok)
		snprintf(why, why_size, "the database cannot be written: %s", s->store->driver->error(s->store));
	free(ca);
	return ok;
}

static void serve_tell_authority(struct serve *s)
{
	char why[4400], fingerprint[FM_AUTHORITY_FINGERPRINT_SIZE];
	char *ca = s->settings.certificate[0] ? NULL : fm_authority_ca(s->settings.data, why, sizeof(why));
	if (ca && fm_authority_fingerprint(ca, fingerprint))
		ICE_LOG(ICE_LOG_INFO, "own certificate authority", ice_field_str("sha256", fingerprint));
	free(ca);
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

/* As many descriptors as we may have, and no more connections than they allow. */
static size_t serve_connections(int64_t wanted)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return (size_t)wanted;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
		return (size_t)wanted;
	size_t room = limit.rlim_cur > 2 * SERVE_FILES ? limit.rlim_cur - SERVE_FILES : SERVE_FILES;
	if ((size_t)wanted <= room)
		return (size_t)wanted;
	ICE_LOG(ICE_LOG_WARN, "fewer connections than configured: the limit of open files is too low",
	        ice_field_int("connections", (int64_t)room));
	return room;
}

/* Every listener, in the order given, those without TLS behind the others. */
static bool serve_listen(struct serve *s, uint16_t *first_port, char *why, size_t why_size)
{
	unsigned secure = s->settings.listen_count, all = secure + s->settings.listen_http_count;
	uint16_t port;
	for (unsigned i = 0; i < all; i++) {
		bool sealed = i >= secure;
		const char *endpoint = sealed ? s->settings.listen_http[i - secure] : s->settings.listen[i];
		if (!fm_http_listen(s->http, sealed, endpoint, s->bound[i], &port, why, why_size))
			return false;
		if (i == 0)
			*first_port = port;
	}
	return true;
}

static bool serve_begin(struct serve *s, char *why, size_t why_size)
{
	int64_t now = (int64_t)ice_clock_wall();
	uint16_t first_port = 0;
	if (!fm_authority_folder(s->settings.data, why, why_size))
		return false;
	s->store = fm_store_sqlite.open(s->settings.data, SERVE_WAIT_MS, why, why_size);
	if (!s->store)
		return false;
	serve_collect_names(s);
	s->tls_options.folder = s->settings.data;
	s->tls_options.certificate = s->settings.certificate;
	s->tls_options.key = s->settings.key;
	s->tls_options.names = s->name_list;
	s->tls = fm_tls_new(&s->tls_options, now, why, why_size);
	if (!s->tls)
		return false;
	s->upkeep = (struct fm_upkeep){.store = s->store, .tls = s->tls, .history = s->settings.history};
	struct fm_guard_limits limits = {
	        .connections = serve_connections(s->settings.connections),
	        .per_address = (size_t)s->settings.connections_per_address,
	        .buffered = (size_t)s->settings.buffered,
	        .deadline = s->settings.deadline,
	};
	s->seal = fm_sealing_open(s->settings.data, now, why, why_size);
	if (!s->seal)
		return false;
	s->http = fm_http_new(s->base, s->tls, s->seal, s->store, &limits);
	if (!serve_listen(s, &first_port, why, why_size))
		return false;
	if (!serve_publish(s, first_port, why, why_size))
		return false;
	serve_tell_authority(s);
	for (unsigned i = 0; i < s->settings.listen_count; i++)
		printf("listening https://%s\n", s->bound[i]);
	for (unsigned i = 0; i < s->settings.listen_http_count; i++)
		printf("listening http://%s\n", s->bound[s->settings.listen_count + i]);
	fflush(stdout);
	ice_notify_open(&s->notify);
	return true;
}

static void serve_loop(struct serve *s)
{
	struct timeval every = {SERVE_UPKEEP, 0};
	s->on_term = evsignal_new(s->base, SIGTERM, serve_stop, s);
	s->on_int = evsignal_new(s->base, SIGINT, serve_stop, s);
	s->on_hup = evsignal_new(s->base, SIGHUP, serve_hup, s);
	s->tick = event_new(s->base, -1, EV_PERSIST, serve_upkeep, s);
	if (!s->on_term || !s->on_int || !s->on_hup || !s->tick)
		abort();
	event_add(s->on_term, NULL);
	event_add(s->on_int, NULL);
	event_add(s->on_hup, NULL);
	event_add(s->tick, &every);
	ice_notify_ready(&s->notify);
	event_base_dispatch(s->base);
	ice_notify_stopping(&s->notify);

	struct fm_http_counters c;
	fm_http_counters(s->http, &c);
	ICE_LOG(ICE_LOG_INFO, "stopped", ice_field_int("batches", (int64_t)c.batches[FM_INGEST_STORED]),
	        ice_field_int("readings", (int64_t)c.readings), ice_field_int("sealed", (int64_t)c.sealed),
	        ice_field_int("duplicates", (int64_t)c.batches[FM_INGEST_DUPLICATE]),
	        ice_field_int("forbidden", (int64_t)c.batches[FM_INGEST_FORBIDDEN]),
	        ice_field_int("refused", (int64_t)c.refused), ice_field_int("connections", (int64_t)c.guard.accepted),
	        ice_field_int("expired", (int64_t)c.guard.expired), ice_field_int("crowded", (int64_t)c.guard.crowded),
	        ice_field_int("endless", (int64_t)c.guard.endless));
}

static void serve_free_event(struct event *e)
{
	if (e)
		event_free(e);
}

static void serve_end(struct serve *s)
{
	serve_free_event(s->on_term);
	serve_free_event(s->on_int);
	serve_free_event(s->on_hup);
	serve_free_event(s->tick);
	fm_http_free(s->http);
	fm_tls_free(s->tls);
	ice_seal_free(s->seal);
	if (s->store)
		s->store->driver->close(s->store);
	if (s->base)
		event_base_free(s->base);
	ice_notify_close(&s->notify);
	fm_settings_free(&s->settings);
}

int fm_serve(int argc, char **argv)
{
	struct serve s = {.notify = {.fd = -1}};
	char why[4400] = "";
	int status = fm_serve_options(&s.settings, argc, argv);
	if (status == 0) {
		ice_log_set_level((enum ice_log_level)s.settings.log_level);
		s.base = event_base_new();
		if (!s.base)
			abort();
		if (serve_begin(&s, why, sizeof(why))) {
			fm_confinement_enter(&s.settings);
			serve_loop(&s);
		} else {
			fprintf(stderr, "facilities-manager serve: %s\n", why);
			status = FM_EXIT_FAILED;
		}
	}
	serve_end(&s);
	return status < 0 ? FM_EXIT_OK : status;
}
