#include "readable.h"

#include <inttypes.h>
#include <string.h>

#include "ice/ber.h"
#include "ice/oid.h"
#include "ice/text.h"

const char *ice_readable_pdu(enum ice_snmp_pdu pdu)
{
	switch (pdu) {
	case ICE_SNMP_GET:
		return "GET";
	case ICE_SNMP_GETNEXT:
		return "GETNEXT";
	case ICE_SNMP_GETBULK:
		return "GETBULK";
	case ICE_SNMP_RESPONSE:
		return "RESPONSE";
	}
	return "?";
}

const char *ice_readable_error(int32_t status)
{
	static const char *const names[] = {"noError",           "tooBig",
	                                    "noSuchName",        "badValue",
	                                    "readOnly",          "genErr",
	                                    "noAccess",          "wrongType",
	                                    "wrongLength",       "wrongEncoding",
	                                    "wrongValue",        "noCreation",
	                                    "inconsistentValue", "resourceUnavailable",
	                                    "commitFailed",      "undoFailed",
	                                    "authorizationError"};
	return status >= 0 && (size_t)status < sizeof names / sizeof *names ? names[status] : "an unknown error";
}

/* The objects a printer's conversation is mostly made of (RFC 3418, 2863, 4293, 2790, 3805): so that `ice probe` reads without
 * a MIB browser. What is not here shows its numbers. */
static const struct {
	const char *oid, *name;
} readable_objects[] = {
        {"1.3.6.1.2.1.1.1", "sysDescr"},
        {"1.3.6.1.2.1.1.2", "sysObjectID"},
        {"1.3.6.1.2.1.1.3", "sysUpTime"},
        {"1.3.6.1.2.1.1.5", "sysName"},
        {"1.3.6.1.2.1.1.6", "sysLocation"},
        {"1.3.6.1.2.1.2.2.1.2", "ifDescr"},
        {"1.3.6.1.2.1.2.2.1.3", "ifType"},
        {"1.3.6.1.2.1.2.2.1.6", "ifPhysAddress"},
        {"1.3.6.1.2.1.2.2.1.8", "ifOperStatus"},
        {"1.3.6.1.2.1.4.20.1.1", "ipAdEntAddr"},
        {"1.3.6.1.2.1.4.20.1.2", "ipAdEntIfIndex"},
        {"1.3.6.1.2.1.25.3.2.1.2", "hrDeviceType"},
        {"1.3.6.1.2.1.25.3.2.1.3", "hrDeviceDescr"},
        {"1.3.6.1.2.1.25.3.2.1.5", "hrDeviceStatus"},
        {"1.3.6.1.2.1.25.3.5.1.1", "hrPrinterStatus"},
        {"1.3.6.1.2.1.25.3.5.1.2", "hrPrinterDetectedErrorState"},
        {"1.3.6.1.2.1.43.5.1.1.1", "prtGeneralConfigChanges"},
        {"1.3.6.1.2.1.43.5.1.1.2", "prtGeneralCurrentLocalization"},
        {"1.3.6.1.2.1.43.5.1.1.16", "prtGeneralPrinterName"},
        {"1.3.6.1.2.1.43.5.1.1.17", "prtGeneralSerialNumber"},
        {"1.3.6.1.2.1.43.5.1.1.18", "prtAlertCriticalEvents"},
        {"1.3.6.1.2.1.43.5.1.1.19", "prtAlertAllEvents"},
        {"1.3.6.1.2.1.43.7.1.1.4", "prtLocalizationCharacterSet"},
        {"1.3.6.1.2.1.43.10.2.1.2", "prtMarkerMarkTech"},
        {"1.3.6.1.2.1.43.10.2.1.3", "prtMarkerCounterUnit"},
        {"1.3.6.1.2.1.43.10.2.1.4", "prtMarkerLifeCount"},
        {"1.3.6.1.2.1.43.11.1.1.3", "prtMarkerSuppliesColorantIndex"},
        {"1.3.6.1.2.1.43.11.1.1.4", "prtMarkerSuppliesClass"},
        {"1.3.6.1.2.1.43.11.1.1.5", "prtMarkerSuppliesType"},
        {"1.3.6.1.2.1.43.11.1.1.6", "prtMarkerSuppliesDescription"},
        {"1.3.6.1.2.1.43.11.1.1.7", "prtMarkerSuppliesSupplyUnit"},
        {"1.3.6.1.2.1.43.11.1.1.8", "prtMarkerSuppliesMaxCapacity"},
        {"1.3.6.1.2.1.43.11.1.1.9", "prtMarkerSuppliesLevel"},
        {"1.3.6.1.2.1.43.12.1.1.4", "prtMarkerColorantValue"},
        {"1.3.6.1.2.1.43.18.1.1.2", "prtAlertSeverityLevel"},
        {"1.3.6.1.2.1.43.18.1.1.3", "prtAlertTrainingLevel"},
        {"1.3.6.1.2.1.43.18.1.1.4", "prtAlertGroup"},
        {"1.3.6.1.2.1.43.18.1.1.7", "prtAlertCode"},
        {"1.3.6.1.2.1.43.18.1.1.8", "prtAlertDescription"},
};

static void readable_oid(FILE *to, const uint8_t *oid, size_t n)
{
	char text[ICE_OID_TEXT_SIZE];
	ice_oid_format(oid, n, text);
	for (size_t i = 0; i < sizeof readable_objects / sizeof *readable_objects; i++) {
		size_t len = strlen(readable_objects[i].oid);
		if (strncmp(text, readable_objects[i].oid, len) == 0 && (text[len] == '.' || text[len] == '\0')) {
			fprintf(to, "%s%s", readable_objects[i].name, text + len);
			return;
		}
	}
	fputs(text, to);
}

static bool readable_is_text(const uint8_t *bytes, size_t n)
{
	size_t odd = 0;
	for (size_t i = 0; i < n; i++)
		odd += bytes[i] < 0x20 && bytes[i] != '\n' && bytes[i] != '\r' && bytes[i] != '\t' && bytes[i] != 0;
	return odd == 0 && n > 0 && bytes[0] != 0;
}

static void readable_octets(FILE *to, const struct ice_snmp_varbind *vb)
{
	char text[1024];
	if (vb->value_len == 0) {
		fputs("\"\"", to);
		return;
	}
	if (readable_is_text(vb->value, vb->value_len)) {
		ice_text_clean(vb->value, vb->value_len, ICE_TEXT_UNKNOWN, text, sizeof text);
		fprintf(to, "\"%s\"", text);
		return;
	}
	fputs("hex", to);
	for (size_t i = 0; i < vb->value_len && i < 64; i++)
		fprintf(to, " %02x", vb->value[i]);
	if (vb->value_len > 64)
		fputs(" ...", to);
}

void ice_readable_varbind(FILE *to, const struct ice_snmp_varbind *vb, bool name_only)
{
	int64_t n;
	fputs("     ", to);
	readable_oid(to, vb->oid, vb->oid_len);
	if (name_only) {
		fputc('\n', to);
		return;
	}
	fputs(" = ", to);
	if (vb->tag == ICE_BER_OCTETS || vb->tag == ICE_BER_OPAQUE)
		readable_octets(to, vb);
	else if (vb->tag == ICE_BER_OID)
		readable_oid(to, vb->value, vb->value_len);
	else if (vb->tag == ICE_BER_IPADDRESS && vb->value_len == 4)
		fprintf(to, "%u.%u.%u.%u", vb->value[0], vb->value[1], vb->value[2], vb->value[3]);
	else if (ice_snmp_number(vb, &n))
		fprintf(to, "%" PRId64, n);
	else if (vb->tag == ICE_BER_NO_SUCH_OBJECT)
		fputs("no such object", to);
	else if (vb->tag == ICE_BER_NO_SUCH_INSTANCE)
		fputs("no such instance", to);
	else if (vb->tag == ICE_BER_END_OF_MIB_VIEW)
		fputs("end of the MIB", to);
	else if (vb->tag == ICE_BER_NULL)
		fputs("nothing", to);
	else
		fprintf(to, "a value of type 0x%02x", vb->tag);
	fputc('\n', to);
}
