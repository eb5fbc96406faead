/* status: the service as it is, for whoever looks: `ice status`, the configuration window, a monitoring.
 *
 * The service fills a struct ice_status and writes it to status.json in its state folder: at every change of state, every two seconds while it
 * is at work, and at least every ICE_STATUS_EVERY; always whole (publish.h). The file is one JSON object. Times are Unix seconds, UTC, and left out where
 * there is none; more members may come.
 *
 *   schema          1
 *   version pid     of the program; its process
 *   written_at started_at
 *   site server     of the enrolment
 *   healthy         false: somebody should look; then `problems` tells why, each with `what` and, where there is something to do, `do`
 *   doing           one line for people
 *   configuration   file, read_at; and of a reload that was refused since: refused_at, mistakes (lines "file:line: option: ...")
 *   ranges          [{name, addresses,
 *                     sweep:    {going, began_at, ended_at, done, found, rate}: the present or last one; `done` addresses of
 *                               `addresses`, `found` printers that were not known, `rate` addresses a second
 *                     printers: {new, normal, asleep, missing, moved, retired}: how many are known (devices.h)
 *                     next:     {sweep, inventory, pulse}: when each lane starts next}]
 *   outbox          batches, readings, bytes: what waits; max_bytes; set_aside, set_aside_bytes: what the server refused; full: no more is
 *                   taken, so devices are not asked
 *   upload          acknowledged, rejected, failures (batches, since the start), stuck (batches that fail while others are
 *                   delivered, now), readings, bytes_sent, switches, way ("https" or "http, sealed"), last_acknowledged_at; while it fails: error, next_attempt_at
 *   network         since the start: sent, replies, kernel_drops, send_errors; strays: {reason: datagrams that were not believed}
 *   slowest         [{ip, range, rtt_ms}]: at most twenty, the slowest first
 *   troubles        [{at, level, what, do, times, solved}]: the last warnings and errors, the latest first; `what` is a line of the log; of one that
 *                   is seen to be over `solved` is true, and there is nothing to do
 *   requests        [{id, what, range, at, result}]: what was asked for of late (request.h), the latest first */
#ifndef ICE_STATUS_H
#define ICE_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "ice/attr.h"
#include "ice/conf.h"
#include "ice/outbox.h"
#include "ice/plan.h"
#include "ice/upload.h"

#include "engine/devices.h"
#include "engine/figures.h"
#include "engine/slowest.h"

#include "request.h"
#include "troubles.h"

#define ICE_STATUS_FILE     "status.json"
#define ICE_STATUS_EVERY    15 /* seconds: it is written anew at least so often, whatever there is to tell */
#define ICE_STATUS_REQUESTS ICE_REQUESTS_AT_ONCE

/* Times are wall seconds; 0 = none, never or not known. What is lent lives as long as the status is looked at. */
struct ice_status_range {
	const char *name;
	uint64_t addresses;
	struct {
		int64_t began, ended;
		uint64_t done, found;
		double rate;
	} sweep;
	size_t printers[ICE_DEVICE_STATES];
	int64_t next[ICE_LANES]; /* ICE_LANE_ERROR is the pulse's */
};

struct ice_status_request {
	struct ice_request request;
	int64_t at;
	const char *result;
};

struct ice_status {
	int64_t written, started;
	const char *version, *site, *server;
	const char *doing; /* NULL: what the figures say */
	const char *config;
	int64_t config_read, config_refused;
	const struct ice_conf_mistakes *mistakes; /* of the refused one */
	struct ice_status_range *ranges;
	size_t range_count;
	struct ice_outbox_depth depth;
	int64_t outbox_max;
	bool outbox_full;
	bool rounding; /* the known printers are being asked */
	struct ice_upload_counters upload;
	int64_t acknowledged, next_attempt;
	struct ice_figures figures;
	struct ice_slowest slowest;
	const struct ice_troubles *troubles;
	const struct ice_status_request *requests; /* the latest first */
	size_t request_count;
};

/* The object. Never NULL. */
json_t *ice_status_json(const struct ice_status *s);

/* One line: what it is doing just now. */
void ice_status_doing(const struct ice_status *s, char *out, size_t size);

/* What keeps it from being healthy, one after the other. */
typedef void ice_status_problem_fn(const char *what, const char *todo, void *arg);
void ice_status_problems(const struct ice_status *s, ice_status_problem_fn *each, void *arg);

#endif
