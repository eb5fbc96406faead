#include "toner.h"

#include <string.h>

#define TONER_CELLS   4 /* columns of one bar */
#define TONER_SHOWN   8 /* cartridges drawn at most; more are told as +n */
#define TONER_NARROW  4 /* in the short form */
#define TONER_LOW     10.0
#define TONER_RESET   "\033[0m"
#define TONER_WARNING "\033[31m"

/* Texts one after the other; printf would be most of the cost of a table. What no longer fits is left out whole. */
static void toner_put(char *out, size_t *at, const char *text)
{
	size_t n = strlen(text);
	if (n >= ICE_TONER_SIZE - *at)
		return;
	memcpy(out + *at, text, n + 1);
	*at += n;
}

static void toner_blanks(char *out, size_t *at, size_t n)
{
	for (; n > 0; n--)
		toner_put(out, at, " ");
}

/* A number with what stands before and behind it. */
static void toner_number(char *out, size_t *at, const char *before, size_t n, const char *behind)
{
	char digits[24], *p = digits + sizeof digits - 1;
	*p = '\0';
	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	toner_put(out, at, before);
	toner_put(out, at, p);
	toner_put(out, at, behind);
}

/* A device that says no number says one of these. */
static const char *toner_word(enum ice_supply_state state)
{
	switch (state) {
	case ICE_SUPPLY_SOME:
		return "some";
	case ICE_SUPPLY_UNLIMITED:
		return "full";
	case ICE_SUPPLY_LOW:
		return "low";
	case ICE_SUPPLY_EMPTY:
		return "none";
	case ICE_SUPPLY_UNKNOWN:
	case ICE_SUPPLY_EXACT:
		break;
	}
	return "?";
}

static bool toner_low(const struct ice_found_supply *s)
{
	return s->state == ICE_SUPPLY_LOW || s->state == ICE_SUPPLY_EMPTY ||
	       (s->has_percent && s->percent <= TONER_LOW);
}

/* A bar of TONER_CELLS columns, in eighths of a column where the terminal has the characters. */
static void toner_bar(char *out, size_t *at, const struct ice_found_supply *s, bool color, bool utf8)
{
	static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	double percent = s->percent < 0 ? 0 : s->percent > 100 ? 100 : s->percent;
	unsigned units = utf8 ? (unsigned)(percent * TONER_CELLS * 8 / 100 + 0.5)
	                      : (unsigned)(percent * TONER_CELLS / 100 + 0.5) * 8;
	if (units == 0 && percent > 0)
		units = utf8 ? 1 : 8; /* a little is not nothing */
	unsigned cells = 0;
	if (color)
		toner_number(out, at, "\033[38;5;", s->color, ";48;5;237m");
	for (; cells < units / 8; cells++)
		toner_put(out, at, utf8 ? "█" : "#");
	if (units % 8) {
		toner_put(out, at, eighths[units % 8]);
		cells++;
	}
	for (; cells < TONER_CELLS; cells++)
		toner_put(out, at, color ? " " : utf8 ? "░" : "-");
	if (color)
		toner_put(out, at, TONER_RESET);
}

/* "  43%", " 100%", "  <1%" beside a bar, one column less alone. */
static void toner_percent(char *out, size_t *at, const struct ice_found_supply *s, size_t wide, bool color)
{
	bool warn = color && toner_low(s), little = s->percent > 0 && s->percent < 1;
	unsigned percent = s->percent > 999 ? 999 : s->percent > 0 ? (unsigned)s->percent : 0;
	size_t digits = little ? 2 : percent > 99 ? 3 : percent > 9 ? 2 : 1;
	if (warn)
		toner_put(out, at, TONER_WARNING);
	toner_blanks(out, at, wide - digits - 1);
	if (little)
		toner_put(out, at, "<1%");
	else
		toner_number(out, at, "", percent, "%");
	if (warn)
		toner_put(out, at, TONER_RESET);
}

static size_t toner_one(char *out, size_t *at, const struct ice_found_supply *s, enum ice_toner_form form, bool color,
                        bool utf8)
{
	size_t wide = form == ICE_TONER_FULL ? TONER_CELLS + 5 : TONER_CELLS;
	const char letter[2] = {s->letter, '\0'};
	if (color)
		toner_number(out, at, "\033[38;5;", s->color, "m");
	toner_put(out, at, letter);
	if (color)
		toner_put(out, at, TONER_RESET);
	if (s->has_percent) {
		if (form != ICE_TONER_LOWEST) {
			toner_put(out, at, " ");
			toner_bar(out, at, s, color, utf8);
		}
		if (form != ICE_TONER_BARS)
			toner_percent(out, at, s, form == ICE_TONER_FULL ? 5 : 4, color);
		return form == ICE_TONER_LOWEST ? 1 + wide : 2 + wide;
	}
	bool warn = color && toner_low(s);
	const char *word = toner_word((enum ice_supply_state)s->state);
	toner_put(out, at, warn ? " " TONER_WARNING : " ");
	toner_put(out, at, word);
	toner_blanks(out, at, wide - strlen(word));
	if (warn)
		toner_put(out, at, TONER_RESET);
	return 2 + wide;
}

/* What is emptiest of what is known; a word like "low" counts as nearly nothing. */
static const struct ice_found_supply *toner_lowest(const struct ice_found_row *row)
{
	const struct ice_found_supply *lowest = NULL;
	double least = 1000;
	for (size_t i = 0; i < row->supply_count; i++) {
		const struct ice_found_supply *s = &row->supplies[i];
		double level = s->has_percent ? s->percent : toner_low(s) ? 1 : 999;
		if (level < least) {
			least = level;
			lowest = s;
		}
	}
	return lowest;
}

size_t ice_toner_cell(const struct ice_found_row *row, enum ice_toner_form form, bool color, bool utf8,
                      char out[ICE_TONER_SIZE])
{
	size_t at = 0, columns = 0;
	out[0] = '\0';
	if (form == ICE_TONER_LOWEST) {
		const struct ice_found_supply *s = toner_lowest(row);
		return s ? toner_one(out, &at, s, form, color, utf8) : 0;
	}
	size_t shown = form == ICE_TONER_BARS ? TONER_NARROW : TONER_SHOWN;
	for (size_t i = 0; i < row->supply_count && i < shown; i++) {
		if (i > 0)
			toner_put(out, &at, " ");
		columns += (i > 0) + toner_one(out, &at, &row->supplies[i], form, color, utf8);
	}
	if (row->supply_count > shown) {
		size_t before = at;
		toner_number(out, &at, " +", row->supply_count - shown, "");
		columns += at - before;
	}
	return columns;
}
