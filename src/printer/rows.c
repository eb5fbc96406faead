#include "rows.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "deny.h"

static const struct {
	const char *name;
	uint8_t group;
	bool column;
} rows_fields[ICE_FIELD_COUNT] = {
        [ICE_FIELD_NAME] = {"name", 0, false},
        [ICE_FIELD_MAKE] = {"make", 0, false},
        [ICE_FIELD_MODEL] = {"model", 0, false},
        [ICE_FIELD_SERIAL] = {"serial", 0, false},
        [ICE_FIELD_LOCATION] = {"location", 0, false},
        [ICE_FIELD_PAGES + ICE_PAGES_TOTAL] = {"pages.total", 0, false},
        [ICE_FIELD_PAGES + ICE_PAGES_MONO] = {"pages.mono", 0, false},
        [ICE_FIELD_PAGES + ICE_PAGES_COLOR] = {"pages.color", 0, false},
        [ICE_FIELD_PAGES + ICE_PAGES_PRINT] = {"pages.print", 0, false},
        [ICE_FIELD_PAGES + ICE_PAGES_COPY] = {"pages.copy", 0, false},
        [ICE_FIELD_PAGES + ICE_PAGES_FAX] = {"pages.fax", 0, false},
        [ICE_FIELD_PAGES + ICE_PAGES_SCAN] = {"pages.scan", 0, false},
        [ICE_FIELD_PAGES + ICE_PAGES_DUPLEX] = {"pages.duplex", 0, false},
        [ICE_FIELD_PAGES + ICE_PAGES_PRINT_MONO] = {"pages.print_mono", 0, false},
        [ICE_FIELD_PAGES + ICE_PAGES_PRINT_COLOR] = {"pages.print_color", 0, false},
        [ICE_FIELD_PAGES + ICE_PAGES_COPY_MONO] = {"pages.copy_mono", 0, false},
        [ICE_FIELD_PAGES + ICE_PAGES_COPY_COLOR] = {"pages.copy_color", 0, false},
        [ICE_FIELD_PAGES_UNIT] = {"pages.unit", 0, false},
        [ICE_FIELD_STATUS_DEVICE] = {"status.device", 0, false},
        [ICE_FIELD_STATUS_PRINTER] = {"status.printer", 0, false},
        [ICE_FIELD_STATUS_ERRORS] = {"status.errors", 0, false},
        [ICE_FIELD_STEADY_CONFIG] = {"steady.config", 0, false},
        [ICE_FIELD_STEADY_EVENTS] = {"steady.events", 0, false},
        [ICE_FIELD_LOCALIZATION] = {"localization", 0, false},
        [ICE_FIELD_CHARSET] = {"charset", 0, false},
        [ICE_FIELD_SUPPLY_COLORANT] = {"supply.colorant", ICE_GROUP_SUPPLY, true},
        [ICE_FIELD_SUPPLY_CLASS] = {"supply.class", ICE_GROUP_SUPPLY, true},
        [ICE_FIELD_SUPPLY_TYPE] = {"supply.type", ICE_GROUP_SUPPLY, true},
        [ICE_FIELD_SUPPLY_NAME] = {"supply.name", ICE_GROUP_SUPPLY, true},
        [ICE_FIELD_SUPPLY_UNIT] = {"supply.unit", ICE_GROUP_SUPPLY, true},
        [ICE_FIELD_SUPPLY_CAPACITY] = {"supply.capacity", ICE_GROUP_SUPPLY, true},
        [ICE_FIELD_SUPPLY_LEVEL] = {"supply.level", ICE_GROUP_SUPPLY, true},
        [ICE_FIELD_COLORANT_NAME] = {"colorant.name", ICE_GROUP_SUPPLY, true},
        [ICE_FIELD_ALERT_SEVERITY] = {"alert.severity", ICE_GROUP_ALERT, true},
        [ICE_FIELD_ALERT_TRAINING] = {"alert.training", ICE_GROUP_ALERT, true},
        [ICE_FIELD_ALERT_GROUP] = {"alert.group", ICE_GROUP_ALERT, true},
        [ICE_FIELD_ALERT_CODE] = {"alert.code", ICE_GROUP_ALERT, true},
        [ICE_FIELD_ALERT_TEXT] = {"alert.text", ICE_GROUP_ALERT, true},
        [ICE_FIELD_INTERFACE_TYPE] = {"interface.type", ICE_GROUP_INTERFACE, true},
        [ICE_FIELD_INTERFACE_MAC] = {"interface.mac", ICE_GROUP_INTERFACE, true},
        [ICE_FIELD_INTERFACE_STATUS] = {"interface.status", ICE_GROUP_INTERFACE, true},
        [ICE_FIELD_ADDRESS_INTERFACE] = {"address.interface", ICE_GROUP_INTERFACE, true},
};

const char *ice_field_name(enum ice_field f)
{
	return rows_fields[f].name;
}

bool ice_field_is_column(enum ice_field f)
{
	return rows_fields[f].column;
}

static const char *const rows_kinds[] = {"text", "brand", "number", "octets", "record", "lookup", "column", NULL};

static const struct {
	const char *name;
	uint8_t op;
	bool argument;
} rows_steps[] = {
        {"symbols", ICE_STEP_SYMBOLS, false}, {"after", ICE_STEP_AFTER, true},      {"until", ICE_STEP_UNTIL, true},
        {"key", ICE_STEP_KEY, true},          {"drop", ICE_STEP_DROP, true},        {"need", ICE_STEP_NEED, true},
        {"refuse", ICE_STEP_REFUSE, true},    {"branded", ICE_STEP_BRANDED, false}, {"model", ICE_STEP_MODEL, false},
};

/* A word, or a text in double quotes, or a bar. Returns false at the end. */
static bool rows_token(const char **at, char *out, size_t size, bool *quoted)
{
	const char *s = *at;
	size_t n = 0;
	while (*s == ' ' || *s == '\t')
		s++;
	*quoted = false;
	if (!*s)
		return false;
	if (*s == '"') {
		*quoted = true;
		for (s++; *s && *s != '"'; s++) {
			if (n + 1 < size)
				out[n++] = *s;
		}
		if (*s == '"')
			s++;
	} else if (*s == '|') {
		out[n++] = *s++;
	} else {
		for (; *s && *s != ' ' && *s != '\t' && *s != '|'; s++) {
			if (n + 1 < size)
				out[n++] = *s;
		}
	}
	out[n] = '\0';
	*at = s;
	return true;
}

static const char *rows_object_named(const struct ice_profile_file *file, const char *name, size_t n)
{
	for (const struct ice_profile_file *f = file; f; f = f->base) {
		for (size_t i = 0; i < f->count; i++) {
			const struct ice_profile_row *r = &f->rows[i];
			if (strcmp(r->section, "objects") == 0 && strlen(r->name) == n &&
			    strncmp(r->name, name, n) == 0)
				return r->value;
		}
	}
	return NULL;
}

bool ice_profile_object(const struct ice_profile_file *file, const char *text, struct ice_oid *oid,
                        enum ice_index *index)
{
	static const struct {
		const char *name;
		enum ice_index index;
	} indexes[] = {
	        {".$device", ICE_INDEX_DEVICE},
	        {".$general", ICE_INDEX_GENERAL},
	        {".$marker", ICE_INDEX_MARKER},
	        {".$supply", ICE_INDEX_SUPPLY},
	        {".$localization", ICE_INDEX_LOCALIZATION},
	        {".$polled", ICE_INDEX_POLLED},
	};
	char buffer[512];
	size_t n = strcspn(text, ".");
	const char *value = isalpha((unsigned char)text[0]) ? rows_object_named(file, text, n) : NULL;
	if (isalpha((unsigned char)text[0]) && !value)
		return false;
	int written = value ? snprintf(buffer, sizeof(buffer), "%s%s", value, text + n)
	                    : snprintf(buffer, sizeof(buffer), "%s", text);
	if (written < 0 || (size_t)written >= sizeof(buffer))
		return false;
	*index = ICE_INDEX_NONE;
	char *dollar = strchr(buffer, '$');
	if (dollar) {
		for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++) {
			if (dollar > buffer && strcmp(dollar - 1, indexes[i].name) == 0)
				*index = indexes[i].index;
		}
		if (*index == ICE_INDEX_NONE)
			return false;
		dollar[-1] = '\0';
	}
	return ice_oid_parse(buffer, oid);
}

struct rows_place {
	struct ice_profile_file *file;
	const struct ice_profile_row *row;
	struct ice_conf_mistakes *mistakes;
	char option[80];
};

/* The index of the want, added when it is new; -1 after a mistake. */
static int rows_want(struct rows_place *at, const char *text, enum ice_group group, bool column, bool late,
                     bool alert_text)
{
	struct ice_profile *p = at->file->profile;
	struct ice_want want = {.group = group, .column = column, .late = late, .alert_text = alert_text};
	enum ice_index index;
	if (!ice_profile_object(at->file, text, &want.oid, &index)) {
		ice_conf_mistake(at->mistakes, at->file->path, at->row->line, at->option,
		                 "'%s' is neither an OID nor a name of [objects], would be right: 1.3.6.1.2.1.1.5.0 or "
		                 "sysName.0 or prtGeneralSerialNumber.$general",
		                 text);
		return -1;
	}
	want.index = index;
	const char *denied = ice_deny_why(&want.oid, alert_text);
	if (denied) {
		ice_conf_mistake(at->mistakes, at->file->path, at->row->line, at->option,
		                 "%s would read %s, which is never asked for", text, denied);
		return -1;
	}
	if (want.oid.len < 5 || (column && index != ICE_INDEX_NONE)) {
		ice_conf_mistake(at->mistakes, at->file->path, at->row->line, at->option,
		                 "'%s' is too wide for an object, or a column with an index", text);
		return -1;
	}
	for (size_t i = 0; i < p->want_count; i++) {
		struct ice_want *w = &p->wants[i];
		if (w->column == column && w->index == want.index && w->oid.len == want.oid.len &&
		    memcmp(w->oid.bytes, want.oid.bytes, want.oid.len) == 0) {
			w->late = w->late && late;
			return (int)i;
		}
	}
	if (p->want_count == ICE_PROFILE_WANTS) {
		ice_conf_mistake(at->mistakes, at->file->path, at->row->line, at->option,
		                 "more than %d objects in one profile", ICE_PROFILE_WANTS);
		return -1;
	}
	p->wants[p->want_count] = want;
	return (int)p->want_count++;
}

static bool rows_steps_parse(struct ice_profiles *all, struct rows_place *at, const char **s, struct ice_rung *rung)
{
	char word[256];
	bool quoted;
	while (rows_token(s, word, sizeof(word), &quoted)) {
		if (quoted || strcmp(word, "|") != 0 || !rows_token(s, word, sizeof(word), &quoted) || quoted)
			goto wrong;
		size_t i = 0, n = sizeof(rows_steps) / sizeof(rows_steps[0]);
		while (i < n && strcmp(rows_steps[i].name, word) != 0)
			i++;
		if (i == n || rung->step_count == ICE_RUNG_STEPS)
			goto wrong;
		struct ice_step *step = &rung->steps[rung->step_count++];
		step->op = rows_steps[i].op;
		if (rows_steps[i].argument) {
			if (!rows_token(s, word, sizeof(word), &quoted) || !word[0])
				goto wrong;
			step->text = ice_profiles_keep(all, word, strlen(word));
		}
	}
	return true;
wrong:
	ice_conf_mistake(
	        at->mistakes, at->file->path, at->row->line, at->option,
	        "'%s' is no step, would be right: | symbols, after \"x\", until \"x\", key \"MDL|MODEL\", drop \"x\", "
	        "need \"x\", refuse \"x\", branded, model (at most %d)",
	        word, ICE_RUNG_STEPS);
	return false;
}

/* Puts the rung into its ladder: at the end, or before what came from other files. */
static void rows_insert(struct ice_ladder *ladder, const struct ice_rung *rung, bool before, const char *file)
{
	struct ice_rung *more = realloc(ladder->rungs, (ladder->count + 1u) * sizeof(*more));
	if (!more)
		abort();
	ladder->rungs = more;
	size_t place = ladder->count;
	if (before) {
		size_t n = strlen(file);
		for (place = 0; place < ladder->count; place++) {
			if (strncmp(more[place].origin, file, n) != 0 || more[place].origin[n] != ':')
				break;
		}
	}
	memmove(more + place + 1, more + place, (ladder->count - place) * sizeof(*more));
	more[place] = *rung;
	ladder->count++;
}

static const char *rows_basename(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static int rows_field(const char *name)
{
	for (int f = 0; f < ICE_FIELD_COUNT; f++) {
		if (strcmp(rows_fields[f].name, name) == 0)
			return f;
	}
	return -1;
}

void ice_profile_fact(struct ice_profiles *all, struct ice_profile_file *file, const struct ice_profile_row *row,
                      struct ice_conf_mistakes *mistakes)
{
	struct rows_place at = {.file = file, .row = row, .mistakes = mistakes};
	snprintf(at.option, sizeof(at.option), "facts.%s", row->name);
	int field = rows_field(row->name);
	if (field < 0) {
		const char *names[ICE_FIELD_COUNT + 1];
		for (int f = 0; f < ICE_FIELD_COUNT; f++)
			names[f] = rows_fields[f].name;
		names[ICE_FIELD_COUNT] = NULL;
		const char *near = ice_conf_nearest(row->name, names);
		ice_conf_mistake(mistakes, file->path, row->line, at.option, "no such fact%s%s",
		                 near ? ", did you mean " : "", near ? near : "");
		return;
	}
	struct ice_rung rung = {0};
	const char *s = row->value;
	char word[256], kind[32] = "", object[256] = "";
	bool quoted, before = false;
	struct ice_ladder *ladder = &file->profile->ladders[field];
	while (rows_token(&s, word, sizeof(word), &quoted)) {
		if (strcmp(word, "before") == 0) {
			before = true;
		} else if (strcmp(word, "late") == 0) {
			rung.late = true;
		} else if (strcmp(word, "only") == 0) {
			ladder->count = 0;
		} else {
			snprintf(kind, sizeof(kind), "%.31s", word);
			break;
		}
	}
	if (strcmp(kind, "nothing") == 0) /* `only nothing`: the base's rungs do not hold for this make */
		return;
	size_t k = 0;
	while (rows_kinds[k] && strcmp(rows_kinds[k], kind) != 0)
		k++;
	if (!rows_kinds[k] || (k == ICE_KIND_COLUMN) != rows_fields[field].column) {
		ice_conf_mistake(
		        mistakes, file->path, row->line, at.option, "'%s' is no kind for it, would be right: %s", kind,
		        rows_fields[field].column ? "column" : "text, brand, number, octets, record or lookup");
		return;
	}
	rung.kind = (uint8_t)k;
	if (k == ICE_KIND_RECORD) {
		char *end = word;
		if (!rows_token(&s, word, sizeof(word), &quoted) ||
		    (rung.record = (uint8_t)strtoul(word, &end, 16), *end)) {
			ice_conf_mistake(mistakes, file->path, row->line, at.option,
			                 "record needs the id in hex first, would be right: record 00 1.3.6...");
			return;
		}
	}
	if (!rows_token(&s, object, sizeof(object), &quoted)) {
		ice_conf_mistake(mistakes, file->path, row->line, at.option, "no object, would be right: %s sysName.0",
		                 kind);
		return;
	}
	bool column = k == ICE_KIND_COLUMN || k == ICE_KIND_LOOKUP;
	enum ice_group group = k == ICE_KIND_LOOKUP ? ICE_GROUP_VENDOR : (enum ice_group)rows_fields[field].group;
	bool alert_text = field == ICE_FIELD_ALERT_TEXT;
	int want = rows_want(&at, object, group, column, rung.late, alert_text);
	if (want < 0)
		return;
	rung.want = (uint16_t)want;
	if (k == ICE_KIND_LOOKUP) {
		if (!rows_token(&s, object, sizeof(object), &quoted) || !rows_token(&s, word, sizeof(word), &quoted)) {
			ice_conf_mistake(mistakes, file->path, row->line, at.option,
			                 "lookup needs the column of values, the column of keys and the key");
			return;
		}
		int key = rows_want(&at, object, group, true, rung.late, false);
		if (key < 0)
			return;
		rung.key_want = (uint16_t)key;
		rung.key = ice_profiles_keep(all, word, strlen(word));
	}
	if (!rows_steps_parse(all, &at, &s, &rung))
		return;
	char origin[300];
	const char *name = rows_basename(file->path);
	snprintf(origin, sizeof(origin), "%.250s:%u", name, row->line);
	rung.origin = ice_profiles_keep(all, origin, strlen(origin));
	rows_insert(ladder, &rung, before, name);
}

bool ice_profile_ask(struct ice_profile_file *file, const struct ice_profile_row *row,
                     struct ice_conf_mistakes *mistakes)
{
	struct rows_place at = {.file = file, .row = row, .mistakes = mistakes};
	bool again = strcmp(row->name, "again") == 0;
	if (!again && strcmp(row->name, "spare") != 0)
		return false;
	snprintf(at.option, sizeof(at.option), "ask.%s", row->name);
	int want = rows_want(&at, row->value, ICE_GROUP_SCALAR, false, false, false);
	if (want >= 0)
		*(again ? &file->profile->wants[want].again : &file->profile->wants[want].spare) = true;
	return true;
}
