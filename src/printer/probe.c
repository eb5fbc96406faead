/* The life of one conversation. */
#include "ice/probe.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ice/ber.h"
#include "ice/text.h"

#include "expected.h"
#include "facts.h"
#include "requests.h"
#include "talk.h"

#define PROBE_REPLY_BYTES 1360 /* below one Ethernet frame, whatever some names cost more */
#define PROBE_SILENCES    6    /* in a whole conversation */

static struct ice_facts probe_facts(const struct ice_probe *p)
{
	return (struct ice_facts){.profile = p->profile,
	                          .answers = &p->answers,
	                          .ip = p->ip,
	                          .charset = ICE_TEXT_UNKNOWN,
	                          .alert_text = p->options.alert_text};
}

/* The charset of localized texts, when it was asked and is one we know. */
static int probe_charset(const struct ice_probe *p)
{
	const struct ice_ladder *l = &p->profile->ladders[ICE_FIELD_CHARSET];
	struct ice_value v = l->count ? ice_answers_get(&p->answers, l->rungs[0].want) : (struct ice_value){0};
	int64_t n;
	return ice_value_number(&v, &n) && n > 0 && n < 10000 ? (int)n : ICE_TEXT_UNKNOWN;
}

/* What first contact has told already is not asked again. */
static void probe_known(struct ice_probe *p, int want, struct ice_value v)
{
	if (want < 0)
		return;
	ice_want_drop(&p->pending, (size_t)want);
	if (v.len)
		ice_answers_put(&p->answers, (size_t)want, &v);
}

static struct ice_value probe_text(const char *text)
{
	return (struct ice_value){(const uint8_t *)text, (uint16_t)strlen(text), ICE_BER_OCTETS};
}

static void probe_told(struct ice_probe *p, int want, const struct ice_told *told)
{
	if (told->tag)
		probe_known(p, want, (struct ice_value){told->bytes, told->len, told->tag});
}

struct ice_probe *ice_probe_new(const struct ice_identity *identity, const struct ice_address *ip,
                                enum ice_snmp_version version, const struct ice_secret *community,
                                const struct ice_probe_options *options)
{
	struct ice_probe *p = malloc(sizeof(*p));
	if (!p)
		abort();
	assert(identity->profile);
	memset(p, 0, offsetof(struct ice_probe, identity));
	p->profile = identity->profile;
	ice_identity_copy(&p->identity, identity);
	p->ip = *ip;
	p->version = version;
	p->community = *community;
	p->options = *options;
	p->bulk = p->profile->bulk && version == ICE_SNMP_V2C;
	p->varbinds_max = TALK_ASKED_MAX;
	p->reply_bytes = PROBE_REPLY_BYTES;
	p->pending = p->profile->early;
	p->model = ice_expected_model(identity);
	p->expected = ice_expected_rows(p->profile->all->expected, p->model);
	if (!p->bulk)
		ice_want_drop_all(&p->pending, &p->profile->spare);
	p->asked.count = 0;
	p->request.len = 0;
	ice_answers_init(&p->answers, p->profile->want_count);
	for (size_t i = 0; options->alert_text && i < p->profile->want_count; i++)
		if (p->profile->wants[i].alert_text)
			ice_want_add(&p->pending, i);
	probe_known(p, p->profile->descr, probe_text(identity->descr));
	if (identity->device_index.len && identity->device_descr[0])
		probe_known(p, p->profile->device_descr, probe_text(identity->device_descr));
	probe_told(p, p->profile->printer_status, &identity->printer_status);
	probe_told(p, p->profile->life_count, &identity->life_count);
	return p;
}

void ice_probe_free(struct ice_probe *p)
{
	if (!p)
		return;
	ice_answers_fini(&p->answers);
	ice_secret_wipe(&p->community);
	explicit_bzero(p->request.bytes, p->request.len);
	free(p);
}

void ice_identity_make_model(const struct ice_identity *id, char make[ICE_IDENTITY_MAKE], char model[ICE_IDENTITY_TEXT])
{
	/* The ladders decide here as they do in a record, over a conversation in which nothing was asked. */
	static const struct ice_secret nobody;
	static const struct ice_probe_options plain;
	struct ice_address none = {0};
	char text[ICE_FACT_TEXT];
	make[0] = model[0] = '\0';
	if (!id->printer || !id->profile)
		return;
	struct ice_probe *p = ice_probe_new(id, &none, ICE_SNMP_V2C, &nobody, &plain);
	struct ice_facts facts = probe_facts(p);
	if (ice_facts_text(&facts, ICE_FIELD_MAKE, text, NULL))
		snprintf(make, ICE_IDENTITY_MAKE, "%.63s", text);
	else if (p->profile->make)
		snprintf(make, ICE_IDENTITY_MAKE, "%.63s", p->profile->make);
	if (ice_facts_text(&facts, ICE_FIELD_MODEL, text, NULL))
		snprintf(model, ICE_IDENTITY_TEXT, "%.255s", text);
	ice_probe_free(p);
}

/* True when a table says another thing than a GET of the same instance did. */
static bool probe_contradicted(const struct ice_probe *p)
{
	const struct ice_profile *of = p->profile;
	for (size_t i = 0; (i = ice_want_next(&of->again, i)) < ICE_PROFILE_WANTS; i++) {
		const struct ice_want *w = &of->wants[i];
		struct ice_value by_get = ice_answers_get(&p->answers, i), by_bulk;
		struct ice_oid name;
		if (w->table < 0 || by_get.tag == 0 || !ice_talk_instance(p, w, &name))
			continue;
		size_t at = of->wants[w->table].oid.len;
		by_bulk = ice_answers_at(&p->answers, (size_t)w->table, name.bytes + at, name.len - at);
		if (by_bulk.tag && (by_bulk.len != by_get.len || memcmp(by_bulk.bytes, by_get.bytes, by_get.len) != 0))
			return true;
	}
	return false;
}

/* GETBULK said something else than GET: what it said is forgotten, and the tables are read once more by GETNEXT. True
 * when there is something to ask again. */
static bool probe_caught_lying(struct ice_probe *p)
{
	const struct ice_ladder *levels = &p->profile->ladders[ICE_FIELD_SUPPLY_LEVEL];
	const struct ice_oid *first = &p->identity.supply_index;
	int64_t level;
	if (!p->bulk)
		return false;
	/* First contact told the first supply's level by GETNEXT. That it changed meanwhile is rare, and costs some requests. */
	struct ice_value v = levels->count
	                             ? ice_answers_at(&p->answers, levels->rungs[0].want, first->bytes, first->len)
	                             : (struct ice_value){0};
	bool other = p->identity.has_supply_level && ice_value_number(&v, &level) && level != p->identity.supply_level;
	if (!other && !probe_contradicted(p))
		return false;
	p->bulk = false;
	for (size_t i = 0; i < p->profile->want_count; i++) {
		const struct ice_want *w = &p->profile->wants[i];
		if (!w->column || p->answers.wants[i].first == ICE_ANSWERS_NONE)
			continue;
		ice_answers_forget(&p->answers, i);
		ice_want_add(&p->pending, i);
	}
	return true;
}

/* How many rungs of a ladder stand before the one that yields; all of them when none does. */
static size_t probe_before(const struct ice_facts *facts, enum ice_field field)
{
	const struct ice_ladder *l = &facts->profile->ladders[field];
	const struct ice_rung *by = NULL;
	char text[ICE_FACT_TEXT];
	int64_t n;
	if (ice_field_is_column(field))
		return ice_facts_has(facts, field) ? 0 : l->count;
	if (!ice_facts_number(facts, field, &n, &by))
		(void)ice_facts_text(facts, field, text, &by);
	return by ? (size_t)(by - l->rungs) : l->count;
}

/* What is known of the model from now on. */
static void probe_learn(const struct ice_probe *p)
{
	unsigned rows = 0;
	for (size_t i = 0; (i = ice_want_next(&p->profile->columns, i)) < ICE_PROFILE_WANTS; i++)
		if (ice_talk_leader(p, i) < 0 && p->answers.wants[i].count > rows)
			rows = p->answers.wants[i].count;
	if (p->bulk && p->silences == 0)
		ice_expected_learn(p->profile->all->expected, p->model, rows);
}

/* Late rungs of every fact that has nothing yet, or nothing better: an owner's name for the printer, asked for another fact's sake, does
 * not spare the device id that goes before it. */
static void probe_enter_late(struct ice_probe *p)
{
	struct ice_facts facts = probe_facts(p);
	p->phase = TALK_LATE;
	for (int f = 0; f < ICE_FIELD_COUNT; f++) {
		const struct ice_ladder *l = &p->profile->ladders[f];
		if (!p->profile->late[f])
			continue;
		size_t before = probe_before(&facts, (enum ice_field)f);
		for (size_t i = 0; i < before; i++) {
			const struct ice_rung *r = &l->rungs[i];
			if (!r->late)
				continue;
			if (!p->answers.wants[r->want].done)
				ice_want_add(&p->pending, r->want);
			if (r->kind == ICE_KIND_LOOKUP)
				ice_want_add(&p->pending, r->key_want);
		}
	}
}

/* True when a localized text has octets whose meaning depends on the character set. */
static bool probe_needs_charset(const struct ice_probe *p)
{
	static const enum ice_field localized[] = {ICE_FIELD_SUPPLY_NAME, ICE_FIELD_ALERT_TEXT};
	for (size_t i = 0; i < sizeof(localized) / sizeof(localized[0]); i++) {
		const struct ice_ladder *l = &p->profile->ladders[localized[i]];
		uint16_t row = l->count ? ice_answers_first(&p->answers, l->rungs[0].want) : ICE_ANSWERS_NONE;
		for (; row != ICE_ANSWERS_NONE; row = ice_answers_next(&p->answers, row)) {
			struct ice_value v = ice_answers_value(&p->answers, row);
			for (size_t k = 0; k < v.len; k++) {
				if (v.bytes[k] >= 0x80 || v.bytes[k] == 0x1b || (v.bytes[k] == 0 && k + 1 < v.len))
					return true;
			}
		}
	}
	return false;
}

static void probe_enter_charset(struct ice_probe *p)
{
	const struct ice_ladder *l = &p->profile->ladders[ICE_FIELD_CHARSET];
	p->phase = TALK_CHARSET;
	if (l->count && probe_needs_charset(p))
		ice_want_add(&p->pending, l->rungs[0].want);
}

static void probe_end(struct ice_probe *p)
{
	p->phase = TALK_OVER;
	p->built = false;
}

const struct ice_snmp_request *ice_probe_request(struct ice_probe *p)
{
	struct ice_oid names[TALK_ASKED_MAX];
	if (p->built)
		return &p->request;
	while (p->phase != TALK_OVER && !ice_talk_plan(p, names)) {
		if (p->phase == TALK_MAIN && probe_caught_lying(p))
			continue;
		if (p->phase == TALK_MAIN) {
			probe_learn(p);
			probe_enter_late(p);
		} else if (p->phase == TALK_LATE)
			probe_enter_charset(p);
		else
			probe_end(p);
	}
	if (p->phase == TALK_OVER || p->requests >= ICE_PROBE_REQUESTS_MAX) {
		probe_end(p);
		return NULL;
	}
	struct ice_request_key key = {p->version, p->asked.pdu, p->asked.repetitions, p->asked.varies};
	if (!ice_request_get(p->profile->cache, &key, &p->community, names, p->asked.count, &p->request,
	                     p->asked.names)) {
		probe_end(p);
		return NULL;
	}
	p->requests++;
	p->built = true;
	return &p->request;
}

enum ice_verdict ice_probe_reply(struct ice_probe *p, const struct ice_snmp_message *reply)
{
	if (!p->built)
		return ICE_VERDICT_OIDS;
	enum ice_verdict v = ice_talk_take(p, reply);
	if (v != ICE_VERDICT_OK)
		return v;
	p->built = false;
	p->silences_now = 0;
	if (p->answers.full)
		probe_end(p);
	return ICE_VERDICT_OK;
}

void ice_probe_silence(struct ice_probe *p)
{
	if (!p->built)
		return;
	p->built = false;
	p->silences++;
	p->silences_now++;
	if (p->silences >= PROBE_SILENCES || p->silences_now >= 4) {
		probe_end(p);
		return;
	}
	switch (p->silences_now) {
	case 1: /* smaller, and no GETBULK */
		p->bulk = false;
		ice_want_drop_all(&p->pending, &p->profile->spare);
		p->varbinds_max = p->asked.count > 8 ? 8 : p->asked.count > 1 ? (unsigned)(p->asked.count + 1) / 2 : 1;
		break;
	case 2: /* by GETNEXT, then by v1: some agents answer only that */
		if (!p->plain && p->version == ICE_SNMP_V2C) {
			p->plain = true;
			break;
		}
		/* fall through */
	default:
		p->plain = true;
		if (p->version == ICE_SNMP_V2C && p->silences_now == 3) {
			p->version = ICE_SNMP_V1;
			break;
		}
		for (size_t i = 0; i < p->asked.count; i++)
			ice_want_drop(&p->pending, p->asked.wants[i]);
	}
}

enum ice_snmp_version ice_probe_version(const struct ice_probe *p)
{
	return p->version;
}

unsigned ice_probe_requests(const struct ice_probe *p)
{
	return p->requests;
}

void ice_probe_record(const struct ice_probe *p, time_t read_at, struct ice_record *out)
{
	struct ice_facts facts = probe_facts(p);
	facts.charset = probe_charset(p);
	ice_facts_record(&facts, read_at, out);
	if (p->options.no_name)
		out->name = NULL;
	if (p->options.no_location)
		out->location = NULL;
}

void ice_probe_explain(const struct ice_probe *p, const struct ice_explain_ops *ops, void *arg)
{
	struct ice_facts facts = probe_facts(p);
	facts.charset = probe_charset(p);
	char requests[96];
	snprintf(requests, sizeof(requests), "%u after first contact, SNMP %s%s", p->requests,
	         p->version == ICE_SNMP_V1 ? "v1" : "v2c", p->answers.full ? " (it said more than is kept)" : "");
	ops->fact("profile", p->profile->name, arg);
	ops->fact("evidence", p->identity.reason, arg);
	ops->fact("requests", requests, arg);
	ice_facts_explain(&facts, ops, arg);
}
