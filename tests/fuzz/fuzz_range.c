/* What an operator may write as a range, "!" and all: refused with a reason, or a set that holds what it gives and gives each once. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define WALKED 300

static void fuzz_require(bool good)
{
	if (!good)
		abort();
}

static void fuzz_set(const struct ice_range *r)
{
	uint64_t count = ice_range_count(r), steps = 0;
	struct ice_address a, before = ice_range_at(r, 0);
	struct ice_cursor c;
	fuzz_require(count > 0);
	for (uint64_t i = 0; i < count; i += 1 + count / WALKED) {
		a = ice_range_at(r, i);
		fuzz_require(ice_range_contains(r, &a));
		fuzz_require(i == 0 || ice_address_compare(&before, &a) < 0);
		before = a;
	}
	ice_cursor_init(&c, r, count ^ 77, 0, 0, 1);
	fuzz_require(ice_cursor_total(&c) == count);
	for (; steps < WALKED && ice_cursor_next(&c, &a); steps++)
		fuzz_require(ice_range_contains(r, &a));
	fuzz_require(steps == (count < WALKED ? count : WALKED));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[ICE_RANGE_WHY_SIZE], *text = malloc(size + 1);
	fuzz_require(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	/* each line is written by itself, as arguments are: the first character tells how */
	struct ice_range *r = ice_range_new();
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		why[0] = '\0';
		bool good = *line == 'x'   ? ice_range_exclude(r, line + 1, why, sizeof(why))
		            : *line == 'p' ? ice_range_allow(r, line + 1, why, sizeof(why))
		                           : ice_range_add(r, line, why, sizeof(why));
		fuzz_require(good || why[0]);
	}
	if (ice_range_seal(r, why, sizeof(why)))
		fuzz_set(r);
	ice_range_free(r);
	free(text);
	return 0;
}
