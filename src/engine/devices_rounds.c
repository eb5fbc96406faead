/* Whom the rounds ask, when, and how. */
#include "devices_row.h"

/* What the server was thought to have may be lost: a reading counts no more. */
static void devices_heed_losses(struct ice_devices *d)
{
	struct devices_row *row;
	uint64_t unread = d->options.outbox ? ice_outbox_unread_count(d->options.outbox) : 0;
	if (unread == d->unread)
		return;
	d->unread = unread;
	for (size_t leg = 0; leg < d->options.plan->count; leg++)
		for (row = TAILQ_FIRST(&d->legs[leg]); row; row = TAILQ_NEXT(row, in_leg))
			row->read_at = 0;
}

static bool devices_state_in_rounds(const struct devices_row *row)
{
	return row->state != ICE_DEVICE_MOVED && row->state != ICE_DEVICE_RETIRED;
}

void ice_devices_round(struct ice_devices *d, size_t leg)
{
	d->left[leg] = 0;
	for (size_t s = 0; s < ICE_DEVICE_STATES; s++)
		d->left[leg] += d->counts[leg][s];
}

static bool devices_before(int64_t asked, int64_t slot, int64_t wall)
{
	return slot > 0 && (asked < slot || asked > wall);
}

/* Is it due, and for what? */
static bool devices_row_due(const struct devices_row *row, const struct ice_devices_slots *slots, int64_t wall,
                            enum ice_devices_question *question)
{
	bool awake = row->state == ICE_DEVICE_NEW || row->state == ICE_DEVICE_NORMAL;
	if (!devices_state_in_rounds(row))
		return false;
	*question = ICE_DEVICES_INVENTORY;
	if (devices_before(row->inventoried_at, slots->inventory, wall))
		return true;
	*question = ICE_DEVICES_PULSE;
	return (awake || slots->inventory == 0) &&
	       devices_before(row->pulsed_at, row->error ? slots->error : slots->pulse, wall);
}

bool ice_devices_due(struct ice_devices *d, size_t leg, const struct ice_devices_slots *slots, int64_t wall,
                     struct ice_address *out, enum ice_devices_question *question)
{
	while (d->left[leg] > 0) {
		struct devices_row *row = TAILQ_FIRST(&d->legs[leg]);
		d->left[leg]--;
		if (!row)
			break;
		/* To the end: the first ones are those that this round has not looked at, whoever comes or goes meanwhile. */
		TAILQ_REMOVE(&d->legs[leg], row, in_leg);
		TAILQ_INSERT_TAIL(&d->legs[leg], row, in_leg);
		if (!devices_row_due(row, slots, wall, question))
			continue;
		row->pulsed_at = wall;
		if (*question == ICE_DEVICES_INVENTORY)
			row->inventoried_at = wall;
		*out = row->address;
		return true;
	}
	return false;
}

bool ice_devices_in_rounds(const struct ice_devices *d, const struct ice_address *address)
{
	const struct devices_row *row = devices_row_find(d, address);
	const ice_usec *intervals = row ? d->options.plan->legs[row->leg]->intervals : NULL;
	return row && devices_state_in_rounds(row) &&
	       (intervals[ICE_LANE_INVENTORY] > 0 || intervals[ICE_LANE_PULSE] > 0);
}

/* The most time between two readings in full: full_read, less up to a quarter of it by the address, so that those that were read together, as all
 * are at first, are not due together for ever after. */
static int64_t devices_full_read(const struct ice_devices *d, const struct devices_row *row)
{
	uint64_t own = row->address.lo * UINT64_C(0x9e3779b97f4a7c15) >> 48; /* neighbours lie far apart */
	return d->options.full_read - (d->options.full_read / 4 * (int64_t)own >> 16);
}

bool ice_devices_known(struct ice_devices *d, const struct ice_address *address, enum ice_devices_question question,
                       int64_t wall, struct ice_known_target *out)
{
	const struct devices_row *row = devices_row_find(d, address);
	devices_heed_losses(d);
	if (!row)
		return false;
	*out = (struct ice_known_target){.ask = ICE_KNOWN_CONTACT,
	                                 .version = (enum ice_snmp_version)row->version,
	                                 .credential = row->credential,
	                                 .rtt = row->rtt};
	devices_row_steady(row, &out->steady);
	const ice_usec *intervals = d->options.plan->legs[row->leg]->intervals;
	ice_usec next = intervals[ICE_LANE_INVENTORY] ? intervals[ICE_LANE_INVENTORY] : intervals[ICE_LANE_SWEEP];
	int64_t age = wall - row->read_at;
	if (question == ICE_DEVICES_PULSE)
		out->ask = ICE_KNOWN_PULSE;
	else if (row->read_at > 0 && age >= 0 && age + next / ICE_USEC_SEC(1) <= devices_full_read(d, row))
		out->ask = ICE_KNOWN_CHANGED;
	return true;
}
