/* claims: which profiles claim a device that was met: by what it says of itself, by its sysObjectID, by an answer from a maker's own tree. */
#ifndef ICE_PRINTER_CLAIMS_H
#define ICE_PRINTER_CLAIMS_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/probe.h"

#include "compiled.h"

/* NULL: none does. */
struct ice_claims {
	const struct ice_profile *by_text, *by_printer_id, *by_vendor_id, *by_object;
	const struct ice_brand *brand;
	bool descr_is_printer; /* sysDescr looks like a printer's; then there is a by_text */
	uint32_t descr_holds;  /* see pattern.h */
};

/* Of an identity, of which object_id and the texts are known, and an answer to first contact. */
void ice_claims_find(const struct ice_profiles *all, const struct ice_identity *id, const struct ice_snmp_message *m,
                     struct ice_claims *out);

/* Whose claim counts for a printer; the generic profile when there is none. */
const struct ice_profile *ice_claims_profile(const struct ice_profiles *all, const struct ice_claims *c);

/* Its text is that of another kind of device of its profile's maker: a scanner speaks through the same card as its maker's printers, and has
 * the same sysObjectID. */
bool ice_claims_other(const struct ice_claims *c, const struct ice_identity *id);

#endif
