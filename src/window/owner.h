/* owner: as whom the window runs. Root may write anywhere, and what root makes belongs to root, where the service cannot read it: so root
 * becomes whoever owns the configuration, and where that is root itself, at least the commands it runs are who owns the state folder. */
#ifndef WINDOW_OWNER_H
#define WINDOW_OWNER_H

#include <stdbool.h>
#include <stddef.h>

#include "child.h"
#include "ice/attr.h"

#define WINDOW_OWNER_HELP 4224

/* Called once, before anything is opened. What there is to know about it is told on standard error. False with a reason, also where the file is a
 * symbolic link. */
ICE_MUST_CHECK bool window_owner_become(const char *file, char *why, size_t why_size);

/* The rights of the commands that are run for this configuration. */
struct window_child_rights window_owner_rights(const char *file);

/* Root that saves as itself makes secrets that only root can read, where there is no state folder that tells whose they are to be. Then this is
 * the command that makes it; "" where all is well. */
void window_owner_help(const char *file, char *out, size_t size);

#endif
