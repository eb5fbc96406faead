/* What a browser, or whoever plays one, sends to the configuration window: a form, a cookie, an origin; and what a device says, on its way
 * into a page. The first byte chooses. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "window/form.h"
#include "window/session.h"
#include "window/template.h"
#include "window/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *as_text(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1);
	if (!text)
		abort();
	memcpy(text, data, size);
	return text;
}

static void form(const uint8_t *data, size_t size)
{
	struct window_form f;
	if (window_form_parse(&f, (const char *)data, size))
		for (size_t i = 0; i < f.count; i++)
			if (!window_form_get(&f, f.fields[i].name) || strstr(f.fields[i].value, "\r\n"))
				abort();
	window_form_fini(&f);
}

/* No cookie that was not given out opens, whatever is around it. */
static void session(const uint8_t *data, size_t size)
{
	struct window_session s;
	char *text = as_text(data, size);
	window_session_init(&s, "127.0.0.1", 4711);
	struct window_session_request stranger = {.host = "127.0.0.1:4711", .cookie = text};
	struct window_session_request elsewhere = {.post = true, .host = "127.0.0.1:4711", .origin = text};
	struct window_session_request rebound = {.host = text};
	if (window_session_judge(&s, &stranger) != WINDOW_SESSION_STRANGER || window_session_enter(&s, text) ||
	    window_session_form(&s, text))
		abort();
	if (window_session_judge(&s, &elsewhere) == WINDOW_SESSION_GOOD ||
	    window_session_judge(&s, &rebound) == WINDOW_SESSION_GOOD)
		abort();
	free(text);
}

/* Whatever the facts are, what comes out between the quotes has no way out of them. */
static void escape(const uint8_t *data, size_t size)
{
	static const char before[] = "<a title=\"", after[] = "\">";
	json_t *text = json_stringn((const char *)data, size);
	if (!text)
		return; /* no UTF-8, or a NUL: no fact */
	json_t *facts = json_pack("{s:o}", "a", text);
	size_t len;
	char *page = window_template_text("<a title=\"{{a}}\">", 17, facts, &len);
	if (facts && (!page || len < strlen(before) + strlen(after) || strncmp(page, before, strlen(before)) != 0 ||
	              strcspn(page + strlen(before), "\"<>'") != len - strlen(before) - strlen(after)))
		abort();
	free(page);
	json_decref(facts);
}

static void template(const uint8_t *data, size_t size)
{
	json_t *facts = json_pack("{s:s, s:[s, s], s:{s:i}, s:b}", "a", "<x>", "l", "1", "2", "o", "n", 7, "t", 1);
	size_t len;
	free(window_template_text((const char *)data, size, facts, &len));
	json_decref(facts);
}

static void record(const uint8_t *data, size_t size)
{
	json_t *o = json_loadb((const char *)data, size, 0, NULL);
	if (json_is_object(o)) {
		json_t *facts = json_pack("{s:o}", "record", window_view_facts(o));
		size_t len;
		free(window_template_file("printer.html", facts, &len));
		json_decref(facts);
	}
	json_decref(o);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const which[])(const uint8_t *, size_t) = {form, session, escape, template, record};
	if (size > 0 && size < 100000)
		which[data[0] % 5](data + 1, size - 1);
	return 0;
}
