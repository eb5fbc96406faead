/* log: one line per event, a constant message and key=value fields, to standard error.
 *
 *   ICE_LOG(ICE_LOG_WARN, "upload refused", ice_field_str("site", site), ice_field_int("status", 403));
 *   -> 2026-11-22T09:41:00Z warn upload refused site=hq status=403
 *
 * Levels are audiences: error = someone must act, warn = someone should look, info = the story of a
 * run, debug = the story of a target. Field values may come from strangers: they are quoted when
 * they hold anything but plain characters, and control and non-ASCII bytes are escaped, so that a
 * device cannot forge a line. A secret is never a field. Whatever a stranger can trigger goes
 * through a throttle. Under systemd (JOURNAL_STREAM names the descriptor written to) the time is
 * left to the journal and a syslog priority prefix "<4>" is written. A value is cut after 512 bytes, a
 * line after 4096: "..." tells. Each line is one write; one that fails is lost, and nothing else. */
#ifndef ICE_LOG_H
#define ICE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/clock.h"

enum ice_log_level { ICE_LOG_ERROR, ICE_LOG_WARN, ICE_LOG_INFO, ICE_LOG_DEBUG };

struct ice_log_field {
	const char *key; /* NULL ends the list */
	const char *str; /* the value, or NULL for num */
	int64_t num;
};

static inline struct ice_log_field ice_field_str(const char *key, const char *str)
{
	return (struct ice_log_field){key, str ? str : "-", 0};
}

static inline struct ice_log_field ice_field_int(const char *key, int64_t num)
{
	return (struct ice_log_field){key, 0, num};
}

/* Lines above `level` are not written. The start level is INFO. */
void ice_log_set_level(enum ice_log_level level);
bool ice_log_level_parse(const char *name, enum ice_log_level *out);

/* Where lines go: a file descriptor, 2 unless told. */
void ice_log_set_fd(int fd);

/* Somebody who is told of every line of level WARN or worse, written or not: `message` as it was given, `words` with its fields, as
 * it stands in the log, without time, level and line end. Must not log. NULL = nobody, as at the start. */
typedef void ice_log_listener_fn(enum ice_log_level level, const char *message, const char *words, void *arg);
void ice_log_listen(ice_log_listener_fn *listener, void *arg);

void ice_log_write(enum ice_log_level level, const char *message, const struct ice_log_field *fields);

/* At least one field; a line without any is ice_log_write(level, message, NULL). */
#define ICE_LOG(level, message, ...)                                                                                   \
	ice_log_write((level), (message), (const struct ice_log_field[]){__VA_ARGS__, {0, 0, 0}})

/* At most `burst` lines per `interval`, which begins with the first of them; what was swallowed is told with the next line that passes,
 * as a field the caller adds: suppressed=N. One per kind of event, kept by the caller, zeroed. */
struct ice_log_throttle {
	ice_usec since;
	uint32_t passed;
	uint32_t swallowed;
};

/* True when a line may be written now; *suppressed is then the number swallowed since the last. */
bool ice_log_pass(struct ice_log_throttle *t, ice_usec now, uint32_t burst, ice_usec interval, uint32_t *suppressed);

#endif
