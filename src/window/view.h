/* view: one printer's facts (the JSON of ice/record.h) as words and bars for a page. What a record does not say stays absent. */
#ifndef WINDOW_VIEW_H
#define WINDOW_VIEW_H

#include <jansson.h>
#include <stdbool.h>

/* Facts for record.html and printers.html, of any object: title, name, what, ip, mac, serial, location, pages, counts, status, notes, supplies (each with text and,
 * where there is a percentage, width), inks (the supplies that are toner or ink), lowest (the least percentage of these, -1 when there is none). */
json_t *window_view_facts(const json_t *record);

/* Has it the word in its name, model, address, serial or location? In either case of letters. */
bool window_view_has(const json_t *facts, const char *word);

#endif
