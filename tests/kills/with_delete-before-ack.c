/* A wrong engine, to show that the harness notices: it deletes a batch when it sends it. Linked in with
 * --wrap=ice_outbox_next. */
#include "ice/outbox.h"

bool __real_ice_outbox_next(struct ice_outbox *o, int64_t after, struct ice_outbox_batch *out);
bool __wrap_ice_outbox_next(struct ice_outbox *o, int64_t after, struct ice_outbox_batch *out);

bool __wrap_ice_outbox_next(struct ice_outbox *o, int64_t after, struct ice_outbox_batch *out)
{
	return __real_ice_outbox_next(o, after, out) && ice_outbox_acknowledged(o, out->id);
}
