/* outbox_file: gets the outbox's database open, or says in a person's words why not.
 *
 * Makes the file, locks it, looks whether it is ours, sound and of a version we know, and makes its tables. It changes nothing
 * in a file that it refuses or finds damaged. */
#ifndef ICE_OUTBOX_FILE_H
#define ICE_OUTBOX_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"

#define ICE_OUTBOX_PATH_MAX 4096

struct sqlite3;

/* A table that the first databases did not have. Its number grows with every row, so that the oldest is the first. `json` is the record
 * as it travelled. */
#define OUTBOX_FILE_BASES                                                                                              \
	" base (number INTEGER PRIMARY KEY, device TEXT NOT NULL UNIQUE, at INTEGER NOT NULL,"                         \
	" json TEXT NOT NULL) STRICT;"

/* Another such table (outbox_places.h). A device has one reading that counts, so its old place is looked for by it. */
#define OUTBOX_FILE_PLACES                                                                                             \
	" place (name TEXT PRIMARY KEY, device TEXT NOT NULL, read_at INTEGER NOT NULL, note TEXT NOT NULL,"           \
	" state TEXT NOT NULL) STRICT, WITHOUT ROWID;"
#define OUTBOX_FILE_PLACES_INDEX " place_device ON place (device);"

/* The states of a row of `batch`. */
enum outbox_state { OUTBOX_PENDING = 0, OUTBOX_SET_ASIDE = 1 };

enum outbox_file_verdict { OUTBOX_FILE_GOOD, OUTBOX_FILE_DAMAGED, OUTBOX_FILE_REFUSED };

/* Makes an empty private file where there is none. */
ICE_MUST_CHECK bool ice_outbox_file_make(const char *path, char *why, size_t why_size);

/* *db is set, locked and ready only when GOOD; `why` tells the rest. */
ICE_MUST_CHECK enum outbox_file_verdict ice_outbox_file_open(const char *path, struct sqlite3 **db, char *why,
                                                             size_t why_size);
void ice_outbox_file_close(struct sqlite3 *db);

/* What the database's last error means, in a person's words. */
enum outbox_file_verdict ice_outbox_file_error(struct sqlite3 *db, const char *path, char *why, size_t why_size);

/* Runs statements without results; asks for the one number a statement answers with. */
bool ice_outbox_file_run(struct sqlite3 *db, const char *sql);
ICE_MUST_CHECK bool ice_outbox_file_number(struct sqlite3 *db, const char *sql, int64_t *out);

/* Makes a rename or a new name in this path's folder outlive a power cut. */
void ice_outbox_file_sync_folder(const char *path);

#endif
