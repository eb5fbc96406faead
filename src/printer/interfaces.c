/* The MAC address: of the interface that owns the polled address, unless that one is a dead wire. */
#include <string.h>

#include "ice/ber.h"

#include "facts.h"

/* ifType of what carries a MAC of its own: Ethernet in its spellings, token ring, WLAN. */
static bool interfaces_real(int64_t type)
{
	static const uint8_t types[] = {6, 7, 9, 26, 62, 69, 71, 117};
	for (size_t i = 0; i < sizeof(types); i++) {
		if (types[i] == type)
			return true;
	}
	return false;
}

static int interfaces_digit(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

/* Six octets, or their text ("00:1b:a9:f4:15:2c", "001BA9F4152C"). Never all zero, all one or a group address. */
static bool interfaces_mac(const struct ice_value *v, uint8_t mac[6])
{
	if (v->tag != ICE_BER_OCTETS)
		return false;
	if (v->len == 6) {
		memcpy(mac, v->bytes, 6);
	} else if (v->len >= 12 && v->len <= 18) {
		size_t digits = 0;
		for (size_t i = 0; i < v->len; i++) {
			int d = interfaces_digit(v->bytes[i]);
			if (d < 0 && v->bytes[i] != ':' && v->bytes[i] != '-' && v->bytes[i] != 0)
				return false;
			if (d < 0)
				continue;
			if (digits == 12)
				return false;
			mac[digits / 2] = (uint8_t)(digits % 2 ? mac[digits / 2] | d : d << 4);
			digits++;
		}
		if (digits != 12)
			return false;
	} else {
		return false;
	}
	static const uint8_t zero[6] = {0};
	return memcmp(mac, zero, 6) != 0 && !(mac[0] & 1);
}

/* The IPv4 address an ipAddrTable index spells. */
static bool interfaces_address(const uint8_t *index, size_t len, uint32_t *out)
{
	uint32_t arcs[5] = {0};
	uint64_t arc = 0;
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		arc = arc << 7 | (index[i] & 0x7f);
		if (index[i] & 0x80)
			continue;
		if (n == 4 || arc > 255)
			return false;
		arcs[n++] = (uint32_t)arc;
		arc = 0;
	}
	*out = arcs[0] << 24 | arcs[1] << 16 | arcs[2] << 8 | arcs[3];
	return n == 4;
}

/* What a GET said of an instance, also one that a table has: tag 0 when it was not asked, or said nothing. */
static struct ice_value interfaces_got(const struct ice_facts *f, int column, const uint8_t *index, size_t len)
{
	const struct ice_profile *p = f->profile;
	for (size_t i = 0; (i = ice_want_next(&p->again, i)) < ICE_PROFILE_WANTS; i++) {
		const struct ice_want *w = &p->wants[i];
		size_t at = p->wants[column].oid.len;
		if (w->table == column && w->oid.len == at + len && memcmp(w->oid.bytes + at, index, len) == 0)
			return ice_answers_get(f->answers, i);
	}
	return (struct ice_value){0};
}

/* One cell of a table: a GET's answer is believed before the table's. */
static struct ice_value interfaces_cell(const struct ice_facts *f, enum ice_field field, const uint8_t *index,
                                        size_t len)
{
	int column = ice_facts_column(f, field);
	struct ice_value v = {0};
	if (column < 0)
		return v;
	v = interfaces_got(f, column, index, len);
	return v.tag ? v : ice_answers_at(f->answers, (size_t)column, index, len);
}

/* The number of the interface that owns the polled address, where it was asked for by GET; 0 = not known. */
static int64_t interfaces_polled(const struct ice_facts *f)
{
	const struct ice_want_set *spare = &f->profile->spare;
	int64_t n;
	for (size_t i = 0; (i = ice_want_next(spare, i)) < ICE_PROFILE_WANTS; i++) {
		struct ice_value v = ice_answers_get(f->answers, i);
		if (f->profile->wants[i].index == ICE_INDEX_POLLED && ice_value_number(&v, &n) && n > 0)
			return n;
	}
	return 0;
}

/* What the addresses say of an interface. */
static void interfaces_owns(const struct ice_facts *f, int64_t number, bool *polled, bool *any)
{
	int want = ice_facts_column(f, ICE_FIELD_ADDRESS_INTERFACE);
	uint16_t row = want >= 0 ? ice_answers_first(f->answers, (size_t)want) : ICE_ANSWERS_NONE;
	*polled = *any = number > 0 && number == interfaces_polled(f);
	for (; row != ICE_ANSWERS_NONE; row = ice_answers_next(f->answers, row)) {
		size_t len;
		const uint8_t *index = ice_answers_index(f->answers, row, &len);
		struct ice_value v = ice_answers_value(f->answers, row);
		uint32_t ip;
		int64_t n;
		if (!ice_value_number(&v, &n) || n != number || !interfaces_address(index, len, &ip))
			continue;
		struct ice_address a = ice_address_v4(ip);
		if (ice_address_same(&a, &f->ip))
			*polled = true;
		if (ip != 0 && ip >> 24 != 127)
			*any = true;
	}
}

static int64_t interfaces_number(const uint8_t *index, size_t len)
{
	int64_t n = 0;
	for (size_t i = 0; i < len && i < 5; i++)
		n = n << 7 | (index[i] & 0x7f);
	return n;
}

/* What no other interface can be better than: only one owns the polled address. */
#define INTERFACES_BEST (64 + 16 + 4 + 2 + 1)

/* One interface against the best so far. */
struct interfaces_best {
	int rank;
	const char *why;
};

static void interfaces_try(const struct ice_facts *f, const uint8_t *index, size_t len, struct interfaces_best *best,
                           uint8_t mac[6])
{
	struct ice_value v = interfaces_cell(f, ICE_FIELD_INTERFACE_MAC, index, len),
	                 t = interfaces_cell(f, ICE_FIELD_INTERFACE_TYPE, index, len),
	                 s = interfaces_cell(f, ICE_FIELD_INTERFACE_STATUS, index, len);
	uint8_t candidate[6] = {0};
	int64_t type = 0, state = 0;
	bool polled, any;
	if (!interfaces_mac(&v, candidate))
		return;
	interfaces_owns(f, interfaces_number(index, len), &polled, &any);
	bool known_type = ice_value_number(&t, &type), known_state = ice_value_number(&s, &state);
	if (known_type && type == 24)
		return;
	/* Real before virtual, up before down, then whose address was polled, then a maker's own MAC before one made up by
	 * software (IEEE 802: bit 1 of the first octet), then who has an address; then the first. */
	int rank = (known_type && interfaces_real(type) ? 64
	            : known_type                        ? 0
	                                                : 32) +
	           (known_state && state == 1 ? 16
	            : known_state             ? 0
	                                      : 8) +
	           (polled ? 4 : 0) + (candidate[0] & 2 ? 0 : 2) + (polled || any ? 1 : 0);
	if (rank <= best->rank)
		return;
	best->rank = rank;
	memcpy(mac, candidate, 6);
	best->why = polled        ? "it owns the polled address"
	            : any         ? "it has an address"
	            : (rank & 16) ? "it is up"
	                          : "no better one";
}

/* Those of which a GET told the MAC, in the order of the profile. */
static void interfaces_try_got(const struct ice_facts *f, int macs, struct interfaces_best *best, uint8_t mac[6])
{
	const struct ice_want_set *again = &f->profile->again;
	size_t at = f->profile->wants[macs].oid.len;
	for (size_t i = 0; (i = ice_want_next(again, i)) < ICE_PROFILE_WANTS; i++) {
		const struct ice_want *w = &f->profile->wants[i];
		if (w->table == macs)
			interfaces_try(f, w->oid.bytes + at, w->oid.len - at, best, mac);
	}
}

bool ice_interfaces_mac(const struct ice_facts *f, uint8_t mac[6], const char **why)
{
	int macs = ice_facts_column(f, ICE_FIELD_INTERFACE_MAC);
	struct interfaces_best best = {.rank = -1, .why = ""};
	uint16_t row = macs >= 0 ? ice_answers_first(f->answers, (size_t)macs) : ICE_ANSWERS_NONE;
	for (; row != ICE_ANSWERS_NONE; row = ice_answers_next(f->answers, row)) {
		size_t len;
		const uint8_t *index = ice_answers_index(f->answers, row, &len);
		interfaces_try(f, index, len, &best, mac);
	}
	/* A table that does not walk, or was not read, whose instances answer all the same. */
	if (macs >= 0 && best.rank < 0)
		interfaces_try_got(f, macs, &best, mac);
	if (why)
		*why = best.why;
	return best.rank >= 0;
}

bool ice_interfaces_settled(const struct ice_facts *f)
{
	int macs = ice_facts_column(f, ICE_FIELD_INTERFACE_MAC);
	struct interfaces_best best = {.rank = -1};
	uint8_t mac[6];
	if (macs >= 0)
		interfaces_try_got(f, macs, &best, mac);
	return best.rank == INTERFACES_BEST;
}
