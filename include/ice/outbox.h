/* outbox: batches that survive anything until the server proves that it has them.
 *
 * One SQLite database with a write-ahead log. A batch's bytes and id never change after their commit; the batch, "these devices were read",
 * what is known of their places and what is a base now commit together; a batch leaves only by ice_outbox_acknowledged, or is set aside by
 * ice_outbox_reject. A full outbox refuses (the caller stops polling); it never drops the oldest. One process at a time (a lock on the database).
 *
 * Readings are given to it whole. What goes into a batch may be a change of a record of an earlier batch, the device's base. The bases are
 * kept here, committed with their batches, and all forgotten when a batch is set aside or lost: then readings travel whole again, for
 * base_age at least. So what was sent before a batch is enough to rebuild each reading in it, unless a batch was set aside
 * in between, or somebody took it away; its changes are told in full when it is sent after all (ice_outbox_retry).
 *
 * A batch is stored as it travels, gzip'd, and checked against its id whenever it is read. A database that cannot be read is
 * moved aside as PATH.corrupt-N, never deleted; the batches in it that still prove themselves by their ids are carried over
 * into the new one, and devices count as never read, so that whatever was lost is read again.
 *
 * A put waits for the disk: the batch, and all that was written before it, outlives a power cut. Whatever else is written is in the log at
 * once and outlives the process; a power cut may take what was written behind the last put or settle, from some point on. It costs no
 * reading: a batch that the server has is sent again, or refused again; a lane begins again; a sweep goes on from an earlier place; a printer
 * is known as it was; another server is met again.
 *
 * Life: ice_outbox_open -> put, next, acknowledged, reject, settle and idle once in a while -> ice_outbox_close. No function waits
 * for another process. For the disk put and settle wait once; idle, tidy and settle wait twice where they fold the log, and the first write
 * behind that once. A put that fails waits longer: what a sync that failed has left out of the log is written there once more. */
#ifndef ICE_OUTBOX_H
#define ICE_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/batch.h"
#include "ice/queue.h"

struct ice_outbox;

struct ice_outbox_options {
	const char *
	        path; /* the database file; made with mode 0600; ":memory:" for a scan that uploads without a state folder */
	const char *site;  /* in every batch's body */
	int64_t max_bytes; /* of stored batches, gzip'd, those set aside included; 0 = 1 GiB */
	/* Readings travel as changes (ice/change.h) against a device's last record that was committed whole, up to this many seconds after it;
	 * 0 = always whole. `server` is who gets the batches: what another server or site was told is no base here. */
	int64_t base_age;
	const char *server; /* NULL = "" */
	/* What cannot be read as an outbox is refused, not moved aside: for who only looks, and for a file somebody named by hand, which
	 * may be anything. */
	bool keep;
};

struct ice_outbox_batch {
	int64_t sequence;
	char id[ICE_BATCH_ID_SIZE];
	uint8_t *body; /* uncompressed, malloc'd; ice_outbox_batch_free */
	size_t len;
	uint8_t *packed; /* the same, gzip'd: the bytes to send, malloc'd */
	size_t packed_len;
	size_t readings;
};
void ice_outbox_batch_free(struct ice_outbox_batch *b);

enum ice_outbox_result {
	ICE_OUTBOX_OK,
	ICE_OUTBOX_FULL, /* max_bytes reached, or the disk is full: nothing was changed, try again later */
	ICE_OUTBOX_UNFIT, /* the first reading fits in no batch (too long, or not a JSON object): nothing was changed, drop it */
	ICE_OUTBOX_FAILED /* the database refused; ice_outbox_error says what */
};

/* NULL and a reason when another process has it, when it cannot be made, read or written, or when it was written by a newer version. On
 * success `why` is "", or tells that a damaged database was moved aside (which is logged too). */
ICE_MUST_CHECK struct ice_outbox *ice_outbox_open(const struct ice_outbox_options *options, char *why, size_t why_size);
void ice_outbox_close(struct ice_outbox *o);

/* Commits up to 500 readings as one batch with the next sequence number. All or nothing. Readings that do not fit in one batch are
 * told by *taken (the first *taken were committed). */
ICE_MUST_CHECK enum ice_outbox_result ice_outbox_put(struct ice_outbox *o, const struct ice_reading *const *readings,
                                                     size_t n, size_t *taken);

/* The oldest pending batch with sequence > after; false when there is none. A batch that no longer matches its id (a disk
 * that forgets) is set aside on the way. */
ICE_MUST_CHECK bool ice_outbox_next(struct ice_outbox *o, int64_t after, struct ice_outbox_batch *out);

/* Its number alone, which costs little. */
ICE_MUST_CHECK bool ice_outbox_after(struct ice_outbox *o, int64_t after, int64_t *sequence);

/* The only two ways out; a batch that is not there (any more) is no mistake. False when the database refused; the batch is then still there. */
ICE_MUST_CHECK bool ice_outbox_acknowledged(struct ice_outbox *o, const char *id);
ICE_MUST_CHECK bool ice_outbox_reject(struct ice_outbox *o, const char *id, const char *reason);

/* What an operator sees of a batch. */
struct ice_outbox_row {
	int64_t sequence;
	const char *id; /* lent until the callback returns, as is reason */
	bool set_aside; /* otherwise it is pending */
	int64_t readings, bytes;
	int64_t made_at, set_aside_at; /* wall seconds; set_aside_at 0 = never */
	const char *reason;            /* "" unless set aside */
};
typedef void ice_outbox_row_fn(const struct ice_outbox_row *row, void *arg);

/* Every batch there is, oldest first. The callback must not change the outbox. False when the database refused. */
ICE_MUST_CHECK bool ice_outbox_each(struct ice_outbox *o, ice_outbox_row_fn *each, void *arg);

enum ice_outbox_found {
	ICE_OUTBOX_FOUND,
	ICE_OUTBOX_ABSENT,
	ICE_OUTBOX_DAMAGED /* cannot be read, or its bytes are not those its id was made of */
};

/* One batch, pending or set aside; *out is filled only when FOUND. */
ICE_MUST_CHECK enum ice_outbox_found ice_outbox_read(struct ice_outbox *o, int64_t sequence,
                                                     struct ice_outbox_batch *out);

/* A batch that was set aside is pending again, id and bytes as they were; any other is left as it is. False when the database
 * refused. */
ICE_MUST_CHECK bool ice_outbox_retry(struct ice_outbox *o, int64_t sequence);

struct ice_outbox_depth {
	int64_t batches, readings, bytes; /* pending; bytes as stored */
	int64_t rejected;                 /* batches set aside */
	int64_t rejected_bytes;
	int64_t last_sequence;
};
void ice_outbox_depth(struct ice_outbox *o, struct ice_outbox_depth *out);

/* When this device was last read (wall seconds of its committed reading); 0 = never. */
int64_t ice_outbox_device_read_at(struct ice_outbox *o, const char *device);

/* Places: what the engine knows of a printer at an address. Two parts, which change at different times: the note is claimed of the
 * last reading from there, and is committed with that reading (of a reading with a state; ice/queue.h) and by nothing else; the state is what
 * it learned besides, with a reading or without. Who keeps them bounds them. */
struct ice_outbox_place {
	const char *place;
	int64_t read_at; /* wall seconds of the reading that the note is of; 0 = whatever was read, the server may not have it */
	const char *note; /* "" = none, or the printer's latest reading is from another place */
	const char *state;
};
typedef void ice_outbox_place_fn(const struct ice_outbox_place *p, void *arg);

/* Every place. What is lent lives until the callback returns, which must not change the outbox. A database that refuses gives fewer:
 * these are then found again. */
void ice_outbox_places(struct ice_outbox *o, ice_outbox_place_fn *each, void *arg);
/* The states of these, in one transaction; a state of NULL forgets the place. read_at and note are not looked at. False when the
 * database refused: nothing was changed. */
ICE_MUST_CHECK bool ice_outbox_keep(struct ice_outbox *o, const struct ice_outbox_place *places, size_t n);
/* Every read_at is 0 from now on, and all bases are forgotten: who gets the readings has none of those that were made before. So it is, too,
 * when a batch is set aside or lost. */
ICE_MUST_CHECK bool ice_outbox_forget_kept(struct ice_outbox *o);
/* How often that has happened since it was opened: who holds places in memory must follow. */
uint64_t ice_outbox_unread_count(const struct ice_outbox *o);

/* Small values of the engine that are kept (seed and position of a sweep). get returns a malloc'd string or NULL. */
ICE_MUST_CHECK bool ice_outbox_set(struct ice_outbox *o, const char *key, const char *value);
char *ice_outbox_get(struct ice_outbox *o, const char *key);

/* From an idle timer: folds the log into the database. Without it the database still works, and puts and settle keep the log bounded. */
void ice_outbox_idle(struct ice_outbox *o);
/* Where there is no idle time: the same when the log has grown long, so that no put has to do it; or, after a sync that failed, what
 * is to be done before a put: the log is written once more. True when it did, and cost that time. */
bool ice_outbox_tidy(struct ice_outbox *o);
/* Each minute, say: what was written outlives a power cut from now on, and a log that has grown long is folded. */
void ice_outbox_settle(struct ice_outbox *o);

/* The database turned out to be damaged: nothing more will come of it until it is closed and opened again, which mends it. */
bool ice_outbox_damaged(const struct ice_outbox *o);

const char *ice_outbox_error(const struct ice_outbox *o);

#endif
