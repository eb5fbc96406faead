/* bulletin: what the service tells of itself to the outside: the status file, the file for Prometheus, the line of `systemctl status`, and the
 * signs of life.
 *
 * It keeps what belongs to no configuration: the troubles of late, the requests of late, how the last reload went, what was counted under the
 * configurations before this one. Told is at every change, but not more than once a second; every few seconds while the service is at
 * something; else a few times a minute.
 *
 * Life: ice_bulletin_new -> ice_bulletin_tick each second, changed, asked, ... -> ice_bulletin_free. */
#ifndef ICE_BULLETIN_H
#define ICE_BULLETIN_H

#include <stdbool.h>

#include "ice/conf.h"
#include "ice/notify.h"

#include "request.h"
#include "service.h"

struct ice_bulletin;

/* From now on the log's warnings are heard. The notify is lent. Never NULL. */
struct ice_bulletin *ice_bulletin_new(const char *config, struct ice_notify *notify);
void ice_bulletin_free(struct ice_bulletin *r);

/* The configuration in use was read just now. */
void ice_bulletin_configured(struct ice_bulletin *r);
/* A reload was refused for these mistakes, which are taken over and zeroed. */
void ice_bulletin_refused(struct ice_bulletin *r, struct ice_conf_mistakes *mistakes);
/* A request was taken; `result` is a constant. */
void ice_bulletin_asked(struct ice_bulletin *r, const struct ice_request *request, const char *result);
/* Something worth telling at once has changed. */
void ice_bulletin_changed(struct ice_bulletin *r);

/* This service makes room for another: what it counted is kept, so that counters go on. */
void ice_bulletin_succeeded(struct ice_bulletin *r, const struct ice_service *service);

/* Each second, from the loop. The service may be NULL. */
void ice_bulletin_tick(struct ice_bulletin *r, const struct ice_service *service, ice_usec now);
/* For the last time: it is stopping. */
void ice_bulletin_end(struct ice_bulletin *r, const struct ice_service *service);

#endif
