/* What to ask next: instances first, as many as a request holds; then all open tables side by side in one GETBULK, with
 * as many repetitions as keep the answer below one Ethernet frame. */
#include <string.h>

#include "facts.h"
#include "talk.h"

/* An SNMP message around its varbinds: header, version, PDU, id, two numbers; the community comes on top. */
#define PLAN_OVERHEAD          34
#define PLAN_VARBIND           6 /* sequence, OID and NULL around a name */
#define PLAN_REPETITIONS       8 /* some agents skip rows when asked for many */
#define PLAN_REPETITIONS_LEAST 3 /* with less it is too wide: one table at a time */

/* The octets of the first arc of an index. */
static size_t plan_first_arc(const struct ice_oid *index)
{
	size_t n = 0;
	while (n < index->len && (index->bytes[n] & 0x80))
		n++;
	return index->len ? n + 1 : 0;
}

static bool plan_append(struct ice_oid *out, const uint8_t *bytes, size_t n)
{
	if (out->len + n > ICE_OID_BYTES)
		return false;
	memcpy(out->bytes + out->len, bytes, n);
	out->len = (uint8_t)(out->len + n);
	return true;
}

/* Appends the hrDeviceIndex of the printer as the Printer MIB uses it: as seen there, else as the Host Resources MIB
 * has it, else 1. */
static bool plan_general(const struct ice_probe *p, struct ice_oid *out)
{
	const struct ice_identity *id = &p->identity;
	if (id->general_index.len)
		return plan_append(out, id->general_index.bytes, id->general_index.len);
	if (id->marker_index.len)
		return plan_append(out, id->marker_index.bytes, plan_first_arc(&id->marker_index));
	if (id->supply_index.len)
		return plan_append(out, id->supply_index.bytes, plan_first_arc(&id->supply_index));
	if (id->device_index.len)
		return plan_append(out, id->device_index.bytes, id->device_index.len);
	return ice_oid_append(out, 1);
}

bool ice_talk_instance(const struct ice_probe *p, const struct ice_want *w, struct ice_oid *out)
{
	const struct ice_identity *id = &p->identity;
	*out = w->oid;
	switch ((enum ice_index)w->index) {
	case ICE_INDEX_NONE:
		return true;
	case ICE_INDEX_DEVICE:
		return id->device_index.len ? plan_append(out, id->device_index.bytes, id->device_index.len)
		                            : plan_general(p, out);
	case ICE_INDEX_GENERAL:
		return plan_general(p, out);
	case ICE_INDEX_MARKER:
		if (id->marker_index.len)
			return plan_append(out, id->marker_index.bytes, id->marker_index.len);
		return plan_general(p, out) && ice_oid_append(out, 1);
	case ICE_INDEX_SUPPLY:
		return id->supply_index.len && plan_append(out, id->supply_index.bytes, id->supply_index.len);
	case ICE_INDEX_POLLED: {
		uint32_t ip = (uint32_t)p->ip.lo;
		return ice_address_is_v4(&p->ip) && ice_oid_append(out, ip >> 24) &&
		       ice_oid_append(out, ip >> 16 & 255) && ice_oid_append(out, ip >> 8 & 255) &&
		       ice_oid_append(out, ip & 255);
	}
	case ICE_INDEX_LOCALIZATION: {
		const struct ice_ladder *l = &p->profile->ladders[ICE_FIELD_LOCALIZATION];
		struct ice_value v = l->count ? ice_answers_get(&p->answers, l->rungs[0].want) : (struct ice_value){0};
		int64_t n;
		return ice_value_number(&v, &n) && n > 0 && n <= 0xffff && plan_general(p, out) &&
		       ice_oid_append(out, (uint32_t)n);
	}
	}
	return false;
}

/* The name whose lexicographic successor is the instance: one arc less, or without a last arc of 0. */
static bool plan_before(const struct ice_oid *instance, struct ice_oid *out)
{
	uint32_t arcs[ICE_OID_ARCS];
	size_t n = ice_oid_arcs(instance->bytes, instance->len, arcs, ICE_OID_ARCS);
	if (n < 3)
		return false;
	size_t start = instance->len - 1u;
	while (start > 1 && (instance->bytes[start - 1] & 0x80))
		start--;
	*out = *instance;
	out->len = (uint8_t)start;
	return arcs[n - 1] == 0 || ice_oid_append(out, arcs[n - 1] - 1);
}

/* Where a column goes on: behind its last row. */
static bool plan_cursor(const struct ice_probe *p, size_t want, struct ice_oid *out)
{
	const struct ice_answer *a = &p->answers.wants[want];
	*out = p->profile->wants[want].oid;
	if (a->last == ICE_ANSWERS_NONE)
		return true;
	size_t n;
	const uint8_t *index = ice_answers_index(&p->answers, a->last, &n);
	return plan_append(out, index, n);
}

static size_t plan_room(const struct ice_probe *p)
{
	return ICE_SNMP_REQUEST_MAX - PLAN_OVERHEAD - p->community.len;
}

/* Where the next name is to be written; NULL when the request holds no more. */
static struct ice_oid *plan_place(const struct ice_probe *p, struct ice_oid *names)
{
	const struct talk_asked *a = &p->asked;
	return a->count == TALK_ASKED_MAX || a->count >= p->varbinds_max ? NULL : &names[a->count];
}

/* Takes the name that was written there; false when there is no room for it. */
static bool plan_take(struct ice_probe *p, size_t want, const struct ice_oid *name, size_t *room)
{
	struct talk_asked *a = &p->asked;
	size_t need = name->len + PLAN_VARBIND;
	if (need > *room)
		return false;
	*room -= need;
	if (p->profile->wants[want].index == ICE_INDEX_POLLED)
		a->varies = (unsigned)a->count;
	a->wants[a->count++] = (uint8_t)want;
	return true;
}

/* Instances that fill up a request whose other names are all in. Those for which it has no room are not asked at all. */
static void plan_spare(struct ice_probe *p, struct ice_oid *names, bool next, size_t *room)
{
	struct ice_want_set left = p->profile->spare;
	left.bits[0] &= p->pending.bits[0];
	left.bits[1] &= p->pending.bits[1];
	for (size_t i = 0; (i = ice_want_next(&left, i)) < ICE_PROFILE_WANTS; i++) {
		struct ice_oid *name = plan_place(p, names);
		if (next || p->asked.count == 0 || !name || !ice_talk_instance(p, &p->profile->wants[i], name) ||
		    !plan_take(p, i, name, room))
			ice_want_drop(&p->pending, i);
	}
}

/* Instances that wait. Those without a place on this device are dropped. */
static void plan_instances(struct ice_probe *p, struct ice_oid *names, bool next, size_t *room)
{
	struct ice_want_set left = p->pending;
	ice_want_drop_all(&left, &p->profile->columns);
	ice_want_drop_all(&left, &p->profile->spare);
	for (size_t i = 0; (i = ice_want_next(&left, i)) < ICE_PROFILE_WANTS; i++) {
		struct ice_oid whole, *name = plan_place(p, names);
		if (!name)
			return;
		if (!ice_talk_instance(p, &p->profile->wants[i], next ? &whole : name) ||
		    (next && !plan_before(&whole, name))) {
			ice_want_drop(&p->pending, i);
			continue;
		}
		if (!plan_take(p, i, name, room))
			return;
	}
	plan_spare(p, names, next, room);
}

int ice_talk_leader(const struct ice_probe *p, size_t want)
{
	const struct ice_ladder *l = &p->profile->ladders[ICE_FIELD_ALERT_SEVERITY];
	return p->profile->wants[want].group == ICE_GROUP_ALERT && l->count && l->rungs[0].want != want
	               ? l->rungs[0].want
	               : -1;
}

/* How many rows a column may still have, and one that shows its end: its leader knows; or another printer of the model told; or else few tables
 * have more than twice what was seen. */
static unsigned plan_more(const struct ice_probe *p, size_t want)
{
	unsigned seen = p->answers.wants[want].count;
	int leader = ice_talk_leader(p, want);
	if (leader >= 0 && !ice_want_in(&p->pending, (size_t)leader)) { /* its last row is known when it comes */
		unsigned rows = p->answers.wants[leader].count;
		return rows > seen ? rows - seen : 1;
	}
	if (p->expected > 0 && p->expected >= seen)
		return p->expected - seen + 1;
	return seen == 0 || seen > 4 ? PLAN_REPETITIONS : 5;
}

/* How many rows to ask for of what goes on. */
static unsigned plan_rows(const struct ice_probe *p)
{
	unsigned rows = 1;
	for (size_t i = 0; i < p->asked.count; i++) {
		unsigned more = plan_more(p, p->asked.wants[i]);
		rows = more > rows ? more : rows;
	}
	return rows < PLAN_REPETITIONS ? rows : PLAN_REPETITIONS;
}

/* What one more row of a column adds to an answer: the name with some index, the headers, a small number; a text is longer. */
static unsigned plan_row_bytes(const struct ice_probe *p, size_t want)
{
	const struct ice_ladder *names = &p->profile->ladders[ICE_FIELD_SUPPLY_NAME];
	bool text = p->profile->wants[want].alert_text || (names->count && names->rungs[0].want == want);
	return p->profile->wants[want].oid.len + 11u + (text ? 24 : 0);
}

/* A printer that is not well has alerts: its hrDeviceStatus is warning or down, or its hrPrinterDetectedErrorState tells of something. */
static bool plan_ails(const struct ice_probe *p)
{
	struct ice_facts facts = {.profile = p->profile, .answers = &p->answers, .ip = p->ip};
	const struct ice_ladder *errors = &p->profile->ladders[ICE_FIELD_STATUS_ERRORS];
	int64_t status;
	if (ice_facts_number(&facts, ICE_FIELD_STATUS_DEVICE, &status, NULL) && (status == 3 || status == 5))
		return true;
	struct ice_value v =
	        errors->count ? ice_answers_get(&p->answers, errors->rungs[0].want) : (struct ice_value){0};
	for (size_t i = 0; i < v.len; i++)
		if (v.bytes[i])
			return true;
	return false;
}

/* Most printers have no alerts most of the time, and a column without rows still costs its repetitions: the severities
 * go first, the other columns only when there are any, or `along` with them. True when a column has to wait for them, or is not
 * needed. */
static bool plan_waits(struct ice_probe *p, size_t want, bool along)
{
	int leader = ice_talk_leader(p, want);
	if (leader < 0 || p->asked.pdu != ICE_SNMP_GETBULK)
		return false;
	bool open = ice_want_in(&p->pending, (size_t)leader);
	if (!open && p->answers.wants[leader].first == ICE_ANSWERS_NONE)
		ice_want_drop(&p->pending, want);
	return (open && !along) || !ice_want_in(&p->pending, want);
}

/* The tables of interfaces are read only where the instances did not settle which one is ours. */
static void plan_interfaces(struct ice_probe *p)
{
	struct ice_facts facts = {.profile = p->profile, .answers = &p->answers, .ip = p->ip};
	if (ice_want_any(&p->pending, &p->profile->interfaces) && ice_interfaces_settled(&facts))
		ice_want_drop_all(&p->pending, &p->profile->interfaces);
}

/* Which columns go together into a request. */
enum plan_width {
	PLAN_ALL,      /* of what may be asked by now */
	PLAN_ALONG,    /* the alerts' columns along with their severities */
	PLAN_ONE_GROUP /* of one table */
};

static void plan_columns(struct ice_probe *p, struct ice_oid *names, enum plan_width width, size_t *room,
                         unsigned *row_bytes)
{
	const struct ice_want_set *columns = &p->profile->columns;
	struct ice_want_set left = {{p->pending.bits[0] & columns->bits[0], p->pending.bits[1] & columns->bits[1]}};
	int group = -1;
	*row_bytes = 0;
	for (size_t i = 0; (i = ice_want_next(&left, i)) < ICE_PROFILE_WANTS; i++) {
		const struct ice_want *w = &p->profile->wants[i];
		if ((width == PLAN_ONE_GROUP && group >= 0 && w->group != group) ||
		    plan_waits(p, i, width == PLAN_ALONG))
			continue;
		struct ice_oid *name = plan_place(p, names);
		if (!name)
			return;
		if (!plan_cursor(p, i, name)) {
			ice_want_drop(&p->pending, i);
			continue;
		}
		if (!plan_take(p, i, name, room))
			return;
		group = w->group;
		*row_bytes += plan_row_bytes(p, i);
	}
}

/* The columns of a GETBULK, and as many repetitions as its answer has room for. */
static void plan_bulk(struct ice_probe *p, struct ice_oid *names, enum plan_width width)
{
	size_t room = plan_room(p);
	unsigned row_bytes;
	p->asked.count = 0;
	plan_columns(p, names, width, &room, &row_bytes);
	p->asked.repetitions = p->reply_bytes / (row_bytes + 1);
	if (p->asked.repetitions < 1)
		p->asked.repetitions = 1;
}

bool ice_talk_plan(struct ice_probe *p, struct ice_oid names[TALK_ASKED_MAX])
{
	struct talk_asked *a = &p->asked;
	bool next = p->plain || p->version == ICE_SNMP_V1;
	size_t room = plan_room(p);
	unsigned row_bytes;
	a->count = 0;
	a->repetitions = 0;
	a->varies = TALK_ASKED_MAX;
	a->pdu = next ? ICE_SNMP_GETNEXT : ICE_SNMP_GET;
	plan_instances(p, names, next, &room);
	if (next) { /* one question type for both: fill up with columns */
		plan_columns(p, names, PLAN_ALL, &room, &row_bytes);
		return a->count > 0;
	}
	if (a->count > 0)
		return true;
	a->pdu = p->bulk ? ICE_SNMP_GETBULK : ICE_SNMP_GETNEXT;
	plan_interfaces(p);
	if (!p->bulk) {
		plan_columns(p, names, PLAN_ALL, &room, &row_bytes);
		return a->count > 0;
	}
	if (p->expected > 0 && plan_ails(p))
		plan_bulk(p, names, PLAN_ALONG);
	if (a->count == 0 || a->repetitions < plan_rows(p)) /* they would cost the others' last rows */
		plan_bulk(p, names, PLAN_ALL);
	if (a->count > 0 && a->repetitions < PLAN_REPETITIONS_LEAST)
		plan_bulk(p, names, PLAN_ONE_GROUP);
	if (a->repetitions > plan_rows(p))
		a->repetitions = plan_rows(p);
	return a->count > 0;
}
