/* The bytes of a request's file: a request that says what it says, or none. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "service/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ice_request r;
	char again[256];
	memset(&r, 0x5a, sizeof r);
	if (!ice_request_parse((const char *)data, size, &r))
		return 0;
	int n = snprintf(again, sizeof again, "%s%s%s\n", ice_request_name(r.what), r.range[0] ? " " : "", r.range);
	assert((size_t)n == size && memcmp(again, data, size) == 0);
	return 0;
}
