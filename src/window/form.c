#include "form.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ice/text.h"

static int form_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes from..to behind *at, with a NUL; NULL when an escape is wrong or a NUL is meant. */
static const char *form_decode(const char *from, const char *to, char **at)
{
	char *start = *at, *out = *at;
	while (from < to) {
		char c = *from++;
		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int high = to - from >= 2 ? form_digit(from[0]) : -1, low = high < 0 ? -1 : form_digit(from[1]);
			if (low < 0)
				return NULL;
			c = (char)(high << 4 | low);
			from += 2;
		}
		if (c == '\0')
			return NULL;
		while (c == '\n' && out > start && out[-1] == '\r')
			out--;
		*out++ = c;
	}
	*out++ = '\0';
	*at = out;
	return ice_text_is_utf8((const uint8_t *)start, strlen(start)) ? start : NULL;
}

bool window_form_parse(struct window_form *f, const char *bytes, size_t n)
{
	*f = (struct window_form){0};
	if (n > WINDOW_FORM_MAX)
		return false;
	f->size = n + 2 * WINDOW_FORM_FIELDS + 2;
	f->text = calloc(1, f->size);
	if (!f->text)
		abort();
	char *at = f->text;
	const char *end = bytes + n;
	while (bytes < end) {
		const char *stop = memchr(bytes, '&', (size_t)(end - bytes));
		stop = stop ? stop : end;
		const char *equals = memchr(bytes, '=', (size_t)(stop - bytes));
		if (stop > bytes) {
			if (f->count == WINDOW_FORM_FIELDS)
				return false;
			struct window_form_field *field = &f->fields[f->count];
			field->name = form_decode(bytes, equals ? equals : stop, &at);
			field->value = field->name ? form_decode(equals ? equals + 1 : stop, stop, &at) : NULL;
			if (!field->value)
				return false;
			f->count++;
		}
		bytes = stop + 1;
	}
	return true;
}

void window_form_fini(struct window_form *f)
{
	if (f->text)
		explicit_bzero(f->text, f->size);
	free(f->text);
	*f = (struct window_form){0};
}

const char *window_form_get(const struct window_form *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->fields[i].name, name) == 0)
			return f->fields[i].value;
	return NULL;
}

const char *window_form_text(const struct window_form *f, const char *name)
{
	const char *value = window_form_get(f, name);
	return value ? value : "";
}

bool window_form_is(const struct window_form *f, const char *name, const char *value)
{
	return strcmp(window_form_text(f, name), value) == 0;
}

bool window_form_cookie(const char *header, const char *name, char *out, size_t size)
{
	size_t length = strlen(name), found = 0;
	while (header && *header) {
		header += strspn(header, "; \t");
		size_t n = strcspn(header, ";");
		if (n > length && strncmp(header, name, length) == 0 && header[length] == '=') {
			size_t value = n - length - 1;
			if (value >= size)
				return false;
			memcpy(out, header + length + 1, value);
			out[value] = '\0';
			found++;
		}
		header += n;
	}
	return found == 1;
}
