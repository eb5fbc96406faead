#include "requests.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define REQUESTS_SLOTS 32

/* A slot remembers where in the request its names stand: they are compared there with what is wanted now, so that no second
 * copy is kept. */
struct requests_slot {
	struct ice_request_key key;
	struct ice_secret community;
	uint32_t sum; /* of the names */
	uint16_t count;
	struct ice_request_name names[ICE_REQUEST_NAMES];
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

static uint64_t requests_mix(uint64_t sum, uint64_t word)
{
	return ((sum ^ word) * UINT64_C(0x9e3779b97f4a7c15)) ^ sum >> 29;
}

/* Of all the names, and of the length alone of the one that varies: eight octets at a time, since every request of a conversation comes by
 * here. */
static uint32_t requests_sum(const struct ice_oid *oids, size_t count, unsigned varies)
{
	uint64_t sum = count;
	for (size_t i = 0; i < count; i++) {
		const struct ice_oid *o = &oids[i];
		uint64_t word;
		size_t k = i == varies ? o->len : 0;
		for (; k + sizeof(word) <= o->len; k += sizeof(word)) {
			memcpy(&word, o->bytes + k, sizeof(word));
			sum = requests_mix(sum, word);
		}
		word = o->len;
		for (; k < o->len; k++)
			word = word << 8 | o->bytes[k];
		sum = requests_mix(sum, word);
	}
	return (uint32_t)(sum >> 32);
}

/* True when the request asks exactly these names, but for the one that varies: that one has its length. */
static bool requests_spells(const struct requests_slot *s, const struct ice_oid *oids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (s->names[i].len != oids[i].len ||
		    (i != s->key.varies &&
		     !ice_oid_same(s->request.bytes + s->names[i].at, oids[i].bytes, oids[i].len)))
			return false;
	return true;
}

/* Finds the names: a request's tail is one varbind (30 len 06 len name 05 00) after the other. */
static void requests_locate(const struct ice_snmp_request *r, const struct ice_oid *oids, size_t count,
                            struct ice_request_name *names)
{
	size_t end = r->len;
	for (size_t i = count; i-- > 0;) {
		size_t n = oids[i].len;
		names[i] = (struct ice_request_name){(uint16_t)(end - 2 - n), oids[i].len};
		assert(end >= n + 6 && memcmp(r->bytes + names[i].at, oids[i].bytes, n) == 0);
		end -= n + 6 + (n > 127 ? 1 : 0) + (n + 4 > 127 ? 1 : 0);
	}
}

bool ice_request_get(struct ice_request_cache *c, const struct ice_request_key *key, const struct ice_secret *community,
                     const struct ice_oid *oids, size_t count, struct ice_snmp_request *out,
                     struct ice_request_name names[ICE_REQUEST_NAMES])
{
	assert(count <= ICE_REQUEST_NAMES);
	uint32_t sum = requests_sum(oids, count, key->varies);
	struct requests_slot *s = c ? &c->slots[sum % REQUESTS_SLOTS] : NULL;
	if (s && s->request.len && s->sum == sum && s->count == count && s->key.version == key->version &&
	    s->key.pdu == key->pdu && s->key.repetitions == key->repetitions && s->key.varies == key->varies &&
	    ice_secret_same(&s->community, community->bytes, community->len) && requests_spells(s, oids, count)) {
		out->len = s->request.len;
		out->id_at = s->request.id_at;
		out->lasting = 0;
		memcpy(out->bytes, s->request.bytes, s->request.len);
		memcpy(names, s->names, count * sizeof(*names));
		if (key->varies < count)
			memcpy(out->bytes + names[key->varies].at, oids[key->varies].bytes, oids[key->varies].len);
		return true;
	}
	if (!ice_snmp_build(out, key->version, community, key->pdu, oids, count, key->repetitions))
		return false;
	requests_locate(out, oids, count, names);
	if (s) {
		s->key = *key;
		s->community = *community;
		s->sum = sum;
		s->count = (uint16_t)count;
		memcpy(s->names, names, count * sizeof(*names));
		s->request = *out;
	}
	return true;
}
