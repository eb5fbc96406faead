/* A record's JSON from a stranger: what is taken must come out again as what it was read as. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/record.h"
#include "ice/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ice_record r, again;
	char why[160], identity[ICE_RECORD_IDENTITY_SIZE], identity_again[ICE_RECORD_IDENTITY_SIZE];
	size_t len, len_again;
	if (!ice_record_from_json((const char *)data, size, &r, why, sizeof(why)))
		return 0;
	char *json = ice_record_to_json(&r, &len);
	if (!ice_record_from_json(json, len, &again, why, sizeof(why)))
		abort();
	char *json_again = ice_record_to_json(&again, &len_again);
	assert(len == len_again && memcmp(json, json_again, len) == 0);
	ice_record_identity(&r, identity);
	ice_record_identity(&again, identity_again);
	assert(strcmp(identity, identity_again) == 0);
	assert(!r.name || ice_text_is_clean(r.name));
	free(json);
	free(json_again);
	return 0;
}
