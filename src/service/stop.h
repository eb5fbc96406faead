/* stop: SIGTERM and SIGINT end the service within two seconds, whatever it is at.
 *
 * The loop hears of the signal by a descriptor and ends in good order. Should it be held up meanwhile, by a disk that does not
 * answer or a name that cannot be looked up, the process is ended as it is once ICE_STOP_PATIENCE is over, with status 1: what was committed is
 * safe, and what was not is read again. A process has one of these, as it has one set of signals. */
#ifndef ICE_STOP_H
#define ICE_STOP_H

#include "ice/clock.h"

#define ICE_STOP_PATIENCE ICE_USEC_MSEC(1700)

/* From now on. The descriptor becomes readable with the first signal. */
int ice_stop_begin(void);

/* "SIGTERM", "SIGINT", or NULL when none has come. */
const char *ice_stop_signal(void);

/* Good order was kept: the patience is no longer measured. */
void ice_stop_end(void);

#endif
