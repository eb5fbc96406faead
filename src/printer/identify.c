/* First contact: is it a printer, by which evidence, and whose.
 *
 * One GETNEXT of a fixed list, so that v1 and v2c, missing groups and unusual indexes all give something to see. A v1
 * agent whose MIB ends before the list answers noSuchName for all of it: it is asked again for what stands before that. A printer
 * whose make nothing told is asked a second time, also for one object of each maker's own tree. */
#include <string.h>

#include "ice/probe.h"
#include "ice/text.h"

#include "ice/ber.h"

#include "claims.h"
#include "firstcontact.h"

/* Ascending, so that a v1 end of the MIB cuts off a tail. hrPrinterTable and prtGeneralTable are asked at a place from
 * where GETNEXT meets any row of them. */
static const char *const identify_columns[ICE_CONTACT_FIRST] = {
        [ICE_CONTACT_DESCR] = "1.3.6.1.2.1.1.1",           [ICE_CONTACT_OBJECT_ID] = "1.3.6.1.2.1.1.2",
        [ICE_CONTACT_DEVICE] = "1.3.6.1.2.1.25.3.2.1.2",   [ICE_CONTACT_HR_PRINTER] = "1.3.6.1.2.1.25.3.5.1.1",
        [ICE_CONTACT_GENERAL] = "1.3.6.1.2.1.43.5.1.1.16", [ICE_CONTACT_MARKER] = "1.3.6.1.2.1.43.10.2.1.4",
        [ICE_CONTACT_SUPPLY] = "1.3.6.1.2.1.43.11.1.1.9",  [ICE_CONTACT_HR_DESCR] = "1.3.6.1.2.1.25.3.2.1.3",
};

/* Where an answer must lie to mean something, when that is not the asked object itself. */
static const uint8_t identify_hr_printer[] = {0x2b, 6, 1, 2, 1, 25, 3, 5, 1};
static const uint8_t identify_hr_device[] = {0x2b, 6, 1, 2, 1, 25, 3, 2, 1, 2};
static const uint8_t identify_hr_descr[] = {0x2b, 6, 1, 2, 1, 25, 3, 2, 1, 3};
static const uint8_t identify_type_printer[] = {0x2b, 6, 1, 2, 1, 25, 3, 1, 5};
static const uint8_t identify_printer_mib[] = {0x2b, 6, 1, 2, 1, 43};
static const uint8_t identify_sys_descr[] = {0x2b, 6, 1, 2, 1, 1, 1, 0};
static const uint8_t identify_sys_object[] = {0x2b, 6, 1, 2, 1, 1, 2, 0};

void ice_first_contact_init(struct ice_profiles *p)
{
	p->contact_count = 0;
	for (size_t i = 0; i < ICE_CONTACT_FIRST; i++) {
		if (ice_oid_parse(identify_columns[i], &p->contact[p->contact_count]))
			p->contact_count++;
	}
	for (size_t i = 0; i < p->probe_count && p->contact_count < ICE_CONTACT_MAX; i++)
		p->contact[p->contact_count++] = p->probes[i];
}

bool ice_first_contact_asks(const struct ice_profiles *p, const uint8_t *oid, size_t n)
{
	for (size_t i = 0; i < p->contact_count; i++) {
		if (p->contact[i].len == n && memcmp(p->contact[i].bytes, oid, n) == 0)
			return true;
	}
	return false;
}

bool ice_probe_identify_request(struct ice_snmp_request *out, enum ice_snmp_version version,
                                const struct ice_secret *community)
{
	struct ice_oid list[ICE_CONTACT_FIRST];
	for (size_t i = 0; i < ICE_CONTACT_FIRST; i++) {
		if (!ice_oid_parse(identify_columns[i], &list[i]))
			return false;
	}
	return ice_snmp_build(out, version, community, ICE_SNMP_GETNEXT, list, ICE_CONTACT_FIRST, 0);
}

static bool identify_is(const struct ice_snmp_varbind *vb, const uint8_t *oid, size_t n)
{
	return vb->oid_len == n && memcmp(vb->oid, oid, n) == 0;
}

static void identify_copy_oid(struct ice_oid *to, const struct ice_oid *from)
{
	to->len = from->len;
	memcpy(to->bytes, from->bytes, from->len);
}

void ice_identity_copy(struct ice_identity *to, const struct ice_identity *from)
{
	to->printer = from->printer;
	to->profile = from->profile;
	strcpy(to->reason, from->reason);
	strcpy(to->descr, from->descr);
	strcpy(to->device_descr, from->device_descr);
	identify_copy_oid(&to->object_id, &from->object_id);
	to->has_printer_mib = from->has_printer_mib;
	identify_copy_oid(&to->general_index, &from->general_index);
	identify_copy_oid(&to->marker_index, &from->marker_index);
	identify_copy_oid(&to->supply_index, &from->supply_index);
	to->has_supply_level = from->has_supply_level;
	to->supply_level = from->supply_level;
	identify_copy_oid(&to->device_index, &from->device_index);
	to->printer_status = from->printer_status;
	to->life_count = from->life_count;
}

/* The index of a row: what follows the table's entry and one column arc. */
static bool identify_index(const struct ice_snmp_varbind *vb, size_t entry_len, struct ice_oid *out)
{
	size_t at = entry_len + 1;
	if (vb->oid_len <= at || vb->oid_len - at > ICE_OID_BYTES)
		return false;
	out->len = (uint8_t)(vb->oid_len - at);
	memcpy(out->bytes, vb->oid + at, out->len);
	return true;
}

/* The value of the asked column itself; of another one, or one that is no number, nothing. */
static void identify_told(const struct ice_snmp_varbind *vb, const struct ice_oid *column, struct ice_told *out)
{
	int64_t n;
	if (!ice_snmp_number(vb, &n) || vb->value_len > sizeof(out->bytes) ||
	    !ice_oid_under(column->bytes, column->len, vb->oid, vb->oid_len))
		return;
	out->tag = vb->tag;
	out->len = (uint8_t)vb->value_len;
	memcpy(out->bytes, vb->value, vb->value_len);
}

/* Appends evidence to the reason: a name and what is said of it, whole or not at all. Every device comes by here: no printf. */
static void identify_note(struct ice_identity *id, const char *before, const char *name, const char *behind)
{
	const char *const parts[] = {id->reason[0] ? "; " : "", before, name, behind};
	size_t lengths[4], at = strlen(id->reason), all = at;
	for (int i = 0; i < 4; i++)
		all += lengths[i] = strlen(parts[i]);
	if (all >= sizeof(id->reason))
		return;
	for (int i = 0; i < 4; at += lengths[i++])
		memcpy(id->reason + at, parts[i], lengths[i]);
	id->reason[at] = '\0';
}

/* Does any answer lie in the Printer MIB? Takes the indexes of those that do. */
static void identify_printer_rows(struct ice_identity *id, const struct ice_oid *list, const struct ice_snmp_message *m,
                                  size_t asked)
{
	static const struct {
		uint8_t position, entry[11], entry_len;
		const char *name;
	} rows[] = {
	        {ICE_CONTACT_GENERAL, {0x2b, 6, 1, 2, 1, 43, 5, 1, 1}, 9, "prtGeneral"},
	        {ICE_CONTACT_MARKER, {0x2b, 6, 1, 2, 1, 43, 10, 2, 1}, 9, "prtMarker"},
	        {ICE_CONTACT_SUPPLY, {0x2b, 6, 1, 2, 1, 43, 11, 1, 1}, 9, "prtMarkerSupplies"},
	};
	struct ice_oid *indexes[] = {&id->general_index, &id->marker_index, &id->supply_index};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && rows[i].position < asked; i++) {
		const struct ice_snmp_varbind *vb = &m->varbinds[rows[i].position];
		if (ice_snmp_absent(vb) ||
		    !ice_oid_under(identify_printer_mib, sizeof(identify_printer_mib), vb->oid, vb->oid_len))
			continue;
		if (!id->has_printer_mib)
			identify_note(id, "Printer-MIB", "", "");
		id->has_printer_mib = true;
		if (!ice_oid_under(rows[i].entry, rows[i].entry_len, vb->oid, vb->oid_len) ||
		    !identify_index(vb, rows[i].entry_len, indexes[i]))
			continue;
		identify_note(id, "row of ", rows[i].name, "Table");
		if (rows[i].position == ICE_CONTACT_SUPPLY)
			id->has_supply_level = ice_snmp_number(vb, &id->supply_level);
		if (rows[i].position == ICE_CONTACT_MARKER)
			identify_told(vb, &list[ICE_CONTACT_MARKER], &id->life_count);
	}
}

static void identify_text(const struct ice_snmp_varbind *vb, char *out, size_t size)
{
	if (vb->tag == ICE_BER_OCTETS)
		ice_text_clean(vb->value, vb->value_len, ICE_TEXT_UNKNOWN, out, size);
}

/* What is known besides the rows. */
struct identify_evidence {
	bool hr_row, hr_type; /* hrPrinterTable, hrDeviceType */
	struct ice_claims claims;
};

/* A print queue is not a printer: hrPrinterTable rows also stand in PCs, management controllers and cameras. They count only
 * beside a printer maker's identity, or on an agent that tells nothing else at all. */
static bool identify_is_printer(struct ice_identity *id, const struct identify_evidence *e)
{
	const struct ice_claims *claims = &e->claims;
	bool printer = id->has_printer_mib;
	if (claims->by_printer_id) {
		identify_note(id, "sysObjectID of a printer (", claims->by_printer_id->name, ")");
		printer = true;
	} else if (claims->by_vendor_id) {
		identify_note(id, "sysObjectID of ", claims->by_vendor_id->name, "");
	}
	if (claims->descr_is_printer) {
		identify_note(id, "sysDescr of a printer (", claims->by_text->name, ")");
		printer = true;
	}
	if (e->hr_row || e->hr_type) {
		bool maker = claims->by_vendor_id || (!id->object_id.len && !id->descr[0] && claims->brand);
		identify_note(id, e->hr_row ? "row of hrPrinterTable" : "hrDeviceType is a printer", "", "");
		if (maker)
			printer = true;
		else if (!printer)
			identify_note(id, "a print queue is not a printer", "", "");
	}
	return printer;
}

/* v1: names from the first missing one on do not exist, so the list is asked for as far as it goes. */
static enum ice_verdict identify_error(const struct ice_profiles *profiles, const struct ice_snmp_message *m,
                                       const struct ice_secret *community, struct ice_identity *out,
                                       struct ice_snmp_request *again)
{
	const struct ice_oid *list = profiles->contact;
	size_t keep = 0;
	if (m->count > profiles->contact_count)
		return ICE_VERDICT_OIDS;
	/* RFC 1157 section 4.1.2: an error echoes the request's names; some agents send none back. */
	for (size_t i = 0; i < m->count; i++) {
		if (!identify_is(&m->varbinds[i], list[i].bytes, list[i].len))
			return ICE_VERDICT_OIDS;
	}
	if (m->error_status == ICE_SNMP_NO_SUCH_NAME && m->error_index >= 1)
		keep = (size_t)m->error_index - 1;
	else if (m->count > ICE_CONTACT_FIRST + 1) /* tooBig, genErr: less of the second list, at last none of it */
		keep = ICE_CONTACT_FIRST + (m->count - ICE_CONTACT_FIRST) / 2u;
	else if (m->count > 2)
		keep = 2; /* the system group alone */
	if (keep >= m->count)
		keep = m->count ? m->count - 1u : 0;
	/* The first list alone was answered already, and led here. */
	if (m->count > ICE_CONTACT_FIRST && keep == ICE_CONTACT_FIRST)
		keep = m->count > ICE_CONTACT_FIRST + 1 ? ICE_CONTACT_FIRST + 1 : ICE_CONTACT_FIRST - 1;
	memset(out, 0, sizeof(*out));
	identify_note(out, "answers SNMP without a system group", "", "");
	if (keep > 0 && !ice_snmp_build(again, m->version, community, ICE_SNMP_GETNEXT, list, keep, 0))
		again->len = 0;
	return ICE_VERDICT_OK;
}

enum ice_verdict ice_probe_identify(const struct ice_profiles *profiles, const struct ice_snmp_message *reply,
                                    const struct ice_secret *community, struct ice_identity *out,
                                    struct ice_snmp_request *again)
{
	const struct ice_oid *list = profiles->contact;
	size_t known = profiles->contact_count;
	again->len = 0;
	if (reply->pdu != ICE_SNMP_RESPONSE)
		return ICE_VERDICT_OIDS;
	if (reply->error_status != ICE_SNMP_NO_ERROR)
		return identify_error(profiles, reply, community, out, again);
	if (reply->count == 0 || reply->count > known)
		return ICE_VERDICT_OIDS;
	size_t forward = 0;
	for (size_t i = 0; i < reply->count; i++) {
		const struct ice_snmp_varbind *vb = &reply->varbinds[i];
		/* GETNEXT answers lie after what was asked; endOfMibView repeats the name. A loop gives what lies before. */
		int order = ice_oid_compare(vb->oid, vb->oid_len, list[i].bytes, list[i].len);
		if (order < 0 || (order == 0 && !ice_snmp_absent(vb)))
			continue;
		forward++;
	}
	if (forward == 0)
		return ICE_VERDICT_OIDS;

	struct ice_identity *id = out;
	struct identify_evidence e = {0};
	memset(id, 0, sizeof(*id));
	const struct ice_snmp_varbind *vb = reply->varbinds;
	size_t asked = reply->count;
	if (identify_is(&vb[ICE_CONTACT_DESCR], identify_sys_descr, sizeof(identify_sys_descr)))
		identify_text(&vb[ICE_CONTACT_DESCR], id->descr, sizeof(id->descr));
	if (asked > ICE_CONTACT_OBJECT_ID &&
	    identify_is(&vb[ICE_CONTACT_OBJECT_ID], identify_sys_object, sizeof(identify_sys_object)) &&
	    vb[ICE_CONTACT_OBJECT_ID].tag == ICE_BER_OID && vb[ICE_CONTACT_OBJECT_ID].value_len <= ICE_OID_BYTES) {
		id->object_id.len = (uint8_t)vb[ICE_CONTACT_OBJECT_ID].value_len;
		memcpy(id->object_id.bytes, vb[ICE_CONTACT_OBJECT_ID].value, id->object_id.len);
	}
	if (asked > ICE_CONTACT_DEVICE) {
		const struct ice_snmp_varbind *d = &vb[ICE_CONTACT_DEVICE];
		e.hr_type = d->tag == ICE_BER_OID &&
		            ice_oid_under(identify_hr_device, sizeof(identify_hr_device), d->oid, d->oid_len) &&
		            d->value_len == sizeof(identify_type_printer) &&
		            memcmp(d->value, identify_type_printer, d->value_len) == 0;
		if (e.hr_type && !identify_index(d, sizeof(identify_hr_device) - 1, &id->device_index))
			id->device_index.len = 0;
	}
	if (asked > ICE_CONTACT_HR_PRINTER) {
		const struct ice_snmp_varbind *h = &vb[ICE_CONTACT_HR_PRINTER];
		e.hr_row = !ice_snmp_absent(h) &&
		           ice_oid_under(identify_hr_printer, sizeof(identify_hr_printer), h->oid, h->oid_len);
		if (e.hr_row && !identify_index(h, sizeof(identify_hr_printer), &id->device_index))
			e.hr_row = false;
		if (e.hr_row)
			identify_told(h, &list[ICE_CONTACT_HR_PRINTER], &id->printer_status);
	}
	if (asked > ICE_CONTACT_HR_DESCR) {
		const struct ice_snmp_varbind *d = &vb[ICE_CONTACT_HR_DESCR];
		struct ice_oid index = {0};
		/* Of the printer itself, or of the only device we know to be none other. */
		if (ice_oid_under(identify_hr_descr, sizeof(identify_hr_descr), d->oid, d->oid_len) &&
		    identify_index(d, sizeof(identify_hr_descr) - 1, &index) &&
		    (!id->device_index.len || (index.len == id->device_index.len &&
		                               memcmp(index.bytes, id->device_index.bytes, index.len) == 0)))
			identify_text(d, id->device_descr, sizeof(id->device_descr));
	}
	identify_printer_rows(id, list, reply, asked);
	ice_claims_find(profiles, id, reply, &e.claims);
	id->printer = identify_is_printer(id, &e);
	if (id->printer)
		id->profile = ice_claims_profile(profiles, &e.claims);
	if (id->printer && ice_claims_other(&e.claims, id)) {
		identify_note(id, "another kind of device of ", id->profile->name, "");
		id->printer = false;
		id->profile = NULL;
	}
	/* A printer of no known make, or an agent without a system group that has print queues: the second question. */
	bool anonymous = !id->object_id.len && !id->descr[0];
	bool unsure = id->printer ? strcmp(id->profile->name, ICE_PROFILE_GENERIC) == 0 : (e.hr_row && anonymous);
	again->len = 0;
	/* As much of it as fits: a long community leaves less room. */
	for (; unsure && asked == ICE_CONTACT_FIRST && known > ICE_CONTACT_FIRST; known--) {
		if (ice_snmp_build(again, reply->version, community, ICE_SNMP_GETNEXT, list, known, 0))
			break;
		again->len = 0;
	}
	if (id->printer && id->profile)
		identify_note(id, "profile ", id->profile->name, "");
	if (!id->reason[0])
		identify_note(id, "no sign of a printer", "", "");
	return ICE_VERDICT_OK;
}
