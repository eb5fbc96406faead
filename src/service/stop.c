#include "stop.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "engine/exit.h"

static int stop_fd = -1;
static timer_t stop_timer;
static volatile sig_atomic_t stop_number;

/* Only what POSIX allows in a signal handler. */
static void stop_asked(int number)
{
	static const struct itimerspec patience = {
	        .it_value = {ICE_STOP_PATIENCE / 1000000, ICE_STOP_PATIENCE % 1000000 * 1000}};
	const uint64_t one = 1;
	int saved = errno;
	if (!stop_number) {
		stop_number = number;
		(void)timer_settime(stop_timer, 0, &patience, NULL);
	}
	if (write(stop_fd, &one, sizeof one) < 0)
		errno = saved; /* it is readable already */
	errno = saved;
}

static void stop_overdue(int number)
{
	static const char line[] = "stopping took too long: ended as it was; what was not committed is read again\n";
	(void)number;
	if (write(STDERR_FILENO, line, sizeof line - 1) < 0)
		_exit(ICE_EXIT_FAILED);
	_exit(ICE_EXIT_FAILED);
}

int ice_stop_begin(void)
{
	struct sigevent overdue = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
	struct sigaction asked = {.sa_handler = stop_asked, .sa_flags = SA_RESTART};
	struct sigaction late = {.sa_handler = stop_overdue};
	stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (stop_fd < 0 || timer_create(CLOCK_MONOTONIC, &overdue, &stop_timer) != 0 ||
	    sigaction(SIGALRM, &late, NULL) != 0 || sigaction(SIGTERM, &asked, NULL) != 0 ||
	    sigaction(SIGINT, &asked, NULL) != 0)
		abort();
	return stop_fd;
}

const char *ice_stop_signal(void)
{
	return stop_number == 0 ? NULL : stop_number == SIGINT ? "SIGINT" : "SIGTERM";
}

void ice_stop_end(void)
{
	static const struct itimerspec never = {.it_value = {0, 0}};
	(void)timer_settime(stop_timer, 0, &never, NULL);
}
