#include "outbox_look.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool ice_outbox_look_step(struct ice_outbox *o, enum outbox_statement which)
{
	int rc = sqlite3_step(o->statements[which]);
	/* reset repeats the error that step gave, and leaves it to be read */
	return sqlite3_reset(o->statements[which]) == SQLITE_OK && rc == SQLITE_DONE;
}

bool ice_outbox_look_begin(struct ice_outbox *o)
{
	return ice_outbox_file_run(o->db, "BEGIN IMMEDIATE");
}

bool ice_outbox_look_commit(struct ice_outbox *o)
{
	return ice_outbox_file_run(o->db, "COMMIT");
}

void ice_outbox_look_rollback(struct ice_outbox *o)
{
	/* Some errors have rolled back already. */
	if (!sqlite3_get_autocommit(o->db))
		ice_outbox_file_run(o->db, "ROLLBACK");
}

enum ice_outbox_result ice_outbox_look_failed(struct ice_outbox *o, const char *doing)
{
	int code = sqlite3_errcode(o->db) & 0xff;
	bool full = code == SQLITE_FULL;
	o->damaged = o->damaged || code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
	snprintf(o->error, sizeof(o->error), "%s: %s", doing, full ? "the disk is full" : sqlite3_errmsg(o->db));
	return full ? ICE_OUTBOX_FULL : ICE_OUTBOX_FAILED;
}

bool ice_outbox_look_take(sqlite3_stmt *s, struct ice_outbox_batch *out)
{
	char found[ICE_BATCH_ID_SIZE];
	const unsigned char *id = sqlite3_column_text(s, 1);
	const void *packed = sqlite3_column_blob(s, 3);
	out->sequence = sqlite3_column_int64(s, 0);
	out->readings = (size_t)sqlite3_column_int64(s, 2);
	out->packed_len = (size_t)sqlite3_column_bytes(s, 3);
	snprintf(out->id, sizeof(out->id), "%s", id ? (const char *)id : "");
	if (!packed)
		return false;
	out->packed = malloc(out->packed_len);
	if (!out->packed)
		abort();
	memcpy(out->packed, packed, out->packed_len);
	out->body = ice_batch_gunzip(packed, out->packed_len, ICE_BATCH_BYTES_MAX, &out->len);
	if (!out->body)
		return false;
	ice_batch_id(out->body, out->len, found);
	return strcmp(found, out->id) == 0;
}

int64_t ice_outbox_device_read_at(struct ice_outbox *o, const char *device)
{
	sqlite3_stmt *s = o->statements[OUTBOX_READ_AT];
	sqlite3_bind_text(s, 1, device, -1, SQLITE_STATIC);
	int64_t at = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_reset(s);
	return at;
}

char *ice_outbox_get(struct ice_outbox *o, const char *key)
{
	sqlite3_stmt *s = o->statements[OUTBOX_GET];
	sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
	char *value = sqlite3_step(s) == SQLITE_ROW ? strdup((const char *)sqlite3_column_text(s, 0)) : NULL;
	sqlite3_reset(s);
	return value;
}

/* Runs one of an operator's statements, which take a sequence number or nothing; SQLITE_ROW, SQLITE_DONE or an error. */
static int outbox_look_run(struct ice_outbox *o, const char *sql, int64_t sequence, sqlite3_stmt **s)
{
	*s = NULL;
	int rc = sqlite3_prepare_v2(o->db, sql, -1, s, NULL);
	if (rc != SQLITE_OK)
		return rc;
	if (sqlite3_bind_parameter_count(*s) > 0)
		sqlite3_bind_int64(*s, 1, sequence);
	return sqlite3_step(*s);
}

bool ice_outbox_each(struct ice_outbox *o, ice_outbox_row_fn *each, void *arg)
{
	sqlite3_stmt *s;
	int rc = outbox_look_run(o,
	                         "SELECT sequence, id, state, readings, length(packed), made_at, set_aside_at, reason"
	                         " FROM batch ORDER BY sequence",
	                         0, &s);
	for (; rc == SQLITE_ROW; rc = sqlite3_step(s)) {
		const char *id = (const char *)sqlite3_column_text(s, 1),
		           *reason = (const char *)sqlite3_column_text(s, 7);
		struct ice_outbox_row row = {
		        .sequence = sqlite3_column_int64(s, 0),
		        .id = id ? id : "",
		        .set_aside = sqlite3_column_int(s, 2) == OUTBOX_SET_ASIDE,
		        .readings = sqlite3_column_int64(s, 3),
		        .bytes = sqlite3_column_int64(s, 4),
		        .made_at = sqlite3_column_int64(s, 5),
		        .set_aside_at = sqlite3_column_int64(s, 6),
		        .reason = reason ? reason : "",
		};
		each(&row, arg);
	}
	if (rc != SQLITE_DONE)
		(void)ice_outbox_look_failed(o, "listing the batches");
	sqlite3_finalize(s);
	return rc == SQLITE_DONE;
}

enum ice_outbox_found ice_outbox_read(struct ice_outbox *o, int64_t sequence, struct ice_outbox_batch *out)
{
	sqlite3_stmt *s;
	enum ice_outbox_found found = ICE_OUTBOX_ABSENT;
	*out = (struct ice_outbox_batch){0};
	int rc = outbox_look_run(o, "SELECT sequence, id, readings, packed FROM batch WHERE sequence=?", sequence, &s);
	if (rc == SQLITE_ROW) {
		found = ice_outbox_look_take(s, out) ? ICE_OUTBOX_FOUND : ICE_OUTBOX_DAMAGED;
	} else if (rc != SQLITE_DONE) {
		(void)ice_outbox_look_failed(o, "reading a batch");
		found = ICE_OUTBOX_DAMAGED;
	}
	sqlite3_finalize(s);
	if (found != ICE_OUTBOX_FOUND)
		ice_outbox_batch_free(out);
	return found;
}

bool ice_outbox_retry(struct ice_outbox *o, int64_t sequence)
{
	sqlite3_stmt *s;
	int64_t readings = 0, bytes = 0;
	int rc = outbox_look_run(o, "SELECT readings, length(packed) FROM batch WHERE sequence=? AND state=1", sequence,
	                         &s);
	if (rc == SQLITE_ROW) {
		readings = sqlite3_column_int64(s, 0);
		bytes = sqlite3_column_int64(s, 1);
	}
	sqlite3_finalize(s);
	if (rc == SQLITE_DONE)
		return true;
	if (rc == SQLITE_ROW) {
		rc = outbox_look_run(o,
		                     "UPDATE batch SET state=0, set_aside_at=NULL, reason=NULL"
		                     " WHERE sequence=? AND state=1",
		                     sequence, &s);
		sqlite3_finalize(s);
	}
	if (rc != SQLITE_DONE) {
		(void)ice_outbox_look_failed(o, "making a batch pending again");
		return false;
	}
	o->depth.batches++;
	o->depth.readings += readings;
	o->depth.bytes += bytes;
	o->depth.rejected--;
	o->depth.rejected_bytes -= bytes;
	return true;
}
