#include "ice/steady.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ice/ber.h"

#include "facts.h"
#include "talk.h"

/* FNV-1a over tag, length and content. Values that differ in one octet never come out the same. */
static uint64_t steady_sum(uint64_t sum, uint8_t tag, const uint8_t *bytes, size_t n)
{
	const uint8_t head[3] = {tag, (uint8_t)(n >> 8), (uint8_t)n};
	for (size_t i = 0; i < sizeof(head); i++)
		sum = (sum ^ head[i]) * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < n; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return sum;
}

#define STEADY_SUM UINT64_C(0xcbf29ce484222325)

/* Adds an instance that was read; false when it was not, or is not one. */
static bool steady_add(struct ice_steady *s, const struct ice_probe *p, size_t want)
{
	const struct ice_want *w = &p->profile->wants[want];
	struct ice_value v = ice_answers_get(&p->answers, want);
	if (w->column || v.tag == 0 || s->count == ICE_STEADY_NAMES || !ice_talk_instance(p, w, &s->names[s->count]))
		return false;
	s->values = steady_sum(s->values, v.tag, v.bytes, v.len);
	s->count++;
	return true;
}

/* Adds where a number of the record came from. */
static bool steady_number(struct ice_steady *s, const struct ice_probe *p, const struct ice_facts *facts,
                          enum ice_field field)
{
	const struct ice_rung *by;
	int64_t n;
	return ice_facts_number(facts, field, &n, &by) && by->kind != ICE_KIND_LOOKUP && steady_add(s, p, by->want);
}

/* Adds the first source of a state that gave any value, also one that means nothing to us. */
static void steady_state(struct ice_steady *s, const struct ice_probe *p, enum ice_field field)
{
	const struct ice_ladder *l = &p->profile->ladders[field];
	for (size_t i = 0; i < l->count && !steady_add(s, p, l->rungs[i].want); i++)
		continue;
}

bool ice_steady_take(const struct ice_probe *p, uint16_t credential, struct ice_steady *out)
{
	struct ice_facts facts = {.profile = p->profile, .answers = &p->answers, .ip = p->ip};
	const struct ice_rung *by;
	char serial[ICE_FACT_TEXT];
	int64_t scans;
	if (p->phase != TALK_OVER || p->silences > 0 || p->answers.full || p->requests >= ICE_PROBE_REQUESTS_MAX)
		return false;
	*out = (struct ice_steady){.version = p->version, .credential = credential, .values = STEADY_SUM};
	snprintf(out->profile, sizeof(out->profile), "%s", p->profile->name);
	/* Every other page count but that of scans is a part of the total. */
	if (!steady_number(out, p, &facts, ICE_FIELD_STEADY_CONFIG) ||
	    !steady_number(out, p, &facts, ICE_FIELD_STEADY_EVENTS) ||
	    !steady_number(out, p, &facts, (enum ice_field)(ICE_FIELD_PAGES + ICE_PAGES_TOTAL)))
		return false;
	if (ice_facts_number(&facts, (enum ice_field)(ICE_FIELD_PAGES + ICE_PAGES_SCAN), &scans, &by) &&
	    !steady_number(out, p, &facts, (enum ice_field)(ICE_FIELD_PAGES + ICE_PAGES_SCAN)))
		return false;
	steady_state(out, p, ICE_FIELD_STATUS_DEVICE);
	steady_state(out, p, ICE_FIELD_STATUS_PRINTER);
	steady_state(out, p, ICE_FIELD_STATUS_ERRORS);
	return ice_facts_text(&facts, ICE_FIELD_SERIAL, serial, &by) > 0 && ice_record_serial_identifies(serial) &&
	       steady_add(out, p, by->want);
}

/* True when the profile asks for this instance. */
static bool steady_allowed(const struct ice_profile *profile, const struct ice_oid *name)
{
	for (size_t i = 0; i < profile->want_count; i++) {
		const struct ice_want *w = &profile->wants[i];
		if (w->column || w->alert_text || !ice_oid_under(w->oid.bytes, w->oid.len, name->bytes, name->len))
			continue;
		if (w->index == ICE_INDEX_NONE ? w->oid.len == name->len : w->oid.len < name->len)
			return true;
	}
	return false;
}

bool ice_steady_request(const struct ice_steady *s, const struct ice_profiles *profiles,
                        const struct ice_secret *community, struct ice_snmp_request *out)
{
	const struct ice_profile *profile = ice_profiles_find(profiles, s->profile);
	for (size_t i = 0; i < s->count; i++)
		if (!profile || !steady_allowed(profile, &s->names[i]))
			return false;
	return s->count > 0 && ice_snmp_build(out, s->version, community, ICE_SNMP_GET, s->names, s->count, 0);
}

enum ice_steady_answer ice_steady_compare(const struct ice_steady *s, const struct ice_snmp_message *reply)
{
	uint64_t sum = STEADY_SUM;
	bool error = reply->error_status != ICE_SNMP_NO_ERROR, absent = false;
	/* An error's names come back as they were sent, or, from some agents, not at all. */
	if (reply->pdu != ICE_SNMP_RESPONSE || reply->count > s->count || (reply->count == 0 && !error))
		return ICE_STEADY_NOT_OURS;
	for (size_t i = 0; i < reply->count; i++) {
		const struct ice_snmp_varbind *vb = &reply->varbinds[i];
		if (vb->oid_len != s->names[i].len || memcmp(vb->oid, s->names[i].bytes, vb->oid_len) != 0)
			return ICE_STEADY_NOT_OURS;
		absent |= ice_snmp_absent(vb);
		sum = steady_sum(sum, vb->tag, vb->value, vb->value_len);
	}
	bool same = !error && !absent && reply->count == s->count && sum == s->values;
	return same ? ICE_STEADY_SAME : ICE_STEADY_OTHER;
}

/* "1 2c 0 hp 0123456789abcdef NAME NAME ...": form, version, credential, profile, values, names as on the wire. */
void ice_steady_format(const struct ice_steady *s, char out[ICE_STEADY_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	int n = snprintf(out, ICE_STEADY_TEXT, "1 %s %u %s %016" PRIx64, s->version == ICE_SNMP_V1 ? "1" : "2c",
	                 s->credential, s->profile, s->values);
	char *at = out + n;
	for (size_t i = 0; i < s->count; i++) {
		*at++ = ' ';
		for (size_t k = 0; k < s->names[i].len; k++) {
			*at++ = digits[s->names[i].bytes[k] >> 4];
			*at++ = digits[s->names[i].bytes[k] & 15];
		}
	}
	*at = '\0';
}

static int steady_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One name up to the next blank or the end; NULL when it is none. */
static const char *steady_name(const char *text, struct ice_oid *out)
{
	for (out->len = 0; *text && *text != ' '; text += 2) {
		int high = steady_digit(text[0]), low = high < 0 ? -1 : steady_digit(text[1]);
		if (low < 0 || out->len == ICE_OID_BYTES)
			return NULL;
		out->bytes[out->len++] = (uint8_t)(high << 4 | low);
	}
	return ice_oid_valid(out->bytes, out->len) ? text : NULL;
}

bool ice_steady_parse(const char *text, struct ice_steady *out)
{
	char version[3], again[ICE_STEADY_TEXT];
	int at = 0;
	*out = (struct ice_steady){0};
	if (strlen(text) >= ICE_STEADY_TEXT || sscanf(text, "1 %2s %" SCNu16 " %31s %16" SCNx64 "%n", version,
	                                              &out->credential, out->profile, &out->values, &at) != 4)
		return false;
	out->version = strcmp(version, "1") == 0 ? ICE_SNMP_V1 : ICE_SNMP_V2C;
	for (const char *p = text + at; *p;) {
		if (*p != ' ' || out->count == ICE_STEADY_NAMES || !(p = steady_name(p + 1, &out->names[out->count++])))
			return false;
	}
	/* What reads leniently writes otherwise. */
	ice_steady_format(out, again);
	return out->count > 0 && strcmp(text, again) == 0;
}
