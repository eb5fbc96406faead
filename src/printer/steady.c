#include "ice/steady.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ice/ber.h"

#include "facts.h"
#include "talk.h"

/* FNV-1a over tag, length and content. Values that differ in one octet never come out the same, others once in four billion times; and
 * then the next change shows, or the next full reading. */
static uint32_t steady_hash(uint8_t tag, const uint8_t *bytes, size_t n)
{
	const uint8_t head[3] = {tag, (uint8_t)(n >> 8), (uint8_t)n};
	uint32_t hash = 0x811c9dc5u;
	for (size_t i = 0; i < sizeof(head); i++)
		hash = (hash ^ head[i]) * 0x01000193u;
	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * 0x01000193u;
	return hash;
}

/* Adds an instance that was read; false when it was not, or is not one. */
static bool steady_add(struct ice_steady *s, const struct ice_probe *p, size_t want)
{
	const struct ice_want *w = &p->profile->wants[want];
	struct ice_value v = ice_answers_get(&p->answers, want);
	if (w->column || v.tag == 0 || s->count == ICE_STEADY_NAMES || !ice_talk_instance(p, w, &s->names[s->count]))
		return false;
	s->values[s->count++] = steady_hash(v.tag, v.bytes, v.len);
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

/* Adds a page count that was read. */
static bool steady_pages(struct ice_steady *s, const struct ice_probe *p, const struct ice_facts *facts,
                         enum ice_pages which)
{
	if (!steady_number(s, p, facts, (enum ice_field)(ICE_FIELD_PAGES + (int)which)))
		return false;
	s->pages[s->count - 1] = true;
	return true;
}

bool ice_steady_take(const struct ice_probe *p, uint16_t credential, struct ice_steady *out)
{
	struct ice_facts facts = {.profile = p->profile, .answers = &p->answers, .ip = p->ip};
	const struct ice_rung *by;
	char serial[ICE_FACT_TEXT];
	int64_t scans;
	if (p->phase != TALK_OVER)
		return false;
	*out = (struct ice_steady){.version = p->version, .credential = credential};
	snprintf(out->profile, sizeof(out->profile), "%s", p->profile->name);
	bool whole = p->silences == 0 && !p->answers.full && p->requests < ICE_PROBE_REQUESTS_MAX;
	whole &= steady_number(out, p, &facts, ICE_FIELD_STEADY_CONFIG);
	whole &= steady_number(out, p, &facts, ICE_FIELD_STEADY_EVENTS);
	/* Every other page count but that of scans is a part of the total. */
	whole &= steady_pages(out, p, &facts, ICE_PAGES_TOTAL);
	if (ice_facts_number(&facts, (enum ice_field)(ICE_FIELD_PAGES + ICE_PAGES_SCAN), &scans, &by))
		whole &= steady_pages(out, p, &facts, ICE_PAGES_SCAN);
	steady_state(out, p, ICE_FIELD_STATUS_DEVICE);
	steady_state(out, p, ICE_FIELD_STATUS_PRINTER);
	steady_state(out, p, ICE_FIELD_STATUS_ERRORS);
	bool something = out->count > 0;
	out->whole = whole & (ice_facts_text(&facts, ICE_FIELD_SERIAL, serial, &by) > 0 &&
	                      ice_record_serial_identifies(serial) && steady_add(out, p, by->want));
	return something;
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
	bool error = reply->error_status != ICE_SNMP_NO_ERROR, pages = false, other = false;
	/* An error's names come back as they were sent, or, from some agents, not at all. */
	if (reply->pdu != ICE_SNMP_RESPONSE || reply->count > s->count || (reply->count == 0 && !error))
		return ICE_STEADY_NOT_OURS;
	for (size_t i = 0; i < reply->count; i++) {
		const struct ice_snmp_varbind *vb = &reply->varbinds[i];
		if (vb->oid_len != s->names[i].len || memcmp(vb->oid, s->names[i].bytes, vb->oid_len) != 0)
			return ICE_STEADY_NOT_OURS;
		if (ice_snmp_absent(vb))
			other = true;
		else if (steady_hash(vb->tag, vb->value, vb->value_len) != s->values[i])
			*(s->pages[i] ? &pages : &other) = true;
	}
	if (error || other || reply->count < s->count)
		return ICE_STEADY_OTHER;
	return pages ? ICE_STEADY_PAGES : ICE_STEADY_SAME;
}

static void steady_hex(char **at, const uint8_t *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t k = 0; k < n; k++) {
		*(*at)++ = digits[bytes[k] >> 4];
		*(*at)++ = digits[bytes[k] & 15];
	}
}

/* "2 2c 0 hp all 7 NAME:01234567 NAME#89abcdef ...": form, version, credential, profile, whether it is whole ("all", "some"), how many
 * names, and each as on the wire with the hash of its value, behind '#' for a page count. */
void ice_steady_format(const struct ice_steady *s, char out[ICE_STEADY_TEXT])
{
	int n = snprintf(out, ICE_STEADY_TEXT, "2 %s %u %s %s %zu", s->version == ICE_SNMP_V1 ? "1" : "2c",
	                 s->credential, s->profile, s->whole ? "all" : "some", s->count);
	char *at = out + n;
	for (size_t i = 0; i < s->count; i++) {
		uint32_t v = s->values[i];
		const uint8_t value[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16), (uint8_t)(v >> 8), (uint8_t)v};
		*at++ = ' ';
		steady_hex(&at, s->names[i].bytes, s->names[i].len);
		*at++ = s->pages[i] ? '#' : ':';
		steady_hex(&at, value, sizeof(value));
	}
	*at = '\0';
}

static int steady_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Octets up to what is no digit, at most `room`; NULL when they are none, or end in the midst of one. */
static const char *steady_octets(const char *text, uint8_t *out, size_t room, size_t *len)
{
	for (*len = 0; steady_digit(text[0]) >= 0; text += 2) {
		int low = steady_digit(text[1]);
		if (low < 0 || *len == room)
			return NULL;
		out[(*len)++] = (uint8_t)(steady_digit(text[0]) << 4 | low);
	}
	return *len > 0 ? text : NULL;
}

/* One name with its value, up to the next blank or the end; NULL when it is none. */
static const char *steady_name(const char *text, struct ice_steady *out)
{
	struct ice_oid *name = &out->names[out->count];
	uint8_t value[4];
	size_t len = 0, n = 0;
	text = steady_octets(text, name->bytes, ICE_OID_BYTES, &len);
	name->len = (uint8_t)len;
	if (!text || (*text != ':' && *text != '#') || !ice_oid_valid(name->bytes, name->len))
		return NULL;
	out->pages[out->count] = *text == '#';
	text = steady_octets(text + 1, value, sizeof(value), &n);
	if (!text || n != sizeof(value))
		return NULL;
	out->values[out->count++] =
	        (uint32_t)value[0] << 24 | (uint32_t)value[1] << 16 | (uint32_t)value[2] << 8 | value[3];
	return text;
}

bool ice_steady_parse(const char *text, struct ice_steady *out)
{
	char version[3], whole[5], again[ICE_STEADY_TEXT];
	size_t count = 0;
	int at = 0;
	*out = (struct ice_steady){0};
	if (strlen(text) >= ICE_STEADY_TEXT || sscanf(text, "2 %2s %" SCNu16 " %31s %4s %zu%n", version,
	                                              &out->credential, out->profile, whole, &count, &at) != 5)
		return false;
	out->version = strcmp(version, "1") == 0 ? ICE_SNMP_V1 : ICE_SNMP_V2C;
	out->whole = strcmp(whole, "all") == 0;
	for (const char *p = text + at; *p;) {
		if (*p != ' ' || out->count == ICE_STEADY_NAMES || !(p = steady_name(p + 1, out)))
			return false;
	}
	/* What reads leniently writes otherwise. */
	ice_steady_format(out, again);
	return out->count > 0 && out->count == count && strcmp(text, again) == 0;
}
