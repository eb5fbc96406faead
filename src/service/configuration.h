/* configuration: all that the service reads before it acts, checked as a whole: settings, enrolment, vendor profiles.
 *
 * Read at the start and again at each reload; const from then on. */
#ifndef ICE_CONFIGURATION_H
#define ICE_CONFIGURATION_H

#include <stdbool.h>

#include "ice/attr.h"
#include "ice/conf.h"
#include "ice/enrolment.h"
#include "ice/profile.h"
#include "ice/settings.h"

struct ice_configuration {
	struct ice_settings settings;
	struct ice_enrolment enrolment;
	struct ice_profiles *profiles;
};

/* NULL when there was a mistake: then all of them are in `mistakes`. */
ICE_MUST_CHECK struct ice_configuration *ice_configuration_read(const char *file, struct ice_conf_mistakes *mistakes);
void ice_configuration_free(struct ice_configuration *c);

/* Whether `next` can take the place of `now` in a process that has confined itself for `now`: another state folder or another port of the
 * server are out of its reach for good. What is not possible becomes a mistake that names its line. */
ICE_MUST_CHECK bool ice_configuration_can_follow(const struct ice_configuration *now,
                                                 const struct ice_configuration *next,
                                                 struct ice_conf_mistakes *mistakes);

#endif
