#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "authority.h"

#define CLI_OPTIONS_MAX 32
#define CLI_WAIT_MS     10000 /* a command can wait for the server's transaction */

int fm_cli_refuse(const struct fm_cli *c, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	fprintf(stderr, "facilities-manager %s: ", c->command);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\n`facilities-manager %s --help` tells more\n", c->command);
	va_end(args);
	return FM_EXIT_USAGE;
}

void fm_cli_help(const struct fm_cli *c)
{
	char left[64];
	fputs(c->usage, stdout);
	fputs("\nOptions:\n", stdout);
	for (const struct fm_option *o = c->options; o->name; o++) {
		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", o->key < 128 ? '-' : ' ', o->key < 128 ? o->key : ' ',
		         o->key < 128 ? "," : " ", o->name, o->argument ? " " : "", o->argument ? o->argument : "");
		printf("  %-28s %s\n", left, o->help);
	}
}

static int cli_unknown(const struct fm_cli *c, const char *given, size_t len)
{
	const char *names[CLI_OPTIONS_MAX + 1] = {NULL};
	char word[64];
	size_t n = 0;
	for (const struct fm_option *o = c->options; o->name && n < CLI_OPTIONS_MAX; o++)
		names[n++] = o->name;
	snprintf(word, sizeof(word), "%.*s", (int)len, given);
	const char *hint = ice_conf_nearest(word + strspn(word, "-"), names);
	if (hint)
		fm_cli_refuse(c, "there is no option %s, did you mean --%s?", word, hint);
	else
		fm_cli_refuse(c, "there is no option %s", word);
	return FM_CLI_BAD;
}

int fm_cli_next(struct fm_cli *c, const char **value)
{
	*value = NULL;
	if (c->at >= c->argc)
		return FM_CLI_END;
	char *word = c->argv[c->at++];
	if (strcmp(word, "--") == 0 && !c->words_only) {
		c->words_only = true;
		return fm_cli_next(c, value);
	}
	if (word[0] != '-' || !word[1] || c->words_only) {
		*value = word;
		return FM_CLI_WORD;
	}
	bool is_long = word[1] == '-';
	size_t len = is_long ? strcspn(word, "=") : 2;
	const struct fm_option *o = c->options;
	while (o->name &&
	       !(is_long ? strlen(o->name) == len - 2 && memcmp(o->name, word + 2, len - 2) == 0 : o->key == word[1]))
		o++;
	if (!o->name)
		return cli_unknown(c, word, is_long ? len : strlen(word));
	const char *attached = is_long ? (word[len] ? word + len + 1 : NULL) : (word[2] ? word + 2 : NULL);
	if (!o->argument && attached) {
		fm_cli_refuse(c, "--%s takes no value", o->name);
		return FM_CLI_BAD;
	}
	if (o->argument && !attached && c->at >= c->argc) {
		fm_cli_refuse(c, "--%s needs a value: %s", o->name, o->argument);
		return FM_CLI_BAD;
	}
	if (o->argument)
		*value = attached ? attached : c->argv[c->at++];
	return o->key;
}

int fm_cli_open(const char *config, const char *data, bool make, struct fm_settings *settings, struct fm_store **store)
{
	struct ice_conf_mistakes mistakes = {0};
	struct stat st;
	char why[4400];
	*store = NULL;
	if (!fm_settings_read(settings, config, &mistakes)) {
		ice_conf_mistakes_print(&mistakes, stderr);
		ice_conf_mistakes_free(&mistakes);
		return FM_EXIT_CONFIG;
	}
	if (data)
		fm_settings_set(&settings->data, data);
	/* Who only asks must not leave an empty database where there was none. */
	if (!make && stat(settings->data, &st) != 0) {
		fprintf(stderr, "facilities-manager: %s: %s; --data or -c tells where the server keeps its data\n",
		        settings->data, strerror(errno));
		return FM_EXIT_FAILED;
	}
	if (!fm_authority_folder(settings->data, why, sizeof(why)) ||
	    !(*store = fm_store_sqlite.open(settings->data, CLI_WAIT_MS, why, sizeof(why)))) {
		fprintf(stderr, "facilities-manager: %s\n", why);
		return FM_EXIT_FAILED;
	}
	return FM_EXIT_OK;
}
