/* outbox_salvage: the outbox's database open, whatever became of its file.
 *
 * When the file cannot be read any more, a new database is made beside it as PATH.new and filled with every batch that still proves
 * itself by its id; then the damaged one is renamed to the first free PATH.corrupt-N, its log with it, and PATH.new to PATH. Until
 * the first rename the damaged database is in its place; after it PATH.new is complete. So a crash at any point leaves either the
 * old state or a finished PATH.new, which the next start puts in its place. Nothing that holds a batch is ever deleted. */
#ifndef ICE_OUTBOX_SALVAGE_H
#define ICE_OUTBOX_SALVAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "ice/attr.h"

struct sqlite3;

/* NULL and a reason, or the database and "" or the story of its replacement. With `keep` nothing is replaced: damage is a reason. */
ICE_MUST_CHECK struct sqlite3 *ice_outbox_salvage_open(const char *path, bool keep, char *why, size_t why_size);

#endif
