#include "range_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RANGE_FILE_LINE 4096

/* True when a whole line was read: without its end in `line`; false for one that is too long, the rest of which is passed over. */
static bool range_file_whole(FILE *f, char *line)
{
	size_t n = strlen(line);
	if (n > 0 && line[n - 1] == '\n') {
		line[n - 1] = '\0';
		return true;
	}
	if (n < RANGE_FILE_LINE - 1) /* the last one, or one with a NUL in it */
		return feof(f) != 0;
	for (int c = fgetc(f); c != EOF && c != '\n';)
		c = fgetc(f);
	return false;
}

static bool range_file_lines(struct ice_range *r, FILE *f, const char *name, struct ice_conf_mistakes *mistakes)
{
	char line[RANGE_FILE_LINE], why[ICE_RANGE_WHY_SIZE];
	bool good = true;
	for (unsigned number = 1; fgets(line, sizeof line, f); number++) {
		if (!range_file_whole(f, line)) {
			ice_conf_mistake(mistakes, name, number, NULL,
			                 "the line is longer than %d bytes, or is no text: write it as several lines",
			                 RANGE_FILE_LINE - 1);
			good = false;
			continue;
		}
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
