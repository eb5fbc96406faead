/* account: what a dialogue with one device came to: told to people, or as one JSON object.
 *
 * The object, of which what was not come to is not there:
 *   "address", "port", "answered", "refused" (true: the kernel would not send there)
 *   "version" ("v1", "v2c"), "community" (which one it answered to, from 1), "communities" (how many there were to try)
 *   "system" (what it says of itself), "printer", "reason" (the evidence), "profile"
 *   "requests", "strays" (datagrams not believed)
 *   "system_group_only" (true: nothing else was readable)
 *   "trace": [line] (what was asked and what came back)
 *   "facts": [{"fact","value","rungs":[{"origin","oid","raw","took"}]}] (which rule gave it; "took" marks it)
 *   "record": the record, as in a batch */
#ifndef ICE_ACCOUNT_H
#define ICE_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/attr.h"

#include "dialogue.h"

struct ice_account {
	const struct ice_dialogue *dialogue;
	struct ice_address address;
	uint16_t port;
	size_t communities;
	unsigned elsewhere; /* datagrams from other addresses, which the dialogue never saw */
	const char *trace;  /* for JSON: the dialogue's trace as text */
};

/* The record on standard output and, unless `quiet`, all else on standard error. False when it could not be written. */
ICE_MUST_CHECK bool ice_account_text(const struct ice_account *a, bool quiet);
/* On standard output. */
ICE_MUST_CHECK bool ice_account_json(const struct ice_account *a);

#endif
