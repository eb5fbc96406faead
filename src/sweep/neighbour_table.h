/* neighbour_table: the kernel's neighbour tables as they are now (rtnetlink, RFC 3549). */
#ifndef NEIGHBOUR_TABLE_H
#define NEIGHBOUR_TABLE_H

#include "ice/neighbours.h"

/* An ice_neighbours_look_fn. */
bool neighbour_table_look(bool v4, struct ice_neighbours_table *out, void *arg);

#endif
