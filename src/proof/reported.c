#include "reported.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define REPORTED_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define REPORTED_ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define REPORTED_ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#define REPORTED_ARCHITECTURE 0
#endif

/* A program of another architecture's, or x32's, calls would go by these numbers unseen: all that it calls is told. */
#define REPORTED_X32 0x40000000u

static const struct reported_call {
	int number;
	enum ice_reported call;
} reported_calls[] = {
        {SYS_socket, ICE_REPORTED_SOCKET}, {SYS_connect, ICE_REPORTED_CONNECT},    {SYS_listen, ICE_REPORTED_LISTEN},
        {SYS_close, ICE_REPORTED_CLOSE},
#ifdef SYS_dup2
        {SYS_dup2, ICE_REPORTED_REPLACE},
#endif
        {SYS_dup3, ICE_REPORTED_REPLACE},  {SYS_close_range, ICE_REPORTED_CLOSES}, {SYS_execve, ICE_REPORTED_EXEC},
        {SYS_execveat, ICE_REPORTED_EXEC}, {SYS_seccomp, ICE_REPORTED_CONFINE},    {SYS_exit_group, ICE_REPORTED_EXIT},
};
#define REPORTED_CALLS (sizeof reported_calls / sizeof *reported_calls)

int ice_reported_begin(void)
{
	struct sock_filter code[REPORTED_CALLS + 8];
	unsigned short n = 0;
	/* From the calls' rows to the last instruction, which tells. */
	const uint8_t tell = REPORTED_CALLS;
	if (REPORTED_ARCHITECTURE == 0) {
		errno = ENOSYS;
		return -1;
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, REPORTED_ARCHITECTURE, 0, tell + 3);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, REPORTED_X32, tell + 1, 0);
	for (size_t i = 0; i < REPORTED_CALLS; i++)
		code[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)reported_calls[i].number,
		                                         (uint8_t)(REPORTED_CALLS - i), 0);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	struct sock_fprog program = {n, code};
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* Room for what later kernels add behind what is known here. */
union reported_room {
	struct seccomp_notif in;
	struct seccomp_notif_resp out;
	char bytes[1024];
};

bool ice_reported_take(int fd, struct ice_report *out)
{
	union reported_room room;
	do {
		memset(&room, 0, sizeof room); /* the kernel insists */
		if (ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &room) == 0)
			break;
	} while (errno == EINTR);
	if (room.in.id == 0)
		return false;
	*out = (struct ice_report){.id = room.in.id, .task = (pid_t)room.in.pid, .call = ICE_REPORTED_OTHER};
	memcpy(out->arguments, room.in.data.args, sizeof out->arguments);
	for (size_t i = 0; i < REPORTED_CALLS && room.in.data.arch == REPORTED_ARCHITECTURE; i++)
		if (reported_calls[i].number == room.in.data.nr)
			out->call = reported_calls[i].call;
	return true;
}

void ice_reported_pass(int fd, const struct ice_report *report)
{
	union reported_room room = {.out = {.id = report->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE}};
	/* Fails when the caller was killed meanwhile. */
	(void)ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &room);
}
