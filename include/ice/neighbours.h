/* neighbours: the room there is in the kernel's neighbour tables (ARP, ND), and who needs it.
 *
 * A datagram to an address of a connected subnet makes an entry in a table that holds gc_thresh3 of them, 1,024 unless the
 * administrator gave it more; when the table is full the datagram is dropped without a word. The kernel makes room by itself, but
 * not among entries that wait for an answer (3 s) or had one of late (up to 45 s, and 5 s more): those are held. So a sweep of
 * connected subnets begins with a new address only while at most half of the table is held, for this machine needs
 * neighbours for other things, too. What lies behind a router needs no entry of its own, and nothing here limits it; nor is there
 * a limit on loopback and point-to-point links.
 *
 * The tables are looked at ten times a second, and less often where they are long; one look permits an eighth of the room at most, so
 * that they fill evenly. Where they cannot be looked at, half a table is permitted every 50 s.
 *
 * Life: new -> connect (or add) -> { on_link, take, next }* -> free. */
#ifndef ICE_NEIGHBOURS_H
#define ICE_NEIGHBOURS_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/address.h"
#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/range.h"

struct ice_neighbours;

/* One neighbour table. */
struct ice_neighbours_table {
	uint32_t limit;   /* gc_thresh3; 0 = not known, which counts as 1,024 */
	uint32_t entries; /* of all kinds */
	uint32_t held;    /* which the kernel cannot take back now */
};

/* Looks at the table of a family; false when that cannot be done, and then only the limit counts. */
typedef bool ice_neighbours_look_fn(bool v4, struct ice_neighbours_table *out, void *arg);

/* Never NULL. look NULL: the kernel's own tables, for this network namespace. */
struct ice_neighbours *ice_neighbours_new(ice_neighbours_look_fn *look, void *arg);
void ice_neighbours_free(struct ice_neighbours *n); /* NULL is allowed */

/* Adds the subnets this machine is connected to at present. */
void ice_neighbours_connect(struct ice_neighbours *n);

/* Adds one subnet, from its first address to its last. 256 are remembered. */
void ice_neighbours_add(struct ice_neighbours *n, const struct ice_address *first, const struct ice_address *last);

/* True when this address needs an entry of its own. */
bool ice_neighbours_on_link(const struct ice_neighbours *n, const struct ice_address *a);

/* How many addresses of a set do; those of overlapping subnets may count twice. */
uint64_t ice_neighbours_count(const struct ice_neighbours *n, const struct ice_range *r);

/* How many on-link addresses a second there is room for when none of them answers. */
uint32_t ice_neighbours_pace(const struct ice_neighbours *n);

/* Tells one set of subnets from another; never 0. */
uint64_t ice_neighbours_mark(const struct ice_neighbours *n);

/* Permission to begin with one more on-link address; false: not now. */
ICE_MUST_CHECK bool ice_neighbours_take(struct ice_neighbours *n, const struct ice_address *a, ice_usec now);

/* When to ask again for an address that was refused at `now`. */
ice_usec ice_neighbours_next(const struct ice_neighbours *n, const struct ice_address *a, ice_usec now);

#endif
