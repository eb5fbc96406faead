/* notify: tells the service manager how the service is, by sd_notify's protocol: datagrams of "NAME=value" lines to the UNIX socket that
 * $NOTIFY_SOCKET names, a path or, with '@' before it, an abstract name.
 *
 * Without the variable every function here does nothing. The socket is connected when it is opened, so that a process that confines itself
 * afterwards can still use it: Landlock lets nobody find an abstract socket outside, but whom a socket is connected to it may
 * go on telling. A manager that does not take a message is waited for 50 ms, and then goes without.
 *
 * Life: ice_notify_open, before ice_confine_enter -> ready, reloading, say, stopping -> ice_notify_close. A value type. */
#ifndef ICE_NOTIFY_H
#define ICE_NOTIFY_H

#include <stdbool.h>

#include "ice/attr.h"
#include "ice/clock.h"

struct ice_notify {
	int fd;            /* -1 = nobody is told */
	ice_usec watchdog; /* how long the manager waits between two signs of life ($WATCHDOG_USEC); 0 = it does not */
};

void ice_notify_open(struct ice_notify *n);
void ice_notify_close(struct ice_notify *n);

void ice_notify_ready(struct ice_notify *n); /* started, or done with reloading */
void ice_notify_reloading(struct ice_notify *n);
void ice_notify_stopping(struct ice_notify *n);
void ice_notify_alive(struct ice_notify *n); /* for the watchdog; at least twice in its time */

/* One line for people, as `systemctl status` shows it. Control characters become blanks. */
void ice_notify_say(struct ice_notify *n, const char *fmt, ...) ICE_PRINTF(2, 3);

#endif
