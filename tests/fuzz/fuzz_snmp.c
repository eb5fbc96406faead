/* Any datagram as an SNMP message: every view lies inside it, every value holds what its tag promises, and a message
 * that was read says the same when it is written in the shortest form and read again. */
#include <stdlib.h>
#include <string.h>

#include "ice/ber.h"
#include "ice/snmp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ice_snmp_message first, second;

static void check(bool right)
{
	if (!right)
		abort();
}

static void fuzz_value(const struct ice_snmp_varbind *vb)
{
	int64_t number;
	bool is_number = ice_snmp_number(vb, &number);
	switch (vb->tag) {
	case ICE_BER_INTEGER:
		check(!is_number || (number >= INT32_MIN && number <= INT32_MAX));
		break;
	case ICE_BER_COUNTER32:
	case ICE_BER_GAUGE32:
	case ICE_BER_TIMETICKS:
	case ICE_BER_UINTEGER32:
		check(!is_number || (number >= 0 && number <= UINT32_MAX));
		break;
	case ICE_BER_COUNTER64:
		check(!is_number || number >= 0);
		break;
	case ICE_BER_IPADDRESS:
		check(!is_number && vb->value_len == 4);
		break;
	case ICE_BER_OID:
		check(!is_number && (vb->value_len == 0 || ice_oid_valid(vb->value, vb->value_len)));
		break;
	default:
		check(!is_number);
	}
	check(!ice_snmp_absent(vb) || vb->value_len == 0);
}

/* Writes what was read; returns where it begins. */
static size_t write_again(const struct ice_snmp_message *m, struct ice_ber_writer *w)
{
	for (size_t i = m->count; i-- > 0;) {
		const struct ice_snmp_varbind *vb = &m->varbinds[i];
		size_t end = ice_ber_written(w);
		ice_ber_put_raw(w, vb->value, vb->value_len);
		ice_ber_put_header(w, vb->tag, vb->value_len);
		ice_ber_put_raw(w, vb->oid, vb->oid_len);
		ice_ber_put_header(w, ICE_BER_OID, vb->oid_len);
		ice_ber_put_header(w, ICE_BER_SEQUENCE, ice_ber_written(w) - end);
	}
	ice_ber_put_header(w, ICE_BER_SEQUENCE, ice_ber_written(w));
	ice_ber_put_int(w, ICE_BER_INTEGER, m->error_index);
	ice_ber_put_int(w, ICE_BER_INTEGER, m->error_status);
	ice_ber_put_int(w, ICE_BER_INTEGER, m->request_id);
	ice_ber_put_header(w, (uint8_t)m->pdu, ice_ber_written(w));
	ice_ber_put_raw(w, m->community, m->community_len);
	ice_ber_put_header(w, ICE_BER_OCTETS, m->community_len);
	ice_ber_put_int(w, ICE_BER_INTEGER, m->version);
	ice_ber_put_header(w, ICE_BER_SEQUENCE, ice_ber_written(w));
	check(!w->full);
	return ice_ber_written(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buffer[ICE_SNMP_REPLY_MAX];
	struct ice_ber_writer w;
	enum ice_verdict v = ice_snmp_read(data, size, &first);
	if (v != ICE_VERDICT_OK) {
		check(v == ICE_VERDICT_MALFORMED || v == ICE_VERDICT_VERSION || v == ICE_VERDICT_PDU ||
		      v == ICE_VERDICT_TOO_LONG);
		return 0;
	}
	check(first.count <= ICE_SNMP_VARBINDS && first.community >= data &&
	      first.community + first.community_len <= data + size);
	for (size_t i = 0; i < first.count; i++) {
		const struct ice_snmp_varbind *vb = &first.varbinds[i];
		check(vb->oid >= data && vb->value >= vb->oid + vb->oid_len &&
		      vb->value + vb->value_len <= data + size);
		check(ice_oid_valid(vb->oid, vb->oid_len));
		fuzz_value(vb);
	}
	ice_ber_writer_init(&w, buffer, sizeof(buffer));
	size_t n = write_again(&first, &w);
	check(n <= size && ice_snmp_read(w.at, n, &second) == ICE_VERDICT_OK);
	check(second.version == first.version && second.pdu == first.pdu && second.request_id == first.request_id &&
	      second.error_status == first.error_status && second.error_index == first.error_index &&
	      second.count == first.count && second.community_len == first.community_len);
	for (size_t i = 0; i < first.count; i++) {
		const struct ice_snmp_varbind *a = &first.varbinds[i], *b = &second.varbinds[i];
		check(a->tag == b->tag && a->oid_len == b->oid_len && a->value_len == b->value_len);
		check(memcmp(a->oid, b->oid, a->oid_len) == 0 && memcmp(a->value, b->value, a->value_len) == 0);
	}
	return 0;
}
