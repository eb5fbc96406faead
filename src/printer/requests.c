#include "requests.h"

#include <stdlib.h>
#include <string.h>

#define REQUESTS_SLOTS 32

/* A slot remembers the names it was built from: the request itself spells them, in order, and is compared with what
 * is wanted now, so that no second copy is kept. */
struct requests_slot {
	struct ice_request_key key;
	struct ice_secret community;
	uint32_t sum; /* of the names */
	uint16_t count;
	struct ice_snmp_request request; /* len 0: free */
};

/* Each request has one place, by the sum of its names: what is asked often comes back to it soon. */
struct ice_request_cache {
	struct requests_slot slots[REQUESTS_SLOTS];
};

struct ice_request_cache *ice_request_cache_new(void)
{
	struct ice_request_cache *c = calloc(1, sizeof(*c));
	if (!c)
		abort();
	return c;
}

void ice_request_cache_free(struct ice_request_cache *c)
{
	if (!c)
		return;
	explicit_bzero(c, sizeof(*c));
	free(c);
}

/* FNV-1a over the names. */
static uint32_t requests_sum(const struct ice_oid *oids, size_t count)
{
	uint32_t h = 2166136261u;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < oids[i].len; k++)
			h = (h ^ oids[i].bytes[k]) * 16777619u;
		h = (h ^ 0xffu) * 16777619u;
	}
	return h;
}

/* True when the request asks exactly these names: its tail is one varbind (30 len 06 len name 05 00) after the other. */
static bool requests_spells(const struct ice_snmp_request *r, const struct ice_oid *oids, size_t count)
{
	const uint8_t *end = r->bytes + r->len;
	for (size_t i = count; i-- > 0;) {
		size_t n = oids[i].len;
		if ((size_t)(end - r->bytes) < n + 6 || memcmp(end - 2 - n, oids[i].bytes, n) != 0)
			return false;
		end -= n + 6 + (n > 127 ? 1 : 0) + (n + 4 > 127 ? 1 : 0);
	}
	return true;
}

bool ice_request_get(struct ice_request_cache *c, const struct ice_request_key *key, const struct ice_secret *community,
                     const struct ice_oid *oids, size_t count, struct ice_snmp_request *out)
{
	uint32_t sum = requests_sum(oids, count);
	struct requests_slot *s = c ? &c->slots[sum % REQUESTS_SLOTS] : NULL;
	if (s && s->request.len && s->sum == sum && s->count == count && s->key.version == key->version &&
	    s->key.pdu == key->pdu && s->key.repetitions == key->repetitions &&
	    ice_secret_same(&s->community, community->bytes, community->len) &&
	    requests_spells(&s->request, oids, count)) {
		out->len = s->request.len;
		out->id_at = s->request.id_at;
		memcpy(out->bytes, s->request.bytes, s->request.len);
		return true;
	}
	if (!ice_snmp_build(out, key->version, community, key->pdu, oids, count, key->repetitions))
		return false;
	if (s) {
		s->key = *key;
		s->community = *community;
		s->sum = sum;
		s->count = (uint16_t)count;
		s->request = *out;
	}
	return true;
}
