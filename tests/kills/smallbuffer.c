/* smallbuffer.so, for LD_PRELOAD: a machine that gives a socket no more room to receive than SMALLBUFFER bytes, whatever is asked for. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

typedef int smallbuffer_fn(int, int, int, const void *, socklen_t);

int setsockopt(int fd, int level, int option, const void *value, socklen_t n)
{
	static smallbuffer_fn *real;
	const char *most = getenv("SMALLBUFFER");
	int bytes;
	if (!real) {
		void *symbol = dlsym(RTLD_NEXT, "setsockopt");
		memcpy(&real, &symbol, sizeof real);
	}
	if (!most || level != SOL_SOCKET || (option != SO_RCVBUF && option != SO_RCVBUFFORCE))
		return real(fd, level, option, value, n);
	bytes = atoi(most);
	return real(fd, level, option, &bytes, sizeof bytes);
}
