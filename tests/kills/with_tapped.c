/* The engine itself, nothing wrong with it: before it begins it joins the cgroup by which the kernel tells its frames from others' (tests/wiretap). The
 * window, `ice config`, joins another one: it may listen. Linked into every engine here; without ICE_WIRETAP it does nothing. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* A process that cannot be told from others must not run unseen. The C library hands a constructor what main is given. The calls are the
 * kernel's own: what stands in for the library's, to let them fail, is not to meet them. */
__attribute__((constructor)) static void tapped_join(int argc, char **argv)
{
	char path[4096];
	const char *folder = getenv("ICE_WIRETAP");
	if (!folder)
		return;
	snprintf(path, sizeof path, "%s/%s/cgroup.procs", folder,
	         argc > 1 && strcmp(argv[1], "config") == 0 ? "window" : "ice");
	long fd = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || syscall(SYS_write, fd, "0", 1) != 1) {
		perror(path);
		abort();
	}
	syscall(SYS_close, fd);
}
