/* serve_options: the command line of `facilities-manager serve`. */
#ifndef FM_SERVE_OPTIONS_H
#define FM_SERVE_OPTIONS_H

#include "settings.h"

/* First the file, wherever -c stands, then the rest of the command line over it. What is wrong is told on standard error. 0, -1 for --help, or an
 * exit status. */
int fm_serve_options(struct fm_settings *settings, int argc, char **argv);

#endif
