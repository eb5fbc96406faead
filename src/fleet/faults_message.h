/* faults_message: takes a good answer apart and puts it together again, wrong on purpose. */
#ifndef FLEET_FAULTS_MESSAGE_H
#define FLEET_FAULTS_MESSAGE_H

#include "faults.h"

/* The parts of a message; the varbinds are those of call->answer. */
struct ice_faults_message {
	int32_t version, id, status, index;
	const uint8_t *community;
	uint16_t community_len;
	uint8_t pdu;
	/* added to what a length says, so that it says too much or too little */
	int pdu_more, list_more, value_more;
};

/* False when there is no answer to spoil. */
ICE_MUST_CHECK bool ice_faults_message_open(const struct ice_faults_call *call, struct ice_faults_message *m);
/* The parts become the reply. What does not fit a datagram is left out from the end. */
void ice_faults_message_close(const struct ice_faults_call *call, const struct ice_faults_message *m);

/* In faults_varbinds.c. */
ice_faults_act_fn ice_faults_no_varbinds, ice_faults_missing_varbind, ice_faults_extra_varbind, ice_faults_reversed,
        ice_faults_other_oids, ice_faults_backwards, ice_faults_bad_oids, ice_faults_long_oids, ice_faults_null_values,
        ice_faults_absent_values, ice_faults_end_of_mib, ice_faults_negative_counters, ice_faults_wide_integers,
        ice_faults_empty_integers, ice_faults_huge_strings, ice_faults_hostile_text, ice_faults_wrong_types,
        ice_faults_stuck, ice_faults_endless, ice_faults_bulk_lies, ice_faults_bulk_skips;

#endif
