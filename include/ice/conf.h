/* conf: the operator's INI files, read by tables over inih.
 *
 * A program describes its file as sections of option rows; conf fills the caller's struct and
 * collects every mistake as "file:line: option: what is wrong, what would be right", all of them,
 * before anyone acts. What inih would damage in silence (a line longer than its buffer, a value it would cut
 * at " ;") is a mistake with its line number, never a shorter value. So are NUL bytes, what is not UTF-8, and a byte-order
 * mark. Blanks before a row mean nothing: a value ends with its line, and an option that takes several is
 * repeated. A file is at most 1 MiB, a row 197 bytes, a section's name 49.
 *
 * Life: ice_conf_read(file, sections, &mistakes) -> use the structs, or print the mistakes and exit 78. */
#ifndef ICE_CONF_H
#define ICE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ice/attr.h"
#include "ice/clock.h"

/* One mistake in its parts. */
struct ice_conf_told {
	char *file;
	unsigned line; /* 0 = none */
	char *option;  /* "section.name", NULL = none */
	char *message;
};

/* Mistakes, file by file as these came, in the order of their lines; those without a line last. Zero it, print it, free it. */
struct ice_conf_mistakes {
	char **lines;               /* "file:line: option: message" */
	struct ice_conf_told *told; /* the same, taken apart */
	size_t count;               /* at most 200 are kept; `more` counts the rest */
	size_t more;
};

/* line 0 = no line. option may be NULL. */
void ice_conf_mistake(struct ice_conf_mistakes *m, const char *file, unsigned line, const char *option, const char *fmt,
                      ...) ICE_PRINTF(5, 6);
void ice_conf_mistakes_print(const struct ice_conf_mistakes *m, FILE *to);
void ice_conf_mistakes_free(struct ice_conf_mistakes *m);

enum ice_conf_kind {
	ICE_CONF_TEXT,     /* char *   (malloc'd; ice_conf_release frees) */
	ICE_CONF_BOOL,     /* bool     yes/no/true/false/on/off */
	ICE_CONF_NUMBER,   /* int64_t  min..max */
	ICE_CONF_DURATION, /* ice_usec with a unit: 500ms, 2s, 10m, 1h, 7d; min..max in microseconds */
	ICE_CONF_SIZE,     /* int64_t  bytes: 512, 64k, 10M, 1G */
	ICE_CONF_CHOICE,   /* int      index into `choices` ("a|b|c") */
	ICE_CONF_CALL,     /* whatever `call` makes of it; may appear several times */
};

struct ice_conf_where {
	const char *file;
	unsigned line;
	const char *option; /* "section.name" */
	struct ice_conf_mistakes *mistakes;
};

/* For rows of kind CALL. `into` is the section's struct. Reports its own mistakes. */
typedef void ice_conf_call_fn(const struct ice_conf_where *where, const char *value, void *into);

struct ice_conf_option {
	const char *name;
	enum ice_conf_kind kind;
	size_t offset;          /* of the member in the section's struct; unused by CALL */
	const char *fallback;   /* the default, as it would be written; NULL = must be given (CALL: optional) */
	int64_t min, max;       /* NUMBER, DURATION, SIZE; both 0 = any */
	const char *choices;    /* CHOICE; DURATION: the word that means 0, whatever min says; or NULL */
	ice_conf_call_fn *call; /* CALL */
	const char *help;       /* one line: what it is, its unit */
};

struct ice_conf_section {
	const char *name;                      /* "sweep"; a named section is written [range NAME] */
	const struct ice_conf_option *options; /* ends with name == NULL */
	void *into;                            /* the struct to fill, for plain sections */
	/* For named sections: called once per [name NAME], returns the struct to fill (defaults are then applied), or
	 * NULL after reporting a mistake. `into` is then the arg. */
	void *(*open)(const struct ice_conf_where *where, const char *name, void *into);
	bool required;
};

/* Reads one file. Defaults are applied first. Unknown sections and options are mistakes, with the
 * nearest known name as the hint; so is a section or an option given twice (but for CALL), and an option that must be given and
 * is not, unless its whole section is absent and not required. A CALL with a fallback is called with it when
 * the option is absent. True when there was no mistake. Whatever the result, the structs hold what was read: release
 * them. What stood in them before is overwritten, not freed. */
ICE_MUST_CHECK bool ice_conf_read(const char *path, const struct ice_conf_section *sections,
                                  struct ice_conf_mistakes *mistakes);

/* The kinds' readers, for command lines. False, and *out as it was, unless all of text is right and fits. */
ICE_MUST_CHECK bool ice_conf_parse_number(const char *text, int64_t *out);
ICE_MUST_CHECK bool ice_conf_parse_duration(const char *text, ice_usec *out);
ICE_MUST_CHECK bool ice_conf_parse_size(const char *text, int64_t *out);
ICE_MUST_CHECK bool ice_conf_parse_bool(const char *text, bool *out);

/* Lower level, for files with free keys (profiles): hands over every row in order with its line. */
typedef void ice_conf_row_fn(const struct ice_conf_where *where, const char *section, const char *name,
                             const char *value, void *arg);
ICE_MUST_CHECK bool ice_conf_rows(const char *path, ice_conf_row_fn *row, void *arg,
                                  struct ice_conf_mistakes *mistakes);

/* Frees the TEXT members of a filled struct. */
void ice_conf_release(const struct ice_conf_option *options, void *into);

/* The candidate nearest to `word` by edit distance, or NULL when none is near. `list` ends with NULL. */
const char *ice_conf_nearest(const char *word, const char *const *list);

#endif
