/* report: what the service tells of itself to the outside: the status file, the file for Prometheus, the line of `systemctl status`, and the
 * signs of life.
 *
 * It keeps what belongs to no configuration: the troubles of late, the requests of late, how the last reload went. Told is at every change,
 * but not more than once a second; every few seconds while the service is at something; else a few times a minute.
 *
 * Life: ice_report_new -> ice_report_tick each second, changed, asked, ... -> ice_report_free. */
#ifndef ICE_REPORT_H
#define ICE_REPORT_H

#include <stdbool.h>

#include "ice/conf.h"
#include "ice/notify.h"

#include "request.h"
#include "service.h"

struct ice_report;

/* From now on the log's warnings are heard. The notify is lent. Never NULL. */
struct ice_report *ice_report_new(const char *config, struct ice_notify *notify);
void ice_report_free(struct ice_report *r);

/* The configuration in use was read just now. */
void ice_report_configured(struct ice_report *r);
/* A reload was refused for these mistakes, which are taken over and zeroed. */
void ice_report_refused(struct ice_report *r, struct ice_conf_mistakes *mistakes);
/* A request was taken; `result` is a constant. */
void ice_report_asked(struct ice_report *r, const struct ice_request *request, const char *result);
/* Something worth telling at once has changed. */
void ice_report_changed(struct ice_report *r);

/* Each second, from the loop. The service may be NULL. */
void ice_report_tick(struct ice_report *r, const struct ice_service *service, ice_usec now);
/* For the last time: it is stopping. */
void ice_report_end(struct ice_report *r, const struct ice_service *service);

#endif
