/* The uploader against TLS servers that this test makes itself: honest ones, lying ones, and ones that nobody should talk to. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "ice/log.h"
#include "ice/upload.h"

/* --- certificates --- */

static EVP_PKEY *ca_key, *host_key;
static X509 *ca;
static char ca_pem[ICE_ENROLMENT_PEM_MAX], host_pem[ICE_ENROLMENT_PEM_MAX];

struct certificate {
	const char *name;         /* common name */
	const char *alternatives; /* NULL = none */
	long from, until;         /* seconds from now */
	bool self_signed, authority;
	int rsa_bits; /* 0 = P-256 */
};

static void add_extension(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
	assert_non_null(e);
	X509_add_ext(cert, e, -1);
	X509_EXTENSION_free(e);
}

static X509 *make_certificate(const struct certificate *c, EVP_PKEY *key)
{
	static long serial = 1;
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	bool own = c->self_signed || c->authority;
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), serial++);
	X509_gmtime_adj(X509_getm_notBefore(cert), c->from);
	X509_gmtime_adj(X509_getm_notAfter(cert), c->until);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)c->name, -1, -1, 0);
	X509_set_issuer_name(cert, own ? name : X509_get_subject_name(ca));
	X509_set_pubkey(cert, key);
	add_extension(cert, NID_basic_constraints, c->authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (c->alternatives)
		add_extension(cert, NID_subject_alt_name, c->alternatives);
	assert_true(X509_sign(cert, own ? key : ca_key, EVP_sha256()) > 0);
	return cert;
}

static void to_text(BIO *bio, char *out, size_t size)
{
	int n = BIO_read(bio, out, (int)size - 1);
	out[n > 0 ? n : 0] = '\0';
	BIO_free(bio);
}

static void certificate_text(X509 *cert, char *out, size_t size)
{
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, cert);
	to_text(bio, out, size);
}

#define GOOD_NAMES "IP:127.0.0.1,DNS:localhost"
static const struct certificate good = {"ice test server", GOOD_NAMES, -3600, 3600, false, false, 0};

/* --- the server --- */

static const char *key_text = "0123456789abcdef0123456789abcdef";

enum behaviour {
	ACK,
	ACK_CHUNKED,
	ACK_AND_COOKIE,
	FLIPPED_ACK,
	OTHER_BATCH_ACK,
	OTHER_KEY_ACK,
	ACK_WITH_500,
	ACK_AND_MORE,
	CUT_ACK,
	REJECT,
	REJECT_UNSIGNED,
	REJECT_WITH_200,
	FORBIDDEN,
	LATER,
	REDIRECT,
	PORTAL,
	BOMB,
	ENDLESS_BODY,
	ENDLESS_CHUNKS,
	ENDLESS_HEADERS,
	ENDLESS_1XX,
	ENDLESS_CHUNK_LINE,
	ENDLESS_TRAILERS,
	ENDLESS_TICKETS,
	NOT_HTTP,
	HTTP_09,
	DRIP,
	SILENCE,
	CLOSE_ACCEPTED,
	CLOSE_SECURED,
	CLOSE_REQUEST,
	CLOSE_STATUS,
	CLOSE_HEADERS,
	CLOSE_ANSWER,
	CUT_ANYWHERE,
	HALF_CLOSE,
	DRIP_HEADERS,
	FAIL_SOME,      /* ACK, but for those in server.bad */
	HOLD_AND_LATER, /* the first request waits for release_held, what comes meanwhile gets LATER */
};

struct peer;
static struct {
	struct event_base *base;
	struct evconnlistener *listener;
	SSL_CTX *tls;
	enum behaviour behaviour;
	const char *retry_after;
	size_t cut; /* CUT_ANYWHERE: bytes of the answer before the end */
	int port, connections, requests, at_once, most_at_once;
	size_t application_bytes; /* anything that came inside TLS */
	char last[8192];          /* the last request's headers */
	char ids[128][ICE_BATCH_ID_SIZE];
	struct peer *peers, *held;
	char bad[3][ICE_BATCH_ID_SIZE];
	bool bad_close; /* not even an answer comes to them */
	int bad_requests;
	char held_id[ICE_BATCH_ID_SIZE];
} server;

struct peer {
	struct peer *next;
	struct bufferevent *bev;
	struct event *again;
	bool asked;
};

static void peer_free(struct peer *p)
{
	for (struct peer **at = &server.peers; *at; at = &(*at)->next) {
		if (*at == p) {
			*at = p->next;
			break;
		}
	}
	server.at_once -= p->asked;
	event_free(p->again);
	bufferevent_free(p->bev);
	free(p);
}

static void say(struct peer *p, const char *text)
{
	bufferevent_write(p->bev, text, strlen(text));
}

static void answer(struct peer *p, int status, const char *headers, const char *body, size_t len)
{
	char head[512];
	snprintf(head, sizeof(head), "HTTP/1.1 %d X\r\n%sContent-Length: %zu\r\n\r\n", status, headers, len);
	say(p, head);
	bufferevent_write(p->bev, body, len);
}

/* For servers that never come to an end: a little more each time the loop comes round. */
static void peer_again(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;
	static char junk[4096];
	SSL *tls;
	struct timeval soon = {0, server.behaviour == DRIP || server.behaviour == DRIP_HEADERS ? 20000 : 0};
	(void)fd, (void)what;
	memset(junk, 'x', sizeof(junk));
	switch (server.behaviour) {
	case ENDLESS_BODY:
		bufferevent_write(p->bev, junk, sizeof(junk));
		break;
	case ENDLESS_CHUNKS:
		say(p, "1\r\nx\r\n");
		break;
	case ENDLESS_HEADERS:
		say(p, "X-More: and more and more and more and more and more and more and more\r\n");
		break;
	case ENDLESS_1XX:
		say(p, "HTTP/1.1 102 Processing\r\n\r\n");
		break;
	case ENDLESS_CHUNK_LINE:
		bufferevent_write(p->bev, junk, sizeof(junk));
		break;
	case ENDLESS_TRAILERS:
		say(p, "X-More: and more and more and more and more and more and more and more\r\n");
		break;
	case ENDLESS_TICKETS: /* TLS records alone, which hold nothing for HTTP */
		tls = bufferevent_openssl_get_ssl(p->bev);
		SSL_SESSION_set1_ticket_appdata(SSL_get_session(tls), junk, sizeof(junk));
		SSL_new_session_ticket(tls);
		SSL_do_handshake(tls);
		break;
	case DRIP:
	case DRIP_HEADERS:
		say(p, "x");
		break;
	default:
		return;
	}
	event_add(p->again, &soon);
}

/* A whole request is there. */
static void respond(struct peer *p, const char *id)
{
	struct ice_secret key, other_key;
	char out[ICE_BATCH_ANSWER_MAX], other[ICE_BATCH_ID_SIZE], headers[256] = "";
	size_t n;
	assert_true(ice_secret_set(&key, key_text, 32));
	assert_true(ice_secret_set(&other_key, "another key, another site, no go", 32));
	ice_batch_id("other", 5, other);
	n = ice_batch_answer_write(&key, ICE_BATCH_ACKNOWLEDGED, id, out);
	switch (server.behaviour) {
	case ACK:
		answer(p, 200, "", out, n);
		break;
	case ACK_CHUNKED:
		say(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nack \r\n41\r\n");
		bufferevent_write(p->bev, out + 4, n - 4);
		say(p, "\r\n0\r\n\r\n");
		break;
	case ACK_AND_COOKIE:
		answer(p, 200, "Set-Cookie: a=b; Path=/\r\nStrict-Transport-Security: max-age=1\r\n", out, n);
		break;
	case FLIPPED_ACK:
		out[10] = out[10] == '0' ? '1' : '0';
		answer(p, 200, "", out, n);
		break;
	case OTHER_BATCH_ACK:
		n = ice_batch_answer_write(&key, ICE_BATCH_ACKNOWLEDGED, other, out);
		answer(p, 200, "", out, n);
		break;
	case OTHER_KEY_ACK:
		n = ice_batch_answer_write(&other_key, ICE_BATCH_ACKNOWLEDGED, id, out);
		answer(p, 200, "", out, n);
		break;
	case ACK_WITH_500:
		answer(p, 500, "", out, n);
		break;
	case ACK_AND_MORE:
		out[n] = 'x';
		answer(p, 200, "", out, n + 1);
		break;
	case CUT_ACK:
		answer(p, 200, "", out, n - 1);
		break;
	case REJECT:
	case REJECT_WITH_200:
		n = ice_batch_answer_write(&key, ICE_BATCH_REJECTED, id, out);
		answer(p, server.behaviour == REJECT ? 422 : 200, "", out, n);
		break;
	case REJECT_UNSIGNED:
		n = ice_batch_answer_write(&other_key, ICE_BATCH_REJECTED, id, out);
		answer(p, 422, "", out, n);
		break;
	case FORBIDDEN:
		answer(p, 403, "", "forbidden\n", 10);
		break;
	case FAIL_SOME: {
		bool bad = false;
		for (size_t i = 0; i < sizeof(server.bad) / sizeof(server.bad[0]); i++)
			bad |= strcmp(server.bad[i], id) == 0;
		server.bad_requests += bad;
		if (bad && server.bad_close)
			shutdown(bufferevent_getfd(p->bev), SHUT_RDWR);
		else if (bad)
			answer(p, 403, "Retry-After: 5\r\n", "forbidden\n", 10);
		else
			answer(p, 200, "", out, n);
		break;
	}
	case HOLD_AND_LATER:
		if (!server.held) {
			server.held = p;
			snprintf(server.held_id, sizeof(server.held_id), "%s", id);
			break;
		}
		/* fall through */
	case LATER:
		snprintf(headers, sizeof(headers), "Retry-After: %s\r\n", server.retry_after);
		answer(p, 503, headers, "later\n", 6);
		break;
	case REDIRECT:
		snprintf(headers, sizeof(headers), "Location: https://127.0.0.1:%d/elsewhere\r\n", server.port);
		answer(p, 302, headers, "", 0);
		break;
	case PORTAL:
		answer(p, 200, "Content-Type: text/html\r\n", "<html>Please log in", 19);
		break;
	case BOMB: {
		static char zeros[1 << 20];
		size_t packed_len;
		void *packed = ice_batch_gzip(zeros, sizeof(zeros), &packed_len);
		answer(p, 200, "Content-Encoding: gzip\r\n", packed, packed_len < 100 ? packed_len : 100);
		free(packed);
		break;
	}
	case ENDLESS_BODY:
		say(p, "HTTP/1.1 200 OK\r\n\r\n");
		peer_again(-1, 0, p);
		break;
	case ENDLESS_CHUNKS:
		say(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
		peer_again(-1, 0, p);
		break;
	case ENDLESS_HEADERS:
		say(p, "HTTP/1.1 200 OK\r\n");
		peer_again(-1, 0, p);
		break;
	case ENDLESS_1XX:
	case ENDLESS_TICKETS:
		peer_again(-1, 0, p);
		break;
	case ENDLESS_CHUNK_LINE:
		say(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;");
		peer_again(-1, 0, p);
		break;
	case ENDLESS_TRAILERS:
		say(p, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
		peer_again(-1, 0, p);
		break;
	case NOT_HTTP:
		say(p, "220 mail.example.org ESMTP\r\n");
		break;
	case HTTP_09:
		bufferevent_write(p->bev, out, n);
		break;
	case DRIP:
		say(p, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n");
		peer_again(-1, 0, p);
		break;
	case CLOSE_REQUEST:
		peer_free(p);
		return;
	case CLOSE_STATUS:
		say(p, "HTTP/1.1 20");
		break;
	case CLOSE_HEADERS:
		say(p, "HTTP/1.1 200 OK\r\nContent-Length: 69\r\nX:");
		break;
	case CLOSE_ANSWER:
		say(p, "HTTP/1.1 200 OK\r\nContent-Length: 69\r\n\r\n");
		bufferevent_write(p->bev, out, 40);
		break;
	case CUT_ANYWHERE: {
		char whole[256];
		int length = snprintf(whole, sizeof(whole), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%.*s", n,
		                      (int)n, out);
		assert_true(server.cut < (size_t)length);
		bufferevent_write(p->bev, whole, server.cut);
		break;
	}
	case HALF_CLOSE:
		break;
	case DRIP_HEADERS:
		say(p, "HTTP/1.1 200 OK\r\nX: ");
		peer_again(-1, 0, p);
		break;
	default:
		break;
	}
	if (server.behaviour == CLOSE_STATUS || server.behaviour == CLOSE_HEADERS || server.behaviour == CLOSE_ANSWER ||
	    server.behaviour == NOT_HTTP || server.behaviour == HTTP_09 || server.behaviour == CUT_ANYWHERE ||
	    server.behaviour == HALF_CLOSE) {
		bufferevent_flush(p->bev, EV_WRITE, BEV_FINISHED);
		struct timeval soon = {0, 0};
		(void)soon;
		shutdown(bufferevent_getfd(p->bev), SHUT_WR);
	}
}

static void release_held(enum behaviour with)
{
	server.behaviour = with;
	respond(server.held, server.held_id);
	server.held = NULL;
}

static const char *header(const char *name, char *out, size_t size)
{
	const char *at = strstr(server.last, name);
	*out = '\0';
	if (at)
		sscanf(at + strlen(name), ": %200[^\r]", out);
	out[size - 1] = '\0';
	return out;
}

static void peer_read(struct bufferevent *bev, void *arg)
{
	struct peer *p = arg;
	struct evbuffer *in = bufferevent_get_input(bev);
	server.application_bytes += evbuffer_get_length(in);
	for (;;) {
		struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
		char value[256], id[256], mac[256];
		size_t len, body_len;
		struct ice_secret key;
		if (end.pos < 0)
			return;
		assert_true((size_t)end.pos < sizeof(server.last) - 4);
		evbuffer_copyout(in, server.last, (size_t)end.pos + 4);
		server.last[end.pos + 4] = '\0';
		if (!p->asked) {
			p->asked = true;
			server.at_once++;
			if (server.at_once > server.most_at_once)
				server.most_at_once = server.at_once;
		}
		len = strtoul(header("Content-Length", value, sizeof(value)), NULL, 10);
		if (evbuffer_get_length(in) < (size_t)end.pos + 4 + len)
			return;
		unsigned char *all = evbuffer_pullup(in, end.pos + 4 + (ssize_t)len);
		assert_true(ice_secret_set(&key, key_text, 32));
		header("ICE-Batch", id, sizeof(id));
		header("ICE-Signature", mac, sizeof(mac));
		assert_true(ice_batch_signed(&key, all + end.pos + 4, len, mac));
		assert_string_equal(header("ICE-Site", value, sizeof(value)), "hq");
		assert_string_equal(header("Content-Encoding", value, sizeof(value)), "gzip");
		assert_string_equal(header("Content-Type", value, sizeof(value)), "application/json");
		assert_int_equal(strncmp(server.last, "POST /v1/batches HTTP/1.1\r\n", 27), 0);
		assert_null(strstr(server.last, "Expect"));
		assert_null(strstr(server.last, "Cookie"));
		assert_null(strstr(server.last, key_text));
		char *body = ice_batch_gunzip(all + end.pos + 4, len, ICE_BATCH_BYTES_MAX, &body_len),
		     found[ICE_BATCH_ID_SIZE];
		assert_non_null(body);
		ice_batch_id(body, body_len, found);
		assert_string_equal(found, id);
		free(body);
		snprintf(server.ids[server.requests % 128], ICE_BATCH_ID_SIZE, "%s", found);
		server.requests++;
		server.at_once--;
		p->asked = false;
		evbuffer_drain(in, (size_t)end.pos + 4 + len);
		respond(p, found);
		if (server.behaviour == CLOSE_REQUEST)
			return;
	}
}

static void peer_event(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	if (what & BEV_EVENT_CONNECTED) {
		if (server.behaviour == CLOSE_SECURED)
			peer_free(arg);
		return;
	}
	peer_free(arg);
}

static void accepted(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	(void)l, (void)from, (void)len, (void)arg;
	server.connections++;
	if (server.behaviour == CLOSE_ACCEPTED) {
		close(fd);
		return;
	}
	struct peer *p = calloc(1, sizeof(*p));
	assert_non_null(p);
	p->bev = bufferevent_openssl_socket_new(server.base, fd, SSL_new(server.tls), BUFFEREVENT_SSL_ACCEPTING,
	                                        BEV_OPT_CLOSE_ON_FREE);
	p->again = evtimer_new(server.base, peer_again, p);
	p->next = server.peers;
	server.peers = p;
	bufferevent_openssl_set_allow_dirty_shutdown(p->bev, 1);
	bufferevent_setcb(p->bev, peer_read, NULL, peer_event, p);
	bufferevent_enable(p->bev, EV_READ | EV_WRITE);
}

static void stop_listening(void)
{
	if (server.listener)
		evconnlistener_free(server.listener);
	server.listener = NULL;
}

static void start_listening(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	at.sin_port = htons((uint16_t)server.port);
	server.listener =
	        evconnlistener_new_bind(server.base, accepted, NULL, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 16,
	                                (struct sockaddr *)&at, sizeof(at));
	assert_non_null(server.listener);
	assert_int_equal(getsockname(evconnlistener_get_fd(server.listener), (struct sockaddr *)&at, &len), 0);
	server.port = ntohs(at.sin_port);
}

static void present(const struct certificate *c)
{
	EVP_PKEY *key = c->rsa_bits ? EVP_RSA_gen((unsigned)c->rsa_bits) : host_key;
	X509 *cert = make_certificate(c, key);
	SSL_CTX_free(server.tls);
	server.tls = SSL_CTX_new(TLS_server_method());
	/* The server shows even what nobody should accept. */
	SSL_CTX_set_security_level(server.tls, 0);
	SSL_CTX_set_min_proto_version(server.tls, TLS1_VERSION);
	assert_int_equal(SSL_CTX_use_certificate(server.tls, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(server.tls, key), 1);
	X509_free(cert);
	if (key != host_key)
		EVP_PKEY_free(key);
}

/* --- the engine's side --- */

/* The port to which batches would go over HTTP. Whatever goes wrong with TLS, nobody comes. */
static struct evconnlistener *trap;
static int trap_port, trapped;

static void trap_accepted(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	(void)l, (void)from, (void)len, (void)arg;
	trapped++;
	close(fd);
}

static void set_trap(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	trap = evconnlistener_new_bind(server.base, trap_accepted, NULL, LEV_OPT_CLOSE_ON_FREE, 16,
	                               (struct sockaddr *)&at, sizeof(at));
	assert_non_null(trap);
	assert_int_equal(getsockname(evconnlistener_get_fd(trap), (struct sockaddr *)&at, &len), 0);
	trap_port = ntohs(at.sin_port);
	trapped = 0;
}

static struct ice_enrolment enrolment;
static struct ice_upload_options ways; /* what `start` adds */
static struct ice_outbox *outbox;
static struct ice_upload *uploader;
static ice_usec now;
static char log_path[] = "/tmp/ice-upload-log-XXXXXX";
static int log_fd = -1;

static int set_up(void **state)
{
	char why[256];
	struct ice_outbox_options options = {.path = ":memory:", .site = "hq"};
	(void)state;
	memset(&server, 0, sizeof(server));
	server.base = event_base_new();
	present(&good);
	start_listening();
	snprintf(enrolment.server, sizeof(enrolment.server), "https://127.0.0.1:%d", server.port);
	snprintf(enrolment.site, sizeof(enrolment.site), "hq");
	snprintf(enrolment.ca, sizeof(enrolment.ca), "%s", ca_pem);
	snprintf(enrolment.seal, sizeof(enrolment.seal), "%s", host_pem);
	assert_true(ice_secret_set(&enrolment.key, key_text, 32));
	set_trap();
	memset(&ways, 0, sizeof(ways));
	outbox = ice_outbox_open(&options, why, sizeof(why));
	assert_non_null(outbox);
	now = ICE_USEC_SEC(1000);
	uploader = NULL;
	strcpy(log_path + strlen(log_path) - 6, "XXXXXX");
	log_fd = mkstemp(log_path);
	assert_true(log_fd >= 0);
	ice_log_set_fd(log_fd);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	event_base_loop(server.base, EVLOOP_NONBLOCK);
	if (trapped > 0) {
		print_error("%d connections came over HTTP\n", trapped);
		return -1;
	}
	ice_upload_free(uploader);
	ice_outbox_close(outbox);
	while (server.peers)
		peer_free(server.peers);
	stop_listening();
	evconnlistener_free(trap);
	SSL_CTX_free(server.tls);
	/* Frees what the bufferevents deferred. */
	event_base_loop(server.base, EVLOOP_NONBLOCK);
	event_base_free(server.base);
	ice_log_set_fd(2);
	close(log_fd);
	unlink(log_path);
	return 0;
}

static int lines_with(const char *words)
{
	char line[1024];
	int n = 0;
	FILE *f = fopen(log_path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, words) != NULL;
	fclose(f);
	return n;
}

static void put(int batches)
{
	for (int i = 0; i < batches; i++) {
		static int number;
		char json[32], device[32];
		struct ice_reading r = {.json = json, .device = device, .at = 1};
		const struct ice_reading *list[] = {&r};
		size_t taken;
		r.len = (size_t)snprintf(json, sizeof(json), "{\"n\":%d}", number);
		snprintf(device, sizeof(device), "d%d", number++);
		assert_int_equal(ice_outbox_put(outbox, list, 1, &taken), ICE_OUTBOX_OK);
	}
}

static void start(ice_usec timeout)
{
	char why[256];
	struct ice_upload_options options = ways;
	options.enrolment = &enrolment;
	options.connect_timeout = options.timeout = timeout;
	options.seed = 5;
	options.http_fallback = true;
	options.http_port = (uint16_t)trap_port;
	uploader = ice_upload_new(server.base, &options, outbox, why, sizeof(why));
	assert_non_null(uploader);
}

static struct ice_upload_counters counters(void)
{
	struct ice_upload_counters c;
	ice_upload_counters(uploader, &c);
	return c;
}

static struct ice_outbox_depth depth(void)
{
	struct ice_outbox_depth d;
	ice_outbox_depth(outbox, &d);
	return d;
}

static void give_up(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	*(bool *)arg = true;
}

/* Turns the loop until so many attempts have come to an end. Twenty seconds are for ever. */
static void until(uint64_t attempts)
{
	bool late = false;
	struct timeval forever = {20, 0};
	struct event *guard = evtimer_new(server.base, give_up, &late);
	evtimer_add(guard, &forever);
	ice_upload_work(uploader, now);
	for (;;) {
		struct ice_upload_counters c = counters();
		if (c.acknowledged + c.rejected + c.failures >= attempts || late)
			break;
		event_base_loop(server.base, EVLOOP_ONCE);
	}
	event_free(guard);
	if (late)
		fail_msg("no end to it: %s", counters().last_error);
}

static void until_connections_rest(void)
{
	for (int i = 0; i < 50; i++)
		event_base_loop(server.base, EVLOOP_NONBLOCK);
}

/* One batch, one attempt: it fails with these words, and the batch stays. */
static void must_fail(enum behaviour behaviour, const char *words)
{
	server.behaviour = behaviour;
	if (!uploader)
		start(ICE_USEC_MSEC(1500));
	if (depth().batches == 0)
		put(1);
	uint64_t before = counters().failures;
	now += ICE_USEC_SEC(7200);
	until(counters().acknowledged + counters().rejected + before + 1);
	if (!strstr(counters().last_error, words))
		fail_msg("behaviour %d: expected \"%s\", not \"%s\"", behaviour, words, counters().last_error);
	assert_int_equal(counters().failures, before + 1);
	assert_int_equal(depth().batches, 1);
	assert_int_equal(depth().rejected, 0);
	assert_true(counters().next_attempt >= now);
	while (server.peers)
		peer_free(server.peers);
}

static void an_honest_server_empties_the_outbox(void **state)
{
	(void)state;
	put(25);
	start(0);
	until(25);
	assert_int_equal(depth().batches, 0);
	assert_int_equal(counters().acknowledged, 25);
	assert_int_equal(counters().readings, 25);
	assert_int_equal(counters().failures, 0);
	assert_true(counters().bytes_sent > 0);
	assert_string_equal(counters().last_error, "");
	assert_int_equal(counters().next_attempt, 0);
	assert_int_equal(server.requests, 25);
	/* Connections are kept, and there are no more than two. */
	assert_true(server.connections <= 2);
	assert_true(server.most_at_once <= 2);
	assert_true(ice_upload_idle(uploader));
	assert_int_equal(lines_with("upload"), 0);
	put(1);
	until(26);
	assert_int_equal(depth().batches, 0);
}

static void other_forms_of_an_acknowledgement(void **state)
{
	(void)state;
	server.behaviour = ACK_CHUNKED;
	put(1);
	start(0);
	until(1);
	server.behaviour = ACK_AND_COOKIE;
	put(2);
	until(3); /* the server sees that no cookie comes back */
	assert_int_equal(depth().batches, 0);
}

static void only_a_valid_acknowledgement_counts(void **state)
{
	(void)state;
	must_fail(FLIPPED_ACK, "site key does not match");
	must_fail(OTHER_BATCH_ACK, "site key does not match");
	must_fail(OTHER_KEY_ACK, "site key does not match: the server's answer does not prove the batch");
	must_fail(ACK_WITH_500, "server says: 500");
	must_fail(ACK_AND_MORE, "site key does not match");
	must_fail(CUT_ACK, "site key does not match");
	must_fail(REJECT_WITH_200, "server says: 200");
	must_fail(REJECT_UNSIGNED, "server says: 422");
	must_fail(FORBIDDEN, "server says: 403");
	must_fail(PORTAL, "something else may answer");
	must_fail(BOMB, "something else may answer");
	must_fail(REDIRECT, "server says: 302");
	assert_int_equal(server.requests, 12);
	assert_null(strstr(server.last, "elsewhere"));
	assert_int_equal(lines_with("upload fails"), 1);
	server.behaviour = ACK;
	now += ICE_USEC_SEC(7200);
	until(13);
	assert_int_equal(depth().batches, 0);
	assert_int_equal(lines_with("upload works again"), 1);
	assert_int_equal(lines_with("0123456789abcdef"), 0);
}

static void an_answer_without_end_is_cut_off(void **state)
{
	(void)state;
	start(ICE_USEC_SEC(15)); /* it is bytes that end it, not time, on however busy a machine */
	must_fail(ENDLESS_BODY, "something else may answer");
	must_fail(ENDLESS_CHUNKS, "something else may answer");
	must_fail(ENDLESS_HEADERS, "headers are too long");
	must_fail(ENDLESS_1XX, "headers are too long");
	must_fail(ENDLESS_CHUNK_LINE, "the answer is too long");
	must_fail(ENDLESS_TRAILERS, "headers are too long");
	must_fail(ENDLESS_TICKETS, "the answer is too long");
	assert_int_equal(server.requests, 7);
	/* So it is on a connection that was used before, where what came before does not count. */
	for (int i = 0; i < 2; i++) {
		server.behaviour = ACK;
		now += ICE_USEC_SEC(7200);
		put(1);
		until(counters().acknowledged + counters().failures + (uint64_t)depth().batches);
		assert_int_equal(depth().batches, 0);
		int connections = server.connections;
		server.behaviour = ENDLESS_CHUNK_LINE;
		put(1);
		until(counters().acknowledged + counters().failures + 1);
		assert_string_equal(counters().last_error, "the answer is too long");
		assert_int_equal(server.connections, connections);
	}
}

static void a_slow_server_is_left(void **state)
{
	(void)state;
	start(ICE_USEC_MSEC(250));
	must_fail(DRIP, "took too long");
	must_fail(DRIP_HEADERS, "took too long");
	must_fail(SILENCE, "took too long");
}

static void what_is_no_http_is_refused(void **state)
{
	(void)state;
	must_fail(NOT_HTTP, "");
	must_fail(HTTP_09, "");
}

static void a_connection_may_end_anywhere(void **state)
{
	(void)state;
	must_fail(CLOSE_ACCEPTED, "");
	must_fail(CLOSE_SECURED, "connection closed by the server");
	must_fail(CLOSE_REQUEST, "connection closed by the server");
	must_fail(CLOSE_STATUS, "");
	must_fail(CLOSE_HEADERS, "connection closed by the server");
	must_fail(CLOSE_ANSWER, "connection closed by the server");
	must_fail(HALF_CLOSE, "connection closed by the server");
	stop_listening();
	must_fail(ACK, "connection refused");
	start_listening();
	now += ICE_USEC_SEC(7200);
	until(9);
	assert_int_equal(depth().batches, 0);
}

static void an_answer_cut_at_any_byte_is_none(void **state)
{
	(void)state;
	size_t whole = strlen("HTTP/1.1 200 OK\r\nContent-Length: 69\r\n\r\n") + 69;
	for (server.cut = 0; server.cut < whole; server.cut++)
		must_fail(CUT_ANYWHERE, "");
	assert_int_equal(lines_with("upload"), 1); /* one line for all of it */
	server.behaviour = ACK;
	now += ICE_USEC_SEC(7200);
	until(whole + 1);
	assert_int_equal(depth().batches, 0);
}

static void a_signed_rejection_sets_aside_and_goes_on(void **state)
{
	(void)state;
	server.behaviour = REJECT;
	put(1);
	start(0);
	until(1);
	assert_int_equal(depth().batches, 0);
	assert_int_equal(depth().rejected, 1);
	assert_int_equal(counters().rejected, 1);
	assert_int_equal(lines_with("set aside"), 1);
	server.behaviour = ACK;
	put(3);
	until(4);
	assert_int_equal(depth().batches, 0);
	assert_int_equal(depth().rejected, 1);
}

static void retry_after_is_honoured_and_clamped(void **state)
{
	(void)state;
	server.retry_after = "120";
	must_fail(LATER, "server says: 503");
	assert_in_range(counters().next_attempt - now, ICE_USEC_SEC(120), ICE_USEC_SEC(121));
	server.retry_after = "99999999";
	must_fail(LATER, "server says: 503");
	assert_in_range(counters().next_attempt - now, ICE_USEC_SEC(3600), ICE_USEC_SEC(3602));
	server.retry_after = "-5";
	must_fail(LATER, "server says: 503");
	assert_in_range(counters().next_attempt - now, 0, ICE_USEC_SEC(4));
	server.retry_after = "soon";
	must_fail(LATER, "server says: 503");
	assert_in_range(counters().next_attempt - now, 0, ICE_USEC_SEC(8));
	/* Not before its time, unless somebody asks. */
	int requests = server.requests;
	ice_upload_work(uploader, counters().next_attempt - 1);
	until_connections_rest();
	assert_int_equal(server.requests, requests);
	server.behaviour = ACK;
	ice_upload_now(uploader);
	until(5);
	assert_int_equal(depth().batches, 0);
}

/* Nor is the pause ended by what was under way before it. */
static void an_acknowledgement_from_before_a_failure_lifts_no_pause(void **state)
{
	(void)state;
	server.behaviour = HOLD_AND_LATER;
	server.retry_after = "3600";
	put(5);
	start(0);
	until(1);
	assert_int_equal(counters().failures, 1);
	ice_usec pause = counters().next_attempt;
	assert_true(pause >= now + ICE_USEC_SEC(3600));
	release_held(ACK);
	until(2);
	assert_int_equal(counters().acknowledged, 1); /* it counts as what it is */
	assert_int_equal(depth().batches, 4);
	until_connections_rest();
	ice_upload_work(uploader, now);
	until_connections_rest();
	assert_int_equal(server.requests, 2);
	assert_int_equal(counters().next_attempt, pause);
	assert_string_equal(counters().last_error, "server says: 503");
	assert_int_equal(lines_with("upload works again"), 0);
	now = pause;
	until(6);
	assert_int_equal(depth().batches, 0);
	assert_int_equal(lines_with("upload works again"), 1);
	/* Nor is it made shorter by one that fails without naming a time. */
	server.behaviour = HOLD_AND_LATER;
	put(2);
	until(7);
	pause = counters().next_attempt;
	release_held(ACK_WITH_500);
	until(8);
	assert_int_equal(counters().failures, 3);
	assert_int_equal(counters().next_attempt, pause);
}

/* The three oldest are refused by what stands before the server, without a signature, for ever. */
static void what_fails_alone_holds_nobody_up(bool closes)
{
	struct ice_outbox_batch b;
	int64_t at = 0;
	server.behaviour = FAIL_SOME;
	server.bad_close = closes;
	put(12);
	for (size_t i = 0; i < 3; i++) {
		assert_true(ice_outbox_next(outbox, at, &b));
		memcpy(server.bad[i], b.id, sizeof(b.id));
		at = b.sequence;
		ice_outbox_batch_free(&b);
	}
	start(0);
	for (int i = 0; i < 30 && (depth().batches > 3 || counters().stuck < 3); i++) {
		until(counters().failures + counters().acknowledged + 1);
		now = counters().next_attempt > now ? counters().next_attempt : now;
	}
	assert_int_equal(depth().batches, 3);
	assert_int_equal(counters().acknowledged, 9);
	assert_int_equal(counters().stuck, 3);
	assert_int_equal(lines_with("others go past it"), 3);
	assert_int_equal(lines_with("upload fails"), 1);
	assert_int_equal(lines_with("upload works again"), 1);
	/* What comes goes at once, and on time, while the bad ones are tried now and then. */
	int bad = server.bad_requests;
	for (int minute = 0; minute < 24 * 60; minute++) {
		now += ICE_USEC_SEC(60);
		put(minute % 10 == 0);
		ice_upload_work(uploader, now);
		while (!ice_upload_idle(uploader))
			event_base_loop(server.base, EVLOOP_ONCE);
		until_connections_rest();
		assert_int_equal(depth().batches, 3);
		assert_int_equal(counters().next_attempt, 0);
	}
	/* curl itself asks once more when a connection that was kept is closed. */
	assert_in_range(server.bad_requests - bad, 3 * 20, (closes ? 2 : 1) * 3 * 75);
	assert_int_equal(lines_with("others go past it"), 3);
	assert_int_equal(lines_with("upload fails"), 1);
	/* Until somebody mends it. */
	server.behaviour = ACK;
	for (int minute = 0; minute <= 60; minute++) {
		now += ICE_USEC_SEC(60);
		ice_upload_work(uploader, now);
		while (!ice_upload_idle(uploader))
			event_base_loop(server.base, EVLOOP_ONCE);
	}
	assert_int_equal(depth().batches, 0);
	assert_int_equal(depth().rejected, 0);
	assert_int_equal(counters().stuck, 0);
}

static void a_batch_that_is_always_refused_holds_nobody_up(void **state)
{
	(void)state;
	what_fails_alone_holds_nobody_up(false);
}

static void a_batch_at_which_the_server_dies_holds_nobody_up(void **state)
{
	(void)state;
	what_fails_alone_holds_nobody_up(true);
}

/* None is to blame when all fare alike, and then there is one attempt at a time, as ever. */
static void where_all_fail_none_is_stuck(void **state)
{
	(void)state;
	server.behaviour = FORBIDDEN;
	put(50);
	start(0);
	for (int i = 0; i < 200; i++) {
		until(counters().failures + 1);
		assert_int_equal(counters().stuck, 0);
		assert_true(counters().next_attempt >= now);
		now = counters().next_attempt > now ? counters().next_attempt : now;
	}
	assert_in_range(server.requests, 200, 201);
	server.behaviour = ACK;
	while (depth().batches > 0)
		until(counters().failures + counters().acknowledged + 1);
	assert_int_equal(counters().stuck, 0);
	assert_int_equal(lines_with("others go past it"), 0);
}

static void weeks_without_a_server_end_without_a_storm(void **state)
{
	(void)state;
	ice_usec begin = now, longest = 0;
	uint64_t attempts = 0;
	size_t memory = 0;
	enrolment.seal[0] = '\0'; /* nothing to seal to: nothing goes over HTTP, ever */
	put(40);
	start(0);
	stop_listening();
	while (now - begin < ICE_USEC_SEC(28 * 86400)) {
		until(++attempts);
		/* After the first day nothing grows any more. */
		if (memory == 0 && now - begin > ICE_USEC_SEC(86400))
			memory = mallinfo2().uordblks;
		ice_usec wait = counters().next_attempt - now;
		longest = wait > longest ? wait : longest;
		/* Two may have been under way when it began. */
		attempts = counters().failures;
		now += wait > 0 ? wait : 1;
	}
	assert_true(longest <= ICE_USEC_SEC(15 * 60));
	assert_true(longest > ICE_USEC_SEC(10 * 60));
	/* One about every seven and a half minutes. */
	assert_in_range(attempts, 4800, 6400);
	assert_true(mallinfo2().uordblks <= memory + 65536);
	assert_int_equal(lines_with("upload fails"), 1);
	assert_int_equal(lines_with("upload"), 1);
	start_listening();
	until(attempts + 1);
	assert_int_equal(server.most_at_once, 1);
	until(attempts + 40);
	assert_int_equal(depth().batches, 0);
	assert_int_equal(server.requests, 40);
	assert_int_equal(counters().acknowledged, 40);
	for (int i = 0; i < 40; i++) {
		for (int j = 0; j < i; j++)
			assert_string_not_equal(server.ids[i], server.ids[j]);
	}
}

/* Nobody who cannot prove the name gets a byte. */
static void must_not_trust(const struct certificate *c, const char *words)
{
	int connections = server.connections;
	present(c);
	must_fail(ACK, words);
	assert_true(server.connections > connections);
	assert_int_equal(server.application_bytes, 0);
}

static void a_certificate_that_does_not_prove_the_name_gets_nothing(void **state)
{
	(void)state;
	must_not_trust(&(struct certificate){"self", GOOD_NAMES, -60, 3600, true, false, 0},
	               "certificate is not trusted");
	must_not_trust(&(struct certificate){"expired", GOOD_NAMES, -7200, -3600, false, false, 0},
	               "certificate has expired");
	must_not_trust(&(struct certificate){"early", GOOD_NAMES, 3600, 7200, false, false, 0},
	               "certificate is not valid yet");
	must_not_trust(&(struct certificate){"other", "IP:127.0.0.2,DNS:example.org", -60, 3600, false, false, 0},
	               "name does not match certificate");
	must_not_trust(&(struct certificate){"127.0.0.1", NULL, -60, 3600, false, false, 0},
	               "name does not match certificate");
	must_not_trust(&(struct certificate){"weak", GOOD_NAMES, -60, 3600, false, false, 1024},
	               "certificate is too weak");
	assert_int_equal(server.requests, 0);
	present(&good);
	now += ICE_USEC_SEC(7200);
	until(7);
	assert_int_equal(depth().batches, 0);
}

static void a_common_name_is_no_name(void **state)
{
	(void)state;
	snprintf(enrolment.server, sizeof(enrolment.server), "https://localhost:%d", server.port);
	must_not_trust(&(struct certificate){"localhost", NULL, -60, 3600, false, false, 0},
	               "name does not match certificate");
	present(&good);
	now += ICE_USEC_SEC(7200);
	until(2);
	assert_int_equal(depth().batches, 0);
}

static void the_systems_authorities_do_not_count_beside_our_own(void **state)
{
	(void)state;
	/* And without our own, only they do. */
	enrolment.ca[0] = '\0';
	must_fail(ACK, "certificate is not trusted");
	assert_int_equal(server.application_bytes, 0);
}

static void old_tls_gets_nothing(void **state)
{
	(void)state;
	SSL_CTX_set_max_proto_version(server.tls, TLS1_1_VERSION);
	must_fail(ACK, "TLS handshake failed");
	present(&good);
	SSL_CTX_set_max_proto_version(server.tls, TLS1_VERSION);
	must_fail(ACK, "TLS handshake failed");
	static const char *const weak[] = {"AES128-SHA", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-CCM8",
	                                   "aNULL", "eNULL"};
	for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
		present(&good);
		SSL_CTX_set_max_proto_version(server.tls, TLS1_2_VERSION);
		assert_int_equal(SSL_CTX_set_cipher_list(server.tls, weak[i]), 1);
		must_fail(ACK, "TLS handshake failed");
	}
	present(&good);
	SSL_CTX_set_max_proto_version(server.tls, TLS1_2_VERSION);
	assert_int_equal(SSL_CTX_set_cipher_list(server.tls, "ECDHE-ECDSA-AES128-SHA"), 1);
	must_fail(ACK, "TLS handshake failed");
	assert_int_equal(server.application_bytes, 0);
	present(&good);
	SSL_CTX_set_max_proto_version(server.tls, TLS1_2_VERSION);
	now += ICE_USEC_SEC(7200);
	until(9);
	assert_int_equal(depth().batches, 0);
}

static void plain_http_is_refused(void **state)
{
	(void)state;
	char why[256];
	struct ice_upload_options options = {.enrolment = &enrolment};
	snprintf(enrolment.server, sizeof(enrolment.server), "http://127.0.0.1:%d", server.port);
	assert_null(ice_upload_new(server.base, &options, outbox, why, sizeof(why)));
	assert_non_null(strstr(why, "not encrypted"));
}

static void it_can_be_freed_at_any_time(void **state)
{
	(void)state;
	for (int turns = 0; turns < 12; turns++) {
		put(3);
		start(0);
		ice_upload_work(uploader, now);
		for (int i = 0; i < turns; i++)
			event_base_loop(server.base, EVLOOP_ONCE);
		ice_upload_free(uploader);
		uploader = NULL;
	}
	put(1);
	uint64_t left = (uint64_t)depth().batches;
	start(0);
	until(left);
	assert_int_equal(depth().batches, 0);
}

/* --- pins, client certificates, proxies --- */

static const char *pin_of(EVP_PKEY *key)
{
	static char pin[64];
	unsigned char *der = NULL, hash[32];
	int n = i2d_PUBKEY(key, &der);
	assert_int_equal(EVP_Digest(der, (size_t)n, hash, NULL, EVP_sha256(), NULL), 1);
	OPENSSL_free(der);
	strcpy(pin, "sha256//");
	EVP_EncodeBlock((unsigned char *)pin + strlen(pin), hash, sizeof(hash));
	return pin;
}

static void a_pinned_key_must_be_the_servers(void **state)
{
	(void)state;
	char both[128];
	ways.pin = pin_of(ca_key); /* of another key */
	must_fail(ACK, "the server's key is not the pinned one");
	assert_int_equal(server.application_bytes, 0);
	for (int i = 0; i < 6; i++)
		must_fail(ACK, "the server's key is not the pinned one");
	ice_upload_free(uploader);
	snprintf(both, sizeof(both), "%s;", pin_of(ca_key));
	strcat(both, pin_of(host_key));
	ways.pin = both;
	start(0);
	until(1);
	assert_int_equal(depth().batches, 0);
}

static void a_server_may_ask_for_a_certificate(void **state)
{
	(void)state;
	char certificate[4096], key[4096];
	EVP_PKEY *own = EVP_EC_gen("P-256");
	X509 *cert = make_certificate(&(struct certificate){"engine", NULL, -60, 3600, false, false, 0}, own);
	certificate_text(cert, certificate, sizeof(certificate));
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, own, NULL, NULL, 0, NULL, NULL);
	to_text(bio, key, sizeof(key));
	X509_STORE_add_cert(SSL_CTX_get_cert_store(server.tls), ca);
	SSL_CTX_set_verify(server.tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_session_id_context(server.tls, (const unsigned char *)"ice", 3);
	must_fail(ACK, ""); /* without one, the server closes */
	assert_int_equal(server.requests, 0);
	ice_upload_free(uploader);
	ways.client_certificate = certificate;
	ways.client_key = key;
	start(0);
	until(1);
	assert_int_equal(depth().batches, 0);
	assert_int_equal(server.requests, 1);
	/* A key that belongs to another certificate: nothing is sent. */
	ice_upload_free(uploader);
	uploader = NULL;
	bio = BIO_new(BIO_s_mem());
	PEM_write_bio_PrivateKey(bio, host_key, NULL, NULL, 0, NULL, NULL);
	to_text(bio, key, sizeof(key));
	must_fail(ACK, "client certificate and key cannot be used");
	assert_int_equal(server.requests, 1);
	EVP_PKEY_free(own);
	X509_free(cert);
}

/* A proxy for CONNECT, as small as can be. */
static struct {
	struct evconnlistener *listener;
	int port, tunnels;
	const char *refusal; /* instead of a tunnel */
	bool endless;        /* which never ends */
	char asked[1024];
} proxy;

static void proxy_end(struct bufferevent *bev, short what, void *arg)
{
	struct bufferevent *other = arg;
	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
		return;
	if (other) {
		bufferevent_setcb(other, NULL, NULL, proxy_end, NULL);
		shutdown(bufferevent_getfd(other), SHUT_RDWR);
	}
	bufferevent_free(bev);
}

static void proxy_pass(struct bufferevent *bev, void *arg)
{
	bufferevent_write_buffer(arg, bufferevent_get_input(bev));
}

static void proxy_goes_on(struct bufferevent *bev, void *arg)
{
	static const char junk[4096];
	(void)arg;
	bufferevent_write(bev, junk, sizeof(junk));
}

static void proxy_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	(void)arg;
	if (end.pos < 0)
		return;
	int n = evbuffer_remove(in, proxy.asked,
	                        (size_t)end.pos + 4 < sizeof(proxy.asked) ? (size_t)end.pos + 4
	                                                                  : sizeof(proxy.asked) - 1);
	proxy.asked[n > 0 ? n : 0] = '\0';
	if (proxy.endless)
		bufferevent_setcb(bev, NULL, proxy_goes_on, proxy_end, NULL);
	if (proxy.refusal) {
		bufferevent_write(bev, proxy.refusal, strlen(proxy.refusal));
		return;
	}
	to.sin_port = htons((uint16_t)server.port);
	struct bufferevent *out = bufferevent_socket_new(server.base, -1, BEV_OPT_CLOSE_ON_FREE);
	proxy.tunnels++;
	bufferevent_setcb(out, proxy_pass, NULL, proxy_end, bev);
	bufferevent_setcb(bev, proxy_pass, NULL, proxy_end, out);
	bufferevent_socket_connect(out, (struct sockaddr *)&to, sizeof(to));
	bufferevent_enable(out, EV_READ | EV_WRITE);
	bufferevent_write(bev, "HTTP/1.1 200 Tunnel\r\n\r\n", 23);
}

static void proxy_accepted(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	struct bufferevent *bev = bufferevent_socket_new(server.base, fd, BEV_OPT_CLOSE_ON_FREE);
	(void)l, (void)from, (void)len, (void)arg;
	bufferevent_setcb(bev, proxy_read, NULL, proxy_end, NULL);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static void a_configured_proxy_is_asked_for_a_tunnel(void **state)
{
	(void)state;
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	struct ice_secret credentials;
	char url[64], wanted[64];
	memset(&proxy, 0, sizeof(proxy));
	proxy.listener = evconnlistener_new_bind(server.base, proxy_accepted, NULL, LEV_OPT_CLOSE_ON_FREE, 16,
	                                         (struct sockaddr *)&at, sizeof(at));
	assert_int_equal(getsockname(evconnlistener_get_fd(proxy.listener), (struct sockaddr *)&at, &len), 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", ntohs(at.sin_port));
	assert_true(ice_secret_set(&credentials, "user:pass:word", 14));
	ways.proxy = url;
	ways.proxy_credentials = &credentials;
	proxy.refusal = "HTTP/1.1 407 No\r\nContent-Length: 0\r\nProxy-Authenticate: Basic realm=x\r\n\r\n";
	for (int i = 0; i < 7; i++) /* and however often, not over HTTP */
		must_fail(ACK, "the proxy says: 407");
	proxy.refusal = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
	must_fail(ACK, "the proxy gives no tunnel");
	/* Nor is all read that a proxy has to say. */
	proxy.endless = true;
	proxy.refusal = "HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\nProxy-Authenticate: Basic realm=x\r\n\r\n1;";
	must_fail(ACK, "the proxy says: 407");
	proxy.refusal = "HTTP/1.1 200 Tunnel\r\n\r\n";
	must_fail(ACK, "TLS handshake failed");
	proxy.refusal = "HTTP/1.1 200 Tunnel\r\nX-More: ";
	must_fail(ACK, "");
	proxy.endless = false;
	assert_int_equal(server.connections, 0);
	proxy.refusal = NULL;
	server.behaviour = ACK;
	now += ICE_USEC_SEC(7200);
	until(12);
	assert_int_equal(depth().batches, 0);
	assert_int_equal(proxy.tunnels, 1);
	snprintf(wanted, sizeof(wanted), "CONNECT 127.0.0.1:%d HTTP/1.1\r\n", server.port);
	assert_non_null(strstr(proxy.asked, wanted));
	assert_non_null(strstr(proxy.asked, "Proxy-Authorization: Basic dXNlcjpwYXNzOndvcmQ=\r\n"));
	/* The server is told nothing of it, and the proxy nothing of what is sent. */
	assert_null(strstr(server.last, "Proxy-"));
	assert_null(strstr(proxy.asked, "ICE-"));
	/* A proxy that is gone is not gone round. */
	put(1);
	ice_upload_free(uploader);
	uploader = NULL;
	evconnlistener_free(proxy.listener);
	int requests = server.requests;
	for (int i = 0; i < 7; i++)
		must_fail(ACK, "");
	assert_int_equal(server.requests, requests);
	until_connections_rest();
}

static void the_environment_gets_no_keys(void **state)
{
	(void)state;
	put(1);
	start(0);
	until(1);
	assert_int_equal(access("/tmp/ice-upload-keys", F_OK), -1);
}

/* --- the test --- */

struct tested {
	int calls;
	bool acknowledged, sealed;
	long status;
	char error[256], address[64], protocol[32];
};

static void tested(const struct ice_upload_test *r, void *arg)
{
	struct tested *t = arg;
	t->calls++;
	t->acknowledged = r->acknowledged;
	t->sealed = r->sealed;
	t->status = r->status;
	snprintf(t->error, sizeof(t->error), "%s", r->error);
	snprintf(t->address, sizeof(t->address), "%s", r->address);
	snprintf(t->protocol, sizeof(t->protocol), "%s", r->protocol);
	assert_true(r->seconds >= 0);
}

static struct tested test_once(enum behaviour behaviour)
{
	struct tested t = {0};
	server.behaviour = behaviour;
	if (!uploader)
		start(ICE_USEC_MSEC(1500));
	ice_upload_test(uploader, tested, &t);
	assert_int_equal(t.calls, 0);
	while (!t.calls)
		event_base_loop(server.base, EVLOOP_ONCE);
	until_connections_rest();
	assert_int_equal(t.calls, 1);
	return t;
}

static void the_test_tells_what_it_found(void **state)
{
	(void)state;
	struct tested t = test_once(ACK);
	assert_true(t.acknowledged);
	assert_int_equal(t.status, 200);
	assert_string_equal(t.error, "");
	assert_string_equal(t.address, "127.0.0.1");
	assert_string_equal(t.protocol, "TLSv1.3");
	t = test_once(FORBIDDEN);
	assert_false(t.acknowledged);
	assert_int_equal(t.status, 403);
	assert_non_null(strstr(t.error, "server says: 403"));
	t = test_once(OTHER_KEY_ACK);
	assert_non_null(strstr(t.error, "site key does not match"));
	while (server.peers)
		peer_free(server.peers);
	stop_listening();
	t = test_once(ACK);
	assert_true(t.sealed); /* HTTPS was not there, so the other way was tried, and is no better */
	assert_int_equal(trapped, 1);
	trapped = 0;
	assert_false(t.acknowledged);
	assert_int_equal(t.status, 0);
	assert_string_equal(t.error, "connection closed by the server");
	evconnlistener_disable(trap);
	ice_upload_free(uploader);
	uploader = NULL;
	enrolment.seal[0] = '\0';
	t = test_once(ACK);
	assert_false(t.sealed);
	assert_string_equal(t.error, "connection refused");
	assert_string_equal(t.protocol, "");
	assert_int_equal(depth().batches, 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        TEST(an_honest_server_empties_the_outbox),
	        TEST(other_forms_of_an_acknowledgement),
	        TEST(only_a_valid_acknowledgement_counts),
	        TEST(an_answer_without_end_is_cut_off),
	        TEST(a_slow_server_is_left),
	        TEST(what_is_no_http_is_refused),
	        TEST(a_connection_may_end_anywhere),
	        TEST(an_answer_cut_at_any_byte_is_none),
	        TEST(a_signed_rejection_sets_aside_and_goes_on),
	        TEST(retry_after_is_honoured_and_clamped),
	        TEST(an_acknowledgement_from_before_a_failure_lifts_no_pause),
	        TEST(a_batch_that_is_always_refused_holds_nobody_up),
	        TEST(a_batch_at_which_the_server_dies_holds_nobody_up),
	        TEST(where_all_fail_none_is_stuck),
	        TEST(weeks_without_a_server_end_without_a_storm),
	        TEST(a_certificate_that_does_not_prove_the_name_gets_nothing),
	        TEST(a_common_name_is_no_name),
	        TEST(the_systems_authorities_do_not_count_beside_our_own),
	        TEST(old_tls_gets_nothing),
	        TEST(plain_http_is_refused),
	        TEST(a_pinned_key_must_be_the_servers),
	        TEST(a_server_may_ask_for_a_certificate),
	        TEST(a_configured_proxy_is_asked_for_a_tunnel),
	        TEST(the_environment_gets_no_keys),
	        TEST(it_can_be_freed_at_any_time),
	        TEST(the_test_tells_what_it_found),
	};
	/* The environment must not matter. */
	setenv("https_proxy", "http://127.0.0.1:9", 1);
	setenv("HTTPS_PROXY", "http://127.0.0.1:9", 1);
	setenv("all_proxy", "socks5://127.0.0.1:9", 1);
	setenv("ALL_PROXY", "socks5://127.0.0.1:9", 1);
	setenv("no_proxy", "*", 1);
	setenv("SSLKEYLOGFILE", "/tmp/ice-upload-keys", 1);
	unlink("/tmp/ice-upload-keys");
	ca_key = EVP_EC_gen("P-256");
	host_key = EVP_EC_gen("P-256");
	ca = make_certificate(&(struct certificate){"ice test authority", NULL, -7200, 7200, false, true, 0}, ca_key);
	certificate_text(ca, ca_pem, sizeof(ca_pem));
	X509 *host = make_certificate(&good, host_key);
	certificate_text(host, host_pem, sizeof(host_pem));
	X509_free(host);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	X509_free(ca);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(host_key);
	return failed;
}
