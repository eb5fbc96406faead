/* cli: the command line of facilities-manager, by tables. */
#ifndef FM_CLI_H
#define FM_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "ice/attr.h"
#include "settings.h"
#include "store.h"

/* Exit statuses, as sysexits.h numbers them. */
enum { FM_EXIT_OK = 0, FM_EXIT_FAILED = 1, FM_EXIT_USAGE = 64, FM_EXIT_CONFIG = 78 };

struct fm_option {
	int key;              /* what fm_cli_next returns; a letter is the short form too */
	const char *name;     /* without the dashes; NULL ends the table */
	const char *argument; /* what help calls its value; NULL = takes none */
	const char *help;
};

struct fm_cli {
	const char *command; /* "serve": for messages */
	const char *usage;   /* the whole of the help but the options */
	const struct fm_option *options;
	int argc, at;
	char **argv;
	bool words_only; /* behind "--" */
};

enum { FM_CLI_END = -1, FM_CLI_WORD = -2, FM_CLI_BAD = -3 };

/* The next option's key and its value, or WORD and the word. BAD has told on stderr what is wrong, with a hint. */
int fm_cli_next(struct fm_cli *c, const char **value);
void fm_cli_help(const struct fm_cli *c);

/* A mistake in the command line: says so, and where help is; returns FM_EXIT_USAGE. */
int fm_cli_refuse(const struct fm_cli *c, const char *fmt, ...) ICE_PRINTF(2, 3);

/* Settings and store, as all commands but `serve` begin: file or defaults, `data` in its place. 0, or the exit status after a
 * message. Free the settings and close the store in any case. */
ICE_MUST_CHECK int fm_cli_open(const char *config, const char *data, bool make, struct fm_settings *settings,
                               struct fm_store **store);

/* The commands. */
int fm_serve(int argc, char **argv);
int fm_site(int argc, char **argv);
int fm_export(int argc, char **argv);

#endif
