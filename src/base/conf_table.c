/* Sections and options by table: who may stand where, how often, and who is missing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_parts.h"

#define CONF_HINTS_MAX 128 /* names that a hint is chosen from */

/* One section of the file. */
struct conf_instance {
	struct conf_instance *next;
	const struct ice_conf_section *section;
	void *into; /* NULL: its rows are skipped, the mistake is told */
	unsigned line;
	unsigned *given; /* per option: the line it stands in, or 0 */
	char title[];    /* as written in the brackets: "range hq" */
};

struct conf_reading {
	const char *file;
	struct ice_conf_mistakes *mistakes;
	const struct ice_conf_section *sections;
	struct conf_instance *first, **last, *current;
};

static size_t conf_option_count(const struct ice_conf_option *options)
{
	size_t n = 0;
	while (options[n].name)
		n++;
	return n;
}

static struct conf_instance *conf_add(struct conf_reading *r, const struct ice_conf_section *section, const char *title,
                                      unsigned line, void *into)
{
	struct conf_instance *i = calloc(1, sizeof(*i) + strlen(title) + 1);
	if (!i || !(i->given = calloc(conf_option_count(section->options) + 1, sizeof(*i->given))))
		abort();
	i->section = section;
	i->line = line;
	i->into = into;
	memcpy(i->title, title, strlen(title) + 1);
	*r->last = i;
	r->last = &i->next;
	return i;
}

static struct conf_instance *conf_find(const struct conf_reading *r, const char *title)
{
	struct conf_instance *i = r->first;
	while (i && strcmp(i->title, title) != 0)
		i = i->next;
	return i;
}

static void conf_unknown_section(const struct conf_reading *r, const struct ice_conf_where *where, const char *title)
{
	const char *names[CONF_HINTS_MAX + 1] = {NULL}, *hint;
	char word[64];
	size_t n = 0;
	for (const struct ice_conf_section *s = r->sections; s->name && n < CONF_HINTS_MAX; s++)
		names[n++] = s->name;
	snprintf(word, sizeof(word), "%.*s", (int)strcspn(title, " \t"), title);
	hint = ice_conf_nearest(word, names);
	if (hint)
		ice_conf_mistake(where->mistakes, where->file, where->line, title,
		                 "there is no such section, did you mean [%s]?", hint);
	else
		ice_conf_mistake(where->mistakes, where->file, where->line, title,
		                 "there is no such section, its options were not read");
}

/* A section begins: who is it, and may it stand here? */
static void conf_enter(const struct ice_conf_where *where, const char *title, void *arg)
{
	struct conf_reading *r = arg;
	size_t n = strcspn(title, " \t");
	const char *name = title + n + strspn(title + n, " \t");
	const struct ice_conf_section *s = r->sections;
	struct conf_instance *twin = conf_find(r, title);
	while (s->name && (strlen(s->name) != n || memcmp(s->name, title, n) != 0))
		s++;
	r->current = NULL;
	if (!s->name) {
		conf_unknown_section(r, where, title);
	} else if (!s->open && *name) {
		ice_conf_mistake(where->mistakes, where->file, where->line, title, "takes no name, write [%s]",
		                 s->name);
	} else if (s->open && !*name) {
		ice_conf_mistake(where->mistakes, where->file, where->line, title, "needs a name, write [%s NAME]",
		                 s->name);
	} else if (twin) {
		ice_conf_mistake(where->mistakes, where->file, where->line, title,
		                 "stands in line %u already, write all its options there", twin->line);
	} else {
		void *into = s->open ? s->open(where, name, s->into) : s->into;
		if (s->open && into)
			conf_value_defaults(s->options, into);
		r->current = conf_add(r, s, title, where->line, into);
	}
}

/* An option that the section does not have: a slip of the pen, or meant for another section. */
static void conf_unknown_option(const struct conf_reading *r, const struct ice_conf_where *where, const char *name)
{
	const char *names[CONF_HINTS_MAX + 1] = {NULL}, *hint;
	size_t n = 0;
	for (const struct ice_conf_option *o = r->current->section->options; o->name && n < CONF_HINTS_MAX; o++)
		names[n++] = o->name;
	hint = ice_conf_nearest(name, names);
	if (hint) {
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "there is no such option, did you mean \"%s\"?", hint);
		return;
	}
	for (const struct ice_conf_section *s = r->sections; s->name; s++) {
		for (const struct ice_conf_option *o = s->options; o->name; o++) {
			if (strcmp(o->name, name) == 0) {
				ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
				                 "there is no such option here, \"%s\" belongs in [%s%s]", name,
				                 s->name, s->open ? " NAME" : "");
				return;
			}
		}
	}
	ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
	                 "there is no such option, remove it");
}

/* The option of that name in the section being read, or NULL. */
static const struct ice_conf_option *conf_option(const struct conf_reading *r, const char *name)
{
	const struct ice_conf_option *o = r->current->section->options;
	while (o->name && strcmp(o->name, name) != 0)
		o++;
	return o->name ? o : NULL;
}

/* A row that could not be read: its option was given all the same, and is not missing. */
static void conf_spoilt(const char *name, unsigned line, void *arg)
{
	struct conf_reading *r = arg;
	const struct ice_conf_option *o = r->current ? conf_option(r, name) : NULL;
	if (o && !r->current->given[o - r->current->section->options])
		r->current->given[o - r->current->section->options] = line;
}

static void conf_row(const struct ice_conf_where *where, const char *section, const char *name, const char *value,
                     void *arg)
{
	struct conf_reading *r = arg;
	struct conf_instance *i = r->current;
	if (!*section) {
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "stands before the first section, write it below its [section]");
		return;
	}
	if (!i || !i->into)
		return;
	const struct ice_conf_option *o = conf_option(r, name);
	if (!o) {
		conf_unknown_option(r, where, name);
		return;
	}
	unsigned *given = &i->given[o - i->section->options];
	if (*given && o->kind != ICE_CONF_CALL) {
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "is given in line %u already, keep one of the two", *given);
		return;
	}
	*given = where->line;
	if (o->kind != ICE_CONF_CALL)
		conf_value_set(where, o, value, i->into);
	else
		o->call(where, value, i->into);
}

/* What a section lacks: an option that must be given, or the call with the default. */
static void conf_complete(const struct conf_reading *r, const struct conf_instance *i)
{
	for (const struct ice_conf_option *o = i->section->options; o->name; o++) {
		char label[256];
		struct ice_conf_where where = {r->file, 0, label, r->mistakes};
		if (i->given[o - i->section->options])
			continue;
		snprintf(label, sizeof(label), "%s.%s", i->title, o->name);
		if (o->kind == ICE_CONF_CALL && o->fallback)
			o->call(&where, o->fallback, i->into);
		else if (o->kind != ICE_CONF_CALL && !o->fallback)
			ice_conf_mistake(r->mistakes, r->file, 0, label, "is missing, give %s",
			                 o->help ? o->help : "it a value");
	}
}

/* Sections that the file does not have. */
static void conf_complete_absent(struct conf_reading *r, const struct ice_conf_section *s)
{
	for (const struct conf_instance *i = r->first; i; i = i->next) {
		if (i->section == s)
			return;
	}
	if (s->required)
		ice_conf_mistake(r->mistakes, r->file, 0, s->name, "the section is missing, add [%s%s]", s->name,
		                 s->open ? " NAME" : "");
	if (s->open || !s->into)
		return;
	for (const struct ice_conf_option *o = s->options; o->name; o++) {
		char label[256];
		struct ice_conf_where where = {r->file, 0, label, r->mistakes};
		snprintf(label, sizeof(label), "%s.%s", s->name, o->name);
		if (o->kind == ICE_CONF_CALL && o->fallback)
			o->call(&where, o->fallback, s->into);
		else if (o->kind != ICE_CONF_CALL && !o->fallback && s->required)
			ice_conf_mistake(r->mistakes, r->file, 0, label, "is missing, give %s",
			                 o->help ? o->help : "it a value");
	}
}

bool ice_conf_read(const char *path, const struct ice_conf_section *sections, struct ice_conf_mistakes *mistakes)
{
	struct conf_reading r = {.file = path, .mistakes = mistakes, .sections = sections};
	struct conf_walk_ops ops = {.section = conf_enter, .row = conf_row, .spoilt = conf_spoilt};
	size_t before = mistakes->count + mistakes->more;
	r.last = &r.first;
	for (const struct ice_conf_section *s = sections; s->name; s++) {
		if (!s->open && s->into)
			conf_value_defaults(s->options, s->into);
	}
	/* A file that could not be read at all is one mistake, not one per option that is missing. */
	if (conf_walk(path, &ops, &r, mistakes) || r.first) {
		for (const struct conf_instance *i = r.first; i; i = i->next) {
			if (i->into)
				conf_complete(&r, i);
		}
		for (const struct ice_conf_section *s = sections; s->name; s++)
			conf_complete_absent(&r, s);
	}
	while (r.first) {
		struct conf_instance *i = r.first;
		r.first = i->next;
		free(i->given);
		free(i);
	}
	return mistakes->count + mistakes->more == before;
}
