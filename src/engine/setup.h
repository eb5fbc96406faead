/* setup: what several subcommands need before they begin. Everything here tells its failure on standard error by itself. */
#ifndef ICE_SETUP_H
#define ICE_SETUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/enrolment.h"
#include "ice/probe.h"
#include "ice/profile.h"
#include "ice/settings.h"

/* The folder of the vendor profiles: `given` when it is not NULL or empty, else config/profiles beside the program (a build tree), else
 * share/ice/profiles (installed, wherever that is). False when there is none. */
ICE_MUST_CHECK bool ice_setup_profile_folder(const char *given, char *out, size_t size);

/* Loads them; NULL when there was a mistake, all of which were told. */
ICE_MUST_CHECK struct ice_profiles *ice_setup_profiles(const char *command, const char *given);

/* Reads a configuration; false when there was a mistake, all of which were told. */
ICE_MUST_CHECK bool ice_setup_settings(const char *file, struct ice_settings *out);

/* What of a device's facts goes into a record. */
struct ice_probe_options ice_setup_probe(const struct ice_settings_privacy *privacy);

/* The state folder that a configuration names, whatever else may be wrong with it; false when it cannot be read. */
ICE_MUST_CHECK bool ice_setup_state(const char *command, const char *file, char *out, size_t size);

ICE_MUST_CHECK bool ice_setup_enrolment(const char *command, const char *path, struct ice_enrolment *out);

/* "https://[fd00::1]:8443" -> host and port. The URL was checked when the enrolment, or the settings, were read. */
void ice_setup_host(const char *url, char *host, size_t size, char port[8]);

/* The loop of a sweep. Its timers are exact to the millisecond, as the pace needs it: libevent's own choice is a clock that moves every
 * four. Never NULL. */
struct event_base;
struct event_base *ice_setup_loop(void);

/* Makes a folder and those above it, mode 0700. */
ICE_MUST_CHECK bool ice_setup_folder(const char *path);

uint64_t ice_setup_seed(void);

/* Gives back the memory of code that only the start needed: what is needed again comes back from the program's files by itself. The
 * libraries' own start-up would else be two thirds of what a sweep keeps resident. */
void ice_setup_lighten(void);

#endif
