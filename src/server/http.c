#include "http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "ice/clock.h"
#include "ice/log.h"
#include "settings.h"

#define HTTP_PATH        "/v1/batches"
#define HTTP_HEADERS_MAX 8192
#define HTTP_AHEAD_MAX   65536 /* of the next request may be read along with one */
#define HTTP_BODY_MAX                                                                                                  \
	(ICE_BATCH_BYTES_MAX + 8192) /* what cannot be compressed grows a little, and so does what is sealed */
#define HTTP_BACKLOG 1024
#define HTTP_METHODS                                                                                                   \
	(EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |                     \
	 EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH)

/* One kind of listener. */
struct http_door {
	struct fm_http *owner;
	struct evhttp *http;
	bool sealed; /* without TLS, for sealed batches alone */
};

struct fm_http {
	struct event_base *base;
	struct http_door secure, plain;
	const struct ice_seal *seal;
	struct fm_guard *guard;
	struct fm_tls *tls;
	struct fm_store *store;
	struct fm_http_counters counters;
	struct ice_log_throttle refused_log, later_log, waiting_log, accept_log;
};

/* ---- answers ---------------------------------------------------------------------------------------------------- */

static const char *http_reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 405:
		return "Method Not Allowed";
	case 415:
		return "Unsupported Media Type";
	case 422:
		return "Unprocessable Content";
	case 503:
		return "Service Unavailable";
	default:
		return "Error";
	}
}

/* evhttp closes after an answer that says so; whoever is not known to be an engine gets no second request. */
static void http_answer(struct evhttp_request *req, int status, bool close, const void *body, size_t len)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(req);
	struct evbuffer *content = evbuffer_new();
	if (!content || evbuffer_add(content, body, len) != 0)
		abort();
	evhttp_add_header(out, "Content-Type", "text/plain");
	if (close)
		evhttp_add_header(out, "Connection", "close");
	evhttp_send_reply(req, status, http_reason(status), content);
	evbuffer_free(content);
}

/* The peer's address for the log; "-" when it has gone. */
static const char *http_peer(struct evhttp_request *req)
{
	struct evhttp_connection *connection = evhttp_request_get_connection(req);
	char *address = NULL;
	uint16_t port;
	if (connection)
		evhttp_connection_get_peer(connection, &address, &port);
	return address ? address : "-";
}

static void http_refuse(struct fm_http *h, struct evhttp_request *req, int status, const char *why)
{
	uint32_t suppressed;
	char body[64];
	h->counters.refused++;
	if (ice_log_pass(&h->refused_log, ice_clock_now(), 10, ICE_USEC_SEC(60), &suppressed))
		ICE_LOG(ICE_LOG_WARN, "request refused", ice_field_str("peer", http_peer(req)),
		        ice_field_int("status", status), ice_field_str("why", why),
		        ice_field_int("suppressed", suppressed));
	if (status == 405)
		evhttp_add_header(evhttp_request_get_output_headers(req), "Allow", "POST");
	int n = snprintf(body, sizeof(body), "%s\n", http_reason(status));
	http_answer(req, status, true, body, (size_t)n);
}

/* ---- requests --------------------------------------------------------------------------------------------------- */

/* The only header of that name, NULL when there is none; *twice when there are several: then it is not ours to choose. */
static const char *http_header(struct evhttp_request *req, const char *name, bool *twice)
{
	const char *found = NULL;
	struct evkeyval *header;
	TAILQ_FOREACH(header, evhttp_request_get_input_headers(req), next)
	{
		if (strcasecmp(header->key, name) != 0)
			continue;
		*twice |= found != NULL;
		found = header->value;
	}
	return found;
}

/* What is wrong with a request before its body is looked at: a status, 0 when nothing is. */
static int http_shape(struct evhttp_request *req, bool sealed, struct fm_ingest_request *out, const char **why)
{
	bool twice = false;
	const char *uri = evhttp_request_get_uri(req);
	*why = "no such path";
	if (!uri || strcmp(uri, HTTP_PATH) != 0)
		return 404;
	*why = "method";
	if (evhttp_request_get_command(req) != EVHTTP_REQ_POST)
		return 405;
	/* A length told in two ways is how requests are smuggled (RFC 9112 section 11.2); engines tell it in one. */
	*why = "transfer encoding";
	if (http_header(req, "Transfer-Encoding", &twice))
		return 400;
	*why = "no length";
	if (!http_header(req, "Content-Length", &twice))
		return 400;
	out->site = http_header(req, "ICE-Site", &twice);
	out->id = http_header(req, "ICE-Batch", &twice);
	out->signature = http_header(req, "ICE-Signature", &twice);
	const char *type = http_header(req, "Content-Type", &twice),
	           *coding = http_header(req, "Content-Encoding", &twice);
	*why = "a header twice";
	if (twice)
		return 400;
	*why = sealed ? "not a sealed batch, and this is not HTTPS" : "not gzip'd JSON";
	bool right =
	        sealed ? type && !coding && strcasecmp(type, "application/cms") == 0
	               : type && coding && strcasecmp(type, "application/json") == 0 && strcasecmp(coding, "gzip") == 0;
	if (!right)
		return 415;
	return 0;
}

/* Changes that could not be told in full: nothing is lost, but somebody may want to know why. */
static void http_log_changes(struct fm_http *h, const char *site, const struct fm_store_tally *tally)
{
	uint32_t suppressed;
	if ((tally->waiting > 0 || tally->unfit > 0) &&
	    ice_log_pass(&h->waiting_log, ice_clock_now(), 1, ICE_USEC_SEC(600), &suppressed))
		ICE_LOG(ICE_LOG_WARN, "readings wait for a record of an earlier batch, which is not here",
		        ice_field_str("site", site), ice_field_int("readings", (int64_t)tally->waiting),
		        ice_field_int("unfit", (int64_t)tally->unfit), ice_field_int("suppressed", suppressed));
	if (tally->mended > 0)
		ICE_LOG(ICE_LOG_INFO, "readings that waited are in their places", ice_field_str("site", site),
		        ice_field_int("readings", (int64_t)tally->mended));
}

static void http_log_batch(struct fm_http *h, struct evhttp_request *req, const struct fm_ingest_request *request,
                           enum fm_ingest_verdict verdict, const struct fm_ingest_answer *answer)
{
	uint32_t suppressed = 0;
	switch (verdict) {
	case FM_INGEST_STORED:
	case FM_INGEST_DUPLICATE:
	case FM_INGEST_TEST:
		ICE_LOG(ICE_LOG_INFO, "batch acknowledged", ice_field_str("site", request->site),
		        ice_field_str("by", request->seal ? "http, sealed" : "https"),
		        ice_field_str("as", fm_ingest_verdict_name(verdict)),
		        ice_field_int("sequence", answer->sequence),
		        ice_field_int("readings", (int64_t)answer->readings),
		        ice_field_int("bytes", (int64_t)request->len));
		http_log_changes(h, request->site, &answer->tally);
		return;
	case FM_INGEST_LATER:
		if (ice_log_pass(&h->later_log, ice_clock_now(), 1, ICE_USEC_SEC(60), &suppressed))
			ICE_LOG(ICE_LOG_ERROR, "the store takes no batch, engines keep theirs and try again",
			        ice_field_str("why", answer->why), ice_field_int("suppressed", suppressed));
		return;
	case FM_INGEST_FORBIDDEN:
	case FM_INGEST_DAMAGED:
	case FM_INGEST_REJECTED:
		if (ice_log_pass(&h->refused_log, ice_clock_now(), 10, ICE_USEC_SEC(60), &suppressed))
			ICE_LOG(ICE_LOG_WARN, "batch refused", ice_field_str("peer", http_peer(req)),
			        ice_field_str("site", request->site),
			        ice_field_str("as", fm_ingest_verdict_name(verdict)), ice_field_str("why", answer->why),
			        ice_field_int("suppressed", suppressed));
		return;
	}
}

/* evhttp hands over a whole request. Everything is done before this returns: one batch at a time, a few milliseconds each. */
static void http_request(struct evhttp_request *req, void *arg)
{
	const struct http_door *door = arg;
	struct fm_http *h = door->owner;
	struct fm_ingest_request request = {.seal = door->sealed ? h->seal : NULL};
	struct fm_ingest_answer answer;
	struct evbuffer *body = evhttp_request_get_input_buffer(req);
	struct evhttp_connection *connection = evhttp_request_get_connection(req);
	struct bufferevent *buffered = connection ? evhttp_connection_get_bufferevent(connection) : NULL;
	const char *why;

	int status = http_shape(req, door->sealed, &request, &why);
	if (status != 0) {
		if (buffered)
			fm_guard_served(h->guard, buffered, false);
		http_refuse(h, req, status, why);
		return;
	}
	request.len = evbuffer_get_length(body);
	request.body = request.len ? (const void *)evbuffer_pullup(body, -1) : "";
	if (!request.body)
		abort();
	enum fm_ingest_verdict verdict = fm_ingest(h->store, &request, (int64_t)ice_clock_wall(), &answer);
	h->counters.batches[verdict]++;
	if (verdict == FM_INGEST_STORED)
		h->counters.readings += answer.readings;
	if (request.seal && answer.status == 200)
		h->counters.sealed++;
	http_log_batch(h, req, &request, verdict, &answer);
	bool authentic = answer.status == 200 || verdict == FM_INGEST_REJECTED;
	/* A sealed batch can be seen on the way: whoever brings it again has proven nothing. */
	if (buffered)
		fm_guard_served(h->guard, buffered, authentic && (!request.seal || verdict == FM_INGEST_STORED));
	if (answer.retry_after) {
		char seconds[16];
		snprintf(seconds, sizeof(seconds), "%u", answer.retry_after);
		evhttp_add_header(evhttp_request_get_output_headers(req), "Retry-After", seconds);
	}
	http_answer(req, answer.status, !authentic, answer.body, answer.len);
}

static struct bufferevent *http_connection(struct event_base *base, void *arg)
{
	const struct http_door *door = arg;
	struct fm_http *h = door->owner;
	(void)base;
	return fm_guard_accept(h->guard, door->sealed ? NULL : fm_tls_context(h->tls));
}

/* ---- life ------------------------------------------------------------------------------------------------------- */

static void http_make_door(struct fm_http *h, struct http_door *door, bool sealed, const struct fm_guard_limits *limits)
{
	struct timeval idle = {limits->deadline / 1000000, limits->deadline % 1000000};
	door->owner = h;
	door->sealed = sealed;
	door->http = evhttp_new(h->base);
	if (!door->http)
		abort();
	evhttp_set_timeout_tv(door->http, &idle);
	evhttp_set_max_headers_size(door->http, HTTP_HEADERS_MAX);
	evhttp_set_max_body_size(door->http, HTTP_BODY_MAX);
	evhttp_set_allowed_methods(door->http, HTTP_METHODS);
	evhttp_set_default_content_type(door->http, "text/plain");
	evhttp_set_bevcb(door->http, http_connection, door);
	evhttp_set_gencb(door->http, http_request, door);
}

struct fm_http *fm_http_new(struct event_base *base, struct fm_tls *tls, const struct ice_seal *seal,
                            struct fm_store *store, const struct fm_guard_limits *limits)
{
	struct fm_http *h = calloc(1, sizeof(*h));
	if (!h)
		abort();
	h->base = base;
	h->tls = tls;
	h->seal = seal;
	h->store = store;
	struct fm_guard_limits all = *limits;
	all.request = HTTP_HEADERS_MAX + HTTP_BODY_MAX + HTTP_AHEAD_MAX;
	h->guard = fm_guard_new(base, &all);
	http_make_door(h, &h->secure, false, limits);
	http_make_door(h, &h->plain, true, limits);
	return h;
}

void fm_http_free(struct fm_http *h)
{
	if (!h)
		return;
	evhttp_free(h->secure.http);
	evhttp_free(h->plain.http);
	/* The connections' sockets are freed by the loop. */
	event_base_loop(h->base, EVLOOP_NONBLOCK);
	fm_guard_free(h->guard);
	free(h);
}

/* accept() failed for want of descriptors or memory. The listener is asked again at once, so this is told rarely. */
static void http_accept_failed(struct evconnlistener *listener, void *arg)
{
	struct fm_http *h = arg;
	uint32_t suppressed;
	int error = errno;
	(void)listener;
	if (ice_log_pass(&h->accept_log, ice_clock_now(), 1, ICE_USEC_SEC(60), &suppressed))
		ICE_LOG(ICE_LOG_ERROR, "a connection could not be accepted", ice_field_str("why", strerror(error)),
		        ice_field_int("suppressed", suppressed));
}

bool fm_http_listen(struct fm_http *h, bool sealed, const char *endpoint, char bound[FM_HTTP_ENDPOINT_SIZE],
                    uint16_t *port, char *why, size_t why_size)
{
	struct ice_address address;
	struct sockaddr_storage sa;
	char text[ICE_ADDRESS_TEXT_SIZE];
	if (!fm_settings_endpoint(endpoint, &address, port)) {
		snprintf(why, why_size, "%s: not ADDRESS:PORT", endpoint);
		return false;
	}
	socklen_t len = ice_address_to_sockaddr(&address, *port, &sa);
	struct evconnlistener *listener = evconnlistener_new_bind(
	        h->base, NULL, NULL, LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, HTTP_BACKLOG,
	        (struct sockaddr *)&sa, (int)len);
	if (!listener) {
		snprintf(why, why_size, "%s: cannot be listened on: %s", endpoint, strerror(errno));
		return false;
	}
	if (!evhttp_bind_listener(sealed ? h->plain.http : h->secure.http, listener))
		abort();
	evconnlistener_set_error_cb(listener, http_accept_failed);
	len = sizeof(sa);
	if (getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&sa, &len) != 0 ||
	    !ice_address_from_sockaddr((struct sockaddr *)&sa, &address, port))
		abort();
	ice_address_format(&address, text);
	snprintf(bound, FM_HTTP_ENDPOINT_SIZE, ice_address_is_v4(&address) ? "%s:%u" : "[%s]:%u", text, *port);
	return true;
}

void fm_http_counters(const struct fm_http *h, struct fm_http_counters *out)
{
	*out = h->counters;
	fm_guard_counters(h->guard, &out->guard);
}
