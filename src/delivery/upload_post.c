#include "upload_post.h"

#include <arpa/inet.h>
#include <assert.h>
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "upload_chain.h"
#include "upload_link.h"
#include "upload_loop.h"
#include "upload_words.h"

#define UPLOAD_POST_HEADERS_MAX 8192 /* bytes of headers, those of 1xx answers included */
#define UPLOAD_POST_HOST_MAX    256

/* Bytes that may come for one post, a TLS handshake included. Above what a socket holds (upload_link.c) before curl has looked at it, so
 * that a portal with a long page is still told by its status. */
#define UPLOAD_POST_RECEIVED_MAX (256u << 10)

/* TLS 1.2 with forward secrecy and authenticated encryption alone; TLS 1.3 has nothing else. */
#define UPLOAD_POST_CIPHERS "ECDHE+AESGCM:ECDHE+CHACHA20"

/* What we ourselves refused in a callback: curl only says that a callback failed. */
enum upload_post_refusal { UPLOAD_POST_NOTHING, UPLOAD_POST_LONG_HEADERS, UPLOAD_POST_LONG_ANSWER, UPLOAD_POST_FLOOD };

struct upload_post {
	TAILQ_ENTRY(upload_post) link;
	struct ice_upload_post_carrier *carrier;
	CURL *easy;
	struct curl_slist *headers;
	size_t header_bytes;
	uint64_t received;
	enum upload_post_refusal refusal;
	struct ice_upload_link links;
	struct ice_upload_post_result result;
	char protocol[16], cipher[64], address[INET6_ADDRSTRLEN];
	struct ice_upload_chain *look; /* of who tests the way: the certificates shown; NULL otherwise */
	ice_upload_post_fn *done;
	void *arg;
};

struct ice_upload_post_carrier {
	struct ice_upload_post_options options;
	char url[ICE_ENROLMENT_URL_MAX + sizeof(ICE_BATCH_PATH)];
	char host[UPLOAD_POST_HOST_MAX]; /* as the certificate must name it */
	char http_url[UPLOAD_POST_HOST_MAX + 64];
	bool host_is_address;
	CURLM *multi;
	CURL *pattern; /* what every post begins as a copy of */
	struct ice_upload_loop *loop;
	TAILQ_HEAD(upload_posts, upload_post) posts;
};

/* --- whether TCP came about --- */

static curl_socket_t upload_post_open(void *arg, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct upload_post *p = arg;
	(void)purpose;
	int fd = ice_upload_link_open(&p->links, to->family, to->socktype, to->protocol);
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

/* --- what the server sends --- */

/* "Date: Sun, 06 Nov 1994 08:49:37 GMT": told to a person who tests the way, and good for nothing else. */
static void upload_post_date(struct upload_post *p, const char *bytes, size_t n)
{
	char line[64];
	if (!p->look || n < 6 || n >= sizeof(line) || strncasecmp(bytes, "Date:", 5) != 0)
		return;
	snprintf(line, sizeof(line), "%.*s", (int)n - 5, bytes + 5);
	time_t t = curl_getdate(line, NULL);
	p->result.server_time = t > 0 ? (int64_t)t : 0;
}

static size_t upload_post_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct upload_post *p = arg;
	upload_post_date(p, bytes, size * n);
	p->header_bytes += size * n;
	if (p->header_bytes <= UPLOAD_POST_HEADERS_MAX)
		return size * n;
	p->refusal = UPLOAD_POST_LONG_HEADERS;
	return 0;
}

static size_t upload_post_answer(char *bytes, size_t size, size_t n, void *arg)
{
	struct upload_post *p = arg;
	struct ice_upload_post_result *r = &p->result;
	if (size * n > ICE_BATCH_ANSWER_MAX - r->answer_len) {
		p->refusal = UPLOAD_POST_LONG_ANSWER;
		return 0;
	}
	memcpy(r->answer + r->answer_len, bytes, size * n);
	r->answer_len += size * n;
	return size * n;
}

/* What curl keeps to itself, too: chunk lines, records of TLS, a proxy's pages. */
static void upload_post_came(CURL *easy, uint64_t bytes, void *arg)
{
	struct ice_upload_post_carrier *c = arg;
	for (struct upload_post *p = TAILQ_FIRST(&c->posts); p; p = TAILQ_NEXT(p, link))
		p->received += p->easy == easy ? bytes : 0;
}

/* curl asks at each of its turns. */
static int upload_post_goes_on(void *arg, curl_off_t d_all, curl_off_t d, curl_off_t u_all, curl_off_t u)
{
	struct upload_post *p = arg;
	(void)d_all, (void)d, (void)u_all, (void)u;
	if (p->received <= UPLOAD_POST_RECEIVED_MAX)
		return 0;
	p->refusal = UPLOAD_POST_FLOOD;
	return 1;
}

/* --- one post --- */

/* While the handshake is done: OpenSSL itself must find the name among the certificate's alternative names. curl's own look would
 * be content with a common name, and comes later. */
static CURLcode upload_post_tls(CURL *easy, void *context, void *arg)
{
	struct upload_post *p = arg;
	const struct ice_upload_post_carrier *c = p->carrier;
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(context);
	(void)easy;
	if (p->look)
		ice_upload_chain_watch(context, p->look);
	SSL_CTX_set_security_level(context, 2);
	/* Or OpenSSL would read on by itself as long as there are records without data. */
	SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
	X509_VERIFY_PARAM_set_hostflags(param,
	                                X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	int ok = c->host_is_address ? X509_VERIFY_PARAM_set1_ip_asc(param, c->host)
	                            : X509_VERIFY_PARAM_set1_host(param, c->host, 0);
	return ok == 1 ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

/* The connection stands and is secured, nothing is sent yet: notes what it is, while it is there to be asked. */
static int upload_post_connected(void *arg, char *peer, char *local, int peer_port, int local_port)
{
	struct upload_post *p = arg;
	struct curl_tlssessioninfo *tls = NULL;
	(void)peer, (void)local, (void)peer_port, (void)local_port;
	if (curl_easy_getinfo(p->easy, CURLINFO_TLS_SSL_PTR, &tls) == CURLE_OK && tls && tls->internals &&
	    tls->backend == CURLSSLBACKEND_OPENSSL) {
		snprintf(p->protocol, sizeof(p->protocol), "%s", SSL_get_version(tls->internals));
		snprintf(p->cipher, sizeof(p->cipher), "%s", p->look ? SSL_get_cipher_name(tls->internals) : "");
	}
	return CURL_PREREQFUNC_OK;
}

static void upload_post_add_header(struct upload_post *p, const char *name, const char *value)
{
	char line[128];
	int n = snprintf(line, sizeof(line), "%s:%s%s", name, *value ? " " : "", value);
	assert(n > 0 && n < (int)sizeof(line));
	struct curl_slist *grown = curl_slist_append(p->headers, line);
	if (!grown)
		abort();
	p->headers = grown;
}

static void upload_post_free(struct upload_post *p)
{
	curl_easy_cleanup(p->easy);
	curl_slist_free_all(p->headers);
	(void)ice_upload_link_end(&p->links);
	free(p);
}

/* Out of every table first, then the callback. */
static void upload_post_end(struct upload_post *p, CURLcode code)
{
	struct ice_upload_post_result *r = &p->result;
	char *address = NULL;
	curl_off_t total = 0, wait = 0;
	curl_easy_getinfo(p->easy, CURLINFO_PRIMARY_IP, &address);
	curl_easy_getinfo(p->easy, CURLINFO_TOTAL_TIME_T, &total);
	curl_easy_getinfo(p->easy, CURLINFO_RETRY_AFTER, &wait);
	snprintf(p->address, sizeof(p->address), "%s", address ? address : "");
	bool cut = code == CURLE_WRITE_ERROR && p->refusal == UPLOAD_POST_LONG_ANSWER;
	r->error = p->refusal == UPLOAD_POST_LONG_HEADERS ? "the answer's headers are too long"
	           : code == CURLE_ABORTED_BY_CALLBACK && p->refusal == UPLOAD_POST_FLOOD ? "the answer is too long"
	           : cut                                                                  ? ""
	                 : ice_upload_words(p->easy, code);
	curl_easy_getinfo(p->easy, CURLINFO_RESPONSE_CODE, &r->status);
	if (!*r->error && r->status == 0) /* curl takes what begins like HTTP for an answer, without any status in it */
		r->error = "the answer has no HTTP status";
	enum ice_upload_link_verdict link = ice_upload_link_end(&p->links);
	/* Through a proxy nobody knows how far it came. A connection of an earlier post was used if none was opened and yet one was secured. */
	r->reached = !p->carrier->options.proxy &&
	             (link == ICE_UPLOAD_LINK_STOOD || (link == ICE_UPLOAD_LINK_UNKNOWN && *p->protocol));
	r->unreached = !p->carrier->options.proxy && link == ICE_UPLOAD_LINK_NEVER &&
	               (code == CURLE_COULDNT_CONNECT || code == CURLE_OPERATION_TIMEDOUT);
	r->address = p->address;
	r->protocol = p->protocol;
	r->cipher = p->cipher;
	r->seconds = (double)total / 1e6;
	r->retry_after = wait > 0 ? ICE_USEC_SEC(wait < 1000000 ? wait : 1000000) : 0;
	if (*r->error)
		r->status = 0;
	r->too_long = cut && !*r->error;
	if (r->too_long || *r->error)
		r->answer_len = 0;
	r->answer[r->answer_len] = '\0';
	TAILQ_REMOVE(&p->carrier->posts, p, link);
	curl_multi_remove_handle(p->carrier->multi, p->easy);
	p->done(r, p->arg);
	upload_post_free(p);
}

static void upload_post_finished(void *arg)
{
	struct ice_upload_post_carrier *c = arg;
	int left;
	for (CURLMsg *m; (m = curl_multi_info_read(c->multi, &left));) {
		char *p = NULL;
		CURLcode code = m->data.result; /* m does not outlive its handle's removal */
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &p);
		upload_post_end((struct upload_post *)(void *)p, code);
	}
}

static void upload_post_set_sealed(struct upload_post *p)
{
	if (curl_easy_setopt(p->easy, CURLOPT_URL, p->carrier->http_url) != CURLE_OK ||
	    curl_easy_setopt(p->easy, CURLOPT_PROTOCOLS_STR, "http") != CURLE_OK)
		abort();
}

void ice_upload_post(struct ice_upload_post_carrier *c, const struct ice_upload_post_body *body,
                     ice_upload_post_fn *done, void *arg)
{
	struct ice_batch_header headers[ICE_BATCH_HEADERS];
	struct upload_post *p = calloc(1, sizeof(*p));
	if (!p || !(p->easy = curl_easy_duphandle(c->pattern)))
		abort();
	p->carrier = c;
	p->look = body->look;
	p->done = done;
	p->arg = arg;
	size_t n = ice_batch_headers(c->options.enrolment->site, &c->options.enrolment->key, body->id, body->bytes,
	                             body->len, body->sealed, headers);
	for (size_t i = 0; i < n; i++)
		upload_post_add_header(p, headers[i].name, headers[i].value);
	if (body->sealed)
		upload_post_set_sealed(p);
	/* curl would wait a second for the server's leave to send. */
	upload_post_add_header(p, "Expect", "");
	curl_easy_setopt(p->easy, CURLOPT_PRIVATE, p);
	curl_easy_setopt(p->easy, CURLOPT_HTTPHEADER, p->headers);
	curl_easy_setopt(p->easy, CURLOPT_POSTFIELDS, body->bytes);
	curl_easy_setopt(p->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
	curl_easy_setopt(p->easy, CURLOPT_HEADERDATA, p);
	curl_easy_setopt(p->easy, CURLOPT_WRITEDATA, p);
	curl_easy_setopt(p->easy, CURLOPT_XFERINFODATA, p);
	curl_easy_setopt(p->easy, CURLOPT_PREREQDATA, p);
	curl_easy_setopt(p->easy, CURLOPT_OPENSOCKETDATA, p);
	curl_easy_setopt(p->easy, CURLOPT_SSL_CTX_DATA, p);
	TAILQ_INSERT_TAIL(&c->posts, p, link);
	/* Sets curl's timer to zero; whatever becomes of it comes by the loop. */
	if (curl_multi_add_handle(c->multi, p->easy) != CURLM_OK)
		abort();
}

/* --- the carrier --- */

static const struct {
	CURLoption option;
	long value;
} upload_post_numbers[] = {
        {CURLOPT_POST, 1},
        {CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1},
        {CURLOPT_HTTP09_ALLOWED, 0},
        {CURLOPT_FOLLOWLOCATION, 0},
        {CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
        {CURLOPT_HTTP_CONTENT_DECODING, 0},
        {CURLOPT_NETRC, CURL_NETRC_IGNORED},
        {CURLOPT_NOSIGNAL, 1},
        /* Or a name server that does not answer holds the loop up when a post ends. */
        {CURLOPT_QUICK_EXIT, 1},
        {CURLOPT_NOPROGRESS, 0}, /* to be asked by upload_post_goes_on */
        {CURLOPT_TCP_KEEPALIVE, 1},
        {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
        {CURLOPT_SSL_VERIFYPEER, 1},
        {CURLOPT_SSL_VERIFYHOST, 2},
};

/* The configured proxy or none. "" and not NULL: NULL would ask the environment, and so it would for exceptions from the proxy. */
static bool upload_post_set_proxy(struct ice_upload_post_carrier *c)
{
	const struct ice_upload_post_options *o = &c->options;
	bool ok = curl_easy_setopt(c->pattern, CURLOPT_PROXY, o->proxy ? o->proxy : "") == CURLE_OK &&
	          curl_easy_setopt(c->pattern, CURLOPT_NOPROXY, "") == CURLE_OK;
	if (!ok || !o->proxy)
		return ok;
	ok = curl_easy_setopt(c->pattern, CURLOPT_HTTPPROXYTUNNEL, 1L) == CURLE_OK &&
	     curl_easy_setopt(c->pattern, CURLOPT_PROXYAUTH, (long)CURLAUTH_BASIC) == CURLE_OK;
	if (ok && o->proxy_credentials && o->proxy_credentials->len > 0)
		ok = curl_easy_setopt(c->pattern, CURLOPT_PROXYUSERPWD, (const char *)o->proxy_credentials->bytes) ==
		     CURLE_OK;
	return ok;
}

/* Who the server must be, beyond its certificate, and who we are, beyond our signature. */
static bool upload_post_set_identity(struct ice_upload_post_carrier *c)
{
	const struct ice_upload_post_options *o = &c->options;
	bool ok = !o->pin || curl_easy_setopt(c->pattern, CURLOPT_PINNEDPUBLICKEY, o->pin) == CURLE_OK;
	if (!o->client_certificate || !o->client_key)
		return ok;
	struct curl_blob cert = {(void *)(uintptr_t)o->client_certificate, strlen(o->client_certificate),
	                         CURL_BLOB_COPY},
	                 key = {(void *)(uintptr_t)o->client_key, strlen(o->client_key), CURL_BLOB_COPY};
	/* A key with a password would have curl ask the terminal. */
	return ok && curl_easy_setopt(c->pattern, CURLOPT_SSLCERT_BLOB, &cert) == CURLE_OK &&
	       curl_easy_setopt(c->pattern, CURLOPT_SSLKEY_BLOB, &key) == CURLE_OK &&
	       curl_easy_setopt(c->pattern, CURLOPT_KEYPASSWD, "") == CURLE_OK;
}

/* The handle that each post is a copy of. False when this libcurl lacks something: better none than one without it. */
static bool upload_post_make_pattern(struct ice_upload_post_carrier *c)
{
	CURL *e = c->pattern;
	const char *ca = c->options.enrolment->ca;
	bool ok = true;
	for (size_t i = 0; i < sizeof(upload_post_numbers) / sizeof(upload_post_numbers[0]); i++)
		ok = ok && curl_easy_setopt(e, upload_post_numbers[i].option, upload_post_numbers[i].value) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_URL, c->url) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS_STR, "https") == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, upload_post_open) == CURLE_OK;
	ok = ok && upload_post_set_proxy(c) && upload_post_set_identity(c);
	ok = ok && curl_easy_setopt(e, CURLOPT_USERAGENT, "ice/" ICE_VERSION) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_SSL_CIPHER_LIST, UPLOAD_POST_CIPHERS) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_SSL_CTX_FUNCTION, upload_post_tls) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, upload_post_header) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, upload_post_answer) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, upload_post_goes_on) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, upload_post_connected) == CURLE_OK;
	ok = ok &&
	     curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)(c->options.connect_timeout / 1000)) == CURLE_OK;
	ok = ok && curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, (long)(c->options.timeout / 1000)) == CURLE_OK;
	if (*ca) {
		/* The server's own authority and no other: without CAPATH the system's would count as well. */
		struct curl_blob blob = {(void *)(uintptr_t)ca, strlen(ca), CURL_BLOB_COPY};
		ok = ok && curl_easy_setopt(e, CURLOPT_CAPATH, NULL) == CURLE_OK;
		ok = ok && curl_easy_setopt(e, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK;
	}
	return ok;
}

/* The host of the server's URL, without brackets. */
static void upload_post_name_host(struct ice_upload_post_carrier *c)
{
	const char *host = c->options.enrolment->server + strlen("https://");
	struct in6_addr address;
	bool bracket = *host == '[';
	host += bracket;
	int len = (int)strcspn(host, bracket ? "]" : ":");
	snprintf(c->host, sizeof(c->host), "%.*s", len, host);
	c->host_is_address = inet_pton(AF_INET, c->host, &address) == 1 || inet_pton(AF_INET6, c->host, &address) == 1;
	snprintf(c->http_url, sizeof(c->http_url),
	         bracket ? "http://[%s]:%u" ICE_BATCH_PATH : "http://%s:%u" ICE_BATCH_PATH, c->host,
	         c->options.http_port);
}

/* OpenSSL writes to sockets that the server may have closed: the signal would end the program. */
static void upload_post_ignore_sigpipe(void)
{
	struct sigaction sa;
	if (sigaction(SIGPIPE, NULL, &sa) == 0 && sa.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
}

struct ice_upload_post_carrier *ice_upload_post_carrier_new(struct event_base *base,
                                                            const struct ice_upload_post_options *options, char *why,
                                                            size_t why_size)
{
	if (!ice_enrolment_server_valid(options->enrolment->server, why, why_size))
		return NULL;
	/* curl would write the keys of every connection into the file that this names. */
	unsetenv("SSLKEYLOGFILE");
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		snprintf(why, why_size, "libcurl does not start");
		return NULL;
	}
	upload_post_ignore_sigpipe();
	struct ice_upload_post_carrier *c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	c->options = *options;
	TAILQ_INIT(&c->posts);
	snprintf(c->url, sizeof(c->url), "%s%s", options->enrolment->server, ICE_BATCH_PATH);
	upload_post_name_host(c);
	c->multi = curl_multi_init();
	c->pattern = curl_easy_init();
	if (!c->multi || !c->pattern)
		abort();
	c->loop = ice_upload_loop_new(base, c->multi, upload_post_finished, upload_post_came, c);
	curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)options->parallel);
	if (!upload_post_make_pattern(c)) {
		snprintf(why, why_size, "this libcurl (%s) lacks something that a safe upload needs", curl_version());
		ice_upload_post_carrier_free(c);
		return NULL;
	}
	return c;
}

void ice_upload_post_carrier_free(struct ice_upload_post_carrier *c)
{
	if (!c)
		return;
	for (struct upload_post *p; (p = TAILQ_FIRST(&c->posts));) {
		TAILQ_REMOVE(&c->posts, p, link);
		curl_multi_remove_handle(c->multi, p->easy);
		upload_post_free(p);
	}
	curl_easy_cleanup(c->pattern);
	curl_multi_cleanup(c->multi);
	ice_upload_loop_free(c->loop);
	free(c);
	curl_global_cleanup();
}
