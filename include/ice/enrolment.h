/* enrolment: the one line by which a server takes in a site.
 *
 * `facilities-manager site add` prints it, the engine takes it: "ice-enrol-1." and base64url of a JSON object with server (URL),
 * site, key (hex) and, where the server has its own certificate authority, ca (PEM). It holds the site key: it is a
 * secret, kept in a file of mode 0600. */
#ifndef ICE_ENROLMENT_H
#define ICE_ENROLMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "ice/attr.h"
#include "ice/batch.h"
#include "ice/secret.h"

#define ICE_ENROLMENT_URL_MAX  512
#define ICE_ENROLMENT_PEM_MAX  8192
#define ICE_ENROLMENT_LINE_MAX 24576 /* both certificates at their longest */
#define ICE_ENROLMENT_KEY_SIZE 32

struct ice_enrolment {
	char server[ICE_ENROLMENT_URL_MAX]; /* https://host[:port], no path */
	char site[ICE_BATCH_SITE_MAX + 1];
	struct ice_secret key;            /* 32 bytes */
	char ca[ICE_ENROLMENT_PEM_MAX];   /* PEM, "" = the system's authorities */
	char seal[ICE_ENROLMENT_PEM_MAX]; /* sealing certificate, PEM, "" = none */
};

/* https://host[:port] and nothing else: a name, an IPv4 address, or an IPv6 address in brackets. `why` tells a person what is wrong. */
ICE_MUST_CHECK bool ice_enrolment_server_valid(const char *server, char *why, size_t why_size);

/* Strict: every member checked, unknown members ignored; blanks and line ends around the line are not part of it. *out is wiped on
 * failure. */
ICE_MUST_CHECK bool ice_enrolment_parse(const char *line, struct ice_enrolment *out, char *why, size_t why_size);
ICE_MUST_CHECK bool ice_enrolment_read(const char *path, struct ice_enrolment *out, char *why, size_t why_size);

/* malloc'd, without a line end; free with ice_secret_free_text. NULL when ice_enrolment_parse would not take it. */
ICE_MUST_CHECK char *ice_enrolment_format(const struct ice_enrolment *e);
void ice_enrolment_wipe(struct ice_enrolment *e);

#endif
