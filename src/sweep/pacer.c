#include "pacer.h"

#define PACER_WIDE    ICE_USEC_MSEC(50)
#define PACER_NARROW  1700
#define PACER_STRETCH ICE_USEC_MSEC(100) /* over which throughput is measured and the limit moves */
#define PACER_LEAST   1000               /* per second: it never slows down below that by itself */
#define PACER_FREE    10000000           /* per second: a limit above that is none */

/* Full credit would be a burst at the start: the wide bucket begins with one token, as ice_pace_init says. */
static void pacer_limit(struct pacer *p, uint64_t limit, ice_usec now)
{
	p->limit = limit;
	p->eased = now;
	/* With one token in hand alone, what a beat is late by would be lost at each: at 100/s that is 1 %. */
	ice_usec two = limit > 0 ? ICE_USEC_SEC(2) / (ice_usec)limit : 0;
	ice_pace_init(&p->wide, limit, two > PACER_WIDE ? two : PACER_WIDE, now);
	ice_pace_init(&p->narrow, limit + limit / 10, PACER_NARROW, now);
}

void pacer_init(struct pacer *p, uint64_t rate, ice_usec now)
{
	*p = (struct pacer){.rate = rate, .mark = now};
	pacer_limit(p, rate, now);
}

/* Measures, and lifts a limit of its own making by a twentieth every stretch. */
static void pacer_look(struct pacer *p, ice_usec now)
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

uint32_t pacer_take(struct pacer *p, ice_usec now, uint32_t want)
{
	pacer_look(p, now);
	uint32_t wide = ice_pace_take(&p->wide, now, want), narrow = ice_pace_take(&p->narrow, now, wide);
	ice_pace_return(&p->wide, wide - narrow);
	p->passed += narrow;
	return narrow;
}

void pacer_return(struct pacer *p, uint32_t unused)
{
	ice_pace_return(&p->wide, unused);
	ice_pace_return(&p->narrow, unused);
	p->passed -= unused;
}

ice_usec pacer_next(const struct pacer *p, ice_usec now)
{
	ice_usec wide = ice_pace_next(&p->wide, now), narrow = ice_pace_next(&p->narrow, now);
	return wide > narrow ? wide : narrow;
}

void pacer_slow_down(struct pacer *p, ice_usec now)
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
