/* What the operator wrote wrong, collected; and what was probably meant. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ice/conf.h"

#define CONF_MISTAKES_MAX 200
#define CONF_WORD_MAX     64 /* longer words have no nearest */

static char *conf_copy(const char *text)
{
	char *copy = strdup(text);
	if (!copy)
		abort();
	return copy;
}

/* Where a mistake belongs among the others: with those of its file, behind those up to its line. What is missing has no line, and stands
 * behind all. */
static size_t conf_place(const struct ice_conf_mistakes *m, const char *file, unsigned line)
{
	size_t at = m->count;
	while (at > 0 && strcmp(m->told[at - 1].file, file) != 0)
		at--;
	if (at == 0)
		return m->count;
	while (line > 0 && at > 0 && strcmp(m->told[at - 1].file, file) == 0 &&
	       (m->told[at - 1].line > line || m->told[at - 1].line == 0))
		at--;
	return at;
}

void ice_conf_mistake(struct ice_conf_mistakes *m, const char *file, unsigned line, const char *option, const char *fmt,
                      ...)
{
	char what[1024], where[16] = "", *text;
	va_list args;
	if (m->count >= CONF_MISTAKES_MAX) {
		m->more++;
		return;
	}
	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	if (line)
		snprintf(where, sizeof(where), ":%u", line);
	if (asprintf(&text, "%s%s: %s%s%s", file, where, option ? option : "", option ? ": " : "", what) < 0)
		abort();
	if (!m->lines) {
		m->lines = calloc(CONF_MISTAKES_MAX, sizeof(*m->lines));
		m->told = calloc(CONF_MISTAKES_MAX, sizeof(*m->told));
		if (!m->lines || !m->told)
			abort();
	}
	size_t at = conf_place(m, file, line), behind = m->count++ - at;
	memmove(m->told + at + 1, m->told + at, behind * sizeof(*m->told));
	memmove(m->lines + at + 1, m->lines + at, behind * sizeof(*m->lines));
	m->told[at] = (struct ice_conf_told){conf_copy(file), line, option ? conf_copy(option) : NULL, conf_copy(what)};
	m->lines[at] = text;
}

void ice_conf_mistakes_print(const struct ice_conf_mistakes *m, FILE *to)
{
	for (size_t i = 0; i < m->count; i++)
		fprintf(to, "%s\n", m->lines[i]);
	if (m->more)
		fprintf(to, "and %zu more\n", m->more);
}

void ice_conf_mistakes_free(struct ice_conf_mistakes *m)
{
	for (size_t i = 0; i < m->count; i++) {
		free(m->lines[i]);
		free(m->told[i].file);
		free(m->told[i].option);
		free(m->told[i].message);
	}
	free(m->lines);
	free(m->told);
	*m = (struct ice_conf_mistakes){0};
}

static size_t conf_least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Edits (insert, delete, replace, swap of neighbours) from a to b, letters' case apart. */
static size_t conf_distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t row[3][CONF_WORD_MAX + 1];
	for (size_t j = 0; j <= m; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];
		int x = tolower((unsigned char)a[i - 1]);
		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			int y = tolower((unsigned char)b[j - 1]);
			now[j] = conf_least(conf_least(last[j], now[j - 1]) + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]))
				now[j] = conf_least(now[j], before[j - 2] + 1);
		}
	}
	return row[n % 3][m];
}

const char *ice_conf_nearest(const char *word, const char *const *list)
{
	const char *nearest = NULL;
	size_t n = strlen(word), best = 0;
	if (n == 0 || n > CONF_WORD_MAX)
		return NULL;
	for (; *list; list++) {
		size_t m = strlen(*list);
		if (m == 0 || m > CONF_WORD_MAX)
			continue;
		size_t distance = conf_distance(word, n, *list, m), limit = (n > m ? n : m) / 3;
		/* The beginning of a word stands for the word: "comm" for "community". */
		bool begins = conf_least(n, m) >= 3 && strncasecmp(word, *list, conf_least(n, m)) == 0;
		if (begins && distance > 2)
			distance = 2;
		if ((distance <= limit || distance <= 1 || begins) && distance < m && (!nearest || distance < best)) {
			nearest = *list;
			best = distance;
		}
	}
	return nearest;
}
