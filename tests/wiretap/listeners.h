/* listeners: which TCP sockets of a cgroup listen in this network namespace, as the kernel tells it (sock_diag(7)).
 *
 * Life: new -> listeners_look* -> free. */
#ifndef WIRETAP_LISTENERS_H
#define WIRETAP_LISTENERS_H

#include <stdint.h>

#include "ice/address.h"
#include "ice/attr.h"

struct listeners;

typedef void listeners_fn(uint64_t cgroup, const struct ice_address *at, uint16_t port, void *arg);

/* NULL when the kernel does not tell. */
ICE_MUST_CHECK struct listeners *listeners_new(void);
void listeners_free(struct listeners *l);

/* Calls back for every listening socket of every cgroup. False when they could not be had. */
ICE_MUST_CHECK bool listeners_look(struct listeners *l, listeners_fn *fn, void *arg);

#endif
