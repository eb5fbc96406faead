/* settings: what the operator chose for the server, from the configuration file and the command line.
 *
 * The tables in settings.c are the only list of options: the sample config/facilities-manager.ini is tested against them. */
#ifndef FM_SETTINGS_H
#define FM_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "ice/attr.h"
#include "ice/conf.h"
#include "ice/log.h"

#define FM_SETTINGS_LISTEN_MAX 8
#define FM_SETTINGS_NAMES_MAX  16

struct fm_settings {
	char *data; /* folder */
	char *listen[FM_SETTINGS_LISTEN_MAX];
	char *listen_http[FM_SETTINGS_LISTEN_MAX]; /* for sealed batches alone */
	char *names[FM_SETTINGS_NAMES_MAX];
	unsigned listen_count, listen_http_count, name_count;
	char *url;                    /* "" = made of the first name and the port */
	char *certificate, *key, *ca; /* "" = own authority */
	int log_level;                /* enum ice_log_level */
	int64_t connections, connections_per_address, buffered;
	ice_usec deadline;
	ice_usec history; /* how long readings are kept; 0 = for ever */
};

extern const struct ice_conf_option fm_settings_server[], fm_settings_limits[];

/* Reads a file; NULL = the defaults. False when there were mistakes; free in any case. */
ICE_MUST_CHECK bool fm_settings_read(struct fm_settings *s, const char *path, struct ice_conf_mistakes *mistakes);

/* What only shows when all is known. */
void fm_settings_check(const struct fm_settings *s, const char *file, struct ice_conf_mistakes *mistakes);
void fm_settings_free(struct fm_settings *s);

/* The command line's values replace the file's. False with a reason. */
ICE_MUST_CHECK bool fm_settings_add_listen(struct fm_settings *s, const char *value, char *why, size_t why_size);
ICE_MUST_CHECK bool fm_settings_add_listen_http(struct fm_settings *s, const char *value, char *why, size_t why_size);
ICE_MUST_CHECK bool fm_settings_add_name(struct fm_settings *s, const char *value, char *why, size_t why_size);
void fm_settings_clear_listen(struct fm_settings *s);
void fm_settings_clear_listen_http(struct fm_settings *s);
void fm_settings_clear_names(struct fm_settings *s);
void fm_settings_set(char **member, const char *value);

/* "ADDR:PORT", "[ADDR]:PORT"; a port of 0 is allowed: the system chooses. `host` without brackets. */
struct ice_address;
ICE_MUST_CHECK bool fm_settings_endpoint(const char *text, struct ice_address *address, uint16_t *port);

#endif
