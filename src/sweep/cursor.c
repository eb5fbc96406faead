/* The walk over a range set: an alternating unbalanced Feistel network over the smallest power of two that holds the set, and
 * cycle walking back into it (Black, Rogaway 2002: "Ciphers with arbitrary finite domains"). Fewer than two
 * turns a step on average. It only has to spread, not to keep a secret. */
#include <assert.h>

#include "ice/random.h"
#include "ice/range.h"

void ice_cursor_init(struct ice_cursor *c, const struct ice_range *r, uint64_t seed, uint64_t position, uint32_t shard,
                     uint32_t shards)
{
	assert(shards > 0 && shard < shards);
	*c = (struct ice_cursor){.range = r, .seed = seed, .position = position, .shard = shard, .shards = shards};
	c->count = ice_range_count(r);
	c->total = c->count <= shard ? 0 : (c->count - shard - 1) / shards + 1;
	unsigned bits = 2;
	while (bits < 63 && (UINT64_C(1) << bits) < c->count)
		bits++;
	c->low_bits = (uint8_t)(bits / 2);
	c->high_bits = (uint8_t)(bits - bits / 2);
	struct ice_random random;
	ice_random_seed(&random, seed);
	for (int i = 0; i < 4; i++)
		c->keys[i] = (uint32_t)(ice_random_next(&random) >> 32);
}

static inline uint64_t cursor_mix(uint64_t half, uint32_t key)
{
	uint64_t x = (half ^ key) * UINT64_C(0x9e3779b97f4a7c15);
	return (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93) >> 29;
}

/* One turn of the network: each line is its own inverse, so the whole is a bijection whatever the mix. */
static inline uint64_t cursor_permute(const struct ice_cursor *c, uint64_t x)
{
	uint64_t low_mask = (UINT64_C(1) << c->low_bits) - 1, high_mask = (UINT64_C(1) << c->high_bits) - 1;
	uint64_t low = x & low_mask, high = x >> c->low_bits;
	high ^= cursor_mix(low, c->keys[0]) & high_mask;
	low ^= cursor_mix(high, c->keys[1]) & low_mask;
	high ^= cursor_mix(low, c->keys[2]) & high_mask;
	low ^= cursor_mix(high, c->keys[3]) & low_mask;
	return high << c->low_bits | low;
}

bool ice_cursor_next(struct ice_cursor *c, struct ice_address *out)
{
	if (c->position >= c->total)
		return false;
	uint64_t x = c->position++ * c->shards + c->shard;
	do
		x = cursor_permute(c, x);
	while (x >= c->count);
	*out = ice_range_at(c->range, x);
	return true;
}

uint64_t ice_cursor_total(const struct ice_cursor *c)
{
	return c->total;
}
