#include "owner.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ice/settings.h"

#define OWNER_SERVICE "ice" /* the user of config/ice.service */

/* "ice", or the number of a user that has no name. */
static const char *owner_name(uid_t uid, char out[64])
{
	const struct passwd *user = getpwuid(uid);
	if (user)
		snprintf(out, 64, "%.63s", user->pw_name);
	else
		snprintf(out, 64, "%lu", (unsigned long)uid);
	return out;
}

/* Where the file is, or would be made. */
static void owner_folder(const char *file, char out[PATH_MAX])
{
	char copy[PATH_MAX];
	snprintf(copy, sizeof copy, "%s", file);
	snprintf(out, PATH_MAX, "%s", dirname(copy));
}

static bool owner_change(const struct stat *to, const char *name)
{
	const struct passwd *user = getpwuid(to->st_uid);
	gid_t group = user ? user->pw_gid : to->st_gid;
	return (user ? initgroups(name, group) : setgroups(0, NULL)) == 0 && setresgid(group, group, group) == 0 &&
	       setresuid(to->st_uid, to->st_uid, to->st_uid) == 0;
}

/* A link is never written through, nor put away by a file in its place: what it leads to is what is to be named. */
static bool owner_is_link(const char *file, char *why, size_t why_size)
{
	char real[PATH_MAX];
	struct stat st;
	if (lstat(file, &st) != 0 || !S_ISLNK(st.st_mode))
		return false;
	if (realpath(file, real))
		snprintf(why, why_size, "%s is a symbolic link. What it leads to: ice config -c %s", file, real);
	else
		snprintf(why, why_size, "%s is a symbolic link that leads nowhere: %s", file, strerror(errno));
	return true;
}

bool window_owner_become(const char *file, char *why, size_t why_size)
{
	char folder[PATH_MAX], name[64];
	struct stat st;
	if (owner_is_link(file, why, why_size))
		return false;
	owner_folder(file, folder);
	if (stat(folder, &st) != 0) {
		snprintf(why, why_size, "%s: %s", folder, strerror(errno));
		return false;
	}
	if (geteuid() == 0 && st.st_uid != 0) {
		owner_name(st.st_uid, name);
		if (!owner_change(&st, name)) {
			snprintf(why, why_size, "it cannot become %s, who owns %s: %s", name, folder, strerror(errno));
			return false;
		}
		fprintf(stderr, "Running as %s, who owns %s.\n", name, folder);
	} else if (access(folder, W_OK) != 0) {
		fprintf(stderr, "Nothing can be saved: %s belongs to %s. To change it: sudo ice config -c %s\n", folder,
		        owner_name(st.st_uid, name), file);
	}
	char help[WINDOW_OWNER_HELP];
	window_owner_help(file, help, sizeof help);
	if (help[0])
		fprintf(stderr,
		        "Secrets that are saved now belong to root, and a service that runs as another user cannot "
		        "read "
		        "them. First: %s\n",
		        help);
	return true;
}

static void owner_state(const char *file, char out[PATH_MAX])
{
	struct ice_settings settings;
	struct ice_conf_mistakes ignored = {0};
	(void)!ice_settings_read(file, &settings, &ignored);
	snprintf(out, PATH_MAX, "%s", settings.state.directory.path);
	ice_settings_free(&settings);
	ice_conf_mistakes_free(&ignored);
}

struct window_child_rights window_owner_rights(const char *file)
{
	char state[PATH_MAX];
	if (geteuid() != 0)
		return (struct window_child_rights){0};
	owner_state(file, state);
	return window_child_rights(state);
}

void window_owner_help(const char *file, char *out, size_t size)
{
	char state[PATH_MAX];
	*out = '\0';
	if (geteuid() != 0 || window_owner_rights(file).change)
		return;
	owner_state(file, state);
	snprintf(out, size, "%s%s%s", getpwnam(OWNER_SERVICE) ? "" : "useradd --system " OWNER_SERVICE "; ",
	         access(state, F_OK) == 0 ? "chown -R " OWNER_SERVICE " " : "install -d -o " OWNER_SERVICE " -m 700 ",
	         state);
}
