/* What the service manager hears, by a real datagram socket of its kind. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ice/notify.h"

static char folder[64];
static int manager;

/* Listens where a service manager would, and sets the variable. */
static void listen_at(const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	size_t len = strlen(name);
	memcpy(at.sun_path, name, len);
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(manager >= 0);
	assert_int_equal(
	        bind(manager, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)), 0);
	setenv("NOTIFY_SOCKET", name, 1);
}

static const char *heard(void)
{
	static char text[1024];
	ssize_t n = recv(manager, text, sizeof text - 1, 0);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/test_notify.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	char path[96];
	snprintf(path, sizeof path, "%s/notify", folder);
	unlink(path);
	return rmdir(folder);
}

static int forget(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	close(manager);
	return 0;
}

static void tell_all(void)
{
	struct ice_notify n;
	int64_t usec;
	char end;
	ice_notify_open(&n);
	assert_true(n.fd >= 0);
	ice_notify_ready(&n);
	assert_string_equal(heard(), "READY=1");
	ice_notify_reloading(&n);
	assert_int_equal(sscanf(heard(), "RELOADING=1\nMONOTONIC_USEC=%" SCNd64 "%c", &usec, &end), 1);
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	assert_true(usec > 0 && usec <= (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	ice_notify_alive(&n);
	assert_string_equal(heard(), "WATCHDOG=1");
	ice_notify_say(&n, "sweeping %s", "the\noffice");
	assert_string_equal(heard(), "STATUS=sweeping the office");
	ice_notify_stopping(&n);
	assert_string_equal(heard(), "STOPPING=1");
	ice_notify_close(&n);
}

static void test_a_path(void **state)
{
	(void)state;
	char path[96];
	snprintf(path, sizeof path, "%s/notify", folder);
	listen_at(path);
	tell_all();
}

static void test_an_abstract_name(void **state)
{
	(void)state;
	char name[64];
	snprintf(name, sizeof name, "@ice-test-notify-%d", (int)getpid());
	listen_at(name);
	tell_all();
}

/* A manager that reads nothing is no reason to stand still, and one that has gone none to fail. */
static void test_nobody_reads(void **state)
{
	(void)state;
	struct ice_notify n;
	char name[64];
	snprintf(name, sizeof name, "@ice-test-deaf-%d", (int)getpid());
	listen_at(name);
	ice_notify_open(&n);
	ice_usec before = ice_clock_now();
	int sent = 0;
	do {
		ice_notify_alive(&n);
		sent++;
	} while (sent < 100000 && ice_clock_now() - before < ICE_USEC_MSEC(40));
	assert_true(ice_clock_now() - before < ICE_USEC_SEC(2));
	close(manager);
	ice_notify_alive(&n);
	ice_notify_close(&n);
	ice_notify_alive(&n);
	manager = -1;
}

static void test_nobody_asked(void **state)
{
	(void)state;
	static const char *const wrong[] = {"", "@", "relative", "vsock:2:1234", "/nobody/listens/here"};
	struct ice_notify n;
	manager = -1;
	ice_notify_open(&n);
	assert_int_equal(n.fd, -1);
	ice_notify_ready(&n);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		setenv("NOTIFY_SOCKET", wrong[i], 1);
		ice_notify_open(&n);
		assert_int_equal(n.fd, -1);
	}
	char longest[300];
	memset(longest, 'x', sizeof longest);
	longest[0] = '@';
	longest[sizeof longest - 1] = '\0';
	setenv("NOTIFY_SOCKET", longest, 1);
	ice_notify_open(&n);
	assert_int_equal(n.fd, -1);
}

static void test_the_watchdog_is_ours_or_not(void **state)
{
	(void)state;
	struct ice_notify n;
	char text[64];
	snprintf(text, sizeof text, "@ice-test-watchdog-%d", (int)getpid());
	listen_at(text);
	static const struct {
		const char *usec;
		int64_t pid; /* 0 = none is told, -1 = ours */
		ice_usec wanted;
	} rows[] = {{"30000000", 0, 30000000},
	            {"30000000", -1, 30000000},
	            {"30000000", 1, 0},
	            {"0", 0, 0},
	            {"-5", 0, 0},
	            {"3s", 0, 0},
	            {"", 0, 0}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		setenv("WATCHDOG_USEC", rows[i].usec, 1);
		snprintf(text, sizeof text, "%" PRId64, rows[i].pid < 0 ? (int64_t)getpid() : rows[i].pid);
		unsetenv("WATCHDOG_PID");
		if (rows[i].pid)
			setenv("WATCHDOG_PID", text, 1);
		ice_notify_open(&n);
		assert_int_equal(n.watchdog, rows[i].wanted);
		ice_notify_close(&n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(test_a_path, forget),
	        cmocka_unit_test_teardown(test_an_abstract_name, forget),
	        cmocka_unit_test_teardown(test_nobody_reads, forget),
	        cmocka_unit_test_teardown(test_nobody_asked, forget),
	        cmocka_unit_test_teardown(test_the_watchdog_is_ours_or_not, forget),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
