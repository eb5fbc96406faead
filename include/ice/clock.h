/* clock: the two times of the program, and nothing that mixes them.
 *
 * Monotonic time (ice_usec) decides: deadlines, round trips, pacing. It is read once per heartbeat,
 * and again where one sends for some milliseconds, and passed on as `now`; no other module of the library reads a clock, so that tests can run
 * months in a second. Wall time only labels: records and log lines. It may step by years; nothing
 * may be decided by it alone. */
#ifndef ICE_CLOCK_H
#define ICE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Microseconds of CLOCK_BOOTTIME: monotonic, and it goes on while the machine is suspended. */
typedef int64_t ice_usec;

#define ICE_USEC_NEVER   INT64_MAX
#define ICE_USEC_MSEC(n) ((ice_usec)(n)*1000)
#define ICE_USEC_SEC(n)  ((ice_usec)(n)*1000000)

ice_usec ice_clock_now(void);

/* Seconds since 1970 UTC, for records and logs. */
time_t ice_clock_wall(void);

/* RFC 3339 in UTC, "2026-11-22T09:41:00Z". */
#define ICE_CLOCK_TEXT_SIZE 21
void ice_clock_format(time_t wall, char out[ICE_CLOCK_TEXT_SIZE]);

#endif
