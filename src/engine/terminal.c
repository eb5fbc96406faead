#include "terminal.h"

#include <langinfo.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ice/conf.h"

size_t ice_terminal_width(FILE *to)
{
	int64_t n;
	struct winsize size;
	if (!isatty(fileno(to)))
		return 0;
	const char *columns = getenv("COLUMNS");
	if (columns && ice_conf_parse_number(columns, &n) && n >= 1 && n <= 10000)
		return (size_t)n;
	if (ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

struct ice_terminal_style ice_terminal_style_of(FILE *to, bool no_color)
{
	const char *refuse = getenv("NO_COLOR"), *term = getenv("TERM");
	struct ice_terminal_style style = {.width = ice_terminal_width(to)};
	style.color = style.width > 0 && !no_color && !(refuse && *refuse) && term && strcmp(term, "dumb") != 0;
	style.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	return style;
}
