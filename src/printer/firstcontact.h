/* firstcontact: the list of objects every address is asked for first, and the longer second one for printers whose
 * make the first did not tell. The first list is the start of the second: what stands at position i of an answer says
 * the same in both. */
#ifndef ICE_PRINTER_FIRSTCONTACT_H
#define ICE_PRINTER_FIRSTCONTACT_H

#include "compiled.h"

enum {
	ICE_CONTACT_DESCR,      /* sysDescr */
	ICE_CONTACT_OBJECT_ID,  /* sysObjectID */
	ICE_CONTACT_DEVICE,     /* hrDeviceType */
	ICE_CONTACT_HR_DESCR,   /* hrDeviceDescr */
	ICE_CONTACT_HR_PRINTER, /* hrPrinterTable: its index is the printer's hrDeviceIndex */
	ICE_CONTACT_GENERAL,    /* prtGeneralTable near its end: its name, or its serial, and its index */
	ICE_CONTACT_MARKER,     /* prtMarkerLifeCount */
	ICE_CONTACT_SUPPLY,     /* prtMarkerSuppliesLevel */
	ICE_CONTACT_FIRST, /* length of the first list; in the second one the objects of [match] follow, in order */
};

/* Fills p->contact: both lists, from the profiles' objects. */
void ice_first_contact_init(struct ice_profiles *p);

bool ice_first_contact_asks(const struct ice_profiles *p, const uint8_t *oid, size_t n);

#endif
