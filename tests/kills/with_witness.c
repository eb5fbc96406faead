/* An engine that notes in the file KILLS_WITNESS the number of the last batch it was told is committed. Linked in with
 * --wrap=ice_outbox_put. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ice/outbox.h"

enum ice_outbox_result __real_ice_outbox_put(struct ice_outbox *o, const struct ice_reading *const *readings, size_t n,
                                             size_t *taken);
enum ice_outbox_result __wrap_ice_outbox_put(struct ice_outbox *o, const struct ice_reading *const *readings, size_t n,
                                             size_t *taken);

enum ice_outbox_result __wrap_ice_outbox_put(struct ice_outbox *o, const struct ice_reading *const *readings, size_t n,
                                             size_t *taken)
{
	enum ice_outbox_result result = __real_ice_outbox_put(o, readings, n, taken);
	const char *file = getenv("KILLS_WITNESS");
	struct ice_outbox_depth depth;
	if (!file || result != ICE_OUTBOX_OK || *taken == 0)
		return result;
	ice_outbox_depth(o, &depth);
	int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0 || dprintf(fd, "%" PRId64 "\n", depth.last_sequence) < 0)
		abort();
	close(fd);
	return result;
}
