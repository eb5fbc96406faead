/* reach: the way to the server, tried step by step: name resolution, TCP, TLS with the certificates that were shown, the server's clock, and a
 * signed batch without readings there and back. By the very uploader that delivers.
 *
 * Added to the report in JSON, of which what was not come to is not there:
 *   "server": {"site","url","addresses":[text],"address" (of the connection),"sealed" (true: the way was sealed HTTP),
 *       "tls":{"protocol","cipher","certificates":[{"subject","issuer","names","not_before","not_after","error"?}]} (the server's own first),
 *       "clock_skew" (seconds that the server's clock is ahead of ours; it may tell its time to people, and nothing follows from it),
 *       "round_trip" (seconds)} */
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
