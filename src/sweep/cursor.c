/* The walk over a range set: a Feistel network over the cells of a nearly square table that just holds the set, adding modulo its
 * sides, and cycle walking out of the few cells beyond the set (Black, Rogaway 2002: "Ciphers with arbitrary finite
 * domains"). It only has to spread, not to keep a secret. */
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
	assert(c->count < UINT64_C(1) << 62);
	uint64_t side = 1;
	for (uint64_t bit = UINT64_C(1) << 30; bit > 0; bit /= 2) /* the largest whose square is within the count */
		if ((side | bit) * (side | bit) <= c->count)
			side |= bit;
	side = side > 1 ? side : 2;
	c->columns = (uint32_t)side;
	c->inverse = UINT64_MAX / side + 1;
	c->rows = (uint32_t)((c->count + side - 1) / side);
	struct ice_random random;
	ice_random_seed(&random, seed);
	for (int i = 0; i < 4; i++) {
		uint64_t key = ice_random_next(&random) >> 32;
		c->keys[i] = key << 24 | key;
	}
}

/* Below `bound`, as near to evenly as 32 bits allow. */
static inline uint32_t cursor_mix(uint32_t half, uint64_t key, uint32_t bound)
{
	uint64_t x = (half ^ key) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(((x ^ x << 25) >> 32) * bound >> 32);
}

/* Without a branch, which would be guessed wrong half of the time. */
static inline uint32_t cursor_add(uint32_t a, uint32_t b, uint32_t modulus)
{
	uint64_t sum = (uint64_t)a + b;
	return (uint32_t)(sum - (modulus & -(uint64_t)(sum >= modulus)));
}

/* Each step can be undone by subtracting, so the whole is a bijection whatever the mix. */
static inline uint64_t cursor_permute(const struct ice_cursor *c, uint64_t x)
{
	/* Division by multiplication is exact below 2^32 (Lemire, Kaser, Kurz 2019). */
	uint32_t row =
	        x <= UINT32_MAX ? (uint32_t)((unsigned __int128)x * c->inverse >> 64) : (uint32_t)(x / c->columns);
	uint32_t column = (uint32_t)(x - (uint64_t)row * c->columns);
	row = cursor_add(row, cursor_mix(column, c->keys[0], c->rows), c->rows);
	column = cursor_add(column, cursor_mix(row, c->keys[1], c->columns), c->columns);
	row = cursor_add(row, cursor_mix(column, c->keys[2], c->rows), c->rows);
	column = cursor_add(column, cursor_mix(row, c->keys[3], c->columns), c->columns);
	return (uint64_t)row * c->columns + column;
}

bool ice_cursor_next(struct ice_cursor *c, struct ice_address *out)
{
	if (c->position >= c->total)
		return false;
	uint64_t x = c->position++ * c->shards + c->shard;
	do
		x = cursor_permute(c, x);
	while (x >= c->count);
	/* Field by field: as a whole it would be read in other pieces than it was just written in, and the processor waits then. */
	const struct ice_address at = ice_range_at(c->range, x);
	out->hi = at.hi;
	out->lo = at.lo;
	out->scope = at.scope;
	return true;
}

uint64_t ice_cursor_total(const struct ice_cursor *c)
{
	return c->total;
}
