#include "watch.h"

#include <stddef.h>

static const char *const watch_reasons[ICE_WATCH_KINDS] = {
        [ICE_WATCH_BEATS] = "the heart does not beat",
        [ICE_WATCH_DEVICES] = "what was sent to devices is neither answered nor given up",
        [ICE_WATCH_UPLOADS] = "an upload does not come to an end",
};

const char *ice_watch_look(struct ice_watch *w, const struct ice_watch_sign signs[ICE_WATCH_KINDS], ice_usec now)
{
	const char *reason = NULL;
	for (size_t i = 0; i < ICE_WATCH_KINDS; i++) {
		if (w->well_at[i] == 0 || !signs[i].awaited || signs[i].number != w->numbers[i])
			w->well_at[i] = now;
		w->numbers[i] = signs[i].number;
		if (!reason && now - w->well_at[i] >= ICE_WATCH_PATIENCE)
			reason = watch_reasons[i];
	}
	return reason;
}
