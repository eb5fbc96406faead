#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ice/random.h"
#include "ice/udp.h"

/* Stands before the C library's: fails the next calls as told, or takes fewer datagrams than offered. */
static struct {
	int error, times; /* this error, for so many calls */
	unsigned most;    /* 0 = no limit */
	int poison; /* the datagram whose first octet is this fails with EPERM, as the kernel does it; -1 = none */
} kernel = {.poison = -1};

int sendmmsg(int fd, struct mmsghdr *messages, unsigned n, int flags)
{
	if (kernel.times > 0) {
		kernel.times--;
		errno = kernel.error;
		return -1;
	}
	if (kernel.most > 0 && n > kernel.most)
		n = kernel.most;
	for (unsigned i = 0; i < n; i++) {
		if (*(uint8_t *)messages[i].msg_hdr.msg_iov->iov_base != kernel.poison)
			continue;
		if (i == 0) {
			errno = EPERM;
			return -1;
		}
		n = i;
	}
	return (int)syscall(SYS_sendmmsg, fd, messages, n, flags);
}

/* A peer on a port of the kernel's choice. */
struct peer {
	int fd;
	uint16_t port;
	struct ice_address at;
};

static struct peer peer_at(const char *text, uint16_t port)
{
	struct peer p;
	struct sockaddr_storage name;
	int size = 4 << 20;
	assert_true(ice_address_parse(text, &p.at));
	socklen_t n = ice_address_to_sockaddr(&p.at, port, &name);
	p.fd = socket(name.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	assert_true(p.fd >= 0);
	(void)setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(p.fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	assert_int_equal(bind(p.fd, (struct sockaddr *)&name, n), 0);
	n = sizeof(name);
	assert_int_equal(getsockname(p.fd, (struct sockaddr *)&name, &n), 0);
	struct ice_address same;
	assert_true(ice_address_from_sockaddr((struct sockaddr *)&name, &same, &p.port));
	return p;
}

/* Machines without IPv6 are tested by what they have. */
static bool ipv6_here(void)
{
	struct sockaddr_in6 name = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool here = fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0;
	if (fd >= 0)
		close(fd);
	return here;
}

/* The next datagram at the peer; its length, and who sent it. */
static size_t take(const struct peer *p, uint8_t *bytes, size_t size, struct sockaddr_storage *from)
{
	struct pollfd ready = {p->fd, POLLIN, 0};
	socklen_t n = sizeof(*from);
	assert_int_equal(poll(&ready, 1, 5000), 1);
	ssize_t got = recvfrom(p->fd, bytes, size, 0, (struct sockaddr *)from, &n);
	assert_true(got >= 0);
	return (size_t)got;
}

static bool nothing_at(const struct peer *p)
{
	struct pollfd ready = {p->fd, POLLIN, 0};
	return poll(&ready, 1, 0) == 0;
}

static void answer(const struct peer *p, const struct sockaddr_storage *to, const void *bytes, size_t n)
{
	socklen_t length = to->ss_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
	assert_int_equal(sendto(p->fd, bytes, n, 0, (const struct sockaddr *)to, length), n);
}

static struct ice_udp *udp_to(uint16_t port)
{
	char why[128] = "";
	struct ice_udp_options options = {.port = port};
	struct ice_udp *udp = ice_udp_new(&options, why, sizeof(why));
	if (!udp)
		fail_msg("no socket: %s", why);
	return udp;
}

static struct ice_udp_counters counters_of(const struct ice_udp *udp)
{
	struct ice_udp_counters c;
	ice_udp_counters(udp, &c);
	return c;
}

/* What was received, for the tests to look at. */
static struct {
	size_t count, bytes;
	uint16_t port;
	struct ice_address from;
	uint8_t first[1024]; /* first octet of each */
} got;

static void remember(const struct ice_address *from, uint16_t port, const uint8_t *bytes, size_t n, void *arg)
{
	(void)arg;
	if (got.count < sizeof(got.first))
		got.first[got.count] = n > 0 ? bytes[0] : 0xee;
	got.count++;
	got.bytes = n;
	got.port = port;
	got.from = *from;
}

/* Receives until `count` have come; over loopback what was sent is there at once, so this only waits when broken. */
static void receive(struct ice_udp *udp, size_t count)
{
	int fds[2];
	memset(&got, 0, sizeof(got));
	ice_udp_fds(udp, fds);
	struct pollfd ready[2] = {{fds[0], POLLIN, 0}, {fds[1], POLLIN, 0}};
	while (got.count < count) {
		assert_true(poll(ready, 2, 5000) > 0);
		ice_udp_receive(udp, 16, remember, NULL);
	}
}

static void send_numbered(struct ice_udp *udp, const struct ice_address *to, unsigned from, unsigned n)
{
	for (unsigned i = from; i < from + n; i++) {
		uint8_t bytes[3] = {(uint8_t)i, (uint8_t)(i >> 8), 'x'};
		assert_true(ice_udp_send(udp, to, bytes, sizeof(bytes)));
	}
}

/* The peer gets exactly these, in this order. */
static void expect_numbered(const struct peer *p, unsigned from, unsigned n, int without)
{
	for (unsigned i = from; i < from + n; i++) {
		uint8_t bytes[16];
		struct sockaddr_storage name;
		if ((int)i == without)
			continue;
		assert_int_equal(take(p, bytes, sizeof(bytes), &name), 3);
		assert_int_equal(bytes[0] | bytes[1] << 8, i);
	}
}

static void batches_go_out_when_full_and_in_order(void **state)
{
	(void)state;
	struct peer p = peer_at("127.0.0.1", 0);
	struct ice_udp *udp = udp_to(p.port);
	send_numbered(udp, &p.at, 0, 63);
	assert_true(nothing_at(&p));
	assert_int_equal(ice_udp_queued(udp), 63);
	send_numbered(udp, &p.at, 63, 1);
	assert_int_equal(ice_udp_queued(udp), 0);
	send_numbered(udp, &p.at, 64, 150);
	ice_udp_flush(udp);
	expect_numbered(&p, 0, 214, -1);
	assert_true(nothing_at(&p));
	struct ice_udp_counters c = counters_of(udp);
	assert_int_equal(c.sent, 214);
	assert_int_equal(c.bytes_sent, 3 * 214);
	assert_int_equal(c.send_errors, 0);
	ice_udp_free(udp);
	close(p.fd);
}

/* What the counters call sent is what the kernel took, octet by octet, also when it takes a part. */
static void octets_are_counted_as_the_kernel_takes_them(void **state)
{
	(void)state;
	struct peer p = peer_at("127.0.0.1", 0);
	struct ice_udp *udp = udp_to(p.port);
	uint64_t upto[401] = {0}; /* octets of the first n */
	for (unsigned i = 0; i < 400; i++) {
		uint8_t bytes[64] = {0};
		size_t n = 1 + i * 7 % 50;
		upto[i + 1] = upto[i] + n;
		kernel.most = 1 + (int)(i % 9);
		if (i % 50 == 30) {
			kernel.error = EAGAIN;
			kernel.times = 2;
		}
		assert_true(ice_udp_send(udp, &p.at, bytes, n));
		if (i % 11 == 0)
			ice_udp_flush(udp);
		struct ice_udp_counters c = counters_of(udp);
		assert_int_equal(c.sent + ice_udp_queued(udp), i + 1);
		assert_int_equal(c.bytes_sent, upto[c.sent]);
	}
	kernel.most = kernel.times = 0;
	ice_udp_free(udp);
	close(p.fd);
}

/* A request goes out whole, with the id asked for, whatever stood in its place before: another one, a lasting one, the same, or a datagram. */
static void requests_go_out_with_their_ids(void **state)
{
	static const char *const addresses[] = {"127.0.0.1", "::1"};
	/* Two are copies of one request, the last one has the length and the id's place of another. */
	struct ice_snmp_request requests[] = {{.len = 60, .id_at = 20},
	                                      {.len = 200, .id_at = 31},
	                                      {.len = 150, .id_at = 17},
	                                      {.len = 150, .id_at = 17},
	                                      {.len = 60, .id_at = 20}};
	enum { REQUESTS = sizeof(requests) / sizeof(requests[0]) };
	struct ice_random random;
	(void)state;
	ice_random_seed(&random, 3);
	for (size_t r = 0; r < REQUESTS; r++)
		memset(requests[r].bytes, 'a' + (int)r, sizeof(requests[r].bytes));
	ice_snmp_make_lasting(&requests[2]);
	ice_snmp_make_lasting(&requests[4]);
	requests[3] = requests[2];
	for (size_t i = 0; i < (ipv6_here() ? 2 : 1); i++) {
		struct peer p = peer_at(addresses[i], 0);
		struct ice_udp *udp = udp_to(p.port);
		for (uint32_t id = 0x41020304; id < 0x41020304 + 1000; id++) {
			uint8_t bytes[ICE_UDP_SEND_MAX], expected[ICE_UDP_SEND_MAX];
			struct sockaddr_storage name;
			const struct ice_snmp_request *r = &requests[ice_random_below(&random, REQUESTS)];
			memcpy(expected, r->bytes, r->len);
			if (ice_random_below(&random, 4) > 0) {
				ice_snmp_patch_id(expected, r->id_at, id);
				assert_true(ice_udp_ask(udp, &p.at, r, id));
			} else {
				assert_true(ice_udp_send(udp, &p.at, r->bytes, r->len));
			}
			ice_udp_flush(udp);
			assert_int_equal(take(&p, bytes, sizeof(bytes), &name), r->len);
			assert_memory_equal(bytes, expected, r->len);
		}
		struct ice_address nobody;
		assert_true(ice_address_parse("255.255.255.255", &nobody));
		assert_true(ice_udp_ask(udp, &nobody, &requests[0], 1));
		assert_int_equal(counters_of(udp).refused, 1);
		ice_udp_free(udp);
		close(p.fd);
	}
}

static void replies_come_in_with_address_and_port(void **state)
{
	(void)state;
	static const char *const addresses[] = {"127.0.0.1", "127.9.8.7", "::1"};
	for (size_t i = 0; i < (ipv6_here() ? 3 : 2); i++) {
		struct peer p = peer_at(addresses[i], 0);
		struct ice_udp *udp = udp_to(p.port);
		struct sockaddr_storage name;
		uint8_t bytes[ICE_UDP_SEND_MAX];
		int fds[2];
		ice_udp_fds(udp, fds);
		assert_true(fds[0] >= 0);
		assert_int_equal(fds[1], -1);
		memset(bytes, 'q', sizeof(bytes));
		assert_true(ice_udp_send(udp, &p.at, bytes, sizeof(bytes)));
		ice_udp_flush(udp);
		ice_udp_fds(udp, fds);
		assert_int_equal(fds[1] >= 0, i == 2);
		assert_int_equal(take(&p, bytes, sizeof(bytes), &name), ICE_UDP_SEND_MAX);
		answer(&p, &name, "hello", 5);
		answer(&p, &name, "", 0);
		receive(udp, 2);
		assert_int_equal(got.first[0], 'h');
		assert_int_equal(got.bytes, 0);
		assert_int_equal(got.port, p.port);
		assert_true(ice_address_same(&got.from, &p.at));
		struct ice_udp_counters c = counters_of(udp);
		assert_int_equal(c.received, 2);
		assert_int_equal(c.bytes_received, 5);
		ice_udp_free(udp);
		close(p.fd);
	}
}

/* Lets the peer learn where we are. */
static struct sockaddr_storage introduce(struct ice_udp *udp, const struct peer *p)
{
	struct sockaddr_storage name;
	uint8_t byte = 0;
	assert_true(ice_udp_send(udp, &p->at, &byte, 1));
	ice_udp_flush(udp);
	take(p, &byte, 1, &name);
	return name;
}

static void another_port_is_not_heard(void **state)
{
	(void)state;
	static const char *const addresses[] = {"127.0.0.1", "::1"};
	for (int i = 0; i < (ipv6_here() ? 2 : 1); i++) {
		struct peer asked = peer_at(addresses[i], 0), other = peer_at(addresses[i], 0);
		struct ice_udp *udp = udp_to(asked.port);
		struct sockaddr_storage us = introduce(udp, &asked);
		for (int k = 0; k < 7; k++)
			answer(&other, &us, "forged", 6);
		answer(&asked, &us, "true", 4);
		receive(udp, 1);
		assert_int_equal(got.count, 1);
		assert_int_equal(got.first[0], 't');
		assert_int_equal(got.port, asked.port);
		struct ice_udp_counters c = counters_of(udp);
		assert_int_equal(c.received, 1);
		assert_int_equal(c.filtered, 7);
		assert_int_equal(c.kernel_drops, 0);
		ice_udp_free(udp);
		close(asked.fd);
		close(other.fd);
	}
}

static void a_full_buffer_is_told(void **state)
{
	(void)state;
	struct peer p = peer_at("127.0.0.1", 0);
	char why[128];
	struct ice_udp_options options = {.port = p.port, .receive_buffer = 65536};
	struct ice_udp *udp = ice_udp_new(&options, why, sizeof(why));
	assert_non_null(udp);
	struct sockaddr_storage us = introduce(udp, &p);
	for (int i = 0; i < 3000; i++)
		answer(&p, &us, "reply", 5);
	memset(&got, 0, sizeof(got));
	size_t n = ice_udp_receive(udp, 1000, remember, NULL);
	assert_true(n >= 64 && n < 3000);
	assert_int_equal(got.count, n);
	answer(&p, &us, "last", 4); /* the loss shows with the next datagram */
	receive(udp, 1);
	struct ice_udp_counters c = counters_of(udp);
	assert_int_equal(c.received + c.kernel_drops, 3001);
	assert_int_equal(c.filtered, 0);
	ice_udp_free(udp);
	close(p.fd);
}

static void receiving_is_bounded(void **state)
{
	(void)state;
	struct peer p = peer_at("127.0.0.1", 0);
	struct ice_udp *udp = udp_to(p.port);
	struct sockaddr_storage us = introduce(udp, &p);
	for (int i = 0; i < 150; i++) {
		uint8_t byte = (uint8_t)i;
		answer(&p, &us, &byte, 1);
	}
	memset(&got, 0, sizeof(got));
	assert_int_equal(ice_udp_receive(udp, 1, remember, NULL), 64);
	assert_int_equal(ice_udp_receive(udp, 0, remember, NULL), 0);
	assert_int_equal(ice_udp_receive(udp, 2, remember, NULL), 86);
	assert_int_equal(ice_udp_receive(udp, 2, remember, NULL), 0);
	for (unsigned i = 0; i < 150; i++)
		assert_int_equal(got.first[i], i);
	ice_udp_free(udp);
	close(p.fd);
}

static void long_datagrams_are_whole_or_counted(void **state)
{
	(void)state;
	if (!ipv6_here()) /* over IPv4 nothing can be too long */
		skip();
	struct peer p = peer_at("::1", 0);
	struct ice_udp *udp = udp_to(p.port);
	struct sockaddr_storage us = introduce(udp, &p);
	uint8_t *bytes = calloc(1, 65527);
	assert_non_null(bytes);
	bytes[0] = 'L';
	answer(&p, &us, bytes, ICE_UDP_RECEIVE_MAX);
	receive(udp, 1);
	assert_int_equal(got.bytes, ICE_UDP_RECEIVE_MAX);
	answer(&p, &us, bytes, 65527); /* the longest there is, over IPv6 */
	answer(&p, &us, "ok", 2);
	receive(udp, 1);
	assert_int_equal(got.count, 1);
	assert_int_equal(got.first[0], 'o');
	assert_int_equal(counters_of(udp).truncated, 1);
	free(bytes);
	ice_udp_free(udp);
	close(p.fd);
}

static void not_unicast_is_refused(void **state)
{
	(void)state;
	static const char *const addresses[] = {"255.255.255.255", "224.0.0.1", "239.1.2.3", "0.0.0.0",
	                                        "240.0.0.1",       "ff02::1",   "ff05::2",   "::"};
	struct ice_udp *udp = udp_to(161);
	for (size_t i = 0; i < 8; i++) {
		struct ice_address to;
		assert_true(ice_address_parse(addresses[i], &to));
		assert_true(ice_udp_send(udp, &to, (const uint8_t *)"x", 1));
	}
	assert_int_equal(ice_udp_queued(udp), 0);
	assert_int_equal(counters_of(udp).refused, 8);
	assert_int_equal(counters_of(udp).sent, 0);
	/* nor may the kernel send to a broadcast address that ours cannot know: SO_BROADCAST is off */
	int fds[2], on = 1;
	socklen_t n = sizeof(on);
	ice_udp_fds(udp, fds);
	assert_int_equal(getsockopt(fds[0], SOL_SOCKET, SO_BROADCAST, &on, &n), 0);
	assert_int_equal(on, 0);
	struct ice_address broadcast;
	assert_true(ice_address_parse("127.255.255.255", &broadcast));
	assert_true(ice_udp_send(udp, &broadcast, (const uint8_t *)"x", 1));
	ice_udp_flush(udp);
	assert_int_equal(counters_of(udp).send_errors, 1);
	ice_udp_free(udp);
}

static void an_error_concerns_one_address(void **state)
{
	(void)state;
	struct peer p = peer_at("127.0.0.1", 0);
	struct ice_udp *udp = udp_to(p.port);
	static const int poisons[] = {0, 1, 31, 63};
	for (size_t i = 0; i < 4; i++) {
		kernel.poison = poisons[i];
		send_numbered(udp, &p.at, 0, 64);
		expect_numbered(&p, 0, 64, poisons[i]);
		assert_true(nothing_at(&p));
		assert_int_equal(counters_of(udp).send_errors, i + 1);
	}
	kernel.poison = -1;
	assert_int_equal(counters_of(udp).sent, 4 * 63);
	ice_udp_free(udp);
	close(p.fd);
}

static void a_busy_kernel_gets_the_rest_later(void **state)
{
	(void)state;
	static const int busy[] = {EAGAIN, ENOBUFS};
	struct peer p = peer_at("127.0.0.1", 0);
	struct ice_udp *udp = udp_to(p.port);
	for (int i = 0; i < 2; i++) {
		const uint8_t one_more[3] = {64, 0, 'x'};
		kernel.error = busy[i];
		kernel.times = 3;
		send_numbered(udp, &p.at, 0, 64); /* the first of them is met when the batch is full */
		assert_int_equal(ice_udp_queued(udp), 64);
		assert_false(ice_udp_send(udp, &p.at, one_more, 3));
		ice_udp_flush(udp);
		assert_int_equal(ice_udp_queued(udp), 64);
		assert_true(nothing_at(&p));
		assert_true(ice_udp_send(udp, &p.at, one_more, 3)); /* now it takes them */
		ice_udp_flush(udp);
		expect_numbered(&p, 0, 65, -1);
	}
	/* in pieces, with more coming in between: the ring goes round and keeps the order */
	kernel.most = 5;
	for (unsigned i = 0; i < 1000; i++) {
		if (i % 50 == 30) {
			kernel.error = EAGAIN;
			kernel.times = 2;
			ice_udp_flush(udp);
		}
		send_numbered(udp, &p.at, i, 1);
		if (i % 7 == 0)
			ice_udp_flush(udp);
	}
	kernel.times = 0;
	kernel.most = 0;
	ice_udp_flush(udp);
	expect_numbered(&p, 0, 1000, -1);
	assert_int_equal(counters_of(udp).send_errors, 0);
	/* a signal in between changes nothing */
	kernel.error = EINTR;
	kernel.times = 2;
	send_numbered(udp, &p.at, 0, 1);
	ice_udp_flush(udp);
	expect_numbered(&p, 0, 1, -1);
	ice_udp_free(udp);
	close(p.fd);
}

static void the_source_address_can_be_chosen(void **state)
{
	(void)state;
	struct peer p = peer_at("127.0.0.1", 0);
	struct ice_udp_options options = {.port = p.port};
	char why[128] = "";
	assert_true(ice_address_parse("127.4.5.6", &options.bind));
	struct ice_udp *udp = ice_udp_new(&options, why, sizeof(why));
	assert_non_null(udp);
	struct sockaddr_storage us = introduce(udp, &p);
	struct ice_address from;
	uint16_t port;
	assert_true(ice_address_from_sockaddr((struct sockaddr *)&us, &from, &port));
	assert_true(ice_address_same(&from, &options.bind));
	ice_udp_free(udp);
	close(p.fd);

	assert_true(ice_address_parse("203.0.113.9", &options.bind)); /* not ours */
	assert_null(ice_udp_new(&options, why, sizeof(why)));
	assert_non_null(strstr(why, "assign"));
	options.port = 0;
	assert_null(ice_udp_new(&options, why, sizeof(why)));
	ice_udp_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(batches_go_out_when_full_and_in_order),
	        cmocka_unit_test(replies_come_in_with_address_and_port),
	        cmocka_unit_test(another_port_is_not_heard),
	        cmocka_unit_test(a_full_buffer_is_told),
	        cmocka_unit_test(receiving_is_bounded),
	        cmocka_unit_test(long_datagrams_are_whole_or_counted),
	        cmocka_unit_test(not_unicast_is_refused),
	        cmocka_unit_test(an_error_concerns_one_address),
	        cmocka_unit_test(a_busy_kernel_gets_the_rest_later),
	        cmocka_unit_test(octets_are_counted_as_the_kernel_takes_them),
	        cmocka_unit_test(requests_go_out_with_their_ids),
	        cmocka_unit_test(the_source_address_can_be_chosen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
