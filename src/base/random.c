#include "ice/random.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static uint64_t random_rotate(uint64_t x, int k)
{
	return (x << k) | (x >> (64 - k));
}

/* splitmix64 (Steele, Lea, Flood 2014): spreads any seed, zero included, over the whole state. */
void ice_random_seed(struct ice_random *r, uint64_t seed)
{
	for (int i = 0; i < 4; i++) {
		uint64_t z = (seed += 0x9e3779b97f4a7c15u);
		z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
		z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
		r->s[i] = z ^ (z >> 31);
	}
}

/* xoshiro256** (Blackman, Vigna 2018). */
uint64_t ice_random_next(struct ice_random *r)
{
	uint64_t *s = r->s, result = random_rotate(s[1] * 5, 7) * 9, t = s[1] << 17;
	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = random_rotate(s[3], 45);
	return result;
}

/* Lemire's multiplication, with rejection, so that no value is likelier than another. */
uint64_t ice_random_below(struct ice_random *r, uint64_t bound)
{
	unsigned __int128 m = (unsigned __int128)ice_random_next(r) * bound;
	if ((uint64_t)m < bound) {
		uint64_t floor = -bound % bound;
		while ((uint64_t)m < floor)
			m = (unsigned __int128)ice_random_next(r) * bound;
	}
	return (uint64_t)(m >> 64);
}

void ice_random_system(void *out, size_t n)
{
	uint8_t *p = out;
	while (n > 0) {
		ssize_t got = getrandom(p, n, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			abort(); /* no randomness, no keys: nothing safe is left to do */
		p += got;
		n -= (size_t)got;
	}
}
