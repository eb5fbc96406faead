/* The way over HTTP: when it is taken, when it is not, and what can be read on it. Both ports are this test's own: what stands behind the HTTPS
 * port never answers as a server would, what stands behind the HTTP port keeps every byte that came. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "ice/log.h"
#include "ice/seal.h"
#include "ice/upload.h"

#include "delivery/upload_link.h"

static const char *key_text = "0123456789abcdef0123456789abcdef";
static const char record[] =
        "{\"ip\":\"10.1.2.3\",\"name\":\"BRN001BA9F4152C\",\"make\":\"Brother\",\"serial\":\"E1J123456\","
        "\"location\":\"3rd floor\",\"read_at\":\"2026-11-22T09:41:00Z\"}";

/* What stands behind the HTTPS port. */
enum port { NOBODY, DROPS, HANGS, RESETS, BABBLES };
/* What stands behind the HTTP port. */
enum plain { ACKS, FORGES, PORTAL, REJECTS, LISTENS };

static struct {
	struct event_base *base;
	struct evconnlistener *secure, *plain;
	enum port port;
	enum plain plain_says;
	int secure_port, plain_port, fillers[8];
	int secure_connections, plain_connections, posts;
	unsigned char captured[1 << 20];
	size_t captured_len;
	char body[65536]; /* of the last post, opened */
} net;

static char seal_certificate[4096], seal_key[4096];
static struct ice_enrolment enrolment;
static struct ice_outbox *outbox;
static struct ice_upload *uploader;
static ice_usec now;
static char log_path[] = "/tmp/ice-fallback-log-XXXXXX";
static int log_fd = -1;

static void make_seal(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);
	X509_gmtime_adj(X509_getm_notBefore(cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"sealing", -1, -1, 0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, cert);
	seal_certificate[BIO_read(bio, seal_certificate, sizeof(seal_certificate) - 1)] = '\0';
	PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
	seal_key[BIO_read(bio, seal_key, sizeof(seal_key) - 1)] = '\0';
	BIO_free(bio);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* --- the HTTP port --- */

static void respond(struct bufferevent *bev, const char *id)
{
	struct ice_secret key;
	char out[ICE_BATCH_ANSWER_MAX];
	assert_true(ice_secret_set(&key, key_text, 32));
	size_t n = ice_batch_answer_write(&key, net.plain_says == REJECTS ? ICE_BATCH_REJECTED : ICE_BATCH_ACKNOWLEDGED,
	                                  id, out);
	if (net.plain_says == FORGES)
		out[20] ^= 1;
	if (net.plain_says == PORTAL)
		n = (size_t)snprintf(out, sizeof(out), "<html>Please log in to the guest network");
	if (net.plain_says != LISTENS)
		evbuffer_add_printf(bufferevent_get_output(bev), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%.*s",
		                    net.plain_says == REJECTS ? "422 No" : "200 OK", n, (int)n, out);
}

/* Opens what came as the server would: signature, seal, gzip. */
static void open_post(const char *head, const unsigned char *body, size_t len)
{
	struct ice_secret key;
	char mac[80] = "", id[80] = "", why[256], found[ICE_BATCH_ID_SIZE];
	size_t packed_len, text_len;
	assert_true(ice_secret_set(&key, key_text, 32));
	assert_int_equal(strncmp(head, "POST /v1/batches HTTP/1.1\r\n", 27), 0);
	assert_non_null(strstr(head, "\r\nContent-Type: application/cms\r\n"));
	assert_null(strstr(head, "Content-Encoding"));
	assert_int_equal(sscanf(strstr(head, "ICE-Signature: "), "ICE-Signature: %70s", mac), 1);
	assert_int_equal(sscanf(strstr(head, "ICE-Batch: "), "ICE-Batch: %70s", id), 1);
	assert_true(ice_batch_signed(&key, body, len, mac));
	struct ice_seal *seal = ice_seal_new(seal_certificate, seal_key, why, sizeof(why));
	void *packed = ice_seal_open(seal, body, len, ICE_BATCH_BYTES_MAX, &packed_len);
	assert_non_null(packed);
	char *text = ice_batch_gunzip(packed, packed_len, ICE_BATCH_BYTES_MAX, &text_len);
	assert_non_null(text);
	ice_batch_id(text, text_len, found);
	assert_string_equal(found, id);
	snprintf(net.body, sizeof(net.body), "%s", text);
	free(text);
	free(packed);
	ice_seal_free(seal);
}

static void plain_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	const char *length;
	(void)arg;
	if (end.pos < 0)
		return;
	size_t head = (size_t)end.pos + 4, all = evbuffer_get_length(in);
	unsigned char *bytes = evbuffer_pullup(in, -1);
	char text[4096], id[80];
	assert_true(head < sizeof(text));
	memcpy(text, bytes, head);
	text[head] = '\0';
	assert_non_null(length = strstr(text, "Content-Length: "));
	size_t len = strtoul(length + 16, NULL, 10);
	if (all < head + len)
		return;
	assert_true(net.captured_len + all <= sizeof(net.captured));
	memcpy(net.captured + net.captured_len, bytes, all);
	net.captured_len += all;
	open_post(text, bytes + head, len);
	assert_int_equal(sscanf(strstr(text, "ICE-Batch: "), "ICE-Batch: %70s", id), 1);
	net.posts++;
	evbuffer_drain(in, head + len);
	respond(bev, id);
}

static void peer_ended(struct bufferevent *bev, short what, void *arg)
{
	(void)what, (void)arg;
	bufferevent_free(bev);
}

static void plain_accepted(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	struct bufferevent *bev = bufferevent_socket_new(net.base, fd, BEV_OPT_CLOSE_ON_FREE);
	(void)l, (void)from, (void)len, (void)arg;
	net.plain_connections++;
	bufferevent_setcb(bev, plain_read, NULL, peer_ended, NULL);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

/* --- the HTTPS port --- */

static void secure_accepted(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *from, int len, void *arg)
{
	struct linger at_once = {1, 0};
	(void)l, (void)from, (void)len, (void)arg;
	net.secure_connections++;
	if (net.port == RESETS) {
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
		close(fd);
		return;
	}
	struct bufferevent *bev = bufferevent_socket_new(net.base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(bev, NULL, NULL, peer_ended, NULL);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	if (net.port == BABBLES)
		bufferevent_write(bev, "HTTP/1.1 400 This is no HTTPS\r\n\r\n", 33);
}

static int bound_port(int fd)
{
	struct sockaddr_in at;
	socklen_t len = sizeof(at);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	return ntohs(at.sin_port);
}

static void clear_secure(void)
{
	if (net.secure)
		evconnlistener_free(net.secure);
	net.secure = NULL;
	for (size_t i = 0; i < sizeof(net.fillers) / sizeof(net.fillers[0]); i++) {
		if (net.fillers[i] > 0)
			close(net.fillers[i]);
		net.fillers[i] = 0;
	}
}

/* A listener that accepts nobody and whose queue is full: the kernel drops every further SYN, as a firewall does. */
static void fill_queue(struct sockaddr_in *at)
{
	int l = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_int_equal(bind(l, (struct sockaddr *)at, sizeof(*at)), 0);
	assert_int_equal(listen(l, 0), 0);
	net.fillers[0] = l;
	for (int i = 1; i < 4; i++) {
		net.fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(net.fillers[i], (struct sockaddr *)at, sizeof(*at));
	}
}

static void stand(enum port what)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	clear_secure();
	at.sin_port = htons((uint16_t)net.secure_port);
	net.port = what;
	if (what == DROPS)
		fill_queue(&at);
	else if (what != NOBODY)
		net.secure = evconnlistener_new_bind(net.base, secure_accepted, NULL,
		                                     LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE, 16,
		                                     (struct sockaddr *)&at, sizeof(at));
}

/* --- the engine --- */

static void put(int n)
{
	for (int i = 0; i < n; i++) {
		static int number;
		char json[512], device[32];
		struct ice_reading r = {.json = json, .device = device, .at = 1};
		const struct ice_reading *list[] = {&r};
		size_t taken;
		r.len = (size_t)snprintf(json, sizeof(json), "%s", record);
		snprintf(device, sizeof(device), "d%d", number++);
		assert_int_equal(ice_outbox_put(outbox, list, 1, &taken), ICE_OUTBOX_OK);
	}
}

static void start(bool fallback)
{
	char why[256];
	struct ice_upload_options options = {.enrolment = &enrolment,
	                                     .connect_timeout = ICE_USEC_MSEC(150),
	                                     .timeout = ICE_USEC_MSEC(300),
	                                     .retry_cap = ICE_USEC_SEC(60),
	                                     .http_fallback = fallback,
	                                     .http_port = (uint16_t)net.plain_port,
	                                     .seed = 5};
	ice_upload_free(uploader);
	uploader = ice_upload_new(net.base, &options, outbox, why, sizeof(why));
	assert_non_null(uploader);
}

static int set_up(void **state)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct ice_outbox_options options = {.path = ":memory:", .site = "hq"};
	char why[256];
	(void)state;
	memset(&net, 0, sizeof(net));
	net.base = event_base_new();
	net.plain = evconnlistener_new_bind(net.base, plain_accepted, NULL, LEV_OPT_CLOSE_ON_FREE, 16,
	                                    (struct sockaddr *)&at, sizeof(at));
	net.plain_port = bound_port(evconnlistener_get_fd(net.plain));
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	net.secure_port = bound_port(fd);
	close(fd);
	snprintf(enrolment.server, sizeof(enrolment.server), "https://127.0.0.1:%d", net.secure_port);
	snprintf(enrolment.site, sizeof(enrolment.site), "hq");
	snprintf(enrolment.seal, sizeof(enrolment.seal), "%s", seal_certificate);
	assert_true(ice_secret_set(&enrolment.key, key_text, 32));
	outbox = ice_outbox_open(&options, why, sizeof(why));
	assert_non_null(outbox);
	now = ICE_USEC_SEC(1000);
	uploader = NULL;
	strcpy(log_path + strlen(log_path) - 6, "XXXXXX");
	log_fd = mkstemp(log_path);
	ice_log_set_fd(log_fd);
	return log_fd < 0;
}

static int tear_down(void **state)
{
	(void)state;
	ice_upload_free(uploader);
	ice_outbox_close(outbox);
	event_base_loop(net.base, EVLOOP_NONBLOCK);
	clear_secure();
	evconnlistener_free(net.plain);
	event_base_loop(net.base, EVLOOP_NONBLOCK);
	event_base_free(net.base);
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

static struct ice_upload_counters counters(void)
{
	struct ice_upload_counters c;
	ice_upload_counters(uploader, &c);
	return c;
}

static int64_t waiting(void)
{
	struct ice_outbox_depth d;
	ice_outbox_depth(outbox, &d);
	return d.batches;
}

static void give_up(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what;
	*(bool *)arg = true;
}

/* One attempt, `later` after the last, to its end, and what it starts by itself. */
static void attempt(ice_usec later)
{
	bool late = false;
	struct timeval forever = {5, 0};
	struct event *guard = evtimer_new(net.base, give_up, &late);
	struct ice_upload_counters before = counters();
	evtimer_add(guard, &forever);
	now += later;
	if (before.next_attempt > now)
		now = before.next_attempt;
	ice_upload_work(uploader, now);
	for (struct ice_upload_counters c = before;
	     !late &&
	     c.failures + c.acknowledged + c.rejected == before.failures + before.acknowledged + before.rejected;
	     c = counters())
		event_base_loop(net.base, EVLOOP_ONCE);
	while (!late && !ice_upload_idle(uploader))
		event_base_loop(net.base, EVLOOP_ONCE);
	event_free(guard);
	if (late)
		fail_msg("no end to it: %s", counters().last_error);
}

/* --- tests --- */

static void after_tries_and_minutes_it_goes_sealed(enum port what)
{
	put(1);
	stand(what);
	start(true);
	/* Many tries in a short time are not enough, nor are few in a long one: what_answers_once_begins_the_count_anew. */
	ice_usec first = 0;
	while (net.posts == 0) {
		attempt(ICE_USEC_SEC(10));
		first = first ? first : now;
		if ((net.posts > 0) != (now - first >= ICE_USEC_SEC(180)))
			fail_msg("after %lld s: %s", (long long)((now - first) / 1000000), counters().last_error);
	}
	assert_int_equal(net.posts, 1);
	assert_int_equal(waiting(), 0);
	assert_int_equal(counters().acknowledged, 1);
	assert_int_equal(counters().sealed, 1);
	assert_int_equal(counters().switches, 1);
	assert_true(counters().http_in_use);
	assert_non_null(strstr(net.body, record));
}

static void a_closed_port_lets_it_go_sealed(void **state)
{
	(void)state;
	after_tries_and_minutes_it_goes_sealed(NOBODY);
	assert_int_equal(lines_with("upload fails"), 1);
	assert_int_equal(lines_with("HTTPS cannot be reached: batches go sealed"), 1);
	assert_int_equal(lines_with("upload works again"), 1);
	/* HTTPS first for each: it is reached again, and that ends it, though nothing good comes of it. */
	put(3);
	while (waiting() > 0)
		attempt(0);
	assert_int_equal(counters().sealed, 4);
	stand(BABBLES);
	put(1);
	int posts = net.posts;
	for (int i = 0; i < 9; i++)
		attempt(ICE_USEC_SEC(3600));
	assert_true(net.secure_connections >= 9);
	assert_int_equal(net.posts, posts);
	assert_int_equal(counters().switches, 2);
	assert_false(counters().http_in_use);
	assert_int_equal(waiting(), 1);
	assert_int_equal(lines_with("HTTPS is reached again"), 1);
	/* And the count begins anew. */
	stand(NOBODY);
	for (int i = 0; i < ICE_USEC_SEC(1) && i < 4; i++)
		attempt(ICE_USEC_SEC(3600));
	assert_int_equal(net.posts, posts);
	attempt(ICE_USEC_SEC(3600));
	assert_int_equal(net.posts, posts + 1);
	assert_int_equal(counters().switches, 3);
}

static void a_dropped_syn_lets_it_go_sealed(void **state)
{
	(void)state;
	after_tries_and_minutes_it_goes_sealed(DROPS);
}

/* However long it goes on. */
static void a_connection_that_stood_never_does(void **state)
{
	(void)state;
	static const enum port kinds[] = {HANGS, RESETS, BABBLES};
	put(1);
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		stand(kinds[k]);
		start(true);
		int before = net.secure_connections;
		for (int i = 0; i < 7; i++)
			attempt(ICE_USEC_SEC(3600));
		assert_true(net.secure_connections >= before + 7);
		if (net.plain_connections > 0)
			fail_msg("behaviour %d opened the way over HTTP", kinds[k]);
		assert_int_equal(counters().switches, 0);
	}
	assert_int_equal(waiting(), 1);
}

/* One answer on the HTTPS port among the silence is enough. */
static void what_answers_once_begins_the_count_anew(void **state)
{
	(void)state;
	put(1);
	start(true);
	for (int i = 0; i < 16; i++) {
		stand(i % 4 == 3 ? RESETS : NOBODY);
		attempt(ICE_USEC_SEC(3600));
	}
	assert_int_equal(net.plain_connections, 0);
	assert_int_equal(waiting(), 1);
}

/* An attempt that did not come to the point of connecting: there was no socket to be had. */
static void attempt_nothing(void)
{
	struct rlimit was, none;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	int lowest = dup(0);
	close(lowest);
	none.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	attempt(ICE_USEC_SEC(3600));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
}

/* It tells nothing of the port, neither way. */
static void what_is_not_known_changes_nothing(void **state)
{
	(void)state;
	put(1);
	start(true);
	for (int i = 0; i < 9; i++)
		attempt_nothing();
	assert_int_equal(counters().failures, 9);
	for (int i = 0; i < 4; i++) {
		attempt(ICE_USEC_SEC(3600));
		attempt_nothing();
	}
	assert_int_equal(net.plain_connections, 0);
	attempt(ICE_USEC_SEC(3600));
	assert_int_equal(net.posts, 1);
	assert_int_equal(waiting(), 0);
	put(1);
	attempt_nothing();
	assert_true(counters().http_in_use);
	assert_int_equal(counters().switches, 1);
	assert_int_equal(lines_with("HTTPS is reached again"), 0);
	assert_int_equal(net.posts, 1);
	attempt(ICE_USEC_SEC(3600));
	assert_int_equal(net.posts, 2);
	/* Nor does a name that is not resolved: nothing is opened then. */
	struct ice_upload_link link = {.count = 0};
	assert_int_equal(ice_upload_link_end(&link), ICE_UPLOAD_LINK_UNKNOWN);
}

static void it_can_be_switched_off(void **state)
{
	(void)state;
	put(1);
	start(false);
	for (int i = 0; i < 9; i++)
		attempt(ICE_USEC_SEC(3600));
	assert_int_equal(net.plain_connections, 0);
	enrolment.seal[0] = '\0'; /* and without a certificate there is nothing to switch on */
	start(true);
	for (int i = 0; i < 9; i++)
		attempt(ICE_USEC_SEC(3600));
	assert_int_equal(net.plain_connections, 0);
	assert_int_equal(waiting(), 1);
}

static void nothing_of_a_record_can_be_read(void **state)
{
	(void)state;
	put(3);
	stand(NOBODY);
	start(true);
	for (int i = 0; i < 9 && waiting() > 0; i++)
		attempt(ICE_USEC_SEC(3600));
	assert_int_equal(waiting(), 0);
	assert_true(net.captured_len > 1000);
	for (size_t i = 0; i + 7 <= strlen(record); i++) {
		if (memmem(net.captured, net.captured_len, record + i, 7))
			fail_msg("\"%.7s\" can be read in what was sent", record + i);
	}
	/* Nor is it merely packed. */
	assert_null(memmem(net.captured, net.captured_len, "\x1f\x8b\x08", 3));
	assert_null(memmem(net.captured, net.captured_len, key_text, 16));
}

static void only_a_valid_answer_counts_there_too(void **state)
{
	(void)state;
	put(1);
	stand(NOBODY);
	start(true);
	static const enum plain wrong[] = {FORGES, PORTAL, LISTENS};
	for (int i = 0; i < 5; i++)
		attempt(ICE_USEC_SEC(3600));
	assert_int_equal(waiting(), 0);
	put(1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		net.plain_says = wrong[i];
		attempt(ICE_USEC_SEC(3600));
		assert_int_equal(waiting(), 1);
		assert_non_null(strstr(counters().last_error, "HTTPS cannot be reached; over HTTP: "));
	}
	net.plain_says = REJECTS;
	attempt(ICE_USEC_SEC(3600));
	assert_int_equal(waiting(), 0);
	assert_int_equal(counters().rejected, 1);
}

static void a_sealing_certificate_that_is_none_is_refused(void **state)
{
	(void)state;
	char why[256];
	struct ice_upload_options options = {.enrolment = &enrolment, .http_fallback = true};
	snprintf(enrolment.seal, sizeof(enrolment.seal), "%s", "no certificate");
	assert_null(ice_upload_new(net.base, &options, outbox, why, sizeof(why)));
	assert_non_null(strstr(why, "sealing certificate"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	        TEST(a_closed_port_lets_it_go_sealed),
	        TEST(a_dropped_syn_lets_it_go_sealed),
	        TEST(a_connection_that_stood_never_does),
	        TEST(what_answers_once_begins_the_count_anew),
	        TEST(what_is_not_known_changes_nothing),
	        TEST(it_can_be_switched_off),
	        TEST(nothing_of_a_record_can_be_read),
	        TEST(only_a_valid_answer_counts_there_too),
	        TEST(a_sealing_certificate_that_is_none_is_refused),
	};
	make_seal();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
