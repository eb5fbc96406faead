/* store: where the server keeps sites, batches, devices and readings.
 *
 * A store is one .c with a const struct of functions. It promises: put() is one durable transaction (all of a batch or nothing,
 * on the disk before it returns OK), the same batch of a site twice has the effect of once, and one site's
 * devices are out of another's reach.
 *
 * Life: driver->open -> store->driver->... -> store->driver->close. One thread. Other processes may open the same store. */
#ifndef FM_STORE_H
#define FM_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/batch.h"
#include "ice/secret.h"
#include "reading.h"

enum fm_store_result {
	FM_STORE_OK,
	FM_STORE_NONE,   /* no such site, no such value */
	FM_STORE_EXISTS, /* this site name is taken; this batch is here already */
	FM_STORE_LATER,  /* locked, full or out of reach just now: nothing was changed, try again */
	FM_STORE_UNFIT,  /* a reading in it can never be stored: fm_store_error says why; nothing was changed */
	FM_STORE_FAILED  /* it refused: fm_store_error says what; nothing was changed */
};

#define FM_STORE_KEY_BYTES 32

struct fm_site {
	char name[ICE_BATCH_SITE_MAX + 1];
	struct ice_secret key;
	int64_t created_at, revoked_at; /* wall seconds; revoked_at 0 = in force */
};

/* What `site list` shows. */
struct fm_site_summary {
	const char *name;
	int64_t created_at, revoked_at;
	int64_t last_batch_at; /* 0 = never */
	int64_t batches, readings, devices;
	int64_t last_sequence;
	int64_t missing; /* sequence numbers below the last that never came */
	int64_t waiting; /* changes whose base never came, or that do not fit it */
};
typedef void fm_store_site_fn(const struct fm_site_summary *site, void *arg);

struct fm_batch {
	char site[ICE_BATCH_SITE_MAX + 1];
	char id[ICE_BATCH_ID_SIZE];
	int64_t sequence;
	size_t count;
	struct fm_reading *readings;
};

/* What became of changes (ice/change.h). */
struct fm_store_tally {
	size_t waiting; /* kept until their base comes */
	size_t mended;  /* had waited, and are readings now */
	size_t unfit;   /* had waited, and do not fit what came; kept */
};

/* A device as it is known now. Views live until the callback returns. */
struct fm_device {
	const char *site, *identity, *ip;
	const char *json; /* its latest record */
	size_t len;
	int64_t first_seen, last_seen;
};
typedef void fm_store_device_fn(const struct fm_device *device, void *arg);

struct fm_store {
	const struct fm_store_driver *driver;
};

struct fm_store_driver {
	const char *name;

	/* Opens or makes the store in a folder. wait_ms: how long a call may wait for another process. NULL with a reason. */
	struct fm_store *(*open)(const char *folder, int wait_ms, char *why, size_t why_size);
	void (*close)(struct fm_store *s);

	/* A new site, or a new key for one that was revoked. EXISTS when it is in force. */
	enum fm_store_result (*site_add)(struct fm_store *s, const char *name, const struct ice_secret *key,
	                                 int64_t now);
	enum fm_store_result (*site_get)(struct fm_store *s, const char *name, struct fm_site *out);
	enum fm_store_result (*site_revoke)(struct fm_store *s, const char *name, int64_t now);
	enum fm_store_result (*site_each)(struct fm_store *s, fm_store_site_fn *each, void *arg); /* by name */

	/* EXISTS when this site sent this batch before. The site must exist and be in force: the check is part of the
	 * transaction, so that nothing comes in behind a revocation. `now` bounds what the engine's clock claims. Changes become records
	 * by their bases, which may stand in the same batch before them; without base a change is kept and waits. UNFIT when one
	 * has its base and does not fit it. Behind the commit, changes that waited for what came become readings: a bounded number,
	 * in a transaction of their own; what it leaves, and what a crash left, the next put does. */
	enum fm_store_result (*put)(struct fm_store *s, const struct fm_batch *batch, int64_t now,
	                            struct fm_store_tally *tally);
	/* Looks at a bounded number of the oldest readings that it has not looked at in this pass, and forgets those that came before `before`
	 * (wall seconds). OK: there may be more, call again; NONE: the pass is over, the next call begins another. What a device is known by stays, and so does
	 * its last reading that travelled whole, which changes yet to come may rest on; batches stay, so that an old one that comes again is
	 * known. */
	enum fm_store_result (*forget)(struct fm_store *s, int64_t before, uint64_t *forgotten);
	/* The devices of one site, or of all (NULL), in the order of site and identity. */
	enum fm_store_result (*device_each)(struct fm_store *s, const char *site, fm_store_device_fn *each, void *arg);

	/* Small values of the server's own. get: malloc'd. */
	enum fm_store_result (*value_set)(struct fm_store *s, const char *key, const char *value);
	char *(*value_get)(struct fm_store *s, const char *key);

	void (*idle)(struct fm_store *s); /* when there is time for it: a checkpoint costs some 10 ms */
	const char *(*error)(const struct fm_store *s);
};

extern const struct fm_store_driver fm_store_sqlite;

#endif
