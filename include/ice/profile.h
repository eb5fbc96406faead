/* profile: what to ask which device, and what the answers mean. Data from profiles/<vendor>.ini, no code per vendor.
 *
 * A profile has matches (sysObjectID prefix, sysDescr text, ...), at most one base, and for each fact an ordered
 * ladder of sources: the first that yields a value wins. Loading checks every row, refuses any OID on the deny list (sysContact,
 * operator, service person, console text, job tables: promise 4), and compiles per profile the set of objects to ask: scalars (GET) and
 * columns (GETBULK). That set, plus first contact's, is all ICE can ever ask.
 *
 * The grammar of the files is told in config/profiles/README.md. */
#ifndef ICE_PROFILE_H
#define ICE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "ice/attr.h"
#include "ice/conf.h"
#include "ice/oid.h"

struct ice_profiles; /* all of them, immutable after load, shared */
struct ice_profile;  /* one, compiled with its bases */

/* Loads every *.ini of a folder. NULL when there was any mistake. */
ICE_MUST_CHECK struct ice_profiles *ice_profiles_load(const char *folder, struct ice_conf_mistakes *mistakes);
void ice_profiles_free(struct ice_profiles *p);

size_t ice_profiles_count(const struct ice_profiles *p);
const struct ice_profile *ice_profiles_at(const struct ice_profiles *p, size_t i);
const char *ice_profile_name(const struct ice_profile *p);

/* True when ICE may ask this name (exact instances, columns and their rows, v1's predecessors): what the promise-4
 * test holds every captured request against. */
bool ice_profiles_may_ask(const struct ice_profiles *p, const uint8_t *oid, size_t n);

/* Calls fn once for each object that may be asked, in order: what first contact asks, then profile by profile what is new. The object
 * itself is asked, or what stands below it: its rows. `field` is the first fact it serves. */
typedef void ice_profiles_asked_fn(const struct ice_oid *oid, const char *profile, const char *field, void *arg);
void ice_profiles_asked(const struct ice_profiles *p, ice_profiles_asked_fn *fn, void *arg);

#endif
