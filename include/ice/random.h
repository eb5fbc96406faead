/* random: a fast seeded generator for ids, order and jitter, and the system's own for keys.
 *
 * The library draws only from a struct it is handed, so that a run replays from its seed. */
#ifndef ICE_RANDOM_H
#define ICE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct ice_random {
	uint64_t s[4]; /* xoshiro256** state */
};

void ice_random_seed(struct ice_random *r, uint64_t seed);
uint64_t ice_random_next(struct ice_random *r);

/* Uniform in 0 .. bound-1; bound > 0. */
uint64_t ice_random_below(struct ice_random *r, uint64_t bound);

/* The kernel's randomness (getrandom); dies if there is none. For keys and seeds. */
void ice_random_system(void *out, size_t n);

#endif
