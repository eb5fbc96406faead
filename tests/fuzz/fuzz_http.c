/* What a stranger sends on a connection to the server's door for sealed batches, or to the configuration window's; the first byte chooses.
 * Whoever has no key has no batch stored, whoever has no cookie has no page, every answer is one that we give, and every connection ends. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ice/log.h"
#include "server/http.h"
#include "window/door.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_REQUEST_MAX 65536 /* fits a socket's buffer: written at once */

static struct event_base *base;
static struct window_session session;
static uint16_t ports[2];
static char answer[8192];
static size_t answer_len;

static void check(bool right)
{
	if (!right)
		abort();
}

/* ---- a store with one site, whose key nobody has ---- */

static enum fm_store_result fuzz_site(struct fm_store *s, const char *name, struct fm_site *out)
{
	(void)s;
	if (strcmp(name, "hq") != 0)
		return FM_STORE_NONE;
	strcpy(out->name, name);
	check(ice_secret_set(&out->key, "0123456789abcdef0123456789abcdef", 32));
	return FM_STORE_OK;
}

static enum fm_store_result fuzz_put(struct fm_store *s, const struct fm_batch *batch, int64_t now,
                                     struct fm_store_tally *tally)
{
	(void)s, (void)batch, (void)now, (void)tally;
	abort();
}

static const struct fm_store_driver driver = {.site_get = fuzz_site, .put = fuzz_put};
static struct fm_store store = {&driver};

/* ---- a window that shows nothing ---- */

static void fuzz_serve(struct window_request *r, struct window_reply *reply, void *arg)
{
	(void)arg;
	check(r->path[0] == '/' && !strpbrk(r->path, "?#") && r->query.count <= WINDOW_FORM_FIELDS &&
	      r->form.count <= WINDOW_FORM_FIELDS && (r->from.post || r->form.count == 0));
	check(window_session_judge(&session, &r->from) != WINDOW_SESSION_GOOD);
	reply->status = 403;
}

/* ---- connections ---- */

static void fuzz_begin(void)
{
	static const struct fm_guard_limits limits = {
	        .connections = 16, .per_address = 16, .buffered = 1 << 20, .deadline = ICE_USEC_SEC(5)};
	char bound[FM_HTTP_ENDPOINT_SIZE], why[256];
	base = event_base_new();
	check(base);
	ice_log_set_level(ICE_LOG_ERROR);
	struct fm_http *h = fm_http_new(base, NULL, NULL, &store, &limits);
	check(fm_http_listen(h, true, "127.0.0.1:0", bound, &ports[0], why, sizeof why));
	struct window_door *door = window_door_new(base, false, 0, fuzz_serve, NULL, why, sizeof why);
	check(door);
	ports[1] = window_door_port(door);
	window_session_init(&session, "127.0.0.1", ports[1]);
}

static void fuzz_read(evutil_socket_t fd, short what, void *ended)
{
	char more[4096];
	ssize_t n;
	(void)what;
	while ((n = read(fd, more, sizeof more)) > 0) {
		size_t room = sizeof answer - 1 - answer_len, take = (size_t)n < room ? (size_t)n : room;
		memcpy(answer + answer_len, more, take);
		answer_len += take;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		*(bool *)ended = true;
}

/* Sends it all, says that this was all, and hears what there is to hear. */
static void fuzz_ask(uint16_t port, const uint8_t *data, size_t size)
{
	struct sockaddr_in at = {
	        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct linger at_once = {1, 0}; /* reset, or thousands of ports would wait for their minute to pass */
	bool ended = false;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	check(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0 &&
	      write(fd, data, size) == (ssize_t)size && evutil_make_socket_nonblocking(fd) == 0);
	shutdown(fd, SHUT_WR);
	struct event *reader = event_new(base, fd, EV_READ | EV_PERSIST, fuzz_read, &ended);
	check(reader && event_add(reader, NULL) == 0);
	while (!ended)
		check(event_base_loop(base, EVLOOP_ONCE) == 0);
	event_free(reader);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int version[2], status; /* whatever version we are asked in, libevent answers in */
	if (!base)
		fuzz_begin();
	if (size == 0 || size > FUZZ_REQUEST_MAX)
		return 0;
	answer_len = 0;
	fuzz_ask(ports[data[0] & 1], data + 1, size - 1);
	answer[answer_len] = '\0';
	if (answer_len > 0)
		check(sscanf(answer, "HTTP/%d.%d %3d ", &version[0], &version[1], &status) == 3 &&
		      (status == 100 || (status >= 400 && status <= 503)));
	return 0;
}
