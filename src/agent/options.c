#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ice/clock.h"
#include "ice/conf.h"

#define OPTIONS_MAX 64

bool ice_options_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
	char *end;
	if (!isdigit((unsigned char)text[text[0] == '-']))
		return false; /* strtoll would skip blanks and take a plus sign */
	errno = 0;
	long long n = strtoll(text, &end, 10);
	if (errno != 0 || *end != '\0' || n < min || n > max)
		return false;
	*out = n;
	return true;
}

bool ice_options_duration(const char *text, int64_t *out)
{
	static const struct {
		const char *unit;
		double usec;
	} units[] = {{"", 1e6}, {"us", 1}, {"ms", 1e3}, {"s", 1e6}, {"m", 60e6}, {"h", 3600e6}, {"d", 86400e6}};
	if (!isdigit((unsigned char)text[0]) || strcspn(text, "xXeEpP") != strlen(text))
		return false; /* no hexadecimal, no exponents: strtod would take them */
	char *end;
	double n = strtod(text, &end);
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (strcmp(end, units[i].unit) == 0 && n * units[i].usec < 1e18) {
			*out = (int64_t)(n * units[i].usec + 0.5);
			return true;
		}
	}
	return false;
}

int ice_options_refuse(const struct ice_command *command, const char *fmt, ...)
{
	va_list ap;
	fprintf(stderr, "%s: ", command->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n%s --help tells the options.\n", command->name);
	return ICE_EXIT_USAGE;
}

static void options_help_row(const char *left, const char *help, FILE *to)
{
	fprintf(to, "  %-24s", left);
	if (strlen(left) > 23)
		fprintf(to, "\n%26s", "");
	for (const char *p = help; *p; p++) {
		fputc(*p, to);
		if (*p == '\n')
			fprintf(to, "%26s", "");
	}
	fputc('\n', to);
}

void ice_options_help(const struct ice_command *command, FILE *to)
{
	fprintf(to, "Usage: %s [OPTION...] %s\n\n%s\n\nOptions:\n", command->name, command->arguments, command->about);
	for (const struct ice_option *o = command->options; o->name; o++) {
		char left[80], letter[8] = "    ";
		if (o->letter)
			snprintf(letter, sizeof letter, "-%c, ", o->letter);
		snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->argument ? " " : "",
		         o->argument ? o->argument : "");
		options_help_row(left, o->help, to);
	}
	options_help_row("-h, --help", "this text", to);
	if (command->more)
		fprintf(to, "\n%s\n", command->more);
}

static const struct ice_option *options_find(const struct ice_command *command, const char *name, size_t n)
{
	for (const struct ice_option *o = command->options; o->name; o++)
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return o;
	return NULL;
}

static enum ice_options_result options_unknown(const struct ice_command *command, const char *word)
{
	const char *names[OPTIONS_MAX + 2];
	size_t n = 0;
	char bare[64];
	snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word + 2, "="), word + 2);
	for (const struct ice_option *o = command->options; o->name && n < OPTIONS_MAX; o++)
		names[n++] = o->name;
	names[n++] = "help";
	names[n] = NULL;
	const char *near = word[1] == '-' ? ice_conf_nearest(bare, names) : NULL;
	if (near)
		ice_options_refuse(command, "%.*s: no such option; did you mean --%s?", (int)strcspn(word, "="), word,
		                   near);
	else
		ice_options_refuse(command, "%.*s: no such option", (int)strcspn(word, "="), word);
	return ICE_OPTIONS_WRONG;
}

/* "1s to 1h" would need a second formatter for one message: bounds are told as numbers, with durations in milliseconds. */
static bool options_bounds(const struct ice_command *command, const struct ice_option *o, const char *value)
{
	bool duration = o->kind == ICE_OPTION_DURATION;
	const char *as = o->max < ICE_USEC_SEC(600) ? " ms (as 500ms or 2s)" : " ms (as 500ms, 2s, 10m)";
	ice_options_refuse(command, "--%s: \"%s\" is not %s from %lld to %lld%s", o->name, value,
	                   duration ? "a duration" : "a number", (long long)(duration ? o->min / 1000 : o->min),
	                   (long long)(duration ? o->max / 1000 : o->max), duration ? as : "");
	return false;
}

static bool options_take(const struct ice_command *command, const struct ice_option *o, char *value, void *into)
{
	char *at = (char *)into + o->offset, why[512] = "";
	int64_t n;
	switch (o->kind) {
	case ICE_OPTION_FLAG:
		*(bool *)(void *)at = true;
		return true;
	case ICE_OPTION_TEXT:
		*(const char **)(void *)at = value;
		return true;
	case ICE_OPTION_NUMBER:
		if (!ice_options_number(value, o->min, o->max, &n))
			return options_bounds(command, o, value);
		*(int64_t *)(void *)at = n;
		return true;
	case ICE_OPTION_DURATION:
		if (!ice_options_duration(value, &n) || n < o->min || n > o->max)
			return options_bounds(command, o, value);
		*(ice_usec *)(void *)at = n;
		return true;
	case ICE_OPTION_CALL:
		if (!o->call(value, why, sizeof why, into)) {
			ice_options_refuse(command, "--%s: %s", o->name, why);
			return false;
		}
		if (o->secret)
			explicit_bzero(value, strlen(value)); /* what `ps` shows is this very memory */
		return true;
	}
	return false;
}

enum ice_options_result ice_options_read(const struct ice_command *command, int *argc, char **argv, void *into)
{
	int kept = 0;
	bool ended = false;
	for (int i = 1; i < *argc; i++) {
		char *word = argv[i], *value = NULL;
		const struct ice_option *o = NULL;
		if (ended || word[0] != '-' || word[1] == '\0') {
			argv[kept++] = word;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			ended = true;
			continue;
		}
		if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
			ice_options_help(command, stdout);
			return ICE_OPTIONS_HELPED;
		}
		if (word[1] == '-') {
			size_t n = strcspn(word + 2, "=");
			o = options_find(command, word + 2, n);
			value = word[2 + n] == '=' ? word + 3 + n : NULL;
		} else {
			for (const struct ice_option *r = command->options; r->name && !o; r++)
				o = r->letter && r->letter == word[1] ? r : NULL;
			value = word[2] ? word + 2 : NULL;
		}
		if (!o)
			return options_unknown(command, word);
		if (o->kind == ICE_OPTION_FLAG && value) {
			ice_options_refuse(command, "--%s takes no value", o->name);
			return ICE_OPTIONS_WRONG;
		}
		if (o->kind != ICE_OPTION_FLAG && !value) {
			if (++i >= *argc) {
				ice_options_refuse(command, "--%s needs a value: --%s %s", o->name, o->name,
				                   o->argument);
				return ICE_OPTIONS_WRONG;
			}
			value = argv[i];
		}
		if (!options_take(command, o, value, into))
			return ICE_OPTIONS_WRONG;
	}
	*argc = kept;
	return ICE_OPTIONS_READ;
}
