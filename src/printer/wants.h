/* wants: the objects of a profile once all its rows are in: those that nothing needs any more are dropped, and what a conversation looks
 * up again and again is settled once. */
#ifndef ICE_PRINTER_WANTS_H
#define ICE_PRINTER_WANTS_H

#include "compiled.h"

/* When the profile's rows, and its base's, are all in. */
void ice_wants_settle(struct ice_profile *p);

#endif
