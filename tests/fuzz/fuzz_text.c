/* Strangers' bytes: the first byte picks the character set, the second the room; what comes out must be clean and fit. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_require(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int sets[] = {0,   3,   4,    5,    8,    12,   17,   18,   38,   106,  111,  113,
	                           114, 999, 1000, 1013, 1014, 1015, 2004, 2009, 2024, 2025, 2026, 2252};
	char again[1024];
	if (size < 2)
		return 0;
	size_t room = (size_t)data[1] * 4 + 1;
	char *out = malloc(room);
	if (!out)
		abort();
	size_t n = ice_text_clean(data + 2, size - 2, sets[data[0] % (sizeof(sets) / sizeof(sets[0]))], out, room);
	fuzz_require(n < room && strlen(out) == n);
	fuzz_require(ice_text_is_clean(out));
	fuzz_require(ice_text_is_utf8((const uint8_t *)out, n));
	fuzz_require(ice_text_clean((const uint8_t *)out, n, ICE_TEXT_UTF8, again, sizeof(again)) <= n);
	if (n < sizeof(again))
		fuzz_require(strcmp(out, again) == 0);
	fuzz_require(ice_text_columns(out) <= 2 * n);
	free(out);
	return 0;
}
