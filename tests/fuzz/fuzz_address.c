/* Address text: what is taken must come back the same through text and through a sockaddr. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_require(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), out[ICE_ADDRESS_TEXT_SIZE];
	struct ice_address a, b;
	struct sockaddr_storage sa;
	uint16_t port;
	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = 0;
	if (ice_address_parse(text, &a)) {
		fuzz_require(ice_address_parse(ice_address_format(&a, out), &b) && ice_address_same(&a, &b));
		fuzz_require(ice_address_compare(&a, &b) == 0);
		ice_address_to_sockaddr(&a, 161, &sa);
		fuzz_require(ice_address_from_sockaddr((struct sockaddr *)&sa, &b, &port));
		fuzz_require(ice_address_same(&a, &b) && port == 161);
		fuzz_require(a.scope == 0 || ice_address_is_internal(&a));
	}
	free(text);
	return 0;
}
