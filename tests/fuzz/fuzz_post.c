/* A server that answers a post with the input, whatever that is, and closes: the verdict is about what came, within its bounds, the loop
 * ends, and nothing but the right words of the right key is an acknowledgement. Sealed posts, which go over HTTP: the answers of
 * HTTPS take the same way. */
#include <arpa/inet.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "delivery/upload_post.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_ANSWER_MAX 65536 /* fits a socket's buffer: written at once */

static struct ice_enrolment enrolment = {.server = "https://127.0.0.1:1", .site = "hq"};
static struct event_base *base;
static const uint8_t *answer;
static size_t answer_len;
static bool ended;
static int link_fd = -1;
static char id[ICE_BATCH_ID_SIZE];

static void check(bool right)
{
	if (!right)
		abort();
}

/* The request is read to its end, lest closing with bytes unread takes the answer away from the reader. */
static void fuzz_read(evutil_socket_t fd, short what, void *arg)
{
	char request[4096];
	(void)what;
	ssize_t n;
	while ((n = read(fd, request, sizeof request)) > 0)
		continue;
	if (n == 0)
		event_del(arg);
}

static struct event *reader;

static void fuzz_accept(evutil_socket_t listener, short what, void *arg)
{
	(void)what, (void)arg;
	check(link_fd < 0); /* one post, one connection: nothing that is answered makes another */
	link_fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	check(link_fd >= 0 && write(link_fd, answer, answer_len) == (ssize_t)answer_len);
	shutdown(link_fd, SHUT_WR);
	reader = event_new(base, link_fd, EV_READ | EV_PERSIST, fuzz_read, event_self_cbarg());
	check(reader && event_add(reader, NULL) == 0);
}

static void fuzz_done(const struct ice_upload_post_result *r, void *arg)
{
	(void)arg;
	ended = true;
	check(r->answer_len <= ICE_BATCH_ANSWER_MAX && r->answer[r->answer_len] == '\0');
	check((r->status == 0) == (*r->error != '\0'));
	check(!*r->error || r->answer_len == 0);
	check(!r->too_long || (!*r->error && r->answer_len == 0));
	check(r->retry_after >= 0 && r->retry_after <= ICE_USEC_SEC(1000000));
	check(!r->unreached && r->protocol[0] == '\0');
	enum ice_batch_answer said = ice_batch_answer_read(&enrolment.key, id, r->answer, r->answer_len);
	char right[2][ICE_BATCH_ANSWER_MAX];
	size_t n[2] = {ice_batch_answer_write(&enrolment.key, ICE_BATCH_ACKNOWLEDGED, id, right[0]),
	               ice_batch_answer_write(&enrolment.key, ICE_BATCH_REJECTED, id, right[1])};
	bool there = memmem(answer, answer_len, right[0], n[0] - 1) || memmem(answer, answer_len, right[1], n[1] - 1);
	/* In chunks it may stand in pieces: only a whole one can be seen here. */
	bool chunked = memmem(answer, answer_len, "hunked", 6) != NULL;
	check(said == ICE_BATCH_NO_ANSWER || there || chunked);
}

static int fuzz_listen(uint16_t *port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	check(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 8) == 0 &&
	      getsockname(fd, (struct sockaddr *)&at, &n) == 0);
	*port = ntohs(at.sin_port);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char sealed[] = "sealed";
	static struct ice_upload_post_options options = {
	        .enrolment = &enrolment, .connect_timeout = ICE_USEC_SEC(2), .timeout = ICE_USEC_SEC(2), .parallel = 1};
	char why[256];
	if (!base) {
		base = event_base_new();
		check(base && ice_secret_set(&enrolment.key, "0123456789abcdef0123456789abcdef", 32));
		struct event *incoming =
		        event_new(base, fuzz_listen(&options.http_port), EV_READ | EV_PERSIST, fuzz_accept, NULL);
		check(incoming && event_add(incoming, NULL) == 0);
		ice_batch_id("body", 4, id);
	}
	answer = data;
	answer_len = size < FUZZ_ANSWER_MAX ? size : FUZZ_ANSWER_MAX;
	ended = false;
	struct ice_upload_post_carrier *c = ice_upload_post_carrier_new(base, &options, why, sizeof why);
	check(c);
	struct ice_upload_chain look = {.count = 0};
	const struct ice_upload_post_body body = {
	        .id = id, .bytes = sealed, .len = sizeof sealed - 1, .sealed = true, .look = &look};
	ice_upload_post(c, &body, fuzz_done, NULL);
	while (!ended)
		check(event_base_loop(base, EVLOOP_ONCE) == 0);
	ice_upload_post_carrier_free(c);
	if (link_fd >= 0) {
		/* Reset, or thousands of ports would wait for their minute to pass. */
		struct linger at_once = {1, 0};
		setsockopt(link_fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
		event_free(reader);
		close(link_fd);
	}
	link_fd = -1;
	return 0;
}
