/* faults_acts: what the rows of the table of faults can do. `number`, `other` and `bytes` are the row's. */
#ifndef FLEET_FAULTS_ACTS_H
#define FLEET_FAULTS_ACTS_H

#include "faults.h"

/* faults_datagram.c: the bytes, whatever they mean.
 *   replace   the datagram is `bytes`                     fill     each byte is `number`; -1 = random
 *   cut       `number` bytes are missing at the end; 0 = any number of them; below 0, one part of so many
 *   behead    `number` bytes are missing at the start     append   `number` bytes of `other` follow
 *   length    the outer length is wrong by `number`       wide     the outer length has `number` octets
 *   reframe   the outer header is `bytes`                 nest     in `number` further SEQUENCEs */
ice_faults_act_fn ice_faults_replace, ice_faults_fill, ice_faults_bit_flip, ice_faults_cut, ice_faults_behead,
        ice_faults_append, ice_faults_twice, ice_faults_echo, ice_faults_length, ice_faults_wide, ice_faults_reframe,
        ice_faults_nest;

/* faults_header.c: the message's own fields.
 *   version   is `number`; -2 = the other one             community      is `bytes`
 *   community_like  is nearly the right one: enum ice_faults_like in `number`
 *   id_xor, id_add  changed by `number`                   id_set         is `number`
 *   id_swap   its bytes in reverse                        id_low         its lower 16 bits
 *   pdu       its tag is `number`                         part           of length wrong by `number`: `other` says which
 *   error     error-status `number`, error-index `other`, with the varbinds of the request
 *   error_empty, error_values   the same with none, with the good ones */
enum ice_faults_like { ICE_FAULTS_UPPER, ICE_FAULTS_SHORTER, ICE_FAULTS_NUL };
ice_faults_act_fn ice_faults_version, ice_faults_community, ice_faults_community_like, ice_faults_id_xor,
        ice_faults_id_add, ice_faults_id_set, ice_faults_id_swap, ice_faults_id_low, ice_faults_pdu, ice_faults_part,
        ice_faults_error, ice_faults_error_empty, ice_faults_error_values;

/* faults_sequence.c: when, whence, how often.
 *   delay, jitter   by `number` ms, by up to as many      copies    are sent `number` times
 *   address         of the sender is changed by `number`  busy      for `number` ms; asked meanwhile it dies
 *   ask_as          answers as if PDU `number` had asked  any       another of the honest rows for each request */
ice_faults_act_fn ice_faults_nothing, ice_faults_silent, ice_faults_delay, ice_faults_jitter, ice_faults_copies,
        ice_faults_other_port, ice_faults_address, ice_faults_busy, ice_faults_ask_as, ice_faults_any;

/* faults_varbinds.c: which varbinds there are, in which order, with which OIDs.
 *   drop      varbind `number`; -1 = the last             repeat    the first until there are `number`
 *   oids      each is `bytes`                             child     an arc `number` is added
 *   deeper    each OID that is walked from goes on below itself */
ice_faults_act_fn ice_faults_none, ice_faults_drop, ice_faults_halve, ice_faults_repeat, ice_faults_reverse,
        ice_faults_oids, ice_faults_child, ice_faults_parent, ice_faults_same, ice_faults_shift, ice_faults_stuck,
        ice_faults_circle, ice_faults_endless, ice_faults_deeper, ice_faults_first_row;

/* faults_values.c: what the values say; `other` = which of them (enum ice_faults_values).
 *   set       tag `number` (0 = stays) and content `bytes`   long_text  `number` times "A"
 *   pad       numbers have `number` leading zero octets      digits     numbers are text
 *   suffix    `bytes` follow the text                        shorten    half of the text is missing */
enum ice_faults_values {
	ICE_FAULTS_ALL,
	ICE_FAULTS_NUMBERS,
	ICE_FAULTS_TEXTS,
	ICE_FAULTS_MACS,
	ICE_FAULTS_SERIALS,
	ICE_FAULTS_PAGES,
	ICE_FAULTS_LEVELS,
	ICE_FAULTS_CAPACITIES,
	ICE_FAULTS_ENUMS,
	ICE_FAULTS_UPTIMES,
};
ice_faults_act_fn ice_faults_set, ice_faults_pad, ice_faults_digits, ice_faults_suffix, ice_faults_shorten,
        ice_faults_long_text, ice_faults_wrong_types, ice_faults_forge;

#endif
