/* faults_sequence: misbehaviour in when, whence and how often a device answers, and to which question. */
#include "faults_acts.h"

void ice_faults_nothing(const struct ice_faults_call *c)
{
	(void)c;
}

void ice_faults_silent(const struct ice_faults_call *c)
{
	c->reply->copies = 0;
}

void ice_faults_delay(const struct ice_faults_call *c)
{
	c->reply->delay = ICE_USEC_MSEC(c->fault->number);
}

void ice_faults_jitter(const struct ice_faults_call *c)
{
	c->reply->delay = (ice_usec)ice_random_below(c->random, (uint64_t)ICE_USEC_MSEC(c->fault->number));
}

void ice_faults_copies(const struct ice_faults_call *c)
{
	c->reply->copies *= (unsigned)c->fault->number;
}

void ice_faults_other_port(const struct ice_faults_call *c)
{
	c->reply->other_port = true;
}

void ice_faults_address(const struct ice_faults_call *c)
{
	c->reply->from ^= (uint32_t)c->fault->number;
}

/* Two requests at once are the end of it, for good. */
void ice_faults_busy(const struct ice_faults_call *c)
{
	uint32_t now = (uint32_t)(c->now / 1000) | 1, work = (uint32_t)c->fault->number;
	if (c->device->busy == UINT32_MAX || (c->device->busy != 0 && now - c->device->busy > UINT32_MAX / 2)) {
		c->device->busy = UINT32_MAX;
		c->reply->copies = 0;
		return;
	}
	c->device->busy = now + work;
	c->reply->delay = ICE_USEC_MSEC(work);
}

void ice_faults_ask_as(const struct ice_faults_call *c)
{
	enum ice_snmp_pdu asked = c->message->pdu;
	c->message->pdu = (enum ice_snmp_pdu)c->fault->number;
	c->reply->n = ice_recording_answer(c->agent, c->message, c->reply->bytes, c->reply->size);
	if (c->reply->n == 0)
		c->reply->copies = 0;
	c->message->pdu = asked;
}

void ice_faults_any(const struct ice_faults_call *c)
{
	size_t count = 0;
	while (ice_faults[count].name)
		count++;
	const struct ice_fault *other = &ice_faults[ice_random_below(c->random, count)];
	if (other->act != ice_faults_any && !other->lies && other->beside == ICE_FAULTS_INSTEAD)
		ice_faults_apply(other, c);
}

static bool faults_spoils(const struct ice_fault *fault, const struct ice_faults_call *c)
{
	unsigned asked = c->device->asked;
	const struct ice_snmp_message *m = c->message;
	switch (fault->when) {
	case ICE_FAULTS_ALWAYS:
		return true;
	case ICE_FAULTS_FIRST:
		return asked == 1;
	case ICE_FAULTS_LATER:
		return asked > 1;
	case ICE_FAULTS_FROM_THIRD:
		return asked > 2;
	case ICE_FAULTS_THREE:
		return asked > 1 && asked < 5;
	case ICE_FAULTS_EVERY_OTHER:
		return asked % 2 == 1;
	case ICE_FAULTS_EVERY_THIRD:
		return asked % 3 == 0;
	case ICE_FAULTS_GET:
		return m->pdu == ICE_SNMP_GET;
	case ICE_FAULTS_WALK:
		return m->pdu == ICE_SNMP_GETNEXT || m->pdu == ICE_SNMP_GETBULK;
	case ICE_FAULTS_BULK:
		return m->pdu == ICE_SNMP_GETBULK;
	case ICE_FAULTS_SEVERAL:
		return m->count > 1;
	case ICE_FAULTS_MANY:
		return m->count > 4;
	case ICE_FAULTS_LONG:
		return c->request_len > 200;
	case ICE_FAULTS_IN_V1:
		return m->version == ICE_SNMP_V1;
	case ICE_FAULTS_IN_V2C:
		return m->version == ICE_SNMP_V2C;
	}
	return false;
}

void ice_faults_apply(const struct ice_fault *fault, const struct ice_faults_call *call)
{
	if (!faults_spoils(fault, call))
		return;
	struct ice_faults_call own = *call;
	own.fault = fault;
	if (fault->beside != ICE_FAULTS_INSTEAD)
		ice_faults_forge(&own);
	fault->act(&own);
}
