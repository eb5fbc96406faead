#include "range_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RANGE_FILE_LINE 4096
#define RANGE_FILE_LONG (1 << 20) /* passed over of a line that is too long */

enum range_file_line { RANGE_FILE_WHOLE, RANGE_FILE_TOO_LONG, RANGE_FILE_NO_TEXT };

/* What fgets made of a line: without its end when it is whole. What is no text may go on for ever (/dev/zero): nothing behind it is read. */
static enum range_file_line range_file_judge(FILE *f, char *line)
{
	size_t n = strlen(line);
	int c = 0;
	if (n > 0 && line[n - 1] == '\n') {
		line[n - 1] = '\0';
		return RANGE_FILE_WHOLE;
	}
	if (n < RANGE_FILE_LINE - 1) /* the last one, or one with a NUL in it */
		return feof(f) ? RANGE_FILE_WHOLE : RANGE_FILE_NO_TEXT;
	for (int i = 0; i < RANGE_FILE_LONG && c != EOF && c != '\n'; i++)
		c = fgetc(f);
	return c == EOF || c == '\n' ? RANGE_FILE_TOO_LONG : RANGE_FILE_NO_TEXT;
}

static bool range_file_lines(struct ice_range *r, FILE *f, const char *name, struct ice_conf_mistakes *mistakes)
{
	char line[RANGE_FILE_LINE], why[ICE_RANGE_WHY_SIZE];
	bool good = true;
	for (unsigned number = 1; fgets(line, sizeof line, f); number++) {
		enum range_file_line is = range_file_judge(f, line);
		if (number > ICE_RANGE_FILE_LINES) {
			ice_conf_mistake(mistakes, name, number, NULL,
			                 "more than %u lines: write neighbours as a range", ICE_RANGE_FILE_LINES);
			return false;
		}
		if (is != RANGE_FILE_WHOLE) {
			ice_conf_mistake(mistakes, name, number, NULL,
			                 "the line is longer than %d bytes, or is no text: write it as several lines",
			                 RANGE_FILE_LINE - 1);
			good = false;
		}
		if (is == RANGE_FILE_NO_TEXT)
			return false;
		if (is == RANGE_FILE_TOO_LONG)
			continue;
		line[strcspn(line, "#")] = '\0';
		for (char *p = line; (p = strpbrk(p, "\t\r\f\v")) != NULL;)
			*p = ' ';
		if (line[strspn(line, " ,")] == '\0')
			continue;
		if (!ice_range_add(r, line, why, sizeof why)) {
			ice_conf_mistake(mistakes, name, number, NULL, "%s", why);
			good = false;
		}
	}
	return good;
}

bool ice_range_file_add(struct ice_range *r, const char *path, struct ice_conf_mistakes *mistakes)
{
	bool input = strcmp(path, "-") == 0;
	const char *name = input ? "standard input" : path;
	FILE *f = input ? stdin : fopen(path, "re");
	if (!f) {
		ice_conf_mistake(mistakes, name, 0, NULL, "%s", strerror(errno));
		return false;
	}
	bool good = range_file_lines(r, f, name, mistakes);
	if (ferror(f)) {
		ice_conf_mistake(mistakes, name, 0, NULL, "%s", strerror(errno));
		good = false;
	}
	if (!input)
		fclose(f);
	return good;
}
