#include "owner.h"

#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ice/settings.h"

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

bool window_owner_become(const char *file, char *why, size_t why_size)
{
	char folder[PATH_MAX], name[64];
	struct stat st;
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
	return true;
}

struct window_child_rights window_owner_rights(const char *file)
{
	struct ice_settings settings;
	struct ice_conf_mistakes ignored = {0};
	if (geteuid() != 0)
		return (struct window_child_rights){0};
	(void)!ice_settings_read(file, &settings, &ignored);
	struct window_child_rights rights = window_child_rights(settings.state.directory.path);
	ice_settings_free(&settings);
	ice_conf_mistakes_free(&ignored);
	return rights;
}
