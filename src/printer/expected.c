#include "expected.h"

#include <stdlib.h>
#include <string.h>

#define EXPECTED_MODELS 512 /* a power of two */

struct expected_place {
	uint32_t model;
	uint32_t rows; /* 0 = free */
};

struct ice_expected {
	struct expected_place places[EXPECTED_MODELS];
};

struct ice_expected *ice_expected_new(void)
{
	struct ice_expected *e = calloc(1, sizeof(*e));
	if (!e)
		abort();
	return e;
}

void ice_expected_free(struct ice_expected *e)
{
	free(e);
}

/* Eight octets at a time: every printer comes by here. */
static uint64_t expected_mix(uint64_t sum, const void *bytes, size_t n)
{
	const uint8_t *at = bytes;
	for (size_t k = 0; k < n; k += sizeof(uint64_t)) {
		uint64_t word = n;
		memcpy(&word, at + k, n - k < sizeof(word) ? n - k : sizeof(word));
		sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		sum ^= sum >> 29;
	}
	return sum;
}

uint32_t ice_expected_model(const struct ice_identity *id)
{
	const char *descr = id->device_descr[0] ? id->device_descr : id->descr;
	return (uint32_t)(expected_mix(expected_mix(1, id->object_id.bytes, id->object_id.len), descr, strlen(descr)) >>
	                  16);
}

unsigned ice_expected_rows(const struct ice_expected *e, uint32_t model)
{
	const struct expected_place *p = &e->places[model % EXPECTED_MODELS];
	return p->model == model ? p->rows : 0;
}

void ice_expected_learn(struct ice_expected *e, uint32_t model, unsigned rows)
{
	struct expected_place *p = &e->places[model % EXPECTED_MODELS];
	if (p->model != model || p->rows < rows)
		*p = (struct expected_place){model, rows};
}
