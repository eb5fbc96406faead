#include "ice/schedule.h"

/* Most that a start which fell in closed hours waits after they open. */
#define SCHEDULE_OPENING 3600
#define SCHEDULE_WHILE   120

static uint64_t schedule_hash(uint64_t h, const char *text)
{
	/* FNV-1a, the NUL included, so that "a" "bc" is not "ab" "c". */
	do
		h = (h ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
	while (*text++);
	return h;
}

int64_t ice_schedule_offset(int64_t interval, const char *site, const char *lane, const char *range)
{
	uint64_t h = schedule_hash(schedule_hash(schedule_hash(UINT64_C(0xcbf29ce484222325), site), lane), range);
	/* FNV's low bits follow the last characters closely; names that end alike should not start alike. */
	h = (h ^ h >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return interval > 0 ? (int64_t)((h ^ h >> 29) % (uint64_t)interval) : 0;
}

int64_t ice_schedule_slot(const struct ice_schedule *s, int64_t now)
{
	if (s->interval <= 0)
		return 0;
	int64_t into = (now - s->offset) % s->interval;
	return now - (into < 0 ? into + s->interval : into);
}

static int64_t schedule_min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When what should start at `at` may start: then, or some time after the hours open. */
static int64_t schedule_admit(const struct ice_schedule *s, int64_t at)
{
	if (!s->hours || ice_hours_at(s->hours, at))
		return at;
	int64_t opens = ice_hours_opens(s->hours, at);
	if (opens == ICE_HOURS_NEVER)
		return ICE_SCHEDULE_NEVER;
	/* Never beyond the next start of the grid, nor past the middle of a short opening. */
	int64_t closes = ice_hours_closes(s->hours, opens);
	int64_t room = schedule_min(s->interval, SCHEDULE_OPENING);
	room = closes == ICE_HOURS_NEVER ? room : schedule_min(room, (closes - opens) / 2);
	return opens + (room > 0 ? s->offset % room : 0);
}

/* The last start is in the future: the clock was set back. Nothing tells any more when that was, so the grid alone counts: a start is due
 * for a while from its time on, which is when whoever asks each second will have asked. */
static int64_t schedule_after_setback(const struct ice_schedule *s, int64_t now)
{
	int64_t slot = ice_schedule_slot(s, now), at = schedule_admit(s, slot);
	return at != ICE_SCHEDULE_NEVER && at + schedule_min(s->interval, SCHEDULE_WHILE) <= now
	               ? schedule_admit(s, slot + s->interval)
	               : at;
}

int64_t ice_schedule_next(const struct ice_schedule *s, int64_t last, int64_t since, int64_t now)
{
	if (s->interval <= 0)
		return ICE_SCHEDULE_NEVER;
	if (last > now)
		return schedule_after_setback(s, now);
	int64_t at = last <= 0 ? schedule_min(since, now) : ice_schedule_slot(s, last) + s->interval;
	if (last > 0 && at < since && since <= now)
		at = since + s->offset % schedule_min(s->interval, ICE_SCHEDULE_SOON);
	at = schedule_admit(s, at);
	/* Its own opening went by, because something else was going on. */
	if (at < now && s->hours && !ice_hours_at(s->hours, now))
		at = schedule_admit(s, now);
	return at;
}
