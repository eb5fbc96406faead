/* compiled: what the rows of a profile become, so that a conversation decides by numbers and not by text.
 *
 * A profile holds the objects to ask (wants), and for each field a ladder of rungs. A rung names a want, how to read its
 * value (kind) and what to do with it (steps). Built once by profile.c, then const and shared by all conversations. */
#ifndef ICE_PRINTER_COMPILED_H
#define ICE_PRINTER_COMPILED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ice/oid.h"
#include "ice/profile.h"
#include "ice/record.h"

/* What a profile can tell about a printer. The columns of one table stand together. */
enum ice_field {
	ICE_FIELD_NAME,
	ICE_FIELD_MAKE,
	ICE_FIELD_MODEL,
	ICE_FIELD_SERIAL,
	ICE_FIELD_LOCATION,
	ICE_FIELD_PAGES, /* + enum ice_pages */
	ICE_FIELD_PAGES_UNIT = ICE_FIELD_PAGES + ICE_PAGES_COUNT,
	ICE_FIELD_STATUS_DEVICE,
	ICE_FIELD_STATUS_PRINTER,
	ICE_FIELD_STATUS_ERRORS,
	ICE_FIELD_STEADY_CONFIG,
	ICE_FIELD_STEADY_EVENTS,
	ICE_FIELD_LOCALIZATION,
	ICE_FIELD_CHARSET,
	ICE_FIELD_SUPPLY_COLORANT,
	ICE_FIELD_SUPPLY_CLASS,
	ICE_FIELD_SUPPLY_TYPE,
	ICE_FIELD_SUPPLY_NAME,
	ICE_FIELD_SUPPLY_UNIT,
	ICE_FIELD_SUPPLY_CAPACITY,
	ICE_FIELD_SUPPLY_LEVEL,
	ICE_FIELD_COLORANT_NAME,
	ICE_FIELD_ALERT_SEVERITY,
	ICE_FIELD_ALERT_TRAINING,
	ICE_FIELD_ALERT_GROUP,
	ICE_FIELD_ALERT_CODE,
	ICE_FIELD_ALERT_TEXT,
	ICE_FIELD_INTERFACE_TYPE,
	ICE_FIELD_INTERFACE_MAC,
	ICE_FIELD_INTERFACE_STATUS,
	ICE_FIELD_ADDRESS_INTERFACE,
	ICE_FIELD_COUNT
};
const char *ice_field_name(enum ice_field f); /* "pages.total" */
bool ice_field_is_column(enum ice_field f);

/* How a rung reads a value. */
enum ice_kind {
	ICE_KIND_TEXT,   /* OCTET STRING, cleaned */
	ICE_KIND_BRAND,  /* text that begins with a known brand: yields the make */
	ICE_KIND_NUMBER, /* INTEGER, Counter, Gauge */
	ICE_KIND_OCTETS, /* as it is */
	ICE_KIND_RECORD, /* the number in one record of a tag-length blob (id, type, length, value) */
	ICE_KIND_LOOKUP, /* the number in that row of a column whose key column says `key` */
	ICE_KIND_COLUMN, /* a whole column */
};

enum ice_step_op {
	ICE_STEP_SYMBOLS, /* two octets of HP symbol set before the text */
	ICE_STEP_AFTER,   /* what follows the first `text`; nothing when it is not there */
	ICE_STEP_UNTIL,   /* what stands before the first `text`; alternatives by '|' */
	ICE_STEP_KEY,     /* the value of a key of an IEEE 1284 device id; alternatives by '|' */
	ICE_STEP_DROP,    /* without `text` at the start; alternatives by '|' */
	ICE_STEP_NEED,    /* nothing unless `text` is in it */
	ICE_STEP_REFUSE,  /* nothing if `text` is in it */
	ICE_STEP_BRANDED, /* nothing unless it begins with a known brand */
	ICE_STEP_MODEL,   /* a model name: without make, firmware, "Series" */
};

struct ice_step {
	uint8_t op;
	const char *text; /* of the profile's pool */
};

#define ICE_RUNG_STEPS 8

struct ice_rung {
	uint8_t kind; /* enum ice_kind */
	uint8_t step_count;
	bool late;          /* asked only when the rungs before it gave nothing */
	uint8_t record;     /* RECORD: the id */
	uint16_t want;      /* index into the profile's wants */
	uint16_t key_want;  /* LOOKUP: the column of keys */
	const char *key;    /* LOOKUP: a number or text */
	const char *origin; /* "brother.ini:12" */
	struct ice_step steps[ICE_RUNG_STEPS];
};

struct ice_ladder {
	struct ice_rung *rungs;
	uint16_t count;
};

/* Which index of the device completes an object. */
enum ice_index {
	ICE_INDEX_NONE,
	ICE_INDEX_DEVICE,
	ICE_INDEX_GENERAL,
	ICE_INDEX_MARKER,
	ICE_INDEX_SUPPLY, /* of the first row of prtMarkerSuppliesTable */
	ICE_INDEX_LOCALIZATION,
	ICE_INDEX_POLLED /* the IPv4 address at which it is asked */
};

/* Tables that are read together. */
enum ice_group { ICE_GROUP_SCALAR, ICE_GROUP_SUPPLY, ICE_GROUP_ALERT, ICE_GROUP_INTERFACE, ICE_GROUP_VENDOR };

struct ice_want {
	struct ice_oid oid;
	uint8_t index; /* enum ice_index */
	uint8_t group; /* enum ice_group */
	bool column;
	bool late;       /* every rung that names it is late */
	bool alert_text; /* asked only when the operator wants alert texts */
	bool again;      /* a row of a table that is asked once more by GET, which is believed */
	bool spare;      /* likewise, but only where a request has room for it: it may spare reading the table */
	int16_t table;   /* of these two: the column that has it; -1 = none */
};

#define ICE_PROFILE_WANTS 120

/* A set of wants, as bits: a conversation looks at what is left to ask many times, and little of it is ever left. */
struct ice_want_set {
	uint64_t bits[2];
};
_Static_assert(ICE_PROFILE_WANTS <= 128, "every want has a bit");

static inline bool ice_want_in(const struct ice_want_set *s, size_t want)
{
	return s->bits[want / 64] >> want % 64 & 1;
}

static inline void ice_want_add(struct ice_want_set *s, size_t want)
{
	s->bits[want / 64] |= UINT64_C(1) << want % 64;
}

static inline bool ice_want_any(const struct ice_want_set *s, const struct ice_want_set *of)
{
	return ((s->bits[0] & of->bits[0]) | (s->bits[1] & of->bits[1])) != 0;
}

static inline void ice_want_drop_all(struct ice_want_set *s, const struct ice_want_set *of)
{
	s->bits[0] &= ~of->bits[0];
	s->bits[1] &= ~of->bits[1];
}

static inline void ice_want_drop(struct ice_want_set *s, size_t want)
{
	s->bits[want / 64] &= ~(UINT64_C(1) << want % 64);
}

/* The first want of the set at or after `from`; ICE_PROFILE_WANTS when there is none. */
static inline size_t ice_want_next(const struct ice_want_set *s, size_t from)
{
	for (size_t word = from / 64; word < 2; word++, from = word * 64) {
		uint64_t left = s->bits[word] >> from % 64 << from % 64;
		if (left)
			return word * 64 + (size_t)__builtin_ctzll(left);
	}
	return ICE_PROFILE_WANTS;
}

/* "text with this at its start is this brand" */
struct ice_brand {
	const char *alias, *make;
	struct ice_profile *profile;
	bool word; /* part of the model's name ("bizhub"), not to be cut off */
};

struct ice_matches {
	struct ice_oid *oids;
	size_t count;
};

/* Every device that answers is held against the signs and looks of all profiles. They stand in one piece each, not with their profiles: what is
 * far apart would have to be fetched from memory for each device. */

/* A sysObjectID under this one is of this profile. */
struct ice_sign {
	const struct ice_profile *profile;
	uint32_t at; /* in the profiles' sign_bytes */
	uint8_t len;
	bool printer; /* else: this maker's device, printer or not */
};

/* A text that looks so, see pattern.h. */
struct ice_look {
	const struct ice_profile *profile;
	const char *pattern;
	uint32_t needs; /* ice_pattern_needs(pattern) */
};

struct ice_looks {
	struct ice_look *at;
	size_t count;
};

struct ice_request_cache; /* requests already built for this profile; see requests.h */
struct ice_expected;      /* rows that models had; see expected.h */

struct ice_profile {
	char name[32];
	const char *make;           /* when no text names a brand; may be NULL */
	const char *base;           /* name, NULL for the first */
	bool bulk;                  /* GETBULK may be used */
	struct ice_matches objects; /* an answer under one of these: this maker's */
	struct ice_matches probes;  /* those of them that the second question asks for */
	struct ice_looks others;    /* of sysDescr or hrDeviceDescr, which mean another kind of device of this maker */
	struct ice_want wants[ICE_PROFILE_WANTS];
	size_t want_count;
	struct ice_want_set columns;    /* of the wants */
	struct ice_want_set interfaces; /* the columns that the MAC address is chosen by */
	struct ice_want_set early;      /* asked of every device of this profile; alert texts are not among them */
	struct ice_want_set again;      /* asked by GET though a column has them; */
	struct ice_want_set spare;      /* of these, what is asked only where there is room */
	int descr, device_descr;        /* the wants that first contact may have answered already; -1 = none */
	int printer_status, life_count; /* likewise */
	bool late[ICE_FIELD_COUNT];     /* the ladder has a late rung; the character set has a phase of its own */
	struct ice_ladder ladders[ICE_FIELD_COUNT];
	const struct ice_profiles *all;
	struct ice_request_cache *cache;
};

#define ICE_CONTACT_MAX 26

struct ice_profiles {
	struct ice_oid contact[ICE_CONTACT_MAX]; /* what first contact asks; see firstcontact.h */
	size_t contact_count;
	struct ice_profile **list;
	size_t count;
	struct ice_sign *signs; /* in the order of the list */
	size_t sign_count;
	uint8_t *sign_bytes;
	size_t sign_size;
	struct ice_looks descriptions; /* of sysDescr, which mean a printer; in the order of the list */
	struct ice_brand *brands;      /* by first letter, longest alias first */
	size_t brand_count;
	uint16_t brand_start
	        [33]; /* the first one of each letter, by its low five bits: they are the same in both cases */
	struct ice_oid *probes; /* objects of the second question, over all profiles, in order */
	size_t probe_count;
	struct ice_expected *expected;
	char **pool; /* every string of the rows */
	size_t pool_count, pool_size;
};

/* The longest brand with which the text begins, as a whole word; NULL when none. */
const struct ice_brand *ice_profiles_brand(const struct ice_profiles *p, const char *text);

const struct ice_profile *ice_profiles_find(const struct ice_profiles *p, const char *name);

/* Keeps a copy of the text as long as the profiles live. */
const char *ice_profiles_keep(struct ice_profiles *p, const char *text, size_t n);

#define ICE_PROFILE_GENERIC "generic"

#endif
