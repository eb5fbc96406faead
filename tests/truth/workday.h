/* workday: what an engine sends in a day of an office, counted.
 *
 * Every printer is looked at in every pulse, and read when its state is another one; once an hour it is read when it has printed since.
 * The readings go through the outbox, as the engine's do: this is what it would send, to the byte, but for what curl and TLS put around
 * it, which is reckoned here (and can be compared with a real connection). */
#ifndef TESTS_TRUTH_WORKDAY_H
#define TESTS_TRUTH_WORKDAY_H

#include "ice/batch.h"
#include "ice/outbox.h"
#include "truth/office.h"

#define WORKDAY_BEGIN 1795305600 /* a midnight */
#define WORKDAY_HOURS 24
#define WORKDAY_PULSE 300
/* A round over a thousand printers takes some seconds, and a batch is closed after five: so many there are, at the least. */
#define WORKDAY_BATCHES 2

/* A TLS 1.3 record's header, inner type and tag; head and body of a request are records of their own. */
#define WORKDAY_RECORD 22
#define WORKDAY_TLS    16384
/* A client's hello, change of cipher and finished, where every batch has a connection of its own. */
#define WORKDAY_HELLO 700

struct workday_options {
	unsigned printers;
	int64_t base_age; /* of the outbox; 0 = every reading whole */
	bool busy;        /* every hour is as the busiest one, and the printers print three times as much */
};

struct workday {
	uint64_t readings, changes, batches;
	uint64_t raw, packed; /* bodies, before and after gzip */
	uint64_t heads, records, hellos;
	double per_device_hour; /* all that is sent, divided */
};

/* A batch as it leaves, with the records it was made of: JSON each. */
typedef void workday_batch_fn(const struct ice_outbox_batch *b, const struct ice_reading *const *readings, void *arg);

/* Bytes of a request's head as curl writes it. */
static size_t workday_head(const struct ice_outbox_batch *b)
{
	char head[1024];
	int n = snprintf(head, sizeof(head),
	                 "POST /v1/batches HTTP/1.1\r\nHost: facilities.example.com:8443\r\nUser-Agent: ice/0.1.0\r\n"
	                 "Accept: */*\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\n"
	                 "ICE-Site: headquarters\r\nICE-Batch: %s\r\nICE-Signature: %s\r\nContent-Length: %zu\r\n\r\n",
	                 b->id, b->id, b->packed_len);
	return (size_t)n;
}

/* Puts readings as one batch and takes it out again as if it was delivered. */
static void workday_send(struct workday *day, struct ice_outbox *o, const struct ice_reading *readings, size_t n,
                         workday_batch_fn *seen, void *arg)
{
	const struct ice_reading *list[ICE_BATCH_READINGS_MAX];
	struct ice_outbox_batch b;
	size_t taken = 0;
	for (size_t done = 0; done < n; done += taken) {
		size_t count = 0;
		for (; count < ICE_BATCH_READINGS_MAX && done + count < n; count++)
			list[count] = &readings[done + count];
		if (ice_outbox_put(o, list, count, &taken) != ICE_OUTBOX_OK || !ice_outbox_next(o, 0, &b))
			abort();
		day->readings += taken;
		for (const char *at = (const char *)b.body; (at = strstr(at, "{\"base\":")); at++)
			day->changes++;
		day->batches++;
		day->raw += b.len;
		day->packed += b.packed_len;
		day->heads += workday_head(&b);
		day->records += WORKDAY_RECORD * (2 + b.packed_len / WORKDAY_TLS);
		day->hellos += WORKDAY_HELLO;
		if (seen)
			seen(&b, list, arg);
		if (!ice_outbox_acknowledged(o, b.id))
			abort();
		ice_outbox_batch_free(&b);
	}
}

static struct ice_reading workday_read(struct office_printer *p, int64_t at)
{
	char device[ICE_RECORD_IDENTITY_SIZE];
	struct ice_reading r = {.at = at};
	p->record.read_at = (time_t)at;
	r.json = ice_record_to_json(&p->record, &r.len);
	r.device = strdup(ice_record_identity(&p->record, device));
	if (!r.device)
		abort();
	return r;
}

static struct workday workday_run(const struct office_models *models, const struct workday_options *options,
                                  workday_batch_fn *seen, void *arg)
{
	struct ice_outbox_options box = {.path = ":memory:", .site = "headquarters", .base_age = options->base_age};
	struct office_printer *printers = calloc(options->printers, sizeof(*printers));
	struct ice_reading *readings = calloc(options->printers, sizeof(*readings));
	bool *printed = calloc(options->printers, sizeof(*printed));
	struct workday day = {0};
	struct ice_random random;
	char why[256];
	struct ice_outbox *o = ice_outbox_open(&box, why, sizeof(why));
	if (!printers || !readings || !printed || !o)
		abort();
	ice_random_seed(&random, 1);
	for (unsigned i = 0; i < options->printers; i++) {
		office_begin(&printers[i], models, i, &random);
		printers[i].rate *= options->busy ? 3 : 1;
	}
	for (unsigned round = 0; round < WORKDAY_HOURS * 3600 / WORKDAY_PULSE; round++) {
		int64_t at = WORKDAY_BEGIN + (int64_t)round * WORKDAY_PULSE;
		bool hourly = at % 3600 == 0;
		size_t n = 0;
		for (unsigned i = 0; i < options->printers; i++) {
			unsigned hour = options->busy ? 9 : round * WORKDAY_PULSE / 3600;
			struct office_news news = office_work(&printers[i], WORKDAY_PULSE, hour, &random);
			printed[i] = printed[i] || news.printed;
			if (round > 0 && !news.state && !(hourly && printed[i]))
				continue;
			printed[i] = false;
			readings[n++] = workday_read(&printers[i], at + i / 100);
		}
		for (size_t part = 0, from = 0; part < WORKDAY_BATCHES; part++) {
			size_t to = n * (part + 1) / WORKDAY_BATCHES;
			workday_send(&day, o, readings + from, to - from, seen, arg);
			from = to;
		}
		for (size_t i = 0; i < n; i++)
			ice_reading_free(&readings[i]);
	}
	ice_outbox_close(o);
	free(printers);
	free(readings);
	free(printed);
	day.per_device_hour =
	        (double)(day.packed + day.heads + day.records + day.hellos) / options->printers / WORKDAY_HOURS;
	return day;
}

#endif
