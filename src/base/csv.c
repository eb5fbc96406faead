#include "ice/csv.h"

#include <stdbool.h>
#include <string.h>

void ice_csv_cell(FILE *to, const char *text)
{
	if (!text || !*text)
		return;
	/* Quotes do not keep a spreadsheet from running it. */
	bool formula = strchr("=+-@\t\r", text[0]) != NULL;
	if (!formula && !strpbrk(text, ",\"\r\n")) {
		fputs(text, to);
		return;
	}
	fputs(formula ? "\"'" : "\"", to);
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			fputc('"', to);
		fputc(*p, to);
	}
	fputc('"', to);
}
