/* faults_values: misbehaviour in what the values of an answer say. */
#include <string.h>

#include "faults_acts.h"
#include "faults_message.h"
#include "ice/ber.h"

#define FAULTS_TEXT 300 /* a text with something added; longer ones are left alone */

/* Where a set of values stands: the columns, as the start of their OIDs in BER, each with its length before it. */
static const char *const faults_columns[] = {
        [ICE_FAULTS_MACS] = "\x09\x2b\x06\x01\x02\x01\x02\x02\x01\x06",           /* ifPhysAddress */
        [ICE_FAULTS_SERIALS] = "\x0a\x2b\x06\x01\x02\x01\x2b\x05\x01\x01\x11",    /* prtGeneralSerialNumber */
        [ICE_FAULTS_PAGES] = "\x0a\x2b\x06\x01\x02\x01\x2b\x0a\x02\x01\x04",      /* prtMarkerLifeCount */
        [ICE_FAULTS_LEVELS] = "\x0a\x2b\x06\x01\x02\x01\x2b\x0b\x01\x01\x09",     /* prtMarkerSuppliesLevel */
        [ICE_FAULTS_CAPACITIES] = "\x0a\x2b\x06\x01\x02\x01\x2b\x0b\x01\x01\x08", /* prtMarkerSuppliesMaxCapacity */
        [ICE_FAULTS_UPTIMES] = "\x07\x2b\x06\x01\x02\x01\x01\x03",                /* sysUpTime */
        [ICE_FAULTS_ENUMS] = "\x0a\x2b\x06\x01\x02\x01\x19\x03\x02\x01\x05"       /* hrDeviceStatus */
                             "\x0a\x2b\x06\x01\x02\x01\x19\x03\x05\x01\x01"       /* hrPrinterStatus */
                             "\x0a\x2b\x06\x01\x02\x01\x2b\x0a\x02\x01\x03"       /* prtMarkerCounterUnit */
                             "\x0a\x2b\x06\x01\x02\x01\x2b\x0b\x01\x01\x04"       /* prtMarkerSuppliesClass */
                             "\x0a\x2b\x06\x01\x02\x01\x2b\x0b\x01\x01\x05"       /* ...Type */
                             "\x0a\x2b\x06\x01\x02\x01\x2b\x0b\x01\x01\x07"       /* ...SupplyUnit */
                             "\x0a\x2b\x06\x01\x02\x01\x2b\x12\x01\x01\x02"       /* prtAlertSeverityLevel */
                             "\x0a\x2b\x06\x01\x02\x01\x2b\x12\x01\x01\x04"       /* ...Group */
                             "\x0a\x2b\x06\x01\x02\x01\x2b\x12\x01\x01\x07",      /* ...Code */
};

static bool faults_is_number(const struct ice_snmp_varbind *vb)
{
	return vb->tag == ICE_BER_INTEGER || (vb->tag >= ICE_BER_COUNTER32 && vb->tag <= ICE_BER_TIMETICKS) ||
	       vb->tag == ICE_BER_COUNTER64;
}

static bool faults_among(const struct ice_snmp_varbind *vb, int32_t which)
{
	switch (which) {
	case ICE_FAULTS_ALL:
		return true;
	case ICE_FAULTS_NUMBERS:
		return faults_is_number(vb);
	case ICE_FAULTS_TEXTS:
		return vb->tag == ICE_BER_OCTETS;
	default:
		break;
	}
	if (ice_snmp_absent(vb))
		return false;
	for (const char *at = faults_columns[which]; *at; at += 1 + *at)
		if (vb->oid_len > (size_t)*at && memcmp(vb->oid, at + 1, (size_t)*at) == 0)
			return true;
	return false;
}

void ice_faults_set(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		struct ice_snmp_varbind *vb = &c->answer->varbinds[i];
		if (!faults_among(vb, c->fault->other))
			continue;
		if (c->fault->bytes) {
			vb->value = (const uint8_t *)c->fault->bytes;
			vb->value_len = (uint16_t)c->fault->len;
		}
		if (c->fault->number)
			vb->tag = (uint8_t)c->fault->number;
	}
	ice_faults_message_close(c, &m);
}

/* Room for what is made of each value; they live until the message is closed. */
typedef size_t faults_make_fn(const struct ice_fault *fault, struct ice_snmp_varbind *vb, uint8_t room[FAULTS_TEXT]);

static void faults_remake(const struct ice_faults_call *c, faults_make_fn *make)
{
	struct ice_faults_message m;
	uint8_t room[ICE_SNMP_VARBINDS][FAULTS_TEXT];
	if (!ice_faults_message_open(c, &m))
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		struct ice_snmp_varbind *vb = &c->answer->varbinds[i];
		if (!faults_among(vb, c->fault->other) || vb->value_len + c->fault->len + 20 > FAULTS_TEXT)
			continue;
		vb->value_len = (uint16_t)make(c->fault, vb, room[i]);
		vb->value = room[i];
	}
	ice_faults_message_close(c, &m);
}

static size_t faults_make_padded(const struct ice_fault *fault, struct ice_snmp_varbind *vb, uint8_t room[FAULTS_TEXT])
{
	size_t more = (size_t)fault->number;
	memset(room, vb->value_len && vb->tag == ICE_BER_INTEGER && vb->value[0] & 0x80 ? 0xff : 0, more);
	memcpy(room + more, vb->value, vb->value_len);
	return more + vb->value_len;
}

void ice_faults_pad(const struct ice_faults_call *c)
{
	faults_remake(c, faults_make_padded);
}

static size_t faults_make_digits(const struct ice_fault *fault, struct ice_snmp_varbind *vb, uint8_t room[FAULTS_TEXT])
{
	(void)fault;
	int64_t number;
	if (!ice_snmp_number(vb, &number))
		number = 0;
	vb->tag = ICE_BER_OCTETS;
	return (size_t)snprintf((char *)room, FAULTS_TEXT, "%lld", (long long)number);
}

void ice_faults_digits(const struct ice_faults_call *c)
{
	faults_remake(c, faults_make_digits);
}

static size_t faults_make_longer(const struct ice_fault *fault, struct ice_snmp_varbind *vb, uint8_t room[FAULTS_TEXT])
{
	memcpy(room, vb->value, vb->value_len);
	memcpy(room + vb->value_len, fault->bytes, fault->len);
	return vb->value_len + fault->len;
}

void ice_faults_suffix(const struct ice_faults_call *c)
{
	faults_remake(c, faults_make_longer);
}

static size_t faults_make_shorter(const struct ice_fault *fault, struct ice_snmp_varbind *vb, uint8_t room[FAULTS_TEXT])
{
	(void)fault;
	memcpy(room, vb->value, vb->value_len);
	return vb->value_len / 2u;
}

void ice_faults_shorten(const struct ice_faults_call *c)
{
	faults_remake(c, faults_make_shorter);
}

void ice_faults_long_text(const struct ice_faults_call *c)
{
	static uint8_t text[8000];
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	memset(text, 'A', sizeof(text));
	for (size_t i = 0; i < c->answer->count; i++)
		if (c->answer->varbinds[i].tag == ICE_BER_OCTETS) {
			c->answer->varbinds[i].value = text;
			c->answer->varbinds[i].value_len = (uint16_t)c->fault->number;
		}
	ice_faults_message_close(c, &m);
}

void ice_faults_wrong_types(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		struct ice_snmp_varbind *vb = &c->answer->varbinds[i];
		if (ice_snmp_absent(vb))
			continue;
		vb->tag = vb->tag == ICE_BER_OCTETS ? ICE_BER_INTEGER : ICE_BER_OCTETS;
		vb->value = (const uint8_t *)"7";
		vb->value_len = 1;
	}
	ice_faults_message_close(c, &m);
}

/* Other facts in an answer that is well-formed. */
void ice_faults_forge(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	for (size_t i = 0; i < c->answer->count; i++) {
		struct ice_snmp_varbind *vb = &c->answer->varbinds[i];
		if (faults_is_number(vb)) {
			vb->value = (const uint8_t *)"\x01";
			vb->value_len = 1;
		} else if (vb->tag == ICE_BER_OCTETS) {
			vb->value = (const uint8_t *)"FORGED";
			vb->value_len = 6;
		}
	}
	ice_faults_message_close(c, &m);
}
