#include "wants.h"

#include <string.h>

static const uint8_t wants_sys_descr[] = {0x2b, 6, 1, 2, 1, 1, 1, 0};
static const uint8_t wants_hr_descr[] = {0x2b, 6, 1, 2, 1, 25, 3, 2, 1, 3}; /* of the printer's hrDeviceIndex */
static const uint8_t wants_hr_status[] = {0x2b, 6, 1, 2, 1, 25, 3, 5, 1, 1};
static const uint8_t wants_life_count[] = {0x2b, 6, 1, 2, 1, 43, 10, 2, 1, 4}; /* of the first marker */

/* Drops wants that no rung names any more (`only` replaced them), so that nothing is asked for nothing. */
static void wants_prune(struct ice_profile *p)
{
	uint16_t place[ICE_PROFILE_WANTS] = {0};
	bool used[ICE_PROFILE_WANTS] = {false}, early[ICE_PROFILE_WANTS] = {false};
	size_t kept = 0;
	for (int f = 0; f < ICE_FIELD_COUNT; f++) {
		for (size_t i = 0; i < p->ladders[f].count; i++) {
			const struct ice_rung *r = &p->ladders[f].rungs[i];
			used[r->want] = true;
			early[r->want] |= !r->late;
			if (r->kind == ICE_KIND_LOOKUP) {
				used[r->key_want] = true;
				early[r->key_want] |= !r->late;
			}
		}
	}
	for (size_t i = 0; i < p->want_count; i++) {
		if (!used[i] && !p->wants[i].again && !p->wants[i].spare)
			continue;
		place[i] = (uint16_t)kept;
		p->wants[kept] = p->wants[i];
		p->wants[kept].late = used[i] && !early[i];
		kept++;
	}
	p->want_count = kept;
	for (int f = 0; f < ICE_FIELD_COUNT; f++) {
		for (size_t i = 0; i < p->ladders[f].count; i++) {
			struct ice_rung *r = &p->ladders[f].rungs[i];
			r->want = place[r->want];
			r->key_want = place[r->key_want];
		}
	}
}

static int wants_find(const struct ice_profile *p, enum ice_index index, const uint8_t *oid, size_t n)
{
	for (size_t i = 0; i < p->want_count; i++)
		if (!p->wants[i].column && p->wants[i].index == index && p->wants[i].oid.len == n &&
		    memcmp(p->wants[i].oid.bytes, oid, n) == 0)
			return (int)i;
	return -1;
}

/* The column in which the instance lies; -1 when none is asked. */
static int16_t wants_table(const struct ice_profile *p, const struct ice_want *w)
{
	for (size_t i = 0; i < p->want_count; i++) {
		const struct ice_want *c = &p->wants[i];
		if (c->column && ice_oid_under(c->oid.bytes, c->oid.len, w->oid.bytes, w->oid.len))
			return (int16_t)i;
	}
	return -1;
}

/* What a conversation would otherwise look up row by row, again and again. */
static void wants_sets(struct ice_profile *p)
{
	const struct ice_ladder *charset = &p->ladders[ICE_FIELD_CHARSET];
	p->descr = wants_find(p, ICE_INDEX_NONE, wants_sys_descr, sizeof(wants_sys_descr));
	p->device_descr = wants_find(p, ICE_INDEX_DEVICE, wants_hr_descr, sizeof(wants_hr_descr));
	p->printer_status = wants_find(p, ICE_INDEX_DEVICE, wants_hr_status, sizeof(wants_hr_status));
	p->life_count = wants_find(p, ICE_INDEX_MARKER, wants_life_count, sizeof(wants_life_count));
	for (size_t i = 0; i < p->want_count; i++) {
		p->wants[i].table = p->wants[i].again || p->wants[i].spare ? wants_table(p, &p->wants[i]) : -1;
		if (p->wants[i].column)
			ice_want_add(&p->columns, i);
		if (!p->wants[i].late && !p->wants[i].alert_text)
			ice_want_add(&p->early, i);
		if (p->wants[i].column && p->wants[i].group == ICE_GROUP_INTERFACE)
			ice_want_add(&p->interfaces, i);
		if (p->wants[i].again || p->wants[i].spare)
			ice_want_add(&p->again, i);
		if (p->wants[i].spare)
			ice_want_add(&p->spare, i);
	}
	for (size_t i = 0; i < charset->count; i++)
		ice_want_drop(&p->early, charset->rungs[i].want);
	for (int f = 0; f < ICE_FIELD_COUNT; f++)
		for (size_t i = 0; i < p->ladders[f].count && f != ICE_FIELD_CHARSET; i++)
			p->late[f] |= p->ladders[f].rungs[i].late;
}

void ice_wants_settle(struct ice_profile *p)
{
	wants_prune(p);
	wants_sets(p);
}
