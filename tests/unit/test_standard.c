#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ice/standard.h"

/* In a child that was started with the descriptors of `mask` closed: what is the first descriptor that it opens, and can
 * standard output be written? Its exit status: that descriptor, 64 more when the write failed as one to a closed stream does. */
static int standard_started(unsigned mask, bool held)
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		for (int fd = 0; fd < 3; fd++)
			if (mask & (1u << fd))
				close(fd);
		if (held)
			ice_standard_hold();
		ssize_t n = write(STDOUT_FILENO, "", 0) < 0 ? -1 : 0;
		int closed = n < 0 && errno == EBADF ? 64 : 0;
		_exit(open("/dev/null", O_RDONLY | O_CLOEXEC) | closed);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void nothing_takes_the_place_of_a_closed_stream(void **state)
{
	(void)state;
	int first = standard_started(0, false); /* the test itself has some files open */
	assert_true(first >= 3 && first < 64);
	for (unsigned mask = 1; mask < 8; mask++) {
		assert_true((standard_started(mask, false) & 63) < 3); /* the danger is real */
		assert_int_equal(standard_started(mask, true) & 63, first);
	}
}

static void a_closed_output_cannot_be_written(void **state)
{
	(void)state;
	assert_int_equal(standard_started(1u << STDOUT_FILENO, true) & 64, 64);
	assert_int_equal(standard_started(0, true) & 64, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(nothing_takes_the_place_of_a_closed_stream),
	        cmocka_unit_test(a_closed_output_cannot_be_written),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
