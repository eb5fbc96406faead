#include "ice/change.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How ice_record_to_json writes: fifteen digits are what a double holds of any decimal. */
#define CHANGE_FORM  (JSON_COMPACT | JSON_REAL_PRECISION(15))
#define CHANGE_ROOM  2048 /* most records fit */
#define CHANGE_BYTES ((ICE_CHANGE_NAME_SIZE - 1) / 2)

void ice_change_name(const char *json, size_t len, char name[ICE_CHANGE_NAME_SIZE])
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	/* Fails only for want of memory; a name must never be made up. */
	if (EVP_Digest(json, len, hash, &n, EVP_sha256(), NULL) != 1 || n < CHANGE_BYTES)
		abort();
	for (size_t i = 0; i < CHANGE_BYTES; i++)
		snprintf(name + 2 * i, 3, "%02x", hash[i]);
}

char *ice_change_text(const json_t *value, size_t *len)
{
	char first[CHANGE_ROOM];
	/* It says how much it would have been. An object that was read can be written, unless memory is out. */
	*len = json_dumpb(value, first, sizeof(first), CHANGE_FORM);
	char *text = malloc(*len + 1);
	if (!text || *len == 0)
		abort();
	if (*len <= sizeof(first))
		memcpy(text, first, *len);
	else if (json_dumpb(value, text, *len, CHANGE_FORM) != *len)
		abort();
	text[*len] = '\0';
	return text;
}

/* With arguments like these jansson fails only when memory is out. */
static void change_member(json_t *object, const char *key, json_t *value)
{
	if (!value || json_object_set_new_nocheck(object, key, value) != 0)
		abort();
}

static json_t *change_load(const char *json, size_t len)
{
	json_t *value = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(value))
		return value;
	json_decref(value);
	return NULL;
}

/* ---- the difference --------------------------------------------------------------------------------------------- */

static json_t *change_between(json_t *from, json_t *to, int depth);

static json_t *change_of_objects(json_t *from, json_t *to, int depth)
{
	json_t *set = json_object(), *value;
	const char *key;
	json_object_foreach(from, key, value) if (!json_object_get(to, key)) change_member(set, key, json_null());
	json_object_foreach(to, key, value)
	{
		json_t *old = json_object_get(from, key);
		if (!old)
			change_member(set, key, json_incref(value));
		else if (!json_equal(old, value))
			change_member(set, key, change_between(old, value, depth));
	}
	return set;
}

/* By position or whole, whichever is shorter: a row that goes from the front moves all the others. */
static json_t *change_of_lists(json_t *from, json_t *to, int depth)
{
	size_t had = json_array_size(from), has = json_array_size(to);
	json_t *set = json_object();
	char at[24];
	for (size_t i = 0; i < has; i++) {
		json_t *old = json_array_get(from, i), *value = json_array_get(to, i);
		snprintf(at, sizeof(at), "%zu", i);
		if (!old)
			change_member(set, at, json_incref(value));
		else if (!json_equal(old, value))
			change_member(set, at, change_between(old, value, depth));
	}
	snprintf(at, sizeof(at), "%zu", has);
	if (had > has)
		change_member(set, at, json_null());
	if (json_dumpb(set, NULL, 0, CHANGE_FORM) < json_dumpb(to, NULL, 0, CHANGE_FORM))
		return set;
	json_decref(set);
	return json_incref(to);
}

/* A new reference. Below the depth that is taken everything is told whole. */
static json_t *change_between(json_t *from, json_t *to, int depth)
{
	if (depth < ICE_CHANGE_DEPTH && json_is_object(from) && json_is_object(to))
		return change_of_objects(from, to, depth + 1);
	if (depth < ICE_CHANGE_DEPTH && json_is_array(from) && json_is_array(to))
		return change_of_lists(from, to, depth + 1);
	return json_incref(to);
}

/* ---- its application -------------------------------------------------------------------------------------------- */

static bool change_patch(json_t *target, const json_t *set, int depth);

/* Puts a value in the place of `old` (NULL = nothing is there), or patches what is there. *out is a new reference. */
static bool change_value(json_t *old, json_t *value, int depth, json_t **out)
{
	bool patches = json_is_object(value) && (json_is_object(old) || json_is_array(old));
	*out = patches ? json_incref(old) : json_deep_copy(value);
	if (!*out)
		abort();
	return !patches || change_patch(old, value, depth + 1);
}

static bool change_patch_object(json_t *target, json_t *set, int depth)
{
	json_t *value, *changed;
	const char *key;
	json_object_foreach(set, key, value)
	{
		if (json_is_null(value)) {
			if (json_object_del(target, key) != 0)
				return false;
			continue;
		}
		bool good = change_value(json_object_get(target, key), value, depth, &changed);
		change_member(target, key, changed);
		if (!good)
			return false;
	}
	return true;
}

/* A position as it is written: no sign, no leading zero, not beyond the end. */
static bool change_position(const char *key, size_t end, size_t *at)
{
	char again[24];
	size_t n = strlen(key);
	if (n == 0 || n > 9 || strspn(key, "0123456789") != n)
		return false;
	*at = strtoul(key, NULL, 10);
	snprintf(again, sizeof(again), "%zu", *at);
	return *at <= end && strcmp(again, key) == 0;
}

static bool change_patch_list(json_t *target, json_t *set, int depth)
{
	json_t *value, *changed;
	const char *key;
	size_t at;
	json_object_foreach(set, key, value)
	{
		size_t end = json_array_size(target);
		if (!change_position(key, end, &at) || (json_is_null(value) && at == end))
			return false;
		if (json_is_null(value)) {
			while (end > at)
				json_array_remove(target, --end);
			continue;
		}
		bool good = change_value(json_array_get(target, at), value, depth, &changed);
		if ((at == end ? json_array_append_new(target, changed) : json_array_set_new(target, at, changed)) != 0)
			abort();
		if (!good)
			return false;
	}
	return true;
}

/* The iteration of jansson wants objects it could change; a patch is only read. */
static bool change_patch(json_t *target, const json_t *set, int depth)
{
	json_t *patch = (json_t *)(uintptr_t)set;
	if (depth > ICE_CHANGE_DEPTH)
		return false;
	return json_is_array(target) ? change_patch_list(target, patch, depth)
	                             : change_patch_object(target, patch, depth);
}

/* ---- both ------------------------------------------------------------------------------------------------------- */

enum ice_change_kind ice_change_look(const json_t *value, char name[ICE_CHANGE_NAME_SIZE])
{
	const json_t *base = json_object_get(value, "base"), *set = json_object_get(value, "set");
	const char *text = json_string_value(base);
	name[0] = '\0';
	if (!base)
		return ICE_CHANGE_NONE;
	if (!text || json_string_length(base) != ICE_CHANGE_NAME_SIZE - 1 ||
	    strspn(text, "0123456789abcdef") != ICE_CHANGE_NAME_SIZE - 1 || !json_is_object(set) ||
	    json_object_size(value) != 2)
		return ICE_CHANGE_BAD;
	memcpy(name, text, ICE_CHANGE_NAME_SIZE);
	return ICE_CHANGE_GOOD;
}

char *ice_change_apply(const char *base, size_t base_len, const char *change, size_t len, size_t *out_len, char *why,
                       size_t why_size)
{
	char name[ICE_CHANGE_NAME_SIZE], wanted[ICE_CHANGE_NAME_SIZE], *text = NULL;
	*out_len = 0;
	json_t *record = base_len <= ICE_CHANGE_BASE_MAX ? change_load(base, base_len) : NULL;
	json_t *what = change_load(change, len);
	ice_change_name(base, base_len, name);
	if (!what || ice_change_look(what, wanted) != ICE_CHANGE_GOOD)
		snprintf(why, why_size, "not a change");
	else if (!record || strcmp(name, wanted) != 0)
		snprintf(why, why_size, "its base is another one");
	else if (!change_patch(record, json_object_get(what, "set"), 0))
		snprintf(why, why_size, "the change does not fit its base");
	else
		text = ice_change_text(record, out_len);
	json_decref(record);
	json_decref(what);
	return text;
}

static json_t *change_wrap(const char *base, size_t base_len, json_t *from, json_t *to)
{
	char name[ICE_CHANGE_NAME_SIZE];
	json_t *change = json_object();
	if (!change)
		abort();
	ice_change_name(base, base_len, name);
	change_member(change, "base", json_string(name));
	change_member(change, "set", change_between(from, to, 0));
	return change;
}

/* Whether a text is the one that names are made of. Then its numbers come out of a change as they went in. */
static bool change_is_plain(const json_t *value, const char *json, size_t len)
{
	size_t n;
	char *text = ice_change_text(value, &n);
	bool same = n == len && memcmp(text, json, n) == 0;
	free(text);
	return same;
}

char *ice_change_make(const char *base, size_t base_len, const char *json, size_t len, size_t *out_len)
{
	char *text = NULL;
	json_t *from = base_len <= ICE_CHANGE_BASE_MAX ? change_load(base, base_len) : NULL,
	       *to = change_load(json, len);
	*out_len = 0;
	if (from && to && change_is_plain(to, json, len)) {
		json_t *change = change_wrap(base, base_len, from, to);
		text = ice_change_text(change, out_len);
		if (*out_len > len / 2 || !change_patch(from, json_object_get(change, "set"), 0) ||
		    !json_equal(from, to)) {
			free(text);
			text = NULL;
			*out_len = 0;
		}
		json_decref(change);
	}
	json_decref(from);
	json_decref(to);
	return text;
}
