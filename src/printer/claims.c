#include "claims.h"

#include <string.h>

#include "firstcontact.h"
#include "pattern.h"

static bool claims_look(const struct ice_look *look, const char *text, uint32_t holds)
{
	return (look->needs & ~holds) == 0 && ice_pattern_matches(look->pattern, text);
}

static void claims_by_text(struct ice_claims *c, const struct ice_profiles *all, const struct ice_identity *id)
{
	c->brand = ice_profiles_brand(all, id->descr);
	if (!c->brand && id->device_descr[0])
		c->brand = ice_profiles_brand(all, id->device_descr);
	if (c->brand)
		c->by_text = c->brand->profile;
	c->descr_holds = ice_pattern_holds(id->descr);
	for (size_t i = 0; i < all->descriptions.count && id->descr[0] && !c->descr_is_printer; i++) {
		const struct ice_look *look = &all->descriptions.at[i];
		c->descr_is_printer = claims_look(look, id->descr, c->descr_holds);
		if (c->descr_is_printer && !c->by_text)
			c->by_text = look->profile;
	}
}

/* The longest sign decides, the last of those that are as long. */
static void claims_by_id(struct ice_claims *c, const struct ice_profiles *all, const struct ice_oid *object_id)
{
	size_t longest[2] = {0, 0};
	for (size_t i = 0; i < all->sign_count && object_id->len > 0; i++) {
		const struct ice_sign *s = &all->signs[i];
		if (s->len < longest[s->printer] ||
		    !ice_oid_under(all->sign_bytes + s->at, s->len, object_id->bytes, object_id->len))
			continue;
		longest[s->printer] = s->len;
		*(s->printer ? &c->by_printer_id : &c->by_vendor_id) = s->profile;
	}
}

/* Any maker's tree that shows in an answer counts, whichever of them was asked for: GETNEXT goes on to the next. */
static void claims_by_object(struct ice_claims *c, const struct ice_profiles *all, const struct ice_snmp_varbind *vb)
{
	size_t longest = 0;
	for (size_t i = 0; i < all->count; i++) {
		const struct ice_matches *objects = &all->list[i]->objects;
		for (size_t k = 0; k < objects->count; k++) {
			const struct ice_oid *o = &objects->oids[k];
			if (o->len < longest || !ice_oid_under(o->bytes, o->len, vb->oid, vb->oid_len))
				continue;
			longest = o->len;
			c->by_object = all->list[i];
		}
	}
}

void ice_claims_find(const struct ice_profiles *all, const struct ice_identity *id, const struct ice_snmp_message *m,
                     struct ice_claims *out)
{
	*out = (struct ice_claims){.brand = NULL};
	claims_by_text(out, all, id);
	claims_by_id(out, all, &id->object_id);
	for (size_t i = ICE_CONTACT_FIRST; i < m->count && !out->by_object; i++)
		if (!ice_snmp_absent(&m->varbinds[i]))
			claims_by_object(out, all, &m->varbinds[i]);
}

const struct ice_profile *ice_claims_profile(const struct ice_profiles *all, const struct ice_claims *c)
{
	/* Text before numbers: badged machines keep their builder's sysObjectID, and some cards give another maker's. */
	if (c->by_text && strcmp(c->by_text->name, ICE_PROFILE_GENERIC) != 0)
		return c->by_text;
	if (c->by_printer_id)
		return c->by_printer_id;
	if (c->by_vendor_id)
		return c->by_vendor_id;
	if (c->by_object)
		return c->by_object;
	return ice_profiles_find(all, ICE_PROFILE_GENERIC);
}

bool ice_claims_other(const struct ice_claims *c, const struct ice_identity *id)
{
	const struct ice_looks *others = &id->profile->others;
	uint32_t device = others->count > 0 ? ice_pattern_holds(id->device_descr) : 0;
	for (size_t i = 0; i < others->count; i++)
		if (claims_look(&others->at[i], id->descr, c->descr_holds) ||
		    claims_look(&others->at[i], id->device_descr, device))
			return true;
	return false;
}
