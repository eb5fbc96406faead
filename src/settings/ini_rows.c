#include "ini_rows.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- which row is which ---- */

static size_t *rows_numbers(size_t n)
{
	size_t *numbers = malloc((n + 1) * sizeof(*numbers));
	if (!numbers)
		abort();
	for (size_t i = 0; i < n; i++)
		numbers[i] = ICE_INI_TEXT_NONE;
	return numbers;
}

/* The lines of the option's rows, malloc'd. */
static size_t *rows_lines(const struct ice_ini_text *t, size_t section, const char *name, size_t *count)
{
	size_t end = ice_ini_text_section_end(t, section), *lines = rows_numbers(end - section);
	*count = 0;
	for (size_t i = section + 1; i < end; i++)
		if (t->lines[i].kind == ICE_INI_ROW && strcmp(t->lines[i].name, name) == 0)
			lines[(*count)++] = i;
	return lines;
}

/* For each value a row that holds it, no row for two. The search begins behind the last that was found: lists mostly stay in their order. */
static size_t *rows_found(const struct ice_ini_text *t, const size_t *lines, size_t n, const char *const *values,
                          size_t count)
{
	size_t *found = rows_numbers(count), *used = rows_numbers(n), next = 0;
	for (size_t j = 0; j < count; j++) {
		for (size_t k = 0; k < n && found[j] == ICE_INI_TEXT_NONE; k++) {
			size_t i = (next + k) % n;
			if (used[i] == ICE_INI_TEXT_NONE && strcmp(t->lines[lines[i]].value, values[j]) == 0)
				found[j] = i;
		}
		if (found[j] != ICE_INI_TEXT_NONE) {
			used[found[j]] = j;
			next = found[j] + 1;
		}
	}
	free(used);
	return found;
}

/* Keeps the most of them that stand in one order in both: the longest increasing run, by its shortest ends. */
static void rows_in_order(size_t *found, size_t count)
{
	size_t *ends = rows_numbers(count), *before = rows_numbers(count), length = 0;
	for (size_t j = 0; j < count; j++) {
		if (found[j] == ICE_INI_TEXT_NONE)
			continue;
		size_t low = 0, high = length;
		while (low < high) {
			size_t middle = (low + high) / 2;
			if (found[ends[middle]] < found[j])
				low = middle + 1;
			else
				high = middle;
		}
		before[j] = low > 0 ? ends[low - 1] : ICE_INI_TEXT_NONE;
		ends[low] = j;
		length += low == length;
	}
	size_t kept = length > 0 ? ends[length - 1] : ICE_INI_TEXT_NONE;
	for (size_t j = count; j-- > 0;) {
		if (j == kept)
			kept = before[j];
		else
			found[j] = ICE_INI_TEXT_NONE;
	}
	free(ends);
	free(before);
}

/* ---- the change ---- */

static void rows_insert(struct ice_ini_text *t, size_t at, const char *name, const char *value)
{
	char *line;
	if (asprintf(&line, "%s = %s", name, value) < 0)
		abort();
	ice_ini_text_insert(t, at, line);
	free(line);
}

/* Where new rows go that come before a row: above the remarks that are its own. */
static size_t rows_above(const struct ice_ini_text *t, size_t line)
{
	while (t->lines[line - 1].kind == ICE_INI_REMARK)
		line--;
	return line;
}

/* Where the first row of an option goes that has no place behind a ; : behind the section's last row, whether it is set or not. */
static size_t rows_place(const struct ice_ini_text *t, size_t section)
{
	size_t end = ice_ini_text_section_end(t, section), place = section + 1;
	for (size_t i = section + 1; i < end && t->lines[i].kind != ICE_INI_OFF_SECTION; i++)
		if (t->lines[i].kind == ICE_INI_ROW || t->lines[i].kind == ICE_INI_OFF_ROW)
			place = i + 1;
	return place;
}

/* A list without rows: the first takes the place that the text has for it. */
static void rows_begin(struct ice_ini_text *t, size_t section, const char *name, const char *const *values,
                       size_t count)
{
	size_t row = ice_ini_text_off_row(t, section, name);
	if (row != ICE_INI_TEXT_NONE) {
		ice_ini_text_set_value(t, row, values[0]);
	} else {
		row = rows_place(t, section);
		rows_insert(t, row, name, values[0]);
	}
	for (size_t j = 1; j < count; j++)
		rows_insert(t, row + j, name, values[j]);
}

/* What lies between two rows that stay: rows from..to-1, whose places the values from..to-1 take. */
struct rows_gap {
	size_t row_from, row_to, value_from, value_to;
	bool first, last; /* no row that stays is before it; behind it */
};

static void rows_fill(struct ice_ini_text *t, const char *name, const size_t *lines, const char *const *values,
                      const struct rows_gap *gap)
{
	size_t rows = gap->row_to - gap->row_from, count = gap->value_to - gap->value_from, at;
	if (rows == count) {
		for (size_t k = 0; k < count; k++)
			ice_ini_text_set_value(t, lines[gap->row_from + k], values[gap->value_from + k]);
		return;
	}
	/* Behind all that is removed, or before: so that a remark without its row is never above a new one. */
	if (!gap->first) {
		at = lines[gap->row_from - 1] + 1;
	} else {
		at = gap->last ? lines[gap->row_to - 1] + 1 : rows_above(t, lines[gap->row_to]);
		for (size_t k = 0; k < count; k++)
			rows_insert(t, at + k, name, values[gap->value_from + k]);
	}
	for (size_t i = gap->row_to; i-- > gap->row_from;)
		ice_ini_text_remove(t, lines[i], lines[i] + 1);
	if (!gap->first)
		for (size_t k = 0; k < count; k++)
			rows_insert(t, at + k, name, values[gap->value_from + k]);
}

void ice_ini_rows_set(struct ice_ini_text *t, size_t section, const char *name, const char *const *values, size_t count)
{
	size_t n, *lines = rows_lines(t, section, name, &n);
	if (n == 0) {
		rows_begin(t, section, name, values, count);
		free(lines);
		return;
	}
	size_t *found = rows_found(t, lines, n, values, count);
	rows_in_order(found, count);
	/* From the last to the first: what is changed below leaves the lines above where they are. */
	struct rows_gap gap = {.row_to = n, .value_to = count, .last = true};
	for (size_t j = count; j-- > 0;) {
		if (found[j] == ICE_INI_TEXT_NONE)
			continue;
		gap.row_from = found[j] + 1;
		gap.value_from = j + 1;
		rows_fill(t, name, lines, values, &gap);
		gap = (struct rows_gap){.row_to = found[j], .value_to = j};
	}
	gap.first = true;
	rows_fill(t, name, lines, values, &gap);
	free(found);
	free(lines);
}
