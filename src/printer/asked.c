/* Everything that may ever be asked, as a list that a person can read. */
#include <string.h>

#include "compiled.h"
#include "firstcontact.h"

static bool asked_same(const struct ice_oid *a, const struct ice_oid *b)
{
	return a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0;
}

/* True when an earlier profile, or an earlier row of this one, has told it. Few and once: no index is worth it. */
static bool asked_before(const struct ice_profiles *p, size_t profile, size_t want)
{
	const struct ice_oid *oid = &p->list[profile]->wants[want].oid;
	for (size_t i = 0; i <= profile; i++) {
		size_t count = i == profile ? want : p->list[i]->want_count;
		for (size_t k = 0; k < count; k++)
			if (asked_same(&p->list[i]->wants[k].oid, oid))
				return true;
	}
	for (size_t i = 0; i < p->contact_count; i++)
		if (asked_same(&p->contact[i], oid))
			return true;
	return false;
}

/* The first field that reads the object. */
static const char *asked_field(const struct ice_profile *profile, size_t want)
{
	for (size_t f = 0; f < ICE_FIELD_COUNT; f++)
		for (size_t r = 0; r < profile->ladders[f].count; r++) {
			const struct ice_rung *rung = &profile->ladders[f].rungs[r];
			if (rung->want == want || (rung->kind == ICE_KIND_LOOKUP && rung->key_want == want))
				return ice_field_name((enum ice_field)f);
		}
	return "recognition";
}

void ice_profiles_asked(const struct ice_profiles *p, ice_profiles_asked_fn *fn, void *arg)
{
	for (size_t i = 0; i < p->contact_count; i++)
		fn(&p->contact[i], "first contact", "recognition", arg);
	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; k < p->list[i]->want_count; k++)
			if (!asked_before(p, i, k))
				fn(&p->list[i]->wants[k].oid, p->list[i]->name, asked_field(p->list[i], k), arg);
}
