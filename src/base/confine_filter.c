/* The seccomp filter: a table of calls that are refused, and three looks at arguments. */
#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine_parts.h"

/* Architectures without the socketcall multiplexer, whose arguments stand behind a pointer that no filter can follow. */
#if defined(__x86_64__)
#define CONFINE_FILTER_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CONFINE_FILTER_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define CONFINE_FILTER_ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#define CONFINE_FILTER_ARCHITECTURE 0
#endif

#define CONFINE_FILTER_X32    0x40000000u /* bit of the x32 calls, which have the x86-64 architecture's name */
#define CONFINE_FILTER_MAX    320
#define CONFINE_FILTER_ANY    UINT32_MAX
#define CONFINE_FILTER_REFUSE (SECCOMP_RET_ERRNO | EPERM)

enum confine_filter_unless { CONFINE_FILTER_ALWAYS, CONFINE_FILTER_ACCEPTS, CONFINE_FILTER_TRACED };

static const struct confine_filter_call {
	int number;
	enum confine_filter_unless unless;
} confine_filter_calls[] = {
        /* Nobody is listened to. */
        {SYS_listen, CONFINE_FILTER_ALWAYS},
#ifdef SYS_accept
        {SYS_accept, CONFINE_FILTER_ACCEPTS},
#endif
        {SYS_accept4, CONFINE_FILTER_ACCEPTS},
        /* No other program is started, looked into, or taken from. */
        {SYS_execve, CONFINE_FILTER_ALWAYS},
        {SYS_execveat, CONFINE_FILTER_ALWAYS},
        {SYS_ptrace, CONFINE_FILTER_TRACED},
        {SYS_process_vm_readv, CONFINE_FILTER_ALWAYS},
        {SYS_process_vm_writev, CONFINE_FILTER_ALWAYS},
        {SYS_kcmp, CONFINE_FILTER_ALWAYS},
#ifdef SYS_pidfd_getfd
        {SYS_pidfd_getfd, CONFINE_FILTER_ALWAYS},
#endif
/* Calls made by way of a ring are not seen by any filter. */
#ifdef SYS_io_uring_setup
        {SYS_io_uring_setup, CONFINE_FILTER_ALWAYS},
        {SYS_io_uring_enter, CONFINE_FILTER_ALWAYS},
        {SYS_io_uring_register, CONFINE_FILTER_ALWAYS},
#endif
        /* Corners of the kernel by which programs have gained rights, and which no library of ours uses. */
        {SYS_bpf, CONFINE_FILTER_ALWAYS},
        {SYS_perf_event_open, CONFINE_FILTER_ALWAYS},
        {SYS_userfaultfd, CONFINE_FILTER_ALWAYS},
        {SYS_add_key, CONFINE_FILTER_ALWAYS},
        {SYS_request_key, CONFINE_FILTER_ALWAYS},
        {SYS_keyctl, CONFINE_FILTER_ALWAYS},
        {SYS_unshare, CONFINE_FILTER_ALWAYS},
        {SYS_setns, CONFINE_FILTER_ALWAYS},
        {SYS_open_by_handle_at, CONFINE_FILTER_ALWAYS},
        {SYS_fanotify_init, CONFINE_FILTER_ALWAYS},
        /* The machine's administration. */
        {SYS_mount, CONFINE_FILTER_ALWAYS},
        {SYS_umount2, CONFINE_FILTER_ALWAYS},
        {SYS_pivot_root, CONFINE_FILTER_ALWAYS},
        {SYS_chroot, CONFINE_FILTER_ALWAYS},
#ifdef SYS_open_tree
        {SYS_open_tree, CONFINE_FILTER_ALWAYS},
        {SYS_move_mount, CONFINE_FILTER_ALWAYS},
        {SYS_fsopen, CONFINE_FILTER_ALWAYS},
        {SYS_fsconfig, CONFINE_FILTER_ALWAYS},
        {SYS_fsmount, CONFINE_FILTER_ALWAYS},
        {SYS_fspick, CONFINE_FILTER_ALWAYS},
#endif
#ifdef SYS_mount_setattr
        {SYS_mount_setattr, CONFINE_FILTER_ALWAYS},
#endif
        {SYS_init_module, CONFINE_FILTER_ALWAYS},
        {SYS_finit_module, CONFINE_FILTER_ALWAYS},
        {SYS_delete_module, CONFINE_FILTER_ALWAYS},
        {SYS_kexec_load, CONFINE_FILTER_ALWAYS},
        {SYS_reboot, CONFINE_FILTER_ALWAYS},
        {SYS_swapon, CONFINE_FILTER_ALWAYS},
        {SYS_swapoff, CONFINE_FILTER_ALWAYS},
        {SYS_acct, CONFINE_FILTER_ALWAYS},
        {SYS_quotactl, CONFINE_FILTER_ALWAYS},
        {SYS_sethostname, CONFINE_FILTER_ALWAYS},
        {SYS_setdomainname, CONFINE_FILTER_ALWAYS},
        {SYS_settimeofday, CONFINE_FILTER_ALWAYS},
        {SYS_clock_settime, CONFINE_FILTER_ALWAYS},
        {SYS_clock_adjtime, CONFINE_FILTER_ALWAYS},
        {SYS_adjtimex, CONFINE_FILTER_ALWAYS},
};

/* The sockets there may be; every other is refused. A datagram protocol must be named: IPPROTO_ICMP would be a ping. */
static const struct confine_filter_socket {
	uint32_t family, type, protocol;
	bool tcp;
} confine_filter_sockets[] = {
        {AF_UNIX, CONFINE_FILTER_ANY, CONFINE_FILTER_ANY, false}, /* name service daemons; the loop's own wake-ups */
        {AF_NETLINK, CONFINE_FILTER_ANY, NETLINK_ROUTE, false},   /* getaddrinfo and getifaddrs look at our addresses */
        {AF_INET, SOCK_DGRAM, 0, false},
        {AF_INET, SOCK_DGRAM, IPPROTO_UDP, false},
        {AF_INET6, SOCK_DGRAM, 0, false},
        {AF_INET6, SOCK_DGRAM, IPPROTO_UDP, false},
        {AF_INET, SOCK_STREAM, 0, true},
        {AF_INET, SOCK_STREAM, IPPROTO_TCP, true},
        {AF_INET6, SOCK_STREAM, 0, true},
        {AF_INET6, SOCK_STREAM, IPPROTO_TCP, true},
};

struct confine_filter {
	struct sock_filter code[CONFINE_FILTER_MAX];
	unsigned short count;
};

static void confine_filter_add(struct confine_filter *f, uint16_t code, uint32_t k, uint8_t yes, uint8_t no)
{
	assert(f->count < CONFINE_FILTER_MAX);
	f->code[f->count++] = (struct sock_filter){code, yes, no, k};
}

static void confine_filter_load(struct confine_filter *f, size_t offset)
{
	confine_filter_add(f, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

/* The low half of an argument: the kernel takes an int of those that are looked at, and no more of it. */
static void confine_filter_argument(struct confine_filter *f, unsigned i)
{
	size_t low = __BYTE_ORDER == __LITTLE_ENDIAN ? 0 : 4;
	confine_filter_load(f, offsetof(struct seccomp_data, args) + 8 * i + low);
}

/* Goes on with the next instruction when the value is k, else passes over `otherwise` instructions. */
static void confine_filter_is(struct confine_filter *f, uint32_t k, uint8_t otherwise)
{
	confine_filter_add(f, BPF_JMP | BPF_JEQ | BPF_K, k, 0, otherwise);
}

static void confine_filter_return(struct confine_filter *f, uint32_t verdict)
{
	confine_filter_add(f, BPF_RET | BPF_K, verdict, 0, 0);
}

/* Begins a look at one call's arguments; the place is told to confine_filter_close, which lets every other call pass by. */
static unsigned confine_filter_open(struct confine_filter *f, int number)
{
	confine_filter_load(f, offsetof(struct seccomp_data, nr));
	confine_filter_is(f, (uint32_t)number, 0);
	return f->count - 1u;
}

static void confine_filter_close(struct confine_filter *f, unsigned from)
{
	assert(f->count - from - 1 <= UINT8_MAX);
	f->code[from].jf = (uint8_t)(f->count - from - 1);
}

static void confine_filter_numbers(struct confine_filter *f, bool accept)
{
	confine_filter_load(f, offsetof(struct seccomp_data, arch));
	confine_filter_add(f, BPF_JMP | BPF_JEQ | BPF_K, CONFINE_FILTER_ARCHITECTURE, 1, 0);
	confine_filter_return(f, SECCOMP_RET_KILL_PROCESS);
	confine_filter_load(f, offsetof(struct seccomp_data, nr));
#if defined(__x86_64__)
	confine_filter_add(f, BPF_JMP | BPF_JSET | BPF_K, CONFINE_FILTER_X32, 0, 1);
	confine_filter_return(f, SECCOMP_RET_KILL_PROCESS);
#endif
	for (size_t i = 0; i < sizeof confine_filter_calls / sizeof *confine_filter_calls; i++) {
		const struct confine_filter_call *c = &confine_filter_calls[i];
		if ((c->unless == CONFINE_FILTER_ACCEPTS && accept) ||
		    (c->unless == CONFINE_FILTER_TRACED && CONFINE_SANITIZED))
			continue;
		confine_filter_is(f, (uint32_t)c->number, 1);
		confine_filter_return(f, CONFINE_FILTER_REFUSE);
	}
}

static void confine_filter_socket_rows(struct confine_filter *f, bool tcp)
{
	unsigned socket = confine_filter_open(f, SYS_socket);
	for (size_t i = 0; i < sizeof confine_filter_sockets / sizeof *confine_filter_sockets; i++) {
		const struct confine_filter_socket *s = &confine_filter_sockets[i];
		bool type = s->type != CONFINE_FILTER_ANY, protocol = s->protocol != CONFINE_FILTER_ANY;
		if (s->tcp && !tcp)
			continue;
		uint8_t left = (uint8_t)(1 + (type ? 3 : 0) + (protocol ? 2 : 0)); /* to the row's end */
		confine_filter_argument(f, 0);
		confine_filter_is(f, s->family, left);
		if (type) {
			left = (uint8_t)(left - 3);
			confine_filter_argument(f, 1);
			/* what remains are SOCK_NONBLOCK and SOCK_CLOEXEC */
			confine_filter_add(f, BPF_ALU | BPF_AND | BPF_K, 0xf, 0, 0);
			confine_filter_is(f, s->type, left);
		}
		if (protocol) {
			left = (uint8_t)(left - 2);
			confine_filter_argument(f, 2);
			confine_filter_is(f, s->protocol, left);
		}
		confine_filter_return(f, SECCOMP_RET_ALLOW);
	}
	confine_filter_return(f, CONFINE_FILTER_REFUSE);
	confine_filter_close(f, socket);
}

static void confine_filter_arguments(struct confine_filter *f, bool tcp)
{
	confine_filter_socket_rows(f, tcp);
	/* An address that is long enough for IP, or negative. */
	unsigned bind = confine_filter_open(f, SYS_bind);
	confine_filter_argument(f, 2);
	confine_filter_add(f, BPF_JMP | BPF_JGE | BPF_K, sizeof(struct sockaddr_in), 0, 1);
	confine_filter_return(f, CONFINE_FILTER_REFUSE);
	confine_filter_close(f, bind);
	unsigned option = confine_filter_open(f, SYS_setsockopt);
	confine_filter_argument(f, 1);
	confine_filter_is(f, SOL_SOCKET, 3);
	confine_filter_argument(f, 2);
	confine_filter_is(f, SO_BROADCAST, 1);
	confine_filter_return(f, CONFINE_FILTER_REFUSE);
	confine_filter_close(f, option);
	confine_filter_return(f, SECCOMP_RET_ALLOW);
}

bool ice_confine_filter(bool tcp, bool accept)
{
	struct confine_filter f = {.count = 0};
	if (CONFINE_FILTER_ARCHITECTURE == 0)
		return false;
	confine_filter_numbers(&f, accept);
	confine_filter_arguments(&f, tcp);
	struct sock_fprog program = {f.count, f.code};
	/* SPEC_ALLOW: kernels before 5.16 would else slow the whole process down against code that is interpreted, and there is
	 * none. A service manager's own filter may refuse seccomp(2) and leave prctl(2). */
	long result = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
	                      SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW, &program);
	return result == 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
