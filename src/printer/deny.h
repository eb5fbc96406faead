/* deny: what ICE never asks for, whatever a profile says (promise 4): it names people, or tells of their jobs. */
#ifndef ICE_PRINTER_DENY_H
#define ICE_PRINTER_DENY_H

#include <stdbool.h>

#include "ice/oid.h"

/* The name of the denied object that asking for this (an instance, or a walk of a column) would read; NULL when none.
 * `alert_text`: prtAlertDescription is allowed, for it is asked only when the operator wants it. */
const char *ice_deny_why(const struct ice_oid *oid, bool alert_text);

#endif
