/* readable: SNMP as a person reads it. */
#ifndef ICE_READABLE_H
#define ICE_READABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ice/snmp.h"

const char *ice_readable_pdu(enum ice_snmp_pdu pdu); /* "GETNEXT" */
const char *ice_readable_error(int32_t status);      /* "noSuchName" */

/* One indented line: the object's name where it is a well-known one, and its value unless name_only. Strangers' text is escaped. */
void ice_readable_varbind(FILE *to, const struct ice_snmp_varbind *vb, bool name_only);

#endif
