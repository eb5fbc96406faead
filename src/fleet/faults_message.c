#include "faults_message.h"

#include <string.h>

#include "ice/ber.h"

bool ice_faults_message_open(const struct ice_faults_call *call, struct ice_faults_message *m)
{
	const struct ice_snmp_message *a = call->answer;
	if (call->reply->copies == 0 ||
	    ice_snmp_read(call->reply->bytes, call->reply->n, call->answer) != ICE_VERDICT_OK)
		return false;
	*m = (struct ice_faults_message){.version = a->version,
	                                 .id = a->request_id,
	                                 .status = a->error_status,
	                                 .index = a->error_index,
	                                 .community = a->community,
	                                 .community_len = a->community_len,
	                                 .pdu = a->pdu};
	return true;
}

static void faults_put_length(struct ice_ber_writer *w, uint8_t tag, size_t n, int more)
{
	ice_ber_put_header(w, tag, more < 0 && n < (size_t)-more ? 0 : n + (size_t)more);
}

/* The varbinds from the last to the first: lengths are only known afterwards. False when they do not fit. */
static bool faults_put_varbinds(const struct ice_faults_message *m, const struct ice_snmp_message *a, size_t count,
                                struct ice_ber_writer *w)
{
	for (size_t i = count; i-- > 0;) {
		const struct ice_snmp_varbind *vb = &a->varbinds[i];
		size_t end = ice_ber_written(w);
		ice_ber_put_raw(w, vb->value, vb->value_len);
		faults_put_length(w, vb->tag, vb->value_len, m->more[ICE_FAULTS_VALUE]);
		ice_ber_put_raw(w, vb->oid, vb->oid_len);
		faults_put_length(w, ICE_BER_OID, vb->oid_len, m->more[ICE_FAULTS_OID]);
		faults_put_length(w, ICE_BER_SEQUENCE, ice_ber_written(w) - end, m->more[ICE_FAULTS_VARBIND]);
	}
	return !w->full;
}

static bool faults_put(const struct ice_faults_call *call, const struct ice_faults_message *m, size_t count,
                       struct ice_ber_writer *w)
{
	ice_ber_writer_init(w, call->scratch, call->reply->size);
	if (!faults_put_varbinds(m, call->answer, count, w))
		return false;
	faults_put_length(w, ICE_BER_SEQUENCE, ice_ber_written(w), m->more[ICE_FAULTS_LIST]);
	ice_ber_put_int(w, ICE_BER_INTEGER, m->index);
	ice_ber_put_int(w, ICE_BER_INTEGER, m->status);
	ice_ber_put_int(w, ICE_BER_INTEGER, m->id);
	faults_put_length(w, m->pdu, ice_ber_written(w), m->more[ICE_FAULTS_PDU]);
	ice_ber_put_raw(w, m->community, m->community_len);
	faults_put_length(w, ICE_BER_OCTETS, m->community_len, m->more[ICE_FAULTS_COMMUNITY]);
	ice_ber_put_int(w, ICE_BER_INTEGER, m->version);
	ice_ber_put_header(w, ICE_BER_SEQUENCE, ice_ber_written(w));
	return !w->full;
}

void ice_faults_message_close(const struct ice_faults_call *call, const struct ice_faults_message *m)
{
	struct ice_ber_writer w;
	for (size_t count = call->answer->count;; count /= 2) {
		if (faults_put(call, m, count, &w)) {
			call->reply->n = ice_ber_written(&w);
			memcpy(call->reply->bytes, w.at, call->reply->n);
			return;
		}
		if (count == 0)
			return; /* the good answer stays */
	}
}
