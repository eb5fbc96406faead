/* template: hypertext from files and facts, where nothing can be written but escaped.
 *
 * A page is a file of pages/ with marks in double braces, filled from a JSON object. There is no mark that writes a text as it is:
 * whatever comes out of a fact has & < > " ' as entities, and control characters and those that turn the direction of the
 * text as U+FFFD, so that no name a device gives itself can be anything but text, in an element or in a quoted attribute. (That templates
 * put marks nowhere else is held by the unit test.)
 *
 *   {{name}}                  the fact, escaped; nothing when it is absent; {{.}} is the item itself; {{a.b}} a member's member
 *   {{=name}}                 the same as the value of a field, which a browser sends back: what does not show stays as it is, unseen as it may be
 *   {{,name}}                 a whole number, its thousands apart
 *   {{%name}}                 a text inside an address's query
 *   {{#name}} ... {{/name}}   for each item of an array; once for an object, which then stands in front; once for a text that is not
 *                             empty, a number, or true
 *   {{^name}} ... {{/name}}   when the above would show nothing
 *   {{>file.html}}            another file
 *
 * A name is looked for in the innermost object first, then outwards; {{.name}} only in the innermost: what a record does not have must not be
 * taken from the page around it. */
#ifndef WINDOW_TEMPLATE_H
#define WINDOW_TEMPLATE_H

#include <jansson.h>
#include <stddef.h>

#include "ice/attr.h"

#define WINDOW_TEMPLATE_DEPTH   16 /* of what stands inside each other */
#define WINDOW_TEMPLATE_OUT_MAX (16u << 20)

/* The page, malloc'd, with a NUL behind it. NULL when there is no such file, or a mark in it is wrong, or the page would be too large. */
ICE_MUST_CHECK char *window_template_file(const char *name, const json_t *facts, size_t *len);

/* The same from a text, for tests. */
ICE_MUST_CHECK char *window_template_text(const char *text, size_t n, const json_t *facts, size_t *len);

#endif
