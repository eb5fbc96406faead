/* A confined child tries what is forbidden, and fails with the error that was promised; and does all that a program needs. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <ifaddrs.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <resolv.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <curl/curl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/confine_parts.h"
#include "ice/confine.h"
#include "ice/log.h"
#include "ice/outbox.h"
#include "ice/secret.h"
#include "ice/udp.h"

/* --- the world around a child --- */

static char folder[64], state[80], elsewhere[96], enrolment[96];
static int device, device6, listener; /* bound by the unconfined */
static uint16_t device_port, device6_port, listener_port;
static char abstract[40]; /* the name of a listening UNIX socket without a file */
static int abstract_listener;

/* What the children report, in memory shared with them. */
static struct report {
	struct ice_confined had;
	int errors[96];
} * report;

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* -1 when the family is not there. */
static int bound(int family, int type, uint16_t *port)
{
	struct sockaddr_in6 name6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	struct sockaddr_in name4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr *name = family == AF_INET ? (struct sockaddr *)&name4 : (struct sockaddr *)&name6;
	socklen_t n = family == AF_INET ? sizeof name4 : sizeof name6;
	int fd = socket(family, type | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, name, n) != 0 || getsockname(fd, name, &n) != 0)
		return -1;
	*port = ntohs(family == AF_INET ? name4.sin_port : name6.sin6_port);
	return fd;
}

static socklen_t abstract_name(struct sockaddr_un *name)
{
	*name = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(name->sun_path + 1, abstract, strlen(abstract));
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(abstract));
}

static int set_up(void **unused)
{
	struct sockaddr_un name;
	(void)unused;
	snprintf(folder, sizeof folder, "/tmp/test_confine.XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(state, sizeof state, "%s/state", folder);
	snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", folder);
	snprintf(enrolment, sizeof enrolment, "%s/enrolment", folder);
	assert_int_equal(mkdir(state, 0700), 0);
	write_file(elsewhere, "not for us\n");
	write_file(enrolment, "the line\n");
	device = bound(AF_INET, SOCK_DGRAM, &device_port);
	device6 = bound(AF_INET6, SOCK_DGRAM, &device6_port);
	listener = bound(AF_INET, SOCK_STREAM, &listener_port);
	assert_true(device >= 0 && listener >= 0);
	assert_int_equal(listen(listener, 16), 0);
	snprintf(abstract, sizeof abstract, "test_confine.%d", (int)getpid());
	abstract_listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t n = abstract_name(&name);
	assert_int_equal(bind(abstract_listener, (struct sockaddr *)&name, n), 0);
	assert_int_equal(listen(abstract_listener, 1), 0);
	report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(report != MAP_FAILED);
	return 0;
}

static int tear_down(void **unused)
{
	static const char *const names[] = {"state/outbox.db", "state/outbox.db-wal", "state/a", "state",
	                                    "elsewhere",       "enrolment",           "log",     ""};
	(void)unused;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[160];
		snprintf(path, sizeof path, "%s/%s", folder, names[i]);
		(void)remove(path);
	}
	return 0;
}

/* Runs in a child what ends with an exit status; a hang ends with SIGALRM. */
static int in_child(int (*body)(void))
{
	int status;
	memset(report, 0, sizeof *report);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		alarm(30);
		_exit(body());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* As `ice run` is confined. */
static void enter_service(uint16_t port)
{
	struct ice_confine *c = ice_confine_new();
	ice_log_set_level(ICE_LOG_ERROR);
	ice_confine_read_system(c);
	ice_confine_read_routes(c);
	ice_confine_resolver(c);
	ice_confine_read(c, enrolment);
	ice_confine_write(c, state);
	ice_confine_connect(c, port);
	report->had = ice_confine_enter(c);
}

static void enter_devices(void)
{
	struct ice_confine *c = ice_confine_new();
	ice_log_set_level(ICE_LOG_ERROR);
	ice_confine_read_system(c);
	report->had = ice_confine_enter(c);
}

/* --- what is forbidden --- */

static long try_socket(int family, int type, int protocol)
{
	int fd = socket(family, type, protocol);
	int error = errno;
	if (fd >= 0)
		close(fd);
	errno = error;
	return fd;
}

static long try_bind(int family, int type, uint16_t port)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(family, type, 0);
	if (fd < 0)
		return 0; /* then it is not the bind that fails */
	return family == AF_INET ? bind(fd, (struct sockaddr *)&four, sizeof four)
	                         : bind(fd, (struct sockaddr *)&six, sizeof six);
}

static long try_connect(uint16_t port)
{
	struct sockaddr_in to = {
	        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	return fd < 0 ? 0 : connect(fd, (struct sockaddr *)&to, sizeof to);
}

static long try_open(const char *path, int flags)
{
	int fd = open(path, flags, 0600);
	return fd;
}

static long tcp_listen(void)
{
	return listen(listener, 1);
}
static long tcp_accept(void)
{
	return accept(listener, NULL, NULL);
}
static long tcp_accept4(void)
{
	return accept4(listener, NULL, NULL, SOCK_CLOEXEC);
}
static long tcp_bind(void)
{
	return try_bind(AF_INET, SOCK_STREAM, 0);
}
static long udp_bind(void)
{
	return try_bind(AF_INET, SOCK_DGRAM, 50000);
}
static long udp_bind_any(void)
{
	return try_bind(AF_INET, SOCK_DGRAM, 0);
}
static long udp6_bind(void)
{
	return try_bind(AF_INET6, SOCK_DGRAM, 50000);
}
static long tcp_elsewhere(void)
{
	return try_connect(listener_port);
}
static long exec_program(void)
{
	char name[] = "true", *argv[] = {name, NULL}, *none[] = {NULL};
	return execve("/bin/true", argv, none);
}
static long exec_descriptor(void)
{
	char name[] = "true", *argv[] = {name, NULL}, *none[] = {NULL};
	return syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, none, 0);
}
static long trace(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}
static long other_memory(void)
{
	char byte;
	struct iovec here = {&byte, 1}, there = {&byte, 1};
	return process_vm_readv(getppid(), &here, 1, &there, 1, 0);
}
static long packet_socket(void)
{
	return try_socket(AF_PACKET, SOCK_RAW, 0);
}
static long packet_datagram(void)
{
	return try_socket(AF_PACKET, SOCK_DGRAM, 0);
}
static long raw_socket(void)
{
	return try_socket(AF_INET, SOCK_RAW, IPPROTO_UDP);
}
static long raw6_socket(void)
{
	return try_socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
}
static long ping_socket(void)
{
	return try_socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
}
static long mptcp_socket(void)
{
	return try_socket(AF_INET, SOCK_STREAM, 262);
}
static long sctp_socket(void)
{
	return try_socket(AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP);
}
static long vsock_socket(void)
{
	return try_socket(AF_VSOCK, SOCK_STREAM, 0);
}
static long crypto_socket(void)
{
	return try_socket(AF_ALG, SOCK_SEQPACKET, 0);
}
static long firewall_socket(void)
{
	return try_socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
}
static long broadcast(void)
{
	int on = 1, fd = socket(AF_INET, SOCK_DGRAM, 0);
	return setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
}
static long broadcast_datagram(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(161), .sin_addr.s_addr = INADDR_BROADCAST};
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	return sendto(fd, "", 1, 0, (struct sockaddr *)&to, sizeof to);
}
static long ring(void)
{
	char parameters[256] = {0};
	return syscall(SYS_io_uring_setup, 1, parameters);
}
static long namespaces(void)
{
	return unshare(CLONE_NEWUSER);
}
static long root_folder(void)
{
	return chroot("/");
}
static long kernel_program(void)
{
	return syscall(SYS_bpf, 0, NULL, 0);
}
static long keys(void)
{
	return syscall(SYS_keyctl, 0, -3, 0);
}
static long core_file(void)
{
	struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};
	return setrlimit(RLIMIT_CORE, &any);
}
static long file_read(void)
{
	return try_open(elsewhere, O_RDONLY);
}
static long file_write(void)
{
	return try_open(elsewhere, O_WRONLY);
}
static long file_made(void)
{
	char path[96];
	snprintf(path, sizeof path, "%s/new", folder);
	return try_open(path, O_WRONLY | O_CREAT);
}
static long file_removed(void)
{
	return unlink(elsewhere);
}
static long file_cut(void)
{
	return truncate(elsewhere, 0);
}
static long secret_written(void)
{
	return try_open(enrolment, O_WRONLY);
}
static long passwords(void)
{
	return try_open("/etc/shadow", O_RDONLY);
}
static long process_list(void)
{
	return try_open("/proc", O_RDONLY | O_DIRECTORY);
}
static long home(void)
{
	return try_open("/root", O_RDONLY | O_DIRECTORY);
}
static long state_link(void)
{
	char path[128];
	snprintf(path, sizeof path, "%s/link", state);
	return symlink("/etc/shadow", path);
}
static long state_socket(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", state);
	return bind(fd, (struct sockaddr *)&name, sizeof name);
}
static long other_process(void)
{
	return kill(getppid(), 0);
}
static long abstract_connect(void)
{
	struct sockaddr_un name;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t n = abstract_name(&name);
	return connect(fd, (struct sockaddr *)&name, n);
}

static const struct forbidden {
	const char *what;
	long (*act)(void);
	int error;
	int landlock; /* needs this ABI; 0 = seccomp's, or the kernel's own */
} forbidden[] = {
        {"listen", tcp_listen, EPERM, 0},
        {"accept", tcp_accept, EPERM, 0},
        {"accept4", tcp_accept4, EPERM, 0},
        {"binding a TCP port", tcp_bind, EPERM, 0},
        {"binding a UDP port", udp_bind, EPERM, 0},
        {"binding any UDP port", udp_bind_any, EPERM, 0},
        {"binding a UDP port of IPv6", udp6_bind, EPERM, 0},
        {"starting a program", exec_program, EPERM, 0},
        {"starting a program by execveat", exec_descriptor, EPERM, 0},
        {"tracing a process", trace, EPERM, CONFINE_SANITIZED},
        {"reading a process's memory", other_memory, EPERM, 0},
        {"a packet socket", packet_socket, EPERM, 0},
        {"a packet socket for datagrams", packet_datagram, EPERM, 0},
        {"a raw socket", raw_socket, EPERM, 0},
        {"a raw socket of IPv6", raw6_socket, EPERM, 0},
        {"a ping socket", ping_socket, EPERM, 0},
        {"a socket of another stream protocol", mptcp_socket, EPERM, 0},
        {"a socket of another type", sctp_socket, EPERM, 0},
        {"a socket to a hypervisor", vsock_socket, EPERM, 0},
        {"a socket to the kernel's ciphers", crypto_socket, EPERM, 0},
        {"a netlink socket of another protocol", firewall_socket, EPERM, 0},
        {"SO_BROADCAST", broadcast, EPERM, 0},
        {"a broadcast datagram", broadcast_datagram, EACCES, 0},
        {"io_uring", ring, EPERM, 0},
        {"new namespaces", namespaces, EPERM, 0},
        {"chroot", root_folder, EPERM, 0},
        {"bpf", kernel_program, EPERM, 0},
        {"keyctl", keys, EPERM, 0},
        {"raising the size of core files", core_file, EPERM, 0},
        {"reading a file that was not named", file_read, EACCES, 1},
        {"writing a file that was not named", file_write, EACCES, 1},
        {"making a file elsewhere", file_made, EACCES, 1},
        {"removing a file elsewhere", file_removed, EACCES, 1},
        {"cutting a file elsewhere", file_cut, EACCES, 3},
        {"writing a file that was named for reading", secret_written, EACCES, 1},
        {"reading the passwords", passwords, EACCES, 1},
        {"listing processes", process_list, EACCES, 1},
        {"listing a home", home, EACCES, 1},
        {"a link in the state folder", state_link, EACCES, 1},
        {"a socket in the state folder", state_socket, EPERM, 0},
        {"TCP to another port than the server's", tcp_elsewhere, EACCES, 4},
        {"signals to others", other_process, EPERM, 6},
        {"an abstract UNIX socket of others", abstract_connect, EPERM, 6},
};
#define FORBIDDEN (sizeof forbidden / sizeof *forbidden)

static int try_all_forbidden(void)
{
	ice_secret_guard_process();
	enter_service((uint16_t)(listener_port ^ 1));
	for (size_t i = 0; i < FORBIDDEN; i++) {
		errno = 0;
		report->errors[i] = forbidden[i].act() == -1 ? errno : 0;
	}
	return 0;
}

static void the_forbidden_fails_with_the_promised_error(void **unused)
{
	(void)unused;
	unsigned wrong = 0;
	assert_int_equal(in_child(try_all_forbidden), 0);
	assert_true(report->had.seccomp && report->had.no_new_privs && report->had.capabilities);
	for (size_t i = 0; i < FORBIDDEN; i++) {
		const struct forbidden *f = &forbidden[i];
		if (f->landlock > report->had.landlock ||
		    (CONFINE_SANITIZED && (f->act == trace || f->act == process_list)))
			print_message("not here (Landlock %d): %s\n", report->had.landlock, f->what);
		else if (report->errors[i] != f->error) {
			print_error("%s: error %d (%s), expected %s\n", f->what, report->errors[i],
			            strerror(report->errors[i]), strerror(f->error));
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static int try_without_delivery(void)
{
	enter_devices();
	report->errors[0] = try_socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
	report->errors[1] = try_socket(AF_INET6, SOCK_STREAM, IPPROTO_TCP) < 0 ? errno : 0;
	report->errors[2] = try_socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP) < 0 ? errno : 0;
	report->errors[3] = try_open(state, O_RDONLY | O_DIRECTORY) < 0 ? errno : 0;
	return 0;
}

static void without_delivery_there_is_no_tcp_at_all(void **unused)
{
	(void)unused;
	assert_int_equal(in_child(try_without_delivery), 0);
	assert_int_equal(report->errors[0], EPERM);
	assert_int_equal(report->errors[1], EPERM);
	assert_int_equal(report->errors[2], 0);
	if (report->had.landlock)
		assert_int_equal(report->errors[3], EACCES);
}

/* --- a server --- */

static int try_server(void)
{
	struct ice_confine *c = ice_confine_new();
	struct sockaddr_in to = {
	        .sin_family = AF_INET, .sin_port = htons(listener_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int caller = socket(AF_INET, SOCK_STREAM, 0);
	if (caller < 0 || connect(caller, (struct sockaddr *)&to, sizeof to) != 0)
		return 1;
	ice_log_set_level(ICE_LOG_ERROR);
	ice_confine_read_system(c);
	ice_confine_write(c, state);
	ice_confine_accept(c);
	report->had = ice_confine_enter(c);
	report->errors[0] = accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0 ? errno : 0;
	report->errors[1] = listen(listener, 1) < 0 ? errno : 0;
	report->errors[2] = try_socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
	report->errors[3] = exec_program() < 0 ? errno : 0;
	return 0;
}

static void a_server_takes_connections_and_makes_none(void **unused)
{
	(void)unused;
	assert_int_equal(in_child(try_server), 0);
	assert_int_equal(report->errors[0], 0);
	assert_int_equal(report->errors[1], EPERM);
	assert_int_equal(report->errors[2], EPERM);
	assert_int_equal(report->errors[3], EPERM);
}

#if defined(__x86_64__)
static int try_x32(void)
{
	enter_devices();
	return (int)syscall(0x40000000 | SYS_getpid) > 0;
}

static void calls_by_another_machines_numbers_kill(void **unused)
{
	(void)unused;
	int status = in_child(try_x32);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}
#endif

/* --- what is needed --- */

static unsigned heard;

static void hear(const struct ice_address *from, uint16_t port, const uint8_t *bytes, size_t n, void *arg)
{
	(void)from, (void)port, (void)arg;
	heard += n == 4 && memcmp(bytes, "pong", 4) == 0;
}

/* A question by ice_udp and the answer of a device that this child plays as well. */
static bool ask(struct ice_udp *udp, const char *address, int fd)
{
	struct ice_address to;
	struct sockaddr_storage from;
	socklen_t n = sizeof from;
	char bytes[16];
	int fds[2];
	if (!ice_address_parse(address, &to) || !ice_udp_send(udp, &to, (const uint8_t *)"ping", 4))
		return false;
	ice_udp_flush(udp);
	struct pollfd at = {.fd = fd, .events = POLLIN};
	if (poll(&at, 1, 5000) != 1 || recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &n) != 4 ||
	    sendto(fd, "pong", 4, 0, (struct sockaddr *)&from, n) != 4)
		return false;
	ice_udp_fds(udp, fds);
	struct pollfd back[2] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLIN}};
	unsigned before = heard;
	return poll(back, 2, 5000) > 0 && ice_udp_receive(udp, 4, hear, NULL) > 0 && heard == before + 1;
}

static int try_datagrams(void)
{
	char why[256];
	struct ice_udp_options options = {.port = device_port}, options6 = {.port = device6_port};
	struct ice_udp *udp = ice_udp_new(&options, why, sizeof why), *udp6 = ice_udp_new(&options6, why, sizeof why);
	enter_service(443);
	if (!udp || !udp6 || !ask(udp, "127.0.0.1", device))
		return 1;
	/* the socket of IPv6 is made here, with the first address that needs it */
	return device6 < 0 || ask(udp6, "::1", device6) ? 0 : 2;
}

static void datagrams_go_and_come(void **unused)
{
	(void)unused;
	assert_int_equal(in_child(try_datagrams), 0);
}

/* The name server that the query of the other thread reaches: it knows no name. */
static void *look_up(void *arg)
{
	struct __res_state resolver;
	uint8_t answer[512];
	memset(&resolver, 0, sizeof resolver);
	if (res_ninit(&resolver) != 0)
		return NULL;
	resolver.nscount = 1;
	resolver.nsaddr_list[0] = (struct sockaddr_in){
	        .sin_family = AF_INET, .sin_port = htons(device_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	res_nquery(&resolver, "server.example", ns_c_in, ns_t_a, answer, sizeof answer);
	*(int *)arg = resolver.res_h_errno;
	res_nclose(&resolver);
	return NULL;
}

static int try_names(void)
{
	enter_service(443);
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *found = NULL;
	struct ifaddrs *ours = NULL;
	struct sockaddr_storage from;
	socklen_t n = sizeof from;
	uint8_t query[512];
	pthread_t thread;
	int said = -1;
	if (getaddrinfo("localhost", "443", &hints, &found) != 0)
		return 1;
	freeaddrinfo(found);
	if (getifaddrs(&ours) != 0)
		return 2;
	freeifaddrs(ours);
	if (pthread_create(&thread, NULL, look_up, &said) != 0)
		return 3;
	struct pollfd at = {.fd = device, .events = POLLIN};
	ssize_t got =
	        poll(&at, 1, 10000) == 1 ? recvfrom(device, query, sizeof query, 0, (struct sockaddr *)&from, &n) : -1;
	if (got < 12)
		return 4;
	query[2] |= 0x80; /* RFC 1035, 4.1.1: a response, */
	query[3] = 3;     /* to a name that is not there */
	if (sendto(device, query, (size_t)got, 0, (struct sockaddr *)&from, n) != got)
		return 5;
	pthread_join(thread, NULL);
	return said == HOST_NOT_FOUND ? 0 : 6;
}

static void names_are_looked_up_by_a_thread(void **unused)
{
	(void)unused;
	assert_int_equal(in_child(try_names), 0);
}

static int try_files(void)
{
	char path[128], other[128], why[512], text[16] = "";
	struct ice_outbox_options box = {.path = path, .site = "hq"};
	struct stat st;
	snprintf(path, sizeof path, "%s/outbox.db", state);
	snprintf(other, sizeof other, "%s/a", state);
	enter_service(443);
	struct ice_outbox *outbox = ice_outbox_open(&box, why, sizeof why);
	if (!outbox || !ice_outbox_set(outbox, "sweep", "here"))
		return 1;
	ice_outbox_idle(outbox);
	ice_outbox_close(outbox);
	/* as a damaged one is put aside */
	if (rename(path, other) != 0 || stat(other, &st) != 0 || unlink(other) != 0)
		return 2;
	int fd = open(enrolment, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof text - 1) != 9 || strcmp(text, "the line\n") != 0)
		return 3;
	fd = open("/proc/net/route", O_RDONLY);
	if (fd < 0 || read(fd, text, 5) != 5)
		return 5;
	fd = open("/dev/urandom", O_RDONLY);
	return fd >= 0 && read(fd, text, 4) == 4 ? 0 : 4;
}

static void the_outbox_and_the_named_files_work(void **unused)
{
	(void)unused;
	assert_int_equal(in_child(try_files), 0);
}

static int try_characters(void)
{
	char shift_jis[] = "\x83\x76\x83\x8a", out[32] = "", *in = shift_jis, *to = out;
	size_t left = 4, room = sizeof out - 1;
	enter_devices();
	iconv_t cd = iconv_open("UTF-8", "SHIFT_JIS");
	if (cd == (iconv_t)-1)
		return 1;
	return iconv(cd, &in, &left, &to, &room) == 0 && strcmp(out, "\xe3\x83\x97\xe3\x83\xaa") == 0 ? 0 : 2;
}

static void character_sets_are_found_at_first_use(void **unused)
{
	(void)unused;
	assert_int_equal(in_child(try_characters), 0);
}

/* --- TLS --- */

static char authority[4096];

static SSL_CTX *make_server(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
	X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:localhost");
	X509_set_version(cert, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -3600);
	X509_gmtime_adj(X509_getm_notAfter(cert), 3600);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, (const unsigned char *)"test", -1,
	                           -1, 0);
	X509_set_issuer_name(cert, X509_get_subject_name(cert));
	X509_set_pubkey(cert, key);
	X509_add_ext(cert, names, -1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(tls, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(tls, key), 1);
	BIO *bio = BIO_new(BIO_s_mem());
	PEM_write_bio_X509(bio, cert);
	int n = BIO_read(bio, authority, sizeof authority - 1);
	assert_true(n > 0);
	BIO_free(bio);
	X509_EXTENSION_free(names);
	X509_free(cert);
	EVP_PKEY_free(key);
	return tls;
}

/* One request, one answer; ends with the connection. */
static int serve_one(SSL_CTX *tls, int at)
{
	char request[2048];
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
	alarm(30);
	int fd = accept(at, NULL, NULL);
	SSL *ssl = SSL_new(tls);
	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) != 1 || SSL_read(ssl, request, sizeof request) <= 0 ||
	    SSL_write(ssl, answer, sizeof answer - 1) <= 0)
		return 1;
	SSL_shutdown(ssl);
	return 0;
}

static uint16_t tls_port;

static size_t swallow(char *bytes, size_t size, size_t n, void *arg)
{
	(void)bytes, (void)arg;
	return size * n;
}

static int try_tls(void)
{
	char url[64];
	struct curl_blob ca = {authority, strlen(authority), CURL_BLOB_COPY};
	long status = 0;
	enter_service(tls_port);
	snprintf(url, sizeof url, "https://localhost:%u/", tls_port);
	CURL *curl = curl_easy_init();
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &ca);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, swallow);
	CURLcode code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	return code != CURLE_OK ? 100 + (int)code : status == 200 ? 0 : 1;
}

static void curl_reaches_the_server_by_name_and_tls(void **unused)
{
	(void)unused;
	int status, at = bound(AF_INET, SOCK_STREAM, &tls_port);
	SSL_CTX *tls = make_server();
	assert_int_equal(listen(at, 4), 0);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(serve_one(tls, at));
	int result = in_child(try_tls);
	kill(pid, SIGTERM);
	waitpid(pid, &status, 0);
	SSL_CTX_free(tls);
	close(at);
	assert_true(WIFEXITED(result));
	assert_int_equal(WEXITSTATUS(result), 0);
}

/* --- the state of the process, and what is told --- */

static int try_state(void)
{
	char path[128];
	snprintf(path, sizeof path, "%s/log", folder);
	struct ice_confine *c = ice_confine_new();
	ice_log_set_fd(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
	ice_confine_read_system(c);
	ice_confine_write(c, state);
	ice_confine_read(c, "/no/such/place");
	report->had = ice_confine_enter(c);
	report->errors[0] = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	report->errors[1] = prctl(PR_CAPBSET_READ, 0, 0, 0, 0) >= 0 && setuid(0) == 0 && getuid() != 0;
	report->errors[2] = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	return 0;
}

static void one_line_tells_what_was_had(void **unused)
{
	char path[128], line[512] = "", wanted[64];
	(void)unused;
	assert_int_equal(in_child(try_state), 0);
	assert_int_equal(report->errors[0], 1);
	assert_int_equal(report->errors[1], 0);
	assert_int_equal(report->errors[2], 2); /* SECCOMP_MODE_FILTER */
	assert_true(report->had.writable);
	snprintf(path, sizeof path, "%s/log", folder);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	assert_non_null(fgets(line, sizeof line, f));
	assert_int_equal(fgetc(f), EOF);
	fclose(f);
	assert_non_null(strstr(line, "no_new_privs=yes seccomp=yes landlock="));
	assert_non_null(strstr(line, "capabilities=none"));
	snprintf(wanted, sizeof wanted, report->had.landlock ? "info confined no_new_privs" : "warn confined, as far");
	assert_non_null(strstr(line, wanted));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_forbidden_fails_with_the_promised_error),
		cmocka_unit_test(without_delivery_there_is_no_tcp_at_all),
		cmocka_unit_test(a_server_takes_connections_and_makes_none),
#if defined(__x86_64__)
		cmocka_unit_test(calls_by_another_machines_numbers_kill),
#endif
		cmocka_unit_test(datagrams_go_and_come),
		cmocka_unit_test(names_are_looked_up_by_a_thread),
		cmocka_unit_test(the_outbox_and_the_named_files_work),
		cmocka_unit_test(character_sets_are_found_at_first_use),
		cmocka_unit_test(curl_reaches_the_server_by_name_and_tls),
		cmocka_unit_test(one_line_tells_what_was_had),
	};
	return cmocka_run_group_tests_name("confine", tests, set_up, tear_down);
}
