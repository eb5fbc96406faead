/* Whose frame it is: sockets of a child that does as it is told, looked at in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "proof/ledger.h"

#define SECOND INT64_C(1000000000)

/* ---- the child ---- */

static struct ice_ledger *ledger;
static pid_t child;
static int order;

enum act { MAKE, BIND, CONNECT, DISCONNECT, PORT, DUPLICATE, CLOSE, REUSE };

struct told {
	enum act act;
	int fd;
	uint16_t port;
};

static struct sockaddr_in loopback(sa_family_t family, uint16_t port)
{
	return (struct sockaddr_in){
	        .sin_family = family, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
}

/* One number, a socket's and a file's in turns. */
static int reuse(int times)
{
	int file = open("/dev/null", O_RDONLY | O_CLOEXEC), fd = -1;
	for (int i = 0; i < times; i++) {
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		dup2(file, fd);
		close(fd);
	}
	close(file);
	return fd;
}

static int act(const struct told *t)
{
	struct sockaddr_in at = loopback(t->act == DISCONNECT ? AF_UNSPEC : AF_INET, t->port);
	socklen_t n = sizeof at;
	switch (t->act) {
	case MAKE:
		return socket(AF_INET, SOCK_DGRAM, 0);
	case BIND:
		return bind(t->fd, (struct sockaddr *)&at, n) == 0 ? 0 : errno;
	case CONNECT:
	case DISCONNECT:
		return connect(t->fd, (struct sockaddr *)&at, n);
	case PORT:
		return getsockname(t->fd, (struct sockaddr *)&at, &n) == 0 ? ntohs(at.sin_port) : -1;
	case DUPLICATE:
		return dup(t->fd);
	case CLOSE:
		return close(t->fd);
	case REUSE:
		return reuse(t->fd);
	}
	return -1;
}

/* Has the child do it; what came of it. */
static int tell(enum act what, int fd, uint16_t port)
{
	struct told t = {what, fd, port};
	int result;
	assert_int_equal(write(order, &t, sizeof t), sizeof t);
	assert_int_equal(read(order, &result, sizeof result), sizeof result);
	return result;
}

static uint16_t port_of(int fd)
{
	return (uint16_t)tell(PORT, fd, 0);
}

static int set_up(void **state)
{
	int pair[2];
	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	child = fork();
	if (child == 0) {
		struct told t;
		close(pair[0]);
		while (read(pair[1], &t, sizeof t) == sizeof t) {
			int result = act(&t);
			if (write(pair[1], &result, sizeof result) != sizeof result)
				break;
		}
		_exit(0);
	}
	close(pair[1]);
	order = pair[0];
	ledger = ice_ledger_new();
	ice_ledger_process(ledger, child, 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	close(order);
	if (child > 0)
		assert_int_equal(waitpid(child, NULL, 0), child);
	ice_ledger_free(ledger);
	return 0;
}

static bool own(uint16_t port, int64_t at)
{
	const struct ice_frame frame = {.kind = ICE_FRAME_IP, .protocol = IPPROTO_UDP, .from_port = port};
	return ice_ledger_owns(ledger, &frame, at);
}

/* ---- what is held ---- */

/* Whoever had the port before is nobody's concern. */
static void test_a_port_begins_after_it_was_last_missing(void **state)
{
	(void)state;
	ice_ledger_look(ledger, 100);
	int fd = tell(MAKE, -1, 0);
	ice_ledger_look(ledger, 200);
	assert_int_equal(tell(BIND, fd, 0), 0);
	ice_ledger_look(ledger, 300);
	assert_false(own(port_of(fd), 199));
	assert_true(own(port_of(fd), 200));
	assert_true(own(port_of(fd), 400));
}

static void test_a_socket_is_younger_than_the_look_before_it(void **state)
{
	(void)state;
	ice_ledger_look(ledger, 100);
	int fd = tell(MAKE, -1, 0);
	assert_int_equal(tell(BIND, fd, 0), 0);
	ice_ledger_closes(ledger, child, fd, 200);
	assert_false(own(port_of(fd), 99));
	assert_true(own(port_of(fd), 100));
}

/* As a resolver does it: the port comes with the connect(), before which the child waits; disconnected, there is none; connected anew, it is
 * another. */
static void test_a_connect_begins_it(void **state)
{
	struct ice_address there;
	uint16_t first, second;
	(void)state;
	assert_true(ice_address_parse("127.0.0.1", &there));
	int fd = tell(MAKE, -1, 0);
	ice_ledger_look(ledger, 100);
	ice_ledger_connects(ledger, child, fd, &there, 9, 200);
	assert_int_equal(tell(CONNECT, fd, 9), 0);
	first = port_of(fd);
	ice_ledger_look(ledger, 300);
	assert_false(own(first, 199));
	assert_true(own(first, 200));

	ice_ledger_connects(ledger, child, fd, &there, 9, 400);
	do {
		assert_int_equal(tell(DISCONNECT, fd, 0), 0);
		assert_int_equal(tell(CONNECT, fd, 9), 0);
		second = port_of(fd);
	} while (second == first);
	ice_ledger_look(ledger, 500);
	assert_true(own(first, 400));
	assert_false(own(first, 501));
	assert_false(own(second, 399));
	assert_true(own(second, 400));
}

/* After the close nobody else is given the port for as long as a frame from it may be on the way; from then on it is anybody's. */
static void test_a_port_that_still_counts_is_nobody_elses(void **state)
{
	struct sockaddr_in at;
	int fd = tell(MAKE, -1, 0), other = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	(void)state;
	assert_int_equal(tell(BIND, fd, 0), 0);
	at = loopback(AF_INET, port_of(fd));
	uint16_t port = ntohs(at.sin_port);
	ice_ledger_closes(ledger, child, fd, SECOND);
	tell(CLOSE, fd, 0);
	ice_ledger_look(ledger, 2 * SECOND);
	assert_int_equal(bind(other, (struct sockaddr *)&at, sizeof at), -1);
	assert_true(own(port, 2 * SECOND));
	ice_ledger_look(ledger, 3 * SECOND);
	assert_int_equal(bind(other, (struct sockaddr *)&at, sizeof at), 0);
	assert_true(own(port, 3 * SECOND));
	assert_false(own(port, 3 * SECOND + 1));
	close(other);
}

static void test_a_second_descriptor_keeps_it(void **state)
{
	int fd = tell(MAKE, -1, 0);
	(void)state;
	assert_int_equal(tell(BIND, fd, 0), 0);
	uint16_t port = port_of(fd);
	int second = tell(DUPLICATE, fd, 0);
	ice_ledger_closes(ledger, child, fd, SECOND);
	tell(CLOSE, fd, 0);
	for (int i = 2; i < 6; i++)
		ice_ledger_look(ledger, i * SECOND);
	assert_true(own(port, 6 * SECOND));
	ice_ledger_closes(ledger, child, second, 7 * SECOND);
	tell(CLOSE, second, 0);
	ice_ledger_look(ledger, 8 * SECOND);
	ice_ledger_look(ledger, 9 * SECOND);
	assert_false(own(port, 9 * SECOND + 1));
}

/* What a program that ends had open is not closed by a call. */
static void test_the_end_of_the_program_ends_it(void **state)
{
	int fd = tell(MAKE, -1, 0);
	(void)state;
	assert_int_equal(tell(BIND, fd, 0), 0);
	uint16_t port = port_of(fd);
	ice_ledger_look(ledger, SECOND);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	child = -1;
	ice_ledger_look(ledger, 2 * SECOND);
	assert_true(own(port, 2 * SECOND));
	ice_ledger_look(ledger, 3 * SECOND);
	assert_false(own(port, 3 * SECOND + 1));
}

/* What was a socket a moment ago is not taken for one of another kind. */
static void test_a_number_that_is_given_anew(void **state)
{
	(void)state;
	const struct told t = {REUSE, 50000, 0};
	struct ice_ledger_counters c;
	int result;
	assert_int_equal(write(order, &t, sizeof t), sizeof t);
	for (int64_t at = 100; recv(order, &result, sizeof result, MSG_DONTWAIT) < 0; at++)
		ice_ledger_look(ledger, at);
	ice_ledger_counters(ledger, &c);
	assert_int_equal(c.odd, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_a_port_begins_after_it_was_last_missing, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_a_socket_is_younger_than_the_look_before_it, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_a_connect_begins_it, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_a_port_that_still_counts_is_nobody_elses, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_a_second_descriptor_keeps_it, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_the_end_of_the_program_ends_it, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_a_number_that_is_given_anew, set_up, tear_down),
	};
	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
