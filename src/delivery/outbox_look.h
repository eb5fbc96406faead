/* outbox_look: the outbox from the inside, shared by outbox.c, which moves batches, outbox_look.c, which looks at them,
 * outbox_log.c, outbox_places.c and outbox_bases.c.
 *
 * Only these five include it. */
#ifndef ICE_OUTBOX_LOOK_H
#define ICE_OUTBOX_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/outbox.h"
#include "outbox_file.h"

struct sqlite3;
struct sqlite3_stmt;

enum outbox_statement {
	OUTBOX_INSERT,
	OUTBOX_COUNT_ON,
	OUTBOX_FORGET,
	OUTBOX_MARK,
	OUTBOX_PRUNE,
	OUTBOX_NEXT,
	OUTBOX_AFTER,
	OUTBOX_FIND,
	OUTBOX_DELETE,
	OUTBOX_ASIDE,
	OUTBOX_READ_AT,
	OUTBOX_ELSEWHERE,
	OUTBOX_PLACE,
	OUTBOX_KEEP,
	OUTBOX_LEAVE,
	OUTBOX_PLACES,
	OUTBOX_UNREAD,
	OUTBOX_BASE,
	OUTBOX_UNBASE,
	OUTBOX_KEEP_BASE,
	OUTBOX_TRIM_BASES,
	OUTBOX_FORGET_BASES,
	OUTBOX_SET,
	OUTBOX_GET,
	OUTBOX_STATEMENTS
};

struct ice_outbox {
	struct sqlite3 *db;
	struct sqlite3_stmt *statements[OUTBOX_STATEMENTS];
	char site[ICE_BATCH_SITE_MAX + 1];
	int64_t max_bytes, base_age;
	int64_t bases_from;            /* wall seconds: nothing is a base before */
	struct ice_outbox_depth depth; /* what the database holds, changed after each commit */
	int64_t devices, bases;
	uint64_t unread;                /* times that all read_at became 0 */
	char path[ICE_OUTBOX_PATH_MAX]; /* "" in memory */
	int log_pages;                  /* in the write-ahead log, not yet in the database */
	bool doubtful;                  /* a sync has failed: the log may not be on the disk as it seems */
	bool waits;                     /* commits do, for the disk */
	bool unsettled;                 /* something was written since one did */
	bool damaged;
	char error[256];
};

/* Runs a bound statement that answers with no row, and makes it ready again. */
ICE_MUST_CHECK bool ice_outbox_look_step(struct ice_outbox *o, enum outbox_statement which);

/* A transaction. A commit that fails is to be rolled back. */
ICE_MUST_CHECK bool ice_outbox_look_begin(struct ice_outbox *o);
ICE_MUST_CHECK bool ice_outbox_look_commit(struct ice_outbox *o);
void ice_outbox_look_rollback(struct ice_outbox *o);

/* Keeps the reason of a failure; what a full disk answers is told apart, since it passes. */
enum ice_outbox_result ice_outbox_look_failed(struct ice_outbox *o, const char *doing);

/* Reads the row that a statement stands on: sequence, id, readings, packed. False when its bytes are not those its id was made
 * of; what could be read is in *out all the same. */
ICE_MUST_CHECK bool ice_outbox_look_take(struct sqlite3_stmt *s, struct ice_outbox_batch *out);

#endif
