/* Printers: what the last sweep of this window found, as the fleet table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ice/address.h"
#include "page.h"
#include "results.h"
#include "view.h"

#define PRINTERS_PAGE 100

/* By what the table can be put in order. */
static const struct printers_order {
	const char *name, *heading, *key;
	bool number, last; /* last: the largest first */
} printers_orders[] = {
        {"name", "Name", "title", false, false},    {"model", "Make and model", "what", false, false},
        {"address", "Address", "ip", false, false}, {"pages", "Pages", "pages", true, true},
        {"toner", "Toner", "lowest", true, false},  {"status", "Status", "status", false, false},
};
#define PRINTERS_ORDERS (sizeof printers_orders / sizeof *printers_orders)

struct printers_row {
	json_t *facts;
	const char *text;
	json_int_t number;
	bool none, by_number, last;
	struct ice_address address;
};

/* What a printer does not tell comes last, whatever the order. */
static int printers_compare(const void *a, const void *b)
{
	const struct printers_row *x = a, *y = b;
	if (x->none != y->none)
		return x->none - y->none;
	int order = x->by_number ? (x->number > y->number) - (x->number < y->number) : strcasecmp(x->text, y->text);
	order = x->last ? -order : order;
	if (order)
		return order;
	return x->address.hi != y->address.hi ? (x->address.hi > y->address.hi ? 1 : -1)
	                                      : (x->address.lo > y->address.lo) - (x->address.lo < y->address.lo);
}

static void printers_row(struct printers_row *row, json_t *facts, const struct printers_order *order)
{
	const json_t *value = json_object_get(facts, order->key);
	bool address = strcmp(order->key, "ip") == 0;
	*row = (struct printers_row){.facts = facts, .by_number = order->number, .last = order->last};
	row->text = json_is_string(value) ? json_string_value(value) : "";
	row->number = json_integer_value(value);
	row->none = order->number ? !json_is_integer(value) || row->number < 0 : row->text[0] == '\0';
	if (!ice_address_parse(
	            json_is_string(json_object_get(facts, "ip")) ? json_string_value(json_object_get(facts, "ip")) : "",
	            &row->address))
		row->address = (struct ice_address){0};
	if (address)
		row->text = ""; /* by its number, not by its digits */
}

/* Those that hold the word, in order, one page of them. */
static json_t *printers_choose(const json_t *all, const char *word, const struct printers_order *order, size_t page,
                               size_t *matches)
{
	struct printers_row *rows = calloc(json_array_size(all) + 1, sizeof *rows);
	json_t *facts, *chosen = json_array();
	size_t i, n = 0;
	if (!rows)
		abort();
	json_array_foreach(all, i, facts) if (window_view_has(facts, word)) printers_row(&rows[n++], facts, order);
	qsort(rows, n, sizeof *rows, printers_compare);
	for (i = page * PRINTERS_PAGE; i < n && i < (page + 1) * PRINTERS_PAGE; i++)
		json_array_append(chosen, rows[i].facts);
	free(rows);
	*matches = n;
	return chosen;
}

static json_t *printers_headings(const struct printers_order *order)
{
	json_t *list = json_array();
	for (size_t i = 0; i < PRINTERS_ORDERS; i++)
		json_array_append_new(list,
		                      json_pack("{s:s, s:s, s:b, s:s}", "order", printers_orders[i].name, "heading",
		                                printers_orders[i].heading, "sorted", order == &printers_orders[i],
		                                "direction", printers_orders[i].last ? "descending" : "ascending"));
	return list;
}

void window_page_printers(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	const struct window_job *job = window_results_job(w->jobs);
	const char *word = window_form_text(&request->query, "q"), *by = window_form_text(&request->query, "sort");
	const struct printers_order *order = &printers_orders[0];
	size_t page = strtoul(window_form_text(&request->query, "page"), NULL, 10), matches = 0;
	json_t *facts = json_pack("{s:s, s:s, s:b}", "page_title", "Printers", "q", word, "page_wide", 1);
	for (size_t i = 0; i < PRINTERS_ORDERS; i++)
		if (strcmp(printers_orders[i].name, by) == 0)
			order = &printers_orders[i];
	if (job) {
		json_t *all = window_results_list(job);
		page = page <= json_array_size(all) / PRINTERS_PAGE ? page : 0;
		json_object_set_new(facts, "printers", printers_choose(all, word, order, page, &matches));
		json_object_set_new(facts, "headings", printers_headings(order));
		json_object_set_new(facts, "swept", json_true());
		json_object_set_new(facts, "sort", json_string(order->name));
		json_object_set_new(facts, "found", json_integer((json_int_t)json_array_size(all)));
		json_object_set_new(facts, "matches", json_integer((json_int_t)matches));
		json_object_set_new(facts, "job_id", json_integer(job->id));
		json_object_set_new(facts, "going", json_boolean(job->running));
		if (page > 0)
			json_object_set_new(facts, "before", json_pack("{s:i}", "n", (int)page - 1));
		if ((page + 1) * PRINTERS_PAGE < matches)
			json_object_set_new(facts, "after", json_pack("{s:i}", "n", (int)page + 1));
		json_decref(all);
	}
	window_page_show(w, reply, "printers.html", "/printers", facts);
}

void window_page_printer(struct window *w, const struct window_request *request, struct window_reply *reply)
{
	const struct window_job *job = window_results_job(w->jobs);
	const char *ip = window_form_text(&request->query, "ip");
	json_t *all = job ? window_results_list(job) : json_array(), *one, *found = NULL;
	size_t i;
	json_array_foreach(all, i, one) if (json_is_string(json_object_get(one, "ip")) &&
	                                    strcmp(json_string_value(json_object_get(one, "ip")), ip) == 0) found = one;
	if (found)
		window_page_show(w, reply, "printer.html", "/printers",
		                 json_pack("{s:O, s:{s:s, s:s}, s:O}", "page_title", json_object_get(found, "title"),
		                           "page_above", "tail", "printers", "name", "Printers", "record", found));
	else
		window_page_say(w, reply, 404, "That printer is not among those last found.", "");
	json_decref(all);
}
