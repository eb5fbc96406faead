/* tls: the server's side of TLS, from a certificate that was given or from the server's own authority.
 *
 * TLS 1.2 and 1.3, ephemeral key exchange and authenticated ciphers only, no compression, no renegotiation, no session
 * tickets. A certificate that changed on the disk is taken for new connections; while it cannot be loaded the one in use stays. */
#ifndef FM_TLS_H
#define FM_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/attr.h"

struct ssl_ctx_st;
struct fm_tls;

struct fm_tls_options {
	const char *folder;            /* of the own authority */
	const char *certificate, *key; /* files in PEM; "" = own authority */
	const char *const *names;      /* for the own certificate */
	size_t name_count;
};

/* Options are lent for the object's life. NULL with a reason. */
ICE_MUST_CHECK struct fm_tls *fm_tls_new(const struct fm_tls_options *options, int64_t now, char *why, size_t why_size);
void fm_tls_free(struct fm_tls *t);

/* Renews the own certificate when it is time, loads again what changed (or everything: `force`). *changed: new connections
 * will see another certificate. False with a reason; the old one stays in use. */
ICE_MUST_CHECK bool fm_tls_refresh(struct fm_tls *t, int64_t now, bool force, bool *changed, char *why,
                                   size_t why_size);

/* For the next connection. Not to be kept: a connection takes its own reference. */
struct ssl_ctx_st *fm_tls_context(const struct fm_tls *t);

#endif
