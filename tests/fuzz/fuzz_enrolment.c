/* An enrolment line as somebody pastes it. What does not begin like one is taken for what is inside a line, so that the fuzzer
 * need not learn base64. */
#include <openssl/evp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/enrolment.h"

#define PREFIX "ice-enrol-1."

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input as a line: itself, or wrapped into one. */
static char *as_line(const uint8_t *data, size_t size)
{
	size_t prefix = strlen(PREFIX);
	char *line = calloc(1, prefix + size * 2 + 8);
	if (!line)
		abort();
	if (size >= prefix && memcmp(data, PREFIX, prefix) == 0) {
		memcpy(line, data, size);
		return line;
	}
	memcpy(line, PREFIX, prefix);
	if (size > 0)
		EVP_EncodeBlock((unsigned char *)line + prefix, data, (int)size);
	for (char *c = line + prefix; *c; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c == '=' ? '\0' : *c;
	return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ice_enrolment e, again;
	char why[256];
	char *line = as_line(data, size);
	if (ice_enrolment_parse(line, &e, why, sizeof(why))) {
		char *own = ice_enrolment_format(&e);
		if (!own || !ice_enrolment_parse(own, &again, why, sizeof(why)) ||
		    strcmp(e.server, again.server) != 0 || strcmp(e.site, again.site) != 0 ||
		    strcmp(e.ca, again.ca) != 0 || strcmp(e.seal, again.seal) != 0 ||
		    !ice_secret_same(&e.key, again.key.bytes, again.key.len))
			abort();
		ice_secret_free_text(own);
	} else if (!*why || *e.server || e.key.len) {
		abort();
	}
	free(line);
	return 0;
}
