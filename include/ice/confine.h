/* confine: a process that talks to strangers gives up, before it does, what it will never need.
 *
 * Every bound here holds against our own code as well: should a reply ever make the program run what it was not written to do, the kernel
 * refuses it the way out. What is given up, in this order, for ever:
 *
 *   capabilities    all of them, also of root: the user id stays, its powers over other users' files and the network go.
 *   no_new_privs    no program started from here could gain any.
 *   landlock        files: only what was named with ice_confine_read and ice_confine_write. TCP (Linux 6.7): no bind, and connections only
 *                   to the ports named. Signals and abstract sockets (Linux 6.12): only to itself. Older kernels do what they can; one
 *                   without Landlock, nothing.
 *   seccomp         no listen, and no accept unless asked for; no bind of an IP socket; no execve; no ptrace and no other process's
 *                   memory; sockets only UNIX, UDP, routing netlink and, where it was asked for, TCP: no raw, packet or ping sockets; no
 *                   SO_BROADCAST; no io_uring, which would go round this filter; none of the calls that administer a machine.
 *
 * What is refused fails with EPERM (seccomp, Landlock's TCP and signals: EPERM or EACCES, as Landlock's files: EACCES) and does not kill: a
 * library that merely tries whether it may would otherwise end a service, and an error that is reported says more than a death. Only a system
 * call by another machine's numbers (32-bit or x32 on x86-64), which nothing of ours can make, kills.
 *
 * A list of what is refused, and all else allowed, is weaker on paper than a list of what is allowed. It is chosen because what
 * we do not control (glibc, OpenSSL, curl's resolver threads, name service modules, a sanitizer) changes its calls with every version,
 * and a service that dies on an upgrade of libc gets its confinement switched off. The ways out that the list closes are those by which code
 * gains anything: new programs, new kinds of sockets, other processes, the kernel's rare corners; files and ports are Landlock's, whose
 * list is one of what is allowed.
 *
 * The filter is written here as classic BPF from a table of numbers, not with libseccomp: it is some forty equal rows and three looks at
 * arguments for one architecture at a time, less code than the calls to that library, without a further dependency to be present,
 * patched and loaded on every machine. What libseccomp would add, several architectures in one filter and arguments of 64 bits, is not needed:
 * another architecture's calls kill, and every argument looked at is an int.
 *
 * bind() is told apart by its length alone, since a filter cannot follow a pointer: an address of fewer than 16 bytes can be a netlink or
 * UNIX address, never an IP one. UDP sockets get their port by their first datagram.
 *
 * Life: ice_confine_new, name what is needed, ice_confine_enter, once, after sockets, databases and files are open and before the first
 * byte of a stranger. Threads started later inherit everything; no other thread may be running. */
#ifndef ICE_CONFINE_H
#define ICE_CONFINE_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/attr.h"

struct ice_confine;

/* Nothing is allowed yet but what is open. Never NULL. */
struct ice_confine *ice_confine_new(void);

/* A file, or a folder and all below it; what is not there is passed over. A file replaced later by another of its name is another
 * file, out of reach: name the folder where that is to be expected. */
void ice_confine_read(struct ice_confine *c, const char *path);

/* A folder in which files may be read, written, made, renamed and removed. */
void ice_confine_write(struct ice_confine *c, const char *folder);

/* The folder that holds the file, and the one that holds what the file's links lead to: for files that are replaced. */
void ice_confine_read_beside(struct ice_confine *c, const char *file);

/* What the C library opens at first use: character sets (iconv), locales, libraries, the devices of chance and of nothing. */
void ice_confine_read_system(struct ice_confine *c);

/* The kernel's tables of routes and sockets (/proc/net). One descriptor stays open for it. */
void ice_confine_read_routes(struct ice_confine *c);

/* What a connection by name needs: the resolver's files and the authorities' certificates; TCP to the name servers' port. An ordinary user
 * may go on reading all of /etc that its rights permit, since these files are replaced while a service runs; for root, whose rights
 * permit everything there, they are named one by one, and one that is replaced is found again after a restart. */
void ice_confine_resolver(struct ice_confine *c);

/* TCP connections to this port may be made. Without any port, no TCP socket can be made at all. At most ICE_CONFINE_PORTS. */
#define ICE_CONFINE_PORTS 8
void ice_confine_connect(struct ice_confine *c, uint16_t port);

/* Connections of sockets that listen already may be taken. */
void ice_confine_accept(struct ice_confine *c);

/* What was had of it. */
struct ice_confined {
	bool capabilities; /* none is left */
	bool no_new_privs;
	bool seccomp;
	int landlock;  /* the kernel's ABI, as far as it is known here; 0 = none */
	bool writable; /* every folder given to ice_confine_write can still be written by this user */
};

/* Gives up all else, frees c, and tells in one line what was had: info when all of it, warn when not. */
struct ice_confined ice_confine_enter(struct ice_confine *c);

#endif
