#include "ice/confine.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "confine_parts.h"
#include "ice/log.h"

#define CONFINE_PATHS 96

struct ice_confine {
	struct confine_path paths[CONFINE_PATHS];
	size_t path_count;
	uint16_t ports[ICE_CONFINE_PORTS];
	size_t port_count;
	bool accept;
};

struct ice_confine *ice_confine_new(void)
{
	struct ice_confine *c = calloc(1, sizeof *c);
	if (!c)
		abort();
	return c;
}

/* One that is named already is not kept twice: an operator's files mostly lie in one folder. */
static bool confine_has(const struct ice_confine *c, int fd, enum confine_access access)
{
	struct stat is, at;
	for (size_t i = 0; i < c->path_count; i++)
		if (c->paths[i].access == access && fstat(fd, &is) == 0 && fstat(c->paths[i].fd, &at) == 0 &&
		    is.st_dev == at.st_dev && is.st_ino == at.st_ino)
			return true;
	return false;
}

static void confine_add(struct ice_confine *c, const char *path, enum confine_access access)
{
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return;
	bool room = c->path_count < CONFINE_PATHS;
	if (!room)
		ICE_LOG(ICE_LOG_WARN, "too many folders: after the confinement this one is out of reach",
		        ice_field_str("path", path));
	if (!room || confine_has(c, fd, access)) {
		close(fd);
		return;
	}
	c->paths[c->path_count++] = (struct confine_path){fd, access, false};
}

void ice_confine_read(struct ice_confine *c, const char *path)
{
	confine_add(c, path, CONFINE_READ);
}

void ice_confine_write(struct ice_confine *c, const char *folder)
{
	confine_add(c, folder, CONFINE_WRITE);
}

void ice_confine_read_beside(struct ice_confine *c, const char *file)
{
	char copy[PATH_MAX], real[PATH_MAX];
	snprintf(copy, sizeof copy, "%s", file);
	ice_confine_read(c, dirname(copy));
	if (realpath(file, real))
		ice_confine_read(c, dirname(real));
}

static void confine_read_all(struct ice_confine *c, const char *const *paths)
{
	for (; *paths; paths++)
		ice_confine_read(c, *paths);
}

void ice_confine_read_system(struct ice_confine *c)
{
	static const char *const system[] = {"/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64",
	                                     "/etc/ld.so.cache", "/usr/share/locale", "/usr/share/i18n", "/dev/urandom",
	                                     "/dev/null", "/etc/localtime", "/usr/share/zoneinfo",
	                                     /* how many processors: malloc asks for its arenas */
	                                     "/sys/devices/system/cpu/online", NULL};
	/* A report of a sanitizer reads the program it is about. */
	static const char *const sanitizer[] = {"/proc", "/proc/self/exe", NULL};
	confine_read_all(c, system);
	if (CONFINE_SANITIZED)
		confine_read_all(c, sanitizer);
}

void ice_confine_resolver(struct ice_confine *c)
{
	static const char *const all[] = {"/usr/share/ca-certificates",
	                                  "/usr/local/share/ca-certificates",
	                                  "/usr/share/pki",
	                                  "/var/lib/ca-certificates",
	                                  "/run/systemd/resolve",
	                                  "/run/resolvconf",
	                                  "/run/NetworkManager",
	                                  "/run/connman",
	                                  "/run/nscd",
	                                  "/var/cache/nscd",
	                                  NULL};
	static const char *const root[] = {"/etc/resolv.conf",
	                                   "/etc/hosts",
	                                   "/etc/host.conf",
	                                   "/etc/nsswitch.conf",
	                                   "/etc/gai.conf",
	                                   "/etc/networks",
	                                   "/etc/services",
	                                   "/etc/protocols",
	                                   "/etc/ssl/certs",
	                                   "/etc/ssl/cert.pem",
	                                   "/etc/ssl/openssl.cnf",
	                                   "/etc/pki/tls/certs",
	                                   "/etc/pki/tls/openssl.cnf",
	                                   "/etc/pki/ca-trust",
	                                   "/etc/crypto-policies",
	                                   NULL};
	confine_read_all(c, all);
	if (geteuid() == 0)
		confine_read_all(c, root);
	else
		ice_confine_read(c, "/etc");
	ice_confine_connect(c, 53);
}

void ice_confine_read_routes(struct ice_confine *c)
{
	size_t before = c->path_count;
	ice_confine_read(c, "/proc/net");
	/* Proc makes its folders anew when nobody holds them, and a rule is bound to the one that was there. */
	if (c->path_count > before)
		c->paths[before].kept = true;
}

void ice_confine_connect(struct ice_confine *c, uint16_t port)
{
	assert(c->port_count < ICE_CONFINE_PORTS);
	c->ports[c->port_count++] = port;
}

void ice_confine_accept(struct ice_confine *c)
{
	c->accept = true;
}

/* All three sets, and with the permitted one the ambient. True when none is left; one that has none does not ask, since a service manager may
 * refuse the question. */
static bool confine_drop_capabilities(void)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct had[2], none[2];
	memset(none, 0, sizeof none);
	if (syscall(SYS_capget, &header, had) == 0 && memcmp(had, none, sizeof none) == 0)
		return true;
	return syscall(SYS_capset, &header, none) == 0;
}

/* The writable folders, as this user without capabilities sees them. */
static bool confine_writable(const struct ice_confine *c)
{
	for (size_t i = 0; i < c->path_count; i++) {
		char path[64];
		if (c->paths[i].access != CONFINE_WRITE)
			continue;
		snprintf(path, sizeof path, "/proc/self/fd/%d", c->paths[i].fd);
		if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) != 0 && errno == EACCES)
			return false;
	}
	return true;
}

static void confine_tell(const struct ice_confined *had)
{
	char landlock[16] = "no";
	if (had->landlock)
		snprintf(landlock, sizeof landlock, "%d", had->landlock);
	bool all = had->capabilities && had->no_new_privs && had->seccomp && had->landlock;
	ICE_LOG(all ? ICE_LOG_INFO : ICE_LOG_WARN, all ? "confined" : "confined, as far as this system allows",
	        ice_field_str("no_new_privs", had->no_new_privs ? "yes" : "no"),
	        ice_field_str("seccomp", had->seccomp ? "yes" : "no"), ice_field_str("landlock", landlock),
	        ice_field_str("capabilities", had->capabilities ? "none" : "kept"));
	if (!had->writable)
		ice_log_write(ICE_LOG_WARN,
		              "the data folder belongs to another user: run as that one, or writing will fail", NULL);
}

struct ice_confined ice_confine_enter(struct ice_confine *c)
{
	struct ice_confined had = {.landlock = 0};
	had.capabilities = confine_drop_capabilities();
	had.writable = confine_writable(c);
	had.no_new_privs = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
	had.landlock = ice_confine_landlock(c->paths, c->path_count, c->ports, c->port_count);
	had.seccomp = ice_confine_filter(c->port_count > 0, c->accept);
	for (size_t i = 0; i < c->path_count; i++)
		if (!c->paths[i].kept)
			close(c->paths[i].fd);
	free(c);
	confine_tell(&had);
	return had;
}
