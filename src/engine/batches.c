#include "batches.h"

#include <stdlib.h>
#include <string.h>

#include "ice/log.h"
#include "ice/queue.h"

/* Readings held or promised. A conversation reserves before it starts, so this also bounds the printers read at once. */
#define BATCHES_QUEUE 4096
/* A batch is closed when it is full, or when its oldest reading has waited this long. */
#define BATCHES_AGE ICE_USEC_SEC(5)
/* How soon an outbox that refused is asked again. */
#define BATCHES_AGAIN ICE_USEC_SEC(5)

struct ice_batches {
	struct ice_outbox *outbox;
	struct ice_upload *upload;
	const struct ice_devices *devices;
	struct ice_queue *queue;
	bool refused;    /* told once per time it happens */
	ice_usec again;  /* the outbox is not to be asked before */
	ice_usec oldest; /* when the oldest queued reading came */
	uint64_t kept;
};

struct ice_batches *ice_batches_new(struct ice_outbox *outbox, struct ice_upload *upload,
                                    const struct ice_devices *devices)
{
	struct ice_batches *b = calloc(1, sizeof *b);
	if (!b)
		abort();
	b->outbox = outbox;
	b->upload = upload;
	b->devices = devices;
	b->queue = ice_queue_new(BATCHES_QUEUE);
	return b;
}

void ice_batches_free(struct ice_batches *b)
{
	if (!b)
		return;
	ice_queue_free(b->queue);
	free(b);
}

bool ice_batches_reserve(struct ice_batches *b)
{
	return !b->outbox || ice_queue_reserve(b->queue);
}

void ice_batches_release(struct ice_batches *b)
{
	if (b->outbox)
		ice_queue_release(b->queue);
}

void ice_batches_keep(struct ice_batches *b, const struct ice_finding *finding, ice_usec now)
{
	char device[ICE_RECORD_IDENTITY_SIZE];
	const struct ice_record *record = finding->record;
	if (!b->outbox || finding->outcome != ICE_OUTCOME_PRINTER || !record)
		return;
	struct ice_reading r = {.at = record->read_at};
	if (b->devices)
		ice_devices_reading(b->devices, &finding->address, &r);
	r.json = ice_record_to_json(record, &r.len);
	r.device = strdup(ice_record_identity(record, device));
	if (!r.json || !r.device)
		abort();
	if (ice_queue_count(b->queue) == 0)
		b->oldest = now;
	ice_queue_put(b->queue, &r);
	b->kept++;
}

/* Commits the oldest readings as one batch. False when the outbox takes no more for now. */
static bool batches_commit(struct ice_batches *b, ice_usec now)
{
	const struct ice_reading *readings[ICE_BATCH_READINGS_MAX];
	size_t taken = 0;
	size_t n = ice_queue_peek(b->queue, readings, ICE_BATCH_READINGS_MAX, ICE_BATCH_BYTES_MAX * 7 / 8);
	if (n == 0)
		return true;
	enum ice_outbox_result result = ice_outbox_put(b->outbox, readings, n, &taken);
	if (result == ICE_OUTBOX_OK && taken > 0) {
		ice_queue_drop(b->queue, taken);
		if (b->refused)
			ice_log_write(ICE_LOG_INFO, "outbox takes readings again", NULL);
		b->refused = false;
		b->oldest = now;
		if (b->upload)
			ice_upload_work(b->upload, now);
		return true;
	}
	if (result == ICE_OUTBOX_UNFIT) {
		ICE_LOG(ICE_LOG_ERROR, "a reading fits in no batch and is given up",
		        ice_field_str("device", readings[0]->device),
		        ice_field_int("bytes", (int64_t)readings[0]->len));
		ice_queue_drop(b->queue, 1);
		return true;
	}
	if (!b->refused)
		ICE_LOG(ICE_LOG_ERROR,
		        result == ICE_OUTBOX_FULL ? "outbox is full, sweeping waits" : "outbox refuses, sweeping waits",
		        ice_field_str("reason", ice_outbox_error(b->outbox)),
		        ice_field_int("readings_waiting", (int64_t)ice_queue_count(b->queue)));
	b->refused = true;
	b->again = now + BATCHES_AGAIN;
	return false;
}

static bool batches_full(const struct ice_batches *b)
{
	return ice_queue_count(b->queue) >= ICE_BATCH_READINGS_MAX ||
	       ice_queue_bytes(b->queue) >= ICE_BATCH_BYTES_MAX / 2;
}

static bool batches_due(const struct ice_batches *b, ice_usec now, bool more)
{
	if (ice_queue_count(b->queue) == 0 || now < b->again)
		return false;
	return batches_full(b) || !more || now - b->oldest >= BATCHES_AGE;
}

bool ice_batches_close(struct ice_batches *b, ice_usec now, bool more)
{
	return batches_due(b, now, more) && (ice_outbox_tidy(b->outbox) || batches_commit(b, now));
}

size_t ice_batches_flush(struct ice_batches *b, ice_usec now)
{
	while (ice_queue_count(b->queue) > 0 && batches_commit(b, now))
		continue;
	return ice_queue_count(b->queue);
}

ice_usec ice_batches_next(const struct ice_batches *b, ice_usec now, bool more)
{
	if (ice_queue_count(b->queue) == 0)
		return ICE_USEC_NEVER;
	ice_usec due = batches_full(b) || !more ? now : b->oldest + BATCHES_AGE;
	return due < b->again ? b->again : due;
}

size_t ice_batches_waiting(const struct ice_batches *b)
{
	return ice_queue_count(b->queue);
}

uint64_t ice_batches_kept(const struct ice_batches *b)
{
	return b->kept;
}

bool ice_batches_refused(const struct ice_batches *b)
{
	return b->refused;
}
