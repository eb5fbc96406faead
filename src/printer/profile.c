/* Loading profiles: every file of the folder is read into rows, then compiled after its base. */
#include "ice/profile.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiled.h"
#include "deny.h"
#include "expected.h"
#include "firstcontact.h"
#include "pattern.h"
#include "requests.h"
#include "rows.h"
#include "wants.h"

#define PROFILE_FILES_MAX  200
#define PROFILE_PROBES_MAX 12 /* what the second question has room for */

static void *profile_grow(void *list, size_t *size, size_t need, size_t each)
{
	if (need <= *size)
		return list;
	size_t more = *size ? *size * 2 : 16;
	void *grown = realloc(list, more * each);
	if (!grown)
		abort();
	*size = more;
	return grown;
}

const char *ice_profiles_keep(struct ice_profiles *p, const char *text, size_t n)
{
	p->pool = profile_grow(p->pool, &p->pool_size, p->pool_count + 1, sizeof(*p->pool));
	char *copy = strndup(text, n);
	if (!copy)
		abort();
	return p->pool[p->pool_count++] = copy;
}

struct profile_loading {
	struct ice_profiles *all;
	struct ice_profile_file *file;
};

/* ice_conf_row_fn: keeps the row for when the base is compiled. */
static void profile_row(const struct ice_conf_where *where, const char *section, const char *name, const char *value,
                        void *arg)
{
	struct profile_loading *loading = arg;
	struct ice_profile_file *file = loading->file;
	file->rows = profile_grow(file->rows, &file->size, file->count + 1, sizeof(*file->rows));
	file->rows[file->count++] = (struct ice_profile_row){
	        ice_profiles_keep(loading->all, section, strlen(section)),
	        ice_profiles_keep(loading->all, name, strlen(name)),
	        ice_profiles_keep(loading->all, value, strlen(value)),
	        where->line,
	};
}

static int profile_is_ini(const struct dirent *e)
{
	size_t n = strlen(e->d_name);
	return e->d_name[0] != '.' && n > 4 && n < 36 && strcmp(e->d_name + n - 4, ".ini") == 0;
}

static void profile_mistake(const struct ice_profile_file *f, const struct ice_profile_row *r,
                            struct ice_conf_mistakes *m, const char *what)
{
	char option[160];
	snprintf(option, sizeof(option), "%.60s.%.60s", r->section, r->name);
	ice_conf_mistake(m, f->path, r->line, option, "%s", what);
}

static bool profile_read_oid(const struct ice_profile_file *f, const struct ice_profile_row *r, struct ice_oid *out,
                             struct ice_conf_mistakes *m)
{
	enum ice_index index;
	if (ice_profile_object(f, r->value, out, &index) && index == ICE_INDEX_NONE && out->len >= 5)
		return true;
	profile_mistake(f, r, m, "not an OID, would be right: 1.3.6.1.4.1.2435.2.3.9");
	return false;
}

static void profile_add_sign(struct ice_profiles *all, const struct ice_profile_file *f,
                             const struct ice_profile_row *r, bool printer, struct ice_conf_mistakes *m)
{
	struct ice_oid oid;
	if (!profile_read_oid(f, r, &oid, m))
		return;
	struct ice_sign *more = realloc(all->signs, (all->sign_count + 1) * sizeof(*more));
	uint8_t *bytes = realloc(all->sign_bytes, all->sign_size + oid.len);
	if (!more || !bytes)
		abort();
	all->signs = more;
	all->sign_bytes = bytes;
	all->signs[all->sign_count++] = (struct ice_sign){f->profile, (uint32_t)all->sign_size, oid.len, printer};
	memcpy(all->sign_bytes + all->sign_size, oid.bytes, oid.len);
	all->sign_size += oid.len;
}

static void profile_add_oid(const struct ice_profile_file *f, const struct ice_profile_row *r, struct ice_matches *list,
                            struct ice_conf_mistakes *m)
{
	struct ice_oid oid;
	if (!profile_read_oid(f, r, &oid, m))
		return;
	struct ice_oid *more = realloc(list->oids, (list->count + 1) * sizeof(*more));
	if (!more)
		abort();
	list->oids = more;
	list->oids[list->count++] = oid;
}

/* brand = ALIAS > Make; word = bizhub > Konica Minolta */
static void profile_add_brand(struct ice_profiles *all, const struct ice_profile_file *f,
                              const struct ice_profile_row *r, struct ice_conf_mistakes *m)
{
	const char *arrow = strstr(r->value, " > ");
	const char *make = arrow ? arrow + 3 : r->value;
	size_t n = arrow ? (size_t)(arrow - r->value) : strlen(r->value);
	if (!n || !make[0] || r->value[0] == '>' || make[strlen(make) - 1] == '>') {
		profile_mistake(f, r, m, "would be right: ALIAS > Make");
		return;
	}
	struct ice_brand *more = realloc(all->brands, (all->brand_count + 1) * sizeof(*more));
	if (!more)
		abort();
	all->brands = more;
	all->brands[all->brand_count++] =
	        (struct ice_brand){ice_profiles_keep(all, r->value, n), make, f->profile, r->name[0] == 'w'};
}

static void profile_add_look(struct ice_looks *list, const struct ice_profile *p, const char *pattern)
{
	struct ice_look *more = realloc(list->at, (list->count + 1) * sizeof(*more));
	if (!more)
		abort();
	list->at = more;
	list->at[list->count++] = (struct ice_look){p, pattern, ice_pattern_needs(pattern)};
}

static void profile_match_row(struct ice_profiles *all, struct ice_profile_file *f, const struct ice_profile_row *r,
                              struct ice_conf_mistakes *m)
{
	struct ice_profile *p = f->profile;
	if (strcmp(r->name, "printer_id") == 0 || strcmp(r->name, "vendor_id") == 0) {
		profile_add_sign(all, f, r, r->name[0] == 'p', m);
	} else if (strcmp(r->name, "object") == 0 || strcmp(r->name, "probe") == 0) {
		profile_add_oid(f, r, &p->objects, m);
		if (r->name[0] == 'p')
			profile_add_oid(f, r, &p->probes, m);
		/* Only a probe is asked; an object is recognised when it turns up. */
		const struct ice_oid *last = p->probes.count ? &p->probes.oids[p->probes.count - 1] : NULL;
		if (r->name[0] == 'p' && last && ice_deny_why(last, false))
			profile_mistake(f, r, m, "it would read what is never asked for");
	} else if (strcmp(r->name, "description") == 0) {
		profile_add_look(&all->descriptions, p, r->value);
	} else if (strcmp(r->name, "not") == 0) {
		profile_add_look(&p->others, p, r->value);
	} else if (strcmp(r->name, "brand") == 0 || strcmp(r->name, "word") == 0) {
		profile_add_brand(all, f, r, m);
	} else {
		profile_mistake(f, r, m,
		                "no such match, would be right: printer_id, vendor_id, object, probe, description, "
		                "not, brand or word");
	}
}

/* What its devices are known by. File after file in their order, which decides where two claim the same: bases are compiled out of it. */
static void profile_match(struct ice_profiles *all, struct ice_profile_file *f, struct ice_conf_mistakes *m)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->rows[i].section, "match") == 0)
			profile_match_row(all, f, &f->rows[i], m);
}

static void profile_profile_row(struct ice_profile_file *f, const struct ice_profile_row *r,
                                struct ice_conf_mistakes *m)
{
	struct ice_profile *p = f->profile;
	if (strcmp(r->name, "make") == 0)
		p->make = r->value;
	else if (strcmp(r->name, "bulk") == 0 && (strcmp(r->value, "yes") == 0 || strcmp(r->value, "no") == 0))
		p->bulk = r->value[0] == 'y';
	else if (strcmp(r->name, "base") != 0)
		profile_mistake(f, r, m, "would be right: make, base, or bulk = yes|no");
}

/* The base's wants and ladders are this profile's first ones. */
static void profile_inherit(struct ice_profile *p, const struct ice_profile *base)
{
	p->base = base->name;
	p->bulk = base->bulk;
	memcpy(p->wants, base->wants, sizeof(p->wants));
	p->want_count = base->want_count;
	for (int i = 0; i < ICE_FIELD_COUNT; i++) {
		const struct ice_ladder *from = &base->ladders[i];
		if (!from->count)
			continue;
		p->ladders[i].rungs = malloc(from->count * sizeof(*from->rungs));
		if (!p->ladders[i].rungs)
			abort();
		memcpy(p->ladders[i].rungs, from->rungs, from->count * sizeof(*from->rungs));
		p->ladders[i].count = from->count;
	}
}

static void profile_compile(struct ice_profiles *all, struct ice_profile_file *f, struct ice_conf_mistakes *m)
{
	static const char *const sections[] = {"profile", "match", "objects", "facts", "ask", NULL};
	if (f->state == ICE_PROFILE_COMPILED)
		return;
	f->state = ICE_PROFILE_COMPILING;
	if (f->base && f->base->state == ICE_PROFILE_COMPILING) {
		ice_conf_mistake(m, f->path, 0, "profile.base", "the bases go round in a circle");
		f->base = NULL;
	}
	if (f->base) {
		profile_compile(all, f->base, m);
		profile_inherit(f->profile, f->base->profile);
	}
	for (size_t i = 0; i < f->count; i++) {
		const struct ice_profile_row *r = &f->rows[i];
		if (strcmp(r->section, "profile") == 0) {
			profile_profile_row(f, r, m);
		} else if (strcmp(r->section, "match") == 0) {
			continue;
		} else if (strcmp(r->section, "facts") == 0) {
			ice_profile_fact(all, f, r, m);
		} else if (strcmp(r->section, "ask") == 0 && ice_profile_ask(f, r, m)) {
			continue;
		} else if (strcmp(r->section, "objects") == 0) {
			struct ice_oid oid;
			if (!ice_oid_parse(r->value, &oid))
				profile_mistake(f, r, m, "not an OID, would be right: 1.3.6.1.2.1.43.5.1.1.17");
		} else {
			const char *near = ice_conf_nearest(r->section, sections);
			ice_conf_mistake(m, f->path, r->line, r->section, "no such section or option%s%s",
			                 near ? ", did you mean " : "", near ? near : "");
		}
	}
	f->state = ICE_PROFILE_COMPILED;
}

static void profile_resolve_base(struct ice_profile_file *files, size_t count, struct ice_profile_file *f,
                                 struct ice_conf_mistakes *m)
{
	const char *base = strcmp(f->profile->name, ICE_PROFILE_GENERIC) == 0 ? NULL : ICE_PROFILE_GENERIC;
	unsigned line = 0;
	for (size_t i = 0; i < f->count; i++) {
		if (strcmp(f->rows[i].section, "profile") == 0 && strcmp(f->rows[i].name, "base") == 0) {
			base = f->rows[i].value;
			line = f->rows[i].line;
		}
	}
	for (size_t i = 0; base && i < count; i++) {
		if (strcmp(files[i].profile->name, base) == 0)
			f->base = &files[i];
	}
	if (base && !f->base)
		ice_conf_mistake(m, f->path, line, "profile.base", "there is no profile '%s'", base);
}

static int profile_brand_order(const void *a, const void *b)
{
	const struct ice_brand *x = a, *y = b;
	int letter = (x->alias[0] & 31) - (y->alias[0] & 31);
	if (letter)
		return letter;
	size_t nx = strlen(x->alias), ny = strlen(y->alias);
	return nx != ny ? (nx > ny ? -1 : 1) : strcmp(x->alias, y->alias);
}

static void profile_sort_brands(struct ice_profiles *all)
{
	if (all->brand_count)
		qsort(all->brands, all->brand_count, sizeof(*all->brands), profile_brand_order);
	for (size_t i = 0; i < all->brand_count; i++) {
		for (int after = (all->brands[i].alias[0] & 31) + 1; after < 33; after++)
			all->brand_start[after]++;
	}
}

static int profile_oid_order(const void *a, const void *b)
{
	const struct ice_oid *x = a, *y = b;
	return ice_oid_compare(x->bytes, x->len, y->bytes, y->len);
}

/* The objects of the second question, in order and without doubles. */
static void profile_collect_probes(struct ice_profiles *all, struct ice_conf_mistakes *m, const char *folder)
{
	size_t total = 0;
	for (size_t i = 0; i < all->count; i++)
		total += all->list[i]->probes.count;
	all->probes = calloc(total + 1, sizeof(*all->probes));
	if (!all->probes)
		abort();
	for (size_t i = 0; i < all->count; i++) {
		for (size_t k = 0; k < all->list[i]->probes.count; k++)
			all->probes[all->probe_count++] = all->list[i]->probes.oids[k];
	}
	qsort(all->probes, all->probe_count, sizeof(*all->probes), profile_oid_order);
	if (all->probe_count > PROFILE_PROBES_MAX)
		ice_conf_mistake(m, folder, 0, "match.probe", "%zu probes in all, there is room for %d",
		                 all->probe_count, PROFILE_PROBES_MAX);
}

struct ice_profiles *ice_profiles_load(const char *folder, struct ice_conf_mistakes *mistakes)
{
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, profile_is_ini, alphasort);
	size_t before = mistakes->count + mistakes->more;
	if (n <= 0 || n > PROFILE_FILES_MAX) {
		ice_conf_mistake(mistakes, folder, 0, NULL,
		                 n < 0 ? "cannot be read" : "no profiles (*.ini), or too many");
		for (int i = 0; i < n; i++)
			free(entries[i]);
		free(entries);
		return NULL;
	}
	struct ice_profiles *all = calloc(1, sizeof(*all));
	struct ice_profile_file *files = calloc((size_t)n, sizeof(*files));
	if (!all || !files || !(all->list = calloc((size_t)n, sizeof(*all->list))))
		abort();
	for (int i = 0; i < n; i++) {
		struct ice_profile_file *f = &files[i];
		struct ice_profile *p = calloc(1, sizeof(*p));
		if (!p || asprintf(&f->path, "%s/%s", folder, entries[i]->d_name) < 0)
			abort();
		snprintf(p->name, sizeof(p->name), "%.*s", (int)(strlen(entries[i]->d_name) - 4), entries[i]->d_name);
		p->bulk = true;
		p->all = all;
		f->profile = all->list[all->count++] = p;
		struct profile_loading loading = {all, f};
		(void)!ice_conf_rows(f->path, profile_row, &loading, mistakes);
		free(entries[i]);
	}
	free(entries);
	for (int i = 0; i < n; i++)
		profile_resolve_base(files, (size_t)n, &files[i], mistakes);
	for (int i = 0; i < n; i++) {
		profile_compile(all, &files[i], mistakes);
		profile_match(all, &files[i], mistakes);
	}
	for (int i = 0; i < n; i++) {
		ice_wants_settle(files[i].profile);
		files[i].profile->cache = ice_request_cache_new();
		free(files[i].path);
		free(files[i].rows);
	}
	free(files);
	if (!ice_profiles_find(all, ICE_PROFILE_GENERIC))
		ice_conf_mistake(mistakes, folder, 0, NULL, "generic.ini is missing");
	all->expected = ice_expected_new();
	profile_sort_brands(all);
	profile_collect_probes(all, mistakes, folder);
	ice_first_contact_init(all);
	if (mistakes->count + mistakes->more > before) {
		ice_profiles_free(all);
		return NULL;
	}
	return all;
}

void ice_profiles_free(struct ice_profiles *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->count; i++) {
		struct ice_profile *one = p->list[i];
		for (int f = 0; f < ICE_FIELD_COUNT; f++)
			free(one->ladders[f].rungs);
		free(one->objects.oids);
		free(one->probes.oids);
		free(one->others.at);
		ice_request_cache_free(one->cache);
		free(one);
	}
	for (size_t i = 0; i < p->pool_count; i++)
		free(p->pool[i]);
	free(p->pool);
	ice_expected_free(p->expected);
	free(p->signs);
	free(p->sign_bytes);
	free(p->descriptions.at);
	free(p->brands);
	free(p->probes);
	free(p->list);
	free(p);
}
