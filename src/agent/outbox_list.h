/* outbox_list: what stands in an outbox, one row a batch: a table for people, or for programs a line (ndjson) or one object (json).
 *
 * A row as JSON: {"sequence","id","state" ("pending", "set aside"),"readings","bytes" (as stored),"made_at","set_aside_at"?,"reason"?}.
 * The object: {"batches":[row],"pending","readings","bytes" (of the pending),"set_aside","path"}. */
#ifndef ICE_OUTBOX_LIST_H
#define ICE_OUTBOX_LIST_H

#include <jansson.h>
#include <stdbool.h>

#include "ice/attr.h"
#include "ice/outbox.h"

enum ice_outbox_list_form { ICE_OUTBOX_LIST_TABLE, ICE_OUTBOX_LIST_NDJSON, ICE_OUTBOX_LIST_JSON };

/* On standard output; the sum, for people, on standard error. False when the database refused. */
ICE_MUST_CHECK bool ice_outbox_list(struct ice_outbox *box, const char *path, enum ice_outbox_list_form form);

/* NULL for a damaged row whose texts are none. */
json_t *ice_outbox_list_row(const struct ice_outbox_row *row);

#endif
