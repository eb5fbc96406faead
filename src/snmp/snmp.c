#include "ice/snmp.h"

#include <stdlib.h>
#include <string.h>

#include <net-snmp/net-snmp-config.h>

#include <net-snmp/net-snmp-includes.h>

#include "ice/ber.h"

static const char *const snmp_verdict_names[ICE_VERDICT_COUNT] = {
        [ICE_VERDICT_OK] = "ok",
        [ICE_VERDICT_MALFORMED] = "malformed",
        [ICE_VERDICT_VERSION] = "version",
        [ICE_VERDICT_PDU] = "pdu",
        [ICE_VERDICT_UNKNOWN_ID] = "unknown_id",
        [ICE_VERDICT_ADDRESS] = "address",
        [ICE_VERDICT_PORT] = "port",
        [ICE_VERDICT_COMMUNITY] = "community",
        [ICE_VERDICT_OIDS] = "oids",
        [ICE_VERDICT_TOO_LONG] = "too_long",
};

const char *ice_verdict_name(enum ice_verdict v)
{
	return (unsigned)v < ICE_VERDICT_COUNT ? snmp_verdict_names[v] : "unknown";
}

/* What the content of a value must look like. */
enum snmp_kind {
	SNMP_UNKNOWN, /* not a type of SNMP */
	SNMP_ANY,
	SNMP_BITS, /* never empty: its first octet counts unused bits (X.690 section 8.6.2) */
	SNMP_EMPTY,
	SNMP_SIGNED,
	SNMP_UNSIGNED32,
	SNMP_UNSIGNED64,
	SNMP_ADDRESS,
	SNMP_NAME,
};

static const uint8_t snmp_kinds[256] = {
        [ICE_BER_INTEGER] = SNMP_SIGNED,
        [ICE_BER_BITS] = SNMP_BITS,
        [ICE_BER_OCTETS] = SNMP_ANY,
        [ICE_BER_NULL] = SNMP_EMPTY,
        [ICE_BER_OID] = SNMP_NAME,
        [ICE_BER_IPADDRESS] = SNMP_ADDRESS,
        [ICE_BER_COUNTER32] = SNMP_UNSIGNED32,
        [ICE_BER_GAUGE32] = SNMP_UNSIGNED32,
        [ICE_BER_TIMETICKS] = SNMP_UNSIGNED32,
        [ICE_BER_OPAQUE] = SNMP_ANY,
        [ICE_BER_NSAP] = SNMP_ANY,
        [ICE_BER_COUNTER64] = SNMP_UNSIGNED64,
        [ICE_BER_UINTEGER32] = SNMP_UNSIGNED32,
        [ICE_BER_NO_SUCH_OBJECT] = SNMP_EMPTY,
        [ICE_BER_NO_SUCH_INSTANCE] = SNMP_EMPTY,
        [ICE_BER_END_OF_MIB_VIEW] = SNMP_EMPTY,
};

/* Integers with more octets than their type: only superfluous ones in front. */
static bool snmp_integer_fits(enum snmp_kind kind, const uint8_t *value, size_t n)
{
	int32_t number;
	size_t width = kind == SNMP_UNSIGNED64 ? 8 : 4;
	if (n == 0)
		return false;
	if (kind == SNMP_SIGNED && ice_ber_signed(value, n, &number))
		return true;
	if (kind == SNMP_SIGNED && n > 5)
		return false;
	for (; n > width; n--)
		if (*value++ != 0)
			return false;
	return true;
}

/* True when the content octets are what the tag promises. */
static inline bool snmp_value_valid(uint8_t tag, const uint8_t *value, size_t n)
{
	enum snmp_kind kind = snmp_kinds[tag];
	switch (kind) {
	case SNMP_ANY:
		return true;
	case SNMP_BITS:
		return n > 0;
	case SNMP_EMPTY:
		return n == 0;
	case SNMP_SIGNED:
	case SNMP_UNSIGNED32:
	case SNMP_UNSIGNED64:
		return n - 1 < 4 || snmp_integer_fits(kind, value, n);
	case SNMP_ADDRESS:
		return n == 4;
	case SNMP_NAME:
		return n == 0 || ice_oid_valid(value, n);
	case SNMP_UNKNOWN:
		break;
	}
	return false;
}

/* Reads the varbind that starts at `at`; returns the first octet after it, NULL when it is malformed. */
static inline const uint8_t *snmp_varbind(const uint8_t *at, const uint8_t *end, struct ice_snmp_varbind *vb)
{
	size_t len;
	const uint8_t *content;
	if (*at != ICE_BER_SEQUENCE || !(content = ice_ber_content(at, end, &len)))
		return NULL;
	end = content + len;
	at = content;

	if (!(content = ice_ber_content(at, end, &len)) || *at != ICE_BER_OID || !ice_oid_valid(content, len))
		return NULL;
	vb->oid = content;
	vb->oid_len = (uint16_t)len;
	at = content + len;

	if (!(content = ice_ber_content(at, end, &len)) || content + len != end || !snmp_value_valid(*at, content, len))
		return NULL;
	vb->tag = *at;
	vb->value = content;
	vb->value_len = (uint16_t)len;
	return end;
}

/* The PDUs we read; SET, traps, informs and reports are none of our business. */
static bool snmp_pdu_known(uint8_t tag, enum ice_snmp_version version)
{
	return tag == ICE_BER_RESPONSE || tag == ICE_BER_GET || tag == ICE_BER_GETNEXT ||
	       (tag == ICE_BER_GETBULK && version == ICE_SNMP_V2C);
}

enum ice_verdict ice_snmp_read(const uint8_t *bytes, size_t n, struct ice_snmp_message *out)
{
	if (n > ICE_SNMP_REPLY_MAX)
		return ICE_VERDICT_TOO_LONG;
	struct ice_ber datagram = ice_ber_of(bytes, n), message, community, pdu, list;
	int32_t version;
	if (!ice_ber_enter(&datagram, ICE_BER_SEQUENCE, &message) || !ice_ber_at_end(&datagram) ||
	    !ice_ber_int32(&message, &version))
		return ICE_VERDICT_MALFORMED;
	if (version != ICE_SNMP_V1 && version != ICE_SNMP_V2C)
		return ICE_VERDICT_VERSION;
	out->version = (enum ice_snmp_version)version;

	uint8_t tag;
	if (!ice_ber_enter(&message, ICE_BER_OCTETS, &community) || !ice_ber_any(&message, &tag, &pdu) ||
	    !ice_ber_at_end(&message))
		return ICE_VERDICT_MALFORMED;
	out->community = community.at;
	out->community_len = (uint16_t)(community.end - community.at);
	if (!snmp_pdu_known(tag, out->version))
		return ICE_VERDICT_PDU;
	out->pdu = (enum ice_snmp_pdu)tag;

	if (!ice_ber_int32(&pdu, &out->request_id) || !ice_ber_int32(&pdu, &out->error_status) ||
	    !ice_ber_int32(&pdu, &out->error_index) || !ice_ber_enter(&pdu, ICE_BER_SEQUENCE, &list) ||
	    !ice_ber_at_end(&pdu))
		return ICE_VERDICT_MALFORMED;
	size_t count = 0;
	for (const uint8_t *at = list.at; at != list.end; count++) {
		if (count == ICE_SNMP_VARBINDS)
			return ICE_VERDICT_TOO_LONG;
		at = snmp_varbind(at, list.end, &out->varbinds[count]);
		if (!at)
			return ICE_VERDICT_MALFORMED;
	}
	out->count = (uint16_t)count;
	return ICE_VERDICT_OK;
}

bool ice_snmp_number(const struct ice_snmp_varbind *vb, int64_t *out)
{
	int32_t number;
	uint64_t magnitude;
	switch ((enum snmp_kind)snmp_kinds[vb->tag]) {
	case SNMP_SIGNED:
		if (!ice_ber_signed(vb->value, vb->value_len, &number))
			return false;
		*out = number;
		return true;
	case SNMP_UNSIGNED32:
	case SNMP_UNSIGNED64:
		if (!ice_ber_unsigned(vb->value, vb->value_len, vb->tag == ICE_BER_COUNTER64 ? 8 : 4, &magnitude) ||
		    magnitude > INT64_MAX)
			return false;
		*out = (int64_t)magnitude;
		return true;
	default:
		return false;
	}
}

bool ice_snmp_absent(const struct ice_snmp_varbind *vb)
{
	return snmp_kinds[vb->tag] == SNMP_EMPTY;
}

void ice_snmp_init(void)
{
	static bool done;
	if (done)
		return;
	done = true;
	/* Nobody calls init_snmp: that would read MIBs, configuration files and ~/.snmp. Should anything in the library
	 * come to that by itself, these keep it from doing so. */
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_READ_CONFIGS, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DONT_PERSIST_STATE, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_LOAD, 1);
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_DISABLE_PERSISTENT_SAVE, 1);
	/* Encoding from the end: the packet is then the last octets of the buffer. */
	netsnmp_ds_set_boolean(NETSNMP_DS_LIBRARY_ID, NETSNMP_DS_LIB_REVERSE_ENCODE, 1);
	/* Without a handler net-snmp writes to standard error, and what it writes may hold a community. */
	snmp_disable_log();
	netsnmp_register_loghandler(NETSNMP_LOGHANDLER_NONE, LOG_EMERG);
}

/* Frees a PDU and leaves no community behind. */
static void snmp_wipe_pdu(netsnmp_pdu *pdu)
{
	if (pdu->community)
		explicit_bzero(pdu->community, pdu->community_len);
	snmp_free_pdu(pdu);
}

/* A PDU of net-snmp that asks for these names; NULL when it cannot be made. */
static netsnmp_pdu *snmp_make_pdu(enum ice_snmp_version version, const struct ice_secret *community,
                                  enum ice_snmp_pdu pdu, const struct ice_oid *oids, size_t count,
                                  unsigned max_repetitions)
{
	netsnmp_pdu *made = snmp_pdu_create(pdu);
	if (!made)
		return NULL;
	made->version = version == ICE_SNMP_V1 ? SNMP_VERSION_1 : SNMP_VERSION_2c;
	made->reqid = ICE_SNMP_ID_BASE;
	made->errstat = 0; /* non-repeaters of a GETBULK */
	made->errindex = pdu == ICE_SNMP_GETBULK ? (long)max_repetitions : 0;
	if (community->len > 0) { /* an empty one is none: net-snmp would take the session's, which is empty too */
		made->community = malloc(community->len);
		if (!made->community)
			goto fail;
		memcpy(made->community, community->bytes, community->len);
		made->community_len = community->len;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t arcs[ICE_OID_ARCS];
		oid name[ICE_OID_ARCS];
		size_t n = ice_oid_arcs(oids[i].bytes, oids[i].len, arcs, ICE_OID_ARCS);
		for (size_t k = 0; k < n; k++)
			name[k] = arcs[k];
		if (n == 0 || !snmp_add_null_var(made, name, n))
			goto fail;
	}
	return made;
fail:
	snmp_wipe_pdu(made);
	return NULL;
}

/* Finds the four octets of the id, and proves that the request says what was meant: what goes out passes our own
 * reader. */
static bool snmp_check_request(struct ice_snmp_request *r, const struct ice_secret *community, enum ice_snmp_pdu pdu,
                               const struct ice_oid *oids, size_t count)
{
	struct ice_snmp_message said;
	if (ice_snmp_read(r->bytes, r->len, &said) != ICE_VERDICT_OK || said.pdu != pdu || said.count != count ||
	    said.request_id != (int32_t)ICE_SNMP_ID_BASE ||
	    !ice_secret_same(community, said.community, said.community_len))
		return false;
	for (size_t i = 0; i < count; i++)
		if (said.varbinds[i].tag != ICE_BER_NULL || said.varbinds[i].oid_len != oids[i].len ||
		    memcmp(said.varbinds[i].oid, oids[i].bytes, oids[i].len) != 0)
			return false;
	/* the community is the element before the PDU, and the id the first one in it */
	struct ice_ber rest = ice_ber_of(said.community + said.community_len,
	                                 r->len - (size_t)(said.community + said.community_len - r->bytes));
	struct ice_ber content, id;
	if (!ice_ber_enter(&rest, (uint8_t)pdu, &content) || !ice_ber_enter(&content, ICE_BER_INTEGER, &id) ||
	    id.end - id.at != 4)
		return false;
	r->id_at = (uint16_t)(id.at - r->bytes);
	return true;
}

void ice_snmp_make_lasting(struct ice_snmp_request *r)
{
	static uint32_t last;
	if (++last == 0)
		last = 1;
	r->lasting = last;
}

bool ice_snmp_build(struct ice_snmp_request *out, enum ice_snmp_version version, const struct ice_secret *community,
                    enum ice_snmp_pdu pdu, const struct ice_oid *oids, size_t count, unsigned max_repetitions)
{
	if (pdu != ICE_SNMP_GET && pdu != ICE_SNMP_GETNEXT && !(pdu == ICE_SNMP_GETBULK && version == ICE_SNMP_V2C))
		return false;
	if (count == 0 || max_repetitions > INT32_MAX)
		return false;
	size_t least = community->len;
	for (size_t i = 0; i < count && least <= ICE_SNMP_REQUEST_MAX; i++)
		least += oids[i].len + 6u; /* two headers and a NULL */
	if (least > ICE_SNMP_REQUEST_MAX)
		return false;
	ice_snmp_init();
	netsnmp_pdu *made = snmp_make_pdu(version, community, pdu, oids, count, max_repetitions);
	if (!made)
		return false;

	bool ok = false;
	netsnmp_session session;
	memset(&session, 0, sizeof(session));
	session.version = made->version;
	/* Room enough that net-snmp need not move it: a community must not stay behind in freed memory. */
	size_t size = 4 * ICE_SNMP_REQUEST_MAX, offset = 0;
	u_char *packet = calloc(1, size);
	if (packet && snmp_build(&packet, &size, &offset, &session, made) == 0 && offset <= ICE_SNMP_REQUEST_MAX) {
		memcpy(out->bytes, packet + size - offset, offset);
		out->len = (uint16_t)offset;
		out->lasting = 0;
		ok = snmp_check_request(out, community, pdu, oids, count);
	}
	if (packet)
		explicit_bzero(packet, size);
	free(packet);
	snmp_wipe_pdu(made);
	return ok;
}
