/* surroundings: what stands around a sweep on this machine, as evidence needs it: where the server and the resolvers are, and which
 * addresses are broadcasts here. */
#ifndef ICE_SURROUNDINGS_H
#define ICE_SURROUNDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "ice/attr.h"
#include "ice/settings.h"

#include "evidence.h"

/* The addresses of the server or of the proxy, asked of the resolver now: a name whose addresses change from one question to the next cannot be
 * held against. False with a reason. */
ICE_MUST_CHECK bool ice_surroundings_servers(const struct ice_settings_server *settings,
                                             const struct ice_enrolment *enrolment, struct ice_evidence_options *out,
                                             char *why, size_t why_size);

/* resolv.conf(5); this machine itself where it names none. */
void ice_surroundings_resolvers(const char *file, struct ice_evidence_options *out);

/* Of all interfaces that have one. */
void ice_surroundings_broadcasts(struct ice_evidence_options *out);

#endif
