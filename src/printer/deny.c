#include "deny.h"

#include <stddef.h>

static const struct {
	const char *oid, *name;
} deny_table[] = {
        {"1.3.6.1.2.1.1.4", "sysContact"},
        {"1.3.6.1.2.1.43.5.1.1.4", "prtGeneralCurrentOperator"},
        {"1.3.6.1.2.1.43.5.1.1.5", "prtGeneralServicePerson"},
        {"1.3.6.1.2.1.43.16", "the console display (prtConsoleDisplayBufferText)"},
        {"1.3.6.1.2.1.43.18.1.1.8", "prtAlertDescription"},
        {"1.3.6.1.2.1.25.4", "the running software (hrSWRun)"},
        {"1.3.6.1.2.1.25.6", "the installed software (hrSWInstalled)"},
        {"1.3.6.1.2.1.4.22", "the neighbours (ipNetToMedia)"},
        {"1.3.6.1.2.1.6.13", "the TCP connections"},
        {"1.3.6.1.4.1.2699.1.1", "the Job Monitoring MIB (RFC 2707)"},
        {"1.3.6.1.4.1.2699.1.2.1.2.1.1.7", "ppmPrinterSnmpCommunityName"},
        {"1.3.6.1.4.1.2435.2.3.9.4.2.1.5.4.5", "the front panel's text (Brother)"},
        {"1.3.6.1.4.1.11.2.3.9.4.2.1.1.6", "job information (HP)"},
        {"1.3.6.1.4.1.11.2.3.9.4.2.1.1.2.20", "the front panel's text (HP)"},
        {"1.3.6.1.4.1.253.8.51.10", "job information (Xerox)"},
        {"1.3.6.1.4.1.641.1.5.7", "job accounting (Lexmark)"},
        {"1.3.6.1.6", "SNMP's own tables"},
};

const char *ice_deny_why(const struct ice_oid *oid, bool alert_text)
{
	for (size_t i = 0; i < sizeof(deny_table) / sizeof(deny_table[0]); i++) {
		struct ice_oid denied;
		if (!ice_oid_parse(deny_table[i].oid, &denied))
			continue;
		bool below = ice_oid_under(denied.bytes, denied.len, oid->bytes, oid->len);
		bool above = ice_oid_under(oid->bytes, oid->len, denied.bytes, denied.len);
		if (!below && !above)
			continue;
		static const char alert[] = "1.3.6.1.2.1.43.18.1.1.8";
		struct ice_oid description;
		if (alert_text && below && ice_oid_parse(alert, &description) &&
		    ice_oid_under(description.bytes, description.len, oid->bytes, oid->len))
			continue;
		return deny_table[i].name;
	}
	return NULL;
}
