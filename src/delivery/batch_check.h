/* batch_check: is this text one JSON object and nothing else?
 *
 * A reading is pasted into a body as it stands, so whatever is not one whole object would spoil its neighbours. Nothing is built or
 * kept (jansson, which reads and writes all JSON here, takes 25 us a record to do that; this takes 4), only looked
 * at, by the grammar of RFC 8259. Nesting is bounded. */
#ifndef ICE_BATCH_CHECK_H
#define ICE_BATCH_CHECK_H

#include <stdbool.h>
#include <stddef.h>

bool ice_batch_check_object(const char *text, size_t len);

#endif
