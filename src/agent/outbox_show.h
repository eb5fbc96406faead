/* outbox_show: one batch exactly as it is sent: where to, with which headers, and what its body says when it is unpacked.
 *
 * As JSON: the row of outbox_list.h, and "url","headers":[{"name","value"}] (without an enrolment there are none of these two),
 * "sent_bytes" (gzip'd),"body_bytes","body" (the object that is gzip'd). The key that signs is in neither form. */
#ifndef ICE_OUTBOX_SHOW_H
#define ICE_OUTBOX_SHOW_H

#include <stdbool.h>

#include "ice/attr.h"
#include "ice/enrolment.h"
#include "ice/outbox.h"

struct ice_outbox_show {
	struct ice_outbox *box;
	const struct ice_enrolment *enrolment; /* NULL: not known */
	bool json;
};

/* On standard output. False when the batch is damaged. */
ICE_MUST_CHECK bool ice_outbox_show(const struct ice_outbox_show *s, const struct ice_outbox_row *row);

#endif
