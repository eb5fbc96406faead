#include "reading.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reading_record(struct fm_reading *out, const json_t *value, char *why, size_t why_size)
{
	struct ice_record record;
	if (!ice_record_from_value(value, &record, why, why_size))
		return false;
	ice_record_identity(&record, out->identity);
	if (!out->identity[0]) {
		snprintf(why, why_size, "neither serial, MAC nor address");
		return false;
	}
	if (record.ip.hi || record.ip.lo)
		ice_address_format(&record.ip, out->ip);
	out->read_at = (int64_t)record.read_at;
	out->json = ice_record_to_json(&record, &out->len);
	return true;
}

/* What later changes may be of: the record as it travelled. */
static void reading_name(struct fm_reading *out, const json_t *value)
{
	size_t len;
	char *text = ice_change_text(value, &len);
	if (len > ICE_CHANGE_BASE_MAX) {
		free(text);
		return;
	}
	ice_change_name(text, len, out->name);
	if (len == out->len && memcmp(text, out->json, len) == 0) {
		free(text);
		return;
	}
	out->raw = text;
	out->raw_len = len;
}

bool fm_reading_read(struct fm_reading *out, const json_t *value, bool changes, char *why, size_t why_size)
{
	memset(out, 0, sizeof(*out));
	switch (changes ? ice_change_look(value, out->base) : ICE_CHANGE_NONE) {
	case ICE_CHANGE_GOOD:
		out->json = ice_change_text(value, &out->len);
		return true;
	case ICE_CHANGE_BAD:
		snprintf(why, why_size, "a change with something odd about it");
		return false;
	case ICE_CHANGE_NONE:
		break;
	}
	if (!reading_record(out, value, why, why_size))
		return false;
	reading_name(out, value);
	return true;
}

bool fm_reading_rebuild(struct fm_reading *out, const char *base, size_t base_len, const char *change, size_t len,
                        char *why, size_t why_size)
{
	size_t n;
	memset(out, 0, sizeof(*out));
	char *text = ice_change_apply(base, base_len, change, len, &n, why, why_size);
	if (!text)
		return false;
	json_t *value = json_loadb(text, n, JSON_REJECT_DUPLICATES, NULL);
	bool good = reading_record(out, value, why, why_size);
	json_decref(value);
	free(text);
	return good;
}

void fm_reading_free(struct fm_reading *r)
{
	free(r->json);
	free(r->raw);
	memset(r, 0, sizeof(*r));
}
