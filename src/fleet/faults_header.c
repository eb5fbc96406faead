/* faults_header: misbehaviour in the fields of a message around its varbinds. */
#include <ctype.h>
#include <string.h>

#include "faults_acts.h"
#include "faults_message.h"
#include "ice/ber.h"

void ice_faults_version(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	if (c->fault->number == -2)
		m.version = m.version == ICE_SNMP_V1 ? ICE_SNMP_V2C : ICE_SNMP_V1;
	else
		m.version = c->fault->number;
	ice_faults_message_close(c, &m);
}

void ice_faults_community(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	m.community = (const uint8_t *)c->fault->bytes;
	m.community_len = (uint16_t)c->fault->len;
	ice_faults_message_close(c, &m);
}

void ice_faults_community_like(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	uint8_t other[256];
	if (!ice_faults_message_open(c, &m) || m.community_len >= sizeof(other))
		return;
	for (size_t i = 0; i < m.community_len; i++)
		other[i] = c->fault->number == ICE_FAULTS_UPPER ? (uint8_t)toupper(m.community[i]) : m.community[i];
	if (c->fault->number == ICE_FAULTS_NUL)
		other[m.community_len++] = 0;
	else if (c->fault->number == ICE_FAULTS_SHORTER && m.community_len > 0)
		m.community_len--;
	m.community = other;
	ice_faults_message_close(c, &m);
}

static void faults_id(const struct ice_faults_call *c, uint32_t keep, uint32_t flip, uint32_t add, bool swap)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	uint32_t id = (((uint32_t)m.id & keep) ^ flip) + add;
	m.id = (int32_t)(swap ? __builtin_bswap32(id) : id);
	ice_faults_message_close(c, &m);
}

void ice_faults_id_xor(const struct ice_faults_call *c)
{
	faults_id(c, UINT32_MAX, (uint32_t)c->fault->number, 0, false);
}

void ice_faults_id_add(const struct ice_faults_call *c)
{
	faults_id(c, UINT32_MAX, 0, (uint32_t)c->fault->number, false);
}

void ice_faults_id_set(const struct ice_faults_call *c)
{
	faults_id(c, 0, 0, (uint32_t)c->fault->number, false);
}

void ice_faults_id_swap(const struct ice_faults_call *c)
{
	faults_id(c, UINT32_MAX, 0, 0, true);
}

void ice_faults_id_low(const struct ice_faults_call *c)
{
	faults_id(c, UINT16_MAX, 0, 0, false);
}

void ice_faults_pdu(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	m.pdu = (uint8_t)c->fault->number;
	ice_faults_message_close(c, &m);
}

void ice_faults_part(const struct ice_faults_call *c)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	m.more[c->fault->other] = c->fault->number;
	ice_faults_message_close(c, &m);
}

enum faults_with { FAULTS_WITH_ASKED, FAULTS_WITH_NONE, FAULTS_WITH_VALUES };

static void faults_error(const struct ice_faults_call *c, enum faults_with with)
{
	struct ice_faults_message m;
	if (!ice_faults_message_open(c, &m))
		return;
	m.status = c->fault->number;
	m.index = c->fault->other;
	if (with == FAULTS_WITH_NONE)
		c->answer->count = 0;
	if (with == FAULTS_WITH_ASKED) {
		c->answer->count = c->message->count;
		memcpy(c->answer->varbinds, c->message->varbinds, c->message->count * sizeof(c->message->varbinds[0]));
	}
	ice_faults_message_close(c, &m);
}

void ice_faults_error(const struct ice_faults_call *c)
{
	faults_error(c, FAULTS_WITH_ASKED);
}

void ice_faults_error_empty(const struct ice_faults_call *c)
{
	faults_error(c, FAULTS_WITH_NONE);
}

void ice_faults_error_values(const struct ice_faults_call *c)
{
	faults_error(c, FAULTS_WITH_VALUES);
}
