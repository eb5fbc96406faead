#include "table.h"

#include <langinfo.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ice/text.h"

#include "options.h"
#include "toner.h"

#define TABLE_COLUMNS 8
#define TABLE_GAP     2
#define TABLE_CELL    1024
#define TABLE_EASE    16 /* columns of a text that is read without missing the rest */
#define TABLE_BARS    72 /* a terminal narrower than that gets numbers instead of bars */

enum table_kind { TABLE_TEXT, TABLE_ADDRESS, TABLE_TONER };

struct table_column {
	const char *title;
	enum table_kind kind;
	enum ice_found_text text;
	bool right;
	unsigned keep; /* the higher, the later it is left out */
	size_t least; /* columns below which its text is not cut but left out; 0 = never cut: half a number is a wrong one */
	/* Settled for one table: */
	bool shown;
	size_t natural, width;
};

/* In printing order. A printer's name is often only its MAC in letters: the model says more to a person. */
static const struct table_column table_printers[TABLE_COLUMNS] = {
        {"NAME", TABLE_TEXT, ICE_FOUND_NAME, false, 4, 10, false, 0, 0},
        {"MAKE AND MODEL", TABLE_TEXT, ICE_FOUND_MODEL, false, 7, 16, false, 0, 0},
        {"ADDRESS", TABLE_ADDRESS, 0, false, 9, 0, false, 0, 0},
        {"SERIAL", TABLE_TEXT, ICE_FOUND_SERIAL, false, 1, 0, false, 0, 0},
        {"PAGES", TABLE_TEXT, ICE_FOUND_PAGES, true, 5, 0, false, 0, 0},
        {"TONER", TABLE_TONER, 0, false, 8, 0, false, 0, 0},
        {"STATUS", TABLE_TEXT, ICE_FOUND_STATUS, false, 3, 0, false, 0, 0},
        {"ALERTS", TABLE_TEXT, ICE_FOUND_ALERTS, false, 2, 10, false, 0, 0},
};

static const struct table_column table_devices[TABLE_COLUMNS] = {
        {"ADDRESS", TABLE_ADDRESS, 0, false, 9, 0, false, 0, 0},
        {"KIND", TABLE_TEXT, ICE_FOUND_NAME, false, 8, 0, false, 0, 0},
        {"PROFILE", TABLE_TEXT, ICE_FOUND_STATUS, false, 4, 0, false, 0, 0},
        {"SNMP", TABLE_TEXT, ICE_FOUND_SERIAL, false, 3, 0, false, 0, 0},
        {"COMMUNITY", TABLE_TEXT, ICE_FOUND_PAGES, true, 2, 0, false, 0, 0},
        {"DESCRIPTION", TABLE_TEXT, ICE_FOUND_MODEL, false, 7, 10, false, 0, 0},
};

/* Length in bytes of the character at p, which is valid UTF-8. */
static size_t table_char(const char *p)
{
	size_t n = 1;
	while (((unsigned char)p[n] & 0xc0) == 0x80)
		n++;
	return n;
}

/* Cuts s to `width` columns, with an ellipsis where something was lost, and without UTF-8 replaces what cannot be
 * shown. Returns the columns used. */
static size_t table_fit(const char *s, size_t width, bool utf8, char out[TABLE_CELL])
{
	size_t used = 0, o = 0, cut_at = 0, cut_used = 0, ellipsis = utf8 ? 1 : width >= 4 ? 2 : 1;
	size_t all = strlen(s);
	if (all <= width && all < TABLE_CELL && ice_text_columns(s) == all) { /* as nearly all are */
		memcpy(out, s, all + 1);
		return all;
	}
	for (const char *p = s; *p;) {
		char one[8] = "";
		size_t n = table_char(p), columns;
		if (n >= sizeof one || o + n + 4 >= TABLE_CELL)
			break;
		memcpy(one, p, n);
		if (n > 1 && !utf8)
			memcpy(one, "?", 2);
		columns = ice_text_columns(one);
		if (used + columns > width) {
			o = cut_at + (size_t)sprintf(out + cut_at, "%s", utf8 ? "…" : ellipsis == 2 ? ".." : ".");
			used = cut_used + ellipsis;
			break;
		}
		memcpy(out + o, one, strlen(one));
		o += strlen(one);
		used += columns;
		if (used + ellipsis <= width) {
			cut_at = o;
			cut_used = used;
		}
		p += n;
	}
	out[o] = '\0';
	return used;
}

static size_t table_natural(const struct table_column *c, const struct ice_found_row *row, enum ice_toner_form form)
{
	char cell[ICE_TONER_SIZE];
	switch (c->kind) {
	case TABLE_ADDRESS:
		return strlen(ice_address_format(&row->address, cell));
	case TABLE_TONER:
		return ice_toner_cell(row, form, false, false, cell);
	case TABLE_TEXT:
		break;
	}
	return ice_text_columns(row->text[c->text]);
}

/* How wide each column would like to be with this form of toner. An empty column is not shown at all. */
static void table_measure(struct table_column *columns, const struct ice_found *found, enum ice_toner_form form)
{
	for (size_t c = 0; c < TABLE_COLUMNS && columns[c].title; c++) {
		size_t widest = 0;
		for (size_t i = 0; i < ice_found_count(found); i++) {
			size_t n = table_natural(&columns[c], ice_found_row(found, i), form);
			widest = n > widest ? n : widest;
		}
		size_t title = strlen(columns[c].title);
		columns[c].shown = widest > 0;
		columns[c].natural = widest > title ? widest : title;
		columns[c].width = columns[c].natural;
	}
}

static size_t table_total(const struct table_column *columns, bool least)
{
	size_t n = 0;
	for (size_t c = 0; c < TABLE_COLUMNS; c++) {
		const struct table_column *col = &columns[c];
		bool cut = least && col->least > 0 && col->natural > col->least;
		if (col->shown)
			n += (n ? TABLE_GAP : 0) + (cut ? col->least : col->width);
	}
	return n;
}

/* Takes columns from the widest text, one at a time, until the table fits; false when it cannot. */
static bool table_squeeze(struct table_column *columns, size_t width)
{
	if (table_total(columns, true) > width)
		return false;
	for (size_t total = table_total(columns, false); total > width; total--) {
		struct table_column *widest = NULL;
		for (size_t c = 0; c < TABLE_COLUMNS; c++) {
			struct table_column *col = &columns[c];
			if (col->shown && col->least > 0 && col->width > col->least &&
			    (!widest || col->width >= widest->width))
				widest = col;
		}
		if (!widest)
			return false;
		widest->width--;
	}
	return true;
}

/* Whether all columns fit when no text of them is cut below what one usually reads. */
static bool table_at_ease(const struct table_column *columns, size_t width)
{
	size_t total = 0;
	for (size_t c = 0; c < TABLE_COLUMNS; c++) {
		const struct table_column *col = &columns[c];
		size_t ease = col->least > 0 && col->natural > TABLE_EASE ? TABLE_EASE : col->natural;
		total += col->shown ? ease + (total ? TABLE_GAP : 0) : 0;
	}
	return total <= width;
}

/* What a person would rather lose: first some text of the widest columns, then the numbers beside the bars, then columns; the
 * bars themselves only where they would leave no room for anything else. */
static enum ice_toner_form table_settle(struct table_column *columns, const struct ice_found *found, size_t width)
{
	enum ice_toner_form form = ICE_TONER_FULL;
	table_measure(columns, found, form);
	if (width == 0)
		return form;
	if (!table_at_ease(columns, width)) {
		form = width >= TABLE_BARS ? ICE_TONER_BARS : ICE_TONER_LOWEST;
		table_measure(columns, found, form);
	}
	while (!table_squeeze(columns, width)) {
		struct table_column *first = NULL;
		for (size_t c = 0; c < TABLE_COLUMNS; c++)
			if (columns[c].shown && (!first || columns[c].keep < first->keep))
				first = &columns[c];
		if (!first || first->keep == 9)
			break; /* only the address is left: it is never cut, even where the line must wrap */
		first->shown = false;
	}
	return form;
}

static const char *table_color(const struct table_column *c, const struct ice_found_row *row)
{
	if (c->kind != TABLE_TEXT)
		return NULL;
	if (c->text == ICE_FOUND_ALERTS)
		return row->critical ? "\033[31m" : "\033[33m";
	if (c->text != ICE_FOUND_STATUS)
		return NULL;
	const char *status = row->text[ICE_FOUND_STATUS];
	if (strcmp(status, "idle") == 0 || strcmp(status, "printing") == 0 || strcmp(status, "running") == 0 ||
	    strcmp(status, "warmup") == 0)
		return "\033[32m";
	return strcmp(status, "warning") == 0 ? "\033[33m" : strcmp(status, "down") == 0 ? "\033[31m" : NULL;
}

static void table_pad(size_t n, FILE *to)
{
	static const char blanks[64] = "                                                               ";
	for (; n > 0; n -= n < 63 ? n : 63)
		fwrite(blanks, 1, n < 63 ? n : 63, to);
}

static void table_cell(const struct table_column *c, const struct ice_found_row *row, enum ice_toner_form form,
                       const struct ice_terminal_style *style, size_t *owed, FILE *to)
{
	char cell[ICE_TONER_SIZE > TABLE_CELL ? ICE_TONER_SIZE : TABLE_CELL];
	size_t used;
	if (c->kind == TABLE_TONER)
		used = ice_toner_cell(row, form, style->color, style->utf8, cell);
	else if (c->kind == TABLE_ADDRESS)
		used = strlen(ice_address_format(&row->address, cell));
	else
		used = table_fit(row->text[c->text], c->width, style->utf8, cell);
	for (size_t n = strlen(cell); n > 0 && cell[n - 1] == ' '; used--)
		cell[--n] = '\0';
	const char *color = style->color && cell[0] ? table_color(c, row) : NULL;
	size_t rest = c->width > used ? c->width - used : 0;
	*owed += c->right ? rest : 0;
	if (cell[0]) {
		table_pad(*owed, to);
		*owed = 0;
		if (color)
			fputs(color, to);
		fputs(cell, to);
		if (color)
			fputs("\033[0m", to);
	}
	*owed += (c->right ? 0 : rest) + TABLE_GAP;
}

static void table_titles(const struct table_column *columns, const struct ice_terminal_style *style, FILE *to)
{
	size_t owed = 0;
	for (size_t c = 0; c < TABLE_COLUMNS; c++) {
		if (!columns[c].shown)
			continue;
		char title[TABLE_CELL];
		size_t used = table_fit(columns[c].title, columns[c].width, style->utf8, title);
		size_t rest = columns[c].width - used;
		table_pad(owed + (columns[c].right ? rest : 0), to);
		fputs(title, to);
		owed = (columns[c].right ? 0 : rest) + TABLE_GAP;
	}
}

void ice_table_print(const struct ice_found *found, bool devices, const struct ice_terminal_style *style, FILE *to)
{
	struct table_column columns[TABLE_COLUMNS];
	if (ice_found_count(found) == 0)
		return;
	memcpy(columns, devices ? table_devices : table_printers, sizeof columns);
	enum ice_toner_form form = table_settle(columns, found, style->width);
	if (style->color)
		fputs("\033[1m", to);
	table_titles(columns, style, to);
	fputs(style->color ? "\033[0m\n" : "\n", to);
	for (size_t i = 0; i < ice_found_count(found); i++) {
		size_t owed = 0; /* blanks that nothing has followed yet: a row does not end in them */
		for (size_t c = 0; c < TABLE_COLUMNS; c++)
			if (columns[c].shown)
				table_cell(&columns[c], ice_found_row(found, i), form, style, &owed, to);
		fputc('\n', to);
	}
}
