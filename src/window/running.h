/* running: the service, as far as its state folder tells. */
#ifndef WINDOW_RUNNING_H
#define WINDOW_RUNNING_H

#include <jansson.h>

#include "ice/attr.h"
#include "page.h"

/* What `ice status --json` says, and "running". An empty object when it says nothing. */
json_t *window_running_status(struct window *w);

/* Tells it to read its configuration again (SIGHUP). False with a reason. */
ICE_MUST_CHECK bool window_running_reload(struct window *w, char *why, size_t why_size);

/* Whether that is the configuration which the system's unit runs the service with. */
bool window_running_by_unit(const char *file);
/* The command that starts a service with this configuration, as a shell takes it. malloc'd. */
char *window_running_start(const char *file);

#endif
