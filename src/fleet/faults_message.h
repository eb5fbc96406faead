/* faults_message: takes a good answer apart and puts it together again, wrong on purpose. */
#ifndef FLEET_FAULTS_MESSAGE_H
#define FLEET_FAULTS_MESSAGE_H

#include "faults.h"

/* Parts of a message whose length can be made to say too much or too little. */
enum ice_faults_part {
	ICE_FAULTS_COMMUNITY,
	ICE_FAULTS_PDU,
	ICE_FAULTS_LIST,
	ICE_FAULTS_VARBIND,
	ICE_FAULTS_OID,
	ICE_FAULTS_VALUE,
	ICE_FAULTS_PARTS
};

/* The parts of a message; the varbinds are those of call->answer. */
struct ice_faults_message {
	int32_t version, id, status, index;
	const uint8_t *community;
	uint16_t community_len;
	uint8_t pdu;
	int more[ICE_FAULTS_PARTS]; /* added to what the length says */
};

/* False when there is no answer to spoil. */
ICE_MUST_CHECK bool ice_faults_message_open(const struct ice_faults_call *call, struct ice_faults_message *m);
/* The parts become the reply. What does not fit a datagram is left out from the end. */
void ice_faults_message_close(const struct ice_faults_call *call, const struct ice_faults_message *m);

#endif
