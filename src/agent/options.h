/* options: a subcommand's command line, read by a table.
 *
 * A command is one row of words and one table of options; from the table come the reading, the refusals (with the nearest
 * name as the hint) and the text of --help. Long options take "--name value" and "--name=value", letters "-c value" and
 * "-cvalue"; options and arguments may be mixed; "--" ends the options. */
#ifndef ICE_OPTIONS_H
#define ICE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ice/attr.h"

#include "engine/exit.h"

enum ice_option_kind {
	ICE_OPTION_FLAG,     /* bool, set to true */
	ICE_OPTION_TEXT,     /* const char *, lent from argv */
	ICE_OPTION_NUMBER,   /* int64_t, min..max */
	ICE_OPTION_DURATION, /* ice_usec: 2, 1.5s, 500ms, 10m, 1h; a bare number is seconds; min..max in microseconds */
	ICE_OPTION_CALL,     /* whatever `call` makes of it; may appear several times */
};

/* Takes a value, or refuses it with a reason. */
typedef bool ice_option_fn(const char *value, char *why, size_t why_size, void *into);

struct ice_option {
	const char *name;     /* without dashes */
	char letter;          /* 0 = none */
	const char *argument; /* its name in --help, NULL for a flag */
	enum ice_option_kind kind;
	size_t offset;
	int64_t min, max;
	ice_option_fn *call;
	bool secret;      /* its value is wiped from argv once it was taken */
	const char *help; /* lines are broken by \n */
};

struct ice_command {
	const char *name;                 /* "ice scan" */
	const char *arguments;            /* "RANGE..." */
	const char *about;                /* what it does, a paragraph */
	const struct ice_option *options; /* ends with name == NULL */
	const char *more;                 /* after the options: examples, notes; may be NULL */
};

/* All but READ are the exit status that the command then ends with. */
enum ice_options_result {
	ICE_OPTIONS_READ = -1,
	ICE_OPTIONS_HELPED = ICE_EXIT_DONE,
	ICE_OPTIONS_WRONG = ICE_EXIT_USAGE
};

/* Reads argv into `into`. What is not an option is moved to argv[0..*argc-1] in order. HELPED: --help was given, and printed to stdout.
 * WRONG: told on stderr. */
ICE_MUST_CHECK enum ice_options_result ice_options_read(const struct ice_command *command, int *argc, char **argv,
                                                        void *into);

void ice_options_help(const struct ice_command *command, FILE *to);

/* "ice scan: message" and where to find help, on stderr; returns ICE_EXIT_USAGE for the caller's return. */
int ice_options_refuse(const struct ice_command *command, const char *fmt, ...) ICE_PRINTF(2, 3);

/* The two value readers that options share with others. */
ICE_MUST_CHECK bool ice_options_number(const char *text, int64_t min, int64_t max, int64_t *out);
ICE_MUST_CHECK bool ice_options_duration(const char *text, int64_t *out);

#endif
