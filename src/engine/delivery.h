/* delivery: outbox and uploader of one enrolment, opened together, for the commands that deliver. */
#ifndef ICE_DELIVERY_H
#define ICE_DELIVERY_H

#include <stdbool.h>
#include <stdio.h>

#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/outbox.h"
#include "ice/settings.h"
#include "ice/upload.h"

#include "progress.h"

struct event_base;
struct ice_delivery;

/* Opens what `enrolment` (a path; NULL: that of the settings) and `outbox` (a path; NULL: that of the settings' state folder, else
 * beside the enrolment) name. An exit status; what failed was told on standard error. */
ICE_MUST_CHECK int ice_delivery_setup(const char *command, const char *enrolment, const char *outbox,
                                      const struct ice_settings *settings, struct event_base *base,
                                      struct ice_delivery **out);
void ice_delivery_free(struct ice_delivery *d);

struct ice_outbox *ice_delivery_outbox(const struct ice_delivery *d);
struct ice_upload *ice_delivery_upload(const struct ice_delivery *d);
const struct ice_enrolment *ice_delivery_enrolment(const struct ice_delivery *d);
const char *ice_delivery_file(const struct ice_delivery *d); /* of the outbox */

/* The command gives up all that neither asking devices nor this delivery needs (confinement.h). */
void ice_delivery_confine(const struct ice_delivery *d);

/* The same for the service, which reads these settings again when it is told to. */
void ice_delivery_confine_service(const struct ice_delivery *d, const struct ice_settings *settings);

/* Runs the loop until nothing is pending, `wait` is over, or *stop became true by a signal. */
void ice_delivery_wait(struct ice_delivery *d, ice_usec wait, struct ice_progress *progress, const bool *stop);

/* One line on what was delivered, and plainly what was not and where it is. False when something was not. */
bool ice_delivery_tell(const struct ice_delivery *d, bool quiet, FILE *to);

#endif
