/* Rows of days and hours: any text is a row or is refused, and what it opens is found again. */
#include <stdlib.h>
#include <string.h>

#include "ice/hours.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ice_hours h, before;
	char text[256], why[64];
	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	ice_hours_fill(&h, false);
	before = h;
	if (!ice_hours_row(&h, text, true, why, sizeof(why))) {
		if (memcmp(&h, &before, sizeof(h)) != 0 || !why[0])
			abort();
		return 0;
	}
	int64_t opens = ice_hours_opens(&h, 1700000000);
	if (opens == ICE_HOURS_NEVER || !ice_hours_at(&h, opens))
		abort();
	if (!ice_hours_row(&h, text, false, why, sizeof(why)) || memcmp(&h, &before, sizeof(h)) != 0)
		abort();
	return 0;
}
