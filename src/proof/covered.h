/* covered: the secrets of a configuration, looked for in frames and blotted out of what is shown of them.
 *
 * Looked for: every community that is no plain word (ICE_COVERED_LEAST octets or more, not "public", and not part of the server's or the site's
 * name, which go over the network in the clear); the site's key, as it is, in hex and in base64; the proxy's credentials. Blotted
 * out: every one of them. */
#ifndef ICE_COVERED_H
#define ICE_COVERED_H

#include <stddef.h>
#include <stdint.h>

#include "ice/enrolment.h"
#include "ice/plan.h"

#define ICE_COVERED_LEAST 6

struct ice_covered;

/* Never NULL. It keeps copies, and wipes them. proxy: NULL = none. */
struct ice_covered *ice_covered_new(const struct ice_plan *plan, const struct ice_enrolment *enrolment,
                                    const struct ice_secret *proxy);
void ice_covered_free(struct ice_covered *c);

/* What was found ("a community", "the site's key"), or NULL. Not looked at: the octets from but to but + but_len (NULL: all are). */
const char *ice_covered_find(const struct ice_covered *c, const uint8_t *bytes, size_t n, const uint8_t *but,
                             size_t but_len);

/* The first `most` octets, malloc'd: two digits each, "**" where a secret stands. */
char *ice_covered_hex(const struct ice_covered *c, const uint8_t *bytes, size_t n, size_t most);

void ice_covered_count(const struct ice_covered *c, size_t *looked_for, size_t * not );

#endif
