/* form: what a browser sent: the fields of a form or of an address's query (application/x-www-form-urlencoded), and cookies.
 *
 * A form is taken whole or refused: at most WINDOW_FORM_MAX bytes and WINDOW_FORM_FIELDS fields, every escape right, no NUL, valid
 * UTF-8. Line ends become "\n". Forms carry communities and keys: what a form holds is wiped when it is let go.
 *
 * Life: window_form_parse -> get, each -> window_form_fini (also after a refusal). */
#ifndef WINDOW_FORM_H
#define WINDOW_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "ice/attr.h"

#define WINDOW_FORM_MAX    65536
#define WINDOW_FORM_FIELDS 256

struct window_form {
	char *text; /* the decoded fields, one after the other */
	size_t size, count;
	struct window_form_field {
		const char *name, *value;
	} fields[WINDOW_FORM_FIELDS];
};

ICE_MUST_CHECK bool window_form_parse(struct window_form *f, const char *bytes, size_t n);
void window_form_fini(struct window_form *f);

/* The first field of that name; NULL when there is none. */
const char *window_form_get(const struct window_form *f, const char *name);
/* The same, "" when there is none. */
const char *window_form_text(const struct window_form *f, const char *name);
bool window_form_is(const struct window_form *f, const char *name, const char *value);

/* The value of one cookie of a Cookie header (RFC 6265 section 4.2.1), which may be NULL. False when it is not there, there twice, or does not fit. */
ICE_MUST_CHECK bool window_form_cookie(const char *header, const char *name, char *out, size_t size);

#endif
