/* A recording of a stranger is read, walked as v1 and v2c do, and asked for what it holds; the first byte chooses the sizes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/ber.h"
#include "ice/recording.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ask(const struct ice_recording *r, const struct ice_recording_row *row, enum ice_snmp_version version,
                enum ice_snmp_pdu pdu, size_t reply_max)
{
	static struct ice_snmp_message q, answer;
	static uint8_t out[65507];
	static const uint8_t start[] = {0x2b};
	struct ice_recording_agent agent = {.recording = r, .reply_max = reply_max};
	q.version = version;
	q.pdu = pdu;
	q.community = (const uint8_t *)"public";
	q.community_len = 6;
	q.count = 2;
	q.request_id = -1;
	q.error_status = 1;
	q.error_index = 9;
	q.varbinds[0] = (struct ice_snmp_varbind){.oid = row->oid, .oid_len = row->oid_len, .tag = ICE_BER_NULL};
	q.varbinds[1] = (struct ice_snmp_varbind){.oid = start, .oid_len = 1, .tag = ICE_BER_NULL};
	size_t n = ice_recording_answer(&agent, &q, out, sizeof(out));
	if (n > reply_max)
		abort();
	/* What the strict reader refuses must not come from here, but for long lists and values, which it bounds. */
	if (n > 0 && reply_max <= 1472 && ice_snmp_read(out, n, &answer) != ICE_VERDICT_OK)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t sizes[] = {60, 484, 1472, 65507};
	char why[256];
	if (size == 0)
		return 0;
	struct ice_recording *r = ice_recording_parse("fuzz", (const char *)data + 1, size - 1, why, sizeof(why));
	if (!r)
		return 0;
	size_t count = ice_recording_count(r), reply_max = sizes[data[0] & 3];
	for (size_t i = 0; i < count; i++) {
		const struct ice_recording_row *row = ice_recording_row(r, i),
		                               *last = i ? ice_recording_row(r, i - 1) : NULL;
		if (!ice_oid_valid(row->oid, row->oid_len) || ice_recording_find(r, row->oid, row->oid_len) != i ||
		    (last && ice_oid_compare(last->oid, last->oid_len, row->oid, row->oid_len) >= 0))
			abort();
		if (i >= 64)
			continue;
		for (int v = ICE_SNMP_V1; v <= ICE_SNMP_V2C; v++) {
			ask(r, row, (enum ice_snmp_version)v, ICE_SNMP_GET, reply_max);
			ask(r, row, (enum ice_snmp_version)v, ICE_SNMP_GETNEXT, reply_max);
			ask(r, row, (enum ice_snmp_version)v, ICE_SNMP_GETBULK, reply_max);
		}
	}
	ice_recording_free(r);
	return 0;
}
