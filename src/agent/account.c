#include "account.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/clock.h"

/* True when its system group is all a printer told: name, place, and what make and model were told from. */
static bool account_bare(const struct ice_record *r)
{
	for (int i = 0; i < ICE_PAGES_COUNT; i++)
		if (r->pages[i] >= 0)
			return false;
	return !r->serial && !r->has_mac && !r->status && r->supply_count + r->alert_count + r->error_count == 0;
}

/* NULL when it is no printer. *bare as above. */
static json_t *account_record(const struct ice_account *a, bool *bare)
{
	static struct ice_record record;
	size_t len;
	*bare = false;
	if (a->dialogue->end != ICE_DIALOGUE_PRINTER)
		return NULL;
	ice_probe_record(a->dialogue->probe, ice_clock_wall(), &record);
	*bare = account_bare(&record);
	char *text = ice_record_to_json(&record, &len);
	json_t *o = text ? json_loadb(text, len, 0, NULL) : NULL;
	free(text);
	return o;
}

static bool account_write(json_t *o)
{
	return json_dumpf(o, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(12)) == 0 && putchar('\n') != EOF;
}

static const char *account_version(const struct ice_dialogue *d)
{
	return d->version == ICE_SNMP_V1 ? "v1" : "v2c";
}

/* ---- for people ---- */

static void account_verdict(const struct ice_account *a)
{
	const struct ice_dialogue *d = a->dialogue;
	char ip[ICE_ADDRESS_TEXT_SIZE];
	ice_address_format(&a->address, ip);
	if (d->end == ICE_DIALOGUE_SILENT) {
		fprintf(stderr,
		        "%s does not answer on UDP port %d: no device there, SNMP switched off, or another community\n",
		        ip, a->port);
		if (a->elsewhere)
			fprintf(stderr, "%u datagrams came from other addresses or ports and were not believed\n",
			        a->elsewhere);
		return;
	}
	if (d->end == ICE_DIALOGUE_CUT) {
		fprintf(stderr, "%s: the kernel refuses to send there\n", ip);
		return;
	}
	fprintf(stderr, "\n%s answers by SNMP %s, to community %zu of %zu\n", ip, account_version(d), d->community + 1,
	        a->communities);
	fprintf(stderr, "system:   %s\n", d->identity.descr[0] ? d->identity.descr : "(says nothing)");
	fprintf(stderr, "printer:  %s, by %s\n", d->identity.printer ? "yes" : "no",
	        d->identity.reason[0] ? d->identity.reason : "no evidence of one");
	if (d->identity.profile)
		fprintf(stderr, "profile:  %s\n", ice_profile_name(d->identity.profile));
	fprintf(stderr, "requests: %u, datagrams not believed: %u\n", d->requests, d->strays + a->elsewhere);
}

bool ice_account_text(const struct ice_account *a, bool quiet)
{
	const struct ice_dialogue *d = a->dialogue;
	bool printer = d->end == ICE_DIALOGUE_PRINTER, bare;
	json_t *record = account_record(a, &bare);
	if (!quiet || !printer)
		account_verdict(a);
	if (printer && !quiet) {
		fputc('\n', stderr);
		ice_probe_explain(d->probe, &ice_explain_text, stderr);
		fputc('\n', stderr);
	}
	if (bare && !quiet)
		fputs("read:     its system group only: nothing else was readable\n", stderr);
	bool written = !printer || (record && account_write(record));
	json_decref(record);
	return written;
}

/* ---- as JSON ---- */

static void account_fact(const char *name, const char *value, void *arg)
{
	json_t *fact = json_pack("{s:s, s:s*}", "fact", name, "value", value);
	json_array_append_new(arg, fact);
}

static void account_rung(const char *origin, const char *oid, const char *raw, bool took, void *arg)
{
	json_t *fact = json_array_get(arg, json_array_size(arg) - 1), *rungs = json_object_get(fact, "rungs");
	if (!rungs) {
		rungs = json_array();
		json_object_set_new(fact, "rungs", rungs);
	}
	json_array_append_new(
	        rungs, json_pack("{s:s, s:s, s:s, s:b}", "origin", origin, "oid", oid, "raw", raw, "took", took));
}

static json_t *account_trace(const char *text)
{
	json_t *lines = json_array();
	for (const char *p = text ? text : ""; *p; p += *p == '\n') {
		size_t n = strcspn(p, "\n");
		json_array_append_new(lines, json_stringn(p, n));
		p += n;
	}
	return lines;
}

static void account_identity(json_t *o, const struct ice_account *a)
{
	const struct ice_dialogue *d = a->dialogue;
	json_object_set_new(o, "version", json_string(account_version(d)));
	json_object_set_new(o, "community", json_integer((json_int_t)d->community + 1));
	json_object_set_new(o, "printer", json_boolean(d->identity.printer));
	if (d->identity.descr[0])
		json_object_set_new(o, "system", json_string(d->identity.descr));
	if (d->identity.reason[0])
		json_object_set_new(o, "reason", json_string(d->identity.reason));
	if (d->identity.profile)
		json_object_set_new(o, "profile", json_string(ice_profile_name(d->identity.profile)));
}

bool ice_account_json(const struct ice_account *a)
{
	static const struct ice_explain_ops ops = {account_fact, account_rung};
	const struct ice_dialogue *d = a->dialogue;
	char ip[ICE_ADDRESS_TEXT_SIZE];
	bool answered = d->end == ICE_DIALOGUE_DEVICE || d->end == ICE_DIALOGUE_PRINTER, bare;
	json_t *o = json_pack("{s:s, s:i, s:b, s:I, s:I, s:I, s:o}", "address", ice_address_format(&a->address, ip),
	                      "port", (int)a->port, "answered", answered, "communities", (json_int_t)a->communities,
	                      "requests", (json_int_t)d->requests, "strays", (json_int_t)d->strays + a->elsewhere,
	                      "trace", account_trace(a->trace));
	json_t *record = account_record(a, &bare);
	if (d->end == ICE_DIALOGUE_CUT)
		json_object_set_new(o, "refused", json_true());
	if (answered)
		account_identity(o, a);
	if (record) {
		json_t *facts = json_array();
		ice_probe_explain(d->probe, &ops, facts);
		json_object_set_new(o, "facts", facts);
		json_object_set_new(o, "system_group_only", json_boolean(bare));
		json_object_set_new(o, "record", record);
	}
	bool written = account_write(o);
	json_decref(o);
	return written;
}
