/* rules: the promises about what ICE puts on a network, held against every frame of it that a whole test script causes.
 *
 * A script has many configurations, and says none of them here: what can be held without their ranges is held. Requests go to one host each, only
 * read, and ask only allowed objects; TCP goes to no host that was asked as a device (but to this one, 127.0.0.1 and ::1, which is
 * server and device at once), and begins with TLS, CONNECT or a sealed batch; nobody is let in; secrets are nowhere but communities
 * in the field that is theirs. The window is let in instead, from this host, and goes nowhere.
 *
 * It counts what it saw, and keeps the first frames that broke a rule. Life: new -> { frame | finding }* -> tell -> free. */
#ifndef WIRETAP_RULES_H
#define WIRETAP_RULES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ice/attr.h"

#include "proof/capture.h"

#include "canaries.h"
#include "objects.h"

struct rules;

/* Never NULL. Both are lent. */
struct rules *rules_new(const struct objects *objects, struct canaries *canaries);
void rules_free(struct rules *r);

/* A frame that the engine sent, or the window. */
void rules_engine(struct rules *r, const struct ice_capture_frame *raw);
void rules_window(struct rules *r, const struct ice_capture_frame *raw);

/* What broke a rule otherwise than by a frame. */
void rules_broken(struct rules *r, const char *rule, const char *fmt, ...) ICE_PRINTF(3, 4);

/* One line that begins with "witnessed: ", and one for each of the first that broke a rule. True when there is none. */
bool rules_tell(const struct rules *r, FILE *to);

#endif
