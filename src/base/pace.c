#include "ice/pace.h"

#define PACE_TOKEN 1000000u /* one token, in token-microseconds */

static uint64_t pace_product(uint64_t rate, ice_usec span)
{
	unsigned __int128 product = (unsigned __int128)rate * (span > 0 ? (uint64_t)span : 0);
	return product > UINT64_MAX ? UINT64_MAX : (uint64_t)product;
}

/* What is in the bucket at `now`. A `now` before the last one adds nothing and takes nothing. */
static uint64_t pace_credit(const struct ice_pace *p, ice_usec now)
{
	uint64_t gained = now > p->last ? pace_product(p->rate, now - p->last) : 0;
	return gained > p->cap - p->credit ? p->cap : p->credit + gained;
}

void ice_pace_init(struct ice_pace *p, uint64_t rate, ice_usec burst, ice_usec now)
{
	uint64_t cap = pace_product(rate, burst);
	*p = (struct ice_pace){rate, cap > PACE_TOKEN ? cap : PACE_TOKEN, PACE_TOKEN, now};
}

uint32_t ice_pace_take(struct ice_pace *p, ice_usec now, uint32_t want)
{
	if (p->rate == 0)
		return want;
	p->credit = pace_credit(p, now);
	if (now > p->last)
		p->last = now;
	uint64_t there = p->credit / PACE_TOKEN;
	uint32_t taken = there < want ? (uint32_t)there : want;
	p->credit -= (uint64_t)taken * PACE_TOKEN;
	return taken;
}

void ice_pace_return(struct ice_pace *p, uint32_t unused)
{
	uint64_t back = (uint64_t)unused * PACE_TOKEN;
	p->credit = back > p->cap - p->credit ? p->cap : p->credit + back;
}

ice_usec ice_pace_next(const struct ice_pace *p, ice_usec now)
{
	if (p->rate == 0)
		return now;
	uint64_t credit = pace_credit(p, now);
	if (credit >= PACE_TOKEN)
		return now;
	uint64_t missing = PACE_TOKEN - credit;
	return (now > p->last ? now : p->last) + (ice_usec)(missing / p->rate + (missing % p->rate != 0));
}

ice_usec ice_backoff_fail(struct ice_backoff *b, struct ice_random *r)
{
	ice_usec floor = b->floor > 0 ? b->floor : 0;
	ice_usec limit = b->base > 0 ? b->base : 0;
	for (uint32_t i = 0; i < b->failures && limit < b->cap && limit > 0; i++)
		limit = limit > INT64_MAX / 2 ? INT64_MAX : limit * 2;
	if (limit > b->cap)
		limit = b->cap;
	if (b->failures < UINT32_MAX)
		b->failures++;
	if (limit <= floor)
		return floor;
	return floor + (ice_usec)ice_random_below(r, (uint64_t)(limit - floor) + 1);
}

void ice_backoff_reset(struct ice_backoff *b)
{
	b->failures = 0;
}
