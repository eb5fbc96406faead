/* options: the command line of printer-fleet. */
#ifndef FLEET_OPTIONS_H
#define FLEET_OPTIONS_H

#include <stddef.h>

#include "fleet.h"

#define FLEET_USAGE   64 /* exit status: the command line is wrong */
#define FLEET_FOLDERS 64 /* folders of one kind */

/* What is to be done. The texts are the arguments' own. */
struct fleet_command {
	struct ice_fleet_options fleet;
	struct ice_wire_options wire;
	const char *recordings[FLEET_FOLDERS], *others[FLEET_FOLDERS];
	size_t recording_count, other_count;
	const char *truth;
};

/* Reads the arguments. -1 = go on, else the exit status; what is wrong was told. */
int fleet_options_read(int argc, char **argv, struct fleet_command *o);

#endif
