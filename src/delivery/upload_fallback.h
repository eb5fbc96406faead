/* upload_fallback: when a batch may go sealed over HTTP (README "The wire").
 *
 * Only when TCP to the HTTPS port could not be established, at several tries, over minutes; whoever answers on that port, be it with a
 * wrong certificate or with silence, ends it, and the count begins anew. */
#ifndef ICE_UPLOAD_FALLBACK_H
#define ICE_UPLOAD_FALLBACK_H

#include <stdbool.h>

#include "ice/clock.h"

struct ice_upload_fallback {
	bool allowed;   /* configured, and there is something to seal to */
	bool in_use;    /* the last batch that could not go over HTTPS went, or was tried, over HTTP */
	unsigned tries; /* in a row at which HTTPS was not reached */
	ice_usec since; /* the first of them */
};

#define ICE_UPLOAD_FALLBACK_TRIES 5
#define ICE_UPLOAD_FALLBACK_AFTER ICE_USEC_SEC(180)

/* HTTPS was tried and TCP did not come about. Whether the batch may go over HTTP now. */
bool ice_upload_fallback_unreached(struct ice_upload_fallback *f, ice_usec now);

/* Something answered on the HTTPS port. Whether HTTP was in use until now. */
bool ice_upload_fallback_reached(struct ice_upload_fallback *f);

#endif
