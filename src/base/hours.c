#include "ice/hours.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define HOURS_DAY (24 * 60)
/* How far one look may leap: short of two changes of the clocks, which could hide each other. */
#define HOURS_LEAP (6 * 60)
/* Beyond these years localtime_r may refuse; such a clock is wrong anyway, and is read as this. */
#define HOURS_WALL_MAX (INT64_C(8000) * 366 * 86400)

static bool hours_bit(const struct ice_hours *h, int minute)
{
	return h->open[minute / 64] >> (minute % 64) & 1;
}

static void hours_set(struct ice_hours *h, int minute, bool open)
{
	uint64_t bit = UINT64_C(1) << (minute % 64);
	h->open[minute / 64] = open ? h->open[minute / 64] | bit : h->open[minute / 64] & ~bit;
}

void ice_hours_fill(struct ice_hours *h, bool open)
{
	memset(h->open, open ? 0xff : 0, sizeof h->open);
}

void ice_hours_and(struct ice_hours *h, const struct ice_hours *other)
{
	for (size_t i = 0; i < sizeof h->open / sizeof h->open[0]; i++)
		h->open[i] &= other->open[i];
}

/* ---- reading a row ---- */

/* A day's name; what follows it is in *rest. -1: none. */
static int hours_day(const char *text, const char **rest)
{
	static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
	for (int d = 0; d < 7; d++)
		if (strncasecmp(text, days[d], 3) == 0) {
			*rest = text + 3;
			return d;
		}
	return -1;
}

/* "Mon", "Mon-Fri", "Sat,Sun,Tue-Wed", up to a blank or the end. False when it is something else. */
static bool hours_days(const char **text, bool days[7])
{
	const char *p = *text;
	do {
		p += *p == ',';
		int first = hours_day(p, &p), last = first;
		if (first >= 0 && *p == '-')
			last = hours_day(p + 1, &p);
		if (first < 0 || last < 0)
			return false;
		for (int d = first; days[d] = true, d != last; d = (d + 1) % 7)
			continue;
	} while (*p == ',');
	*text = p;
	return *p == '\0' || *p == ' ' || *p == '\t';
}

static bool hours_digits(const char **text, int most, int *out)
{
	const char *p = *text;
	if (p[0] < '0' || p[0] > '9' || p[1] < '0' || p[1] > '9')
		return false;
	*out = (p[0] - '0') * 10 + (p[1] - '0');
	*text = p + 2;
	return *out <= most;
}

/* "06:00", and "24:00" for the end of the day. */
static bool hours_time(const char **text, int *minute)
{
	int hour, min;
	if (!hours_digits(text, 24, &hour) || *(*text)++ != ':' || !hours_digits(text, 59, &min))
		return false;
	*minute = hour * 60 + min;
	return *minute <= HOURS_DAY;
}

/* The whole row; *first is the first minute of the day, *count how many. */
static bool hours_read(const char *text, bool days[7], int *first, int *count)
{
	int last = HOURS_DAY;
	*first = 0;
	text += strspn(text, " \t");
	if (*text >= '0' && *text <= '9')
		memset(days, true, 7 * sizeof *days);
	else if (!hours_days(&text, days))
		return false;
	text += strspn(text, " \t");
	if (*text && (!hours_time(&text, first) || *text++ != '-' || !hours_time(&text, &last)))
		return false;
	text += strspn(text, " \t");
	*count = last > *first ? last - *first : last + HOURS_DAY - *first;
	return *text == '\0' && *first < HOURS_DAY && *first != last && *count <= HOURS_DAY;
}

bool ice_hours_row(struct ice_hours *h, const char *text, bool open, char *why, size_t why_size)
{
	bool days[7] = {false};
	int first, count;
	if (!hours_read(text, days, &first, &count)) {
		snprintf(why, why_size,
		         "\"%s\" is no days and hours; right would be, for example, Mon-Fri 06:00-22:00, Sat,Sun, or "
		         "22:00-06:00",
		         text);
		return false;
	}
	for (int d = 0; d < 7; d++)
		for (int m = 0; days[d] && m < count; m++)
			hours_set(h, (d * HOURS_DAY + first + m) % ICE_HOURS_WEEK, open);
	return true;
}

/* ---- looking ---- */

/* Where the local clock stands in the week, and how far it is from UTC. */
static int hours_minute(int64_t wall, long *offset)
{
	struct tm tm;
	time_t t = (time_t)(wall < 0 ? 0 : wall > HOURS_WALL_MAX ? HOURS_WALL_MAX : wall);
	if (!localtime_r(&t, &tm)) {
		t = 0;
		gmtime_r(&t, &tm);
	}
	*offset = tm.tm_gmtoff;
	return (tm.tm_wday + 6) % 7 * HOURS_DAY + tm.tm_hour * 60 + tm.tm_min;
}

bool ice_hours_at(const struct ice_hours *h, int64_t wall)
{
	long offset;
	return hours_bit(h, hours_minute(wall, &offset));
}

/* Minutes from this one to the first that is as wanted, by the local clock's own reckoning; HOURS_LEAP at most. */
static int hours_distance(const struct ice_hours *h, int minute, bool open)
{
	int distance = 0;
	while (distance < HOURS_LEAP) {
		int at = (minute + distance) % ICE_HOURS_WEEK, room = 64 - at % 64;
		uint64_t wanted = (open ? h->open[at / 64] : ~h->open[at / 64]) >> (at % 64);
		/* Behind the week's last minute stands nothing. */
		if (room > ICE_HOURS_WEEK - at) {
			room = ICE_HOURS_WEEK - at;
			wanted &= (UINT64_C(1) << room) - 1;
		}
		if (wanted) {
			distance += __builtin_ctzll(wanted);
			break;
		}
		distance += room;
	}
	return distance < HOURS_LEAP ? distance : HOURS_LEAP;
}

/* The first second from `wall` on that is as wanted. In leaps over minutes that are not, by the local clock's own reckoning; where it was
 * changed within a leap, minute by minute. */
static int64_t hours_first(const struct ice_hours *h, int64_t wall, bool open)
{
	const int64_t end = wall + (int64_t)(ICE_HOURS_WEEK + 2 * HOURS_DAY) * 60;
	while (wall < end) {
		long offset, then;
		int leap = hours_distance(h, hours_minute(wall, &offset), open);
		if (leap == 0)
			return wall;
		/* To the first second of a minute of the local clock. */
		int64_t next = wall + (int64_t)leap * 60;
		next -= ((next + offset) % 60 + 60) % 60;
		(void)hours_minute(next, &then);
		if (then != offset)
			next = wall + 60 - ((wall + offset) % 60 + 60) % 60;
		wall = next;
	}
	return ICE_HOURS_NEVER;
}

int64_t ice_hours_opens(const struct ice_hours *h, int64_t wall)
{
	return hours_first(h, wall, true);
}

int64_t ice_hours_closes(const struct ice_hours *h, int64_t wall)
{
	return hours_first(h, wall, false);
}
