/* Which rung gave each fact, for people: one line a fact, the rungs that were empty before it, the raw value. */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "ice/ber.h"

#include "facts.h"

static const char *explain_oid(const struct ice_facts *f, size_t want, char out[ICE_OID_TEXT_SIZE])
{
	const struct ice_oid *oid = &f->profile->wants[want].oid;
	return ice_oid_format(oid->bytes, oid->len, out);
}

/* The raw value, escaped and cut: a stranger's bytes on a terminal. */
static void explain_raw(const struct ice_value *v, FILE *to)
{
	int64_t n;
	if (!v->tag) {
		fputs("-", to);
		return;
	}
	if (ice_value_number(v, &n)) {
		fprintf(to, "%" PRId64, n);
		return;
	}
	fputc('"', to);
	for (size_t i = 0; i < v->len && i < 48; i++) {
		if (isprint(v->bytes[i]) && v->bytes[i] != '"' && v->bytes[i] != '\\')
			fputc(v->bytes[i], to);
		else
			fprintf(to, "\\x%02x", v->bytes[i]);
	}
	fprintf(to, "\"%s", v->len > 48 ? "..." : "");
}

static void explain_rungs(const struct ice_facts *f, const struct ice_ladder *l, const struct ice_rung *by, FILE *to)
{
	char oid[ICE_OID_TEXT_SIZE];
	for (size_t i = 0; i < l->count; i++) {
		const struct ice_rung *r = &l->rungs[i];
		struct ice_value v = ice_answers_get(f->answers, r->want);
		fprintf(to, "    %s %-22s %s = ", r == by ? "*" : "-", r->origin, explain_oid(f, r->want, oid));
		explain_raw(&v, to);
		fputc('\n', to);
		if (r == by)
			return;
	}
}

void ice_facts_explain(const struct ice_facts *facts, FILE *to)
{
	struct ice_facts f = *facts;
	char serial[ICE_FACT_TEXT], text[ICE_FACT_TEXT], oid[ICE_OID_TEXT_SIZE];
	if (ice_facts_text(&f, ICE_FIELD_SERIAL, serial, NULL))
		f.serial = serial;
	for (int i = 0; i < ICE_FIELD_COUNT; i++) {
		const struct ice_ladder *l = &f.profile->ladders[i];
		const struct ice_rung *by = NULL;
		int64_t n;
		if (!l->count)
			continue;
		if (ice_field_is_column((enum ice_field)i)) {
			int want = ice_facts_column(&f, (enum ice_field)i);
			fprintf(to, "%-18s %u rows of %s\n", ice_field_name((enum ice_field)i),
			        f.answers->wants[want].count, explain_oid(&f, (size_t)want, oid));
			continue;
		}
		if (ice_facts_number(&f, (enum ice_field)i, &n, &by))
			fprintf(to, "%-18s %" PRId64 "\n", ice_field_name((enum ice_field)i), n);
		else if (ice_facts_text(&f, (enum ice_field)i, text, &by))
			fprintf(to, "%-18s %s\n", ice_field_name((enum ice_field)i), text);
		else if (i == ICE_FIELD_MAKE && f.profile->make)
			fprintf(to, "%-18s %s (the profile's)\n", ice_field_name((enum ice_field)i), f.profile->make);
		else
			fprintf(to, "%-18s nothing\n", ice_field_name((enum ice_field)i));
		explain_rungs(&f, l, by, to);
	}
	uint8_t mac[6];
	const char *why = "";
	if (ice_interfaces_mac(&f, mac, &why))
		fprintf(to, "%-18s %02x:%02x:%02x:%02x:%02x:%02x (%s)\n", "mac", mac[0], mac[1], mac[2], mac[3], mac[4],
		        mac[5], why);
}
