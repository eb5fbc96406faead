/* devices: every printer that is known, of all ranges: where it is, how it is asked, when it was last read, how it is doing.
 *
 * Who is asked when is said here; who asks is the lanes' affair. A printer is a row, at most ICE_DEVICES of them, under its address;
 * its range is the first of the plan that holds the address (so a range can be renamed, or cut in two, and nothing is forgotten).
 *
 * States:
 *   new      found, and answering, for less than a day
 *   normal   answers
 *   asleep   did not answer ICE_DEVICES_MISSES times in a row, and has been silent for less than missing_after
 *   missing  silent for missing_after or more
 *   retired  silent for retired_after or more: the rounds ask it no more, the sweep does
 *   moved    who it is (serial number or MAC) was read at another address since, which answers: left to the sweep as well
 * Whoever answers, as itself, is new or normal again at once; but a moved one only when the other address has fallen asleep, so that
 * a printer with two addresses keeps to one. Silence is counted in time during which the engine was there to notice it: from one event to
 * the next unanswered question, ICE_DEVICES_SILENCE at most for each; so neither an engine that was off for a month nor a
 * clock that steps by years makes a printer missing. Somebody else who answers at a known address (another identity) is a new printer
 * there; an answer that is no printer's is the printer's silence. Retired ones are forgotten after ICE_DEVICES_FORGET of silence,
 * moved ones after retired_after, both when there is no room for a new one.
 *
 * Kept in the outbox's database. What is claimed of a reading (whose it was, when, its page count, what the steady question must bring) is
 * committed with the reading itself (ice_devices_reading), never before; the rest by ice_devices_save, in transactions of
 * its own, once a round. A database that is damaged or lost means that the sweep finds every printer again.
 *
 * Life: ice_devices_new (loads) -> heard, due, known, reading, save -> ice_devices_free (saves nothing). */
#ifndef ICE_DEVICES_H
#define ICE_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/address.h"
#include "ice/attr.h"
#include "ice/outbox.h"
#include "ice/plan.h"
#include "ice/scanner.h"
#include "ice/steady.h"

#define ICE_DEVICES         131072            /* printers known at once, 256 bytes each at most */
#define ICE_DEVICES_MISSES  2                 /* silences in a row that mean sleep: one alone may be a lost datagram */
#define ICE_DEVICES_NEW     (24 * 3600)       /* seconds */
#define ICE_DEVICES_SILENCE (24 * 3600)       /* most that one unanswered question adds to the silence */
#define ICE_DEVICES_FORGET  (365 * 24 * 3600) /* of silence, when retired */
#define ICE_DEVICES_SAVE    1024              /* most rows of one transaction: it must not take long */

struct ice_devices;

enum ice_device_state {
	ICE_DEVICE_NEW,
	ICE_DEVICE_NORMAL,
	ICE_DEVICE_ASLEEP,
	ICE_DEVICE_MISSING,
	ICE_DEVICE_MOVED,
	ICE_DEVICE_RETIRED,
	ICE_DEVICE_STATES
};
const char *ice_device_state_name(enum ice_device_state s); /* "new", "normal", ... */

/* What is known of one, for whoever looks. Times are wall seconds, 0 = never. */
struct ice_device {
	struct ice_address address;
	size_t leg; /* of the plan */
	enum ice_device_state state;
	bool error;        /* its last reading told of an error or an alert that wants somebody */
	bool steady;       /* can be asked the steady question */
	uint64_t identity; /* a hash of who it is; 0 = it has no identity but its address */
	int64_t first_seen, last_seen, read_at;
	int64_t silent; /* seconds of silence counted */
	int64_t pages;  /* its total when it was last read; -1 = none */
	enum ice_snmp_version
	        version; /* of its last good answer, as is the credential: its number among the range's communities */
	uint16_t credential;
	ice_usec rtt; /* smoothed over its answers; 0 = not known yet */
};

struct ice_devices_options {
	const struct ice_plan *plan;                     /* lent */
	struct ice_outbox *outbox;                       /* lent; NULL = nothing is loaded or saved */
	int64_t missing_after, retired_after, full_read; /* seconds; full_read 0 = every inventory reads all in full */
	/* A printer has come into another state than `from`; may be NULL. One that was not known comes from ICE_DEVICE_STATES, one that is
	 * forgotten goes there. It must not change the devices. */
	void (*changed)(const struct ice_device *d, enum ice_device_state from, void *arg);
	void *arg;
};

/* Never NULL. */
struct ice_devices *ice_devices_new(const struct ice_devices_options *options, int64_t wall);
void ice_devices_free(struct ice_devices *d);

/* ---- what happened ---- */

/* An address of this leg was asked, and this came of it, silence included. Of a printer that was read, marks in the record how its page
 * count stands to that of the reading before (ice_record_since): so before it is written. */
void ice_devices_heard(struct ice_devices *d, size_t leg, const struct ice_finding *finding, int64_t wall);

/* What goes with the reading into the outbox: fills place, note and state of *r (malloc'd) for the printer at this address, which was just
 * heard. Of one that is not known (there was no room): nothing. */
void ice_devices_reading(const struct ice_devices *d, const struct ice_address *address, struct ice_reading *r);

/* Commits what else has changed, ICE_DEVICES_SAVE rows at most. False when the outbox refused: it is kept for the next time. */
ICE_MUST_CHECK bool ice_devices_save(struct ice_devices *d, int64_t wall);
size_t ice_devices_unsaved(const struct ice_devices *d); /* rows that have changed */

/* ---- whom to ask ---- */

/* The grids' last times (ice_schedule_slot) of one leg's rounds; 0 = that lane is off. */
struct ice_devices_slots {
	int64_t inventory, pulse, error;
};

enum ice_devices_question {
	ICE_DEVICES_PULSE,    /* a change of page counts alone can wait */
	ICE_DEVICES_INVENTORY /* whatever changed is read */
};

/* Begins a round through the printers of one leg: each of those that are there now is looked at once by ice_devices_due. Another
 * round of the same leg takes this one's place. */
void ice_devices_round(struct ice_devices *d, size_t leg);

/* The next that is due, and it counts as asked from then on; false when the round is through. Due for the inventory: new, normal, asleep
 * and missing ones that were not asked for it since its slot. Due for the pulse: new and normal ones that were asked nothing since the pulse's
 * slot, or the error's slot while in error (asleep and missing ones too, where there is no inventory). A time in the
 * future (the clock was set back) counts as never. */
ICE_MUST_CHECK bool ice_devices_due(struct ice_devices *d, size_t leg, const struct ice_devices_slots *slots,
                                    int64_t wall, struct ice_address *out, enum ice_devices_question *question);

/* Does a round ask this address, so that the sweep passes over it? True for new, normal, asleep and missing ones. */
ICE_MUST_CHECK bool ice_devices_in_rounds(const struct ice_devices *d, const struct ice_address *address);

/* How a known printer is asked. For the pulse, how it is doing; for the inventory and the sweep, whether it has changed, or, when full_read
 * (each printer's own: up to a quarter less, so that they spread) will be over before the next inventory, or what was read of it may be lost,
 * everything. False: it is not known. */
ICE_MUST_CHECK bool ice_devices_known(struct ice_devices *d, const struct ice_address *address,
                                      enum ice_devices_question question, int64_t wall, struct ice_known_target *out);

/* ---- looking ---- */

ICE_MUST_CHECK bool ice_devices_find(const struct ice_devices *d, const struct ice_address *address,
                                     struct ice_device *out);
size_t ice_devices_count(const struct ice_devices *d, size_t leg, enum ice_device_state state);
typedef void ice_devices_fn(const struct ice_device *d, void *arg);
/* Every printer of a leg; the callback must not change the devices. */
void ice_devices_each(const struct ice_devices *d, size_t leg, ice_devices_fn *each, void *arg);

#endif
