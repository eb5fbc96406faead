/* One value: from its text to the member of a struct, with words for what is wrong. */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf_parts.h"
#include "ice/clock.h"

#define CONF_SHOWN_MAX 60 /* bytes of a wrong value that a mistake repeats */

struct conf_unit {
	const char *name;
	int64_t factor;
};

static const struct conf_unit conf_durations[] = {
        {"ms", ICE_USEC_MSEC(1)},     {"s", ICE_USEC_SEC(1)},         {"m", ICE_USEC_SEC(60)},
        {"h", ICE_USEC_SEC(60 * 60)}, {"d", ICE_USEC_SEC(24 * 3600)}, {NULL, 0},
};
static const struct conf_unit conf_sizes[] = {
        {"", 1},        {"K", 1 << 10}, {"k", 1 << 10}, {"m", 1 << 20},
        {"M", 1 << 20}, {"g", 1 << 30}, {"G", 1 << 30}, {NULL, 0},
};

/* Digits from *s on, behind at most one "-"; *s is left at the first byte that is none. */
static bool conf_digits(const char **s, int64_t *out)
{
	bool negative = **s == '-';
	int64_t n = 0;
	*s += negative;
	if (**s < '0' || **s > '9')
		return false;
	/* Counted downwards, since INT64_MIN has no positive twin. */
	for (; **s >= '0' && **s <= '9'; ++*s) {
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_sub_overflow(n, **s - '0', &n))
			return false;
	}
	return negative ? (*out = n, true) : !__builtin_sub_overflow((int64_t)0, n, out);
}

/* A count and one of the units; a count of 0 needs none. */
static bool conf_quantity(const char *text, const struct conf_unit *units, int64_t *out)
{
	int64_t n, product;
	if (*text == '-' || !conf_digits(&text, &n))
		return false;
	if (n == 0 && !*text) {
		*out = 0;
		return true;
	}
	for (; units->name; units++) {
		if (strcmp(text, units->name) == 0 && !__builtin_mul_overflow(n, units->factor, &product)) {
			*out = product;
			return true;
		}
	}
	return false;
}

bool ice_conf_parse_number(const char *text, int64_t *out)
{
	int64_t n;
	if (!conf_digits(&text, &n) || *text)
		return false;
	*out = n;
	return true;
}

bool ice_conf_parse_duration(const char *text, ice_usec *out)
{
	return conf_quantity(text, conf_durations, out);
}

bool ice_conf_parse_size(const char *text, int64_t *out)
{
	return conf_quantity(text, conf_sizes, out);
}

bool ice_conf_parse_bool(const char *text, bool *out)
{
	static const char *const words[] = {"no", "yes", "false", "true", "off", "on"};
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasecmp(text, words[i]) == 0) {
			*out = i % 2;
			return true;
		}
	}
	return false;
}

/* The index of `text` among "a|b|c", or -1. */
static int conf_choice(const char *choices, const char *text)
{
	size_t n = strlen(text);
	for (int i = 0;; i++) {
		size_t length = strcspn(choices, "|");
		if (length == n && n > 0 && memcmp(choices, text, n) == 0)
			return i;
		if (!choices[length])
			return -1;
		choices += length + 1;
	}
}

/* A bound as a person would write it. */
static const char *conf_show(enum ice_conf_kind kind, int64_t n, char out[32])
{
	const struct conf_unit *units = kind == ICE_CONF_DURATION ? conf_durations : conf_sizes, *best = NULL;
	for (const struct conf_unit *u = units; kind != ICE_CONF_NUMBER && n > 0 && u->name; u++) {
		if (n % u->factor == 0)
			best = u;
	}
	if (best)
		snprintf(out, 32, "%" PRId64 "%s", n / best->factor, best->name);
	else
		snprintf(out, 32, "%" PRId64 "%s", n, kind == ICE_CONF_DURATION && n ? "us" : "");
	return out;
}

/* What would be right, in words. */
static void conf_expected(const struct ice_conf_option *o, char *out, size_t size)
{
	char low[32], high[32];
	size_t n = 0;
	switch (o->kind) {
	case ICE_CONF_NUMBER:
		n = (size_t)snprintf(out, size, "write a whole number");
		break;
	case ICE_CONF_DURATION:
		n = (size_t)snprintf(out, size, "write %s%sa whole number with its unit (ms, s, m, h, d)",
		                     o->choices ? o->choices : "", o->choices ? ", or " : "");
		break;
	case ICE_CONF_SIZE:
		n = (size_t)snprintf(out, size, "write a number of bytes, or with k, M or G");
		break;
	case ICE_CONF_BOOL:
		snprintf(out, size, "write yes or no");
		return;
	case ICE_CONF_CHOICE:
		snprintf(out, size, "write one of ");
		for (const char *p = o->choices; *p && strlen(out) + 8 < size; p++) {
			if (*p == '|')
				strncat(out, p[1] && strchr(p + 1, '|') ? ", " : " or ", 5);
			else
				strncat(out, p, 1);
		}
		return;
	default:
		snprintf(out, size, "write a text");
		return;
	}
	if (o->max == INT64_MAX && n < size)
		snprintf(out + n, size - n, ", at least %s", conf_show(o->kind, o->min, low));
	else if ((o->min || o->max) && n < size)
		snprintf(out + n, size - n, " from %s to %s", conf_show(o->kind, o->min, low),
		         conf_show(o->kind, o->max, high));
}

/* True when the value was understood and set. */
static bool conf_assign(const struct ice_conf_option *o, const char *value, void *member)
{
	int64_t n = 0;
	int choice;
	bool flag;
	char *copy;
	switch (o->kind) {
	case ICE_CONF_TEXT:
		copy = strdup(value);
		if (!copy)
			abort();
		free(*(char **)member);
		*(char **)member = copy;
		return true;
	case ICE_CONF_BOOL:
		if (!ice_conf_parse_bool(value, &flag))
			return false;
		*(bool *)member = flag;
		return true;
	case ICE_CONF_CHOICE:
		choice = conf_choice(o->choices, value);
		if (choice >= 0)
			*(int *)member = choice;
		return choice >= 0;
	case ICE_CONF_NUMBER:
		if (!ice_conf_parse_number(value, &n))
			return false;
		break;
	case ICE_CONF_DURATION:
		if (o->choices && strcmp(value, o->choices) == 0) {
			*(int64_t *)member = 0;
			return true;
		}
		if (!ice_conf_parse_duration(value, &n))
			return false;
		break;
	case ICE_CONF_SIZE:
		if (!ice_conf_parse_size(value, &n))
			return false;
		break;
	case ICE_CONF_CALL:
		return false;
	}
	if ((o->min || o->max) && (n < o->min || n > o->max))
		return false;
	*(int64_t *)member = n;
	return true;
}

/* Bytes of a wrong value to repeat: whole characters only. */
static size_t conf_fitting(const char *value)
{
	size_t n = strnlen(value, CONF_SHOWN_MAX);
	while (value[n] && n > 0 && ((unsigned char)value[n] & 0xc0) == 0x80)
		n--;
	return n;
}

void conf_value_set(const struct ice_conf_where *where, const struct ice_conf_option *o, const char *value, void *into)
{
	char expected[512];
	if (*value && conf_assign(o, value, (char *)into + o->offset))
		return;
	/* An empty text is one that the option may have by default. */
	if (!*value && o->kind == ICE_CONF_TEXT && o->fallback && conf_assign(o, value, (char *)into + o->offset))
		return;
	conf_expected(o, expected, sizeof(expected));
	if (!*value)
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option, "has no value, %s",
		                 expected);
	else
		ice_conf_mistake(where->mistakes, where->file, where->line, where->option,
		                 "\"%.*s%s\" is not right, %s", (int)conf_fitting(value), value,
		                 value[conf_fitting(value)] ? "..." : "", expected);
}

void conf_value_defaults(const struct ice_conf_option *options, void *into)
{
	for (const struct ice_conf_option *o = options; o->name; o++) {
		char *member = (char *)into + o->offset;
		switch (o->kind) {
		case ICE_CONF_TEXT:
			*(char **)member = NULL;
			break;
		case ICE_CONF_BOOL:
			*(bool *)member = false;
			break;
		case ICE_CONF_CHOICE:
			*(int *)member = 0;
			break;
		case ICE_CONF_NUMBER:
		case ICE_CONF_DURATION:
		case ICE_CONF_SIZE:
			*(int64_t *)member = 0;
			break;
		case ICE_CONF_CALL:
			continue;
		}
		/* The default is the program's own, so a wrong one is a bug. */
		bool good = !o->fallback || conf_assign(o, o->fallback, member);
		assert(good);
		(void)good;
	}
}

void ice_conf_release(const struct ice_conf_option *options, void *into)
{
	for (const struct ice_conf_option *o = options; o->name; o++) {
		char **member = (char **)((char *)into + o->offset);
		if (o->kind != ICE_CONF_TEXT)
			continue;
		free(*member);
		*member = NULL;
	}
}
