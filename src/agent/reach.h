/* reach: the way to the server, tried step by step: name resolution, TCP, TLS with the certificates that were shown, the server's clock, and a
 * signed batch without readings there and back. By the very uploader that delivers.
 *
 * Added to the report in JSON, as far as it came: "server": {"site","url","addresses":[...],"address","tls":{"protocol","cipher",
 * "certificates":[{"subject","issuer","not_before","not_after","names":[...],"error"?}, the server's own first]},"clock_skew" (seconds that
 * the server's clock is ahead of ours),"sealed" (true: the way was sealed HTTP),"round_trip" (seconds)}. */
#ifndef ICE_REACH_H
#define ICE_REACH_H

#include "ice/enrolment.h"
#include "ice/settings.h"

#include "report.h"

/* Whose server and which site, without a step on the way: what can be told offline. */
void ice_reach_tell(const struct ice_enrolment *e, struct ice_report *report);

/* The settings may be NULL: the defaults. Confines the process. */
void ice_reach_try(const struct ice_enrolment *e, const struct ice_settings_server *settings,
                   struct ice_report *report);

#endif
