#include "ice/pacer.h"

#define PACER_WIDE    ICE_USEC_MSEC(50)
#define PACER_NARROW  1700
#define PACER_STRETCH ICE_USEC_MSEC(100) /* over which throughput is measured and the limit moves */
#define PACER_LEAST   1000               /* per second: it never slows down below that by itself */
#define PACER_FREE    10000000           /* per second: a limit above that is none */

/* Full credit would be a burst at the start: the wide bucket begins with one token, as ice_pace_init says. */
static void pacer_limit(struct ice_pacer *p, uint64_t limit, ice_usec now)
{
	p->limit = limit;
	p->eased = now;
	/* With one token in hand alone, what a beat is late by would be lost at each: at 100/s that is 1 %. */
	ice_usec two = limit > 0 ? ICE_USEC_SEC(2) / (ice_usec)limit : 0;
	ice_pace_init(&p->wide, limit, two > PACER_WIDE ? two : PACER_WIDE, now);
	ice_pace_init(&p->narrow, limit + limit / 10, PACER_NARROW, now);
}

void ice_pacer_init(struct ice_pacer *p, uint64_t rate, struct ice_pacer *above, ice_usec now)
{
	*p = (struct ice_pacer){.rate = rate, .above = above, .mark = now};
	pacer_limit(p, rate, now);
}

/* Measures, and lifts a limit of its own making by a twentieth every stretch. */
static void pacer_look(struct ice_pacer *p, ice_usec now)
{
	if (now - p->mark >= PACER_STRETCH) {
		p->throughput = p->passed * ICE_USEC_SEC(1) / (uint64_t)(now - p->mark);
		p->passed = 0;
		p->mark = now;
	}
	if (p->limit == p->rate || now - p->eased < PACER_STRETCH)
		return;
	uint64_t higher = p->limit + p->limit / 20;
	if (p->rate != 0 ? higher >= p->rate : higher >= PACER_FREE)
		higher = p->rate;
	pacer_limit(p, higher, now);
}

uint32_t ice_pacer_take(struct ice_pacer *p, ice_usec now, uint32_t want)
{
	pacer_look(p, now);
	p->late = now - p->narrow.last > PACER_NARROW;
	uint32_t wide = ice_pace_take(&p->wide, now, want), narrow = ice_pace_take(&p->narrow, now, wide);
	uint32_t passed = p->above && narrow > 0 ? ice_pacer_take(p->above, now, narrow) : narrow;
	ice_pace_return(&p->wide, wide - passed);
	ice_pace_return(&p->narrow, narrow - passed);
	p->passed += passed;
	return passed;
}

void ice_pacer_return(struct ice_pacer *p, uint32_t unused)
{
	ice_pace_return(&p->wide, unused);
	ice_pace_return(&p->narrow, unused);
	p->passed -= unused;
	if (p->above)
		ice_pacer_return(p->above, unused);
}

ice_usec ice_pacer_next(const struct ice_pacer *p, ice_usec now)
{
	ice_usec wide = ice_pace_next(&p->wide, now), narrow = ice_pace_next(&p->narrow, now);
	ice_usec own = wide > narrow ? wide : narrow, all = p->above ? ice_pacer_next(p->above, now) : own;
	return own > all ? own : all;
}

uint64_t ice_pacer_limit(const struct ice_pacer *p)
{
	uint64_t above = p->above ? ice_pacer_limit(p->above) : 0;
	return p->limit == 0 || (above > 0 && above < p->limit) ? above : p->limit;
}

/* What was missed is made up for while the wide bucket is less than half full. It is full after a rest, too, but then who asks is not late. */
bool ice_pacer_asked(const struct ice_pacer *p)
{
	bool missed = p->late && p->wide.credit >= p->wide.cap / 2;
	return (p->rate > 0 && p->limit == p->rate && !missed) || (p->above && ice_pacer_asked(p->above));
}

void ice_pacer_slow_down(struct ice_pacer *p, ice_usec now)
{
	if (p->limit != p->rate && now - p->eased < PACER_STRETCH)
		return; /* one overflow is told many times */
	uint64_t since = (uint64_t)(now > p->mark ? now - p->mark : 1);
	uint64_t recent = p->passed * ICE_USEC_SEC(1) / since,
	         through = recent > p->throughput ? recent : p->throughput;
	if (since < PACER_STRETCH / 10)
		through = p->throughput;
	uint64_t limit = p->limit != 0 && p->limit < through ? p->limit / 2 : through / 2;
	if (limit < PACER_LEAST)
		limit = PACER_LEAST;
	if (p->rate == 0 || limit < p->rate)
		pacer_limit(p, limit, now);
}
