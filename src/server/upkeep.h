/* upkeep: what a running server does every few seconds beside serving, each time a bounded piece of it: certificates that changed are taken, old
 * readings forgotten, the database's log folded in. */
#ifndef FM_UPKEEP_H
#define FM_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/clock.h"
#include "ice/log.h"

#include "store.h"
#include "tls.h"

struct fm_upkeep {
	struct fm_store *store; /* lent, as is tls */
	struct fm_tls *tls;
	ice_usec history; /* how long readings are kept; 0 = for ever */
	/* Its own: zero at first. */
	uint64_t stored; /* batches, at the last checkpoint */
	ice_usec forget; /* when the next old readings are looked for */
	ice_usec clocks_apart, settled_at;
	struct ice_log_throttle tls_log;
};

/* All of it. stored: batches since the start. */
void fm_upkeep(struct fm_upkeep *u, uint64_t stored);

/* The certificate alone; force: even if its file looks as it did. */
void fm_upkeep_certificate(struct fm_upkeep *u, bool force);

#endif
