/* First contact and a whole conversation over replies that are made of the input: the version, then pieces that are read as
 * datagrams or patched over the honest ones of a small printer. Whatever comes, the conversation ends, and its record
 * can be written and read back. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/ber.h"
#include "ice/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *at, *end;
};

static unsigned fuzz_byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

/* Columns and instances that rows are made of. */
static const uint8_t fuzz_names[][12] = {
        {8, 0x2b, 6, 1, 2, 1, 1, 1, 0},          {8, 0x2b, 6, 1, 2, 1, 1, 2, 0},
        {8, 0x2b, 6, 1, 2, 1, 1, 5, 0},          {10, 0x2b, 6, 1, 2, 1, 25, 3, 5, 1, 1},
        {10, 0x2b, 6, 1, 2, 1, 43, 5, 1, 1, 17}, {10, 0x2b, 6, 1, 2, 1, 43, 10, 2, 1, 4},
        {10, 0x2b, 6, 1, 2, 1, 43, 11, 1, 1, 6}, {10, 0x2b, 6, 1, 2, 1, 43, 11, 1, 1, 9},
        {10, 0x2b, 6, 1, 2, 1, 43, 12, 1, 1, 4}, {10, 0x2b, 6, 1, 2, 1, 43, 18, 1, 1, 7},
        {9, 0x2b, 6, 1, 2, 1, 2, 2, 1, 6},
};

static const uint8_t fuzz_tags[] = {ICE_BER_INTEGER, ICE_BER_OCTETS,         ICE_BER_COUNTER32,
                                    ICE_BER_OID,     ICE_BER_NO_SUCH_OBJECT, ICE_BER_END_OF_MIB_VIEW,
                                    ICE_BER_OCTETS,  ICE_BER_INTEGER};

/* One varbind in `room`: named by the question, by a column of ours, or by the input. */
static struct ice_snmp_varbind fuzz_varbind(struct input *in, const struct ice_snmp_varbind *asked, uint8_t room[320])
{
	struct ice_snmp_varbind vb = {0};
	unsigned how = fuzz_byte(in);
	size_t n = 0;
	if (asked && (how & 3) != 3) {
		n = asked->oid_len < 100 ? asked->oid_len : 100;
		memcpy(room, asked->oid, n);
	} else {
		const uint8_t *name = fuzz_names[(how >> 2) % (sizeof(fuzz_names) / sizeof(fuzz_names[0]))];
		n = name[0];
		memcpy(room, name + 1, n);
	}
	if ((how & 3) != 0) {
		room[n++] = fuzz_byte(in) & 0x7f;
		if (how & 0x40)
			room[n++] = fuzz_byte(in) & 0x7f;
	}
	vb.oid = room;
	vb.oid_len = (uint16_t)n;
	vb.tag = fuzz_tags[(how >> 4) % sizeof(fuzz_tags)];
	uint8_t *value = room + 128;
	if (vb.tag == ICE_BER_OCTETS) {
		vb.value_len = (uint16_t)(fuzz_byte(in) % 190);
		for (size_t i = 0; i < vb.value_len; i++)
			value[i] = (uint8_t)fuzz_byte(in);
	} else if (vb.tag == ICE_BER_INTEGER || vb.tag == ICE_BER_COUNTER32) {
		vb.value_len = 1;
		value[0] = (uint8_t)fuzz_byte(in);
	} else if (vb.tag == ICE_BER_OID) {
		static const uint8_t brother[] = {0x2b, 6, 1, 4, 1, 0x93, 3, 2, 3, 9, 1};
		vb.value_len = sizeof(brother);
		memcpy(value, brother, sizeof(brother));
	}
	vb.value = value;
	return vb;
}

static void fuzz_reply(struct input *in, const struct ice_snmp_message *question, struct ice_snmp_message *reply,
                       uint8_t rooms[ICE_SNMP_VARBINDS][320])
{
	unsigned how = fuzz_byte(in);
	*reply = (struct ice_snmp_message){.version = question->version, .pdu = ICE_SNMP_RESPONSE};
	if ((how & 0x0f) == 0x0f) {
		reply->error_status = (int32_t)fuzz_byte(in) % 8;
		reply->error_index = (int32_t)(int8_t)fuzz_byte(in);
	}
	size_t count = question->count;
	if (question->pdu == ICE_SNMP_GETBULK)
		count *= (size_t)question->error_index;
	if (how & 0x80)
		count = fuzz_byte(in) % 64;
	for (size_t i = 0; i < count && i < ICE_SNMP_VARBINDS && in->at < in->end; i++) {
		const struct ice_snmp_varbind *asked =
		        question->count ? &question->varbinds[i % question->count] : NULL;
		reply->varbinds[reply->count++] = fuzz_varbind(in, asked, rooms[i]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ice_profiles *profiles;
	static uint8_t rooms[ICE_SNMP_VARBINDS][320];
	static struct ice_snmp_message question, reply;
	static struct ice_record record, back;
	static FILE *null;
	if (!profiles) {
		struct ice_conf_mistakes mistakes = {0};
		ice_snmp_init();
		profiles = ice_profiles_load("config/profiles", &mistakes);
		ice_conf_mistakes_print(&mistakes, stderr);
		null = fopen("/dev/null", "w");
		if (!profiles || !null)
			abort();
	}
	struct input in = {data, data + size};
	enum ice_snmp_version version = fuzz_byte(&in) & 1 ? ICE_SNMP_V1 : ICE_SNMP_V2C;
	unsigned pick = fuzz_byte(&in);
	struct ice_secret community;
	struct ice_snmp_request request, again = {0};
	struct ice_identity id = {0};
	if (!ice_secret_set(&community, "public", 6) || !ice_probe_identify_request(&request, version, &community))
		abort();
	for (int i = 0; i < 4; i++) {
		if (ice_snmp_read(request.bytes, request.len, &question) != ICE_VERDICT_OK)
			abort();
		fuzz_reply(&in, &question, &reply, rooms);
		if (ice_probe_identify(profiles, &reply, &community, &id, &again) != ICE_VERDICT_OK || again.len == 0)
			break;
		request = again;
	}
	/* Converse in any case: with what first contact found, or with a profile of the input's choice. */
	if (!id.printer || !id.profile) {
		id.printer = true;
		id.profile = ice_profiles_at(profiles, pick % ice_profiles_count(profiles));
	}
	struct ice_address ip = ice_address_v4(0x0a000001);
	struct ice_probe_options options = {.alert_text = pick & 0x80};
	struct ice_probe *p = ice_probe_new(&id, &ip, version, &community, &options);
	const struct ice_snmp_request *next;
	unsigned steps = 0;
	while ((next = ice_probe_request(p))) {
		if (++steps > 4 * ICE_PROBE_REQUESTS_MAX || next->len > ICE_SNMP_REQUEST_MAX)
			abort();
		if (ice_snmp_read(next->bytes, next->len, &question) != ICE_VERDICT_OK)
			abort();
		fuzz_reply(&in, &question, &reply, rooms);
		if (ice_probe_reply(p, &reply) != ICE_VERDICT_OK)
			ice_probe_silence(p);
	}
	ice_probe_record(p, 0, &record);
	ice_probe_explain(p, &ice_explain_text, null);
	ice_probe_free(p);
	size_t n;
	char why[200];
	char *json = ice_record_to_json(&record, &n);
	if (!json || !ice_record_from_json(json, n, &back, why, sizeof(why)))
		abort();
	free(json);
	return 0;
}
