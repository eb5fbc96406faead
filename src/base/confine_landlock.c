/* Landlock: which files and which TCP ports. By the kernel's own numbers, since the system's headers may be older than the kernel. */
#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine_parts.h"

/* linux/landlock.h as of ABI 7. */
#define CONFINE_LANDLOCK_KNOWN   7
#define CONFINE_LANDLOCK_VERSION 1u /* flag of landlock_create_ruleset */
#define CONFINE_LANDLOCK_BENEATH 1  /* rule types */
#define CONFINE_LANDLOCK_PORT    2

#define CONFINE_LANDLOCK_EXECUTE    (UINT64_C(1) << 0)
#define CONFINE_LANDLOCK_WRITE_FILE (UINT64_C(1) << 1)
#define CONFINE_LANDLOCK_READ_FILE  (UINT64_C(1) << 2)
#define CONFINE_LANDLOCK_READ_DIR   (UINT64_C(1) << 3)
#define CONFINE_LANDLOCK_REMOVE     (UINT64_C(1) << 5)
#define CONFINE_LANDLOCK_MAKE_REG   (UINT64_C(1) << 8)
#define CONFINE_LANDLOCK_TRUNCATE   (UINT64_C(1) << 14)
#define CONFINE_LANDLOCK_CONNECT    (UINT64_C(1) << 1)

/* All rights over files, and over TCP, that an ABI knows: every one is ours to grant from then on. */
static const struct confine_landlock_abi {
	uint64_t files, net, scoped;
} confine_landlock_abis[CONFINE_LANDLOCK_KNOWN + 1] = {
        {0, 0, 0},      {0x1fff, 0, 0}, {0x3fff, 0, 0}, {0x7fff, 0, 0},
        {0x7fff, 3, 0}, {0xffff, 3, 0}, {0xffff, 3, 3}, {0xffff, 3, 3},
};

struct confine_landlock_ruleset {
	uint64_t handled_access_fs, handled_access_net, scoped;
};

struct confine_landlock_beneath {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed));

struct confine_landlock_port {
	uint64_t allowed_access, port;
};

static bool confine_landlock_add_path(int ruleset, const struct confine_path *path, uint64_t handled)
{
	struct stat st;
	struct confine_landlock_beneath rule = {CONFINE_LANDLOCK_READ_FILE | CONFINE_LANDLOCK_READ_DIR, path->fd};
	if (path->access == CONFINE_WRITE)
		rule.allowed_access |= CONFINE_LANDLOCK_WRITE_FILE | CONFINE_LANDLOCK_REMOVE |
		                       CONFINE_LANDLOCK_MAKE_REG | CONFINE_LANDLOCK_TRUNCATE;
	if (fstat(path->fd, &st) != 0)
		return false;
	if (!S_ISDIR(st.st_mode)) /* other rights over a file are refused as an error */
		rule.allowed_access &=
		        CONFINE_LANDLOCK_READ_FILE | CONFINE_LANDLOCK_WRITE_FILE | CONFINE_LANDLOCK_TRUNCATE;
	rule.allowed_access &= handled;
	return syscall(SYS_landlock_add_rule, ruleset, CONFINE_LANDLOCK_BENEATH, &rule, 0) == 0;
}

static bool confine_landlock_add_port(int ruleset, uint16_t port)
{
	struct confine_landlock_port rule = {CONFINE_LANDLOCK_CONNECT, port};
	return syscall(SYS_landlock_add_rule, ruleset, CONFINE_LANDLOCK_PORT, &rule, 0) == 0;
}

int ice_confine_landlock(const struct confine_path *paths, size_t path_count, const uint16_t *ports, size_t port_count)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, CONFINE_LANDLOCK_VERSION);
	if (abi < 1)
		return 0;
	if (abi > CONFINE_LANDLOCK_KNOWN)
		abi = CONFINE_LANDLOCK_KNOWN;
	const struct confine_landlock_abi *has = &confine_landlock_abis[abi];
	struct confine_landlock_ruleset rules = {has->files, has->net, has->scoped};
	size_t size = abi >= 6 ? sizeof rules : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
	if (ruleset < 0)
		return 0;
	/* All or nothing: with a rule missing, something would fail later that must not. */
	bool good = true;
	for (size_t i = 0; i < path_count; i++)
		good = good && confine_landlock_add_path(ruleset, &paths[i], has->files);
	for (size_t i = 0; i < port_count && has->net != 0; i++)
		good = good && confine_landlock_add_port(ruleset, ports[i]);
	good = good && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
	close(ruleset);
	return good ? (int)abi : 0;
}
