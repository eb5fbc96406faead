/* service: the engine at work under one configuration: sweeps by the clock, outbox, upload.
 *
 * All it knows is in the outbox, so that the next service goes on where this one was, be it after a restart or after a reload.
 *
 * Life: ice_service_new -> ice_service_begin -> the loop -> ice_service_end -> ice_service_free. */
#ifndef ICE_SERVICE_H
#define ICE_SERVICE_H

#include <stdbool.h>

#include "ice/attr.h"
#include "ice/clock.h"

#include "engine/delivery.h"

#include "configuration.h"
#include "request.h"
#include "status.h"
#include "watch.h"

struct event_base;
struct ice_service;

/* All take the same arg, and are called from the loop. */
struct ice_service_ops {
	/* Something has changed that is worth telling at once. */
	void (*changed)(void *arg);
	/* The outbox is damaged, and mended by opening it anew: no more can be done here. */
	void (*broken)(void *arg);
};

/* An exit status; what failed was told on standard error. The configuration is lent for the service's life. */
ICE_MUST_CHECK int ice_service_new(struct event_base *base, const struct ice_configuration *configuration,
                                   const struct ice_service_ops *ops, void *arg, struct ice_service **out);
void ice_service_free(struct ice_service *s);

/* Delivers what an earlier one left, and works by its time-table (timetable.h). */
void ice_service_begin(struct ice_service *s);

/* What is in flight is dropped, what was read is committed; what is not delivered goes with the next start. False when something
 * could not be committed: its devices are due again. */
ICE_MUST_CHECK bool ice_service_end(struct ice_service *s);

const struct ice_delivery *ice_service_delivery(const struct ice_service *s);

/* What a request asks for, at once. What became of it, a constant: it begins with "refused" when nothing will. */
const char *ice_service_ask(struct ice_service *s, const struct ice_request *r);

const struct ice_settings *ice_service_settings(const struct ice_service *s);

/* Devices are being asked, or something is on its way to the server. */
bool ice_service_busy(const struct ice_service *s);

/* Fills in what the service knows: site, server, ranges (malloc'd, the caller's to free), outbox, upload, figures, slowest. What is lent lives until
 * the service is freed or the loop goes on. */
void ice_service_status(const struct ice_service *s, struct ice_status *out);

/* ... and what shows that it gets on. */
void ice_service_signs(const struct ice_service *s, struct ice_watch_sign out[ICE_WATCH_KINDS]);

#endif
