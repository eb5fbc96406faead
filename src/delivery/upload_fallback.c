#include "upload_fallback.h"

bool ice_upload_fallback_unreached(struct ice_upload_fallback *f, ice_usec now)
{
	if (f->tries == 0)
		f->since = now;
	if (f->tries < ICE_UPLOAD_FALLBACK_TRIES)
		f->tries++;
	return f->allowed && f->tries == ICE_UPLOAD_FALLBACK_TRIES && now - f->since >= ICE_UPLOAD_FALLBACK_AFTER;
}

bool ice_upload_fallback_reached(struct ice_upload_fallback *f)
{
	bool was = f->in_use;
	f->tries = 0;
	f->in_use = false;
	return was;
}
