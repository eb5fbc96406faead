/* Which rung gave each fact, for people: the rungs that were empty before it, the raw value. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ice/ber.h"
#include "ice/probe.h"

#include "facts.h"

#define EXPLAIN_RAW 48 /* bytes of a raw value that are shown */

struct explain {
	const struct ice_facts *facts;
	const struct ice_explain_ops *ops;
	void *arg;
};

static const char *explain_oid(const struct ice_facts *f, size_t want, char out[ICE_OID_TEXT_SIZE])
{
	const struct ice_oid *oid = &f->profile->wants[want].oid;
	return ice_oid_format(oid->bytes, oid->len, out);
}

/* The raw value, escaped and cut: a stranger's bytes on a terminal. */
static const char *explain_raw(const struct ice_value *v, char out[EXPLAIN_RAW * 4 + 8])
{
	int64_t n;
	size_t o = 1;
	if (!v->tag)
		return "-";
	if (ice_value_number(v, &n)) {
		snprintf(out, 32, "%" PRId64, n);
		return out;
	}
	out[0] = '"';
	for (size_t i = 0; i < v->len && i < EXPLAIN_RAW; i++) {
		if (isprint(v->bytes[i]) && v->bytes[i] < 0x7f && v->bytes[i] != '"' && v->bytes[i] != '\\')
			out[o++] = (char)v->bytes[i];
		else
			o += (size_t)snprintf(out + o, 5, "\\x%02x", v->bytes[i]);
	}
	snprintf(out + o, 5, "\"%s", v->len > EXPLAIN_RAW ? "..." : "");
	return out;
}

static void explain_rungs(const struct explain *e, const struct ice_ladder *l, const struct ice_rung *by)
{
	char oid[ICE_OID_TEXT_SIZE], raw[EXPLAIN_RAW * 4 + 8];
	for (size_t i = 0; i < l->count; i++) {
		const struct ice_rung *r = &l->rungs[i];
		struct ice_value v = ice_answers_get(e->facts->answers, r->want);
		e->ops->rung(r->origin, explain_oid(e->facts, r->want, oid), explain_raw(&v, raw), r == by, e->arg);
		if (r == by)
			return;
	}
}

static void explain_field(const struct explain *e, enum ice_field field)
{
	const struct ice_facts *f = e->facts;
	const struct ice_ladder *l = &f->profile->ladders[field];
	const struct ice_rung *by = NULL;
	char text[ICE_FACT_TEXT + 32], oid[ICE_OID_TEXT_SIZE];
	const char *value = text;
	int64_t n;
	if (ice_field_is_column(field)) {
		size_t want = (size_t)ice_facts_column(f, field);
		snprintf(text, sizeof(text), "%u rows of %s", f->answers->wants[want].count, explain_oid(f, want, oid));
		e->ops->fact(ice_field_name(field), text, e->arg);
		return;
	}
	if (ice_facts_number(f, field, &n, &by))
		snprintf(text, sizeof(text), "%" PRId64, n);
	else if (!ice_facts_text(f, field, text, &by)) {
		value = NULL;
		if (field == ICE_FIELD_MAKE && f->profile->make) {
			snprintf(text, sizeof(text), "%s (the profile's)", f->profile->make);
			value = text;
		}
	}
	e->ops->fact(ice_field_name(field), value, e->arg);
	explain_rungs(e, l, by);
}

void ice_facts_explain(const struct ice_facts *facts, const struct ice_explain_ops *ops, void *arg)
{
	struct ice_facts f = *facts;
	struct explain e = {&f, ops, arg};
	char serial[ICE_FACT_TEXT], text[ICE_FACT_TEXT];
	if (ice_facts_text(&f, ICE_FIELD_SERIAL, serial, NULL))
		f.serial = serial;
	for (int i = 0; i < ICE_FIELD_COUNT; i++)
		if (f.profile->ladders[i].count)
			explain_field(&e, (enum ice_field)i);
	uint8_t mac[6];
	const char *why = "";
	if (!ice_interfaces_mac(&f, mac, &why))
		return;
	snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x (%s)", mac[0], mac[1], mac[2], mac[3], mac[4],
	         mac[5], why);
	ops->fact("mac", text, arg);
}

/* ---- as text ---- */

static void explain_fact_text(const char *name, const char *value, void *arg)
{
	fprintf(arg, "%-18s %s\n", name, value ? value : "nothing");
}

static void explain_rung_text(const char *origin, const char *oid, const char *raw, bool took, void *arg)
{
	fprintf(arg, "    %s %-22s %s = %s\n", took ? "*" : "-", origin, oid, raw);
}

const struct ice_explain_ops ice_explain_text = {explain_fact_text, explain_rung_text};
