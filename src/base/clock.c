#include "ice/clock.h"

#include <stdio.h>
#include <stdlib.h>

ice_usec ice_clock_now(void)
{
	struct timespec ts;
	if (clock_gettime(CLOCK_BOOTTIME, &ts) != 0)
		abort(); /* Linux has had it since 2.6.39 */
	return (ice_usec)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

time_t ice_clock_wall(void)
{
	return time(NULL);
}

void ice_clock_format(time_t wall, char out[ICE_CLOCK_TEXT_SIZE])
{
	struct tm tm;
	if (!gmtime_r(&wall, &tm) || tm.tm_year < -1900 || tm.tm_year > 8099 ||
	    strftime(out, ICE_CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) != ICE_CLOCK_TEXT_SIZE - 1)
		snprintf(out, ICE_CLOCK_TEXT_SIZE, "1970-01-01T00:00:00Z");
}
