/* exhaust: a library to load before a program, in which the n-th allocation or the n-th system call fails.
 *
 *   EXHAUST=alloc:N[:LENGTH]            allocations N .. N+LENGTH-1 return NULL
 *   EXHAUST=call:N[:LENGTH[:VARIANT]]   system calls N .. return -1 with an errno that this call can give; VARIANT picks which
 *   EXHAUST_LOG=FILE                    what failed, a line each, and the counts at the end
 *
 * Real calls are made by syscall(2) and by glibc's own allocator, so that nothing here needs what it makes fail. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t n);

static atomic_long exhaust_allocs, exhaust_calls;
static long exhaust_alloc_from = -1, exhaust_call_from = -1, exhaust_length = 1, exhaust_variant;
static int exhaust_log = -1;

/* No stdio here: it allocates. */
static void exhaust_say(const char *what, long n, const char *more)
{
	char text[128], digits[24];
	int at = 24;
	digits[--at] = '\0';
	do
		digits[--at] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	text[0] = '\0';
	strncat(text, what, 40);
	strcat(text, " ");
	strcat(text, digits + at);
	strcat(text, " ");
	strncat(text, more, 40);
	strcat(text, "\n");
	syscall(SYS_write, exhaust_log, text, strlen(text));
}

__attribute__((constructor)) static void exhaust_start(void)
{
	const char *how = getenv("EXHAUST"), *log = getenv("EXHAUST_LOG");
	if (log)
		exhaust_log = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	/* out of the way of the descriptors the program sees */
	if (exhaust_log >= 0) {
		int high = (int)syscall(SYS_fcntl, exhaust_log, F_DUPFD_CLOEXEC, 200);
		syscall(SYS_close, exhaust_log);
		exhaust_log = high;
	}
	if (!how || !strchr(how, ':'))
		return;
	char *end;
	long n = strtol(strchr(how, ':') + 1, &end, 10);
	if (*end == ':')
		exhaust_length = strtol(end + 1, &end, 10);
	if (*end == ':')
		exhaust_variant = strtol(end + 1, &end, 10);
	/* what ran before main is counted, and not made to fail: the loader's business */
	if (how[0] == 'a')
		exhaust_alloc_from = n + exhaust_allocs;
	else
		exhaust_call_from = n + exhaust_calls;
}

__attribute__((destructor)) static void exhaust_end(void)
{
	if (exhaust_log < 0)
		return;
	exhaust_say("allocations", exhaust_allocs, "");
	exhaust_say("calls", exhaust_calls, "");
}

static bool exhaust_alloc(const char *name)
{
	long n = atomic_fetch_add(&exhaust_allocs, 1);
	if (exhaust_alloc_from < 0 || n < exhaust_alloc_from || n >= exhaust_alloc_from + exhaust_length)
		return false;
	exhaust_say("failed", n - exhaust_alloc_from, name);
	errno = ENOMEM;
	return true;
}

static bool exhaust_call(const char *name, int first, int second, int third)
{
	int codes[3] = {first, second, third};
	long n = atomic_fetch_add(&exhaust_calls, 1);
	if (exhaust_call_from < 0 || n < exhaust_call_from || n >= exhaust_call_from + exhaust_length)
		return false;
	errno = codes[(n + exhaust_variant) % 3];
	int code = errno;
	exhaust_say(name, code, "= errno");
	errno = code;
	return true;
}

/* ---- memory ---- */

void *malloc(size_t n)
{
	return exhaust_alloc("malloc") ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return exhaust_alloc("calloc") ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t n)
{
	return exhaust_alloc("realloc") ? NULL : __libc_realloc(old, n);
}

/* ---- files ---- */

ssize_t read(int fd, void *out, size_t n)
{
	return exhaust_call("read", EIO, EINTR, EIO) ? -1 : syscall(SYS_read, fd, out, n);
}

ssize_t write(int fd, const void *in, size_t n)
{
	return exhaust_call("write", EIO, ENOSPC, EINTR) ? -1 : syscall(SYS_write, fd, in, n);
}

ssize_t writev(int fd, const struct iovec *in, int n)
{
	return exhaust_call("writev", EIO, ENOSPC, EINTR) ? -1 : syscall(SYS_writev, fd, in, n);
}

ssize_t readv(int fd, const struct iovec *out, int n)
{
	return exhaust_call("readv", EIO, EINTR, EIO) ? -1 : syscall(SYS_readv, fd, out, n);
}

ssize_t pread64(int fd, void *out, size_t n, off_t at)
{
	return exhaust_call("pread", EIO, EINTR, EIO) ? -1 : syscall(SYS_pread64, fd, out, n, at);
}

ssize_t pwrite64(int fd, const void *in, size_t n, off_t at)
{
	return exhaust_call("pwrite", EIO, ENOSPC, EINTR) ? -1 : syscall(SYS_pwrite64, fd, in, n, at);
}

int fsync(int fd)
{
	return exhaust_call("fsync", EIO, ENOSPC, EINTR) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
	return exhaust_call("fdatasync", EIO, ENOSPC, EINTR) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int ftruncate64(int fd, off_t size)
{
	return exhaust_call("ftruncate", EIO, ENOSPC, EINTR) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return exhaust_call("open", EMFILE, EACCES, EINTR) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	return exhaust_call("open", ENFILE, EIO, EINTR) ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
	static FILE *(*real)(const char *, const char *);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "fopen");
	return exhaust_call("fopen", EMFILE, EACCES, EIO) ? NULL : real(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}

DIR *opendir(const char *path)
{
	static DIR *(*real)(const char *);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "opendir");
	return exhaust_call("opendir", EMFILE, EACCES, EIO) ? NULL : real(path);
}

int statvfs(const char *path, struct statvfs *out)
{
	static int (*real)(const char *, struct statvfs *);
	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "statvfs");
	return exhaust_call("statvfs", EIO, ENOSYS, EINTR) ? -1 : real(path, out);
}

int stat(const char *path, struct stat *out)
{
	return exhaust_call("stat", EIO, EACCES, EIO) ? -1 : (int)syscall(SYS_newfstatat, AT_FDCWD, path, out, 0);
}

int lstat(const char *path, struct stat *out)
{
	return exhaust_call("lstat", EIO, EACCES, EIO)
	               ? -1
	               : (int)syscall(SYS_newfstatat, AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

int fstat(int fd, struct stat *out)
{
	return exhaust_call("fstat", EIO, EIO, EIO) ? -1 : (int)syscall(SYS_fstat, fd, out);
}

int stat64(const char *path, struct stat64 *out)
{
	return exhaust_call("stat", EIO, EACCES, EIO) ? -1 : (int)syscall(SYS_newfstatat, AT_FDCWD, path, out, 0);
}

int lstat64(const char *path, struct stat64 *out)
{
	return exhaust_call("lstat", EIO, EACCES, EIO)
	               ? -1
	               : (int)syscall(SYS_newfstatat, AT_FDCWD, path, out, AT_SYMLINK_NOFOLLOW);
}

int fstat64(int fd, struct stat64 *out)
{
	return exhaust_call("fstat", EIO, EIO, EIO) ? -1 : (int)syscall(SYS_fstat, fd, out);
}

int unlink(const char *path)
{
	return exhaust_call("unlink", EIO, EACCES, EBUSY) ? -1 : (int)syscall(SYS_unlink, path);
}

int rename(const char *from, const char *to)
{
	return exhaust_call("rename", EIO, ENOSPC, EACCES) ? -1 : (int)syscall(SYS_rename, from, to);
}

off_t lseek(int fd, off_t at, int whence)
{
	return exhaust_call("lseek", EIO, EIO, EIO) ? -1 : syscall(SYS_lseek, fd, at, whence);
}

off_t lseek64(int fd, off_t at, int whence)
{
	return lseek(fd, at, whence);
}

/* Locks and duplicates can fail; the flags of an open descriptor cannot. */
static int exhaust_fcntl(int fd, int what, void *arg)
{
	bool flags = what == F_GETFL || what == F_SETFL || what == F_GETFD || what == F_SETFD;
	return !flags && exhaust_call("fcntl", EAGAIN, ENOLCK, EINTR) ? -1 : (int)syscall(SYS_fcntl, fd, what, arg);
}

int fcntl(int fd, int what, ...)
{
	va_list args;
	va_start(args, what);
	void *arg = va_arg(args, void *);
	va_end(args);
	return exhaust_fcntl(fd, what, arg);
}

int fcntl64(int fd, int what, ...)
{
	va_list args;
	va_start(args, what);
	void *arg = va_arg(args, void *);
	va_end(args);
	return exhaust_fcntl(fd, what, arg);
}

/* The descriptor is gone either way, as with the real one. */
int close(int fd)
{
	int rc = (int)syscall(SYS_close, fd);
	return exhaust_call("close", EIO, EINTR, ENOSPC) ? -1 : rc;
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	if (exhaust_call("mmap", ENOMEM, EAGAIN, ENFILE))
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, at, n, protection, flags, fd, offset);
}

void *mmap64(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	return mmap(at, n, protection, flags, fd, offset);
}

/* ---- sockets ---- */

int socket(int family, int type, int protocol)
{
	return exhaust_call("socket", EMFILE, ENOBUFS, EACCES) ? -1 : (int)syscall(SYS_socket, family, type, protocol);
}

int connect(int fd, const struct sockaddr *to, socklen_t n)
{
	return exhaust_call("connect", ENETUNREACH, ECONNREFUSED, EINTR) ? -1 : (int)syscall(SYS_connect, fd, to, n);
}

int bind(int fd, const struct sockaddr *to, socklen_t n)
{
	return exhaust_call("bind", EADDRINUSE, EACCES, EADDRNOTAVAIL) ? -1 : (int)syscall(SYS_bind, fd, to, n);
}

int getsockopt(int fd, int level, int name, void *out, socklen_t *n)
{
	return exhaust_call("getsockopt", ENOPROTOOPT, ENOBUFS, EINVAL)
	               ? -1
	               : (int)syscall(SYS_getsockopt, fd, level, name, out, n);
}

int setsockopt(int fd, int level, int name, const void *in, socklen_t n)
{
	return exhaust_call("setsockopt", ENOPROTOOPT, ENOBUFS, ENOMEM)
	               ? -1
	               : (int)syscall(SYS_setsockopt, fd, level, name, in, n);
}

int sendmmsg(int fd, struct mmsghdr *list, unsigned n, int flags)
{
	return exhaust_call("sendmmsg", ENOBUFS, ENETUNREACH, EPERM) ? -1
	                                                             : (int)syscall(SYS_sendmmsg, fd, list, n, flags);
}

int recvmmsg(int fd, struct mmsghdr *list, unsigned n, int flags, struct timespec *timeout)
{
	return exhaust_call("recvmmsg", EINTR, ENOMEM, ECONNREFUSED)
	               ? -1
	               : (int)syscall(SYS_recvmmsg, fd, list, n, flags, timeout);
}

ssize_t send(int fd, const void *in, size_t n, int flags)
{
	return exhaust_call("send", ECONNRESET, EPIPE, EINTR) ? -1 : syscall(SYS_sendto, fd, in, n, flags, NULL, 0);
}

ssize_t recv(int fd, void *out, size_t n, int flags)
{
	return exhaust_call("recv", ECONNRESET, EINTR, ETIMEDOUT)
	               ? -1
	               : syscall(SYS_recvfrom, fd, out, n, flags, NULL, NULL);
}

ssize_t sendto(int fd, const void *in, size_t n, int flags, const struct sockaddr *to, socklen_t to_len)
{
	return exhaust_call("sendto", ENOBUFS, EPIPE, EINTR) ? -1 : syscall(SYS_sendto, fd, in, n, flags, to, to_len);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	return exhaust_call("sendmsg", ENOBUFS, EPIPE, EINTR) ? -1 : syscall(SYS_sendmsg, fd, m, flags);
}

ssize_t recvmsg(int fd, struct msghdr *m, int flags)
{
	return exhaust_call("recvmsg", ECONNRESET, EINTR, ENOMEM) ? -1 : syscall(SYS_recvmsg, fd, m, flags);
}

int socketpair(int family, int type, int protocol, int out[2])
{
	return exhaust_call("socketpair", EMFILE, ENFILE, ENOMEM)
	               ? -1
	               : (int)syscall(SYS_socketpair, family, type, protocol, out);
}

int pipe2(int out[2], int flags)
{
	return exhaust_call("pipe2", EMFILE, ENFILE, EMFILE) ? -1 : (int)syscall(SYS_pipe2, out, flags);
}

int eventfd(unsigned start, int flags)
{
	return exhaust_call("eventfd", EMFILE, ENFILE, ENOMEM) ? -1 : (int)syscall(SYS_eventfd2, start, flags);
}

int epoll_create1(int flags)
{
	return exhaust_call("epoll_create1", EMFILE, ENFILE, ENOMEM) ? -1 : (int)syscall(SYS_epoll_create1, flags);
}

int epoll_ctl(int fd, int what, int other, struct epoll_event *e)
{
	return exhaust_call("epoll_ctl", ENOMEM, ENOSPC, ENOMEM) ? -1 : (int)syscall(SYS_epoll_ctl, fd, what, other, e);
}

int epoll_wait(int fd, struct epoll_event *out, int n, int msec)
{
	return exhaust_call("epoll_wait", EINTR, EINTR, EINTR) ? -1 : (int)syscall(SYS_epoll_wait, fd, out, n, msec);
}

int timerfd_create(int clock, int flags)
{
	return exhaust_call("timerfd_create", EMFILE, ENFILE, ENOMEM) ? -1
	                                                              : (int)syscall(SYS_timerfd_create, clock, flags);
}
