/* proof: what a proving run found, told: to people as text, to programs as JSON. Neither holds a secret. */
#ifndef ICE_PROOF_H
#define ICE_PROOF_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "ice/clock.h"

#include "capture_file.h"
#include "digest.h"
#include "evidence.h"
#include "ledger.h"
#include "watched.h"

#define ICE_PROOF_OBJECTIONS 16

struct ice_proof {
	/* What was run. All text is lent. */
	const char *program, *configuration, *server, *user;
	uid_t uid; /* the user's */
	char program_sha256[ICE_DIGEST_SIZE], configuration_sha256[ICE_DIGEST_SIZE];
	char kernel[256];
	uint64_t addresses;   /* of the ranges */
	uint64_t rate;        /* datagrams a second that the configuration allows; 0 = no limit */
	int64_t began, ended; /* nanoseconds of the wall clock */
	ice_usec lasted;      /* by the clock that nobody sets */
	int status;           /* of the sweep, as waitpid(2) tells it */
	bool interrupted;
	/* What the sweep says of itself; -1 = it did not. */
	int64_t asked_addresses, sent, printers, devices;
	/* What was seen. */
	uint64_t frames, own, requests;
	uint64_t drops, unread; /* frames that the kernel could not keep, or that could not be read */
	struct ice_watched_counters watched;
	int64_t first;                /* when the first datagram left to a device */
	struct ice_watched_held held; /* and how the kernel held the sweep then */
	struct ice_ledger_counters ledger;
	const char *file; /* of the capture; NULL = not kept */
	struct ice_capture_kept kept;
	/* Why it proves nothing, whatever the frames say. */
	char objections[ICE_PROOF_OBJECTIONS][256];
	size_t objection_count;
};

/* Once, when all the above is known: what of it is held against promises, and what stands against the proof (proof_judge.c). */
void ice_proof_judge(struct ice_proof *p, struct ice_evidence *e);

/* One more objection. */
void ice_proof_object(struct ice_proof *p, const char *fmt, ...) ICE_PRINTF(2, 3);

/* Every promise was held against something and kept, or does not arise, and there is no objection. */
bool ice_proof_good(const struct ice_proof *p, const struct ice_evidence *e);

void ice_proof_tell(const struct ice_proof *p, const struct ice_evidence *e, FILE *to);
ICE_MUST_CHECK bool ice_proof_json(const struct ice_proof *p, const struct ice_evidence *e, FILE *to);

#endif
