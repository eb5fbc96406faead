#include "ledger.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LEDGER_PROCESSES 16
/* A frame may wait in a queue of the kernel's after the socket that sent it is closed, in some without counting for the socket. */
#define LEDGER_LINGER INT64_C(1000000000)

struct ledger_row {
	uint64_t inode;
	int protocol; /* IPPROTO_UDP, IPPROTO_TCP, or -1: none whose frames have ports */
	uint16_t port, peer_port;
	struct ice_address peer; /* of a TCP connection */
	int64_t since;           /* when it did not have the port yet that it has next */
	int64_t from, to;        /* when it has this one; to: INT64_MAX while it is open */
	int held;                /* UDP: our duplicate, -1 = none: nobody else is given the port before we close it */
	int64_t gone; /* when the program was first seen without it, and nothing of it on the way; 0 = it has it */
	bool seen;    /* in this look */
	bool stale;   /* its port may be another by now */
	bool confirmed;
};

struct ledger_process {
	pid_t pid;
	int fd; /* pidfd */
};

struct ice_ledger {
	struct ledger_row rows[ICE_LEDGER_ROWS];
	size_t count;
	struct ledger_process processes[LEDGER_PROCESSES];
	size_t process_count;
	int64_t looked; /* when all that were open were looked at: what is met later is younger */
	struct ice_ledger_counters counters;
};

struct ice_ledger *ice_ledger_new(void)
{
	struct ice_ledger *l = calloc(1, sizeof *l);
	if (!l)
		abort();
	return l;
}

void ice_ledger_free(struct ice_ledger *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->process_count; i++)
		close(l->processes[i].fd);
	for (size_t i = 0; i < l->count; i++)
		if (l->rows[i].held >= 0)
			close(l->rows[i].held);
	free(l);
}

/* ---- one socket ---- */

/* The number by which the kernel knows the socket; 0 when the descriptor is none. */
static uint64_t ledger_inode(pid_t pid, int fd)
{
	char path[64], link[64];
	uint64_t inode = 0;
	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
	ssize_t n = readlink(path, link, sizeof link - 1);
	if (n <= 0)
		return 0;
	link[n] = '\0';
	return sscanf(link, "socket:[%" SCNu64 "]", &inode) == 1 ? inode : 0;
}

static int ledger_option(int fd, int option)
{
	int value = 0;
	socklen_t n = sizeof value;
	return getsockopt(fd, SOL_SOCKET, option, &value, &n) == 0 ? value : -1;
}

/* The newest row of the socket. */
static struct ledger_row *ledger_find(struct ice_ledger *l, uint64_t inode)
{
	for (size_t i = l->count; i-- > 0;)
		if (l->rows[i].inode == inode && l->rows[i].to == INT64_MAX)
			return &l->rows[i];
	return NULL;
}

static struct ledger_row *ledger_add(struct ice_ledger *l, const struct ledger_row *row)
{
	if (l->count == ICE_LEDGER_ROWS) {
		l->counters.full = true;
		return NULL;
	}
	l->rows[l->count] = *row;
	return &l->rows[l->count++];
}

/* A socket met for the first time: what it is. The row of a UDP socket keeps the duplicate. */
static struct ledger_row *ledger_meet(struct ice_ledger *l, uint64_t inode, int fd)
{
	struct ledger_row row = {
	        .inode = inode, .protocol = -1, .since = l->looked, .to = INT64_MAX, .held = -1, .seen = true};
	int domain = ledger_option(fd, SO_DOMAIN), type = ledger_option(fd, SO_TYPE),
	    protocol = ledger_option(fd, SO_PROTOCOL);
	bool ip = domain == AF_INET || domain == AF_INET6;
	if (ip && type == SOCK_DGRAM && protocol == IPPROTO_UDP)
		row.protocol = IPPROTO_UDP;
	else if (ip && type == SOCK_STREAM && protocol == IPPROTO_TCP)
		row.protocol = IPPROTO_TCP;
	else if (domain != AF_UNIX && domain != AF_NETLINK)
		l->counters.odd++;
	l->counters.sockets += ip;
	row.confirmed = row.protocol < 0;
	struct ledger_row *added = ledger_add(l, &row);
	if (added && row.protocol == IPPROTO_UDP)
		added->held = fd;
	return added;
}

/* The row of the port that the socket has now. One that changed begins a row of its own. */
static struct ledger_row *ledger_turn(struct ice_ledger *l, struct ledger_row *row, uint16_t port, int64_t now)
{
	if (row->port == port)
		return row;
	if (row->port != 0) {
		struct ledger_row *before = row;
		row = ledger_add(l, before);
		if (!row)
			return NULL;
		row->confirmed = false;
		before->to = now;
		before->held = -1;
	}
	row->port = port;
	row->from = row->since;
	return row;
}

/* Writes down the port that the socket has now. */
static void ledger_port(struct ice_ledger *l, struct ledger_row *row, int fd, int64_t now)
{
	struct sockaddr_storage name = {0};
	struct ice_address address;
	socklen_t n = sizeof name;
	uint16_t port = 0;
	if (getsockname(fd, (struct sockaddr *)&name, &n) != 0 ||
	    !ice_address_from_sockaddr((struct sockaddr *)&name, &address, &port))
		return;
	row = ledger_turn(l, row, port, now);
	if (row) {
		row->stale = false;
		row->since = port == 0 ? now : row->since;
	}
	l->counters.listening += ledger_option(fd, SO_ACCEPTCONN) > 0;
	l->counters.broadcast += ledger_option(fd, SO_BROADCAST) > 0;
}

static struct ledger_process *ledger_known(struct ice_ledger *l, pid_t pid)
{
	for (size_t i = 0; i < l->process_count; i++)
		if (l->processes[i].pid == pid)
			return &l->processes[i];
	return NULL;
}

static bool ledger_is(int fd, uint64_t inode)
{
	struct stat st;
	return fstat(fd, &st) == 0 && st.st_ino == inode;
}

void ice_ledger_take(struct ice_ledger *l, pid_t pid, int fd, int64_t now)
{
	uint64_t inode = ledger_inode(pid, fd);
	struct ledger_process *process = ledger_known(l, pid);
	struct ledger_row *row = inode ? ledger_find(l, inode) : NULL;
	if (row) {
		row->seen = true;
		row->gone = 0;
	}
	if (inode == 0 || !process || (row && row->protocol < 0) || (row && row->port != 0 && !row->stale))
		return;
	int duplicate = row && row->held >= 0 ? row->held : (int)syscall(SYS_pidfd_getfd, process->fd, fd, 0);
	if (duplicate < 0) {
		/* EBADF: closed by a program that does not wait for us, and that is none of what is watched. */
		l->counters.unread += ledger_inode(pid, fd) == inode;
		return;
	}
	if (!ledger_is(duplicate, inode)) { /* closed just now, too, and its number is another file's */
		close(duplicate);
		return;
	}
	if (!row)
		row = ledger_meet(l, inode, duplicate);
	bool held = row && row->held == duplicate;
	if (row && row->protocol >= 0)
		ledger_port(l, row, duplicate, now);
	if (!held)
		close(duplicate);
}

void ice_ledger_connects(struct ice_ledger *l, pid_t pid, int fd, const struct ice_address *to, uint16_t port,
                         int64_t now)
{
	ice_ledger_take(l, pid, fd, now);
	struct ledger_row *row = ledger_find(l, ledger_inode(pid, fd));
	if (!row || row->protocol < 0)
		return;
	if (row->protocol == IPPROTO_TCP && row->peer_port != 0) {
		struct ledger_row again = *row;
		again.from = now;
		row = ledger_add(l, &again);
	}
	if (!row)
		return;
	row->since = now;
	row->peer = *to;
	row->peer_port = port;
	row->stale = true;
}

void ice_ledger_closes(struct ice_ledger *l, pid_t pid, int fd, int64_t now)
{
	uint64_t inode = ledger_inode(pid, fd);
	ice_ledger_take(l, pid, fd, now);
	/* A UDP socket ends when a look does not find it any more. Of the others a second descriptor of the same socket keeps it, and
	 * the next look finds it again under a row of its own. */
	for (size_t i = 0; inode && i < l->count; i++)
		if (l->rows[i].inode == inode && l->rows[i].to == INT64_MAX && l->rows[i].held < 0)
			l->rows[i].to = now;
}

/* ---- all of them ---- */

static void ledger_look_process(struct ice_ledger *l, pid_t pid, int64_t now)
{
	char path[32];
	snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
	DIR *folder = opendir(path);
	if (!folder)
		return; /* it has ended, and told us before */
	for (struct dirent *e; (e = readdir(folder)) != NULL;)
		if (e->d_name[0] != '.')
			ice_ledger_take(l, pid, atoi(e->d_name), now);
	closedir(folder);
}

void ice_ledger_process(struct ice_ledger *l, pid_t pid, int64_t now)
{
	if (ledger_known(l, pid))
		return;
	int fd = l->process_count < LEDGER_PROCESSES ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
	if (fd < 0) {
		l->counters.unread++;
		return;
	}
	l->processes[l->process_count++] = (struct ledger_process){pid, fd};
	ledger_look_process(l, pid, now);
}

/* A UDP socket that no program has any more ends when nothing of it can be on the way; then its port is anybody's. */
static void ledger_part(struct ledger_row *row, int64_t now)
{
	int waiting = 0;
	if (row->gone == 0 && (ioctl(row->held, SIOCOUTQ, &waiting) != 0 || waiting == 0))
		row->gone = now;
	if (row->gone == 0 || now - row->gone < LEDGER_LINGER)
		return;
	row->to = now;
	close(row->held);
	row->held = -1;
}

void ice_ledger_look(struct ice_ledger *l, int64_t now)
{
	for (size_t i = 0; i < l->count; i++)
		l->rows[i].seen = false;
	for (size_t i = 0; i < l->process_count; i++)
		ledger_look_process(l, l->processes[i].pid, now);
	for (size_t i = 0; i < l->count; i++)
		if (l->rows[i].held >= 0 && !l->rows[i].seen)
			ledger_part(&l->rows[i], now);
	l->looked = now;
}

/* ---- the second opinion ---- */

/* What a table of /proc/net says of the rows that wait for it. */
static void ledger_confirm_by(struct ice_ledger *l, const char *table, int protocol, uid_t owner)
{
	char line[512];
	FILE *f = fopen(table, "re");
	while (f && fgets(line, sizeof line, f)) {
		unsigned port, state, uid;
		uint64_t inode;
		if (sscanf(line, " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %u %*d %" SCNu64, &port, &state, &uid,
		           &inode) != 4 ||
		    inode == 0)
			continue;
		struct ledger_row *row = ledger_find(l, inode);
		if (!row || row->protocol != protocol)
			continue;
		l->counters.listening += protocol == IPPROTO_TCP && state == 0x0a;
		if (row->confirmed || row->port == 0)
			continue;
		row->confirmed = true;
		if (row->port == port && uid == owner)
			l->counters.confirmed++;
		else
			l->counters.differing++;
	}
	if (f)
		fclose(f);
}

void ice_ledger_confirm(struct ice_ledger *l, uid_t owner)
{
	bool udp = false, tcp = false;
	for (size_t i = 0; i < l->count; i++) {
		const struct ledger_row *row = &l->rows[i];
		bool waits = !row->confirmed && row->port != 0 && row->to == INT64_MAX;
		udp |= waits && row->protocol == IPPROTO_UDP;
		tcp |= waits && row->protocol == IPPROTO_TCP;
	}
	if (udp) {
		ledger_confirm_by(l, "/proc/net/udp", IPPROTO_UDP, owner);
		ledger_confirm_by(l, "/proc/net/udp6", IPPROTO_UDP, owner);
	}
	if (tcp) {
		ledger_confirm_by(l, "/proc/net/tcp", IPPROTO_TCP, owner);
		ledger_confirm_by(l, "/proc/net/tcp6", IPPROTO_TCP, owner);
	}
}

bool ice_ledger_owns(const struct ice_ledger *l, const struct ice_frame *frame, int64_t at)
{
	for (size_t i = 0; i < l->count; i++) {
		const struct ledger_row *row = &l->rows[i];
		if (row->protocol != frame->protocol || row->port != frame->from_port || row->port == 0 ||
		    at < row->from)
			continue;
		if (frame->protocol == IPPROTO_UDP ? at <= row->to
		                                   : row->peer_port == frame->to_port && row->peer.hi == frame->to.hi &&
		                                             row->peer.lo == frame->to.lo)
			return true;
	}
	return false;
}

void ice_ledger_counters(const struct ice_ledger *l, struct ice_ledger_counters *out)
{
	*out = l->counters;
}
