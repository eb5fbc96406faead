/* Questions to loaded profiles: by name, by brand, and what may be asked. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "ice/profile.h"

#include "compiled.h"
#include "firstcontact.h"

size_t ice_profiles_count(const struct ice_profiles *p)
{
	return p->count;
}

const struct ice_profile *ice_profiles_at(const struct ice_profiles *p, size_t i)
{
	return i < p->count ? p->list[i] : NULL;
}

const char *ice_profile_name(const struct ice_profile *p)
{
	return p->name;
}

const struct ice_profile *ice_profiles_find(const struct ice_profiles *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++) {
		if (strcmp(p->list[i]->name, name) == 0)
			return p->list[i];
	}
	return NULL;
}

const struct ice_brand *ice_profiles_brand(const struct ice_profiles *p, const char *text)
{
	unsigned letter = (unsigned char)text[0] & 31;
	for (size_t i = p->brand_start[letter]; i < p->brand_start[letter + 1]; i++) {
		const struct ice_brand *b = &p->brands[i];
		if ((text[0] | 0x20) != (b->alias[0] | 0x20))
			continue;
		size_t n = strlen(b->alias);
		if (strncasecmp(text, b->alias, n) != 0)
			continue;
		unsigned char after = (unsigned char)text[n];
		if (!isalnum(after) && after != '-' && after < 0x80)
			return b;
	}
	return NULL;
}

/* True when the name is what a v1 GETNEXT asks in order to get this instance: one less, or one arc shorter. */
static bool profile_precedes(const struct ice_oid *instance, const uint8_t *oid, size_t n)
{
	uint32_t arcs[ICE_OID_ARCS];
	size_t count = ice_oid_arcs(instance->bytes, instance->len, arcs, ICE_OID_ARCS);
	uint32_t asked[ICE_OID_ARCS];
	size_t got = ice_oid_arcs(oid, n, asked, ICE_OID_ARCS);
	if (count < 2 || got == 0)
		return false;
	if (arcs[count - 1] == 0)
		return got == count - 1 && memcmp(asked, arcs, got * sizeof(*arcs)) == 0;
	arcs[count - 1]--;
	return got == count && memcmp(asked, arcs, got * sizeof(*arcs)) == 0;
}

bool ice_profiles_may_ask(const struct ice_profiles *p, const uint8_t *oid, size_t n)
{
	if (!ice_oid_valid(oid, n) || n > ICE_OID_BYTES)
		return false;
	if (ice_first_contact_asks(p, oid, n))
		return true;
	for (size_t i = 0; i < p->count; i++) {
		for (size_t k = 0; k < p->list[i]->want_count; k++) {
			const struct ice_want *w = &p->list[i]->wants[k];
			if (w->alert_text)
				continue;
			if (w->column || w->index != ICE_INDEX_NONE) {
				if (ice_oid_under(w->oid.bytes, w->oid.len, oid, n))
					return true;
			} else if ((w->oid.len == n && memcmp(w->oid.bytes, oid, n) == 0) ||
			           profile_precedes(&w->oid, oid, n)) {
				return true;
			}
		}
	}
	return false;
}
