/* The walk through a file: inih splits the rows, and a gate before it lets only those lines pass that it reads without damage.
 *
 * inih (release 55, as Debian builds it) cuts lines at its buffer of 200 bytes and goes on with the rest as if it were a line of
 * its own, takes " ;" in a value for a comment, takes an indented line for more of the value above it even when it
 * says "name = value", cuts section names after 49 bytes, drops what follows "]", and skips a byte-order mark. */
#include "ice/conf.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_parts.h"
#include "ice/text.h"

#define CONF_FILE_MAX    (1 << 20)
#define CONF_SECTION_MAX 49 /* inih keeps 50 bytes, the NUL among them */
#define CONF_LABEL_SIZE  256

struct conf_gate {
	const char *file;
	struct ice_conf_mistakes *mistakes;
	const struct conf_walk_ops *ops;
	void *arg;
	char *rest; /* what was not read yet; ends with a NUL at `end` */
	const char *end;
	unsigned line;
	char section[CONF_SECTION_MAX + 1];
	bool skip;          /* the section's own line was a mistake: its rows belong nowhere */
	char *name, *value; /* of the row that inih was given and has not handed back; else NULL */
	char label[CONF_LABEL_SIZE];
};

static char *conf_trim(char *s)
{
	s += strspn(s, " \t");
	size_t n = strlen(s);
	while (n > 0 && strchr(" \t", s[n - 1]))
		n--;
	s[n] = 0;
	return s;
}

static const char *conf_label(struct conf_gate *g, const char *name)
{
	snprintf(g->label, sizeof(g->label), "%s%s%s", g->section, *g->section ? "." : "", name);
	return g->label;
}

/* True when the bytes of a line are text at all. */
static bool conf_is_text(struct conf_gate *g, const char *line, size_t n)
{
	if (!ice_text_is_utf8((const uint8_t *)line, n)) {
		ice_conf_mistake(g->mistakes, g->file, g->line, NULL, "is not valid UTF-8, save the file as UTF-8");
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		if ((line[i] >= 0 && line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f) {
			ice_conf_mistake(g->mistakes, g->file, g->line, NULL,
			                 "holds the control character 0x%02x, write plain text", (unsigned)line[i]);
			return false;
		}
	}
	return true;
}

/* "[name]", and after it at most a comment. Tells the reader of the new section. */
static bool conf_pass_section(struct conf_gate *g, char *line, char *out, size_t out_size)
{
	char *close = strchr(line, ']');
	const char *wrong = NULL;
	g->skip = true;
	if (!close) {
		ice_conf_mistake(g->mistakes, g->file, g->line, NULL, "has no \"]\", a section is written [name]");
		return false;
	}
	const char *after = close + 1 + strspn(close + 1, " \t");
	*close = 0;
	const char *name = conf_trim(line + 1);
	if (!*name)
		wrong = "names no section, a section is written [name]";
	else if (strlen(name) > CONF_SECTION_MAX)
		wrong = "the section's name is longer than 49 bytes, shorten it";
	else if (strpbrk(name, ";[="))
		wrong = "a section's name holds none of ;[=, choose another";
	else if (*after && *after != ';' && *after != '#')
		wrong = "only a comment may follow \"]\", write options on lines of their own";
	if (wrong) {
		ice_conf_mistake(g->mistakes, g->file, g->line, NULL, "%s", wrong);
		return false;
	}
	/* One blank between the words, so that [range hq] and [range  hq] are the same. */
	size_t first = strcspn(name, " \t");
	snprintf(g->section, sizeof(g->section), "%.*s%s%s", (int)first, name, name[first] ? " " : "",
	         name + first + strspn(name + first, " \t"));
	snprintf(out, out_size, "[%s]", g->section);
	g->skip = false;
	if (g->ops->section) {
		struct ice_conf_where where = {g->file, g->line, g->section, g->mistakes};
		g->ops->section(&where, g->section, g->arg);
	}
	return true;
}

/* "name = value" or "name: value", of which inih would lose nothing. */
static bool conf_pass_row(struct conf_gate *g, char *line, char *out, size_t out_size)
{
	char *separator = strpbrk(line, "=:"), *comment = line;
	size_t n = strlen(line), max = out_size - 3; /* inih wants room for "\r\n" and NUL */
	const char *label = NULL, *name = "";
	char first[64] = "";
	if (separator && (size_t)(separator - line) < sizeof(first)) {
		memcpy(first, line, (size_t)(separator - line));
		name = conf_trim(first);
		label = *name ? conf_label(g, name) : NULL;
	}
	while ((comment = strchr(comment, ';')) && comment[-1] != ' ' && comment[-1] != '\t')
		comment++;
	if (n > max)
		ice_conf_mistake(
		        g->mistakes, g->file, g->line, label,
		        "the line is %zu bytes long and would be cut at %zu, shorten it, or repeat the option where it "
		        "takes several values",
		        n, max);
	else if (comment)
		ice_conf_mistake(
		        g->mistakes, g->file, g->line, label,
		        "\" ;\" begins a comment and the rest would be lost, write the comment on a line of its own");
	else if (!separator)
		ice_conf_mistake(g->mistakes, g->file, g->line, NULL,
		                 "is neither [section] nor name = value, repeat the name on every line");
	else if (separator == line)
		ice_conf_mistake(g->mistakes, g->file, g->line, NULL, "has no name before \"%c\", write name = value",
		                 *separator);
	else {
		memcpy(out, line, n + 1);
		*separator = 0;
		g->name = conf_trim(line);
		g->value = conf_trim(separator + 1);
		return true;
	}
	if (*name && g->ops->spoilt)
		g->ops->spoilt(name, g->line, g->arg);
	return false;
}

/* A row that inih was given and did not hand back is one it could not read. */
static void conf_settle(struct conf_gate *g)
{
	if (g->name)
		ice_conf_mistake(g->mistakes, g->file, g->line, conf_label(g, g->name),
		                 "cannot be read, write name = value");
	g->name = NULL;
}

/* inih's reader: the next line it can read without damage. Comments and mistakes never reach it. */
static char *conf_next_line(char *out, int out_size, void *stream)
{
	struct conf_gate *g = stream;
	conf_settle(g);
	while (g->rest < g->end) {
		char *line = g->rest, *stop = memchr(line, '\n', (size_t)(g->end - line));
		size_t n = stop ? (size_t)(stop - line) : (size_t)(g->end - line);
		g->rest += n + (stop != NULL);
		g->line++;
		if (memchr(line, 0, n)) {
			ice_conf_mistake(g->mistakes, g->file, g->line, NULL,
			                 "holds a NUL byte, save the file as UTF-8 text (the rest was not read)");
			return NULL;
		}
		if (n > 0 && line[n - 1] == '\r')
			n--;
		line[n] = 0;
		if (g->line == 1 && strncmp(line, "\xef\xbb\xbf", 3) == 0) {
			ice_conf_mistake(g->mistakes, g->file, g->line, NULL,
			                 "begins with a byte-order mark, save the file as UTF-8 without one");
			line += 3;
			n -= 3;
		}
		if (!conf_is_text(g, line, n))
			continue;
		line = conf_trim(line);
		if (!*line || *line == ';' || *line == '#')
			continue;
		if (*line == '[' ? conf_pass_section(g, line, out, (size_t)out_size)
		                 : !g->skip && conf_pass_row(g, line, out, (size_t)out_size))
			return out;
	}
	return NULL;
}

/* inih's handler: hands the row on, if inih read it as it stands in the file. */
static int conf_take_row(void *user, const char *section, const char *name, const char *value)
{
	struct conf_gate *g = user;
	bool same = g->name && strcmp(g->name, name) == 0 && strcmp(g->value, value) == 0 &&
	            strcmp(g->section, section) == 0;
	struct ice_conf_where where = {g->file, g->line, conf_label(g, g->name ? g->name : name), g->mistakes};
	if (!same)
		ice_conf_mistake(g->mistakes, g->file, g->line, where.option,
		                 "would be read as \"%s\", write it more simply", value);
	else if (g->ops->row)
		g->ops->row(&where, section, name, value, g->arg);
	g->name = NULL;
	return 1;
}

/* The whole file with a NUL behind it; NULL when it cannot be had. */
static char *conf_slurp(const char *path, size_t *n, struct ice_conf_mistakes *mistakes)
{
	FILE *f = fopen(path, "re");
	if (!f) {
		ice_conf_mistake(mistakes, path, 0, NULL, "cannot be opened: %s", strerror(errno));
		return NULL;
	}
	/* Read, not measured: a pipe is as good a file. */
	char *text = NULL;
	size_t room = 0;
	for (*n = 0; *n == room && room <= CONF_FILE_MAX; *n += fread(text + *n, 1, room - *n, f)) {
		room = room ? room * 2 : 16384;
		text = realloc(text, room + 1);
		if (!text)
			abort();
	}
	bool good = false;
	if (ferror(f))
		ice_conf_mistake(mistakes, path, 0, NULL, "cannot be read: %s", strerror(errno));
	else if (*n > CONF_FILE_MAX)
		ice_conf_mistake(mistakes, path, 0, NULL, "is larger than %d bytes, is it a configuration file?",
		                 CONF_FILE_MAX);
	else
		good = true;
	fclose(f);
	if (!good) {
		free(text);
		return NULL;
	}
	text[*n] = 0;
	return text;
}

bool conf_walk(const char *path, const struct conf_walk_ops *ops, void *arg, struct ice_conf_mistakes *mistakes)
{
	size_t before = mistakes->count + mistakes->more, n;
	char *text = conf_slurp(path, &n, mistakes);
	if (!text)
		return false;
	struct conf_gate gate = {
	        .file = path, .mistakes = mistakes, .ops = ops, .arg = arg, .rest = text, .end = text + n};
	int result = ini_parse_stream(conf_next_line, &gate, conf_take_row, &gate);
	conf_settle(&gate);
	/* The gate has told of every line that inih may refuse; this is for one it does not know of. */
	if (result != 0 && mistakes->count + mistakes->more == before)
		ice_conf_mistake(mistakes, path, 0, NULL, "cannot be read as an INI file");
	free(text);
	return mistakes->count + mistakes->more == before;
}

bool ice_conf_rows(const char *path, ice_conf_row_fn *row, void *arg, struct ice_conf_mistakes *mistakes)
{
	struct conf_walk_ops ops = {.row = row};
	return conf_walk(path, &ops, arg, mistakes);
}
