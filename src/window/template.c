#include "template.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asset.h"

#define TEMPLATE_NAME_MAX 64

struct template
{
	FILE *out;
	size_t written;
	const json_t *scope[WINDOW_TEMPLATE_DEPTH];
	size_t depth;
	unsigned files; /* inside each other */
	bool wrong;
};

/* A mark: what stands between the braces. */
struct template_mark {
	char kind; /* '#', '^', '/', '>', ',', '%', '=' or 0 */
	char name[TEMPLATE_NAME_MAX];
	size_t start, end; /* in the text, braces included */
};

/* ---- writing ---- */

static void template_put(struct template *t, const char *bytes, size_t n)
{
	if (n > WINDOW_TEMPLATE_OUT_MAX - t->written) {
		t->wrong = true;
		return;
	}
	t->written += n;
	if (fwrite(bytes, 1, n, t->out) != n)
		abort(); /* memory */
}

/* Length of the UTF-8 character at s (jansson's texts are valid) when it is one that must not be shown as itself, else 0: C0 but tab and line
 * end, DEL, C1, the marks of direction, line and paragraph separators, the byte-order mark. */
static size_t template_hidden(const unsigned char *s)
{
	if (s[0] < 0x20)
		return s[0] != '\t' && s[0] != '\n';
	if (s[0] == 0x7f)
		return 1;
	if (s[0] == 0xc2 && s[1] < 0xa0)
		return 2;
	if (s[0] == 0xd8 && s[1] == 0x9c)
		return 2; /* U+061C */
	if (s[0] == 0xe2 && s[1] == 0x80 && (s[2] == 0x8e || s[2] == 0x8f || (s[2] >= 0xa8 && s[2] <= 0xae)))
		return 3; /* U+200E, 200F, 2028 to 202E */
	if (s[0] == 0xe2 && s[1] == 0x81 && s[2] >= 0xa0 && s[2] <= 0xaf)
		return 3; /* U+2060 to 206F */
	if (s[0] == 0xef && s[1] == 0xbb && s[2] == 0xbf)
		return 3;
	return 0;
}

/* A hidden character where a browser is to send it back: by its number, so that it does not show in the page's source either. Those that HTML's
 * numbers do not reach (13.2.5.80: C0 but blanks, and C1, which it takes for Windows-1252) as themselves. */
static void template_hand_back(struct template *t, const unsigned char *s, size_t n)
{
	char number[16];
	unsigned c = n == 3   ? (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu)
	             : n == 2 ? (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu)
	                      : s[0];
	if (c != '\r' && c < 0xa0) {
		template_put(t, (const char *)s, n);
		return;
	}
	snprintf(number, sizeof number, "&#%u;", c);
	template_put(t, number, strlen(number));
}

/* The one way by which a fact's text comes out: shown, with what hides made visible, or as the value of a field, which comes back as it is. */
static void template_escape(struct template *t, const char *text, bool shown)
{
	while (*text) {
		size_t plain =
		        strcspn(text, "&<>\"'\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14"
		                      "\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f\xc2\xd8\xe2\xef");
		template_put(t, text, plain);
		text += plain;
		size_t hidden = template_hidden((const unsigned char *)text);
		switch (*text) {
		case '\0':
			return;
		case '&':
			template_put(t, "&amp;", 5);
			break;
		case '<':
			template_put(t, "&lt;", 4);
			break;
		case '>':
			template_put(t, "&gt;", 4);
			break;
		case '"':
			template_put(t, "&quot;", 6);
			break;
		case '\'':
			template_put(t, "&#39;", 5);
			break;
		default:
			if (hidden && !shown)
				template_hand_back(t, (const unsigned char *)text, hidden);
			else
				template_put(t, hidden ? "\xef\xbf\xbd" : text, hidden ? 3 : 1);
		}
		text += hidden ? hidden : 1;
	}
}

/* 1234567 -> 1,234,567 */
static void template_grouped(struct template *t, json_int_t n)
{
	char digits[32];
	int length = snprintf(digits, sizeof digits, "%" JSON_INTEGER_FORMAT, n);
	for (int i = 0; i < length; i++) {
		template_put(t, &digits[i], 1);
		int left = length - 1 - i;
		if (left > 0 && left % 3 == 0 && digits[i] != '-')
			template_put(t, ",", 1);
	}
}

/* For an address's query: all but letters, digits and -._~ as %XX (RFC 3986 section 2). */
static void template_percent(struct template *t, const char *text)
{
	char escape[4];
	for (; *text; text++) {
		if (isalnum((unsigned char)*text) || strchr("-._~", *text)) {
			template_put(t, text, 1);
			continue;
		}
		snprintf(escape, sizeof escape, "%%%02X", (unsigned char)*text);
		template_put(t, escape, 3);
	}
}

static void template_value(struct template *t, const json_t *value, char kind)
{
	char number[64];
	if (json_is_string(value) && kind == '%') {
		template_percent(t, json_string_value(value));
	} else if (json_is_string(value)) {
		template_escape(t, json_string_value(value), kind != '=');
	} else if (json_is_integer(value) && kind == ',') {
		template_grouped(t, json_integer_value(value));
	} else if (json_is_integer(value)) {
		snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		template_put(t, number, strlen(number));
	} else if (json_is_real(value)) {
		snprintf(number, sizeof number, "%.10g", json_real_value(value));
		template_put(t, number, strlen(number));
	}
}

/* ---- looking up ---- */

static const json_t *template_member(const json_t *object, const char *path)
{
	while (object && *path) {
		char name[TEMPLATE_NAME_MAX];
		size_t n = strcspn(path, ".");
		memcpy(name, path, n);
		name[n] = '\0';
		object = json_object_get(object, name);
		path += n + (path[n] == '.');
	}
	return object;
}

static const json_t *template_find(const struct template *t, const char *name)
{
	if (strcmp(name, ".") == 0)
		return t->scope[t->depth - 1];
	if (name[0] == '.')
		return template_member(t->scope[t->depth - 1], name + 1);
	for (size_t i = t->depth; i > 0; i--) {
		const json_t *found = template_member(t->scope[i - 1], name);
		if (found)
			return found;
	}
	return NULL;
}

static bool template_shows(const json_t *value)
{
	if (json_is_array(value))
		return json_array_size(value) > 0;
	if (json_is_string(value))
		return json_string_length(value) > 0;
	return value && !json_is_false(value) && !json_is_null(value);
}

/* ---- reading ---- */

/* The next mark at or behind `from`; false at the end of the text, or when it is wrong. */
static bool template_next(struct template *t, const char *text, size_t n, size_t from, struct template_mark *m)
{
	const char *open = from < n ? memmem(text + from, n - from, "{{", 2) : NULL;
	if (!open)
		return false;
	const char *name = open + 2, *close = memmem(name, n - (size_t)(name - text), "}}", 2);
	m->kind = '\0';
	if (close && close > name && strchr("#^/>,%=", *name))
		m->kind = *name++;
	if (!close || close == name || (size_t)(close - name) >= sizeof m->name) {
		t->wrong = true;
		return false;
	}
	memcpy(m->name, name, (size_t)(close - name));
	m->name[close - name] = '\0';
	m->start = (size_t)(open - text);
	m->end = (size_t)(close + 2 - text);
	return true;
}

/* Where the section that `open` begins is closed. */
static bool template_close(struct template *t, const char *text, size_t n, const struct template_mark *open,
                           struct template_mark *close)
{
	size_t inside = 1, at = open->end;
	while (template_next(t, text, n, at, close)) {
		if (close->kind == '#' || close->kind == '^')
			inside++;
		else if (close->kind == '/' && --inside == 0)
			return strcmp(open->name, close->name) == 0;
		at = close->end;
	}
	return false;
}

static void template_render(struct template *t, const char *text, size_t n);

static void template_with(struct template *t, const json_t *value, const char *text, size_t n)
{
	if (t->depth == WINDOW_TEMPLATE_DEPTH) {
		t->wrong = true;
		return;
	}
	t->scope[t->depth++] = value;
	template_render(t, text, n);
	t->depth--;
}

static void template_section(struct template *t, const struct template_mark *open, const char *text, size_t n)
{
	const json_t *value = template_find(t, open->name);
	bool shows = template_shows(value);
	if (open->kind == '^') {
		if (!shows)
			template_with(t, t->scope[t->depth - 1], text, n);
		return;
	}
	for (size_t i = 0; json_is_array(value) && i < json_array_size(value) && !t->wrong; i++)
		template_with(t, json_array_get(value, i), text, n);
	if (shows && !json_is_array(value))
		template_with(t, json_is_object(value) ? value : t->scope[t->depth - 1], text, n);
}

static void template_include(struct template *t, const char *name)
{
	const struct window_asset *file = window_asset_find(name);
	if (!file || t->files == WINDOW_TEMPLATE_DEPTH) {
		t->wrong = true;
		return;
	}
	t->files++;
	template_render(t, file->text, file->len);
	t->files--;
}

static void template_render(struct template *t, const char *text, size_t n)
{
	struct template_mark mark, close;
	size_t at = 0;
	while (!t->wrong && template_next(t, text, n, at, &mark)) {
		template_put(t, text + at, mark.start - at);
		at = mark.end;
		switch (mark.kind) {
		case '#':
		case '^':
			if (!template_close(t, text, n, &mark, &close)) {
				t->wrong = true;
				return;
			}
			template_section(t, &mark, text + mark.end, close.start - mark.end);
			at = close.end;
			break;
		case '/':
			t->wrong = true; /* closes nothing */
			break;
		case '>':
			template_include(t, mark.name);
			break;
		default:
			template_value(t, template_find(t, mark.name), mark.kind);
		}
	}
	if (!t->wrong)
		template_put(t, text + at, n - at);
}

char *window_template_text(const char *text, size_t n, const json_t *facts, size_t *len)
{
	char *page = NULL;
	struct template t = {.scope = {facts}, .depth = 1, .out = open_memstream(&page, len)};
	if (!t.out)
		abort();
	template_render(&t, text, n);
	if (fclose(t.out) != 0)
		abort();
	if (!t.wrong)
		return page;
	free(page);
	return NULL;
}

char *window_template_file(const char *name, const json_t *facts, size_t *len)
{
	const struct window_asset *file = window_asset_find(name);
	return file ? window_template_text(file->text, file->len, facts, len) : NULL;
}
