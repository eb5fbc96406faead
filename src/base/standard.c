#include "ice/standard.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

void ice_standard_hold(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free descriptor is this one: those below it are open by now. */
		if (open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			abort();
	}
}

void ice_standard_forget(void)
{
	static const char *const names[] = {"OPENSSL_CONF", "OPENSSL_CONF_INCLUDE", "OPENSSL_MODULES",
	                                    "OPENSSL_ENGINES", "SSLKEYLOGFILE"};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}
