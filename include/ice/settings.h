/* settings: what ice.ini says, checked.
 *
 * The tables in settings.c are the one list of options; config/ice.ini documents each with its default, and a test fails
 * when the two disagree. Relative paths in the file are taken from the file's own folder.
 *
 * Life: ice_settings_read -> const from then on -> ice_settings_free (wipes the communities). */
#ifndef ICE_SETTINGS_H
#define ICE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/clock.h"
#include "ice/conf.h"
#include "ice/hours.h"
#include "ice/log.h"
#include "ice/plan.h"
#include "ice/secret.h"
#include "ice/upload.h"

/* A path as written, with the line it stands on; "" when not given. */
struct ice_settings_path {
	char path[4096];
	unsigned line;
};

struct ice_settings_server {
	struct ice_settings_path enrolment;
	int http_off; /* 0 = sealed over HTTP when HTTPS cannot be reached, 1 = never */
	int64_t http_port;
	char pin[4 * 53];
	char proxy[300];
	struct ice_settings_path client_certificate, client_key, proxy_credentials;
	char *certificate_pem, *key_pem; /* what stands in those files; NULL = not given */
	struct ice_secret credentials;
};

struct ice_settings_state {
	struct ice_settings_path directory;
	int64_t outbox_size;
};

struct ice_settings_sweep {
	ice_usec interval; /* of the ranges that say nothing else (ice_leg.intervals); 0 = off */
	ice_usec
	        spread; /* a sweep that begins by the clock takes at least this long, or half of its interval if that is less */
	struct ice_hours hours; /* of sweeps: of the schedule's those that its own rows name, if it has any */
	unsigned hours_line;
	ice_usec timeout; /* 0 = learned */
	int64_t retries, window, conversations, subnet_cap, port;
	uint64_t rate; /* datagrams per second; 0 = no limit */
	bool v1, v2c;
};

struct ice_settings_inventory {
	ice_usec interval;
	ice_usec full_read; /* 0 = every inventory */
};

struct ice_settings_pulse {
	ice_usec interval, error_interval;
};

struct ice_settings_schedule {
	struct ice_hours
	        hours; /* when anything is asked at all: the windows (always, if there are none) but for the blackouts */
	struct ice_hours blackouts;
	unsigned window_line, blackout_line; /* the last such row's; 0 = there is none */
	ice_usec missing_after, retired_after;
};

struct ice_settings_privacy {
	int alert_text;     /* 0 none, 1 device */
	int name, location; /* 0 deliver, 1 withhold */
};

struct ice_settings_log {
	int level; /* enum ice_log_level */
};

struct ice_settings_status {
	struct ice_settings_path prometheus;
};

struct ice_settings_profiles {
	struct ice_settings_path directory;
};

struct ice_settings_range; /* the rows of one [range NAME], until they are made a leg */

struct ice_settings {
	char *file;
	struct ice_settings_server server;
	struct ice_settings_state state;
	struct ice_settings_sweep sweep;
	struct ice_settings_inventory inventory;
	struct ice_settings_pulse pulse;
	struct ice_settings_schedule schedule;
	struct ice_settings_privacy privacy;
	struct ice_settings_log log;
	struct ice_settings_status status;
	struct ice_settings_profiles profiles;
	struct ice_settings_range *ranges;
	size_t range_count;
	struct ice_plan plan; /* one leg per [range NAME], in the file's order, sealed */
};

/* Reads the file and all it points to but the enrolment, and finds every mistake in them. False when there was one; *out must be
 * freed in either case. */
ICE_MUST_CHECK bool ice_settings_read(const char *file, struct ice_settings *out, struct ice_conf_mistakes *mistakes);
void ice_settings_free(struct ice_settings *s);

/* The same, as if the private file at `path` (communities, proxy credentials; as the settings write its path) were already replaced by the
 * one at `instead`. */
ICE_MUST_CHECK bool ice_settings_read_as(const char *file, const char *path, const char *instead,
                                         struct ice_settings *out, struct ice_conf_mistakes *mistakes);

/* Every file that takes part: the configuration itself, and what it points to. */
typedef void ice_settings_file_fn(const char *path, void *arg);
void ice_settings_files(const struct ice_settings *s, ice_settings_file_fn *each, void *arg);

/* settings_server.c: the rows of [server], what only shows when all of them are there, and what they mean for an upload (NULL: the
 * defaults; what it points to belongs to the settings). */
extern const struct ice_conf_option ice_settings_server_options[];
void ice_settings_server_finish(struct ice_settings_server *s, const char *file, struct ice_conf_mistakes *m);
void ice_settings_server_free(struct ice_settings_server *s);
void ice_settings_server_apply(const struct ice_settings_server *s, struct ice_upload_options *out);

/* A path given in a file means what it means beside that file. */
void ice_settings_take_path(const struct ice_conf_where *where, const char *value, struct ice_settings_path *out);

/* "gentle" (1,000/s), "normal" (10,000/s), "max" (no limit: 0), or a number of datagrams per second. */
ICE_MUST_CHECK bool ice_settings_rate(const char *text, uint64_t *out);
void ice_settings_take_rate(const struct ice_conf_where *where, const char *value, uint64_t *out);
#define ICE_SETTINGS_RATE_RIGHT  "gentle, normal, max, or datagrams per second, 1 to 10000000"
#define ICE_SETTINGS_RATE_GENTLE 1000
#define ICE_SETTINGS_RATE_NORMAL 10000

/* The rows of every section, for the test that holds the sample file against them. Ends with name == NULL. */
struct ice_settings_section {
	const char *name;
	const struct ice_conf_option *options;
};
const struct ice_settings_section *ice_settings_sections(void);

#endif
