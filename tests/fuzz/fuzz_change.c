/* A base and, behind a NUL, a patch or a record from strangers: what is applied can be told again, what is told gives back the same. */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/change.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_told(const char *base, size_t base_len, const char *json, size_t len)
{
	size_t change_len, again_len;
	char why[160], *change = ice_change_make(base, base_len, json, len, &change_len);
	if (!change)
		return;
	char *again = ice_change_apply(base, base_len, change, change_len, &again_len, why, sizeof(why));
	json_t *a = json_loadb(json, len, 0, NULL), *b = again ? json_loadb(again, again_len, 0, NULL) : NULL;
	if (!a || !b || !json_equal(a, b))
		abort();
	json_decref(a);
	json_decref(b);
	free(again);
	free(change);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *end = memchr(data, '\0', size);
	char name[ICE_CHANGE_NAME_SIZE], why[160];
	if (!end || size > 65536)
		return 0;
	const char *base = (const char *)data, *patch = (const char *)end + 1;
	size_t base_len = (size_t)(end - data), patch_len = size - base_len - 1, len;
	expect_told(base, base_len, patch, patch_len);
	char *change = malloc(patch_len + 64);
	if (!change)
		abort();
	ice_change_name(base, base_len, name);
	int n = sprintf(change, "{\"base\":\"%s\",\"set\":", name);
	memcpy(change + n, patch, patch_len);
	change[(size_t)n + patch_len] = '}';
	char *record = ice_change_apply(base, base_len, change, (size_t)n + patch_len + 1, &len, why, sizeof(why));
	if (record)
		expect_told(base, base_len, record, len);
	free(record);
	free(change);
	return 0;
}
